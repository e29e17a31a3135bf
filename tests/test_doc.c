/* SPDX-License-Identifier: MIT
 *
 * Documents: their order, what waits for what, and two who type at once.
 */
#include "tests/view_set.h"
#include <errno.h>
#include "lib/view/compose.h"

static struct event *insert(struct set *s, const char *author,
			    uint64_t wall_ms, const char *side,
			    const struct event *beside, const char *text)
{
	return set_json(s, author, KIND_DOC_INSERT, wall_ms,
			"{\"doc\":\"D\",\"fields\":{\"text\":\"%s\"}"
			"%s%s%s%s%s}", text, beside ? ",\"" : "",
			beside ? side : "", beside ? "\":{\"bytes\":\"" : "",
			beside ? hex_of(beside) : "", beside ? "\"}" : "");
}

static void doc_text(const struct view *v, struct json_out *o)
{
	struct json_out all = { 0 };
	struct json *list;

	doc_json(v, "D", &all);
	list = json_parse(buf_span(&all.b), NULL);
	for (size_t i = 0; i < json_len(list); i++)
		buf_printf(&o->b, "%s ", (const char *)json_string(json_get(
			json_get(json_at(list, i), "fields"), "text")).p);
	json_free(list);
	buf_fini(&all.b);
}

static void test_doc(void **state)
{
	struct set s = { .n = 0 };
	struct event *one, *two, *three;

	(void)state;
	one = insert(&s, "a", 10, NULL, NULL, "one");
	three = insert(&s, "a", 11, "after", one, "three");
	two = insert(&s, "b", 12, "before", three, "two");
	says(&s, doc_text, "one two three ");
	set_json(&s, "c", KIND_DOC_UPDATE, 9, "{\"doc\":\"D\",\"element\":"
		 "{\"bytes\":\"%s\"},\"field\":\"text\",\"value\":\"zwei\","
		 "\"base\":{\"bytes\":\"%s\"}}", hex_of(two), hex_of(two));
	says(&s, doc_text, "one zwei three ");
	set_json(&s, "c", KIND_DOC_DELETE, 1, "{\"doc\":\"D\",\"element\":"
		 "{\"bytes\":\"%s\"}}", hex_of(one));
	says(&s, doc_text, "zwei three ");
	set_fini(&s);
}

/* Operations wait for their element, elements for their neighbour. */
static void test_doc_waits(void **state)
{
	struct set s = { .n = 0 }, late = { .n = 0 };
	struct event *one, *gone;

	(void)state;
	one = insert(&late, "z", 10, NULL, NULL, "late");
	gone = insert(&s, "a", 1, NULL, NULL, "first");
	insert(&s, "a", 5, "after", one, "waits");
	insert(&s, "a", 6, "after", gone, "second");
	set_json(&s, "a", KIND_DOC_UPDATE, 20, "{\"doc\":\"D\",\"element\":"
		 "{\"bytes\":\"%s\"},\"field\":\"text\",\"value\":\"came\"}",
		 hex_of(one));
	says(&s, doc_text, "first second waits ");
	s.e[s.n] = *one;
	s.payload[s.n++] = late.payload[0];
	says(&s, doc_text, "first second came waits ");
	set_fini(&s);
}

/* Two type at one place, one of them backwards: no run is torn. */
static void test_doc_runs(void **state)
{
	struct set s = { .n = 0 };
	struct event *start, *a = NULL, *b = NULL;
	char name[16];

	(void)state;
	start = insert(&s, "a", 1, NULL, NULL, "start");
	insert(&s, "a", 2, "after", start, "end");
	for (int i = 0; i < 5; i++) {
		snprintf(name, sizeof(name), "a%d", i);
		a = insert(&s, "a", 10 + 2 * (uint64_t)i, a ? "after" :
			   "before", a ? a : &s.e[1], name);
		snprintf(name, sizeof(name), "b%d", i);
		b = insert(&s, "b", 11 + 2 * (uint64_t)i, "before",
			   b ? b : &s.e[1], name);
	}
	says(&s, doc_text, "start a0 a1 a2 a3 a4 b4 b3 b2 b1 b0 end ");
	set_fini(&s);
}

/* ---- two stations cut off, a document of 10,000 elements ---- */

#define LONG_DOC 10000
#define RUN 25

struct typist {
	struct view *v;
	const char *name;
	struct event *e;	/* what it wrote */
	struct buf *payload;
	size_t n;
};

static void typist_type(struct typist *t, enum compose_where where,
			const char *at, const char *word)
{
	struct event *e = &t->e[t->n];
	struct buf *b = &t->payload[t->n];
	char text[64];
	struct json *fields;

	snprintf(text, sizeof(text), "{\"text\":\"%s\"}", word);
	fields = json_parse(SPAN_STR(text), NULL);
	*b = (struct buf){ 0 };
	assert_int_equal(compose_doc_insert(t->v, SPAN_STR("D"), where,
			 SPAN_STR(at), SPAN("", 0), fields, b), 0);
	json_free(fields);
	*e = (struct event){ .author = SPAN_STR(t->name), .seq = ++t->n,
		.hlc = { 1000 + t->n, 0 }, .kind = KIND_DOC_INSERT,
		.payload = buf_span(b) };
	for (int i = 0; i < 8; i++)
		e->id[i] = (uint8_t)rnd(256);
	assert_int_equal(view_apply(t->v, e), VIEW_APPLIED);
}

/* Runs of RUN words, each at a place of the shared text; every other run is
 * typed backwards. */
static void typist_work(struct typist *t, unsigned runs, unsigned shared)
{
	char word[32], at[16];

	for (unsigned run = 0; run < runs; run++) {
		unsigned place = 1 + rnd(shared - 1);

		for (unsigned i = 0; i < RUN; i++) {
			bool back = run % 2;

			snprintf(word, sizeof(word), "%s%u.%u", t->name, run,
				 back ? RUN - 1 - i : i);
			snprintf(at, sizeof(at), "%u", back ? place :
				 place + i);
			typist_type(t, COMPOSE_AFTER, at, word);
		}
	}
}

static void typist_init(struct typist *t, const char *name, size_t cap)
{
	*t = (struct typist){ .v = view_new(), .name = name };
	t->e = calloc(cap, sizeof(*t->e));
	t->payload = calloc(cap, sizeof(*t->payload));
}

static void typist_fini(struct typist *t)
{
	for (size_t i = 0; i < t->n; i++)
		buf_fini(&t->payload[i]);
	free(t->e);
	free(t->payload);
	view_free(t->v);
}

static void typist_hear(struct typist *t, const struct typist *from,
			size_t first)
{
	for (size_t i = from->n; i-- > first;)
		assert_int_equal(view_apply(t->v, &from->e[i]), VIEW_APPLIED);
}

/* A run that another run was typed into is in more pieces, but never with
 * words of a station that did not see it in between. */
static unsigned words_out_of_turn(const struct view *v, const char *name)
{
	struct json_out all = { 0 };
	unsigned bad = 0, run, word, last_run = ~0U, last = 0;
	const char *other = *name == 'x' ? "y" : "x";
	bool torn = false;
	struct json *list;

	doc_json(v, "D", &all);
	list = json_parse(buf_span(&all.b), NULL);
	for (size_t i = 0; i < json_len(list); i++) {
		const char *text = (const char *)json_string(json_get(json_get(
			json_at(list, i), "fields"), "text")).p;

		if (*text == *other)
			torn = true;
		if (*text != *name ||
		    sscanf(text + 1, "%u.%u", &run, &word) != 2)
			continue;
		bad += torn && run == last_run && word == last + 1;
		torn = false;
		last_run = run;
		last = word;
	}
	json_free(list);
	buf_fini(&all.b);
	return bad;
}

static void test_doc_of_ten_thousand(void **state)
{
	struct typist x, y;
	unsigned half = LONG_DOC / 2, runs = LONG_DOC / 4 / RUN;
	uint8_t a[32], b[32];

	(void)state;
	typist_init(&x, "x", LONG_DOC);
	typist_init(&y, "y", LONG_DOC);
	for (unsigned i = 0; i < half; i++) {	/* ids known: no look each */
		char text[80];
		struct json *v;
		struct event *e = &x.e[i];

		snprintf(text, sizeof(text), i ? "{\"doc\":\"D\",\"after\":"
			 "{\"bytes\":\"%s\"}}" : "{\"doc\":\"D\"}",
			 i ? hex_of(e - 1) : "");
		v = json_parse(SPAN_STR(text), NULL);
		payload_from_json(&x.payload[i], v);
		json_free(v);
		*e = (struct event){ .author = SPAN_STR("x"), .seq = i + 1,
			.hlc = { i, 0 }, .kind = KIND_DOC_INSERT,
			.payload = buf_span(&x.payload[i]) };
		be_put(e->id, 8, 0x1000000 + i);
		view_apply(x.v, e);
	}
	x.n = half;
	typist_hear(&y, &x, 0);
	typist_work(&x, runs, half);
	typist_work(&y, runs, half);
	typist_hear(&y, &x, half);
	typist_hear(&x, &y, 0);
	view_hash(x.v, a);
	view_hash(y.v, b);
	assert_memory_equal(a, b, 32);
	assert_int_equal(words_out_of_turn(x.v, "x"), 0);
	assert_int_equal(words_out_of_turn(x.v, "y"), 0);
	typist_fini(&x);
	typist_fini(&y);
}

static void test_doc_restore(void **state)
{
	struct typist t;
	struct buf b = { 0 };
	struct event e;
	struct json_out o = { 0 };
	char id[24];

	(void)state;
	typist_init(&t, "t", 10);
	typist_type(&t, COMPOSE_END, "", "one");
	typist_type(&t, COMPOSE_END, "", "two");
	typist_type(&t, COMPOSE_END, "", "three");
	snprintf(id, sizeof(id), "@%s", hex_of(&t.e[1]));
	assert_int_equal(compose_doc_restore(t.v, SPAN_STR("D"), SPAN_STR(id),
					     &b), -EEXIST);
	assert_int_equal(compose_doc_delete(t.v, SPAN_STR("D"), SPAN_STR("2"),
					    &b), 0);
	e = (struct event){ .author = SPAN_STR("t"), .seq = 4,
		.kind = KIND_DOC_DELETE, .payload = buf_span(&b) };
	view_apply(t.v, &e);
	doc_text(t.v, &o);
	json_is_text(&o, "one three ");
	b.len = 0;
	assert_int_equal(compose_doc_update(t.v, SPAN_STR("D"), SPAN_STR(id),
					    SPAN_STR("text"), NULL, &b), -EALREADY);
	assert_int_equal(compose_doc_delete(t.v, SPAN_STR("D"), SPAN_STR(id),
					    &b), -EALREADY);
	assert_int_equal(compose_doc_restore(t.v, SPAN_STR("D"), SPAN_STR(id),
					     &b), 0);
	e = (struct event){ .author = SPAN_STR("t"), .seq = 5, .id = { 77 },
		.kind = KIND_DOC_INSERT, .payload = buf_span(&b) };
	view_apply(t.v, &e);
	doc_text(t.v, &o);
	json_is_text(&o, "one two three ");
	assert_int_equal(compose_doc_delete(t.v, SPAN_STR("D"), SPAN_STR("4"),
					    &b), -ENOENT);
	assert_int_equal(compose_doc_delete(t.v, SPAN_STR("E"), SPAN_STR("1"),
					    &b), -ENOENT);
	buf_fini(&b);
	typist_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_doc),
		cmocka_unit_test(test_doc_waits),
		cmocka_unit_test(test_doc_runs),
		cmocka_unit_test(test_doc_of_ten_thousand),
		cmocka_unit_test(test_doc_restore),
	};

	if (crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
