/* SPDX-License-Identifier: MIT
 *
 * Bundles and lines of an export from a stranger: frames, bodies, runs of
 * anything; what a line says is written and read again to the same.
 */
#include <stdlib.h>
#include "lib/base/crypto.h"
#include "lib/feed/bundle.h"
#include "lib/feed/lines.h"
#include "lib/feed/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take_body(void *ctx, struct span body)
{
	static struct run_body decoded;
	struct feed_change c;

	if (run_body_decode(&decoded, body))
		return;
	for (size_t i = 0; i < decoded.n_runs; i++)
		feed_admit(ctx, SPAN(NULL, 0), &decoded.runs[i], &c);
}

static void take_blob(void *ctx, const struct bundle_blob *b)
{
	struct blob_piece p;

	(void)ctx;
	if (blob_piece_get(&p, b->hash, b->size, b->piece) == 0 &&
	    p.chunk.n > BLOB_CHUNK)
		abort();
}

static void take_error(void *ctx, enum bundle_error e)
{
	(void)ctx;
	if (e <= BUNDLE_OK || e >= BUNDLE_ERROR_COUNT)
		abort();
}

static void bundle_try(struct span data)
{
	static struct bundle_reader r;
	struct memory *m = memory_new();
	struct feed_config cfg = { .authors_max = 8, .need_station = true,
				   .store = memory_store(m) };
	struct feed_set *s;

	dataset_id(cfg.dataset, SPAN_STR("default"));
	s = feed_set_new(&cfg);
	bundle_reader_init(&r, cfg.dataset);
	r.body = take_body;
	r.blob = take_blob;
	r.error = take_error;
	r.ctx = s;
	bundle_read(&r, data);
	bundle_read_end(&r);
	feed_set_free(s);
	memory_free(m);
}

static void line_again(const struct line *l)
{
	struct json_out o = { 0 };
	struct json *v;
	struct line back;

	if (l->kind != LINE_EVENT)
		return;
	line_put_event(&o, &l->e, l->has_prev ? l->prev : NULL,
		       l->has_seal ? l->seal : NULL);
	v = json_parse(buf_span(&o.b), NULL);
	if (!v || line_from_json(&back, v) || back.e.seq != l->e.seq ||
	    !span_equal(back.e.payload, l->e.payload))
		abort();
	line_fini(&back);
	json_free(v);
	buf_fini(&o.b);
}

static void line_try(struct span data)
{
	struct json *v = json_parse(data, NULL);
	struct line l;

	if (!v)
		return;
	if (line_from_json(&l, v) == LINE_OK)
		line_again(&l);
	line_fini(&l);
	json_free(v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bundle_try(SPAN(data, size));
	line_try(SPAN(data, size));
	return 0;
}
