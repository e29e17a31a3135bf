/* SPDX-License-Identifier: MIT
 *
 * A port of a station: life, units of time, silence, and which file handles
 * which message. See sched.h for what it is, sched_port.h for its parts.
 */
#include <stdlib.h>
#include "lib/sync/sched_port.h"

#define IMIN_US (8 * US_PER_S)
#define IMIN_STREAM_US (1 * US_PER_S)
#define IMAX_US (3600 * US_PER_S)
#define IMIN_MAX_US (IMAX_US / 4)
#define STREAM_RTT_US (100 * US_PER_MS)
#define HIDDEN_US (1800 * US_PER_S)
#define FRUITLESS_US (10 * US_PER_S)
#define FRUITLESS_MAX 8		/* doublings: 43 minutes */
#define FUTILE_STEP 64
#define BELIEVED_US (120 * US_PER_S)
#define NAV_MAX_US (15 * US_PER_S)
#define NAV_WINDOW_US (600 * US_PER_S)
#define LOAD_US (60 * US_PER_S)
#define LOAD_BUSY_US (LOAD_US / 5)

/* ---- units ---- */

/* Bit stuffing adds one bit in 62 on random data. */
uint64_t sync_airtime_us(const struct sync_port *p, size_t len)
{
	uint64_t bits = (p->c.overhead + len) * 8;

	return bits * US_PER_S * 63 / 62 / p->c.bitrate;
}

uint64_t sync_keyup_us(const struct sync_port *p)
{
	return (p->c.txdelay_ms + p->c.txtail_ms) * US_PER_MS;
}

unsigned sync_n(const struct sync_port *p, uint64_t now_us)
{
	return sync_peers_live(&p->peers, now_us);
}

bool sync_beyond(const struct sync_port *p, uint64_t now_us)
{
	return p->hidden_us && now_us < p->hidden_us + HIDDEN_US;
}

bool sync_names_made_up(const struct sync_port *p, uint64_t now_us)
{
	return !sync_beyond(p, now_us) &&
		sync_peers_made_up(&p->peers, now_us);
}

bool sync_hidden(const struct sync_port *p, uint64_t now_us)
{
	return sync_beyond(p, now_us) && sync_n(p, now_us) > 2;
}

/* Grows with the neighbours, since n stations share the channel, more where
 * they are hidden from each other and a word too many collides, a little where
 * somebody forges names; and with digests that differ and lead nowhere, since a
 * liar costs nothing else; but nobody can silence a station for longer than a
 * quarter of an hour. */
uint64_t sync_imin(const struct sync_port *p, uint64_t now_us)
{
	unsigned n = p->c.stream ? 1 : sync_n(p, now_us);
	unsigned patience = p->futile / FUTILE_STEP;
	uint64_t imin = p->imin_floor * (n > 1 ? n + 1 : 2) / 2;

	if (sync_hidden(p, now_us))
		imin *= 6;
	else if (sync_wary(p, now_us))
		imin = imin * 5 / 4;
	imin <<= patience < 8 ? patience : 8;
	return imin < IMIN_MAX_US ? imin : IMIN_MAX_US;
}

/* The window in which requests for parity are spread (rule 8). */
uint64_t sync_spread(const struct sync_port *p, uint64_t now_us)
{
	unsigned n = sync_n(p, now_us);

	if (n <= 1)
		return p->S * 3 / 10;
	if (n == 2)
		return p->S * 3 / 2;
	return 10 * p->S;
}

uint64_t sync_random(struct sync_port *p, uint64_t below_us)
{
	return random_below(p->env->rng, below_us);
}

/* ---- silence ---- */

uint64_t sync_quiet_us(const struct sync_port *p)
{
	uint64_t q = p->nav_us;

	if (p->pace_us > q)
		q = p->pace_us;
	return p->rx_busy_us > q ? p->rx_busy_us : q;
}

/* Rule 10's bounds: 15 s at a time, a quarter of any ten minutes in all. */
uint64_t sync_nav_left(struct sync_port *p, uint64_t now_us)
{
	if (now_us >= p->nav_window_us + NAV_WINDOW_US) {
		p->nav_window_us = now_us;
		p->nav_used_us = 0;
	}
	return NAV_WINDOW_US / 4 - p->nav_used_us;
}

void sync_nav_charge(struct sync_port *p, uint64_t us, uint64_t now_us)
{
	uint64_t left = sync_nav_left(p, now_us);

	p->nav_used_us += us < left ? us : left;
}

void sync_nav(struct sync_port *p, uint64_t until_us, uint64_t now_us)
{
	uint64_t from = p->nav_us > now_us ? p->nav_us : now_us;
	uint64_t left = sync_nav_left(p, now_us);

	if (until_us > now_us + NAV_MAX_US)
		until_us = now_us + NAV_MAX_US;
	if (until_us <= from || left == 0)
		return;
	if (until_us > from + left)
		until_us = from + left;
	sync_nav_charge(p, until_us - from, now_us);
	p->nav_us = until_us;
}

void sync_port_busy(struct sync_port *p, uint64_t until_us)
{
	if (until_us > p->rx_busy_us)
		p->rx_busy_us = until_us;
}

/* Rule 2: an exchange is open; it, not Trickle, decides what comes next. */
bool sync_engaged(const struct sync_port *p, uint64_t now_us, bool but_quiet)
{
	if (p->sending || p->push_due || sync_rx_open(p, now_us))
		return true;
	if (p->want && (!sync_hidden(p, now_us) || p->want_once ||
			p->want_tries))
		return true;
	if (!but_quiet && now_us < sync_quiet_us(p))
		return true;
	return p->sent_us && now_us < p->sent_us + 2 * p->S +
		sync_spread(p, now_us) + p->F;
}

/* ---- load ---- */

/* What was heard and sent in the last minute, older air time fading. */
static void sched_load_add(struct sync_port *p, uint64_t air_us,
			   uint64_t now_us)
{
	uint64_t gone = now_us - p->load_at_us;

	p->load_us -= gone < LOAD_US ? p->load_us * gone / LOAD_US :
		p->load_us;
	p->load_us += air_us;
	p->load_at_us = now_us;
}

uint64_t sync_by_load(struct sync_port *p, uint64_t wait_us, uint64_t now_us)
{
	sched_load_add(p, 0, now_us);
	return p->load_us < LOAD_BUSY_US ?
		wait_us * p->load_us / LOAD_BUSY_US : wait_us;
}

/* ---- timers ---- */

void sync_arm(struct sync_port *p, struct sync_timer *t, uint64_t due_us)
{
	if (p->on)
		timer_set(p->env->heap, &t->timer, due_us);
}

void sync_disarm(struct sync_port *p, struct sync_timer *t)
{
	timer_clear(p->env->heap, &t->timer);
}

bool sync_gate(struct sync_port *p, struct sync_timer *t, bool answer,
	       uint64_t now_us)
{
	uint64_t quiet = sync_quiet_us(p);
	uint64_t clear = p->env->clear_us(p->env->ctx, p->c.number, answer,
					  now_us);
	unsigned n = sync_n(p, now_us);

	if (p->sending && quiet < now_us + p->T)
		quiet = now_us + p->T;
	if (clear > quiet)
		quiet = clear;
	if (now_us >= quiet)
		return false;
	if (quiet != TIME_NEVER)
		sync_arm(p, t, quiet + sync_random(p, p->S * (n ? n : 1)));
	return true;
}

void sync_key(struct sync_port *p, const struct span *frames, unsigned n,
	      bool answer, uint64_t now_us)
{
	p->sending = true;
	p->burst_key = false;
	sched_load_add(p, p->T, now_us);
	for (unsigned i = 0; i < n; i++)
		sched_load_add(p, sync_airtime_us(p, frames[i].n), now_us);
	sync_arm(p, &p->burst_timer,
		 p->env->send(p->env->ctx, p->c.number, frames, n, answer,
			      now_us));
}

bool sync_send(struct sync_port *p, const struct sync_message *m, unsigned n,
	       bool answer, uint64_t now_us)
{
	uint8_t frames[4][SYNC_FRAME_MAX];
	struct span spans[4];

	if (!p->on || p->sending)
		return false;
	for (unsigned i = 0; i < n; i++) {
		int len = sync_message_encode(frames[i], sizeof(frames[i]),
					      &m[i]);

		if (len < 0)
			return false;
		spans[i] = SPAN(frames[i], (size_t)len);
		p->count.sent[m[i].type]++;
	}
	sync_key(p, spans, n, answer, now_us);
	return true;
}

void sync_fruitless(struct sync_port *p, struct sync_peer *peer,
		    uint64_t now_us)
{
	unsigned n = peer->fruitless < FRUITLESS_MAX ? peer->fruitless :
		FRUITLESS_MAX;

	if (peer->fruitless < UINT8_MAX)
		peer->fruitless++;
	sync_peer_settle(peer, feed_root48(p->env->feeds), now_us + (FRUITLESS_US << n));
}

bool sync_trusting(struct sync_port *p, uint64_t now_us)
{
	return sync_beyond(p, now_us) ||
		(sync_credit_left(&p->asks, SYNC_ASKS_MAX, SYNC_ASKS_FALL_US,
				  now_us) &&
		 sync_credit_left(&p->offers, SYNC_ASKS_MAX, SYNC_ASKS_FALL_US,
				  now_us));
}

/* ---- Trickle ---- */

static void sched_trickle_arm(struct sync_port *p)
{
	sync_arm(p, &p->trickle_timer, trickle_due_us(&p->trickle));
}

static void sched_trickle_due(struct sync_timer *t, uint64_t now_us)
{
	struct sync_port *p = t->owner;

	if (trickle_step(&p->trickle, now_us, p->env->rng))
		sync_trickle_fired(p, now_us);
	else
		sync_disarm(p, &p->say);
	sched_trickle_arm(p);
}

void sync_trickle_reset(struct sync_port *p, uint64_t now_us)
{
	if (!trickle_reset(&p->trickle, sync_imin(p, now_us), now_us,
			   p->env->rng))
		return;
	sync_disarm(p, &p->say);
	sched_trickle_arm(p);
}

/* ---- life ---- */

struct sync_port *sync_port_new(const struct sync_env *env,
				const struct sync_port_config *c)
{
	struct sync_port *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->env = env;
	p->c = *c;
	if (!p->c.bitrate)
		p->c.bitrate = 1200;
	p->F = sync_airtime_us(p, 256);
	p->T = sync_keyup_us(p);
	if (c->stream)
		p->T += STREAM_RTT_US;
	p->S = p->T + sync_airtime_us(p, 16);
	p->imin_floor = c->stream ? IMIN_STREAM_US : IMIN_US;
	if (p->imin_floor < 4 * p->F)
		p->imin_floor = 4 * p->F;
	p->loss_permille = 100;
	p->trickle_timer.fire = sched_trickle_due;
	p->trickle_timer.owner = p;
	p->generation = (uint8_t)random_next(env->rng);
	sync_estimate_init(p);
	sync_digest_init(p);
	sync_give_init(p);
	sync_burst_init(p);
	sync_want_init(p);
	sync_offer_init(p);
	sync_rx_init(p);
	sync_bulk_init(p);
	return p;
}

static void sched_stop(struct sync_port *p)
{
	struct sync_timer *all[] = {
		&p->trickle_timer, &p->say, &p->reply, &p->ack, &p->greet,
		&p->push_timer, &p->repair, &p->burst_timer, &p->want_timer,
		&p->offer, &p->floor, &p->bulk.ask, &p->bulk.give,
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		sync_disarm(p, all[i]);
	for (size_t i = 0; i < SYNC_RX_MAX; i++)
		sync_disarm(p, &p->rx[i].request);
	p->push.n = 0;
	p->offering = false;
	p->push_due = p->want = p->sending = p->burst_gap = false;
	p->bulk.asking = false;
	p->burst_n = p->burst_at = 0;
}

void sync_port_free(struct sync_port *p)
{
	if (!p)
		return;
	sched_stop(p);
	free(p);
}

void sync_port_enable(struct sync_port *p, bool on, uint64_t now_us)
{
	if (on == p->on)
		return;
	p->on = on;
	p->since_us = now_us;
	if (!on) {
		sched_stop(p);
		return;
	}
	trickle_init(&p->trickle, sync_imin(p, now_us), IMAX_US, now_us,
		     p->env->rng);
	/* the first word anywhere in the first interval: half of it would
	 * double the chance that two who start together speak at once */
	p->trickle.fire_us = now_us + sync_random(p, p->trickle.interval_us);
	sched_trickle_arm(p);
	sync_news_contend(p, now_us);
	sync_bulk_wake(p, 0, now_us);
}

/* ---- input ---- */

static bool sched_dataset_matches(const struct sync_port *p,
				  const struct sync_digest *d)
{
	return d->dataset_tag == (uint16_t)be_get(p->env->dataset, 2);
}

static struct sync_peer *sched_hear(struct sync_port *p, uint32_t address,
				    const char *call, uint64_t now_us)
{
	struct sync_peer *peer = sync_peer_find(&p->peers, address);
	uint64_t heard_us = peer ? peer->heard_us : 0;
	bool new;

	peer = sync_peer_hear(&p->peers, address, call, now_us, &new);
	if (new) {
		sync_lacks_forget(p, peer);	/* of who had this place */
		sync_greet_arm(p, now_us);
	}
	sync_bulk_wake(p, heard_us, now_us);
	return peer;
}

void sync_port_digest(struct sync_port *p, uint32_t address, const char *call,
		      const struct sync_digest *d, uint64_t now_us)
{
	if (!sched_dataset_matches(p, d))
		return;
	sync_on_digest(p, sched_hear(p, address, call, now_us), d, now_us);
}

static enum sync_verdict sched_dispatch(struct sync_port *p,
					struct sync_peer *peer,
					const struct sync_message *m,
					uint64_t now_us)
{
	switch (m->type) {
	case SYNC_DIGEST:
		sync_on_digest(p, peer, &m->digest, now_us);
		break;
	case SYNC_EVENTS:
		if (m->events.bulk)
			return sync_on_bulk(p, peer, &m->events, now_us);
		return sync_on_events(p, peer, &m->events, now_us);
	case SYNC_WANT:
		if (m->want.form == SYNC_WANT_BULK)
			sync_on_bulk_want(p, &m->want, now_us);
		else
			sync_on_want(p, peer, &m->want, now_us);
		break;
	case SYNC_OFFER:
		sync_on_offer(p, peer, &m->offer, now_us);
		break;
	}
	return SYNC_TAKEN;
}

enum sync_verdict sync_port_input(struct sync_port *p, uint32_t address,
				  const char *call, struct span frame,
				  uint64_t now_us)
{
	struct sync_message m;
	enum sync_error e = sync_message_decode(&m, frame);
	struct sync_peer *peer;
	enum sync_verdict v;

	sched_load_add(p, sync_airtime_us(p, frame.n), now_us);
	if (e != SYNC_OK) {
		p->count.bad[e]++;
		return e == SYNC_VERSION_OTHER ? SYNC_VERSION_UNKNOWN :
			SYNC_BAD_FRAME;
	}
	p->count.received[m.type]++;
	if (m.type == SYNC_DIGEST && !sched_dataset_matches(p, &m.digest))
		return SYNC_DATASET_OTHER;
	peer = sched_hear(p, address, call, now_us);
	v = sched_dispatch(p, peer, &m, now_us);
	sync_news_contend(p, now_us);
	return v;
}

/* What may not go out here would be offered for ever. */
static void sched_news(struct sync_port *p, const struct sync_needs *since)
{
	for (unsigned i = 0; i < since->n; i++)
		if (sync_sendable(p, &since->v[i]))
			sync_needs_add(&p->news, since->v[i].slot,
				       since->v[i].from, since->v[i].to);
}

/* What is not for this port changes nothing here: who was left alone stays so,
 * and the root is said when its time comes. */
static void sched_advanced_privately(struct sync_port *p, uint64_t before)
{
	for (unsigned i = 0; i < SYNC_PEERS_MAX; i++) {
		struct sync_peer *q = &p->peers.v[i];

		if (q->used && q->settled && q->settled_mine == before)
			q->settled_mine = feed_root48(p->env->feeds);
	}
}

/* Its events are here: what I believed and asked it lately was not in vain. */
static void sched_answered(struct sync_port *p, uint32_t from, uint64_t now_us)
{
	struct sync_peer *q = sync_peer_find(&p->peers, from);

	if (!q)
		return;
	q->brought_us = now_us;
	q->dares.vain = q->false_n = 0;
	if (q->believed_us && now_us < q->believed_us + BELIEVED_US)
		sync_credit_back(&p->offers);
	q->believed_us = 0;
	for (; q->asks && now_us < q->wanted_us + SYNC_ASKED_US; q->asks--)
		sync_credit_back(&p->asks);
	q->asks = 0;
}

/* News: nothing that was to be asked or said is sure to hold any more. The
 * root is said soon, as acknowledgement and as a call to the next hop. */
void sync_port_advanced(struct sync_port *p, uint64_t before,
			enum sync_moved how, uint32_t from, uint64_t now_us)
{
	struct sync_needs since;

	if (how == SYNC_MOVED_PRIVATELY) {
		sched_advanced_privately(p, before);
		return;
	}
	if (sync_since(p, before, &since)) {
		if (how == SYNC_MOVED_HERE)
			sync_lacks_taken(p, &since, from, now_us);
		else
			sched_news(p, &since);
	}
	p->moved = true;
	p->moved_us = now_us;
	if (how == SYNC_MOVED_HERE)
		sched_answered(p, from, now_us);
	p->want_yields = 0;
	p->futile = 0;
	if (!p->on)
		return;
	if (how == SYNC_MOVED_HERE)
		sync_floor_hold(p, now_us);
	sync_want_drop(p);
	trickle_init(&p->trickle, sync_imin(p, now_us), IMAX_US, now_us,
		     p->env->rng);
	sync_disarm(p, &p->say);
	sched_trickle_arm(p);
	sync_ack_arm(p, now_us);
	sync_news_contend(p, now_us);
}

const struct sync_needs *sync_port_news(const struct sync_port *p)
{
	return &p->news;
}

void sync_port_news_load(struct sync_port *p, uint32_t slot, uint64_t from)
{
	sync_news_add(p, slot, from, feed_at(p->env->feeds, slot)->head);
}

void sync_port_news_add(struct sync_port *p, uint32_t slot, uint64_t from,
			uint64_t to, uint64_t now_us)
{
	sync_news_add(p, slot, from, to);
	sync_news_contend(p, now_us);
}

/* ---- looking ---- */

struct sync_peers *sync_port_peers(struct sync_port *p)
{
	return &p->peers;
}

const struct sync_counters *sync_port_counters(const struct sync_port *p)
{
	return &p->count;
}

const char *sync_port_state(const struct sync_port *p, uint64_t now_us)
{
	if (!p->on)
		return "off";
	if (p->sending)
		return "sending";
	if (p->push_due)
		return "giving";
	if (p->want)
		return "asking";
	if (sync_rx_open(p, now_us))
		return "receiving";
	if (now_us < sync_quiet_us(p))
		return "silent for others";
	return "idle";
}
