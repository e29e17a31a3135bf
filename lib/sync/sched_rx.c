/* SPDX-License-Identifier: MIT
 *
 * Generations coming in: collecting any k of the frames, asking for the
 * missing number when the burst is over, handing the body up (rules 8, 10).
 *
 * Bounded: 16 of them a port, each 60 s after its last frame. Nothing of a
 * generation is believed before its body is whole and its seals hold.
 */
#include "lib/sync/sched_port.h"

#define RX_NEARLY 2		/* pieces that are missing */
#define RX_FALSE_MAX 2
#define RX_KEPT_US (300 * US_PER_S)	/* a late row is no new generation */

static struct sync_rx *rx_find(struct sync_port *p, uint32_t address,
			       uint8_t number)
{
	for (unsigned i = 0; i < SYNC_RX_MAX; i++) {
		struct sync_rx *r = &p->rx[i];

		if (r->used && r->address == address && r->g.number == number)
			return r;
	}
	return NULL;
}

static bool rx_old(const struct sync_rx *r, uint64_t now_us)
{
	return now_us >= r->at_us + SYNC_RX_LIFE_US;
}

/* Where stations are hidden from each other, who only overhears asks for what
 * it nearly has: else everybody asks for everything. */
static bool rx_mine(const struct sync_rx *r, uint64_t now_us)
{
	const struct sync_port *p = r->port;

	if (r->asked || !sync_hidden(p, now_us))
		return true;
	return !r->done && r->counted && r->g.n + RX_NEARLY >= r->g.k;
}

/* Is there something to be asked for still? */
static bool rx_wants(const struct sync_rx *r, uint64_t now_us)
{
	if (!r->used || r->passive || r->known || rx_old(r, now_us))
		return false;
	if (!rx_mine(r, now_us))
		return false;
	if (!r->done && r->doubted)
		return false;
	if (!r->done)
		return r->half_tries < 2 * SYNC_REQUEST_TRIES;
	return r->more && !r->more_asked && r->half_tries < 6;
}

bool sync_rx_open(const struct sync_port *p, uint64_t now_us)
{
	for (unsigned i = 0; i < SYNC_RX_MAX; i++)
		if (rx_wants(&p->rx[i], now_us))
			return true;
	return false;
}

/* Data is arriving just now. */
bool sync_rx_busy(const struct sync_port *p, uint64_t now_us)
{
	for (unsigned i = 0; i < SYNC_RX_MAX; i++)
		if (p->rx[i].used && !p->rx[i].done &&
		    now_us < p->rx[i].at_us + 4 * p->F)
			return true;
	return false;
}

/* ---- a place for a generation ---- */

static struct sync_rx *rx_room(struct sync_port *p)
{
	struct sync_rx *oldest = &p->rx[0];

	for (unsigned i = 0; i < SYNC_RX_MAX; i++) {
		if (!p->rx[i].used)
			return &p->rx[i];
		if (p->rx[i].at_us < oldest->at_us)
			oldest = &p->rx[i];
	}
	return oldest;
}

/* Anybody can begin a generation and leave it, a minute of waiting and
 * asking each: after some, the next is still taken in, but not waited for; nor
 * is that of who sent bodies that were none. */
static void rx_count(struct sync_port *p, struct sync_rx *r,
		     const struct sync_peer *peer, uint64_t now_us)
{
	if (r->passive)
		return;
	r->counted = sync_credit_take(&p->begun, SYNC_ASKS_MAX,
				      SYNC_ASKS_FALL_US, now_us);
	r->doubted = !sync_hidden(p, now_us) &&
		(!r->counted || (peer && peer->false_n >= RX_FALSE_MAX));
}

/* Its heads show that there is something new in it. */
static void rx_expect(struct sync_port *p, struct sync_rx *r,
		      const struct sync_peer *peer, uint64_t now_us)
{
	bool passive = r->passive;

	r->passive = false;
	if (passive)
		rx_count(p, r, peer, now_us);
}

static void rx_finished(struct sync_port *p, struct sync_rx *r)
{
	if (r->counted)
		sync_credit_back(&p->begun);
	r->counted = false;
}

static struct sync_rx *rx_start(struct sync_port *p, struct sync_peer *peer,
				const struct sync_events *e, uint64_t now_us)
{
	struct sync_rx *r = rx_find(p, peer->address, e->generation);
	struct sync_timer request;

	if (!r)
		r = rx_room(p);
	sync_disarm(p, &r->request);
	request = r->request;
	memset(r, 0, sizeof(*r));
	r->request = request;
	r->used = true;
	r->port = p;
	r->address = peer->address;
	r->at_us = now_us;
	/* a station that holds no more than I has nothing for me, until the
	 * heads in frame 0 say otherwise */
	r->passive = peer->known &&
		feed_history_find(p->env->feeds, peer->root48) >= 0;
	r->asked = now_us < peer->wanted_us + SYNC_ASKED_US ||
		(p->said && now_us < p->last_digest_us + SYNC_ASKED_US &&
		 !sync_hidden(p, now_us));
	rx_count(p, r, peer, now_us);
	generation_rx_init(&r->g, e);
	return r;
}

/* The further generation came: nobody need ask for it. */
static void rx_supersede(struct sync_port *p, const struct sync_rx *now)
{
	for (unsigned i = 0; i < SYNC_RX_MAX; i++)
		if (p->rx[i].used && &p->rx[i] != now &&
		    p->rx[i].address == now->address)
			p->rx[i].more_asked = true;
}

/* ---- silence while it lasts ---- */

static uint64_t rx_left_us(const struct sync_port *p, const struct sync_rx *r,
			   const struct sync_events *e)
{
	uint64_t frame = sync_airtime_us(p, r->g.piece_len + 4U), left;
	unsigned total = e->k + e->parity_ahead;
	unsigned keyup = sync_burst_keyup_frames(p, r->g.piece_len + 4U);

	if (total < r->until)
		total = r->until;
	if (e->end || e->index + 1U >= total)
		return 0;
	left = (total - 1 - e->index) * frame;
	if ((e->index + 1U) % keyup == 0)
		left += 2 * p->T;	/* between two key-ups */
	return left < SYNC_KEYUP_MAX_US ? left : SYNC_KEYUP_MAX_US;
}

/* Silence in which the frames that were told did not come counts as a NAV
 * does; once all of that is used, a frame is followed by silence for one. */
static uint64_t rx_trusted_us(struct sync_port *p, const struct sync_events *e,
			      uint64_t left_us, uint64_t now_us)
{
	uint64_t step = 2 * (sync_airtime_us(p, e->piece.n + 4) + p->T);
	uint64_t until = now_us < p->rx_claim_us ? now_us : p->rx_claim_us;

	if (until > p->rx_frame_us + step)
		sync_nav_charge(p, until - p->rx_frame_us - step, now_us);
	if (left_us > step && sync_nav_left(p, now_us) == 0)
		left_us = step;
	p->rx_frame_us = now_us;
	p->rx_claim_us = now_us + left_us;
	return left_us;
}

static void rx_silence(struct sync_port *p, const struct sync_events *e,
		       uint64_t left_us, uint64_t now_us)
{
	left_us = rx_trusted_us(p, e, left_us, now_us);
	if (p->nav_us > now_us)
		p->nav_us = now_us;	/* the data of that WANT is here */
	if (e->end)
		p->rx_busy_us = now_us;
	else if (now_us + left_us > p->rx_busy_us)
		p->rx_busy_us = now_us + left_us;
}

/* ---- frame 0: the heads in clear ---- */

/* Its first event stands on another name than that of the author whom I know
 * under this alias. */
static bool rx_head_stranger(const struct sync_port *p, const struct feed *f,
			     const struct run *run)
{
	uint8_t id[EVENT_ID_SIZE];

	if (run->seq != 1 || !run->n)
		return false;
	event_id_genesis(id, p->env->dataset, f->author);
	return memcmp(id, run->prevcheck, sizeof(run->prevcheck)) != 0;
}

static bool rx_head_lacks(struct sync_port *p, const struct run *run,
			  const struct sync_peer *from, uint64_t now_us)
{
	uint64_t last = run->seq + run->n - 1;
	const struct feed *f;
	uint32_t slot;

	if (feed_by_alias(p->env->feeds, run->alias, &slot, 1) != 1)
		return true;
	f = feed_at(p->env->feeds, slot);
	if (rx_head_stranger(p, f, run))
		return true;
	if (run->n == 0)
		return !f->forked;
	sync_onair(p, slot, last, now_us);
	if (last <= f->head)	/* who names more than there is may lie */
		sync_news_aired(p, slot, last);
	if (f->head <= last)	/* nobody need give it twice */
		sync_needs_drop(&p->push, slot);
	p->env->aired(p->env->ctx, p->c.number, slot, run->seq - 1, last);
	if (from)
		sync_lacks_served(p, slot, last, sync_cover_reach(p, from));
	return f->head < last || p->env->back(p->env->ctx, slot);
}

static void rx_heads(struct sync_port *p, struct sync_rx *r, uint64_t now_us)
{
	const struct sync_peer *from = sync_peer_find(&p->peers, r->address);
	struct run_body *b = p->env->body;
	uint64_t root48, events = 0;
	bool lacks = false;
	struct span front;

	if (!generation_rx_front(&r->g, &root48, &front) ||
	    run_heads_decode(b, front) != RUN_OK || !b->n_runs)
		return;
	for (size_t i = 0; i < b->n_runs; i++) {
		lacks |= rx_head_lacks(p, &b->runs[i], from, now_us);
		events += b->runs[i].n;
	}
	sync_estimate_coded(p, events, r->g.k * (size_t)r->g.piece_len);
	if (r->done)
		return;
	if (lacks) {
		rx_expect(p, r, from, now_us);
		return;
	}
	r->passive = false;
	r->done = r->known = true;
	rx_finished(p, r);
}

/* ---- whole: the body ---- */

static void rx_sender_root(struct sync_port *p, struct sync_peer *peer,
			   uint64_t root48)
{
	uint64_t mine = feed_event_count(p->env->feeds);

	sync_reached(p, peer, root48);
	peer->root48 = root48;
	peer->known = true;
	if (root48 == feed_root48(p->env->feeds)) {
		peer->events = mine;
		p->futile = 0;
	} else if (peer->events < mine) {
		peer->events = mine;
	}
}

static void rx_false(struct sync_port *p, struct sync_peer *peer,
		     uint64_t now_us)
{
	sync_port_forged(p, now_us);
	if (peer->false_n < RX_FALSE_MAX)
		peer->false_n++;
	sync_fruitless(p, peer, now_us);
}

void sync_port_ingested(struct sync_port *p, const struct sync_whole *w,
			enum sync_ingest e, uint64_t now_us)
{
	struct sync_peer *peer = sync_peer_find(&p->peers, w->address);

	if (!peer)	/* forgotten meanwhile */
		return;
	if (!w->more || e != SYNC_INGEST_DONE)
		rx_sender_root(p, peer, w->root48);
	if (e == SYNC_INGEST_REFUSED)
		sync_peer_settle(peer, feed_root48(p->env->feeds), TIME_NEVER);
	else if (e == SYNC_INGEST_FALSE)
		rx_false(p, peer, now_us);
}

static enum sync_verdict rx_whole(struct sync_port *p, struct sync_rx *r,
				  uint64_t now_us)
{
	struct sync_whole w = { .address = r->address, .more = r->more };
	struct sync_peer *peer = sync_peer_find(&p->peers, r->address);
	uint8_t body[GENERATION_BODY_MAX];
	enum sync_ingest e = SYNC_INGEST_BAD;
	size_t len;

	r->done = true;
	p->count.generations_received++;
	if (generation_rx_body(&r->g, body, &len, &w.root48) == 0)
		e = p->env->ingest(p->env->ctx, p->c.number, &w,
				   SPAN(body, len));
	if (e == SYNC_INGEST_BAD) {
		r->known = true;	/* nothing more of it is wanted */
		if (peer)
			rx_false(p, peer, now_us);
		return SYNC_BAD_BODY;
	}
	rx_finished(p, r);
	if (e != SYNC_INGEST_LATER)
		sync_port_ingested(p, &w, e, now_us);
	return SYNC_TAKEN;
}

/* ---- requests (rule 8) ---- */

static unsigned rx_missing(const struct sync_rx *r)
{
	return r->done || r->g.n >= r->g.k ? 0 : r->g.k - r->g.n;
}

static void rx_arm(struct sync_port *p, struct sync_rx *r, bool end,
		   uint64_t left_us, uint64_t now_us)
{
	uint64_t spread = sync_spread(p, now_us);
	unsigned miss = rx_missing(r);
	uint64_t wait = end ? p->T / 2 : left_us + p->F * 13 / 10;

	wait += sync_random(p, spread) * (10U * r->g.k - 6 * miss) /
		(10U * r->g.k);
	if (!r->asked && sync_hidden(p, now_us))
		wait += spread + p->F;	/* first whoever it was for */
	if (!miss)	/* only credit: the next may come by itself */
		wait += spread / 2 + (end ? 0 : 2 * p->F);
	sync_arm(p, &r->request, now_us + wait);
}

static uint64_t rx_answer_us(const struct sync_port *p,
			     const struct sync_rx *r, uint64_t now_us)
{
	return 2 * p->S + sync_spread(p, now_us) +
		(rx_missing(r) + 1) * p->F + 2 * p->T;
}

static uint8_t rx_loss(const struct sync_rx *r)
{
	unsigned lost = r->seen > r->g.n ? r->seen - r->g.n : 0;

	return r->seen ? (uint8_t)(lost * 255 / r->seen) : 0;
}

/* From the third request on a row more, or the generation may be forgotten
 * before one came through. */
static unsigned rx_needed(const struct sync_rx *r, uint64_t now_us)
{
	unsigned missing = rx_missing(r);

	return missing + (missing && missing < r->g.k && r->half_tries > 5 &&
			  !sync_hidden(r->port, now_us));
}

static void rx_request_item(struct sync_want *w, const struct sync_rx *r,
			    bool more, uint64_t now_us)
{
	w->parity[w->n].generation = r->g.number;
	w->parity[w->n].needed = (uint8_t)rx_needed(r, now_us);
	w->parity[w->n].loss = rx_loss(r);
	w->parity[w->n++].more = more;
}

/* The other open generations of this sender go into the same request. */
static void rx_request_others(struct sync_port *p, struct sync_want *w,
			      const struct sync_rx *r, uint64_t now_us)
{
	uint64_t wait = rx_answer_us(p, r, now_us) * 13 / 10 + p->F;

	for (unsigned i = 0; i < SYNC_RX_MAX && w->n < 8; i++) {
		struct sync_rx *q = &p->rx[i];

		if (q == r || q->address != r->address || q->done ||
		    !rx_wants(q, now_us))
			continue;
		rx_request_item(w, q, false, now_us);
		q->half_tries += 2;
		sync_arm(p, &q->request, now_us + wait +
			 sync_random(p, p->S));
	}
}

static void rx_request(struct sync_port *p, struct sync_rx *r,
		       uint64_t now_us)
{
	struct sync_message m = {
		.type = SYNC_WANT,
		.want = { .form = SYNC_WANT_PARITY,
			  .target = sync_target(r->address) },
	};
	uint64_t wait = rx_answer_us(p, r, now_us);

	r->half_tries += 2;
	r->until = (uint8_t)(r->seen + rx_needed(r, now_us));
	rx_request_item(&m.want, r, r->more && !r->more_asked, now_us);
	rx_request_others(p, &m.want, r, now_us);
	if (r->done)
		r->more_asked = r->half_tries >= 8;
	p->count.requests++;
	sync_send(p, &m, 1, true, now_us);
	wait += wait * 15 * r->half_tries / 100;
	sync_arm(p, &r->request, now_us + wait +
		 sync_random(p, p->S + sync_spread(p, now_us)));
}

/* Somebody else asked for as much: its answer serves me too. */
static bool rx_asked_by_other(struct sync_port *p, struct sync_rx *r,
			      struct sync_timer *t, uint64_t now_us)
{
	uint64_t until = r->heard_needed_us + rx_answer_us(p, r, now_us);

	if (!r->heard_needed_us || now_us >= until ||
	    r->heard_needed < rx_missing(r))
		return false;
	if (r->done) {
		r->more_asked = true;
		return true;
	}
	r->half_tries++;
	sync_arm(p, t, until + sync_random(p, sync_spread(p, now_us)));
	return true;
}

static void rx_request_due(struct sync_timer *t, uint64_t now_us)
{
	struct sync_rx *r = container_of(t, struct sync_rx, request);
	struct sync_port *p = t->owner;

	if (!rx_wants(r, now_us))
		return;
	if (now_us < p->rx_busy_us) {
		sync_arm(p, t, p->rx_busy_us + p->T +
			 sync_random(p, sync_spread(p, now_us)));
		return;
	}
	if (p->sending || p->env->clear_us(p->env->ctx, p->c.number, true,
					   now_us) > now_us) {
		sync_gate(p, t, true, now_us);
		return;
	}
	if (!rx_asked_by_other(p, r, t, now_us))
		rx_request(p, r, now_us);
}

void sync_rx_overheard(struct sync_port *p, const struct sync_want *w,
		       uint64_t now_us)
{
	uint64_t fresh = 2 * p->S + sync_spread(p, now_us);

	for (unsigned i = 0; i < w->n; i++) {
		unsigned needed = w->parity[i].needed;

		sync_nav(p, now_us + p->T + p->S + needed * p->F + p->F / 2,
			 now_us);
		for (unsigned j = 0; j < SYNC_RX_MAX; j++) {
			struct sync_rx *r = &p->rx[j];

			if (!r->used || sync_target(r->address) != w->target ||
			    r->g.number != w->parity[i].generation)
				continue;
			if (now_us >= r->heard_needed_us + fresh ||
			    needed > r->heard_needed)
				r->heard_needed = (uint8_t)needed;
			r->heard_needed_us = now_us;
		}
	}
}

/* ---- a frame ---- */

/* Whether the frame belongs to another generation of the same number. */
static bool rx_restarted(const struct sync_rx *r, const struct sync_events *e,
			 uint64_t now_us)
{
	return now_us >= r->at_us + RX_KEPT_US ||
		((r->g.k != e->k || r->g.piece_len != e->piece.n) &&
		 (r->done || now_us >= r->at_us + SYNC_HOLD_US));
}

static enum sync_verdict rx_add(struct sync_port *p, struct sync_rx *r,
				const struct sync_events *e, uint64_t now_us)
{
	int added = generation_rx_add(&r->g, e);

	if (added < 0)
		return SYNC_BAD_FRAME;
	r->at_us = now_us;
	r->more = e->more;
	if (e->index + 1U > r->seen)
		r->seen = e->index + 1;
	if (e->index == 0)
		rx_heads(p, r, now_us);
	if (r->done || !generation_rx_complete(&r->g))
		return added && !r->done ? SYNC_TAKEN : SYNC_DUPLICATE;
	return rx_whole(p, r, now_us);
}

/* Who hears the end of a generation leaves the floor to its sender: one that
 * moved the root, or one that may yet, of which credit is given for some. */
static void rx_floor(struct sync_port *p, const struct sync_rx *r,
		     uint64_t now_us)
{
	if (r->done ? p->moved && now_us < p->moved_us + SYNC_KEYUP_MAX_US :
	    r->counted)
		sync_floor_hold(p, now_us);
}

enum sync_verdict sync_on_events(struct sync_port *p, struct sync_peer *peer,
				 const struct sync_events *e, uint64_t now_us)
{
	struct sync_rx *r = rx_find(p, peer->address, e->generation);
	enum sync_verdict v;
	uint64_t left;

	if (!r || rx_restarted(r, e, now_us))
		r = rx_start(p, peer, e, now_us);
	rx_supersede(p, r);
	peer->offered_us = 0;
	left = rx_left_us(p, r, e);
	rx_silence(p, e, left, now_us);
	v = rx_add(p, r, e, now_us);
	if (e->end)
		rx_floor(p, r, now_us);
	if (v != SYNC_BAD_FRAME && rx_wants(r, now_us))
		rx_arm(p, r, e->end, left, now_us);
	else if (!rx_wants(r, now_us))
		sync_disarm(p, &r->request);
	return v;
}

void sync_rx_init(struct sync_port *p)
{
	for (unsigned i = 0; i < SYNC_RX_MAX; i++) {
		p->rx[i].request.fire = rx_request_due;
		p->rx[i].request.owner = p;
	}
}
