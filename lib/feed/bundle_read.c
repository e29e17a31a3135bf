/* SPDX-License-Identifier: MIT
 *
 * Reading a bundle: frames, and what they are. Every byte is a stranger's; what
 * a body says is proved by its seals, later.
 */
#include "lib/feed/bundle.h"

#define HEAD_TEXT "CAIRN BUNDLE"

const char *bundle_error_name(enum bundle_error e)
{
	static const char *const names[] = {
		[BUNDLE_OK] = "ok",
		[BUNDLE_FRAMING] = "bytes that are no frame",
		[BUNDLE_NO_HEAD] = "does not begin as a bundle does",
		[BUNDLE_OTHER_VERSION] = "made by another version",
		[BUNDLE_OTHER_DATASET] = "of another dataset",
		[BUNDLE_UNKNOWN_FRAME] = "a frame of unknown type",
	};

	return (unsigned)e < BUNDLE_ERROR_COUNT ? names[e] : "unknown";
}

static enum bundle_error head_read(const struct bundle_reader *r,
				   struct span frame)
{
	struct rd in = rd_init(frame);
	struct span text = rd_bytes(&in, strlen(HEAD_TEXT));
	uint8_t version = rd_u8(&in);
	struct span dataset = rd_bytes(&in, DATASET_SIZE);

	if (!span_equal(text, SPAN_STR(HEAD_TEXT)))
		return BUNDLE_NO_HEAD;
	if (version != BUNDLE_VERSION)
		return BUNDLE_OTHER_VERSION;
	if (!span_equal(dataset, SPAN(r->dataset, DATASET_SIZE)))
		return BUNDLE_OTHER_DATASET;
	return BUNDLE_OK;
}

static bool is_head(struct span frame)
{
	return frame.p[0] == HEAD_TEXT[0];
}

static bool blob_read(struct bundle_blob *b, struct span frame)
{
	struct rd in = rd_init(frame);
	bool type = rd_u8(&in) == 'B';

	b->hash = rd_bytes(&in, BLOB_HASH).p;
	b->size = rd_be(&in, 8);
	b->piece = rd_rest(&in);
	return type && !in.bad;
}

/* Without its head a bundle still proves itself. Two bundles may stand in one
 * file: cat is a fine tool. */
static void frame_take(void *ctx, struct span frame)
{
	struct bundle_reader *r = ctx;
	bool first = r->frames++ == 0;
	enum bundle_error e = BUNDLE_OK;
	struct bundle_blob blob;

	if (is_head(frame) || first) {
		e = head_read(r, frame);
		r->refused = e == BUNDLE_OTHER_VERSION ||
			     e == BUNDLE_OTHER_DATASET;
	}
	if (!r->refused && frame.p[0] == 'R')
		r->body(r->ctx, SPAN(frame.p + 1, frame.n - 1));
	else if (!r->refused && r->blob && blob_read(&blob, frame))
		r->blob(r->ctx, &blob);
	else if (!e && !r->refused && !is_head(frame))
		e = BUNDLE_UNKNOWN_FRAME;
	if (e)
		r->error(r->ctx, e);
}

static void frame_bad(void *ctx, enum hdlc_error e, struct span raw)
{
	struct bundle_reader *r = ctx;

	(void)e;
	(void)raw;
	r->frames++;
	r->error(r->ctx, BUNDLE_FRAMING);
}

void bundle_reader_init(struct bundle_reader *r, const uint8_t *dataset)
{
	*r = (struct bundle_reader){ .dataset = dataset };
	hdlc_decoder_init(&r->hdlc, frame_take, r);
	r->hdlc.error = frame_bad;
}

void bundle_read(struct bundle_reader *r, struct span bytes)
{
	hdlc_decode(&r->hdlc, bytes);
}

void bundle_read_end(struct bundle_reader *r)
{
	hdlc_decode_end(&r->hdlc);
}
