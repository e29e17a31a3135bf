/* SPDX-License-Identifier: MIT
 *
 * Whether to read: see reading.h.
 */
#include "daemon/reading.h"
#include "lib/base/clock.h"

#define GENERATIONS_MAX 24u
#define BYTES_MAX (4u << 20)
#define EPISODE_US (60 * US_PER_S)

const char *reading_name(enum reading_why why)
{
	return why == READING_WORKER ? "worker" :
	       why == READING_DISK ? "disk" : "";
}

static enum reading_move reading_stop(struct reading *r, enum reading_why why,
				      uint64_t now_us, bool *episode)
{
	*episode = !r->until_us || now_us >= r->until_us + EPISODE_US;
	r->why = why;
	r->since_us = now_us;
	r->pauses[why]++;
	return READING_STOPS;
}

enum reading_move reading_review(struct reading *r, unsigned generations,
				 uint64_t bytes, uint64_t now_us,
				 bool *episode)
{
	if (!r->why && generations >= GENERATIONS_MAX)
		return reading_stop(r, READING_WORKER, now_us, episode);
	if (!r->why && bytes >= BYTES_MAX)
		return reading_stop(r, READING_DISK, now_us, episode);
	if (!r->why || generations > GENERATIONS_MAX / 2 ||
	    bytes > BYTES_MAX / 2)
		return READING_STAYS;
	r->paused_us += now_us - r->since_us;
	r->until_us = now_us;
	r->why = READING_ON;
	return READING_GOES_ON;
}
