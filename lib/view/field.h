/* SPDX-License-Identifier: MIT
 *
 * The rule of a field: the last writer wins, but a write that names its
 * predecessors beats them whatever the clocks say.
 *
 * A write has an order, a value (or none: unset) and perhaps a base: the first
 * 8 bytes of the ids of the writes of this field that it replaces. Its rank
 * is (top, depth):
 *
 *   rank(w) = the greatest of (order(w), 0) and, for each base b held,
 *             (top(b), depth(b) + 1)
 *
 * and the greatest rank wins, ties by order. Without bases that is plain
 * last-writer-wins; a base from a clock gone wild lends its stamp to whoever
 * replaces it. Heads are the writes with a base that no other write names;
 * two of them are a conflict. An empty base says that nothing was there to
 * replace, so two first writes are one as well. A base that names nothing held
 * is ignored; one that fits several ids names them all.
 *
 * Of the writes without a base only the greatest is kept: ranks rest on the
 * greatest. Those with a base stay, because what names them may yet come, and
 * because 8 bytes of an id can be ground to be those of another: nobody can
 * say that a base is known in full.
 */
#pragma once
#include "lib/view/order.h"

struct write {
	struct order at;
	const struct order *top;	/* rank: of a write held, and depth */
	uint32_t depth;
	uint32_t n_bases, scanned;
	bool based;		/* it has a base, of n_bases writes */
	bool named, open;
	uint8_t mark;		/* the caller's, 0 to begin with */
	struct span value;	/* CBOR; empty = unset. Behind the bases. */
	uint64_t bases[];
};

struct field {			/* zeroed = empty */
	struct write **w;	/* the first `settled` by id */
	struct write *one;	/* where w points to while there is but one */
	size_t n, cap, settled;
	struct write *winner;
	bool keep;		/* those without a base as well: lib/view/plan.h */
};

/* Takes the write in; any order, any number of times. base = n * 8 bytes, NULL
 * without one. Borrowed until the next call. */
struct write *field_write(struct field *f, const struct order *at,
			  struct span base, struct span value);
/* By rank, once the field was looked at. */
int field_rank_compare(const struct write *a, const struct write *b);
/* The first place in f->w, once it was looked at, with this id or a greater
 * one: several may share it. */
size_t field_place(const struct field *f, uint64_t id8);
/* The winning write, NULL if nobody wrote. */
const struct write *field_winner(struct field *f);
/* The winner, then the other heads by falling order: at most cap are stored;
 * how many there are. */
size_t field_heads(struct field *f, const struct write **heads, size_t cap);
bool field_conflicted(struct field *f);
/* All writes kept, by falling order: f->n of them, to be freed. */
const struct write **field_history(struct field *f);
/* Writes that another one names. */
size_t field_superseded(struct field *f);
void field_fini(struct field *f);

/* Fields by name. */
struct named_field {
	struct table_entry name;	/* first: an entry of its table */
	struct field rule;
};

struct field *fields_get(struct table *fields, const uint8_t seed[16],
			 struct span name);
/* NULL if nobody wrote it. */
struct field *fields_find(const struct table *fields, const uint8_t seed[16],
			  struct span name);
void fields_fini(struct table *fields);
