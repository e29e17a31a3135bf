/* SPDX-License-Identifier: MIT
 *
 * Contents of attachments, beside the log: one file a content, named by its
 * hash (lib/event/blob_tree.h), so that the same content is there once and a
 * copy by hand is as good as any. The events hold hash, size and type only; who
 * lacks the content still holds the whole set.
 *
 *   DIR/HASH      = "CAIRNBLB" 8 | size u64 | leaf 32 ... | content
 *   DIR/HASH.part   the same, with zeros for the chunks and leaves that have
 *                   not come: it is what is waited for, and what came of it
 *
 * integers big-endian, HASH 64 hex digits. A leaf is written with its chunk
 * and only if the two belong to HASH; a chunk that a crash tore is not its
 * leaf's, and comes again.
 */
#pragma once
#include "lib/base/buf.h"
#include "lib/event/blob_tree.h"

#define BLOB_HEAD 16
#define BLOB_HAVE_BYTES ((BLOB_CHUNKS_MAX + 7) / 8)

/* A file of a blob, taken apart; spans point into it. */
struct blob {
	uint64_t size;
	size_t n_chunks;
	struct span leaves, content;
	uint8_t hash[BLOB_HASH];
};

/* 0, or -EINVAL: not a blob, of another length than it says, or a chunk is not
 * what its leaf says. */
int blob_parse(struct blob *b, struct span file);
/* The file of a content, appended. 0, or -EFBIG above BLOB_MAX. */
int blob_build(struct buf *file, struct span content, uint8_t hash[BLOB_HASH]);
/* Bytes of the file of a content. */
uint64_t blob_file_size(uint64_t size);

/* Stores a content in DIR, made if need be: durable when this returns. 0,
 * -EFBIG, -errno. */
int blob_store(const char *dir, struct span content, uint8_t hash[BLOB_HASH]);
/* The content of a hash, appended and verified. 0, -ENOENT, -EBADMSG (the file
 * is damaged), -errno. */
int blob_load(const char *dir, const uint8_t hash[BLOB_HASH],
	      struct buf *content);
/* The same with its leaves: b points into file, which is the caller's also on
 * failure. */
int blob_read(const char *dir, const uint8_t hash[BLOB_HASH],
	      struct buf *file, struct blob *b);
bool blob_held(const char *dir, const uint8_t hash[BLOB_HASH]);
/* Piece i of what is held; dst holds BLOB_PIECE_MAX. Its length, -ENOENT,
 * -EINVAL (no such chunk), -EBADMSG, -errno. */
int blob_piece_read(const char *dir, const uint8_t hash[BLOB_HASH], size_t i,
		    uint8_t *dst);

/* ---- one that comes in pieces ---- */

/* Opens DIR/HASH.part, made if need be, durable then. size: read from it if it
 * is 0 and the file is there. have: bit i (from the least of byte 0) for each
 * chunk that is there. An fd, -EBADMSG (not that content's), -errno. */
int blob_part_open(const char *dir, const uint8_t hash[BLOB_HASH],
		   uint64_t *size, uint8_t have[BLOB_HAVE_BYTES]);
/* Writes a verified chunk; it is not synced. 0 or -errno. */
int blob_part_put(int fd, uint64_t size, const struct blob_piece *p);
/* All came and is synced: checked as a whole, and from now on a blob. 0,
 * -EBADMSG (it is not: begun again from nothing), -errno. */
int blob_part_finish(const char *dir, const uint8_t hash[BLOB_HASH]);
/* No longer waited for. 0 or -errno. */
int blob_part_drop(const char *dir, const uint8_t hash[BLOB_HASH]);
