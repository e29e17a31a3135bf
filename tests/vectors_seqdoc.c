/* SPDX-License-Identifier: MIT
 *
 * seqdoc.json: documents out of one log of operations a replica, which arrive
 * in several orders. A position orders the elements, an operation's stamp is
 * (ts, actor).
 */
#include <stdio.h>
#include <stdlib.h>
#include "lib/event/payload.h"
#include "lib/view/doc.h"
#include "tests/vectors.h"

#define CELLS_MAX 64

static const uint8_t seed[16];

struct replica {
	struct doc doc;
	struct table labels;
};

static bool op_is(const struct json *op, const char *name)
{
	return span_equal(json_string(json_get(op, "op")), SPAN_STR(name));
}

/* Actors are ordered as numbers: digits of one length. */
static struct order op_order(struct replica *r, const struct json *op,
			     uint64_t seq)
{
	char actor[24];

	snprintf(actor, sizeof(actor), "%020lld",
		 (long long)json_int(json_get(op, "actor")));
	return (struct order){ .seq = seq,
		.hlc = { (uint64_t)json_int(json_get(op, "ts")), 0 },
		.author = table_get(&r->labels, seed, SPAN_STR(actor),
				    sizeof(struct table_entry)) };
}

static struct span pos_read(uint8_t *dst, const struct json *pos)
{
	struct wr w = wr_init(dst, CELLS_MAX * DOC_CELL_SIZE);

	for (size_t i = 0; i < json_len(pos); i++) {
		wr_be(&w, 8, (uint64_t)json_int(json_at(json_at(pos, i), 0)));
		wr_be(&w, 8, (uint64_t)json_int(json_at(json_at(pos, i), 1)));
	}
	vector_expect(!w.full, "a long position");
	return wr_span(&w);
}

static void field_take(struct element *e, const struct order *at,
		       struct span name, const struct json *v)
{
	struct buf value = { 0 };

	vector_expect(!payload_from_json(&value, v), "a value");
	field_write(fields_get(&e->fields, seed, name), at, SPAN(NULL, 0),
		    buf_span(&value));
	buf_fini(&value);
}

static void insert_take(struct replica *r, const struct json *op,
			const struct order *at)
{
	uint8_t cells[CELLS_MAX * DOC_CELL_SIZE];
	const struct doc_insert in = {
		.at = *at, .id = json_string(json_get(op, "id")),
		.type = json_string(json_get(op, "type")),
		.pos = pos_read(cells, json_get(op, "pos")),
	};
	struct element *e = doc_insert(&r->doc, seed, &in);
	struct json_member m = { 0 };

	while (json_next(json_get(op, "fields"), &m))
		field_take(e, at, m.key, m.value);
}

static void op_take(struct replica *r, struct span name, const struct json *op,
		    uint64_t seq)
{
	struct span id = json_string(json_get(op, "id"));
	struct order at = op_order(r, op, seq);

	versions_raise(&r->doc.versions, seed, name, seq);
	if (op_is(op, "insert"))
		insert_take(r, op, &at);
	else if (op_is(op, "delete"))
		doc_element(&r->doc, seed, id)->deleted = true;
	else
		field_take(doc_element(&r->doc, seed, id), &at,
			   json_string(json_get(op, "field")),
			   json_get(op, "value"));
}

/* ---- comparing ---- */

static void element_json(const struct element *e, struct json_out *o)
{
	struct table_entry **list = table_sorted(&e->fields);

	json_out_object(o);
	json_out_kv_span(o, "id", e->id.key);
	json_out_kv_span(o, "type", e->type);
	json_out_key(o, "fields");
	json_out_object(o);
	for (size_t i = 0; i < e->fields.n; i++) {
		struct field *f = &((struct named_field *)list[i])->rule;

		json_out_key_span(o, list[i]->key);
		payload_to_json(o, field_winner(f)->value);
	}
	json_out_end_object(o);
	json_out_end_object(o);
	free(list);
}

static void document_json(struct doc *d, struct json_out *o)
{
	struct element *const *order = doc_order(d);

	json_out_array(o);
	for (size_t i = 0; i < d->n_order; i++)
		if (!order[i]->deleted)
			element_json(order[i], o);
	json_out_end_array(o);
}

static void order_json(struct doc *d, struct json_out *o)
{
	struct element *const *order = doc_order(d);

	json_out_array(o);
	for (size_t i = 0; i < d->n_order; i++)
		if (!order[i]->deleted)
			json_out_string_span(o, order[i]->id.key);
	json_out_end_array(o);
}

static void versions_are(const struct doc *d, const struct json *want)
{
	struct json_member m = { 0 };

	while (json_next(want, &m))
		vector_expect(versions_seq(&d->versions, seed, m.key) ==
			      (uint64_t)json_int(m.value), "version of %.*s",
			      (int)m.key.n, m.key.p);
	vector_expect(d->versions.authors.n <= json_len(want), "versions");
}

static void says(struct doc *d, const struct json *c, const char *name,
		 void (*fn)(struct doc *d, struct json_out *o))
{
	struct json_out o = { 0 };
	struct json *got;

	fn(d, &o);
	got = json_parse(buf_span(&o.b), NULL);
	vector_expect(got && vector_json_equal(got, json_get(c, name)),
		      "%s: %.*s", name, (int)o.b.len, o.b.p);
	json_free(got);
	buf_fini(&o.b);
}

/* ---- cases ---- */

static void log_take(struct replica *r, struct span name,
		     const struct json *ops, bool backwards)
{
	size_t n = json_len(ops);

	for (size_t i = 0; i < n; i++) {
		size_t at = backwards ? n - 1 - i : i;

		op_take(r, name, json_at(ops, at), at + 1);
	}
}

/* Log after log, forwards or backwards, perhaps twice. */
static void seqdoc_run(const struct json *c, bool backwards, bool twice)
{
	struct replica r = { .doc = { .n = 0 } };

	for (int i = 0; i <= twice; i++) {
		struct json_member m = { 0 };

		while (json_next(json_get(c, "logs"), &m))
			log_take(&r, m.key, m.value, backwards ^ (i == 1));
	}
	says(&r.doc, c, "order", order_json);
	says(&r.doc, c, "document", document_json);
	versions_are(&r.doc, json_get(c, "versions"));
	doc_fini(&r.doc);
	table_fini(&r.labels, NULL);
}

static void run_seqdoc(const struct json *root)
{
	const struct json *cases = json_get(root, "cases");

	for (size_t i = 0; i < json_len(cases); i++) {
		for (int way = 0; way < 4; way++)
			seqdoc_run(json_at(cases, i), way & 1, way & 2);
		vector_case("cases %zu", i);
	}
}
VECTOR_FILE(seqdoc, run_seqdoc)
