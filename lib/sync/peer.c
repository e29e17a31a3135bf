/* SPDX-License-Identifier: MIT
 *
 * The table of neighbours.
 */
#include <stdio.h>
#include "lib/base/crypto.h"
#include "lib/sync/peer.h"

#define CAPACITY_FIRST_MIN 6
#define SHOWN_MAX 2
#define MADE_UP_MIN 3

uint32_t sync_address_from_call(const char *call)
{
	uint8_t hash[32];
	struct span s = SPAN_STR(call);

	crypto_blake2b(hash, sizeof(hash), NULL, &s, 1);
	return (uint32_t)be_get(hash, 4);
}

struct sync_peer *sync_peer_find(struct sync_peers *s, uint32_t address)
{
	for (unsigned i = 0; i < SYNC_PEERS_MAX; i++)
		if (s->v[i].used && s->v[i].address == address)
			return &s->v[i];
	return NULL;
}

struct sync_peer *sync_peer_find_target(struct sync_peers *s, uint16_t target)
{
	for (unsigned i = 0; i < SYNC_PEERS_MAX; i++)
		if (s->v[i].used && s->v[i].address >> 16 == target)
			return &s->v[i];
	return NULL;
}

/* A free place, or that of the neighbour heard longest ago: of those that were
 * heard once, if there are any. */
static struct sync_peer *peer_room(struct sync_peers *s)
{
	struct sync_peer *oldest = &s->v[0];

	for (unsigned i = 0; i < SYNC_PEERS_MAX; i++) {
		struct sync_peer *p = &s->v[i];

		if (!p->used)
			return p;
		if (p->once != oldest->once ? p->once :
		    p->heard_us < oldest->heard_us)
			oldest = p;
	}
	return oldest;
}

struct sync_peer *sync_peer_hear(struct sync_peers *s, uint32_t address,
				 const char *call, uint64_t now_us, bool *new)
{
	struct sync_peer *p = sync_peer_find(s, address);

	if (new)
		*new = !p;
	if (!p) {
		p = peer_room(s);
		*p = (struct sync_peer){ .used = true, .address = address,
					 .once = true };
		snprintf(p->call, sizeof(p->call), "%s", call);
	} else {
		p->once = false;
	}
	p->kept = false;
	p->heard_us = now_us;
	return p;
}

unsigned sync_peers_live(const struct sync_peers *s, uint64_t now_us)
{
	unsigned n = 0;

	for (unsigned i = 0; i < SYNC_PEERS_MAX; i++)
		n += sync_peer_live(&s->v[i], now_us);
	return n;
}

bool sync_peers_made_up(const struct sync_peers *s, uint64_t now_us)
{
	unsigned n = 0;

	for (unsigned i = 0; i < SYNC_PEERS_MAX; i++)
		n += s->v[i].used && s->v[i].once &&
			!sync_peer_live(&s->v[i], now_us);
	return n >= MADE_UP_MIN;
}

void sync_peer_doubt(struct sync_peer *p, unsigned capacity)
{
	uint32_t differ;

	if (capacity < CAPACITY_FIRST_MIN)
		capacity = CAPACITY_FIRST_MIN;
	differ = 2 * capacity * 7 / 8 - 1;	/* which takes twice that */
	if (differ > SYNC_DIFFER_MAX)
		differ = SYNC_DIFFER_MAX;
	if (p->differ < differ)
		p->differ = differ;
}

void sync_peer_shown(struct sync_peer *p, uint64_t mine, unsigned c)
{
	if (p->shown_theirs != p->root48 || p->shown_mine != mine ||
	    p->shown_c != c)
		p->shown_n = 0;
	p->shown_theirs = p->root48;
	p->shown_mine = mine;
	p->shown_c = (uint8_t)c;
	if (++p->shown_n < SHOWN_MAX)
		return;
	p->shown_n = 0;
	sync_peer_doubt(p, c);
}

bool sync_credit_left(struct sync_credit *c, unsigned max, uint64_t fall_us,
		      uint64_t now_us)
{
	uint64_t falls = (now_us - c->fell_us) / fall_us;

	if (falls) {
		c->vain -= c->vain < falls ? c->vain : (unsigned)falls;
		c->fell_us = now_us;
	}
	return c->vain < max;
}

bool sync_credit_take(struct sync_credit *c, unsigned max, uint64_t fall_us,
		      uint64_t now_us)
{
	if (!sync_credit_left(c, max, fall_us, now_us))
		return false;
	c->vain++;
	return true;
}

void sync_credit_back(struct sync_credit *c)
{
	if (c->vain)
		c->vain--;
}

void sync_peer_pair(struct sync_peer *p, uint64_t mine)
{
	if (p->pair_theirs == p->root48 && p->pair_mine == mine)
		return;
	p->pair_theirs = p->root48;
	p->pair_mine = mine;
	p->given = p->asked = 0;
}

void sync_peer_settle(struct sync_peer *p, uint64_t mine, uint64_t until_us)
{
	p->settled = true;
	p->settled_theirs = p->root48;
	p->settled_mine = mine;
	p->settled_until_us = until_us;
}

bool sync_peer_settled(const struct sync_peer *p, uint64_t theirs,
		       uint64_t mine, uint64_t now_us)
{
	return p->settled && p->settled_theirs == theirs &&
	       p->settled_mine == mine && now_us < p->settled_until_us;
}
