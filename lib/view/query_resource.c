/* SPDX-License-Identifier: MIT
 *
 * What resources show, and how they came about.
 */
#include <stdlib.h>
#include "lib/view/resource.h"

/* A resource as it stands. */
struct shown {
	struct resource_policy policy;
	const struct write *heads[RESOURCE_HEADS_MAX];
	size_t n_heads, n_listed;
	struct buf content;
	bool settled;
};

static void show(const struct view *v, struct span name, struct field *f,
		 struct shown *s)
{
	*s = (struct shown){ .policy = resource_policy(v, name) };
	s->n_heads = resource_heads(f, s->heads, RESOURCE_HEADS_MAX);
	s->n_listed = s->n_heads < RESOURCE_HEADS_MAX ? s->n_heads :
							RESOURCE_HEADS_MAX;
	s->settled = resource_fold(f, &s->policy.strategy, s->heads,
				   s->n_listed, &s->content);
}

static void id_json(struct json_out *o, const char *key, uint64_t id8)
{
	uint8_t id[EVENT_BASE_SIZE];

	be_put(id, sizeof(id), id8);
	json_out_kv_hex(o, key, SPAN(id, sizeof(id)));
}

/* Bytes that are no text are shown as bytes. */
static void content_json(struct json_out *o, struct span content)
{
	if (payload_is_text(content)) {
		json_out_kv_span(o, "content", content);
		return;
	}
	json_out_key(o, "content");
	json_out_object(o);
	json_out_kv_hex(o, "bytes", content);
	json_out_end_object(o);
}

static void commit_json(struct json_out *o, const struct write *w)
{
	order_json(&w->at, o);
	id_json(o, "id", w->at.id8);
	content_json(o, resource_content(w));
}

/* What a token names: how many commits were held, and the heads. */
static void token_json(struct json_out *o, const struct field *f,
		       const struct shown *s)
{
	struct buf b = { 0 };

	buf_printf(&b, "%zu", f->n);
	for (size_t i = 0; i < s->n_listed; i++)
		buf_printf(&b, "-%016llx",
			   (unsigned long long)s->heads[i]->at.id8);
	json_out_kv_span(o, "token", buf_span(&b));
	buf_fini(&b);
}

static void policy_json(struct json_out *o, const struct resource_policy *p)
{
	json_out_kv_span(o, "strategy", p->text.n ? p->text :
			 SPAN_STR("escalate"));
	if (p->max_age_s)
		json_out_kv_uint(o, "max_age_s", p->max_age_s);
}

void view_resource_json(const struct view *v, struct span name,
			struct json_out *o)
{
	struct field *f = fields_find(&v->resources, v->seed, name);
	struct shown s;

	if (!f) {
		json_out_null(o);
		return;
	}
	show(v, name, f, &s);
	json_out_object(o);
	json_out_kv_span(o, "resource", name);
	json_out_kv_uint(o, "version", f->n);
	token_json(o, f, &s);
	policy_json(o, &s.policy);
	content_json(o, buf_span(&s.content));
	json_out_kv_bool(o, "conflict", !s.settled);
	json_out_key(o, "heads");
	json_out_array(o);
	for (size_t i = 0; i < s.n_listed; i++) {
		json_out_object(o);
		commit_json(o, s.heads[i]);
		json_out_end_object(o);
	}
	json_out_end_array(o);
	json_out_end_object(o);
	buf_fini(&s.content);
}

/* Those whose heads the policy does not fold. */
void resource_conflicts_json(const struct view *v, struct json_out *o)
{
	struct table_entry **list = table_sorted(&v->resources);
	struct shown s;

	for (size_t i = 0; i < v->resources.n; i++) {
		struct named_field *r = (struct named_field *)list[i];

		show(v, r->name.key, &r->rule, &s);
		buf_fini(&s.content);
		if (s.settled)
			continue;
		json_out_object(o);
		json_out_kv_span(o, "resource", r->name.key);
		json_out_key(o, "heads");
		json_out_array(o);
		for (size_t h = 0; h < s.n_listed; h++)
			head_json(s.heads[h], o);
		json_out_end_array(o);
		json_out_end_object(o);
	}
	free(list);
}

void view_resources_json(const struct view *v, struct json_out *o)
{
	struct table_entry **list = table_sorted(&v->resources);
	struct shown s;

	json_out_array(o);
	for (size_t i = 0; i < v->resources.n; i++) {
		struct named_field *r = (struct named_field *)list[i];

		show(v, r->name.key, &r->rule, &s);
		json_out_object(o);
		json_out_kv_span(o, "resource", r->name.key);
		json_out_kv_uint(o, "version", r->rule.n);
		json_out_kv_uint(o, "heads", s.n_heads);
		json_out_kv_bool(o, "conflict", !s.settled);
		json_out_end_object(o);
		buf_fini(&s.content);
	}
	json_out_end_array(o);
	free(list);
}

/* ---- history ---- */

static void history_json(struct json_out *o, const struct write *w)
{
	struct buf b = { 0 };

	json_out_object(o);
	commit_json(o, w);
	for (uint32_t i = 0; i < w->n_bases; i++)
		buf_printf(&b, "%s%016llx", i ? "-" : "",
			   (unsigned long long)w->bases[i]);
	json_out_kv_span(o, "base", buf_span(&b));
	json_out_kv_bool(o, "head", !w->named);
	json_out_end_object(o);
	buf_fini(&b);
}

void view_resource_history_json(const struct view *v, struct span name,
				struct json_out *o)
{
	struct field *f = fields_find(&v->resources, v->seed, name);
	const struct write **list;

	if (!f) {
		json_out_null(o);
		return;
	}
	list = field_history(f);
	json_out_array(o);
	for (size_t i = f->n; i-- > 0;)
		history_json(o, list[i]);
	json_out_end_array(o);
	free(list);
}

/* ---- stats: counted from what is held, so the same everywhere ---- */

struct stats {
	uint64_t commits, merges, conflicts, open;
};

static void stats_take(const struct view *v, struct named_field *r,
		       struct stats *st)
{
	struct shown s;

	show(v, r->name.key, &r->rule, &s);
	for (size_t i = 0; i < r->rule.n; i++)
		st->merges += r->rule.w[i]->n_bases > 1;
	st->commits += r->rule.n;
	st->conflicts += resource_conflicts(&r->rule);
	st->open += !s.settled;
	buf_fini(&s.content);
}

void view_resource_stats_json(const struct view *v, struct json_out *o)
{
	struct table_entry **list = table_sorted(&v->resources);
	struct stats st = { 0 };

	for (size_t i = 0; i < v->resources.n; i++)
		stats_take(v, (struct named_field *)list[i], &st);
	free(list);
	json_out_object(o);
	json_out_kv_uint(o, "resources", v->resources.n);
	json_out_kv_uint(o, "commits", st.commits);
	json_out_kv_uint(o, "merges", st.merges);
	json_out_kv_uint(o, "conflicts", st.conflicts);
	json_out_kv_uint(o, "open", st.open);
	json_out_end_object(o);
}

/* ---- policies ---- */

static int by_pattern(const void *pa, const void *pb)
{
	return pattern_compare((*(struct table_entry *const *)pa)->key,
			       (*(struct table_entry *const *)pb)->key);
}

void view_policies_json(const struct view *v, struct json_out *o)
{
	struct table_entry **list = table_sorted(&v->policies);

	if (v->policies.n)
		qsort(list, v->policies.n, sizeof(*list), by_pattern);
	json_out_array(o);
	for (size_t i = 0; i < v->policies.n; i++) {
		struct resource_policy p =
			policy_read((struct named_field *)list[i]);

		json_out_object(o);
		json_out_kv_span(o, "pattern", list[i]->key);
		policy_json(o, &p);
		json_out_end_object(o);
	}
	json_out_end_array(o);
	free(list);
}

/* ---- the hash's row ---- */

void resource_put(const struct view *v, struct named_field *r, struct buf *b)
{
	uint8_t id[EVENT_BASE_SIZE];
	struct shown s;

	show(v, r->name.key, &r->rule, &s);
	payload_put_array(b, 5);
	payload_put_text(b, SPAN_STR("resource"));
	payload_put_text(b, r->name.key);
	payload_put_uint(b, r->rule.n);
	payload_put_bytes(b, buf_span(&s.content));
	payload_put_array(b, s.n_listed);
	for (size_t i = 0; i < s.n_listed; i++) {
		be_put(id, sizeof(id), s.heads[i]->at.id8);
		payload_put_bytes(b, SPAN(id, sizeof(id)));
	}
	buf_fini(&s.content);
}
