/* SPDX-License-Identifier: MIT
 *
 * Containers of the view: a hash table of entries with byte-string keys of any
 * length, and a pile that is sorted when it is looked at. Entries embed struct
 * table_entry as their first member and stay where they are. Running out of
 * memory aborts, as in lib/base/buf.h.
 */
#pragma once
#include "lib/base/bytes.h"

/* Zeroed; never NULL. */
void *view_alloc(size_t size);

struct table_entry {
	struct span key;	/* right before the entry: one allocation */
};

struct table_slot {
	uint64_t hash;		/* here, so that only the entry meant is read */
	struct table_entry *entry;	/* NULL = free */
};

struct table {			/* zeroed = empty */
	struct table_slot *slot;
	size_t n, cap;		/* cap: 0 or a power of two */
};

/* Every entry, in no order. */
#define table_for_each(e, t) \
	for (size_t at_ = 0; at_ < (t)->cap; at_++) \
		if (((e) = (t)->slot[at_].entry))

/* `seed` keys the hash: strangers choose the keys. It is the same at every
 * call on a table. */
struct table_entry *table_find(const struct table *t, const uint8_t seed[16],
			       struct span key);
/* The entry, made if need be: `size` zeroed bytes that begin with struct
 * table_entry. */
struct table_entry *table_get(struct table *t, const uint8_t seed[16],
			      struct span key, size_t size);
/* All entries by key, bytewise, in an array of t->n to be freed. */
struct table_entry **table_sorted(const struct table *t);
/* Frees the entries, each after fn (may be NULL), and empties the table. */
void table_fini(struct table *t, void (*fn)(struct table_entry *e));

struct pile {			/* zeroed = empty; owns its items */
	void **item;
	size_t n, cap, settled;
};

typedef int (*pile_compare)(const void *a, const void *b);

void pile_add(struct pile *p, void *item);
/* Sorts; of equal items one stays. */
void pile_settle(struct pile *p, pile_compare compare);
void pile_fini(struct pile *p);
