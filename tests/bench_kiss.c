/* SPDX-License-Identifier: MIT
 *
 * KISS decoding with AX.25 checks against the plain byte loop that everybody
 * writes, with the same checks; memchr from delimiter to delimiter, which
 * looks at neither escapes nor addresses; and Direwolf's decoder (without any
 * checks), if $BENCH_DIREWOLF names it (tests/bench_run.sh).
 *
 * Streams: $BENCH_KISS, what gen_kiss.py made; frames like those of a busy
 * channel (20 to 330 bytes, 0 to 4 digipeaters, random information, one
 * escape a frame); short ones; and frames full of escapes.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include "ax25/frame.h"
#include "kiss/codec.h"
#include "lib/base/file.h"
#include "tests/bench.h"

#define FRAMES 200000
#define CHUNK 4096	/* what a TNC's read brings */
#define DIGIS_MAX 4
#define HEAD_MAX (7 * (2 + DIGIS_MAX) + 2)
#define FRAME_MAX 330
#define ROUNDS 7

struct stream {
	struct buf bytes;
	uint64_t frames, good;
};

/* ---- making streams ---- */

static uint32_t random_next(uint32_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 17;
	*s ^= *s << 5;
	return *s;
}

/* Call signs of 4 to 6 characters, any SSID. */
static uint8_t *address_put(uint8_t *p, uint32_t *seed, bool last)
{
	unsigned n = 4 + random_next(seed) % 3;

	for (unsigned i = 0; i < 6; i++)
		*p++ = (uint8_t)((i < n ? 'A' + random_next(seed) % 26 : ' ')
				 << 1);
	*p++ = (uint8_t)(0x60 | random_next(seed) % 16 << 1 | last);
	return p;
}

static uint8_t *head_put(uint8_t *p, uint32_t *seed)
{
	unsigned addresses = 2 + random_next(seed) % (DIGIS_MAX + 1);

	for (unsigned i = 0; i < addresses; i++)
		p = address_put(p, seed, i + 1 == addresses);
	*p++ = 0x03;
	*p++ = AX25_PID_NONE;
	return p;
}

/* escapes: of 256 bytes of information, beyond the two of random bytes. */
static void stream_fill(struct stream *st, size_t len_max, unsigned escapes)
{
	uint8_t frame[HEAD_MAX + FRAME_MAX],
		wire[KISS_ENCODED_MAX(HEAD_MAX + FRAME_MAX)];
	uint32_t seed = 1;

	for (int i = 0; i < FRAMES; i++) {
		uint8_t *p = head_put(frame, &seed);
		size_t len = 20 + random_next(&seed) % (len_max - 19);

		while ((size_t)(p - frame) < len)
			*p++ = random_next(&seed) % 256 < escapes ? KISS_FEND :
				(uint8_t)random_next(&seed);
		len = (size_t)(p - frame);
		len = kiss_encode(wire, 0, KISS_DATA, SPAN(frame, len));
		buf_add(&st->bytes, SPAN(wire, len));
	}
}

static bool stream_read(struct stream *st, const char *path)
{
	return path && file_read(path, SIZE_MAX, &st->bytes) == 0 &&
	       st->bytes.len > 0;
}

/* ---- decoders ---- */

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

	st->frames = st->good = 0;
	kiss_decoder_init(&d, on_frame, st);
	for (size_t at = 0; at < st->bytes.len; at += CHUNK) {
		size_t n = st->bytes.len - at;

		kiss_decode(&d, SPAN(st->bytes.p + at, n < CHUNK ? n : CHUNK));
	}
	return st->frames;
}

/* One byte, one state; then the same checks. */
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

static uint64_t (*direwolf_decode)(const uint8_t *p, size_t n);

static uint64_t decode_direwolf(void *ctx)
{
	struct stream *st = ctx;

	return direwolf_decode(st->bytes.p, st->bytes.len);
}

static bool direwolf_load(void)
{
	const char *path = getenv("BENCH_DIREWOLF");
	void *library = path ? dlopen(path, RTLD_NOW) : NULL, *fn;

	if (path && !library)
		fprintf(stderr, "bench: %s\n", dlerror());
	fn = library ? dlsym(library, "bench_direwolf_decode") : NULL;
	memcpy(&direwolf_decode, &fn, sizeof(fn));
	return fn;
}

static void compare(const char *what, struct stream *st)
{
	static const struct bench_runner runners[] = {
		{ "cairn", decode_cairn },
		{ "byte loop, same AX.25 checks", decode_bytes },
		{ "memchr framing, no checks", decode_memchr },
		{ "Direwolf kiss_rec_byte, no checks", decode_direwolf },
	};

	bench_compare_all("kiss_decode", what, "frames/s", runners,
			  direwolf_load() ? 4 : 3, st, ROUNDS);
	if (st->good < st->frames || st->frames < FRAMES)
		bench_line("kiss_decode", "FRAMES LOST", (double)st->good,
			   "sent", FRAMES, "frames");
	buf_fini(&st->bytes);
}

static void compare_made(const char *what, size_t len_max, unsigned escapes)
{
	struct stream st = { 0 };

	stream_fill(&st, len_max, escapes);
	compare(what, &st);
}

void bench_kiss(void)
{
	struct stream st = { 0 };

	if (stream_read(&st, getenv("BENCH_KISS")))
		compare("the stream of gen_kiss.py", &st);
	compare_made("frames of 20 to 330 bytes", 330, 0);
	compare_made("frames of 20 to 80 bytes", 80, 0);
	compare_made("every fourth byte an escape", 330, 64);
}
