/* SPDX-License-Identifier: MIT
 *
 * gcounter.json: counters as states that grow and join.
 */
#include <stdio.h>
#include <stdlib.h>
#include "lib/view/counter.h"
#include "tests/vectors.h"

#define STATES_MAX 256

static const uint8_t seed[16];

struct states {
	struct counter c[STATES_MAX];
	size_t n;
	struct table labels;
};

static struct order said_by(struct states *s, struct span agent)
{
	return (struct order){ .author = table_get(&s->labels, seed, agent,
					sizeof(struct table_entry)) };
}

static void raise(struct states *s, struct counter *c, struct span agent,
		  uint64_t total)
{
	struct order at = said_by(s, agent);

	counter_raise(c, seed, &at, COUNTER_ADDED, total);
}

/* Each slot of `from` is said to `to`. */
static void join(struct states *s, struct counter *to,
		 const struct counter *from)
{
	struct table_entry **list = table_sorted(&from->slots);

	for (size_t i = 0; i < from->slots.n; i++)
		raise(s, to, list[i]->key,
		      ((struct counter_slot *)list[i])->total[COUNTER_ADDED]);
	free(list);
}

static void states_fini(struct states *s)
{
	for (size_t i = 0; i < s->n; i++)
		counter_fini(&s->c[i]);
	table_fini(&s->labels, NULL);
}

/* ---- comparing ---- */

static bool equivalent(const struct counter *a, const struct counter *b)
{
	struct buf x = { 0 }, y = { 0 };
	bool same;

	counter_put(a, &x);
	counter_put(b, &y);
	same = span_equal(buf_span(&x), buf_span(&y));
	buf_fini(&x);
	buf_fini(&y);
	return same;
}

/* A number, or its digits. */
static uint64_t whole(const struct json *v)
{
	return json_is(v, JSON_STRING) ?
		strtoull((const char *)json_string(v).p, NULL, 10) :
		(uint64_t)json_int(v);
}

static void slots_are(const struct counter *c, const struct json *want)
{
	struct json_member m = { 0 };
	size_t n = 0;

	while (json_next(want, &m)) {
		n += whole(m.value) != 0;
		vector_expect(counter_total(c, seed, m.key, COUNTER_ADDED) ==
			      whole(m.value), "slot %.*s", (int)m.key.n,
			      m.key.p);
	}
	vector_expect(c->slots.n == n, "%zu slots", c->slots.n);
}

static void value_is(const struct counter *c, const struct json *want)
{
	char text[41], expected[41];

	counter_format(text, counter_value(c));
	if (json_is(want, JSON_STRING))
		snprintf(expected, sizeof(expected), "%s",
			 json_string(want).p);
	else
		snprintf(expected, sizeof(expected), "%lld",
			 (long long)json_int(want));
	vector_expect(!strcmp(text, expected), "value %s", text);
}

static void fill(struct states *s, struct counter *c, const struct json *slots)
{
	struct json_member m = { 0 };

	while (json_next(slots, &m))
		raise(s, c, m.key, whole(m.value));
}

/* ---- cases ---- */

static struct counter *state_new(struct states *s, int64_t of)
{
	struct counter *c = &s->c[s->n];

	if (!vector_expect(of >= 0 && (size_t)of < s->n, "no state %lld",
			   (long long)of))
		of = 0;
	*c = (struct counter){ 0 };
	join(s, c, &s->c[of]);
	return c;
}

/* A counter that only grows has no slot for a step back. */
static int step(struct states *s, struct counter *c, struct span agent,
		int64_t by)
{
	uint64_t total = counter_total(c, seed, agent, COUNTER_ADDED);
	int e = counter_next(&total, by < 0 ? 0 : (uint64_t)by);

	if (!e)
		raise(s, c, agent, total);
	return e;
}

static void op_run(struct states *s, const struct json *op)
{
	bool inc = span_equal(json_string(json_get(op, "op")),
			      SPAN_STR("inc"));
	const struct json *of = json_get(op, "of");
	struct counter *c = state_new(s, json_int(inc ? of : json_at(of, 0)));
	int64_t other = json_int(json_at(of, 1));
	int e = 0;

	if (inc)
		e = step(s, c, json_string(json_get(op, "agent")),
			 json_int(json_get(op, "by")));
	else if (other >= 0 && (size_t)other < s->n)
		join(s, c, &s->c[other]);
	vector_expect(!e == json_bool(json_get(op, "ok")), "op: %d", e);
	if (e)
		counter_fini(c);
	else
		s->n++;
}

static bool pair_listed(const struct json *pairs, size_t j, size_t k)
{
	for (size_t i = 0; i < json_len(pairs); i++)
		if (json_int(json_at(json_at(pairs, i), 0)) == (int64_t)j &&
		    json_int(json_at(json_at(pairs, i), 1)) == (int64_t)k)
			return true;
	return false;
}

static void pairs_are(const struct states *s, const struct json *pairs)
{
	for (size_t j = 0; j < s->n; j++)
		for (size_t k = 0; k < j; k++)
			vector_expect(equivalent(&s->c[j], &s->c[k]) ==
				      pair_listed(pairs, j, k),
				      "equivalent %zu %zu", j, k);
}

static void counter_case(const struct json *c)
{
	static struct states s;
	const struct json *ops = json_get(c, "ops");
	const struct json *want = json_get(c, "states");
	struct json_member m = { 0 };

	s = (struct states){ .n = 1 };
	for (size_t i = 0; i < json_len(ops) && s.n < STATES_MAX; i++)
		op_run(&s, json_at(ops, i));
	vector_expect(s.n == json_len(want), "%zu states", s.n);
	for (size_t i = 0; i < s.n; i++) {
		slots_are(&s.c[i], json_get(json_at(want, i), "slots"));
		value_is(&s.c[i], json_get(json_at(want, i), "value"));
	}
	while (json_next(json_get(c, "value_for"), &m))
		vector_expect(counter_total(&s.c[s.n - 1], seed, m.key,
					    COUNTER_ADDED) == whole(m.value),
			      "value for %.*s", (int)m.key.n, m.key.p);
	pairs_are(&s, json_get(c, "equivalent"));
	states_fini(&s);
}

static void zero_case(const struct json *c)
{
	struct states s = { .n = 2 };

	fill(&s, &s.c[0], json_get(c, "a"));
	fill(&s, &s.c[1], json_get(c, "b"));
	vector_expect(equivalent(&s.c[0], &s.c[1]) ==
		      json_bool(json_get(c, "equivalent")), "equivalent");
	states_fini(&s);
}

static void big_case(const struct json *c)
{
	struct states s = { .n = 1 };

	fill(&s, &s.c[0], json_get(c, "a"));
	fill(&s, &s.c[0], json_get(c, "b"));
	slots_are(&s.c[0], json_get(c, "join"));
	value_is(&s.c[0], json_get(c, "value"));
	states_fini(&s);
}

static void run_gcounter(const struct json *root)
{
	static const struct {
		const char *name;
		void (*run)(const struct json *c);
	} lists[] = {
		{ "cases", counter_case }, { "zero_slots", zero_case },
		{ "big", big_case },
	};

	for (size_t l = 0; l < 3; l++) {
		const struct json *list = json_get(root, lists[l].name);

		for (size_t i = 0; i < json_len(list); i++) {
			lists[l].run(json_at(list, i));
			vector_case("%s %zu", lists[l].name, i);
		}
	}
}
VECTOR_FILE(gcounter, run_gcounter)
