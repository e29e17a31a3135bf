/* SPDX-License-Identifier: MIT
 *
 * cairn capture: frames as tcpdump shows and writes them, with its letters.
 * It only listens: nothing is ever transmitted.
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include "lib/ctl/ctl.h"
#include "tools/cairn.h"
#include "tools/capture.h"
#include "tools/out.h"

#define EXPRESSION_MAX 2048

struct capture {
	struct capture_sink sink;
	const char *from, *read, *count, *since;
	uint64_t since_s;
};

static int usage_error(const char *what, const char *why)
{
	fprintf(stderr, "cairn: capture: %s: %s\n", what, why);
	return EXIT_CODE_USAGE;
}

/* "-10min", "2h", "30s", "1d"; 0 if it is none. */
static uint64_t age_parse(const char *text)
{
	static const struct {
		const char *unit;
		uint64_t s;
	} units[] = { { "s", 1 }, { "min", 60 }, { "h", 3600 },
		      { "d", 86400 } };
	char *end;
	unsigned long n = strtoul(text + (*text == '-'), &end, 10);

	for (size_t i = 0; i < 4; i++)
		if (!strcmp(end, units[i].unit) && n < 100000)
			return n * units[i].s;
	return 0;
}

static int numbers_read(struct capture *c)
{
	char *end = NULL;

	if (c->count) {
		c->sink.limit = strtoull(c->count, &end, 10);
		if (*end || !c->sink.limit || c->count[0] == '-')
			return usage_error(c->count, "-c wants a number of "
					   "frames");
	}
	if (c->since) {
		c->since_s = age_parse(c->since);
		if (!c->since_s)
			return usage_error(c->since, "--since wants an age "
					   "such as -10min, 2h, 30s, 1d");
	}
	if (!!c->from + !!c->read + !!c->since > 1)
		return usage_error("-i, -r, --since", "one of them");
	return OPTIONS_OK;
}

/* The words that are left are one expression. */
static int filter_read(struct capture *c, const struct options *o)
{
	char text[EXPRESSION_MAX] = "", why[256];
	size_t n = 0;

	for (size_t i = 0; i < o->n_args; i++) {
		int k = snprintf(text + n, sizeof(text) - n, "%s%s",
				 i ? " " : "", o->args[i]);

		if (k < 0 || (size_t)k >= sizeof(text) - n)
			return usage_error("the expression", "too long");
		n += (size_t)k;
	}
	if (n && capture_filter_new(&c->sink.filter, text, why))
		return usage_error(text, why);
	return OPTIONS_OK;
}

static const char *after(const char *s, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(s, prefix, n) ? NULL : s + n;
}

static int run(struct capture *c)
{
	struct capture_sink *s = &c->sink;

	if (c->read)
		return capture_from_file(s, c->read);
	if (c->since)
		return capture_from_recorder(s, c->since_s);
	if (c->from && after(c->from, "kiss:"))
		return capture_from_tnc(s, after(c->from, "kiss:"));
	if (c->from && after(c->from, "ax25:"))
		return capture_from_interface(s, after(c->from, "ax25:"));
	if (c->from && if_nametoindex(c->from))
		return capture_from_interface(s, c->from);
	return capture_from_daemon(s, c->from);
}

static int capture(struct capture *c)
{
	const char *to = c->sink.write_to ? c->sink.write_to : "-";
	int e = capture_sink_open(&c->sink), code;

	if (e)
		return usage_error(to, strerror(-e));
	code = run(c);
	e = capture_sink_close(&c->sink);
	if (e && e != -EPIPE) {
		fprintf(stderr, "cairn: capture: %s: %s\n", to, strerror(-e));
		return EXIT_CODE_FAILED;
	}
	return code;
}

int cmd_capture(int argc, char **argv)
{
	static struct capture c;
	bool numeric, lines;
	const struct option_spec own[] = {
		{ "-i", NULL, &c.from }, { "-r", NULL, &c.read },
		{ "-w", NULL, &c.sink.write_to }, { "-c", NULL, &c.count },
		{ "-t", &c.sink.style.no_time, NULL },
		{ "-e", &c.sink.style.link, NULL },
		{ "-x", &c.sink.style.hex, NULL },
		{ "-n", &numeric, NULL }, { "-l", &lines, NULL },
		{ "--since", NULL, &c.since }, { NULL, NULL, NULL },
	};
	struct options o;
	int r = options_read(&o, argc, argv,
		"capture [-i PORT|kiss:DEVICE|INTERFACE] [-r FILE] "
		"[--since AGE]\n"
		"               [-w FILE|-] [-c N] [-etvx] [--json] "
		"[EXPRESSION]\n\n"
		"Frames as they pass: on all ports of cairnd or on one, from "
		"a TNC, from an AX.25\ninterface, from a file, from the flight "
		"recorder (--since -10min). -w writes\npcapng; the expression "
		"is libpcap's for link type 202, as link[15] = 3.",
		own, 0, CTL_ARGS_MAX);

	if (r == OPTIONS_OK)
		r = numbers_read(&c);
	if (r == OPTIONS_OK)
		r = filter_read(&c, &o);
	if (r != OPTIONS_OK)
		return r;
	c.sink.json = o.json;
	c.sink.style.verbose = o.verbose;
	c.sink.style.colour = out_colour();
	return capture(&c);
}
