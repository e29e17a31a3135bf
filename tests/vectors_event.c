/* SPDX-License-Identifier: MIT
 *
 * hlc.json: the hybrid clock, with a granule of 1 ms and no drift bound.
 * eventid.json: meshlog's canonical text, ids, lines and wire text.
 */
#include "lib/event/hlc.h"
#include "lib/event/meshlog.h"
#include "tests/vectors.h"

/* ---- hlc ---- */

static struct hlc stamp_of(const struct json *v)
{
	return (struct hlc){ (uint64_t)json_int(json_at(v, 0)),
			     (uint32_t)json_int(json_at(v, 1)) };
}

/* One step; the stamp that the clock then stands at. */
static struct hlc clock_step(struct hlc_clock *c, const struct json *step)
{
	uint64_t physical_ms = (uint64_t)json_int(json_at(step, 0));
	bool now = span_equal(json_string(json_at(step, 1)), SPAN_STR("now"));
	struct hlc t;
	int rc = now ? hlc_now(c, physical_ms, &t) :
		       hlc_adopt(c, stamp_of(json_at(step, 2)), physical_ms);

	vector_expect(rc == 0, "refused");
	return c->last;
}

static void clock_case(const struct json *steps, bool exact)
{
	struct hlc_clock c = { .granule_ms = 1 };

	for (size_t i = 0; i < json_len(steps); i++) {
		const struct json *step = json_at(steps, i);
		struct hlc before = c.last, want = stamp_of(json_at(step, 3));
		struct hlc got = clock_step(&c, step);

		vector_expect(hlc_compare(got, before) > 0,
			      "step %zu: not greater", i);
		if (exact)
			vector_expect(hlc_compare(got, want) == 0,
				      "step %zu: [%llu,%u]", i,
				      (unsigned long long)got.wall_ms,
				      got.counter);
	}
}

static void run_hlc(const struct json *root)
{
	const struct json *cases = json_get(root, "cases");
	const struct json *wide = json_get(root, "wide");

	for (size_t i = 0; i < json_len(cases); i++) {
		clock_case(json_at(cases, i), true);
		vector_case("case %zu", i);
	}
	for (size_t i = 0; i < json_len(wide); i++) {
		clock_case(json_at(wide, i), false);
		vector_case("wide %zu", i);
	}
}
VECTOR_FILE(hlc, run_hlc)

/* ---- eventid ---- */

static bool text_is(const char *what, const struct buf *got,
		    const struct json *want)
{
	return vector_expect(span_equal(buf_span(got), json_string(want)),
			     "%s: %.*s", what, (int)got->len, got->p);
}

static void wire_text(const struct meshlog *m, bool spaced,
		      const struct json *want)
{
	struct json_out o = { .ascii = true, .spaced = spaced };
	struct json *a, *b;

	meshlog_to_json(&o, m);
	a = json_parse(buf_span(&o.b), NULL);
	b = json_parse(json_string(want), NULL);
	vector_expect(a && b && vector_json_equal(a, b), "wire text: %.*s",
		      (int)o.b.len, o.b.p);
	json_free(a);
	json_free(b);
	buf_fini(&o.b);
}

static void wire_again(const struct json *wire, bool spaced,
		       const struct json *want)
{
	struct json_out o = { .ascii = true, .spaced = spaced };

	json_out_value(&o, wire);
	text_is("text", &o.b, want);
	buf_fini(&o.b);
}

static void eventid_case(const struct json *c)
{
	const struct json *wire = json_get(c, "wire");
	struct json_out o = { 0 };
	uint8_t id[MESHLOG_ID_SIZE];
	char hex[2 * MESHLOG_ID_SIZE + 1];
	struct meshlog m;

	vector_expect(meshlog_canonical(&o, wire) == 0, "too deep");
	text_is("canonical", &o.b, json_get(c, "canonical"));
	buf_fini(&o.b);
	vector_expect(meshlog_id(id, wire) == 0, "no id");
	hex_encode(hex, SPAN(id, sizeof(id)));
	vector_expect(span_equal(SPAN_STR(hex), json_string(json_get(c, "id"))),
		      "id: %s", hex);
	vector_expect(meshlog_parse(&m, json_string(json_get(c, "line"))) ==
		      MESHLOG_OK, "line not taken");
	wire_text(&m, true, json_get(c, "line"));
	wire_again(wire, true, json_get(c, "line"));
	wire_again(wire, false, json_get(c, "packed"));
	meshlog_fini(&m);
}

static void run_eventid(const struct json *root)
{
	const struct json *cases = json_get(root, "cases");

	for (size_t i = 0; i < json_len(cases); i++) {
		eventid_case(json_at(cases, i));
		vector_case("case %zu", i);
	}
}
VECTOR_FILE(eventid, run_eventid)
