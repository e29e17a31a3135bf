/* SPDX-License-Identifier: MIT
 *
 * Contents of attachments, beside the log: one file a content, named by its
 * hash, so that the same content is there once and a copy by hand is as good
 * as any. The events hold hash, size and type only; who lacks the content still
 * holds the whole set.
 *
 *   DIR/HASH = "CAIRNBLB" 8 | size u64 | chunk hash 32 ... | content
 *
 *   chunk      3,584 bytes, the last one what is left: with its heads it fits
 *              into one generation
 *   chunk hash BLAKE2b-256(chunk)
 *   HASH       BLAKE2b-256(personal "cairn-blob-1"; size u64 | chunk hashes),
 *              64 hex digits
 *
 * integers big-endian. The list stands in front: who has it can verify each
 * chunk as it comes.
 */
#pragma once
#include "lib/base/buf.h"

#define BLOB_CHUNK 3584
#define BLOB_MAX (16u << 20)
#define BLOB_HEAD 16
#define BLOB_HASH 32

/* A file of a blob, taken apart; spans point into it. */
struct blob {
	uint64_t size;
	size_t n_chunks;
	struct span hashes, content;
	uint8_t hash[BLOB_HASH];
};

/* 0, or -EINVAL: not a blob, of another length than it says, or a chunk is not
 * what its hash says. */
int blob_parse(struct blob *b, struct span file);
/* The file of a content, appended. 0, or -EFBIG above BLOB_MAX. */
int blob_build(struct buf *file, struct span content, uint8_t hash[BLOB_HASH]);

/* Stores a content in DIR, made if need be: durable when this returns. 0,
 * -EFBIG, -errno. */
int blob_store(const char *dir, struct span content, uint8_t hash[BLOB_HASH]);
/* The content of a hash, appended and verified. 0, -ENOENT, -EBADMSG (the file
 * is damaged), -errno. */
int blob_load(const char *dir, const uint8_t hash[BLOB_HASH],
	      struct buf *content);
