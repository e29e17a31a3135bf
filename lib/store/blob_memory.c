/* SPDX-License-Identifier: MIT
 *
 * One content in memory, see blob_memory.h.
 */
#include "lib/store/blob_memory.h"
#include <errno.h>

void blob_memory_hold(struct blob_memory *m, struct span content)
{
	size_t n = blob_chunks(content.n);

	*m = (struct blob_memory){ .size = content.n, .whole = true };
	buf_add(&m->content, content);
	for (size_t i = 0; i < n; i++) {
		blob_leaf(buf_reserve(&m->leaves, BLOB_HASH),
			  SPAN(content.p + i * BLOB_CHUNK,
			       blob_chunk_len(content.n, i)));
		m->leaves.len += BLOB_HASH;
	}
	blob_name(m->hash, m->size, buf_span(&m->leaves));
}

void blob_memory_expect(struct blob_memory *m, const uint8_t hash[BLOB_HASH],
			uint64_t size)
{
	*m = (struct blob_memory){ .size = size };
	memcpy(m->hash, hash, BLOB_HASH);
	buf_reserve(&m->leaves, blob_chunks(size) * BLOB_HASH);
	m->leaves.len = blob_chunks(size) * BLOB_HASH;
	memset(buf_reserve(&m->content, size), 0, size);
	m->content.len = size;
}

void blob_memory_fini(struct blob_memory *m)
{
	buf_fini(&m->leaves);
	buf_fini(&m->content);
}

int blob_memory_piece(void *ctx, const uint8_t hash[BLOB_HASH],
		      uint32_t chunk, uint8_t *dst)
{
	const struct blob_memory *m = ctx;

	if (!m->whole || memcmp(hash, m->hash, BLOB_HASH) ||
	    chunk >= blob_chunks(m->size))
		return -ENOENT;
	return (int)blob_piece_put(dst, m->size, buf_span(&m->leaves), chunk,
				   SPAN(m->content.p + chunk * BLOB_CHUNK,
					blob_chunk_len(m->size, chunk)));
}

int blob_memory_keep(void *ctx, const uint8_t hash[BLOB_HASH], uint64_t size,
		     const struct blob_piece *p)
{
	struct blob_memory *m = ctx;

	if (memcmp(hash, m->hash, BLOB_HASH) || size != m->size)
		return -ENOENT;
	memcpy(m->leaves.p + p->i * BLOB_HASH, p->leaf, BLOB_HASH);
	memcpy(m->content.p + p->i * BLOB_CHUNK, p->chunk.p, p->chunk.n);
	m->kept++;
	return 0;
}

void blob_memory_whole(void *ctx, const uint8_t hash[BLOB_HASH])
{
	struct blob_memory *m = ctx;

	m->whole = memcmp(hash, m->hash, BLOB_HASH) == 0;
}
