/* SPDX-License-Identifier: MIT
 *
 * lib/base: bytes, buf, clock, crypto, file, heap, map, crc32c.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/crc32c.h"
#include "lib/base/crypto.h"
#include "lib/base/file.h"
#include "lib/base/heap.h"
#include "lib/base/map.h"

static uint64_t seed = 1;

static uint32_t dice(uint32_t sides)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(seed >> 33) % sides;
}

static void test_hex(void **state)
{
	uint8_t b[4];
	char t[9];

	(void)state;
	assert_string_equal(hex_encode(t, SPAN("\x00\x9f\xff", 3)), "009fff");
	assert_string_equal(hex_encode(t, SPAN("", 0)), "");
	assert_int_equal(hex_decode(b, 4, SPAN_STR("009FfF")), 3);
	assert_memory_equal(b, "\x00\x9f\xff", 3);
	assert_int_equal(hex_decode(b, 4, SPAN_STR("")), 0);
	assert_int_equal(hex_decode(b, 4, SPAN_STR("123")), -EINVAL);
	assert_int_equal(hex_decode(b, 4, SPAN_STR("0g")), -EINVAL);
	assert_int_equal(hex_decode(b, 1, SPAN_STR("0011")), -EINVAL);
}

static void test_leb(void **state)
{
	static const uint64_t v[] = { 0, 1, 127, 128, 300, UINT32_MAX,
		1ULL << 62, INT64_MAX, UINT64_MAX };
	static const char *bad[] = { "\x80", "\x81\x00", "\xff\xff\xff\xff\xff"
		"\xff\xff\xff\xff\x02", "\x80\x80\x80\x80\x80\x80\x80\x80\x80"
		"\x80\x01" };

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		uint8_t b[10];
		struct wr w = wr_init(b, sizeof(b));
		struct rd r;

		wr_leb(&w, v[i]);
		assert_false(w.full);
		assert_int_equal(w.len, leb_size(v[i]));
		r = rd_init(wr_span(&w));
		assert_true(rd_leb(&r) == v[i]);
		assert_false(r.bad);
		assert_int_equal(rd_left(&r), 0);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		size_t n = i == 1 ? 2 : strlen(bad[i]);
		struct rd r = rd_init(SPAN(bad[i], n));

		assert_int_equal(rd_leb(&r), 0);
		assert_true(r.bad);
		assert_int_equal(rd_u8(&r), 0);
	}
}

static void test_cursor(void **state)
{
	uint8_t b[6];
	struct wr w = wr_init(b, sizeof(b));
	struct rd r;

	(void)state;
	wr_be(&w, 3, 0x010203);
	wr_le(&w, 2, 0x0504);
	wr_be(&w, 2, 1);	/* one too many */
	wr_u8(&w, 9);		/* would fit, but full is sticky */
	assert_true(w.full);
	assert_int_equal(w.len, 5);
	assert_memory_equal(b, "\1\2\3\4\5", 5);
	r = rd_init(wr_span(&w));
	assert_int_equal(rd_be(&r, 3), 0x010203);
	assert_int_equal(rd_le(&r, 2), 0x0504);
	assert_false(r.bad);
	assert_int_equal(rd_u8(&r), 0);
	assert_true(r.bad);
}

static void test_buf(void **state)
{
	struct buf b = { 0 };

	(void)state;
	for (int i = 0; i < 100; i++)
		buf_printf(&b, "%d,", i);
	assert_int_equal(b.len, 290);
	buf_consume(&b, 280);
	buf_add(&b, SPAN_STR("end"));
	buf_add_u8(&b, '.');
	assert_true(span_equal(buf_span(&b), SPAN_STR(",97,98,99,end.")));
	buf_consume(&b, 1000);
	assert_int_equal(b.len, 0);
	buf_fini(&b);
	assert_null(b.p);
}

static void test_clock(void **state)
{
	struct clock_now a = clock_read(1), b = clock_read(1);
	char t[25];

	(void)state;
	assert_true(b.mono_us >= a.mono_us);
	assert_string_equal(clock_format_utc(t, 0), "1970-01-01T00:00:00Z");
	assert_string_equal(clock_format_utc(t, 1795242600999),
			    "2026-11-21T06:30:00Z");
	assert_string_equal(clock_format_utc(t, UINT64_MAX),
			    "9999-12-31T23:59:59Z");
}

static void test_hashes(void **state)
{
	struct span abc = SPAN_STR("abc"), parts[] = { { abc.p, 1 },
		{ abc.p + 1, 2 } };
	uint8_t h[64], h2[64];
	char t[129];

	(void)state;
	crypto_sha256(h, abc);
	assert_string_equal(hex_encode(t, SPAN(h, 32)),
		"ba7816bf8f01cfea414140de5dae2223"
		"b00361a396177a9cb410ff61f20015ad");
	crypto_sha256_parts(h2, parts, 2);
	assert_memory_equal(h, h2, 32);
	crypto_blake2b(h, 32, NULL, parts, 2);
	assert_string_equal(hex_encode(t, SPAN(h, 32)),
		"bddd813c634239723171ef3fee98579b"
		"94964e3bb1cb3e427262c8c068d52319");
	crypto_blake2b(h, 32, "cairn-event-1", &abc, 1);
	assert_string_equal(hex_encode(t, SPAN(h, 32)), 
		"e5e6f3d39df5c208cbe8a637129aeea6"
		"e1312e9b0b9f538491f6e283c91232ec");
	for (uint8_t i = 0; i < 16; i++)
		h[i] = i;
	for (uint8_t i = 0; i < 15; i++)
		h2[i] = i;
	/* the SipHash paper's own vector */
	assert_true(crypto_siphash(h, SPAN(h2, 15)) == 0xa129ca6149be45e5);
}

static void test_keys(void **state)
{
	/* RFC 8032, 7.1, test 2 */
	uint8_t sk[32], pub[32], sig[64], zero[32] = { 0 }, msg = 0x72;
	char t[129];

	(void)state;
	assert_int_equal(hex_decode(sk, 32, SPAN_STR(
		"4ccd089b28ff96da9db6c346ec114e0f"
		"5b8a319f35aba624da8cf6ed4fb8a6fb")), 32);
	crypto_ed25519_public(pub, sk);
	assert_string_equal(hex_encode(t, SPAN(pub, 32)),
		"3d4017c3e843895a92b70aa74d1b7ebc"
		"9c982ccf2ec4968cc0cd55f12af4660c");
	crypto_ed25519_sign(sig, sk, SPAN(&msg, 1));
	assert_string_equal(hex_encode(t, SPAN(sig, 64)),
		"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
		"085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
	assert_true(crypto_ed25519_verify(sig, pub, SPAN(&msg, 1)));
	sig[3] ^= 1;
	assert_false(crypto_ed25519_verify(sig, pub, SPAN(&msg, 1)));
	assert_true(crypto_ed25519_key_ok(pub));
	assert_false(crypto_ed25519_key_ok(zero)); /* order 4 */
	zero[0] = 1;
	assert_false(crypto_ed25519_key_ok(zero)); /* the neutral element */
	/* RFC 7748, 5.2: after one iteration */
	memset(sk, 0, sizeof(sk));
	sk[0] = 9;
	crypto_x25519_public(pub, sk);
	assert_string_equal(hex_encode(t, SPAN(pub, 32)),
		"422c8e7a6227d7bca1350b3e2bb7279f"
		"7897b87bb6854b783c60e80311ae3079");
}

static void test_heap(void **state)
{
	struct timer t[200] = { 0 };
	struct timer_heap h = { 0 };
	uint64_t last = 0;
	size_t armed = 0;

	(void)state;
	assert_true(timer_next_us(&h) == TIME_NEVER);
	for (int i = 0; i < 5000; i++) {
		struct timer *any = &t[dice(200)];

		if (dice(3))
			timer_set(&h, any, 1 + dice(99));
		else
			timer_clear(&h, any);
	}
	for (int i = 0; i < 200; i++)
		armed += timer_armed(&t[i]);
	assert_int_equal(h.n, armed);
	assert_null(timer_pop(&h, timer_next_us(&h) - 1));
	for (struct timer *x; (x = timer_pop(&h, 99)); armed--) {
		assert_true(x->due_us >= last);
		assert_false(timer_armed(x));
		last = x->due_us;
	}
	assert_int_equal(armed, 0);
	timer_set(&h, &t[0], 1);
	timer_heap_fini(&h);
	assert_false(timer_armed(&t[0]));
}

/* Against a plain array, with keys that are often taken out again. */
static void test_map(void **state)
{
	struct map *m = map_new(300);
	uint32_t have[400];
	size_t count = 0;

	(void)state;
	memset(have, 0xff, sizeof(have));
	for (int i = 0; i < 20000; i++) {
		uint32_t k = dice(400);
		struct span key = SPAN(&k, sizeof(k));

		assert_int_equal(map_get(m, key), have[k]);
		if (dice(2)) {
			assert_int_equal(map_del(m, key), have[k] != MAP_NONE);
			count -= have[k] != MAP_NONE;
			have[k] = MAP_NONE;
		} else if (have[k] != MAP_NONE || count < 300) {
			count += have[k] == MAP_NONE;
			have[k] = dice(1000);
			assert_int_equal(map_set(m, key, have[k]), 0);
		} else {
			assert_int_equal(map_set(m, key, 1), -ENOSPC);
		}
		assert_int_equal(map_count(m), count);
	}
	assert_int_equal(map_set(m, SPAN("", 0), 1), -EINVAL);
	assert_int_equal(map_set(m, SPAN(have, 65), 1), -EINVAL);
	assert_int_equal(map_set(m, SPAN(have, 64), 1), 0);
	assert_int_equal(map_get(m, SPAN(have, 64)), 1);
	assert_int_equal(map_get(m, SPAN(have, 63)), MAP_NONE);
	map_free(m);
}

static void test_crc32c(void **state)
{
	static uint8_t b[5000];

	(void)state;
	assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283);
	assert_int_equal(crc32c_table(0, "123456789", 9), 0xe3069283);
	assert_int_equal(crc32c(0, "", 0), 0);
	for (size_t i = 0; i < sizeof(b); i++)
		b[i] = (uint8_t)dice(256);
	for (int i = 0; i < 500; i++) {
		size_t from = dice(64), n = dice(sizeof(b) - 64);
		size_t cut = dice((uint32_t)n + 1);
		uint32_t whole = crc32c_table(0, b + from, n);

		assert_int_equal(crc32c(0, b + from, n), whole);
		assert_int_equal(crc32c(crc32c(0, b + from, cut),
					b + from + cut, n - cut), whole);
	}
	print_message("crc32c by %s\n", crc32c_method());
}

static void test_file(void **state)
{
	char dir[] = "/tmp/cairn-file.XXXXXX", path[64], fresh[80];
	struct span once = SPAN_STR("once"), twice = SPAN_STR("twice");
	struct buf b = { 0 };
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/f", dir);
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	assert_int_equal(file_read(path, 4, &b), -ENOENT);
	assert_int_equal(file_replace(path, 0600, once), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(file_read(path, 3, &b), -EFBIG);
	b.len = 0;
	assert_int_equal(file_read(path, 4, &b), 0);
	assert_int_equal(file_replace(path, 0600, twice), 0);
	assert_int_equal(access(fresh, F_OK), -1);
	assert_int_equal(file_read(path, 5, &b), 0);	/* behind the first */
	assert_true(span_equal(buf_span(&b), SPAN_STR("oncetwice")));
	assert_int_equal(mkdir(fresh, 0700), 0);	/* in the way */
	assert_true(file_replace(path, 0600, once) < 0);
	b.len = 0;
	assert_int_equal(file_read(path, 5, &b), 0);
	assert_true(span_equal(buf_span(&b), twice));
	buf_fini(&b);
	assert_int_equal(rmdir(fresh) | unlink(path) | rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hex), cmocka_unit_test(test_leb),
		cmocka_unit_test(test_cursor), cmocka_unit_test(test_buf),
		cmocka_unit_test(test_clock), cmocka_unit_test(test_hashes),
		cmocka_unit_test(test_keys), cmocka_unit_test(test_heap),
		cmocka_unit_test(test_map), cmocka_unit_test(test_crc32c),
		cmocka_unit_test(test_file),
	};

	if (crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
