/* SPDX-License-Identifier: MIT
 *
 * A catch-up's bytes: see bench_stream.h.
 */
#include "tests/bench_stream.h"
#include <stdio.h>
#include <stdlib.h>
#include "ax25/frame.h"
#include "kiss/codec.h"
#include "lib/base/crypto.h"
#include "lib/event/payload.h"
#include "lib/event/run.h"
#include "lib/event/station.h"
#include "lib/rns/rns.h"
#include "lib/sync/generation.h"

#define AUTHORS 64
#define WALL_S 1800000000ULL

struct author {
	struct rns_identity identity;
	uint32_t alias;
	uint64_t seq;
	uint8_t id[32];
};

struct ingest {
	uint8_t dataset[32];
	struct author authors[AUTHORS];
	struct bench_stream *out;
	uint8_t number;
	struct event ev[4][128];
	struct run runs[4];
};

/* ---- making the stream ---- */

static void event_make(struct event *e, struct buf *b, uint64_t seq)
{
	char text[32];

	b->len = 0;
	if (seq == 1)
		return;
	snprintf(text, sizeof(text), "R-%03u", (unsigned)(seq % 1000));
	payload_put_map(b, 3);
	payload_put_uint(b, KEY_RECORD);
	payload_put_text(b, SPAN_STR(text));
	payload_put_uint(b, KEY_FIELD);
	payload_put_text(b, SPAN_STR("water_level_cm"));
	payload_put_uint(b, KEY_VALUE);
	payload_put_uint(b, seq * 7919 % 500);
	e->kind = KIND_FIELD_SET;
}

static void author_init(struct ingest *g, struct author *a)
{
	rns_identity_generate(&a->identity);
	a->alias = author_alias(g->dataset, a->identity.hash);
	event_id_genesis(a->id, g->dataset, a->identity.hash);
}

static void run_make(struct ingest *g, struct author *a, struct run *r,
		     struct event *ev, struct buf *payloads, unsigned n)
{
	*r = (struct run){ .alias = a->alias, .seq = a->seq + 1,
		.n = (uint8_t)n, .events = ev };
	memcpy(r->prevcheck, a->id, 2);
	for (unsigned i = 0; i < n; i++) {
		struct event *e = &ev[i];

		*e = (struct event){ .seq = ++a->seq };
		e->hlc.wall_ms = (WALL_S + a->seq) * 1000;
		event_make(e, &payloads[i], e->seq);
		if (e->seq == 1) {
			e->kind = KIND_STATION;
			struct station st = { .call = "N0AAA-9" };

			memcpy(st.key, a->identity.pub, sizeof(st.key));
			station_build(&payloads[i], &st);
		}
		e->payload = buf_span(&payloads[i]);
		event_id_next(a->id, a->id, e);
	}
	seal_sign(r->seal, a->identity.prv + 32,
		  g->dataset, a->identity.hash, a->seq, a->id);
	g->out->events += n;
}

static void frame_put(struct ingest *g, const struct generation *gen,
		      unsigned index)
{
	uint8_t piece[GENERATION_PIECE_MAX], info[300], raw[400],
		wire[KISS_ENCODED_MAX(400)];
	struct sync_message m = { .type = SYNC_EVENTS };
	struct ax25_address dest, source;
	int n;

	ax25_address_parse(&dest, "CAIRN0");
	ax25_address_parse(&source, "N0AAA-9");
	generation_piece(gen, index, piece);
	m.events.generation = gen->number;
	m.events.index = (uint8_t)index;
	m.events.k = gen->k;
	m.events.end = index + 1u == gen->k;
	m.events.piece = SPAN(piece, gen->piece_len);
	n = sync_message_encode(info, sizeof(info), &m);
	n = ax25_ui_encode(raw, sizeof(raw), &dest, &source, AX25_PID_CAIRN,
			   SPAN(info, (size_t)n));
	buf_add(&g->out->bytes, SPAN(wire, kiss_encode(wire, 0, KISS_DATA,
						   SPAN(raw, (size_t)n))));
}

/* One generation of `count` runs, each of another author. */
static void generation_make(struct ingest *g, unsigned count, unsigned first,
			    unsigned per_run)
{
	static struct buf payloads[4][128];
	static uint8_t body[GENERATION_BODY_MAX];
	static struct generation gen;
	int n;

	for (unsigned i = 0; i < count; i++)
		run_make(g, &g->authors[(first + i) % AUTHORS], &g->runs[i],
			 g->ev[i], payloads[i], per_run);
	n = run_body_encode(body, sizeof(body), g->runs, count,
			    RUN_ZSTD);
	if (n < 0 || generation_init(&gen, g->number++, SPAN(body, (size_t)n),
				     0, GENERATION_PIECE_MAX) < 0) {
		fprintf(stderr, "bench: a generation does not fit\n");
		exit(1);
	}
	for (unsigned i = 0; i < gen.k; i++)
		frame_put(g, &gen, i);
}

void bench_stream_make(struct bench_stream *s, const unsigned *parts,
		       size_t n, uint64_t events)
{
	struct ingest *g = calloc(1, sizeof(*g));

	g->out = s;
	dataset_id(g->dataset, SPAN_STR("default"));
	for (unsigned i = 0; i < AUTHORS; i++)
		author_init(g, &g->authors[i]);
	for (unsigned i = 0; i < AUTHORS; i += 4)
		generation_make(g, 4, i, 1);
	for (unsigned i = 0, round = 0; s->events < events; round++) {
		unsigned per_run = parts[round % n], count = 200 / per_run;

		/* a generation has room for some 250 of these events */
		count = count > 4 ? 4 : count ? count : 1;
		for (unsigned to = i + AUTHORS; i < to; i += count)
			generation_make(g, count, i, per_run);
	}
	free(g);
}
