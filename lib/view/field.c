/* SPDX-License-Identifier: MIT
 *
 * Registers with causality, see field.h. Writes pile up as they come and are
 * settled when somebody looks, or when more wait than are settled.
 */
#include <stdlib.h>
#include "lib/view/field.h"

#define PENDING_MIN 4

/* ---- comparing ---- */

/* Equal orders with other values come only from forged imports; they too must
 * end alike everywhere. */
static int at_compare(const struct write *a, const struct write *b)
{
	int c = order_compare(&a->at, &b->at);

	return c ? c : span_compare(a->value, b->value);
}

int field_rank_compare(const struct write *a, const struct write *b)
{
	int c = order_compare(a->top, b->top);

	if (c == 0)
		c = (a->depth > b->depth) - (a->depth < b->depth);
	return c ? c : at_compare(a, b);
}

static int by_id(const void *pa, const void *pb)
{
	const struct write *a = *(struct write *const *)pa;
	const struct write *b = *(struct write *const *)pb;
	int c = (a->at.id8 > b->at.id8) - (a->at.id8 < b->at.id8);

	return c ? c : at_compare(a, b);
}

static int by_falling_order(const void *pa, const void *pb)
{
	return -at_compare(*(struct write *const *)pa,
			   *(struct write *const *)pb);
}

/* ---- what a base names ---- */

size_t field_place(const struct field *f, uint64_t id8)
{
	size_t lo = 0, hi = f->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (f->w[mid]->at.id8 < id8)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

#define for_each_named(b, f, id) \
	for (size_t at_ = field_place(f, id); at_ < (f)->n && \
	     (b = (f)->w[at_])->at.id8 == (id); at_++)

/* ---- settling ---- */

/* Sorts by id, drops what is there twice, and of the writes without a base
 * all but the greatest. */
static void writes_settle(struct field *f)
{
	struct write *blind = NULL;
	size_t kept = 0;

	for (size_t i = 0; i < f->n; i++)
		if (!f->w[i]->based &&
		    (!blind || at_compare(f->w[i], blind) > 0))
			blind = f->w[i];
	qsort(f->w, f->n, sizeof(*f->w), by_id);
	for (size_t i = 0; i < f->n; i++) {
		struct write *w = f->w[i];

		if ((!w->based && w != blind && !f->keep) ||
		    (kept && by_id(&f->w[kept - 1], &w) == 0))
			free(w);
		else
			f->w[kept++] = w;
	}
	f->n = kept;
}

/* The rank of w, once its bases have theirs; they are named by it. */
static void write_rank(const struct field *f, struct write *w)
{
	struct write *b;

	for (uint32_t i = 0; i < w->n_bases; i++)
		for_each_named(b, f, w->bases[i]) {
			int c = order_compare(b->top, w->top);

			b->named = true;
			if (c > 0 || (c == 0 && b->depth >= w->depth)) {
				w->top = b->top;
				w->depth = b->depth + 1;
			}
		}
}

/* The next write named by w that has no rank yet; it is marked. */
static struct write *base_unranked(const struct field *f, struct write *w)
{
	struct write *b;

	for (; w->scanned < w->n_bases; w->scanned++)
		for_each_named(b, f, w->bases[w->scanned])
			if (b->open) {
				b->open = false;
				return b;
			}
	return NULL;
}

/* Bases before what names them: depth first, without recursion. */
static void ranks_settle(const struct field *f)
{
	struct write **stack = view_alloc(f->n * sizeof(struct write *));
	size_t depth = 0;

	for (size_t i = 0; i < f->n; i++) {
		struct write *w = f->w[i];

		w->top = &w->at;
		w->depth = w->scanned = 0;
		w->named = false;
		w->open = true;
	}
	for (size_t i = 0; i < f->n; i++) {
		if (!f->w[i]->open)
			continue;
		f->w[i]->open = false;
		stack[depth++] = f->w[i];
		while (depth) {
			struct write *b = base_unranked(f, stack[depth - 1]);

			if (b)
				stack[depth++] = b;
			else
				write_rank(f, stack[--depth]);
		}
	}
	free(stack);
}

static void field_settle(struct field *f)
{
	if (f->settled == f->n)
		return;
	writes_settle(f);
	ranks_settle(f);
	f->winner = f->w[0];
	for (size_t i = 1; i < f->n; i++)
		if (field_rank_compare(f->w[i], f->winner) > 0)
			f->winner = f->w[i];
	f->settled = f->n;
}

/* ---- writing ---- */

static struct write *write_new(const struct order *at, struct span base,
			       struct span value)
{
	size_t n = base.n / EVENT_BASE_SIZE;
	struct write *w = view_alloc(sizeof(*w) + n * sizeof(uint64_t) +
				     value.n);
	uint8_t *tail = (uint8_t *)&w->bases[n];

	w->at = *at;
	w->based = base.p != NULL;
	w->n_bases = (uint32_t)n;
	for (size_t i = 0; i < n; i++)
		w->bases[i] = be_get(base.p + i * EVENT_BASE_SIZE,
				     EVENT_BASE_SIZE);
	if (value.n)
		memcpy(tail, value.p, value.n);
	w->value = SPAN(tail, value.n);
	return w;
}

static void field_grow(struct field *f)
{
	size_t cap = f->cap ? 2 * f->cap : 1;
	struct write **w = cap == 1 ? &f->one : view_alloc(cap * sizeof(*w));

	if (f->n)
		memcpy(w, f->w, f->n * sizeof(*w));
	if (f->w != &f->one)
		free(f->w);
	f->w = w;
	f->cap = cap;
}

static void field_push(struct field *f, struct write *w)
{
	if (f->n == f->cap)
		field_grow(f);
	f->w[f->n++] = w;
}

/* The only write: settled as it is. */
static void field_only(struct field *f, struct write *w)
{
	w->top = &w->at;
	f->w[0] = f->winner = w;
	f->settled = 1;
}

/* A field of one write without a base: of two such the greater is kept, in the
 * same place if it has room. Most fields never see more. */
static struct write *write_last(struct field *f, const struct order *at,
				struct span value)
{
	const struct write next = { .at = *at, .value = value };
	struct write *w = f->winner;

	if (at_compare(&next, w) <= 0)
		return w;
	if (value.n <= w->value.n) {
		w->at = *at;
		w->value.n = value.n;
		if (value.n)
			memcpy(w->bases, value.p, value.n);
		return w;
	}
	free(w);
	field_only(f, write_new(at, SPAN(NULL, 0), value));
	return f->winner;
}

struct write *field_write(struct field *f, const struct order *at,
			  struct span base, struct span value)
{
	struct write *w;

	if (f->n == 1 && f->settled && !f->winner->based && !base.p &&
	    !f->keep)
		return write_last(f, at, value);
	if (f->n - f->settled > PENDING_MIN + f->settled)
		field_settle(f);
	w = write_new(at, base, value);
	field_push(f, w);
	if (f->n == 1 && !base.n)
		field_only(f, w);
	return w;
}

/* ---- looking ---- */

const struct write *field_winner(struct field *f)
{
	field_settle(f);
	return f->winner;
}

static bool is_head(const struct write *w)
{
	return w->based && !w->named;
}

static size_t heads_count(const struct field *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		n += is_head(f->w[i]);
	return n;
}

size_t field_heads(struct field *f, const struct write **heads, size_t cap)
{
	const struct write **others;
	size_t n = 0;

	field_settle(f);
	if (!f->winner)
		return 0;
	others = view_alloc(f->n * sizeof(const struct write *));
	for (size_t i = 0; i < f->n; i++)
		if (is_head(f->w[i]) && f->w[i] != f->winner)
			others[n++] = f->w[i];
	qsort(others, n, sizeof(const struct write *), by_falling_order);
	if (cap)
		heads[0] = f->winner;
	for (size_t i = 0; i < n && i + 1 < cap; i++)
		heads[i + 1] = others[i];
	free(others);
	return n + 1;
}

const struct write **field_history(struct field *f)
{
	const struct write **all;

	field_settle(f);
	all = view_alloc(f->n * sizeof(const struct write *));
	for (size_t i = 0; i < f->n; i++)
		all[i] = f->w[i];
	qsort(all, f->n, sizeof(const struct write *), by_falling_order);
	return all;
}

bool field_conflicted(struct field *f)
{
	field_settle(f);
	return heads_count(f) > 1;
}

size_t field_superseded(struct field *f)
{
	size_t n = 0;

	field_settle(f);
	for (size_t i = 0; i < f->n; i++)
		n += f->w[i]->based && f->w[i]->named;
	return n;
}

void field_fini(struct field *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->w[i]);
	if (f->w != &f->one)
		free(f->w);
	*f = (struct field){ 0 };
}

/* ---- fields by name ---- */

struct field *fields_get(struct table *fields, const uint8_t seed[16],
			 struct span name)
{
	struct named_field *f = (struct named_field *)
		table_get(fields, seed, name, sizeof(*f));

	return &f->rule;
}

struct field *fields_find(const struct table *fields, const uint8_t seed[16],
			  struct span name)
{
	struct table_entry *f = table_find(fields, seed, name);

	return f ? &((struct named_field *)f)->rule : NULL;
}

static void named_fini(struct table_entry *e)
{
	field_fini(&((struct named_field *)e)->rule);
}

void fields_fini(struct table *fields)
{
	table_fini(fields, named_fini);
}
