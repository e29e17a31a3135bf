/* SPDX-License-Identifier: MIT
 *
 * What a view shows: records and forms as JSON. How it came about is in
 * query_why.c, the plan and the documents in query_doc.c.
 */
#include <stdlib.h>
#include "lib/view/state.h"

/* ---- settled rows ---- */

/* The text of a register that holds text; empty if nobody wrote it. */
struct span view_text_of(struct field *f)
{
	const struct write *w = field_winner(f);

	return w ? w->value : SPAN(NULL, 0);
}

const struct write *view_visible(struct field *f)
{
	const struct write *w = field_winner(f);

	return w && w->value.n ? w : NULL;
}

static int by_first(const void *pa, const void *pb)
{
	const struct row *a = *(struct row *const *)pa;
	const struct row *b = *(struct row *const *)pb;
	int c = order_compare(&a->first, &b->first);

	return c ? c : span_compare(a->id.key, b->id.key);
}

static int by_id(const void *pa, const void *pb)
{
	return span_compare((*(struct row *const *)pa)->id.key,
			    (*(struct row *const *)pb)->id.key);
}

struct row **view_rows(const struct view *v, bool in_total_order)
{
	struct row **rows = view_alloc(v->n_records * sizeof(struct row *));
	struct table_entry *e;
	size_t n = 0;

	table_for_each(e, &v->rows)
		if (((struct row *)e)->exists)
			rows[n++] = (struct row *)e;
	if (n)
		qsort(rows, n, sizeof(struct row *),
		      in_total_order ? by_first : by_id);
	return rows;
}

/* ---- rows as JSON ---- */

void fields_json(const struct table *fields, struct json_out *o)
{
	struct table_entry **list = table_sorted(fields);

	json_out_object(o);
	for (size_t i = 0; i < fields->n; i++) {
		const struct write *w =
			view_visible(&((struct named_field *)list[i])->rule);

		if (!w)
			continue;
		json_out_key_span(o, list[i]->key);
		payload_to_json(o, w->value);
	}
	json_out_end_object(o);
	free(list);
}

static void counters_json(struct row *row, struct json_out *o)
{
	struct table_entry **list = table_sorted(&row->counters);

	json_out_key(o, "counters");
	json_out_object(o);
	for (size_t i = 0; i < row->counters.n; i++) {
		json_out_key_span(o, list[i]->key);
		counter_json(counter_value(&((struct named_counter *)
					     list[i])->rule), o);
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

void view_row_json(struct row *row, struct json_out *o)
{
	json_out_object(o);
	json_out_kv_span(o, "record_id", row->id.key);
	json_out_kv_span(o, "form", view_text_of(&row->form));
	json_out_kv_span(o, "created_by", view_text_of(&row->created_by));
	json_out_key(o, "fields");
	fields_json(&row->fields, o);
	if (row->counters.n)
		counters_json(row, o);
	attachments_json(row, o);
	notes_json(row, o);
	json_out_end_object(o);
}

/* One of the rows shown, unless its form is another. */
static void row_show(struct row *row, const struct view_filter *f, bool line,
		     struct json_out *o)
{
	if (f && f->form.n && !span_equal(f->form, view_text_of(&row->form)))
		return;
	if (!line)
		json_out_key_span(o, row->id.key);
	view_row_json(row, o);
	if (line) {
		buf_add_u8(&o->b, '\n');
		o->comma = false;
	}
}

static void rows_show(const struct view *v, const struct view_filter *f,
		      bool lines, struct json_out *o)
{
	struct row **rows = view_rows(v, true);

	for (size_t i = 0; i < v->n_records; i++)
		row_show(rows[i], f, lines, o);
	free(rows);
}

/* One record costs that record. */
void view_records_json(const struct view *v, const struct view_filter *f,
		       bool lines, struct json_out *o)
{
	struct row *row = f && f->record.n ? view_find_row(v, f->record) : NULL;

	if (!lines)
		json_out_object(o);
	if (row)
		row_show(row, f, lines, o);
	else if (!f || !f->record.n)
		rows_show(v, f, lines, o);
	if (!lines)
		json_out_end_object(o);
}

void view_order_json(const struct view *v, struct json_out *o)
{
	struct row **rows = view_rows(v, true);

	json_out_array(o);
	for (size_t i = 0; i < v->n_records; i++)
		json_out_string_span(o, rows[i]->id.key);
	json_out_end_array(o);
	free(rows);
}

void view_contents(const struct view *v,
		   void (*fn)(void *ctx, struct span blob_hash, uint64_t size),
		   void *ctx)
{
	const struct table_entry *e;

	table_for_each(e, &v->rows) {
		const struct row *row = (const struct row *)e;

		for (size_t i = 0; i < row->attachments.n; i++) {
			const struct attachment *a = row->attachments.item[i];

			fn(ctx, a->blob_hash, a->size);
		}
	}
}
