/* SPDX-License-Identifier: MIT
 *
 * What a view shows: rows as JSON, conflicts, reasons, and the hash.
 *
 * The hash is BLAKE2b-256 over the hashes of the rows in order of record id;
 * a row is hashed as the CBOR array
 *
 *   [id, form, created_by, {field: value}, [[field, hash, size, mime]],
 *    [note]]
 *
 * with fields, attachments and notes as they are shown.
 */
#include <stdlib.h>
#include "lib/base/crypto.h"
#include "lib/event/payload.h"
#include "lib/view/state.h"

#define HEADS_SHOWN_MAX 64

/* ---- settled rows ---- */

/* The text of a register that holds text; empty if nobody wrote it. */
static struct span text_of(struct field *f)
{
	const struct write *w = field_winner(f);

	return w ? w->value : SPAN(NULL, 0);
}

static const struct write *visible(struct table_entry *e)
{
	const struct write *w =
		field_winner(&((struct view_field *)e)->rule);

	return w && w->value.n ? w : NULL;
}

static int by_first(const void *pa, const void *pb)
{
	const struct row *a = *(struct row *const *)pa;
	const struct row *b = *(struct row *const *)pb;
	int c = order_compare(&a->first, &b->first);

	return c ? c : span_compare(a->id.key, b->id.key);
}

/* The n_records rows that exist, in the order of the total order or of their
 * ids; to be freed. */
static struct row **rows_listed(const struct view *v, bool in_total_order)
{
	struct table_entry **all = table_sorted(&v->rows);
	struct row **rows = view_alloc(v->n_records * sizeof(struct row *));
	size_t n = 0;

	for (size_t i = 0; i < v->rows.n; i++)
		if (((struct row *)all[i])->exists)
			rows[n++] = (struct row *)all[i];
	free(all);
	if (in_total_order && n)
		qsort(rows, n, sizeof(struct row *), by_first);
	return rows;
}

/* ---- rows as JSON ---- */

static void fields_json(struct row *row, struct json_out *o)
{
	struct table_entry **list = table_sorted(&row->fields);

	json_out_key(o, "fields");
	json_out_object(o);
	for (size_t i = 0; i < row->fields.n; i++) {
		const struct write *w = visible(list[i]);

		if (!w)
			continue;
		json_out_key_span(o, list[i]->key);
		payload_to_json(o, w->value);
	}
	json_out_end_object(o);
	free(list);
}

static void attachments_json(struct row *row, struct json_out *o)
{
	attachments_settle(&row->attachments);
	json_out_key(o, "attachments");
	json_out_array(o);
	for (size_t i = 0; i < row->attachments.n; i++) {
		const struct attachment *a = row->attachments.item[i];

		json_out_object(o);
		json_out_kv_span(o, "field", a->field);
		json_out_kv_span(o, "blob_hash", a->blob_hash);
		json_out_kv_uint(o, "size", a->size);
		json_out_kv_span(o, "mime", a->mime);
		json_out_end_object(o);
	}
	json_out_end_array(o);
}

static void notes_json(struct row *row, struct json_out *o)
{
	notes_settle(&row->notes);
	json_out_key(o, "notes");
	json_out_array(o);
	for (size_t i = 0; i < row->notes.n; i++)
		json_out_string_span(o, ((struct note *)
					 row->notes.item[i])->text);
	json_out_end_array(o);
}

static void row_json(struct row *row, struct json_out *o)
{
	json_out_object(o);
	json_out_kv_span(o, "record_id", row->id.key);
	json_out_kv_span(o, "form", text_of(&row->form));
	json_out_kv_span(o, "created_by", text_of(&row->created_by));
	fields_json(row, o);
	attachments_json(row, o);
	notes_json(row, o);
	json_out_end_object(o);
}

static bool row_wanted(struct row *row, const struct view_filter *f)
{
	if (f && f->record.n && !span_equal(f->record, row->id.key))
		return false;
	return !f || !f->form.n || span_equal(f->form, text_of(&row->form));
}

static void row_line(struct row *row, struct json_out *o)
{
	row_json(row, o);
	buf_add_u8(&o->b, '\n');
	o->comma = false;
}

void view_records_json(const struct view *v, const struct view_filter *f,
		       bool lines, struct json_out *o)
{
	struct row **rows = rows_listed(v, true);

	if (!lines)
		json_out_object(o);
	for (size_t i = 0; i < v->n_records; i++) {
		if (!row_wanted(rows[i], f))
			continue;
		if (lines) {
			row_line(rows[i], o);
			continue;
		}
		json_out_key_span(o, rows[i]->id.key);
		row_json(rows[i], o);
	}
	if (!lines)
		json_out_end_object(o);
	free(rows);
}

void view_order_json(const struct view *v, struct json_out *o)
{
	struct row **rows = rows_listed(v, true);

	json_out_array(o);
	for (size_t i = 0; i < v->n_records; i++)
		json_out_string_span(o, rows[i]->id.key);
	json_out_end_array(o);
	free(rows);
}

void view_forms_json(const struct view *v, struct json_out *o)
{
	struct row **rows = rows_listed(v, false);
	struct table forms = { 0 };
	struct form {
		struct table_entry name;
		uint64_t records;
	} *form;
	struct table_entry **list;

	for (size_t i = 0; i < v->n_records; i++) {
		form = (struct form *)table_get(&forms, v->seed,
						text_of(&rows[i]->form),
						sizeof(*form));
		form->records++;
	}
	list = table_sorted(&forms);
	json_out_array(o);
	for (size_t i = 0; i < forms.n; i++) {
		form = (struct form *)list[i];
		json_out_object(o);
		json_out_kv_span(o, "form", form->name.key);
		json_out_kv_uint(o, "records", form->records);
		json_out_end_object(o);
	}
	json_out_end_array(o);
	free(list);
	free(rows);
	table_fini(&forms, NULL);
}

/* ---- rejects ---- */

static int reject_compare(const void *pa, const void *pb)
{
	const struct reject *a = pa, *b = pb;
	int c = order_compare(&a->at, &b->at);

	if (c == 0)
		c = (int)a->verdict - (int)b->verdict;
	return c ? c : (int)a->kind - (int)b->kind;
}


static void kind_json(struct json_out *o, uint16_t kind)
{
	const char *name = kind_name(kind);

	json_out_key(o, "kind");
	if (name)
		json_out_string(o, name);
	else
		json_out_uint(o, kind);
}

void view_rejected_json(const struct view *v, struct json_out *o)
{
	const struct pile *rejects = v->rejects;

	pile_settle(v->rejects, reject_compare);
	json_out_array(o);
	for (size_t i = 0; i < rejects->n; i++) {
		const struct reject *r = rejects->item[i];

		json_out_object(o);
		json_out_kv_span(o, "author", r->at.author->key);
		json_out_kv_uint(o, "seq", r->at.seq);
		kind_json(o, r->kind);
		json_out_kv_string(o, "reason", view_verdict_name(r->verdict));
		json_out_end_object(o);
	}
	json_out_end_array(o);
}

size_t view_withheld_count(const struct view *v)
{
	const struct pile *rejects = v->rejects;
	size_t n = 0;

	pile_settle(v->rejects, reject_compare);
	for (size_t i = 0; i < rejects->n; i++)
		n += ((struct reject *)rejects->item[i])->verdict ==
		     VIEW_WITHHELD;
	return n;
}

/* ---- heads ---- */

static size_t id_put(uint8_t id[EVENT_BASE_SIZE], const struct write *w)
{
	be_put(id, EVENT_BASE_SIZE, w->at.id8);
	return EVENT_BASE_SIZE;
}

size_t view_field_base(const struct view *v, struct span record,
		       struct span field, uint8_t *base, size_t cap)
{
	const struct write *heads[HEADS_SHOWN_MAX];
	struct field *f = view_find_field(v, record, field);
	size_t n = f ? field_heads(f, heads, HEADS_SHOWN_MAX) : 0, len = 0;

	for (size_t i = 0; i < n && i < HEADS_SHOWN_MAX &&
	     len + EVENT_BASE_SIZE <= cap; i++)
		len += id_put(base + len, heads[i]);
	return len;
}

static void head_json(const struct write *w, struct json_out *o)
{
	uint8_t id[EVENT_BASE_SIZE];

	json_out_object(o);
	json_out_kv_span(o, "author", w->at.author->key);
	json_out_kv_uint(o, "seq", w->at.seq);
	json_out_kv_uint(o, "wall_ms", w->at.hlc.wall_ms);
	json_out_kv_uint(o, "counter", w->at.hlc.counter);
	json_out_kv_hex(o, "id", SPAN(id, id_put(id, w)));
	if (w->value.n) {
		json_out_key(o, "value");
		payload_to_json(o, w->value);
	} else {
		json_out_kv_bool(o, "unset", true);
	}
	json_out_end_object(o);
}

static void heads_json(struct field *f, struct json_out *o)
{
	const struct write *heads[HEADS_SHOWN_MAX];
	size_t n = field_heads(f, heads, HEADS_SHOWN_MAX);

	json_out_key(o, "heads");
	json_out_array(o);
	for (size_t i = 0; i < n && i < HEADS_SHOWN_MAX; i++)
		head_json(heads[i], o);
	json_out_end_array(o);
}

void view_why_json(const struct view *v, struct span record,
		   struct span field, struct json_out *o)
{
	struct field *f = view_find_field(v, record, field);

	if (!f) {
		json_out_null(o);
		return;
	}
	json_out_object(o);
	json_out_kv_span(o, "record_id", record);
	json_out_kv_span(o, "field", field);
	json_out_kv_bool(o, "conflict", field_conflicted(f));
	heads_json(f, o);
	json_out_kv_uint(o, "superseded", field_superseded(f));
	json_out_end_object(o);
}

static void row_conflicts_json(struct row *row, struct json_out *o)
{
	struct table_entry **list = table_sorted(&row->fields);

	for (size_t i = 0; i < row->fields.n; i++) {
		struct field *f = &((struct view_field *)list[i])->rule;

		if (!field_conflicted(f))
			continue;
		json_out_object(o);
		json_out_kv_span(o, "record_id", row->id.key);
		json_out_kv_span(o, "field", list[i]->key);
		heads_json(f, o);
		json_out_end_object(o);
	}
	free(list);
}

void view_conflicts_json(const struct view *v, struct json_out *o)
{
	struct row **rows = rows_listed(v, false);

	json_out_array(o);
	for (size_t i = 0; i < v->n_records; i++)
		row_conflicts_json(rows[i], o);
	json_out_end_array(o);
	free(rows);
}

/* ---- the hash ---- */

static void fields_put(struct row *row, struct buf *b)
{
	struct table_entry **list = table_sorted(&row->fields);
	size_t n = 0;

	for (size_t i = 0; i < row->fields.n; i++)
		n += visible(list[i]) != NULL;
	payload_put_map(b, n);
	for (size_t i = 0; i < row->fields.n; i++) {
		const struct write *w = visible(list[i]);

		if (!w)
			continue;
		payload_put_text(b, list[i]->key);
		buf_add(b, w->value);
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

static void row_put(struct row *row, struct buf *b)
{
	payload_put_array(b, 6);
	payload_put_text(b, row->id.key);
	payload_put_text(b, text_of(&row->form));
	payload_put_text(b, text_of(&row->created_by));
	fields_put(row, b);
	lists_put(row, b);
}

void view_hash(const struct view *v, uint8_t out[32])
{
	struct row **rows = rows_listed(v, false);
	struct buf row = { 0 }, hashes = { 0 };
	struct span all;

	for (size_t i = 0; i < v->n_records; i++) {
		uint8_t *hash = buf_reserve(&hashes, CRYPTO_HASH_SIZE);

		row.len = 0;
		row_put(rows[i], &row);
		all = buf_span(&row);
		crypto_blake2b(hash, CRYPTO_HASH_SIZE, NULL, &all, 1);
		hashes.len += CRYPTO_HASH_SIZE;
	}
	all = buf_span(&hashes);
	crypto_blake2b(out, CRYPTO_HASH_SIZE, NULL, &all, 1);
	buf_fini(&row);
	buf_fini(&hashes);
	free(rows);
}
