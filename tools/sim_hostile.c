/* SPDX-License-Identifier: MIT
 *
 * What hostile stations send: sim_hostile.h. Their frames are put together
 * with our own codecs where that makes them more plausible.
 */
#include <stdlib.h>
#include "ax25/frame.h"
#include "lib/base/random.h"
#include "lib/event/event.h"
#include "lib/sync/message.h"
#include "tools/sim_hostile.h"

#define HEARD_MAX 16
#define PAUSE_US 10000000	/* in the mean, all of them together */

struct sim_hostile {
	unsigned first, n;
	uint64_t wake_us;
	struct random rng;
	uint16_t tag;
	struct { uint8_t bytes[AIR_FRAME_MAX]; size_t len; } heard[HEARD_MAX];
	unsigned n_heard;
};

struct sim_hostile *sim_hostile_new(unsigned first, unsigned n, uint64_t seed)
{
	struct sim_hostile *h = calloc(1, sizeof(*h));
	uint8_t dataset[DATASET_SIZE];

	if (!h)
		return NULL;
	dataset_id(dataset, SPAN_STR("default"));
	h->first = first;
	h->n = n;
	h->wake_us = n ? 0 : UINT64_MAX;
	h->rng.state = ~seed;
	h->tag = (uint16_t)be_get(dataset, 2);
	return h;
}

void sim_hostile_free(struct sim_hostile *h)
{
	free(h);
}

void sim_hostile_hear(struct sim_hostile *h, struct span frame)
{
	unsigned i = (unsigned)random_below(&h->rng, HEARD_MAX);

	if (frame.n > AIR_FRAME_MAX)
		return;
	if (h->n_heard < HEARD_MAX)
		i = h->n_heard++;
	memcpy(h->heard[i].bytes, frame.p, frame.n);
	h->heard[i].len = frame.n;
}

uint64_t sim_hostile_wake_us(const struct sim_hostile *h)
{
	return h->wake_us;
}

/* ---- frames ---- */

static uint64_t draw(struct sim_hostile *h, uint64_t n)
{
	return random_below(&h->rng, n);
}

static void make_digest(struct sim_hostile *h, struct sync_digest *d)
{
	*d = (struct sync_digest){
		.dataset_tag = h->tag, .root48 = random_next(&h->rng) >> 16,
		.events = draw(h, 100000), .authors = draw(h, 1000),
		.c = (uint8_t)draw(h, SYNDROME_C_MAX + 1),
		.moved = draw(h, 2), .has_proofs = draw(h, 2),
	};
	for (unsigned i = 0; i < 2u * d->c; i++)
		d->s[i] = (uint32_t)random_next(&h->rng);
	if (d->c > 26)	/* the frame would be too long */
		return;
	d->hears_n = (uint8_t)draw(h, 8);
	for (unsigned i = 0; i < d->hears_n; i++)
		d->hears[i] = (uint16_t)draw(h, 65536);
}

static void make_offer(struct sim_hostile *h, struct sync_offer *o)
{
	*o = (struct sync_offer){
		.n = 1 + (uint8_t)draw(h, SYNC_OFFER_MAX),
		.root48 = random_next(&h->rng) >> 16,
		.events = draw(h, 1000),
	};
	for (unsigned i = 0; i < o->n; i++)
		o->target[i] = (uint16_t)draw(h, 65536);
}

static void make_want(struct sim_hostile *h, struct sync_want *w)
{
	*w = (struct sync_want){
		.target = (uint16_t)draw(h, 65536), .nav_ds = 255,
		.form = draw(h, 3), .root48 = random_next(&h->rng) >> 16,
		.n = 1 + (uint8_t)draw(h, SYNC_PARITY_MAX),
	};
	for (unsigned i = 0; i < w->n; i++) {
		if (w->form == SYNC_WANT_PARITY) {
			w->parity[i].generation = (uint8_t)draw(h, 256);
			w->parity[i].needed = (uint8_t)draw(h, 128);
			w->parity[i].more = true;
		} else {
			w->list[i].alias = 1 + (uint32_t)draw(h, UINT32_MAX);
		}
	}
}

static void make_events(struct sim_hostile *h, struct sync_events *e,
			uint8_t piece[SYNC_PIECE_MAX])
{
	for (unsigned i = 0; i < SYNC_PIECE_MAX; i++)
		piece[i] = (uint8_t)random_next(&h->rng);
	*e = (struct sync_events){
		.generation = (uint8_t)draw(h, 256),
		.k = 1 + (uint8_t)draw(h, 4), .index = (uint8_t)draw(h, 4),
		.more = draw(h, 2), .end = draw(h, 2),
		.piece = SPAN(piece, 1 + draw(h, SYNC_PIECE_MAX)),
	};
}

/* A message that looks right under somebody's call sign. */
static size_t frame_forged(struct sim_hostile *h, uint8_t *dst)
{
	uint8_t info[256], piece[SYNC_PIECE_MAX];
	struct sync_message m = { .type = draw(h, 4) };
	struct ax25_address to, from;
	struct ax25_frame heard;
	int n;

	if (m.type == SYNC_DIGEST)
		make_digest(h, &m.digest);
	else if (m.type == SYNC_EVENTS)
		make_events(h, &m.events, piece);
	else if (m.type == SYNC_OFFER)
		make_offer(h, &m.offer);
	else
		make_want(h, &m.want);
	n = sync_message_encode(info, sizeof(info), &m);
	ax25_address_parse(&to, "CAIRN0");
	ax25_address_parse(&from, "Q0BAD");
	if (h->n_heard > 0) {
		unsigned i = (unsigned)draw(h, h->n_heard);

		if (!ax25_parse(&heard, SPAN(h->heard[i].bytes,
					     h->heard[i].len))) {
			to = heard.dest;
			if (draw(h, 2))
				from = heard.source;
		}
	}
	n = ax25_ui_encode(dst, AIR_FRAME_MAX, &to, &from, AX25_PID_CAIRN,
			   SPAN(info, n > 0 ? n : 0));
	return n > 0 ? (size_t)n : 0;
}

/* Something heard, as it was or with a bit turned. */
static size_t frame_replayed(struct sim_hostile *h, uint8_t *dst)
{
	unsigned i = (unsigned)draw(h, h->n_heard);
	size_t n = h->heard[i].len;

	memcpy(dst, h->heard[i].bytes, n);
	if (n > AX25_UI_HEADER && draw(h, 2))
		dst[AX25_UI_HEADER + draw(h, n - AX25_UI_HEADER)] ^=
			(uint8_t)(1u << draw(h, 8));
	return n;
}

void sim_hostile_tick(struct sim_hostile *h, struct air *a, uint64_t now_us)
{
	uint8_t bytes[AIR_FRAME_MAX];
	struct span frame = { bytes, 0 };

	if (now_us < h->wake_us)
		return;
	if (h->n_heard > 0 && draw(h, 2))
		frame.n = frame_replayed(h, bytes);
	else
		frame.n = frame_forged(h, bytes);
	if (frame.n)
		air_send(a, h->first + (unsigned)draw(h, h->n), &frame, 1,
			 now_us);
	h->wake_us = now_us + draw(h, 2 * PAUSE_US) + 1;
}
