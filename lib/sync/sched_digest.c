/* SPDX-License-Identifier: MIT
 *
 * Digests, said and heard: rules 1, 3, 5, 6 (the offer), 11, 12 and 13 of
 * docs/protocol.md. The first word is the root alone; a syndrome is shown to
 * whoever differs, its size told by the difference of the event counts.
 */
#include "lib/sync/sched_port.h"

#define C_MIN 4
#define C_USUAL_MAX 16
#define PART_BITS_MAX 6
#define GREET_QUIET_US (60 * US_PER_S)

static unsigned digest_n1(const struct sync_port *p, uint64_t now_us)
{
	unsigned n = sync_n(p, now_us);

	return n ? n : 1;
}

/* ---- saying ---- */

static unsigned digest_sqrt_up(uint64_t v)
{
	unsigned r = 0;

	while (r < SYNDROME_C_MAX && (uint64_t)r * r < v)
		r++;
	return r;
}

/* The syndrome's size: 2 + sqrt of the largest difference of counts with a
 * neighbour that differs; twice what did not decode; 0 if nobody differs but
 * those whose root I passed through, since I know what they lack. */
static unsigned digest_pick_c(struct sync_port *p, uint64_t now_us)
{
	uint64_t mine = feed_event_count(p->env->feeds);
	uint64_t root = feed_root48(p->env->feeds), far = 0;
	unsigned c, failed = 0;
	bool any = false;

	for (unsigned i = 0; i < SYNC_PEERS_MAX; i++) {
		const struct sync_peer *q = &p->peers.v[i];
		uint64_t d = q->events > mine ? q->events - mine :
			mine - q->events;

		if (!q->used || !q->known ||
		    feed_history_find(p->env->feeds, q->root48) >= 0 ||
		    sync_peer_settled(q, q->root48, root, now_us))
			continue;
		any = true;
		if (d > far)
			far = d;
		if (q->failed_c > failed)
			failed = q->failed_c;
	}
	if (!any)
		return 0;
	c = 2 + digest_sqrt_up(far);
	c = c > C_USUAL_MAX ? C_USUAL_MAX : c < C_MIN ? C_MIN : c;
	if (2 * failed > c)
		c = 2 * failed;
	return c > SYNDROME_C_MAX ? SYNDROME_C_MAX : c;
}

/* c < 0: as large as it should be. */
void sync_say(struct sync_port *p, int c, bool answer, uint64_t now_us)
{
	struct sync_message m = { .type = SYNC_DIGEST };
	unsigned size = c < 0 ? digest_pick_c(p, now_us) : (unsigned)c;
	uint8_t bits = size ? p->part_bits : 0;

	p->part++;
	sync_sketch_make(p->env, &m.digest, size, bits,
			 p->part & ((1U << bits) - 1));
	m.digest.moved = p->moved;
	if (!sync_send(p, &m, answer, now_us))
		return;
	p->said = true;
	p->said_root = p->last_digest_root = m.digest.root48;
	p->last_digest_us = now_us;
	p->last_c = size;
	p->trickle.heard++;
	if (size)
		sync_want_drop(p);
}

/* ---- Trickle's word, and the cut vertex's (rules 1 and 12) ---- */

/* Is q beyond: heard with another root than mine, since mine is what it is? */
static bool digest_beyond(const struct sync_port *p, const struct sync_peer *q,
			  uint64_t root, uint64_t now_us)
{
	return q->known && q->root48 != root && q->root_us > p->moved_us &&
		!sync_peer_settled(q, q->root48, root, now_us);
}

/* My side suppresses me, but somebody beyond differs, or has not been heard
 * with my root which I have not said yet. */
static bool digest_unconfirmed(const struct sync_port *p, uint64_t now_us)
{
	uint64_t root = feed_root48(p->env->feeds);
	bool said = p->said && p->said_root == root;

	if (p->trickle.interval_us < 4 * sync_imin(p, now_us))
		return false;
	for (unsigned i = 0; i < SYNC_PEERS_MAX; i++) {
		const struct sync_peer *q = &p->peers.v[i];

		if (!sync_peer_live(q, now_us))
			continue;
		if (digest_beyond(p, q, root, now_us) ||
		    (!said && !(q->known && q->root48 == root)))
			return true;
	}
	return false;
}

/* In the hold-down the first word is a question: the own root may be one
 * that everybody has passed, and then nobody would say a word about it. */
static bool digest_ask_neighbour(struct sync_port *p, uint64_t now_us)
{
	struct sync_peer *last = NULL;

	for (unsigned i = 0; i < SYNC_PEERS_MAX; i++) {
		struct sync_peer *q = &p->peers.v[i];

		if (sync_peer_live(q, now_us) &&
		    (!last || q->heard_us > last->heard_us))
			last = q;
	}
	if (!last)
		return false;
	last->known = false;
	last->root48 = ~feed_root48(p->env->feeds);
	sync_want_root(p, last, now_us);
	return true;
}

void sync_trickle_fired(struct sync_port *p, uint64_t now_us)
{
	if (sync_engaged(p, now_us, false))
		return;
	if (p->env->holding(p->env->ctx) && digest_ask_neighbour(p, now_us))
		return;
	p->say_root = trickle_quiet(&p->trickle);
	if (!p->say_root || digest_unconfirmed(p, now_us))
		sync_arm(p, &p->say, now_us);
}

static void digest_say_due(struct sync_timer *t, uint64_t now_us)
{
	struct sync_port *p = t->owner;

	if (sync_gate(p, t, false, now_us))
		return;
	if (!p->say_root && trickle_quiet(&p->trickle))
		return;
	if (sync_engaged(p, now_us, true))
		return;
	sync_say(p, p->say_root ? 0 : -1, false, now_us);
}

/* ---- answers: a sketch (rules 3, 4), or the root as an offer (rule 6) ---- */

void sync_reply(struct sync_port *p, bool addressed, uint64_t now_us)
{
	unsigned n = digest_n1(p, now_us);
	uint64_t wait = 100 * US_PER_MS;

	if (timer_armed(&p->reply.timer))
		return;
	if (p->fails > 2 &&
	    now_us < p->last_digest_us + sync_imin(p, now_us))
		return;	/* undecodable again and again: Trickle's pace */
	if (!addressed) {
		sync_want_drop(p);
		if (n > 1)
			wait += 2 * p->S;
		wait += sync_random(p, p->S * 3 * (n > 1 ? 2 * n : 3) / 4);
	}
	p->reply_addressed = addressed;
	p->reply_offer = false;
	p->reply_since_us = now_us;
	sync_arm(p, &p->reply, now_us + wait);
}

void sync_reply_offer(struct sync_port *p, bool addressed, uint64_t now_us)
{
	if (timer_armed(&p->reply.timer))
		return;
	p->reply_addressed = addressed;
	p->reply_offer = true;
	p->reply_since_us = now_us;
	sync_arm(p, &p->reply, now_us + 100 * US_PER_MS + (addressed ? 0 :
		 sync_random(p, p->S * 3 * digest_n1(p, now_us) / 2)));
}

/* Somebody spoke for me since I thought of it, or I did just now. */
static bool digest_reply_stale(const struct sync_port *p, uint64_t now_us)
{
	if (p->equal_us > p->reply_since_us)
		return true;
	if (p->said && now_us < p->last_digest_us + 2 * p->F)
		return true;
	if (sync_rx_busy(p, now_us))
		return true;
	return !p->reply_offer && sync_engaged(p, now_us, true);
}

/* Who answers shows a sketch, whatever it thinks of its neighbours. */
static unsigned digest_sketch_c(struct sync_port *p, uint64_t now_us)
{
	unsigned c = digest_pick_c(p, now_us);

	return c ? c : C_MIN;
}

static void digest_reply_due(struct sync_timer *t, uint64_t now_us)
{
	struct sync_port *p = t->owner;

	if (sync_gate(p, t, true, now_us))
		return;
	if (p->reply_addressed ? sync_rx_open(p, now_us) :
	    digest_reply_stale(p, now_us))
		return;
	if (p->reply_offer)
		sync_say(p, 0, true, now_us);
	else
		sync_say(p, (int)digest_sketch_c(p, now_us), true, now_us);
}

/* ---- the root after news (rule 11), and to a newcomer (rule 13) ---- */

void sync_ack_arm(struct sync_port *p, uint64_t now_us)
{
	if (timer_armed(&p->ack.timer))
		return;
	sync_arm(p, &p->ack, now_us + p->T +
		 sync_spread(p, now_us) * 6 / 5 +
		 sync_random(p, 2 * p->S * digest_n1(p, now_us)));
}

static bool digest_more_expected(const struct sync_port *p, uint64_t now_us)
{
	for (unsigned i = 0; i < SYNC_RX_MAX; i++) {
		const struct sync_rx *r = &p->rx[i];

		if (r->used && r->more && !r->more_asked &&
		    now_us < r->at_us + 3 * p->F)
			return true;
	}
	return false;
}

static void digest_ack_due(struct sync_timer *t, uint64_t now_us)
{
	struct sync_port *p = t->owner;

	if (sync_gate(p, t, false, now_us))
		return;
	if (sync_rx_open(p, now_us) || digest_more_expected(p, now_us)) {
		sync_arm(p, t, now_us + p->F + sync_random(p, p->S));
		return;
	}
	if (p->trickle.heard ||
	    (p->said && p->said_root == feed_root48(p->env->feeds)))
		return;
	sync_say(p, 0, false, now_us);
}

void sync_greet_arm(struct sync_port *p, uint64_t now_us)
{
	if (timer_armed(&p->greet.timer) ||
	    p->trickle.interval_us < p->trickle.max_us / 4)
		return;
	sync_arm(p, &p->greet, now_us + 100 * US_PER_MS +
		 sync_random(p, 4 * p->S * digest_n1(p, now_us)));
}

static void digest_greet_due(struct sync_timer *t, uint64_t now_us)
{
	struct sync_port *p = t->owner;

	if (sync_gate(p, t, true, now_us))
		return;
	if (!p->said || now_us > p->last_digest_us + GREET_QUIET_US)
		sync_say(p, 0, true, now_us);
}

/* ---- hearing ---- */

static bool digest_is_own(const struct sync_port *p,
			  const struct sync_digest *d)
{
	if (d->root48 != feed_root48(p->env->feeds) ||
	    d->events != feed_event_count(p->env->feeds) ||
	    d->authors != feed_author_count(p->env->feeds))
		return false;
	return d->part_bits || memcmp(d->s, feed_syndrome(p->env->feeds),
				      2U * d->c * sizeof(d->s[0])) == 0;
}

static void digest_equal(struct sync_port *p, struct sync_peer *peer,
			 const struct sync_digest *d, uint64_t now_us)
{
	if (d->c)	/* the sketch that I would show is out */
		sync_want_drop(p);
	p->trickle.heard++;
	p->equal_us = now_us;
	p->futile = 0;
	peer->failed_c = peer->failures = peer->fruitless = 0;
	p->env->compared(p->env->ctx);
}

/* It holds more of the own feed than I: an old log, or a stolen key. */
static bool digest_wants_own(const struct sync_port *p,
			     const struct sync_difference *diff)
{
	for (unsigned i = 0; i < diff->want_n; i++)
		if (diff->want[i].alias == p->env->own_alias)
			return true;
	return false;
}

static void digest_decoded(struct sync_port *p, struct sync_peer *peer,
			   const struct sync_digest *d,
			   struct sync_difference *diff, uint64_t now_us)
{
	peer->failed_c = peer->failures = 0;
	p->fails = 0;
	if (!digest_wants_own(p, diff))
		p->env->compared(p->env->ctx);
	if (p->part_bits && diff->terms < d->c / 3)
		p->part_bits--;
	if (diff->odd || (!diff->want_n && !diff->give.n))
		sync_fruitless(p, peer, now_us);
	if (diff->want_n)
		sync_want_list(p, peer, diff, now_us);
	if (diff->give.n)
		sync_give(p, peer, &diff->give, now_us);
}

static void digest_undecodable(struct sync_port *p, struct sync_peer *peer,
			       const struct sync_digest *d, uint64_t now_us)
{
	p->count.undecodable++;
	peer->failed_c = d->c;
	if (p->fails < UINT8_MAX)
		p->fails++;
	if (peer->failures < UINT8_MAX)
		peer->failures++;
	if (d->c < SYNDROME_C_MAX)
		return;
	if (d->part_bits + 1 > p->part_bits && d->part_bits < PART_BITS_MAX)
		p->part_bits = d->part_bits + 1;
	else if (peer->failures > 2 * PART_BITS_MAX)
		sync_fruitless(p, peer, now_us);
}

/* A root that is not mine, and no (readable) sketch with it: rule 3. */
static void digest_ask(struct sync_port *p, struct sync_peer *peer,
		       const struct sync_digest *d, uint64_t now_us)
{
	bool ahead = d->events > feed_event_count(p->env->feeds);

	if (!ahead && d->events < feed_event_count(p->env->feeds) &&
	    sync_recently_served(p, now_us))
		return;	/* it will ask for what it misses */
	if (d->c)
		sync_reply(p, false, now_us);
	else if (ahead && !d->moved)
		sync_reply(p, false, now_us);
	else
		sync_want_root(p, peer, now_us);
}

void sync_on_digest(struct sync_port *p, struct sync_peer *peer,
		    const struct sync_digest *d, uint64_t now_us)
{
	uint64_t root = feed_root48(p->env->feeds);
	struct sync_difference diff;
	struct sync_needs since;

	if (!peer->known || peer->root48 != d->root48)
		peer->fruitless = 0;
	peer->known = true;
	peer->root48 = d->root48;
	peer->events = d->events;
	peer->root_us = now_us;
	if (digest_is_own(p, d)) {
		digest_equal(p, peer, d, now_us);
		return;
	}
	if (sync_peer_settled(peer, d->root48, root, now_us)) {
		p->trickle.heard++;
		return;
	}
	p->futile++;
	sync_trickle_reset(p, now_us);
	if (sync_since(p, d->root48, &since)) {
		p->env->compared(p->env->ctx);
		sync_give(p, peer, &since, now_us);
		return;
	}
	if (d->c && sync_sketch_decode(p, d, &diff)) {
		digest_decoded(p, peer, d, &diff, now_us);
		return;
	}
	if (d->c)
		digest_undecodable(p, peer, d, now_us);
	digest_ask(p, peer, d, now_us);
}

void sync_digest_init(struct sync_port *p)
{
	p->say.fire = digest_say_due;
	p->reply.fire = digest_reply_due;
	p->ack.fire = digest_ack_due;
	p->greet.fire = digest_greet_due;
	p->say.owner = p->reply.owner = p->ack.owner = p->greet.owner = p;
}
