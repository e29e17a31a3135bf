/* SPDX-License-Identifier: MIT
 *
 * monitor: every frame as it passes, in and out, with what became of it.
 */
#include <stdio.h>
#include "lib/ctl/ctl.h"
#include "tools/cairn.h"
#include "tools/client.h"
#include "tools/out.h"

static void print_string(const struct json *v, const char *key, int width)
{
	struct span s = json_string(json_get(v, key));

	printf("%-*.*s ", width, (int)s.n, (const char *)s.p);
}

static void print_event(void *ctx, const struct json *v, struct span text)
{
	struct span note = json_string(json_get(v, "note"));

	(void)ctx;
	(void)text;
	print_string(v, "time", 20);
	if (note.n) {
		fputs("-- ", stdout);
		out_text(stdout, note);
	} else {
		print_string(v, "port", 6);
		print_string(v, "direction", 3);
		print_string(v, "verdict", 9);
		print_string(v, "frame", 0);
	}
	putchar('\n');
}

int cmd_monitor(int argc, char **argv)
{
	struct options o;
	int code = options_read(&o, argc, argv, "monitor [--json]\n\n"
		"A line a frame: time, port, direction, verdict, what it is. "
		"--json: with the\nraw bytes in hex.", NULL, 0, 0);

	return code != OPTIONS_OK ? code :
	       client_call(argv[0], 0, NULL,
			   o.json ? client_print_json : print_event, NULL);
}
