/* SPDX-License-Identifier: MIT
 *
 * Contents that are waited for: what is there of each, for all ports of a
 * station. Which contents these are, their host decides and keeps (it has the
 * files); here is what is asked for next, and whether a piece is of one of
 * them.
 */
#pragma once
#include "lib/event/blob_tree.h"

#define SYNC_FETCHES_MAX 16
#define SYNC_NAME48_SIZE 6	/* of a hash, before each piece on the air */

struct sync_fetch {
	bool used;
	uint8_t hash[BLOB_HASH];
	uint64_t size;
	uint32_t n_chunks, n_have;
	int port;		/* that brought the last chunk ... */
	uint64_t port_us;	/* ... then; 0 = none yet */
	uint8_t have[(BLOB_CHUNKS_MAX + 7) / 8];
};

struct sync_fetches {
	struct sync_fetch v[SYNC_FETCHES_MAX];
	unsigned n;
};

/* NULL if it is not waited for. */
struct sync_fetch *sync_fetch_find(struct sync_fetches *s,
				   const uint8_t hash[BLOB_HASH]);
/* NULL: no place free, or a size that no content has (0, above BLOB_MAX). */
struct sync_fetch *sync_fetch_add(struct sync_fetches *s,
				  const uint8_t hash[BLOB_HASH],
				  uint64_t size);
void sync_fetch_drop(struct sync_fetches *s, struct sync_fetch *f);

bool sync_fetch_has(const struct sync_fetch *f, size_t i);
void sync_fetch_take(struct sync_fetch *f, size_t i);
static inline bool sync_fetch_whole(const struct sync_fetch *f)
{
	return f->n_have == f->n_chunks;
}
/* The first chunk that lacks; not of a whole one. */
uint32_t sync_fetch_next(const struct sync_fetch *f);

/* A piece with its content's first 6 bytes: whose it is, verified. NULL: of
 * none that is waited for, or false (*bad). */
struct sync_fetch *sync_fetch_piece(struct sync_fetches *s, uint64_t name48,
				    struct span bytes, struct blob_piece *p,
				    bool *bad);
static inline uint64_t sync_name48(const uint8_t hash[BLOB_HASH])
{
	return be_get(hash, SYNC_NAME48_SIZE);
}
