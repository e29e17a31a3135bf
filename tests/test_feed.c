/* SPDX-License-Identifier: MIT
 *
 * Feeds: properties over random trees of forks and orders of delivery. An
 * oracle that sees the whole tree says what must come out.
 */
#include <stdio.h>
#include "lib/feed/told.h"
#include "tests/feed_bench.h"

#define TREE_MAX 200

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
	assert_true(feed_has_forks(s->feeds) || !f->forked);
}

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

/* Spoils a run in one of several ways; none may be taken. Of what is held
 * already the seal is not looked at: a duplicate. */
static void spoil(struct run *run, struct event *events)
{
	struct event *e = &events[RUN_EVENTS_MAX - run->n +
				  (int)rnd(run->n)];

	switch (rnd(6)) {
	case 0:
		run->seal[rnd(EVENT_SEAL_SIZE)] ^= 1;
		break;
	case 1:
		run->prevcheck[rnd(2)] ^= 1;
		break;
	case 2:
		e->hlc.counter++;
		break;
	case 3:
		e->kind++;
		break;
	case 4:
		e->payload.n--;
		break;
	case 5:
		run->seq += 1000;
		break;
	}
}

/* No refused run changes anything, wherever the set stands. */
static void test_M4_refused_changes_nothing(void **unused)
{
	static struct tree t;
	struct buf before = { 0 }, after = { 0 };

	(void)unused;
	for (int round = 0; round < 60; round++) {
		struct station_set *s = set_open_fake();

		tree_make(&t, "a", 1 + (int)rnd(3));
		for (int i = 0; i < 60; i++) {
			struct event events[RUN_EVENTS_MAX];
			int tip = (int)rnd((uint32_t)t.n);
			struct run run = tree_run(&t, tip, (int)rnd(3),
						  events);
			enum feed_verdict v;

			deliver_randomly(s, &t, 1, 1);
			spoil(&run, events);
			dump_all(&before, s);
			v = set_admit(s, SPAN_STR("a"), &run);
			assert_true(v != FEED_ACCEPTED && v != FEED_PROOF &&
				    v != FEED_CANDIDATE);
			dump_all(&after, s);
			assert_same(&before, &after);
		}
		set_close(s);
	}
	buf_fini(&before);
	buf_fini(&after);
}

/* ---- differences ---- */

#define AUTHORS 40

/* Chains of many authors; each set gets them up to a seal of its own. */
static void fill_two(struct station_set *one, struct station_set *two,
		     struct tree *t, int n_different)
{
	static char labels[AUTHORS][20];

	for (int i = 0; i < AUTHORS; i++) {
		snprintf(labels[i], sizeof(labels[i]), "author%d", i);
		do
			tree_make(t, labels[i], 1);
		while (!t->v[0].sealed);
		deliver_chain(one, t, i < n_different && i % 3 ? 0 : t->n - 1);
		if (i >= n_different || i % 3)
			deliver_chain(two, t, t->n - 1);
	}
}

static uint32_t value_in(const struct station_set *s, uint32_t alias)
{
	uint32_t slot;

	if (feed_by_alias(s->feeds, alias, &slot, 1) == 0)
		return 0;
	return feed_value(feed_at(s->feeds, slot));
}

/* Both roots are the same once each term is replaced by the other's. */
static void assert_difference(const struct station_set *one,
			      const struct station_set *two, int n_different)
{
	struct syndrome_term terms[SYNDROME_C_MAX];
	uint32_t d[SYNDROME_WORDS_MAX];
	uint64_t root = feed_root48(one->feeds);
	size_t words = 2 * (size_t)n_different;

	for (size_t i = 0; i < words; i++)
		d[i] = feed_syndrome(one->feeds)[i] ^
		       feed_syndrome(two->feeds)[i];
	assert_int_equal(syndrome_decode(terms, d, words), n_different);
	for (int i = 0; i < n_different; i++) {
		uint32_t a = value_in(one, terms[i].alias);
		uint32_t b = value_in(two, terms[i].alias);

		assert_int_equal(terms[i].value, a ^ b);
		if (a)
			root -= feed_root_term(terms[i].alias, a);
		if (b)
			root += feed_root_term(terms[i].alias, b);
	}
	assert_int_equal(root & 0xffffffffffffULL, feed_root48(two->feeds));
}

static void test_difference_decodes(void **unused)
{
	static struct tree t;

	(void)unused;
	for (int n = 0; n <= SYNDROME_C_MAX; n += 4) {
		struct station_set *one = set_open_fake();
		struct station_set *two = set_open_fake();

		fill_two(one, two, &t, n);
		assert_difference(one, two, n);
		set_close(one);
		set_close(two);
	}
}

/* The example in docs/protocol.md, computed in Python. */
static void test_example(void **unused)
{
	const uint32_t want[4] = { 0x32ca9601, 0xe1fd9f32, 0x91082250,
				   0x815da3f3 };
	struct feed f = { .head = 7 };
	uint32_t s[4] = { 0 };

	(void)unused;
	assert_int_equal(feed_value(&f), 0x00007d89);
	assert_int_equal(feed_root_term(0x0a0b0c0d, 0x00007d89),
			 0x0e02acb4fcc0);
	syndrome_update(s, 4, 0x0a0b0c0d, 0x00007d89);
	assert_memory_equal(s, want, sizeof(want));
	f.forked = true;
	assert_int_equal(feed_value(&f), 0x0000754b);
	f.head = 0;
	assert_int_equal(feed_value(&f), 0);
}

/* Whoever stood at an earlier root lacks just the steps since. */
static void test_history(void **unused)
{
	static struct tree t;
	struct station_set *s = set_open_fake();
	uint64_t roots[TREE_MAX];
	size_t n = 0;

	(void)unused;
	tree_make(&t, "a", 1);
	for (int i = 0; i < t.n; i++) {
		if (!t.v[i].sealed)
			continue;
		roots[n++] = feed_root48(s->feeds);
		assert_int_equal(deliver(s, &t, i, 0), FEED_ACCEPTED);
	}
	assert_int_equal(feed_history_len(s->feeds), n);
	for (size_t i = 0; i < n; i++) {
		struct feed_step step;

		assert_int_equal(feed_history_find(s->feeds, roots[i]), i);
		assert_true(feed_history_step(s->feeds, i, &step));
		assert_int_equal(step.slot, 0);
		assert_true(step.from < step.to);
	}
	assert_false(feed_history_step(s->feeds, n,
				       &(struct feed_step){ 0 }));
	assert_true(feed_history_find(s->feeds, 12345) < 0);
	set_close(s);
}

static size_t count_of(const struct buf *b, const char *what)
{
	size_t n = 0;

	for (size_t i = 0; i + strlen(what) <= b->len; i++)
		n += memcmp(b->p + i, what, strlen(what)) == 0;
	return n;
}

/* Every feed is on one page, the last page is followed by none, and a page
 * fits into a message of the control socket. */
static void test_pages(void **unused)
{
	const struct clock_now now = { .wall_good = true };
	struct feed_config cfg = { .check = fake_check,
				   .authors_max = 2 * FEEDS_PAGE };
	struct station_set *s = set_open(&cfg);
	struct json_out o = { 0 };
	char label[AUTHOR_LABEL_MAX + 1];
	bool made;

	(void)unused;
	for (unsigned i = 0; i < FEEDS_PAGE + 44; i++) {
		snprintf(label, sizeof(label), "%064u", i);
		feed_open_own(s->feeds, SPAN_STR(label), NULL, &made);
	}
	feeds_json(s->feeds, 0, now, &o);
	assert_int_equal(count_of(&o.b, "\"author\":"), FEEDS_PAGE);
	assert_true(o.b.len < 200 * 1024);
	feeds_json(s->feeds, FEEDS_PAGE, now, &o);
	assert_int_equal(count_of(&o.b, "\"author\":"), FEEDS_PAGE + 44);
	o.b.len = 0;
	forks_json(s->feeds, 0, &o);
	assert_int_equal(o.b.len, 3);	/* with the comma before it */
	feeds_json(s->feeds, FEEDS_PAGE + 44, now, &o);
	feeds_json(s->feeds, FEED_SLOT_NONE, now, &o);
	assert_int_equal(count_of(&o.b, "null"), 2);
	buf_fini(&o.b);
	set_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_does_not_matter),
		cmocka_unit_test(test_loss_and_repeat),
		cmocka_unit_test(test_M4_refused_changes_nothing),
		cmocka_unit_test(test_difference_decodes),
		cmocka_unit_test(test_example),
		cmocka_unit_test(test_history),
		cmocka_unit_test(test_pages),
	};

	return crypto_init() || cmocka_run_group_tests(tests, NULL, NULL);
}
