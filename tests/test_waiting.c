/* SPDX-License-Identifier: MIT
 *
 * Seals verified by the host: whatever the timing and the order of the
 * verdicts, the station holds what a station that verifies at once holds,
 * record by record, and shows the same dataset. Strangers send good runs, bad
 * seals, branches, gaps and things twice.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "lib/sync/generation.h"
#include "tests/field.h"

#define INLINE 0	/* the two stations */
#define DELAYED 1
#define AUTHORS 6
#define EVENTS 48	/* of a branch */
#define BRANCHES 2

struct chain {		/* one branch of an author */
	uint8_t id[EVENTS + 1][32];
	struct event events[EVENTS];
	struct buf payloads[EVENTS];
};

struct world {
	struct field f;
	uint8_t dataset[32];
	struct rns_identity id[AUTHORS];
	struct chain chain[AUTHORS][BRANCHES];
	uint64_t sent[AUTHORS][BRANCHES];	/* as a neighbour gave it */
	uint8_t number;
};

/* ---- authors ---- */

static void chain_make(struct world *w, unsigned author, unsigned branch,
		       unsigned forks_at)
{
	struct chain *c = &w->chain[author][branch];

	event_id_genesis(c->id[0], w->dataset, w->id[author].hash);
	for (unsigned i = 0; i < EVENTS; i++) {
		struct event *e = &c->events[i];

		*e = (struct event){ .seq = i + 1,
			.kind = i ? KIND_FIELD_SET : KIND_STATION,
			.hlc = { FIELD_WALL_MS - 3000000 + 1000ULL * i, 0 } };
		field_payload(&c->payloads[i], author, i, &w->id[author]);
		if (branch && i >= forks_at)
			c->payloads[i].p[c->payloads[i].len - 1] = 'B';
		e->payload = buf_span(&c->payloads[i]);
		event_id_next(c->id[i + 1], c->id[i], e);
	}
}

static void world_init(struct world *w, unsigned seed)
{
	memset(w, 0, sizeof(*w));
	field_init(&w->f, 2, seed);
	w->f.hears[0][1] = w->f.hears[1][0] = false;
	w->f.s[DELAYED].config.verifies = true;
	dataset_id(w->dataset, SPAN_STR("test"));
	for (unsigned a = 0; a < AUTHORS; a++) {
		field_identity(&w->id[a], 64 + a);
		for (unsigned b = 0; b < BRANCHES; b++)
			chain_make(w, a, b, 1 + (unsigned)random_below(
				&w->f.rng, EVENTS));
	}
	field_start(&w->f);
}

static void world_fini(struct world *w)
{
	for (unsigned i = 0; i < AUTHORS * BRANCHES * EVENTS; i++)
		buf_fini(&w->chain[i / EVENTS / BRANCHES]
			 [i / EVENTS % BRANCHES].payloads[i % EVENTS]);
	field_fini(&w->f);
}

/* ---- frames ---- */

static unsigned dice(struct world *w, unsigned n)
{
	return (unsigned)random_below(&w->f.rng, n);
}

/* The next run of a branch or any other; one in eight has a bad seal, some
 * a prevcheck that fits nothing. */
static void run_make(struct world *w, struct run *r, unsigned author)
{
	unsigned branch = dice(w, 4) == 0;
	struct chain *c = &w->chain[author][branch];
	uint64_t *sent = &w->sent[author][branch];
	uint64_t first = dice(w, 4) ? *sent : dice(w, EVENTS), n;

	if (first >= EVENTS)
		first = 0;
	n = 1 + dice(w, 12);
	if (n > EVENTS - first)
		n = EVENTS - first;
	if (first == *sent)
		*sent += n;
	*r = (struct run){ .seq = first + 1, .n = (uint8_t)n,
		.events = &c->events[first],
		.alias = author_alias(w->dataset, w->id[author].hash) };
	memcpy(r->prevcheck, c->id[first], 2);
	seal_sign(r->seal, w->id[author].prv + 32, w->dataset,
		  w->id[author].hash, first + n, c->id[first + n]);
	r->seal[3] ^= dice(w, 8) == 0;
	r->prevcheck[0] ^= dice(w, 32) == 0;
}

static int run_earlier(const void *a, const void *b)
{
	const struct run *x = a, *y = b;

	return x->events->hlc.wall_ms < y->events->hlc.wall_ms ? -1 :
		x->events->hlc.wall_ms > y->events->hlc.wall_ms;
}

static void both_hear(struct world *w, const char *call,
		      const struct sync_message *m)
{
	struct ax25_address dest, source;
	uint8_t info[300], link[400];
	int len = sync_message_encode(info, sizeof(info), m);

	ax25_address_parse(&dest, "CAIRN0");
	ax25_address_parse(&source, call);
	len = ax25_ui_encode(link, sizeof(link), &dest, &source,
			     AX25_PID_CAIRN, SPAN(info, (size_t)len));
	for (unsigned i = 0; i < 2; i++)
		field_input(&w->f, i, SPAN(link, (size_t)len));
}

static void generation_send(struct world *w, const struct generation *g)
{
	uint8_t piece[GENERATION_PIECE_MAX];
	char call[12];

	snprintf(call, sizeof(call), "F0ZZ-%u", 1 + g->number % 3);
	for (unsigned i = 0; i < g->k; i++) {
		struct sync_message m = { .type = SYNC_EVENTS };

		generation_piece(g, i, piece);
		m.events.generation = g->number;
		m.events.index = (uint8_t)i;
		m.events.k = g->k;
		m.events.end = i + 1u == g->k;
		m.events.piece = SPAN(piece, g->piece_len);
		both_hear(w, call, &m);
	}
}

/* With a run of nobody, so that frame 0 never says that all of it is held:
 * what is left out then depends on what came in by then. */
static void generation_make(struct world *w)
{
	uint8_t body[GENERATION_BODY_MAX];
	struct run runs[5];
	struct generation g;
	unsigned n = 1 + dice(w, 4), first = dice(w, AUTHORS);
	int len;

	for (unsigned i = 0; i < n; i++)
		run_make(w, &runs[i], (first + i) % AUTHORS);
	runs[n] = runs[0];
	runs[n].seq += EVENTS;
	runs[n++].alias = 77;
	qsort(runs, n, sizeof(runs[0]), run_earlier);
	len = run_body_encode(body, sizeof(body), runs, n, RUN_ZSTD);
	assert_true(len > 0);
	assert_int_equal(generation_init(&g, w->number++, SPAN(body,
					 (size_t)len), 7, 250), 0);
	generation_send(w, &g);
	if (dice(w, 6) == 0) {	/* by way of another neighbour */
		g.number = w->number++;
		generation_send(w, &g);
	}
}

/* ---- the property ---- */

static void assert_logs_equal(const struct world *w)
{
	const struct field_record *a = w->f.s[INLINE].log;
	const struct field_record *b = w->f.s[DELAYED].log;

	for (; a && b; a = a->next, b = b->next) {
		assert_int_equal(a->type, b->type);
		assert_int_equal(a->slot, b->slot);
		assert_int_equal(a->n, b->n);
		assert_memory_equal(a->bytes, b->bytes, a->n);
	}
	assert_null(a);
	assert_null(b);
}

static void assert_same(struct world *w)
{
	uint8_t hash[2][32];

	for (unsigned i = 0; i < 2; i++)
		view_hash(node_view(w->f.s[i].node), hash[i]);
	assert_int_equal(feed_root48(node_feeds(w->f.s[INLINE].node)),
			 feed_root48(node_feeds(w->f.s[DELAYED].node)));
	assert_memory_equal(hash[0], hash[1], 32);
	assert_logs_equal(w);
}

static void drain(struct world *w)
{
	while (node_waiting(w->f.s[DELAYED].node))
		field_verify(&w->f, DELAYED, 64);
}

static void world_run(unsigned seed, unsigned generations, unsigned answers)
{
	static struct world w;

	world_init(&w, seed);
	for (unsigned i = 0; i < generations; i++) {
		generation_make(&w);
		field_run_s(&w.f, dice(&w, 30));
		field_verify(&w.f, DELAYED, answers ? dice(&w, answers) : 0);
		assert_true(node_waiting(w.f.s[DELAYED].node) <
			    NODE_WAITING_MAX);
	}
	drain(&w);
	assert_same(&w);
	assert_true(feed_event_count(node_feeds(w.f.s[0].node)) > 0);
	world_fini(&w);
}

static void test_same_whatever_the_timing(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 40; seed++)
		world_run(seed, 60, 2 + seed % 12);
}

/* A host that never answers: the oldest is verified when its place is
 * needed. */
static void test_host_asleep(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 5; seed++)
		world_run(seed, 100, 0);
}

/* A verdict is believed: what the host says is false does not come in, and
 * one that nobody waits for is nothing. */
static void test_verdict_counts(void **state)
{
	struct node_seal job;
	static struct world w;
	struct node *n;

	(void)state;
	world_init(&w, 99);
	n = w.f.s[DELAYED].node;
	for (unsigned i = 0; i < 12; i++)
		generation_make(&w);
	assert_true(node_waiting(n) > 4);
	while (node_seal_next(n, &job)) {
		node_seal_verdict(n, job.token + 77777777, true);
		node_seal_verdict(n, job.token, false);
		node_seal_verdict(n, job.token, true);
	}
	while (node_admit(n, field_now(&w.f)))
		field_take(&w.f, DELAYED);
	field_take(&w.f, DELAYED);
	assert_int_equal(node_waiting(n), 0);
	assert_true(feed_event_count(node_feeds(n)) <
		    feed_event_count(node_feeds(w.f.s[INLINE].node)));
	world_fini(&w);
}

/* What is ready together is one transaction. */
static void test_one_transaction(void **state)
{
	static struct world w;
	unsigned commits;

	(void)state;
	world_init(&w, 3);
	for (unsigned a = 0; a < AUTHORS; a++) {
		struct generation g;
		uint8_t body[GENERATION_BODY_MAX];
		struct chain *c = &w.chain[a][0];
		struct run r = { .seq = 1, .n = EVENTS, .events = c->events,
			.alias = author_alias(w.dataset, w.id[a].hash) };
		int len;

		memcpy(r.prevcheck, c->id[0], 2);
		seal_sign(r.seal, w.id[a].prv + 32, w.dataset, w.id[a].hash,
			  EVENTS, c->id[EVENTS]);
		len = run_body_encode(body, sizeof(body), &r, 1, RUN_ZSTD);
		generation_init(&g, w.number++, SPAN(body, (size_t)len), 7,
				250);
		generation_send(&w, &g);
	}
	assert_int_equal(node_waiting(w.f.s[DELAYED].node), AUTHORS);
	commits = w.f.s[DELAYED].commits;
	drain(&w);
	assert_int_equal(w.f.s[DELAYED].commits, commits + 1);
	assert_int_equal(w.f.s[INLINE].commits, AUTHORS);
	assert_same(&w);
	world_fini(&w);
}

/* After a failed log nothing is verified in vain, nothing comes in. */
static void test_log_failed(void **state)
{
	struct node_seal job;
	static struct world w;
	struct node *n;

	(void)state;
	world_init(&w, 5);
	n = w.f.s[DELAYED].node;
	for (unsigned i = 0; i < 6; i++)
		generation_make(&w);
	assert_true(node_seal_next(n, &job));
	node_log_failed(n, -28);
	assert_false(node_seal_next(n, &job));
	assert_int_equal(node_waiting(n), 0);
	node_seal_verdict(n, job.token, true);
	generation_make(&w);
	assert_false(node_seal_next(n, &job));
	assert_false(node_admit(n, field_now(&w.f)));
	assert_int_equal(feed_event_count(node_feeds(n)), 0);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_whatever_the_timing),
		cmocka_unit_test(test_host_asleep),
		cmocka_unit_test(test_verdict_counts),
		cmocka_unit_test(test_one_transaction),
		cmocka_unit_test(test_log_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
