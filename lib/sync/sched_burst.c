/* SPDX-License-Identifier: MIT
 *
 * Bursts: the frames of generations and parity, cut into key-ups of at most
 * 15 s, one after the other. The TNC has at most one of them at a time.
 */
#include "lib/sync/sched_port.h"

static uint64_t burst_keyup_max_us(const struct sync_port *p)
{
	return p->c.bitrate < 1200 ?
		SYNC_KEYUP_MAX_US * 1200 / p->c.bitrate : SYNC_KEYUP_MAX_US;
}

/* How many frames of len bytes one key-up holds; at least one. */
unsigned sync_burst_keyup_frames(const struct sync_port *p, size_t len)
{
	uint64_t n = (burst_keyup_max_us(p) - sync_keyup_us(p)) /
		sync_airtime_us(p, len);

	if (n > SYNC_BURST_MAX)
		return SYNC_BURST_MAX;
	return n ? (unsigned)n : 1;
}

void sync_burst_add(struct sync_port *p, unsigned tx, unsigned index,
		    unsigned ahead)
{
	if (p->burst_n < SYNC_BURST_MAX)
		p->burst[p->burst_n++] = (struct sync_burst_frame){
			(uint8_t)tx, (uint8_t)index, (uint8_t)ahead };
}

static int burst_encode(struct sync_port *p, unsigned at, uint8_t *dst)
{
	const struct sync_burst_frame *f = &p->burst[at];
	const struct sync_tx *g = &p->tx[f->tx];
	uint8_t piece[GENERATION_PIECE_MAX];
	struct sync_message m = {
		.type = SYNC_EVENTS,
		.events = {
			.generation = g->g.number, .index = f->index,
			.k = g->g.k, .more = g->more,
			.end = at + 1 == p->burst_n,
			.parity_ahead = f->ahead,
			.piece = SPAN(piece, g->g.piece_len),
		},
	};

	generation_piece(&g->g, f->index, piece);
	p->count.sent[SYNC_EVENTS]++;
	return sync_message_encode(dst, SYNC_FRAME_MAX, &m);
}

/* The next key-up's worth. */
static void burst_key(struct sync_port *p, uint64_t now_us)
{
	uint8_t frames[SYNC_BURST_MAX][SYNC_FRAME_MAX];
	struct span spans[SYNC_BURST_MAX];
	uint64_t air = sync_keyup_us(p);
	unsigned n = 0;

	while (p->burst_at < p->burst_n) {
		int len = burst_encode(p, p->burst_at, frames[n]);
		uint64_t us = sync_airtime_us(p, len > 0 ? (size_t)len : 0);

		if (n && air + us > burst_keyup_max_us(p))
			break;
		p->burst_at++;
		if (len < 0)
			continue;
		air += us;
		spans[n] = SPAN(frames[n], (size_t)len);
		n++;
	}
	p->burst_air_us += air;
	p->sending = p->burst_key = true;
	sync_arm(p, &p->burst_timer,
		 p->env->send(p->env->ctx, p->c.number, spans, n, true,
			      now_us));
}

void sync_burst_start(struct sync_port *p, uint64_t now_us)
{
	if (!p->burst_n || p->sending)
		return;
	p->burst_air_us = 0;
	burst_key(p, now_us);
}

/* All of it is out: a pause, so that others come to speak. */
static void burst_over(struct sync_port *p, uint64_t now_us)
{
	unsigned n = sync_n(p, now_us);
	uint64_t share = n > 3 ? 4 : n > 1 ? 2 * (n - 1) : 0;

	p->burst_n = p->burst_at = 0;
	p->burst_key = false;
	p->sent_us = now_us;
	if (n > 1)
		p->pace_us = now_us + 2 * p->S + p->burst_air_us * share / 32;
	sync_floor_arm(p, now_us);
	sync_news_contend(p, now_us);
	if (!p->push.n || p->push_due)
		return;
	p->push_due = true;
	sync_arm(p, &p->push_timer, now_us + p->S +
		 sync_random(p, US_PER_S));
}

/* A key-up ended, or the gap between two of one burst. */
static void burst_due(struct sync_timer *t, uint64_t now_us)
{
	struct sync_port *p = t->owner;

	if (p->burst_gap) {
		p->burst_gap = false;
		burst_key(p, now_us);
	} else if (p->burst_key && p->burst_at < p->burst_n) {
		p->burst_gap = true;	/* nothing else goes between */
		sync_arm(p, t, now_us + p->T / 2);
	} else {
		p->sending = false;
		if (p->burst_key)
			burst_over(p, now_us);
	}
}

void sync_port_sent(struct sync_port *p, uint64_t now_us)
{
	if (!p->sending || p->burst_gap)
		return;
	sync_disarm(p, &p->burst_timer);
	burst_due(&p->burst_timer, now_us);
}

void sync_burst_init(struct sync_port *p)
{
	p->burst_timer.fire = burst_due;
	p->burst_timer.owner = p;
}
