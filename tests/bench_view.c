/* SPDX-License-Identifier: MIT
 *
 * The view: a million events taken in, and what it costs to see one more,
 * beside the published figures of meshlog in Python 3.11 (which folds all
 * events at every look; the view is kept here).
 *
 * The events are what a field operation writes: each of 20,000 records is
 * created, 80 % of the rest set a field, the others add a note; 50 authors.
 */
#include <stdio.h>
#include <stdlib.h>
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/event/payload.h"
#include "lib/view/view.h"
#include "tests/bench.h"
#include "tests/bench_station.h"

#define EVENTS 1000000
#define RECORDS BENCH_RECORDS
#define AUTHORS 50
#define ROUNDS 3
#define MESHLOG_EVENTS_PER_S 400000	/* 1 M events: 2.5 s */
#define MESHLOG_CHANGES_PER_MIN 24

struct pile_of_events {
	char author[AUTHORS][33];
	struct event *e;
	struct buf bytes;
	struct view *view;
};

static void put_text(struct buf *b, enum payload_key key, const char *s)
{
	payload_put_uint(b, key);
	payload_put_text(b, SPAN_STR(s));
}

uint16_t bench_payload(struct buf *b, struct random *rng, unsigned i)
{
	static const char *const fields[] = { "status", "people", "water_l",
		"road", "checked_by", "position" };
	uint16_t kind = i < RECORDS ? KIND_RECORD_CREATE :
		random_below(rng, 5) ? KIND_FIELD_SET : KIND_NOTE_ADD;
	char text[48];

	payload_put_map(b, kind == KIND_FIELD_SET ? 3 : 2);
	snprintf(text, sizeof(text), "R-%u", i < RECORDS ? i :
		 (unsigned)random_below(rng, RECORDS));
	put_text(b, KEY_RECORD, text);
	if (kind == KIND_RECORD_CREATE) {
		put_text(b, KEY_FORM, "site_assessment");
	} else if (kind == KIND_FIELD_SET) {
		put_text(b, KEY_FIELD, fields[random_below(rng, 6)]);
		payload_put_uint(b, KEY_VALUE);
		payload_put_uint(b, random_below(rng, 1000));
	} else {
		snprintf(text, sizeof(text), "seen by team %u, all well",
			 (unsigned)random_below(rng, 99));
		put_text(b, KEY_TEXT, text);
	}
	return kind;
}

static void events_make(struct pile_of_events *p)
{
	struct random rng = { 7 };
	size_t *at = calloc(EVENTS + 1, sizeof(*at));

	p->e = calloc(EVENTS, sizeof(*p->e));
	for (unsigned i = 0; i < AUTHORS; i++)
		snprintf(p->author[i], 33, "%032x", i * 0x1234567);
	for (unsigned i = 0; i < EVENTS; i++) {
		struct event *e = &p->e[i];

		e->author = SPAN_STR(p->author[i % AUTHORS]);
		e->seq = i / AUTHORS + 1;
		e->hlc = (struct hlc){ 1800000000000ULL + 1000ULL * i, 0 };
		be_put(e->id, 8, random_next(&rng));
		e->kind = bench_payload(&p->bytes, &rng, i);
		at[i + 1] = p->bytes.len;
	}
	for (unsigned i = 0; i < EVENTS; i++)
		p->e[i].payload = SPAN(p->bytes.p + at[i], at[i + 1] - at[i]);
	free(at);
}

static uint64_t build(void *ctx)
{
	struct pile_of_events *p = ctx;
	struct json_out o = { 0 };
	struct view_filter f = { .record = SPAN_STR("R-1") };

	for (unsigned i = 0; i < EVENTS; i++)
		view_apply(p->view, &p->e[i]);
	view_records_json(p->view, &f, false, &o);
	buf_fini(&o.b);
	return EVENTS;
}

/* One event more, and its record looked at. */
static uint64_t change(void *ctx)
{
	struct pile_of_events *p = ctx;
	struct json_out o = { 0 };
	unsigned n = 10000;

	for (unsigned i = 0; i < n; i++) {
		struct event e = p->e[EVENTS - 1 - i];
		struct payload_value record;
		struct view_filter f = { .record = { NULL, 0 } };

		e.hlc.wall_ms += EVENTS * 1000ULL;
		if (!payload_get(e.payload, KEY_RECORD, &record))
			abort();
		view_apply(p->view, &e);
		f.record = record.str;
		o.b.len = 0;
		o.comma = false;
		view_records_json(p->view, &f, false, &o);
	}
	buf_fini(&o.b);
	return n;
}

void bench_view(void)
{
	struct pile_of_events p = { .view = NULL };
	double built[ROUNDS], changed[ROUNDS];

	events_make(&p);
	for (int i = 0; i < ROUNDS; i++) {
		view_free(p.view);
		p.view = view_new();
		built[i] = bench_rate(build, &p);
		changed[i] = 60 * bench_rate(change, &p);
	}
	bench_line("view", "1M events into the view",
		   bench_median(built, ROUNDS),
		   "meshlog, published", MESHLOG_EVENTS_PER_S, "events/s");
	bench_line("view", "a change seen, of 1M events",
		   bench_median(changed, ROUNDS),
		   "meshlog, published", MESHLOG_CHANGES_PER_MIN, "looks/min");
	view_free(p.view);
	free(p.e);
	buf_fini(&p.bytes);
}
