/* SPDX-License-Identifier: MIT
 *
 * Neighbours of a port: stations heard directly. A neighbour is named by a
 * 32-bit address: on AX.25 links the first 4 bytes of BLAKE2b-256 of its call
 * sign as text ("N0CALL-7"), on bare links its author alias. The first 2
 * bytes of it are the `target` of addressed messages.
 *
 * Bounded: the one heard longest ago makes room, those heard once before the
 * others. Call signs are free to forge, so nothing here is trusted for more than
 * pacing.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "lib/base/clock.h"
#include "lib/sync/message.h"

#define SYNC_PEERS_MAX 64
#define SYNC_DIFFER_MAX (1U << 20)
#define SYNC_PEER_LIFE_US (90 * 60 * US_PER_S)
#define SYNC_PEER_ONCE_US (300 * US_PER_S)

/* What strangers can make me do: so often for nothing, and then once in so
 * long. */
struct sync_credit {
	unsigned vain;
	uint64_t fell_us;
};
/* False: not now. */
bool sync_credit_left(struct sync_credit *c, unsigned max, uint64_t fall_us,
		      uint64_t now_us);
/* The same; and if not, it counts until it is given back, or is forgotten. */
bool sync_credit_take(struct sync_credit *c, unsigned max, uint64_t fall_us,
		      uint64_t now_us);
void sync_credit_back(struct sync_credit *c);

struct sync_peer {
	bool used;
	bool known;		/* root48 and counts were heard */
	uint32_t address;
	char call[12];		/* "" on bare links */
	uint64_t heard_us;
	bool kept;		/* from before the start, and not heard since */
	uint64_t root_us;	/* its root was heard from itself */
	uint64_t root48, events, authors;
	bool again;		/* its last digest said the root before it */
	uint64_t reached;	/* it said my root before that step; 0 = none */
	uint8_t back;		/* and an earlier one since, again so often */
	uint64_t asked_us;	/* I asked it for its sketch, until then */
	uint64_t wanted_us;	/* I sent it a WANT ... */
	uint8_t asks;		/* ... so many since it last gave */
	uint64_t brought_us;	/* its events moved my root, last */
	struct sync_credit dares;	/* WANTs to it, where I am wary */
	uint64_t gave_us;	/* I gave it what was on the air before ... */
	uint64_t gave_step;	/* ... when my history was so long */
	uint8_t gave_n;		/* so often, and it did not say so */
	uint8_t false_n;	/* bodies of its that were none, since then */
	uint64_t believed_us;	/* its OFFER was counted */
	uint64_t offered_us;	/* its OFFER, not served since */
	uint64_t offered;	/* events in it */
	uint8_t offer_failed;	/* offers it left unanswered, in a row */
	bool once;		/* heard once only: a name made up, perhaps */
	bool proven;		/* it asked me, named me, or shows what I know */
	uint8_t hears_n;	/* targets of whom it hears; 0 = not told */
	uint16_t hears[SYNC_HEARS_MAX];
	uint32_t differ;	/* authors, as far as sketches told; 0 = ? */
	bool decoded;		/* one of them did */
	/* mine that it was shown for a pair of roots, whole, because it asked */
	uint64_t shown_theirs, shown_mine;
	uint8_t shown_n, shown_c;	/* so often; of this capacity */
	uint8_t fruitless;	/* exchanges in a row that moved nothing */
	/* for one pair of roots (theirs, mine): what was tried */
	uint64_t pair_theirs, pair_mine;
	uint8_t given, asked;
	bool settled;		/* (settled_theirs, settled_mine) = equal */
	uint64_t settled_theirs, settled_mine, settled_until_us;
};

struct sync_peers {
	struct sync_peer v[SYNC_PEERS_MAX];
};

uint32_t sync_address_from_call(const char *call);

/* NULL if unknown. */
struct sync_peer *sync_peer_find(struct sync_peers *s, uint32_t address);
struct sync_peer *sync_peer_find_target(struct sync_peers *s, uint16_t target);
/* Finds or makes; *new (may be NULL) says which. Its time is now. */
struct sync_peer *sync_peer_hear(struct sync_peers *s, uint32_t address,
				 const char *call, uint64_t now_us, bool *new);
/* A name that spoke once and not again is one that nobody bears, perhaps. */
static inline bool sync_peer_live(const struct sync_peer *p, uint64_t now_us)
{
	return p->used && now_us < p->heard_us +
		(p->once ? SYNC_PEER_ONCE_US : SYNC_PEER_LIFE_US);
}
/* Whether names are about that spoke once and not again in five minutes, several
 * of them: a station speaks again. */
bool sync_peers_made_up(const struct sync_peers *s, uint64_t now_us);
/* How many were heard in the last 90 minutes; those heard once, in five. */
unsigned sync_peers_live(const struct sync_peers *s, uint64_t now_us);

/* A sketch between us of this capacity did not decode: the next has twice. */
void sync_peer_doubt(struct sync_peer *p, unsigned capacity);
/* It is shown a whole sketch for this root of mine and its own. Asked for the
 * third time it was not lost, but too small: doubted. */
void sync_peer_shown(struct sync_peer *p, uint64_t mine, unsigned c);
/* Forgets what was tried if either root is another than then. */
void sync_peer_pair(struct sync_peer *p, uint64_t mine);
/* An exchange with p moved nothing: its root and mine count as equal until
 * either changes, or until_us (TIME_NEVER: not before). */
void sync_peer_settle(struct sync_peer *p, uint64_t mine, uint64_t until_us);
bool sync_peer_settled(const struct sync_peer *p, uint64_t theirs,
		       uint64_t mine, uint64_t now_us);
