/* SPDX-License-Identifier: MIT
 *
 * attach: a file as the content of a record's field. The content goes into
 * DIR/blobs first, then cairnd writes the event that names it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "lib/base/file.h"
#include "lib/ctl/ctl.h"
#include "lib/store/blob.h"
#include "tools/client.h"
#include "tools/out.h"
#include "tools/value.h"

static void blobs_dir(char dst[544])
{
	char dir[512];

	snprintf(dst, 544, "%s/blobs", client_dir(dir));
}

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
	e = file_read(o.args[2], BLOB_MAX, &content);
	if (!e && !content.len)
		e = -ENODATA;
	if (!e)
		e = blob_store(dir, buf_span(&content), hash);
	snprintf(size, sizeof(size), "%zu", content.len);
	buf_fini(&content);
	if (e) {
		fprintf(stderr, "cairn: attach: %s: %s\n", o.args[2],
			e == -EFBIG ? "more than 16 MB" :
			e == -ENODATA ? "nothing in it" : strerror(-e));
		return EXIT_CODE_FAILED;
	}
	hex_encode(hex, SPAN(hash, sizeof(hash)));
	snprintf(type, sizeof(type), "%s", mime ? mime : mime_of(o.args[2]));
	char *args[] = { o.args[0], o.args[1], hex, size, type };

	o.n_args = 2;	/* the file's name goes nowhere */
	return write_call(argv[0], &o, 5, args);
}
