/* SPDX-License-Identifier: MIT
 *
 * ingest.json, import.json, delta.json: meshlog's events through the feeds
 * and the pen. An event's predecessor is the one whose id it names; a seal is
 * its id, so that each event is a sealed head.
 */
#include <stdlib.h>
#include "lib/base/map.h"
#include "lib/event/meshlog.h"
#include "lib/feed/delta.h"
#include "lib/feed/memory.h"
#include "lib/feed/pen.h"
#include "tests/vectors.h"

#define POOL_MAX 100000

/* Events as they are delivered, with the ids they have in our chain. */
struct pool {
	size_t n;
	struct entry {
		struct meshlog m;
		bool authentic, chained;
		uint8_t prev[EVENT_ID_SIZE], id[EVENT_ID_SIZE];
	} *v;
};

struct bench {
	struct feed_set *feeds;
	struct memory *memory;
	struct feed_pen *pen;
};

/* ---- the feeds under test ---- */

static bool id_is_seal(void *ctx, struct span label, const uint8_t author[16],
		       const uint8_t *key, uint64_t seq, const uint8_t id[32],
		       const uint8_t seal[64])
{
	(void)ctx, (void)label, (void)author, (void)key, (void)seq;
	return memcmp(id, seal, EVENT_ID_SIZE) == 0;
}

static void apply(void *ctx, const struct feed_change *c)
{
	memory_apply(ctx, c);
}

static struct bench bench_open(void)
{
	struct feed_config cfg = { .authors_max = 1000, .check = id_is_seal };
	struct bench b = { .memory = memory_new() };

	cfg.store = memory_store(b.memory);
	b.feeds = feed_set_new(&cfg);
	b.pen = feed_pen_new(b.feeds, POOL_MAX, SIZE_MAX, apply, b.memory);
	return b;
}

static void bench_close(struct bench *b)
{
	feed_pen_free(b->pen);
	feed_set_free(b->feeds);
	memory_free(b->memory);
}

static size_t bench_offer(struct bench *b, const struct entry *e)
{
	uint8_t seal[EVENT_SEAL_SIZE] = { 0 };

	if (!e->authentic)
		return 0;
	memcpy(seal, e->id, EVENT_ID_SIZE);
	return feed_pen_offer(b->pen, &e->m.e, e->prev, seal, NULL);
}

static uint64_t bench_head(const struct bench *b, struct span label)
{
	const struct feed *f = feed_at(b->feeds, feed_find(b->feeds, label));

	return f ? f->head : 0;
}

static void expect_frontier(const struct bench *b, const struct json *want)
{
	struct json_member m = { 0 };
	uint64_t sum = 0;

	while (json_next(want, &m)) {
		uint64_t head = bench_head(b, m.key);

		vector_expect(head == (uint64_t)json_int(m.value),
			      "head of %.*s: %llu", (int)m.key.n, m.key.p,
			      (unsigned long long)head);
		sum += head;
	}
	vector_expect(sum == feed_event_count(b->feeds), "other authors");
	vector_expect(feed_author_count(b->feeds) == feed_count(b->feeds),
		      "authors without events");
}

/* ---- the pool ---- */

static void entry_read(struct entry *e, const struct json *wire)
{
	uint8_t id[MESHLOG_ID_SIZE];

	e->authentic = meshlog_from_json(&e->m, wire) == MESHLOG_OK &&
		       meshlog_id(id, wire) == 0 &&
		       memcmp(id, e->m.id, sizeof(id)) == 0;
}

/* Index of the authentic entry with an id of meshlog's; MAP_NONE. */
static uint32_t pool_find(const struct map *ids, struct span hex)
{
	uint8_t id[MESHLOG_ID_SIZE];

	if (hex_decode(id, sizeof(id), hex) != sizeof(id))
		return MAP_NONE;
	return map_get(ids, SPAN(id, sizeof(id)));
}

/* Gives an entry its ids once its predecessor has them. A predecessor that
 * is nowhere is an id that nothing has: the text that names it. */
static bool chain_entry(struct pool *p, const struct map *ids,
			struct entry *e)
{
	const uint8_t no_dataset[DATASET_SIZE] = { 0 };
	uint8_t author[AUTHOR_SIZE];
	uint32_t at;

	if (!e->authentic || e->chained)
		return false;
	if (e->m.prev.n == 0) {
		author_from_label(author, e->m.e.author);
		event_id_genesis(e->prev, no_dataset, author);
	} else if ((at = pool_find(ids, e->m.prev)) != MAP_NONE) {
		if (!p->v[at].chained)
			return false;
		memcpy(e->prev, p->v[at].id, EVENT_ID_SIZE);
	} else {
		memcpy(e->prev, e->m.prev.p,
		       e->m.prev.n < EVENT_ID_SIZE ? e->m.prev.n :
		       EVENT_ID_SIZE);
	}
	event_id_next(e->id, e->prev, &e->m.e);
	return e->chained = true;
}

static void pool_chain(struct pool *p)
{
	struct map *ids = map_new(p->n + 1);
	bool more = true;

	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].authentic)
			map_set(ids, SPAN(p->v[i].m.id, MESHLOG_ID_SIZE),
				(uint32_t)i);
	while (more) {
		more = false;
		for (size_t i = 0; i < p->n; i++)
			more |= chain_entry(p, ids, &p->v[i]);
	}
	map_free(ids);
}

static void pool_free(struct pool *p)
{
	for (size_t i = 0; i < p->n; i++)
		meshlog_fini(&p->v[i].m);
	free(p->v);
}

/* ---- ingest.json ---- */

static struct pool pool_from_case(const struct json *c)
{
	const struct json *pool = json_get(c, "pool");
	struct pool p = { .n = json_len(pool) };

	p.v = calloc(p.n + 1, sizeof(*p.v));
	for (size_t i = 0; i < p.n; i++)
		entry_read(&p.v[i], json_get(json_at(pool, i), "wire"));
	pool_chain(&p);
	return p;
}

static size_t take_step(struct bench *b, const struct pool *p,
			const struct json *step)
{
	const struct json *refs = json_get(step, "refs");
	size_t grew = 0;

	for (size_t i = 0; i < json_len(refs); i++) {
		size_t at = (size_t)json_int(json_at(refs, i));

		if (vector_expect(at < p->n, "no entry %zu", at))
			grew += bench_offer(b, &p->v[at]);
	}
	return grew;
}

static bool is_held(const struct bench *b, const struct entry *e)
{
	const struct store store = memory_store(b->memory);
	uint32_t slot = feed_find(b->feeds, e->m.e.author);
	struct event held;

	return e->authentic && slot != FEED_SLOT_NONE &&
	       e->m.e.seq <= feed_at(b->feeds, slot)->head &&
	       store.event(store.ctx, slot, e->m.e.seq, &held) == 0 &&
	       memcmp(held.id, e->id, EVENT_ID_SIZE) == 0;
}

static void expect_held(const struct bench *b, const struct pool *p,
			const struct json *held)
{
	size_t n = 0;

	for (size_t i = 0; i < json_len(held); i++) {
		size_t at = (size_t)json_int(json_at(held, i));

		vector_expect(at < p->n && is_held(b, &p->v[at]),
			      "entry %zu is not held", at);
	}
	for (size_t i = 0; i < p->n; i++)
		n += is_held(b, &p->v[i]);
	vector_expect(n == json_len(held), "%zu entries held", n);
}

struct waiting {
	const struct json *want;
	size_t n;
};

static void expect_waiting(void *ctx, const struct event *e)
{
	struct waiting *w = ctx;
	struct json_member m = { 0 };
	bool found = false;

	while (json_next(w->want, &m))
		for (size_t i = 0; i < json_len(m.value); i++)
			found |= span_equal(m.key, e->author) && e->seq ==
				(uint64_t)json_int(json_at(m.value, i));
	vector_expect(found, "%.*s %llu waits", (int)e->author.n, e->author.p,
		      (unsigned long long)e->seq);
	w->n++;
}

static void expect_buffered(const struct bench *b, const struct json *want)
{
	struct waiting w = { want, 0 };
	struct json_member m = { 0 };
	size_t n = 0;

	feed_pen_each(b->pen, expect_waiting, &w);
	while (json_next(want, &m))
		n += json_len(m.value);
	vector_expect(w.n == n, "%zu events wait", w.n);
}

static void run_clean(const struct json *c, size_t number)
{
	const struct json *steps = json_get(c, "steps");
	struct pool p = pool_from_case(c);
	struct bench b = bench_open();

	for (size_t i = 0; i < json_len(steps); i++) {
		const struct json *step = json_at(steps, i);
		int64_t grew = (int64_t)take_step(&b, &p, step);

		vector_expect(grew == json_int(json_get(step, "held_grew_by")),
			      "step %zu: grew by %lld", i, (long long)grew);
		expect_frontier(&b, json_get(step, "frontier"));
	}
	expect_held(&b, &p, json_get(c, "held"));
	expect_buffered(&b, json_get(c, "buffered"));
	bench_close(&b);
	pool_free(&p);
	vector_case("clean %zu", number);
}

static bool listed(const struct json *list, struct span label)
{
	for (size_t i = 0; i < json_len(list); i++)
		if (span_equal(json_string(json_at(list, i)), label))
			return true;
	return false;
}

static void expect_forked(const struct bench *b, const struct pool *p,
			  const struct json *want)
{
	for (size_t i = 0; i < p->n; i++) {
		struct span label = p->v[i].m.e.author;

		vector_expect(feed_pen_forked(b->pen, label) ==
			      listed(want, label), "mark of %.*s",
			      (int)label.n, label.p);
	}
}

/* One character per entry: held or not. */
static void describe(struct buf *out, const struct bench *b,
		     const struct pool *p)
{
	for (size_t i = 0; i < p->n; i++)
		buf_add_u8(out, is_held(b, &p->v[i]) ? '1' : '0');
	buf_printf(out, " %llx", (unsigned long long)feed_root48(b->feeds));
}

/* All deliveries of the case, `turn` steps round, forwards or backwards. */
static void run_order(const struct json *c, size_t turn, bool back,
		      struct buf *out)
{
	const struct json *steps = json_get(c, "steps");
	size_t n = json_len(steps);
	struct pool p = pool_from_case(c);
	struct bench b = bench_open();

	for (size_t i = 0; i < n; i++) {
		size_t at = ((back ? n - 1 - i : i) + turn) % n;

		take_step(&b, &p, json_at(steps, at));
	}
	expect_forked(&b, &p, json_get(c, "equivocating"));
	describe(out, &b, &p);
	bench_close(&b);
	pool_free(&p);
}

static void run_forks(const struct json *c, size_t number)
{
	struct buf first = { 0 };

	run_order(c, 0, false, &first);
	for (size_t i = 0; i < json_len(json_get(c, "steps")); i++) {
		struct buf other = { 0 };

		run_order(c, i, i % 2, &other);
		vector_expect(span_equal(buf_span(&first), buf_span(&other)),
			      "another end in order %zu", i);
		buf_fini(&other);
	}
	buf_fini(&first);
	vector_case("forks %zu", number);
}

static void run_ingest(const struct json *root)
{
	const struct json *clean = json_get(root, "clean");
	const struct json *forks = json_get(root, "forks");

	for (size_t i = 0; i < json_len(clean); i++)
		run_clean(json_at(clean, i), i);
	for (size_t i = 0; i < json_len(forks); i++)
		run_forks(json_at(forks, i), i);
}
VECTOR_FILE(ingest, run_ingest)

/* ---- import.json ---- */

static void run_import_case(const struct json *c)
{
	const struct json *lines = json_get(c, "lines");
	struct pool p = { .n = json_len(lines) };
	struct bench b = bench_open();

	p.v = calloc(p.n + 1, sizeof(*p.v));
	for (size_t i = 0; i < p.n; i++)
		p.v[i].authentic =
			meshlog_parse(&p.v[i].m,
				      json_string(json_at(lines, i))) ==
			MESHLOG_OK;
	pool_chain(&p);
	for (size_t i = 0; i < p.n; i++)
		bench_offer(&b, &p.v[i]);
	expect_frontier(&b, json_get(c, "frontier_of_whole_lines"));
	bench_close(&b);
	pool_free(&p);
}

static void run_import(const struct json *root)
{
	const struct json *cases = json_get(root, "cases");

	for (size_t i = 0; i < json_len(cases); i++) {
		const struct json *c = json_at(cases, i);

		run_import_case(c);
		vector_case("%zu, %s", i,
			    json_string(json_get(c, "mode")).p);
	}
}
VECTOR_FILE(import, run_import)

/* ---- delta.json ---- */

static size_t delta_feeds(struct delta_feed *feeds, const struct json *c)
{
	const struct json *remote = json_get(c, "remote");
	struct json_member m = { 0 };
	size_t n = 0;

	while (json_next(json_get(c, "held"), &m))
		feeds[n++] = (struct delta_feed){
			.label = m.key,
			.held = (uint64_t)json_int(m.value),
			.remote = (uint64_t)json_int(json_get(remote,
						(const char *)m.key.p)),
		};
	return n;
}

/* Without a limit the set is the law; under one, the number and that each
 * author's part follows the remote's head. */
static void expect_given(const struct delta_feed *f, const struct json *delta,
			 bool all)
{
	uint64_t want = 0;

	for (size_t i = 0; i < json_len(delta); i++) {
		const struct json *pair = json_at(delta, i);

		if (!span_equal(json_string(json_at(pair, 0)), f->label))
			continue;
		want++;
		vector_expect(!all || (uint64_t)json_int(json_at(pair, 1)) ==
			      f->remote + want, "%s is not contiguous",
			      f->label.p);
	}
	vector_expect(!all || f->give == want, "%llu of %s",
		      (unsigned long long)f->give, f->label.p);
	vector_expect(f->give == 0 || f->remote + f->give <= f->held,
		      "more than is held of %s", f->label.p);
}

static void run_delta_case(const struct json *c)
{
	const struct json *limit = json_get(c, "limit");
	const struct json *delta = json_get(c, "delta");
	bool all = !json_is(limit, JSON_INT);
	struct delta_feed *feeds =
		calloc(json_len(json_get(c, "held")) + 1, sizeof(*feeds));
	size_t n = delta_feeds(feeds, c);
	uint64_t given = feed_delta(feeds, n, all ? UINT64_MAX :
				    (uint64_t)json_int(limit), NULL);

	vector_expect(given == json_len(delta), "%llu given",
		      (unsigned long long)given);
	for (size_t i = 0; i < n; i++)
		expect_given(&feeds[i], delta, all);
	free(feeds);
}

static void run_delta(const struct json *root)
{
	const struct json *cases = json_get(root, "cases");

	for (size_t i = 0; i < json_len(cases); i++) {
		run_delta_case(json_at(cases, i));
		vector_case("%zu", i);
	}
}
VECTOR_FILE(delta, run_delta)
