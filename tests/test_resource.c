/* SPDX-License-Identifier: MIT
 *
 * Resources: merges with a base, patterns, heads and what policies make of
 * them in any order of events, and each fault of the local controller (O1..O6)
 * that must not be one here.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "lib/base/crypto.h"
#include "lib/view/compose_resource.h"

/* ---- two stations: events that each wrote, shown to either ---- */

#define EVENTS_MAX 64

struct world {
	struct event e[EVENTS_MAX];
	struct buf payload[EVENTS_MAX];
	size_t n;
	uint64_t seq[2], wall_ms;
	struct view *view[2];
};

static const char *const authors[2] = { "ada", "bob" };

static void world_open(struct world *w)
{
	*w = (struct world){ .wall_ms = 1000,
			     .view = { view_new(), view_new() } };
}

static void world_close(struct world *w)
{
	for (size_t i = 0; i < w->n; i++)
		buf_fini(&w->payload[i]);
	view_free(w->view[0]);
	view_free(w->view[1]);
}

/* Written at station `who`; the other hears of it by world_meet. */
static void world_write(struct world *w, int who, uint16_t kind,
			struct buf *payload)
{
	struct event *e = &w->e[w->n];

	w->payload[w->n] = *payload;
	*e = (struct event){
		.author = SPAN_STR(authors[who]), .seq = ++w->seq[who],
		.hlc = { w->wall_ms += 1000, 0 }, .kind = kind,
		.payload = buf_span(&w->payload[w->n]),
	};
	event_id_next(e->id, w->n ? w->e[w->n - 1].id : e->id, e);
	w->n++;
	assert_int_equal(view_apply(w->view[who], e), VIEW_APPLIED);
}

/* Both see everything; the second from the end. */
static void world_meet(struct world *w)
{
	uint8_t a[32], b[32];

	for (int who = 0; who < 2; who++) {
		view_reset(w->view[who]);
		for (size_t i = 0; i < w->n; i++)
			view_apply(w->view[who],
				   &w->e[who ? w->n - 1 - i : i]);
	}
	view_hash(w->view[0], a);
	view_hash(w->view[1], b);
	assert_memory_equal(a, b, sizeof(a));
}

static void policy(struct world *w, const char *pattern, const char *strategy,
		   uint64_t max_age_s)
{
	struct buf b = { 0 };

	assert_int_equal(compose_resource_policy(w->view[0], SPAN_STR(pattern),
				SPAN_STR(strategy), max_age_s, &b), 0);
	world_write(w, 0, KIND_RESOURCE_POLICY, &b);
	world_meet(w);
}

static struct json *look(struct world *w, int who)
{
	struct json_out o = { 0 };
	struct json *v;

	view_resource_json(w->view[who], SPAN_STR("plan.txt"), &o);
	v = json_parse(buf_span(&o.b), NULL);
	buf_fini(&o.b);
	return v;
}

static struct resource_token begin(struct world *w, int who)
{
	struct json *v = look(w, who);
	struct span text = json_string(json_get(v, "token"));
	struct resource_token t;

	assert_int_equal(resource_token_parse(&t, text.n ? text :
					      SPAN_STR("0")), 0);
	json_free(v);
	return t;
}

static enum resource_outcome commit(struct world *w, int who,
				    struct resource_token t,
				    const char *content, bool beside)
{
	struct resource_work work = {
		.name = SPAN_STR("plan.txt"), .content = SPAN_STR(content),
		.token = t, .now_s = 1000, .beside = beside,
	};
	enum resource_outcome outcome;
	struct buf b = { 0 };

	assert_int_equal(compose_resource_commit(w->view[who], &work, &outcome,
						 &b), 0);
	if (b.len)
		world_write(w, who, KIND_RESOURCE_COMMIT, &b);
	else
		buf_fini(&b);
	assert_true(strlen(resource_outcome_name(outcome)) > 4);
	return outcome;
}

static void shows(struct world *w, const char *content, bool conflict,
		  size_t heads)
{
	for (int who = 0; who < 2; who++) {
		struct json *v = look(w, who);
		struct span s = json_string(json_get(v, "content"));

		assert_true(span_equal(s, SPAN_STR(content)));
		assert_int_equal(json_bool(json_get(v, "conflict")), conflict);
		assert_int_equal(json_len(json_get(v, "heads")), heads);
		json_free(v);
	}
}

/* Both write over `base` without knowing of each other. */
static void split(struct world *w, const char *base, const char *a,
		  const char *b)
{
	struct resource_token ta, tb;

	commit(w, 0, begin(w, 0), base, false);
	world_meet(w);
	ta = begin(w, 0);
	tb = begin(w, 1);
	assert_int_equal(commit(w, 0, ta, a, false), RESOURCE_COMMITTED);
	assert_int_equal(commit(w, 1, tb, b, false), RESOURCE_COMMITTED);
	world_meet(w);
}

/* ---- faults of the original, by their number ---- */

/* fww, the same author on two devices: the version decides, not who. */
static void test_O1_same_author_twice(void **state)
{
	struct resource_token old;
	struct world w;

	(void)state;
	world_open(&w);
	policy(&w, "*", "fww", 0);
	commit(&w, 0, begin(&w, 0), "one", false);
	old = begin(&w, 0);
	commit(&w, 0, begin(&w, 0), "two", false);
	assert_int_equal(commit(&w, 0, old, "late", false), RESOURCE_REJECTED);
	world_meet(&w);
	shows(&w, "two", false, 1);
	world_close(&w);
}

/* Two stations reach "version 1" with other contents; a token of one is not
 * one of the other. */
static void test_O2_equal_numbers(void **state)
{
	struct resource_token of_a;
	struct world w;

	(void)state;
	world_open(&w);
	commit(&w, 0, begin(&w, 0), "hers", false);
	commit(&w, 1, begin(&w, 1), "his", false);
	of_a = begin(&w, 0);
	assert_int_equal(of_a.version, begin(&w, 1).version);
	assert_int_equal(commit(&w, 1, of_a, "over it", false),
			 RESOURCE_ESCALATED);
	world_meet(&w);
	shows(&w, "his", true, 2);
	world_close(&w);
}

/* A token of versions that nobody holds makes no version out of nothing. */
static void test_O3_unknown_base(void **state)
{
	struct resource_token t = { .version = 41, .n = 1, .ids = { 7 } };
	struct world w;

	(void)state;
	world_open(&w);
	assert_int_equal(commit(&w, 0, t, "new", false), RESOURCE_ESCALATED);
	policy(&w, "*", "lww", 0);
	assert_int_equal(commit(&w, 0, t, "new", false), RESOURCE_ESCALATED);
	assert_int_equal(w.n, 1);
	world_close(&w);
}

static uint64_t stat(struct world *w, int who, const char *key)
{
	struct json_out o = { 0 };
	struct json *v;
	uint64_t n;

	view_resource_stats_json(w->view[who], &o);
	v = json_parse(buf_span(&o.b), NULL);
	n = (uint64_t)json_int(json_get(v, key));
	json_free(v);
	buf_fini(&o.b);
	return n;
}

/* Conflicts are counted from what is held: a restart, or another station,
 * counts the same, and none is forgotten. */
static void test_O4_counted_from_the_log(void **state)
{
	struct world w;

	(void)state;
	world_open(&w);
	for (int i = 0; i < 10; i++)
		split(&w, i ? "base again" : "base", "a", "b");
	for (int who = 0; who < 2; who++) {
		assert_int_equal(stat(&w, who, "resources"), 1);
		assert_int_equal(stat(&w, who, "commits"), 30);
		assert_int_equal(stat(&w, who, "conflicts"), 10);
		assert_int_equal(stat(&w, who, "merges"), 9);
		assert_int_equal(stat(&w, who, "open"), 1);
	}
	world_close(&w);
}

static void merged(enum merge_kind kind, const char *base, const char *a,
		   const char *b, const char *want)
{
	struct span s = SPAN_STR(base);
	struct buf out = { 0 };

	assert_int_equal(merge_contents(&out, kind, &s, SPAN_STR(a),
					SPAN_STR(b)), 0);
	if (!span_equal(buf_span(&out), SPAN_STR(want)))
		fail_msg("%.*s", (int)out.len, (const char *)out.p);
	buf_fini(&out);
}

/* Three-way: deleted lines stay away, the same twice is once, and all
 * stations compute the same. */
static void test_O5_three_way(void **state)
{
	struct world w;

	(void)state;
	merged(MERGE_TEXT, "1\n2\n3\n", "1\n3\n", "1\n2\n3\n4\n", "1\n3\n4\n");
	merged(MERGE_TEXT, "1\n2\n3", "1\nx\n3", "1\n2\ny\n3", "1\nx\ny\n3");
	merged(MERGE_TEXT, "1\n2", "1\n2", "1\n2", "1\n2");
	merged(MERGE_TEXT, "1\n", "1\nnew\n", "1\nnew\n", "1\nnew\n");
	merged(MERGE_TEXT, "", "a\n", "b\n", "a\nb\n");
	merged(MERGE_TEXT, "a\nb", "a\nb\n", "a\nb", "a\nb\n");
	merged(MERGE_TEXT, "a\na\n", "a\n", "a\na\na\n", "a\na\n");
	merged(MERGE_TEXT, "x\n", "", "x\n", "");
	merged(MERGE_APPEND, "log\n", "log\na\n", "log\nb\n", "log\na\nb\n");
	merged(MERGE_APPEND, "log", "log\na", "log\na", "log\na");
	merged(MERGE_APPEND, "log", "log\na", "log", "log\na");
	merged(MERGE_APPEND, "", "a", "b", "a\nb");
	merged(MERGE_JSON, "{\"a\":1,\"b\":2,\"c\":3}", "{\"a\":9,\"c\":3}",
	       "{\"a\":1,\"b\":2,\"c\":4}", "{\n  \"a\": 9,\n  \"c\": 4\n}");
	merged(MERGE_JSON, "{\"o\":{\"x\":1}}", "{\"o\":{\"x\":1,\"y\":2}}",
	       "{\"o\":{}}", "{\n  \"o\": {\n    \"y\": 2\n  }\n}");
	world_open(&w);
	policy(&w, "*", "merge:text", 0);
	split(&w, "tea\nmilk\n", "tea\nmilk\nbread\n", "milk\nsugar\n");
	shows(&w, "milk\nbread\nsugar\n", false, 2);
	assert_int_equal(commit(&w, 1, begin(&w, 1), "milk\nbread\nsugar\n",
				false), RESOURCE_COMMITTED);
	world_meet(&w);
	shows(&w, "milk\nbread\nsugar\n", false, 1);
	world_close(&w);
}

/* A commit that is late merges by itself, since the contents are at hand. */
static void test_O6_policy_merges(void **state)
{
	struct resource_token late;
	struct world w;

	(void)state;
	world_open(&w);
	policy(&w, "*", "merge:json", 0);
	commit(&w, 0, begin(&w, 0), "{\"beds\":1,\"food\":1}", false);
	late = begin(&w, 0);
	commit(&w, 0, begin(&w, 0), "{\"beds\":2,\"food\":1}", false);
	assert_int_equal(commit(&w, 0, late, "{\"beds\":1,\"food\":7}", false),
			 RESOURCE_MERGED);
	world_meet(&w);
	shows(&w, "{\n  \"beds\": 2,\n  \"food\": 7\n}", false, 1);
	assert_int_equal(commit(&w, 0, late, "no json", false),
			 RESOURCE_ESCALATED);
	world_close(&w);
}

/* ---- policies ---- */

static void test_strategies(void **state)
{
	struct world w;

	(void)state;
	world_open(&w);
	split(&w, "base", "a", "b");
	shows(&w, "b", true, 2);
	policy(&w, "*", "fww", 0);
	shows(&w, "a", false, 2);
	policy(&w, "plan.*", "lww", 0);
	shows(&w, "b", false, 2);
	policy(&w, "plan.txt", "merge:checker", 0);
	shows(&w, "b", true, 2);
	policy(&w, "plan.txt", "merge:json", 0);	/* no JSON: both stand */
	shows(&w, "b", true, 2);
	policy(&w, "plan.txt", "merge:append", 0);
	shows(&w, "a\nb", false, 2);
	world_close(&w);
}

static void test_equal_heads_are_one(void **state)
{
	struct world w;

	(void)state;
	world_open(&w);
	split(&w, "base", "same", "same");
	shows(&w, "same", false, 2);
	world_close(&w);
}

static void test_retry(void **state)
{
	struct resource_token old;
	struct world w;

	(void)state;
	world_open(&w);
	policy(&w, "*", "retry:2", 0);
	commit(&w, 0, begin(&w, 0), "1", false);
	old = begin(&w, 0);
	commit(&w, 0, begin(&w, 0), "2", false);
	assert_int_equal(commit(&w, 0, old, "x", false), RESOURCE_RETRY);
	commit(&w, 0, begin(&w, 0), "3", false);
	assert_int_equal(commit(&w, 0, old, "x", false), RESOURCE_ESCALATED);
	assert_int_equal(commit(&w, 0, old, "x", true), RESOURCE_COMMITTED);
	world_meet(&w);
	shows(&w, "x", true, 2);
	world_close(&w);
}

static void test_token_age(void **state)
{
	struct resource_token t;
	struct world w;

	(void)state;
	world_open(&w);
	policy(&w, "*", "lww", 60);
	t = begin(&w, 0);
	assert_int_equal(commit(&w, 0, t, "x", false), RESOURCE_STALE);
	t.begun_s = 939;
	assert_int_equal(commit(&w, 0, t, "x", false), RESOURCE_STALE);
	t.begun_s = 940;
	assert_int_equal(commit(&w, 0, t, "x", false), RESOURCE_COMMITTED);
	world_close(&w);
}

static void test_tokens(void **state)
{
	static const char *const bad[] = {
		"", "x", "-", "1-", "1-00", "1-0000000000000000x", "1@", "1@x",
		"1-zzzzzzzzzzzzzzzz", "99999999999999999999999", "1 ",
	};
	struct resource_token t;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_not_equal(resource_token_parse(&t,
					SPAN_STR(bad[i])), 0);
	assert_int_equal(resource_token_parse(&t, SPAN_STR(
		"7-00000000000000ff-0123456789abcdef@1767225600")), 0);
	assert_int_equal(t.version, 7);
	assert_int_equal(t.n, 2);
	assert_int_equal(t.ids[0], 255);
	assert_int_equal(t.begun_s, 1767225600);
}

static void test_patterns(void **state)
{
	static const struct {
		const char *pattern, *name;
		bool fits;
	} cases[] = {
		{ "*", "", true }, { "", "", true }, { "", "a", false },
		{ "a*c", "abbbc", true }, { "a*c", "abbb", false },
		{ "?b", "ab", true }, { "?b", "b", false },
		{ "*.txt", "plan.txt", true }, { "a*b*c", "aXbYbc", true },
		{ "*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(pattern_fits(SPAN_STR(cases[i].pattern),
					      SPAN_STR(cases[i].name)),
				 cases[i].fits);
	assert_true(pattern_compare(SPAN_STR("plan.txt"),
				    SPAN_STR("plan.*")) < 0);
	assert_true(pattern_compare(SPAN_STR("plan.*"), SPAN_STR("*.txt")) < 0);
	assert_true(pattern_compare(SPAN_STR("*.txt"), SPAN_STR("*")) < 0);
	assert_int_equal(pattern_compare(SPAN_STR("*"), SPAN_STR("*")), 0);
}

static void rejected(const char *json, uint16_t kind, enum view_verdict why)
{
	struct json *v = json_parse(SPAN_STR(json), NULL);
	struct view *view = view_new();
	struct buf b = { 0 };
	struct event e = { .author = SPAN_STR("a"), .seq = 1, .kind = kind };

	assert_int_equal(payload_from_json(&b, v), 0);
	e.payload = buf_span(&b);
	assert_int_equal(view_apply(view, &e), why);
	view_free(view);
	buf_fini(&b);
	json_free(v);
}

static void test_wrong_payloads(void **state)
{
	(void)state;
	rejected("{\"resource\":\"x\"}", KIND_RESOURCE_COMMIT,
		 VIEW_MISSING_FIELD);
	rejected("{\"value\":\"x\"}", KIND_RESOURCE_COMMIT,
		 VIEW_MISSING_FIELD);
	rejected("{\"resource\":\"x\",\"value\":7}", KIND_RESOURCE_COMMIT,
		 VIEW_BAD_TYPE);
	rejected("{\"resource\":7,\"value\":\"x\"}", KIND_RESOURCE_COMMIT,
		 VIEW_BAD_TYPE);
	rejected("{\"resource\":\"x\",\"value\":\"x\",\"base\":{\"bytes\":"
		 "\"00\"}}", KIND_RESOURCE_COMMIT, VIEW_BAD_TYPE);
	rejected("{\"pattern\":\"x\",\"strategy\":\"coin\"}",
		 KIND_RESOURCE_POLICY, VIEW_BAD_VALUE);
	rejected("{\"pattern\":\"x\",\"strategy\":\"merge:../sh\"}",
		 KIND_RESOURCE_POLICY, VIEW_BAD_VALUE);
	rejected("{\"pattern\":\"x\",\"strategy\":\"lww\",\"max_age_s\":-1}",
		 KIND_RESOURCE_POLICY, VIEW_BAD_TYPE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_O1_same_author_twice),
		cmocka_unit_test(test_O2_equal_numbers),
		cmocka_unit_test(test_O3_unknown_base),
		cmocka_unit_test(test_O4_counted_from_the_log),
		cmocka_unit_test(test_O5_three_way),
		cmocka_unit_test(test_O6_policy_merges),
		cmocka_unit_test(test_strategies),
		cmocka_unit_test(test_equal_heads_are_one),
		cmocka_unit_test(test_retry),
		cmocka_unit_test(test_token_age),
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_wrong_payloads),
	};

	if (crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
