/* SPDX-License-Identifier: MIT
 *
 * For tests of feeds: a set over a memory store that keeps its log, seals
 * that are hashes, and dumps to compare by.
 */
#pragma once
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "lib/base/crypto.h"
#include "lib/event/station.h"
#include "lib/feed/memory.h"
#include "lib/rns/rns.h"

static uint64_t rnd_state = 88172645463325252ULL;

static inline uint32_t rnd(uint32_t below)
{
	rnd_state ^= rnd_state << 13;
	rnd_state ^= rnd_state >> 7;
	rnd_state ^= rnd_state << 17;
	return (uint32_t)(rnd_state >> 20) % below;
}

/* ---- a station in memory ---- */

struct station_set {
	struct feed_config cfg;
	struct feed_set *feeds;
	struct memory *memory;
	struct feed_change change;
	struct buf log;		/* records, as feed_load takes them */
};

static const uint8_t dataset[DATASET_SIZE] = "test";

static inline void fake_seal(uint8_t seal[EVENT_SEAL_SIZE], uint64_t seq,
		      const uint8_t id[EVENT_ID_SIZE])
{
	uint8_t at[8];
	const struct span parts[] = {
		SPAN(at, 8), SPAN(id, EVENT_ID_SIZE),
	};

	be_put(at, 8, seq);
	crypto_blake2b(seal, EVENT_SEAL_SIZE, NULL, parts, 2);
}

static inline bool fake_check(void *ctx, struct span label, const uint8_t author[16],
		       const uint8_t *key, uint64_t seq, const uint8_t id[32],
		       const uint8_t seal[64])
{
	uint8_t want[EVENT_SEAL_SIZE];

	(void)ctx, (void)label, (void)author, (void)key;
	fake_seal(want, seq, id);
	return memcmp(want, seal, sizeof(want)) == 0;
}

static inline struct station_set *set_open(struct feed_config *cfg)
{
	struct station_set *s = calloc(1, sizeof(*s));

	memcpy(cfg->dataset, dataset, sizeof(dataset));
	if (!cfg->authors_max)
		cfg->authors_max = 100;
	s->memory = memory_new();
	cfg->store = memory_store(s->memory);
	s->cfg = *cfg;
	s->feeds = feed_set_new(cfg);
	assert_non_null(s->feeds);
	return s;
}

static inline struct station_set *set_open_fake(void)
{
	struct feed_config cfg = { .check = fake_check };

	return set_open(&cfg);
}

static inline void set_close(struct station_set *s)
{
	feed_set_free(s->feeds);
	memory_free(s->memory);
	buf_fini(&s->log);
	free(s);
}

static inline int log_record(void *ctx, uint16_t type, uint32_t slot,
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

static inline void set_keep(struct station_set *s)
{
	feed_change_records(s->feeds, &s->change, log_record, &s->log);
	memory_apply(s->memory, &s->change);
}

static inline enum feed_verdict set_admit(struct station_set *s, struct span label,
				   const struct run *run)
{
	enum feed_verdict v = feed_admit(s->feeds, label, run, &s->change);

	if (v == FEED_ACCEPTED || v == FEED_PROOF)
		set_keep(s);
	return v;
}

static inline void dump_author(struct buf *b, const struct station_set *s,
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
static inline void dump(struct buf *b, const struct station_set *s)
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
static inline void dump_all(struct buf *b, const struct station_set *s)
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

static inline void assert_same(struct buf *a, struct buf *b)
{
	assert_int_equal(a->len, b->len);
	assert_memory_equal(a->p, b->p, a->len);
}

/* The log of a set, loaded, is the set. */
static inline void reload_same(const struct station_set *s)
{
	struct feed_config cfg = s->cfg;
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

/* ---- chains of a station, with its key ---- */

struct writer {
	struct rns_identity key;
	char label[33];
	struct event v[200];
	uint8_t payloads[200][256];
	uint8_t prev[200][EVENT_ID_SIZE];
	size_t n;
};

static inline void write_event(struct writer *w, uint16_t kind, struct span payload)
{
	struct event *e = &w->v[w->n];

	memcpy(w->payloads[w->n], payload.p, payload.n);
	if (w->n)
		memcpy(w->prev[w->n], e[-1].id, EVENT_ID_SIZE);
	else
		event_id_genesis(w->prev[0], dataset, w->key.hash);
	*e = (struct event){
		.author = SPAN(w->label, 32), .seq = w->n + 1, .kind = kind,
		.hlc = { 1767225600000ULL + 1000 * w->n, 0 },
		.payload = SPAN(w->payloads[w->n], payload.n),
	};
	event_id_next(e->id, w->prev[w->n], e);
	w->n++;
}

static inline void write_note(struct writer *w, uint8_t text)
{
	write_event(w, KIND_NOTE_ADD, SPAN(&text, 1));
}

/* The same feed up to seq n, to go on in another way. */
static inline void writer_branch(struct writer *w, const struct writer *from,
			  size_t n)
{
	*w = *from;
	w->n = n;
	for (size_t i = 0; i < n; i++)
		w->v[i].payload.p = w->payloads[i];
}

/* ---- stations and their runs ---- */

static inline void writer_open(struct writer *w, uint8_t number)
{
	struct buf payload = { 0 };
	struct station st = { .call = "N0CALL-7" };
	uint8_t prv[64];

	memset(w, 0, sizeof(*w));
	memset(prv, number, sizeof(prv));
	rns_identity_from_private(&w->key, prv);
	author_label(w->label, w->key.hash);
	memcpy(st.key, w->key.pub, sizeof(st.key));
	assert_int_equal(station_build(&payload, &st), 0);
	write_event(w, KIND_STATION, buf_span(&payload));
	buf_fini(&payload);
}

/* Events first..last as they come from the air, sealed at last. */
static inline struct run writer_run(const struct writer *w, uint64_t first,
			     uint64_t last)
{
	struct run run = {
		.alias = author_alias(dataset, w->key.hash), .seq = first,
		.n = (uint8_t)(last - first + 1), .events = &w->v[first - 1],
	};

	memcpy(run.prevcheck, w->prev[first - 1], 2);
	seal_sign(run.seal, w->key.prv + 32, dataset, w->key.hash, last,
		  w->v[last - 1].id);
	return run;
}

static inline struct run writer_proof(const struct writer *w, uint64_t seq)
{
	struct run run = writer_run(w, seq, seq);

	run.n = 0;
	memcpy(run.proof_id, w->v[seq - 1].id, EVENT_ID_SIZE);
	return run;
}

static inline struct station_set *set_open_keys(void)
{
	struct feed_config cfg = { .need_station = true };

	return set_open(&cfg);
}
