/* SPDX-License-Identifier: MIT
 *
 * AX.25 frames: what real endpoints send (kernel, Direwolf, Reticulum), every
 * reason to refuse, and the exact bytes we send.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <errno.h>
#include <cmocka.h>
#include "ax25/frame.h"

static struct ax25_address address(const char *text)
{
	struct ax25_address a;

	assert_int_equal(ax25_address_parse(&a, text), 0);
	return a;
}

static void assert_address(const struct ax25_address *a, const char *text)
{
	char got[AX25_CALL_TEXT];

	assert_string_equal(ax25_address_format(got, a), text);
}

/* "N0CALL-7>CAIRN0,A,B" as addresses; last bit on the last. */
static size_t put_addresses(uint8_t *dst, size_t n, const char *const *calls)
{
	for (size_t i = 0; i < n; i++) {
		struct ax25_address a = address(calls[i]);
		uint8_t *p = dst + 7 * i;

		memset(p, 0x40, 6);
		for (size_t j = 0; a.call[j]; j++)
			p[j] = (uint8_t)(a.call[j] << 1);
		p[6] = (uint8_t)(0x60 | a.ssid << 1 | (i + 1 == n));
	}
	return 7 * n;
}

static void test_encode(void **state)
{
	static const uint8_t want[] = {
		0x86, 0x82, 0x92, 0xa4, 0x9c, 0x60, 0xe0,
		0xae, 0x62, 0x82, 0xae, 0x40, 0x40, 0x6f,
		0x03, 0xbc, 'h', 'i',
	};
	struct ax25_address dest = address("CAIRN0"), source = address("w1aw-7");
	uint8_t got[sizeof(want)];

	(void)state;
	dest.c_or_h = true;
	assert_int_equal(ax25_ui_encode(got, sizeof(got), &dest, &source,
					AX25_PID_CAIRN, SPAN("hi", 2)),
			 sizeof(want));
	assert_memory_equal(got, want, sizeof(want));
	for (size_t cap = 0; cap < sizeof(want); cap++)
		assert_int_equal(ax25_ui_encode(got, cap, &dest, &source, 0,
						SPAN("hi", 2)), -ENOSPC);
}

static void test_round_trip(void **state)
{
	struct ax25_address dest = address("QST"), source = address("DL1ABC-15");
	struct ax25_frame f;
	uint8_t raw[64];
	int n;

	(void)state;
	dest.c_or_h = true;
	n = ax25_ui_encode(raw, sizeof(raw), &dest, &source, AX25_PID_NONE,
			   SPAN_STR("!4903.50N/07201.75W-"));
	assert_int_equal(ax25_parse(&f, SPAN(raw, n)), AX25_OK);
	assert_address(&f.dest, "QST");
	assert_address(&f.source, "DL1ABC-15");
	assert_true(ax25_address_equal(&f.source, &source));
	assert_false(ax25_address_equal(&f.source, &dest));
	assert_int_equal(f.n_digis, 0);
	assert_false(f.digipeated);
	assert_true(f.command);
	assert_int_equal(f.type, AX25_UI);
	assert_true(f.has_pid);
	assert_int_equal(f.pid, AX25_PID_NONE);
	assert_string_equal(ax25_type_name(&f), "UI");
	assert_true(span_equal(f.info, SPAN_STR("!4903.50N/07201.75W-")));
}

/* The reference pads with 0x20 and leaves both C bits clear. */
static void test_reticulum_header(void **state)
{
	static const uint8_t raw[] = {
		0x82, 0xa0, 0xb4, 0xa4, 0x9c, 0xa6, 0x60,
		0xae, 0x62, 0x82, 0xae, 0x20, 0x20, 0x61, 0x03, 0xf0, 0x01,
	};
	struct ax25_frame f;

	(void)state;
	assert_int_equal(ax25_parse(&f, SPAN(raw, sizeof(raw))), AX25_OK);
	assert_address(&f.dest, "APZRNS");
	assert_address(&f.source, "W1AW");
	assert_false(f.command);
	assert_int_equal(f.info.n, 1);
}

static void test_digipeaters(void **state)
{
	static const char *const calls[] = {
		"APRS", "N0CALL", "A1A", "B2B-2", "C3C", "D4D", "E5E", "F6F",
		"G7G", "H8H-8",
	};
	uint8_t raw[80] = { 0 };
	struct ax25_frame f;

	(void)state;
	for (size_t n = 2; n <= 10; n++) {
		size_t at = put_addresses(raw, n, calls);

		raw[at] = 0x13;
		raw[at + 1] = 0xcf;
		assert_int_equal(ax25_parse(&f, SPAN(raw, at + 2)), AX25_OK);
		assert_int_equal(f.n_digis, n - 2);
		assert_false(f.digipeated);
		assert_int_equal(f.type, AX25_UI);
		assert_int_equal(f.info.n, 0);
	}
	assert_address(&f.digi[1], "B2B-2");
	assert_address(&f.digi[7], "H8H-8");
	raw[7 * 3 + 6] |= 0x80;
	assert_int_equal(ax25_parse(&f, SPAN(raw, 72)), AX25_OK);
	assert_true(f.digipeated);
	assert_true(f.digi[1].c_or_h);
	assert_false(f.digi[0].c_or_h);
}

static void test_refused(void **state)
{
	static const char *const calls[] = {
		"APRS", "N0CALL", "A1A", "B2B-2", "C3C", "D4D", "E5E", "F6F",
		"G7G", "H8H-8", "I9I",
	};
	uint8_t raw[96] = { 0 };
	struct ax25_frame f;

	(void)state;
	assert_int_equal(ax25_parse(&f, SPAN(NULL, 0)), AX25_SHORT);
	put_addresses(raw, 2, calls);
	for (size_t n = 0; n < 14; n++)
		assert_int_equal(ax25_parse(&f, SPAN(raw, n)), AX25_SHORT);
	assert_int_equal(ax25_parse(&f, SPAN(raw, 14)), AX25_NO_CONTROL);
	raw[14] = 0x03;
	assert_int_equal(ax25_parse(&f, SPAN(raw, 15)), AX25_NO_PID);
	raw[6] |= 1;
	assert_int_equal(ax25_parse(&f, SPAN(raw, 16)), AX25_SHORT);
	put_addresses(raw, 3, calls);
	assert_int_equal(ax25_parse(&f, SPAN(raw, 20)), AX25_NO_END);
	put_addresses(raw, 11, calls);
	assert_int_equal(ax25_parse(&f, SPAN(raw, 79)), AX25_TOO_MANY);
}

static void test_bad_calls(void **state)
{
	static const char *const calls[] = { "APRS", "N0CALL" };
	static const uint8_t bad[][6] = {
		{ 0x40, 0x40, 0x40, 0x40, 0x40, 0x40 },	/* empty */
		{ 0x82, 0x40, 0x82, 0x40, 0x40, 0x40 },	/* "A A" */
		{ 0xc2, 0x62, 0x40, 0x40, 0x40, 0x40 },	/* lower case */
		{ 0x82, 0x63, 0x40, 0x40, 0x40, 0x40 },	/* early last bit */
		{ 0x82, 0x62, 0x5a, 0x40, 0x40, 0x40 },	/* '-' */
		{ 0x00, 0x00, 0x00, 0x00, 0x00, 0x00 },
	};
	uint8_t raw[16];
	struct ax25_frame f;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put_addresses(raw, 2, calls);
		raw[14] = 0x03;
		raw[15] = 0xf0;
		memcpy(raw + 7, bad[i], 6);
		assert_int_equal(ax25_parse(&f, SPAN(raw, 16)), AX25_BAD_CALL);
	}
}

static void test_controls(void **state)
{
	static const struct {
		uint8_t control;
		enum ax25_type type;
		const char *name;
	} cases[] = {
		{ 0x00, AX25_I, "I" }, { 0xfe, AX25_I, "I" },
		{ 0x01, AX25_S, "RR" }, { 0xf5, AX25_S, "RNR" },
		{ 0x09, AX25_S, "REJ" }, { 0x0d, AX25_S, "SREJ" },
		{ 0x03, AX25_UI, "UI" }, { 0x13, AX25_UI, "UI" },
		{ 0x3f, AX25_U, "SABM" }, { 0x6f, AX25_U, "SABME" },
		{ 0x53, AX25_U, "DISC" }, { 0x1f, AX25_U, "DM" },
		{ 0x73, AX25_U, "UA" }, { 0x97, AX25_U, "FRMR" },
		{ 0xaf, AX25_U, "XID" }, { 0xe3, AX25_U, "TEST" },
		{ 0xef, AX25_U, "U" },
	};
	static const char *const calls[] = { "APRS", "N0CALL" };
	uint8_t raw[17];
	struct ax25_frame f;

	(void)state;
	put_addresses(raw, 2, calls);
	raw[15] = raw[16] = 0xf0;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		raw[14] = cases[i].control;
		assert_int_equal(ax25_parse(&f, SPAN(raw, 17)), AX25_OK);
		assert_int_equal(f.type, cases[i].type);
		assert_string_equal(ax25_type_name(&f), cases[i].name);
		assert_int_equal(f.info.n, f.has_pid ? 1 : 2);
	}
}

static void test_address_text(void **state)
{
	static const char *const bad[] = {
		"", "-1", "N0CALL-", "N0CALL-16", "N0CALL-1x", "N0CALL-007",
		"TOOLONG", "A B", "N0CALL-1-2", "\xc3\x84", "N0CALL--1",
	};
	struct ax25_address a = address("dl1abc-0");

	(void)state;
	assert_address(&a, "DL1ABC");
	a = address("N0CALL-15");
	assert_address(&a, "N0CALL-15");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ax25_address_parse(&a, bad[i]), -EINVAL);
	assert_address(&a, "N0CALL-15");
}

static void test_call_rules(void **state)
{
	(void)state;
	assert_true(ax25_call_valid("W1AW"));
	assert_true(ax25_call_valid("oe3abc"));
	assert_false(ax25_call_valid("N0CALL"));
	assert_false(ax25_call_valid("n0call"));
	assert_false(ax25_call_valid("NOCALL"));
	assert_false(ax25_call_valid("W1"));
	assert_false(ax25_call_valid("W1AW-7"));
	assert_false(ax25_call_valid("ABCDEF"));
	assert_false(ax25_call_valid("123456"));
	assert_false(ax25_call_valid("W1AWXYZ"));
	assert_false(ax25_call_valid(""));
	assert_true(ax25_call_placeholder("MYCALL"));
	assert_false(ax25_call_placeholder("W1AW"));
}

static void test_error_names(void **state)
{
	(void)state;
	for (int e = 0; e < AX25_ERROR_COUNT; e++)
		assert_non_null(ax25_error_name((enum ax25_error)e));
}

static void test_fcs(void **state)
{
	(void)state;
	/* the check value that CRC catalogues give for CRC-16/X.25 */
	assert_int_equal(ax25_fcs(SPAN("123456789", 9)), 0x906e);
	assert_int_equal(ax25_fcs(SPAN(NULL, 0)), 0);
}

static void test_extended(void **state)
{
	static const char *const calls[] = { "Q1AAA", "Q2BBB" };
	struct ax25_frame f;
	uint8_t raw[18];

	(void)state;
	put_addresses(raw, 2, calls);
	raw[14] = 0xca;		/* I, ns 101 */
	raw[15] = 0x8d;		/* nr 70, P */
	raw[16] = AX25_PID_NONE;
	assert_int_equal(ax25_parse_extended(&f, SPAN(raw, 17)), AX25_OK);
	assert_int_equal(ax25_ns(&f), 101);
	assert_int_equal(ax25_nr(&f), 70);
	assert_true(ax25_poll_final(&f));
	assert_int_equal(f.info.n, 0);
	assert_int_equal(ax25_parse(&f, SPAN(raw, 17)), AX25_OK);
	assert_int_equal(ax25_ns(&f), 5);
	assert_int_equal(ax25_nr(&f), 6);
	assert_false(ax25_poll_final(&f));
	assert_int_equal(ax25_parse_extended(&f, SPAN(raw, 15)),
			 AX25_NO_CONTROL);
	raw[14] = 0x13;		/* UI has one byte, always */
	raw[15] = AX25_PID_NONE;
	assert_int_equal(ax25_parse_extended(&f, SPAN(raw, 16)), AX25_OK);
	assert_true(ax25_poll_final(&f));
	assert_false(f.extended);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_encode),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_reticulum_header),
		cmocka_unit_test(test_digipeaters),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_bad_calls),
		cmocka_unit_test(test_controls),
		cmocka_unit_test(test_address_text),
		cmocka_unit_test(test_call_rules),
		cmocka_unit_test(test_error_names),
		cmocka_unit_test(test_fcs),
		cmocka_unit_test(test_extended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
