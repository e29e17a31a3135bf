/* SPDX-License-Identifier: MIT
 *
 * Sets of events by hand, and views of them in any order: for tests of
 * lib/view.
 */
#pragma once
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include "lib/base/crypto.h"
#include "lib/event/meshlog.h"
#include "lib/event/payload.h"
#include "lib/view/rows.h"
#include "lib/view/view.h"

static uint64_t seed = 1;

static inline uint32_t rnd(uint32_t below)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(seed >> 33) % below;
}

/* ---- events by hand ---- */

#define EVENTS_MAX 200

struct set {
	struct event e[EVENTS_MAX];
	struct buf payload[EVENTS_MAX];
	size_t n;
};

static inline void set_fini(struct set *s)
{
	for (size_t i = 0; i < s->n; i++)
		buf_fini(&s->payload[i]);
	s->n = 0;
}

/* The event's id is that of a chain; here any bytes that differ do. */
static inline struct event *set_add(struct set *s, const char *author, uint16_t kind,
			     uint64_t wall_ms, uint64_t seq)
{
	struct event *e = &s->e[s->n];

	s->payload[s->n] = (struct buf){ 0 };
	*e = (struct event){ .author = SPAN_STR(author), .seq = seq,
			     .hlc = { wall_ms, 0 }, .kind = kind };
	for (size_t i = 0; i < EVENT_ID_SIZE; i++)
		e->id[i] = (uint8_t)rnd(256);
	be_put(e->id + 6, 2, ++s->n);
	return e;
}

static inline void payload_json(struct set *s, struct event *e, const char *text)
{
	struct json *v = json_parse(SPAN_STR(text), NULL);
	struct buf *b = &s->payload[e - s->e];

	assert_non_null(v);
	assert_int_equal(payload_from_json(b, v), 0);
	e->payload = buf_span(b);
	json_free(v);
}

/* field.set R.f = value over the given events. */
static inline struct event *set_write(struct set *s, const char *author,
			       uint64_t wall_ms, int value,
			       const struct event *b1, const struct event *b2)
{
	struct event *e = set_add(s, author, KIND_FIELD_SET, wall_ms, s->n + 1);
	char text[200], hex1[17] = "", hex2[17] = "";

	if (b1)
		hex_encode(hex1, SPAN(b1->id, 8));
	if (b2)
		hex_encode(hex2, SPAN(b2->id, 8));
	snprintf(text, sizeof(text), b1 ?
		 "{\"record_id\":\"R\",\"field\":\"f\",\"value\":%d,"
		 "\"base\":{\"bytes\":\"%s%s\"}}" :
		 "{\"record_id\":\"R\",\"field\":\"f\",\"value\":%d}",
		 value, hex1, hex2);
	payload_json(s, e, text);
	return e;
}

static inline char *text_of(struct json_out *o)
{
	buf_add_u8(&o->b, 0);
	return (char *)o->b.p;
}

static inline void shows(const struct view *v, const char *want)
{
	struct json_out o = { 0 };

	view_records_json(v, NULL, false, &o);
	assert_string_equal(text_of(&o), want);
	buf_fini(&o.b);
}

#define ROW_R(value) "{\"R\":{\"record_id\":\"R\",\"form\":\"\"," \
	"\"created_by\":\"\",\"fields\":{\"f\":" value "}," \
	"\"attachments\":[],\"notes\":[]}}"

/* ---- all that a view says, as one text ---- */

/* What comes in pages, a line a row. */
static inline void paged(const struct view *v, enum view_page kind,
			 const char *form, struct json_out *o)
{
	struct rows rows = { .next = 0 };

	do {
		struct json_out page = { 0 };

		view_page_json(v, kind, rows.next, SPAN_STR(form), &page);
		assert_int_equal(rows_take(&rows, buf_span(&page.b)), 0);
		buf_fini(&page.b);
	} while (rows.next);
	rows_lines(&rows, &o->b);
	rows_fini(&rows);
}

static inline char *everything(const struct view *v)
{
	struct json_out o = { 0 };
	uint8_t hash[32];
	char hex[65];

	view_records_json(v, NULL, false, &o);
	view_rejected_json(v, &o);
	view_order_json(v, &o);
	paged(v, VIEW_CONFLICTS, "", &o);
	paged(v, VIEW_FORMS, "", &o);
	view_why_json(v, SPAN_STR("R"), SPAN_STR("f"), &o);
	view_why_json(v, SPAN_STR("R"), SPAN_STR("n"), &o);
	view_plan_json(v, &o);
	view_plan_why_json(v, SPAN_STR("k"), &o);
	view_docs_json(v, &o);
	paged(v, VIEW_DOC, "D", &o);
	view_doc_version_json(v, SPAN_STR("D"), &o);
	view_created_json(v, SPAN_STR("R"), &o);
	view_stations_json(v, &o);
	view_orders_json(v, &o);
	view_resources_json(v, &o);
	view_resource_json(v, SPAN_STR("N"), &o);
	view_resource_history_json(v, SPAN_STR("N"), &o);
	view_resource_stats_json(v, &o);
	view_policies_json(v, &o);
	view_hash(v, hash);
	json_out_string(&o, hex_encode(hex, SPAN(hash, 32)));
	return text_of(&o);
}

/* What a document shows, as one array. */
static inline void doc_json(const struct view *v, const char *name,
			    struct json_out *o)
{
	struct json_out rows = { 0 };

	paged(v, VIEW_DOC, name, &rows);
	for (size_t i = 0; i + 1 < rows.b.len; i++)
		if (rows.b.p[i] == '\n')
			rows.b.p[i] = ',';
	json_out_array(o);
	if (rows.b.len)
		json_out_raw(o, SPAN(rows.b.p, rows.b.len - 1));
	json_out_end_array(o);
	buf_fini(&rows.b);
}

static inline void shuffle(size_t *order, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		size_t j = rnd((uint32_t)i), t = order[i - 1];

		order[i - 1] = order[j];
		order[j] = t;
	}
}

/* Another branch of somebody's feed, displaced later. */
static inline void replay_displaced(struct view *v, const struct set *s)
{
	for (size_t i = 0; i < s->n; i++)
		view_apply(v, &s->e[rnd((uint32_t)s->n)]);
	view_reset(v);
}

/* The event; its payload may have been withheld until now. */
static inline void replay_one(struct view *v, const struct event *e,
			      bool first)
{
	struct event held = *e;

	held.withheld = true;
	held.payload = SPAN(e->id, EVENT_ID_SIZE);
	if (first && rnd(4) == 0)
		view_apply(v, &held);
	view_apply(v, e);
}

/* A random order, with repetitions and looks in between. */
static inline char *replay(const struct set *s)
{
	struct view *v = view_new();
	size_t order[2 * EVENTS_MAX];
	bool seen[EVENTS_MAX] = { false };
	uint32_t look = 1 + rnd(30);
	char *text;

	for (size_t i = 0; i < 2 * s->n; i++)
		order[i] = i < s->n ? i : rnd((uint32_t)s->n);
	shuffle(order, 2 * s->n);
	if (rnd(3) == 0)
		replay_displaced(v, s);
	for (size_t i = 0; i < 2 * s->n; i++) {
		replay_one(v, &s->e[order[i]], !seen[order[i]]);
		seen[order[i]] = true;
		if (rnd(look) == 0)
			free(everything(v));
	}
	text = everything(v);
	view_free(v);
	return text;
}

static inline void any_order(const struct set *s, unsigned orders)
{
	char *first = replay(s);

	for (unsigned i = 0; i < orders; i++) {
		char *text = replay(s);

		assert_string_equal(first, text);
		free(text);
	}
	free(first);
}

/* ---- events as JSON, and what a view says of them ---- */

static inline struct event *set_json(struct set *s, const char *author,
				     uint16_t kind, uint64_t wall_ms,
				     const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
static inline struct event *set_json(struct set *s, const char *author,
				     uint16_t kind, uint64_t wall_ms,
				     const char *fmt, ...)
{
	struct event *e = set_add(s, author, kind, wall_ms, s->n + 1);
	char text[2000];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	payload_json(s, e, text);
	return e;
}

static inline const char *hex_of(const struct event *e)
{
	static char hex[4][17];
	static unsigned at;

	return hex_encode(hex[at++ % 4], SPAN(e->id, 8));
}

static inline void apply_all(struct view *v, const struct set *s)
{
	for (size_t i = 0; i < s->n; i++)
		assert_int_equal(view_apply(v, &s->e[i]), VIEW_APPLIED);
}

static inline void json_is_text(struct json_out *o, const char *want)
{
	assert_string_equal(text_of(o), want);
	buf_fini(&o->b);
	*o = (struct json_out){ 0 };
}

static inline void says(const struct set *s,
		 void (*fn)(const struct view *v, struct json_out *o),
		 const char *want)
{
	struct view *v = view_new();
	struct json_out o = { 0 };

	for (size_t i = s->n; i-- > 0;)
		view_apply(v, &s->e[i]);
	fn(v, &o);
	json_is_text(&o, want);
	view_free(v);
	any_order(s, 10);
}
