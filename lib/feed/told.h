/* SPDX-License-Identifier: MIT
 *
 * What is told of feeds: `cairn feeds` and `cairn feeds --forks`, by pages, so
 * that a page fits into a message and nobody waits long for one.
 */
#pragma once
#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "lib/feed/feed.h"

#define FEEDS_PAGE 256	/* slots */

/* What time it is, as far as can be told: the system's clock if somebody
 * vouches for it. A machine without an RTC asks the others: of the authors'
 * greatest stamps it takes the second, which no single one of them can move; not
 * the own ones, which follow the others'. own: its slot, or FEED_SLOT_NONE. */
uint64_t feed_present_ms(const struct feed_set *s, uint32_t own,
			 struct clock_now now);

/* Of the slots from .. from + FEEDS_PAGE - 1, as an array; null behind the last
 * one. ahead_s counts from feed_present_ms. */
void feeds_json(const struct feed_set *s, uint32_t from, struct clock_now now,
		struct json_out *o);
/* Of those, who published two branches: the one that stands, the other's
 * sealed event that proves it, and how many events here left the chain. */
void forks_json(const struct feed_set *s, uint32_t from, struct json_out *o);
