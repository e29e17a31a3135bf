/* SPDX-License-Identifier: MIT
 *
 * plandelta.json: plans out of sets of deltas, in every order.
 *
 * A delta is a write of its keys at the order (ts, delta_id), without a base;
 * a ts may be negative, a stamp may not, so zero is moved up.
 */
#include <stdlib.h>
#include "lib/event/payload.h"
#include "lib/view/plan.h"
#include "tests/vectors.h"

#define DELTAS_MAX 6
#define TS_ZERO (1LL << 46)

static const uint8_t seed[16];

struct merged {
	struct plan plan;
	struct versions deltas;		/* their ids, each at 1 */
	struct table labels;
	struct hlc last;		/* wall 0: none was given */
};

static void merged_fini(struct merged *m)
{
	plan_fini(&m->plan);
	versions_fini(&m->deltas);
	table_fini(&m->labels, NULL);
}

static void delta_take(struct merged *m, const struct json *d)
{
	const struct json *ts = json_get(d, "ts");
	struct span id = json_string(json_get(d, "delta_id"));
	struct order at = { .hlc = { (uint64_t)(TS_ZERO + json_int(ts)), 0 } };
	struct json_member c = { 0 };

	at.author = table_get(&m->labels, seed, id,
			      sizeof(struct table_entry));
	while (json_next(json_get(d, "changes"), &c)) {
		struct buf value = { 0 };

		vector_expect(!payload_from_json(&value, c.value), "a value");
		plan_write(&m->plan, seed, c.key, PLAN_DELTA, &at,
			   SPAN(NULL, 0), buf_span(&value));
		buf_fini(&value);
	}
	c = (struct json_member){ 0 };
	while (json_next(json_get(d, "version_vector"), &c))
		versions_raise(&m->plan.seen, seed, c.key,
			       (uint64_t)json_int(c.value));
	versions_raise(&m->deltas, seed, id, 1);
	if (json_is(ts, JSON_INT) && hlc_compare(at.hlc, m->last) > 0)
		m->last = at.hlc;
}

/* ---- comparing ---- */

static void changes_json(const struct merged *m, struct json_out *o)
{
	struct table_entry **list = table_sorted(&m->plan.keys);

	json_out_object(o);
	for (size_t i = 0; i < m->plan.keys.n; i++) {
		json_out_key_span(o, list[i]->key);
		payload_to_json(o, plan_value(
			&((struct named_field *)list[i])->rule));
	}
	json_out_end_object(o);
	free(list);
}

static void ts_json(const struct merged *m, struct json_out *o)
{
	if (m->last.wall_ms)
		json_out_int(o, (int64_t)m->last.wall_ms - TS_ZERO);
	else
		json_out_null(o);
}

static void ids_json(const struct merged *m, struct json_out *o)
{
	struct table_entry **list = table_sorted(&m->deltas.authors);

	json_out_array(o);
	for (size_t i = 0; i < m->deltas.authors.n; i++)
		json_out_string_span(o, list[i]->key);
	json_out_end_array(o);
	free(list);
}

static void vector_json(const struct merged *m, struct json_out *o)
{
	versions_json(&m->plan.seen, o);
}

static void says(const struct merged *m, const struct json *want,
		 const char *name,
		 void (*fn)(const struct merged *m, struct json_out *o))
{
	const struct json *expected = json_get(want, name);
	struct json_out o = { 0 };
	struct json *got;

	if (!expected)
		return;
	fn(m, &o);
	got = json_parse(buf_span(&o.b), NULL);
	vector_expect(got && vector_json_equal(got, expected), "%s: %.*s",
		      name, (int)o.b.len, o.b.p);
	json_free(got);
	buf_fini(&o.b);
}

/* ---- orders ---- */

static void order_run(const struct json *deltas, const size_t *order,
		      size_t n, const struct json *want)
{
	struct merged m = { .last = { 0, 0 } };

	for (size_t i = 0; i < n; i++)
		delta_take(&m, json_at(deltas, order[i]));
	delta_take(&m, json_at(deltas, order[0]));	/* once more */
	says(&m, want, "changes", changes_json);
	says(&m, want, "ts", ts_json);
	says(&m, want, "version_vector", vector_json);
	says(&m, want, "delta_ids", ids_json);
	merged_fini(&m);
}

/* All orders, by exchanging (Heap's way). */
static void orders_run(const struct json *deltas, size_t *order, size_t n,
		       size_t left, const struct json *want)
{
	if (left <= 1)
		order_run(deltas, order, n, want);
	for (size_t i = 0; left > 1 && i < left; i++) {
		size_t j = left % 2 ? 0 : i, t;

		orders_run(deltas, order, n, left - 1, want);
		t = order[j];
		order[j] = order[left - 1];
		order[left - 1] = t;
	}
}

static void run_list(const struct json *root, const char *name,
		     const char *want)
{
	const struct json *list = json_get(root, name);

	for (size_t i = 0; i < json_len(list); i++) {
		const struct json *c = json_at(list, i);
		const struct json *deltas = json_get(c, "deltas");
		size_t order[DELTAS_MAX], n = json_len(deltas);

		for (size_t j = 0; j < n && j < DELTAS_MAX; j++)
			order[j] = j;
		if (vector_expect(n && n <= DELTAS_MAX, "%zu deltas", n))
			orders_run(deltas, order, n, n, json_get(c, want));
		vector_case("%s %zu", name, i);
	}
}

static void run_plandelta(const struct json *root)
{
	run_list(root, "lawful", "merged");
	run_list(root, "broken", "law");
}
VECTOR_FILE(plandelta, run_plandelta)
