/* SPDX-License-Identifier: MIT
 *
 * Resources, see resource.h: taking commits and policies in, and what several
 * heads come to.
 */
#include <stdlib.h>
#include "lib/view/resource.h"

/* ---- taking in ---- */

enum view_verdict reduce_resource_commit(struct view *v,
					 const struct change *c)
{
	const struct payload_value *value = &c->member[KEY_VALUE];
	struct span name, base;
	enum view_verdict bad = change_text(c, KEY_RESOURCE, true, &name);
	struct field *f;

	if (!bad)
		bad = change_base(c, &base);
	if (!bad && !change_has(c, KEY_VALUE))
		bad = VIEW_MISSING_FIELD;
	if (!bad && value->type != PAYLOAD_TEXT &&
	    value->type != PAYLOAD_BYTES)
		bad = VIEW_BAD_TYPE;
	if (bad)
		return bad;
	f = fields_get(&v->resources, v->seed, name);
	f->keep = true;
	field_write(f, &c->at, base, value->raw);
	return VIEW_APPLIED;
}

enum view_verdict reduce_resource_policy(struct view *v,
					 const struct change *c)
{
	struct span pattern, strategy, base;
	struct strategy s;
	uint64_t max_age;
	enum view_verdict bad = change_text(c, KEY_PATTERN, true, &pattern);

	if (!bad)
		bad = change_text(c, KEY_STRATEGY, true, &strategy);
	if (!bad)
		bad = change_uint(c, KEY_MAX_AGE, false, &max_age);
	if (!bad)
		bad = change_base(c, &base);
	if (!bad && strategy_parse(&s, strategy))
		bad = VIEW_BAD_VALUE;
	if (!bad)
		field_write(fields_get(&v->policies, v->seed, pattern),
			    &c->at, base, c->payload);
	return bad;
}

/* ---- policies ---- */

static struct span text_at(struct span payload, enum payload_key key)
{
	struct payload_value v;

	return payload_get(payload, key, &v) && v.type == PAYLOAD_TEXT ?
		v.str : SPAN(NULL, 0);
}

struct resource_policy policy_read(struct named_field *pattern)
{
	struct span payload = field_winner(&pattern->rule)->value;
	struct resource_policy p = { .pattern = pattern->name.key };
	struct payload_value age;

	p.text = text_at(payload, KEY_STRATEGY);
	if (payload_get(payload, KEY_MAX_AGE, &age))
		p.max_age_s = age.num;
	strategy_parse(&p.strategy, p.text);
	return p;
}

struct resource_policy resource_policy(const struct view *v, struct span name)
{
	struct resource_policy none = { .strategy.kind = STRATEGY_ESCALATE };
	struct table_entry **list = table_sorted(&v->policies);
	struct named_field *best = NULL;

	for (size_t i = 0; i < v->policies.n; i++)
		if (pattern_fits(list[i]->key, name) &&
		    (!best || pattern_compare(list[i]->key,
					      best->name.key) < 0))
			best = (struct named_field *)list[i];
	free(list);
	return best ? policy_read(best) : none;
}

/* ---- commits ---- */

struct span resource_content(const struct write *w)
{
	struct payload_value v;

	return payload_first(w->value, &v) ? v.str : SPAN(NULL, 0);
}

static bool is_text(const struct write *w)
{
	struct payload_value v;

	return payload_first(w->value, &v) && v.type == PAYLOAD_TEXT;
}

const struct write *resource_find(struct field *f, uint64_t id8)
{
	size_t at;

	field_winner(f);	/* settles, which sorts */
	at = field_place(f, id8);
	return at < f->n && f->w[at]->at.id8 == id8 ? f->w[at] : NULL;
}

static int by_order(const void *pa, const void *pb)
{
	const struct write *a = *(struct write *const *)pa;
	const struct write *b = *(struct write *const *)pb;

	return order_compare(&a->at, &b->at);
}

size_t resource_heads(struct field *f, const struct write **heads, size_t cap)
{
	const struct write **all = view_alloc(f->n * sizeof(*all));
	size_t n = 0, skip;

	field_winner(f);
	for (size_t i = 0; i < f->n; i++)
		if (!f->w[i]->named)
			all[n++] = f->w[i];
	if (n == 0)	/* in a circle, of ids that were ground */
		all[n++] = f->winner;
	qsort(all, n, sizeof(*all), by_order);
	skip = n > cap ? n - cap : 0;
	for (size_t i = skip; i < n; i++)
		heads[i - skip] = all[i];
	free(all);
	return n;
}

/* ---- where two come from ---- */

/* Marks w and what it comes from. */
static void lineage_mark(const struct field *f, const struct write *w,
			 uint8_t *mark, uint8_t bit)
{
	size_t *stack = view_alloc(f->n * sizeof(*stack)), depth = 0;
	size_t at = field_place(f, w->at.id8);

	while (f->w[at] != w)
		at++;
	mark[at] |= bit;
	stack[depth++] = at;
	while (depth) {
		const struct write *x = f->w[stack[--depth]];

		for (uint32_t i = 0; i < x->n_bases; i++)
			for (at = field_place(f, x->bases[i]); at < f->n &&
			     f->w[at]->at.id8 == x->bases[i]; at++) {
				if (mark[at] & bit)
					continue;
				mark[at] |= bit;
				stack[depth++] = at;
			}
	}
	free(stack);
}

const struct write *resource_common(const struct field *f,
				    const struct write *const *w, size_t n)
{
	uint8_t *mark = view_alloc(f->n);
	const struct write *base = NULL;

	for (size_t i = 0; i < n; i++)
		lineage_mark(f, w[i], mark, 1);
	lineage_mark(f, w[n], mark, 2);
	for (size_t i = 0; i < f->n; i++)
		if (mark[i] == 3 &&
		    (!base || field_rank_compare(f->w[i], base) > 0))
			base = f->w[i];
	free(mark);
	return base;
}

/* A version that n replaced is n - 1 conflicts, and so are n beginnings. */
uint64_t resource_conflicts(struct field *f)
{
	uint32_t *children = view_alloc(f->n * sizeof(*children)), roots = 0;
	uint64_t conflicts = 0;

	field_winner(f);
	for (size_t i = 0; i < f->n; i++) {
		const struct write *w = f->w[i];
		bool root = true;

		for (uint32_t b = 0; b < w->n_bases; b++)
			for (size_t at = field_place(f, w->bases[b]); at < f->n &&
			     f->w[at]->at.id8 == w->bases[b]; at++) {
				children[at]++;
				root = false;
			}
		roots += root;
	}
	for (size_t i = 0; i < f->n; i++)
		conflicts += children[i] > 1 ? children[i] - 1 : 0;
	free(children);
	return conflicts + (roots > 1 ? roots - 1 : 0);
}

/* ---- several heads ---- */

static bool fold_merge(struct field *f, enum merge_kind kind,
		       const struct write *const *w, size_t n,
		       struct buf *out)
{
	struct buf sum = { 0 };
	bool good = is_text(w[0]);

	buf_add(&sum, resource_content(w[0]));
	for (size_t i = 1; i < n && good; i++) {
		const struct write *b = resource_common(f, w, i);
		struct span base = b ? resource_content(b) : SPAN("", 0);
		struct buf next = { 0 };

		good = is_text(w[i]) &&
		       merge_contents(&next, kind, &base, buf_span(&sum),
				      resource_content(w[i])) == 0;
		buf_fini(&sum);
		sum = next;
	}
	if (good)
		buf_add(out, buf_span(&sum));
	buf_fini(&sum);
	return good;
}

static bool all_equal(const struct write *const *w, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (!span_equal(w[i]->value, w[0]->value))
			return false;
	return true;
}

bool resource_fold(struct field *f, const struct strategy *s,
		   const struct write *const *w, size_t n, struct buf *out)
{
	bool same = all_equal(w, n);

	if (!same && s->kind == STRATEGY_MERGE &&
	    fold_merge(f, s->merge, w, n, out))
		return true;
	buf_add(out, resource_content(s->kind == STRATEGY_FWW ? w[0] :
				      w[n - 1]));
	return same || s->kind == STRATEGY_FWW || s->kind == STRATEGY_LWW;
}
