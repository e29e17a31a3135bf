/* SPDX-License-Identifier: MIT
 *
 * Field and syndrome against computations made another way: multiplication
 * bit by bit, power sums term by term, random differences within and beyond
 * capacity.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "lib/feed/gf32.h"
#include "lib/feed/syndrome.h"

static uint64_t state = 88172645463325252ULL;

static uint32_t rnd(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 16);
}

/* Shift and add, as in a textbook. */
static uint32_t slow_mul(uint32_t a, uint32_t b)
{
	uint32_t r = 0;

	for (; b; b >>= 1) {
		if (b & 1)
			r ^= a;
		a = a << 1 ^ (a >> 31 ? 0x8d : 0);
	}
	return r;
}

static void test_mul(void **unused)
{
	const uint32_t edge[] = { 0, 1, 2, 0x80000000, 0xffffffff, 0x8d };

	(void)unused;
	for (size_t i = 0; i < 6; i++)
		for (size_t j = 0; j < 6; j++)
			assert_int_equal(gf32_mul(edge[i], edge[j]),
					 slow_mul(edge[i], edge[j]));
	for (int i = 0; i < 20000; i++) {
		uint32_t a = rnd(), b = rnd();

		assert_int_equal(gf32_mul(a, b), slow_mul(a, b));
		assert_int_equal(gf32_mul_plain(a, b), slow_mul(a, b));
	}
}

static void test_inv(void **unused)
{
	(void)unused;
	assert_int_equal(gf32_inv(0), 0);
	for (int i = 0; i < 2000; i++) {
		uint32_t a = rnd() | 1;

		assert_int_equal(slow_mul(a, gf32_inv(a)), 1);
	}
}

static void test_update(void **unused)
{
	uint32_t s[SYNDROME_WORDS_MAX] = { 0 }, t[SYNDROME_WORDS_MAX] = { 0 };
	uint32_t odd[5] = { 0 };

	(void)unused;
	for (int i = 0; i < 50; i++) {
		uint32_t a = rnd(), v = rnd(), p = v;

		syndrome_update(s, SYNDROME_WORDS_MAX, a, v);
		syndrome_update(odd, 5, a, v);
		for (int j = 0; j < SYNDROME_WORDS_MAX; j++)
			t[j] ^= p = slow_mul(p, a);
	}
	assert_memory_equal(s, t, sizeof(s));
	assert_memory_equal(odd, t, sizeof(odd));
}

static int by_alias(const void *a, const void *b)
{
	uint32_t x = ((const struct syndrome_term *)a)->alias;
	uint32_t y = ((const struct syndrome_term *)b)->alias;

	return (x > y) - (x < y);
}

/* n terms of different aliases, in order. */
static void make_terms(struct syndrome_term *t, int n)
{
	for (int i = 0; i < n; i++)
		t[i] = (struct syndrome_term){ rnd() | 1, rnd() | 1 };
	qsort(t, (size_t)n, sizeof(*t), by_alias);
	for (int i = 1; i < n; i++)
		if (t[i].alias == t[i - 1].alias)
			make_terms(t, n);
}

static void sum_terms(uint32_t *s, size_t words,
		      const struct syndrome_term *t, int n)
{
	memset(s, 0, words * sizeof(*s));
	for (int i = 0; i < n; i++)
		syndrome_update(s, words, t[i].alias, t[i].value);
}

static void test_within_capacity(void **unused)
{
	struct syndrome_term want[SYNDROME_C_MAX], got[SYNDROME_C_MAX];
	uint32_t s[SYNDROME_WORDS_MAX];

	(void)unused;
	for (int c = 1; c <= SYNDROME_C_MAX; c++) {
		for (int n = 0; n <= c; n++) {
			make_terms(want, n);
			sum_terms(s, 2 * (size_t)c, want, n);
			assert_int_equal(
				syndrome_decode(got, s, 2 * (size_t)c), n);
			assert_memory_equal(got, want,
					    (size_t)n * sizeof(*got));
		}
	}
}

/* Aliases that share most of their bits part in the last trace. */
static void test_close_aliases(void **unused)
{
	struct syndrome_term want[SYNDROME_C_MAX], got[SYNDROME_C_MAX];
	uint32_t s[SYNDROME_WORDS_MAX];

	(void)unused;
	for (int shift = 0; shift <= 27; shift++) {
		for (int i = 0; i < SYNDROME_C_MAX; i++)
			want[i] = (struct syndrome_term){
				(uint32_t)(i + 1) << shift, rnd() | 1 };
		qsort(want, SYNDROME_C_MAX, sizeof(*want), by_alias);
		sum_terms(s, SYNDROME_WORDS_MAX, want, SYNDROME_C_MAX);
		assert_int_equal(syndrome_decode(got, s, SYNDROME_WORDS_MAX),
				 SYNDROME_C_MAX);
		assert_memory_equal(got, want, sizeof(got));
	}
}

/* With a few more differences than the capacity a decode may not give them;
 * that it gives something else must be rare. */
static void test_beyond_capacity(void **unused)
{
	struct syndrome_term want[40], got[SYNDROME_C_MAX];
	uint32_t s[SYNDROME_WORDS_MAX];
	int nonsense = 0;

	(void)unused;
	for (int i = 0; i < 300; i++) {
		int c = 4 + i % 10, n = c + 1 + i % 7;

		make_terms(want, n);
		sum_terms(s, 2 * (size_t)c, want, n);
		nonsense += syndrome_decode(got, s, 2 * (size_t)c) >= 0;
	}
	assert_true(nonsense <= 15);
}

static void test_refused(void **unused)
{
	uint32_t s[SYNDROME_WORDS_MAX] = { 0 };
	struct syndrome_term got[SYNDROME_C_MAX];

	(void)unused;
	assert_int_equal(syndrome_decode(got, s, 0), 0);
	assert_int_equal(syndrome_decode(got, s, 8), 0);
	assert_int_equal(syndrome_decode(got, s, SYNDROME_WORDS_MAX + 2), -1);
	s[7] = 1; /* a recurrence of length 8 from 8 words */
	assert_int_equal(syndrome_decode(got, s, 8), -1);
	memset(s, 0, sizeof(s));
	s[0] = 1; /* alias 0, which is none */
	assert_int_equal(syndrome_decode(got, s, 8), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mul),
		cmocka_unit_test(test_inv),
		cmocka_unit_test(test_update),
		cmocka_unit_test(test_within_capacity),
		cmocka_unit_test(test_close_aliases),
		cmocka_unit_test(test_beyond_capacity),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
