/* SPDX-License-Identifier: MIT
 *
 * Documents, see doc.h. Operations take constant time; the order is made when
 * somebody looks: siblings are brought together by sorting, then the tree is
 * walked with a stack of its own.
 */
#include "lib/view/doc.h"
#include <stdlib.h>

/* ---- operations ---- */

struct element *doc_element(struct doc *d, const uint8_t seed[16],
			    struct span id)
{
	return (struct element *)table_get(&d->elements, seed, id,
					   sizeof(struct element));
}

static void element_put(struct doc *d, struct element *e)
{
	if (d->n == d->cap) {
		d->cap = d->cap ? 2 * d->cap : 8;
		d->placed = reallocarray(d->placed, d->cap, sizeof(*d->placed));
		d->order = reallocarray(d->order, d->cap, sizeof(*d->order));
		if (!d->placed || !d->order)
			abort();
	}
	d->placed[d->n++] = e;
}

static void text_keep(struct element *e, struct span type, struct span pos)
{
	free(e->text);
	e->text = view_alloc(type.n + pos.n);
	if (type.n)
		memcpy(e->text, type.p, type.n);
	if (pos.n)
		memcpy(e->text + type.n, pos.p, pos.n);
	e->type = SPAN(e->text, type.n);
	e->pos = SPAN(e->text + type.n, pos.n);
}

struct element *doc_insert(struct doc *d, const uint8_t seed[16],
			   const struct doc_insert *in)
{
	struct element *e = doc_element(d, seed, in->id);

	if (e->inserted && order_compare(&in->at, &e->at) >= 0)
		return e;
	if (!e->inserted)
		element_put(d, e);
	e->inserted = true;
	e->at = in->at;
	e->before = in->side == DOC_BEFORE;
	e->beside = in->beside.n ? doc_element(d, seed, in->beside) : &d->root;
	text_keep(e, in->type, in->pos);
	d->stale = true;
	return e;
}

/* ---- siblings together ---- */

static int by_place(const struct element *a, const struct element *b)
{
	int c = span_compare(a->pos, b->pos);

	return c ? c : order_compare(&a->at, &b->at);
}

static int by_place_at(const void *pa, const void *pb)
{
	return by_place(*(struct element *const *)pa,
			*(struct element *const *)pb);
}

/* Parents in any order, each one's children in theirs. */
static int by_parent(const void *pa, const void *pb)
{
	const struct element *a = *(struct element *const *)pa;
	const struct element *b = *(struct element *const *)pb;

	if (a->beside != b->beside)
		return (uintptr_t)a->beside < (uintptr_t)b->beside ? -1 : 1;
	if (a->before != b->before)
		return a->before ? -1 : 1;
	return by_place(a, b);
}

static void children_find(struct doc *d)
{
	d->root.n_before = d->root.n_after = 0;
	for (size_t i = 0; i < d->n; i++) {
		struct element *e = d->placed[i];

		e->n_before = e->n_after = 0;
		e->beside->n_before = e->beside->n_after = 0;
	}
	for (size_t i = 0; i < d->n; i++) {
		struct element *e = d->placed[i], *p = e->beside;

		if (p->n_before + p->n_after == 0)
			p->first = i;
		p->n_before += e->before;
		p->n_after += !e->before;
	}
}

/* ---- the walk ---- */

struct step {
	struct element *e;
	uint32_t next;		/* of its children */
};

struct walk {
	struct doc *d;
	struct step *stack;
	size_t n;		/* elements in the order so far */
};

/* An element stands when all that precedes it does. */
static void walk_from(struct walk *w, struct element *top)
{
	size_t depth = 1;

	w->stack[0] = (struct step){ top, 0 };
	while (depth) {
		struct step *s = &w->stack[depth - 1];
		struct element *e = s->e;

		if (s->next == e->n_before && e->inserted)
			w->d->order[w->n++] = e;
		if (s->next == e->n_before + e->n_after) {
			depth--;
			continue;
		}
		w->stack[depth++] = (struct step){
			w->d->placed[e->first + s->next++], 0 };
	}
}

/* Those whose neighbour is not known, each with what hangs on it. */
static void walk_orphans(struct walk *w)
{
	struct doc *d = w->d;
	struct element **list = view_alloc(d->n * sizeof(*list));
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++)
		if (!d->placed[i]->beside->inserted &&
		    d->placed[i]->beside != &d->root)
			list[n++] = d->placed[i];
	qsort(list, n, sizeof(*list), by_place_at);
	for (size_t i = 0; i < n; i++)
		walk_from(w, list[i]);
	d->n_orphans = n;
	free(list);
}

static void doc_settle(struct doc *d)
{
	struct walk w = { .d = d };

	if (!d->stale)
		return;
	qsort(d->placed, d->n, sizeof(*d->placed), by_parent);
	children_find(d);
	w.stack = view_alloc((d->n + 1) * sizeof(*w.stack));
	walk_from(&w, &d->root);
	walk_orphans(&w);
	free(w.stack);
	d->n_order = w.n;
	d->stale = false;
}

/* ---- looking ---- */

struct element *const *doc_order(struct doc *d)
{
	doc_settle(d);
	return d->order;
}

/* What follows first has nothing before it, or that would follow first. */
const struct element *doc_place(struct doc *d, const struct element *e,
				enum doc_side *side)
{
	const struct element *s = e ? e : &d->root;

	doc_settle(d);
	*side = s->n_after ? DOC_BEFORE : DOC_AFTER;
	if (s->n_after) {
		s = d->placed[s->first + s->n_before];
		while (s->n_before)
			s = d->placed[s->first];
	}
	return s == &d->root ? NULL : s;
}

static void element_fini(struct table_entry *entry)
{
	struct element *e = (struct element *)entry;

	free(e->text);
	fields_fini(&e->fields);
}

void doc_fini(struct doc *d)
{
	table_fini(&d->elements, element_fini);
	versions_fini(&d->versions);
	free(d->placed);
	free(d->order);
}
