/* SPDX-License-Identifier: MIT
 *
 * stations, order, report: how the stations are, by their own words, and what
 * they are told to do.
 */
#include <stdio.h>
#include <stdlib.h>
#include "lib/base/clock.h"
#include "lib/ctl/ctl.h"
#include "tools/client.h"
#include "tools/out.h"
#include "tools/reader.h"

/* ---- stations ---- */

/* Members of the payload that a table can show. */
static void members_json(struct json_out *o, const struct json *payload)
{
	struct json_member m = { .it = NULL };

	while (json_next(payload, &m)) {
		json_out_key_span(o, m.key);
		json_out_value(o, m.value);
	}
}

static void row_json(struct json_out *o, const struct reader *r,
		     const struct json *v, const char *what)
{
	struct span author = json_string(json_get(v, "author"));
	uint64_t wall = (uint64_t)json_int(json_get(v, "wall_ms"));
	uint64_t now = clock_read(1).wall_ms;
	struct reader_author who;

	reader_author(r, author, &who);
	json_out_object(o);
	json_out_kv_string(o, "callsign", who.callsign);
	json_out_kv_span(o, "author", author);
	json_out_kv_uint(o, "wall_ms", wall);
	json_out_kv_uint(o, "told_ago_s", now > wall ? (now - wall) / 1000 : 0);
	members_json(o, json_get(v, what));
	json_out_end_object(o);
}

static int rows_json(struct json_out *o, struct reader *r,
		     const char *question, const char *what)
{
	struct json_out text = { 0 };
	struct json *list;
	int code = reader_ask(r, "stations", question, SPAN("", 0),
			      SPAN("", 0), &text);

	list = json_parse_shown(buf_span(&text.b));
	json_out_array(o);
	for (size_t i = 0; i < json_len(list); i++)
		row_json(o, r, json_at(list, i), what);
	json_out_end_array(o);
	json_free(list);
	buf_fini(&text.b);
	return code;
}

static void print_stations(const struct json *v)
{
	static const struct out_column stations[] = {
		{ "callsign", "STATION", OUT_TEXT },
		{ "told_ago_s", "TOLD", OUT_AGE },
		{ "uptime_s", "UP", OUT_AGE },
		{ "volts", "VOLTS", OUT_NUMBER },
		{ "log_bytes", "LOG BYTES", OUT_NUMBER },
		{ "disk_free_permille", "FREE/1000", OUT_NUMBER },
		{ "tnc_errors", "TNC ERRORS", OUT_NUMBER },
		{ "version", "VERSION", OUT_TEXT },
		{ NULL, NULL, OUT_TEXT },
	};
	static const struct out_column orders[] = {
		{ "station", "STATION", OUT_TEXT },
		{ "told_ago_s", "TOLD", OUT_AGE },
		{ "tx", "TX", OUT_YES_NO },
		{ "duty_permille", "DUTY/1000", OUT_NUMBER },
		{ "callsign", "ORDERED BY", OUT_TEXT },
		{ NULL, NULL, OUT_TEXT },
	};

	out_table(json_get(v, "stations"), stations,
		  "no station told of itself yet");
	if (!json_len(json_get(v, "orders")))
		return;
	putchar('\n');
	out_table(json_get(v, "orders"), orders, "");
}

static int stations_show(struct reader *r, bool json)
{
	struct json_out o = { 0 };
	struct json *v;
	int code;

	json_out_object(&o);
	json_out_key(&o, "stations");
	code = rows_json(&o, r, "stations", "status");
	json_out_key(&o, "orders");
	if (code == OPTIONS_OK)
		code = rows_json(&o, r, "orders", "order");
	else
		json_out_null(&o);
	json_out_end_object(&o);
	v = json_parse_shown(buf_span(&o.b));
	if (code == OPTIONS_OK && json)
		printf("%.*s\n", (int)o.b.len, (const char *)o.b.p);
	else if (code == OPTIONS_OK)
		print_stations(v);
	json_free(v);
	buf_fini(&o.b);
	return code == OPTIONS_OK ? EXIT_CODE_OK : code;
}

int cmd_stations(int argc, char **argv)
{
	struct options o;
	struct reader r;
	int code = options_read(&o, argc, argv, "stations [--json]\n\n"
		"How each station is, by its own daily word, and what it was "
		"last told to do.", NULL, 0, 0);

	if (code != OPTIONS_OK)
		return code;
	code = reader_open(&r, argv[0]);
	if (code == OPTIONS_OK)
		code = stations_show(&r, o.json);
	reader_close(&r);
	return code;
}

/* ---- order, report ---- */

static void print_told(void *ctx, const struct json *v, struct span text)
{
	struct json_member m = { .it = NULL };

	(void)text;
	(void)ctx;
	if (json_next(v, &m))
		printf("%s: %s\n", (const char *)m.key.p,
		       (const char *)json_string(m.value).p);
}

/* "5%" or "2.5%" as thousandths; what is neither stays as it is. */
static void duty_permille(char dst[16], const char *s)
{
	char *end;
	double v = strtod(s, &end);

	if (end != s && !strcmp(end, "%") && v > 0 && v <= 100)
		snprintf(dst, 16, "%u", (unsigned)(v * 10 + 0.5));
	else
		snprintf(dst, 16, "-");
}

int cmd_order(int argc, char **argv)
{
	char duty[16];
	struct options o;
	int code = options_read(&o, argc, argv,
		"order CALLSIGN tx on|off\n"
		"       cairn order CALLSIGN duty PERCENT%\n\n"
		"Tells a station to switch its transmitter off, or on again, "
		"or to send less. It\nobeys if its cairn.conf names you: "
		"control = YOUR-CALL.", NULL, 3, 3);

	if (code != OPTIONS_OK)
		return code;
	duty_permille(duty, o.args[2]);
	char *args[] = { o.args[0], o.args[1],
			 strcmp(o.args[1], "duty") ? o.args[2] : duty };

	return client_call(argv[0], 3, args, o.json ? client_print_json :
			   print_told, NULL);
}

int cmd_report(int argc, char **argv)
{
	struct options o;
	int code = options_read(&o, argc, argv, "report [--json]\n\n"
		"Tells how this station is now, not only once a day.", NULL,
		0, 0);

	return code != OPTIONS_OK ? code :
	       client_call(argv[0], 0, NULL, o.json ? client_print_json :
			   print_told, NULL);
}
