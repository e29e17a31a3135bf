/* SPDX-License-Identifier: MIT
 *
 * Pieces of contents out of an export: each is verified by itself, and a
 * content whose pieces are all there goes to DIR/blobs. cairnd says whether it
 * wants it: an event must name it, and there must be room.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "lib/ctl/ctl.h"
#include "lib/store/blob.h"
#include "tools/client.h"
#include "tools/import.h"

struct import_blobs {
	struct import *im;
	char dir[544];
	uint8_t hash[BLOB_HASH];	/* the content at hand */
	uint64_t size, from;		/* from: its first line */
	bool open, take;
	size_t have;
	uint8_t has[BLOB_HAVE_BYTES];
	struct buf content;
};

struct import_blobs *import_blobs_new(struct import *im)
{
	struct import_blobs *b = calloc(1, sizeof(*b));
	char dir[512];

	if (!b)
		abort();
	b->im = im;
	snprintf(b->dir, sizeof(b->dir), "%s/blobs", client_dir(dir));
	return b;
}

void import_blobs_free(struct import_blobs *b)
{
	buf_fini(&b->content);
	free(b);
}

static void ask_answer(void *ctx, const struct json *v, struct span text)
{
	struct import_blobs *b = ctx;
	struct span why = json_string(json_get(v, "why"));
	char what[80];

	(void)text;
	b->take = json_bool(json_get(v, "take"));
	if (b->take || !why.n)
		return;
	b->im->refused++;
	snprintf(what, sizeof(what), "a content is not taken: %.*s",
		 (int)why.n, (const char *)why.p);
	import_say(b->im, b->from, b->from, what);
}

/* "content": is it wanted; "here": it is in DIR/blobs now. */
static void ask(struct import_blobs *b, const char *what)
{
	char word[16], hex[2 * BLOB_HASH + 1], size[24];
	char *args[] = { word, hex, size };

	snprintf(word, sizeof(word), "%s", what);
	hex_encode(hex, SPAN(b->hash, BLOB_HASH));
	snprintf(size, sizeof(size), "%llu", (unsigned long long)b->size);
	b->im->code = client_ask(b->im->fd, "import", 3, args, ask_answer, b);
}

static void begin(struct import_blobs *b, const uint8_t hash[BLOB_HASH],
		  uint64_t size)
{
	import_blobs_end(b);
	memcpy(b->hash, hash, BLOB_HASH);
	memset(b->has, 0, sizeof(b->has));
	b->size = size;
	b->from = b->im->lines;
	b->have = 0;
	b->open = true;
	ask(b, "content");
	b->content.len = 0;
	buf_reserve(&b->content, size);
	b->content.len = size;
}

static void whole(struct import_blobs *b)
{
	uint8_t hash[BLOB_HASH];
	int e = blob_store(b->dir, buf_span(&b->content), hash);

	if (e) {
		import_say(b->im, b->from, b->im->lines, strerror(-e));
		b->im->refused++;
		return;
	}
	b->im->contents++;
	ask(b, "here");
}

void import_blobs_piece(struct import_blobs *b, const uint8_t hash[BLOB_HASH],
			uint64_t size, struct span piece)
{
	struct blob_piece p;

	if (b->im->code != EXIT_CODE_OK)
		return;
	if (blob_piece_get(&p, hash, size, piece)) {
		b->im->refused++;
		import_say(b->im, b->im->lines, b->im->lines,
			   "a piece that is not its content's");
		return;
	}
	if (!b->open || b->size != size || memcmp(b->hash, hash, BLOB_HASH))
		begin(b, hash, size);
	if (!b->take || b->has[p.i / 8] >> p.i % 8 & 1)
		return;
	b->has[p.i / 8] |= (uint8_t)(1u << p.i % 8);
	memcpy(b->content.p + p.i * BLOB_CHUNK, p.chunk.p, p.chunk.n);
	if (++b->have == blob_chunks(size))
		whole(b);
}

void import_blobs_end(struct import_blobs *b)
{
	if (b->open && b->take && b->have < blob_chunks(b->size)) {
		b->im->gaps++;
		import_say(b->im, b->from, b->im->lines,
			   "pieces of a content are missing");
	}
	b->open = false;
}
