/* SPDX-License-Identifier: MIT
 *
 * The importers' pen: single events of two branches in any order. The delta:
 * fair under a limit.
 */
#include "lib/feed/delta.h"
#include "lib/feed/pen.h"
#include "tests/feed_bench.h"

static struct writer a, b;	/* one author, two branches above 3 */

static void pen_apply(void *ctx, const struct feed_change *c)
{
	struct station_set *s = ctx;

	s->change = *c;
	set_keep(s);
}

static void count_event(void *ctx, const struct event *e)
{
	(void)e;
	++*(size_t *)ctx;
}

static size_t pen_waiting(const struct feed_pen *p)
{
	size_t n = 0;

	feed_pen_each(p, count_event, &n);
	return n;
}

static size_t pen_offer(struct feed_pen *p, const struct writer *w, size_t i)
{
	uint8_t seal[EVENT_SEAL_SIZE];
	struct event e = w->v[i];

	e.author = SPAN_STR("a");
	fake_seal(seal, e.seq, e.id);
	return feed_pen_offer(p, &e, w->prev[i], seal, NULL);
}

/* Two branches of an author that has a label only. */
static void label_branches(size_t n_a, size_t n_b)
{
	memset(&a, 0, sizeof(a));
	author_from_label(a.key.hash, SPAN_STR("a"));
	while (a.n < 3)
		write_note(&a, 0);
	writer_branch(&b, &a, 3);
	while (a.n < n_a)
		write_note(&a, 1);
	while (b.n < n_b)
		write_note(&b, 2);
}

static void test_M2_M3_any_order_of_branches(void **unused)
{
	struct buf first = { 0 }, other = { 0 };

	(void)unused;
	label_branches(9, 11);
	for (int round = 0; round < 100; round++) {
		struct station_set *s = set_open_fake();
		struct feed_pen *p = feed_pen_new(s->feeds, 100, 10000,
						  pen_apply, s);
		size_t order[20], grew = 0;

		for (size_t i = 0; i < 20; i++) {
			size_t j = rnd((uint32_t)i + 1);

			order[i] = order[j];
			order[j] = i;
		}
		for (size_t i = 0; i < 20; i++)
			grew += order[i] < 9 ? pen_offer(p, &a, order[i]) :
					       pen_offer(p, &b, order[i] - 9);
		assert_int_equal(grew, 11);
		assert_int_equal(pen_waiting(p), 0);
		dump(round ? &other : &first, s);
		if (round)
			assert_same(&first, &other);
		assert_true(feed_pen_forked(p, SPAN_STR("a")));
		assert_memory_equal(feed_at(s->feeds, 0)->head_id,
				    b.v[10].id, 32);
		reload_same(s);
		feed_pen_free(p);
		set_close(s);
	}
	buf_fini(&first);
	buf_fini(&other);
}

/* The farthest goes first, and comes in when it is offered again. */
static void test_M6_pen_is_bounded(void **unused)
{
	struct station_set *s = set_open_fake();
	struct feed_pen *p = feed_pen_new(s->feeds, 4, 10000, pen_apply, s);

	(void)unused;
	label_branches(9, 3);
	for (size_t i = 9; i-- > 1;)
		assert_int_equal(pen_offer(p, &a, i), 0);
	assert_int_equal(pen_waiting(p), 4);
	assert_int_equal(pen_offer(p, &a, 0), 4);
	for (size_t i = 4; i < 9; i++)
		pen_offer(p, &a, i);
	assert_int_equal(feed_at(s->feeds, 0)->head, 9);
	assert_false(feed_pen_forked(p, SPAN_STR("a")));
	feed_pen_free(p);
	set_close(s);
}

static void test_M1_pen_takes_what_is_verified(void **unused)
{
	struct station_set *s = set_open_fake();
	struct feed_pen *p = feed_pen_new(s->feeds, 4, 10000, pen_apply, s);
	uint8_t seal[EVENT_SEAL_SIZE] = { 0 };
	enum feed_verdict v;
	struct event e;

	(void)unused;
	label_branches(5, 3);
	e = a.v[2];
	e.author = SPAN_STR("a");
	assert_int_equal(feed_pen_offer(p, &e, a.prev[2], seal, &v), 0);
	assert_int_equal(v, FEED_BAD_SEAL);
	e.seq = 0;
	assert_int_equal(feed_pen_offer(p, &e, a.prev[2], seal, &v), 0);
	assert_int_equal(v, FEED_BAD_EVENT);
	assert_int_equal(pen_waiting(p), 0);
	feed_pen_free(p);
	set_close(s);
}

/* ---- the delta ---- */

static void test_M17_delta_is_fair(void **unused)
{
	size_t turn = 0;
	uint64_t sum;

	(void)unused;
	for (int round = 0; round < 500; round++) {
		struct delta_feed f[6];
		uint64_t lack = 0, limit = rnd(40), least = UINT64_MAX;

		for (int i = 0; i < 6; i++) {
			f[i] = (struct delta_feed){ .held = rnd(12),
						    .remote = rnd(12) };
			if (f[i].held > f[i].remote)
				lack += f[i].held - f[i].remote;
		}
		sum = feed_delta(f, 6, limit, &turn);
		assert_int_equal(sum, lack < limit ? lack : limit);
		for (int i = 0; i < 6; i++) {
			sum -= f[i].give;
			if (f[i].held > f[i].remote + f[i].give &&
			    f[i].give < least)
				least = f[i].give;
		}
		assert_int_equal(sum, 0);
		for (int i = 0; i < 6 && least < UINT64_MAX; i++)
			assert_true(f[i].give <= least + 1);
	}
}

/* A remote head is unsigned, and one above ours asks for nothing. */
static void test_M5_remote_of_any_size(void **unused)
{
	struct delta_feed f[3] = {
		{ .held = 5, .remote = UINT64_MAX }, { .held = 5, .remote = 6 },
		{ .held = UINT64_MAX, .remote = UINT64_MAX - 1 },
	};

	(void)unused;
	assert_int_equal(feed_delta(f, 3, UINT64_MAX, NULL), 1);
	assert_int_equal(f[0].give, 0);
	assert_int_equal(f[1].give, 0);
	assert_int_equal(f[2].give, 1);
}

/* A limit of one serves everybody, contact after contact. */
static void test_delta_resumes(void **unused)
{
	struct delta_feed f[3] = { { .held = 5 }, { .held = 5 },
				   { .held = 5 } };
	size_t turn = 0;

	(void)unused;
	for (int i = 0; i < 9; i++) {
		assert_int_equal(feed_delta(f, 3, 1, &turn), 1);
		assert_int_equal(f[i % 3].give, 1);
		f[i % 3].remote++;
	}
	assert_int_equal(feed_delta(f, 0, 1, &turn), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_M2_M3_any_order_of_branches),
		cmocka_unit_test(test_M6_pen_is_bounded),
		cmocka_unit_test(test_M1_pen_takes_what_is_verified),
		cmocka_unit_test(test_M17_delta_is_fair),
		cmocka_unit_test(test_M5_remote_of_any_size),
		cmocka_unit_test(test_delta_resumes),
	};

	return crypto_init() || cmocka_run_group_tests(tests, NULL, NULL);
}
