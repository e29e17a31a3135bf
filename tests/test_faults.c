/* SPDX-License-Identifier: MIT
 *
 * The faults of the published designs, by their numbers: each once showed a
 * wrong result there, and must not here. M: the event store, G: the counter,
 * P: the plan, C: the documents. Those of the store's feeds, clock and log are
 * tested where these are (test_pen, test_feed, test_event, test_log, test_node:
 * grep test_M).
 */
#include "tests/view_set.h"
#include <errno.h>
#include "lib/view/compose.h"

static struct event *json(struct set *s, const char *author, uint16_t kind,
			  uint64_t wall_ms, const char *text)
{
	struct event *e = set_add(s, author, kind, wall_ms, s->n + 1);

	payload_json(s, e, text);
	return e;
}

/* {"changes": {"k": value}} over `base` */
static struct event *plan(struct set *s, const char *author, uint64_t wall_ms,
			  const char *value, const struct event *base)
{
	char text[200], hex[17];

	snprintf(text, sizeof(text), base ? "{\"changes\":{\"k\":%s},"
		 "\"base\":{\"bytes\":\"%s\"}}" : "{\"changes\":{\"k\":%s}}",
		 value, base ? hex_encode(hex, SPAN(base->id, 8)) : "");
	return json(s, author, KIND_PLAN_DELTA, wall_ms, text);
}

static void plan_is(const struct set *s, const char *want)
{
	struct view *v = view_new();
	struct json_out o = { 0 };
	struct json *root;

	for (size_t i = s->n; i-- > 0;)
		view_apply(v, &s->e[i]);
	view_plan_json(v, &o);
	root = json_parse(buf_span(&o.b), NULL);
	o.b.len = 0;
	o.comma = false;
	json_out_value(&o, json_get(root, "plan"));
	assert_string_equal(text_of(&o), want);
	json_free(root);
	buf_fini(&o.b);
	view_free(v);
	any_order(s, 20);
}

static char *doc_of(const struct view *v)
{
	struct json_out o = { 0 };

	doc_json(v, "D", &o);
	return text_of(&o);
}

static void take_all(struct view *v, const struct set *s)
{
	for (size_t i = 0; i < s->n; i++)
		view_apply(v, &s->e[i]);
}

/* ---- every wrong shape ---- */

#define SHAPES_MAX 4000

struct shapes {
	struct event e[SHAPES_MAX];
	struct buf payload[SHAPES_MAX];
	size_t n;
};

static const char *const wrong[] = { "null", "true", "7", "-7", "0", "1.5",
	"\"t\"", "\"\"", "[]", "[1,[2,[3]]]", "[[1,2]]", "[[1]]", "{}",
	"{\"a\":1}", "{\"bytes\":\"\"}", "{\"bytes\":\"00\"}",
	"{\"bytes\":\"0011223344556677\"}", "{\"position\":[1,2]}",
	"18446744073709551615.0", "9223372036854775807",
	"-9223372036854775808", "{\"a\":{\"b\":{\"c\":{\"d\":{}}}}}" };
#define N_WRONG (sizeof(wrong) / sizeof(wrong[0]))

/* What each kind may have, and a value that it takes. */
static const struct {
	uint16_t kind;
	const char *members[6][2];
} shapes_of[] = {
	{ KIND_RECORD_CREATE, { { "record_id", "\"R\"" }, { "form", "\"f\"" },
		{ "by", "\"b\"" } } },
	{ KIND_FIELD_SET, { { "record_id", "\"R\"" }, { "field", "\"f\"" },
		{ "value", "1" }, { "base", "{\"bytes\":\"\"}" } } },
	{ KIND_FIELD_UNSET, { { "record_id", "\"R\"" }, { "field", "\"f\"" },
		{ "base", "{\"bytes\":\"0011223344556677\"}" } } },
	{ KIND_NOTE_ADD, { { "record_id", "\"R\"" }, { "text", "\"t\"" } } },
	{ KIND_ATTACHMENT_ADD, { { "record_id", "\"R\"" },
		{ "field", "\"f\"" }, { "blob_hash", "\"00\"" },
		{ "size", "1" }, { "mime", "\"m\"" } } },
	{ KIND_COUNTER_ADD, { { "record_id", "\"R\"" },
		{ "counter", "\"n\"" }, { "by", "1" }, { "total", "2" } } },
	{ KIND_PLAN_DELTA, { { "changes", "{\"k\":1}" },
		{ "base", "{\"bytes\":\"0011223344556677\"}" } } },
	{ KIND_PLAN_SET, { { "changes", "{\"k\":1}" } } },
	{ KIND_DOC_INSERT, { { "doc", "\"D\"" }, { "type", "\"t\"" },
		{ "after", "{\"bytes\":\"0011223344556677\"}" },
		{ "pos", "[[1,2]]" }, { "fields", "{\"x\":1}" } } },
	{ KIND_DOC_INSERT, { { "doc", "\"D\"" },
		{ "before", "{\"bytes\":\"0011223344556677\"}" } } },
	{ KIND_DOC_UPDATE, { { "doc", "\"D\"" }, { "field", "\"x\"" },
		{ "element", "{\"bytes\":\"0011223344556677\"}" },
		{ "value", "1" } } },
	{ KIND_DOC_DELETE, { { "doc", "\"D\"" },
		{ "element", "{\"bytes\":\"0011223344556677\"}" } } },
};
#define N_SHAPES (sizeof(shapes_of) / sizeof(shapes_of[0]))

/* The kind's payload with member m spoilt: another value, or left out. */
static void shape_text(char text[400], size_t shape, size_t m,
		       const char *value)
{
	size_t at = 0;

	text[at++] = '{';
	for (size_t i = 0; i < 6 && shapes_of[shape].members[i][0]; i++) {
		const char *const *member = shapes_of[shape].members[i];

		if (i == m && !value)
			continue;
		at += (size_t)snprintf(text + at, 400 - at, "%s\"%s\":%s",
				       at > 1 ? "," : "", member[0],
				       i == m ? value : member[1]);
	}
	snprintf(text + at, 400 - at, "}");
}

static void shape_add(struct shapes *all, size_t shape, const char *text)
{
	struct json *v = json_parse(SPAN_STR(text), NULL);
	struct event *e = &all->e[all->n];

	assert_non_null(v);
	assert_int_equal(payload_from_json(&all->payload[all->n], v), 0);
	*e = (struct event){ .author = SPAN_STR("a"), .seq = all->n + 1,
		.hlc = { all->n, 0 }, .kind = shapes_of[shape].kind,
		.payload = buf_span(&all->payload[all->n]) };
	be_put(e->id, 8, 0x10000 + all->n++);
	json_free(v);
}

static void shapes_make(struct shapes *all)
{
	char text[400];

	for (size_t s = 0; s < N_SHAPES; s++)
		for (size_t m = 0; m < 6 && shapes_of[s].members[m][0]; m++)
			for (size_t i = 0; i <= N_WRONG; i++) {
				shape_text(text, s, m, i < N_WRONG ?
					   wrong[i] : NULL);
				shape_add(all, s, text);
			}
	for (size_t s = 0; s < N_SHAPES; s++)
		for (size_t i = 0; i < N_WRONG; i++)
			shape_add(all, s, wrong[i]);	/* no map at all */
}

/* The view says why it leaves one out, shows the others, and says the same
 * for any order. */
static void test_M15_poison(void **state)
{
	static struct shapes all;
	static const char *const reasons[] = { "bad_type", "bad_value",
		"missing_field", "no_record", "bad_payload" };
	struct view *v = view_new(), *back = view_new();
	unsigned verdicts[VIEW_VERDICT_COUNT] = { 0 };
	char *a, *b;

	(void)state;
	shapes_make(&all);
	for (size_t i = 0; i < all.n; i++) {
		verdicts[view_apply(v, &all.e[i])]++;
		view_apply(back, &all.e[all.n - 1 - i]);
	}
	a = everything(v);
	b = everything(back);
	assert_string_equal(a, b);
	for (size_t i = 0; i < 5; i++)
		assert_non_null(strstr(a, reasons[i]));
	assert_true(verdicts[VIEW_APPLIED] > 100);
	assert_true(all.n - verdicts[VIEW_APPLIED] > 600);
	for (size_t i = 0; i < all.n; i++)
		buf_fini(&all.payload[i]);
	free(a);
	free(b);
	view_free(v);
	view_free(back);
}

/* ---- the view ---- */

/* A later create overrides, also by another; who said so is not lost. */
static void test_M16_two_creators(void **state)
{
	struct set s = { .n = 0 };
	struct view *v = view_new();
	struct json_out o = { 0 };

	(void)state;
	json(&s, "a", KIND_RECORD_CREATE, 10,
	     "{\"record_id\":\"R\",\"by\":\"ann\",\"form\":\"tent\"}");
	json(&s, "b", KIND_RECORD_CREATE, 20,
	     "{\"record_id\":\"R\",\"by\":\"bob\"}");
	assert_int_equal(view_apply(v, json(&s, "b", KIND_RECORD_CREATE, 30,
					    "{\"by\":\"eve\"}")),
			 VIEW_NO_RECORD);
	take_all(v, &s);
	shows(v, "{\"R\":{\"record_id\":\"R\",\"form\":\"tent\","
		 "\"created_by\":\"bob\",\"fields\":{},\"attachments\":[],"
		 "\"notes\":[]}}");
	view_created_json(v, SPAN_STR("R"), &o);
	assert_string_equal(text_of(&o), "{\"record_id\":\"R\",\"created\":["
		"{\"author\":\"b\",\"seq\":2,\"wall_ms\":20,\"counter\":0,"
		"\"by\":\"bob\"},{\"author\":\"a\",\"seq\":1,\"wall_ms\":10,"
		"\"counter\":0,\"form\":\"tent\",\"by\":\"ann\"}],"
		"\"conflict\":true}");
	any_order(&s, 10);
	buf_fini(&o.b);
	view_free(v);
	set_fini(&s);
}

/* ---- the counter ---- */

static enum view_verdict counted(struct view *v, const char *author,
				 const char *step, const char *total)
{
	struct set s = { .n = 0 };
	enum view_verdict verdict;
	char text[200];

	snprintf(text, sizeof(text), "{\"record_id\":\"R\",\"counter\":\"n\","
		 "\"by\":%s,\"total\":%s}", step, total);
	verdict = view_apply(v, json(&s, author, KIND_COUNTER_ADD, 10, text));
	set_fini(&s);
	return verdict;
}

static void count_is(const struct view *v, const char *want)
{
	struct json_out o = { 0 };

	view_why_json(v, SPAN_STR("R"), SPAN_STR("n"), &o);
	assert_non_null(strstr(text_of(&o), want));
	buf_fini(&o.b);
}

static void test_G1_no_negative_total(void **state)
{
	struct view *v = view_new();

	(void)state;
	assert_int_equal(counted(v, "a", "1", "-5"), VIEW_BAD_TYPE);
	assert_int_equal(counted(v, "a", "6", "5"), VIEW_BAD_VALUE);
	shows(v, "{}");
	view_free(v);
}

static void test_G2_integers_only(void **state)
{
	struct view *v = view_new();

	(void)state;
	assert_int_equal(counted(v, "a", "true", "5"), VIEW_BAD_TYPE);
	assert_int_equal(counted(v, "a", "0.5", "5"), VIEW_BAD_TYPE);
	assert_int_equal(counted(v, "a", "1", "5.0"), VIEW_BAD_TYPE);
	assert_int_equal(counted(v, "a", "1", "true"), VIEW_BAD_TYPE);
	shows(v, "{}");
	view_free(v);
}

/* The slot is the author of the event; a payload cannot name another. */
static void test_G3_slot_is_the_author(void **state)
{
	struct set s = { .n = 0 };
	struct view *v = view_new();

	(void)state;
	counted(v, "a", "3", "3");
	view_apply(v, json(&s, "b", KIND_COUNTER_ADD, 10, "{\"record_id\":"
		"\"R\",\"counter\":\"n\",\"author\":\"a\",\"by\":2,"
		"\"total\":2}"));
	count_is(v, "\"count\":5");
	count_is(v, "{\"author\":\"b\",\"seq\":1,\"wall_ms\":10,"
		 "\"counter\":0,\"added\":2}");
	view_free(v);
	set_fini(&s);
}

static void test_G4_no_zero(void **state)
{
	struct view *v = view_new();
	struct buf b = { 0 };

	(void)state;
	assert_int_equal(counted(v, "a", "0", "0"), VIEW_BAD_VALUE);
	assert_int_equal(counted(v, "a", "0", "3"), VIEW_BAD_VALUE);
	assert_int_equal(compose_count(v, SPAN_STR("a"), SPAN_STR("R"),
				       SPAN_STR("n"), SPAN_STR("+0"), &b),
			 -EINVAL);
	shows(v, "{}");
	buf_fini(&b);
	view_free(v);
}

/* ---- the plan ---- */

static void test_P1_a_tie_has_one_winner(void **state)
{
	struct set s = { .n = 0 };

	(void)state;
	plan(&s, "b", 10, "\"right\"", NULL);	/* by author, not by what came last */
	plan(&s, "a", 10, "\"left\"", NULL);
	plan_is(&s, "{\"k\":\"right\"}");
	set_fini(&s);
}

/* Each key keeps the stamp of the delta that wrote it. */
static void test_P2_stamps_are_per_key(void **state)
{
	struct set s = { .n = 0 };

	(void)state;
	json(&s, "a", KIND_PLAN_DELTA, 5, "{\"changes\":{\"x\":\"old\"}}");
	json(&s, "b", KIND_PLAN_DELTA, 20, "{\"changes\":{\"y\":\"new\"}}");
	json(&s, "c", KIND_PLAN_DELTA, 10, "{\"changes\":{\"x\":\"mid\"}}");
	plan_is(&s, "{\"x\":\"mid\",\"y\":\"new\"}");
	set_fini(&s);
}

static void test_P3_numbers_and_text_on_one_key(void **state)
{
	struct set s = { .n = 0 };

	(void)state;
	plan(&s, "a", 10, "9", NULL);
	plan(&s, "b", 20, "\"idle\"", NULL);
	plan(&s, "c", 30, "4", NULL);
	plan_is(&s, "{\"k\":9}");
	plan(&s, "a", 40, "\"burn\"", NULL);
	plan_is(&s, "{\"k\":\"burn\"}");
	set_fini(&s);
}

/* Stamps of 0, and one delta merged with itself. */
static void test_P4_nothing_is_the_least(void **state)
{
	struct set s = { .n = 0 };

	(void)state;
	plan(&s, "a", 0, "\"x\"", NULL);
	plan_is(&s, "{\"k\":\"x\"}");
	plan(&s, "a", 0, "\"x\"", NULL);
	plan(&s, "b", 0, "\"y\"", NULL);
	plan_is(&s, "{\"k\":\"y\"}");
	set_fini(&s);
}

static void test_P5_zero_is_a_number(void **state)
{
	struct set s = { .n = 0 };

	(void)state;
	plan(&s, "a", 10, "0", NULL);
	plan(&s, "b", 20, "-4", NULL);
	plan_is(&s, "{\"k\":0}");
	set_fini(&s);
}

/* The state names its events by (author, seq): it does not grow with merging,
 * and merging with itself is itself. */
static void test_P6_P7_identity_of_a_state(void **state)
{
	struct set s = { .n = 0 };
	struct view *v = view_new();
	struct json_out o = { 0 };

	(void)state;
	plan(&s, "a", 10, "1", NULL);
	plan(&s, "", 20, "\"z\"", NULL);
	for (int i = 0; i < 5; i++)
		take_all(v, &s);
	view_plan_json(v, &o);
	assert_string_equal(text_of(&o), "{\"plan\":{\"k\":\"z\"},"
			    "\"version_vector\":{\"\":2,\"a\":1}}");
	o.b.len = 0;
	o.comma = false;
	view_plan_why_json(v, SPAN_STR("k"), &o);	/* whose it is */
	assert_non_null(strstr(text_of(&o), "\"heads\":[{\"author\":\"\""));
	any_order(&s, 10);
	buf_fini(&o.b);
	view_free(v);
	set_fini(&s);
}

/* Neither NaN nor the spelling of a number decides by order. */
static void test_P8_P11_numbers_are_exact(void **state)
{
	struct set s = { .n = 0 };

	(void)state;
	assert_int_equal(payload_check(SPAN("\xf9\x7e\x00", 3)),
			 PAYLOAD_FLOAT);
	plan(&s, "a", 10, "1", NULL);
	plan(&s, "b", 20, "1.0", NULL);
	plan_is(&s, "{\"k\":1.0}");
	plan(&s, "c", 5, "9007199254740993", NULL);
	plan(&s, "c", 6, "9007199254740992.0", NULL);
	plan_is(&s, "{\"k\":9007199254740993}");
	set_fini(&s);
}

static void test_P9_lowered_by_plan_set(void **state)
{
	struct set s = { .n = 0 };

	(void)state;
	plan(&s, "a", 10, "9", NULL);
	plan(&s, "b", 20, "2", NULL);
	plan_is(&s, "{\"k\":9}");
	plan(&s, "c", 30, "2", NULL)->kind = KIND_PLAN_SET;
	plan_is(&s, "{\"k\":2}");
	set_fini(&s);
}

/* What has seen another is later, whatever the clocks said. */
static void test_P10_causality_beats_clocks(void **state)
{
	struct set s = { .n = 0 };
	struct event *seen;

	(void)state;
	seen = plan(&s, "b", 1000000, "\"first\"", NULL);
	plan(&s, "a", 10, "\"then\"", seen);
	plan(&s, "c", 999999, "\"beside\"", NULL);
	plan_is(&s, "{\"k\":\"then\"}");
	set_fini(&s);
}

/* ---- documents ---- */

/* A document is made of all feeds that have operations for it; nobody lists
 * them. */
static void test_C1_no_replica_forgotten(void **state)
{
	struct set s = { .n = 0 };
	struct view *v = view_new();
	struct json_out o = { 0 };

	(void)state;
	json(&s, "a", KIND_DOC_INSERT, 10, "{\"doc\":\"D\"}");
	json(&s, "b", KIND_DOC_INSERT, 11, "{\"doc\":\"D\"}");
	json(&s, "c", KIND_DOC_DELETE, 11, "{\"doc\":\"D\",\"element\":"
	     "{\"bytes\":\"0000000000000000\"}}");
	take_all(v, &s);
	view_doc_version_json(v, SPAN_STR("D"), &o);
	assert_string_equal(text_of(&o), "{\"a\":1,\"b\":2,\"c\":3}");
	buf_fini(&o.b);
	view_free(v);
	set_fini(&s);
}

/* The stamp of a register is the event's own; of equal ones the author, then
 * seq and id, decide: never the order. */
static void test_C2_one_clock(void **state)
{
	struct set s = { .n = 0 };
	char text[160], hex[17];
	struct event *e;

	(void)state;
	e = json(&s, "a", KIND_DOC_INSERT, 10, "{\"doc\":\"D\"}");
	for (int i = 0; i < 4; i++) {
		snprintf(text, sizeof(text), "{\"doc\":\"D\",\"element\":"
			 "{\"bytes\":\"%s\"},\"field\":\"x\",\"value\":%d}",
			 hex_encode(hex, SPAN(e->id, 8)), i);
		json(&s, i % 2 ? "a" : "b", KIND_DOC_UPDATE, 20, text);
	}
	any_order(&s, 30);
	set_fini(&s);
}

/* Ids cannot clash by chance; where two do, one insert counts, everywhere the
 * same. */
static void test_C3_two_inserts_of_one_id(void **state)
{
	struct set s = { .n = 0 };

	(void)state;
	json(&s, "a", KIND_DOC_INSERT, 10, "{\"doc\":\"D\",\"type\":\"a\"}");
	json(&s, "b", KIND_DOC_INSERT, 9, "{\"doc\":\"D\",\"type\":\"b\"}");
	json(&s, "c", KIND_DOC_INSERT, 8, "{\"doc\":\"D\",\"type\":\"c\"}");
	memcpy(s.e[1].id, s.e[0].id, EVENT_ID_SIZE);
	any_order(&s, 30);
	set_fini(&s);
}

/* Update and delete before the insert; an element without one is not shown. */
static void test_C4_operations_wait(void **state)
{
	struct set s = { .n = 0 };
	struct view *v = view_new();
	struct event *e;
	char text[160], hex[17], *shown;

	(void)state;
	e = json(&s, "a", KIND_DOC_INSERT, 10, "{\"doc\":\"D\"}");
	snprintf(text, sizeof(text), "{\"doc\":\"D\",\"element\":{\"bytes\":"
		 "\"%s\"},\"field\":\"x\",\"value\":1}",
		 hex_encode(hex, SPAN(e->id, 8)));
	view_apply(v, json(&s, "b", KIND_DOC_UPDATE, 1, text));
	shown = doc_of(v);
	assert_string_equal(shown, "[]");
	free(shown);
	view_apply(v, &s.e[0]);
	shown = doc_of(v);
	assert_non_null(strstr(shown, "\"fields\":{\"x\":1}"));
	free(shown);
	any_order(&s, 10);
	view_free(v);
	set_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_M15_poison),
		cmocka_unit_test(test_M16_two_creators),
		cmocka_unit_test(test_G1_no_negative_total),
		cmocka_unit_test(test_G2_integers_only),
		cmocka_unit_test(test_G3_slot_is_the_author),
		cmocka_unit_test(test_G4_no_zero),
		cmocka_unit_test(test_P1_a_tie_has_one_winner),
		cmocka_unit_test(test_P2_stamps_are_per_key),
		cmocka_unit_test(test_P3_numbers_and_text_on_one_key),
		cmocka_unit_test(test_P4_nothing_is_the_least),
		cmocka_unit_test(test_P5_zero_is_a_number),
		cmocka_unit_test(test_P6_P7_identity_of_a_state),
		cmocka_unit_test(test_P8_P11_numbers_are_exact),
		cmocka_unit_test(test_P9_lowered_by_plan_set),
		cmocka_unit_test(test_P10_causality_beats_clocks),
		cmocka_unit_test(test_C1_no_replica_forgotten),
		cmocka_unit_test(test_C2_one_clock),
		cmocka_unit_test(test_C3_two_inserts_of_one_id),
		cmocka_unit_test(test_C4_operations_wait),
	};

	if (crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
