/* SPDX-License-Identifier: MIT
 *
 * The run codec of run.h: heads, seals, and the block of columns between
 * them. The only door to zstd is here.
 */
#include <errno.h>
#include <zstd.h>
#include "lib/event/columns.h"
#include "lib/base/buf.h"
#include "lib/event/dictionary.h"
#include "lib/event/model.h"
#include "lib/event/run.h"

#define HEAD_N_TOLD 3U

const char *run_error_name(enum run_error e)
{
	static const char *const names[] = {
		[RUN_OK] = "ok", [RUN_SHORT] = "short", [RUN_COUNT] = "count",
		[RUN_CODE] = "code", [RUN_COLUMNS] = "columns",
		[RUN_PAYLOAD] = "payload", [RUN_STAMP] = "stamp",
		[RUN_TRAILING] = "trailing",
	};

	return (unsigned)e < RUN_ERROR_COUNT ? names[e] : "unknown";
}

/* ---- zstd: contexts made once, the magic taken off and put back ---- */

#define MAGIC_SIZE 4
static const uint8_t magic[MAGIC_SIZE] = { 0x28, 0xb5, 0x2f, 0xfd };

static ZSTD_CCtx *compressor(void)
{
	static ZSTD_CCtx *ctx;

	if (ctx)
		return ctx;
	ctx = ZSTD_createCCtx();
	if (!ctx)
		return NULL;
	ZSTD_CCtx_setParameter(ctx, ZSTD_c_compressionLevel, 19);
	ZSTD_CCtx_setParameter(ctx, ZSTD_c_windowLog, 14);
	ZSTD_CCtx_setParameter(ctx, ZSTD_c_contentSizeFlag, 0);
	ZSTD_CCtx_setParameter(ctx, ZSTD_c_checksumFlag, 0);
	return ctx;
}

static ZSTD_DCtx *decompressor(void)
{
	static ZSTD_DCtx *ctx;

	if (ctx)
		return ctx;
	ctx = ZSTD_createDCtx();
	if (!ctx)
		return NULL;
	ZSTD_DCtx_setParameter(ctx, ZSTD_d_windowLogMax, 14);
	return ctx;
}

/* The length of z; 0 = failed, or it is no shorter. */
static size_t zstd_encode(uint8_t *dst, struct span columns)
{
	uint8_t frame[RUN_COLUMNS_MAX + 512];	/* zstd's bound */
	ZSTD_CCtx *ctx = compressor();
	size_t n = ctx ? ZSTD_compress2(ctx, frame, sizeof(frame), columns.p,
					columns.n) : 0;

	if (ZSTD_isError(n) || n <= MAGIC_SIZE || n - MAGIC_SIZE >= columns.n)
		return 0;
	memcpy(dst, frame + MAGIC_SIZE, n - MAGIC_SIZE);
	return n - MAGIC_SIZE;
}

static size_t best_size(struct buf *out, struct span text, struct span dict)
{
	size_t cap = ZSTD_compressBound(text.n), n;
	ZSTD_CCtx *ctx = ZSTD_createCCtx();

	if (!ctx)
		return 0;
	ZSTD_CCtx_setParameter(ctx, ZSTD_c_compressionLevel, 22);
	ZSTD_CCtx_setParameter(ctx, ZSTD_c_contentSizeFlag, 0);
	ZSTD_CCtx_setParameter(ctx, ZSTD_c_dictIDFlag, 0);
	if (dict.n)
		ZSTD_CCtx_loadDictionary(ctx, dict.p, dict.n);
	n = ZSTD_compress2(ctx, buf_reserve(out, cap), cap, text.p, text.n);
	ZSTD_freeCCtx(ctx);
	return ZSTD_isError(n) ? 0 : n - MAGIC_SIZE;
}

size_t run_best_size(struct span text)
{
	struct buf out = { 0 };
	size_t plain = best_size(&out, text, SPAN(NULL, 0));
	size_t primed = best_size(&out, text, run_dictionary());

	buf_fini(&out);
	return primed < plain ? primed : plain;
}

/* Exactly one frame that comes to at most RUN_COLUMNS_MAX bytes: the output
 * is the window, so there is nothing else to bound. */
static enum run_error zstd_decode(struct span *columns, uint8_t *dst,
				  struct span z)
{
	uint8_t frame[MAGIC_SIZE + RUN_COLUMNS_MAX];
	ZSTD_DCtx *ctx = decompressor();
	size_t n = MAGIC_SIZE + z.n;

	if (!ctx || n > sizeof(frame))
		return RUN_CODE;
	memcpy(frame, magic, MAGIC_SIZE);
	if (z.n)
		memcpy(frame + MAGIC_SIZE, z.p, z.n);
	if (ZSTD_findFrameCompressedSize(frame, n) != n)
		return RUN_CODE;
	n = ZSTD_decompressDCtx(ctx, dst, RUN_COLUMNS_MAX, frame, n);
	if (ZSTD_isError(n))
		return RUN_CODE;
	*columns = SPAN(dst, n);
	return RUN_OK;
}

/* ---- encoding ---- */

/* Stamps that the code can carry: whole seconds, not before the epoch, not
 * going back. */
static bool stamps_fit(const struct run *run)
{
	uint64_t least_ms = CAIRN_EPOCH_S * 1000;

	for (unsigned i = 0; i < run->n; i++) {
		struct hlc t = run->events[i].hlc;

		if (t.wall_ms % 1000 || t.wall_ms > HLC_WALL_MAX ||
		    t.wall_ms < least_ms || t.counter > HLC_COUNTER_MAX)
			return false;
		least_ms = t.wall_ms;
	}
	return true;
}

static bool run_seqs_fit(const struct run *run)
{
	return run->seq && run->seq <= RUN_SEQ_MAX - run->n;
}

/* Counts and seqs; what the events hold is the columns' affair. */
static int runs_check(const struct run *runs, size_t n_runs)
{
	for (size_t i = 0; i < n_runs; i++) {
		if (runs[i].n > RUN_EVENTS_MAX)
			return -ENOSPC;
		if (!run_seqs_fit(&runs[i]))
			return -ERANGE;
	}
	return 0;
}

/* n in the seq's lowest bits, where it is 0, 1 or 2. */
static void seq_encode(struct wr *w, const struct run *run)
{
	bool told = run->n >= HEAD_N_TOLD;

	wr_leb(w, run->seq * 4 | (told ? HEAD_N_TOLD : run->n));
	if (told)
		wr_u8(w, run->n);
}

static int heads_encode(struct wr *w, const struct run *runs, size_t n_runs)
{
	uint64_t last = 0;

	wr_leb(w, n_runs);
	for (const struct run *run = runs; run < runs + n_runs; run++) {
		wr_be(w, 4, run->alias);
		seq_encode(w, run);
		if (run->n == 0)
			continue;
		if (!stamps_fit(run) || event_seconds(run->events) < last)
			return -ERANGE;
		wr_bytes(w, SPAN(run->prevcheck, 2));
		wr_leb(w, event_seconds(run->events) - last);
		last = event_seconds(run->events);
	}
	return w->full ? -ENOSPC : 0;
}

/* As the coder makes them, or plain where that is shorter. */
static void columns_put(struct wr *w, struct span columns,
			enum run_coder coder)
{
	uint8_t z[RUN_COLUMNS_MAX];
	size_t n = 0;

	if (coder == RUN_MODEL) {
		int len = model_encode(z, columns.n, columns);

		n = len > 0 && columns.n <= MODEL_TEXT_MAX((size_t)len) ?
			(size_t)len : 0;
		coder = n ? RUN_MODEL : RUN_ZSTD;
	}
	if (coder == RUN_ZSTD)
		n = zstd_encode(z, columns);
	wr_leb(w, (n ? n : columns.n) * 4 | (n ? coder : RUN_PLAIN));
	if (n && coder == RUN_MODEL)
		wr_leb(w, columns.n);
	wr_bytes(w, n ? SPAN(z, n) : columns);
}

int run_body_encode(uint8_t *dst, size_t cap, const struct run *runs,
		    size_t n_runs, enum run_coder coder)
{
	uint8_t columns[RUN_COLUMNS_MAX];
	struct wr w = wr_init(dst, cap);
	struct wr c = wr_init(columns, sizeof(columns));
	int rc;

	if (n_runs == 0 || n_runs > RUN_BODY_RUNS_MAX)
		return -ENOSPC;
	rc = runs_check(runs, n_runs);
	if (!rc)
		rc = heads_encode(&w, runs, n_runs);
	if (!rc)
		rc = columns_encode(&c, runs, n_runs);
	if (rc)
		return rc;
	columns_put(&w, wr_span(&c), coder);
	times_encode(&w, runs, n_runs);
	for (size_t i = 0; i < n_runs; i++) {
		if (runs[i].n == 0)
			wr_bytes(&w, SPAN(runs[i].proof_id, EVENT_ID_SIZE));
		wr_bytes(&w, SPAN(runs[i].seal, EVENT_SEAL_SIZE));
	}
	return w.full ? -ENOSPC : (int)w.len;
}

/* ---- decoding ---- */

static void seq_decode(struct run *run, struct rd *r)
{
	uint64_t v = rd_leb(r);

	run->seq = v >> 2;
	run->n = v & HEAD_N_TOLD;
	if (run->n != HEAD_N_TOLD)
		return;
	run->n = rd_u8(r);
	if (run->n < HEAD_N_TOLD)	/* one way to tell it */
		run->n = UINT8_MAX;
}

/* One head; *seconds is the first stamp of the run before, then of this. The
 * first event's wall part is kept where it will be read. */
static enum run_error head_decode(struct run_body *out, struct rd *r,
				  uint64_t *seconds)
{
	struct run *run = &out->runs[out->n_runs];
	uint64_t dt;

	run->alias = (uint32_t)rd_be(r, 4);
	seq_decode(run, r);
	run->events = &out->events[out->n_events];
	run->chained = false;
	if (run->n) {
		rd_copy(r, run->prevcheck, 2);
		dt = rd_leb(r);
		if (r->bad)
			return RUN_SHORT;
		if (dt > RUN_SECONDS_MAX - *seconds)
			return RUN_STAMP;
		*seconds += dt;
	}
	if (r->bad)
		return RUN_SHORT;
	if (run->n > RUN_EVENTS_MAX || !run_seqs_fit(run) ||
	    run->n > RUN_BODY_EVENTS_MAX - out->n_events)
		return RUN_COUNT;
	if (run->n)
		out->events[out->n_events].hlc.wall_ms =
			(*seconds + CAIRN_EPOCH_S) * 1000;
	out->n_events += run->n;
	out->n_runs++;
	return RUN_OK;
}

static enum run_error heads_decode(struct run_body *out, struct rd *r)
{
	enum run_error e = RUN_OK;
	uint64_t seconds = 0, n;

	out->n_runs = out->n_events = 0;
	n = rd_leb(r);
	if (r->bad)
		return RUN_SHORT;
	if (n == 0 || n > RUN_BODY_RUNS_MAX)
		return RUN_COUNT;
	while (out->n_runs < n && e == RUN_OK)
		e = head_decode(out, r, &seconds);
	return e;
}

static enum run_error columns_expand(struct span *columns, uint8_t *dst,
				     struct span z, enum run_coder coder,
				     size_t size)
{
	switch (coder) {
	case RUN_PLAIN:
		*columns = SPAN(memcpy(dst, z.p, z.n), z.n);
		return RUN_OK;
	case RUN_ZSTD:
		return zstd_decode(columns, dst, z);
	case RUN_MODEL:
		*columns = SPAN(dst, size);
		return model_decode(dst, size, z) ? RUN_CODE : RUN_OK;
	}
	return RUN_COLUMNS;
}

/* z as it stands in the body, expanded into out->columns. */
static enum run_error columns_take(struct run_body *out, struct rd *r)
{
	uint64_t head = rd_leb(r), size = 0;
	enum run_coder coder = head & 3;
	struct span z, columns;
	enum run_error e;

	if (coder == RUN_MODEL)
		size = rd_leb(r);
	if (r->bad)
		return RUN_SHORT;
	if (head >> 2 > RUN_COLUMNS_MAX || size > RUN_COLUMNS_MAX)
		return RUN_COLUMNS;
	z = rd_bytes(r, head >> 2);
	if (r->bad)
		return RUN_SHORT;
	e = columns_expand(&columns, out->columns, z, coder, size);
	return e ? e : columns_decode(out, columns);
}

enum run_error run_body_decode(struct run_body *out, struct span body)
{
	struct rd r = rd_init(body);
	enum run_error e = heads_decode(out, &r);

	if (!e)
		e = columns_take(out, &r);
	if (!e)
		e = times_decode(out, &r);
	if (e)
		return e;
	for (size_t i = 0; i < out->n_runs; i++) {
		struct run *run = &out->runs[i];

		if (run->n == 0)
			rd_copy(&r, run->proof_id, EVENT_ID_SIZE);
		rd_copy(&r, run->seal, EVENT_SEAL_SIZE);
	}
	out->used = (size_t)(r.p - body.p);
	return r.bad ? RUN_SHORT : RUN_OK;
}

enum run_error run_heads_decode(struct run_body *out, struct span front)
{
	struct rd r = rd_init(front);
	enum run_error e = heads_decode(out, &r);

	for (size_t i = 0; i < out->n_runs; i++)
		out->runs[i].events = NULL;
	out->used = (size_t)(r.p - front.p);
	return e;
}
