/* SPDX-License-Identifier: MIT
 *
 * A binary min-heap of timers, intrusive and bounded by its users: each timer
 * is embedded in its owner and is in at most one heap.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timer {
	uint64_t due_us;
	size_t at;	/* 1 + place in the heap, 0 = not in it */
};

struct timer_heap {
	struct timer **v;
	size_t n, cap;
};

/* (Re)arms t. */
void timer_set(struct timer_heap *h, struct timer *t, uint64_t due_us);
void timer_clear(struct timer_heap *h, struct timer *t);
/* Takes the first timer due at or before now out; NULL if none. */
struct timer *timer_pop(struct timer_heap *h, uint64_t now_us);
/* TIME_NEVER (UINT64_MAX) when empty. */
uint64_t timer_next_us(const struct timer_heap *h);
void timer_heap_fini(struct timer_heap *h);

static inline bool timer_armed(const struct timer *t)
{
	return t->at != 0;
}
