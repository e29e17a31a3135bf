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

/* `cairn` takes a page apart without looking into its lines. */
static void page_check(const struct view *v)
{
	struct json_out o = { 0 };
	struct json *page;

	view_page_json(v, 0, SPAN("", 0), &o);
	page = json_parse_shown(buf_span(&o.b));
	if (json_len(json_get(page, "records")) != view_record_count(v))
		abort();
	json_free(page);
	buf_fini(&o.b);
}

static void hash_of(uint8_t hash[32], const struct event *list, size_t n,
		    bool backwards)
{
	struct view *v = view_new();
	struct json_out o = { 0 };

	for (size_t i = 0; i < n; i++)
		view_apply(v, &list[backwards ? n - 1 - i : i]);
	view_conflicts_json(v, &o);
	view_rejected_json(v, &o);
	view_records_json(v, NULL, true, &o);
	view_plan_json(v, &o);
	view_docs_json(v, &o);
	view_doc_json(v, SPAN_STR("D"), &o);
	view_created_json(v, SPAN_STR("R"), &o);
	view_resources_json(v, &o);
	view_resource_stats_json(v, &o);
	view_policies_json(v, &o);
	view_hash(v, hash);
	page_check(v);
	buf_fini(&o.b);
	view_free(v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct event list[EVENTS_MAX];
	size_t n = events_read(list, SPAN(data, size));
	uint8_t a[32], b[32];

	hash_of(a, list, n, false);
	hash_of(b, list, n, true);
	if (memcmp(a, b, sizeof(a)) != 0)
		abort();
	return 0;
}
