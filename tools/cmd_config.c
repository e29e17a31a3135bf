/* SPDX-License-Identifier: MIT
 *
 * config check|example|reload. The file's language belongs to cairnd: check asks the
 * cairnd that is installed beside this program.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "lib/ctl/ctl.h"
#include "tools/cairn.h"
#include "tools/client.h"

static const char example[] =
"# cairn.conf: see cairn.conf(5)\n"
"# Your own call sign here: N0CALL is a placeholder and is refused. Without\n"
"# this line the station only listens.\n"
"callsign = N0CALL-7\n"
"# Stations exchange events within a dataset of one name.\n"
"dataset  = default\n"
"# Receive first: `cairn heard`; then `cairn tx test`, then `cairn tx on`.\n"
"transmit = no\n"
"\n"
"# A TNC: Direwolf's KISS port, or kiss:/dev/ttyUSB0@9600. Not on the APRS\n"
"# channel: it is shared, and Cairn stops sending where it hears APRS.\n"
"[port vhf]\n"
"device  = kiss:tcp:localhost:8001\n"
"# bit/s on the air, and how much of the time may be used\n"
"bitrate = 1200\n"
"duty    = 10%\n"
"# Only what is named here is sent to the TNC:\n"
"# txdelay     = 300ms\n"
"# txtail      = 50ms\n"
"# slottime    = 100ms\n"
"# persistence = 63\n"
"# For TNCs that need it to enter KISS:\n"
"# init = \"KISS ON\\r\\nRESTART\\r\\n\"\n"
"\n"
"# Another station over IP, as a Reticulum TCP interface:\n"
"# [port lan]\n"
"# device = tcp:192.0.2.7:4242\n"
"# [port door]\n"
"# device = listen:4242\n";

/* Beside this program, in the sbin next to it, or in the path. */
static int run_cairnd(const char *file, bool verbose)
{
	static const char *const places[] = { "/cairnd", "/../sbin/cairnd" };
	char self[400], path[440];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	self[n > 0 ? n : 0] = 0;
	slash = strrchr(self, '/');
	if (slash)
		*slash = 0;
	for (size_t i = 0; slash && i < 2; i++) {
		snprintf(path, sizeof(path), "%s%s", self, places[i]);
		execl(path, "cairnd", verbose ? "-nv" : "-n", "--config",
		      file, (char *)NULL);
	}
	execlp("cairnd", "cairnd", verbose ? "-nv" : "-n", "--config", file,
	       (char *)NULL);
	fprintf(stderr, "cairn: config: cairnd is not installed\n");
	return EXIT_CODE_FAILED;
}

int cmd_config(int argc, char **argv)
{
	struct options o;
	char dir[512], path[544];
	int code = options_read(&o, argc, argv, "config check [FILE] [-v]\n"
		"       cairn config example | reload\n\n"
		"check    cairnd's opinion of FILE (DIR/cairn.conf); -v "
		"prints what is in force\n"
		"example  a commented file to begin with\n"
		"reload   has the running cairnd read its file again",
		NULL, 1, 2);

	if (code != OPTIONS_OK)
		return code;
	if (!strcmp(o.args[0], "example") && o.n_args == 1) {
		fputs(example, stdout);
		return EXIT_CODE_OK;
	}
	if (!strcmp(o.args[0], "reload") && o.n_args == 1)
		return client_call("reload", 0, NULL, client_print_json, NULL);
	if (strcmp(o.args[0], "check")) {
		fprintf(stderr, "cairn: config: check, example or reload\n");
		return EXIT_CODE_USAGE;
	}
	snprintf(path, sizeof(path), "%s/cairn.conf", client_dir(dir));
	return run_cairnd(o.n_args > 1 ? o.args[1] : path, o.verbose);
}
