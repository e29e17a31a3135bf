/* SPDX-License-Identifier: MIT
 *
 * Hash trees of contents, see blob_tree.h. A tree is never stored: a subtree
 * is folded from its leaves with a stack of one node a level.
 */
#include "lib/event/blob_tree.h"
#include <errno.h>
#include "lib/base/crypto.h"

size_t blob_chunks(uint64_t size)
{
	return (size_t)((size + BLOB_CHUNK - 1) / BLOB_CHUNK);
}

size_t blob_chunk_len(uint64_t size, size_t i)
{
	uint64_t left = size - (uint64_t)i * BLOB_CHUNK;

	return left < BLOB_CHUNK ? (size_t)left : BLOB_CHUNK;
}

void blob_leaf(uint8_t leaf[BLOB_HASH], struct span chunk)
{
	crypto_blake2b(leaf, BLOB_HASH, "cairn-leaf-1", &chunk, 1);
}

static void tree_node(uint8_t dst[BLOB_HASH], const uint8_t *left,
		      const uint8_t *right)
{
	const struct span parts[] = { SPAN(left, BLOB_HASH),
				      SPAN(right, BLOB_HASH) };

	crypto_blake2b(dst, BLOB_HASH, "cairn-node-1", parts, 2);
}

/* The root of leaves from .. to - 1. Full subtrees of equal size join as in
 * binary counting; what is left over joins from the right. */
static void tree_root(uint8_t root[BLOB_HASH], struct span leaves, size_t from,
		      size_t to)
{
	uint8_t stack[BLOB_LEVELS_MAX + 1][BLOB_HASH];
	unsigned n = 0;

	for (size_t i = from; i < to; i++) {
		memcpy(stack[n++], leaves.p + i * BLOB_HASH, BLOB_HASH);
		for (size_t c = i - from + 1; !(c & 1); c >>= 1, n--)
			tree_node(stack[n - 2], stack[n - 2], stack[n - 1]);
	}
	for (; n > 1; n--)
		tree_node(stack[n - 2], stack[n - 2], stack[n - 1]);
	if (n)
		memcpy(root, stack[0], BLOB_HASH);
	else
		memset(root, 0, BLOB_HASH);
}

static void tree_name(uint8_t hash[BLOB_HASH], uint64_t size,
		      const uint8_t root[BLOB_HASH])
{
	uint8_t be[8];
	const struct span parts[] = { SPAN(be, sizeof(be)),
				      SPAN(root, BLOB_HASH) };

	be_put(be, sizeof(be), size);
	crypto_blake2b(hash, BLOB_HASH, "cairn-blob-1", parts, 2);
}

void blob_name(uint8_t hash[BLOB_HASH], uint64_t size, struct span leaves)
{
	uint8_t root[BLOB_HASH];

	tree_root(root, leaves, 0, leaves.n / BLOB_HASH);
	tree_name(hash, size, root);
}

/* ---- the way from the root to a leaf ---- */

struct tree_walk {
	size_t from, to;	/* the subtree at hand */
};

/* One step down towards leaf i: the sibling's leaves, and whether it is the
 * left one. False at the leaf. */
static bool tree_down(struct tree_walk *w, size_t i, struct tree_walk *sibling,
		      bool *left)
{
	size_t half = 1;

	if (w->to - w->from < 2)
		return false;
	while (2 * half < w->to - w->from)
		half *= 2;
	*left = i >= w->from + half;
	*sibling = *w;
	if (*left)
		w->from = sibling->to = w->from + half;
	else
		w->to = sibling->from = w->from + half;
	return true;
}

static unsigned tree_levels(size_t n, size_t i)
{
	struct tree_walk w = { 0, n }, sibling;
	unsigned levels = 0;
	bool left;

	while (tree_down(&w, i, &sibling, &left))
		levels++;
	return levels;
}

/* The root, from a leaf and its path. */
static void tree_fold(uint8_t root[BLOB_HASH], size_t n, size_t i,
		      const uint8_t *path)
{
	struct tree_walk w = { 0, n }, sibling;
	bool left[BLOB_LEVELS_MAX];
	unsigned levels = 0;

	while (tree_down(&w, i, &sibling, &left[levels]))
		levels++;
	while (levels-- > 0) {
		const uint8_t *other = path + levels * BLOB_HASH;

		if (left[levels])
			tree_node(root, other, root);
		else
			tree_node(root, root, other);
	}
}

/* ---- pieces ---- */

size_t blob_piece_len(uint64_t size, size_t i)
{
	return leb_size(i) + tree_levels(blob_chunks(size), i) * BLOB_HASH +
	       blob_chunk_len(size, i);
}

size_t blob_piece_put(uint8_t *dst, uint64_t size, struct span leaves,
		      size_t i, struct span chunk)
{
	struct tree_walk w = { 0, blob_chunks(size) }, sibling;
	struct wr out = wr_init(dst, BLOB_PIECE_MAX);
	uint8_t root[BLOB_HASH];
	bool left;

	wr_leb(&out, i);
	while (tree_down(&w, i, &sibling, &left)) {
		tree_root(root, leaves, sibling.from, sibling.to);
		wr_bytes(&out, SPAN(root, BLOB_HASH));
	}
	wr_bytes(&out, chunk);
	return out.len;
}

int blob_piece_get(struct blob_piece *p, const uint8_t hash[BLOB_HASH],
		   uint64_t size, struct span bytes)
{
	struct rd r = rd_init(bytes);
	uint64_t i = rd_leb(&r);
	uint8_t root[BLOB_HASH], name[BLOB_HASH];
	struct span path;

	if (r.bad || size > BLOB_MAX || i >= blob_chunks(size))
		return -EINVAL;
	p->i = (size_t)i;
	path = rd_bytes(&r, BLOB_HASH * tree_levels(blob_chunks(size), p->i));
	p->chunk = rd_bytes(&r, blob_chunk_len(size, p->i));
	if (r.bad)
		return -EINVAL;
	blob_leaf(p->leaf, p->chunk);
	memcpy(root, p->leaf, BLOB_HASH);
	tree_fold(root, blob_chunks(size), p->i, path.p);
	tree_name(name, size, root);
	return memcmp(name, hash, BLOB_HASH) ? -EBADMSG : 0;
}
