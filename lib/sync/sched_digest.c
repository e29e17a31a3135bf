/* SPDX-License-Identifier: MIT
 *
 * Digests, said and heard: rules 1, 3, 5, 6 (the offer), 11, 12 and 13 of
 * docs/protocol.md. The first word is the root alone; a syndrome is shown to
 * whoever differs, its size told by the difference of the event counts.
 */
#include "lib/sync/sched_port.h"

#define C_MIN 4
#define C_USUAL_MAX 16
#define C_HIDDEN_MIN 8
#define PARTS_AT_ONCE 4
#define PART_BITS_MAX 7
#define OVERDUE_US (1800 * US_PER_S)
#define GREET_QUIET_US (60 * US_PER_S)
#define NEWS_FIRST_US (60 * US_PER_S)

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

/* From the difference of the event counts. Where stations are hidden from each
 * other both sides have news, and each round costs more than its bytes. */
static unsigned digest_c(uint64_t far, bool hidden)
{
	unsigned c = 2 + digest_sqrt_up(far);

	if (hidden)
		return far > 2 * (SYNDROME_C_MAX - C_HIDDEN_MIN) ?
			SYNDROME_C_MAX : C_HIDDEN_MIN + (unsigned)far / 2;
	return c > C_USUAL_MAX ? C_USUAL_MAX : c < C_MIN ? C_MIN : c;
}

/* How many authors may differ: most are held by both, but two stations that
 * never met may share none, and a sketch that did not decode says so. Who says
 * that he holds many more than I may lie, or can show them himself. */
static uint64_t digest_authors(struct sync_port *p, const struct sync_peer *q,
			       uint64_t now_us)
{
	uint64_t mine = feed_author_count(p->env->feeds);
	uint64_t his = q->authors < mine + C_MIN ? q->authors : mine + C_MIN;
	uint64_t sum = mine + his;
	uint64_t most = his > mine ? his : mine;

	/* where somebody lies, no more than one that I can check */
	if (!sync_trusting(p, now_us) && sum > mine + C_MIN)
		sum = mine + C_MIN;
	if (q->differ || sum <= C_MIN)
		return sum + sum / 7U;
	return most > C_MIN ? most : C_MIN;
}

/* As many authors as the last sketches told of, or a guess. */
static unsigned digest_c_for(const struct sync_port *p,
			     const struct sync_peer *q, uint64_t now_us)
{
	uint64_t mine = feed_event_count(p->env->feeds);
	uint64_t far = q->events > mine ? q->events - mine : mine - q->events;

	if (q->differ)
		return q->differ + q->differ / 7U + 2;
	return digest_c(far, sync_hidden(p, now_us));
}

/* The sketch for a neighbour; larger, and then in parts, after sketches that
 * did not decode, but never for more authors than there are. */
static struct sync_shape digest_shape(struct sync_port *p,
				      const struct sync_peer *q,
				      uint64_t now_us)
{
	unsigned most = (unsigned)digest_authors(p, q, now_us);
	unsigned c = digest_c_for(p, q, now_us), part_bits = 0;

	if (c > most)
		c = most;
	while (c > SYNDROME_C_MAX && part_bits < PART_BITS_MAX) {
		c = c / 2 + 2;
		part_bits++;
	}
	if (c > SYNDROME_C_MAX)
		c = SYNDROME_C_MAX;
	return (struct sync_shape){ (uint8_t)c, (uint8_t)part_bits,
				    q->decoded };
}

/* The sketch for whoever differs most; none if nobody differs but those whose
 * root I passed through, since I know what they lack. Where somebody lies, for
 * whoever differs least: lies are large, or buy little. */
static struct sync_shape digest_shape_for_all(struct sync_port *p,
					      uint64_t now_us)
{
	uint64_t root = feed_root48(p->env->feeds);
	struct sync_shape best = { 0 }, s;
	bool trusting = sync_trusting(p, now_us);

	for (unsigned i = 0; i < SYNC_PEERS_MAX; i++) {
		const struct sync_peer *q = &p->peers.v[i];

		if (!sync_peer_live(q, now_us) || !q->known ||
		    (q->once && !trusting) ||
		    (!q->again && !sync_beyond(p, now_us)) ||
		    feed_history_find(p->env->feeds, q->root48) >= 0 ||
		    sync_peer_settled(q, q->root48, root, now_us))
			continue;
		s = digest_shape(p, q, now_us);
		if (!best.c || (trusting ?
		    s.part_bits > best.part_bits || s.c > best.c :
		    s.part_bits < best.part_bits || s.c < best.c))
			best = s;
	}
	return best;
}

/* Somebody differs, and no sketch was shown for long: whatever holds me back,
 * others' offers, their wants, what they say of each other, anybody can forge. */
static bool digest_overdue(struct sync_port *p, uint64_t now_us)
{
	uint64_t from = p->sketch_us > p->since_us ? p->sketch_us :
		p->since_us;

	if (sync_beyond(p, now_us))	/* one is soon out of date there */
		from += OVERDUE_US / 2;
	return now_us > from + OVERDUE_US / 2 &&
		digest_shape_for_all(p, now_us).c;
}

static void digest_said(struct sync_port *p, struct sync_shape shape,
			uint64_t now_us)
{
	p->said = true;
	p->said_root = p->last_digest_root = feed_root48(p->env->feeds);
	p->last_digest_us = now_us;
	p->last_shape = shape;
	p->trickle.heard++;
	if (!shape.c)
		return;
	p->sketch_us = now_us;
	sync_want_drop(p);
}

/* A root alone (c = 0), a sketch, or up to four parts of one. */
static void digest_say(struct sync_port *p, struct sync_shape shape,
		       bool answer, uint64_t now_us)
{
	struct sync_message m[PARTS_AT_ONCE];
	unsigned parts = 1U << shape.part_bits;
	unsigned n = parts < PARTS_AT_ONCE ? parts : PARTS_AT_ONCE;

	if (!shape.proven && n > 2)	/* 31 forged bytes, no kilobyte */
		n = 2;
	for (unsigned i = 0; i < n; i++) {
		m[i].type = SYNC_DIGEST;
		sync_sketch_make(p->env, &m[i].digest, shape.c,
				 shape.part_bits,
				 (uint8_t)(p->part++ & (parts - 1)));
		m[i].digest.moved = p->moved;
	}
	if (sync_send(p, m, n, answer, now_us))
		digest_said(p, shape, now_us);
}

static void digest_say_root(struct sync_port *p, bool answer, uint64_t now_us)
{
	digest_say(p, (struct sync_shape){ 0 }, answer, now_us);
}

/* By Trickle a sketch is shown once (whoever cannot read it asks), and none
 * while I have news: it would be out of date at once. */
static void digest_say_trickle(struct sync_port *p, uint64_t now_us)
{
	struct sync_shape s = digest_shape_for_all(p, now_us);

	if (p->news.n)
		s = (struct sync_shape){ 0 };
	if (p->said && p->last_digest_root == feed_root48(p->env->feeds) &&
	    p->last_shape.c >= s.c && p->last_shape.part_bits >= s.part_bits)
		s = (struct sync_shape){ 0 };
	digest_say(p, s, false, now_us);
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
 * that everybody has passed, and then nobody would say a word about it. It goes
 * to whoever was heard last, be it long ago, and left no question open. */
static bool digest_ask_neighbour(struct sync_port *p, uint64_t now_us)
{
	uint64_t root = feed_root48(p->env->feeds);
	struct sync_peer *last = NULL;

	for (unsigned i = 0; i < SYNC_PEERS_MAX; i++) {
		struct sync_peer *q = &p->peers.v[i];

		if (q->used && !sync_peer_settled(q, ~root, root, now_us) &&
		    (!last || q->heard_us > last->heard_us))
			last = q;
	}
	if (!last)
		return false;
	last->known = false;
	last->root48 = ~root;
	sync_want_root(p, last, now_us);
	return true;
}

void sync_trickle_fired(struct sync_port *p, uint64_t now_us)
{
	if (digest_overdue(p, now_us)) {
		p->say_root = false;
		sync_arm(p, &p->say, now_us);
		return;
	}
	if (sync_engaged(p, now_us, false) || sync_news_flow(p, now_us))
		return;
	if (sync_hidden(p, now_us) && (sync_lacks_wish(p, now_us) ||
	    now_us < p->rx_frame_us + 21 * p->F)) {
		/* what flows tells more than a digest: put off, not given up */
		p->trickle.interval_us = sync_imin(p, now_us) / 2;
		sync_news_contend(p, now_us);
		return;
	}
	if (p->env->holding(p->env->ctx) && digest_ask_neighbour(p, now_us))
		return;
	p->say_root = trickle_quiet(&p->trickle);
	if (!p->say_root || digest_unconfirmed(p, now_us))
		sync_arm(p, &p->say, now_us);
}

/* Who hears a root with news in it before these asks for them, and so does
 * everybody else: first the news. */
static bool digest_news_first(const struct sync_port *p, uint64_t now_us)
{
	return sync_news_few(p) && sync_n(p, now_us) && !sync_hidden(p, now_us) &&
		now_us < p->moved_us + NEWS_FIRST_US;
}

static void digest_say_due(struct sync_timer *t, uint64_t now_us)
{
	struct sync_port *p = t->owner;
	bool overdue;

	if (sync_gate(p, t, false, now_us) || digest_news_first(p, now_us))
		return;
	overdue = digest_overdue(p, now_us);
	if (!overdue && ((!p->say_root && trickle_quiet(&p->trickle)) ||
			 sync_engaged(p, now_us, true)))
		return;
	if (overdue)
		digest_say(p, digest_shape_for_all(p, now_us), false, now_us);
	else if (p->say_root)
		digest_say_root(p, false, now_us);
	else
		digest_say_trickle(p, now_us);
}

/* ---- answers: a sketch (rules 3, 4), or the root as an offer (rule 6) ---- */

void sync_reply(struct sync_port *p, struct sync_peer *peer, bool addressed,
		uint64_t now_us)
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
	p->reply_address = peer->address;
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
static void digest_show(struct sync_port *p, uint64_t now_us)
{
	struct sync_peer *peer = sync_peer_find(&p->peers, p->reply_address);

	struct sync_shape s;

	if (!peer)
		return;
	s = digest_shape(p, peer, now_us);
	if (!s.part_bits && p->reply_addressed)
		sync_peer_shown(peer, feed_root48(p->env->feeds), s.c);
	digest_say(p, s, true, now_us);
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
		digest_say_root(p, true, now_us);
	else
		digest_show(p, now_us);
}

/* ---- the root after news (rule 11), and to a newcomer (rule 13) ---- */

void sync_ack_arm(struct sync_port *p, uint64_t now_us)
{
	if (timer_armed(&p->ack.timer) || sync_hidden(p, now_us) ||
	    sync_wary(p, now_us))
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
	if (sync_rx_open(p, now_us) || digest_more_expected(p, now_us) ||
	    sync_news_flow(p, now_us) || (p->news.n && sync_n(p, now_us))) {
		sync_arm(p, t, now_us + p->F + sync_random(p, p->S));
		return;
	}
	if (p->trickle.heard ||
	    (p->said && p->said_root == feed_root48(p->env->feeds)))
		return;
	digest_say_root(p, false, now_us);
}

/* On a stream a newcomer is always told: a word costs next to nothing there, and
 * equal roots would keep both from hearing each other for minutes. */
void sync_greet_arm(struct sync_port *p, uint64_t now_us)
{
	if (timer_armed(&p->greet.timer) || sync_names_made_up(p, now_us))
		return;
	if (!p->c.stream && p->trickle.interval_us < p->trickle.max_us / 4)
		return;
	sync_arm(p, &p->greet, now_us + 100 * US_PER_MS +
		 sync_random(p, 4 * p->S * digest_n1(p, now_us)));
}

static void digest_greet_due(struct sync_timer *t, uint64_t now_us)
{
	struct sync_port *p = t->owner;

	if (sync_gate(p, t, true, now_us))
		return;
	if (!p->said || p->c.stream ||
	    now_us > p->last_digest_us + GREET_QUIET_US)
		digest_say_root(p, true, now_us);
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
	static const struct sync_needs none;

	if (d->c)	/* the sketch that I would show is out ... */
		sync_want_drop(p);
	if (d->c && !sync_beyond(p, now_us))	/* ... for all of mine */
		p->sketch_us = now_us;
	sync_lacks_exact(p, peer, &none, 0, 0);
	p->trickle.heard++;
	p->equal_us = now_us;
	p->futile = 0;
	peer->fruitless = 0;
	peer->differ = 0;
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

/* Among hidden stations nothing is sent at once: who lacks it is noted, and
 * then the right to speak is contended for (rule 14). */
static void digest_lacks(struct sync_port *p, struct sync_peer *peer,
			 const struct sync_needs *needs,
			 const struct sync_digest *d, uint64_t now_us)
{
	if (peer->offer_failed)
		peer->offer_failed /= 2;	/* it is alive */
	sync_lacks_exact(p, peer, needs, d->part_bits, d->part);
	sync_news_contend(p, now_us);
}

static void digest_decoded(struct sync_port *p, struct sync_peer *peer,
			   const struct sync_digest *d,
			   struct sync_difference *diff, uint64_t now_us)
{
	p->fails = 0;
	peer->differ = diff->terms || !d->part_bits ?
		diff->terms << d->part_bits : peer->differ / 2;
	peer->decoded = peer->proven = true;
	sync_estimate_told(p, peer, d, diff);
	if (!digest_wants_own(p, diff))
		p->env->compared(p->env->ctx);
	if (diff->odd || (!diff->want_n && !diff->give.n && !d->part_bits))
		sync_fruitless(p, peer, now_us);
	if (diff->want_n)
		sync_want_list(p, peer, diff, now_us);
	if (sync_hidden(p, now_us))
		digest_lacks(p, peer, &diff->give, d, now_us);
	else if (diff->give.n)
		sync_give(p, peer, &diff->give, now_us);
}

static void digest_undecodable(struct sync_port *p, struct sync_peer *peer,
			       const struct sync_digest *d)
{
	p->count.undecodable++;
	if (p->fails < UINT8_MAX)
		p->fails++;
	sync_peer_doubt(peer, (unsigned)d->c << d->part_bits);
}

/* A root that is not mine, and no (readable) sketch with it: rule 3. */
static void digest_ask(struct sync_port *p, struct sync_peer *peer,
		       const struct sync_digest *d, uint64_t now_us)
{
	bool ahead = d->events > feed_event_count(p->env->feeds);

	if (p->news.n || sync_news_flow(p, now_us))
		return;	/* first what nobody has, from whoever has it */
	if (!ahead && d->events < feed_event_count(p->env->feeds) &&
	    sync_recently_served(p, now_us))
		return;	/* it will ask for what it misses */
	if (d->c && sync_hidden(p, now_us) &&
	    now_us < p->rx_frame_us + 21 * p->F)
		return;	/* data flows: the difference is another soon */
	if (sync_hidden(p, now_us) && !d->c && !ahead)
		return;	/* it will hear mine, and ask */
	if (sync_wary(p, now_us) && d->events < feed_event_count(p->env->feeds))
		return;	/* and so it will here */
	if (!d->c && (sync_hidden(p, now_us) || !ahead || d->moved))
		sync_want_root(p, peer, now_us);
	else if ((peer->again || !sync_wary(p, now_us)) &&
		 sync_dare(p, peer, &p->asks, now_us))
		sync_reply(p, peer, false, now_us);
}

void sync_on_digest(struct sync_port *p, struct sync_peer *peer,
		    const struct sync_digest *d, uint64_t now_us)
{
	uint64_t root = feed_root48(p->env->feeds);
	struct sync_difference diff;
	struct sync_needs since;
	bool credible = sync_credible_digest(p, peer, d->root48,
					     now_us);
	bool back = d->moved && !sync_reached(p, peer, d->root48);

	if (!d->moved)		/* it came up lately: its log may lack some */
		peer->reached = 0;
	peer->again = peer->known && peer->root48 == d->root48;
	if (!peer->again)
		peer->fruitless = 0;
	peer->known = true;
	peer->root48 = d->root48;
	peer->events = d->events;
	peer->authors = d->authors;
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
	if (back)
		return;
	if (peer->proven && peer->offer_failed > SYNC_OFFER_FAILED_MAX)
		peer->offer_failed = SYNC_OFFER_FAILED_MAX; /* alive: one more */
	if (!credible)
		return;
	sync_trickle_reset(p, now_us);
	if (sync_since(p, d->root48, &since)) {
		p->env->compared(p->env->ctx);
		if (sync_hidden(p, now_us))
			digest_lacks(p, peer, &since, d, now_us);
		else
			sync_give(p, peer, &since, now_us);
		return;
	}
	if (d->c && sync_sketch_decode(p, d, &diff)) {
		digest_decoded(p, peer, d, &diff, now_us);
		return;
	}
	if (d->c)
		digest_undecodable(p, peer, d);
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
