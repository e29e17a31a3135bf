/* SPDX-License-Identifier: MIT
 *
 * lib/base/json: reading, writing, Python's spelling of numbers.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "lib/base/json.h"

static void test_read(void **state)
{
	static const char text[] = "{\"a\":[1,2.5,true,null,\"x\\u0000y\"],"
		"\"b\":{\"c\":-9223372036854775808},\"\xc3\xa9\":false}";
	struct json *v = json_parse(SPAN(text, sizeof(text) - 1), NULL);
	struct json_member m = { 0 };
	const struct json *a;

	(void)state;
	assert_non_null(v);
	assert_int_equal(json_len(v), 3);
	a = json_get(v, "a");
	assert_int_equal(json_len(a), 5);
	assert_int_equal(json_int(json_at(a, 0)), 1);
	assert_true(json_real(json_at(a, 0)) == 1.0);
	assert_true(json_real(json_at(a, 1)) == 2.5);
	assert_true(json_bool(json_at(a, 2)));
	assert_int_equal(json_type(json_at(a, 3)), JSON_NULL);
	assert_true(span_equal(json_string(json_at(a, 4)), SPAN("x\0y", 3)));
	assert_null(json_at(a, 5));
	assert_null(json_get(a, "a"));
	assert_int_equal(json_int(json_at(a, 1)), 0);
	assert_int_equal(json_string(a).n, 0);
	assert_true(json_int(json_get(json_get(v, "b"), "c")) == INT64_MIN);
	assert_true(json_next(v, &m) && span_equal(m.key, SPAN_STR("a")));
	assert_true(json_next(v, &m) && span_equal(m.key, SPAN_STR("b")));
	assert_true(json_next(v, &m) && json_type(m.value) == JSON_FALSE);
	assert_false(json_next(v, &m));
	json_free(v);
}

static void test_refuse(void **state)
{
	static const char *bad[] = { "", "{", "[1,]", "{\"a\":1,\"a\":2}",
		"9223372036854775808", "\"\\ud800\"", "\"\xff\"", "1 2",
		"nul", "01", "'x'", "1e999", "[NaN]" };
	struct json_error err;
	char deep[200];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		err.text[0] = '\0';
		assert_null(json_parse(SPAN_STR(bad[i]), &err));
		assert_true(err.text[0] != '\0');
	}
	memset(deep, '[', 100);
	memset(deep + 100, ']', 100);
	assert_null(json_parse(SPAN(deep, 200), NULL));
	struct json *v = json_parse(SPAN(deep + 36, 128), NULL);

	assert_non_null(v);
	json_free(v);
	v = json_parse(SPAN_STR("[\"[[[[[[[[\\\"[[\"]"), NULL);
	assert_non_null(v);
	json_free(v);
}

static void test_write(void **state)
{
	struct json_out o = { 0 };

	(void)state;
	json_out_object(&o);
	json_out_kv_string(&o, "s", "a\"\\\b\f\n\r\t\x01\x7f/\xc3\xa9");
	json_out_kv_int(&o, "i", INT64_MIN);
	json_out_kv_uint(&o, "u", UINT64_MAX);
	json_out_kv_real(&o, "r", 0.1);
	json_out_kv_real(&o, "n", 1 / -0.0);
	json_out_kv_bool(&o, "b", true);
	json_out_kv_hex(&o, "h", SPAN("\x00\xff", 2));
	json_out_key(&o, "a");
	json_out_array(&o);
	json_out_null(&o);
	json_out_raw(&o, SPAN_STR("[1]"));
	json_out_array(&o);
	json_out_end_array(&o);
	json_out_end_array(&o);
	json_out_end_object(&o);
	buf_add_u8(&o.b, 0);
	assert_string_equal((char *)o.b.p,
		"{\"s\":\"a\\\"\\\\\\b\\f\\n\\r\\t\\u0001\x7f/\xc3\xa9\","
		"\"i\":-9223372036854775808,\"u\":18446744073709551615,"
		"\"r\":0.1,\"n\":null,\"b\":true,\"h\":\"00ff\","
		"\"a\":[null,[1],[]]}");
	buf_fini(&o.b);
}

static void expect_again(const char *text, const char *want, bool ascii,
			 bool spaced)
{
	struct json *v = json_parse(SPAN_STR(text), NULL);
	struct json_out o = { .ascii = ascii, .spaced = spaced };

	assert_non_null(v);
	json_out_value(&o, v);
	buf_add_u8(&o.b, 0);
	assert_string_equal((char *)o.b.p, want);
	json_free(v);
	buf_fini(&o.b);
}

/* As Python's json.dumps gives it. */
static void test_again(void **state)
{
	(void)state;
	expect_again("[ ]", "[]", false, true);
	expect_again("7", "7", false, false);
	expect_again("{\"a\":{\"b\":[1,{}],\"c\":2},\"d\":[]}",
		     "{\"a\": {\"b\": [1, {}], \"c\": 2}, \"d\": []}",
		     false, true);
	expect_again("\"\\u00e9\\ud835\\udefc\\u20ac\\u007f\"",
		     "\"\\u00e9\\ud835\\udefc\\u20ac\\u007f\"", true, true);
	expect_again("\"\\u00e9\\ud835\\udefc\\u20ac\"",
		     "\"\xc3\xa9\xf0\x9d\x9b\xbc\xe2\x82\xac\"", false, true);
	expect_again("[1.0,1e16,0.00001]", "[1.0,1e+16,1e-05]", false, false);
}

/* What is not UTF-8: a replacement for each byte. */
static void test_bad_utf8(void **state)
{
	static const struct {
		const char *in, *out;
	} t[] = {
		{ "\xff", "\"\\ufffd\"" },
		{ "\xc3", "\"\\ufffd\"" },
		{ "\xc0\x80", "\"\\ufffd\\ufffd\"" },
		{ "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"" },
		{ "\xe2\x82x", "\"\\ufffd\\ufffdx\"" },
		{ "\xf4\x90\x80\x80",
		  "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct json_out o = { .ascii = true };

		json_out_string(&o, t[i].in);
		buf_add_u8(&o.b, 0);
		assert_string_equal((char *)o.b.p, t[i].out);
		buf_fini(&o.b);
	}
}

static void test_reals(void **state)
{
	static const struct {
		double v;
		const char *want;
	} t[] = {
		{ 0, "0.0" }, { -0.0, "-0.0" }, { 1, "1.0" }, { 0.1, "0.1" },
		{ 1e16, "1e+16" }, { 1e15, "1000000000000000.0" },
		{ (double)9007199254740993, "9007199254740992.0" },
		{ 0.0001, "0.0001" }, { 0.00001, "1e-05" },
		{ 123456.789, "123456.789" }, { 1.0 / 3, "0.3333333333333333" },
		{ 5e-324, "5e-324" }, { 1e23, "1e+23" },
		{ 1.7976931348623157e308, "1.7976931348623157e+308" },
		{ -2.5e-7, "-2.5e-07" }, { 1e100, "1e+100" },
		{ 5.684341886080802e-14, "5.684341886080802e-14" },
	};
	char text[32];

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++)
		assert_string_equal(json_format_real(text, t[i].v), t[i].want);
	for (uint64_t i = 1; i < 3000; i++) {
		uint64_t bits = i * 0x9e3779b97f4a7c15ULL;
		double v;

		memcpy(&v, &bits, sizeof(v));
		if (v != v || v - v != 0)
			continue;
		assert_true(strtod(json_format_real(text, v), NULL) == v);
	}
}

static void assert_text(const struct json *v, const char *text)
{
	assert_true(json_is(v, JSON_STRING));
	assert_true(span_equal(json_string(v), SPAN_STR(text)));
}

/* A stranger's name with a NUL in it, a number that is too large or a name that
 * stands twice hides nothing from who looks. */
static void test_shown(void **state)
{
	struct json *v;

	(void)state;
	v = json_parse_shown(SPAN_STR("{\"a\\u0000b\":1,\"c\\\\u0000\":2}"));
	assert_non_null(v);
	assert_int_equal(json_int(json_get(v, "a\u2400b")), 1);
	assert_int_equal(json_int(json_get(v, "c\\u0000")), 2);
	json_free(v);
	assert_null(json_parse_shown(SPAN_STR("{\"a\\u0000b\":")));
	v = json_parse_shown(SPAN_STR("{\"a\":[9223372036854775807,"
		"9223372036854775808,-9223372036854775809,\"9999999999999999999"
		"\",1e30,7],\"b\":1,\"b\":2}"));
	assert_non_null(v);
	assert_int_equal(json_int(json_at(json_get(v, "a"), 0)), INT64_MAX);
	assert_text(json_at(json_get(v, "a"), 1), "9223372036854775808");
	assert_text(json_at(json_get(v, "a"), 2), "-9223372036854775809");
	assert_text(json_at(json_get(v, "a"), 3), "9999999999999999999");
	assert_true(json_real(json_at(json_get(v, "a"), 4)) == 1e30);
	assert_int_equal(json_int(json_at(json_get(v, "a"), 5)), 7);
	assert_int_equal(json_int(json_get(v, "b")), 2);
	json_free(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shown),
		cmocka_unit_test(test_read), cmocka_unit_test(test_refuse),
		cmocka_unit_test(test_write), cmocka_unit_test(test_again),
		cmocka_unit_test(test_bad_utf8), cmocka_unit_test(test_reals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
