/* SPDX-License-Identifier: MIT
 *
 * The whole way in, through cairnd's own parts with the worker's thread, on
 * both engines: a catch-up faster than seals can be verified is paused, not
 * dropped; all of it is there after a restart; a stop in the middle loses
 * nothing that was durable.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "lib/base/crypto.h"
#include "tests/bench_stream.h"
#include "tests/host.h"

#define EVENTS 6000
#define TURNS 20000

static const char *const engines[] = { "uring", "epoll" };
static char dir[64];
static struct bench_stream stream;

static uint64_t held(struct daemon *d)
{
	return feed_event_count(node_feeds(d->node));
}

static bool engine_set(unsigned i)
{
	struct ring *r;

	if (ring_new(&r, engines[i]))
		return false;
	ring_free(r);
	setenv("CAIRN_ENGINE", engines[i], 1);
	return true;
}

static void turn_until(struct daemon *d, uint64_t events)
{
	for (int i = 0; i < TURNS && (held(d) < events ||
	     log_durable(d->log) < d->committed); i++)
		ring_turn(d->ring, 10 * US_PER_MS);
	assert_true(held(d) >= events);
}

static uint64_t held_after_restart(uint64_t *root48)
{
	struct sender s = { .stream = SPAN(NULL, 0) };
	struct daemon *d = host_open(dir, &s);
	uint64_t n = held(d);

	*root48 = feed_root48(node_feeds(d->node));
	turn_until(d, n);
	for (int i = 0; i < 100 && !d->ports[0].up; i++)
		ring_turn(d->ring, 10 * US_PER_MS);
	host_close(d, &s);
	return n;
}

static void all_of_it(void)
{
	struct sender s = { .stream = buf_span(&stream.bytes) };
	uint64_t root48, root48_after;
	struct daemon *d;

	host_folder(dir);
	d = host_open(dir, &s);
	assert_non_null(d->worker);
	turn_until(d, stream.events);
	assert_int_equal(held(d), stream.events);
	assert_true(d->reading.pauses[READING_WORKER] > 0);
	assert_int_equal(node_waiting(d->node), 0);
	root48 = feed_root48(node_feeds(d->node));
	host_close(d, &s);
	assert_int_equal(held_after_restart(&root48_after), stream.events);
	assert_int_equal(root48, root48_after);
	host_remove(dir);
}

static void stop_in_the_middle(void)
{
	struct sender s = { .stream = buf_span(&stream.bytes) };
	uint64_t root48, durable;
	struct daemon *d;

	host_folder(dir);
	d = host_open(dir, &s);
	while (held(d) < stream.events / 3 || !node_waiting(d->node))
		ring_turn(d->ring, 10 * US_PER_MS);
	durable = held(d);
	host_close(d, &s);
	assert_int_equal(held_after_restart(&root48), durable);
	host_remove(dir);
}

static void test_all_of_it(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++)
		if (engine_set(i))
			all_of_it();
}

static void test_stop_in_the_middle(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++)
		if (engine_set(i))
			stop_in_the_middle();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_of_it),
		cmocka_unit_test(test_stop_in_the_middle),
	};
	int bad;

	crypto_init();
	snprintf(dir, sizeof(dir), "/tmp/cairn-ingest-%d", (int)getpid());
	bench_stream_make(&stream, (const unsigned[]){ 8 }, 1, EVENTS);
	bad = cmocka_run_group_tests(tests, NULL, NULL);
	buf_fini(&stream.bytes);
	host_remove(dir);
	return bad;
}
