/* SPDX-License-Identifier: MIT
 *
 * What the rules of a port stand on: Trickle's intervals, sets of needs, the
 * table of neighbours, credit.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "lib/sync/need.h"
#include "lib/sync/peer.h"
#include "lib/sync/trickle.h"

/* ---- Trickle ---- */

static void test_trickle_intervals(void **state)
{
	struct random r = { 1 };
	struct trickle t;
	uint64_t now = 1000, begin = now;

	(void)state;
	trickle_init(&t, 8, 64, now, &r);
	for (uint64_t want = 8; want <= 64; want *= 2) {
		assert_int_equal(t.interval_us, want);
		now = trickle_due_us(&t);
		assert_in_range(now, begin + want / 2, begin + want - 1);
		assert_true(trickle_step(&t, now, &r));
		now = trickle_due_us(&t);
		assert_int_equal(now, begin + want);
		assert_false(trickle_step(&t, now, &r));
		begin = now;
	}
	assert_int_equal(t.interval_us, 64);
	assert_true(trickle_reset(&t, 8, now, &r));
	assert_int_equal(t.interval_us, 8);
	assert_false(trickle_reset(&t, 8, now, &r));
}

static void test_trickle_suppression(void **state)
{
	struct random r = { 1 };
	struct trickle t;

	(void)state;
	trickle_init(&t, 8, 64, 0, &r);
	assert_false(trickle_quiet(&t));
	t.heard++;
	assert_true(trickle_quiet(&t));
	trickle_again(&t, 8, &r);
	assert_false(trickle_quiet(&t));
}

/* ---- needs ---- */

static void test_needs(void **state)
{
	static struct sync_needs s;

	(void)state;
	for (uint32_t i = 0; i < SYNC_NEEDS_MAX; i++)
		assert_true(sync_needs_add(&s, (i * 7) % SYNC_NEEDS_MAX, 5,
					   9));
	assert_false(sync_needs_add(&s, 9999, 0, 1));
	assert_true(sync_needs_add(&s, 3, 2, 7));
	assert_int_equal(sync_needs_find(&s, 3)->from, 2);
	assert_int_equal(sync_needs_find(&s, 3)->to, 9);
	assert_null(sync_needs_find(&s, 9999));
	for (unsigned i = 1; i < s.n; i++)
		assert_true(s.v[i - 1].slot < s.v[i].slot);
}

/* ---- neighbours ---- */

static void test_peers(void **state)
{
	static struct sync_peers s;
	struct sync_peer *p;
	bool new;

	(void)state;
	for (uint32_t i = 0; i < SYNC_PEERS_MAX + 10; i++) {
		sync_peer_hear(&s, i, "X", i * US_PER_S, &new);
		assert_true(new);
	}
	assert_null(sync_peer_find(&s, 9));
	assert_non_null(sync_peer_find(&s, 10));
	sync_peer_hear(&s, 10, "X", 100 * US_PER_S, &new);
	assert_false(new);
	assert_int_equal(sync_peers_live(&s, 101 * US_PER_S), SYNC_PEERS_MAX);
	assert_int_equal(sync_peers_live(&s, 200 * 60 * US_PER_S), 0);
	p = sync_peer_find(&s, 10);
	p->root48 = 5;
	sync_peer_settle(p, 6, TIME_NEVER);
	assert_true(sync_peer_settled(p, 5, 6, 0));
	assert_false(sync_peer_settled(p, 5, 7, 0));
	assert_false(sync_peer_settled(p, 4, 6, 0));
}

/* A name made up: for five minutes a neighbour, and the first to make room. */
static void test_peers_once(void **state)
{
	static struct sync_peers s;

	(void)state;
	sync_peer_hear(&s, 1, "A", 0, NULL);
	sync_peer_hear(&s, 1, "A", 1, NULL);
	sync_peer_hear(&s, 2, "B", 2, NULL);
	assert_int_equal(sync_peers_live(&s, 299 * US_PER_S), 2);
	assert_int_equal(sync_peers_live(&s, 301 * US_PER_S), 1);
	for (uint32_t i = 0; i < 2 * SYNC_PEERS_MAX; i++)
		sync_peer_hear(&s, 100 + i, "X", (400 + i) * US_PER_S, NULL);
	assert_non_null(sync_peer_find(&s, 1));
	assert_null(sync_peer_find(&s, 2));
}

/* ---- credit ---- */

/* Questions that lead to nothing: so many, then one in so long. */
static void test_credit(void **state)
{
	struct sync_credit c = { 0 };

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		assert_true(sync_credit_take(&c, 3, 100, 50));
	assert_false(sync_credit_take(&c, 3, 100, 99));
	sync_credit_back(&c);
	assert_true(sync_credit_take(&c, 3, 100, 99));
	assert_false(sync_credit_take(&c, 3, 100, 99));
	assert_true(sync_credit_take(&c, 3, 100, 100));
	assert_false(sync_credit_take(&c, 3, 100, 199));
	for (unsigned i = 0; i < 3; i++)
		assert_true(sync_credit_take(&c, 3, 100, 1000));
	sync_credit_back(&c);
	sync_credit_back(&c);
	sync_credit_back(&c);
	sync_credit_back(&c);
	assert_int_equal(c.vain, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trickle_intervals),
		cmocka_unit_test(test_trickle_suppression),
		cmocka_unit_test(test_needs),
		cmocka_unit_test(test_peers),
		cmocka_unit_test(test_peers_once),
		cmocka_unit_test(test_credit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
