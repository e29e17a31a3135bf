/* SPDX-License-Identifier: MIT
 *
 * cairn decode: frames out of a byte stream, a capture file or hex lines, a
 * line of output each. It needs no daemon, no key and no rights: everything
 * on the air is in clear.
 *
 *   input    found by            frames
 *   pcap     its magic           link types 3, 202, 147, 1 (BPQ)
 *   hex      only hex digits     one a line; "-" or nothing is an empty one
 *   HDLC     7E before any C0    bare Reticulum packets
 *   KISS     else                AX.25, or bare packets
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include "kiss/codec.h"
#include "lib/base/crypto.h"
#include "lib/ctl/ctl.h"
#include "tools/cairn.h"
#include "tools/decode.h"
#include "tools/out.h"

#define CHUNK 65536
#define LINK_ETHERNET 1
#define ETHERTYPE_BPQ 0x08ff
#define HEX_FRAME_MAX (2 * RNS_PACKET_MAX + 64)

enum input { INPUT_PCAP, INPUT_HEX, INPUT_KISS, INPUT_HDLC };

struct decode {
	enum decode_link link;
	bool hex, json;
	struct decode_style style;
	enum input input;
	struct buf in;		/* what has not been used yet */
	struct json_out out;	/* what has not been written yet */
	bool failed;		/* the file itself is at fault */
	bool past;		/* a hex line was too long: skip its rest */
	struct kiss_decoder kiss;
	struct hdlc_decoder hdlc;
	struct pcapng_reader pcap;
	struct decode_generations *generations;
	struct decode_links *links;
};

/* ---- output ---- */

static void flush(struct decode *x)
{
	fwrite(x->out.b.p, 1, x->out.b.len, stdout);
	fflush(stdout);
	x->out.b.len = 0;
}

static void print(struct decode *x, struct decoded *d)
{
	decode_links_add(x->links, d);
	decode_generations_add(x->generations, d);
	x->out.comma = false;
	if (x->json)
		decode_put_json(&x->out, d);
	else
		decode_put_text(&x->out.b, d, &x->style);
	buf_add_u8(&x->out.b, '\n');
	if (x->out.b.len >= CHUNK)
		flush(x);
}

static void print_error(struct decode *x, struct span raw, const char *layer,
			const char *why)
{
	struct decoded d = { 0 };

	decode_fail(&d, raw, layer, why);
	print(x, &d);
}

/* ---- frames ---- */

static void on_kiss(void *ctx, const struct kiss_frame *f)
{
	struct decode *x = ctx;
	struct decoded d = { 0 };

	decode_kiss(&d, f, x->link);
	print(x, &d);
}

static void on_kiss_error(void *ctx, enum kiss_error e, struct span raw)
{
	print_error(ctx, raw, "kiss", kiss_error_name(e));
}

static void on_hdlc(void *ctx, struct span packet)
{
	struct decoded d = { 0 };

	decode_bare(&d, packet);
	print(ctx, &d);
}

static void on_hdlc_error(void *ctx, enum hdlc_error e, struct span raw)
{
	print_error(ctx, raw, "hdlc", hdlc_error_name(e));
}

static void decoders_start(struct decode *x)
{
	kiss_decoder_init(&x->kiss, on_kiss, x);
	x->kiss.error = on_kiss_error;
	hdlc_decoder_init(&x->hdlc, on_hdlc, x);
	x->hdlc.error = on_hdlc_error;
}

static void take_kiss(struct decode *x, struct span bytes)
{
	kiss_decode(&x->kiss, bytes);
}

static void take_hdlc(struct decode *x, struct span bytes)
{
	hdlc_decode(&x->hdlc, bytes);
}

/* ---- hex lines ---- */

static bool framed_by(struct span s, uint8_t delimiter)
{
	return s.n > 2 && s.p[0] == delimiter && s.p[s.n - 1] == delimiter;
}

static void take_frame(struct decode *x, struct span frame)
{
	bool any = x->link == DECODE_AUTO;
	struct decoded d = { 0 };

	decoders_start(x);
	if (x->link == DECODE_KISS || (any && framed_by(frame, KISS_FEND))) {
		take_kiss(x, frame);
		kiss_decode_end(&x->kiss);
	} else if (x->link == DECODE_HDLC ||
		   (any && framed_by(frame, HDLC_FLAG))) {
		take_hdlc(x, frame);
		hdlc_decode_end(&x->hdlc);
	} else {
		decode_frame(&d, frame, x->link);
		print(x, &d);
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

static void take_line(struct decode *x, struct span line)
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
		print_error(x, line, "hex", "not-hex");
	else
		take_frame(x, SPAN(frame, n));
}

static void take_hex(struct decode *x, bool end)
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
		print_error(x, SPAN(x->in.p, 32), "hex", "too-long");
		x->past = true;
	}
	if (x->past)
		x->in.len = 0;
	if (end && x->in.len)
		take_line(x, buf_span(&x->in));
}

/* ---- captures ---- */

/* A Linux interface may leave CRC marks in the type byte of what it sent;
 * they are no port. */
static void take_ax25_kiss(struct decode *x, struct decoded *d,
			   struct span data)
{
	uint8_t marks = d->direction == PCAPNG_OUT ? 0xa0 : 0;
	uint8_t type = data.n ? data.p[0] & (uint8_t)~marks : 0;

	if (data.n == 0) {
		decode_fail(d, data, "kiss", "short");
		return;
	}
	d->from_kiss = true;
	d->kiss_port = type >> 4;
	d->kiss_command = type & 15;
	d->kiss_data = SPAN(data.p + 1, data.n - 1);
	if (d->kiss_command == KISS_DATA && x->link == DECODE_AUTO)
		decode_ax25(d, d->kiss_data);
	else if (d->kiss_command == KISS_DATA)
		decode_frame(d, d->kiss_data, x->link);
}

/* BPQ: length 2, little-endian, 5 more than the AX.25 frame that follows. */
static void take_ethernet(struct decoded *d, struct span data)
{
	struct rd r = rd_init(data);
	uint64_t type, len;

	rd_bytes(&r, 12);
	type = rd_be(&r, 2);
	len = rd_le(&r, 2);
	if (r.bad || type != ETHERTYPE_BPQ)
		decode_fail(d, data, "ethernet", "not-bpq");
	else if (len < 5 || len - 5 > rd_left(&r))
		decode_fail(d, data, "bpq", "bad-length");
	else
		decode_ax25(d, rd_bytes(&r, len - 5));
}

static void take_packet(struct decode *x, const struct pcapng_packet *p)
{
	struct decoded d = {
		.timed = true, .wall_us = p->wall_us,
		.direction = p->direction,
	};
	char link[16];

	switch (p->link) {
	case PCAPNG_LINK_AX25:
		decode_ax25(&d, p->data);
		break;
	case PCAPNG_LINK_AX25_KISS:
		take_ax25_kiss(x, &d, p->data);
		break;
	case PCAPNG_LINK_USER0:
		decode_bare(&d, p->data);
		break;
	case LINK_ETHERNET:
		take_ethernet(&d, p->data);
		break;
	default:
		snprintf(link, sizeof(link), "%u", p->link);
		decode_fail(&d, p->data, "link type", link);
	}
	print(x, &d);
}

static void take_pcap(struct decode *x, bool end)
{
	enum pcapng_result r = PCAPNG_OTHER;
	struct span bytes = buf_span(&x->in);
	struct pcapng_packet p;

	while (r < PCAPNG_MORE && !x->failed) {
		size_t used;

		r = pcapng_read(&x->pcap, bytes, &used, &p);
		if (r == PCAPNG_PACKET)
			take_packet(x, &p);
		bytes = SPAN(bytes.p + used, bytes.n - used);
	}
	if (r > PCAPNG_MORE || (end && bytes.n && !x->failed)) {
		x->failed = true;
		print_error(x, SPAN(bytes.p, bytes.n < 32 ? bytes.n : 32),
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

static enum input input_guess(const struct decode *x, struct span s)
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
	return INPUT_KISS;
}

/* Uses up what it can of x->in. */
static void take(struct decode *x, bool end)
{
	switch (x->input) {
	case INPUT_HEX:
		take_hex(x, end);
		break;
	case INPUT_PCAP:
		take_pcap(x, end);
		break;
	case INPUT_KISS:
		take_kiss(x, buf_span(&x->in));
		x->in.len = 0;
		if (end)
			kiss_decode_end(&x->kiss);
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
static ssize_t fill(struct decode *x, int fd)
{
	ssize_t n = read(fd, buf_reserve(&x->in, CHUNK), CHUNK);

	if (n > 0)
		x->in.len += (size_t)n;
	return n < 0 ? -errno : n;
}

static int decode_fd(struct decode *x, int fd)
{
	bool known = false;
	ssize_t n;

	do {
		n = fill(x, fd);
		if (!known && x->in.len && (x->in.len >= 4 || n <= 0)) {
			x->input = input_guess(x, buf_span(&x->in));
			known = true;
		}
		if (known)
			take(x, n <= 0);
		flush(x);
	} while (n > 0 && !x->failed);
	return (int)n;
}

static int decode_file(struct decode *x, const char *path)
{
	int fd, r;

	if (!path || strcmp(path, "-") == 0)
		return decode_fd(x, STDIN_FILENO);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = decode_fd(x, fd);
	close(fd);
	return r;
}

static int link_parse(const char *name)
{
	static const char *const names[] = {
		[DECODE_AUTO] = "auto", [DECODE_KISS] = "kiss",
		[DECODE_AX25] = "ax25", [DECODE_BARE] = "bare",
		[DECODE_HDLC] = "hdlc",
	};

	for (int i = 0; i < (int)(sizeof(names) / sizeof(names[0])); i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -EINVAL;
}

static int run(struct decode *x, const char *path)
{
	int r;

	if (crypto_init() < 0)
		return EXIT_CODE_FAILED;
	x->generations = decode_generations_new();
	x->links = decode_links_new();
	decoders_start(x);
	pcapng_reader_init(&x->pcap);
	r = decode_file(x, path);
	if (r < 0)
		fprintf(stderr, "cairn: decode: %s: %s\n", path ? path : "-",
			strerror(-r));
	decode_generations_free(x->generations);
	decode_links_free(x->links);
	buf_fini(&x->out.b);
	buf_fini(&x->in);
	return r < 0 || x->failed ? EXIT_CODE_FAILED : EXIT_CODE_OK;
}

int cmd_decode(int argc, char **argv)
{
	static struct decode x;	/* big: decoders hold their buffers */
	const char *link = "auto";
	const struct option_spec own[] = {
		{ "--link", NULL, &link }, { "--hex", &x.hex, NULL },
		{ NULL, NULL, NULL },
	};
	struct options o;
	int r = options_read(&o, argc, argv,
			     "decode [--link auto|kiss|ax25|bare|hdlc] "
			     "[--hex] [--json] [-v] [FILE|-]\n\n"
			     "Frames of a byte stream, a pcap or pcapng file, "
			     "or (--hex) one hex frame a line;\nno daemon "
			     "needed. --link: what is in it, if guessing is "
			     "not wanted. -v: the events\nof a generation "
			     "after its last frame.", own, 0, 1);

	if (r != OPTIONS_OK)
		return r;
	r = link_parse(link);
	if (r < 0) {
		fprintf(stderr, "cairn: decode: no such link: %s (auto, kiss, "
			"ax25, bare, hdlc)\n", link);
		return EXIT_CODE_USAGE;
	}
	x.link = (enum decode_link)r;
	x.json = o.json;
	x.style.verbose = o.verbose;
	x.style.colour = out_colour();
	return run(&x, o.n_args ? o.args[0] : NULL);
}
