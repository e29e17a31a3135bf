/* SPDX-License-Identifier: MIT
 *
 * The daily word of a station: when it is due, by a good clock and without
 * one; and that the timer's look tells it once, with the battery's volts.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "lib/base/crypto.h"
#include "tests/host.h"

#define DAY_MS (86400ULL * 1000)
#define DAY_US (DAY_MS * 1000)

static void test_when(void **state)
{
	const struct clock_now good = { 0, 100 * DAY_MS, true },
		none = { 0, 100 * DAY_MS, false };

	(void)state;
	assert_true(health_day_over(0, good, 0));
	assert_true(health_day_over(0, none, 0));
	assert_false(health_day_over(99 * DAY_MS + 1, good, 9 * DAY_US));
	assert_true(health_day_over(99 * DAY_MS, good, 0));
	/* nobody vouches for the clock, or it went back: a day of uptime */
	assert_false(health_day_over(1, none, DAY_US - 1));
	assert_true(health_day_over(1, none, DAY_US));
	assert_false(health_day_over(101 * DAY_MS, good, DAY_US - 1));
	assert_true(health_day_over(101 * DAY_MS, good, DAY_US));
}

static uint64_t told_ms(struct daemon *d)
{
	return view_station_told_ms(node_view(d->node), node_label(d->node));
}

static bool says(struct daemon *d, const char *text)
{
	struct json_out o = { 0 };
	bool found;

	view_stations_json(node_view(d->node), &o);
	buf_add_u8(&o.b, 0);
	found = strstr((char *)o.b.p, text) != NULL;
	buf_fini(&o.b);
	return found;
}

static uint64_t events(struct daemon *d)
{
	return feed_own_last(node_feeds(d->node), node_own_slot(d->node));
}

static void test_look(void **state)
{
	struct sender s = { .stream = { NULL, 0 } };
	char dir[64], volts[80];
	struct daemon *d;
	uint64_t n;
	FILE *f;

	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/cairn-health.%d", getpid());
	snprintf(volts, sizeof(volts), "%s/volts", dir);
	host_folder(dir);
	f = fopen(volts, "w");
	fputs("12345678\n", f);
	fclose(f);
	d = host_open(dir, &s);
	assert_int_equal(told_ms(d), 0);
	snprintf(d->config.voltage, sizeof(d->config.voltage), "%s", volts);
	d->health.fn(d->health.ctx);
	assert_true(told_ms(d) > 0);
	assert_true(says(d, "\"volts\":12.34"));
	n = events(d);
	d->health.fn(d->health.ctx);	/* the next hour: nothing new */
	assert_int_equal(events(d), n);
	assert_true(timer_armed(&d->health.t));
	unlink(volts);			/* no battery: the rest is told */
	assert_int_equal(health_tell(d), 0);
	assert_int_equal(events(d), n + 1);
	assert_false(says(d, "\"volts\""));
	assert_true(says(d, "\"disk_free_permille\""));
	while (!d->ports[0].up)		/* the TNC's end waits for us */
		ring_turn(d->ring, 10000);
	host_close(d, &s);
	host_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_when),
		cmocka_unit_test(test_look),
	};

	return crypto_init() ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
