/* SPDX-License-Identifier: MIT
 *
 * The station's clock (lib/event/hlc.h): where it starts, what it follows, and
 * what it only reports. Verified events alone move it. One whose stamp is more
 * than drift_ms ahead is in the set and in the view like any other, but the
 * clock does not follow: else one lie would move every later event of
 * everybody.
 *
 * Ahead of what? See feed_present_ms.
 */
#include <stdio.h>
#include "lib/feed/told.h"
#include "lib/node/node_parts.h"

#define STAMPS_MAX_MS (HLC_WALL_MAX - 365 * 24 * 3600000ULL)

/* ---- the present ---- */

static uint64_t stamps_system_ms(const struct node *n)
{
	return n->now.wall_ms < n->c.build_wall_ms ? n->c.build_wall_ms :
						     n->now.wall_ms;
}

/* Without a clock that somebody vouches for, the others' time goes on by the
 * time that passes: else whoever breaks a silence would seem to be ahead. */
uint64_t node_stamps_present_ms(struct node *n)
{
	struct clock_now now = n->now;
	uint64_t ran_ms = n->present_ms + (now.mono_us - n->present_us) /
		US_PER_MS, told_ms;

	now.wall_ms = stamps_system_ms(n);
	told_ms = feed_present_ms(n->data.feeds, n->own_slot, now);
	if (now.wall_good || told_ms > ran_ms) {
		n->present_ms = told_ms;
		n->present_us = now.mono_us;
	}
	return now.wall_good || told_ms > ran_ms ? told_ms : ran_ms;
}

/* ---- start, own events, others' events ---- */

/* The clock follows a stamp, if it is within the bound. The end of all stamps is
 * out of reach even without one: there a station could write no more. */
static bool stamps_follow(struct node *n, struct hlc t, uint64_t present_ms)
{
	if (t.wall_ms > STAMPS_MAX_MS || hlc_adopt(&n->clock, t, present_ms))
		return false;
	if (hlc_compare(t, n->adopted) > 0) {
		n->adopted = t;
		n->dirty = true;
	}
	return true;
}

/* Above the own last stamp, what was adopted before, and the build date. What
 * was adopted right before a crash only the log says, under the bound as ever:
 * its greatest stamp may be a lie that was kept out. */
void node_stamps_start(struct node *n)
{
	struct hlc build = { n->c.build_wall_ms, 0 }, own = { 0, 0 };
	uint64_t present_ms = node_stamps_present_ms(n);

	if (n->own_slot != FEED_SLOT_NONE)
		own = feed_at(n->data.feeds, n->own_slot)->hlc_max;
	n->clock.last = n->adopted;
	if (hlc_compare(own, n->clock.last) > 0)
		n->clock.last = own;
	if (hlc_compare(build, n->clock.last) > 0)
		n->clock.last = build;
	for (uint32_t i = 0; i < feed_count(n->data.feeds); i++) {
		struct hlc t = feed_at(n->data.feeds, i)->hlc_max;

		if (hlc_compare(t, n->clock.last) > 0)
			stamps_follow(n, t, present_ms);
	}
}

int node_stamps_next(struct node *n, struct hlc *out)
{
	return hlc_now(&n->clock, node_stamps_present_ms(n), out);
}

/* Once for an author, until another one does it. */
static void stamps_report(struct node *n, uint32_t slot, uint64_t ahead_ms)
{
	const struct feed *f = feed_at(n->data.feeds, slot);
	char text[160];

	n->clock_skews++;
	if (n->skewed_slot == slot + 1)
		return;
	n->skewed_slot = slot + 1;
	snprintf(text, sizeof(text), "the clock of %s %.8s is %llu h ahead: "
		 "its events are shown, but the clock here does not follow",
		 f->call, f->label, (unsigned long long)(ahead_ms / 3600000));
	node_queue_note(n, NOTE_CLOCK_SKEW, -1, text);
}

void node_stamps_take(struct node *n, uint32_t slot, const struct event *list,
		      size_t n_events)
{
	uint64_t present_ms = node_stamps_present_ms(n);

	for (size_t i = 0; i < n_events; i++) {
		struct hlc t = list[i].hlc;

		if (!stamps_follow(n, t, present_ms))
			stamps_report(n, slot, t.wall_ms > present_ms ?
				      t.wall_ms - present_ms : 0);
	}
}
