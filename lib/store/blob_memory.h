/* SPDX-License-Identifier: MIT
 *
 * One content in memory, whole or coming in: what stands for DIR/blobs in the
 * simulator and in tests, as lib/feed/memory.h stands for a log. The functions
 * have the shapes of struct node_contents (lib/node/node.h); ctx is the
 * blob_memory.
 */
#pragma once
#include "lib/base/buf.h"
#include "lib/event/blob_tree.h"

struct blob_memory {
	uint8_t hash[BLOB_HASH];
	uint64_t size;
	struct buf leaves, content;
	size_t kept;		/* chunks that came */
	bool whole;
};

/* Holds a content; hash is filled. */
void blob_memory_hold(struct blob_memory *m, struct span content);
/* Waits for that one. */
void blob_memory_expect(struct blob_memory *m, const uint8_t hash[BLOB_HASH],
			uint64_t size);
void blob_memory_fini(struct blob_memory *m);

int blob_memory_piece(void *ctx, const uint8_t hash[BLOB_HASH],
		      uint32_t chunk, uint8_t *dst);
int blob_memory_keep(void *ctx, const uint8_t hash[BLOB_HASH], uint64_t size,
		     const struct blob_piece *p);
void blob_memory_whole(void *ctx, const uint8_t hash[BLOB_HASH]);
