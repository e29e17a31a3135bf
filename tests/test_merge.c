/* SPDX-License-Identifier: MIT
 *
 * Counters and the plan: their rules one by one, the plan's against a naive
 * reading of its definition; and all kinds together in any order.
 */
#include "tests/view_set.h"
#include <errno.h>
#include "lib/view/compose.h"

/* ---- events of the kinds ---- */

static const char *const authors[] = { "a", "b", "c", "\xc3\xa9" };

static struct event *count(struct set *s, const char *author, int by,
			   unsigned total)
{
	return set_json(s, author, KIND_COUNTER_ADD, 10 + s->n,
			"{\"record_id\":\"R\",\"counter\":\"n\",\"by\":%d,"
			"\"total\":%u}", by, total);
}

static struct event *plan(struct set *s, const char *author, uint16_t kind,
			  uint64_t wall_ms, const char *value,
			  const struct event *base)
{
	return set_json(s, author, kind, wall_ms, "{\"changes\":{\"k\":%s}"
			"%s%s%s}", value, base ? ",\"base\":{\"bytes\":\"" :
			"", base ? hex_of(base) : "", base ? "\"}" : "");
}

/* ---- counters ---- */

static void counter_json_of(const struct view *v, struct json_out *o)
{
	struct json_out all = { 0 };
	struct json *root;

	view_records_json(v, NULL, false, &all);
	root = json_parse(buf_span(&all.b), NULL);
	json_out_value(o, json_get(json_get(root, "R"), "counters"));
	json_free(root);
	buf_fini(&all.b);
}

static void test_counter(void **state)
{
	struct set s = { .n = 0 };

	(void)state;
	count(&s, "a", 3, 3);
	count(&s, "b", 5, 5);
	count(&s, "a", -2, 2);
	count(&s, "a", 4, 7);
	says(&s, counter_json_of, "{\"n\":10}");
	set_fini(&s);
}

/* The newest total is enough: the events below it may be withheld. */
static void test_counter_newest_is_enough(void **state)
{
	struct set s = { .n = 0 };

	(void)state;
	count(&s, "a", 1, 1000);
	says(&s, counter_json_of, "{\"n\":1000}");
	count(&s, "b", -1, 1001);
	says(&s, counter_json_of, "{\"n\":-1}");
	set_fini(&s);
}

static void test_counter_bounds(void **state)
{
	static const char *const steps[] = { "+18446744073709551615", "-1",
		"-18446744073709551615" };
	struct view *v = view_new();
	struct span r = SPAN_STR("R"), n = SPAN_STR("n"), me = SPAN_STR("me");
	struct buf b = { 0 };
	struct json_out o = { 0 };

	(void)state;
	assert_int_equal(compose_count(v, me, r, n, SPAN_STR("0"), &b),
			 -EINVAL);
	assert_int_equal(compose_count(v, me, r, n, SPAN_STR("+"), &b),
			 -EINVAL);
	assert_int_equal(compose_count(v, me, r, n, SPAN_STR("1x"), &b),
			 -EINVAL);
	assert_int_equal(compose_count(v, me, r, n,
			 SPAN_STR("18446744073709551616"), &b), -ERANGE);
	assert_int_equal(b.len, 0);
	for (unsigned i = 0; i < 3; i++) {
		struct event e = { .author = me, .seq = i + 1,
				   .kind = KIND_COUNTER_ADD };

		assert_int_equal(compose_count(v, me, r, n,
				 SPAN_STR(steps[i]), &b), i == 2 ? -ERANGE : 0);
		e.payload = buf_span(&b);
		if (i < 2)
			assert_int_equal(view_apply(v, &e), VIEW_APPLIED);
		if (i == 0)	/* full: nothing wraps, nothing sticks */
			assert_int_equal(compose_count(v, me, r, n,
					 SPAN_STR("1"), &b), -ERANGE);
		b.len = 0;
	}
	counter_json_of(v, &o);
	json_is_text(&o, "{\"n\":\"18446744073709551614\"}");
	buf_fini(&b);
	view_free(v);
}

/* Totals are checkable, event by event of a feed. */
static void test_counter_tally(void **state)
{
	struct set s = { .n = 0 };
	struct view_tally t = { .record = SPAN_STR("R"),
				.counter = SPAN_STR("n") };

	(void)state;
	count(&s, "a", 3, 3);
	count(&s, "a", -2, 2);
	count(&s, "a", 4, 7);
	for (size_t i = 0; i < s.n; i++)
		view_tally_event(&t, &s.e[i]);
	assert_int_equal(t.steps, 2);
	assert_int_equal(t.total, 7);
	assert_false(t.wrong || t.withheld);
	view_tally_event(&t, count(&s, "a", 1, 9));
	assert_true(t.wrong);
	count(&s, "a", 1, 10)->withheld = true;
	view_tally_event(&t, &s.e[4]);
	assert_true(t.withheld);
	set_fini(&s);
}

/* ---- the plan ---- */

static void test_plan_numbers_grow(void **state)
{
	struct set s = { .n = 0 };
	struct event *a;

	(void)state;
	a = plan(&s, "a", KIND_PLAN_DELTA, 10, "7", NULL);
	plan(&s, "b", KIND_PLAN_DELTA, 20, "3", a);
	says(&s, view_plan_json, "{\"plan\":{\"k\":7},\"version_vector\":"
	     "{\"a\":1,\"b\":2}}");
	plan(&s, "b", KIND_PLAN_DELTA, 30, "\"go\"", NULL);
	says(&s, view_plan_json, "{\"plan\":{\"k\":\"go\"},"
	     "\"version_vector\":{\"a\":1,\"b\":3}}");
	plan(&s, "c", KIND_PLAN_DELTA, 40, "2", NULL);
	says(&s, view_plan_json, "{\"plan\":{\"k\":7},\"version_vector\":"
	     "{\"a\":1,\"b\":3,\"c\":4}}");
	set_fini(&s);
}

static void test_plan_set_lowers(void **state)
{
	struct set s = { .n = 0 };
	struct event *a, *low;

	(void)state;
	a = plan(&s, "a", KIND_PLAN_DELTA, 100, "9", NULL);
	low = plan(&s, "b", KIND_PLAN_SET, 20, "4", a);
	says(&s, view_plan_json, "{\"plan\":{\"k\":4},\"version_vector\":"
	     "{\"a\":1,\"b\":2}}");
	plan(&s, "b", KIND_PLAN_DELTA, 25, "3", low);
	says(&s, view_plan_json, "{\"plan\":{\"k\":4},\"version_vector\":"
	     "{\"a\":1,\"b\":3}}");
	plan(&s, "c", KIND_PLAN_DELTA, 26, "6.5", low);
	says(&s, view_plan_json, "{\"plan\":{\"k\":6.5},\"version_vector\":"
	     "{\"a\":1,\"b\":3,\"c\":4}}");
	set_fini(&s);
}

/* What composes names what it replaces, over all its keys. */
static void test_plan_composed(void **state)
{
	struct set s = { .n = 0 };
	struct view *v = view_new();
	struct json *changes = json_parse(SPAN_STR(
		"{\"k\":1,\"form\":true,\"aa\":null}"), NULL);
	struct buf b = { 0 };
	struct payload_value base;
	struct json_out o = { 0 };

	(void)state;
	plan(&s, "a", KIND_PLAN_DELTA, 10, "7", NULL);
	set_json(&s, "b", KIND_PLAN_DELTA, 99, "{\"changes\":{\"form\":1}}");
	apply_all(v, &s);
	assert_int_equal(compose_plan(v, changes, &b), 0);
	assert_true(payload_get(buf_span(&b), KEY_BASE, &base));
	assert_int_equal(base.str.n, 16);
	s.e[2] = (struct event){ .author = SPAN_STR("c"), .seq = 1,
		.hlc = { 5, 0 }, .kind = KIND_PLAN_SET, .id = { 9 },
		.payload = buf_span(&b) };
	assert_int_equal(view_apply(v, &s.e[2]), VIEW_APPLIED);
	view_plan_json(v, &o);
	json_is_text(&o, "{\"plan\":{\"aa\":null,\"form\":true,\"k\":1},"
		     "\"version_vector\":{\"a\":1,\"b\":2,\"c\":1}}");
	assert_int_equal(compose_plan(v, NULL, &b), -EINVAL);
	json_free(changes);
	buf_fini(&b);
	view_free(v);
	set_fini(&s);
}

/* The rule of lib/view/plan.h from its definition: ranks by repetition until
 * nothing rises, then all writes above the greatest plan.set. */
struct naive {
	size_t top;		/* the event whose order it is */
	unsigned depth;
};

static int naive_compare(const struct set *s, struct naive a, struct naive b)
{
	const struct event *x = &s->e[a.top], *y = &s->e[b.top];
	int c = hlc_compare(x->hlc, y->hlc);

	if (c == 0)
		c = span_compare(x->author, y->author);
	if (c == 0)
		c = (x->seq > y->seq) - (x->seq < y->seq);
	return c ? c : (a.depth > b.depth) - (a.depth < b.depth);
}

static bool names(const struct event *e, const struct event *b)
{
	struct payload_value v;

	return payload_get(e->payload, KEY_BASE, &v) &&
	       memcmp(v.str.p, b->id, 8) == 0;
}

static void naive_ranks(const struct set *s, struct naive *rank)
{
	bool risen = true;

	for (size_t i = 0; i < s->n; i++)
		rank[i] = (struct naive){ i, 0 };
	while (risen) {
		risen = false;
		for (size_t i = 0; i < s->n; i++)
			for (size_t j = 0; j < s->n; j++) {
				struct naive above = { rank[j].top,
						       rank[j].depth + 1 };

				if (!names(&s->e[i], &s->e[j]) ||
				    naive_compare(s, above, rank[i]) <= 0)
					continue;
				rank[i] = above;
				risen = true;
			}
	}
}

static int naive_rank_compare(const struct set *s, const struct naive *rank,
			      size_t i, size_t j)
{
	int c = naive_compare(s, rank[i], rank[j]);

	return c ? c : naive_compare(s, (struct naive){ i, 0 },
				     (struct naive){ j, 0 });
}

static void naive_plan(const struct set *s, const int *value, char *want)
{
	struct naive rank[EVENTS_MAX];
	size_t best = 0, floor = s->n;
	int shown;

	naive_ranks(s, rank);
	for (size_t i = 0; i < s->n; i++) {
		if (naive_rank_compare(s, rank, i, best) > 0)
			best = i;
		if (s->e[i].kind == KIND_PLAN_SET && (floor == s->n ||
		    naive_rank_compare(s, rank, i, floor) > 0))
			floor = i;
	}
	shown = value[best];
	for (size_t i = 0; i < s->n; i++)
		if (s->e[best].kind == KIND_PLAN_DELTA && shown < 1000 &&
		    value[i] < 1000 && value[i] > shown && (floor == s->n ||
		    naive_rank_compare(s, rank, i, floor) >= 0))
			shown = value[i];
	if (shown < 1000)
		sprintf(want, "{\"plan\":{\"k\":%d}", shown);
	else
		sprintf(want, "{\"plan\":{\"k\":\"t%d\"}", shown);
}

/* Values from 1000 are text. */
static void plan_random(struct set *s, int *value)
{
	const struct event *base = s->n && rnd(3) ?
		&s->e[rnd((uint32_t)s->n)] : NULL;
	uint16_t kind = rnd(4) ? KIND_PLAN_DELTA : KIND_PLAN_SET;
	int v = rnd(6) ? (int)rnd(20) : 1000 + (int)rnd(9);
	char text[16];

	value[s->n] = v;
	snprintf(text, sizeof(text), v < 1000 ? "%d" : "\"t%d\"", v);
	plan(s, authors[rnd(3)], kind, rnd(30), text, base);
}

static void test_plan_as_defined(void **state)
{
	static struct set s;
	int value[EVENTS_MAX];
	char want[64];

	(void)state;
	for (int round = 0; round < 150; round++) {
		size_t n = 1 + rnd(12);
		struct view *v = view_new();
		struct json_out o = { 0 };

		while (s.n < n)
			plan_random(&s, value);
		naive_plan(&s, value, want);
		for (size_t i = s.n; i-- > 0;)
			view_apply(v, &s.e[i]);
		view_plan_json(v, &o);
		assert_memory_equal(text_of(&o), want, strlen(want));
		any_order(&s, 3);
		buf_fini(&o.b);
		view_free(v);
		set_fini(&s);
	}
}

/* ---- all kinds together ---- */

static const char *value_random(void)
{
	static const char *const values[] = { "1", "1.0", "-7", "7.5", "\"t\"",
		"true", "null", "[1]", "18", "-0.5", "{\"a\":1}",
		"9007199254740993", "9007199254740992.0" };

	return values[rnd(13)];
}

/* An id of an earlier event, or of none. */
static const char *ref_random(const struct set *s)
{
	static const struct event none;

	return hex_of(s->n > 1 && rnd(9) ? &s->e[rnd((uint32_t)s->n - 1)] :
		      &none);
}

static const char *base_random(const struct set *s)
{
	static char text[80];

	text[0] = 0;
	if (rnd(2))
		snprintf(text, sizeof(text), ",\"base\":{\"bytes\":\"%s%s\"}",
			 ref_random(s), rnd(2) ? ref_random(s) : "");
	return text;
}

static void doc_random(struct set *s, const char *author, uint64_t wall_ms)
{
	static const char *const sides[] = { "after", "before" };
	const char *ref = ref_random(s);

	switch (rnd(6)) {
	case 0:
		set_json(s, author, KIND_DOC_DELETE, wall_ms, "{\"doc\":\"D\","
			 "\"element\":{\"bytes\":\"%s\"}}", ref);
		break;
	case 1:
		set_json(s, author, KIND_DOC_UPDATE, wall_ms, "{\"doc\":\"D\","
			 "\"element\":{\"bytes\":\"%s\"},\"field\":\"text\","
			 "\"value\":%s%s}", ref, value_random(),
			 base_random(s));
		break;
	case 2:
		set_json(s, author, KIND_DOC_INSERT, wall_ms, "{\"doc\":\"D\","
			 "\"pos\":[[%u,1],[%u,2]],\"type\":\"h\"}", rnd(3),
			 rnd(3));
		break;
	default:
		set_json(s, author, KIND_DOC_INSERT, wall_ms, "{\"doc\":\"D\","
			 "\"%s\":{\"bytes\":\"%s\"},\"fields\":{\"text\":%s}}",
			 sides[rnd(2)], ref, value_random());
	}
}

static void record_random(struct set *s, const char *author, uint64_t wall_ms)
{
	switch (rnd(4)) {
	case 0:
		set_json(s, author, KIND_NOTE_ADD, wall_ms,
			 "{\"record_id\":\"R\",\"text\":\"note\"}");
		break;
	case 1:
		set_json(s, author, KIND_RECORD_CREATE, wall_ms,
			 "{\"record_id\":\"S\",\"form\":\"tent\"}");
		break;
	default:
		set_json(s, author, KIND_FIELD_SET, wall_ms,
			 "{\"record_id\":\"R\",\"field\":\"f\",\"value\":%s%s}",
			 value_random(), base_random(s));
	}
}

/* Any bytes that are a payload, for any kind: mostly the wrong shape. */
static void wrong_random(struct set *s, const char *author, uint64_t wall_ms)
{
	static const char *const texts[] = { "[]", "{}", "null", "7",
		"{\"record_id\":\"R\",\"counter\":\"n\",\"by\":1.5,"
			"\"total\":2}",
		"{\"record_id\":\"R\",\"counter\":\"n\",\"by\":0,"
			"\"total\":2}",
		"{\"record_id\":\"R\",\"counter\":\"n\",\"by\":3,"
			"\"total\":2}",
		"{\"record_id\":\"R\",\"counter\":7,\"by\":1,\"total\":2}",
		"{\"record_id\":\"R\",\"counter\":\"n\",\"by\":1,"
			"\"total\":-1}",
		"{\"changes\":{}}", "{\"changes\":[1]}",
		"{\"changes\":{\"k\":1},\"base\":7}",
		"{\"changes\":{\"k\":1},\"base\":{\"bytes\":\"00\"}}",
		"{\"doc\":7}", "{\"doc\":\"D\",\"after\":\"x\"}",
		"{\"doc\":\"D\",\"after\":{\"bytes\":\"00\"}}",
		"{\"doc\":\"D\",\"element\":{\"bytes\":\"0011223344556677\"}}",
		"{\"doc\":\"D\",\"pos\":[1]}", "{\"doc\":\"D\",\"fields\":7}",
		"{\"doc\":\"D\",\"pos\":[[1,-1]]}", "{\"doc\":\"D\",\"type\":1}",
	};

	set_json(s, author, (uint16_t)(16 + rnd(14)), wall_ms, "%s",
		 texts[rnd(21)]);
}

static void event_random(struct set *s)
{
	static const uint16_t plans[] = { KIND_PLAN_DELTA, KIND_PLAN_SET };
	const char *author = authors[rnd(4)];
	uint64_t wall_ms = rnd(10) ? rnd(60) : 1000000 + rnd(3);

	switch (rnd(7)) {
	case 0:
	case 1:
		doc_random(s, author, wall_ms);
		break;
	case 2:
		record_random(s, author, wall_ms);
		break;
	case 3:
		wrong_random(s, author, wall_ms);
		break;
	case 4:
		count(s, author, rnd(2) ? 1 + (int)rnd(3) : -1,
		      3 + rnd(20));
		break;
	default:
		set_json(s, author, plans[rnd(2)], wall_ms, "{\"changes\":"
			 "{\"k\":%s,\"form\":%s}%s}", value_random(),
			 value_random(), base_random(s));
	}
}

static void test_any_order_of_all(void **state)
{
	static struct set s;

	(void)state;
	for (int round = 0; round < 60; round++) {
		size_t n = 5 + rnd(60);

		while (s.n < n)
			event_random(&s);
		any_order(&s, 5);
		set_fini(&s);
	}
}

/* An import is a record at most: it has no signature. */
static void test_import_speaks_for_nobody(void **state)
{
	static const char line[] = "{\"a\":\"base\",\"s\":1,\"h\":[50,3],"
		"\"k\":\"counter.add\",\"p\":{\"record_id\":\"R\","
		"\"counter\":\"n\",\"by\":9,\"total\":9},\"v\":\"\","
		"\"i\":\"00112233445566778899aabbccddeeff\"}";
	struct json *wire = json_parse(SPAN_STR(line), NULL);
	struct set s = { .n = 0 };
	struct view *v = view_new();
	struct event *e = set_add(&s, "x", KIND_IMPORT, 100, 1);
	struct meshlog m;

	(void)state;
	assert_int_equal(meshlog_from_json(&m, wire), MESHLOG_OK);
	assert_int_equal(meshlog_import_build(&s.payload[0], &m), 0);
	e->payload = buf_span(&s.payload[0]);
	assert_int_equal(view_apply(v, e), VIEW_OTHER_KIND);
	shows(v, "{}");
	meshlog_fini(&m);
	json_free(wire);
	view_free(v);
	set_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counter),
		cmocka_unit_test(test_counter_newest_is_enough),
		cmocka_unit_test(test_counter_bounds),
		cmocka_unit_test(test_counter_tally),
		cmocka_unit_test(test_plan_numbers_grow),
		cmocka_unit_test(test_plan_set_lowers),
		cmocka_unit_test(test_plan_composed),
		cmocka_unit_test(test_plan_as_defined),
		cmocka_unit_test(test_any_order_of_all),
		cmocka_unit_test(test_import_speaks_for_nobody),
	};

	if (crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
