/* SPDX-License-Identifier: MIT
 *
 * The channel: collisions, hidden terminals, loss, carrier sense, cut and
 * heal, timing, and that a seed decides everything.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "lib/air/air.h"

#define SECOND 1000000ULL

static uint8_t frame_bytes[AIR_FRAME_MAX];

static struct span frame_of(size_t n)
{
	return SPAN(frame_bytes, n);
}

/* Everybody hears everybody; always keys at once, loses nothing. */
static struct air *air_clique(unsigned stations)
{
	struct air_config c = air_default;
	struct air *a;

	c.stations = stations;
	c.persistence = 255;
	c.loss = 0;
	a = air_new(&c);
	assert_non_null(a);
	for (unsigned i = 0; i < stations; i++)
		for (unsigned j = 0; j < i; j++)
			air_link(a, i, j, true);
	return a;
}

static void send_one(struct air *a, unsigned station, size_t n, uint64_t now)
{
	struct span frame = frame_of(n);

	assert_int_equal(air_send(a, station, &frame, 1, now), 0);
}

/* Runs for long enough; how many deliveries. */
static unsigned run(struct air *a, uint64_t until)
{
	struct air_delivery d;
	unsigned n = 0;

	while (air_next(a, until, &d))
		n++;
	return n;
}

static void test_delivers(void **state)
{
	struct air *a = air_clique(3);
	struct span frames[2] = { SPAN("first", 5), SPAN("second!", 7) };
	struct air_delivery d;

	(void)state;
	assert_true(air_wake_us(a) == UINT64_MAX);
	assert_int_equal(air_send(a, 1, frames, 2, 0), 0);
	assert_false(air_idle(a, 1));
	for (int i = 0; i < 4; i++) {
		assert_true(air_next(a, 60 * SECOND, &d));
		assert_int_equal(d.from, 1);
		assert_int_equal(d.to, i & 1 ? 2 : 0);
		assert_true(span_equal(d.frame, frames[i / 2]));
	}
	assert_false(air_next(a, 60 * SECOND, &d));
	assert_true(air_idle(a, 1));
	assert_int_equal(air_stats(a)->frames, 2);
	assert_int_equal(air_stats(a)->keyups, 1);
	assert_int_equal(air_stats(a)->bytes, 5 + 7 + 2 * 3);
	assert_int_equal(air_stats(a)->delivered, 4);
	assert_int_equal(air_station_stats(a, 0)->delivered, 2);
	assert_int_equal(air_station_stats(a, 1)->frames, 2);
	air_free(a);
}

/* 272 + 3 bytes at 1200 bit/s with stuffing: 1.8629 s. */
static void test_time(void **state)
{
	struct air *a = air_clique(2);
	struct air_delivery d;

	(void)state;
	assert_int_equal(air_frame_us(&air_default, 272), 1862903);
	air_set_slot(a, 0, 1);	/* no back-off to speak of */
	send_one(a, 0, 272, 0);
	assert_false(air_next(a, 300000 + 1862903 - 2, &d));
	assert_true(air_next(a, 300000 + 1862903 + 2, &d));
	assert_false(air_next(a, 60 * SECOND, &d));
	assert_int_equal(air_stats(a)->airtime_us, 350000 + 1862903);
	air_set_txdelay(a, 0, 10000);
	send_one(a, 0, 272, 60 * SECOND);
	assert_true(air_next(a, 61 * SECOND + 10000 + 862903 + 2, &d));
	air_free(a);
}

/* Two that cannot yet sense one another (within the DCD lag) collide at a
 * third, and neither hears the other. */
static void test_collision(void **state)
{
	struct air *a = air_clique(3);

	(void)state;
	air_set_slot(a, 0, 1);
	air_set_slot(a, 1, 1);
	send_one(a, 0, 100, 0);
	send_one(a, 1, 100, 49000);
	assert_int_equal(run(a, 60 * SECOND), 0);
	assert_int_equal(air_stats(a)->collisions, 4);
	assert_int_equal(air_station_stats(a, 2)->collisions, 2);
	air_free(a);
}

static void test_carrier_sense(void **state)
{
	struct air *a = air_clique(3);

	(void)state;
	air_set_slot(a, 0, 1);
	air_set_slot(a, 1, 1);
	send_one(a, 0, 100, 0);
	send_one(a, 1, 100, 51000);
	assert_int_equal(run(a, 60 * SECOND), 4);
	assert_int_equal(air_stats(a)->collisions, 0);
	air_free(a);
}

/* 0 and 2 do not hear each other: no carrier sense saves 1 in the middle. */
static void test_hidden_terminal(void **state)
{
	struct air *a = air_clique(3);

	(void)state;
	air_link(a, 0, 2, false);
	send_one(a, 0, 200, 0);
	send_one(a, 2, 200, 1 * SECOND);
	assert_int_equal(run(a, 60 * SECOND), 0);
	assert_int_equal(air_stats(a)->collisions, 2);
	air_free(a);
}

/* A short interruption spoils the frame under it, not the ones around it. */
static void test_burst_partly_spoiled(void **state)
{
	struct air *a = air_clique(3);
	struct span frames[3] = { frame_of(200), frame_of(200),
				  frame_of(200) };

	(void)state;
	air_link(a, 0, 2, false);
	air_set_txdelay(a, 2, 1000);
	air_set_slot(a, 0, 1);
	assert_int_equal(air_send(a, 0, frames, 3, 0), 0);
	send_one(a, 2, 20, 2 * SECOND);	/* 0's second: 1.68 .. 3.05 s */
	assert_int_equal(run(a, 60 * SECOND), 2);
	assert_int_equal(air_stats(a)->collisions, 2);
	air_free(a);
}

static double loss_measured(size_t frame_len)
{
	struct air *a = air_clique(2);
	unsigned got = 0;

	air_set_loss(a, 0.1);
	for (uint64_t i = 0; i < 4000; i++) {
		send_one(a, 0, frame_len, i * 10 * SECOND);
		got += run(a, (i + 1) * 10 * SECOND);
	}
	assert_int_equal(air_stats(a)->lost + got, 4000);
	air_free(a);
	return 1 - got / 4000.0;
}

/* 10 % of full frames, and of short ones their share. */
static void test_loss(void **state)
{
	double full = loss_measured(272), short_one = loss_measured(32);

	(void)state;
	assert_true(full > 0.085 && full < 0.115);
	assert_true(short_one > 0.008 && short_one < 0.020);
}

/* Fades: a fifth is lost, and mostly what follows a loss. */
static void test_fades(void **state)
{
	struct air_config c = air_default;
	unsigned lost = 0, again = 0;
	bool was = false;
	struct air *a;

	(void)state;
	c.loss = 0.2;
	c.fade_us = 60 * SECOND;
	a = air_new(&c);
	air_link(a, 0, 1, true);
	for (uint64_t i = 0; i < 20000; i++) {
		bool gone;

		send_one(a, 0, 32, i * 10 * SECOND);
		gone = !run(a, (i + 1) * 10 * SECOND);
		lost += gone;
		again += gone && was;
		was = gone;
	}
	assert_in_range(lost, 3400, 4600);
	assert_true(again > lost * 3 / 4);
	air_free(a);
}

/* Two at once: with capture one of them is heard, the same one each time. */
static void test_capture(void **state)
{
	struct air_config c = air_default;
	struct air *a;

	(void)state;
	c.stations = 3;
	c.loss = 0;
	c.capture_db = 0.001;	/* always one that is stronger */
	a = air_new(&c);
	air_link(a, 0, 1, true);
	air_link(a, 1, 2, true);
	for (uint64_t i = 0; i < 20; i++) {
		struct air_delivery d;

		send_one(a, 0, 200, i * 60 * SECOND);
		send_one(a, 2, 200, i * 60 * SECOND + 400000);
		assert_true(air_next(a, (i + 1) * 60 * SECOND, &d));
		assert_int_equal(d.to, 1);
		assert_false(air_next(a, (i + 1) * 60 * SECOND, &d));
	}
	assert_int_equal(air_stats(a)->collisions, 20);
	air_free(a);
}

/* p = 0.25: the wait is four slots in the mean, half a slot's spread first. */
static void test_persistence(void **state)
{
	struct air *a = air_clique(2);
	struct air_delivery d;
	uint64_t waited = 0;

	(void)state;
	air_set_persistence(a, 0, 63);
	for (uint64_t i = 0; i < 2000; i++) {
		uint64_t began = i * 100 * SECOND;

		send_one(a, 0, 20, began);
		while (!air_next(a, air_wake_us(a), &d))
			;
		waited += air_wake_us(a) - began - 300000 -
			  air_frame_us(&air_default, 20);
		run(a, began + 99 * SECOND);
	}
	assert_in_range(waited / 2000, 330000, 370000);
	air_free(a);
}

static void test_cut_and_heal(void **state)
{
	struct air *a = air_clique(2);

	(void)state;
	air_link(a, 0, 1, false);
	send_one(a, 0, 100, 0);
	assert_int_equal(run(a, 10 * SECOND), 0);
	air_link(a, 0, 1, true);
	send_one(a, 0, 100, 10 * SECOND);
	assert_int_equal(run(a, 20 * SECOND), 1);

	/* healed in the middle of a frame: half a frame is no frame */
	air_link(a, 0, 1, false);
	send_one(a, 0, 200, 20 * SECOND);
	run(a, 21 * SECOND);
	air_link(a, 0, 1, true);
	assert_int_equal(run(a, 30 * SECOND), 0);

	/* one way only */
	air_hears(a, 0, 1, false);
	send_one(a, 0, 100, 30 * SECOND);
	send_one(a, 1, 100, 40 * SECOND);
	assert_int_equal(run(a, 50 * SECOND), 1);
	air_free(a);
}

/* What a TNC gets while it waits goes in one key-up; what it gets while it is
 * on the air, in the next. */
static void test_append(void **state)
{
	struct air *a = air_clique(2);

	(void)state;
	assert_int_equal(air_append(a, 0, frame_of(50), 0), 0);
	assert_int_equal(air_append(a, 0, frame_of(60), 0), 0);
	run(a, 500000);
	assert_int_equal(air_append(a, 0, frame_of(70), 500000), 0);
	assert_int_equal(air_append(a, 0, frame_of(80), 500000), 0);
	assert_int_equal(run(a, 60 * SECOND), 4);
	assert_int_equal(air_stats(a)->keyups, 2);
	assert_true(air_idle(a, 0));
	air_free(a);
}

static void test_queue_bounds(void **state)
{
	struct air *a = air_clique(2);
	struct span frame = frame_of(AIR_FRAME_MAX), none = frame_of(0);
	struct span big = frame_of(AIR_FRAME_MAX + 1);
	unsigned sent = 0;

	(void)state;
	assert_int_equal(air_send(a, 0, &none, 1, 0), -EINVAL);
	assert_int_equal(air_send(a, 0, &big, 1, 0), -EINVAL);
	assert_int_equal(air_send(a, 0, &frame, 0, 0), -EINVAL);
	while (air_send(a, 0, &frame, 1, 0) == 0)
		sent++;
	assert_int_equal(sent, AIR_QUEUE_BYTES_MAX / (AIR_FRAME_MAX + 4));
	assert_int_equal(air_append(a, 0, frame, 0), -ENOBUFS);
	assert_int_equal(run(a, 3600 * SECOND), sent);
	assert_true(air_idle(a, 0));
	air_free(a);
}

static void test_config(void **state)
{
	struct air_config c = air_default;

	(void)state;
	c.stations = 0;
	assert_null(air_new(&c));
	c.stations = AIR_STATIONS_MAX + 1;
	assert_null(air_new(&c));
	c = air_default;
	c.bitrate = 0;
	assert_null(air_new(&c));
	c = air_default;
	c.loss = 1.5;
	assert_null(air_new(&c));
	air_free(NULL);
}

/* A busy hour of eight stations, as a hash of all deliveries. */
static uint64_t history(uint64_t seed)
{
	struct air_config c = air_default;
	struct air_delivery d;
	uint64_t h = 0;
	struct air *a;

	c.stations = 8;
	c.seed = seed;
	a = air_new(&c);
	for (unsigned i = 0; i < 8; i++)
		air_link(a, i, (i + 1) % 8, true);
	for (uint64_t t = 0; t < 600; t++) {
		send_one(a, (unsigned)(t * 5 % 8), 40 + t % 200, t * SECOND);
		while (air_next(a, t * SECOND, &d))
			h = (h ^ d.from ^ d.to << 8 ^ d.frame.n << 16 ^
			     t << 32) * 0x100000001b3ULL;
	}
	assert_true(air_stats(a)->collisions > 0);
	assert_true(air_stats(a)->delivered > 0);
	air_free(a);
	return h;
}

static void test_determinism(void **state)
{
	(void)state;
	assert_true(history(5) == history(5));
	assert_true(history(5) != history(6));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_delivers),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_collision),
		cmocka_unit_test(test_carrier_sense),
		cmocka_unit_test(test_hidden_terminal),
		cmocka_unit_test(test_burst_partly_spoiled),
		cmocka_unit_test(test_loss),
		cmocka_unit_test(test_fades),
		cmocka_unit_test(test_capture),
		cmocka_unit_test(test_persistence),
		cmocka_unit_test(test_cut_and_heal),
		cmocka_unit_test(test_append),
		cmocka_unit_test(test_queue_bounds),
		cmocka_unit_test(test_config),
		cmocka_unit_test(test_determinism),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
