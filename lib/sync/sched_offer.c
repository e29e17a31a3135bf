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
#define OFFER_BATCH 24		/* pieces worth a generation */
#define OFFER_FLOW_US (60 * US_PER_S)
#define FLOOR_OFFER_US (300 * US_PER_S)
#define OFFER_TRIES 3
#define OFFER_SPARE 4		/* times the patience of who is needed */
#define OFFER_MIN 3		/* events that are no longer than being asked for */

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
	for (unsigned i = 0; i < p->lacks_n; i++)
		events += p->lacks[i].need.to - p->lacks[i].need.from;
	return events;
}

bool sync_news_few(const struct sync_port *p)
{
	return p->news.n && !p->lacks_n && offer_events(p) <= OFFER_MIN;
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

/* Among hidden stations who can serve fewer waits longer, and so does who has
 * little to send: others may do it better. Who is not needed to reach anybody
 * waits longer still. Nobody does where the channel is idle. */
static uint64_t offer_patience(struct sync_port *p, uint64_t now_us)
{
	unsigned sum, n = sync_lacks_sum(p, &sum, now_us);
	uint64_t wait = 0;

	if (!sync_hidden(p, now_us) || !n || !sum)
		return 0;
	wait = 80 * p->F * n / sum;
	if (n < OFFER_BATCH)
		wait += 64 * p->F * (OFFER_BATCH - n) / OFFER_BATCH;
	if (!p->news.n && sync_cover_spare(p, now_us))
		wait *= OFFER_SPARE;
	return sync_by_load(p, wait, now_us);
}

static bool offer_wish(const struct sync_port *p)
{
	return p->news.n || p->lacks_n;
}

void sync_news_contend(struct sync_port *p, uint64_t now_us)
{
	unsigned n = offer_n(p, now_us);
	uint64_t window = offer_window(p, now_us);
	uint64_t from = sync_quiet_us(p) > now_us ? sync_quiet_us(p) : now_us;

	if (from < p->floor_us)
		from = p->floor_us;
	if (!offer_wish(p) || !sync_n(p, now_us) || p->offering ||
	    timer_armed(&p->offer.timer))
		return;
	if (n == 1)
		window = p->S / 2;
	sync_arm(p, &p->offer, from + 100 * US_PER_MS + window / 4 +
		 offer_patience(p, now_us) + offer_expo(p, window, n));
}

/* Those that did not answer lately count for less, and so does a call sign
 * that never did: these are free to forge. */
static unsigned offer_worth(const struct sync_port *p,
			    const struct sync_peer *q)
{
	unsigned worth = sync_lacks_of(p, q);
	unsigned less = q->offer_failed + (q->proven ? 0 : 2);

	worth = (worth < OFFER_BATCH ? worth : OFFER_BATCH) << 16;
	return worth >> less;
}

/* The first target lacks most. */
static struct sync_peer *offer_first(struct sync_port *p, uint64_t now_us)
{
	struct sync_peer *best = NULL;
	unsigned most = 0;

	for (unsigned i = 0; i < SYNC_PEERS_MAX; i++) {
		struct sync_peer *q = &p->peers.v[i];
		unsigned worth = offer_worth(p, q);

		if (!worth || !sync_peer_live(q, now_us) ||
		    q->offer_failed > SYNC_OFFER_FAILED_MAX)
			continue;
		if (!best || worth > most ||
		    (worth == most && q->heard_us > best->heard_us)) {
			best = q;
			most = worth;
		}
	}
	return best;
}

/* How many of its neighbours are silenced neither by me nor so far. */
static unsigned offer_silences(struct sync_port *p, const struct sync_peer *q,
			       const uint16_t *silent, unsigned n)
{
	unsigned found = 0;

	for (unsigned i = 0; i < q->hears_n; i++) {
		unsigned j = 0;

		while (j < n && silent[j] != q->hears[i])
			j++;
		found += j == n && !sync_for_me(p, q->hears[i]) &&
			!sync_peer_find_target(&p->peers, q->hears[i]);
	}
	return found;
}

/* The next one's answer silences most stations that I do not reach. */
static struct sync_peer *offer_next(struct sync_port *p,
				    const uint16_t *silent, unsigned n,
				    uint64_t now_us)
{
	struct sync_peer *best = NULL;
	unsigned most = 0;

	for (unsigned i = 0; i < SYNC_PEERS_MAX; i++) {
		struct sync_peer *q = &p->peers.v[i];
		unsigned worth;

		if (!sync_peer_live(q, now_us) || q->offer_failed > 1 ||
		    !sync_lacks_of(p, q))
			continue;
		worth = offer_silences(p, q, silent, n);
		if (worth > most) {
			best = q;
			most = worth;
		}
	}
	return best;
}

static void offer_targets(struct sync_port *p, struct sync_peer *first,
			  struct sync_offer *o, uint64_t now_us)
{
	uint16_t silent[SYNC_OFFER_MAX * SYNC_HEARS_MAX];
	struct sync_peer *q = first;
	unsigned n = 0;

	o->n = 0;
	while (q) {
		p->offer_to[o->n] = q->address;
		o->target[o->n++] = sync_target(q->address);
		memcpy(silent + n, q->hears, q->hears_n * sizeof(silent[0]));
		n += q->hears_n;
		q = o->n < SYNC_OFFER_MAX && sync_hidden(p, now_us) ?
			offer_next(p, silent, n, now_us) : NULL;
	}
}

static void offer_send(struct sync_port *p, struct sync_peer *to,
		       uint64_t now_us)
{
	struct sync_message m = { .type = SYNC_OFFER, .offer = {
		.root48 = feed_root48(p->env->feeds),
		.events = offer_events(p) } };

	offer_targets(p, to, &m.offer, now_us);
	sync_cover_tell(p, &m.offer, now_us);
	if (!sync_send(p, &m, 1, false, now_us))
		return;
	p->offering = true;
	p->offer_n = m.offer.n;
	p->offer_wanted = 0;
	sync_arm(p, &p->offer, now_us + 4 * p->S + 2 * p->T +
		 (m.offer.n - 1) * 2 * p->S);
}

/* Time is up: who did not answer is asked later. */
static unsigned offer_close(struct sync_port *p)
{
	unsigned failed = 0;

	for (unsigned i = 0; i < p->offer_n; i++) {
		struct sync_peer *to = sync_peer_find(&p->peers,
						      p->offer_to[i]);

		if (p->offer_wanted >> i & 1 || !to)
			continue;
		if (to->offer_failed <= SYNC_OFFER_FAILED_MAX)
			to->offer_failed++;
		if (i == 0)
			failed = to->offer_failed;
	}
	p->offering = false;
	return failed;
}

static void offer_serve(struct sync_port *p, uint64_t now_us)
{
	struct sync_needs needs;
	uint64_t these = 0;

	for (unsigned i = 0; i < p->offer_n; i++)
		if (p->offer_wanted >> i & 1)
			these |= sync_cover_bit(p, p->offer_to[i]);
	sync_lacks_pick(p, these, &needs, sync_hidden(p, now_us) ?
			2 * OFFER_BATCH : SYNC_NEEDS_MAX);
	sync_push_add(p, &needs, 50 * US_PER_MS, now_us);
}

static void offer_over(struct sync_port *p, uint64_t now_us)
{
	unsigned failed = offer_close(p);

	p->offers_failed = p->offer_wanted ? 0 : p->offers_failed + 1;
	if (p->offer_wanted)
		offer_serve(p, now_us);
	else
		sync_arm(p, &p->offer, now_us + offer_window(p, now_us) / 4 +
			 sync_random(p, 4 * p->S << (failed < 3 ? failed : 3)));
}

/* Who spoke last is about to say who is next. */
static bool offer_waits(struct sync_port *p, struct sync_timer *t,
			uint64_t now_us)
{
	if (now_us >= p->floor_us)
		return false;
	sync_disarm(p, t);
	sync_news_contend(p, now_us);
	return true;
}

/* News go out unasked to one alone; to several where they are as short as an
 * offer and its answer; and where nobody answers: they may be believing no offers
 * any more, as I do not. */
static bool offer_unasked(struct sync_port *p,
			  const struct sync_peer *to, uint64_t now_us)
{
	if (offer_n(p, now_us) == 1)
		return !to->offer_failed;
	if (!p->news.n || sync_hidden(p, now_us))
		return false;
	return sync_news_few(p) || p->offers_failed >= OFFER_TRIES ||
		!sync_trusting(p, now_us);
}

static void offer_due(struct sync_timer *t, uint64_t now_us)
{
	struct sync_port *p = t->owner;
	struct sync_peer *to;

	if (p->offering) {
		offer_over(p, now_us);
		return;
	}
	if (!offer_wish(p) || offer_waits(p, t, now_us) ||
	    sync_gate(p, t, false, now_us))
		return;
	if (sync_engaged(p, now_us, true)) {
		sync_arm(p, t, now_us + p->F +
			 offer_expo(p, offer_window(p, now_us),
				    offer_n(p, now_us)));
		return;
	}
	to = offer_first(p, now_us);
	if (to && offer_unasked(p, to, now_us)) {
		p->offers_failed = 0;
		sync_push_add(p, &p->news, 0, now_us);
	} else if (to) {
		offer_send(p, to, now_us);
	}
}

/* ---- the floor ---- */

/* Where all hear each other, whose generation is out asks for the next: the
 * largest offer that nobody has served. Nobody need contend. */
static bool floor_given(const struct sync_port *p, uint64_t now_us)
{
	return sync_n(p, now_us) > 2 && !sync_hidden(p, now_us);
}

static uint64_t floor_wait(const struct sync_port *p, uint64_t now_us)
{
	return p->T + sync_spread(p, now_us) * 6 / 5;
}

void sync_floor_arm(struct sync_port *p, uint64_t now_us)
{
	if (floor_given(p, now_us))
		sync_arm(p, &p->floor, now_us + floor_wait(p, now_us));
}

void sync_floor_hold(struct sync_port *p, uint64_t now_us)
{
	uint64_t end = p->rx_busy_us > now_us ? p->rx_busy_us : now_us;

	if (floor_given(p, now_us))
		p->floor_us = end + floor_wait(p, now_us) + 4 * p->S;
}

static void floor_due(struct sync_timer *t, uint64_t now_us)
{
	struct sync_port *p = t->owner;
	struct sync_peer *best = NULL;

	if (sync_gate(p, t, false, now_us))
		return;
	if (p->want || sync_rx_open(p, now_us))
		return;
	for (unsigned i = 0; i < SYNC_PEERS_MAX; i++) {
		struct sync_peer *q = &p->peers.v[i];

		if (q->used && q->offered_us &&
		    now_us < q->offered_us + FLOOR_OFFER_US &&
		    (!best || q->offered > best->offered))
			best = q;
	}
	if (best)
		sync_want_offered(p, best, 0, now_us);
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

void sync_on_offer(struct sync_port *p, struct sync_peer *peer,
		   const struct sync_offer *o, uint64_t now_us)
{
	uint64_t root = feed_root48(p->env->feeds);
	uint64_t mine = feed_event_count(p->env->feeds);

	sync_cover_list(p, peer, o, now_us);
	if (!sync_credible(p, peer, o->root48, now_us)) {
		peer->known = true;
		peer->root48 = o->root48;
		return;
	}
	/* offers are short and free to forge */
	if (!sync_dare(p, peer, &p->offers, now_us))
		return;
	peer->believed_us = now_us;
	peer->offered_us = now_us;	/* digests wait until it is served */
	peer->offered = o->events;
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
	unsigned all = (1U << p->offer_n) - 1;

	peer->offer_failed = 0;
	if (!p->offering && (!p->news.n || sync_hidden(p, now_us)))
		return false;
	for (unsigned i = 0; i < p->offer_n; i++)
		if (p->offer_to[i] == peer->address)
			p->offer_wanted |= 1U << i;
	if (p->offering && p->offer_wanted != all)
		return true;	/* the others have their time too */
	p->offering = false;
	p->offers_failed = 0;
	sync_disarm(p, &p->offer);
	offer_serve(p, now_us);
	return true;
}

void sync_offer_init(struct sync_port *p)
{
	p->offer.fire = offer_due;
	p->offer.owner = p;
	p->floor.fire = floor_due;
	p->floor.owner = p;
}
