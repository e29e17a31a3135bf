/* SPDX-License-Identifier: MIT
 *
 * The view: events of any payload, each
 *
 *   kind u8 | author u8 | wall u8 | id u8 | length u8 | payload
 *
 * applied forwards and backwards, hash to the same.
 */
#include <stdlib.h>
#include "lib/base/crypto.h"
#include "lib/view/rows.h"
#include "lib/view/view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define EVENTS_MAX 64

static size_t events_read(struct event *list, struct span data)
{
	static const char *const authors[] = { "a", "b", "c", "d" };
	struct rd r = rd_init(data);
	size_t n = 0;

	while (rd_left(&r) && n < EVENTS_MAX) {
		struct event *e = &list[n];

		*e = (struct event){ .seq = n + 1 };
		e->kind = rd_u8(&r);
		e->author = SPAN(authors[rd_u8(&r) % 4], 1);
		e->hlc.wall_ms = rd_u8(&r);
		e->id[7] = rd_u8(&r);
		e->id[6] = (uint8_t)n;
		e->payload = rd_bytes(&r, rd_u8(&r));
		n += !r.bad;
	}
	return n;
}

/* Each page is JSON, and what `cairn` makes of it has as many lines. */
static void page_check(const struct view *v, enum view_page kind)
{
	struct json_out o = { 0 };
	struct rows rows = { .next = 0 };
	struct buf lines = { 0 };
	struct json *page;
	size_t n = 0;

	view_page_json(v, kind, 0, SPAN_STR(kind == VIEW_DOC ? "D" : ""), &o);
	page = json_parse_shown(buf_span(&o.b));
	if (rows_take(&rows, buf_span(&o.b)) || rows.next)
		abort();
	rows_lines(&rows, &lines);
	for (size_t i = 0; i < lines.len; i++)
		n += lines.p[i] == '\n';
	if (json_len(json_get(page, "rows")) != n ||
	    (kind == VIEW_RECORDS && n != view_record_count(v)))
		abort();
	json_free(page);
	rows_fini(&rows);
	buf_fini(&lines);
	buf_fini(&o.b);
}

static void hash_of(uint8_t hash[32], const struct event *list, size_t n,
		    bool backwards)
{
	struct view *v = view_new();
	struct json_out o = { 0 };

	for (size_t i = 0; i < n; i++)
		view_apply(v, &list[backwards ? n - 1 - i : i]);
	view_rejected_json(v, &o);
	view_records_json(v, NULL, true, &o);
	view_plan_json(v, &o);
	view_docs_json(v, &o);
	view_created_json(v, SPAN_STR("R"), &o);
	view_resources_json(v, &o);
	view_resource_stats_json(v, &o);
	view_policies_json(v, &o);
	view_hash(v, hash);
	for (int kind = VIEW_RECORDS; kind <= VIEW_DOC; kind++)
		page_check(v, (enum view_page)kind);
	buf_fini(&o.b);
	view_free(v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct event list[EVENTS_MAX];
	size_t n = events_read(list, SPAN(data, size));
	uint8_t a[32], b[32];
	struct rows rows = { .next = 0 };

	rows_take(&rows, SPAN(data, size));	/* what is no page */
	rows_fini(&rows);

	hash_of(a, list, n, false);
	hash_of(b, list, n, true);
	if (memcmp(a, b, sizeof(a)) != 0)
		abort();
	return 0;
}
