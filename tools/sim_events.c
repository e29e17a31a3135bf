/* SPDX-License-Identifier: MIT
 *
 * The authors of a scenario and their feeds: real keys, chained ids and seals,
 * as records of the log. Every feed opens with its `station` event. What is
 * up to `base` everybody has; the rest is news.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include "lib/base/crypto.h"
#include "lib/event/payload.h"
#include "lib/event/record.h"
#include "lib/event/station.h"
#include "tools/sim.h"

#define BASE_SPAN_S 480000	/* the base lies in the first days */
#define NEWS_FROM_S 500000
#define STEP_MAX_S 3600
#define AFTER_S 3600
#define RECORD_HEAD 6

/* ---- identities ---- */

/* Call signs that begin with Q belong to nobody. */
static void feed_identity(struct sim_feed *f, unsigned i, struct random *rng)
{
	uint8_t prv[64];

	for (unsigned j = 0; j < sizeof(prv); j++)
		prv[j] = (uint8_t)random_next(rng);
	rns_identity_from_private(&f->id, prv);
	author_label(f->label, f->id.hash);
	snprintf(f->call, sizeof(f->call), "Q%c%u%c%c",
		 'A' + i % 26, i / 26 % 10, 'A' + i / 260 % 26,
		 'A' + i / 6760 % 26);
}

/* ---- events ---- */

/* Adds the event whose payload was appended to d->payloads from `at` on. */
static void feed_add(struct sim_data *d, struct sim_feed *f, uint16_t kind,
		     uint64_t second, size_t at)
{
	f->events = reallocarray(f->events, f->full + 1,
				 sizeof(f->events[0]));
	if (!f->events)
		abort();
	f->events[f->full] = (struct sim_event){
		.seq = f->full + 1, .kind = kind,
		.wall_ms = (CAIRN_EPOCH_S + second) * 1000,
		.at = at, .len = d->payloads.len - at,
	};
	f->full++;
}

static uint64_t feed_last_s(const struct sim_feed *f)
{
	return f->events[f->full - 1].wall_ms / 1000 - CAIRN_EPOCH_S;
}

static void feed_open(struct sim_data *d, struct sim_feed *f,
		      struct random *rng)
{
	struct station st = { 0 };
	size_t at = d->payloads.len;

	memcpy(st.key, f->id.pub, sizeof(st.key));
	memcpy(st.call, f->call, strlen(f->call));
	if (station_build(&d->payloads, &st))
		abort();
	feed_add(d, f, KIND_STATION, random_below(rng, STEP_MAX_S), at);
}

static void feed_generate(struct sim_data *d, struct sim_feed *f,
			  uint64_t second, struct random *rng)
{
	size_t at = d->payloads.len;
	uint16_t kind = sim_payload_make(&d->payloads, f->call, rng);

	feed_add(d, f, kind, second, at);
}

static void feed_base(struct sim_data *d, struct sim_feed *f, uint64_t n,
		      struct random *rng)
{
	uint64_t step = BASE_SPAN_S / n;

	if (step > STEP_MAX_S)
		step = STEP_MAX_S;
	feed_open(d, f, rng);
	while (f->full < n)
		feed_generate(d, f, feed_last_s(f) + 1 +
			      random_below(rng, step), rng);
	f->base = f->full;
}

/* The first piece of news lies after every base; then up to a step each. */
static uint64_t news_second(const struct sim_scenario *s,
			    const struct sim_feed *f, struct random *rng)
{
	uint64_t last = feed_last_s(f);
	unsigned least = s->step_s > 5 ? 5 : 0;

	if (last < NEWS_FROM_S)
		last = NEWS_FROM_S + random_below(rng, 5000);
	return last + least + random_below(rng, s->step_s - least);
}

/* ---- news from a file: meshlog's lines ---- */

static int news_line(struct sim_data *d, const struct sim_scenario *s,
		     struct sim_feed *f, struct span line, struct random *rng)
{
	struct json *o = json_parse(line, NULL);
	uint16_t kind = kind_from_name(json_string(json_get(o, "k")));
	size_t at = d->payloads.len;
	int e = -EINVAL;

	if (kind != KIND_UNKNOWN && json_get(o, "p"))
		e = payload_from_json(&d->payloads, json_get(o, "p"));
	json_free(o);
	if (e == 0)
		feed_add(d, f, kind, news_second(s, f, rng), at);
	return e;
}

/* Line i is by author i of the pool, round robin. */
static int news_file(struct sim_data *d, const struct sim_scenario *s,
		     const unsigned *pool, unsigned n_pool, struct random *rng,
		     char err[160])
{
	FILE *f = fopen(s->events, "r");
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	unsigned i = 0;
	int e = 0;

	if (!f) {
		snprintf(err, 160, "%.120s: %s", s->events, strerror(errno));
		return -1;
	}
	for (; !e && (s->new_events == 0 || i < s->new_events) &&
	     (n = getline(&line, &cap, f)) > 0; i++)
		e = news_line(d, s, &d->feeds[pool[i % n_pool]],
			      SPAN(line, n), rng);
	if (e)
		snprintf(err, 160, "%.100s:%u: not an event that we know",
			 s->events, i);
	free(line);
	fclose(f);
	return e ? -1 : 0;
}

static int news_make(struct sim_data *d, const struct sim_scenario *s,
		     struct random *rng, char err[160])
{
	unsigned n = s->new_authors ? s->new_authors : s->authors;
	unsigned *pool = calloc(s->authors, sizeof(*pool));
	int e = 0;

	if (!pool)
		abort();
	for (unsigned i = 0; i < s->authors; i++)
		pool[i] = i;
	for (unsigned i = 0; i < n; i++) {	/* the first n of a shuffle */
		unsigned j = i + (unsigned)random_below(rng, s->authors - i);
		unsigned x = pool[i];

		pool[i] = pool[j];
		pool[j] = x;
	}
	if (s->events[0])
		e = news_file(d, s, pool, n, rng, err);
	for (unsigned i = 0; !s->events[0] && i < s->new_events; i++) {
		struct sim_feed *f = &d->feeds[pool[random_below(rng, n)]];

		feed_generate(d, f, news_second(s, f, rng), rng);
	}
	free(pool);
	return e;
}

/* ---- records ---- */

static void record_put(struct sim_feed *f, uint16_t type, struct span bytes)
{
	uint8_t *p = buf_reserve(&f->records, RECORD_HEAD + bytes.n);

	le_put(p, 2, type);
	le_put(p + 2, 4, bytes.n);
	memcpy(p + RECORD_HEAD, bytes.p, bytes.n);
	f->records.len += RECORD_HEAD + bytes.n;
}

static void record_put_seal(const struct sim_data *d, struct sim_feed *f,
			    uint64_t seq, const uint8_t id[32])
{
	uint8_t seal[EVENT_SEAL_SIZE], bytes[RECORD_SEAL_SIZE];

	seal_sign(seal, f->id.prv + 32, d->dataset, f->id.hash, seq, id);
	record_seal_encode(bytes, seq, id, seal);
	record_put(f, RECORD_SEAL, SPAN(bytes, sizeof(bytes)));
}

/* Chains the events and seals them as an author does: at the end of the base,
 * at the end, and at least every 64 events or 1 KiB. */
static void feed_records(const struct sim_data *d, struct sim_feed *f)
{
	uint8_t bytes[RECORD_EVENT_HEAD + EVENT_PAYLOAD_MAX];
	uint8_t id[EVENT_ID_SIZE];
	size_t since = 0, since_bytes = 0;

	record_put(f, RECORD_AUTHOR, SPAN_STR(f->label));
	event_id_genesis(id, d->dataset, f->id.hash);
	for (uint64_t i = 0; i < f->full; i++) {
		const struct sim_event *v = &f->events[i];
		struct event e = {
			.seq = v->seq, .kind = v->kind,
			.hlc = { v->wall_ms, 0 },
			.payload = SPAN(d->payloads.p + v->at, v->len),
		};

		event_id_next(id, id, &e);
		memcpy(e.id, id, sizeof(id));
		record_put(f, RECORD_EVENT,
			   SPAN(bytes, record_event_encode(bytes, &e)));
		since++;
		since_bytes += v->len;
		if (e.seq == f->base || e.seq == f->full ||
		    since >= SEAL_EVERY_EVENTS ||
		    since_bytes >= SEAL_EVERY_BYTES) {
			record_put_seal(d, f, e.seq, id);
			since = since_bytes = 0;
		}
		if (e.seq == f->base)
			f->base_len = f->records.len;
	}
}

int sim_feed_records(const struct sim_data *d, unsigned i, size_t from,
		     size_t to, sim_record_fn fn, void *ctx)
{
	const uint8_t *p = d->feeds[i].records.p;
	int e = 0;

	while (!e && from < to) {
		size_t n = le_get(p + from + 2, 4);

		e = fn(ctx, (uint16_t)le_get(p + from, 2), i,
		       SPAN(p + from + RECORD_HEAD, n));
		from += RECORD_HEAD + n;
	}
	return e;
}

/* ---- all of it ---- */

/* Each node needs a feed of its own, so there are at least as many authors. */
int sim_data_make(struct sim_data *d, const struct sim_scenario *s,
		  struct random *rng, char err[160])
{
	uint64_t last_ms = 0;

	*d = (struct sim_data){ .n_feeds = s->authors > s->nodes ? s->authors
								  : s->nodes };
	dataset_id(d->dataset, SPAN_STR(SIM_DATASET));
	d->feeds = calloc(d->n_feeds, sizeof(d->feeds[0]));
	if (!d->feeds)
		abort();
	for (unsigned i = 0; i < d->n_feeds; i++) {
		struct sim_feed *f = &d->feeds[i];

		feed_identity(f, i, rng);
		f->home = i % s->nodes;
		feed_base(d, f, s->base_lo +
			  random_below(rng, s->base_hi - s->base_lo), rng);
	}
	if (news_make(d, s, rng, err))
		return -1;
	for (unsigned i = 0; i < d->n_feeds; i++) {
		struct sim_feed *f = &d->feeds[i];

		feed_records(d, f);
		if (f->events[f->full - 1].wall_ms > last_ms)
			last_ms = f->events[f->full - 1].wall_ms;
	}
	d->wall_ms = last_ms + AFTER_S * 1000ULL;
	return 0;
}

void sim_data_fini(struct sim_data *d)
{
	for (unsigned i = 0; i < d->n_feeds; i++) {
		free(d->feeds[i].events);
		buf_fini(&d->feeds[i].records);
		crypto_wipe(&d->feeds[i].id, sizeof(d->feeds[i].id));
	}
	free(d->feeds);
	buf_fini(&d->payloads);
}
