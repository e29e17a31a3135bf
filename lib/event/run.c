/* SPDX-License-Identifier: MIT
 *
 * The run codec of run.h. Encoding and decoding go through the same three
 * columns in the same order; the only door to zstd is here.
 */
#include <errno.h>
#include <zstd.h>
#include "lib/event/dictionary.h"
#include "lib/event/payload.h"
#include "lib/event/run.h"

#define SECONDS_MAX (HLC_WALL_MAX / 1000 - CAIRN_EPOCH_S)
#define KIND_WITHHELD 1U
#define KIND_TOLD 2U	/* the counter is in the column of times */

const char *run_error_name(enum run_error e)
{
	static const char *const names[] = {
		[RUN_OK] = "ok", [RUN_SHORT] = "short", [RUN_COUNT] = "count",
		[RUN_ZSTD] = "zstd", [RUN_COLUMNS] = "columns",
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
	struct span dict = run_dictionary();

	if (ctx)
		return ctx;
	ctx = ZSTD_createCCtx();
	if (!ctx)
		return NULL;
	ZSTD_CCtx_setParameter(ctx, ZSTD_c_compressionLevel, 19);
	ZSTD_CCtx_setParameter(ctx, ZSTD_c_windowLog, 13);
	ZSTD_CCtx_setParameter(ctx, ZSTD_c_contentSizeFlag, 0);
	ZSTD_CCtx_setParameter(ctx, ZSTD_c_checksumFlag, 0);
	ZSTD_CCtx_setParameter(ctx, ZSTD_c_dictIDFlag, 0);
	if (dict.n)
		ZSTD_CCtx_loadDictionary(ctx, dict.p, dict.n);
	return ctx;
}

static ZSTD_DCtx *decompressor(void)
{
	static ZSTD_DCtx *ctx;
	struct span dict = run_dictionary();

	if (ctx)
		return ctx;
	ctx = ZSTD_createDCtx();
	if (!ctx)
		return NULL;
	ZSTD_DCtx_setParameter(ctx, ZSTD_d_windowLogMax, 13);
	if (dict.n)
		ZSTD_DCtx_loadDictionary(ctx, dict.p, dict.n);
	return ctx;
}

/* dst has room for the bound. The whole frame with its magic; 0 = failed. */
static size_t columns_compress(uint8_t *dst, size_t cap, struct span columns)
{
	ZSTD_CCtx *ctx = compressor();
	size_t n = ctx ? ZSTD_compress2(ctx, dst, cap, columns.p, columns.n) :
			 0;

	return ZSTD_isError(n) ? 0 : n;
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
static enum run_error columns_expand(struct span *columns, uint8_t *dst,
				     struct span z)
{
	uint8_t frame[MAGIC_SIZE + RUN_COLUMNS_MAX];
	ZSTD_DCtx *ctx = decompressor();
	size_t n = MAGIC_SIZE + z.n;

	if (!ctx || n > sizeof(frame))
		return RUN_ZSTD;
	memcpy(frame, magic, MAGIC_SIZE);
	if (z.n)
		memcpy(frame + MAGIC_SIZE, z.p, z.n);
	if (ZSTD_findFrameCompressedSize(frame, n) != n)
		return RUN_ZSTD;
	n = ZSTD_decompressDCtx(ctx, dst, RUN_COLUMNS_MAX, frame, n);
	if (ZSTD_isError(n))
		return RUN_ZSTD;
	*columns = SPAN(dst, n);
	return RUN_OK;
}

/* ---- what both directions share ---- */

/* Shell sort: in place, and nothing a stranger sends makes it quadratic. */
static void order_sort(uint32_t *v, size_t n)
{
	static const unsigned gaps[] = { 1750, 701, 301, 132, 57, 23, 10, 4,
					 1 };

	for (size_t g = 0; g < sizeof(gaps) / sizeof(gaps[0]); g++)
		for (size_t i = gaps[g]; i < n; i++) {
			uint32_t x = v[i];
			size_t j = i;

			for (; j >= gaps[g] && v[j - gaps[g]] > x; j -= gaps[g])
				v[j] = v[j - gaps[g]];
			v[j] = x;
		}
}

/* The counter that need not be told; prev = NULL for a run's first event. */
static uint32_t counter_expected(const struct event *prev, uint64_t dt)
{
	return prev && dt == 0 ? prev->hlc.counter + 1 : 0;
}

/* ---- encoding ---- */

/* The events of all runs, in the order of the heads. */
struct flat {
	const struct event *events[RUN_BODY_EVENTS_MAX];
	uint32_t order[RUN_BODY_EVENTS_MAX];
	size_t n;
};

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

static bool event_fits(const struct event *e)
{
	if (e->withheld)
		return e->payload.n == 32;
	return payload_check(e->payload) == PAYLOAD_OK;
}

static uint64_t event_seconds(const struct event *e)
{
	return e->hlc.wall_ms / 1000 - CAIRN_EPOCH_S;
}

/* Checks the runs and lays their events out flat. */
static int runs_flatten(struct flat *f, const struct run *runs, size_t n_runs)
{
	f->n = 0;
	for (size_t i = 0; i < n_runs; i++) {
		const struct run *run = &runs[i];

		if (run->n > RUN_EVENTS_MAX ||
		    run->n > RUN_BODY_EVENTS_MAX - f->n)
			return -ENOSPC;
		if (!run->seq || run->seq + run->n < run->seq)
			return -ERANGE;
		for (unsigned j = 0; j < run->n; j++) {
			const struct event *e = &run->events[j];

			if (e->kind > KIND_MAX)
				return -ERANGE;
			if (!event_fits(e))
				return -EINVAL;
			f->order[f->n] = (uint32_t)(e->kind << 16 | f->n);
			f->events[f->n++] = e;
		}
	}
	order_sort(f->order, f->n);
	return 0;
}

static int heads_encode(struct wr *w, const struct run *runs, size_t n_runs)
{
	uint64_t last = 0;

	wr_leb(w, n_runs);
	for (const struct run *run = runs; run < runs + n_runs; run++) {
		wr_be(w, 4, run->alias);
		wr_leb(w, run->seq);
		wr_u8(w, run->n);
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

static bool counter_told(const struct run *run, unsigned i)
{
	const struct event *e = &run->events[i], *prev = i ? e - 1 : NULL;
	uint64_t dt = prev ? event_seconds(e) - event_seconds(prev) : 0;

	return e->hlc.counter != counter_expected(prev, dt);
}

static void kinds_encode(struct wr *w, const struct run *run)
{
	for (unsigned i = 0; i < run->n; i++)
		wr_leb(w, run->events[i].kind * 4U |
			  (counter_told(run, i) ? KIND_TOLD : 0) |
			  (run->events[i].withheld ? KIND_WITHHELD : 0));
}

static void times_encode(struct wr *w, const struct run *run)
{
	for (unsigned i = 0; i < run->n; i++) {
		const struct event *e = &run->events[i];

		if (i)
			wr_leb(w, event_seconds(e) - event_seconds(e - 1));
		if (counter_told(run, i))
			wr_leb(w, e->hlc.counter);
	}
}

static int columns_encode(struct wr *w, const struct flat *f,
			  const struct run *runs, size_t n_runs)
{
	for (size_t i = 0; i < n_runs; i++)
		kinds_encode(w, &runs[i]);
	for (size_t i = 0; i < n_runs; i++)
		times_encode(w, &runs[i]);
	for (size_t i = 0; i < f->n; i++)
		wr_bytes(w, f->events[f->order[i] & 0xffff]->payload);
	return w->full ? -ENOSPC : 0;
}

static void columns_put(struct wr *w, struct span columns)
{
	uint8_t frame[RUN_COLUMNS_MAX + 512];
	size_t n = columns_compress(frame, sizeof(frame), columns);

	if (n > MAGIC_SIZE && n - MAGIC_SIZE < columns.n) {
		wr_leb(w, (n - MAGIC_SIZE) * 2);
		wr_bytes(w, SPAN(frame + MAGIC_SIZE, n - MAGIC_SIZE));
	} else {
		wr_leb(w, columns.n * 2 | 1);
		wr_bytes(w, columns);
	}
}

int run_body_encode(uint8_t *dst, size_t cap, const struct run *runs,
		    size_t n_runs)
{
	struct flat flat;
	uint8_t columns[RUN_COLUMNS_MAX];
	struct wr w = wr_init(dst, cap);
	struct wr c = wr_init(columns, sizeof(columns));
	int rc;

	if (n_runs == 0 || n_runs > RUN_BODY_RUNS_MAX)
		return -ENOSPC;
	rc = runs_flatten(&flat, runs, n_runs);
	if (!rc)
		rc = heads_encode(&w, runs, n_runs);
	if (!rc)
		rc = columns_encode(&c, &flat, runs, n_runs);
	if (rc)
		return rc;
	columns_put(&w, wr_span(&c));
	for (size_t i = 0; i < n_runs; i++) {
		if (runs[i].n == 0)
			wr_bytes(&w, SPAN(runs[i].proof_id, EVENT_ID_SIZE));
		wr_bytes(&w, SPAN(runs[i].seal, EVENT_SEAL_SIZE));
	}
	return w.full ? -ENOSPC : (int)w.len;
}

/* ---- decoding ---- */

/* One head; *seconds is the first stamp of the run before, then of this. The
 * first event's wall part is kept where it will be read. */
static enum run_error head_decode(struct run_body *out, struct rd *r,
				  uint64_t *seconds)
{
	struct run *run = &out->runs[out->n_runs];
	uint64_t dt;

	run->alias = (uint32_t)rd_be(r, 4);
	run->seq = rd_leb(r);
	run->n = rd_u8(r);
	run->events = &out->events[out->n_events];
	run->chained = false;
	if (run->n) {
		rd_copy(r, run->prevcheck, 2);
		dt = rd_leb(r);
		if (r->bad)
			return RUN_SHORT;
		if (dt > SECONDS_MAX - *seconds)
			return RUN_STAMP;
		*seconds += dt;
	}
	if (r->bad)
		return RUN_SHORT;
	if (run->n > RUN_EVENTS_MAX || !run->seq ||
	    run->seq + run->n < run->seq ||
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

/* The flag `told` waits in the counter for the column of times. */
static enum run_error kinds_decode(struct run_body *out, struct rd *r)
{
	for (size_t i = 0; i < out->n_events; i++) {
		struct event *e = &out->events[i];
		uint64_t v = rd_leb(r);

		if (r->bad || v >> 2 > KIND_MAX)
			return RUN_COLUMNS;
		e->author = SPAN(NULL, 0);
		e->kind = (uint16_t)(v >> 2);
		e->withheld = v & KIND_WITHHELD;
		e->hlc.counter = v & KIND_TOLD;
		out->order[i] = (uint32_t)(e->kind << 16 | i);
	}
	order_sort(out->order, out->n_events);
	return RUN_OK;
}

static enum run_error times_decode(struct event *events, const struct run *run,
				   struct rd *r)
{
	for (unsigned i = 0; i < run->n; i++) {
		struct event *e = &events[i], *prev = i ? e - 1 : NULL;
		uint64_t dt = prev ? rd_leb(r) : 0;
		uint64_t counter = e->hlc.counter ?
			rd_leb(r) : counter_expected(prev, dt);

		if (r->bad)
			return RUN_COLUMNS;
		if (counter > HLC_COUNTER_MAX || dt > SECONDS_MAX)
			return RUN_STAMP;
		e->seq = run->seq + i;
		e->hlc.counter = (uint32_t)counter;
		if (prev)
			e->hlc.wall_ms = prev->hlc.wall_ms + dt * 1000;
		if (e->hlc.wall_ms > HLC_WALL_MAX)
			return RUN_STAMP;
	}
	return RUN_OK;
}

static enum run_error payloads_decode(struct run_body *out, struct rd *r)
{
	for (size_t i = 0; i < out->n_events; i++) {
		struct event *e = &out->events[out->order[i] & 0xffff];
		int n = e->withheld ? 32 :
			payload_item(SPAN(r->p, rd_left(r)));

		if (n < 0)
			return RUN_PAYLOAD;
		e->payload = rd_bytes(r, (size_t)n);
		if (r->bad)
			return RUN_COLUMNS;
	}
	return rd_left(r) ? RUN_TRAILING : RUN_OK;
}

static enum run_error columns_decode(struct run_body *out, struct span columns)
{
	struct rd r = rd_init(columns);
	enum run_error e = kinds_decode(out, &r);
	struct event *events = out->events;

	for (size_t i = 0; i < out->n_runs && e == RUN_OK; i++) {
		e = times_decode(events, &out->runs[i], &r);
		events += out->runs[i].n;
	}
	return e ? e : payloads_decode(out, &r);
}

/* z as it stands in the body, expanded into out->columns. */
static enum run_error columns_take(struct run_body *out, struct rd *r)
{
	uint64_t head = rd_leb(r);
	struct span columns;
	enum run_error e = RUN_OK;

	if (r->bad)
		return RUN_SHORT;
	if (head >> 1 > RUN_COLUMNS_MAX)
		return RUN_COLUMNS;
	columns = rd_bytes(r, head >> 1);
	if (r->bad)
		return RUN_SHORT;
	if (head & 1)
		columns.p = memcpy(out->columns, columns.p, columns.n);
	else
		e = columns_expand(&columns, out->columns, columns);
	return e ? e : columns_decode(out, columns);
}

enum run_error run_body_decode(struct run_body *out, struct span body)
{
	struct rd r = rd_init(body);
	enum run_error e = heads_decode(out, &r);

	if (!e)
		e = columns_take(out, &r);
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
