/* SPDX-License-Identifier: MIT
 *
 * What a sketch costs: a neighbour's digest, in which 28 of 100,000 authors
 * differ, is decoded and checked against the roots, once with nothing of the
 * set in the caches, as a station that hears a digest a minute does, and once
 * right after. And what it costs that a head moved. No peer: what is aimed at
 * are times.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "lib/base/random.h"
#include "lib/event/record.h"
#include "lib/sync/sched_port.h"
#include "tests/bench.h"

#define AUTHORS 100000
#define DIFFER SYNDROME_C_MAX
#define ROUNDS 15
#define MOVES 200000
#define CACHES (64U << 20)	/* more than the caches hold */

static void fail(const char *what)
{
	fprintf(stderr, "bench: sync: %s\n", what);
	exit(1);
}

/* ---- the set ---- */

/* An author of one event, as its log has it. */
static int author_load(struct feed_set *s, uint32_t slot, struct random *rng)
{
	uint8_t author[AUTHOR_SIZE], bytes[RECORD_SEAL_SIZE + 64],
		seal[EVENT_SEAL_SIZE] = { 0 };
	struct event e = { .seq = 1, .kind = 1, .hlc.wall_ms = 1800000000000,
			   .payload = SPAN_STR("\xa0") };
	char label[2 * AUTHOR_SIZE + 1];
	size_t len;

	for (size_t i = 0; i < sizeof(author); i++)
		author[i] = (uint8_t)random_next(rng);
	event_id_genesis(e.id, (const uint8_t[DATASET_SIZE]){ 0 }, author);
	event_id_next(e.id, e.id, &e);
	len = record_event_encode(bytes, &e);
	if (feed_load(s, RECORD_AUTHOR, slot, author_label(label, author)) ||
	    feed_load(s, RECORD_EVENT, slot, SPAN(bytes, len)))
		return -1;
	record_seal_encode(bytes, 1, e.id, seal);
	return feed_load(s, RECORD_SEAL, slot, SPAN(bytes, RECORD_SEAL_SIZE));
}

static struct feed_set *set_make(struct random *rng)
{
	const struct feed_config c = { .authors_max = AUTHORS };
	struct feed_set *s = feed_set_new(&c);

	for (uint32_t slot = 0; s && slot < AUTHORS; slot++)
		if (author_load(s, slot, rng))
			fail("a record is refused");
	if (!s)
		fail("no memory");
	return s;
}

/* ---- the neighbour's digest ---- */

/* As ours, but that 28 authors are at another event there. */
static void digest_make(struct sync_digest *d, const struct sync_env *env,
			struct random *rng)
{
	uint32_t slot = 0;

	sync_sketch_make(env, d, SYNDROME_C_MAX, 0, 0);
	for (unsigned i = 0; i < DIFFER; i++) {
		const struct feed *f;
		uint32_t mine, theirs;

		slot += 1 + (uint32_t)random_below(rng, AUTHORS / DIFFER - 1);
		f = feed_at(env->feeds, slot);
		mine = feed_value(f);
		theirs = (2 + (uint32_t)random_below(rng, 100)) << 12 |
			(uint32_t)random_below(rng, 4096);
		syndrome_update(d->s, SYNDROME_WORDS_MAX, f->alias,
				mine ^ theirs);
		d->root48 += feed_root_term(f->alias, theirs) -
			feed_root_term(f->alias, mine);
	}
	d->root48 &= 0xffffffffffffULL;
}

static uint64_t no_back(void *ctx, uint32_t slot)
{
	(void)ctx, (void)slot;
	return 0;
}

static double decode_ms(struct sync_port *p, const struct sync_digest *d)
{
	struct sync_difference diff;
	uint64_t start = clock_read(1).mono_us;

	if (!sync_sketch_decode(p, d, &diff) || diff.terms != DIFFER)
		fail("not decoded");
	return (double)(clock_read(1).mono_us - start) / 1000;
}

static void caches_spoil(void)
{
	static uint8_t bytes[CACHES];

	for (size_t i = 0; i < sizeof(bytes); i += 64)
		((volatile uint8_t *)bytes)[i]++;
}

static void bench_found(struct sync_port *p, struct random *rng)
{
	double cold[ROUNDS], again[ROUNDS];
	struct sync_digest d;

	for (unsigned i = 0; i < ROUNDS; i++) {
		digest_make(&d, p->env, rng);
		caches_spoil();
		cold[i] = decode_ms(p, &d);
		again[i] = decode_ms(p, &d);
	}
	bench_line("sync", "28 of 100,000 authors found, cold",
		   bench_median(cold, ROUNDS), "none", 0, "ms");
	bench_line("sync", "28 of 100,000 authors found, again",
		   bench_median(again, ROUNDS), "none", 0, "ms");
}

/* ---- a head that moved ---- */

static uint64_t heads_move(void *ctx)
{
	static uint32_t words[SYNDROME_WORDS_MAX];
	struct random *rng = ctx;

	for (unsigned i = 0; i < MOVES; i++) {
		uint64_t r = random_next(rng);

		syndrome_update(words, SYNDROME_WORDS_MAX,
				(uint32_t)(r >> 32) | 1, (uint32_t)r);
	}
	return MOVES;
}

static void bench_moved(struct random *rng)
{
	double us[ROUNDS];

	for (unsigned i = 0; i < ROUNDS; i++)
		us[i] = 1e6 / bench_rate(heads_move, rng);
	bench_line("sync", "a head moved in a syndrome of 56 words",
		   bench_median(us, ROUNDS), "none", 0, "us");
}

void bench_sync(void)
{
	struct random rng = { 1 };
	struct sync_env env = { .feeds = set_make(&rng), .back = no_back };
	struct sync_port *p = calloc(1, sizeof(*p));

	if (!p)
		fail("no memory");
	p->env = &env;
	bench_found(p, &rng);
	bench_moved(&rng);
	feed_set_free(env.feeds);
	free(p);
}
