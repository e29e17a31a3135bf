/* SPDX-License-Identifier: MIT
 *
 * The controller of occ.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include "lib/view/occ.h"
#include "lib/view/table.h"

struct version {
	struct table_entry name;	/* first: an entry */
	uint64_t number;
	struct buf hash, modifier;
};

struct rule {
	struct table_entry name;	/* first: an entry */
	struct strategy strategy;
};

struct episode {			/* a conflict and its end */
	struct occ_conflict conflict;
	struct occ_resolution resolution;
	uint8_t texts[];
};

struct occ {
	struct strategy standard;
	struct table versions, rules;
	struct episode **history;	/* a ring, the oldest at `oldest` */
	size_t history_max, n_history, oldest;
	struct buf text;		/* of the last answer */
};

static const uint8_t seed[16];	/* agents of one process choose the names */

static void text_set(struct buf *b, struct span s)
{
	b->len = 0;
	buf_add(b, s);
}

/* ---- life ---- */

struct occ *occ_new(const struct strategy *standard, size_t history_max)
{
	struct occ *o = view_alloc(sizeof(*o));

	o->standard = *standard;
	o->history_max = history_max;
	o->history = view_alloc((history_max + 1) * sizeof(*o->history));
	return o;
}

static void version_free(struct table_entry *e)
{
	struct version *v = (struct version *)e;

	buf_fini(&v->hash);
	buf_fini(&v->modifier);
}

void occ_clear(struct occ *o)
{
	for (size_t i = 0; i < o->n_history; i++)
		free(o->history[(o->oldest + i) % o->history_max]);
	o->n_history = o->oldest = 0;
}

void occ_free(struct occ *o)
{
	occ_clear(o);
	table_fini(&o->versions, version_free);
	table_fini(&o->rules, NULL);
	buf_fini(&o->text);
	free(o->history);
	free(o);
}

/* ---- versions ---- */

static struct version *version_find(const struct occ *o, struct span resource)
{
	return (struct version *)table_find(&o->versions, seed, resource);
}

static void version_set(struct occ *o, struct span resource, uint64_t number,
			struct span hash, struct span agent)
{
	struct version *v = (struct version *)
		table_get(&o->versions, seed, resource, sizeof(*v));

	v->number = number;
	text_set(&v->hash, hash);
	text_set(&v->modifier, agent);
}

bool occ_version(const struct occ *o, struct span resource, uint64_t *version,
		 struct span *hash, struct span *modifier)
{
	const struct version *v = version_find(o, resource);

	if (!v)
		return false;
	*version = v->number;
	*hash = buf_span(&v->hash);
	*modifier = buf_span(&v->modifier);
	return true;
}

bool occ_changed(const struct occ *o, struct span resource, uint64_t since)
{
	const struct version *v = version_find(o, resource);

	return v && v->number > since;
}

/* ---- strategies ---- */

void occ_strategy(struct occ *o, struct span resource,
		  const struct strategy *s)
{
	struct rule *r = (struct rule *)
		table_get(&o->rules, seed, resource, sizeof(*r));

	r->strategy = *s;
}

static const struct strategy *strategy_of(const struct occ *o,
					  struct span resource)
{
	const struct rule *r = (const struct rule *)
		table_find(&o->rules, seed, resource);

	return r ? &r->strategy : &o->standard;
}

/* ---- tokens ---- */

void occ_begin(const struct occ *o, struct occ_token *t, struct span agent,
	       struct span resource)
{
	const struct version *v = version_find(o, resource);

	*t = (struct occ_token){ .base_version = v ? v->number : 0 };
	buf_add(&t->resource, resource);
	buf_add(&t->agent, agent);
	if (v)
		buf_add(&t->base_hash, buf_span(&v->hash));
}

void occ_token_fini(struct occ_token *t)
{
	buf_fini(&t->resource);
	buf_fini(&t->agent);
	buf_fini(&t->base_hash);
}

/* ---- committing ---- */

struct occ_outcome occ_commit(struct occ *o, const struct occ_token *t,
			      struct span hash)
{
	struct span resource = buf_span(&t->resource);
	const struct version *v = version_find(o, resource);

	if (v && v->number != t->base_version)
		return (struct occ_outcome){
			.result = OCC_CONFLICT,
			.conflict = {
				.resource = resource,
				.conflicting_agent = buf_span(&t->agent),
				.holder_agent = buf_span(&v->modifier),
				.expected_version = t->base_version,
				.actual_version = v->number,
			},
		};
	version_set(o, resource, t->base_version + 1, hash,
		    buf_span(&t->agent));
	return (struct occ_outcome){ .result = OCC_COMMITTED,
				     .version = t->base_version + 1 };
}

static struct occ_resolution say(struct occ *o, enum occ_decision d,
				 const char *text)
{
	text_set(&o->text, SPAN_STR(text));
	return (struct occ_resolution){ d, buf_span(&o->text) };
}

static struct occ_resolution retry_resolve(struct occ *o, uint64_t max,
					   const struct occ_conflict *c)
{
	uint64_t late = c->actual_version > c->expected_version ?
		c->actual_version - c->expected_version : 0;
	char text[64];

	if (late < max)
		return (struct occ_resolution){ .decision = OCC_LOOK_AGAIN };
	snprintf(text, sizeof(text), "Max retry attempts (%llu) exceeded",
		 (unsigned long long)max);
	return say(o, OCC_ESCALATE, text);
}

/* What a strategy makes of a conflict without seeing the contents. */
static struct occ_resolution conflict_resolve(struct occ *o,
					      const struct occ_conflict *c)
{
	const struct strategy *s = strategy_of(o, c->resource);

	switch (s->kind) {
	case STRATEGY_LWW:
		return (struct occ_resolution){ OCC_USE,
						c->conflicting_agent };
	case STRATEGY_FWW:
		return (struct occ_resolution){ OCC_USE, c->holder_agent };
	case STRATEGY_RETRY:
		return retry_resolve(o, s->retries, c);
	case STRATEGY_ESCALATE:
		return say(o, OCC_ESCALATE,
			   "Configured to escalate all conflicts");
	default:
		return say(o, OCC_ESCALATE,
			   "Merge requires content, not available");
	}
}

/* ---- history ---- */

static struct span text_keep(uint8_t **at, struct span s)
{
	struct span copy = { *at, s.n };

	if (s.n)
		memcpy(*at, s.p, s.n);
	*at += s.n;
	return copy;
}

static struct episode *episode_new(const struct occ_conflict *c,
				   const struct occ_resolution *r)
{
	struct episode *e = view_alloc(sizeof(*e) + c->resource.n +
				       c->conflicting_agent.n +
				       c->holder_agent.n + r->text.n);
	uint8_t *at = e->texts;

	e->conflict = *c;
	e->resolution = *r;
	e->conflict.resource = text_keep(&at, c->resource);
	e->conflict.conflicting_agent = text_keep(&at, c->conflicting_agent);
	e->conflict.holder_agent = text_keep(&at, c->holder_agent);
	e->resolution.text = text_keep(&at, r->text);
	return e;
}

static void history_add(struct occ *o, const struct occ_conflict *c,
			const struct occ_resolution *r)
{
	if (!o->history_max)
		return;
	if (o->n_history == o->history_max) {
		free(o->history[o->oldest]);
		o->oldest = (o->oldest + 1) % o->history_max;
		o->n_history--;
	}
	o->history[(o->oldest + o->n_history++) % o->history_max] =
		episode_new(c, r);
}

bool occ_history(const struct occ *o, size_t i, struct occ_conflict *c,
		 struct occ_resolution *r)
{
	const struct episode *e;

	if (i >= o->n_history)
		return false;
	e = o->history[(o->oldest + i) % o->history_max];
	*c = e->conflict;
	*r = e->resolution;
	return true;
}

struct occ_stats occ_stats(const struct occ *o)
{
	struct occ_stats s = { .resources = o->versions.n,
			       .conflicts = o->n_history };
	struct occ_resolution r;
	struct occ_conflict c;

	for (size_t i = 0; occ_history(o, i, &c, &r); i++) {
		s.retries += r.decision == OCC_LOOK_AGAIN;
		s.escalated += r.decision == OCC_ESCALATE;
	}
	return s;
}

/* ---- committing and resolving ---- */

static struct occ_outcome use_settle(struct occ *o, const struct occ_token *t,
				     const struct occ_conflict *c,
				     struct span agent, struct span hash)
{
	struct occ_outcome out = { .result = OCC_REJECTED };

	if (!span_equal(agent, c->conflicting_agent)) {
		text_set(&o->text, SPAN_STR("Conflict resolved in favor of "));
		buf_add(&o->text, agent);
		out.reason = buf_span(&o->text);
		return out;
	}
	out.result = OCC_COMMITTED;
	out.version = c->actual_version + 1;
	version_set(o, c->resource, out.version, hash, buf_span(&t->agent));
	return out;
}

struct occ_outcome occ_commit_or_resolve(struct occ *o,
					 const struct occ_token *t,
					 struct span hash)
{
	struct occ_outcome out = occ_commit(o, t, hash);
	const struct occ_conflict *c = &out.conflict;
	struct occ_resolution r;

	if (out.result != OCC_CONFLICT)
		return out;
	r = conflict_resolve(o, c);
	history_add(o, c, &r);
	if (r.decision == OCC_USE)
		return use_settle(o, t, c, r.text, hash);
	if (r.decision == OCC_LOOK_AGAIN)
		return (struct occ_outcome){ .result = OCC_RETRY,
					     .version = c->actual_version };
	return (struct occ_outcome){ .result = OCC_ESCALATED,
				     .reason = r.text };
}

/* ---- two contents ---- */

static struct occ_resolution merge_resolve(struct occ *o,
					   const struct strategy *s,
					   struct span a, struct span b)
{
	o->text.len = 0;
	if (merge_contents(&o->text, s->merge, NULL, a, b))
		return say(o, OCC_ESCALATE,
			   "Failed to parse content as JSON for merge");
	return (struct occ_resolution){ OCC_MERGED, buf_span(&o->text) };
}

struct occ_resolution occ_resolve(struct occ *o, struct span resource,
				  struct span agent_a, struct span agent_b,
				  const struct span *content_a,
				  const struct span *content_b)
{
	const struct strategy *s = strategy_of(o, resource);

	switch (s->kind) {
	case STRATEGY_LWW:
		return (struct occ_resolution){ OCC_USE, agent_b };
	case STRATEGY_FWW:
		return (struct occ_resolution){ OCC_USE, agent_a };
	case STRATEGY_RETRY:
		return (struct occ_resolution){ .decision = OCC_LOOK_AGAIN };
	case STRATEGY_ESCALATE:
		return say(o, OCC_ESCALATE,
			   "Policy requires manual resolution");
	default:
		if (s->kind == STRATEGY_CUSTOM || !content_a || !content_b)
			return say(o, OCC_ESCALATE,
				   "Content not available for merge");
		return merge_resolve(o, s, *content_a, *content_b);
	}
}
