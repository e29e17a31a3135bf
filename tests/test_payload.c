/* SPDX-License-Identifier: MIT
 *
 * Payloads: what is refused and why, shortest floats over every half, JSON
 * both ways, and the station payload.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "lib/base/crypto.h"
#include "lib/event/event.h"
#include "lib/event/payload.h"
#include "lib/event/station.h"

static enum payload_error check_hex(const char *hex)
{
	uint8_t b[64];
	int n = hex_decode(b, sizeof(b), SPAN_STR(hex));

	assert_true(n >= 0);
	return payload_check(SPAN(b, n));
}

static const struct {
	const char *hex;
	enum payload_error want;
} cases[] = {
	{ "00", PAYLOAD_OK },
	{ "17", PAYLOAD_OK },
	{ "1818", PAYLOAD_OK },
	{ "1817", PAYLOAD_LONG_FORM },
	{ "1900ff", PAYLOAD_LONG_FORM },
	{ "1a0000ffff", PAYLOAD_LONG_FORM },
	{ "1b00000000ffffffff", PAYLOAD_LONG_FORM },
	{ "1b0000000100000000", PAYLOAD_OK },
	{ "3b7fffffffffffffff", PAYLOAD_OK },
	{ "3801", PAYLOAD_LONG_FORM },
	{ "580101", PAYLOAD_LONG_FORM },
	{ "4101", PAYLOAD_OK },
	{ "5f4101ff", PAYLOAD_INDEFINITE },
	{ "7f6161ff", PAYLOAD_INDEFINITE },
	{ "9fff", PAYLOAD_INDEFINITE },
	{ "bfff", PAYLOAD_INDEFINITE },
	{ "ff", PAYLOAD_INDEFINITE },
	{ "", PAYLOAD_SHORT },
	{ "18", PAYLOAD_SHORT },
	{ "4201", PAYLOAD_SHORT },
	{ "8201", PAYLOAD_SHORT },
	{ "9bffffffffffffffff", PAYLOAD_SHORT },
	{ "bbffffffffffffffff", PAYLOAD_SHORT },
	{ "0000", PAYLOAD_TRAILING },
	{ "a201000200", PAYLOAD_OK },
	{ "a202000100", PAYLOAD_KEY_ORDER },
	{ "a201000100", PAYLOAD_KEY_ORDER },
	{ "a2616100616200", PAYLOAD_OK },
	{ "a262616100616200", PAYLOAD_KEY_ORDER }, /* longer later */
	{ "a2181800616200", PAYLOAD_OK },
	{ "a14100f6", PAYLOAD_TYPE },	/* a key of bytes */
	{ "a18000", PAYLOAD_TYPE },
	{ "61ff", PAYLOAD_UTF8 },
	{ "62c080", PAYLOAD_UTF8 },
	{ "63eda080", PAYLOAD_UTF8 },
	{ "64f4908080", PAYLOAD_UTF8 },
	{ "63e282ac", PAYLOAD_OK },
	{ "64f09f9880", PAYLOAD_OK },
	{ "61c3", PAYLOAD_UTF8 },
	{ "f90000", PAYLOAD_OK },
	{ "f98000", PAYLOAD_OK },
	{ "f97e00", PAYLOAD_FLOAT },	/* NaN */
	{ "f97c00", PAYLOAD_FLOAT },	/* infinity */
	{ "fa00000000", PAYLOAD_FLOAT },
	{ "fa3dcccccd", PAYLOAD_OK },
	{ "fb3fb999999999999a", PAYLOAD_OK },	/* 0.1 */
	{ "fb3fb99999a0000000", PAYLOAD_FLOAT }, /* 0.1f, wide */
	{ "fb3ff0000000000000", PAYLOAD_FLOAT },
	{ "f6", PAYLOAD_OK },
	{ "f7", PAYLOAD_TYPE },		/* undefined */
	{ "e0", PAYLOAD_TYPE },
	{ "f8ff", PAYLOAD_TYPE },
	{ "1c", PAYLOAD_TYPE },
	{ "c400", PAYLOAD_TYPE },	/* another tag */
	{ "d867820102", PAYLOAD_OK },
	{ "d86783010203", PAYLOAD_OK },
	{ "d8678101", PAYLOAD_TYPE },
	{ "d86701", PAYLOAD_TYPE },
	{ "d8678401020304", PAYLOAD_TYPE },
	{ "8181818181818180", PAYLOAD_OK },
	{ "818181818181818100", PAYLOAD_OK },
	{ "818181818181818180", PAYLOAD_DEPTH },
};

static void test_M18_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum payload_error got = check_hex(cases[i].hex);

		if (got != cases[i].want)
			fail_msg("%s: %s", cases[i].hex,
				 payload_error_name(got));
	}
}

static void test_every_cut_is_short(void **state)
{
	uint8_t b[64];
	int n = hex_decode(b, sizeof(b), SPAN_STR(
		"a40063522d31036161" "0463e282ac" "18208218" "641903e8"));

	(void)state;
	assert_int_equal(payload_check(SPAN(b, n)), PAYLOAD_OK);
	for (int cut = 0; cut < n; cut++)
		assert_int_equal(payload_check(SPAN(b, cut)), PAYLOAD_SHORT);
}

static void test_length(void **state)
{
	struct buf b = { 0 }, text = { 0 };

	(void)state;
	memset(buf_reserve(&text, 5000), 'x', 5000);
	payload_put_text(&b, SPAN(text.p, EVENT_PAYLOAD_MAX - 3));
	assert_int_equal(b.len, EVENT_PAYLOAD_MAX);
	assert_int_equal(payload_check(buf_span(&b)), PAYLOAD_OK);
	b.len = 0;
	payload_put_text(&b, SPAN(text.p, EVENT_PAYLOAD_MAX - 2));
	assert_int_equal(payload_check(buf_span(&b)), PAYLOAD_TOO_LONG);
	buf_fini(&b);
	buf_fini(&text);
}

/* Every finite half is its own shortest form, and its neighbour at higher
 * precision is not a half. */
static void test_every_half(void **state)
{
	struct buf b = { 0 };

	(void)state;
	for (unsigned bits = 0; bits < 0x10000; bits++) {
		uint8_t half[3] = { 0xf9, (uint8_t)(bits >> 8),
				    (uint8_t)bits };
		struct payload_value v;

		if ((bits & 0x7c00) == 0x7c00) {
			assert_int_equal(payload_check(SPAN(half, 3)),
					 PAYLOAD_FLOAT);
			continue;
		}
		assert_true(payload_first(SPAN(half, 3), &v));
		b.len = 0;
		payload_put_real(&b, v.real);
		assert_int_equal(b.len, 3);
		assert_memory_equal(b.p, half, 3);
		if (v.real == 0)
			continue;
		b.len = 0;
		payload_put_real(&b, v.real * (1 + 0x1p-12));
		assert_int_equal(b.len, 5);
		b.len = 0;
		payload_put_real(&b, v.real * (1 + 0x1p-40));
		assert_int_equal(b.len, 9);
	}
	buf_fini(&b);
}

static void test_reals(void **state)
{
	static const double values[] = {
		0.1, 1e300, 5e-324, 1.7976931348623157e308, 65504, 65520,
		3.4028234663852886e38, 1e-45, 1.401298464324817e-45,
	};
	struct buf b = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct payload_value v;

		b.len = 0;
		payload_put_real(&b, values[i]);
		assert_int_equal(payload_check(buf_span(&b)), PAYLOAD_OK);
		assert_true(payload_first(buf_span(&b), &v));
		assert_true(v.real == values[i]);
	}
	buf_fini(&b);
}

static void json_both_ways(const char *text, const char *hex)
{
	struct json *v = json_parse(SPAN_STR(text), NULL);
	struct json_out o = { 0 };
	struct buf b = { 0 };
	char got[512];

	assert_non_null(v);
	assert_int_equal(payload_from_json(&b, v), 0);
	if (hex)
		assert_string_equal(hex_encode(got, buf_span(&b)), hex);
	payload_to_json(&o, buf_span(&b));
	buf_add_u8(&o.b, 0);
	assert_string_equal((char *)o.b.p, text);
	json_free(v);
	buf_fini(&b);
	buf_fini(&o.b);
}

static void test_json(void **state)
{
	(void)state;
	json_both_ways("{\"record_id\":\"R-1\",\"field\":\"f\",\"value\":5}",
		       "a300635" "22d310361660405");
	json_both_ways("[1,-1,1.5,1.0,true,false,null,\"x\",[],{}]",
		       "8a0120f93e00f93c00f5f4f6617880a0");
	json_both_ways("{\"position\":[46.5,7.25]}", "d86782f951d0f94740");
	json_both_ways("{\"bytes\":\"00ff\"}", "4200ff");
	json_both_ways("{\"bytes\":\"00FF\"}", NULL);
	json_both_ways("{\"bytes\":\"0\"}", NULL);
	json_both_ways("{\"position\":[1]}", NULL);
	json_both_ways("{\"0\":1,\"zz\":{\"key\":{\"b\":1,\"aa\":2}}}", NULL);
	json_both_ways("[9223372036854775807,-9223372036854775808]", NULL);
}

static void test_json_refused(void **state)
{
	static const char deep[] = "[[[[[[[[[1]]]]]]]]]";
	struct json *v = json_parse(SPAN_STR(deep), NULL);
	struct buf b = { 0 };

	(void)state;
	assert_non_null(v);
	assert_int_equal(payload_from_json(&b, v), -EINVAL);
	assert_int_equal(b.len, 0);
	json_free(v);
	buf_fini(&b);
}

static void test_get(void **state)
{
	struct json *v = json_parse(SPAN_STR(
		"{\"record_id\":\"R\",\"value\":[1,{\"field\":\"no\"}],"
		"\"field\":\"yes\",\"q\":1}"), NULL);
	struct payload_value got;
	struct buf b = { 0 };

	(void)state;
	assert_int_equal(payload_from_json(&b, v), 0);
	assert_true(payload_get(buf_span(&b), KEY_FIELD, &got));
	assert_true(span_equal(got.str, SPAN_STR("yes")));
	assert_true(payload_get(buf_span(&b), KEY_VALUE, &got));
	assert_int_equal(got.type, PAYLOAD_ARRAY);
	assert_int_equal(got.num, 2);
	assert_false(payload_get(buf_span(&b), KEY_TEXT, &got));
	assert_false(payload_get(got.raw, KEY_TEXT, &got));
	b.len = 0;
	payload_put_map(&b, 1);
	payload_put_text(&b, SPAN_STR("text"));
	payload_put_uint(&b, 7);
	assert_true(payload_get(buf_span(&b), KEY_TEXT, &got));
	assert_int_equal(got.num, 7);
	json_free(v);
	buf_fini(&b);
}

static void test_call_signs(void **state)
{
	static const char *const good[] = { "N0CALL", "N0CALL-7", "HB9XYZ-15",
					    "W1A", "2E0ABC", "K1A-0" };
	static const char *const bad[] = { "", "CALL", "123", "N0CALL-", "A1",
		"N0CALL-16", "N0CALL-07", "n0call", "N0CALLX", "N0 ALL",
		"N0CALL-7-1" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(station_call_valid(SPAN_STR(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(station_call_valid(SPAN_STR(bad[i])));
	assert_true(station_call_placeholder(SPAN_STR("N0CALL-7")));
	assert_true(station_call_placeholder(SPAN_STR("MYCALL")));
	assert_false(station_call_placeholder(SPAN_STR("N0CALX")));
}

static void test_station(void **state)
{
	struct station st = { .call = "N0CALL-7" }, back;
	uint8_t seed[32] = { 1 }, author[32];
	struct buf b = { 0 };

	(void)state;
	crypto_x25519_public(st.key, seed);
	crypto_ed25519_public(st.key + 32, seed);
	crypto_sha256(author, SPAN(st.key, 64));
	assert_int_equal(station_build(&b, &st), 0);
	assert_int_equal(payload_check(buf_span(&b)), PAYLOAD_OK);
	assert_int_equal(station_parse(&back, buf_span(&b)), 0);
	assert_string_equal(back.call, "N0CALL-7");
	assert_false(back.has_previous);
	assert_true(station_key_fits(&back, author));
	back.key[0] ^= 1;
	assert_false(station_key_fits(&back, author));
	b.len = 0;
	st.has_previous = true;
	memset(st.previous, 5, sizeof(st.previous));
	assert_int_equal(station_build(&b, &st), 0);
	assert_int_equal(station_parse(&back, buf_span(&b)), 0);
	assert_memory_equal(back.previous, st.previous, AUTHOR_SIZE);
	assert_int_equal(station_parse(&back, SPAN(b.p, b.len - 1)), -EINVAL);
	strcpy(st.call, "call");
	assert_int_equal(station_build(&b, &st), -EINVAL);
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_M18_refusals),
		cmocka_unit_test(test_every_cut_is_short),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_every_half),
		cmocka_unit_test(test_reals),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_refused),
		cmocka_unit_test(test_get),
		cmocka_unit_test(test_call_signs),
		cmocka_unit_test(test_station),
	};

	if (crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
