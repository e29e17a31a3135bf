/* SPDX-License-Identifier: MIT
 *
 * KISS: any bytes, cut anywhere, give the same frames and errors as in one
 * piece; every frame, encoded again, decodes to itself, and each check, put on
 * and taken off again, leaves it as it was. The first byte of the input says
 * where to cut.
 */
#include <stdlib.h>
#include "kiss/check.h"

struct seen {
	uint64_t sum, frames;
	bool check;
};

static void mix(struct seen *s, uint64_t v)
{
	s->sum = (s->sum ^ v) * 0x100000001b3ULL;
}

static void on_echo(void *ctx, const struct kiss_frame *f)
{
	const struct kiss_frame *want = ctx;

	if (f->port != want->port || f->command != want->command ||
	    !span_equal(f->data, want->data))
		abort();
}

static void echo(const struct kiss_frame *f)
{
	static uint8_t to[KISS_ENCODED_MAX(KISS_FRAME_MAX)];
	static struct kiss_decoder d;
	struct kiss_frame copy = *f;
	size_t n = kiss_encode(to, f->port, f->command, f->data);

	if (f->whole_ff ? n != 0 : n > KISS_ENCODED_MAX(f->data.n))
		abort();
	kiss_decoder_init(&d, on_echo, &copy);
	kiss_decode(&d, SPAN(to, n));
	if (d.frames != !f->whole_ff)
		abort();
}

static void check(const struct kiss_frame *f, enum kiss_check how)
{
	static uint8_t bytes[KISS_FRAME_MAX + KISS_CHECK_SIZE_MAX];
	struct kiss_frame any = *f, g = *f;
	size_t n = f->data.n + 1;

	kiss_check_take(how, &any);	/* as it came: most likely wrong */
	if (any.data.n > f->data.n)
		abort();
	if (!kiss_check_fits(how, f->port))
		return;
	bytes[0] = (uint8_t)(f->port << 4 | f->command);
	if (f->data.n)
		memcpy(bytes + 1, f->data.p, f->data.n);
	n = kiss_check_add(how, bytes, n);
	g.port = bytes[0] >> 4;
	g.data = SPAN(bytes + 1, n - 1);
	if (!kiss_check_take(how, &g) || g.port != f->port ||
	    !span_equal(g.data, f->data))
		abort();
}

static void on_frame(void *ctx, const struct kiss_frame *f)
{
	struct seen *s = ctx;

	mix(s, (uint64_t)f->port << 8 | f->command);
	for (size_t i = 0; i < f->data.n; i++)
		mix(s, f->data.p[i]);
	if (f->data.n >= KISS_FRAME_MAX)
		abort();
	if (!s->check)
		return;
	echo(f);
	for (int how = 0; how < KISS_CHECK_COUNT; how++)
		check(f, how);
}

static void on_error(void *ctx, enum kiss_error e, struct span raw)
{
	mix(ctx, 1000 + e);
	mix(ctx, raw.n * (e != KISS_ERR_OVERSIZE));
}

static uint64_t decode(struct span in, size_t step, bool check)
{
	static struct kiss_decoder d;
	struct seen s = { .check = check };

	kiss_decoder_init(&d, on_frame, &s);
	d.error = on_error;
	for (size_t at = 0; at < in.n; at += step)
		kiss_decode(&d, SPAN(in.p + at, in.n - at < step ? in.n - at
								  : step));
	kiss_decode_end(&d);
	return s.sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	if (decode(SPAN(data + 1, size - 1), size, true) !=
	    decode(SPAN(data + 1, size - 1), 1 + data[0], false))
		abort();
	return 0;
}
