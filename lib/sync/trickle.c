/* SPDX-License-Identifier: MIT
 *
 * Trickle, RFC 6206 section 4.2. The rule numbers below are its own.
 */
#include "lib/sync/trickle.h"

/* Rule 2: c = 0, t in [I/2, I). */
void trickle_again(struct trickle *t, uint64_t now_us, struct random *r)
{
	uint64_t half = t->interval_us / 2;

	t->heard = 0;
	t->fired = false;
	t->fire_us = now_us + half + random_below(r, half);
	t->end_us = now_us + t->interval_us;
}

void trickle_init(struct trickle *t, uint64_t min_us, uint64_t max_us,
		  uint64_t now_us, struct random *r)
{
	t->interval_us = min_us;
	t->max_us = max_us;
	trickle_again(t, now_us, r);
}

/* Rule 6: nothing happens if I is Imin already. */
bool trickle_reset(struct trickle *t, uint64_t min_us, uint64_t now_us,
		   struct random *r)
{
	if (t->interval_us <= min_us)
		return false;
	t->interval_us = min_us;
	trickle_again(t, now_us, r);
	return true;
}

/* Rules 4 and 5: fire, then double. */
bool trickle_step(struct trickle *t, uint64_t now_us, struct random *r)
{
	if (!t->fired) {
		t->fired = true;
		return true;
	}
	t->interval_us *= 2;
	if (t->interval_us > t->max_us)
		t->interval_us = t->max_us;
	trickle_again(t, now_us, r);
	return false;
}
