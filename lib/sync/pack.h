/* SPDX-License-Identifier: MIT
 *
 * Packing: from needs to the body of one generation. Every run ends at one of
 * its author's seals, so that the generation verifies itself.
 *
 * Fair: authors take turns. A generation begins with the author after the last
 * one that came into the one before; so a limit starves nobody, and the next
 * contact resumes where this one stops.
 *
 * Urgent first (class.h), as far as an author's chain has no gaps: distress in
 * a small generation of its own, at most every second one; positions in the
 * first half of what is left.
 */
#pragma once
#include "lib/event/run.h"
#include "lib/sync/sched.h"

#define SYNC_PACK_EVENTS_MAX 1024
#define SYNC_PACK_BYTES_MAX 32768
#define SYNC_PACK_SEGMENTS_MAX 96
#define SYNC_PACK_PROOFS_MAX 16
#define SYNC_PACK_URGENT_K 6	/* pieces: one key-up */

struct sync_pack;

struct sync_turn {		/* of a port: who is next */
	uint32_t slot;
	bool urgent;		/* the last one was an urgent one */
};

struct sync_pack *sync_pack_new(void);
void sync_pack_free(struct sync_pack *k);

/* Encodes as much of needs as fits into cap bytes. holds: what is in the
 * body; rest: what is left of the needs. Returns the body's length, 0 if
 * there is nothing that can be sent. */
int sync_pack_body(const struct sync_env *env, int port, enum run_coder coder,
		   const struct sync_needs *needs, struct sync_turn *turn,
		   struct sync_needs *holds, struct sync_needs *rest,
		   uint8_t *dst, size_t cap);
