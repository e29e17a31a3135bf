/* SPDX-License-Identifier: MIT
 *
 * feeds: whose events are held, and who published two branches. A cairnd at
 * work answers; without one the log is read.
 */
#include <stdio.h>
#include "lib/ctl/ctl.h"
#include "lib/feed/told.h"
#include "tools/out.h"
#include "tools/reader.h"

/* The pages of lib/feed/told.h as one array. */
static int ask_pages(struct reader *r, const char *what, struct json_out *all)
{
	struct json_out page = { 0 };
	uint32_t from = 0;
	char word[16];
	int code;

	json_out_array(all);
	for (;; from += FEEDS_PAGE) {
		snprintf(word, sizeof(word), "%u", from);
		code = reader_ask(r, "feeds", what, SPAN_STR(word),
				  SPAN("", 0), &page);
		if (code != OPTIONS_OK || page.b.p[0] != '[')
			break;
		if (page.b.len > 2)
			json_out_raw(all, SPAN(page.b.p + 1, page.b.len - 2));
		buf_fini(&page.b);
		page = (struct json_out){ 0 };
	}
	json_out_end_array(all);
	buf_fini(&page.b);
	return code;
}

static void print_rows(struct span text, const struct out_column *columns,
		       const char *empty)
{
	struct json *rows = json_parse_shown(text);

	out_table(rows, columns, empty);
	json_free(rows);
}

static void print_feeds(struct span text, bool verbose)
{
	const struct out_column columns[] = {
		{ "callsign", "STATION", OUT_TEXT },
		{ "head", "EVENTS", OUT_NUMBER },
		{ "bytes", "BYTES", OUT_NUMBER },
		{ "ahead_s", "AHEAD", OUT_AGE },
		{ "forked", "FORKED", OUT_YES_NO },
		{ verbose ? "author" : "alias", verbose ? "AUTHOR" : "ALIAS",
		  OUT_TEXT },
		{ "notes", "NOTES", OUT_TEXT },
		{ NULL, NULL, OUT_TEXT },
	};

	print_rows(text, columns, "no feed yet");
}

static void print_forks(struct span text)
{
	static const struct out_column columns[] = {
		{ "callsign", "STATION", OUT_TEXT },
		{ "head", "STANDS TO", OUT_NUMBER },
		{ "other_seq", "OTHER AT", OUT_NUMBER },
		{ "displaced", "DISPLACED", OUT_NUMBER },
		{ "author", "AUTHOR", OUT_TEXT },
		{ NULL, NULL, OUT_TEXT },
	};

	print_rows(text, columns, "no fork");
}

int cmd_feeds(int argc, char **argv)
{
	bool forks = false;
	struct option_spec own[] = { { "--forks", &forks, NULL },
				     { NULL, NULL, NULL } };
	struct json_out rows = { 0 };
	struct options o;
	struct reader r;
	int code = options_read(&o, argc, argv,
		"feeds [-v] [--forks] [--json]\n\n"
		"Whose events are held. -v: authors in full. --forks: who "
		"published two branches.", own, 0, 0);

	if (code != OPTIONS_OK)
		return code;
	code = reader_open(&r, argv[0]);
	if (code == OPTIONS_OK)
		code = ask_pages(&r, forks ? "forks" : "feeds", &rows);
	if (code == OPTIONS_OK && o.json)
		out_json(buf_span(&rows.b));
	else if (code == OPTIONS_OK && forks)
		print_forks(buf_span(&rows.b));
	else if (code == OPTIONS_OK)
		print_feeds(buf_span(&rows.b), o.verbose);
	buf_fini(&rows.b);
	reader_close(&r);
	return code == OPTIONS_OK ? EXIT_CODE_OK : code;
}
