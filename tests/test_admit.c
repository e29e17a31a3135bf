/* SPDX-License-Identifier: MIT
 *
 * Admission, case by case: stations with real keys, forks and their proofs,
 * candidates, quotas, shared aliases, own events, loading.
 */
#include <errno.h>
#include "lib/base/buf.h"
#include "lib/event/payload.h"
#include "lib/event/record.h"
#include "tests/feed_bench.h"

#define SPAN_NONE SPAN(NULL, 0)

static enum feed_verdict take(struct station_set *s, struct run run)
{
	return set_admit(s, SPAN_NONE, &run);
}

static enum feed_verdict take_run(struct station_set *s,
				  const struct writer *w, uint64_t first,
				  uint64_t last)
{
	return take(s, writer_run(w, first, last));
}

/* ---- stations ---- */

static void test_station(void **unused)
{
	static struct writer w;
	struct station_set *s = set_open_keys();
	const struct feed *f;

	(void)unused;
	writer_open(&w, 1);
	write_note(&w, 1);
	write_note(&w, 2);
	assert_int_equal(take_run(s, &w, 2, 3), FEED_NO_AUTHOR);
	assert_int_equal(take_run(s, &w, 1, 2), FEED_ACCEPTED);
	assert_true(s->change.new_author);
	assert_int_equal(take_run(s, &w, 1, 2), FEED_DUPLICATE);
	assert_int_equal(take_run(s, &w, 1, 3), FEED_ACCEPTED);
	assert_false(s->change.new_author);
	assert_int_equal(s->change.n_events, 1);
	f = feed_at(s->feeds, 0);
	assert_string_equal(f->label, w.label);
	assert_string_equal(f->call, "N0CALL-7");
	assert_memory_equal(f->key, w.key.pub, 64);
	assert_int_equal(f->head, 3);
	assert_false(f->forked || feed_has_forks(s->feeds));
	reload_same(s);
	set_close(s);
}

static void test_station_refused(void **unused)
{
	static struct writer w, other;
	struct station_set *s = set_open_keys();
	struct run run;

	(void)unused;
	writer_open(&w, 1);
	writer_open(&other, 2);
	run = writer_run(&w, 1, 1);
	run.alias ^= 1;
	assert_int_equal(take(s, run), FEED_BAD_KEY);
	run = writer_run(&w, 1, 1);
	run.seal[0] ^= 1;
	assert_int_equal(take(s, run), FEED_BAD_SEAL);
	w.v[0].kind = KIND_NOTE_ADD;
	assert_int_equal(take_run(s, &w, 1, 1), FEED_BAD_STATION);
	w.v[0].kind = KIND_STATION;
	w.v[0].withheld = true;
	w.v[0].payload.n = 32;
	assert_int_equal(take_run(s, &w, 1, 1), FEED_BAD_STATION);
	/* one author's key under another one's label */
	run = writer_run(&other, 1, 1);
	assert_int_equal(set_admit(s, SPAN(w.label, 32), &run), FEED_BAD_KEY);
	assert_int_equal(feed_count(s->feeds), 0);
	assert_int_equal(feed_root48(s->feeds), 0);
	set_close(s);
}

/* The identity point hashes to an author as well as any other key. */
static void test_small_order_key(void **unused)
{
	static struct writer w;
	struct station_set *s = set_open_keys();
	struct buf payload = { 0 };
	struct station st = { .key = { 0 } };
	uint8_t hash[32];

	(void)unused;
	st.key[32] = 1;
	crypto_sha256(hash, SPAN(st.key, 64));
	memcpy(w.key.hash, hash, sizeof(w.key.hash));
	author_label(w.label, w.key.hash);
	station_build(&payload, &st);
	write_event(&w, KIND_STATION, buf_span(&payload));
	assert_int_equal(take_run(s, &w, 1, 1), FEED_BAD_KEY);
	buf_fini(&payload);
	set_close(s);
}

/* ---- forks ---- */

static struct writer a, b;	/* one station, two branches above 3 */

static void two_branches(size_t n_a, size_t n_b)
{
	writer_open(&a, 1);
	while (a.n < 3)
		write_note(&a, 0);
	writer_branch(&b, &a, 3);
	while (a.n < n_a)
		write_note(&a, 1);
	while (b.n < n_b)
		write_note(&b, 2);
}

static void test_longer_branch_stands(void **unused)
{
	struct station_set *s = set_open_keys();

	(void)unused;
	two_branches(6, 9);
	assert_int_equal(take_run(s, &a, 1, 6), FEED_ACCEPTED);
	assert_int_equal(take_run(s, &b, 6, 9), FEED_MISFIT);
	assert_int_equal(take_run(s, &b, 3, 5), FEED_PROOF);
	assert_int_equal(s->change.n_events, 0);
	assert_int_equal(s->change.proof.seq, 5);
	assert_int_equal(feed_candidate_end(s->feeds, 0), 5);
	assert_int_equal(feed_at(s->feeds, 0)->head, 6);
	assert_int_equal(take_run(s, &b, 3, 5), FEED_DUPLICATE);
	assert_int_equal(take_run(s, &b, 7, 9), FEED_MISFIT);
	assert_int_equal(take_run(s, &b, 6, 9), FEED_ACCEPTED);
	assert_int_equal(s->change.displaced_from, 4);
	assert_int_equal(s->change.displaced_to, 6);
	assert_int_equal(s->change.n_events, 6);
	assert_int_equal(s->change.n_seals, 2);
	assert_int_equal(s->change.proof.seq, 6);
	assert_int_equal(feed_at(s->feeds, 0)->head, 9);
	assert_true(feed_at(s->feeds, 0)->forked);
	assert_int_equal(feed_candidate_end(s->feeds, 0), 0);
	assert_int_equal(take_run(s, &a, 4, 6), FEED_CANDIDATE);
	reload_same(s);
	set_close(s);
}

/* A fork in the very last event is one, too. */
static void test_fork_at_the_head(void **unused)
{
	struct station_set *s = set_open_keys();

	(void)unused;
	two_branches(4, 6);
	assert_int_equal(take_run(s, &a, 1, 4), FEED_ACCEPTED);
	assert_int_equal(take_run(s, &b, 4, 6), FEED_ACCEPTED);
	assert_int_equal(s->change.displaced_from, 4);
	assert_int_equal(s->change.displaced_to, 4);
	assert_int_equal(s->change.proof.seq, 4);
	assert_true(feed_at(s->feeds, 0)->forked);
	reload_same(s);
	set_close(s);
}

static void test_tie_goes_to_smaller_id(void **unused)
{
	(void)unused;
	for (int first = 0; first < 2; first++) {
		struct station_set *s = set_open_keys();
		const uint8_t *want;

		two_branches(6, 6);
		want = memcmp(a.v[5].id, b.v[5].id, 32) < 0 ? a.v[5].id :
							      b.v[5].id;
		take_run(s, first ? &a : &b, 1, 6);
		take_run(s, first ? &b : &a, 1, 6);
		assert_memory_equal(feed_at(s->feeds, 0)->head_id, want, 32);
		assert_true(feed_at(s->feeds, 0)->forked);
		set_close(s);
	}
}

/* A proof travels without the branch, and makes the same mark. */
static void test_proof(void **unused)
{
	struct station_set *s = set_open_keys(), *t = set_open_keys();
	const struct feed_seal *proof;
	struct run run;

	(void)unused;
	two_branches(6, 5);
	assert_int_equal(take(s, writer_proof(&b, 5)), FEED_NO_AUTHOR);
	take_run(s, &a, 1, 4);
	assert_int_equal(take(s, writer_proof(&b, 5)), FEED_GAP);
	take_run(s, &a, 5, 6);
	assert_int_equal(take(s, writer_proof(&a, 5)), FEED_DUPLICATE);
	run = writer_proof(&b, 5);
	run.seal[3] ^= 1;
	assert_int_equal(take(s, run), FEED_BAD_SEAL);
	assert_false(feed_at(s->feeds, 0)->forked);
	assert_int_equal(take(s, writer_proof(&b, 5)), FEED_PROOF);
	assert_int_equal(take(s, writer_proof(&b, 4)), FEED_DUPLICATE);
	proof = feed_proof(s->feeds, 0);
	assert_non_null(proof);
	assert_int_equal(proof->seq, 5);
	take_run(t, &a, 1, 6);
	assert_true(feed_root48(t->feeds) != feed_root48(s->feeds));
	take_run(t, &b, 1, 5);
	assert_true(feed_root48(t->feeds) == feed_root48(s->feeds));
	reload_same(s);
	set_close(s);
	set_close(t);
}

/* Branches over the bound prove the fork but are not kept. */
static void test_candidates_are_bounded(void **unused)
{
	struct station_set *s = set_open_fake();
	static struct event events[RUN_EVENTS_MAX];
	uint8_t big[EVENT_PAYLOAD_MAX] = { 0 };
	struct run run = { .seq = 1, .events = events };
	uint8_t prev[32], author[AUTHOR_SIZE];

	(void)unused;
	author_from_label(author, SPAN_STR("a"));
	for (int i = 0; i < 100; i++)
		events[i] = (struct event){ .kind = KIND_NOTE_ADD,
					    .payload = SPAN(big, 1) };
	for (int round = 0; round < 2; round++) {
		event_id_genesis(prev, dataset, author);
		memcpy(run.prevcheck, prev, 2);
		run.n = round ? 60 : 100;
		for (int i = 0; i < run.n; i++) {
			events[i].seq = (uint64_t)i + 1;
			events[i].payload.n = round ? EVENT_PAYLOAD_MAX : 1;
			event_id_next(prev, prev, &events[i]);
		}
		fake_seal(run.seal, run.n, prev);
		assert_int_equal(set_admit(s, SPAN_STR("a"), &run),
				 round ? FEED_FULL : FEED_ACCEPTED);
	}
	assert_int_equal(feed_candidate_end(s->feeds, 0), 0);
	set_close(s);
}

/* ---- limits ---- */

static void test_quota(void **unused)
{
	struct feed_config cfg = { .need_station = true,
				   .author_events_max = 4 };
	struct station_set *s = set_open(&cfg);
	static struct writer w;

	(void)unused;
	writer_open(&w, 1);
	while (w.n < 6)
		write_note(&w, 1);
	assert_int_equal(take_run(s, &w, 1, 5), FEED_QUOTA);
	assert_int_equal(take_run(s, &w, 1, 4), FEED_ACCEPTED);
	assert_int_equal(take_run(s, &w, 5, 6), FEED_QUOTA);
	assert_int_equal(take_run(s, &w, 1, 4), FEED_DUPLICATE);
	set_close(s);
}

/* A branch counts what it has and what comes, before it is kept. */
static void test_quota_of_a_branch(void **unused)
{
	struct feed_config cfg = { .need_station = true,
				   .author_events_max = 10 };
	struct station_set *s = set_open(&cfg);

	(void)unused;
	two_branches(6, 9);
	assert_int_equal(take_run(s, &a, 1, 6), FEED_ACCEPTED);
	assert_int_equal(take_run(s, &b, 4, 5), FEED_PROOF);
	assert_int_equal(take_run(s, &b, 6, 8), FEED_QUOTA);
	assert_int_equal(feed_candidate_end(s->feeds, 0), 5);
	assert_int_equal(take_run(s, &b, 6, 7), FEED_ACCEPTED);
	assert_int_equal(feed_at(s->feeds, 0)->events, 10);
	set_close(s);
}

static void test_full(void **unused)
{
	struct feed_config cfg = { .need_station = true, .authors_max = 1 };
	struct station_set *s = set_open(&cfg);
	static struct writer w, other;

	(void)unused;
	writer_open(&w, 1);
	writer_open(&other, 2);
	assert_int_equal(take_run(s, &w, 1, 1), FEED_ACCEPTED);
	assert_int_equal(take_run(s, &other, 1, 1), FEED_FULL);
	set_close(s);
}

static void test_bad_events(void **unused)
{
	struct station_set *s = set_open_keys();
	static struct writer w;
	struct run run;

	(void)unused;
	writer_open(&w, 1);
	write_note(&w, 1);
	take_run(s, &w, 1, 1);
	run = writer_run(&w, 2, 2);
	run.seq = 0;
	assert_int_equal(take(s, run), FEED_BAD_EVENT);
	run.seq = UINT64_MAX;
	assert_int_equal(take(s, run), FEED_BAD_EVENT);
	w.v[1].kind = KIND_MAX + 1;
	assert_int_equal(take_run(s, &w, 2, 2), FEED_BAD_EVENT);
	w.v[1].kind = KIND_NOTE_ADD;
	w.v[1].hlc.counter = HLC_COUNTER_MAX + 1;
	assert_int_equal(take_run(s, &w, 2, 2), FEED_BAD_EVENT);
	w.v[1].hlc.counter = 0;
	w.v[1].withheld = true;
	assert_int_equal(take_run(s, &w, 2, 2), FEED_BAD_EVENT);
	w.v[1].withheld = false;
	assert_int_equal(take_run(s, &w, 2, 2), FEED_ACCEPTED);
	set_close(s);
}

static void test_shared_alias(void **unused)
{
	struct station_set *s = set_open_fake();
	/* found by trying numbers */
	const char *labels[2] = { "k12460", "k47959" };
	struct event e = { .seq = 1, .kind = KIND_NOTE_ADD,
			   .payload = SPAN("\1", 1) };
	struct run run = { .n = 1, .events = &e };

	(void)unused;
	for (uint64_t seq = 1; seq <= 2; seq++)
		for (int i = 0; i < 2; i++) {
			uint8_t author[AUTHOR_SIZE], prev[32];
			struct span label = SPAN_STR(labels[i]);
			const struct feed *f = feed_at(s->feeds,
				feed_find(s->feeds, label));

			author_from_label(author, label);
			event_id_genesis(prev, dataset, author);
			if (f)
				memcpy(prev, f->head_id, 32);
			e.seq = run.seq = seq;
			run.alias = author_alias(dataset, author);
			memcpy(run.prevcheck, prev, 2);
			event_id_next(prev, prev, &e);
			fake_seal(run.seal, seq, prev);
			assert_int_equal(set_admit(s, seq == 1 ? label :
						   SPAN_NONE, &run),
					 FEED_ACCEPTED);
			assert_int_equal(s->change.slot, i);
		}
	assert_int_equal(feed_by_alias(s->feeds, run.alias, NULL, 0), 2);
	set_close(s);
}

/* ---- withheld payloads, retirement ---- */

static void test_withheld_is_filled(void **unused)
{
	struct station_set *s = set_open_keys();
	const struct store store = memory_store(s->memory);
	static struct writer w, without;
	uint8_t hash[32];
	struct event e;
	uint64_t root;

	(void)unused;
	writer_open(&w, 1);
	write_note(&w, 1);
	write_note(&w, 2);
	writer_branch(&without, &w, 3);
	crypto_blake2b(hash, 32, NULL, &w.v[1].payload, 1);
	without.v[1].withheld = true;
	without.v[1].payload = SPAN(hash, 32);
	assert_int_equal(take_run(s, &without, 1, 3), FEED_ACCEPTED);
	root = feed_root48(s->feeds);
	assert_int_equal(take_run(s, &w, 1, 3), FEED_ACCEPTED);
	assert_int_equal(s->change.n_events, 1);
	assert_int_equal(s->change.n_seals, 0);
	assert_int_equal(store.event(store.ctx, 0, 2, &e), 0);
	assert_false(e.withheld);
	assert_int_equal(e.payload.n, 1);
	assert_int_equal(feed_root48(s->feeds), root);
	assert_int_equal(take_run(s, &w, 1, 3), FEED_DUPLICATE);
	assert_int_equal(take_run(s, &without, 1, 3), FEED_DUPLICATE);
	reload_same(s);
	set_close(s);
}

static void write_names(struct writer *w, uint16_t kind,
			const struct writer *other)
{
	struct buf out = { 0 };
	struct station st = { .has_previous = true };

	if (kind == KIND_STATION) {
		memcpy(st.key, w->key.pub, sizeof(st.key));
		memcpy(st.previous, other->key.hash, AUTHOR_SIZE);
		strcpy(st.call, "N0CALL-7");
		station_build(&out, &st);
	} else {
		payload_put_map(&out, 1);
		payload_put_uint(&out, KEY_NEXT);
		payload_put_bytes(&out, SPAN(other->key.hash, AUTHOR_SIZE));
	}
	write_event(w, kind, buf_span(&out));
	buf_fini(&out);
}

/* Joined only by both; shared is the call sign until then. */
static void test_successor(void **unused)
{
	static struct writer old, next;
	struct station_set *s = set_open_keys();

	(void)unused;
	writer_open(&old, 1);
	writer_open(&next, 2);
	write_names(&old, KIND_STATION_RETIRE, &next);
	write_note(&next, 1);
	write_names(&next, KIND_STATION, &old);
	take_run(s, &old, 1, 1);
	take_run(s, &next, 1, 2);
	assert_true(feed_call_shared(s->feeds, 0));
	take_run(s, &old, 1, 2);
	assert_true(feed_at(s->feeds, 0)->has_next);
	assert_int_equal(feed_successor(s->feeds, 0), FEED_SLOT_NONE);
	assert_true(feed_call_shared(s->feeds, 1));
	take_run(s, &next, 1, 3);
	assert_int_equal(feed_successor(s->feeds, 0), 1);
	assert_int_equal(feed_station(s->feeds, 0), 1);
	assert_int_equal(feed_station(s->feeds, 1), 1);
	assert_false(feed_call_shared(s->feeds, 0));
	assert_false(feed_call_shared(s->feeds, 1));
	reload_same(s);
	set_close(s);
}

static void test_retire(void **unused)
{
	struct station_set *s = set_open_keys();

	(void)unused;
	two_branches(3, 7);
	write_event(&a, KIND_STATION_RETIRE, SPAN("\xa0", 1));
	write_note(&a, 1);
	take_run(s, &a, 1, 5);
	assert_int_equal(feed_at(s->feeds, 0)->retired_at, 4);
	take_run(s, &b, 1, 7);
	assert_int_equal(feed_at(s->feeds, 0)->head, 7);
	assert_int_equal(feed_at(s->feeds, 0)->retired_at, 0);
	reload_same(s);
	set_close(s);
}

/* ---- own events ---- */

static void own_append(struct station_set *s, uint32_t slot,
		       const struct event *like)
{
	struct event e = *like;

	assert_int_equal(feed_append_own(s->feeds, slot, &e), 0);
	s->change = (struct feed_change){ .slot = slot, .events = &e,
					  .n_events = 1 };
	set_keep(s);
}

static uint32_t own_open(struct station_set *s, const struct writer *w)
{
	bool made;
	uint32_t slot = feed_open_own(s->feeds, SPAN(w->label, 32),
				      w->key.pub, &made);

	assert_true(made);
	s->change = (struct feed_change){ .slot = slot, .new_author = true };
	set_keep(s);
	return slot;
}

static void own_seal(struct station_set *s, uint32_t slot,
		     const struct writer *w)
{
	assert_int_equal(feed_seal_own(s->feeds, slot, w->key.prv + 32,
				       &s->change), 0);
	set_keep(s);
}

/* What one station writes and seals, another one admits, seal by seal. */
static void test_own_feed(void **unused)
{
	struct station_set *s = set_open_keys(), *t = set_open_keys();
	static struct writer w;
	uint64_t from = 1;
	uint32_t slot;
	bool made;

	(void)unused;
	writer_open(&w, 1);
	while (w.n < 150)
		write_note(&w, 3);
	slot = own_open(s, &w);
	assert_int_equal(feed_author_count(s->feeds), 0);
	for (size_t i = 0; i < w.n; i++)
		own_append(s, slot, &w.v[i]);
	assert_int_equal(feed_own_last(s->feeds, slot), 150);
	assert_int_equal(feed_at(s->feeds, slot)->head, 0);
	own_seal(s, slot, &w);
	assert_int_equal(s->change.n_seals, 3);
	assert_int_equal(feed_at(s->feeds, slot)->head, 150);
	for (size_t i = 0; i < s->change.n_seals; i++) {
		const struct feed_seal *seal = &s->change.seals[i];
		struct run run = writer_run(&w, from, seal->seq);

		memcpy(run.seal, seal->seal, EVENT_SEAL_SIZE);
		assert_int_equal(take(t, run), FEED_ACCEPTED);
		from = seal->seq + 1;
	}
	assert_int_equal(feed_root48(s->feeds), feed_root48(t->feeds));
	assert_int_equal(feed_seal_own(s->feeds, slot, w.key.prv + 32,
				       &s->change), -ENOENT);
	assert_int_equal(feed_open_own(s->feeds, SPAN(w.label, 32),
				       w.key.pub, &made), slot);
	assert_false(made);
	reload_same(s);
	set_close(s);
	set_close(t);
}

static void test_big_events_are_sealed_apart(void **unused)
{
	struct station_set *s = set_open_keys();
	uint8_t payload[SEAL_EVERY_BYTES / 2] = { 0 };
	struct event e = { .kind = KIND_NOTE_ADD,
			   .payload = SPAN(payload, sizeof(payload)) };
	static struct writer w;
	uint32_t slot;

	(void)unused;
	writer_open(&w, 1);
	slot = own_open(s, &w);
	for (int i = 0; i < 6; i++)
		own_append(s, slot, &e);
	own_seal(s, slot, &w);
	assert_int_equal(s->change.n_seals, 3);
	assert_int_equal(s->change.seals[0].seq, 2);
	set_close(s);
}

/* Neighbours hold more of the own feed than a restored backup does: the
 * unsealed tail gives way, and nobody is marked. */
static void test_own_tail_gives_way(void **unused)
{
	struct station_set *s = set_open_keys();
	uint32_t slot;

	(void)unused;
	two_branches(5, 5);
	slot = own_open(s, &a);
	for (size_t i = 0; i < 3; i++)
		own_append(s, slot, &a.v[i]);
	own_seal(s, slot, &a);
	own_append(s, slot, &a.v[3]);
	own_append(s, slot, &a.v[4]);
	assert_int_equal(take_run(s, &b, 3, 5), FEED_ACCEPTED);
	assert_int_equal(s->change.displaced_from, 4);
	assert_int_equal(s->change.displaced_to, 5);
	assert_false(feed_at(s->feeds, slot)->forked);
	assert_int_equal(feed_own_last(s->feeds, slot), 5);
	reload_same(s);
	set_close(s);
}

/* The same events, sealed by the same key elsewhere: the tail was known. */
static void test_own_tail_is_known(void **unused)
{
	struct station_set *s = set_open_keys();
	uint32_t slot;

	(void)unused;
	two_branches(5, 5);
	slot = own_open(s, &a);
	for (size_t i = 0; i < 5; i++)
		own_append(s, slot, &a.v[i]);
	assert_int_equal(take_run(s, &a, 1, 4), FEED_ACCEPTED);
	assert_int_equal(s->change.n_events, 0);
	assert_int_equal(s->change.displaced_from, 0);
	assert_int_equal(feed_at(s->feeds, slot)->head, 4);
	assert_int_equal(feed_own_last(s->feeds, slot), 5);
	own_seal(s, slot, &a);
	assert_int_equal(feed_at(s->feeds, slot)->head, 5);
	set_close(s);
}

/* ---- loading ---- */

static void test_load_refuses(void **unused)
{
	struct station_set *s = set_open_fake();
	uint8_t seal[RECORD_SEAL_SIZE] = { 5 }, displaced[16] = { 2 };
	struct event e = { .seq = 2, .payload = SPAN("\1", 1) };
	uint8_t event[RECORD_EVENT_HEAD + 1];
	struct feed_set *f = s->feeds;

	(void)unused;
	record_event_encode(event, &e);
	assert_int_equal(feed_load(f, RECORD_EVENT, 0, SPAN(event, 57)),
			 -EINVAL);
	assert_int_equal(feed_load(f, RECORD_AUTHOR, 1, SPAN("a", 1)),
			 -EINVAL);
	assert_int_equal(feed_load(f, RECORD_AUTHOR, 0, SPAN("a", 0)),
			 -EINVAL);
	assert_int_equal(feed_load(f, RECORD_AUTHOR, 0, SPAN("a", 1)), 0);
	assert_int_equal(feed_load(f, RECORD_AUTHOR, 1, SPAN("a", 1)),
			 -EINVAL);
	assert_int_equal(feed_load(f, RECORD_EVENT, 0, SPAN(event, 57)),
			 -EINVAL);
	assert_int_equal(feed_load(f, RECORD_SEAL, 0,
				   SPAN(seal, sizeof(seal))), -EINVAL);
	assert_int_equal(feed_load(f, RECORD_DISPLACED, 0,
				   SPAN(displaced, 16)), -EINVAL);
	assert_int_equal(feed_load(f, RECORD_PROOF, 0, SPAN(seal, 5)),
			 -EINVAL);
	assert_int_equal(feed_load(f, 77, 0, SPAN(seal, 5)), -EINVAL);
	set_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_station),
		cmocka_unit_test(test_station_refused),
		cmocka_unit_test(test_small_order_key),
		cmocka_unit_test(test_longer_branch_stands),
		cmocka_unit_test(test_fork_at_the_head),
		cmocka_unit_test(test_tie_goes_to_smaller_id),
		cmocka_unit_test(test_proof),
		cmocka_unit_test(test_candidates_are_bounded),
		cmocka_unit_test(test_quota),
		cmocka_unit_test(test_quota_of_a_branch),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_bad_events),
		cmocka_unit_test(test_shared_alias),
		cmocka_unit_test(test_withheld_is_filled),
		cmocka_unit_test(test_retire),
		cmocka_unit_test(test_successor),
		cmocka_unit_test(test_own_feed),
		cmocka_unit_test(test_big_events_are_sealed_apart),
		cmocka_unit_test(test_own_tail_gives_way),
		cmocka_unit_test(test_own_tail_is_known),
		cmocka_unit_test(test_load_refuses),
	};

	return crypto_init() || cmocka_run_group_tests(tests, NULL, NULL);
}
