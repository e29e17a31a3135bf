/* SPDX-License-Identifier: MIT
 *
 * Stations whose clocks are wrong: far ahead, back after a restart, or not
 * there at all.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#define FIELD_STATIONS_MAX 4
#include "tests/field.h"

#define HOUR 3600
#define DAY_MS (24 * 3600 * 1000LL)

static struct hlc last_stamp(struct field *f, unsigned i)
{
	return feed_at(node_feeds(f->s[i].node),
		       node_own_slot(f->s[i].node))->hlc_max;
}

static void writes(struct field *f, unsigned i, unsigned value)
{
	assert_int_equal(field_write(f, i, value), 0);
}

static void status_has(struct field *f, unsigned i, const char *want)
{
	struct json_out o = { 0 };

	node_status_json(f->s[i].node, &o, field_now_at(f, i));
	node_ask(f->s[i].node, SPAN_STR("feeds"), SPAN_STR("0"), SPAN("", 0),
		 &o, field_now_at(f, i));
	buf_add_u8(&o.b, 0);
	if (!strstr((char *)o.b.p, want))
		fail_msg("no %s in %s", want, (char *)o.b.p);
	buf_fini(&o.b);
}

static void restart(struct field *f, unsigned i)
{
	struct json_out state = { 0 };

	node_state(f->s[i].node, &state);
	node_free(f->s[i].node);
	field_boot(f, i, buf_span(&state.b), true);
	buf_fini(&state.b);
}

/* ---- far ahead ---- */

/* Shown and relayed, reported by name, not followed. */
static void test_M7_far_future_is_not_followed(void **state)
{
	struct field f;

	(void)state;
	field_init(&f, 3, 1);
	f.off_ms[0] = 40 * DAY_MS;
	f.hears[2][0] = f.hears[0][2] = false;
	field_start(&f);
	writes(&f, 0, 1);
	assert_true(field_converge_s(&f, 2, HOUR) > 0);
	for (unsigned i = 1; i < 3; i++) {
		assert_int_equal(view_record_count(node_view(f.s[i].node)), 1);
		assert_int_equal(f.s[i].last_note, NOTE_CLOCK_SKEW);
		writes(&f, i, 2);
		assert_true(last_stamp(&f, i).wall_ms <=
			    field_now(&f).wall_ms + 1000);
		status_has(&f, i, "\"clock_skews\":2");
		status_has(&f, i, "\"ahead_s\":34");	/* 40 days */
		status_has(&f, i, "\"ahead_s\":0");
	}
	field_fini(&f);
}

/* Within the bound it is followed: what was seen is older. */
static void test_ahead_within_the_bound(void **state)
{
	struct field f;

	(void)state;
	field_init(&f, 2, 1);
	f.off_ms[0] = DAY_MS / 2;
	field_start(&f);
	writes(&f, 0, 1);
	assert_true(field_converge_s(&f, 2, HOUR) > 0);
	writes(&f, 1, 2);
	assert_true(hlc_compare(last_stamp(&f, 1), last_stamp(&f, 0)) > 0);
	status_has(&f, 1, "\"clock_skews\":0");
	field_fini(&f);
}

static void test_no_bound(void **state)
{
	struct field f;

	(void)state;
	field_init(&f, 2, 1);
	f.off_ms[0] = 400 * DAY_MS;
	f.s[1].config.drift_ms = 0;
	field_start(&f);
	writes(&f, 0, 1);
	assert_true(field_converge_s(&f, 2, HOUR) > 0);
	writes(&f, 1, 2);
	assert_true(hlc_compare(last_stamp(&f, 1), last_stamp(&f, 0)) > 0);
	field_fini(&f);
}

/* ---- restart ---- */

/* Neither the own last stamp nor what was adopted is forgotten when the clock
 * is slow after a restart. */
static void test_M9_restart_with_a_slow_clock(void **state)
{
	struct field f;
	struct hlc before;

	(void)state;
	field_init(&f, 2, 1);
	field_start(&f);
	writes(&f, 0, 1);
	before = last_stamp(&f, 0);
	f.off_ms[0] = -300 * DAY_MS;
	restart(&f, 0);
	writes(&f, 0, 2);
	assert_true(hlc_compare(last_stamp(&f, 0), before) > 0);
	f.off_ms[0] = 0;
	field_run_s(&f, HOUR);
	f.off_ms[1] = DAY_MS / 2;
	writes(&f, 1, 3);
	assert_true(field_converge_s(&f, 5, 2 * HOUR) > 0);
	f.off_ms[0] = -300 * DAY_MS;
	restart(&f, 0);
	writes(&f, 0, 4);
	assert_true(hlc_compare(last_stamp(&f, 0), last_stamp(&f, 1)) > 0);
	field_fini(&f);
}

/* Nor is what was adopted right before a crash, which the state does not say
 * yet. */
static void test_crash_before_the_state(void **state)
{
	struct json_out old = { 0 };
	struct field f;

	(void)state;
	field_init(&f, 2, 1);
	field_start(&f);
	node_state(f.s[0].node, &old);
	f.off_ms[1] = DAY_MS / 2;
	writes(&f, 1, 1);
	assert_true(field_converge_s(&f, 2, HOUR) > 0);
	node_free(f.s[0].node);
	field_boot(&f, 0, buf_span(&old.b), false);
	writes(&f, 0, 2);
	assert_true(hlc_compare(last_stamp(&f, 0), last_stamp(&f, 1)) > 0);
	buf_fini(&old.b);
	field_fini(&f);
}

/* ---- no RTC ---- */

/* It learns the time from two others; one of them alone, or a third with a lie,
 * cannot move it. */
static void test_without_a_clock(void **state)
{
	struct field f;
	uint64_t now_ms;

	(void)state;
	field_init(&f, 4, 1);
	f.no_rtc[3] = true;
	f.s[3].config.build_wall_ms = CAIRN_EPOCH_S * 1000;
	f.off_ms[0] = 90 * DAY_MS;
	f.off_ms[1] = f.off_ms[2] = 30 * DAY_MS;
	field_start(&f);
	writes(&f, 0, 1);
	writes(&f, 3, 1);
	assert_true(field_converge_s(&f, 4, HOUR) > 0);
	writes(&f, 3, 2);
	now_ms = field_now(&f).wall_ms;
	assert_true(last_stamp(&f, 3).wall_ms < now_ms + DAY_MS);
	writes(&f, 1, 3);
	assert_true(field_converge_s(&f, 7, HOUR) > 0);
	writes(&f, 1, 5);
	writes(&f, 2, 4);
	assert_true(field_converge_s(&f, 10, HOUR) > 0);
	writes(&f, 3, 6);
	assert_true(last_stamp(&f, 3).wall_ms > now_ms + 29 * DAY_MS);
	assert_true(last_stamp(&f, 3).wall_ms < now_ms + 31 * DAY_MS);
	field_fini(&f);
}

/* What two agreed on goes on by the time that passes: after three days in which
 * nobody wrote, the first who does is not ahead of anything. */
static void test_without_a_clock_in_silence(void **state)
{
	struct field f;

	(void)state;
	field_init(&f, 3, 1);
	f.no_rtc[2] = true;
	f.s[2].config.build_wall_ms = CAIRN_EPOCH_S * 1000;
	field_start(&f);
	writes(&f, 0, 1);
	writes(&f, 1, 2);
	assert_true(field_converge_s(&f, 4, HOUR) > 0);
	field_run_s(&f, 3 * 24 * HOUR);
	status_has(&f, 2, "\"clock_skews\":0");
	writes(&f, 2, 3);
	assert_true(last_stamp(&f, 2).wall_ms + DAY_MS / 2 >
		    field_now(&f).wall_ms);
	assert_true(last_stamp(&f, 2).wall_ms <= field_now(&f).wall_ms);
	writes(&f, 0, 4);
	assert_true(field_converge_s(&f, 7, HOUR) > 0);
	status_has(&f, 2, "\"clock_skews\":0");
	writes(&f, 2, 5);
	assert_true(hlc_compare(last_stamp(&f, 2), last_stamp(&f, 0)) > 0);
	field_fini(&f);
}

/* One who lies a little more each time leads it nowhere, though its own stamps
 * follow a little. */
static void test_without_a_clock_step_by_step(void **state)
{
	struct field f;

	(void)state;
	field_init(&f, 2, 1);
	f.no_rtc[1] = true;
	f.s[1].config.build_wall_ms = CAIRN_EPOCH_S * 1000;
	field_start(&f);
	for (unsigned i = 1; i <= 5; i++) {
		f.off_ms[0] = i * DAY_MS * 5 / 6;
		writes(&f, 0, i);
		assert_true(field_converge_s(&f, i == 1 ? 2 : 2 * i + 1,
					     2 * HOUR) > 0);
		writes(&f, 1, 10 + i);
		assert_true(field_converge_s(&f, 2 * i + 2, 2 * HOUR) > 0);
	}
	assert_true(last_stamp(&f, 1).wall_ms <
		    field_now(&f).wall_ms + 2 * DAY_MS);
	field_fini(&f);
}

/* Two liars may move it, but not to the end of all stamps, where it could write
 * no more. */
static void test_the_end_of_time(void **state)
{
	static const char end[] = "{\"adopted\":[281474976710000,65500]}";
	struct field f;

	(void)state;
	field_init(&f, 3, 1);
	f.no_rtc[2] = true;
	field_start(&f);
	for (unsigned i = 0; i < 2; i++) {
		node_free(f.s[i].node);
		field_boot(&f, i, SPAN_STR(end), true);
		writes(&f, i, 1);
		assert_true(last_stamp(&f, i).wall_ms > HLC_WALL_MAX - 1000);
	}
	assert_true(field_converge_s(&f, 4, HOUR) > 0);
	for (unsigned i = 0; i < 100; i++)
		writes(&f, 2, i);
	field_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_M7_far_future_is_not_followed),
		cmocka_unit_test(test_ahead_within_the_bound),
		cmocka_unit_test(test_no_bound),
		cmocka_unit_test(test_M9_restart_with_a_slow_clock),
		cmocka_unit_test(test_crash_before_the_state),
		cmocka_unit_test(test_without_a_clock),
		cmocka_unit_test(test_without_a_clock_in_silence),
		cmocka_unit_test(test_without_a_clock_step_by_step),
		cmocka_unit_test(test_the_end_of_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
