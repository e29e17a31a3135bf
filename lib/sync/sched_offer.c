/* SPDX-License-Identifier: MIT
 *
 * News: events that have never been on this port's air. They are presumed
 * lacking by every neighbour. A lone neighbour gets them at once; among
 * several stations the right to speak is fought for with the shortest frame:
 * OFFER, answered by WANT, and then the generation (rule 14).
 *
 *   wait W/2 + expo(W) --> OFFER to one neighbour --> its WANT --> data
 *        ^                      | nothing comes
 *        +--- longer, each time +
 */
#include <math.h>
#include "lib/sync/sched_port.h"

#define COLD_N 4
#define COLD_US (120 * US_PER_S)
#define OFFER_FAILED_MAX 6
#define OFFER_FLOW_US (20 * US_PER_S)
#define OFFER_VAIN_MAX 12	/* of others, in a row */
#define OFFER_VAIN_FALL_US (60 * US_PER_S)

/* ---- what is news ---- */

void sync_news_add(struct sync_port *p, uint32_t slot, uint64_t from,
		   uint64_t to)
{
	if (to > from)
		sync_needs_add(&p->news, slot, from, to);
}

/* It was on the air up to there, sent or heard. */
void sync_news_aired(struct sync_port *p, uint32_t slot, uint64_t to)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < p->news.n; i++) {
		struct sync_need v = p->news.v[i];

		if (v.slot == slot && v.from < to)
			v.from = to;
		if (v.from < v.to)
			p->news.v[kept++] = v;
	}
	p->news.n = kept;
}

static uint64_t offer_events(const struct sync_port *p)
{
	uint64_t events = 0;

	for (unsigned i = 0; i < p->news.n; i++)
		events += p->news.v[i].to - p->news.v[i].from;
	return events;
}

bool sync_news_flow(const struct sync_port *p, uint64_t now_us)
{
	for (unsigned i = 0; i < SYNC_PEERS_MAX; i++) {
		const struct sync_peer *q = &p->peers.v[i];

		if (q->used && q->offered_us &&
		    now_us < q->offered_us + OFFER_FLOW_US)
			return true;
	}
	return p->offering;
}

/* ---- contending ---- */

/* Truncated exponential: few early, most late, so that the first is alone. */
static uint64_t offer_expo(struct sync_port *p, uint64_t window_us, unsigned n)
{
	double l = 1 + log(n > 1 ? n : 1);
	double u = (double)sync_random(p, 1 << 20) / (1 << 20);

	return (uint64_t)((double)window_us * log(1 + u * (exp(l) - 1)) / l);
}

/* Neighbours to reckon with: more than are known, while few can have been
 * heard. */
static unsigned offer_n(const struct sync_port *p, uint64_t now_us)
{
	unsigned n = sync_n(p, now_us);

	return n < COLD_N && now_us < p->since_us + COLD_US ? COLD_N : n;
}

static uint64_t offer_window(const struct sync_port *p, uint64_t now_us)
{
	return p->S * 2 * (10 + 6 * offer_n(p, now_us)) / 10;
}

void sync_news_contend(struct sync_port *p, uint64_t now_us)
{
	unsigned n = offer_n(p, now_us);
	uint64_t window = offer_window(p, now_us);
	uint64_t from = sync_quiet_us(p) > now_us ? sync_quiet_us(p) : now_us;

	if (!p->news.n || !sync_n(p, now_us) || p->offering || timer_armed(&p->offer.timer))
		return;
	if (n == 1)
		window = p->S / 2;
	sync_arm(p, &p->offer, from + 100 * US_PER_MS + window / 4 +
		 offer_expo(p, window, n));
}

/* Whom to offer to: who failed least, then who was heard last. */
static struct sync_peer *offer_target(struct sync_port *p, uint64_t now_us)
{
	struct sync_peer *best = NULL;

	for (unsigned i = 0; i < SYNC_PEERS_MAX; i++) {
		struct sync_peer *q = &p->peers.v[i];

		if (!sync_peer_live(q, now_us) ||
		    q->offer_failed > OFFER_FAILED_MAX)
			continue;
		if (!best || q->offer_failed < best->offer_failed ||
		    (q->offer_failed == best->offer_failed &&
		     q->heard_us > best->heard_us))
			best = q;
	}
	return best;
}

static void offer_send(struct sync_port *p, struct sync_peer *to,
		       uint64_t now_us)
{
	struct sync_message m = { .type = SYNC_OFFER, .offer = {
		.n = 1, .target = { sync_target(to->address) },
		.root48 = feed_root48(p->env->feeds),
		.events = offer_events(p) } };

	if (!sync_send(p, &m, 1, false, now_us))
		return;
	p->offering = true;
	p->offer_address = to->address;
	sync_arm(p, &p->offer, now_us + 4 * p->S + 2 * p->T);
}

/* Nobody answered: the next try is later. */
static void offer_failed(struct sync_port *p, uint64_t now_us)
{
	struct sync_peer *to = sync_peer_find(&p->peers, p->offer_address);
	unsigned failed = 0;

	p->offering = false;
	if (to && to->offer_failed <= OFFER_FAILED_MAX)
		failed = ++to->offer_failed;
	sync_arm(p, &p->offer, now_us + offer_window(p, now_us) / 4 +
		 sync_random(p, 4 * p->S << (failed < 3 ? failed : 3)));
}

static void offer_due(struct sync_timer *t, uint64_t now_us)
{
	struct sync_port *p = t->owner;
	struct sync_peer *to;

	if (p->offering) {
		offer_failed(p, now_us);
		return;
	}
	if (!p->news.n || sync_gate(p, t, false, now_us))
		return;
	if (sync_engaged(p, now_us, true)) {
		sync_arm(p, t, now_us + p->F +
			 offer_expo(p, offer_window(p, now_us),
				    offer_n(p, now_us)));
		return;
	}
	to = offer_target(p, now_us);
	if (to && offer_n(p, now_us) == 1 && !to->offer_failed)
		sync_push_add(p, &p->news, 0, now_us);
	else if (to)
		offer_send(p, to, now_us);
}

/* ---- hearing ---- */

static void offer_withdraw(struct sync_port *p, uint64_t now_us)
{
	if (!p->offering)
		return;
	p->offering = false;
	sync_disarm(p, &p->offer);
	sync_news_contend(p, now_us);
}

/* Digests keep silent while an offer waits to be served. Offers are short and
 * free to forge: those that moved no root are believed a few times only. */
static bool offer_believed(struct sync_port *p, uint64_t now_us)
{
	uint64_t falls = (now_us - p->offers_vain_us) / OFFER_VAIN_FALL_US;

	if (falls) {
		p->offers_vain -= p->offers_vain < falls ? p->offers_vain :
				  (unsigned)falls;
		p->offers_vain_us = now_us;
	}
	if (p->offers_vain >= OFFER_VAIN_MAX)
		return false;
	p->offers_vain++;
	return true;
}

void sync_on_offer(struct sync_port *p, struct sync_peer *peer,
		   const struct sync_offer *o, uint64_t now_us)
{
	uint64_t root = feed_root48(p->env->feeds);
	uint64_t mine = feed_event_count(p->env->feeds);

	if (offer_believed(p, now_us))
		peer->offered_us = now_us;
	peer->known = true;
	peer->root48 = o->root48;
	peer->root_us = now_us;
	if (peer->events < mine + o->events)
		peer->events = mine + o->events;
	offer_withdraw(p, now_us);
	for (unsigned i = 0; i < o->n; i++) {
		if (!sync_for_me(p, o->target[i]))
			continue;
		if (o->root48 == root)
			sync_reply_offer(p, true, now_us);
		else
			sync_want_offered(p, peer, i, now_us);
		return;
	}
	sync_nav(p, now_us + 3 * p->S + (o->n - 1U) * 2 * p->S, now_us);
}

/* A WANT came: the news go first. False if there are none. */
bool sync_news_wanted(struct sync_port *p, struct sync_peer *peer,
		      uint64_t now_us)
{
	peer->offer_failed = 0;
	if (!p->news.n)
		return false;
	p->offering = false;
	sync_disarm(p, &p->offer);
	sync_push_add(p, &p->news, 50 * US_PER_MS, now_us);
	return true;
}

void sync_offer_init(struct sync_port *p)
{
	p->offer.fire = offer_due;
	p->offer.owner = p;
}
