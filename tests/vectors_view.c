/* SPDX-License-Identifier: MIT
 *
 * view.json: views of sets of events, poisoned ones too; each in the order
 * given and backwards.
 */
#include "lib/event/meshlog.h"
#include "lib/view/view.h"
#include "tests/vectors.h"

/* ---- comparing ---- */

typedef void (*view_json_fn)(const struct view *v, struct json_out *o);

static void records_json(const struct view *v, struct json_out *o)
{
	view_records_json(v, NULL, false, o);
}

static void view_says(const char *what, const struct view *v, view_json_fn fn,
		      const struct json *want)
{
	struct json_out o = { 0 };
	struct json *got;

	fn(v, &o);
	got = json_parse(buf_span(&o.b), NULL);
	vector_expect(got && want && vector_json_equal(got, want),
		      "%s: %.*s", what, (int)o.b.len, o.b.p);
	json_free(got);
	buf_fini(&o.b);
}

/* ---- view ---- */

static bool listed(const struct json *ids, const struct json *wire)
{
	for (size_t i = 0; i < json_len(ids); i++)
		if (span_equal(json_string(json_at(ids, i)),
			       json_string(json_get(wire, "i"))))
			return true;
	return false;
}

static bool nameless(const struct json *wire)
{
	return !json_get(json_get(wire, "p"), "record_id");
}

/* Applies one event and checks that it is left out if it is bad. (Others may
 * be left out too: kinds that meshlog does not know.) */
static void wire_apply(struct view *v, const struct json *wire,
		       const struct json *bad)
{
	struct meshlog m;
	enum view_verdict verdict = VIEW_BAD_PAYLOAD;
	enum meshlog_error e = meshlog_from_json(&m, wire);

	if (vector_expect(!e, "event not taken: %s", meshlog_error_name(e)))
		verdict = view_apply(v, &m.e);
	if (listed(bad, wire) || nameless(wire))
		vector_expect(verdict != VIEW_APPLIED, "a bad event applied");
	meshlog_fini(&m);
}

static struct view *view_of(const struct json *events, const struct json *bad,
			    bool backwards)
{
	struct view *v = view_new();
	size_t n = json_len(events);

	for (size_t i = 0; i < n; i++)
		wire_apply(v, json_at(events, backwards ? n - 1 - i : i), bad);
	return v;
}

static void view_case(const struct json *c, const char *want)
{
	const struct json *events = json_get(c, "events");
	const struct json *bad = json_get(c, "bad");
	struct view *a = view_of(events, bad, false);
	struct view *b = view_of(events, bad, true);
	uint8_t hash_a[32], hash_b[32];

	view_says("view", a, records_json, json_get(c, want));
	view_says("backwards", b, records_json, json_get(c, want));
	if (json_get(c, "record_order"))
		view_says("order", a, view_order_json,
			  json_get(c, "record_order"));
	view_hash(a, hash_a);
	view_hash(b, hash_b);
	vector_expect(memcmp(hash_a, hash_b, 32) == 0, "hashes differ");
	view_free(a);
	view_free(b);
}

static void run_view(const struct json *root)
{
	static const char *const lists[][2] = {
		{ "cases", "view" }, { "poison", "view_without_bad" },
		{ "no_record_id", "view_of_named_records" },
	};

	for (size_t l = 0; l < 3; l++) {
		const struct json *list = json_get(root, lists[l][0]);

		for (size_t i = 0; i < json_len(list); i++) {
			view_case(json_at(list, i), lists[l][1]);
			vector_case("%s %zu", lists[l][0], i);
		}
	}
}
VECTOR_FILE(view, run_view)
