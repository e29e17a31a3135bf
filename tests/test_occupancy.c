/* SPDX-License-Identifier: MIT
 *
 * Channel occupancy: shares of a minute, ten minutes, an hour, however long
 * ago it was last looked at.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "lib/node/node_parts.h"

static struct json *shares(const struct node_occupancy *o, uint64_t now_s)
{
	struct json_out out = { 0 };
	struct json *v;

	json_out_object(&out);
	node_occupancy_json(o, &out, now_s * US_PER_S);
	json_out_end_object(&out);
	v = json_parse(buf_span(&out.b), NULL);
	assert_non_null(v);
	buf_fini(&out.b);
	return v;
}

static void expect(const struct node_occupancy *o, uint64_t now_s, double one,
		   double ten, double sixty)
{
	struct json *v = shares(o, now_s);

	assert_true(json_real(json_get(v, "busy_1min_percent")) == one);
	assert_true(json_real(json_get(v, "busy_10min_percent")) == ten);
	assert_true(json_real(json_get(v, "busy_60min_percent")) == sixty);
	assert_int_equal(json_len(json_get(v, "busy_minutes_percent")), 60);
	json_free(v);
}

static void test_shares(void **state)
{
	struct node_occupancy o = { 0 };

	(void)state;
	expect(&o, 0, 0, 0, 0);
	node_occupancy_add(&o, 0, 100000 * US_PER_S);	/* it begins */
	/* 6 s in each minute of two hours */
	for (uint64_t m = 1; m <= 120; m++)
		node_occupancy_add(&o, 6 * US_PER_S,
				   (100000 + 60 * m) * US_PER_S);
	expect(&o, 100000 + 7200, 10, 10, 10);
	expect(&o, 100000 + 7200 + 59, 10, 10, 10);
	/* then silence */
	expect(&o, 100000 + 7200 + 300, 0, 5, 10 * 55.0 / 60);
	expect(&o, 100000 + 7200 + 3600, 0, 0, 0);
	expect(&o, 900000, 0, 0, 0);
	node_occupancy_add(&o, 3 * US_PER_S, 900000 * US_PER_S);
	expect(&o, 900000, 5, 0.5, 300.0 / 3600);
}

/* A minute after the start ten are not known. */
static void test_young(void **state)
{
	struct node_occupancy o = { 0 };

	(void)state;
	node_occupancy_add(&o, 0, 1000 * US_PER_S);
	node_occupancy_add(&o, 6 * US_PER_S, 1060 * US_PER_S);
	expect(&o, 1060, 10, 10, 10);
	node_occupancy_add(&o, 600 * US_PER_S, 1060 * US_PER_S);
	expect(&o, 1060, 100, 100, 100);	/* never more */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shares),
		cmocka_unit_test(test_young),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
