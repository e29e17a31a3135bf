/* SPDX-License-Identifier: MIT
 *
 * What any protocol must send, about: the news compressed jointly and as well
 * as we know how, one seal an author who advanced, the bits that tell which
 * authors differ and by how much; once a station that must transmit; in
 * frames of 256 bytes with 19 of AX.25.
 */
#include <math.h>
#include <stdlib.h>
#include "lib/event/run.h"
#include "tools/sim.h"

#define BOUND_FRAME 256
#define BOUND_FRAME_OVERHEAD 19

typedef void (*news_fn)(struct buf *out, const struct sim_data *d,
			const struct sim_event *e,
			const struct sim_event *before);

/* Each piece of news in order of author and seq. */
static void news_each(struct buf *out, const struct sim_data *d, news_fn fn)
{
	for (unsigned i = 0; i < d->n_feeds; i++) {
		const struct sim_feed *f = &d->feeds[i];

		for (uint64_t j = f->held; j < f->full; j++)
			fn(out, d, &f->events[j],
			   j > f->held ? &f->events[j - 1] : NULL);
	}
}

static void put_leb(struct buf *out, uint64_t v)
{
	uint8_t bytes[10];
	struct wr w = wr_init(bytes, sizeof(bytes));

	wr_leb(&w, v);
	buf_add(out, wr_span(&w));
}

static void put_kind(struct buf *out, const struct sim_data *d,
		     const struct sim_event *e, const struct sim_event *before)
{
	(void)d;
	(void)before;
	put_leb(out, e->kind);
}

static void put_time(struct buf *out, const struct sim_data *d,
		     const struct sim_event *e, const struct sim_event *before)
{
	(void)d;
	put_leb(out, before ? (e->wall_ms - before->wall_ms) / 1000 : 0);
}

static void put_payload(struct buf *out, const struct sim_data *d,
			const struct sim_event *e,
			const struct sim_event *before)
{
	(void)before;
	buf_add(out, SPAN(d->payloads.p + e->at, e->len));
}

/* Payloads of one kind after the other. */
static void put_by_kind(struct buf *out, const struct sim_data *d)
{
	for (uint16_t kind = 1; kind <= KIND_IMPORT; kind++)
		for (unsigned i = 0; i < d->n_feeds; i++) {
			const struct sim_feed *f = &d->feeds[i];

			for (uint64_t j = f->held; j < f->full; j++)
				if (f->events[j].kind == kind)
					put_payload(out, d, &f->events[j],
						    NULL);
		}
}

/* ---- as the run codec lays it out ---- */

#define COLUMNS_CAP (8U << 20)

struct columns {
	struct event *events;
	struct run *runs;
	size_t n_events, n_runs;
};

static void columns_feed(struct columns *c, const struct sim_data *d,
			 const struct sim_feed *f)
{
	for (uint64_t j = f->held; j < f->full; j++) {
		const struct sim_event *v = &f->events[j];
		struct run *run = c->runs + c->n_runs - 1;

		if (j == f->held || run->n == RUN_EVENTS_MAX) {
			run = &c->runs[c->n_runs++];
			*run = (struct run){
				.events = &c->events[c->n_events] };
		}
		c->events[c->n_events++] = (struct event){
			.kind = v->kind, .hlc = { v->wall_ms, 0 },
			.payload = SPAN(d->payloads.p + v->at, v->len) };
		run->n++;
	}
}

/* UINT64_MAX if there is more than the codec takes at once. */
static uint64_t columns_size(const struct sim_data *d, uint64_t news)
{
	struct columns c = {
		.events = calloc(news, sizeof(c.events[0])),
		.runs = calloc(news + 1, sizeof(c.runs[0])) };
	uint8_t *bytes = malloc(COLUMNS_CAP);
	struct wr w = wr_init(bytes, COLUMNS_CAP);
	uint64_t size = UINT64_MAX;

	if (!c.events || !c.runs || !bytes)
		abort();
	c.n_runs = 0;
	for (unsigned i = 0; i < d->n_feeds; i++)
		columns_feed(&c, d, &d->feeds[i]);
	if (columns_encode(&w, c.runs, c.n_runs) == 0) {
		size = run_best_size(wr_span(&w));
		w.len = 0;
		times_encode(&w, c.runs, c.n_runs);
		size += w.len;
	}
	free(c.events);
	free(c.runs);
	free(bytes);
	return size;
}

/* ---- the least of what we know ---- */

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t content_size(const struct sim_data *d, uint64_t news)
{
	struct buf by_feed = { 0 }, by_kind = { 0 };
	uint64_t a, b;

	news_each(&by_feed, d, put_kind);
	news_each(&by_feed, d, put_payload);
	news_each(&by_feed, d, put_time);
	news_each(&by_kind, d, put_kind);
	put_by_kind(&by_kind, d);
	news_each(&by_kind, d, put_time);
	a = run_best_size(buf_span(&by_feed));
	b = run_best_size(buf_span(&by_kind));
	buf_fini(&by_feed);
	buf_fini(&by_kind);
	return least(least(a, b), columns_size(d, news));
}

/* Which n of all authors, and geometric run lengths of this mean. */
static double difference_bits(unsigned all, unsigned n, double mean)
{
	double lg = (lgamma(all + 1.0) - lgamma(n + 1.0) -
		     lgamma(all - n + 1.0)) / log(2);

	return lg + n * (log2(mean) + 1.44);
}

void sim_bound_make(struct sim_bound *b, const struct sim_data *d,
		    const struct sim_scenario *s, const struct sim_graph *g)
{
	uint64_t news = 0, once;
	unsigned advanced = 0;

	*b = (struct sim_bound){
		.transmitters = sim_graph_transmitters(g, s),
	};
	for (unsigned i = 0; i < d->n_feeds; i++) {
		uint64_t n = d->feeds[i].full - d->feeds[i].held;

		news += n;
		advanced += n > 0;
	}
	if (news == 0)
		return;
	b->news = news;
	b->content = content_size(d, news);
	b->seals = (uint64_t)advanced * EVENT_SEAL_SIZE;
	b->difference = (uint64_t)ceil(difference_bits(d->n_feeds, advanced,
					(double)news / advanced) / 8);
	once = b->content + b->seals + b->difference;
	b->framed = b->transmitters *
		    (once + BOUND_FRAME_OVERHEAD *
			    ((once + BOUND_FRAME - 1) / BOUND_FRAME));
}
