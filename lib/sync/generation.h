/* SPDX-License-Identifier: MIT
 *
 * Generations: one body cut into k <= 32 equal pieces, and parity rows of the
 * same length (lib/sync/parity.h). Any k of the frames rebuild it.
 *
 *   root48 of the sender 6 | run body (lib/event/run.h) | zeros
 *
 * The root stands first: frame 0 tells who speaks from which state, before
 * anything is decoded, and the run body knows its own end.
 */
#pragma once
#include "lib/sync/message.h"

#define GENERATION_K_MAX SYNC_K_MAX
#define GENERATION_PIECE_MAX SYNC_PIECE_MAX
#define GENERATION_BODY_MAX (GENERATION_K_MAX * GENERATION_PIECE_MAX)
#define GENERATION_INDEX_MAX SYNC_INDEX_MAX
#define GENERATION_ROOT_SIZE 6

struct generation {		/* as its sender keeps it */
	uint8_t number, k;
	uint16_t piece_len;
	uint8_t body[GENERATION_BODY_MAX];	/* root48 first, zero padded */
};

/* From a run body of any length >= 1; pieces of at most piece_max (1..250)
 * bytes. 0, -EMSGSIZE if it needs more than 32, or -EINVAL. */
int generation_init(struct generation *g, uint8_t number, struct span body,
		    uint64_t root48, size_t piece_max);
/* The pieces a run body of this length will be cut into (may exceed 16). */
size_t generation_pieces(size_t body_len, size_t piece_max);
/* The piece of an index (0..63): the body's below k, parity from k on. dst
 * holds piece_len. */
void generation_piece(const struct generation *g, unsigned index,
		      uint8_t *dst);

struct generation_rx {		/* as a receiver collects it */
	uint8_t number, k;
	uint16_t piece_len;
	uint64_t have;		/* bit a frame index, 0..63 */
	uint8_t n;		/* pieces kept, <= k */
	uint8_t index[GENERATION_K_MAX];
	uint8_t piece[GENERATION_K_MAX][GENERATION_PIECE_MAX];
};

/* Takes number, k and length from e; e's piece is not yet added. */
void generation_rx_init(struct generation_rx *r, const struct sync_events *e);
/* 1 if it was new and needed, 0 if not, -EINVAL if it does not fit (other
 * number, k or length). */
int generation_rx_add(struct generation_rx *r, const struct sync_events *e);
static inline bool generation_rx_complete(const struct generation_rx *r)
{
	return r->n >= r->k;
}
/* The sender's root48 and the start of the run body, for run_heads_decode,
 * if frame 0 is here (false if not). Borrowed from r. */
bool generation_rx_front(const struct generation_rx *r, uint64_t *root48,
			 struct span *front);
/* The run body with the zeros behind it; dst holds GENERATION_BODY_MAX. 0 or
 * -EINVAL (incomplete). */
int generation_rx_body(const struct generation_rx *r, uint8_t *dst,
		       size_t *len, uint64_t *root48);
