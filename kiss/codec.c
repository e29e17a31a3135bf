/* SPDX-License-Identifier: MIT
 *
 * KISS framing. What is between two FENDs is found with memchr; if it lies in
 * one input and has no escape it goes up in place, else it is unescaped, in
 * one pass, into the decoder's buffer: words without an escape, and runs of
 * escapes, so that neither kind of frame is slower than byte by byte.
 * Invariants:
 *
 *   len > 0 or escape   a frame (or, before the first FEND, noise) is open
 *   drop                the open frame was bad and has been reported; skip
 *                       to the next FEND
 */
#include <endian.h>
#include "kiss/codec.h"

#define WORD 8
#define ONES 0x0101010101010101u

static const char *const error_names[KISS_ERR_COUNT] = {
	[KISS_ERR_NONE] = "none",
	[KISS_ERR_NOISE] = "noise",
	[KISS_ERR_ESCAPE] = "bad-escape",
	[KISS_ERR_OVERSIZE] = "oversize",
	[KISS_ERR_CUT] = "cut",
	[KISS_ERR_CHECK] = "bad-check",
};

const char *kiss_error_name(enum kiss_error e)
{
	return (unsigned)e < KISS_ERR_COUNT ? error_names[e] : "unknown";
}

void kiss_decoder_init(struct kiss_decoder *d,
		       void (*frame)(void *, const struct kiss_frame *),
		       void *ctx)
{
	memset(d, 0, sizeof(*d));
	d->frame = frame;
	d->ctx = ctx;
}

/* The first `what` in [p, end), or end. */
static const uint8_t *find(const uint8_t *p, const uint8_t *end, uint8_t what)
{
	const uint8_t *at = memchr(p, what, (size_t)(end - p));

	return at ? at : end;
}

static void emit_frame(struct kiss_decoder *d, const uint8_t *p, size_t n)
{
	struct kiss_frame f = {
		.port = p[0] >> 4,
		.command = p[0] & 0x0f,
		.whole_ff = p[0] == 0xff,
		.data = { p + 1, n - 1 },
	};

	d->frames++;
	d->frame(d->ctx, &f);
}

static void emit_error(struct kiss_decoder *d, enum kiss_error e)
{
	d->errors[e]++;
	if (d->error)
		d->error(d->ctx, e, SPAN(d->buf, d->len));
}

/* The open frame is bad: said once, then ignored up to the next FEND. */
static void drop_frame(struct kiss_decoder *d, enum kiss_error e)
{
	emit_error(d, e);
	d->drop = true;
}

static void append(struct kiss_decoder *d, const uint8_t *p, size_t n)
{
	if (n > sizeof(d->buf) - d->len) {
		drop_frame(d, KISS_ERR_OVERSIZE);
		return;
	}
	memcpy(d->buf + d->len, p, n);
	d->len += n;
}

/* The byte that b stands for after FESC, or -1. A second FESC is no exception:
 * it spoils the frame as any other byte does. */
static int unescape(uint8_t b)
{
	return b == KISS_TFEND ? KISS_FEND : b == KISS_TFESC ? KISS_FESC : -1;
}

/* An escape and those right behind it; p is at the byte after its FESC. */
static const uint8_t *collect_escapes(struct kiss_decoder *d, const uint8_t *p,
				      const uint8_t *end)
{
	uint8_t *to = d->buf + d->len, *full = d->buf + sizeof(d->buf);
	enum kiss_error e = KISS_ERR_NONE;

	for (d->escape = true; p < end; p++) {
		int b = unescape(*p);

		if (b < 0 || to == full) {
			e = b < 0 ? KISS_ERR_ESCAPE : KISS_ERR_OVERSIZE;
			break;
		}
		*to++ = (uint8_t)b;
		if (++p == end || *p != KISS_FESC) {
			d->escape = false;
			break;
		}
	}
	d->len = (size_t)(to - d->buf);
	if (e)
		drop_frame(d, e);
	return p;
}

/* How many of the WORD bytes at p come before an escape. */
static size_t word_plain(const uint8_t *p)
{
	uint64_t v, zero;

	memcpy(&v, p, WORD);
	v = le64toh(v) ^ KISS_FESC * ONES;
	zero = (v - ONES) & ~v & 0x80 * ONES; /* right up to the first */
	return zero ? (size_t)__builtin_ctzll(zero) / 8 : WORD;
}

/* Up to the next escape. */
static const uint8_t *collect_plain(struct kiss_decoder *d, const uint8_t *p,
				    const uint8_t *end)
{
	uint8_t *to = d->buf + d->len, *full = d->buf + sizeof(d->buf);
	size_t n = WORD;

	while (n == WORD && end - p >= WORD && full - to >= WORD) {
		n = word_plain(p);
		memcpy(to, p, WORD); /* what is too much is written over */
		p += n;
		to += n;
	}
	while (p < end && *p != KISS_FESC && to < full)
		*to++ = *p++;
	d->len = (size_t)(to - d->buf);
	if (p < end && *p != KISS_FESC)
		drop_frame(d, KISS_ERR_OVERSIZE);
	return p;
}

/* Bytes of the open frame, without any FEND. */
static void collect(struct kiss_decoder *d, const uint8_t *p,
		    const uint8_t *end)
{
	while (p < end && !d->drop) {
		if (d->escape)
			p = collect_escapes(d, p, end);
		else if (*p == KISS_FESC)
			p = collect_escapes(d, p + 1, end);
		else
			p = collect_plain(d, p, end);
	}
}

/* A FEND closes what is open. */
static void finish(struct kiss_decoder *d)
{
	if (d->drop)
		;
	else if (d->escape)
		emit_error(d, KISS_ERR_CUT);
	else if (d->len > 0)
		emit_frame(d, d->buf, d->len);
	d->len = 0;
	d->escape = d->drop = false;
}

/* Up to the first FEND; keeps as much of the noise as fits, for the report.
 * Returns where to go on. */
static const uint8_t *sync_to_fend(struct kiss_decoder *d, const uint8_t *p,
				   const uint8_t *end)
{
	const uint8_t *stop = find(p, end, KISS_FEND);
	size_t n = (size_t)(stop - p), room = sizeof(d->buf) - d->len;

	append(d, p, n < room ? n : room);
	if (stop == end)
		return end;
	if (d->len > 0)
		emit_error(d, KISS_ERR_NOISE);
	d->len = 0;
	d->synced = true;
	return stop + 1;
}

static bool frame_open(const struct kiss_decoder *d)
{
	return d->len > 0 || d->escape || d->drop;
}

/* What lies between two FENDs: as it is, if there is no escape in it. */
static void decode_whole(struct kiss_decoder *d, const uint8_t *p,
			 const uint8_t *end)
{
	const uint8_t *escape = find(p, end, KISS_FESC);

	if (escape == end && p < end && end - p <= KISS_FRAME_MAX) {
		emit_frame(d, p, (size_t)(end - p));
		return;
	}
	append(d, p, (size_t)(escape - p));
	collect(d, escape, end);
	finish(d);
}

void kiss_decode(struct kiss_decoder *d, struct span bytes)
{
	const uint8_t *p = bytes.p, *end = p + bytes.n, *stop;

	if (bytes.n > 0 && !d->synced)
		p = sync_to_fend(d, p, end);
	for (; p < end; p = stop + 1) {
		stop = find(p, end, KISS_FEND);
		if (stop < end && !frame_open(d)) {
			decode_whole(d, p, stop);
			continue;
		}
		collect(d, p, stop);
		if (stop == end)
			return;
		finish(d);
	}
}

void kiss_decode_end(struct kiss_decoder *d)
{
	if (!d->drop && (d->len > 0 || d->escape))
		emit_error(d, d->synced ? KISS_ERR_CUT : KISS_ERR_NOISE);
	d->len = 0;
	d->synced = d->escape = d->drop = false;
}

/* ---- encoding ---- */

static uint8_t *put_escaped(uint8_t *to, uint8_t b)
{
	if (b == KISS_FEND || b == KISS_FESC) {
		*to++ = KISS_FESC;
		b = b == KISS_FEND ? KISS_TFEND : KISS_TFESC;
	}
	*to++ = b;
	return to;
}

size_t kiss_encode(uint8_t *dst, uint8_t port, uint8_t command,
		   struct span data)
{
	uint8_t type = (uint8_t)(port << 4 | (command & 0x0f)), *to = dst;

	if (type == 0xff)
		return 0;
	*to++ = KISS_FEND;
	to = put_escaped(to, type);
	for (size_t i = 0; i < data.n; i++)
		to = put_escaped(to, data.p[i]);
	*to++ = KISS_FEND;
	return (size_t)(to - dst);
}
