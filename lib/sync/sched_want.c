/* SPDX-License-Identifier: MIT
 *
 * Wants: asking one neighbour, by list or by root (rules 3, 4, 5), and being
 * asked. One want is open at a time on a port.
 */
#include "lib/sync/sched_port.h"

#define NAV_UNIT_US (100 * US_PER_MS)
#define ASK_TRIES 6	/* for one pair of roots, by root */
#define COLD_US (120 * US_PER_S)
#define LIST_F 33		/* a minute at 1200 bit/s, and no less */
#define LIST_US (60 * US_PER_S)
#define LIST_HIDDEN 10		/* times that */
#define WANT_YIELDS_MAX 4	/* to others, until the root moves */

void sync_want_drop(struct sync_port *p)
{
	p->want = false;
	sync_disarm(p, &p->want_timer);
}

/* ---- asking ---- */

/* My own sketch may be being answered: wait for that first. */
static uint64_t want_sketch_wait(const struct sync_port *p, uint64_t now_us)
{
	uint64_t until = p->last_digest_us + 2 * p->S + p->F * 33 / 10;

	if (!p->said || !p->last_shape.c || until < now_us ||
	    p->last_digest_root != feed_root48(p->env->feeds))
		return 0;
	return until - now_us;
}

/* Among hidden stations what I lack mostly comes by itself. */
static uint64_t want_patience(struct sync_port *p, uint64_t now_us)
{
	uint64_t wait = 4 * p->F + sync_random(p, 8 * p->F);

	if (!sync_hidden(p, now_us))
		return 0;
	return wait + wait * 3 * sync_n(p, now_us) / 10;
}

/* What I missed others may have missed, too: who asks first asks for all. At first
 * few of them are known. */
static uint64_t want_window(const struct sync_port *p, uint64_t now_us)
{
	unsigned n = sync_n(p, now_us);
	uint64_t half = p->S * 3 * (n - 1) / 2, most = 15 * p->S;

	if (n <= 2)
		return 2 * p->S;
	if (sync_hidden(p, now_us) || half > most ||
	    now_us < p->since_us + COLD_US)
		return half;
	return 2 * half < most ? 2 * half : most;
}

/* False if another want is open that this one does not replace. */
static bool want_open(struct sync_port *p, struct sync_peer *peer, bool list,
		      uint64_t now_us)
{
	uint64_t window = want_window(p, now_us);

	if (!p->on || (p->want && !(list && !p->want_list)) ||
	    sync_made_up(p, peer, now_us))
		return false;
	p->want = true;
	p->want_list = list;
	p->want_address = peer->address;
	p->want_tries = 0;
	p->want_once = false;
	sync_arm(p, &p->want_timer, now_us + 100 * US_PER_MS +
		 want_sketch_wait(p, now_us) + want_patience(p, now_us) +
		 sync_random(p, window));
	return true;
}

void sync_want_root(struct sync_port *p, struct sync_peer *peer,
		    uint64_t now_us)
{
	sync_peer_pair(peer, feed_root48(p->env->feeds));
	if (peer->asked >= ASK_TRIES) {
		peer->asked = ASK_TRIES - 1;
		sync_fruitless(p, peer, now_us);
		return;
	}
	if (want_open(p, peer, false, now_us))
		peer->asked++;
}

void sync_want_offered(struct sync_port *p, struct sync_peer *peer,
		       unsigned place, uint64_t now_us)
{
	if (p->sending || sync_rx_open(p, now_us) || now_us < p->nav_us)
		return;
	sync_want_drop(p);
	if (!want_open(p, peer, false, now_us))
		return;
	/* an offer is easily forged */
	p->want_once = sync_hidden(p, now_us) || !peer->proven;
	sync_arm(p, &p->want_timer, now_us + 50 * US_PER_MS +
		 place * 2 * p->S);
}

void sync_want_list(struct sync_port *p, struct sync_peer *peer,
		    const struct sync_difference *d, uint64_t now_us)
{
	unsigned n = 0;

	for (unsigned i = 0; i < d->want_n; i++)
		n += !p->env->refused(p->env->ctx, d->want[i].alias,
				      d->want[i].to);
	if (!n) {
		sync_peer_settle(peer, feed_root48(p->env->feeds), TIME_NEVER);
		return;
	}
	if (want_open(p, peer, true, now_us))
		p->want_n = 0;
	else if (!p->want || !p->want_list || p->want_tries ||
		 p->want_address != peer->address)
		return;
	for (unsigned i = 0; i < d->want_n && p->want_n < SYNC_WANT_MAX; i++) {
		if (p->env->refused(p->env->ctx, d->want[i].alias,
				    d->want[i].to))
			continue;
		p->want_v[p->want_n].alias = d->want[i].alias;
		p->want_v[p->want_n].have = d->want[i].have;
		p->want_v[p->want_n++].to = d->want[i].to;
	}
}

/* What came meanwhile need not be asked for. */
static bool want_still_lacked(const struct sync_port *p, unsigned i)
{
	uint32_t slot;

	if (feed_by_alias(p->env->feeds, p->want_v[i].alias, &slot, 1) != 1)
		return true;
	return feed_at(p->env->feeds, slot)->head < p->want_v[i].to ||
		p->want_v[i].have < feed_at(p->env->feeds, slot)->head;
}

/* How long the answer will take, so that stations which do not hear it keep
 * silent near me: the events that I lack at 60 bytes each. */
static uint64_t want_nav_us(const struct sync_port *p)
{
	const struct sync_peer *peer = NULL;
	uint64_t mine = feed_event_count(p->env->feeds), lacked = 0, frames;

	for (unsigned i = 0; i < SYNC_PEERS_MAX; i++)
		if (p->peers.v[i].used &&
		    p->peers.v[i].address == p->want_address)
			peer = &p->peers.v[i];
	if (p->want_list)
		lacked = 2 * p->want_n;
	else if (peer && peer->known && peer->events > mine)
		lacked = peer->events - mine;
	frames = 1 + lacked * 60 / GENERATION_PIECE_MAX;
	if (frames > 7)
		frames = 7;
	return 2 * p->T + p->F / 2 + frames * p->F;
}

static bool want_make(struct sync_port *p, struct sync_want *w)
{
	*w = (struct sync_want){
		.target = sync_target(p->want_address),
		.nav_ds = (uint8_t)(want_nav_us(p) / NAV_UNIT_US),
		.form = p->want_list ? SYNC_WANT_LIST : SYNC_WANT_ROOT,
		.root48 = feed_root48(p->env->feeds),
		.events = feed_event_count(p->env->feeds),
	};
	if (!p->want_list)
		return true;
	for (unsigned i = 0; i < p->want_n; i++) {
		if (!want_still_lacked(p, i))
			continue;
		w->list[w->n].alias = p->want_v[i].alias;
		w->list[w->n++].have = p->want_v[i].have;
	}
	return w->n > 0;
}

/* A question is on credit, which the events of who was asked give back. */
static bool want_dare(struct sync_port *p, struct sync_peer *peer,
		      uint64_t now_us)
{
	if (!sync_dare(p, peer, &p->asks, now_us))
		return false;
	if (now_us > peer->wanted_us + SYNC_ASKED_US)
		peer->asks = 0;
	peer->asks++;
	return true;
}

static void want_send(struct sync_port *p, struct sync_peer *peer,
		      const struct sync_message *m, uint64_t now_us)
{
	uint64_t wait = p->S + 2 * p->F + 2 * p->T +
		sync_airtime_us(p, 5 * m->want.n + 14U);

	/* a list needs none: a sketch explained what I lack */
	if (!p->want_list && !want_dare(p, peer, now_us)) {
		sync_want_drop(p);
		return;
	}
	p->want_tries++;
	peer->wanted_us = now_us;
	if (!p->want_list)
		peer->asked_us = now_us + 6 * p->F + 10 * US_PER_S;
	sync_send(p, m, 1, true, now_us);
	sync_arm(p, &p->want_timer, now_us + wait +
		 sync_random(p, p->S << p->want_tries));
}

/* Among hidden stations silence is mostly a collision: no more of it. */
static bool want_single(const struct sync_port *p, uint64_t now_us)
{
	return p->want_once || sync_hidden(p, now_us);
}

static void want_due(struct sync_timer *t, uint64_t now_us)
{
	struct sync_port *p = t->owner;
	struct sync_peer *peer = sync_peer_find(&p->peers, p->want_address);
	struct sync_message m = { .type = SYNC_WANT };

	if (sync_gate(p, t, true, now_us))
		return;
	if (!peer || sync_rx_open(p, now_us) || p->push_due ||
	    peer->root48 == feed_root48(p->env->feeds) ||
	    !want_make(p, &m.want) || (p->want_tries && want_single(p, now_us)))
		sync_want_drop(p);
	else if (p->want_tries < SYNC_WANT_TRIES)
		want_send(p, peer, &m, now_us);
	else {	/* four tries without an answer: the pair rests a while */
		sync_fruitless(p, peer, now_us);
		sync_want_drop(p);
	}
}

/* ---- being asked ---- */

/* A want of somebody else: hold back until its data is heard, and do not ask
 * or show what it already does. */
static void want_overheard(struct sync_port *p, struct sync_peer *from,
			   const struct sync_want *w, uint64_t now_us)
{
	struct sync_peer *to = sync_peer_find_target(&p->peers, w->target);
	uint64_t root = feed_root48(p->env->feeds);

	sync_nav(p, now_us + w->nav_ds * NAV_UNIT_US, now_us);
	if (!to && !from->once)
		sync_hidden_sign(p, from, w->target, now_us);
	sync_may_give(p, from, now_us);	/* somebody will: it counts */
	if (w->form == SYNC_WANT_ROOT && w->root48 == root) {
		p->trickle.heard++;
		p->equal_us = now_us;
	}
	if (to && to->known && to->root48 == root)
		p->equal_us = now_us;	/* it shows the sketch I would */
	if (to && p->want && (w->form == SYNC_WANT_ROOT || !p->want_list) &&
	    p->want_yields++ < WANT_YIELDS_MAX)
		sync_want_drop(p);
}

/* "Show me your sketch": the asker waits for that, so no patience. */
static void want_show_me(struct sync_port *p, struct sync_peer *peer,
			 uint64_t now_us)
{
	sync_want_drop(p);
	sync_want_root(p, peer, now_us);
	if (p->want)
		sync_arm(p, &p->want_timer, now_us + 100 * US_PER_MS);
}

static void want_give(struct sync_port *p, struct sync_peer *peer,
		      const struct sync_needs *needs, uint64_t now_us)
{
	if (needs->n && sync_may_give(p, peer, now_us))
		sync_push_add(p, needs, 100 * US_PER_MS, now_us);
}

/* The asker could not take the news without what stands before them: it was
 * on the air when nobody heard it. */
static void want_before_news(struct sync_port *p, struct sync_peer *peer,
			     const struct sync_needs *lacks, uint64_t now_us)
{
	struct sync_needs before = { .n = 0 };

	for (unsigned i = 0; i < p->news.n; i++) {
		const struct sync_need *v = sync_needs_find(lacks,
							    p->news.v[i].slot);

		if (v && v->from < p->news.v[i].from)
			sync_needs_add(&before, v->slot, v->from, v->to);
	}
	want_give(p, peer, &before, now_us);
}

static void want_by_root(struct sync_port *p, struct sync_peer *peer,
			 const struct sync_want *w, uint64_t now_us)
{
	struct sync_needs needs;
	bool past = sync_since(p, w->root48, &needs);

	if (past && sync_hidden(p, now_us))	/* I shall offer it */
		sync_lacks_exact(p, peer, &needs, 0, 0);
	if (w->root48 == feed_root48(p->env->feeds)) {
		sync_reply_offer(p, true, now_us);	/* "so is mine" */
	} else if (sync_news_wanted(p, peer, now_us)) {
		if (past && !sync_hidden(p, now_us))
			want_before_news(p, peer, &needs, now_us);
	} else if (past) {
		if (sync_hidden(p, now_us) || sync_kept(p, peer, &needs))
			return;
		sync_needs_drop_served(p, &needs, 0, now_us);
		want_give(p, peer, &needs, now_us);
	} else if (w->events < feed_event_count(p->env->feeds)) {
		want_show_me(p, peer, now_us);
	} else {
		sync_reply(p, peer, true, now_us);
	}
}

/* A list answers a sketch, which was mine or said the same. */
static bool want_list_due(const struct sync_port *p, uint64_t now_us)
{
	uint64_t life = LIST_F * p->F > LIST_US ? LIST_F * p->F : LIST_US;

	if (sync_beyond(p, now_us))
		life *= LIST_HIDDEN;
	return p->sketch_us && now_us < p->sketch_us + life;
}

static void want_by_list(struct sync_port *p, struct sync_peer *peer,
			 const struct sync_want *w, uint64_t now_us)
{
	struct sync_needs needs = { 0 };
	uint32_t slots[8];
	unsigned asked;

	if (!want_list_due(p, now_us))
		return;
	for (unsigned i = 0; i < w->n; i++) {
		size_t n = feed_by_alias(p->env->feeds, w->list[i].alias,
					 slots, 8);

		for (size_t j = 0; j < n && j < 8; j++) {
			uint64_t head = feed_at(p->env->feeds, slots[j])->head;

			if (head > w->list[i].have)
				sync_needs_add(&needs, slots[j],
					       w->list[i].have, head);
		}
	}
	sync_needs_drop_served(p, &needs, 0, now_us);
	asked = needs.n;
	sync_needs_drop_reached(p, peer, &needs);
	if (asked && !needs.n)	/* it holds that, or its root was forged */
		want_show_me(p, peer, now_us);
	want_give(p, peer, &needs, now_us);
}

void sync_on_want(struct sync_port *p, struct sync_peer *peer,
		  const struct sync_want *w, uint64_t now_us)
{
	bool mine = sync_for_me(p, w->target), back = false;

	if (mine && sync_made_up(p, peer, now_us))
		return;
	if (w->form == SYNC_WANT_PARITY) {
		peer->proven |= mine;
		if (mine)
			sync_on_request(p, w, now_us);
		else
			sync_rx_overheard(p, w, now_us);
		return;
	}
	if (w->form == SYNC_WANT_ROOT) {
		bool credible = sync_credible(p, peer, w->root48, now_us);

		back = credible && !sync_reached(p, peer, w->root48);
		peer->known = true;
		peer->root48 = w->root48;
		if (!credible && mine)
			return;
		peer->events = w->events;
		peer->settled &= !mine;
	}
	peer->proven |= mine;
	if (!mine)
		want_overheard(p, peer, w, now_us);
	else if (w->form == SYNC_WANT_LIST)
		want_by_list(p, peer, w, now_us);
	else if (back)
		want_show_me(p, peer, now_us);
	else
		want_by_root(p, peer, w, now_us);
}

void sync_want_init(struct sync_port *p)
{
	p->want_timer.fire = want_due;
	p->want_timer.owner = p;
}
