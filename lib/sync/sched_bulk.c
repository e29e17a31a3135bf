/* SPDX-License-Identifier: MIT
 *
 * Contents of attachments, at bulk priority: a port asks for one key-up of one
 * chunk when nothing else is to be said, and who holds the content answers
 * when nothing else is to be said. In between everything else goes first.
 *
 *   WANT {HASH, chunk, index, needed} --> up to `needed` frames of the chunk's
 *        ^                                generation, from that index on
 *        +-- when they are over: for what lacks --+
 *
 * A generation here is name48 | piece | zeros (lib/event/blob_tree.h), the
 * same bytes whoever sends them, and its number follows from them. So giving
 * keeps no state, any holder goes on where another stopped, and each frame
 * serves all who wait for that content. Nothing is believed before a chunk is
 * whole and belongs to the HASH that a signed event names.
 *
 * Bounds: one request is kept a port, for 10 minutes, and buys one key-up; 4 chunks
 * come in at a time; asking in vain is done ever more seldom, up to an hour.
 * Bulk leaves the port half of its air time, and claims no silence (NAV 0).
 */
#include "lib/sync/sched_port.h"

#define GIVE_LIFE_US (600 * US_PER_S)	/* the budget may need that */
#define OTHER_PORT_US (60 * US_PER_S)
#define BACKOFF_MAX_US (3600 * US_PER_S)
#define BACKOFF_MAX 16
#define LOST_TRIES 2		/* in vain, that may be frames lost */
#define HOLDER_TRIES 3		/* then anybody is asked */
#define ANYBODY 0		/* as target */

static uint8_t bulk_number(const uint8_t hash[BLOB_HASH], uint32_t chunk)
{
	return (uint8_t)(hash[0] + chunk);
}

/* ---- when ---- */

/* Nothing is being said or heard, and nothing waits to be said. */
static bool bulk_idle(const struct sync_port *p, uint64_t now_us)
{
	const struct sync_timer *const others[] = {
		&p->offer, &p->floor, &p->reply, &p->ack, &p->greet,
		&p->push_timer, &p->repair, &p->want_timer,
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (timer_armed(&others[i]->timer))
			return false;
	return !sync_engaged(p, now_us, false);
}

/* As sync_gate: true = not now, and the timer is armed again. */
static bool bulk_gate(struct sync_port *p, struct sync_timer *t,
		      uint64_t now_us)
{
	uint64_t clear = p->env->bulk_clear_us(p->env->ctx, p->c.number,
					       now_us);

	if (sync_gate(p, t, true, now_us))
		return true;
	if (clear <= now_us && bulk_idle(p, now_us))
		return false;
	if (clear <= now_us)
		clear = now_us + p->F + sync_random(p, 2 * p->S);
	if (clear != TIME_NEVER)
		sync_arm(p, t, clear);
	return true;
}

/* Between a key-up of bulk and the next request others come to speak, and of
 * those who wait for the same content one comes first. */
static uint64_t bulk_gap(struct sync_port *p, uint64_t now_us)
{
	unsigned n = sync_n(p, now_us);

	if (p->c.stream)
		return 0;
	return 2 * p->S + sync_random(p, p->S * (n > 1 ? 3 * n : 1));
}

static void bulk_quiet(struct sync_port *p, uint64_t until_us)
{
	if (until_us > p->bulk.quiet_us)
		p->bulk.quiet_us = until_us;
}

/* ---- asking ---- */

static struct sync_fetch *bulk_fetch(const struct sync_port *p, unsigned i)
{
	return &p->env->fetches->v[i];
}

/* Another port does it already. */
static bool bulk_elsewhere(const struct sync_port *p,
			   const struct sync_fetch *f, uint64_t now_us)
{
	return f->port_us && f->port != p->c.number &&
	       now_us < f->port_us + OTHER_PORT_US;
}

/* Earlier ones first, so that one is whole before the next begins. None due:
 * SYNC_FETCHES_MAX, and when the next one is. */
static unsigned bulk_due(const struct sync_port *p, uint64_t now_us,
			 uint64_t *next_us)
{
	*next_us = TIME_NEVER;
	for (unsigned i = 0; i < SYNC_FETCHES_MAX; i++) {
		uint64_t due = p->bulk.fetch[i].due_us;

		if (!bulk_fetch(p, i)->used)
			continue;
		if (bulk_elsewhere(p, bulk_fetch(p, i), now_us))
			due = now_us + OTHER_PORT_US;
		if (due <= now_us)
			return i;
		if (due < *next_us)
			*next_us = due;
	}
	return SYNC_FETCHES_MAX;
}

/* The last request brought nothing, or nothing true. */
static void bulk_in_vain(struct sync_port *p, uint64_t now_us)
{
	struct sync_bulk_fetch *a = &p->bulk.fetch[p->bulk.asked];
	uint64_t wait = p->S + 2 * p->F;

	p->bulk.asking = false;
	a->before_us = a->vain_us;
	a->vain_us = now_us;
	if (a->tries < BACKOFF_MAX)
		a->tries++;
	if (a->tries >= HOLDER_TRIES)
		a->holder = ANYBODY;
	wait = a->tries > LOST_TRIES ? wait << (a->tries - LOST_TRIES) : 0;
	if (wait > BACKOFF_MAX_US)
		wait = BACKOFF_MAX_US;
	a->due_us = now_us + wait + sync_random(p, wait / 4);
}

/* Frames that a chunk takes. */
static unsigned bulk_k(const struct sync_fetch *f, uint32_t chunk)
{
	return (unsigned)generation_pieces(blob_piece_len(f->size, chunk),
					   GENERATION_PIECE_MAX);
}

static const struct sync_bulk_rx *bulk_rx_of(const struct sync_port *p,
					     const struct sync_fetch *f,
					     uint32_t chunk)
{
	const struct sync_bulk_rx *best = NULL;
	unsigned k = bulk_k(f, chunk);

	for (unsigned i = 0; i < SYNC_BULK_RX_MAX; i++) {
		const struct sync_bulk_rx *r = &p->bulk.rx[i];

		if (r->used && r->g.k == k &&
		    r->g.number == bulk_number(f->hash, chunk) &&
		    (!best || r->g.n > best->g.n))
			best = r;
	}
	return best;
}

/* So many that what is lost of them is made up for, if as many are lost as of
 * those that went out; never more than a generation. */
static unsigned bulk_needed(const struct sync_bulk_rx *r, unsigned k)
{
	unsigned missing = r ? k - r->g.n : k, n = missing;

	if (r && r->g.n)
		n += missing * (r->seen - r->g.n) / r->g.n;
	return n < SYNC_K_MAX ? n : SYNC_K_MAX;
}

static void bulk_want_make(const struct sync_port *p,
			   const struct sync_fetch *f, struct sync_want *w)
{
	uint32_t chunk = sync_fetch_next(f);
	const struct sync_bulk_rx *r = bulk_rx_of(p, f, chunk);
	unsigned index = r ? r->seen : 0, k = bulk_k(f, chunk);

	memcpy(w->bulk.hash, f->hash, BLOB_HASH);
	w->bulk.chunk = chunk;
	w->bulk.needed = (uint8_t)bulk_needed(r, k);
	if (index + w->bulk.needed > SYNC_INDEX_MAX + 1) {
		index = 0;	/* all rows went out: the pieces again */
		w->bulk.needed = (uint8_t)k;
	}
	w->bulk.index = (uint8_t)index;
}

static void bulk_ask(struct sync_port *p, unsigned i, uint64_t now_us)
{
	struct sync_message m = { .type = SYNC_WANT, .want = {
		.form = SYNC_WANT_BULK,
		.target = p->bulk.fetch[i].holder ?
			sync_target(p->bulk.fetch[i].holder) : ANYBODY } };

	bulk_want_make(p, bulk_fetch(p, i), &m.want);
	if (!sync_send(p, &m, 1, true, now_us))
		return;
	p->count.bulk_requests++;
	p->bulk.asking = true;
	p->bulk.asked = (uint8_t)i;
	bulk_quiet(p, now_us + 4 * p->S + sync_spread(p, now_us) + 3 * p->F +
		   2 * p->S * sync_n(p, now_us));
}

static void bulk_ask_due(struct sync_timer *t, uint64_t now_us)
{
	struct sync_port *p = t->owner;
	uint64_t next_us;
	unsigned i;

	if (now_us < p->bulk.quiet_us) {
		sync_arm(p, t, p->bulk.quiet_us);
		return;
	}
	if (p->bulk.asking)
		bulk_in_vain(p, now_us);
	i = bulk_due(p, now_us, &next_us);
	if (i < SYNC_FETCHES_MAX) {
		if (bulk_gate(p, t, now_us))
			return;
		bulk_ask(p, i, now_us);
		next_us = p->bulk.quiet_us > now_us ? p->bulk.quiet_us :
			  now_us + p->F;
	}
	if (next_us != TIME_NEVER)
		sync_arm(p, t, next_us);
}

void sync_bulk_fetch(struct sync_port *p, const struct sync_fetch *f,
		     uint64_t now_us)
{
	unsigned i = (unsigned)(f - p->env->fetches->v);

	p->bulk.fetch[i] = (struct sync_bulk_fetch){ .due_us = now_us };
	if (p->bulk.asking && p->bulk.asked == i)
		p->bulk.asking = false;
	sync_arm(p, &p->bulk.ask, now_us + sync_random(p, p->S));
}

void sync_bulk_wake(struct sync_port *p, uint64_t heard_us, uint64_t now_us)
{
	bool due = false;

	for (unsigned i = 0; p->env->fetches && i < SYNC_FETCHES_MAX; i++) {
		struct sync_bulk_fetch *a = &p->bulk.fetch[i];

		if (!bulk_fetch(p, i)->used || (heard_us &&
						heard_us >= a->before_us))
			continue;
		a->due_us = 0;
		due = true;
	}
	if (due)
		sync_arm(p, &p->bulk.ask, now_us + bulk_gap(p, now_us));
}

/* ---- giving ---- */

static int bulk_encode(const struct generation *g, unsigned index, bool end,
		       uint8_t dst[SYNC_FRAME_MAX])
{
	uint8_t piece[GENERATION_PIECE_MAX];
	struct sync_message m = { .type = SYNC_EVENTS, .events = {
		.generation = g->number, .index = (uint8_t)index, .k = g->k,
		.end = end, .bulk = true,
		.piece = SPAN(piece, g->piece_len) } };

	generation_piece(g, index, piece);
	return sync_message_encode(dst, SYNC_FRAME_MAX, &m);
}

/* As many of the frames asked for as one key-up holds. */
static void bulk_send(struct sync_port *p, const struct generation *g,
		      uint64_t now_us)
{
	uint8_t frames[SYNC_K_MAX][SYNC_FRAME_MAX];
	struct span spans[SYNC_K_MAX];
	unsigned index = p->bulk.give_want.index, n = 0, i;

	n = sync_burst_keyup_frames(p, g->piece_len + SYNC_EVENTS_HEAD);
	if (n > p->bulk.give_want.needed)
		n = p->bulk.give_want.needed;
	if (n > SYNC_INDEX_MAX + 1 - index)
		n = SYNC_INDEX_MAX + 1 - index;
	for (i = 0; i < n; i++) {
		int len = bulk_encode(g, index + i, i + 1 == n, frames[i]);

		spans[i] = SPAN(frames[i], len > 0 ? (size_t)len : 0);
	}
	p->count.sent[SYNC_EVENTS] += n;
	p->count.bulk_frames += n;
	sync_key(p, spans, n, true, now_us);
}

static void bulk_give_due(struct sync_timer *t, uint64_t now_us)
{
	struct sync_port *p = t->owner;
	const struct sync_want_bulk *w = &p->bulk.give_want;
	uint8_t piece[BLOB_PIECE_MAX];
	struct generation g;
	int len;

	if (now_us >= p->bulk.give_until_us || bulk_gate(p, t, now_us))
		return;
	len = p->env->piece(p->env->ctx, w->hash, w->chunk, piece);
	if (len > 0 && generation_init(&g, bulk_number(w->hash, w->chunk),
				       SPAN(piece, (size_t)len),
				       sync_name48(w->hash),
				       GENERATION_PIECE_MAX) == 0)
		bulk_send(p, &g, now_us);
}

static bool bulk_same(const struct sync_want_bulk *a,
		      const struct sync_want_bulk *b)
{
	return a->chunk == b->chunk &&
	       memcmp(a->hash, b->hash, BLOB_HASH) == 0;
}

/* One request is kept; of two for one chunk the later rows, and the more. */
static void bulk_keep(struct sync_port *p, const struct sync_want_bulk *w)
{
	struct sync_want_bulk *mine = &p->bulk.give_want;
	struct sync_want_bulk old = *mine;

	*mine = *w;
	if (!timer_armed(&p->bulk.give.timer) || !bulk_same(&old, w))
		return;
	if (old.index > mine->index)
		mine->index = old.index;
	if (old.needed > mine->needed)
		mine->needed = old.needed;
}

void sync_on_bulk_want(struct sync_port *p, const struct sync_want *w,
		       uint64_t now_us)
{
	unsigned keyup = sync_burst_keyup_frames(p, SYNC_FRAME_MAX);
	unsigned n = w->bulk.needed < keyup ? w->bulk.needed : keyup;
	bool mine = sync_for_me(p, w->target);
	uint64_t wait = mine || p->c.stream ? 0 :
		sync_random(p, 2 * p->S * (sync_n(p, now_us) + 1));

	if (!mine)
		bulk_quiet(p, now_us + 4 * p->S + p->T + n * p->F);
	if (!p->env->piece || (!mine && w->target != ANYBODY))
		return;
	if (timer_armed(&p->bulk.give.timer) ?
	    !bulk_same(&p->bulk.give_want, &w->bulk) :
	    p->sending && bulk_same(&p->bulk.give_want, &w->bulk))
		return;		/* it asks again; or that is the answer */
	bulk_keep(p, &w->bulk);
	p->bulk.give_until_us = now_us + GIVE_LIFE_US;
	if (!timer_armed(&p->bulk.give.timer))
		sync_arm(p, &p->bulk.give, now_us + wait +
			 (p->c.stream ? 0 : 50 * US_PER_MS));
}

/* ---- a frame ---- */

/* The one it belongs to, or the one that was heard longest ago. What came does
 * not age: the same bytes are sent again after hours. */
static struct sync_bulk_rx *bulk_rx(struct sync_port *p, uint32_t address,
				    const struct sync_events *e)
{
	struct sync_bulk_rx *oldest = &p->bulk.rx[0];

	for (unsigned i = 0; i < SYNC_BULK_RX_MAX; i++) {
		struct sync_bulk_rx *r = &p->bulk.rx[i];

		if (r->used && r->address == address &&
		    r->g.number == e->generation && r->g.k == e->k &&
		    r->g.piece_len == e->piece.n)
			return r;
		if (!r->used || (oldest->used && r->at_us < oldest->at_us))
			oldest = r;
	}
	oldest->used = true;
	oldest->address = address;
	oldest->seen = 0;
	generation_rx_init(&oldest->g, e);
	return oldest;
}

static enum sync_verdict bulk_whole(struct sync_port *p,
				    struct sync_bulk_rx *r, uint64_t now_us)
{
	uint8_t body[GENERATION_BODY_MAX];
	struct blob_piece piece;
	struct sync_fetch *f;
	uint64_t name48;
	size_t len;
	bool bad;

	r->used = false;
	if (generation_rx_body(&r->g, body, &len, &name48))
		return SYNC_BAD_BODY;
	f = sync_fetch_piece(p->env->fetches, name48, SPAN(body, len),
			     &piece, &bad);
	if (!f && !bad)
		return SYNC_DUPLICATE;	/* nobody here waits for it */
	if (!f) {
		p->count.bulk_false++;
		bulk_in_vain(p, now_us);
		return SYNC_BAD_BODY;
	}
	p->bulk.fetch[f - p->env->fetches->v] = (struct sync_bulk_fetch){
		.holder = r->address, .due_us = now_us };
	if (sync_fetch_has(f, piece.i))
		return SYNC_DUPLICATE;
	p->count.bulk_chunks++;
	f->port = p->c.number;
	f->port_us = now_us;
	p->env->take(p->env->ctx, f, &piece);
	return SYNC_TAKEN;
}

/* What I asked for comes; what I would give to anybody, another gives. */
static void bulk_heard(struct sync_port *p, const struct sync_events *e,
		       uint64_t now_us)
{
	const struct sync_want_bulk *w = &p->bulk.give_want;

	if (timer_armed(&p->bulk.give.timer) &&
	    bulk_number(w->hash, w->chunk) == e->generation)
		sync_disarm(p, &p->bulk.give);
	p->bulk.quiet_us = now_us + (e->end ? 0 : p->F * 13 / 10) +
		bulk_gap(p, now_us);
	if (p->env->fetches->n)
		sync_arm(p, &p->bulk.ask, p->bulk.quiet_us);
}

/* A frame that brings what was asked for nearer; of these there are at most
 * 32, and then the chunk shows whether they were true. */
static void bulk_answered(struct sync_port *p, const struct sync_events *e)
{
	const struct sync_fetch *f = bulk_fetch(p, p->bulk.asked);
	uint32_t chunk = f->used ? sync_fetch_next(f) : 0;

	if (p->bulk.asking && f->used &&
	    e->generation == bulk_number(f->hash, chunk) &&
	    e->k == bulk_k(f, chunk))
		p->bulk.asking = false;
}

enum sync_verdict sync_on_bulk(struct sync_port *p,
			       const struct sync_peer *peer,
			       const struct sync_events *e, uint64_t now_us)
{
	struct sync_bulk_rx *r;
	int added;

	if (!p->env->fetches)
		return SYNC_DUPLICATE;
	bulk_heard(p, e, now_us);
	if (!p->env->fetches->n)
		return SYNC_DUPLICATE;
	r = bulk_rx(p, peer->address, e);
	added = generation_rx_add(&r->g, e);
	if (added < 0)
		return SYNC_BAD_FRAME;
	r->at_us = now_us;
	if (e->index + 1U > r->seen)
		r->seen = (uint8_t)(e->index + 1);
	if (!generation_rx_complete(&r->g)) {
		if (added)
			bulk_answered(p, e);
		return added ? SYNC_TAKEN : SYNC_DUPLICATE;
	}
	return bulk_whole(p, r, now_us);
}

void sync_bulk_init(struct sync_port *p)
{
	p->bulk.ask.fire = bulk_ask_due;
	p->bulk.give.fire = bulk_give_due;
	p->bulk.ask.owner = p->bulk.give.owner = p;
}
