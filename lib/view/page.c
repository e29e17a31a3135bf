/* SPDX-License-Identifier: MIT
 *
 * A view in pages, each a few milliseconds of work: see view.h. The rows are
 * sorted for the first page and kept so for the next ones, until something
 * changes or the last page is made.
 */
#include <stdlib.h>
#include "lib/view/state.h"

#define PAGE_ROWS 1000
#define PAGE_BYTES (128 * 1024)

static struct row *const *page_rows(const struct view *v, bool in_total_order)
{
	struct rows_kept *k = v->kept;

	if (!k->row || k->changes != v->changes ||
	    k->in_total_order != in_total_order) {
		free(k->row);
		*k = (struct rows_kept){ view_rows(v, in_total_order),
					 in_total_order, v->changes };
	}
	return k->row;
}

static void page_begin(const struct view *v, struct json_out *o)
{
	json_out_object(o);
	json_out_kv_uint(o, "changes", v->changes);
}

/* The rows are given back with the last page. */
static void page_end(const struct view *v, size_t next, struct json_out *o)
{
	json_out_end_object(o);
	if (next == 0) {
		free(v->kept->row);
		v->kept->row = NULL;
	}
}

/* Those of [from, end of the page) that the form lets through; the end. */
static size_t page_lines(const struct view *v, size_t from, struct span form,
			 struct json_out *lines)
{
	struct row *const *rows = page_rows(v, true);
	size_t at = from, before;

	for (; at < v->n_records && at < from + PAGE_ROWS &&
	       lines->b.len < PAGE_BYTES; at++) {
		before = lines->b.len;
		if (before)
			buf_add_u8(&lines->b, ',');
		view_row_line(rows[at], form, lines);
		if (lines->b.len == before + 1)
			lines->b.len = before;
	}
	return at;
}

void view_page_json(const struct view *v, size_t from, struct span form,
		    struct json_out *o)
{
	struct json_out lines = { .comma = false };
	size_t next = page_lines(v, from, form, &lines);

	if (next >= v->n_records)
		next = 0;
	page_begin(v, o);
	json_out_kv_uint(o, "next", next);
	json_out_key(o, "records");
	json_out_array(o);
	if (lines.b.len)
		json_out_raw(o, buf_span(&lines.b));
	json_out_end_array(o);
	page_end(v, next, o);
	buf_fini(&lines.b);
}

void view_hash_page_json(const struct view *v, size_t from, struct json_out *o)
{
	struct row *const *rows = page_rows(v, false);
	size_t n = from < v->n_records ? v->n_records - from : 0;
	struct buf hashes = { 0 };

	if (n > PAGE_ROWS)
		n = PAGE_ROWS;
	if (n)
		view_hash_rows(rows + from, n, &hashes);
	n = from + n < v->n_records ? from + n : 0;
	if (n == 0)
		view_hash_others(v, &hashes);
	page_begin(v, o);
	json_out_kv_uint(o, "next", n);
	json_out_kv_hex(o, "hashes", buf_span(&hashes));
	page_end(v, n, o);
	buf_fini(&hashes);
}
