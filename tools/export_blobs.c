/* SPDX-License-Identifier: MIT
 *
 * export --blobs: the contents that attachments name and that are here, as
 * pieces behind the events. What is not here, or damaged, stays behind.
 */
#include <errno.h>
#include <stdio.h>
#include "lib/base/map.h"
#include "lib/feed/bundle.h"
#include "lib/feed/lines.h"
#include "lib/store/blob.h"
#include "tools/client.h"
#include "tools/export.h"

#define BLOBS_MAX 1000000

struct blobs {
	struct export *x;
	char dir[544];
	struct map *seen;	/* a content may be named more than once */
	bool bundle;
	int err;
};

static bool write_piece(struct blobs *w, const struct blob *b,
			struct span piece)
{
	uint8_t wire[BUNDLE_BLOB_MAX];
	struct json_out o = { 0 };
	size_t n;

	if (w->bundle) {
		n = bundle_blob_put(wire, &(struct bundle_blob){ b->hash,
				    b->size, piece });
		return fwrite(wire, 1, n, w->x->to) == n;
	}
	line_put_blob(&o, b->hash, b->size, piece);
	buf_add_u8(&o.b, '\n');
	n = fwrite(o.b.p, 1, o.b.len, w->x->to);
	buf_fini(&o.b);
	return n > 0;
}

static void write_blob(struct blobs *w, const struct blob *b)
{
	uint8_t piece[BLOB_PIECE_MAX];

	for (size_t i = 0; !w->err && i < b->n_chunks; i++) {
		struct span chunk = SPAN(b->content.p + i * BLOB_CHUNK,
					 blob_chunk_len(b->size, i));
		size_t n = blob_piece_put(piece, b->size, b->leaves, i, chunk);

		if (!write_piece(w, b, SPAN(piece, n)))
			w->err = -EIO;
	}
}

static void take_named(void *ctx, struct span text, uint64_t size)
{
	struct blobs *w = ctx;
	uint8_t hash[BLOB_HASH];
	struct buf file = { 0 };
	struct blob b;

	(void)size;
	if (w->err || hex_decode(hash, BLOB_HASH, text) != BLOB_HASH ||
	    map_get(w->seen, SPAN(hash, BLOB_HASH)) != MAP_NONE)
		return;
	map_set(w->seen, SPAN(hash, BLOB_HASH), 0);
	if (blob_read(w->dir, hash, &file, &b) == 0)
		write_blob(w, &b);
	buf_fini(&file);
}

int export_blobs(struct export *x, bool bundle)
{
	struct blobs w = { .x = x, .bundle = bundle,
			   .seen = map_new(BLOBS_MAX) };
	char dir[512];

	if (!w.seen)
		return -ENOMEM;
	snprintf(w.dir, sizeof(w.dir), "%s/blobs", client_dir(dir));
	view_contents(x->r.data.view, take_named, &w);
	map_free(w.seen);
	return w.err;
}
