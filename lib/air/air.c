/* SPDX-License-Identifier: MIT
 *
 * The channel as one small machine a station, stepped in order of time:
 *
 *   IDLE -> WAITING -> KEYING -> SENDING -> DELIVERING -> TAIL -> IDLE
 *              ^ |     TXDELAY      ^           |                 or WAITING
 *              +-+                  +-----------+
 *        carrier, or the dice       the next frame
 *
 * Who hears whom is a mask of 64 bits, and so is, for the frame that a station
 * is sending, the set of receivers at which something else was on the air.
 * That set is filled when a frame begins (from those already on the air) and
 * when somebody keys, so no history of transmissions is kept.
 *
 * A queue holds bursts: frames 2 | (length 2 | frame) ..., little-endian. The
 * burst on the air stays at its front until it ends.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include "lib/air/air.h"
#include "lib/base/random.h"

#define BURST_HEAD 2
#define FRAME_HEAD 2
#define LOSS_UNIT_BYTES 275
#define NO_BURST SIZE_MAX
#define BIT(i) (1ULL << (i))

enum phase { IDLE, WAITING, KEYING, SENDING, DELIVERING, TAIL };

struct station {
	enum phase phase;
	uint64_t wake_us;	/* end of the phase */
	uint64_t keyed_us, end_us;	/* of the key-up on the air */
	uint64_t audience;	/* who could hear the frame as it began */
	uint64_t spoiled;	/* at whom something else was on the air */
	uint64_t pending;	/* who is still to be given the frame */
	unsigned txdelay_us, txtail_us, slot_us, persistence;
	size_t frame_at;	/* the frame being sent */
	unsigned frames_left;	/* it included */
	size_t len;
	size_t last_burst;	/* where the last waiting burst begins */
	uint8_t *queue;
	struct air_stats stats;
};

struct air {
	struct air_config c;
	struct random rng;
	uint64_t on_air;		/* who has keyed */
	uint64_t heard_by[AIR_STATIONS_MAX];
	uint64_t hears[AIR_STATIONS_MAX];
	/* by receiver and sender */
	float strength_db[AIR_STATIONS_MAX][AIR_STATIONS_MAX];
	uint64_t faded[AIR_STATIONS_MAX];	/* a bit a sender: then ... */
	uint64_t fade_at_us[AIR_STATIONS_MAX][AIR_STATIONS_MAX]; /* ... then */
	struct air_stats stats;
	struct station station[];
};

const struct air_config air_default = {
	.stations = 2, .bitrate = 1200, .txdelay_us = 300000,
	.txtail_us = 50000, .slot_us = 100000, .dcd_us = 50000,
	.persistence = 63, .loss = 0.1, .seed = 1,
};

/* ---- chance ---- */

/* 0 <= x < 1 */
static double air_chance(struct air *a)
{
	return (double)(random_next(&a->rng) >> 11) * 0x1p-53;
}

/* ---- life ---- */

static bool config_ok(const struct air_config *c)
{
	return c->stations >= 1 && c->stations <= AIR_STATIONS_MAX &&
	       c->bitrate > 0 && c->slot_us > 0 && c->persistence <= 255 &&
	       c->loss >= 0 && c->loss <= 1 && c->capture_db >= 0;
}

/* Drawn apart, so that a channel without capture is the one it was. */
static void strengths_draw(struct air *a)
{
	struct random rng = { ~a->c.seed };

	for (unsigned to = 0; to < a->c.stations; to++)
		for (unsigned from = 0; from < a->c.stations; from++)
			a->strength_db[to][from] =
				(float)random_below(&rng, 40000) / 1000;
}

struct air *air_new(const struct air_config *c)
{
	struct air *a;

	if (!config_ok(c))
		return NULL;
	a = calloc(1, sizeof(*a) + c->stations * sizeof(a->station[0]));
	if (!a)
		return NULL;
	a->c = *c;
	a->rng.state = c->seed;
	strengths_draw(a);
	for (unsigned i = 0; i < c->stations; i++) {
		a->station[i] = (struct station){
			.txdelay_us = c->txdelay_us,
			.txtail_us = c->txtail_us, .slot_us = c->slot_us,
			.persistence = c->persistence, .wake_us = UINT64_MAX,
			.last_burst = NO_BURST,
			.queue = malloc(AIR_QUEUE_BYTES_MAX),
		};
		if (!a->station[i].queue) {
			air_free(a);
			return NULL;
		}
	}
	return a;
}

void air_free(struct air *a)
{
	if (!a)
		return;
	for (unsigned i = 0; i < a->c.stations; i++)
		free(a->station[i].queue);
	free(a);
}

/* ---- settings ---- */

void air_hears(struct air *a, unsigned from, unsigned to, bool yes)
{
	if (from == to)
		return;
	if (yes) {
		a->heard_by[from] |= BIT(to);
		a->hears[to] |= BIT(from);
	} else {
		a->heard_by[from] &= ~BIT(to);
		a->hears[to] &= ~BIT(from);
	}
}

void air_link(struct air *a, unsigned x, unsigned y, bool yes)
{
	air_hears(a, x, y, yes);
	air_hears(a, y, x, yes);
}

void air_set_loss(struct air *a, double loss)
{
	a->c.loss = loss < 0 ? 0 : loss > 1 ? 1 : loss;
}

void air_set_txdelay(struct air *a, unsigned station, unsigned us)
{
	a->station[station].txdelay_us = us;
}

void air_set_txtail(struct air *a, unsigned station, unsigned us)
{
	a->station[station].txtail_us = us;
}

void air_set_slot(struct air *a, unsigned station, unsigned us)
{
	a->station[station].slot_us = us ? us : 1;
}

void air_set_persistence(struct air *a, unsigned station, unsigned p)
{
	a->station[station].persistence = p;
}

/* ---- the queue ---- */

uint64_t air_frame_us(const struct air_config *c, size_t n)
{
	return (n + AIR_FRAME_OVERHEAD) * 8 * 63 * 1000000ULL /
	       (62ULL * c->bitrate);
}

static struct span station_frame(const struct station *s, size_t at)
{
	return SPAN(s->queue + at + FRAME_HEAD,
		    le_get(s->queue + at, FRAME_HEAD));
}

static void station_put_frame(struct station *s, struct span frame)
{
	uint8_t *at = s->queue + s->len;

	le_put(at, FRAME_HEAD, frame.n);
	memcpy(at + FRAME_HEAD, frame.p, frame.n);
	s->len += FRAME_HEAD + frame.n;
}

/* A station with nothing to do begins to wait for the channel. */
static void station_wait(struct air *a, struct station *s, uint64_t now_us)
{
	if (s->phase != IDLE)
		return;
	s->phase = WAITING;
	s->wake_us = now_us + (uint64_t)(air_chance(a) * s->slot_us);
}

static bool frame_ok(struct span frame)
{
	return frame.n >= 1 && frame.n <= AIR_FRAME_MAX;
}

int air_send(struct air *a, unsigned station, const struct span *frames,
	     size_t n, uint64_t now_us)
{
	struct station *s = &a->station[station];
	size_t need = BURST_HEAD;

	if (n == 0)
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		if (!frame_ok(frames[i]))
			return -EINVAL;
		need += FRAME_HEAD + frames[i].n;
	}
	if (AIR_QUEUE_BYTES_MAX - s->len < need)
		return -ENOBUFS;
	s->last_burst = s->len;
	le_put(s->queue + s->len, BURST_HEAD, n);
	s->len += BURST_HEAD;
	for (size_t i = 0; i < n; i++)
		station_put_frame(s, frames[i]);
	station_wait(a, s, now_us);
	return 0;
}

int air_append(struct air *a, unsigned station, struct span frame,
	       uint64_t now_us)
{
	struct station *s = &a->station[station];
	uint8_t *count = s->queue + s->last_burst;

	if (s->last_burst == NO_BURST)
		return air_send(a, station, &frame, 1, now_us);
	if (!frame_ok(frame))
		return -EINVAL;
	if (AIR_QUEUE_BYTES_MAX - s->len < FRAME_HEAD + frame.n)
		return -ENOBUFS;
	le_put(count, BURST_HEAD, le_get(count, BURST_HEAD) + 1);
	station_put_frame(s, frame);
	return 0;
}

/* Drops the burst at the front, which ends where frame_at stands. */
static void station_drop_burst(struct station *s)
{
	size_t gone = s->frame_at;

	memmove(s->queue, s->queue + gone, s->len - gone);
	s->len -= gone;
	if (s->last_burst != NO_BURST)
		s->last_burst -= gone;
}

/* ---- the machine ---- */

/* When the channel that station i senses becomes free; 0 if it is. */
static uint64_t carrier_until_us(const struct air *a, unsigned i,
				 uint64_t now_us)
{
	uint64_t sensed = a->on_air & a->hears[i], until_us = 0;

	for (; sensed; sensed &= sensed - 1) {
		const struct station *s = &a->station[__builtin_ctzll(sensed)];

		if (s->keyed_us + a->c.dcd_us <= now_us &&
		    s->end_us > until_us)
			until_us = s->end_us;
	}
	return until_us;
}

static uint64_t burst_airtime_us(const struct air *a, const struct station *s)
{
	unsigned n = (unsigned)le_get(s->queue, BURST_HEAD);
	uint64_t us = s->txdelay_us + s->txtail_us;
	size_t at = BURST_HEAD;

	for (unsigned i = 0; i < n; i++) {
		struct span frame = station_frame(s, at);

		us += air_frame_us(&a->c, frame.n);
		at += FRAME_HEAD + frame.n;
	}
	return us;
}

static void stats_count_keyup(struct air_stats *st, uint64_t airtime_us)
{
	st->keyups++;
	st->airtime_us += airtime_us;
}

/* Whether i's signal covers that of `from` at a receiver. */
static bool air_covers(const struct air *a, unsigned i, unsigned from,
		       unsigned to)
{
	return a->c.capture_db == 0 || to == i || a->strength_db[to][from] <
		a->strength_db[to][i] + a->c.capture_db;
}

/* Those of `who` at whom i spoils what `from` sends. */
static uint64_t air_spoils(const struct air *a, unsigned i, unsigned from,
			   uint64_t who)
{
	uint64_t spoiled = 0;

	for (uint64_t m = who; m; m &= m - 1) {
		unsigned to = (unsigned)__builtin_ctzll(m);

		if (air_covers(a, i, from, to))
			spoiled |= BIT(to);
	}
	return spoiled;
}

/* The carrier is on: it spoils, at everybody who hears it and at i itself,
 * whatever frame somebody else is in the middle of. */
static void air_key(struct air *a, unsigned i)
{
	struct station *s = &a->station[i];
	uint64_t airtime_us = burst_airtime_us(a, s);

	for (uint64_t m = a->on_air; m; m &= m - 1) {
		unsigned from = (unsigned)__builtin_ctzll(m);

		a->station[from].spoiled |=
			air_spoils(a, i, from, a->heard_by[i] | BIT(i));
	}
	a->on_air |= BIT(i);
	s->phase = KEYING;
	s->keyed_us = s->wake_us;
	s->end_us = s->keyed_us + airtime_us;
	s->wake_us = s->keyed_us + s->txdelay_us;
	s->frames_left = (unsigned)le_get(s->queue, BURST_HEAD);
	s->frame_at = BURST_HEAD;
	if (s->last_burst == 0)
		s->last_burst = NO_BURST;
	stats_count_keyup(&a->stats, airtime_us);
	stats_count_keyup(&s->stats, airtime_us);
}

static void air_try_key(struct air *a, unsigned i)
{
	struct station *s = &a->station[i];
	uint64_t until_us = carrier_until_us(a, i, s->wake_us);

	if (until_us)
		s->wake_us = until_us + s->slot_us;
	else if (random_below(&a->rng, 256) > s->persistence)
		s->wake_us += s->slot_us;
	else
		air_key(a, i);
}

static void stats_count_frame(struct air_stats *st, size_t n)
{
	st->frames++;
	st->bytes += n + AIR_FRAME_OVERHEAD;
}

/* The next frame of the burst, or the tail. */
static void air_begin_frame(struct air *a, unsigned i)
{
	struct station *s = &a->station[i];
	size_t n;

	if (s->frames_left == 0) {
		s->phase = TAIL;
		s->wake_us = s->end_us;
		return;
	}
	s->phase = SENDING;
	s->audience = a->heard_by[i];
	s->spoiled = a->on_air & ~BIT(i);
	for (uint64_t m = a->on_air & ~BIT(i); m; m &= m - 1) {
		unsigned other = (unsigned)__builtin_ctzll(m);

		s->spoiled |= air_spoils(a, other, i, s->audience &
					 a->heard_by[other]);
	}
	n = station_frame(s, s->frame_at).n;
	s->wake_us += air_frame_us(&a->c, n);
	stats_count_frame(&a->stats, n);
	stats_count_frame(&s->stats, n);
}

static void air_end_frame(struct air *a, unsigned i)
{
	struct station *s = &a->station[i];
	uint64_t reached = s->audience & a->heard_by[i];

	s->phase = DELIVERING;	/* takes no time */
	s->pending = reached & ~s->spoiled;
	for (uint64_t m = reached & s->spoiled; m; m &= m - 1) {
		a->stats.collisions++;
		a->station[__builtin_ctzll(m)].stats.collisions++;
	}
}

/* The link's state now, from what it was when it was last looked at: a chain
 * of two states in continuous time. */
static bool air_faded(struct air *a, unsigned from, unsigned to,
		      uint64_t now_us)
{
	double share = a->c.loss, was = a->faded[to] >> from & 1;
	double clear_us = (double)a->c.fade_us * (1 - share) / share;
	double rate = 1 / (double)a->c.fade_us + 1 / clear_us;
	double gone = (double)(now_us - a->fade_at_us[to][from]);

	if (!a->fade_at_us[to][from])
		was = share;	/* as likely as any time */
	a->fade_at_us[to][from] = now_us;
	a->faded[to] &= ~BIT(from);
	if (air_chance(a) < share + (was - share) * exp(-rate * gone))
		a->faded[to] |= BIT(from);
	return a->faded[to] & BIT(from);
}

static bool air_lost(struct air *a, unsigned from, unsigned to, size_t n)
{
	double units = (double)(n + AIR_FRAME_OVERHEAD) / LOSS_UNIT_BYTES;

	if (a->c.fade_us && a->c.loss > 0 && a->c.loss < 1)
		return air_faded(a, from, to, a->station[from].wake_us);
	return air_chance(a) < 1 - pow(1 - a->c.loss, units);
}

/* The next receiver of the frame that just ended, if chance lets it through;
 * false when there is none left, and then the next frame has begun. */
static bool air_deliver(struct air *a, unsigned i, struct air_delivery *d)
{
	struct station *s = &a->station[i];
	struct span frame = station_frame(s, s->frame_at);

	while (s->pending) {
		unsigned to = (unsigned)__builtin_ctzll(s->pending);
		bool through = !air_lost(a, i, to, frame.n);

		s->pending &= s->pending - 1;
		a->stats.delivered += through;
		a->stats.lost += !through;
		a->station[to].stats.delivered += through;
		a->station[to].stats.lost += !through;
		if (through) {
			*d = (struct air_delivery){ i, to, frame };
			return true;
		}
	}
	s->frame_at += FRAME_HEAD + frame.n;
	s->frames_left--;
	air_begin_frame(a, i);
	return false;
}

static void air_end_keyup(struct air *a, unsigned i)
{
	struct station *s = &a->station[i];

	a->on_air &= ~BIT(i);
	station_drop_burst(s);
	s->phase = s->len ? WAITING : IDLE;
	s->wake_us = s->len ? s->wake_us + s->slot_us : UINT64_MAX;
}

static unsigned air_first(const struct air *a)
{
	unsigned first = 0;

	for (unsigned i = 1; i < a->c.stations; i++)
		if (a->station[i].wake_us < a->station[first].wake_us)
			first = i;
	return first;
}

static void air_step(struct air *a, unsigned i)
{
	switch (a->station[i].phase) {
	case WAITING:
		air_try_key(a, i);
		break;
	case KEYING:
		air_begin_frame(a, i);
		break;
	case SENDING:
		air_end_frame(a, i);
		break;
	case TAIL:
		air_end_keyup(a, i);
		break;
	case IDLE:
	case DELIVERING:
		break;
	}
}

bool air_next(struct air *a, uint64_t now_us, struct air_delivery *d)
{
	for (;;) {
		unsigned i = air_first(a);

		if (a->station[i].wake_us > now_us)
			return false;
		if (a->station[i].phase != DELIVERING)
			air_step(a, i);
		else if (air_deliver(a, i, d))
			return true;
	}
}

/* ---- looking ---- */

uint64_t air_wake_us(const struct air *a)
{
	return a->station[air_first(a)].wake_us;
}

bool air_idle(const struct air *a, unsigned station)
{
	return a->station[station].phase == IDLE;
}

const struct air_stats *air_stats(const struct air *a)
{
	return &a->stats;
}

const struct air_stats *air_station_stats(const struct air *a,
					  unsigned station)
{
	return &a->station[station].stats;
}
