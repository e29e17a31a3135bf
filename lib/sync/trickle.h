/* SPDX-License-Identifier: MIT
 *
 * Trickle (RFC 6206): how often a station says its root. An interval I runs
 * between Imin and Imax, doubling; at a random point of its second half the
 * station speaks, unless it heard k consistent others in it. What is
 * inconsistent sets I back to Imin.
 *
 *   |------ I/2 ------|--x---------|          x: fire, then the end
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "lib/base/random.h"

#define TRICKLE_K 1

struct trickle {
	uint64_t interval_us, max_us;
	uint64_t fire_us, end_us;
	unsigned heard;		/* consistent ones in this interval */
	bool fired;
};

/* Begins an interval of Imin. */
void trickle_init(struct trickle *t, uint64_t min_us, uint64_t max_us,
		  uint64_t now_us, struct random *r);
/* Begins another interval of the present length. */
void trickle_again(struct trickle *t, uint64_t now_us, struct random *r);
/* Back to Imin; true if that changed the interval. */
bool trickle_reset(struct trickle *t, uint64_t min_us, uint64_t now_us,
		   struct random *r);
/* What is due: true = the fire point (ask trickle_quiet before speaking),
 * false = the interval ended and the next has begun. */
bool trickle_step(struct trickle *t, uint64_t now_us, struct random *r);
/* When trickle_step wants to be called. */
static inline uint64_t trickle_due_us(const struct trickle *t)
{
	return t->fired ? t->end_us : t->fire_us;
}

/* Enough others said the same: nothing need be said. */
static inline bool trickle_quiet(const struct trickle *t)
{
	return t->heard >= TRICKLE_K;
}
