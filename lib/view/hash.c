/* SPDX-License-Identifier: MIT
 *
 * The hash of a view: BLAKE2b-256 over the 32-byte hashes of its rows, records
 * by their id, then the plan, then the documents and the resources by their
 * name, the policies by their pattern, the stations by their author, the orders
 * by the station. A row is hashed as a CBOR array of what it shows
 *
 *   ["record", id, form, created_by, {field: value}, {counter: slots},
 *    [[field, hash, size, mime]], [note]]
 *   ["plan", {key: value}, {author: seq}]
 *   ["doc", name, [[id, type, {field: value}]], {author: seq}]
 *   ["resource", name, version, content, [id of each head]]
 *   ["policy", pattern, payload]
 *   ["station", author, payload of its last status]
 *   ["order", station, payload of the last one]
 *
 * with slots = {author: [added, taken]}; the plan is there once somebody wrote
 * to it.
 */
#include <stdlib.h>
#include "lib/base/crypto.h"
#include "lib/view/resource.h"
#include "lib/view/state.h"

static void fields_put(const struct table *fields, struct buf *b)
{
	struct table_entry **list = table_sorted(fields);
	size_t n = 0;

	for (size_t i = 0; i < fields->n; i++)
		n += view_visible(&((struct named_field *)list[i])->rule) !=
		     NULL;
	payload_put_map(b, n);
	for (size_t i = 0; i < fields->n; i++) {
		const struct write *w =
			view_visible(&((struct named_field *)list[i])->rule);

		if (!w)
			continue;
		payload_put_text(b, list[i]->key);
		buf_add(b, w->value);
	}
	free(list);
}

/* ---- records ---- */

static void counters_put(const struct row *row, struct buf *b)
{
	struct table_entry **list = table_sorted(&row->counters);

	payload_put_map(b, row->counters.n);
	for (size_t i = 0; i < row->counters.n; i++) {
		payload_put_text(b, list[i]->key);
		counter_put(&((struct named_counter *)list[i])->rule, b);
	}
	free(list);
}

static void lists_put(struct row *row, struct buf *b)
{
	attachments_settle(&row->attachments);
	payload_put_array(b, row->attachments.n);
	for (size_t i = 0; i < row->attachments.n; i++) {
		const struct attachment *a = row->attachments.item[i];

		payload_put_array(b, 4);
		payload_put_text(b, a->field);
		payload_put_text(b, a->blob_hash);
		payload_put_uint(b, a->size);
		payload_put_text(b, a->mime);
	}
	notes_settle(&row->notes);
	payload_put_array(b, row->notes.n);
	for (size_t i = 0; i < row->notes.n; i++)
		payload_put_text(b, ((struct note *)row->notes.item[i])->text);
}

static void record_put(struct row *row, struct buf *b)
{
	payload_put_array(b, 8);
	payload_put_text(b, SPAN_STR("record"));
	payload_put_text(b, row->id.key);
	payload_put_text(b, view_text_of(&row->form));
	payload_put_text(b, view_text_of(&row->created_by));
	fields_put(&row->fields, b);
	counters_put(row, b);
	lists_put(row, b);
}

/* ---- plan, documents ---- */

static void plan_put(const struct plan *p, struct buf *b)
{
	struct table_entry **list = table_sorted(&p->keys);

	payload_put_array(b, 3);
	payload_put_text(b, SPAN_STR("plan"));
	payload_put_map(b, p->keys.n);
	for (size_t i = 0; i < p->keys.n; i++) {
		payload_put_text(b, list[i]->key);
		buf_add(b, plan_value(&((struct named_field *)list[i])->rule));
	}
	versions_put(&p->seen, b);
	free(list);
}

static void doc_put(struct doc *d, struct buf *b)
{
	struct element *const *order = doc_order(d);
	size_t n = 0;

	for (size_t i = 0; i < d->n_order; i++)
		n += !order[i]->deleted;
	payload_put_array(b, 4);
	payload_put_text(b, SPAN_STR("doc"));
	payload_put_text(b, d->name.key);
	payload_put_array(b, n);
	for (size_t i = 0; i < d->n_order; i++) {
		if (order[i]->deleted)
			continue;
		payload_put_array(b, 3);
		payload_put_bytes(b, order[i]->id.key);
		payload_put_text(b, order[i]->type);
		fields_put(&order[i]->fields, b);
	}
	versions_put(&d->versions, b);
}

/* ---- the hash ---- */

/* Rows as they come: each is hashed, and forgotten. */
static void row_end(struct buf *row, struct buf *hashes)
{
	uint8_t *hash = buf_reserve(hashes, CRYPTO_HASH_SIZE);
	struct span all = buf_span(row);

	crypto_blake2b(hash, CRYPTO_HASH_SIZE, NULL, &all, 1);
	hashes->len += CRYPTO_HASH_SIZE;
	row->len = 0;
}

void view_hash_row(struct row *row, struct buf *scratch, struct buf *hashes)
{
	record_put(row, scratch);
	row_end(scratch, hashes);
}

static void docs_hash(const struct view *v, struct buf *row,
		      struct buf *hashes)
{
	struct table_entry **list = table_sorted(&v->docs);

	for (size_t i = 0; i < v->docs.n; i++) {
		doc_put((struct doc *)list[i], row);
		row_end(row, hashes);
	}
	free(list);
}

static void resources_hash(const struct view *v, struct buf *row,
			   struct buf *hashes)
{
	struct table_entry **list = table_sorted(&v->resources);

	for (size_t i = 0; i < v->resources.n; i++) {
		resource_put(v, (struct named_field *)list[i], row);
		row_end(row, hashes);
	}
	free(list);
}

/* Registers that hold whole payloads. */
static void payloads_hash(const struct table *t, const char *what,
			  struct buf *row, struct buf *hashes)
{
	struct table_entry **list = table_sorted(t);

	for (size_t i = 0; i < t->n; i++) {
		payload_put_array(row, 3);
		payload_put_text(row, SPAN_STR(what));
		payload_put_text(row, list[i]->key);
		buf_add(row, field_winner(&((struct named_field *)
					    list[i])->rule)->value);
		row_end(row, hashes);
	}
	free(list);
}

void view_hash_others(const struct view *v, struct buf *hashes)
{
	struct buf row = { 0 };

	if (v->plan.keys.n) {
		plan_put(&v->plan, &row);
		row_end(&row, hashes);
	}
	docs_hash(v, &row, hashes);
	resources_hash(v, &row, hashes);
	payloads_hash(&v->policies, "policy", &row, hashes);
	payloads_hash(&v->stations, "station", &row, hashes);
	payloads_hash(&v->orders, "order", &row, hashes);
	buf_fini(&row);
}

void view_hash_end(struct span hashes, uint8_t out[32])
{
	crypto_blake2b(out, CRYPTO_HASH_SIZE, NULL, &hashes, 1);
}

void view_hash(const struct view *v, uint8_t out[32])
{
	struct row **rows = view_rows(v, false);
	struct buf scratch = { 0 }, hashes = { 0 };

	for (size_t i = 0; i < v->n_records; i++)
		view_hash_row(rows[i], &scratch, &hashes);
	view_hash_others(v, &hashes);
	view_hash_end(buf_span(&hashes), out);
	buf_fini(&scratch);
	buf_fini(&hashes);
	free(rows);
}
