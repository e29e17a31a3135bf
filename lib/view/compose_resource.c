/* SPDX-License-Identifier: MIT
 *
 * Committing resources, see compose_resource.h.
 */
#include "lib/view/compose_resource.h"
#include <errno.h>
#include "lib/view/compose_map.h"

const char *resource_outcome_name(enum resource_outcome o)
{
	static const char *const names[] = {
		[RESOURCE_COMMITTED] = "committed",
		[RESOURCE_MERGED] = "merged",
		[RESOURCE_REJECTED] = "rejected",
		[RESOURCE_RETRY] = "retry",
		[RESOURCE_ESCALATED] = "escalated",
		[RESOURCE_STALE] = "stale",
	};

	return names[o];
}

/* ---- tokens ---- */

/* Digits up to `end` or the end of the text; what follows stays in *s. */
static int number_take(struct span *s, const char *ends, uint64_t *v)
{
	*v = 0;
	if (!s->n || s->p[0] < '0' || s->p[0] > '9')
		return -EINVAL;
	for (; s->n && !strchr(ends, s->p[0]); s->p++, s->n--) {
		if (s->p[0] < '0' || s->p[0] > '9' || *v > UINT64_MAX / 100)
			return -EINVAL;
		*v = 10 * *v + (s->p[0] - '0');
	}
	return 0;
}

static int id_take(struct span *s, uint64_t *id)
{
	uint8_t bytes[EVENT_BASE_SIZE];

	if (s->n < 1 + 2 * sizeof(bytes) ||
	    hex_decode(bytes, sizeof(bytes), SPAN(s->p + 1, 2 * sizeof(bytes))) !=
	    sizeof(bytes))
		return -EINVAL;
	*id = be_get(bytes, sizeof(bytes));
	*s = SPAN(s->p + 1 + 2 * sizeof(bytes), s->n - 1 - 2 * sizeof(bytes));
	return 0;
}

int resource_token_parse(struct resource_token *t, struct span text)
{
	int err;

	*t = (struct resource_token){ .version = 0 };
	err = number_take(&text, "-@", &t->version);
	while (!err && text.n && text.p[0] == '-')
		err = t->n == RESOURCE_HEADS_MAX ? -EINVAL :
			id_take(&text, &t->ids[t->n++]);
	if (!err && text.n && text.p[0] == '@') {
		text = SPAN(text.p + 1, text.n - 1);
		err = number_take(&text, "", &t->begun_s);
	}
	return err ? err : text.n ? -EINVAL : 0;
}

/* ---- what stands, and what the token saw ---- */

struct sides {
	struct field *f;		/* NULL: nobody committed it yet */
	struct resource_policy policy;
	const struct write *heads[RESOURCE_HEADS_MAX];
	size_t n_heads;
	const struct write *base[RESOURCE_HEADS_MAX];
	size_t n_base;			/* of the token's that are held */
};

static void sides_read(struct sides *s, const struct view *v,
		       const struct resource_work *w)
{
	*s = (struct sides){
		.f = fields_find(&v->resources, v->seed, w->name),
		.policy = resource_policy(v, w->name),
	};
	if (!s->f)
		return;
	s->n_heads = resource_heads(s->f, s->heads, RESOURCE_HEADS_MAX);
	if (s->n_heads > RESOURCE_HEADS_MAX)
		s->n_heads = RESOURCE_HEADS_MAX;
	for (size_t i = 0; i < w->token.n; i++) {
		s->base[s->n_base] = resource_find(s->f, w->token.ids[i]);
		s->n_base += s->base[s->n_base] != NULL;
	}
}

static bool token_fits(const struct sides *s, const struct resource_token *t)
{
	if (s->n_heads != t->n)
		return false;
	for (size_t i = 0; i < s->n_heads; i++) {
		size_t j = 0;

		while (j < t->n && t->ids[j] != s->heads[i]->at.id8)
			j++;
		if (j == t->n)
			return false;
	}
	return true;
}

/* ---- the payload ---- */

static int commit_put(struct buf *out, const struct resource_work *w,
		      struct span content, const struct write *const *over,
		      size_t n)
{
	uint8_t base[RESOURCE_HEADS_MAX * EVENT_BASE_SIZE];
	size_t before = out->len;

	payload_put_map(out, n ? 3 : 2);
	payload_put_uint(out, KEY_VALUE);
	if (payload_is_text(content))
		payload_put_text(out, content);
	else
		payload_put_bytes(out, content);
	for (size_t i = 0; i < n; i++)
		be_put(base + i * EVENT_BASE_SIZE, EVENT_BASE_SIZE,
		       over[i]->at.id8);
	if (n)
		compose_key_bytes(out, KEY_BASE,
				  SPAN(base, n * EVENT_BASE_SIZE));
	compose_key_text(out, KEY_RESOURCE, w->name);
	return compose_end(out, before, 0);
}

/* Three-way: what the token saw, what stands, what is new. */
static int merge_put(struct buf *out, const struct resource_work *w,
		     const struct sides *s, enum resource_outcome *outcome)
{
	struct buf base = { 0 }, theirs = { 0 }, merged = { 0 };
	const struct strategy *how = &s->policy.strategy;
	struct span b;
	int err = 0;

	resource_fold(s->f, how, s->heads, s->n_heads, &theirs);
	if (s->n_base)
		resource_fold(s->f, how, s->base, s->n_base, &base);
	b = s->n_base ? buf_span(&base) : SPAN("", 0);
	*outcome = RESOURCE_ESCALATED;
	if (merge_contents(&merged, how->merge, &b, buf_span(&theirs),
			   w->content) == 0) {
		*outcome = RESOURCE_MERGED;
		err = commit_put(out, w, buf_span(&merged), s->heads,
				 s->n_heads);
	}
	buf_fini(&base);
	buf_fini(&theirs);
	buf_fini(&merged);
	return err;
}

static int conflict_put(struct buf *out, const struct resource_work *w,
			const struct sides *s, enum resource_outcome *outcome)
{
	uint64_t held = s->f ? s->f->n : 0;
	uint64_t late = held > w->token.version ? held - w->token.version : 0;

	*outcome = RESOURCE_ESCALATED;
	if (s->n_base < w->token.n)	/* of versions that nobody here saw */
		return 0;
	switch (s->policy.strategy.kind) {
	case STRATEGY_LWW:
		*outcome = RESOURCE_COMMITTED;
		return commit_put(out, w, w->content, s->heads, s->n_heads);
	case STRATEGY_MERGE:
		return merge_put(out, w, s, outcome);
	case STRATEGY_FWW:
		*outcome = RESOURCE_REJECTED;
		return 0;
	case STRATEGY_RETRY:
		if (late < s->policy.strategy.retries)
			*outcome = RESOURCE_RETRY;
		return 0;
	default:
		return 0;
	}
}

static bool token_stale(const struct sides *s, const struct resource_work *w)
{
	uint64_t max = s->policy.max_age_s;

	return max && w->now_s && (!w->token.begun_s ||
				   w->now_s > w->token.begun_s + max);
}

int compose_resource_commit(const struct view *v,
			    const struct resource_work *w,
			    enum resource_outcome *outcome, struct buf *out)
{
	struct sides s;

	sides_read(&s, v, w);
	*outcome = RESOURCE_STALE;
	if (token_stale(&s, w))
		return 0;
	*outcome = RESOURCE_COMMITTED;
	if (token_fits(&s, &w->token))
		return commit_put(out, w, w->content, s.heads, s.n_heads);
	if (w->beside)
		return commit_put(out, w, w->content, s.base, s.n_base);
	return conflict_put(out, w, &s, outcome);
}

int compose_resource_policy(const struct view *v, struct span pattern,
			    struct span strategy, uint64_t max_age_s,
			    struct buf *out)
{
	struct field *f = fields_find(&v->policies, v->seed, pattern);
	uint8_t base[RESOURCE_HEADS_MAX * EVENT_BASE_SIZE];
	size_t n = f ? field_base(f, base, sizeof(base)) : 0;
	size_t before = out->len;
	struct strategy s;

	if (strategy_parse(&s, strategy))
		return -EINVAL;
	payload_put_map(out, 2 + (n > 0) + (max_age_s > 0));
	if (n)
		compose_key_bytes(out, KEY_BASE, SPAN(base, n));
	compose_key_text(out, KEY_PATTERN, pattern);
	compose_key_text(out, KEY_STRATEGY, strategy);
	if (max_age_s) {
		payload_put_uint(out, KEY_MAX_AGE);
		payload_put_uint(out, max_age_s);
	}
	return compose_end(out, before, 0);
}
