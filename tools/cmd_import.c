/* SPDX-License-Identifier: MIT
 *
 * import: bundles, lines of an export, meshlog's log files; told apart by
 * themselves, and lines by each line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "lib/base/clock.h"
#include "lib/ctl/ctl.h"
#include "lib/event/payload.h"
#include "lib/feed/bundle.h"
#include "tools/cairn.h"
#include "tools/client.h"
#include "tools/import.h"
#include "tools/offline.h"

#define PIECE_MAX (CTL_ARG_MAX / 2)	/* bytes of a word in hex */
#define LINE_MAX_BYTES (256 * 1024)
#define PROGRESS_US 200000

void import_say(const struct import *im, uint64_t from, uint64_t to,
		const char *what)
{
	if (from == to)
		fprintf(stderr, "%s:%llu: %s\n", im->file,
			(unsigned long long)from, what);
	else
		fprintf(stderr, "%s:%llu-%llu: %s\n", im->file,
			(unsigned long long)from, (unsigned long long)to,
			what);
}

void import_send(struct import *im, const char *what, struct span bytes,
		 void (*fn)(void *ctx, const struct json *v, struct span text),
		 void *ctx)
{
	static char words[CTL_ARGS_MAX][CTL_ARG_MAX + 1];
	char *args[CTL_ARGS_MAX];
	size_t n = 1;

	snprintf(words[0], sizeof(words[0]), "%s", what);
	args[0] = words[0];
	for (; bytes.n && n < CTL_ARGS_MAX; n++) {
		size_t len = bytes.n < PIECE_MAX ? bytes.n : PIECE_MAX;

		args[n] = hex_encode(words[n], SPAN(bytes.p, len));
		bytes.p += len;
		bytes.n -= len;
	}
	im->code = client_ask(im->fd, "import", n, args, fn, ctx);
}

void import_progress(struct import *im, bool last)
{
	uint64_t now = clock_read(1).mono_us;

	if (!isatty(STDERR_FILENO) ||
	    (!last && now - im->shown_us < PROGRESS_US))
		return;
	im->shown_us = now;
	fprintf(stderr, "\r%llu read, %llu events new%s",
		(unsigned long long)im->lines, (unsigned long long)im->events,
		last ? "\n" : "");
}

/* ---- lines ---- */

static bool is_meshlog(const struct json *v)
{
	return json_get(v, "a") && json_get(v, "i");
}

static void line_take(struct import *im, struct span line)
{
	struct json_error err;
	struct json *v;

	im->lines++;
	while (line.n && strchr(" \t\r", line.p[line.n - 1]))
		line.n--;
	if (!line.n)
		return;
	v = json_parse(line, &err);
	if (!v) {
		im->refused++;
		import_say(im, im->lines, im->lines,
			   "not a whole line of JSON");
	} else if (is_meshlog(v)) {
		import_meshlog_line(im->meshlog, line);
	} else {
		import_runs_line(im->runs, v);
	}
	json_free(v);
	import_progress(im, false);
}

/* Whole lines of b, and what is left over if it is the end. A line without an
 * end is dropped as it comes. */
static void lines_take(struct import *im, struct buf *b, bool *skip, bool end)
{
	const uint8_t *nl;

	while (im->code == EXIT_CODE_OK && b->len &&
	       ((nl = memchr(b->p, '\n', b->len)) || end)) {
		size_t n = nl ? (size_t)(nl - b->p) : b->len;

		if (!*skip)
			line_take(im, SPAN(b->p, n));
		*skip = false;
		buf_consume(b, n + (nl != NULL));
	}
	if (b->len <= LINE_MAX_BYTES)
		return;
	if (!*skip) {
		im->lines++;
		im->refused++;
		import_say(im, im->lines, im->lines, "a line without an end");
	}
	*skip = true;
	b->len = 0;
}

/* ---- the file ---- */

static void file_lines(struct import *im, FILE *f, struct buf *b)
{
	bool skip = false;
	size_t n;

	do {
		lines_take(im, b, &skip, false);
		n = fread(buf_reserve(b, 65536), 1, 65536, f);
		b->len += n;
	} while (n && im->code == EXIT_CODE_OK);
	lines_take(im, b, &skip, true);
	import_meshlog_end(im->meshlog);
	import_runs_end(im->runs);
}

static void file_bundle(struct import *im, FILE *f, struct buf *b)
{
	while (b->len && im->code == EXIT_CODE_OK) {
		import_runs_bundle(im->runs, buf_span(b));
		b->len = fread(b->p, 1, b->cap, f);
		import_progress(im, false);
	}
	import_runs_bundle(im->runs, SPAN(NULL, 0));
}

static void file_take(struct import *im, FILE *f)
{
	struct buf b = { 0 };

	b.len = fread(buf_reserve(&b, 65536), 1, 65536, f);
	if (b.len && b.p[0] == HDLC_FLAG)
		file_bundle(im, f, &b);
	else
		file_lines(im, f, &b);
	if (ferror(f)) {
		fprintf(stderr, "cairn: import: %s: cannot be read on\n",
			im->file);
		im->code = EXIT_CODE_FAILED;
	}
	buf_fini(&b);
}

/* ---- the verb ---- */

static void status_dataset(void *ctx, const struct json *v, struct span text)
{
	(void)text;
	dataset_id(ctx, json_string(json_get(v, "dataset")));
}

static void import_run(struct import *im, FILE *f)
{
	im->runs = import_runs_new(im);
	im->meshlog = import_meshlog_new(im);
	im->blobs = import_blobs_new(im);
	im->code = client_ask(im->fd, "status", 0, NULL, status_dataset,
			      im->dataset);
	if (im->code == EXIT_CODE_OK)
		file_take(im, f);
	import_blobs_end(im->blobs);
	if (im->code == EXIT_CODE_OK)
		import_send(im, "sync", SPAN(NULL, 0), NULL, NULL);
	import_runs_free(im->runs);
	import_meshlog_free(im->meshlog);
	import_blobs_free(im->blobs);
}

static void import_print(const struct import *im)
{
	struct json_out o = { 0 };

	if (!im->json) {
		if (im->contents)
			printf("%llu contents new; ",
			       (unsigned long long)im->contents);
		printf("%llu events new, %llu known already, %llu behind a "
		       "gap, %llu not taken\n",
		       (unsigned long long)im->events,
		       (unsigned long long)im->held,
		       (unsigned long long)im->gaps,
		       (unsigned long long)im->refused);
		return;
	}
	json_out_object(&o);
	json_out_kv_uint(&o, "events", im->events);
	json_out_kv_uint(&o, "contents", im->contents);
	json_out_kv_uint(&o, "held", im->held);
	json_out_kv_uint(&o, "gaps", im->gaps);
	json_out_kv_uint(&o, "refused", im->refused);
	json_out_end_object(&o);
	printf("%.*s\n", (int)o.b.len, (const char *)o.b.p);
	buf_fini(&o.b);
}

static int import_file(struct import *im, FILE *f, const char *verb)
{
	struct offline station;

	im->code = offline_open(&station, verb);
	if (im->code != EXIT_CODE_OK)
		return im->code;
	im->fd = station.fd;
	import_run(im, f);
	offline_close(&station);
	import_progress(im, true);
	if (im->code != EXIT_CODE_OK)
		return im->code;
	import_print(im);
	return im->refused || im->left_out ? EXIT_CODE_FAILED : EXIT_CODE_OK;
}

int cmd_import(int argc, char **argv)
{
	struct import im = { 0 };
	struct options o;
	FILE *f;
	int code = options_read(&o, argc, argv,
		"import FILE | - [--json]\n\n"
		"Takes events in: a bundle or JSON Lines of cairn export, or "
		"the log file of a\nmeshlog station. What cannot be taken is "
		"said with its line; the rest is taken.\nWithout cairnd at "
		"work it starts one that opens no port, and ends it.",
		NULL, 1, 1);

	if (code != OPTIONS_OK)
		return code;
	im.json = o.json;
	im.file = o.args[0];
	f = strcmp(im.file, "-") ? fopen(im.file, "re") : stdin;
	if (!f) {
		fprintf(stderr, "cairn: import: ");
		perror(im.file);
		return EXIT_CODE_FAILED;
	}
	code = import_file(&im, f, argv[0]);
	if (f != stdin)
		fclose(f);
	return code;
}
