/* SPDX-License-Identifier: MIT
 *
 * The pen: where an importer holds authentic events that wait for a gap to
 * close, or that belong to a branch which does not stand (yet). With it the
 * end is the same for every order of single events, forks and all. Bounded in
 * events and bytes; the farthest from its head goes first. The radio never
 * uses it: a generation verifies itself, runs beyond head + 1 are dropped and
 * wanted again.
 */
#pragma once
#include "lib/feed/feed.h"

struct feed_pen;

/* apply is called with each change, as after feed_admit; the store must show
 * it when it returns. */
struct feed_pen *feed_pen_new(struct feed_set *s, size_t events_max,
			      size_t bytes_max,
			      void (*apply)(void *ctx,
					    const struct feed_change *c),
			      void *ctx);
void feed_pen_free(struct feed_pen *p);

/* Offers one sealed event of e->author whose predecessor's id is prev, then
 * everything that it releases. Returns the number by which the held set
 * grew; *verdict (may be NULL) says what became of the event itself:
 * FEED_GAP = it waits, FEED_CANDIDATE = it is on a branch that does not
 * stand. */
size_t feed_pen_offer(struct feed_pen *p, const struct event *e,
		      const uint8_t prev[EVENT_ID_SIZE],
		      const uint8_t seal[EVENT_SEAL_SIZE],
		      enum feed_verdict *verdict);
/* Calls fn for each event that waits for a gap to close. */
void feed_pen_each(const struct feed_pen *p,
		   void (*fn)(void *ctx, const struct event *e), void *ctx);
/* Whether two authentic events of this author and one seq were seen: the
 * feed is marked, or both are in the pen. */
bool feed_pen_forked(const struct feed_pen *p, struct span label);
