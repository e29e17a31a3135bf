/* SPDX-License-Identifier: MIT
 *
 * What the content of an event costs on the air, and what it costs to code:
 * field work in words that the dictionary was not made of (tools/sim_words.c),
 * with its times, without heads and seals; by the model, and by zstd at its
 * best as it is used where speed counts.
 */
#include <stdio.h>
#include <stdlib.h>
#include "lib/base/clock.h"
#include "lib/event/run.h"
#include "tests/bench.h"
#include "tools/sim.h"

#define EVENTS 800
#define AUTHOR_EVENTS 20
#define RUNS (EVENTS / AUTHOR_EVENTS)
#define BODY_MAX 65536
#define ROUNDS 7

struct content {
	struct event events[EVENTS];
	size_t at[EVENTS + 1];
	struct run runs[RUNS];
	struct buf payloads;
	size_t n;		/* of each body, in runs */
};

/* An event every two minutes or so, author after author. */
static void content_make(struct content *c)
{
	struct random rng = { 7 };
	uint64_t s = CAIRN_EPOCH_S + 86400;

	for (unsigned i = 0; i < EVENTS; i++) {
		c->at[i] = c->payloads.len;
		s += random_below(&rng, 240);
		c->events[i] = (struct event){
			.seq = 1 + i % AUTHOR_EVENTS, .hlc.wall_ms = s * 1000,
			.kind = sim_payload_make(&c->payloads, "HB9XYZ-7",
						 &rng) };
	}
	c->at[EVENTS] = c->payloads.len;
	for (unsigned i = 0; i < EVENTS; i++)
		c->events[i].payload = SPAN(c->payloads.p + c->at[i],
					    c->at[i + 1] - c->at[i]);
	for (unsigned i = 0; i < RUNS; i++)
		c->runs[i] = (struct run){ .alias = i, .seq = 100,
			.n = AUTHOR_EVENTS,
			.events = &c->events[i * AUTHOR_EVENTS] };
}

/* Bytes an event of all bodies of c->n runs. */
static double content_size(const struct content *c, enum run_coder coder)
{
	static uint8_t body[BODY_MAX];
	uint64_t bytes = 0, events = 0;

	for (size_t i = 0; i + c->n <= RUNS; i += c->n) {
		int n = run_body_encode(body, sizeof(body), c->runs + i, c->n,
					coder);
		int bare = run_body_encode(body, sizeof(body), c->runs + i,
					   c->n, RUN_PLAIN);
		struct run_body *out = malloc(sizeof(*out));

		if (n < 0 || bare < 0 || !out)
			abort();
		run_heads_decode(out, SPAN(body, bare));
		bytes += (uint64_t)n - out->used - c->n * EVENT_SEAL_SIZE;
		events += c->n * AUTHOR_EVENTS;
		free(out);
	}
	return (double)bytes / (double)events;
}

static uint64_t encode_all(const struct content *c, enum run_coder coder)
{
	static uint8_t body[BODY_MAX];

	for (size_t i = 0; i + c->n <= RUNS; i += c->n)
		run_body_encode(body, sizeof(body), c->runs + i, c->n, coder);
	return RUNS / c->n * c->n * AUTHOR_EVENTS;
}

static uint64_t encode_model(void *ctx)
{
	return encode_all(ctx, RUN_MODEL);
}

static uint64_t encode_zstd(void *ctx)
{
	return encode_all(ctx, RUN_ZSTD);
}

static uint64_t decode_all(const struct content *c, enum run_coder coder)
{
	static uint8_t body[BODY_MAX];
	static struct run_body out;
	uint64_t n = 0;
	int len = run_body_encode(body, sizeof(body), c->runs, c->n, coder);

	for (unsigned i = 0; i < 20 && len > 0; i++) {
		if (run_body_decode(&out, SPAN(body, len)))
			abort();
		n += out.n_events;
	}
	return n;
}

static uint64_t decode_model(void *ctx)
{
	return decode_all(ctx, RUN_MODEL);
}

static uint64_t decode_zstd(void *ctx)
{
	return decode_all(ctx, RUN_ZSTD);
}

void bench_content(void)
{
	static const unsigned runs[] = { 1, 5, 20 };
	static struct content c;
	char what[40];

	content_make(&c);
	for (unsigned i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		c.n = runs[i];
		snprintf(what, sizeof(what), "%u events a body",
			 runs[i] * AUTHOR_EVENTS);
		bench_line("content", what, content_size(&c, RUN_MODEL),
			   "zstd", content_size(&c, RUN_ZSTD),
			   "bytes an event");
	}
	c.n = 5;
	bench_compare("content", "coding", "events/s", encode_model, "zstd",
		      encode_zstd, &c, ROUNDS);
	bench_compare("content", "decoding", "events/s", decode_model, "zstd",
		      decode_zstd, &c, ROUNDS);
	buf_fini(&c.payloads);
}
