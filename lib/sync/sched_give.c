/* SPDX-License-Identifier: MIT
 *
 * Giving: from "that station lacks this" to a generation on the air, and the
 * parity that is asked for after it (rules 4, 6, 7, 9).
 *
 * Credit: a push is bought by one digest or WANT, and holds one generation;
 * the next needs a request that names it (`more`). So a forged frame costs
 * at most one generation, out of the port's budget for answers.
 */
#include "lib/sync/sched_port.h"

#define GIVE_TRIES 3
#define PARITY_THRESHOLD 0.5
#define PARITY_AHEAD_MAX 3	/* two bits in the EVENTS head */
#define GIVE_HIDDEN_K 7
#define GIVE_HIDDEN_PIECE 200

/* ---- what was on the air lately ---- */

void sync_onair(struct sync_port *p, uint32_t slot, uint64_t to,
		uint64_t now_us)
{
	unsigned at = slot % SYNC_ONAIR_MAX;

	p->onair[at].slot = slot;
	p->onair[at].to = to;
	p->onair[at].at_us = now_us;
}

bool sync_was_onair(const struct sync_port *p, uint32_t slot, uint64_t to,
		    uint64_t now_us)
{
	unsigned at = slot % SYNC_ONAIR_MAX;

	return p->onair[at].at_us && p->onair[at].slot == slot &&
		p->onair[at].to >= to &&
		now_us < p->onair[at].at_us + SYNC_HOLD_US;
}

static const struct sync_tx *give_last(const struct sync_port *p)
{
	const struct sync_tx *g =
		&p->tx[(p->tx_next + SYNC_TX_MAX - 1) % SYNC_TX_MAX];

	return g->used ? g : NULL;
}

/* A generation of mine is so young that its receivers still ask for parity. */
bool sync_recently_served(const struct sync_port *p, uint64_t now_us)
{
	const struct sync_tx *g = give_last(p);

	return g && now_us < g->at_us + SYNC_HOLD_US + g->g.k * p->F;
}

/* within_us = 0: while it is on the air or just after. */
void sync_needs_drop_served(struct sync_port *p, struct sync_needs *needs,
			    uint64_t within_us, uint64_t now_us)
{
	const struct sync_tx *g = give_last(p);
	unsigned kept = 0;

	if (!g)
		return;
	if (within_us ? now_us >= g->at_us + within_us + g->g.k * p->F :
	    !(p->sending && p->burst_n) &&
	    now_us >= p->sent_us + 2 * p->S + p->F / 2)
		return;
	for (unsigned i = 0; i < needs->n; i++)
		if (!sync_needs_find(&g->holds, needs->v[i].slot) &&
		    !sync_needs_find(&g->rest, needs->v[i].slot))
			needs->v[kept++] = needs->v[i];
	needs->n = kept;
}

/* ---- deciding to give ---- */

void sync_since_step(struct sync_port *p, uint64_t at, struct sync_needs *out)
{
	struct feed_step step;

	out->n = 0;
	for (; feed_history_step(p->env->feeds, at, &step); at++)
		sync_needs_add(out, step.slot, step.from, step.to);
}

bool sync_since(struct sync_port *p, uint64_t root48, struct sync_needs *out)
{
	int64_t at = feed_history_find(p->env->feeds, root48);

	out->n = 0;
	if (at < 0)
		return false;
	sync_since_step(p, (uint64_t)at, out);
	return true;
}

/* Another neighbour is known to hold as much as I: it may answer too. */
static bool give_rivals(const struct sync_port *p,
			const struct sync_peer *peer, uint64_t now_us)
{
	uint64_t mine = feed_event_count(p->env->feeds);

	for (unsigned i = 0; i < SYNC_PEERS_MAX; i++) {
		const struct sync_peer *q = &p->peers.v[i];

		if (q != peer && q->known && q->events >= mine &&
		    sync_peer_live(q, now_us))
			return true;
	}
	return false;
}

/* It got all that before, and shows the same root again: it cannot or will
 * not take it. (What was only lost it asks for.) */
static bool give_in_vain(struct sync_port *p, struct sync_peer *peer,
			 uint64_t now_us)
{
	sync_peer_pair(peer, feed_root48(p->env->feeds));
	if (peer->given++ < GIVE_TRIES)
		return false;
	peer->given = GIVE_TRIES - 1;
	sync_fruitless(p, peer, now_us);
	return true;
}

bool sync_sendable(const struct sync_port *p, const struct sync_need *v)
{
	const struct sync_env *env = p->env;
	struct event first;

	if (!env->may_send(env->ctx, p->c.number, v->slot))
		return false;
	return v->from >= v->to ||
		env->store->event(env->store->ctx, v->slot, v->from + 1,
				  &first) ||
		env->pass(env->ctx, p->c.number, v->slot, &first) !=
			SYNC_PASS_NOT;
}

bool sync_kept(struct sync_port *p, struct sync_peer *peer,
	       struct sync_needs *needs)
{
	unsigned n = needs->n, left = 0;

	for (unsigned i = 0; i < n; i++)
		if (sync_sendable(p, &needs->v[i]))
			needs->v[left++] = needs->v[i];
	needs->n = left;
	if (left || !n)
		return false;
	sync_peer_settle(peer, feed_root48(p->env->feeds), TIME_NEVER);
	return true;
}

void sync_give(struct sync_port *p, struct sync_peer *peer,
	       struct sync_needs *needs, uint64_t now_us)
{
	unsigned kept = 0;

	if (sync_kept(p, peer, needs))
		return;
	if (p->want && !p->want_list && p->want_address == peer->address)
		sync_want_drop(p);
	for (unsigned i = 0; i < needs->n; i++)
		if (!sync_was_onair(p, needs->v[i].slot, needs->v[i].to,
				    now_us))
			needs->v[kept++] = needs->v[i];
	needs->n = kept;
	sync_needs_drop_served(p, needs, SYNC_HOLD_US, now_us);
	if (!needs->n)
		return;
	if (give_in_vain(p, peer, now_us) || !sync_may_give(p, peer, now_us))
		return;
	/* a root is easily said, by anybody: who is known, or asks, gets more */
	if (sync_made_up(p, peer, now_us))
		return;
	if (!sync_trusting(p, now_us))	/* nor will it ask: it trusts nobody */
		sync_push_add(p, needs, 100 * US_PER_MS + sync_random(p,
			      2 * p->S * sync_n(p, now_us)), now_us);
	else if (now_us >= peer->asked_us && (give_rivals(p, peer, now_us) ||
		 (!peer->proven && sync_n(p, now_us) > 1)))
		sync_reply_offer(p, false, now_us);
	else
		sync_push_add(p, needs, 100 * US_PER_MS +
			      sync_random(p, 300 * US_PER_MS), now_us);
}

void sync_push_add(struct sync_port *p, const struct sync_needs *needs,
		   uint64_t delay_us, uint64_t now_us)
{
	if (!p->on)
		return;
	sync_needs_add_all(&p->push, needs);
	if (!p->push.n || p->push_due || (p->sending && p->burst_n))
		return;
	p->push_due = true;
	sync_arm(p, &p->push_timer, now_us + delay_us);
}

/* ---- how many pieces, and parity ahead (rule 7) ---- */

static size_t give_on_air(const struct sync_port *p, size_t piece)
{
	return p->c.overhead + SYNC_EVENTS_HEAD + piece;
}

/* The chance that a receiver misses at most r of m frames. */
static double give_enough(unsigned m, unsigned r, double loss)
{
	double term = 1, sum;

	for (unsigned i = 0; i < m; i++)
		term *= 1 - loss;
	sum = term;
	for (unsigned j = 1; j <= r; j++) {
		term *= (double)(m - j + 1) / j * loss / (1 - loss);
		sum += term;
	}
	return sum;
}

/* The loss that was told is of full frames; shorter ones lose less. */
static double give_loss(const struct sync_port *p, size_t piece)
{
	return p->loss_permille / 1000.0 *
		(double)give_on_air(p, piece) /
		(double)give_on_air(p, GENERATION_PIECE_MAX);
}

/* Those that there are: names that are made up lose nothing. */
static unsigned give_receivers(const struct sync_port *p, uint64_t now_us)
{
	return sync_names_made_up(p, now_us) ?
		(unsigned)__builtin_popcountll(sync_cover_live(p, now_us)) :
		sync_n(p, now_us);
}

static unsigned give_parity_ahead(const struct sync_port *p, unsigned k,
				  size_t piece, uint64_t now_us)
{
	unsigned n = give_receivers(p, now_us), r;
	double loss = give_loss(p, piece);

	if (n < 3)
		return 0;
	if (sync_hidden(p, now_us))	/* what is lost there collided */
		return k >= 3;
	for (r = 0; r < PARITY_AHEAD_MAX && r < k; r++) {
		double one = give_enough(k + r, r, loss), all = 1;

		for (unsigned i = 0; i < n; i++)
			all *= one;
		if (1 - all < PARITY_THRESHOLD)
			break;
	}
	return r;
}

/* How long the pieces of a body are to be. Many receivers lose different
 * frames: the shorter these are, the less is sent again for all. */
static size_t give_piece(const struct sync_port *p, size_t len,
			 uint64_t now_us)
{
	static const size_t choice[] = { GENERATION_PIECE_MAX, 200, 160, 125 };
	size_t best = GENERATION_PIECE_MAX, least = SIZE_MAX;

	if (sync_n(p, now_us) < 3)
		return best;
	if (sync_hidden(p, now_us))
		return GIVE_HIDDEN_PIECE;
	for (size_t i = 0; i < sizeof(choice) / sizeof(choice[0]); i++) {
		size_t k = generation_pieces(len, choice[i]);
		size_t cost = (k + give_parity_ahead(p, (unsigned)k, choice[i],
						     now_us)) *
			give_on_air(p, (len + GENERATION_ROOT_SIZE) / k);

		if (k <= GENERATION_K_MAX && cost < least) {
			least = cost;
			best = choice[i];
		}
	}
	return best;
}

/* ---- a new generation ---- */

/* Everything is packed up to what stands now; a range that is empty stands
 * for the proof of a fork alone. */
static void give_to_heads(struct sync_port *p)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < p->push.n; i++) {
		struct sync_need *v = &p->push.v[i];
		const struct feed *f = feed_at(p->env->feeds, v->slot);

		v->to = f->head;
		if ((v->to > v->from || f->forked) && sync_sendable(p, v))
			p->push.v[kept++] = *v;
	}
	p->push.n = kept;
}

static int give_body(struct sync_port *p, struct sync_tx *g, size_t cap,
		     uint8_t *body)
{
	return sync_pack_body(p->env, p->c.number, sync_coder(p), &p->push,
			      &p->turn, &g->holds, &g->rest, body,
			      cap - GENERATION_ROOT_SIZE);
}

/* Packs p->push into a generation. NULL if there is nothing to send. */
static struct sync_tx *give_pack(struct sync_port *p, uint64_t now_us)
{
	struct sync_tx *g = &p->tx[p->tx_next];
	uint8_t body[GENERATION_BODY_MAX];
	int len = 0;

	give_to_heads(p);
	/* among hidden stations one key-up, parity included, unless what is
	 * first does not fit into one */
	if (sync_hidden(p, now_us))
		len = give_body(p, g, GIVE_HIDDEN_K * GIVE_HIDDEN_PIECE, body);
	if (len <= 0)
		len = give_body(p, g, GENERATION_BODY_MAX, body);
	p->push.n = 0;
	if (len <= 0)
		return NULL;
	if (generation_init(&g->g, ++p->generation, SPAN(body, (size_t)len),
			    feed_root48(p->env->feeds),
			    give_piece(p, (size_t)len, now_us)))
		return NULL;
	g->used = true;
	g->at_us = now_us;
	g->more = g->rest.n > 0 && !sync_hidden(p, now_us);
	g->go = g->gone_on = g->due = false;
	g->needed = g->parity_sent = 0;
	p->tx_next = (p->tx_next + 1) % SYNC_TX_MAX;
	p->count.generations_sent++;
	sync_estimate_coded(p, sync_needs_events(&g->holds),
			    g->g.k * (size_t)g->g.piece_len);
	return g;
}

static void give_aired(struct sync_port *p, const struct sync_need *v,
		       uint64_t now_us)
{
	sync_onair(p, v->slot, v->to, now_us + 12 * US_PER_S);
	sync_news_aired(p, v->slot, v->to);
	sync_lacks_served(p, v->slot, v->to, UINT64_MAX);
}

static void give_generation(struct sync_port *p, uint64_t now_us)
{
	unsigned at = p->tx_next, ahead;
	struct sync_tx *g = give_pack(p, now_us);

	if (!g)
		return;
	for (unsigned i = 0; i < g->holds.n; i++)
		give_aired(p, &g->holds.v[i], now_us);
	ahead = give_parity_ahead(p, g->g.k, g->g.piece_len, now_us);
	for (unsigned i = 0; i < g->g.k + ahead; i++)
		sync_burst_add(p, at, i, ahead);
	g->parity_sent = (uint8_t)ahead;
}

static void give_push_due(struct sync_timer *t, uint64_t now_us)
{
	struct sync_port *p = t->owner;

	if (sync_gate(p, t, true, now_us))
		return;
	p->push_due = false;
	give_generation(p, now_us);
	sync_burst_start(p, now_us);
}

/* ---- being asked for parity (rules 8, 9) ---- */

static struct sync_tx *give_find(struct sync_port *p, uint8_t number)
{
	for (unsigned i = 0; i < SYNC_TX_MAX; i++)
		if (p->tx[i].used && p->tx[i].g.number == number)
			return &p->tx[i];
	return NULL;
}

/* As of full frames. */
static void give_learn_loss(struct sync_port *p, unsigned loss_256,
			    size_t piece)
{
	size_t full = give_on_air(p, GENERATION_PIECE_MAX);
	size_t permille = loss_256 * 1000U * full / give_on_air(p, piece) /
		256;

	if (permille > 999)
		permille = 999;
	p->loss_permille = (unsigned)(7 * p->loss_permille +
				      3 * permille) / 10;
}

/* Whoever collects it has forgotten it by now. */
static bool give_wanted_still(const struct sync_port *p,
			      const struct sync_tx *g, uint64_t now_us)
{
	return now_us < g->at_us + SYNC_RX_LIFE_US + g->g.k * p->F;
}

void sync_on_request(struct sync_port *p, const struct sync_want *w,
		     uint64_t now_us)
{
	uint64_t wait = 50 * US_PER_MS, spread = sync_spread(p, now_us);
	bool due = false;

	for (unsigned i = 0; i < w->n; i++) {
		struct sync_tx *g = give_find(p, w->parity[i].generation);
		unsigned needed = w->parity[i].needed;

		if (!g || !give_wanted_still(p, g, now_us))
			continue;
		if (needed >= g->g.k)	/* who knows of it has one */
			needed = g->g.k - 1U;
		g->go |= w->parity[i].more;
		g->due = due = true;
		if (needed > g->needed)
			g->needed = (uint8_t)needed;
		give_learn_loss(p, w->parity[i].loss, g->g.piece_len);
	}
	if (!due || timer_armed(&p->repair.timer))
		return;
	if (sync_n(p, now_us) > 1)
		wait += spread < 2 * p->S ? spread : 2 * p->S;
	sync_arm(p, &p->repair, now_us + wait);
}

/* What a generation's requests may cost in all: of a long one as much again,
 * but among hidden stations, where others give it, too. */
static unsigned give_rows_max(const struct sync_port *p, unsigned k,
			      uint64_t now_us)
{
	return k < 4 || sync_hidden(p, now_us) ? k + 4 : 2 * k;
}

/* The parity asked for, never more than its credit. */
static void give_parity(struct sync_port *p, unsigned at, uint64_t now_us)
{
	struct sync_tx *g = &p->tx[at];

	if (g->needed)
		g->at_us = now_us;
	for (; g->needed; g->needed--) {
		unsigned index = g->g.k + g->parity_sent;

		if (g->parity_sent >= give_rows_max(p, g->g.k, now_us) ||
		    index > GENERATION_INDEX_MAX)
			break;
		g->parity_sent++;
		p->count.parity_sent++;
		sync_burst_add(p, at, index, 0);
	}
	g->needed = 0;
}

static void give_repair_due(struct sync_timer *t, uint64_t now_us)
{
	struct sync_port *p = t->owner;
	struct sync_tx *next = NULL;

	if (sync_gate(p, t, true, now_us))
		return;
	for (unsigned i = 0; i < SYNC_TX_MAX; i++) {
		struct sync_tx *g = &p->tx[(p->tx_next + i) % SYNC_TX_MAX];

		if (!g->used || !g->due)
			continue;
		g->due = false;
		give_parity(p, (unsigned)(g - p->tx), now_us);
		if (g->more && g->go && !g->gone_on)
			next = g;
	}
	if (next) {	/* the credit: one further generation */
		next->gone_on = true;
		sync_needs_add_all(&p->push, &next->rest);
		give_generation(p, now_us);
	}
	sync_burst_start(p, now_us);
}

void sync_give_init(struct sync_port *p)
{
	p->push_timer.fire = give_push_due;
	p->repair.fire = give_repair_due;
	p->push_timer.owner = p->repair.owner = p;
}
