/* SPDX-License-Identifier: MIT
 *
 * The reducer: asks whether an event's payload is valid for its kind, and hands
 * it to the rule of the kind: records here, the plan in reduce_plan.c, documents
 * in reduce_doc.c. An event that is not valid touches nothing but the list of
 * rejects.
 */
#include <stdlib.h>
#include "lib/base/crypto.h"
#include "lib/event/meshlog.h"
#include "lib/view/state.h"

/* ---- life ---- */

struct view *view_new(void)
{
	struct view *v = view_alloc(sizeof(*v));

	v->rejects = view_alloc(sizeof(*v->rejects));
	crypto_random(v->seed, sizeof(v->seed));
	return v;
}

static void counter_free(struct table_entry *e)
{
	counter_fini(&((struct named_counter *)e)->rule);
}

static void row_free(struct table_entry *e)
{
	struct row *row = (struct row *)e;

	field_fini(&row->form);
	field_fini(&row->created_by);
	fields_fini(&row->fields);
	table_fini(&row->counters, counter_free);
	pile_fini(&row->notes);
	pile_fini(&row->attachments);
}

static void doc_free(struct table_entry *e)
{
	doc_fini((struct doc *)e);
}

void view_reset(struct view *v)
{
	table_fini(&v->rows, row_free);
	plan_fini(&v->plan);
	table_fini(&v->docs, doc_free);
	fields_fini(&v->resources);
	fields_fini(&v->policies);
	fields_fini(&v->stations);
	fields_fini(&v->orders);
	table_fini(&v->authors, NULL);
	pile_fini(v->rejects);
	table_fini(&v->held, NULL);
	v->n_records = v->n_withheld = 0;
	v->changes++;
}

void view_free(struct view *v)
{
	if (!v)
		return;
	view_reset(v);
	free(v->rejects);
	free(v);
}

const char *view_verdict_name(enum view_verdict v)
{
	static const char *const names[] = {
		[VIEW_APPLIED] = "applied", [VIEW_OTHER_KIND] = "other_kind",
		[VIEW_WITHHELD] = "withheld", [VIEW_NO_RECORD] = "no_record",
		[VIEW_BAD_TYPE] = "bad_type",
		[VIEW_MISSING_FIELD] = "missing_field",
		[VIEW_BAD_PAYLOAD] = "bad_payload",
		[VIEW_BAD_VALUE] = "bad_value",
	};

	return (unsigned)v < VIEW_VERDICT_COUNT ? names[v] : "unknown";
}

/* ---- rows ---- */

static struct row *row_get(struct view *v, const struct change *c)
{
	return (struct row *)table_get(&v->rows, v->seed,
				       c->member[KEY_RECORD].str,
				       sizeof(struct row));
}

/* The row, which from now on is shown. */
static struct row *row_make(struct view *v, const struct change *c)
{
	struct row *row = row_get(v, c);

	if (!row->exists || order_compare(&c->at, &row->first) < 0)
		row->first = c->at;
	v->n_records += !row->exists;
	row->exists = true;
	return row;
}

struct row *view_find_row(const struct view *v, struct span record)
{
	struct row *row = (struct row *)table_find(&v->rows, v->seed, record);

	return row && row->exists ? row : NULL;
}

struct field *view_find_field(const struct view *v, struct span record,
			      struct span field)
{
	struct row *row = (struct row *)table_find(&v->rows, v->seed, record);

	return row ? fields_find(&row->fields, v->seed, field) : NULL;
}

struct counter *view_find_counter(const struct view *v, struct span record,
				  struct span name)
{
	struct row *row = view_find_row(v, record);
	struct table_entry *c = row ?
		table_find(&row->counters, v->seed, name) : NULL;

	return c ? &((struct named_counter *)c)->rule : NULL;
}

/* Every kind of a record names it. */
static enum view_verdict record_named(const struct change *c)
{
	if (!change_has(c, KEY_RECORD))
		return VIEW_NO_RECORD;
	return c->member[KEY_RECORD].type == PAYLOAD_TEXT ? VIEW_APPLIED :
							    VIEW_BAD_TYPE;
}

/* ---- the kinds ---- */

static enum view_verdict apply_create(struct view *v, const struct change *c)
{
	static const struct span blind = { NULL, 0 };
	enum view_verdict bad;
	struct span form, by;
	struct row *row;

	bad = record_named(c);
	if (!bad)
		bad = change_text(c, KEY_FORM, false, &form);
	if (!bad)
		bad = change_text(c, KEY_BY, false, &by);
	if (bad)
		return bad;
	row = row_make(v, c);
	row->form.keep = row->created_by.keep = true;	/* two may claim it */
	if (change_has(c, KEY_FORM))
		field_write(&row->form, &c->at, blind, form);
	if (change_has(c, KEY_BY))
		field_write(&row->created_by, &c->at, blind, by);
	return VIEW_APPLIED;
}

/* Which field a write concerns, and which writes it replaces. */
static enum view_verdict field_members(const struct change *c,
				       struct span *name, struct span *base)
{
	enum view_verdict bad = record_named(c);

	if (!bad)
		bad = change_text(c, KEY_FIELD, true, name);
	return bad ? bad : change_base(c, base);
}

static enum view_verdict apply_set(struct view *v, const struct change *c)
{
	struct span name, base;
	enum view_verdict bad = field_members(c, &name, &base);

	if (bad)
		return bad;
	if (!change_has(c, KEY_VALUE))
		return VIEW_MISSING_FIELD;
	field_write(fields_get(&row_make(v, c)->fields, v->seed, name), &c->at, base,
		    c->member[KEY_VALUE].raw);
	return VIEW_APPLIED;
}

static enum view_verdict apply_unset(struct view *v, const struct change *c)
{
	struct span name, base;
	enum view_verdict bad = field_members(c, &name, &base);

	if (bad)
		return bad;
	field_write(fields_get(&row_get(v, c)->fields, v->seed, name), &c->at, base,
		    SPAN(NULL, 0));
	return VIEW_APPLIED;
}

static enum view_verdict apply_note(struct view *v, const struct change *c)
{
	struct span text;
	enum view_verdict bad = record_named(c);

	if (!bad)
		bad = change_text(c, KEY_TEXT, true, &text);
	if (!bad)
		notes_add(&row_make(v, c)->notes, &c->at, text);
	return bad;
}

static enum view_verdict apply_attachment(struct view *v,
					  const struct change *c)
{
	struct attachment a = { .at = c->at };
	enum view_verdict bad = record_named(c);

	if (!bad)
		bad = change_text(c, KEY_FIELD, true, &a.field);
	if (!bad)
		bad = change_text(c, KEY_BLOB_HASH, true, &a.blob_hash);
	if (!bad)
		bad = change_text(c, KEY_MIME, false, &a.mime);
	if (!bad)
		bad = change_uint(c, KEY_SIZE, false, &a.size);
	if (!bad)
		attachments_add(&row_make(v, c)->attachments, &a);
	return bad;
}

struct count {
	struct span name;
	enum counter_sign sign;
	uint64_t by, total;
};

/* A step is a whole number but 0 of at most 64 bits; its sign says which total
 * it belongs to, and that cannot be less than the step. */
static enum view_verdict count_read(const struct change *c, struct count *n)
{
	const struct payload_value *by = &c->member[KEY_BY];
	enum view_verdict bad = record_named(c);

	if (!bad)
		bad = change_text(c, KEY_COUNTER, true, &n->name);
	if (!bad)
		bad = change_uint(c, KEY_TOTAL, true, &n->total);
	if (bad || !change_has(c, KEY_BY))
		return bad ? bad : VIEW_MISSING_FIELD;
	if (by->type != PAYLOAD_UINT && by->type != PAYLOAD_NEGINT)
		return VIEW_BAD_TYPE;
	n->sign = by->type == PAYLOAD_NEGINT ? COUNTER_TAKEN : COUNTER_ADDED;
	n->by = by->num + n->sign;
	return n->by == 0 || n->by > n->total ? VIEW_BAD_VALUE : VIEW_APPLIED;
}

static enum view_verdict apply_count(struct view *v, const struct change *c)
{
	struct count n;
	enum view_verdict bad = count_read(c, &n);
	struct named_counter *counter;

	if (bad)
		return bad;
	counter = (struct named_counter *)
		table_get(&row_make(v, c)->counters, v->seed, n.name,
			  sizeof(*counter));
	counter_raise(&counter->rule, v->seed, &c->at, n.sign, n.total);
	return VIEW_APPLIED;
}

void view_tally_event(struct view_tally *t, const struct event *e)
{
	struct change c = { .payload = e->payload };
	struct count n;

	if (e->kind != KIND_COUNTER_ADD)
		return;
	t->withheld |= e->withheld;
	if (e->withheld || change_read(&c) || count_read(&c, &n) ||
	    !span_equal(n.name, t->counter) ||
	    !span_equal(c.member[KEY_RECORD].str, t->record) ||
	    (n.sign == COUNTER_TAKEN) != t->taken)
		return;
	t->steps++;
	t->wrong |= n.total - n.by != t->total;
	t->total = n.total;
}

typedef enum view_verdict (*apply_fn)(struct view *v, const struct change *c);

/* Imports have no signature: they are records, and speak for no author. */
static apply_fn rule_of(const struct change *c)
{
	if (c->imported && (c->kind > KIND_ATTACHMENT_ADD ||
			    c->kind < KIND_RECORD_CREATE))
		return NULL;
	switch (c->kind) {
	case KIND_RECORD_CREATE: return apply_create;
	case KIND_FIELD_SET: return apply_set;
	case KIND_FIELD_UNSET: return apply_unset;
	case KIND_NOTE_ADD: return apply_note;
	case KIND_ATTACHMENT_ADD: return apply_attachment;
	case KIND_COUNTER_ADD: return apply_count;
	case KIND_PLAN_DELTA: return reduce_plan_delta;
	case KIND_PLAN_SET: return reduce_plan_set;
	case KIND_DOC_INSERT: return reduce_doc_insert;
	case KIND_DOC_UPDATE: return reduce_doc_update;
	case KIND_DOC_DELETE: return reduce_doc_delete;
	case KIND_STATION_STATUS: return reduce_station_status;
	case KIND_STATION_ORDER: return reduce_station_order;
	case KIND_RESOURCE_COMMIT: return reduce_resource_commit;
	case KIND_RESOURCE_POLICY: return reduce_resource_policy;
	default: return NULL;
	}
}

/* ---- applying ---- */

static void reject_add(struct view *v, const struct change *c,
		       enum view_verdict why)
{
	struct reject *r = view_alloc(sizeof(*r));

	*r = (struct reject){ c->at, c->kind, why };
	pile_add(v->rejects, r);
}

/* ---- payloads that are withheld, and may come later ---- */

#define HELD_KEY_MAX (AUTHOR_LABEL_MAX + 16)

static struct span held_key(uint8_t dst[HELD_KEY_MAX], const struct order *at)
{
	struct wr w = wr_init(dst, HELD_KEY_MAX);

	wr_be(&w, 8, at->seq);
	wr_be(&w, 8, at->id8);
	wr_bytes(&w, at->author->key);
	return wr_span(&w);
}

static void held_add(struct view *v, const struct change *c)
{
	uint8_t key[HELD_KEY_MAX];
	size_t before = v->held.n;
	struct held *h = (struct held *)
		table_get(&v->held, v->seed, held_key(key, &c->at),
			  sizeof(*h));

	h->as = (struct reject){ c->at, c->kind, VIEW_WITHHELD };
	v->n_withheld += v->held.n - before;
}

static void held_fill(struct view *v, const struct order *at)
{
	uint8_t key[HELD_KEY_MAX];
	struct held *h = v->n_withheld ? (struct held *)
		table_find(&v->held, v->seed, held_key(key, at)) : NULL;

	if (h && !h->filled) {
		h->filled = true;
		v->n_withheld--;
	}
}

static enum view_verdict change_apply(struct view *v, struct change *c)
{
	apply_fn apply = rule_of(c);
	enum view_verdict bad;

	if (!apply)
		return VIEW_OTHER_KIND;
	if (c->withheld)
		return VIEW_WITHHELD;
	bad = change_read(c);
	return bad ? bad : apply(v, c);
}

static void change_init(struct view *v, struct change *c,
			const struct event *e, const uint8_t *id)
{
	c->kind = e->kind;
	c->withheld = e->withheld;
	c->payload = e->payload;
	c->at = (struct order){ .hlc = e->hlc, .seq = e->seq,
				.id8 = be_get(id, EVENT_BASE_SIZE) };
	c->at.author = table_get(&v->authors, v->seed, e->author,
				 sizeof(struct table_entry));
}

/* What an import carries, under its own author and stamp. */
static enum view_verdict import_apply(struct view *v, struct change *c)
{
	struct meshlog m;

	if (c->withheld)
		return VIEW_WITHHELD;
	if (meshlog_import_parse(&m, c->payload))
		return VIEW_BAD_PAYLOAD;
	change_init(v, c, &m.e, m.id);
	c->imported = true;
	return change_apply(v, c);
}

enum view_verdict view_apply(struct view *v, const struct event *e)
{
	struct change c;	/* its members are many: not cleared */
	enum view_verdict verdict;
	struct order at;

	v->changes++;
	c.imported = false;
	change_init(v, &c, e, e->id);
	at = c.at;
	verdict = e->kind == KIND_IMPORT ? import_apply(v, &c) :
					   change_apply(v, &c);
	if (!e->withheld)
		held_fill(v, &at);
	if (verdict == VIEW_WITHHELD)
		held_add(v, &c);
	else if (verdict != VIEW_APPLIED && verdict != VIEW_OTHER_KIND)
		reject_add(v, &c, verdict);
	return verdict;
}

size_t view_record_count(const struct view *v)
{
	return v->n_records;
}
