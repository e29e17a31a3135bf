/* SPDX-License-Identifier: MIT
 *
 * The pen: where an importer holds authentic events that wait for a gap to
 * close. Bounded in events and bytes; the farthest from its head goes first.
 * The radio never uses it: a generation verifies itself, runs beyond head + 1
 * are dropped and wanted again.
 */
#pragma once
#include "lib/feed/feed.h"

struct feed_pen;

struct feed_pen *feed_pen_new(struct feed_set *s, size_t events_max,
			      size_t bytes_max);
void feed_pen_free(struct feed_pen *p);

/* Offers one sealed event whose predecessor's id is prev (32 bytes), then
 * everything that it released. Returns the number by which the held set
 * grew; *verdict (may be NULL) is that of the event offered. */
size_t feed_pen_offer(struct feed_pen *p, const struct event *e,
		      const uint8_t prev[32], const uint8_t seal[64],
		      enum feed_verdict *verdict);
/* Calls fn for each waiting event. */
void feed_pen_each(const struct feed_pen *p,
		   void (*fn)(void *ctx, const struct event *e), void *ctx);
