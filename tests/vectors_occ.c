/* SPDX-License-Identifier: MIT
 *
 * occ.json: scripts against the controller, and merges of two contents. The
 * hash of a merged content is the original's own; the content is compared.
 */
#include <stdlib.h>
#include "lib/view/occ.h"
#include "tests/vectors.h"

#define TOKENS_MAX 64

struct script {
	struct occ *occ;
	struct span names[TOKENS_MAX];
	struct occ_token tokens[TOKENS_MAX];
	size_t n;
};

static struct span text(const struct json *op, const char *key)
{
	return json_string(json_get(op, key));
}

static struct strategy strategy(const struct json *v, const char *front)
{
	struct strategy s = { .kind = STRATEGY_LWW };
	struct buf b = { 0 };

	buf_add(&b, SPAN_STR(front));
	buf_add(&b, json_string(v));
	vector_expect(strategy_parse(&s, buf_span(&b)) == 0, "strategy %s",
		      json_string(v).p);
	buf_fini(&b);
	return s;
}

static struct occ_token *token(struct script *s, const struct json *op)
{
	struct span name = text(op, "token");
	size_t i = 0;

	while (i < s->n && !span_equal(s->names[i], name))
		i++;
	if (i == s->n && s->n < TOKENS_MAX)
		s->names[s->n++] = name;
	return &s->tokens[i];
}

/* ---- what came out, as the vectors spell it ---- */

static void conflict_json(struct json_out *o, const struct occ_conflict *c)
{
	json_out_kv_span(o, "resource", c->resource);
	json_out_kv_span(o, "conflicting_agent", c->conflicting_agent);
	json_out_kv_uint(o, "expected_version", c->expected_version);
	json_out_kv_uint(o, "actual_version", c->actual_version);
	json_out_kv_span(o, "holder_agent", c->holder_agent);
}

static void commit_json(struct json_out *o, const struct occ_outcome *r)
{
	const struct occ_conflict *c = &r->conflict;

	json_out_object(o);
	if (r->result == OCC_COMMITTED) {
		json_out_kv_uint(o, "ok", r->version);
	} else {
		json_out_key(o, "conflict");
		json_out_object(o);
		conflict_json(o, c);
		json_out_kv_uint(o, "version_diff",
				 c->actual_version > c->expected_version ?
				 c->actual_version - c->expected_version : 0);
		json_out_end_object(o);
	}
	json_out_end_object(o);
}

static void settled_json(struct json_out *o, const struct occ_outcome *r)
{
	static const char *const names[] = {
		[OCC_COMMITTED] = "committed", [OCC_CONFLICT] = "conflict",
		[OCC_REJECTED] = "rejected", [OCC_RETRY] = "retry",
		[OCC_ESCALATED] = "escalated",
	};

	json_out_object(o);
	json_out_kv_string(o, "result", names[r->result]);
	if (r->result == OCC_COMMITTED)
		json_out_kv_uint(o, "version", r->version);
	else if (r->result == OCC_RETRY)
		json_out_kv_uint(o, "current_version", r->version);
	else
		json_out_kv_span(o, "reason", r->reason);
	json_out_end_object(o);
}

static void resolution_json(struct json_out *o, const struct occ_resolution *r)
{
	static const char *const names[] = {
		[OCC_USE] = "use", [OCC_MERGED] = "merged",
		[OCC_LOOK_AGAIN] = "retry", [OCC_ESCALATE] = "escalate",
	};

	json_out_array(o);
	json_out_string(o, names[r->decision]);
	if (r->decision != OCC_LOOK_AGAIN)
		json_out_string_span(o, r->text);
	json_out_end_array(o);
}

static void expect(struct json_out *o, const struct json *want,
		   const char *what)
{
	struct json *got = json_parse(buf_span(&o->b), NULL);

	vector_expect(got && want && vector_json_equal(got, want), "%s: %.*s",
		      what, (int)o->b.len, o->b.p);
	json_free(got);
	buf_fini(&o->b);
	*o = (struct json_out){ 0 };
}

/* ---- the operations ---- */

static void op_new(struct script *s, const struct json *op)
{
	struct strategy d = strategy(json_get(op, "default"), "");

	s->occ = occ_new(&d, (size_t)json_int(json_get(op, "max_history")));
}

static void op_strategy(struct script *s, const struct json *op)
{
	struct strategy d = strategy(json_get(op, "strategy"), "");

	occ_strategy(s->occ, text(op, "resource"), &d);
}

static void op_begin(struct script *s, const struct json *op)
{
	struct occ_token *t = token(s, op);

	occ_token_fini(t);
	occ_begin(s->occ, t, text(op, "agent"), text(op, "resource"));
	vector_expect(t->base_version ==
		      (uint64_t)json_int(json_get(op, "base_version")) &&
		      span_equal(buf_span(&t->base_hash),
				 text(op, "base_hash")), "begin");
}

static void op_commit(struct script *s, const struct json *op)
{
	struct occ_outcome r = occ_commit(s->occ, token(s, op),
					  text(op, "hash"));
	struct json_out o = { 0 };

	commit_json(&o, &r);
	expect(&o, json_get(op, "result"), "commit");
}

static void op_settle(struct script *s, const struct json *op)
{
	struct occ_outcome r = occ_commit_or_resolve(s->occ, token(s, op),
						     text(op, "hash"));
	struct json_out o = { 0 };

	settled_json(&o, &r);
	expect(&o, json_get(op, "result"), "commit_or_resolve");
}

/* The decision and the content or the reason; not the hash. */
static void expect_resolution(const struct occ_resolution *r,
			      const struct json *want,
			      const struct json *merged)
{
	struct json_out o = { 0 };

	if (r->decision != OCC_MERGED) {
		resolution_json(&o, r);
		expect(&o, want, "resolution");
		return;
	}
	vector_expect(span_equal(json_string(json_at(want, 0)),
				 SPAN_STR("merged")) &&
		      span_equal(r->text, json_string(merged)),
		      "merged: %.*s", (int)r->text.n, r->text.p);
}

static const struct span *content(const struct json *op, const char *key,
				  struct span *s)
{
	const struct json *v = json_get(op, key);

	*s = json_string(v);
	return json_is(v, JSON_STRING) ? s : NULL;
}

static void op_resolve(struct script *s, const struct json *op)
{
	struct span a, b;
	struct occ_resolution r = occ_resolve(s->occ, text(op, "resource"),
		text(op, "agent_a"), text(op, "agent_b"),
		content(op, "content_a", &a), content(op, "content_b", &b));

	expect_resolution(&r, json_get(op, "resolution"),
			  json_get(op, "merged_content"));
}

static void op_version(struct script *s, const struct json *op)
{
	struct json_out o = { 0 };
	struct span hash, modifier;
	uint64_t version;

	if (occ_version(s->occ, text(op, "resource"), &version, &hash,
			&modifier)) {
		json_out_object(&o);
		json_out_kv_uint(&o, "version", version);
		json_out_kv_span(&o, "hash", hash);
		json_out_kv_span(&o, "modifier", modifier);
		json_out_end_object(&o);
	} else {
		json_out_null(&o);
	}
	expect(&o, json_get(op, "result"), "version");
}

static void op_changed(struct script *s, const struct json *op)
{
	bool changed = occ_changed(s->occ, text(op, "resource"),
				   (uint64_t)json_int(json_get(op, "since")));

	vector_expect(changed == json_bool(json_get(op, "result")),
		      "changed: %d", changed);
}

static void op_clear(struct script *s, const struct json *op)
{
	(void)op;
	occ_clear(s->occ);
}

static void op_stats(struct script *s, const struct json *op)
{
	struct occ_stats st = occ_stats(s->occ);
	struct json_out o = { 0 };

	json_out_object(&o);
	json_out_kv_uint(&o, "total_resources", st.resources);
	json_out_kv_uint(&o, "total_conflicts", st.conflicts);
	json_out_kv_uint(&o, "resolved_by_retry", st.retries);
	json_out_kv_uint(&o, "escalated", st.escalated);
	json_out_end_object(&o);
	expect(&o, json_get(op, "result"), "stats");
}

static void op_history(struct script *s, const struct json *op)
{
	struct json_out o = { 0 };
	struct occ_resolution r;
	struct occ_conflict c;

	json_out_array(&o);
	for (size_t i = 0; occ_history(s->occ, i, &c, &r); i++) {
		json_out_object(&o);
		conflict_json(&o, &c);
		json_out_key(&o, "resolution");
		resolution_json(&o, &r);
		json_out_end_object(&o);
	}
	json_out_end_array(&o);
	expect(&o, json_get(op, "result"), "history");
}

static const struct {
	const char *name;
	void (*run)(struct script *s, const struct json *op);
} ops[] = {
	{ "new", op_new }, { "strategy", op_strategy }, { "begin", op_begin },
	{ "commit", op_commit }, { "commit_or_resolve", op_settle },
	{ "resolve", op_resolve }, { "version", op_version },
	{ "changed", op_changed }, { "clear", op_clear },
	{ "stats", op_stats }, { "history", op_history },
};

static void run_op(struct script *s, const struct json *op)
{
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (span_equal(text(op, "op"), SPAN_STR(ops[i].name))) {
			ops[i].run(s, op);
			return;
		}
	vector_fail("no operation %s", text(op, "op").p);
}

static void run_script(const struct json *c)
{
	struct script s = { .n = 0 };

	for (size_t i = 0; i < json_len(c); i++)
		run_op(&s, json_at(c, i));
	for (size_t i = 0; i < s.n; i++)
		occ_token_fini(&s.tokens[i]);
	occ_free(s.occ);
}

static void run_merge(const struct json *c)
{
	struct strategy s = strategy(json_get(c, "strategy"), "merge:");
	struct occ *occ = occ_new(&s, 0);
	struct span a = text(c, "a"), b = text(c, "b");
	struct occ_resolution r = occ_resolve(occ, SPAN_STR("x"),
					      SPAN_STR("a"), SPAN_STR("b"),
					      &a, &b);

	expect_resolution(&r, json_get(c, "resolution"),
			  json_get(c, "merged_content"));
	occ_free(occ);
}

static void run_occ(const struct json *root)
{
	const struct json *cases = json_get(root, "cases");
	const struct json *merges = json_get(root, "merges");

	for (size_t i = 0; i < json_len(cases); i++) {
		run_script(json_at(cases, i));
		vector_case("case %zu", i);
	}
	for (size_t i = 0; i < json_len(merges); i++) {
		run_merge(json_at(merges, i));
		vector_case("merge %zu", i);
	}
}
VECTOR_FILE(occ, run_occ)
