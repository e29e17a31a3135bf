/* SPDX-License-Identifier: MIT
 *
 * A binary min-heap of timers. Invariant: v[i] is due no later than its
 * children v[2i+1] and v[2i+2], and v[i]->at == i + 1.
 */
#include <stdlib.h>
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/heap.h"

static void heap_place(struct timer_heap *h, size_t i, struct timer *t)
{
	h->v[i] = t;
	t->at = i + 1;
}

static void heap_up(struct timer_heap *h, size_t i, struct timer *t)
{
	while (i > 0) {
		size_t parent = (i - 1) / 2;

		if (h->v[parent]->due_us <= t->due_us)
			break;
		heap_place(h, i, h->v[parent]);
		i = parent;
	}
	heap_place(h, i, t);
}

static void heap_down(struct timer_heap *h, size_t i, struct timer *t)
{
	for (size_t child; (child = 2 * i + 1) < h->n; i = child) {
		if (child + 1 < h->n &&
		    h->v[child + 1]->due_us < h->v[child]->due_us)
			child++;
		if (t->due_us <= h->v[child]->due_us)
			break;
		heap_place(h, i, h->v[child]);
	}
	heap_place(h, i, t);
}

void timer_set(struct timer_heap *h, struct timer *t, uint64_t due_us)
{
	timer_clear(h, t);
	t->due_us = due_us;
	h->v = array_room(h->v, h->n, &h->cap, sizeof(*h->v));
	heap_up(h, h->n++, t);
}

void timer_clear(struct timer_heap *h, struct timer *t)
{
	size_t i = t->at - 1;
	struct timer *last;

	if (t->at == 0)
		return;
	t->at = 0;
	last = h->v[--h->n];
	if (last == t)
		return;
	/* the last one takes its place, then finds its own */
	heap_down(h, i, last);
	heap_up(h, last->at - 1, last);
}

struct timer *timer_pop(struct timer_heap *h, uint64_t now_us)
{
	struct timer *t;

	if (h->n == 0 || h->v[0]->due_us > now_us)
		return NULL;
	t = h->v[0];
	timer_clear(h, t);
	return t;
}

uint64_t timer_next_us(const struct timer_heap *h)
{
	return h->n ? h->v[0]->due_us : TIME_NEVER;
}

void timer_heap_fini(struct timer_heap *h)
{
	for (size_t i = 0; i < h->n; i++)
		h->v[i]->at = 0;
	free(h->v);
	*h = (struct timer_heap){ 0 };
}
