/* SPDX-License-Identifier: MIT
 *
 * Blobs: contents of every length come back, damage anywhere is told.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "lib/base/crypto.h"
#include "lib/store/blob.h"

static char dir[64];

static struct span content_of(size_t n)
{
	static uint8_t bytes[3 * BLOB_CHUNK];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + i / 256);
	return SPAN(bytes, n);
}

static char *path_of(const uint8_t hash[BLOB_HASH])
{
	static char path[160];
	char hex[2 * BLOB_HASH + 1];

	snprintf(path, sizeof(path), "%s/%s", dir,
		 hex_encode(hex, SPAN(hash, BLOB_HASH)));
	return path;
}

static void test_lengths(void **state)
{
	static const size_t lengths[] = { 0, 1, BLOB_CHUNK - 1, BLOB_CHUNK,
		BLOB_CHUNK + 1, 3 * BLOB_CHUNK };

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		struct span content = content_of(lengths[i]);
		uint8_t hash[BLOB_HASH], again[BLOB_HASH];
		struct buf back = { 0 };

		assert_int_equal(blob_store(dir, content, hash), 0);
		assert_int_equal(blob_store(dir, content, again), 0);
		assert_memory_equal(hash, again, sizeof(hash));
		assert_int_equal(blob_load(dir, hash, &back), 0);
		assert_true(span_equal(buf_span(&back), content));
		buf_fini(&back);
		assert_int_equal(unlink(path_of(hash)), 0);
	}
}

static void test_damage(void **state)
{
	struct buf file = { 0 };
	uint8_t hash[BLOB_HASH];
	struct blob b;

	(void)state;
	blob_build(&file, content_of(2 * BLOB_CHUNK + 5), hash);
	assert_int_equal(blob_parse(&b, buf_span(&file)), 0);
	assert_int_equal(b.n_chunks, 3);
	for (size_t i = 0; i < file.len; i += 41) {
		file.p[i] ^= 1;
		assert_true(blob_parse(&b, buf_span(&file)) ||
			    memcmp(b.hash, hash, sizeof(hash)) != 0);
		file.p[i] ^= 1;
		assert_int_not_equal(blob_parse(&b, SPAN(file.p, i)), 0);
	}
	buf_add_u8(&file, 0);
	assert_int_not_equal(blob_parse(&b, buf_span(&file)), 0);
	buf_fini(&file);
}

/* A whole blob under another's name is not that one. */
static void test_wrong_name(void **state)
{
	uint8_t a[BLOB_HASH], b[BLOB_HASH];
	char from[160];
	struct buf back = { 0 };

	(void)state;
	assert_int_equal(blob_store(dir, content_of(10), a), 0);
	assert_int_equal(blob_store(dir, content_of(11), b), 0);
	snprintf(from, sizeof(from), "%s", path_of(a));
	assert_int_equal(rename(from, path_of(b)), 0);
	assert_int_equal(blob_load(dir, b, &back), -EBADMSG);
	assert_int_equal(blob_load(dir, a, &back), -ENOENT);
	assert_int_equal(back.len, 0);
	unlink(path_of(b));
}

/* ---- in pieces ---- */

static void leaves_of(struct buf *b, struct span content)
{
	for (size_t i = 0; i < blob_chunks(content.n); i++) {
		blob_leaf(buf_reserve(b, BLOB_HASH),
			  SPAN(content.p + i * BLOB_CHUNK,
			       blob_chunk_len(content.n, i)));
		b->len += BLOB_HASH;
	}
}

/* The tree by its definition: halves at the greatest power of two. */
static void root_by_halves(uint8_t dst[BLOB_HASH], const uint8_t *leaves,
			   size_t n)
{
	uint8_t two[2 * BLOB_HASH];
	struct span both = SPAN(two, sizeof(two));
	size_t half = 1;

	if (n == 1) {
		memcpy(dst, leaves, BLOB_HASH);
		return;
	}
	while (2 * half < n)
		half *= 2;
	root_by_halves(two, leaves, half);
	root_by_halves(two + BLOB_HASH, leaves + half * BLOB_HASH, n - half);
	crypto_blake2b(dst, BLOB_HASH, "cairn-node-1", &both, 1);
}

static void test_tree(void **state)
{
	static uint8_t leaves[300 * BLOB_HASH];

	(void)state;
	for (size_t i = 0; i < sizeof(leaves); i++)
		leaves[i] = (uint8_t)(i * 31 >> 3);
	for (size_t n = 1; n <= 300; n++) {
		uint8_t be[8], root[BLOB_HASH], want[BLOB_HASH],
			got[BLOB_HASH];
		const struct span parts[] = { SPAN(be, 8),
					      SPAN(root, BLOB_HASH) };

		root_by_halves(root, leaves, n);
		be_put(be, 8, n * BLOB_CHUNK);
		crypto_blake2b(want, BLOB_HASH, "cairn-blob-1", parts, 2);
		blob_name(got, n * BLOB_CHUNK, SPAN(leaves, n * BLOB_HASH));
		assert_memory_equal(want, got, BLOB_HASH);
	}
}

/* Every piece of contents of many sizes proves itself, and no other. */
static void test_pieces(void **state)
{
	static uint8_t bytes[21 * BLOB_CHUNK], piece[BLOB_PIECE_MAX + 50];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + i / 1000);
	for (size_t size = 1; size <= sizeof(bytes); size += 1500) {
		struct buf leaves = { 0 };
		uint8_t hash[BLOB_HASH];
		struct blob_piece p;

		leaves_of(&leaves, SPAN(bytes, size));
		blob_name(hash, size, buf_span(&leaves));
		for (size_t i = 0; i < blob_chunks(size); i++) {
			struct span chunk = SPAN(bytes + i * BLOB_CHUNK,
						 blob_chunk_len(size, i));
			size_t n = blob_piece_put(piece, size,
						  buf_span(&leaves), i, chunk);

			assert_int_equal(n, blob_piece_len(size, i));
			memset(piece + n, 0, 50);
			assert_int_equal(blob_piece_get(&p, hash, size,
					 SPAN(piece, n + 50)), 0);
			assert_int_equal(p.i, i);
			assert_true(span_equal(p.chunk, chunk));
			assert_int_equal(blob_piece_get(&p, hash, size,
					 SPAN(piece, n - 1)), -EINVAL);
			for (size_t at = 0; at < n; at += 97) {
				piece[at] ^= 4;
				assert_true(blob_piece_get(&p, hash, size,
						SPAN(piece, n + 50)) != 0);
				piece[at] ^= 4;
			}
		}
		buf_fini(&leaves);
	}
	assert_int_equal(blob_piece_len(BLOB_MAX, 4000), BLOB_PIECE_MAX);
}

static bool has(const uint8_t *have, size_t i)
{
	return have[i / 8] >> i % 8 & 1;
}

/* Chunks in any order, a crash that tore one, and the file is there. */
static void test_parts(void **state)
{
	static const size_t order[] = { 2, 0, 3, 1 };
	struct span content = content_of(3 * BLOB_CHUNK - 7);
	static uint8_t all[4 * BLOB_CHUNK], piece[BLOB_PIECE_MAX];
	uint8_t hash[BLOB_HASH], have[BLOB_HAVE_BYTES];
	struct buf leaves = { 0 }, back = { 0 };
	uint64_t size = 3 * BLOB_CHUNK + 9, none = 0;
	char path[170];
	int fd;

	(void)state;
	memcpy(all, content.p, content.n);
	content = SPAN(all, size);
	leaves_of(&leaves, content);
	blob_name(hash, size, buf_span(&leaves));
	assert_int_equal(blob_part_open(dir, hash, &none, have), -ENOENT);
	for (size_t k = 0; k < 4; k++) {
		struct blob_piece p;
		uint64_t told = k ? none : size;
		size_t i = order[k], n;

		fd = blob_part_open(dir, hash, &told, have);
		assert_true(fd >= 0);
		assert_int_equal(told, size);
		for (size_t j = 0; j < 4; j++)
			assert_int_equal(has(have, order[j]), j < k);
		n = blob_piece_put(piece, size, buf_span(&leaves), i,
				   SPAN(all + i * BLOB_CHUNK,
					blob_chunk_len(size, i)));
		assert_int_equal(blob_piece_get(&p, hash, size,
						SPAN(piece, n)), 0);
		assert_int_equal(blob_part_put(fd, size, &p), 0);
		if (k == 2) {	/* torn: its leaf is there, it is not */
			assert_int_equal(pwrite(fd, "xx", 2, BLOB_HEAD +
					 4 * BLOB_HASH + 3 * BLOB_CHUNK), 2);
			close(fd);
			told = 0;
			fd = blob_part_open(dir, hash, &told, have);
			assert_false(has(have, 3));
			assert_int_equal(blob_part_put(fd, size, &p), 0);
		}
		close(fd);
	}
	size++;
	assert_int_equal(blob_part_open(dir, hash, &size, have), -EBADMSG);
	size--;
	assert_false(blob_held(dir, hash));
	assert_int_equal(blob_part_finish(dir, hash), 0);
	assert_true(blob_held(dir, hash));
	assert_int_equal(blob_load(dir, hash, &back), 0);
	assert_true(span_equal(buf_span(&back), content));
	for (size_t i = 0; i < 4; i++) {
		struct blob_piece p;
		int n = blob_piece_read(dir, hash, i, piece);

		assert_true(n > 0);
		assert_int_equal(blob_piece_get(&p, hash, size,
						SPAN(piece, n)), 0);
	}
	assert_int_equal(blob_piece_read(dir, hash, 4, piece), -EINVAL);
	snprintf(path, sizeof(path), "%s.part", path_of(hash));
	assert_int_equal(access(path, F_OK), -1);
	unlink(path_of(hash));
	assert_int_equal(blob_piece_read(dir, hash, 0, piece), -ENOENT);
	buf_fini(&leaves);
	buf_fini(&back);
}

/* What is false as a whole is begun again from nothing. */
static void test_part_false(void **state)
{
	uint8_t hash[BLOB_HASH] = { 7 }, have[BLOB_HAVE_BYTES];
	uint64_t size = 100;
	int fd = blob_part_open(dir, hash, &size, have);
	struct blob_piece p = { .i = 0, .chunk = content_of(100) };

	(void)state;
	assert_true(fd >= 0);
	blob_leaf(p.leaf, p.chunk);
	assert_int_equal(blob_part_put(fd, size, &p), 0);
	close(fd);
	assert_int_equal(blob_part_finish(dir, hash), -EBADMSG);
	size = 0;
	assert_int_equal(blob_part_open(dir, hash, &size, have), -ENOENT);
	assert_int_equal(blob_part_drop(dir, hash), -ENOENT);
}

static void test_too_big(void **state)
{
	uint8_t hash[BLOB_HASH], *big = calloc(1, BLOB_MAX + 1);
	struct buf back = { 0 };

	(void)state;
	assert_int_equal(blob_store(dir, SPAN(big, BLOB_MAX + 1), hash),
			 -EFBIG);
	assert_int_equal(blob_store(dir, SPAN(big, BLOB_MAX), hash), 0);
	assert_int_equal(blob_load(dir, hash, &back), 0);
	assert_int_equal(back.len, BLOB_MAX);
	buf_fini(&back);
	unlink(path_of(hash));
	free(big);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_wrong_name),
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_part_false),
		cmocka_unit_test(test_too_big),
	};
	int failed;

	snprintf(dir, sizeof(dir), "/tmp/cairn-blob.XXXXXX");
	if (crypto_init() || !mkdtemp(dir))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(dir);
	return failed;
}
