/* SPDX-License-Identifier: MIT
 *
 * A set of needs: of which author which events, (from, to]. At most one range
 * an author, sorted by slot; ranges of one author merge to their hull.
 * Bounded: what does not fit is left for the next exchange.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define SYNC_NEEDS_MAX 256

struct sync_need {
	uint32_t slot;
	uint64_t from, to;	/* events from + 1 .. to */
};

struct sync_needs {
	unsigned n;
	struct sync_need v[SYNC_NEEDS_MAX];
};

/* False if the set is full. */
bool sync_needs_add(struct sync_needs *s, uint32_t slot, uint64_t from,
		    uint64_t to);
void sync_needs_add_all(struct sync_needs *s, const struct sync_needs *more);
/* NULL if the author is not in it. */
const struct sync_need *sync_needs_find(const struct sync_needs *s,
					uint32_t slot);
void sync_needs_drop(struct sync_needs *s, uint32_t slot);
/* How many events they are. */
uint64_t sync_needs_events(const struct sync_needs *s);
