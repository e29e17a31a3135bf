/* SPDX-License-Identifier: MIT
 *
 * monitor: every frame as it passes, in and out, and what became of it. cairnd
 * hands over the bytes; they are decoded here.
 */
#include <stdio.h>
#include "kiss/codec.h"
#include "lib/ctl/ctl.h"
#include "tools/cairn.h"
#include "tools/client.h"
#include "tools/decode.h"
#include "tools/out.h"

static void print_string(const struct json *v, const char *key, int width)
{
	struct span s = json_string(json_get(v, key));

	printf("%-*.*s ", width, (int)s.n, (const char *)s.p);
}

static bool is_link(const struct json *v, const char *link)
{
	return span_equal(json_string(json_get(v, "link")), SPAN_STR(link));
}

struct monitor {
	struct decode_style style;
	struct decode_links *links;
	struct decode_generations *generations;
};

static void print_frame(const struct json *v, struct monitor *m)
{
	struct span hex = json_string(json_get(v, "frame"));
	uint8_t frame[KISS_FRAME_MAX];
	int n = hex_decode(frame, sizeof(frame), hex);
	struct decoded d = { 0 };
	struct buf b = { 0 };

	if (n < 0)
		decode_fail(&d, hex, "hex", "not-hex");
	else if (is_link(v, "error"))
		decode_fail(&d, SPAN(frame, n), "line", "no-frame");
	else if (is_link(v, "ax25"))
		decode_ax25(&d, SPAN(frame, n));
	else	/* a bare link, or what identifies its station */
		decode_guess(&d, SPAN(frame, n));
	decode_links_add(m->links, &d);
	decode_generations_add(m->generations, &d);
	decode_put_text(&b, &d, &m->style);
	while (b.len && b.p[b.len - 1] == '\n')
		b.len--;
	fwrite(b.p, 1, b.len, stdout);
	buf_fini(&b);
}

static void print_air(const struct json *v)
{
	const struct json *level = json_get(v, "level_dbm");
	const struct json *air = json_get(v, "airtime_us");

	if (level)
		printf("%4d ", (int)json_int(level));
	else
		printf("%4s ", "-");
	if (air)
		printf("%6.3fs ", (double)json_int(air) / 1e6);
	else
		printf("%7s ", "-");
}

static void print_event(void *ctx, const struct json *v, struct span text)
{
	struct span note = json_string(json_get(v, "note"));

	(void)text;
	print_string(v, "time", 20);
	if (note.n) {
		fputs("-- ", stdout);
		out_text(stdout, note);
	} else {
		print_string(v, "port", 6);
		print_string(v, "direction", 3);
		print_air(v);
		print_string(v, "verdict", 13);
		print_frame(v, ctx);
	}
	putchar('\n');
}

int cmd_monitor(int argc, char **argv)
{
	struct monitor m = { .style.colour = out_colour() };
	struct options o;
	int code = options_read(&o, argc, argv, "monitor [-v] [--json]\n\n"
		"A line a frame: time, port, direction, level in dBm where the "
		"TNC tells it,\nair time, verdict, what it is. --json: with "
		"the raw bytes in hex.", NULL, 0, 0);

	if (code != OPTIONS_OK)
		return code;
	m.style.verbose = o.verbose;
	m.links = decode_links_new();
	m.generations = decode_generations_new();
	code = client_call(argv[0], 0, NULL,
			   o.json ? client_print_json : print_event, &m);
	decode_links_free(m.links);
	decode_generations_free(m.generations);
	return code;
}
