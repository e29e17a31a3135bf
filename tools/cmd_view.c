/* SPDX-License-Identifier: MIT
 *
 * view: the dataset, from a cairnd at work, or else out of the mapped log.
 */
#include <stdio.h>
#include "lib/base/clock.h"
#include "lib/ctl/ctl.h"
#include "tools/cairn.h"
#include "tools/out.h"
#include "tools/reader.h"
#include "tools/view_show.h"

static int print_hash(struct reader *r, const char *verb, bool json)
{
	char hex[65];
	uint8_t hash[32];
	int code = reader_hash(r, verb, hash);

	if (code != OPTIONS_OK)
		return code;
	hex_encode(hex, SPAN(hash, sizeof(hash)));
	printf(json ? "{\"view_hash\":\"%s\"}\n" : "%s\n", hex);
	return EXIT_CODE_OK;
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

static void print_record(const struct json *r)
{
	struct span form = json_string(json_get(r, "form"));

	out_text(stdout, json_string(json_get(r, "record_id")));
	if (form.n)
		fputs("  ", stdout);
	out_text(stdout, form);
	putchar('\n');
	print_values(json_get(r, "fields"), " = ");
	print_values(json_get(r, "counters"), " counts ");
	print_list(json_get(r, "notes"), "note");
	print_list(json_get(r, "attachments"), "attachment");
}

static void print_records(struct span lines, const struct view_filter *f)
{
	if (lines.n == 0)
		puts(f->record.n || f->form.n ? "no such record" :
		     "no record yet");
	while (lines.n) {
		struct json *record = reader_record(&lines);

		print_record(record);
		json_free(record);
	}
}

static void print_lines(struct span lines, const struct view_filter *f,
			bool json)
{
	if (!json)
		print_records(lines, f);
	else if (lines.n)
		fwrite(lines.p, 1, lines.n, stdout);
}

static void print_now(const struct view *v, const struct view_filter *f,
		      bool json)
{
	struct json_out o = { 0 };

	view_records_json(v, f, true, &o);
	print_lines(buf_span(&o.b), f, json);
	buf_fini(&o.b);
}

struct view_how {
	bool hash, csv, watch, json;
};

static int view_watched(struct reader *r, const char *verb,
			const struct view_filter *f, bool json)
{
	int code = reader_load(r, verb);

	return code == OPTIONS_OK ? view_watch(r, f, json, print_now) : code;
}

static int view_run(struct reader *r, const char *verb,
		    const struct view_filter *f, const struct view_how *how)
{
	struct buf lines = { 0 };
	int code;

	if (how->watch)
		return view_watched(r, verb, f, how->json);
	if (how->hash)
		return print_hash(r, verb, how->json);
	out_in_blocks();
	code = reader_records(r, verb, f, &lines);
	if (code == OPTIONS_OK && how->csv)
		view_csv(buf_span(&lines));
	else if (code == OPTIONS_OK)
		print_lines(buf_span(&lines), f, how->json);
	if (code == OPTIONS_OK)
		code = f->record.n && !lines.len ? EXIT_CODE_FAILED :
						   EXIT_CODE_OK;
	buf_fini(&lines);
	return code;
}

int cmd_view(int argc, char **argv)
{
	const char *form = NULL;
	struct view_how how = { .hash = false };
	struct option_spec own[] = { { "--form", NULL, &form },
				     { "--hash", &how.hash, NULL },
				     { "--csv", &how.csv, NULL },
				     { "--watch", &how.watch, NULL },
				     { NULL, NULL, NULL } };
	struct view_filter f = { 0 };
	struct options o;
	struct reader r;
	int code = options_read(&o, argc, argv,
		"view [RECORD] [--form FORM] [--json | --csv | --hash] "
		"[--watch]\n\n"
		"The records as the events make them; --json: one object a "
		"line. --hash: one\nnumber over all, equal on stations that "
		"hold the same events. --csv: a table. --watch: and each "
		"record again as it\nchanges.", own, 0, 1);

	if (code != OPTIONS_OK)
		return code;
	if (o.n_args)
		f.record = SPAN_STR(o.args[0]);
	if (form)
		f.form = SPAN_STR(form);
	how.json = o.json;
	if (how.hash + how.csv + how.watch > 1) {
		fprintf(stderr, "cairn: view: --hash, --csv or --watch\n");
		return EXIT_CODE_USAGE;
	}
	code = reader_open(&r, argv[0]);
	if (code == OPTIONS_OK)
		code = view_run(&r, argv[0], &f, &how);
	reader_close(&r);
	return code;
}
