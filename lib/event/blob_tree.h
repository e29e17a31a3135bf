/* SPDX-License-Identifier: MIT
 *
 * The name of a content: chunks of 3,072 bytes, the last one what is left,
 * are the leaves of a hash tree, so each chunk is verified by itself as it
 * comes, in any order and from anybody (docs/formats.md, "Blobs").
 *
 *   leaf   BLAKE2b-256(personal "cairn-leaf-1"; chunk)
 *   node   BLAKE2b-256(personal "cairn-node-1"; left 32 | right 32); of n
 *          leaves the left child has the greatest power of two below n
 *   HASH   BLAKE2b-256(personal "cairn-blob-1"; size u64 | root 32), the root
 *          of no leaves being zeros
 *
 * What travels is a piece, a function of content and index alone, so that
 * whoever holds the content sends the same bytes:
 *
 *   piece = chunk index v | path 32 ... | chunk
 *   path    the siblings that lead from the root to the leaf, at most 13
 *
 * 3,072 bytes with index, path and the name's first 6 bytes are at most 14
 * frames: two key-ups of 15 s at 1200 bit/s.
 */
#pragma once
#include "lib/base/bytes.h"

#define BLOB_CHUNK 3072
#define BLOB_MAX (16u << 20)
#define BLOB_HASH 32
#define BLOB_CHUNKS_MAX ((BLOB_MAX + BLOB_CHUNK - 1) / BLOB_CHUNK)
#define BLOB_LEVELS_MAX 13
#define BLOB_PIECE_MAX (2 + BLOB_LEVELS_MAX * BLOB_HASH + BLOB_CHUNK)

size_t blob_chunks(uint64_t size);
/* Bytes in chunk i < blob_chunks(size). */
size_t blob_chunk_len(uint64_t size, size_t i);
void blob_leaf(uint8_t leaf[BLOB_HASH], struct span chunk);
/* leaves: blob_chunks(size) hashes, one after the other. */
void blob_name(uint8_t hash[BLOB_HASH], uint64_t size, struct span leaves);

/* The length of piece i < blob_chunks(size). */
size_t blob_piece_len(uint64_t size, size_t i);
/* dst holds BLOB_PIECE_MAX; returns the length. */
size_t blob_piece_put(uint8_t *dst, uint64_t size, struct span leaves,
		      size_t i, struct span chunk);

struct blob_piece {
	size_t i;
	struct span chunk;		/* borrowed */
	uint8_t leaf[BLOB_HASH];
};
/* A piece with any zeros behind it, and whether it belongs to that content:
 * 0, -EINVAL (no piece of a content of that size), -EBADMSG (another
 * content's). */
int blob_piece_get(struct blob_piece *p, const uint8_t hash[BLOB_HASH],
		   uint64_t size, struct span bytes);
