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
