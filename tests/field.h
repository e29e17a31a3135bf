/* SPDX-License-Identifier: MIT
 *
 * A field of stations in one process, for tests of lib/node: a channel that
 * serves one key-up at a time, loses, doubles and delays frames by a seeded
 * generator, and a log in memory that outlives its station.
 */
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include "lib/base/crypto.h"
#include "lib/base/random.h"
#include "lib/event/payload.h"
#include "lib/event/record.h"
#include "lib/event/station.h"
#include "lib/feed/memory.h"
#include "lib/node/node.h"
#include "lib/sync/message.h"

#ifndef FIELD_STATIONS_MAX
#define FIELD_STATIONS_MAX 6
#endif
#define FIELD_SEALS_MAX 64
#define FIELD_WALL_MS ((CAIRN_EPOCH_S + 3600) * 1000ULL)

struct field_record {
	struct field_record *next;
	unsigned batch;		/* records of one transaction */
	uint16_t type;
	uint32_t slot;
	size_t n;
	uint8_t bytes[];
};

struct field_frame {
	struct field_frame *next;
	uint64_t due_us;
	unsigned from, to;
	size_t n;
	uint8_t bytes[];
};

struct field_station {
	struct node *node;
	struct memory *memory;
	struct field_record *log, **log_end;
	const struct field_record *damage; /* before it the log is damaged */
	struct node_config config;
	unsigned sends, notes, commits;
	bool reports;	/* its TNC says when a key-up is over */
	uint64_t air_us;
	/* seals that the host has in hand (config.verifies) */
	struct node_seal seals[FIELD_SEALS_MAX];
	unsigned n_seals;
	enum node_note last_note;
};

struct field {
	unsigned n;
	struct field_station s[FIELD_STATIONS_MAX];
	bool hears[FIELD_STATIONS_MAX][FIELD_STATIONS_MAX];
	struct field_frame *queue;
	struct random rng;
	uint64_t now_us, free_us, jitter_us;
	unsigned loss_permille, double_permille, duty_permille;
	uint64_t air_us, bytes, keyups;
	int64_t off_ms[FIELD_STATIONS_MAX];	/* its clock is wrong by that */
	bool no_rtc[FIELD_STATIONS_MAX];	/* and nobody vouches for it */
	/* Sees (and may swallow) each frame on the air; may be NULL. */
	bool (*tap)(struct field *f, unsigned from, struct span frame);
};

static inline struct clock_now field_now(const struct field *f)
{
	return (struct clock_now){ f->now_us,
		FIELD_WALL_MS + f->now_us / 1000, true };
}

static inline struct clock_now field_now_at(const struct field *f, unsigned i)
{
	struct clock_now now = field_now(f);

	now.wall_ms += (uint64_t)f->off_ms[i];
	if (f->no_rtc[i])
		now = (struct clock_now){ now.mono_us, now.mono_us / 1000,
					  false };
	return now;
}

static inline struct node_port_config field_port(const struct field *f)
{
	return (struct node_port_config){
		.name = "vhf", .bitrate = 1200, .txdelay_ms = 300,
		.txtail_ms = 50, .slottime_ms = 100, .persistence = 63,
		.duty_permille = f->duty_permille ? f->duty_permille : 1000,
		.info_max = 256,
	};
}

/* ---- stations ---- */

static inline void field_identity(struct rns_identity *id, unsigned i)
{
	uint8_t prv[64];

	memset(prv, 0x11 + (int)i, sizeof(prv));
	rns_identity_from_private(id, prv);
}

static inline void field_take(struct field *f, unsigned i);

static inline void field_boot(struct field *f, unsigned i, struct span state,
			      bool clean)
{
	struct node_port_config port = field_port(f);
	struct field_station *s = &f->s[i];

	s->config.store = memory_store(s->memory);
	s->node = node_new(&s->config, field_now_at(f, i));
	if (!s->node || node_port_add(s->node, &port) != 0)
		abort();
	for (struct field_record *r = s->log; r; r = r->next) {
		if (r == s->damage)
			node_load_damaged(s->node);
		if (node_load(s->node, r->type, r->slot,
			      SPAN(r->bytes, r->n)))
			abort();
	}
	if (node_loaded(s->node, state, clean, field_now_at(f, i)))
		abort();
	field_take(f, i);
	node_port_up(s->node, 0, true, field_now_at(f, i));
	field_take(f, i);
}

static inline void field_init(struct field *f, unsigned n, uint64_t seed)
{
	memset(f, 0, sizeof(*f));
	crypto_init();
	f->n = n;
	f->rng.state = seed;
	f->now_us = 1000000;
	for (unsigned i = 0; i < n; i++) {
		struct field_station *s = &f->s[i];

		s->memory = memory_new();
		s->log_end = &s->log;
		s->config = (struct node_config){
			.transmit = true, .seed = seed * 64 + i,
			.drift_ms = HLC_DRIFT_MS, .dataset = "test",
		};
		snprintf(s->config.callsign, sizeof(s->config.callsign),
			 "TE5T-%u", (i + 1) % 16);
		field_identity(&s->config.identity, i);
		for (unsigned j = 0; j < n; j++)
			f->hears[i][j] = i != j;
	}
}

static inline void field_start(struct field *f)
{
	for (unsigned i = 0; i < f->n; i++)
		field_boot(f, i, SPAN(NULL, 0), true);
}

static inline void field_fini(struct field *f)
{
	for (unsigned i = 0; i < f->n; i++) {
		struct field_station *s = &f->s[i];

		node_free(s->node);
		memory_free(s->memory);
		while (s->log) {
			struct field_record *r = s->log;

			s->log = r->next;
			free(r);
		}
	}
	while (f->queue) {
		struct field_frame *q = f->queue;

		f->queue = q->next;
		free(q);
	}
}

/* ---- other authors' feeds, straight into a station's log ---- */

static inline void field_append(struct field_station *s, uint16_t type,
				uint32_t slot, struct span record)
{
	struct field_record *r = malloc(sizeof(*r) + record.n);

	*r = (struct field_record){ NULL, s->commits, type, slot, record.n };
	if (r->n)
		memcpy(r->bytes, record.p, r->n);
	*s->log_end = r;
	s->log_end = &r->next;
	if (memory_record(s->memory, type, slot, record))
		abort();
}

struct field_writer {
	struct field_station *s;
	uint32_t slot;
};

static inline int field_put_record(void *ctx, uint16_t type, uint32_t slot,
				   struct span head, struct span tail)
{
	struct field_writer *w = ctx;
	struct buf b = { 0 };

	(void)slot;
	buf_add(&b, head);
	buf_add(&b, tail);
	field_append(w->s, type, w->slot, buf_span(&b));
	buf_fini(&b);
	return 0;
}

static inline void field_payload(struct buf *b, unsigned author, unsigned i,
				 const struct rns_identity *id)
{
	struct station st = { 0 };
	char text[64];

	if (i == 0) {
		memcpy(st.key, id->pub, sizeof(st.key));
		snprintf(st.call, sizeof(st.call), "AU7H-%u", author % 16);
		station_build(b, &st);
		return;
	}
	payload_put_map(b, 3);
	payload_put_uint(b, KEY_RECORD);
	snprintf(text, sizeof(text), "R-%u", author);
	payload_put_text(b, SPAN_STR(text));
	payload_put_uint(b, KEY_FIELD);
	payload_put_text(b, SPAN_STR("status"));
	payload_put_uint(b, KEY_VALUE);
	snprintf(text, sizeof(text), "step %u of team %u", i, author * 77);
	payload_put_text(b, SPAN_STR(text));
}

/* n events (the first is `station`) of author 100 + `author`, sealed, into
 * the log of station i, which has not booted. variant: another branch. */
static inline void field_author(struct field *f, unsigned i, uint32_t slot,
				unsigned author, unsigned n, unsigned variant)
{
	struct field_writer w = { &f->s[i], slot };
	struct feed_config cfg = { .authors_max = 1 };
	struct memory *m = memory_new();
	uint8_t record[RECORD_EVENT_HEAD + EVENT_PAYLOAD_MAX];
	struct feed_change c = { 0 };
	struct rns_identity id;
	struct feed_set *set;
	char label[33];
	bool made;

	cfg.store = memory_store(m);
	dataset_id(cfg.dataset, SPAN_STR("test"));
	set = feed_set_new(&cfg);
	field_identity(&id, 64 + author);
	author_label(label, id.hash);
	feed_open_own(set, SPAN_STR(label), id.pub, &made);
	field_append(w.s, RECORD_AUTHOR, slot, SPAN_STR(label));
	for (unsigned k = 0; k < n; k++) {
		struct buf b = { 0 };
		struct event e = { .author = SPAN_STR(label),
			.kind = k ? KIND_FIELD_SET : KIND_STATION,
			.hlc = { FIELD_WALL_MS - 3000000 +
				 1000ULL * (20 * k + author + 1), 0 } };

		field_payload(&b, author, k, &id);
		if (k && variant)
			b.p[b.len - 1] = (uint8_t)('A' + variant);
		e.payload = buf_span(&b);
		feed_append_own(set, 0, &e);
		memory_apply(m, &(struct feed_change){ .events = &e,
						       .n_events = 1 });
		field_append(w.s, RECORD_EVENT, slot, SPAN(record,
			     record_event_encode(record, &e)));
		buf_fini(&b);
	}
	if (feed_seal_own(set, 0, id.prv + 32, &c))
		abort();
	c.n_events = 0;
	c.new_author = false;
	feed_change_records(set, &c, field_put_record, &w);
	feed_set_free(set);
	memory_free(m);
}

/* ---- the channel ---- */

static inline void field_put(struct field *f, unsigned from, unsigned to,
			     struct span frame, uint64_t due_us)
{
	struct field_frame *q = malloc(sizeof(*q) + frame.n);
	struct field_frame **at = &f->queue;

	*q = (struct field_frame){ NULL, due_us, from, to, frame.n };
	memcpy(q->bytes, frame.p, frame.n);
	while (*at && (*at)->due_us <= due_us)
		at = &(*at)->next;
	q->next = *at;
	*at = q;
}

static inline void field_air(struct field *f, unsigned from,
			     struct span frame, uint64_t due_us)
{
	if (f->tap && f->tap(f, from, frame))
		return;
	for (unsigned to = 0; to < f->n; to++) {
		uint64_t late = random_below(&f->rng, f->jitter_us);

		if (!f->hears[to][from] ||
		    random_below(&f->rng, 1000) < f->loss_permille)
			continue;
		field_put(f, from, to, frame, due_us + late);
		if (random_below(&f->rng, 1000) < f->double_permille)
			field_put(f, from, to, frame, due_us + late +
				  random_below(&f->rng, 2000000));
	}
}

/* FIELD_TRACE=1 prints what is on the air: for whoever debugs. */
static inline void field_trace(const struct field *f, unsigned i,
			       struct span link)
{
	static const char *const names[] = { "DIGEST", "EVENTS", "WANT",
					     "OFFER" };
	struct sync_message m;
	struct ax25_frame x;

	if (!getenv("FIELD_TRACE") || ax25_parse(&x, link) != AX25_OK)
		return;
	printf("%9.3f %u ", (double)f->now_us / 1e6, i);
	if (sync_message_decode(&m, x.info) != SYNC_OK) {
		printf("%zu bytes to %s\n", x.info.n, x.dest.call);
		return;
	}
	printf("%-6s %3zu ", names[m.type], x.info.n);
	if (m.type == SYNC_DIGEST)
		printf("root %012lx events %lu c %u part %u/%u%s",
		       m.digest.root48, m.digest.events, m.digest.c,
		       m.digest.part, 1U << m.digest.part_bits,
		       m.digest.moved ? " moved" : "");
	else if (m.type == SYNC_EVENTS)
		printf("gen %u index %u/%u%s%s%s", m.events.generation,
		       m.events.index, m.events.k, m.events.more ? " more" : "",
		       m.events.end ? " end" : "",
		       m.events.bulk ? " bulk" : "");
	else if (m.type == SYNC_WANT && m.want.form == SYNC_WANT_BULK)
		printf("bulk to %04x chunk %u from %u needed %u",
		       m.want.target, m.want.bulk.chunk, m.want.bulk.index,
		       m.want.bulk.needed);
	else if (m.type == SYNC_WANT)
		printf("form %u n %u to %04x gen %u needed %u%s", m.want.form,
		       m.want.n, m.want.target, m.want.parity[0].generation,
		       m.want.parity[0].needed,
		       m.want.parity[0].more ? " more" : "");
	printf("\n");
}

static inline void field_send(struct field *f, unsigned i,
			      const struct node_action *a)
{
	uint64_t at = f->now_us + random_below(&f->rng, 100000);

	if (at < f->free_us)
		at = f->free_us + random_below(&f->rng, 100000);
	at += 300000;
	for (size_t k = 0; k < a->n_frames; k++) {
		at += (a->frames[k].n + 3) * 8 * 1000000 / 1200;
		f->bytes += a->frames[k].n + 3;
		field_trace(f, i, a->frames[k]);
		field_air(f, i, a->frames[k], at);
	}
	f->free_us = at + 50000;
	if (f->s[i].reports)
		field_put(f, i, i, SPAN("", 0), f->free_us);
	f->keyups++;
	f->s[i].sends++;
	f->s[i].air_us += a->airtime_us;
	f->air_us += a->airtime_us;
}

/* Carries a station's actions out. */
static inline void field_take(struct field *f, unsigned i)
{
	struct field_station *s = &f->s[i];
	size_t n;
	const struct node_action *a = node_actions(s->node, &n);

	for (; n > 0; n--, a++) {
		if (a->type == NODE_SEND)
			field_send(f, i, a);
		else if (a->type == NODE_APPEND)
			field_append(s, a->record_type, a->slot, a->record);
		else if (a->type == NODE_COMMIT)
			s->commits++;
		else if (a->type == NODE_NOTE) {
			s->notes++;
			s->last_note = a->note;
		}
	}
}

/* The host of a station that verifies: takes seals in hand, answers `answers`
 * of them in random order, and lets the station admit what it can. */
static inline void field_verify(struct field *f, unsigned i, unsigned answers)
{
	struct field_station *s = &f->s[i];
	bool more;

	while (s->n_seals < FIELD_SEALS_MAX &&
	       node_seal_next(s->node, &s->seals[s->n_seals]))
		s->n_seals++;
	for (; answers && s->n_seals; answers--) {
		struct node_seal *at = &s->seals[random_below(&f->rng,
							      s->n_seals)];

		node_seal_verdict(s->node, at->token,
			crypto_ed25519_verify(at->seal, at->key,
					      SPAN(at->message,
						   sizeof(at->message))));
		*at = s->seals[--s->n_seals];
	}
	do {
		more = node_admit(s->node, field_now_at(f, i));
		field_take(f, i);
	} while (more);
}

static inline enum node_verdict field_input(struct field *f, unsigned to,
					    struct span frame)
{
	enum node_verdict v = node_input(f->s[to].node, 0, frame,
					 field_now_at(f, to));

	field_take(f, to);
	return v;
}

static inline void field_sent(struct field *f, unsigned i)
{
	node_port_sent(f->s[i].node, 0, field_now(f));
	field_take(f, i);
}

/* ---- time ---- */

static inline bool field_equal(const struct field *f)
{
	for (unsigned i = 1; i < f->n; i++)
		if (feed_root48(node_feeds(f->s[i].node)) !=
		    feed_root48(node_feeds(f->s[0].node)))
			return false;
	return true;
}

static inline void field_step(struct field *f, uint64_t until_us)
{
	uint64_t next = f->queue ? f->queue->due_us : TIME_NEVER;
	int who = -1;

	for (unsigned i = 0; i < f->n; i++) {
		uint64_t w = node_wake_us(f->s[i].node);

		if (w < next) {
			next = w;
			who = (int)i;
		}
	}
	if (next > until_us) {
		f->now_us = until_us;
		return;
	}
	if (next > f->now_us)
		f->now_us = next;
	if (who >= 0) {
		node_tick(f->s[who].node, field_now_at(f, (unsigned)who));
		field_take(f, (unsigned)who);
	} else {
		struct field_frame *q = f->queue;

		f->queue = q->next;
		if (q->n)
			field_input(f, q->to, SPAN(q->bytes, q->n));
		else
			field_sent(f, q->to);
		free(q);
	}
}

static inline void field_run_s(struct field *f, unsigned seconds)
{
	uint64_t until = f->now_us + seconds * US_PER_S;

	while (f->now_us < until)
		field_step(f, until);
}

/* Runs until all hold the same n events; seconds it took, or -1. */
static inline double field_converge_s(struct field *f, uint64_t events,
				      unsigned seconds)
{
	uint64_t from = f->now_us, until = from + seconds * US_PER_S;

	while (f->now_us < until) {
		field_step(f, until);
		if (field_equal(f) &&
		    feed_event_count(node_feeds(f->s[0].node)) == events)
			return (double)(f->now_us - from) / 1e6;
	}
	return -1;
}

/* ---- events ---- */

/* A field.set on a record of the station's own. */
static inline int field_write(struct field *f, unsigned i, unsigned value)
{
	struct buf b = { 0 };
	char record[24];
	int err;

	snprintf(record, sizeof(record), "R-%u", 100 + i);
	payload_put_map(&b, 3);
	payload_put_uint(&b, KEY_RECORD);
	payload_put_text(&b, SPAN_STR(record));
	payload_put_uint(&b, KEY_FIELD);
	payload_put_text(&b, SPAN_STR("status"));
	payload_put_uint(&b, KEY_VALUE);
	payload_put_uint(&b, value);
	err = node_write(f->s[i].node, KIND_FIELD_SET, buf_span(&b), NULL,
			 field_now_at(f, i));
	buf_fini(&b);
	field_take(f, i);
	return err;
}
