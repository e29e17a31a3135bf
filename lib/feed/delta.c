/* SPDX-License-Identifier: MIT
 *
 * Round robin without going round: whole rounds are counted by the feed that
 * lacks least, the last one is dealt out feed by feed.
 */
#include "lib/feed/delta.h"

static uint64_t lacks(const struct delta_feed *f)
{
	return f->held > f->remote ? f->held - f->remote - f->give : 0;
}

/* How many feeds lack something, and the least that one of them lacks. */
static size_t count_open(const struct delta_feed *feeds, size_t n,
			 uint64_t *least)
{
	size_t open = 0;

	*least = UINT64_MAX;
	for (size_t i = 0; i < n; i++) {
		uint64_t l = lacks(&feeds[i]);

		open += l > 0;
		if (l && l < *least)
			*least = l;
	}
	return open;
}

uint64_t feed_delta(struct delta_feed *feeds, size_t n, uint64_t limit,
		    size_t *turn)
{
	size_t at = turn && n ? *turn % n : 0, open;
	uint64_t left = limit, rounds;

	for (size_t i = 0; i < n; i++)
		feeds[i].give = 0;
	while ((open = count_open(feeds, n, &rounds)) && left >= open) {
		if (rounds > left / open)
			rounds = left / open;
		for (size_t i = 0; i < n; i++)
			if (lacks(&feeds[i]))
				feeds[i].give += rounds;
		left -= rounds * open;
	}
	for (; open && left; at = (at + 1) % n)
		if (lacks(&feeds[at])) {
			feeds[at].give++;
			left--;
		}
	if (turn)
		*turn = at;
	return limit - left;
}
