/* SPDX-License-Identifier: MIT
 *
 * How what a view shows came about: heads, conflicts, slots, and what was left
 * out for which reason.
 */
#include <stdlib.h>
#include "lib/view/state.h"

#define HEADS_SHOWN_MAX 64

/* ---- rejects ---- */

static int reject_compare(const void *pa, const void *pb)
{
	const struct reject *a = pa, *b = pb;
	int c = order_compare(&a->at, &b->at);

	if (c == 0)
		c = (int)a->verdict - (int)b->verdict;
	return c ? c : (int)a->kind - (int)b->kind;
}

static int by_order(const void *pa, const void *pb)
{
	return reject_compare(*(struct reject *const *)pa,
			      *(struct reject *const *)pb);
}

/* What is left out for good, and what is withheld; to be freed. */
static const struct reject **rejects_listed(const struct view *v, size_t *n)
{
	const struct reject **list;
	struct table_entry *e;

	pile_settle(v->rejects, reject_compare);
	*n = v->rejects->n;
	list = view_alloc((*n + v->n_withheld) * sizeof(*list));
	for (size_t i = 0; i < *n; i++)
		list[i] = v->rejects->item[i];
	table_for_each(e, &v->held)
		if (!((struct held *)e)->filled)
			list[(*n)++] = &((struct held *)e)->as;
	qsort(list, *n, sizeof(*list), by_order);
	return list;
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
	size_t n;
	const struct reject **list = rejects_listed(v, &n);

	json_out_array(o);
	for (size_t i = 0; i < n; i++) {
		json_out_object(o);
		json_out_kv_span(o, "author", list[i]->at.author->key);
		json_out_kv_uint(o, "seq", list[i]->at.seq);
		kind_json(o, list[i]->kind);
		json_out_kv_string(o, "reason",
				   view_verdict_name(list[i]->verdict));
		json_out_end_object(o);
	}
	json_out_end_array(o);
	free(list);
}

size_t view_withheld_count(const struct view *v)
{
	return v->n_withheld;
}

/* ---- heads ---- */

static size_t id_put(uint8_t id[EVENT_BASE_SIZE], const struct write *w)
{
	be_put(id, EVENT_BASE_SIZE, w->at.id8);
	return EVENT_BASE_SIZE;
}

size_t field_base(struct field *f, uint8_t *base, size_t cap)
{
	const struct write *heads[HEADS_SHOWN_MAX];
	size_t n = f ? field_heads(f, heads, HEADS_SHOWN_MAX) : 0, len = 0;

	for (size_t i = 0; i < n && i < HEADS_SHOWN_MAX &&
	     len + EVENT_BASE_SIZE <= cap; i++)
		len += id_put(base + len, heads[i]);
	return len;
}

size_t view_field_base(const struct view *v, struct span record,
		       struct span field, uint8_t *base, size_t cap)
{
	return field_base(view_find_field(v, record, field), base, cap);
}

size_t view_plan_base(const struct view *v, struct span key, uint8_t *base,
		      size_t cap)
{
	return field_base(fields_find(&v->plan.keys, v->seed, key), base, cap);
}

size_t view_doc_base(const struct view *v, struct span doc,
		     struct span element, struct span field, uint8_t *base,
		     size_t cap)
{
	struct doc *d = view_find_doc(v, doc);
	struct element *e = d ? (struct element *)
		table_find(&d->elements, v->seed, element) : NULL;

	return field_base(e ? fields_find(&e->fields, v->seed, field) : NULL,
			  base, cap);
}

void order_json(const struct order *at, struct json_out *o)
{
	json_out_kv_span(o, "author", at->author->key);
	json_out_kv_uint(o, "seq", at->seq);
	json_out_kv_uint(o, "wall_ms", at->hlc.wall_ms);
	json_out_kv_uint(o, "counter", at->hlc.counter);
}

void head_json(const struct write *w, struct json_out *o)
{
	uint8_t id[EVENT_BASE_SIZE];

	json_out_object(o);
	order_json(&w->at, o);
	json_out_kv_hex(o, "id", SPAN(id, id_put(id, w)));
	if (w->value.n) {
		json_out_key(o, "value");
		payload_to_json(o, w->value);
	} else {
		json_out_kv_bool(o, "unset", true);
	}
	json_out_end_object(o);
}

void heads_json(struct field *f, struct json_out *o)
{
	const struct write *heads[HEADS_SHOWN_MAX];
	size_t n = field_heads(f, heads, HEADS_SHOWN_MAX);

	json_out_key(o, "heads");
	json_out_array(o);
	for (size_t i = 0; i < n && i < HEADS_SHOWN_MAX; i++)
		head_json(heads[i], o);
	json_out_end_array(o);
}

/* ---- why ---- */

static void slot_json(const struct counter_slot *s, enum counter_sign sign,
		      struct json_out *o)
{
	if (!s->total[sign])
		return;
	json_out_object(o);
	order_json(&s->at[sign], o);
	json_out_key(o, sign == COUNTER_TAKEN ? "taken" : "added");
	counter_json(s->total[sign], o);
	json_out_end_object(o);
}

static void slots_json(const struct counter *c, struct json_out *o)
{
	struct table_entry **list = table_sorted(&c->slots);

	json_out_key(o, "slots");
	json_out_array(o);
	for (size_t i = 0; i < c->slots.n; i++) {
		slot_json((struct counter_slot *)list[i], COUNTER_ADDED, o);
		slot_json((struct counter_slot *)list[i], COUNTER_TAKEN, o);
	}
	json_out_end_array(o);
	free(list);
}

/* A field and a counter may have one name. */
void view_why_json(const struct view *v, struct span record,
		   struct span field, struct json_out *o)
{
	struct field *f = view_find_field(v, record, field);
	struct counter *c = view_find_counter(v, record, field);

	if (!f && !c) {
		json_out_null(o);
		return;
	}
	json_out_object(o);
	json_out_kv_span(o, "record_id", record);
	json_out_kv_span(o, "field", field);
	if (f) {
		json_out_kv_bool(o, "conflict", field_conflicted(f));
		heads_json(f, o);
		json_out_kv_uint(o, "superseded", field_superseded(f));
	}
	if (c) {
		json_out_key(o, "count");
		counter_json(counter_value(c), o);
		slots_json(c, o);
	}
	json_out_end_object(o);
}

/* ---- who created a record ---- */

/* Of one event, either may be NULL. */
static void creation_json(const struct write *form, const struct write *by,
			  struct json_out *o)
{
	json_out_object(o);
	order_json(&(form ? form : by)->at, o);
	if (form)
		json_out_kv_span(o, "form", form->value);
	if (by)
		json_out_kv_span(o, "by", by->value);
	json_out_end_object(o);
}

/* Which is the later event: < 0 for a; a list that has ended is the earlier. */
static int later(const struct write *a, const struct write *b)
{
	int c = !a - !b;

	if (c == 0)
		c = order_compare(&b->at, &a->at);
	return c ? c : (a->at.id8 > b->at.id8) - (a->at.id8 < b->at.id8);
}

static void creations_json(struct field *forms, struct field *bys,
			   struct json_out *o)
{
	const struct write **form = field_history(forms);
	const struct write **by = field_history(bys);
	size_t i = 0, j = 0;

	while (i < forms->n || j < bys->n) {
		const struct write *f = i < forms->n ? form[i] : NULL;
		const struct write *b = j < bys->n ? by[j] : NULL;
		int c = later(f, b);

		creation_json(c <= 0 ? f : NULL, c >= 0 ? b : NULL, o);
		i += c <= 0;
		j += c >= 0;
	}
	free(form);
	free(by);
}

static bool values_differ(const struct field *f)
{
	for (size_t i = 1; i < f->n; i++)
		if (!span_equal(f->w[i]->value, f->w[0]->value))
			return true;
	return false;
}

void view_created_json(const struct view *v, struct span record,
		       struct json_out *o)
{
	struct row *row = view_find_row(v, record);

	if (!row) {
		json_out_null(o);
		return;
	}
	json_out_object(o);
	json_out_kv_span(o, "record_id", record);
	json_out_key(o, "created");
	json_out_array(o);
	creations_json(&row->form, &row->created_by, o);
	json_out_end_array(o);
	json_out_kv_bool(o, "conflict", values_differ(&row->form) ||
			 values_differ(&row->created_by));
	json_out_end_object(o);
}

/* ---- conflicts ---- */

/* Of a table of fields: `named` begins the object of one and says where it
 * stands. */
struct conflicts {
	struct json_out *o;
	struct span record;	/* or document ... */
	struct span element;	/* ... and one of its elements */
	void (*named)(const struct conflicts *c, struct span name);
};

static void conflict_json(const struct conflicts *c, struct span name,
			  struct field *f)
{
	json_out_object(c->o);
	c->named(c, name);
	heads_json(f, c->o);
	json_out_end_object(c->o);
}

static void table_conflicts_json(const struct conflicts *c,
				 const struct table *fields)
{
	struct table_entry **list = table_sorted(fields);

	for (size_t i = 0; i < fields->n; i++) {
		struct field *f = &((struct named_field *)list[i])->rule;

		if (field_conflicted(f))
			conflict_json(c, list[i]->key, f);
	}
	free(list);
}

static void record_named(const struct conflicts *c, struct span name)
{
	json_out_kv_span(c->o, "record_id", c->record);
	json_out_kv_span(c->o, "field", name);
}

static void element_named(const struct conflicts *c, struct span name)
{
	json_out_kv_span(c->o, "doc", c->record);
	json_out_kv_hex(c->o, "element", c->element);
	json_out_kv_span(c->o, "field", name);
}

static void doc_conflicts_json(struct doc *d, struct json_out *o)
{
	struct conflicts c = { o, d->name.key, { NULL, 0 }, element_named };
	struct element *const *order = doc_order(d);

	for (size_t i = 0; i < d->n_order; i++) {
		c.element = order[i]->id.key;
		if (!order[i]->deleted)
			table_conflicts_json(&c, &order[i]->fields);
	}
}

static void plan_named(const struct conflicts *c, struct span name)
{
	json_out_kv_span(c->o, "plan", name);
}

static bool shows_number(const struct write *w)
{
	struct payload_value v;

	return payload_first(w->value, &v) && plan_is_number(&v);
}

/* Of numbers the greatest stands, whoever knew of whom: no conflict. */
static void plan_conflicts_json(const struct plan *p, struct json_out *o)
{
	const struct conflicts c = { .o = o, .named = plan_named };
	struct table_entry **list = table_sorted(&p->keys);

	for (size_t i = 0; i < p->keys.n; i++) {
		struct field *f = &((struct named_field *)list[i])->rule;

		if (field_conflicted(f) && !shows_number(field_winner(f)))
			conflict_json(&c, list[i]->key, f);
	}
	free(list);
}

bool view_row_conflicted(struct row *row)
{
	struct table_entry *e;

	table_for_each(e, &row->fields)
		if (field_conflicted(&((struct named_field *)e)->rule))
			return true;
	return false;
}

void view_row_conflicts_json(struct row *row, struct json_out *o)
{
	json_out_array(o);
	table_conflicts_json(&(struct conflicts){ o, row->id.key,
			     { NULL, 0 }, record_named }, &row->fields);
	json_out_end_array(o);
}

void view_other_conflicts_json(const struct view *v, struct json_out *o)
{
	struct table_entry **docs = table_sorted(&v->docs);

	json_out_array(o);
	plan_conflicts_json(&v->plan, o);
	for (size_t i = 0; i < v->docs.n; i++)
		doc_conflicts_json((struct doc *)docs[i], o);
	resource_conflicts_json(v, o);
	json_out_end_array(o);
	free(docs);
}
