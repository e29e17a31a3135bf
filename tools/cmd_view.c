/* SPDX-License-Identifier: MIT
 *
 * view: the dataset out of the mapped log; no daemon is needed.
 */
#include <stdio.h>
#include "lib/base/clock.h"
#include "lib/ctl/ctl.h"
#include "tools/cairn.h"
#include "tools/out.h"
#include "tools/reader.h"
#include "tools/view_show.h"

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

static void print_records(struct span text, const struct view_filter *f)
{
	struct json *all = json_parse_shown(text);
	struct json_member m = { .it = NULL };

	if (json_len(all) == 0 && !(f->record.n && f->form.n))
		puts(f->record.n || f->form.n ? "no such record" :
		     "no record yet");
	while (json_next(all, &m))
		print_record(m.key, m.value);
	json_free(all);
}

static void view_print(const struct view *v, const struct view_filter *f,
		       bool json)
{
	struct json_out o = { 0 };

	view_records_json(v, f, json, &o);
	if (json)
		fwrite(o.b.p, 1, o.b.len, stdout);
	else
		print_records(buf_span(&o.b), f);
	if (json && o.b.len && o.b.p[o.b.len - 1] != '\n')
		putchar('\n');
	buf_fini(&o.b);
}

struct view_how {
	bool hash, csv, watch, json;
};

/* One record alone costs that record, where a cairnd is at work. */
static int view_one(struct reader *r, const struct view_filter *f, bool json)
{
	struct json_out o = { 0 };
	int code = reader_ask(r, "view", json ? "record_line" : "record",
			      f->record, SPAN("", 0), &o);

	while (o.b.len && o.b.p[o.b.len - 1] == '\n')
		o.b.len--;
	if (code == OPTIONS_OK && !json)
		print_records(buf_span(&o.b), f);
	else if (code == OPTIONS_OK && o.b.len && o.b.p[0] == '{')
		printf("%.*s\n", (int)o.b.len, (const char *)o.b.p);
	buf_fini(&o.b);
	return code == OPTIONS_OK ? EXIT_CODE_OK : code;
}

static int view_run(struct reader *r, const struct view_filter *f,
		    const struct view_how *how)
{
	if (how->watch)
		return view_watch(r, f, how->json, view_print);
	if (how->hash)
		print_hash(r->data.view, how->json);
	else if (how->csv)
		view_csv(r->data.view, f);
	else
		view_print(r->data.view, f, how->json);
	return EXIT_CODE_OK;
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
	code = reader_open(&r, argv[0]);
	how.json = o.json;
	if (code == OPTIONS_OK && f.record.n && !form && !how.hash &&
	    !how.csv && !how.watch) {
		code = view_one(&r, &f, how.json);
	} else if (code == OPTIONS_OK) {
		code = reader_load(&r, argv[0]);
		if (code == OPTIONS_OK)
			code = view_run(&r, &f, &how);
	}
	reader_close(&r);
	return code;
}
