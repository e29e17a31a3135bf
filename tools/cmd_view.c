/* SPDX-License-Identifier: MIT
 *
 * view, feeds: the dataset out of the mapped log; no daemon is needed.
 */
#include <stdio.h>
#include "lib/base/clock.h"
#include "lib/ctl/ctl.h"
#include "tools/cairn.h"
#include "tools/out.h"
#include "tools/reader.h"

/* ---- view ---- */

static void print_hash(const struct view *v, bool json)
{
	char hex[65];
	uint8_t hash[32];

	view_hash(v, hash);
	hex_encode(hex, SPAN(hash, sizeof(hash)));
	printf(json ? "{\"view_hash\":\"%s\"}\n" : "%s\n", hex);
}

static void print_list(const struct json *list, const char *label)
{
	for (size_t i = 0; i < json_len(list); i++) {
		printf("  %s ", label);
		out_value(stdout, json_at(list, i));
		putchar('\n');
	}
}

static void print_values(const struct json *values, const char *is)
{
	struct json_member m = { .it = NULL };

	while (json_next(values, &m)) {
		fputs("  ", stdout);
		out_text(stdout, m.key);
		fputs(is, stdout);
		out_value(stdout, m.value);
		putchar('\n');
	}
}

static void print_record(struct span name, const struct json *r)
{
	struct span form = json_string(json_get(r, "form"));

	out_text(stdout, name);
	if (form.n)
		fputs("  ", stdout);
	out_text(stdout, form);
	putchar('\n');
	print_values(json_get(r, "fields"), " = ");
	print_values(json_get(r, "counters"), " counts ");
	print_list(json_get(r, "notes"), "note");
	print_list(json_get(r, "attachments"), "attachment");
}

static void print_records(struct span text)
{
	struct json *all = json_parse(text, NULL);
	struct json_member m = { .it = NULL };

	if (json_len(all) == 0)
		puts("no record yet");
	while (json_next(all, &m))
		print_record(m.key, m.value);
	json_free(all);
}

static int view_print(const struct view *v, const struct view_filter *f,
		      bool json)
{
	struct json_out o = { 0 };

	view_records_json(v, f, json, &o);
	if (json)
		fwrite(o.b.p, 1, o.b.len, stdout);
	else
		print_records(buf_span(&o.b));
	if (json && o.b.len && o.b.p[o.b.len - 1] != '\n')
		putchar('\n');
	buf_fini(&o.b);
	return EXIT_CODE_OK;
}

int cmd_view(int argc, char **argv)
{
	const char *form = NULL;
	bool hash = false;
	struct option_spec own[] = { { "--form", NULL, &form },
				     { "--hash", &hash, NULL },
				     { NULL, NULL, NULL } };
	struct view_filter f = { 0 };
	struct options o;
	struct reader r;
	int code = options_read(&o, argc, argv,
		"view [RECORD] [--form FORM] [--json] [--hash]\n\n"
		"The records as the events make them; --json: one object a "
		"line. --hash: one\nnumber over all, equal on stations that "
		"hold the same events.", own, 0, 1);

	if (code != OPTIONS_OK)
		return code;
	if (o.n_args)
		f.record = SPAN_STR(o.args[0]);
	if (form)
		f.form = SPAN_STR(form);
	code = reader_open(&r, argv[0]);
	if (code == OPTIONS_OK)
		code = reader_load(&r, argv[0]);
	if (code == OPTIONS_OK && hash)
		print_hash(r.data.view, o.json), code = EXIT_CODE_OK;
	else if (code == OPTIONS_OK)
		code = view_print(r.data.view, &f, o.json);
	reader_close(&r);
	return code;
}

/* ---- feeds ---- */

static void feed_json(const struct feed *f, uint64_t now_ms,
		      struct json_out *o)
{
	char alias[9];

	snprintf(alias, sizeof(alias), "%08x", f->alias);
	json_out_object(o);
	json_out_kv_string(o, "callsign", f->call);
	json_out_kv_string(o, "author", f->label);
	json_out_kv_string(o, "alias", alias);
	json_out_kv_uint(o, "head", f->head);
	json_out_kv_hex(o, "head_id", SPAN(f->head_id, EVENT_ID_SIZE));
	json_out_kv_uint(o, "events", f->events);
	json_out_kv_uint(o, "bytes", f->bytes);
	json_out_kv_uint(o, "stamp_max_ms", f->hlc_max.wall_ms);
	json_out_kv_uint(o, "ahead_s", feed_ahead_s(f, now_ms));
	json_out_kv_bool(o, "forked", f->forked);
	json_out_kv_bool(o, "retired", f->retired_at != 0);
	json_out_end_object(o);
}

static void print_feeds(const struct feed_set *s, bool json, bool verbose)
{
	const struct out_column columns[] = {
		{ "callsign", "STATION", OUT_TEXT },
		{ "head", "EVENTS", OUT_NUMBER },
		{ "bytes", "BYTES", OUT_NUMBER },
		{ "ahead_s", "AHEAD", OUT_AGE },
		{ "forked", "FORKED", OUT_YES_NO },
		{ verbose ? "author" : "alias", verbose ? "AUTHOR" : "ALIAS",
		  OUT_TEXT },
		{ NULL, NULL, OUT_TEXT },
	};
	uint64_t now_ms = clock_read(1).wall_ms;
	struct json_out o = { 0 };
	struct json *rows;

	json_out_array(&o);
	for (uint32_t i = 0; i < feed_count(s); i++)
		if (feed_at(s, i)->label_len)
			feed_json(feed_at(s, i), now_ms, &o);
	json_out_end_array(&o);
	rows = json_parse(buf_span(&o.b), NULL);
	if (json)
		printf("%.*s\n", (int)o.b.len, (const char *)o.b.p);
	else
		out_table(rows, columns, "no feed yet");
	json_free(rows);
	buf_fini(&o.b);
}

int cmd_feeds(int argc, char **argv)
{
	struct options o;
	struct reader r;
	int code = options_read(&o, argc, argv, "feeds [-v] [--json]\n\n"
		"Whose events are held. -v: authors in full.", NULL, 0, 0);

	if (code != OPTIONS_OK)
		return code;
	code = reader_open(&r, argv[0]);
	if (code == OPTIONS_OK)
		code = reader_load(&r, argv[0]);
	if (code == OPTIONS_OK) {
		print_feeds(r.data.feeds, o.json, o.verbose);
		code = EXIT_CODE_OK;
	}
	reader_close(&r);
	return code;
}
