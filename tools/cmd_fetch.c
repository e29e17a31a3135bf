/* SPDX-License-Identifier: MIT
 *
 * fetch: the content of an attachment as a file; where it is not here, cairnd
 * is told to wait for it, and asks its neighbours.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "lib/ctl/ctl.h"
#include "lib/store/blob.h"
#include "tools/client.h"
#include "tools/out.h"
#include "tools/reader.h"

struct wanted {
	char hash[2 * BLOB_HASH + 1];
	uint64_t size;
};

static int fail(const char *what, const char *why)
{
	fprintf(stderr, "cairn: fetch: %s: %s\n", what, why);
	return EXIT_CODE_FAILED;
}

/* ---- which ---- */

struct search {
	struct span field, hash;	/* n = 0: any */
	struct wanted *found;
	size_t n;			/* different ones */
};

static void search_attachment(struct search *s, const struct json *a)
{
	struct span hash = json_string(json_get(a, "blob_hash"));

	if ((s->field.n && !span_equal(json_string(json_get(a, "field")),
				       s->field)) ||
	    (s->hash.n && !span_equal(hash, s->hash)) ||
	    hash.n != 2 * BLOB_HASH ||
	    (s->n && !memcmp(s->found->hash, hash.p, hash.n)))
		return;
	if (s->n++ == 1)
		fprintf(stderr, "cairn: fetch: %s\n", s->found->hash);
	if (s->n > 1)
		fprintf(stderr, "cairn: fetch: %.*s\n", (int)hash.n,
			(const char *)hash.p);
	memcpy(s->found->hash, hash.p, hash.n);
	s->found->hash[hash.n] = 0;
	s->found->size = (uint64_t)json_int(json_get(a, "size"));
}

/* The only attachment that fits; false, and said, if there is none or more
 * than one. */
static bool search_run(struct span lines, struct search *s)
{
	while (lines.n) {
		struct json *record = reader_record(&lines);
		const struct json *list = json_get(record, "attachments");

		for (size_t i = 0; i < json_len(list); i++)
			search_attachment(s, json_at(list, i));
		json_free(record);
	}
	if (s->n != 1)
		fprintf(stderr, "cairn: fetch: %s\n", s->n ? "more than one: "
			"say its hash" : "no attachment there");
	return s->n == 1;
}

static int wanted_find(const char *verb, char *const *args, size_t n_args,
		       struct wanted *w)
{
	struct search s = { .found = w };
	struct view_filter f = { .form = { NULL, 0 } };
	struct buf lines = { 0 };
	struct reader r;
	bool found;
	int code;

	if (n_args == 1) {
		s.hash = SPAN_STR(args[0]);
	} else {
		f.record = SPAN_STR(args[0]);
		s.field = SPAN_STR(args[1]);
	}
	code = reader_open(&r, verb);
	if (code == OPTIONS_OK)
		code = reader_records(&r, verb, &f, &lines);
	found = code == OPTIONS_OK && search_run(buf_span(&lines), &s);
	buf_fini(&lines);
	reader_close(&r);
	if (code != OPTIONS_OK)
		return code;
	return found ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

/* ---- the content ---- */

static int content_put(const char *path, const struct buf *content)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "we") : stdout;
	bool bad = !f || fwrite(content->p, 1, content->len, f) !=
		   content->len || fflush(f);

	if (f && f != stdout && fclose(f))
		bad = true;
	return bad ? fail(path, strerror(errno)) : EXIT_CODE_OK;
}

/* 0: it is on its way to path; else why not, as blob_load says. */
static int content_fetch(const struct wanted *w, const char *path, int *code)
{
	char dir[512], blobs[544];
	uint8_t hash[BLOB_HASH];
	struct buf content = { 0 };
	int e;

	snprintf(blobs, sizeof(blobs), "%s/blobs", client_dir(dir));
	hex_decode(hash, sizeof(hash), SPAN_STR(w->hash));
	e = blob_load(blobs, hash, &content);
	if (!e)
		*code = content_put(path, &content);
	buf_fini(&content);
	return e;
}

static int content_want(const char *verb, const struct wanted *w)
{
	char size[24], hash[sizeof(w->hash)];
	char *args[] = { hash, size };
	int code;

	snprintf(hash, sizeof(hash), "%s", w->hash);
	snprintf(size, sizeof(size), "%llu", (unsigned long long)w->size);
	code = client_call(verb, 2, args, NULL, NULL);
	if (code != EXIT_CODE_OK)
		return fail(w->hash, "its content is not here");
	return fail(w->hash, "its content is not here; it is waited for now "
		    "(cairn fetch)");
}

static int fetch_file(const char *verb, const struct options *o)
{
	struct wanted w = { .size = 0 };
	size_t n = o->n_args - 1;
	const char *path = o->args[n];
	int code, e;

	if (n == 1 && strlen(o->args[0]) == 2 * BLOB_HASH) {
		snprintf(w.hash, sizeof(w.hash), "%s", o->args[0]);
		if (!content_fetch(&w, path, &code))
			return code;	/* no event need name it */
	}
	code = wanted_find(verb, o->args, n, &w);
	if (code != EXIT_CODE_OK)
		return code;
	e = content_fetch(&w, path, &code);
	if (e == -EBADMSG)
		return fail(w.hash, "its file is damaged: without it, it can "
			    "be fetched again");
	if (e && e != -ENOENT)
		return fail(w.hash, strerror(-e));
	return e ? content_want(verb, &w) : code;
}

/* ---- what is waited for ---- */

static int fetch_off(const char *verb, const struct options *o)
{
	struct wanted w = { .size = 0 };
	char off[] = "off";
	char *args[] = { w.hash, off };
	int code = wanted_find(verb, o->args, o->n_args, &w);

	return code == EXIT_CODE_OK ? client_call(verb, 2, args, NULL, NULL) :
	       code;
}

static void list_print(void *ctx, const struct json *v, struct span text)
{
	(void)ctx;
	(void)text;
	if (!json_len(v))
		puts("nothing is waited for");
	for (size_t i = 0; i < json_len(v); i++) {
		const struct json *f = json_at(v, i);
		struct span hash = json_string(json_get(f, "blob_hash"));

		printf("%.*s  %lld of %lld chunks, %lld bytes\n", (int)hash.n,
		       (const char *)hash.p,
		       (long long)json_int(json_get(f, "chunks_here")),
		       (long long)json_int(json_get(f, "chunks")),
		       (long long)json_int(json_get(f, "size")));
	}
}

static int fetch_list(const struct options *o)
{
	return client_call("fetches", 0, NULL, o->json ? client_print_json :
			   list_print, NULL);
}

int cmd_fetch(int argc, char **argv)
{
	bool off = false;
	struct option_spec own[] = { { "--off", &off, NULL },
				     { NULL, NULL, NULL } };
	struct options o;
	int code = options_read(&o, argc, argv,
		"fetch RECORD FIELD FILE|-\n"
		"       cairn fetch HASH FILE|-\n"
		"       cairn fetch [--json]\n"
		"       cairn fetch --off RECORD FIELD | HASH\n\n"
		"Writes an attachment's content to a file, verified. What is "
		"not here is waited for\nfrom then on: neighbours that hold "
		"it are asked when the channel is idle. Without\nwords: what "
		"is waited for, and how far it came. --off: no longer.", own,
		0, 3);

	if (code != OPTIONS_OK)
		return code;
	if (!o.n_args && !off)
		return fetch_list(&o);
	if (o.n_args == (off ? 0 : 1) || (off && o.n_args == 3)) {
		fprintf(stderr, "cairn: fetch: wrong number of words\n");
		return EXIT_CODE_USAGE;
	}
	return off ? fetch_off(argv[0], &o) : fetch_file(argv[0], &o);
}
