/* SPDX-License-Identifier: MIT
 *
 * Generations: one body (lib/event/run.h, then the sender's root48) cut into
 * k <= 16 equal pieces, and parity rows of the same length: Cauchy over
 * GF(256), polynomial 0x11D. Any k of the frames rebuild the body.
 */
#pragma once
#include "lib/sync/message.h"

#define GENERATION_K_MAX 16
#define GENERATION_PIECE_MAX 250
#define GENERATION_BODY_MAX (GENERATION_K_MAX * GENERATION_PIECE_MAX)
#define GENERATION_INDEX_MAX 63

struct generation {		/* as its sender keeps it */
	uint8_t number, k;
	uint16_t piece_len;
	uint8_t body[GENERATION_BODY_MAX];	/* zero padded to k pieces */
};
/* From a body (root48 appended by this). 0 or -EMSGSIZE. */
int generation_init(struct generation *g, uint8_t number, struct span body,
		    uint64_t root48, size_t piece_max);
/* The piece of an index: systematic below k, parity from k on. dst holds
 * piece_len. */
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
void generation_rx_init(struct generation_rx *r, const struct sync_events *e);
/* 1 if it was new and needed, 0 if not, -EINVAL if it does not fit (other k
 * or length). */
int generation_rx_add(struct generation_rx *r, const struct sync_events *e);
static inline bool generation_rx_complete(const struct generation_rx *r)
{
	return r->n >= r->k;
}
/* The body without root48, and root48; dst holds GENERATION_BODY_MAX. Padding
 * zeros stay behind the body: its codec knows its end. 0 or -EINVAL. */
int generation_rx_body(const struct generation_rx *r, uint8_t *dst,
		       size_t *len);
