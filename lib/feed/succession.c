/* SPDX-License-Identifier: MIT
 *
 * Whose feeds are one station's: a key that was retired in favour of another
 * which says so too, and call signs that more than one station claims. Only
 * looked at by people; nothing in the set depends on it.
 */
#include "lib/feed/set.h"

#define SUCCESSIONS_MAX 16	/* keys of one station, one after the other */

uint32_t feed_successor(const struct feed_set *s, uint32_t slot)
{
	const struct feed *f = feed_at(s, slot), *next;
	char label[2 * AUTHOR_SIZE + 1];
	uint32_t at;

	if (!f->retired_at || !f->has_next)
		return FEED_SLOT_NONE;
	at = feed_find(s, author_label(label, f->next));
	if (at == FEED_SLOT_NONE || at == slot)
		return FEED_SLOT_NONE;
	next = feed_at(s, at);
	return next->previous_at && memcmp(next->previous, f->author,
					   AUTHOR_SIZE) == 0 ?
	       at : FEED_SLOT_NONE;
}

uint32_t feed_station(const struct feed_set *s, uint32_t slot)
{
	for (unsigned i = 0; i < SUCCESSIONS_MAX; i++) {
		uint32_t next = feed_successor(s, slot);

		if (next == FEED_SLOT_NONE)
			break;
		slot = next;
	}
	return slot;
}

bool feed_call_shared(const struct feed_set *s, uint32_t slot)
{
	const char *call = feed_at(s, slot)->call;
	uint32_t station = feed_station(s, slot);

	for (uint32_t i = 0; call[0] && i < feed_count(s); i++)
		if (i != slot && strcmp(feed_at(s, i)->call, call) == 0 &&
		    feed_station(s, i) != station)
			return true;
	return false;
}

void feed_name_told(const struct feed_set *s, struct span label, struct buf *out)
{
	uint32_t slot = feed_find(s, label);
	const struct feed *f, *station;

	if (slot == FEED_SLOT_NONE || !feed_at(s, slot)->call[0]) {
		buf_add(out, label);
	} else {
		f = feed_at(s, slot);
		station = feed_at(s, feed_station(s, slot));
		buf_add(out, SPAN_STR(station->call));
		if (feed_call_shared(s, slot))
			buf_printf(out, "/%.8s", f->label);
		if (station != f)
			buf_printf(out, " (its former key %.8s)", f->label);
	}
	if (slot != FEED_SLOT_NONE && feed_at(s, slot)->forked)
		buf_add(out, SPAN_STR(" (forked)"));
}
