/* SPDX-License-Identifier: MIT
 *
 * The outbox: first in, first out, nothing before its event is durable.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "daemon/outbox.h"

static void put(struct outbox *o, uint64_t need, int port, const char *a,
		const char *b)
{
	struct span frames[] = { SPAN_STR(a), SPAN_STR(b) };

	outbox_put(o, need, port, frames, 2);
}

static void waits_and_keeps_order(void **state)
{
	struct outbox o = { 0 };
	struct outbox_burst b;

	(void)state;
	put(&o, 100, 1, "one", "");
	put(&o, 0, 2, "two", "zwei");	/* needs nothing, overtakes nothing */
	assert_false(outbox_first(&o, 99, &b));
	assert_true(outbox_first(&o, 100, &b));
	assert_int_equal(b.port, 1);
	assert_int_equal(b.n, 2);
	assert_true(span_equal(b.frames[0], SPAN_STR("one")));
	assert_int_equal(b.frames[1].n, 0);
	outbox_drop(&o);
	assert_true(outbox_first(&o, 100, &b));
	assert_int_equal(b.port, 2);
	assert_true(span_equal(b.frames[1], SPAN_STR("zwei")));
	outbox_drop(&o);
	assert_true(outbox_empty(&o));
	buf_fini(&o.b);
}

static void is_bounded(void **state)
{
	static char big[64 * 1024];
	struct outbox o = { 0 };
	struct span frame = SPAN(big, sizeof(big));

	(void)state;
	for (int i = 0; i < 40; i++)
		outbox_put(&o, 1, 0, &frame, 1);
	assert_true(o.b.len <= OUTBOX_BYTES_MAX);
	assert_true(o.dropped > 20);
	outbox_clear(&o);
	assert_true(outbox_empty(&o));
	outbox_put(&o, 1, 0, &frame, 1);
	assert_false(outbox_empty(&o));
	buf_fini(&o.b);
}

/* A port that is gone: its bursts keep their place, with nothing in them. */
static void forgets_a_port(void **state)
{
	struct outbox o = { 0 };
	struct outbox_burst b;

	(void)state;
	put(&o, 0, 1, "one", "eins");
	put(&o, 0, 2, "two", "zwei");
	outbox_forget(&o, 1);
	assert_true(outbox_first(&o, 0, &b));
	assert_int_equal(b.n, 0);
	outbox_drop(&o);
	assert_true(outbox_first(&o, 0, &b));
	assert_int_equal(b.port, 2);
	assert_true(span_equal(b.frames[1], SPAN_STR("zwei")));
	outbox_drop(&o);
	assert_true(outbox_empty(&o));
	buf_fini(&o.b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_and_keeps_order),
		cmocka_unit_test(is_bounded),
		cmocka_unit_test(forgets_a_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
