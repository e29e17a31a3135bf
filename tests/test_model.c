/* SPDX-License-Identifier: MIT
 *
 * The model coder: every text comes back, has one code and no other, the code
 * is the same on every machine, and a few bytes do not buy much work.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "lib/event/dictionary.h"
#include "lib/event/model.h"

#define TEXT_MAX 16384

static uint64_t seed = 1;

static uint32_t rnd(uint32_t below)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(seed >> 33) % below;
}

/* The code's length; text comes back from a buffer of exactly that size. */
static int round_trip(struct span text)
{
	static uint8_t z[2 * TEXT_MAX + 64], back[TEXT_MAX];
	int n = model_encode(z, sizeof(z), text);
	uint8_t *tight;

	assert_true(n > 0);
	if (text.n > MODEL_TEXT_MAX((size_t)n))
		return n;
	tight = malloc((size_t)n);
	memcpy(tight, z, (size_t)n);
	memset(back, 0xaa, sizeof(back));
	assert_int_equal(model_decode(back, text.n, SPAN(tight, n)), 0);
	assert_memory_equal(back, text.p, text.n);
	free(tight);
	return n;
}

static void test_round_trip(void **state)
{
	static uint8_t text[TEXT_MAX];

	(void)state;
	for (int i = 0; i < 200; i++) {
		size_t n = rnd(i % 20 ? 300 : TEXT_MAX);
		uint32_t letters = 1 + rnd(256);

		for (size_t j = 0; j < n; j++)
			text[j] = (uint8_t)rnd(letters);
		round_trip(SPAN(text, n));
	}
}

/* What it has read costs little; noise costs little more than itself. */
static void test_sizes(void **state)
{
	struct span known = run_dictionary();
	uint8_t noise[1000];

	(void)state;
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)rnd(256);
	assert_in_range(round_trip(SPAN(known.p, 5000)), 312, 1000);
	assert_in_range(round_trip(SPAN(noise, sizeof(noise))), 1000, 1150);
	assert_int_equal(round_trip(SPAN(noise, 0)), 1);
}

/* As every other machine: docs/protocol.md has these bytes. */
static void test_bytes(void **state)
{
	static const char text[] = "\x44\x44\xa2\x00\x04\xa2\x00\x04"
		"\x65R-100\x65R-101\x64open\x66""closed";
	static const char want[] = "9593fc310efb590753f83a05da8648";
	uint8_t z[64];
	char got[129];
	int n = model_encode(z, sizeof(z), SPAN(text, sizeof(text) - 1));

	(void)state;
	assert_in_range(n, 1, sizeof(z));
	hex_encode(got, SPAN(z, (size_t)n));
	assert_string_equal(got, want);
}

/* z is refused, or is another text's. */
static void not_this(struct span text, size_t n, struct span z)
{
	uint8_t back[64];
	int rc = model_decode(back, n, z);

	assert_true(rc == -EBADMSG || !span_equal(SPAN(back, n), text));
}

static void test_one_code(void **state)
{
	const struct span text = SPAN_STR("five families need water");
	uint8_t z[64], back[64];
	int len = model_encode(z, sizeof(z), text);

	(void)state;
	assert_in_range(len, 1, 40);
	for (int i = 0; i < len * 8; i++) {
		z[i / 8] ^= (uint8_t)(1 << i % 8);
		not_this(text, text.n, SPAN(z, len));
		z[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	z[len] = 0;
	not_this(text, text.n, SPAN(z, len - 1));
	not_this(text, text.n, SPAN(z, len + 1));
	not_this(text, text.n - 1, SPAN(z, len));
	assert_int_equal(model_decode(back, text.n, SPAN(z, len)), 0);
	assert_int_equal(model_encode(z, (size_t)len - 1, text), -ENOSPC);
}

static void test_work_is_bounded(void **state)
{
	static uint8_t back[TEXT_MAX];

	(void)state;
	assert_int_equal(model_decode(back, MODEL_TEXT_MAX(10) + 1,
				      SPAN("0123456789", 10)), -E2BIG);
	assert_int_equal(model_decode(back, MODEL_TEXT_MAX(10),
				      SPAN("0123456789", 10)), -EBADMSG);
	assert_int_equal(model_decode(back, 0, SPAN("", 0)), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_one_code),
		cmocka_unit_test(test_work_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
