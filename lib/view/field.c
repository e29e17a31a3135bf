/* SPDX-License-Identifier: MIT
 *
 * Registers with causality, see field.h. Writes pile up as they come and are
 * settled when somebody looks, or when as many wait as are held.
 */
#include <stdlib.h>
#include "lib/view/field.h"

#define PENDING_MIN 8

/* ---- ranks ---- */

static int rank_compare(const struct rank *a, const struct rank *b)
{
	int c = order_compare(&a->top, &b->top);

	return c ? c : (a->depth > b->depth) - (a->depth < b->depth);
}

static int write_compare(const struct write *a, const struct write *b)
{
	int c = rank_compare(&a->rank, &b->rank);

	return c ? c : order_compare(&a->at, &b->at);
}

static int id_compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int by_id(const void *a, const void *b)
{
	return id_compare(&(*(struct write *const *)a)->at.id8,
			  &(*(struct write *const *)b)->at.id8);
}

static bool is_gone(const struct field *f, uint64_t id8)
{
	return f->n_gone && bsearch(&id8, f->gone, f->n_gone, sizeof(id8),
				    id_compare);
}

/* A write held, by id; f->based is sorted. */
static struct write *held(const struct field *f, uint64_t id8)
{
	size_t lo = 0, hi = f->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (f->based[mid]->at.id8 < id8)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < f->n && f->based[lo]->at.id8 == id8)
		return f->based[lo];
	return f->blind && f->blind->at.id8 == id8 ? f->blind : NULL;
}

/* All that can be said of w once its bases have their ranks. */
static void write_rank(const struct field *f, struct write *w)
{
	w->rank = (struct rank){ w->at, 0 };
	w->known = true;
	for (uint32_t i = 0; i < w->n_bases; i++) {
		const struct write *b = held(f, w->bases[i]);
		struct rank above;

		if (!b) {
			w->known &= is_gone(f, w->bases[i]);
			continue;
		}
		above = (struct rank){ b->rank.top, b->rank.depth + 1 };
		if (rank_compare(&above, &w->rank) > 0)
			w->rank = above;
		w->known &= b->known;
	}
}

/* The next base of w that has no rank yet; it is marked. */
static struct write *base_unranked(const struct field *f, struct write *w)
{
	while (w->scanned < w->n_bases) {
		struct write *b = held(f, w->bases[w->scanned++]);

		if (b && b->open) {
			b->open = false;
			return b;
		}
	}
	return NULL;
}

/* Bases before what names them: depth first, without recursion. */
static void ranks_settle(const struct field *f)
{
	struct write **stack = view_alloc(f->n * sizeof(struct write *));
	size_t depth = 0;

	for (size_t i = 0; i < f->n; i++) {
		f->based[i]->open = true;
		f->based[i]->named = false;
		f->based[i]->scanned = 0;
	}
	for (size_t i = 0; i < f->n; i++) {
		if (!f->based[i]->open)
			continue;
		f->based[i]->open = false;
		stack[depth++] = f->based[i];
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

/* ---- settling ---- */

/* Sorts what is held by id and drops what is there twice or gone. */
static void based_settle(struct field *f)
{
	size_t kept = 0;

	if (f->n)
		qsort(f->based, f->n, sizeof(*f->based), by_id);
	for (size_t i = 0; i < f->n; i++) {
		struct write *w = f->based[i];

		if ((kept && f->based[kept - 1]->at.id8 == w->at.id8) ||
		    is_gone(f, w->at.id8))
			free(w);
		else
			f->based[kept++] = w;
	}
	f->n = kept;
}

static void named_settle(struct field *f)
{
	for (size_t i = 0; i < f->n; i++)
		for (uint32_t j = 0; j < f->based[i]->n_bases; j++) {
			struct write *b = held(f, f->based[i]->bases[j]);

			if (b)
				b->named = true;
		}
}

static void winner_settle(struct field *f)
{
	f->winner = f->blind;
	for (size_t i = 0; i < f->n; i++)
		if (!f->winner || write_compare(f->based[i], f->winner) > 0)
			f->winner = f->based[i];
}

/* It rests on a stamp below the winner's, and so does whatever names it, now
 * or later: neither can win by it any more. */
static bool is_spent(const struct field *f, const struct write *w)
{
	return w->named && w->known &&
	       order_compare(&w->rank.top, &f->winner->rank.top) < 0;
}

static void gone_add(struct field *f, uint64_t id8)
{
	if (f->n_gone == f->cap_gone) {
		f->cap_gone = f->cap_gone ? 2 * f->cap_gone : 4;
		f->gone = reallocarray(f->gone, f->cap_gone, sizeof(id8));
		if (!f->gone)
			abort();
	}
	f->gone[f->n_gone++] = id8;
}

static void spent_drop(struct field *f)
{
	size_t kept = 0, before = f->n_gone;

	for (size_t i = 0; i < f->n; i++) {
		struct write *w = f->based[i];

		if (is_spent(f, w)) {
			gone_add(f, w->at.id8);
			free(w);
		} else {
			f->based[kept++] = w;
		}
	}
	f->n = kept;
	if (f->n_gone > before)
		qsort(f->gone, f->n_gone, sizeof(*f->gone), id_compare);
}

static void field_settle(struct field *f)
{
	if (!f->dirty)
		return;
	based_settle(f);
	ranks_settle(f);
	named_settle(f);
	winner_settle(f);
	spent_drop(f);
	f->settled = f->n;
	f->dirty = false;
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
	w->rank.top = *at;
	w->known = true;
	w->n_bases = (uint32_t)n;
	for (size_t i = 0; i < n; i++)
		w->bases[i] = be_get(base.p + i * EVENT_BASE_SIZE,
				     EVENT_BASE_SIZE);
	if (value.n)
		memcpy(tail, value.p, value.n);
	w->value = SPAN(tail, value.n);
	return w;
}

static void blind_write(struct field *f, const struct order *at,
			struct span value)
{
	if (f->blind && order_compare(&f->blind->at, at) >= 0)
		return;
	free(f->blind);
	f->blind = write_new(at, SPAN(NULL, 0), value);
	f->dirty = true;
}

void field_write(struct field *f, const struct order *at, struct span base,
		 struct span value)
{
	if (base.n == 0) {
		blind_write(f, at, value);
		return;
	}
	if (f->n == f->cap) {
		f->cap = f->cap ? 2 * f->cap : 2;
		f->based = reallocarray(f->based, f->cap, sizeof(*f->based));
		if (!f->based)
			abort();
	}
	f->based[f->n++] = write_new(at, base, value);
	f->dirty = true;
	if (f->n - f->settled > PENDING_MIN + f->settled + f->n_gone / 4)
		field_settle(f);
}

/* ---- looking ---- */

const struct write *field_winner(struct field *f)
{
	field_settle(f);
	return f->winner;
}

static int by_falling_order(const void *a, const void *b)
{
	return -order_compare(&(*(const struct write *const *)a)->at,
			      &(*(const struct write *const *)b)->at);
}

size_t field_heads(struct field *f, const struct write **heads, size_t cap)
{
	const struct write *winner = field_winner(f);
	const struct write **others;
	size_t n = 0;

	if (!winner)
		return 0;
	others = view_alloc(f->n * sizeof(const struct write *));
	for (size_t i = 0; i < f->n; i++)
		if (!f->based[i]->named && f->based[i] != winner)
			others[n++] = f->based[i];
	qsort(others, n, sizeof(const struct write *), by_falling_order);
	if (cap)
		heads[0] = winner;
	for (size_t i = 0; i < n && i + 1 < cap; i++)
		heads[i + 1] = others[i];
	free(others);
	return n + 1;
}

static size_t heads_based(const struct field *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		n += !f->based[i]->named;
	return n;
}

bool field_conflicted(struct field *f)
{
	field_settle(f);
	return heads_based(f) > 1;
}

size_t field_superseded(struct field *f)
{
	field_settle(f);
	return f->n - heads_based(f) + f->n_gone;
}

void field_fini(struct field *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->based[i]);
	free(f->based);
	free(f->gone);
	free(f->blind);
	*f = (struct field){ 0 };
}
