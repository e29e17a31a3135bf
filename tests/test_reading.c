/* SPDX-License-Identifier: MIT
 *
 * Back-pressure's arithmetic: pauses above the bound, goes on below half of
 * it, counts, and calls what lies close together one episode.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "daemon/reading.h"

#define MIB (1u << 20)
#define S 1000000ULL

static void test_worker_behind(void **state)
{
	struct reading r = { 0 };
	bool episode = false;

	(void)state;
	assert_int_equal(reading_review(&r, 23, 0, 1 * S, &episode),
			 READING_STAYS);
	assert_int_equal(reading_review(&r, 24, 0, 2 * S, &episode),
			 READING_STOPS);
	assert_true(episode);
	assert_string_equal(reading_name(r.why), "worker");
	assert_int_equal(reading_review(&r, 13, 0, 3 * S, &episode),
			 READING_STAYS);
	assert_int_equal(reading_review(&r, 12, 0, 5 * S, &episode),
			 READING_GOES_ON);
	assert_int_equal(r.paused_us, 3 * S);
	assert_int_equal(r.pauses[READING_WORKER], 1);
	assert_string_equal(reading_name(r.why), "");
}

static void test_disk_behind(void **state)
{
	struct reading r = { 0 };
	bool episode = false;

	(void)state;
	assert_int_equal(reading_review(&r, 0, 4 * MIB - 1, 1 * S, &episode),
			 READING_STAYS);
	assert_int_equal(reading_review(&r, 0, 4 * MIB, 1 * S, &episode),
			 READING_STOPS);
	assert_string_equal(reading_name(r.why), "disk");
	/* both have to be done by half */
	assert_int_equal(reading_review(&r, 20, 2 * MIB, 2 * S, &episode),
			 READING_STAYS);
	assert_int_equal(reading_review(&r, 0, 2 * MIB + 1, 2 * S, &episode),
			 READING_STAYS);
	assert_int_equal(reading_review(&r, 0, 2 * MIB, 2 * S, &episode),
			 READING_GOES_ON);
	assert_int_equal(r.pauses[READING_DISK], 1);
}

static bool pause_at(struct reading *r, uint64_t now_us)
{
	bool episode = false;

	assert_int_equal(reading_review(r, 32, 0, now_us, &episode),
			 READING_STOPS);
	assert_int_equal(reading_review(r, 0, 0, now_us + 1, &(bool){ 0 }),
			 READING_GOES_ON);
	return episode;
}

static void test_episodes(void **state)
{
	struct reading r = { 0 };

	(void)state;
	assert_true(pause_at(&r, 10 * S));
	assert_false(pause_at(&r, 11 * S));
	assert_false(pause_at(&r, 70 * S));
	assert_true(pause_at(&r, 131 * S));
	assert_int_equal(r.pauses[READING_WORKER], 4);
	assert_int_equal(r.paused_us, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_worker_behind),
		cmocka_unit_test(test_disk_behind),
		cmocka_unit_test(test_episodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
