/* SPDX-License-Identifier: MIT
 *
 * Who lacks what, where stations are hidden from each other: for each author
 * a range of events and the neighbours that are presumed to lack them.
 *
 *   taken in from v  -->  lacked by the neighbours that v does not reach
 *   sent, or heard from v  -->  no more by those that I, that v reaches
 *   a digest of u  -->  exactly what u lacks
 *
 * Whom v reaches is told by lists: stations say whom they hear, with each offer,
 * so that who hears the data after it knows who does not. Without any list v is
 * believed to reach all, so that nothing of this happens where everybody hears
 * everybody.
 *
 * A neighbour is a bit: its place in the table. Bounded: 256 authors.
 */
#include "lib/sync/sched_port.h"

#define COVER_BIT(p, q) (1ULL << ((q) - (p)->peers.v))

_Static_assert(SYNC_PEERS_MAX == 64, "a neighbour is a bit");

/* ---- lists ---- */

uint64_t sync_cover_live(const struct sync_port *p, uint64_t now_us)
{
	uint64_t mask = 0;

	for (unsigned i = 0; i < SYNC_PEERS_MAX; i++)
		if (sync_peer_live(&p->peers.v[i], now_us) &&
		    !p->peers.v[i].once)
			mask |= 1ULL << i;
	return mask;
}

static bool cover_names(const struct sync_peer *q, uint16_t target)
{
	for (unsigned i = 0; i < q->hears_n; i++)
		if (q->hears[i] == target)
			return true;
	return false;
}

/* Those that hear v, by its list or their own. */
uint64_t sync_cover_reach(const struct sync_port *p, const struct sync_peer *v)
{
	uint64_t mask = COVER_BIT(p, v);

	for (unsigned i = 0; i < SYNC_PEERS_MAX; i++) {
		const struct sync_peer *q = &p->peers.v[i];

		if (!q->used)
			continue;
		if (!v->hears_n || cover_names(v, sync_target(q->address)) ||
		    cover_names(q, sync_target(v->address)))
			mask |= 1ULL << i;
	}
	return mask;
}

/* Its list may name somebody whom I do not hear. */
static void cover_beyond(struct sync_port *p, const struct sync_peer *q,
			 uint64_t now_us)
{
	for (unsigned i = 0; i < q->hears_n; i++) {
		const struct sync_peer *u;

		if (sync_for_me(p, q->hears[i]))
			continue;
		u = sync_peer_find_target(&p->peers, q->hears[i]);
		if (!u || !sync_peer_live(u, now_us))
			sync_hidden_sign(p, q, q->hears[i], now_us);
	}
}

void sync_cover_list(struct sync_port *p, struct sync_peer *peer,
		     const struct sync_offer *o, uint64_t now_us)
{
	if (!o->hears_n)
		return;
	peer->hears_n = o->hears_n;
	memcpy(peer->hears, o->hears, sizeof(peer->hears));
	peer->proven |= cover_names(peer, sync_target(p->c.address));
	if (!peer->once)
		cover_beyond(p, peer, now_us);
}

/* My own list, where it is of use. */
void sync_cover_tell(struct sync_port *p, struct sync_offer *o,
		     uint64_t now_us)
{
	o->hears_n = 0;
	if (!sync_beyond(p, now_us))
		return;
	for (unsigned i = 0; i < SYNC_PEERS_MAX; i++)
		if (sync_peer_live(&p->peers.v[i], now_us) &&
		    !p->peers.v[i].once && o->hears_n < SYNC_HEARS_MAX)
			o->hears[o->hears_n++] =
				sync_target(p->peers.v[i].address);
}

/* ---- who need not hurry ---- */

/* Of two stations who reaches more goes first, or whose address is greater. */
static bool cover_above(const struct sync_port *p, const struct sync_peer *q,
			unsigned n)
{
	return q->hears_n > n ||
		(q->hears_n == n && q->address > p->c.address);
}

/* Those of `among` that can pass on to each other what `one` of them sends;
 * *reach: all that hear any of these. */
static uint64_t cover_joined(const struct sync_port *p, uint64_t among,
			     unsigned one, uint64_t *reach)
{
	uint64_t joined = 1ULL << one, done = 0;

	*reach = 0;
	while (joined != done) {
		unsigned i = (unsigned)__builtin_ctzll(joined & ~done);

		done |= 1ULL << i;
		*reach |= sync_cover_reach(p, &p->peers.v[i]);
		joined |= *reach & among;
	}
	return joined;
}

/* Stations that go first and reach each other reach all that I do: I am not
 * needed in the backbone (the rule k of Wu and Dai's dominating sets). */
bool sync_cover_spare(const struct sync_port *p, uint64_t now_us)
{
	uint64_t live = sync_cover_live(p, now_us), above = 0, reach;
	unsigned n = (unsigned)__builtin_popcountll(live);

	for (unsigned i = 0; i < SYNC_PEERS_MAX; i++)
		if (live >> i & 1 && p->peers.v[i].hears_n &&
		    cover_above(p, &p->peers.v[i], n))
			above |= 1ULL << i;
	while (above) {
		above &= ~cover_joined(p, above,
				       (unsigned)__builtin_ctzll(above),
				       &reach);
		if (!(live & ~reach))
			return true;
	}
	return false;
}

/* ---- who lacks what ---- */

static struct sync_lack *lacks_find(struct sync_port *p, uint32_t slot)
{
	for (unsigned i = 0; i < p->lacks_n; i++)
		if (p->lacks[i].need.slot == slot)
			return &p->lacks[i];
	return NULL;
}

void sync_lacks_add(struct sync_port *p, const struct sync_need *need,
		    uint64_t who)
{
	struct sync_lack *l = lacks_find(p, need->slot);

	if (!who || (!l && p->lacks_n == SYNC_NEEDS_MAX) ||
	    !sync_sendable(p, need))
		return;
	if (!l) {
		p->lacks[p->lacks_n++] = (struct sync_lack){ *need, who };
		return;
	}
	if (need->from < l->need.from)
		l->need.from = need->from;
	if (need->to > l->need.to)
		l->need.to = need->to;
	l->who |= who;
}

/* Nobody lacks it any more: its place goes to the last. */
static void lacks_tidy(struct sync_port *p)
{
	for (unsigned i = 0; i < p->lacks_n;)
		if (p->lacks[i].who)
			i++;
		else
			p->lacks[i] = p->lacks[--p->lacks_n];
}

/* It was on the air up to `to`, for these. */
void sync_lacks_served(struct sync_port *p, uint32_t slot, uint64_t to,
		       uint64_t who)
{
	struct sync_lack *l = lacks_find(p, slot);

	if (!l || to < l->need.to)
		return;
	l->who &= ~who;
	lacks_tidy(p);
}

/* What a neighbour lacks is known: these, and of the aliases that are `part`
 * modulo 2^part_bits nothing else. */
void sync_lacks_exact(struct sync_port *p, const struct sync_peer *peer,
		      const struct sync_needs *needs, unsigned part_bits,
		      unsigned part)
{
	uint32_t mask = (1U << part_bits) - 1;

	for (unsigned i = 0; i < p->lacks_n; i++) {
		uint32_t slot = p->lacks[i].need.slot;

		if ((feed_at(p->env->feeds, slot)->alias & mask) == part)
			p->lacks[i].who &= ~COVER_BIT(p, peer);
	}
	for (unsigned i = 0; i < needs->n; i++)
		sync_lacks_add(p, &needs->v[i], COVER_BIT(p, peer));
	lacks_tidy(p);
}

/* The root moved by what a neighbour sent. */
void sync_lacks_taken(struct sync_port *p, const struct sync_needs *since,
		      uint32_t address, uint64_t now_us)
{
	const struct sync_peer *from = sync_peer_find(&p->peers, address);

	if (!from || !sync_hidden(p, now_us))
		return;
	for (unsigned i = 0; i < since->n; i++)
		sync_lacks_add(p, &since->v[i], sync_cover_live(p, now_us) &
			       ~sync_cover_reach(p, from));
}

void sync_lacks_forget(struct sync_port *p, const struct sync_peer *peer)
{
	for (unsigned i = 0; i < p->lacks_n; i++)
		p->lacks[i].who &= ~COVER_BIT(p, peer);
	lacks_tidy(p);
}

/* ---- looking: what is never sent is lacked by everybody ---- */

unsigned sync_lacks_of(const struct sync_port *p, const struct sync_peer *q)
{
	unsigned n = p->news.n;

	for (unsigned i = 0; i < p->lacks_n; i++)
		n += (p->lacks[i].who & COVER_BIT(p, q)) != 0;
	return n;
}

/* Pieces, and over all of them the neighbours that lack them. */
unsigned sync_lacks_sum(const struct sync_port *p, unsigned *sum,
			uint64_t now_us)
{
	uint64_t live = sync_cover_live(p, now_us);
	unsigned n = p->news.n;

	*sum = n * (unsigned)__builtin_popcountll(live);
	for (unsigned i = 0; i < p->lacks_n; i++) {
		unsigned who = (unsigned)__builtin_popcountll(p->lacks[i].who &
							      live);

		n += who > 0;
		*sum += who;
	}
	return n;
}

/* Whether there is anything for anybody who answers offers. */
bool sync_lacks_wish(const struct sync_port *p, uint64_t now_us)
{
	for (unsigned i = 0; i < SYNC_PEERS_MAX; i++)
		if (sync_peer_live(&p->peers.v[i], now_us) &&
		    p->peers.v[i].offer_failed <= SYNC_OFFER_FAILED_MAX &&
		    sync_lacks_of(p, &p->peers.v[i]))
			return true;
	return false;
}

uint64_t sync_cover_bit(struct sync_port *p, uint32_t address)
{
	const struct sync_peer *q = sync_peer_find(&p->peers, address);

	return q ? COVER_BIT(p, q) : 0;
}

/* What to send next: news, and of what one of these lacks first what most
 * lack. Others may be listening to somebody else. */
void sync_lacks_pick(const struct sync_port *p, uint64_t these,
		     struct sync_needs *out, unsigned most)
{
	*out = p->news;
	for (int who = SYNC_PEERS_MAX; who > 0 && out->n < most; who--)
		for (unsigned i = 0; i < p->lacks_n && out->n < most; i++)
			if (p->lacks[i].who & these &&
			    __builtin_popcountll(p->lacks[i].who) == who)
				sync_needs_add(out, p->lacks[i].need.slot,
					       p->lacks[i].need.from,
					       p->lacks[i].need.to);
}
