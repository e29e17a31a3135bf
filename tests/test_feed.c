/* SPDX-License-Identifier: MIT
 *
 * Feeds: properties over random trees of forks and orders of delivery, and
 * single cases. The seals of the trees are hashes, checked through
 * feed_config.check; the cases with stations use real keys.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "lib/base/crypto.h"
#include "lib/event/station.h"
#include "lib/feed/memory.h"

#define TREE_MAX 200

static uint64_t state = 88172645463325252ULL;

static uint32_t rnd(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 20) % below;
}

/* ---- a station in memory ---- */

struct station_set {
	struct feed_set *feeds;
	struct memory *memory;
	struct feed_change change;
	struct buf log;		/* records, as feed_load takes them */
};

static const uint8_t dataset[DATASET_SIZE] = "test";

static void fake_seal(uint8_t seal[EVENT_SEAL_SIZE], uint64_t seq,
		      const uint8_t id[EVENT_ID_SIZE])
{
	uint8_t at[8];
	const struct span parts[] = {
		SPAN(at, 8), SPAN(id, EVENT_ID_SIZE),
	};

	be_put(at, 8, seq);
	crypto_blake2b(seal, EVENT_SEAL_SIZE, NULL, parts, 2);
}

static bool fake_check(void *ctx, struct span label, const uint8_t author[16],
		       const uint8_t *key, uint64_t seq, const uint8_t id[32],
		       const uint8_t seal[64])
{
	uint8_t want[EVENT_SEAL_SIZE];

	(void)ctx, (void)label, (void)author, (void)key;
	fake_seal(want, seq, id);
	return memcmp(want, seal, sizeof(want)) == 0;
}

static struct station_set *set_open(struct feed_config *cfg)
{
	struct station_set *s = calloc(1, sizeof(*s));

	memcpy(cfg->dataset, dataset, sizeof(dataset));
	if (!cfg->authors_max)
		cfg->authors_max = 100;
	s->memory = memory_new();
	cfg->store = memory_store(s->memory);
	s->feeds = feed_set_new(cfg);
	assert_non_null(s->feeds);
	return s;
}

static struct station_set *set_open_fake(void)
{
	struct feed_config cfg = { .check = fake_check };

	return set_open(&cfg);
}

static void set_close(struct station_set *s)
{
	feed_set_free(s->feeds);
	memory_free(s->memory);
	buf_fini(&s->log);
	free(s);
}

static int log_record(void *ctx, uint16_t type, uint32_t slot,
		      struct span head, struct span tail)
{
	struct buf *log = ctx;
	uint8_t h[10];

	le_put(h, 2, type);
	le_put(h + 2, 4, slot);
	le_put(h + 6, 4, head.n + tail.n);
	buf_add(log, SPAN(h, sizeof(h)));
	buf_add(log, head);
	buf_add(log, tail);
	return 0;
}

static void set_keep(struct station_set *s)
{
	feed_change_records(s->feeds, &s->change, log_record, &s->log);
	memory_apply(s->memory, &s->change);
}

static enum feed_verdict set_admit(struct station_set *s, struct span label,
				   const struct run *run)
{
	enum feed_verdict v = feed_admit(s->feeds, label, run, &s->change);

	if (v == FEED_ACCEPTED || v == FEED_PROOF)
		set_keep(s);
	return v;
}

static void dump_author(struct buf *b, const struct station_set *s,
			uint32_t slot)
{
	const struct store store = memory_store(s->memory);
	const struct feed *f = feed_at(s->feeds, slot);
	struct event e;

	buf_printf(b, "%s %d %llu\n", f->label, f->forked,
		   (unsigned long long)f->head);
	for (uint64_t i = 1; i <= f->head; i++) {
		char hex[2 * EVENT_ID_SIZE + 1];

		assert_int_equal(store.event(store.ctx, slot, i, &e), 0);
		buf_printf(b, " %s\n", hex_encode(hex, SPAN(e.id, 32)));
	}
	if (f->head)
		assert_memory_equal(e.id, f->head_id, EVENT_ID_SIZE);
}

/* What sets that hold the same must agree in: chains, marks, frontier. */
static void dump(struct buf *b, const struct station_set *s)
{
	const char *labels[] = { "a", "b", "c", "d" };

	b->len = 0;
	for (size_t i = 0; i < 4; i++) {
		uint32_t slot = feed_find(s->feeds, SPAN_STR(labels[i]));

		if (slot != FEED_SLOT_NONE)
			dump_author(b, s, slot);
	}
	buf_printf(b, "%llx %llu %llu\n",
		   (unsigned long long)feed_root48(s->feeds),
		   (unsigned long long)feed_event_count(s->feeds),
		   (unsigned long long)feed_author_count(s->feeds));
	buf_add(b, SPAN(feed_syndrome(s->feeds), 4 * SYNDROME_WORDS_MAX));
}

/* Everything one can see of a set: for "changes nothing". */
static void dump_all(struct buf *b, const struct station_set *s)
{
	dump(b, s);
	for (uint32_t i = 0; i < feed_count(s->feeds); i++) {
		const struct feed_seal *proof = feed_proof(s->feeds, i);

		buf_add(b, SPAN(feed_at(s->feeds, i), sizeof(struct feed)));
		if (proof)
			buf_add(b, SPAN(proof, sizeof(*proof)));
		buf_printf(b, "%llu %llu\n",
			   (unsigned long long)feed_own_last(s->feeds, i),
			   (unsigned long long)
			   feed_candidate_end(s->feeds, i));
	}
	buf_printf(b, "%llu\n",
		   (unsigned long long)feed_history_len(s->feeds));
}

static void assert_same(struct buf *a, struct buf *b)
{
	assert_int_equal(a->len, b->len);
	assert_memory_equal(a->p, b->p, a->len);
}

/* ---- trees of forks ---- */

struct leaf {
	struct event e;
	int parent;		/* -1: genesis */
	uint8_t payload[5];
	uint8_t prev[EVENT_ID_SIZE], seal[EVENT_SEAL_SIZE];
	bool sealed;
};

/* One author's tree; sealed leaves are what somebody published. */
struct tree {
	const char *label;
	int n;
	struct leaf v[TREE_MAX];
};

static void tree_add(struct tree *t, int parent)
{
	struct leaf *l = &t->v[t->n];
	uint8_t author[AUTHOR_SIZE];

	memset(l, 0, sizeof(*l));
	l->parent = parent;
	l->payload[0] = 0x1a;
	be_put(l->payload + 1, 4, 0x10000000U + rnd(1U << 28));
	l->e = (struct event){
		.author = SPAN_STR(t->label),
		.seq = parent < 0 ? 1 : t->v[parent].e.seq + 1,
		.hlc = { 1767225600000ULL + 1000 * (uint64_t)t->n, 0 },
		.kind = KIND_NOTE_ADD,
		.payload = SPAN(l->payload, 5),
	};
	author_from_label(author, l->e.author);
	event_id_genesis(l->prev, dataset, author);
	if (parent >= 0)
		memcpy(l->prev, t->v[parent].e.id, EVENT_ID_SIZE);
	event_id_next(l->e.id, l->prev, &l->e);
	fake_seal(l->seal, l->e.seq, l->e.id);
	l->sealed = rnd(3) == 0;
	t->n++;
}

/* `branches` chains, each leaving an earlier one at random; tips sealed. */
static void tree_make(struct tree *t, const char *label, int branches)
{
	t->label = label;
	t->n = 0;
	for (int b = 0; b < branches; b++) {
		int at = b ? (int)rnd((uint32_t)t->n + 1) - 1 : -1;

		for (int i = 3 + (int)rnd(12); i > 0; i--) {
			tree_add(t, at);
			at = t->n - 1;
		}
		t->v[at].sealed = true;
	}
}

/* The run that ends at a sealed leaf, begun `more` seals further back. */
static struct run tree_run(const struct tree *t, int tip, int more,
			   struct event events[RUN_EVENTS_MAX])
{
	struct run run = { 0 };
	int at = tip;

	memcpy(run.seal, t->v[tip].seal, EVENT_SEAL_SIZE);
	for (;;) {
		events[RUN_EVENTS_MAX - ++run.n] = t->v[at].e;
		memcpy(run.prevcheck, t->v[at].prev, 2);
		run.seq = t->v[at].e.seq;
		at = t->v[at].parent;
		if (at < 0 || (t->v[at].sealed && more-- == 0))
			break;
	}
	run.events = events + RUN_EVENTS_MAX - run.n;
	return run;
}

static enum feed_verdict deliver(struct station_set *s, const struct tree *t,
				 int tip, int more)
{
	struct event events[RUN_EVENTS_MAX];
	struct run run = tree_run(t, tip, more, events);
	uint32_t slot = feed_find(s->feeds, SPAN_STR(t->label));
	uint64_t head = slot == FEED_SLOT_NONE ? 0 :
			feed_at(s->feeds, slot)->head;
	enum feed_verdict v = set_admit(s, SPAN_STR(t->label), &run);

	slot = feed_find(s->feeds, SPAN_STR(t->label));
	if (slot != FEED_SLOT_NONE)
		assert_true(feed_at(s->feeds, slot)->head >= head);
	return v;
}

/* All seals below a tip in their order, as a neighbour that stands on it
 * sends them. */
static void deliver_chain(struct station_set *s, const struct tree *t, int tip)
{
	int path[TREE_MAX], n = 0;

	for (int at = tip; at >= 0; at = t->v[at].parent)
		if (t->v[at].sealed)
			path[n++] = at;
	while (n-- > 0)
		deliver(s, t, path[n], 0);
}

static void deliver_randomly(struct station_set *s, const struct tree *trees,
			     int n_trees, int times)
{
	while (times-- > 0) {
		const struct tree *t = &trees[rnd((uint32_t)n_trees)];
		int tip = (int)rnd((uint32_t)t->n);

		if (t->v[tip].sealed)
			deliver(s, t, tip, (int)rnd(3));
	}
}

/* What must come out, found by looking at the tree as a whole. */
static int tree_winner(const struct tree *t)
{
	int best = -1;

	for (int i = 0; i < t->n; i++) {
		const struct leaf *l = &t->v[i], *m = &t->v[best < 0 ? i : best];

		if (l->sealed && (best < 0 || l->e.seq > m->e.seq ||
		    (l->e.seq == m->e.seq &&
		     memcmp(l->e.id, m->e.id, EVENT_ID_SIZE) < 0)))
			best = i;
	}
	return best;
}

static bool tree_forked(const struct tree *t)
{
	int winner = tree_winner(t);

	for (int i = 0; i < t->n; i++) {
		int at = winner;

		while (at >= 0 && at != i)
			at = t->v[at].parent;
		if (t->v[i].sealed && at != i)
			return true;
	}
	return false;
}

static void assert_oracle(const struct station_set *s, const struct tree *t)
{
	const struct feed *f =
		feed_at(s->feeds, feed_find(s->feeds, SPAN_STR(t->label)));
	const struct leaf *l = &t->v[tree_winner(t)];

	assert_non_null(f);
	assert_int_equal(f->head, l->e.seq);
	assert_memory_equal(f->head_id, l->e.id, EVENT_ID_SIZE);
	assert_int_equal(f->forked, tree_forked(t));
}

static void reload_same(const struct station_set *s);

static void test_order_does_not_matter(void **unused)
{
	static struct tree trees[4];
	const char *labels[] = { "a", "b", "c", "d" };
	struct buf first = { 0 }, other = { 0 };

	(void)unused;
	for (int round = 0; round < 120; round++) {
		int n = 1 + round % 4;

		for (int i = 0; i < n; i++)
			tree_make(&trees[i], labels[i], 1 + (int)rnd(4));
		for (int order = 0; order < 4; order++) {
			struct station_set *s = set_open_fake();

			deliver_randomly(s, trees, n, (int)rnd(120));
			for (int i = 0; i < n; i++)
				for (int tip = trees[i].n; tip-- > 0;)
					if (trees[i].v[tip].sealed)
						deliver_chain(s, &trees[i],
							      tip);
			for (int i = 0; i < n; i++)
				assert_oracle(s, &trees[i]);
			dump(order ? &other : &first, s);
			if (order)
				assert_same(&first, &other);
			reload_same(s);
			set_close(s);
		}
	}
	buf_fini(&first);
	buf_fini(&other);
}

/* Random order alone, each run again and again: the same end. */
static void test_loss_and_repeat(void **unused)
{
	static struct tree t;

	(void)unused;
	for (int round = 0; round < 40; round++) {
		struct station_set *s = set_open_fake();

		tree_make(&t, "a", 2);
		for (int i = 0; i < 40; i++)
			deliver_randomly(s, &t, 1, 50);
		assert_oracle(s, &t);
		set_close(s);
	}
}

/* The log of a set, loaded, is the set. */
static void reload_same(const struct station_set *s)
{
	struct feed_config cfg = { .check = fake_check };
	struct station_set *again = set_open(&cfg);
	struct rd r = rd_init(buf_span(&s->log));
	struct buf a = { 0 }, b = { 0 };

	while (rd_left(&r)) {
		uint16_t type = (uint16_t)rd_le(&r, 2);
		uint32_t slot = (uint32_t)rd_le(&r, 4);
		struct span rec = rd_bytes(&r, rd_le(&r, 4));

		assert_int_equal(feed_load(again->feeds, type, slot, rec), 0);
		assert_int_equal(memory_record(again->memory, type, slot, rec),
				 0);
	}
	dump(&a, s);
	dump(&b, again);
	assert_same(&a, &b);
	for (uint32_t i = 0; i < feed_count(s->feeds); i++)
		assert_memory_equal(feed_at(s->feeds, i),
				    feed_at(again->feeds, i),
				    sizeof(struct feed));
	buf_fini(&a);
	buf_fini(&b);
	set_close(again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_does_not_matter),
		cmocka_unit_test(test_loss_and_repeat),
	};

	(void)dump_all;
	return crypto_init() || cmocka_run_group_tests(tests, NULL, NULL);
}
