/* SPDX-License-Identifier: MIT
 *
 * Frames out of bytes: see input.h.
 */
#include "tools/input.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define CHUNK 65536
#define HEX_FRAME_MAX (2 * RNS_PACKET_MAX + 64)

static void emit(struct input *x, enum input_kind kind, struct span data)
{
	const struct input_frame f = { .kind = kind, .data = data };

	x->frame(x->ctx, &f);
}

static void emit_error(struct input *x, struct span raw, const char *layer,
		       const char *error)
{
	const struct input_frame f = {
		.kind = INPUT_ERROR, .data = raw, .layer = layer,
		.error = error,
	};

	x->frame(x->ctx, &f);
}

/* ---- streams ---- */

static void on_kiss(void *ctx, const struct kiss_frame *kiss)
{
	const struct input_frame f = { .kind = INPUT_KISS, .kiss = kiss };
	struct input *x = ctx;

	x->frame(x->ctx, &f);
}

static void on_kiss_error(void *ctx, enum kiss_error e, struct span raw)
{
	emit_error(ctx, raw, "kiss", kiss_error_name(e));
}

static void on_hdlc(void *ctx, struct span packet)
{
	emit(ctx, INPUT_BARE, packet);
}

static void on_hdlc_error(void *ctx, enum hdlc_error e, struct span raw)
{
	emit_error(ctx, raw, "hdlc", hdlc_error_name(e));
}

static void decoders_start(struct input *x)
{
	kiss_decoder_init(&x->decoder, on_kiss, x);
	x->decoder.error = on_kiss_error;
	hdlc_decoder_init(&x->hdlc, on_hdlc, x);
	x->hdlc.error = on_hdlc_error;
}

static void take_kiss(struct input *x, struct span bytes)
{
	kiss_decode(&x->decoder, bytes);
}

static void take_hdlc(struct input *x, struct span bytes)
{
	hdlc_decode(&x->hdlc, bytes);
}

/* ---- hex lines ---- */

static bool framed_by(struct span s, uint8_t delimiter)
{
	return s.n > 2 && s.p[0] == delimiter && s.p[s.n - 1] == delimiter;
}

static void take_frame(struct input *x, struct span frame)
{
	bool any = x->link == DECODE_AUTO;

	decoders_start(x);
	if (x->link == DECODE_KISS || (any && framed_by(frame, KISS_FEND))) {
		take_kiss(x, frame);
		kiss_decode_end(&x->decoder);
	} else if (x->link == DECODE_HDLC ||
		   (any && framed_by(frame, HDLC_FLAG))) {
		take_hdlc(x, frame);
		hdlc_decode_end(&x->hdlc);
	} else {
		emit(x, INPUT_ANY, frame);
	}
}

/* "c0 00 82" and "c0:00:82" are hex, too. */
static int hex_line(uint8_t *dst, size_t cap, struct span line)
{
	static uint8_t digits[HEX_FRAME_MAX];
	size_t n = 0;

	if (line.n > sizeof(digits))
		return -1;
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] != ' ' && line.p[i] != ':')
			digits[n++] = line.p[i];
	return hex_decode(dst, cap, SPAN(digits, n));
}

static void take_line(struct input *x, struct span line)
{
	static uint8_t frame[HEX_FRAME_MAX / 2];
	int n = 0;

	while (line.n && line.p[line.n - 1] <= ' ')
		line.n--;
	if (line.n && line.p[0] == '#')
		return;
	if (!span_equal(line, SPAN_STR("-")))
		n = hex_line(frame, sizeof(frame), line);
	if (n < 0)
		emit_error(x, line, "hex", "not-hex");
	else
		take_frame(x, SPAN(frame, n));
}

static void take_hex(struct input *x, bool end)
{
	const uint8_t *nl;

	while ((nl = x->in.len ? memchr(x->in.p, '\n', x->in.len) : NULL)) {
		size_t n = (size_t)(nl - x->in.p);

		if (!x->past)
			take_line(x, SPAN(x->in.p, n));
		x->past = false;
		buf_consume(&x->in, n + 1);
	}
	if (x->in.len > HEX_FRAME_MAX && !x->past) {
		emit_error(x, SPAN(x->in.p, 32), "hex", "too-long");
		x->past = true;
	}
	if (x->past)
		x->in.len = 0;
	if (end && x->in.len)
		take_line(x, buf_span(&x->in));
}

/* ---- captures ---- */

static void take_pcap(struct input *x, bool end)
{
	enum pcapng_result r = PCAPNG_OTHER;
	struct span bytes = buf_span(&x->in);
	struct pcapng_packet p;
	const struct input_frame f = { .kind = INPUT_PACKET, .packet = &p };

	while (r < PCAPNG_MORE && !x->failed) {
		size_t used;

		r = pcapng_read(&x->pcap, bytes, &used, &p);
		if (r == PCAPNG_PACKET)
			x->frame(x->ctx, &f);
		bytes = SPAN(bytes.p + used, bytes.n - used);
	}
	if (r > PCAPNG_MORE || (end && bytes.n && !x->failed)) {
		x->failed = true;
		emit_error(x, SPAN(bytes.p, bytes.n < 32 ? bytes.n : 32),
			    "pcap", pcapng_result_name(r));
	}
	buf_consume(&x->in, x->failed ? x->in.len : x->in.len - bytes.n);
}

/* ---- input ---- */

static bool only_hex(struct span s)
{
	static const char ok[] = "0123456789abcdefABCDEF-\r\n";

	for (size_t i = 0; i < s.n; i++)
		if (!s.p[i] || !strchr(ok, s.p[i]))
			return false;
	return s.n > 0;
}

static bool capture_magic(struct span s)
{
	static const uint32_t magics[] = {
		0x0a0d0d0a, 0xa1b2c3d4, 0xd4c3b2a1, 0xa1b23c4d, 0x4d3cb2a1,
	};

	for (size_t i = 0; s.n >= 4 && i < 5; i++)
		if (be_get(s.p, 4) == magics[i])
			return true;
	return false;
}

static int input_guess(const struct input *x, struct span s)
{
	const uint8_t *flag = memchr(s.p, HDLC_FLAG, s.n);
	const uint8_t *fend = memchr(s.p, KISS_FEND, s.n);

	if (x->hex)
		return INPUT_HEX;
	if (capture_magic(s))
		return INPUT_PCAP;
	if (only_hex(s))
		return INPUT_HEX;
	if (x->link == DECODE_HDLC)
		return INPUT_HDLC;
	if (x->link == DECODE_AUTO && flag && (!fend || flag < fend))
		return INPUT_HDLC;
	return INPUT_STREAM;
}

/* Uses up what it can of x->in. */
static void take(struct input *x, bool end)
{
	switch (x->format) {
	case INPUT_UNKNOWN:
		break;
	case INPUT_HEX:
		take_hex(x, end);
		break;
	case INPUT_PCAP:
		take_pcap(x, end);
		break;
	case INPUT_STREAM:
		take_kiss(x, buf_span(&x->in));
		x->in.len = 0;
		if (end)
			kiss_decode_end(&x->decoder);
		break;
	case INPUT_HDLC:
		take_hdlc(x, buf_span(&x->in));
		x->in.len = 0;
		if (end)
			hdlc_decode_end(&x->hdlc);
		break;
	}
}

/* Bytes read, 0 at the end, -errno. */
static ssize_t fill(struct input *x, int fd)
{
	ssize_t n = read(fd, buf_reserve(&x->in, CHUNK), CHUNK);

	if (n > 0)
		x->in.len += (size_t)n;
	return n < 0 ? -errno : n;
}

static int input_fd(struct input *x, int fd)
{
	ssize_t n;

	decoders_start(x);
	pcapng_reader_init(&x->pcap);
	do {
		n = fill(x, fd);
		if (!x->format && x->in.len && (x->in.len >= 4 || n <= 0))
			x->format = input_guess(x, buf_span(&x->in));
		take(x, n <= 0);
		if (x->idle)
			x->idle(x->ctx);
	} while (n > 0 && !x->failed && !x->done);
	buf_fini(&x->in);
	return n < 0 ? (int)n : 0;
}

int input_file(struct input *x, const char *path)
{
	int fd, r;

	if (!path || strcmp(path, "-") == 0)
		return input_fd(x, STDIN_FILENO);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = input_fd(x, fd);
	close(fd);
	return r;
}

