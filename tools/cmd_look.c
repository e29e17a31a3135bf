/* SPDX-License-Identifier: MIT
 *
 * heard, neighbours: tables that cairnd keeps in memory.
 */
#include "lib/ctl/ctl.h"
#include "tools/cairn.h"
#include "tools/client.h"
#include "tools/out.h"

struct table {
	const struct out_column *columns;
	const char *empty;
};

static void print_table(void *ctx, const struct json *v, struct span text)
{
	const struct table *t = ctx;

	(void)text;
	out_table(v, t->columns, t->empty);
}

static int look(int argc, char **argv, const char *usage,
		const struct out_column *columns, const char *empty)
{
	struct table t = { columns, empty };
	struct options o;
	int code = options_read(&o, argc, argv, usage, NULL, 0, 0);

	return code != OPTIONS_OK ? code :
	       client_call(argv[0], 0, NULL,
			   o.json ? client_print_json : print_table, &t);
}

int cmd_heard(int argc, char **argv)
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

	return look(argc, argv, "heard [--json]\n\n"
		    "Stations heard since cairnd started, also those that "
		    "are not ours.", columns, "nothing heard yet");
}

int cmd_neighbours(int argc, char **argv)
{
	static const struct out_column columns[] = {
		{ "callsign", "STATION", OUT_TEXT },
		{ "port", "PORT", OUT_TEXT },
		{ "heard_ago_s", "AGO", OUT_AGE },
		{ "events", "EVENTS", OUT_NUMBER },
		{ "hops", "HOPS", OUT_NUMBER },
		{ "relation", "RELATION", OUT_TEXT },
		{ NULL, NULL, OUT_TEXT },
	};

	return look(argc, argv, "neighbours [--json]\n\n"
		    "Cairn stations in direct range, and those known by a "
		    "relayed announce (far).", columns,
		    "no neighbour yet");
}
