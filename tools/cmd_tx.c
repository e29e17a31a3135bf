/* SPDX-License-Identifier: MIT
 *
 * tx, mute: the operator's switches. tx off acts at once, outlives restarts and
 * beats flags and file; a mute stops sending an event's payload at once.
 * announce: a frame at the operator's word, which the switch does not let
 * through when it is off.
 */
#include <stdio.h>
#include <string.h>
#include "lib/ctl/ctl.h"
#include "tools/cairn.h"
#include "tools/client.h"

static void print_nothing(void *ctx, const struct json *v, struct span text)
{
	(void)ctx;
	(void)v;
	(void)text;
}

/* {"key":"value"} */
static void print_done(const char *key, const char *value)
{
	struct json_out o = { 0 };

	json_out_object(&o);
	json_out_kv_string(&o, key, value);
	json_out_end_object(&o);
	client_print_json(NULL, NULL, buf_span(&o.b));
	buf_fini(&o.b);
}

int cmd_tx(int argc, char **argv)
{
	struct options o;
	int code = options_read(&o, argc, argv, "tx on|off|test [PORT] [--json]\n\n"
		"on    the station may transmit from now on\n"
		"off   it does not, at once and until told otherwise, also "
		"after a restart\n"
		"test  one frame with the call sign, on the first port or "
		"on PORT", NULL, 1, 2);

	if (code != OPTIONS_OK)
		return code;
	code = client_call(argv[0], o.n_args, o.args, print_nothing, NULL);
	if (code == EXIT_CODE_OK && o.json)
		print_done("tx", o.args[0]);
	else if (code == EXIT_CODE_OK)
		printf("transmitter: %s\n", !strcmp(o.args[0], "test") ?
		       "one frame sent" : o.args[0]);
	return code;
}

int cmd_announce(int argc, char **argv)
{
	struct options o;
	int code = options_read(&o, argc, argv, "announce [--json]\n\n"
		"One Reticulum announce, on every port that may send; six, "
		"then one an hour,\nas they are relayed. The station makes one "
		"by itself every 6 hours.", NULL, 0, 0);

	if (code != OPTIONS_OK)
		return code;
	code = client_call(argv[0], 0, NULL, print_nothing, NULL);
	if (code == EXIT_CODE_OK)
		puts(o.json ? "{\"announced\":true}" : "announced");
	return code;
}

int cmd_mute(int argc, char **argv)
{
	static char on[] = "on", off[] = "off";
	bool undo = false;
	struct option_spec own[] = { { "--off", &undo, NULL },
				     { NULL, NULL, NULL } };
	struct options o;
	int code = options_read(&o, argc, argv,
		"mute AUTHOR[/SEQ] [--off] [--json]\n\n"
		"This station stops sending what that author wrote, or one "
		"event of it; its hash\ngoes out instead. AUTHOR: a call "
		"sign, or the beginning of an author.", own, 1, 1);

	if (code != OPTIONS_OK)
		return code;
	char *args[] = { o.args[0], undo ? off : on };

	code = client_call(argv[0], 2, args, print_nothing, NULL);
	if (code == EXIT_CODE_OK && o.json)
		print_done(undo ? "unmuted" : "muted", o.args[0]);
	else if (code == EXIT_CODE_OK)
		printf("%s: %s\n", undo ? "no longer muted" : "muted",
		       o.args[0]);
	return code;
}
