/* SPDX-License-Identifier: MIT
 *
 * The table of neighbours: see neighbours.h.
 */
#include "tools/neighbours.h"
#include <stdio.h>
#include "tools/out.h"

static bool text_is(const struct json *v, const char *key, const char *text)
{
	return span_equal(json_string(json_get(v, key)), SPAN_STR(text));
}

bool neighbour_settled(const struct json *v)
{
	return text_is(v, "relation", "in sync") ||
	       text_is(v, "relation", "presumed in sync") ||
	       text_is(v, "relation", "settled: differs by policy");
}

static void put_text(struct json_out *o, const char *key, const char *mark,
		     const char *format, double v)
{
	char text[40];
	int n = snprintf(text, sizeof(text), "%s", mark);

	snprintf(text + n, sizeof(text) - (size_t)n, format, v);
	json_out_kv_string(o, key, text);
}

static void put_number(struct json_out *o, const struct json *v,
		       const char *key, const char *format)
{
	const struct json *x = json_get(v, key);
	bool guess = text_is(v, "basis", "counts");

	if (x)
		put_text(o, key, guess ? "~" : "", format, json_real(x));
	else if (text_is(v, "basis", "unknown"))
		json_out_kv_string(o, key, "?");
}

/* The numbers as texts, the rest as it is. */
static void put_row(struct json_out *o, const struct json *v)
{
	static const char *const kept[] = { "callsign", "port", "heard_ago_s",
					    "events", "hops", "relation" };

	json_out_object(o);
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		if (!json_get(v, kept[i]))
			continue;
		json_out_key(o, kept[i]);
		json_out_value(o, json_get(v, kept[i]));
	}
	put_number(o, v, "lacks_events", "%.0f");
	put_number(o, v, "missing_events", "%.0f");
	put_number(o, v, "sync_bytes", "%.0f");
	put_number(o, v, "sync_keyups", "%.0f");
	put_number(o, v, "sync_minutes", "%.1f");
	json_out_end_object(o);
}

void neighbours_print(const struct json *list, bool cost, const char *empty)
{
	static const struct out_column columns[] = {
		{ "callsign", "STATION", OUT_TEXT },
		{ "port", "PORT", OUT_TEXT },
		{ "heard_ago_s", "AGO", OUT_AGE },
		{ "events", "HAS", OUT_NUMBER },
		{ "lacks_events", "LACKS", OUT_NUMBER },
		{ "missing_events", "WE LACK", OUT_NUMBER },
		{ "sync_minutes", "MINUTES", OUT_NUMBER },
		{ "hops", "HOPS", OUT_NUMBER },
		{ "relation", "RELATION", OUT_TEXT },
		{ NULL, NULL, OUT_TEXT },
	};
	static const struct out_column costs[] = {
		{ "callsign", "STATION", OUT_TEXT },
		{ "port", "PORT", OUT_TEXT },
		{ "lacks_events", "LACKS", OUT_NUMBER },
		{ "missing_events", "WE LACK", OUT_NUMBER },
		{ "sync_bytes", "BYTES", OUT_NUMBER },
		{ "sync_keyups", "KEY-UPS", OUT_NUMBER },
		{ "sync_minutes", "MINUTES", OUT_NUMBER },
		{ "relation", "RELATION", OUT_TEXT },
		{ NULL, NULL, OUT_TEXT },
	};
	struct json_out o = { 0 };
	struct json *rows;

	json_out_array(&o);
	for (size_t i = 0; i < json_len(list); i++)
		put_row(&o, json_at(list, i));
	json_out_end_array(&o);
	rows = json_parse(buf_span(&o.b), NULL);
	out_table(rows, cost ? costs : columns, empty);
	json_free(rows);
	buf_fini(&o.b);
}
