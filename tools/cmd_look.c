/* SPDX-License-Identifier: MIT
 *
 * heard, neighbours: tables that cairnd keeps in memory; and how busy the
 * channels were.
 */
#include <stdio.h>
#include "lib/ctl/ctl.h"
#include "tools/cairn.h"
#include "tools/client.h"
#include "tools/neighbours.h"
#include "tools/out.h"

static int look(client_fn print, bool *shown, int argc, char **argv,
		const char *usage)
{
	struct options o;
	int code = options_read(&o, argc, argv, usage, NULL, 0, 0);

	return code != OPTIONS_OK ? code :
	       client_call(argv[0], 0, NULL,
			   o.json ? client_print_json : print, shown);
}

/* A minute is a character: the fuller, the busier. */
static void print_bar(const struct json *minutes)
{
	static const char ramp[] = " .:-=+*%#";

	putchar('[');
	for (size_t i = 0; i < json_len(minutes); i++) {
		double share = json_real(json_at(minutes, i)) / 100;
		int at = (int)(share * (sizeof(ramp) - 2) + 0.999);

		putchar(ramp[at < 0 ? 0 : at > 8 ? 8 : at]);
	}
	puts("]");
}

static void print_channels(void *ctx, const struct json *v, struct span text)
{
	const struct json *ports = json_get(json_get(v, "node"), "ports");

	(void)ctx;
	(void)text;
	for (size_t i = 0; i < json_len(ports); i++) {
		const struct json *p = json_at(ports, i);

		printf("%s%s busy %.1f %% of a minute, %.1f %% of ten, %.1f %% "
		       "of an hour\n  ", i ? "" : "\n",
		       (const char *)json_string(json_get(p, "name")).p,
		       json_real(json_get(p, "busy_1min_percent")),
		       json_real(json_get(p, "busy_10min_percent")),
		       json_real(json_get(p, "busy_60min_percent")));
		print_bar(json_get(p, "busy_minutes_percent"));
	}
}

static void print_heard(void *ctx, const struct json *v, struct span text)
{
	static const struct out_column columns[] = {
		{ "callsign", "STATION", OUT_TEXT },
		{ "port", "PORT", OUT_TEXT },
		{ "heard_ago_s", "AGO", OUT_AGE },
		{ "frames", "FRAMES", OUT_NUMBER },
		{ "bytes", "BYTES", OUT_NUMBER },
		{ "direct", "DIRECT", OUT_YES_NO },
		{ "cairn", "CAIRN", OUT_YES_NO },
		{ "via", "VIA", OUT_TEXT },
		{ NULL, NULL, OUT_TEXT },
	};
	bool *shown = ctx;

	(void)text;
	out_table(v, columns, "nothing heard yet");
	*shown = true;
}

int cmd_heard(int argc, char **argv)
{
	bool shown = false;
	int code = look(print_heard, &shown, argc, argv, "heard [--json]\n\n"
			"Stations heard since cairnd started, also those that "
			"are not ours; and how\nbusy each channel was, a "
			"character a minute of the last hour.");

	return code == EXIT_CODE_OK && shown ?
		client_call("status", 0, NULL, print_channels, NULL) : code;
}

static void print_neighbours(void *ctx, const struct json *v, struct span text)
{
	(void)ctx;
	(void)text;
	neighbours_print(v, false, "no neighbour yet");
}

int cmd_neighbours(int argc, char **argv)
{
	return look(print_neighbours, NULL, argc, argv,
		    "neighbours [--json]\n\n"
		    "Cairn stations in direct range, and those known by a "
		    "relayed announce (far):\nhow many events each has, lacks "
		    "of ours, and holds that we lack, and how many\nminutes "
		    "it would take to be equal. ~ is reckoned from counts, "
		    "? not known.");
}
