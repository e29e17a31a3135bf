/* SPDX-License-Identifier: MIT
 *
 * KISS decoding with AX.25 address checks against two loops: the plain byte
 * loop everybody writes, with the same checks, and memchr from delimiter to
 * delimiter without looking at escapes or addresses. The stream is like a busy channel's:
 * about 175 bytes a frame, every byte value, about one escape a frame.
 */
#include <stdlib.h>
#include "ax25/frame.h"
#include "kiss/codec.h"
#include "lib/base/buf.h"
#include "tests/bench.h"

#define FRAMES 200000
#define CHUNK 4096

struct stream {
	struct buf bytes;
	uint64_t frames, good;
};

static uint32_t random_next(uint32_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 17;
	*s ^= *s << 5;
	return *s;
}

static void stream_fill(struct stream *st, size_t info_min, size_t info_max)
{
	struct ax25_address dest, source;
	uint8_t info[512], frame[600], wire[KISS_ENCODED_MAX(600)];
	uint32_t seed = 1;

	ax25_address_parse(&dest, "CAIRN0");
	ax25_address_parse(&source, "N0CALL-7");
	for (int i = 0; i < FRAMES; i++) {
		size_t n = info_min + random_next(&seed) % (info_max - info_min);
		int len;

		for (size_t j = 0; j < n; j++)
			info[j] = (uint8_t)random_next(&seed);
		len = ax25_ui_encode(frame, sizeof(frame), &dest, &source,
				     AX25_PID_CAIRN, SPAN(info, n));
		n = kiss_encode(wire, 0, KISS_DATA, SPAN(frame, (size_t)len));
		buf_add(&st->bytes, SPAN(wire, n));
	}
}

static void on_frame(void *ctx, const struct kiss_frame *f)
{
	struct stream *st = ctx;
	struct ax25_frame parsed;

	st->frames++;
	st->good += ax25_parse(&parsed, f->data) == AX25_OK;
}

static uint64_t decode_cairn(void *ctx)
{
	struct stream *st = ctx;
	struct kiss_decoder d;

	st->frames = 0;
	kiss_decoder_init(&d, on_frame, st);
	for (size_t at = 0; at < st->bytes.len; at += CHUNK) {
		size_t n = st->bytes.len - at;

		kiss_decode(&d, SPAN(st->bytes.p + at, n < CHUNK ? n : CHUNK));
	}
	return st->frames;
}

/* The loop in every TNC program: one byte, one state; then the same checks. */
static uint64_t decode_bytes(void *ctx)
{
	struct stream *st = ctx;
	static uint8_t frame[KISS_FRAME_MAX];
	size_t len = 0;
	bool escape = false;
	uint64_t frames = 0, good = 0;

	for (size_t i = 0; i < st->bytes.len; i++) {
		uint8_t b = st->bytes.p[i];

		if (b == KISS_FEND) {
			struct ax25_frame parsed;

			if (len > 1)
				good += ax25_parse(&parsed, SPAN(frame + 1,
						   len - 1)) == AX25_OK;
			frames += len > 0;
			len = 0;
			continue;
		}
		if (b == KISS_FESC) {
			escape = true;
			continue;
		}
		if (escape)
			b = b == KISS_TFEND ? KISS_FEND : KISS_FESC;
		escape = false;
		if (len < sizeof(frame))
			frame[len++] = b;
	}
	return good == frames ? frames : 0;
}

static uint64_t decode_memchr(void *ctx)
{
	struct stream *st = ctx;
	const uint8_t *p = st->bytes.p, *end = p + st->bytes.len;
	uint64_t frames = 0;

	while (p < end) {
		const uint8_t *q = memchr(p, KISS_FEND, (size_t)(end - p));

		if (!q)
			break;
		frames += q > p;
		p = q + 1;
	}
	return frames;
}

static void compare(const char *what, size_t min, size_t max)
{
	struct stream st = { 0 };

	stream_fill(&st, min, max);
	bench_compare("kiss_decode", what, "frames/s", decode_cairn,
		      "byte loop, same AX.25 checks", decode_bytes, &st, 5);
	bench_compare("kiss_decode", what, "frames/s", decode_cairn,
		      "memchr framing", decode_memchr, &st, 5);
	if (st.good < FRAMES)
		bench_line("kiss_decode", "FRAMES LOST", (double)st.good,
			   "sent", FRAMES, "frames");
	buf_fini(&st.bytes);
}

void bench_kiss(void)
{
	compare("175-byte frames, random bytes", 60, 258);
	compare("72-byte frames, random bytes", 40, 72);
}
