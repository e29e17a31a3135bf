/* SPDX-License-Identifier: MIT
 *
 * KISS framing. What is between two FENDs is found with memchr; if it lies in
 * one input and has no escape it goes up in place, else it is unescaped, in
 * one pass, into the decoder's buffer. Invariants:
 *
 *   len > 0 or escape   a frame (or, before the first FEND, noise) is open
 *   drop                the open frame was bad and has been reported; skip
 *                       to the next FEND
 */
#include "kiss/codec.h"

#define NEAR 4	/* escapes come in clusters */

static const char *const error_names[KISS_ERR_COUNT] = {
	[KISS_ERR_NONE] = "none",
	[KISS_ERR_NOISE] = "noise",
	[KISS_ERR_ESCAPE] = "bad-escape",
	[KISS_ERR_OVERSIZE] = "oversize",
	[KISS_ERR_CUT] = "cut",
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

/* Byte by byte, until so many came without an escape that memchr pays. */
static const uint8_t *collect_near(struct kiss_decoder *d, const uint8_t *p,
				   const uint8_t *end)
{
	for (int plain = 0; p < end && plain < NEAR; plain++) {
		int b = *p++;

		if (!d->escape && b == KISS_FESC) {
			d->escape = true;
			continue;
		}
		if (d->escape) {
			d->escape = false;
			plain = 0;
			b = unescape((uint8_t)b);
		}
		if (b < 0 || d->len == sizeof(d->buf)) {
			drop_frame(d, b < 0 ? KISS_ERR_ESCAPE
					    : KISS_ERR_OVERSIZE);
			break;
		}
		d->buf[d->len++] = (uint8_t)b;
	}
	return p;
}

/* Up to the next escape, in one piece. */
static const uint8_t *collect_far(struct kiss_decoder *d, const uint8_t *p,
				  const uint8_t *end)
{
	const uint8_t *stop = find(p, end, KISS_FESC);

	append(d, p, (size_t)(stop - p));
	return stop;
}

/* Bytes of the open frame, without any FEND. */
static void collect(struct kiss_decoder *d, const uint8_t *p,
		    const uint8_t *end)
{
	while (p < end && !d->drop) {
		if (!d->escape)
			p = collect_far(d, p, end);
		if (!d->drop)
			p = collect_near(d, p, end);
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

static bool whole_in_place(const struct kiss_decoder *d, const uint8_t *p,
			   size_t n)
{
	return d->len == 0 && !d->escape && !d->drop && n <= KISS_FRAME_MAX &&
	       !memchr(p, KISS_FESC, n);
}

void kiss_decode(struct kiss_decoder *d, struct span bytes)
{
	const uint8_t *p = bytes.p, *end = p + bytes.n, *stop;

	if (bytes.n > 0 && !d->synced)
		p = sync_to_fend(d, p, end);
	for (; p < end; p = stop + 1) {
		stop = find(p, end, KISS_FEND);
		if (stop == end) {
			collect(d, p, end);
			return;
		}
		if (whole_in_place(d, p, (size_t)(stop - p))) {
			if (stop > p)
				emit_frame(d, p, (size_t)(stop - p));
			continue;
		}
		collect(d, p, stop);
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
