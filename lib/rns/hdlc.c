/* SPDX-License-Identifier: MIT
 *
 * The HDLC-like framing of Reticulum's serial, pipe and TCP interfaces. What
 * is between two flags is found with memchr; if it lies in one input and has
 * no escape it goes up in place, else it is unescaped into the decoder's
 * buffer.
 */
#include "lib/rns/rns.h"

#define ESCAPE_XOR 0x20

static const char *const error_names[HDLC_ERR_COUNT] = {
	[HDLC_ERR_NONE] = "none",
	[HDLC_ERR_NOISE] = "noise",
	[HDLC_ERR_ESCAPE] = "bad-escape",
	[HDLC_ERR_OVERSIZE] = "oversize",
	[HDLC_ERR_CUT] = "cut",
};

const char *hdlc_error_name(enum hdlc_error e)
{
	return e < HDLC_ERR_COUNT ? error_names[e] : "?";
}

void hdlc_decoder_init(struct hdlc_decoder *d,
		       void (*frame)(void *, struct span), void *ctx)
{
	memset(d, 0, sizeof(*d));
	d->frame = frame;
	d->ctx = ctx;
}

static void emit_frame(struct hdlc_decoder *d, struct span packet)
{
	d->frames++;
	d->frame(d->ctx, packet);
}

/* Said once; what follows up to the next flag is skipped. */
static void emit_error(struct hdlc_decoder *d, enum hdlc_error e)
{
	d->errors[e]++;
	d->drop = true;
	if (d->error)
		d->error(d->ctx, e, SPAN(d->buf, d->len));
}

static void append(struct hdlc_decoder *d, struct span s)
{
	if (s.n > sizeof(d->buf) - d->len) {
		emit_error(d, HDLC_ERR_OVERSIZE);
		return;
	}
	if (s.n)
		memcpy(d->buf + d->len, s.p, s.n);
	d->len += s.n;
}

/* The byte after an escape; only the two that need one are legal. */
static void append_escaped(struct hdlc_decoder *d, uint8_t b)
{
	const uint8_t plain = b ^ ESCAPE_XOR;

	d->escape = false;
	if (plain != HDLC_FLAG && plain != HDLC_ESCAPE)
		emit_error(d, HDLC_ERR_ESCAPE);
	else
		append(d, SPAN(&plain, 1));
}

/* Bytes of the open frame, without any flag. */
static void collect(struct hdlc_decoder *d, const uint8_t *p,
		    const uint8_t *end)
{
	while (p < end && !d->drop) {
		const uint8_t *stop;

		if (d->escape) {
			append_escaped(d, *p++);
			continue;
		}
		stop = memchr(p, HDLC_ESCAPE, (size_t)(end - p));
		d->escape = stop != NULL;
		stop = stop ? stop : end;
		append(d, SPAN(p, stop - p));
		p = stop + d->escape;
	}
}

/* A flag closes what is open. */
static void finish(struct hdlc_decoder *d)
{
	if (!d->drop && !d->synced && d->len)
		emit_error(d, HDLC_ERR_NOISE);
	else if (!d->drop && d->escape)
		emit_error(d, HDLC_ERR_CUT);
	else if (!d->drop && d->len)
		emit_frame(d, SPAN(d->buf, d->len));
	d->len = 0;
	d->escape = d->drop = false;
	d->synced = true;
}

/* Before the first flag nothing is a frame; keep a little for the report. */
static void collect_noise(struct hdlc_decoder *d, struct span s)
{
	size_t room = sizeof(d->buf) - d->len;

	append(d, SPAN(s.p, s.n < room ? s.n : room));
}

static bool whole_in_place(const struct hdlc_decoder *d, struct span s)
{
	return d->len == 0 && !d->escape && !d->drop &&
	       s.n <= sizeof(d->buf) && !memchr(s.p, HDLC_ESCAPE, s.n);
}

void hdlc_decode(struct hdlc_decoder *d, struct span bytes)
{
	const uint8_t *p = bytes.p, *end = p + bytes.n;

	while (p < end) {
		const uint8_t *flag = memchr(p, HDLC_FLAG, (size_t)(end - p));
		const uint8_t *stop = flag ? flag : end;
		struct span s = SPAN(p, stop - p);

		p = flag ? stop + 1 : end;
		if (d->synced && flag && s.n && whole_in_place(d, s)) {
			emit_frame(d, s);
			continue;
		}
		if (d->synced)
			collect(d, s.p, stop);
		else
			collect_noise(d, s);
		if (flag)
			finish(d);
	}
}

void hdlc_decode_end(struct hdlc_decoder *d)
{
	if (!d->drop && (d->len || d->escape))
		emit_error(d, d->synced ? HDLC_ERR_CUT : HDLC_ERR_NOISE);
	d->len = 0;
	d->synced = d->escape = d->drop = false;
}

size_t hdlc_encode(uint8_t *dst, struct span packet)
{
	uint8_t *at = dst;

	*at++ = HDLC_FLAG;
	for (size_t i = 0; i < packet.n; i++) {
		uint8_t b = packet.p[i];

		if (b == HDLC_FLAG || b == HDLC_ESCAPE) {
			*at++ = HDLC_ESCAPE;
			b ^= ESCAPE_XOR;
		}
		*at++ = b;
	}
	*at++ = HDLC_FLAG;
	return (size_t)(at - dst);
}
