/* SPDX-License-Identifier: MIT
 *
 * Packing: from needs to the body of one generation. Whole runs while they
 * fit; the last may be cut at one of its author's seals, so that every run
 * ends at a sealed event and the generation verifies itself.
 */
#pragma once
#include "lib/sync/sched.h"

#define SYNC_PACK_EVENTS_MAX 1024
#define SYNC_PACK_BYTES_MAX 32768
#define SYNC_PACK_SEGMENTS_MAX 96
#define SYNC_PACK_PROOFS_MAX 16

struct sync_pack;

struct sync_pack *sync_pack_new(void);
void sync_pack_free(struct sync_pack *k);

/* Encodes as much of needs as fits into cap bytes. holds: what is in the
 * body; rest: what is left of the needs. Returns the body's length, 0 if
 * there is nothing that can be sent. */
int sync_pack_body(const struct sync_env *env, int port,
		   const struct sync_needs *needs, struct sync_needs *holds,
		   struct sync_needs *rest, uint8_t *dst, size_t cap);
