/* SPDX-License-Identifier: MIT
 *
 * The worker on every variant of the engine: all jobs come back once, in
 * order and worked on; a full ring says so; one wake-up serves many; idle, it
 * sleeps; it stops in the middle of its work.
 */
#include <stdlib.h>
#include <time.h>
#include "lib/base/bytes.h"
#include "lib/base/crypto.h"
#include "lib/ring/worker.h"
#include "tests/ring_variants.h"

#define MAX 64

struct job {
	uint64_t n, square;
	unsigned nap_us;
};

struct host {
	struct worker *w;
	uint64_t put, got, wrong, told;
};

static void job_work(void *p)
{
	struct job *j = p;
	const struct timespec nap = { 0, j->nap_us * 1000L };

	if (j->nap_us)
		nanosleep(&nap, NULL);
	j->square = j->n * j->n;
}

static void host_done(void *ctx)
{
	struct host *h = ctx;
	struct job *j;

	h->told++;
	while ((j = worker_result(h->w))) {
		h->wrong += j->n != h->got || j->square != h->got * h->got;
		h->got++;
		worker_take(h->w);
	}
}

static bool host_put(struct host *h, unsigned nap_us)
{
	struct job *j = worker_place(h->w);

	if (!j)
		return false;
	*j = (struct job){ .n = h->put++, .nap_us = nap_us };
	worker_put(h->w);
	return true;
}

static void host_open(struct host *h)
{
	struct worker_config c = { .job_size = sizeof(struct job),
		.max = MAX, .work = job_work, .done = host_done, .ctx = h };

	*h = (struct host){ 0 };
	assert_int_equal(worker_new(&h->w, ring, &c), 0);
}

static void host_turn_until(struct host *h, uint64_t got)
{
	for (int i = 0; i < 5000 && h->got < got; i++)
		ring_turn(ring, 10000);
	assert_int_equal(h->got, got);
}

static void test_all_come_back(void **state)
{
	struct host h;

	(void)state;
	host_open(&h);
	while (h.put < 100000) {
		while (h.put < 100000 && host_put(&h, 0))
			;
		ring_turn(ring, 1000);
	}
	host_turn_until(&h, 100000);
	assert_int_equal(h.wrong, 0);
	assert_true(h.told < 100000 / 2);
	worker_free(h.w);
}

/* One at a time: each wakes the thread, and the loop. */
static void test_one_by_one(void **state)
{
	struct host h;

	(void)state;
	host_open(&h);
	for (unsigned i = 0; i < 500; i++) {
		assert_true(host_put(&h, 0));
		host_turn_until(&h, i + 1);
	}
	assert_int_equal(h.wrong, 0);
	worker_free(h.w);
}

static void test_full(void **state)
{
	struct host h;

	(void)state;
	host_open(&h);
	for (unsigned i = 0; i < MAX; i++)
		assert_true(host_put(&h, 100));
	assert_false(host_put(&h, 0));
	host_turn_until(&h, MAX);
	assert_true(host_put(&h, 0));
	host_turn_until(&h, MAX + 1);
	assert_int_equal(h.wrong, 0);
	worker_free(h.w);
}

static uint64_t cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void test_idle_sleeps(void **state)
{
	uint64_t turns, before;
	struct host h;

	(void)state;
	host_open(&h);
	host_put(&h, 0);
	host_turn_until(&h, 1);
	turns = ring_counters(ring)->turns;
	before = cpu_us();
	ring_turn(ring, 100000);
	ring_turn(ring, 100000);
	assert_true(cpu_us() - before < 50000);
	assert_true(ring_counters(ring)->turns - turns <= 2);
	assert_int_equal(h.told, 1);
	worker_free(h.w);
}

static void test_stops_at_work(void **state)
{
	struct host h;

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		host_open(&h);
		for (unsigned k = 0; k < 3 * i; k++)
			host_put(&h, 2000);
		worker_free(h.w);
		assert_true(h.got == 0);
	}
}

/* The signature check itself, by the thread. */
struct seal {
	uint8_t key[32], message[100], sig[64];
	bool good;
};

static void seal_work(void *p)
{
	struct seal *s = p;

	s->good = crypto_ed25519_verify(s->sig, s->key,
					SPAN(s->message, sizeof(s->message)));
}

static unsigned seals_good, seals_got;
static struct worker *seals;

static void seals_done(void *ctx)
{
	struct seal *s;

	(void)ctx;
	while ((s = worker_result(seals))) {
		seals_good += s->good;
		seals_got++;
		worker_take(seals);
	}
}

static void test_signatures(void **state)
{
	struct worker_config c = { .job_size = sizeof(struct seal),
		.max = MAX, .work = seal_work, .done = seals_done };
	uint8_t seed[32] = { 1 };

	(void)state;
	crypto_init();
	seals_good = seals_got = 0;
	assert_int_equal(worker_new(&seals, ring, &c), 0);
	for (unsigned i = 0; i < 40; i++) {
		struct seal *s = worker_place(seals);

		memset(s->message, (int)i, sizeof(s->message));
		crypto_ed25519_sign(s->sig, seed,
				    SPAN(s->message, sizeof(s->message)));
		crypto_ed25519_public(s->key, seed);
		s->sig[i % 64] ^= i % 4 == 0;
		worker_put(seals);
	}
	for (int i = 0; i < 500 && seals_got < 40; i++)
		ring_turn(ring, 10000);
	assert_int_equal(seals_got, 40);
	assert_int_equal(seals_good, 30);
	worker_free(seals);
}

#define ALL(v) \
	ON(test_all_come_back, v), ON(test_one_by_one, v), ON(test_full, v), \
	ON(test_idle_sleeps, v), ON(test_stops_at_work, v), \
	ON(test_signatures, v)

int main(void)
{
	const struct CMUnitTest epoll[] = { ALL(variant_epoll) };
	const struct CMUnitTest uring[] = {
		ALL(variant_uring), ON(test_one_by_one, variant_single),
	};
	int bad = cmocka_run_group_tests_name("epoll", epoll, NULL, NULL);

	if (!uring_allowed())
		return bad;
	return bad + cmocka_run_group_tests_name("uring", uring, NULL, NULL);
}
