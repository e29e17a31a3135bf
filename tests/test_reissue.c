/* SPDX-License-Identifier: MIT
 *
 * A folder put back from a copy: what the station wrote since, unsealed, is
 * overtaken by what others hold of its feed, and written again behind it, each
 * kind in its way.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#define FIELD_STATIONS_MAX 2
#include "tests/field.h"
#include "lib/view/compose.h"

#define HOUR 3600
#define DOC SPAN_STR("D")

static struct view *view_at(struct field *f, unsigned i)
{
	return node_view(f->s[i].node);
}

/* ---- writing ---- */

static void write_at(struct field *f, unsigned i, uint16_t kind,
		     struct buf *b, int composed)
{
	assert_int_equal(composed, 0);
	assert_int_equal(node_write(f->s[i].node, kind, buf_span(b), NULL,
				    field_now(f)), 0);
	buf_fini(b);
	field_take(f, i);
}

static void count(struct field *f, unsigned i, const char *step)
{
	struct buf b = { 0 };

	write_at(f, i, KIND_COUNTER_ADD, &b,
		 compose_count(view_at(f, i), node_label(f->s[i].node),
			       SPAN_STR("R"), SPAN_STR("n"), SPAN_STR(step),
			       &b));
}

static void plan(struct field *f, unsigned i, const char *text)
{
	struct json *v = json_parse(SPAN_STR(text), NULL);
	struct buf b = { 0 };

	write_at(f, i, KIND_PLAN_DELTA, &b,
		 compose_plan(view_at(f, i), v, &b));
	json_free(v);
}

static void insert(struct field *f, unsigned i, const char *text)
{
	struct json *v = json_parse(SPAN_STR(text), NULL);
	struct buf b = { 0 };

	write_at(f, i, KIND_DOC_INSERT, &b,
		 compose_doc_insert(view_at(f, i), DOC, COMPOSE_END,
				    SPAN("", 0), SPAN("", 0), v, &b));
	json_free(v);
}

static void update(struct field *f, unsigned i, const char *which,
		   const char *text)
{
	struct json *v = json_parse(SPAN_STR(text), NULL);
	struct buf b = { 0 };

	write_at(f, i, KIND_DOC_UPDATE, &b,
		 compose_doc_update(view_at(f, i), DOC, SPAN_STR(which),
				    SPAN_STR("t"), v, &b));
	json_free(v);
}

static void erase(struct field *f, unsigned i, const char *which)
{
	struct buf b = { 0 };

	write_at(f, i, KIND_DOC_DELETE, &b,
		 compose_doc_delete(view_at(f, i), DOC, SPAN_STR(which), &b));
}

/* ---- the copy ---- */

static size_t log_length(const struct field *f, unsigned i)
{
	size_t n = 0;

	for (struct field_record *r = f->s[i].log; r; r = r->next)
		n++;
	return n;
}

/* Station i stops; its log is again what it was after `keep` records. */
static void put_back(struct field *f, unsigned i, size_t keep)
{
	struct field_station *s = &f->s[i];
	struct field_record *r = s->log, *next;
	struct json_out state = { 0 };

	node_state(s->node, &state);
	node_free(s->node);
	memory_free(s->memory);
	s->memory = memory_new();
	s->log = NULL;
	s->log_end = &s->log;
	for (; r; r = next) {
		next = r->next;
		if (keep > 0)
			field_append(s, r->type, r->slot, SPAN(r->bytes, r->n));
		keep -= keep > 0;
		free(r);
	}
	field_boot(f, i, buf_span(&state.b), false);
	buf_fini(&state.b);
}

static void link_up(struct field *f, bool up)
{
	f->hears[0][1] = f->hears[1][0] = up;
}

static void json_has(const struct view *v,
		     void (*fn)(const struct view *v, struct json_out *o),
		     const char *want)
{
	struct json_out o = { 0 };

	fn(v, &o);
	buf_add_u8(&o.b, 0);
	if (!strstr((char *)o.b.p, want))
		fail_msg("no %s in %s", want, (char *)o.b.p);
	buf_fini(&o.b);
}

static void records(const struct view *v, struct json_out *o)
{
	view_records_json(v, NULL, false, o);
}

static void document(const struct view *v, struct json_out *o)
{
	struct json_out all = { 0 };
	struct json *page;
	const struct json *rows;

	view_page_json(v, VIEW_DOC, 0, DOC, &all);
	page = json_parse(buf_span(&all.b), NULL);
	rows = json_get(page, "rows");
	for (size_t i = 0; i < json_len(rows); i++)
		json_out_value(o, json_get(json_at(json_at(rows, i), 1),
					   "fields"));
	json_free(page);
	buf_fini(&all.b);
}

static void test_put_back(void **state)
{
	struct field f;
	size_t copy;
	uint8_t a[32], b[32];

	(void)state;
	field_init(&f, 2, 3);
	field_start(&f);
	count(&f, 0, "+3");
	plan(&f, 0, "{\"boats\":2,\"road\":\"open\"}");
	insert(&f, 0, "{\"t\":1}");
	assert_true(field_converge_s(&f, 4, HOUR) > 0);
	copy = log_length(&f, 0);
	count(&f, 0, "+10");
	plan(&f, 0, "{\"road\":\"closed\"}");
	insert(&f, 0, "{\"t\":2}");
	assert_true(field_converge_s(&f, 7, HOUR) > 0);
	link_up(&f, false);
	put_back(&f, 0, copy);
	count(&f, 0, "+100");		/* again, over the greater total */
	count(&f, 0, "-1");
	plan(&f, 0, "{\"boats\":5}");	/* still over what shows */
	plan(&f, 0, "{\"road\":\"mud\"}");	/* not any more */
	insert(&f, 0, "{\"t\":3}");
	update(&f, 0, "2", "30");	/* its element has a new id then */
	update(&f, 0, "1", "11");
	insert(&f, 0, "{\"t\":4}");
	erase(&f, 0, "3");
	field_run_s(&f, 60);
	link_up(&f, true);
	assert_true(field_converge_s(&f, 7 + 8, 3 * HOUR) > 0);
	view_hash(view_at(&f, 0), a);
	view_hash(view_at(&f, 1), b);
	assert_memory_equal(a, b, 32);
	for (unsigned i = 0; i < 2; i++) {
		json_has(view_at(&f, i), records, "\"n\":112");
		json_has(view_at(&f, i), view_plan_json,
			 "\"boats\":5,\"road\":\"closed\"");
		json_has(view_at(&f, i), document,
			 "{\"t\":11},{\"t\":2},{\"t\":30}");
		assert_false(feed_at(node_feeds(f.s[i].node), 0)->forked);
	}
	field_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_put_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
