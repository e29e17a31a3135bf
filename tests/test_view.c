/* SPDX-License-Identifier: MIT
 *
 * The view: any order, any repetition and any look in between give the same
 * rows as a full replay; bases beat clocks; rejects are listed.
 */
#include <errno.h>
#include "lib/view/ask.h"
#include "tests/view_set.h"

/* ---- the rule of a field ---- */

static void test_last_writer_wins(void **state)
{
	struct set s = { .n = 0 };
	struct view *v = view_new();

	(void)state;
	set_write(&s, "b", 10, 1, NULL, NULL);
	set_write(&s, "a", 30, 2, NULL, NULL);
	set_write(&s, "c", 20, 3, NULL, NULL);
	set_write(&s, "b", 30, 4, NULL, NULL);
	for (size_t i = 0; i < s.n; i++)
		assert_int_equal(view_apply(v, &s.e[i]), VIEW_APPLIED);
	shows(v, ROW_R("4"));
	any_order(&s, 20);
	view_free(v);
	set_fini(&s);
}

static void test_base_beats_the_clock(void **state)
{
	struct set s = { .n = 0 };
	struct view *v = view_new();
	struct event *poison, *next;

	(void)state;
	set_write(&s, "a", 10, 1, NULL, NULL);
	poison = set_write(&s, "evil", HLC_WALL_MAX, 2, NULL, NULL);
	next = set_write(&s, "b", 20, 3, poison, NULL);
	set_write(&s, "b", 15, 4, next, NULL);
	for (size_t i = s.n; i-- > 0;)
		view_apply(v, &s.e[i]);
	shows(v, ROW_R("4"));
	any_order(&s, 20);
	view_free(v);
	set_fini(&s);
}

static void test_two_heads_are_a_conflict(void **state)
{
	struct set s = { .n = 0 };
	struct view *v = view_new();
	struct event *a, *b, *c;
	uint8_t base[64], want[16];

	(void)state;
	a = set_write(&s, "a", 10, 1, NULL, NULL);
	b = set_write(&s, "b", 20, 2, a, NULL);
	c = set_write(&s, "c", 21, 3, a, NULL);
	for (size_t i = 0; i < s.n; i++)
		view_apply(v, &s.e[i]);
	shows(v, ROW_R("3"));
	assert_int_equal(view_field_base(v, SPAN_STR("R"), SPAN_STR("f"),
					 base, sizeof(base)), 16);
	memcpy(want, c->id, 8);
	memcpy(want + 8, b->id, 8);
	assert_memory_equal(base, want, 16);
	any_order(&s, 20);
	set_write(&s, "a", 5, 4, b, c);	/* names both: settled */
	view_apply(v, &s.e[3]);
	shows(v, ROW_R("4"));
	assert_int_equal(view_field_base(v, SPAN_STR("R"), SPAN_STR("f"),
					 base, sizeof(base)), 8);
	any_order(&s, 20);
	view_free(v);
	set_fini(&s);
}

/* Neither could replace anything, and said so; an import's write said nothing. */
static void test_two_first_writes_are_a_conflict(void **state)
{
	static const char first[] = "{\"record_id\":\"R\",\"field\":\"f\","
		"\"value\":%d,\"base\":{\"bytes\":\"\"}}";
	struct set s = { .n = 0 };
	struct view *v = view_new();
	struct event *a, *b;
	uint8_t base[64];

	(void)state;
	a = set_json(&s, "a", KIND_FIELD_SET, 10, first, 1);
	set_write(&s, "c", 15, 2, NULL, NULL);
	b = set_json(&s, "b", KIND_FIELD_SET, 20, first, 3);
	for (size_t i = 0; i < s.n; i++)
		view_apply(v, &s.e[i]);
	shows(v, ROW_R("3"));
	assert_int_equal(view_field_base(v, SPAN_STR("R"), SPAN_STR("f"),
					 base, sizeof(base)), 16);
	assert_memory_equal(base, b->id, 8);
	assert_memory_equal(base + 8, a->id, 8);
	any_order(&s, 20);
	set_write(&s, "a", 5, 4, b, a);
	view_apply(v, &s.e[3]);
	shows(v, ROW_R("4"));
	assert_int_equal(view_field_base(v, SPAN_STR("R"), SPAN_STR("f"),
					 base, sizeof(base)), 8);
	any_order(&s, 20);
	view_free(v);
	set_fini(&s);
}

static void test_unset(void **state)
{
	struct set s = { .n = 0 };
	struct view *v = view_new();
	struct event *a, *gone;

	(void)state;
	a = set_write(&s, "a", 10, 1, NULL, NULL);
	gone = set_write(&s, "b", 5, 0, a, NULL);
	gone->kind = KIND_FIELD_UNSET;
	view_apply(v, gone);
	shows(v, "{}");	/* an unset makes no record */
	view_apply(v, a);
	shows(v, "{\"R\":{\"record_id\":\"R\",\"form\":\"\","
		 "\"created_by\":\"\",\"fields\":{},\"attachments\":[],"
		 "\"notes\":[]}}");
	set_write(&s, "a", 6, 7, gone, NULL);
	view_apply(v, &s.e[2]);
	shows(v, ROW_R("7"));
	any_order(&s, 20);
	view_free(v);
	set_fini(&s);
}

/* ---- properties ---- */

static void event_random(struct set *s)
{
	static const char *const texts[] = {
		"{\"record_id\":\"R\",\"form\":\"shelter\",\"by\":\"me\"}",
		"{\"record_id\":\"S\",\"form\":\"\"}",
		"{\"record_id\":\"R\",\"text\":\"note\"}",
		"{\"record_id\":\"\",\"text\":\"\"}",
		"{\"record_id\":\"R\",\"field\":\"p\",\"blob_hash\":\"00\"}",
		"{\"record_id\":\"S\",\"field\":\"p\",\"blob_hash\":\"00\","
			"\"size\":7,\"mime\":\"image/png\"}",
		"{\"record_id\":\"S\",\"field\":\"g\",\"value\":"
			"{\"position\":[46.5,7.25]}}",
		"{\"record_id\":[],\"field\":\"g\"}",
		"{\"field\":\"g\",\"value\":1}",
		"[]",
	};
	static const uint16_t kinds[] = { KIND_RECORD_CREATE, KIND_FIELD_SET,
		KIND_FIELD_UNSET, KIND_NOTE_ADD, KIND_ATTACHMENT_ADD,
		KIND_COUNTER_ADD };
	static const char *const authors[] = { "a", "b", "\xc3\xa9" };
	const char *author = authors[rnd(3)], *text = texts[rnd(10)];
	struct event *e = set_add(s, author, kinds[rnd(6)], rnd(40), s->n + 1);

	payload_json(s, e, text);
}

/* A write over up to two earlier ones, some of which are never delivered. */
static void write_random(struct set *s, const struct event **pool, size_t n)
{
	static const char *const authors[] = { "a", "b", "c" };
	const struct event *b1 = n && rnd(4) ? pool[rnd((uint32_t)n)] : NULL;
	const struct event *b2 = b1 && rnd(3) == 0 ?
		pool[rnd((uint32_t)n)] : b1;
	uint32_t wall = rnd(10) ? rnd(60) : 1000 + rnd(5);
	struct event *e = b1 || rnd(2) ?
		set_write(s, authors[rnd(3)], wall, (int)s->n, b1, b2) :
		set_json(s, authors[rnd(3)], KIND_FIELD_SET, wall,
			 "{\"record_id\":\"R\",\"field\":\"f\",\"value\":%d,"
			 "\"base\":{\"bytes\":\"\"}}", (int)s->n);

	if (rnd(6) == 0)
		e->kind = KIND_FIELD_UNSET;
}

static void test_any_order(void **state)
{
	static struct set s;

	(void)state;
	for (int round = 0; round < 40; round++) {
		size_t n = 5 + rnd(60);

		while (s.n < n)
			event_random(&s);
		any_order(&s, 5);
		set_fini(&s);
	}
}

/* The rule of lib/view/field.h from its definition: every write kept, ranks
 * by repetition until nothing rises. */
struct naive {
	size_t top;	/* the event whose order it is */
	unsigned depth;
};

static int naive_order(const struct event *a, const struct event *b)
{
	int c = hlc_compare(a->hlc, b->hlc);

	if (c == 0)
		c = span_compare(a->author, b->author);
	return c ? c : (a->seq > b->seq) - (a->seq < b->seq);
}

static int naive_compare(const struct set *s, struct naive a, struct naive b)
{
	int c = naive_order(&s->e[a.top], &s->e[b.top]);

	return c ? c : (a.depth > b.depth) - (a.depth < b.depth);
}

static bool is_write(const struct event *e)
{
	return e->kind == KIND_FIELD_SET || e->kind == KIND_FIELD_UNSET;
}

static bool names(const struct event *e, const struct event *b)
{
	struct payload_value v;

	if (!is_write(b) || !payload_get(e->payload, KEY_BASE, &v))
		return false;
	for (size_t i = 0; i < v.str.n; i += 8)
		if (memcmp(v.str.p + i, b->id, 8) == 0)
			return true;
	return false;
}

static bool naive_raise(const struct set *s, struct naive *rank)
{
	bool risen = false;

	for (size_t i = 0; i < s->n; i++)
		for (size_t j = 0; j < s->n; j++) {
			struct naive above = { rank[j].top,
					       rank[j].depth + 1 };

			if (names(&s->e[i], &s->e[j]) &&
			    naive_compare(s, above, rank[i]) > 0) {
				rank[i] = above;
				risen = true;
			}
		}
	return risen;
}

static const struct event *naive_winner(const struct set *s)
{
	struct naive rank[EVENTS_MAX];
	size_t best = s->n;

	for (size_t i = 0; i < s->n; i++)
		rank[i] = (struct naive){ i, 0 };
	while (naive_raise(s, rank))
		;
	for (size_t i = 0; i < s->n; i++) {
		int c = best == s->n ? 1 :
			naive_compare(s, rank[i], rank[best]);

		if (is_write(&s->e[i]) &&
		    (c > 0 || (c == 0 && naive_order(&s->e[i],
						     &s->e[best]) > 0)))
			best = i;
	}
	return best == s->n ? NULL : &s->e[best];
}

static void winner_is_as_defined(const struct set *s)
{
	const struct event *want = naive_winner(s);
	struct view *v = view_new();
	uint8_t base[EVENTS_MAX * 8];

	for (size_t i = s->n; i-- > 0;)
		view_apply(v, &s->e[i]);
	assert_int_equal(want != NULL, view_field_base(v, SPAN_STR("R"),
			 SPAN_STR("f"), base, sizeof(base)) > 0);
	if (want)
		assert_memory_equal(base, want->id, 8);
	view_free(v);
}

static void test_any_order_of_bases(void **state)
{
	static struct set s;
	const struct event *pool[EVENTS_MAX];

	(void)state;
	for (int round = 0; round < 120; round++) {
		size_t n = 3 + rnd(60), span = 1 + rnd(12);

		while (s.n < n) {
			size_t from = s.n > span ? s.n - span : 0;

			for (size_t i = from; i < s.n; i++)
				pool[i - from] = &s.e[i];
			write_random(&s, pool, s.n - from);
		}
		if (rnd(2))	/* the first never arrives */
			s.e[0].kind = KIND_COUNTER_ADD;
		winner_is_as_defined(&s);
		any_order(&s, 8);
		set_fini(&s);
	}
}

static void test_chain_of_writes(void **state)
{
	struct set s = { .n = 0 };
	struct view *v = view_new();
	struct event *last = NULL;
	struct json_out o = { 0 };

	(void)state;
	for (int i = 0; i < 150; i++)
		last = set_write(&s, "a", 10 + (uint64_t)i, i, last, NULL);
	for (size_t i = s.n; i-- > 0;)
		view_apply(v, &s.e[i]);
	shows(v, ROW_R("149"));
	view_why_json(v, SPAN_STR("R"), SPAN_STR("f"), &o);
	assert_non_null(strstr(text_of(&o), "\"conflict\":false"));
	assert_non_null(strstr((char *)o.b.p, "\"superseded\":148"));
	buf_fini(&o.b);
	any_order(&s, 5);
	view_free(v);
	set_fini(&s);
}

/* ---- the rest ---- */

static void test_import_counts_once(void **state)
{
	static const char line[] = "{\"a\":\"base\",\"s\":1,\"h\":[50,3],"
		"\"k\":\"note.add\",\"p\":{\"record_id\":\"R\","
		"\"text\":\"hi\"},\"v\":\"\","
		"\"i\":\"00112233445566778899aabbccddeeff\"}";
	struct json *wire = json_parse(SPAN_STR(line), NULL);
	struct set s = { .n = 0 };
	struct view *v = view_new();
	struct meshlog m;

	(void)state;
	assert_int_equal(meshlog_from_json(&m, wire), MESHLOG_OK);
	for (int i = 0; i < 2; i++) {
		struct event *e = set_add(&s, i ? "x" : "y", KIND_IMPORT,
					  100, 1);

		assert_int_equal(meshlog_import_build(&s.payload[i], &m), 0);
		e->payload = buf_span(&s.payload[i]);
		assert_int_equal(view_apply(v, e), VIEW_APPLIED);
	}
	shows(v, "{\"R\":{\"record_id\":\"R\",\"form\":\"\","
		 "\"created_by\":\"\",\"fields\":{},\"attachments\":[],"
		 "\"notes\":[\"hi\"]}}");
	meshlog_fini(&m);
	json_free(wire);
	view_free(v);
	set_fini(&s);
}

/* An import's ids are not ours: its base counts for nothing. */
static void test_import_has_no_base(void **state)
{
	static const char line[] = "{\"a\":\"m\",\"s\":1,\"h\":[5,0],"
		"\"k\":\"field.set\",\"p\":{\"record_id\":\"R\","
		"\"field\":\"f\",\"value\":9,\"base\":{\"bytes\":"
		"\"%s\"}},\"v\":\"\","
		"\"i\":\"00112233445566778899aabbccddeeff\"}";
	struct set s = { .n = 0 };
	struct event *first = set_write(&s, "a", 10, 1, NULL, NULL), *import;
	struct view *v = view_new();
	char text[400], hex[17];
	struct json *wire;
	struct meshlog m;

	(void)state;
	snprintf(text, sizeof(text), line,
		 hex_encode(hex, SPAN(first->id, 8)));
	wire = json_parse(SPAN_STR(text), NULL);
	assert_int_equal(meshlog_from_json(&m, wire), MESHLOG_OK);
	import = set_add(&s, "a", KIND_IMPORT, 20, 2);
	assert_int_equal(meshlog_import_build(&s.payload[1], &m), 0);
	import->payload = buf_span(&s.payload[1]);
	view_apply(v, first);
	assert_int_equal(view_apply(v, import), VIEW_APPLIED);
	shows(v, ROW_R("1"));
	meshlog_fini(&m);
	json_free(wire);
	view_free(v);
	set_fini(&s);
}

static void test_withheld_then_filled(void **state)
{
	struct set s = { .n = 0 };
	struct view *v = view_new();
	struct event *e = set_write(&s, "a", 10, 1, NULL, NULL), held = *e;

	(void)state;
	held.withheld = true;
	held.payload = SPAN(held.id, 32);
	assert_int_equal(view_apply(v, &held), VIEW_WITHHELD);
	assert_int_equal(view_apply(v, &held), VIEW_WITHHELD);
	assert_int_equal(view_withheld_count(v), 1);
	shows(v, "{}");
	assert_int_equal(view_apply(v, e), VIEW_APPLIED);
	assert_int_equal(view_withheld_count(v), 0);
	shows(v, ROW_R("1"));
	view_reset(v);
	shows(v, "{}");
	assert_int_equal(view_record_count(v), 0);
	view_free(v);
	set_fini(&s);
}

static void test_filters_and_lines(void **state)
{
	struct set s = { .n = 0 };
	struct view *v = view_new();
	struct view_filter f = { .form = SPAN_STR("tent") };
	struct json_out o = { 0 };

	(void)state;
	payload_json(&s, set_add(&s, "a", KIND_RECORD_CREATE, 2, 1),
		     "{\"record_id\":\"A\",\"form\":\"tent\"}");
	payload_json(&s, set_add(&s, "a", KIND_RECORD_CREATE, 1, 2),
		     "{\"record_id\":\"B\",\"form\":\"tent\"}");
	payload_json(&s, set_add(&s, "a", KIND_RECORD_CREATE, 3, 3),
		     "{\"record_id\":\"C\",\"form\":\"road\"}");
	for (size_t i = 0; i < s.n; i++)
		view_apply(v, &s.e[i]);
	view_records_json(v, &f, true, &o);
	assert_string_equal(text_of(&o),
		"{\"record_id\":\"B\",\"form\":\"tent\",\"created_by\":\"\","
		"\"fields\":{},\"attachments\":[],\"notes\":[]}\n"
		"{\"record_id\":\"A\",\"form\":\"tent\",\"created_by\":\"\","
		"\"fields\":{},\"attachments\":[],\"notes\":[]}\n");
	o.b.len = 0;
	paged(v, VIEW_FORMS, "", &o);
	assert_string_equal(text_of(&o), "{\"form\":\"road\",\"records\":1}\n"
			    "{\"form\":\"tent\",\"records\":2}\n");
	buf_fini(&o.b);
	view_free(v);
	set_fini(&s);
}

static void test_questions(void **state)
{
	struct set s = { .n = 0 };
	struct view *v = view_new();
	struct json_out o = { 0 };
	struct span none = SPAN("", 0);

	(void)state;
	payload_json(&s, set_add(&s, "a", KIND_RECORD_CREATE, 1, 1),
		     "{\"record_id\":\"A\",\"form\":\"tent\"}");
	view_apply(v, &s.e[0]);
	assert_false(view_ask(v, SPAN_STR("form"), none, none, &o));
	assert_int_equal(o.b.len, 0);
	assert_true(view_ask(v, SPAN_STR("forms"), SPAN_STR("0"), none, &o));
	assert_string_equal(text_of(&o), "{\"changes\":1,\"next\":0,\"rows\":["
		"[\"74656e74!\",{\"form\":\"tent\",\"records\":1}]\n]}");
	buf_fini(&o.b);
	o = (struct json_out){ 0 };
	assert_true(view_ask(v, SPAN_STR("plan"), none, none, &o));
	buf_fini(&o.b);
	view_free(v);
	set_fini(&s);
}

/* ---- pages ---- */

/* 2,500 records, newest first, every second one a tent. */
static void many_records(struct view *v)
{
	struct set s = { .n = 0 };
	char text[80];

	for (unsigned i = 0; i < 2500; i++) {
		snprintf(text, sizeof(text), "{\"record_id\":\"R-%u\","
			 "\"form\":\"%s\"}", i, i % 2 ? "tent" : "road");
		payload_json(&s, set_add(&s, "a", KIND_RECORD_CREATE,
					 9000 - i, i + 1), text);
		view_apply(v, &s.e[0]);
		set_fini(&s);
	}
}

/* What all pages say in the end is what the view says at once. */
static void test_pages(void **state)
{
	static const char *const forms[] = { "", "tent", "none" };
	struct view *v = view_new();

	(void)state;
	many_records(v);
	for (size_t i = 0; i < 3; i++) {
		struct view_filter f = { .form = SPAN_STR(forms[i]) };
		struct json_out whole = { 0 }, all = { 0 };

		view_records_json(v, &f, true, &whole);
		paged(v, VIEW_RECORDS, forms[i], &all);
		assert_int_equal(all.b.len, whole.b.len);
		if (all.b.len)
			assert_memory_equal(all.b.p, whole.b.p, all.b.len);
		buf_fini(&whole.b);
		buf_fini(&all.b);
	}
	view_free(v);
}

static void test_hash_pages(void **state)
{
	uint8_t hash[32], raw[32], twice[32];
	struct view *v = view_new();
	struct json_out all = { 0 };
	struct buf hashes = { 0 };

	(void)state;
	many_records(v);
	paged(v, VIEW_HASHES, "", &all);
	assert_int_equal(all.b.len, 2500 * 67);	/* a line: 64 digits, quotes */
	for (size_t i = 0; i < 2500; i++) {
		assert_int_equal(hex_decode(raw, 32, SPAN(all.b.p + 67 * i + 1,
							  64)), 32);
		buf_add(&hashes, SPAN(raw, 32));
	}
	view_hash_end(buf_span(&hashes), twice);
	view_hash(v, hash);
	assert_memory_equal(hash, twice, sizeof(hash));
	buf_fini(&hashes);
	buf_fini(&all.b);
	view_free(v);
}

static int page_take(const struct view *v, struct rows *rows, size_t *len)
{
	struct json_out page = { 0 };
	int e;

	view_page_json(v, VIEW_RECORDS, rows->next, SPAN("", 0), &page);
	*len = page.b.len;
	e = rows_take(rows, buf_span(&page.b));
	buf_fini(&page.b);
	return e;
}

/* A page is bounded, and one of another view drops those before it. */
static void test_page_of_another_view(void **state)
{
	struct view *v = view_new();
	struct rows rows = { .next = 0 };
	struct buf lines = { 0 };
	size_t len;

	(void)state;
	many_records(v);
	assert_int_equal(page_take(v, &rows, &len), 0);
	assert_true(rows.next > 0 && len < 200000);
	rows_lines(&rows, &lines);
	assert_true(lines.len > 0);
	view_reset(v);
	assert_int_equal(page_take(v, &rows, &len), -EAGAIN);
	assert_int_equal(rows.next, 0);
	assert_int_equal(page_take(v, &rows, &len), 0);
	assert_int_equal(rows.next, 0);
	lines.len = 0;
	rows_lines(&rows, &lines);
	assert_int_equal(lines.len, 0);
	rows_fini(&rows);
	buf_fini(&lines);
	view_free(v);
}

static void test_no_page(void **state)
{
	static const char *const texts[] = { "", "{}", "[]",
		"{\"changes\":1,\"next\":0,\"hashes\":[]}",
		"{\"changes\":1,\"next\":0,\"rows\":[",
		"{\"changes\":1,\"next\":0,\"rows\":[]",
		"{\"changes\":1,\"next\":0,\"rows\":[[\"a\"]\n]}",
		"{\"changes\":1,\"next\":0,\"rows\":[[\"a\",]\n,\n]}",
		"{\"changes\":1,\"next\":0,\"rows\":[[\"a,1]\n]}",
	};
	struct rows rows = { .next = 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(rows_take(&rows, SPAN_STR(texts[i])), -EINVAL);
	rows_fini(&rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_last_writer_wins),
		cmocka_unit_test(test_base_beats_the_clock),
		cmocka_unit_test(test_two_heads_are_a_conflict),
		cmocka_unit_test(test_two_first_writes_are_a_conflict),
		cmocka_unit_test(test_unset),
		cmocka_unit_test(test_any_order),
		cmocka_unit_test(test_any_order_of_bases),
		cmocka_unit_test(test_chain_of_writes),
		cmocka_unit_test(test_import_counts_once),
		cmocka_unit_test(test_import_has_no_base),
		cmocka_unit_test(test_withheld_then_filled),
		cmocka_unit_test(test_filters_and_lines),
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_hash_pages),
		cmocka_unit_test(test_page_of_another_view),
		cmocka_unit_test(test_no_page),
	};

	if (crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
