/* SPDX-License-Identifier: MIT
 *
 * cairn decode: frames out of a byte stream, a capture file or hex lines
 * (tools/input.h), a line of output each. It needs no daemon, no key and no
 * rights: everything on the air is in clear.
 */
#include <errno.h>
#include <stdio.h>
#include "lib/base/crypto.h"
#include "lib/ctl/ctl.h"
#include "tools/cairn.h"
#include "tools/decode.h"
#include "tools/out.h"

#define CHUNK 65536

struct decode {
	struct input input;
	bool json;
	struct decode_style style;
	struct json_out out;	/* what has not been written yet */
	struct decode_generations *generations;
	struct decode_links *links;
};

static void flush(void *ctx)
{
	struct decode *x = ctx;

	if (x->out.b.len)
		fwrite(x->out.b.p, 1, x->out.b.len, stdout);
	fflush(stdout);
	x->out.b.len = 0;
}

static void print(void *ctx, const struct input_frame *f)
{
	struct decode *x = ctx;
	struct decoded d = { 0 };

	decode_input(&d, f, x->input.link);
	decode_links_add(x->links, &d);
	decode_generations_add(x->generations, &d);
	x->out.comma = false;
	if (x->json)
		decode_put_json(&x->out, &d);
	else
		decode_put_text(&x->out.b, &d, &x->style);
	buf_add_u8(&x->out.b, '\n');
	if (x->out.b.len >= CHUNK)
		flush(x);
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
	x->input.frame = print;
	x->input.idle = flush;
	x->input.ctx = x;
	r = input_file(&x->input, path);
	if (r < 0)
		fprintf(stderr, "cairn: decode: %s: %s\n", path ? path : "-",
			strerror(-r));
	decode_generations_free(x->generations);
	decode_links_free(x->links);
	buf_fini(&x->out.b);
	return r < 0 || x->input.failed ? EXIT_CODE_FAILED : EXIT_CODE_OK;
}

int cmd_decode(int argc, char **argv)
{
	static struct decode x;	/* big: decoders hold their buffers */
	const char *link = "auto";
	const struct option_spec own[] = {
		{ "--link", NULL, &link }, { "--hex", &x.input.hex, NULL },
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
	x.input.link = (enum decode_link)r;
	x.json = o.json;
	x.style.verbose = o.verbose;
	x.style.colour = out_colour();
	return run(&x, o.n_args ? o.args[0] : NULL);
}
