/* SPDX-License-Identifier: MIT
 *
 * The containers of table.h: open addressing in an array that doubles, and a
 * sorted array.
 */
#include <stdlib.h>
#include "lib/base/buf.h"
#include "lib/base/crypto.h"
#include "lib/view/table.h"

void *view_alloc(size_t size)
{
	void *p = calloc(1, size ? size : 1);

	if (!p)
		abort();
	return p;
}

/* ---- table ---- */

/* Where the key stands, or the free slot where it would: there always is one,
 * for a quarter of them stays free. */
static struct table_slot *find(const struct table *t, uint64_t hash,
			       struct span key)
{
	size_t i = hash & (t->cap - 1);

	while (t->slot[i].entry && (t->slot[i].hash != hash ||
				    !span_equal(t->slot[i].entry->key, key)))
		i = (i + 1) & (t->cap - 1);
	return &t->slot[i];
}

static void table_grow(struct table *t)
{
	struct table old = *t;

	t->cap = old.cap ? 2 * old.cap : 4;
	t->slot = view_alloc(t->cap * sizeof(*t->slot));
	for (size_t i = 0; i < old.cap; i++)
		if (old.slot[i].entry)
			*find(t, old.slot[i].hash, old.slot[i].entry->key) =
				old.slot[i];
	free(old.slot);
}

struct table_entry *table_find(const struct table *t, const uint8_t seed[16],
			       struct span key)
{
	return t->cap ? find(t, crypto_siphash(seed, key), key)->entry : NULL;
}

/* The key and what is asked first of an entry lie together. */
static struct table_entry *entry_new(struct span key, size_t size)
{
	size_t room = (key.n + 15) & ~(size_t)15;
	uint8_t *p = view_alloc(room + size);
	struct table_entry *e = (struct table_entry *)(p + room);

	if (key.n)
		memcpy(p, key.p, key.n);
	e->key = SPAN(p, key.n);
	return e;
}

static void entry_free(struct table_entry *e)
{
	size_t room = (e->key.n + 15) & ~(size_t)15;

	free((uint8_t *)e - room);
}

struct table_entry *table_get(struct table *t, const uint8_t seed[16],
			      struct span key, size_t size)
{
	uint64_t hash = crypto_siphash(seed, key);
	struct table_slot *slot = t->cap ? find(t, hash, key) : NULL;
	struct table_entry *e;

	if (slot && slot->entry)
		return slot->entry;
	if (4 * (t->n + 1) > 3 * t->cap) {
		table_grow(t);
		slot = find(t, hash, key);
	}
	e = entry_new(key, size);
	*slot = (struct table_slot){ hash, e };
	t->n++;
	return e;
}

static int entry_compare(const void *a, const void *b)
{
	return span_compare((*(struct table_entry *const *)a)->key,
			    (*(struct table_entry *const *)b)->key);
}

struct table_entry **table_sorted(const struct table *t)
{
	struct table_entry **list = view_alloc(t->n * sizeof(*list)), *e;
	size_t n = 0;

	table_for_each(e, t)
		list[n++] = e;
	qsort(list, n, sizeof(*list), entry_compare);
	return list;
}

void table_fini(struct table *t, void (*fn)(struct table_entry *e))
{
	struct table_entry *e;

	table_for_each(e, t) {
		if (fn)
			fn(e);
		entry_free(e);
	}
	free(t->slot);
	*t = (struct table){ 0 };
}

/* ---- pile ---- */

void pile_add(struct pile *p, void *item)
{
	p->item = array_room(p->item, p->n, &p->cap, sizeof(*p->item));
	p->item[p->n++] = item;
}

static int item_compare(const void *a, const void *b, void *compare)
{
	return (*(pile_compare *)compare)(*(void *const *)a,
					  *(void *const *)b);
}

void pile_settle(struct pile *p, pile_compare compare)
{
	size_t kept = 0;

	if (p->settled == p->n)
		return;
	qsort_r(p->item, p->n, sizeof(*p->item), item_compare, &compare);
	for (size_t i = 0; i < p->n; i++)
		if (kept && compare(p->item[kept - 1], p->item[i]) == 0)
			free(p->item[i]);
		else
			p->item[kept++] = p->item[i];
	p->n = p->settled = kept;
}

void pile_fini(struct pile *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->item[i]);
	free(p->item);
	*p = (struct pile){ 0 };
}
