/* SPDX-License-Identifier: MIT
 *
 * The plan and the documents as JSON.
 */
#include <stdlib.h>
#include "lib/view/state.h"

/* ---- the plan ---- */

void view_plan_json(const struct view *v, struct json_out *o)
{
	struct table_entry **list = table_sorted(&v->plan.keys);

	json_out_object(o);
	json_out_key(o, "plan");
	json_out_object(o);
	for (size_t i = 0; i < v->plan.keys.n; i++) {
		json_out_key_span(o, list[i]->key);
		payload_to_json(o, plan_value(
			&((struct named_field *)list[i])->rule));
	}
	json_out_end_object(o);
	json_out_key(o, "version_vector");
	versions_json(&v->plan.seen, o);
	json_out_end_object(o);
	free(list);
}

void view_plan_why_json(const struct view *v, struct span key,
			struct json_out *o)
{
	struct field *f = fields_find(&v->plan.keys, v->seed, key);

	if (!f) {
		json_out_null(o);
		return;
	}
	json_out_object(o);
	json_out_kv_span(o, "key", key);
	json_out_key(o, "value");
	payload_to_json(o, plan_value(f));
	json_out_key(o, "shown");
	head_json(plan_shown(f), o);
	heads_json(f, o);
	json_out_kv_uint(o, "superseded", field_superseded(f));
	json_out_end_object(o);
}

/* ---- documents ---- */

void view_element_json(const struct element *e, struct json_out *o)
{
	json_out_object(o);
	json_out_kv_hex(o, "id", e->id.key);
	json_out_kv_span(o, "type", e->type);
	json_out_key(o, "fields");
	fields_json(&e->fields, o);
	json_out_end_object(o);
}

void view_doc_version_json(const struct view *v, struct span name,
			   struct json_out *o)
{
	struct doc *d = view_find_doc(v, name);
	static const struct versions none;

	versions_json(d ? &d->versions : &none, o);
}

/* Elements that are there, and those whose neighbour is not. */
static void doc_line(struct doc *d, struct json_out *o)
{
	struct element *const *order = doc_order(d);
	size_t live = 0;

	for (size_t i = 0; i < d->n_order; i++)
		live += !order[i]->deleted;
	json_out_object(o);
	json_out_kv_span(o, "doc", d->name.key);
	json_out_kv_uint(o, "elements", live);
	json_out_kv_uint(o, "deleted", d->n_order - live);
	json_out_kv_uint(o, "orphans", d->n_orphans);
	json_out_end_object(o);
}

void view_docs_json(const struct view *v, struct json_out *o)
{
	struct table_entry **list = table_sorted(&v->docs);

	json_out_array(o);
	for (size_t i = 0; i < v->docs.n; i++)
		doc_line((struct doc *)list[i], o);
	json_out_end_array(o);
	free(list);
}
