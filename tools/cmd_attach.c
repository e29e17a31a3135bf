/* SPDX-License-Identifier: MIT
 *
 * attach, fetch: contents of files at a record's field. The content goes into
 * DIR/blobs first, then cairnd writes the event that names it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "lib/ctl/ctl.h"
#include "lib/store/blob.h"
#include "tools/client.h"
#include "tools/out.h"
#include "tools/reader.h"
#include "tools/value.h"

static void blobs_dir(char dst[544])
{
	char dir[512];

	snprintf(dst, 544, "%s/blobs", client_dir(dir));
}

static int fail(const char *verb, const char *what, const char *why)
{
	fprintf(stderr, "cairn: %s: %s: %s\n", verb, what, why);
	return EXIT_CODE_FAILED;
}

/* ---- attach ---- */

/* What the name says; "" if it says nothing. */
static const char *mime_of(const char *path)
{
	static const char *const types[][2] = {
		{ ".jpg", "image/jpeg" }, { ".jpeg", "image/jpeg" },
		{ ".png", "image/png" }, { ".webp", "image/webp" },
		{ ".pdf", "application/pdf" }, { ".txt", "text/plain" },
		{ ".md", "text/markdown" }, { ".csv", "text/csv" },
		{ ".json", "application/json" },
		{ ".geojson", "application/geo+json" },
		{ ".gpx", "application/gpx+xml" },
	};
	const char *dot = strrchr(path, '.');

	for (size_t i = 0; dot && i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcasecmp(dot, types[i][0]))
			return types[i][1];
	return "";
}

/* One byte more than a blob may have, so that too much is seen. */
static int file_read(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "re");
	bool bad;

	if (!f)
		return -errno;
	for (size_t n = 1; n > 0 && out->len <= BLOB_MAX; out->len += n)
		n = fread(buf_reserve(out, 65536), 1, 65536, f);
	bad = ferror(f);
	fclose(f);
	return bad ? -EIO : 0;
}

int cmd_attach(int argc, char **argv)
{
	const char *mime = NULL;
	struct option_spec own[] = { { "--mime", NULL, &mime },
				     { NULL, NULL, NULL } };
	char dir[544], hex[2 * BLOB_HASH + 1], size[24], type[128];
	uint8_t hash[BLOB_HASH];
	struct buf content = { 0 };
	struct options o;
	int e, code = options_read(&o, argc, argv,
		"attach RECORD FIELD FILE [--mime TYPE] [--json]\n\n"
		"Puts the file's content beside the log, named by its hash, "
		"and its hash, size and\ntype into the record. At most 16 MB.",
		own, 3, 3);

	if (code != OPTIONS_OK)
		return code;
	blobs_dir(dir);
	e = file_read(o.args[2], &content);
	if (!e)
		e = blob_store(dir, buf_span(&content), hash);
	snprintf(size, sizeof(size), "%zu", content.len);
	buf_fini(&content);
	if (e)
		return fail(argv[0], o.args[2], e == -EFBIG ?
			    "more than 16 MB" : strerror(-e));
	hex_encode(hex, SPAN(hash, sizeof(hash)));
	snprintf(type, sizeof(type), "%s", mime ? mime : mime_of(o.args[2]));
	char *args[] = { o.args[0], o.args[1], hex, size, type };

	return write_call(argv[0], &o, 5, args);
}

/* ---- fetch ---- */

/* The hash of the only attachment of a record's field that begins so; false,
 * and said, if there is none or more than one. */
static bool attachment_find(const struct reader *r, char *const *args,
			    char hex[2 * BLOB_HASH + 1])
{
	struct view_filter f = { .record = SPAN_STR(args[0]) };
	struct json_out text = { 0 };
	struct json_member m = { .it = NULL };
	size_t n = 0;
	struct json *all;

	view_records_json(r->data.view, &f, false, &text);
	all = json_parse(buf_span(&text.b), NULL);
	while (json_next(all, &m)) {
		const struct json *list = json_get(m.value, "attachments");

		for (size_t i = 0; i < json_len(list); i++) {
			const struct json *a = json_at(list, i);
			struct span hash = json_string(json_get(a,
								"blob_hash"));

			if (!span_equal(json_string(json_get(a, "field")),
					SPAN_STR(args[1])) ||
			    hash.n != 2 * BLOB_HASH ||
			    (n && !memcmp(hex, hash.p, hash.n)))
				continue;
			memcpy(hex, hash.p, hash.n);
			hex[hash.n] = 0;
			if (n++)
				fprintf(stderr, "cairn: fetch: also %s\n", hex);
		}
	}
	json_free(all);
	buf_fini(&text.b);
	if (n != 1)
		fprintf(stderr, "cairn: fetch: %s\n", n ? "more than one: say "
			"its hash" : "no attachment there");
	return n == 1;
}

static int content_put(const char *path, const struct buf *content)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "we") : stdout;
	bool bad = !f || fwrite(content->p, 1, content->len, f) !=
		   content->len || fflush(f);

	if (f && f != stdout && fclose(f))
		bad = true;
	return bad ? fail("fetch", path, strerror(errno)) : EXIT_CODE_OK;
}

static int blob_fetch(const char *hex, const char *path)
{
	uint8_t hash[BLOB_HASH];
	struct buf content = { 0 };
	char dir[544];
	int e, code;

	if (hex_decode(hash, sizeof(hash), SPAN_STR(hex)) != sizeof(hash)) {
		fail("fetch", hex, "not a hash of 64 hex digits");
		return EXIT_CODE_USAGE;
	}
	blobs_dir(dir);
	e = blob_load(dir, hash, &content);
	if (e)
		code = fail("fetch", hex, e == -ENOENT ?
			    "its content is not here" : e == -EBADMSG ?
			    "its file is damaged" : strerror(-e));
	else
		code = content_put(path, &content);
	buf_fini(&content);
	return code;
}

int cmd_fetch(int argc, char **argv)
{
	char hex[2 * BLOB_HASH + 1] = "";
	struct options o;
	struct reader r;
	bool found;
	int code = options_read(&o, argc, argv,
		"fetch RECORD FIELD FILE|-\n"
		"       cairn fetch HASH FILE|-\n\n"
		"Writes an attachment's content to a file, verified. Only what "
		"is here: contents do\nnot come by radio yet.", NULL, 2, 3);

	if (code != OPTIONS_OK)
		return code;
	if (o.n_args == 2)
		return blob_fetch(o.args[0], o.args[1]);
	code = reader_open(&r, argv[0]);
	if (code == OPTIONS_OK)
		code = reader_load(&r, argv[0]);
	found = code == OPTIONS_OK && attachment_find(&r, o.args, hex);
	reader_close(&r);
	if (code != OPTIONS_OK)
		return code;
	return found ? blob_fetch(hex, o.args[2]) : EXIT_CODE_FAILED;
}
