/* SPDX-License-Identifier: MIT
 *
 * A view in pages: see view.h. A page is the next part of the table of records
 * as they lie there, or of a document's order: nothing is sorted for it and
 * nothing kept, so that it costs what it shows, however many there are.
 */
#include "lib/base/crypto.h"
#include "lib/view/state.h"

#define PAGE_SLOTS 4096		/* of the table, a quarter or more are free */
#define PAGE_ROWS 1000
#define PAGE_BYTES (128 * 1024)

struct page {
	const struct view *v;
	struct span of;
	struct json_out rows;
	struct buf key;		/* of the row that is made */
	struct buf scratch;
	struct table forms;	/* of struct form_count */
	size_t n;
};

/* ---- rows: ["KEY",VALUE] and a newline ---- */

/* '!' is below all digits, so that a prefix comes first. */
static void key_hex(struct page *p, struct span s)
{
	hex_encode((char *)buf_reserve(&p->key, 2 * s.n + 1), s);
	p->key.len += 2 * s.n;
	buf_add_u8(&p->key, '!');
}

/* The value is to follow. */
static void row_open(struct page *p)
{
	json_out_array(&p->rows);
	json_out_string_span(&p->rows, buf_span(&p->key));
	p->key.len = 0;
	p->n++;
}

static void row_close(struct page *p)
{
	json_out_end_array(&p->rows);
	buf_add_u8(&p->rows.b, '\n');
}

/* ---- records, in the total order of what made them ---- */

static void record_row(struct page *p, struct row *row)
{
	const struct order *at = &row->first;

	if (p->of.n && !span_equal(p->of, view_text_of(&row->form)))
		return;
	buf_printf(&p->key, "%012llx%04x",
		   (unsigned long long)at->hlc.wall_ms, at->hlc.counter);
	key_hex(p, at->author->key);
	buf_printf(&p->key, "%016llx", (unsigned long long)at->seq);
	key_hex(p, row->id.key);
	row_open(p);
	view_row_json(row, &p->rows);
	row_close(p);
}

/* ---- hashes: records by id, then all that is no record ---- */

static void hash_row(struct page *p, struct span hash)
{
	char hex[2 * CRYPTO_HASH_SIZE + 1];

	row_open(p);
	json_out_string(&p->rows, hex_encode(hex, hash));
	row_close(p);
}

static void record_hash_row(struct page *p, struct row *row)
{
	struct buf hash = { 0 };

	buf_add_u8(&p->key, 'r');
	key_hex(p, row->id.key);
	view_hash_row(row, &p->scratch, &hash);
	hash_row(p, buf_span(&hash));
	buf_fini(&hash);
}

static void hashes_end(struct page *p, bool last)
{
	struct buf others = { 0 };

	if (last)
		view_hash_others(p->v, &others);
	for (size_t i = 0; i < others.len; i += CRYPTO_HASH_SIZE) {
		buf_printf(&p->key, "s%08zx", i);
		hash_row(p, SPAN(others.p + i, CRYPTO_HASH_SIZE));
	}
	buf_fini(&others);
}

/* ---- conflicts: an array a record, then one of the others ---- */

static void conflicts_row(struct page *p, struct row *row)
{
	if (!view_row_conflicted(row))
		return;
	buf_add_u8(&p->key, 'r');
	key_hex(p, row->id.key);
	row_open(p);
	view_row_conflicts_json(row, &p->rows);
	row_close(p);
}

static void conflicts_end(struct page *p, bool last)
{
	if (!last)
		return;
	buf_add_u8(&p->key, 's');
	row_open(p);
	view_other_conflicts_json(p->v, &p->rows);
	row_close(p);
}

/* ---- forms: how many records of this page ---- */

struct form_count {
	struct table_entry name;	/* first: an entry of its table */
	uint64_t records;
};

static void form_row(struct page *p, struct row *row)
{
	struct form_count *f = (struct form_count *)
		table_get(&p->forms, p->v->seed, view_text_of(&row->form),
			  sizeof(*f));

	f->records++;
}

static void forms_end(struct page *p, bool last)
{
	struct table_entry *e;

	(void)last;
	table_for_each(e, &p->forms) {
		key_hex(p, e->key);
		row_open(p);
		json_out_object(&p->rows);
		json_out_kv_span(&p->rows, "form", e->key);
		json_out_kv_uint(&p->rows, "records",
				 ((struct form_count *)e)->records);
		json_out_end_object(&p->rows);
		row_close(p);
	}
}

/* ---- a document, by place ---- */

static size_t doc_fill(struct page *p, size_t from)
{
	struct doc *d = view_find_doc(p->v, p->of);
	struct element *const *order = d ? doc_order(d) : NULL;
	size_t at = from;

	for (; d && at < d->n_order && at < from + PAGE_SLOTS &&
	       p->n < PAGE_ROWS && p->rows.b.len < PAGE_BYTES; at++) {
		if (order[at]->deleted)
			continue;
		buf_printf(&p->key, "%016zx", at);
		row_open(p);
		view_element_json(order[at], &p->rows);
		row_close(p);
	}
	return d && at < d->n_order ? at : 0;
}

/* ---- a page ---- */

static const struct {
	void (*row)(struct page *p, struct row *row);
	void (*end)(struct page *p, bool last);
} kinds[] = {
	[VIEW_RECORDS] = { record_row, NULL },
	[VIEW_HASHES] = { record_hash_row, hashes_end },
	[VIEW_CONFLICTS] = { conflicts_row, conflicts_end },
	[VIEW_FORMS] = { form_row, forms_end },
};

/* The rows of records from a slot of the table on; the slot where the next page begins,
 * 0 after the last. */
static size_t table_fill(struct page *p, enum view_page kind, size_t from)
{
	const struct table *t = &p->v->rows;
	size_t at = from;

	for (; at < t->cap && at < from + PAGE_SLOTS && p->n < PAGE_ROWS &&
	       p->rows.b.len < PAGE_BYTES; at++) {
		struct row *row = (struct row *)t->slot[at].entry;

		if (row && row->exists)
			kinds[kind].row(p, row);
	}
	if (at >= t->cap)
		at = 0;
	if (kinds[kind].end)
		kinds[kind].end(p, at == 0);
	return at;
}

void view_page_json(const struct view *v, enum view_page kind, size_t from,
		    struct span of, struct json_out *o)
{
	struct page p = { .v = v, .of = of };
	size_t next;

	json_out_array(&p.rows);
	next = kind == VIEW_DOC ? doc_fill(&p, from) :
				  table_fill(&p, kind, from);
	json_out_end_array(&p.rows);
	json_out_object(o);
	json_out_kv_uint(o, "changes", v->changes);
	json_out_kv_uint(o, "next", next);
	json_out_key(o, "rows");
	json_out_raw(o, buf_span(&p.rows.b));
	json_out_end_object(o);
	buf_fini(&p.rows.b);
	buf_fini(&p.key);
	buf_fini(&p.scratch);
	table_fini(&p.forms, NULL);
}
