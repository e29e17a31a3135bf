/* SPDX-License-Identifier: MIT
 *
 * cairn: the verb table. A verb may be shortened to a unique prefix; without
 * one, `cairn` is `cairn status`.
 */
#include "tools/cairn.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/base/crypto.h"
#include "lib/ctl/ctl.h"

struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *does;
};

static const struct verb verbs[] = {
	{ "status", cmd_status, "what the station is doing (the default)" },
	{ "heard", cmd_heard, "who was heard, on which port" },
	{ "neighbours", cmd_neighbours, "stations of ours in direct range" },
	{ "stations", cmd_stations, "how each station is, by its own word" },
	{ "feeds", cmd_feeds, "whose events are held, and how many" },
	{ "log", cmd_log, "the events as they came; -f follows" },
	{ "view", cmd_view, "the dataset: records, fields, notes" },
	{ "history", cmd_history, "every event about RECORD" },
	{ "why", cmd_why, "how the value of RECORD.FIELD came about" },
	{ "conflicts", cmd_conflicts, "fields that two wrote at once" },
	{ "forms", cmd_forms, "the forms in use" },
	{ "monitor", cmd_monitor, "every frame as it passes" },
	{ "metrics", cmd_metrics, "all counters as OpenMetrics text" },
	{ "create", cmd_create, "create RECORD FORM" },
	{ "set", cmd_set, "set RECORD FIELD VALUE" },
	{ "unset", cmd_unset, "unset RECORD FIELD" },
	{ "note", cmd_note, "note RECORD TEXT" },
	{ "count", cmd_count, "count RECORD COUNTER +3 or -2" },
	{ "plan", cmd_plan, "the plan; KEY=VALUE raises, --set replaces" },
	{ "doc", cmd_doc, "documents: doc NAME show, insert, update ..." },
	{ "attach", cmd_attach, "attach RECORD FIELD FILE" },
	{ "fetch", cmd_fetch, "the content of an attachment" },
	{ "resource", cmd_resource, "contents replaced as a whole" },
	{ "fsck", cmd_fsck, "is all of the log true? no daemon needed" },
	{ "capture", cmd_capture, "frames live or from a file, as tcpdump does" },
	{ "decode", cmd_decode, "frames of a capture, a stream, hex lines" },
	{ "import", cmd_import, "events out of a file" },
	{ "export", cmd_export, "events as a file" },
	{ "ports", cmd_ports, "what this machine has that could be a port" },
	{ "kissattach", cmd_kissattach, "a TNC as AX.25 interfaces" },
	{ "tx", cmd_tx, "the transmitter: on, off, test" },
	{ "sync", cmd_sync, "a word to the neighbours now, or what it costs" },
	{ "order", cmd_order, "tell another station to send less, or not" },
	{ "report", cmd_report, "tell how this station is, now" },
	{ "announce", cmd_announce, "make the station known now" },
	{ "mute", cmd_mute, "stop sending what an author wrote" },
	{ "key", cmd_key, "the station's key: gen, show" },
	{ "config", cmd_config, "cairn.conf: check, example, reload" },
	{ NULL, NULL, NULL },
};

static void usage(FILE *to)
{
	fputs("usage: cairn [-d DIR] [VERB] [--json] [-v] [...]\n\n", to);
	for (const struct verb *v = verbs; v->name; v++)
		fprintf(to, "  %-12s %s\n", v->name, v->does);
	fputs("\ncairn VERB --help says more; cairn(1) says all.\n", to);
}

/* The verb with this name, or the only one that begins so. */
static const struct verb *verb_find(const char *name)
{
	const struct verb *found = NULL;
	size_t n = strlen(name);

	for (const struct verb *v = verbs; v->name; v++) {
		if (!strcmp(v->name, name))
			return v;
		if (!strncmp(v->name, name, n)) {
			if (found)
				return NULL;
			found = v;
		}
	}
	return found;
}

/* Names those that it may have meant, or all. */
static void verb_unknown(const char *name)
{
	size_t n = strlen(name), fits = 0;

	for (const struct verb *v = verbs; n && v->name; v++)
		if (!strncmp(v->name, name, n))
			fprintf(stderr, "%s %s", fits++ ? "," :
				"cairn: which verb:", v->name);
	if (fits) {
		fputs("?\n", stderr);
		return;
	}
	fprintf(stderr, "cairn: no such verb: %s\n\n", name);
	usage(stderr);
}

static int verb_run(int argc, char **argv)
{
	const struct verb *v = verb_find(argv[0]);
	char name[16];

	if (!v) {
		verb_unknown(argv[0]);
		return EXIT_CODE_USAGE;
	}
	snprintf(name, sizeof(name), "%s", v->name);
	argv[0] = name;
	return v->run(argc, argv);
}

/* -d DIR, --help and --version may stand before the verb. */
int main(int argc, char **argv)
{
	static char *status[] = { NULL, NULL };
	static char word[] = "status";

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (crypto_init())
		return EXIT_CODE_FAILED;
	while (argc > 2 && !strcmp(argv[1], "-d")) {
		setenv("CAIRN_DIR", argv[2], 1);
		argc -= 2;
		argv += 2;
	}
	if (argc < 2) {
		status[0] = word;
		return cmd_status(1, status);
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	    !strcmp(argv[1], "help")) {
		usage(stdout);
		return EXIT_CODE_OK;
	}
	if (!strcmp(argv[1], "--version")) {
		puts("cairn " CAIRN_VERSION);
		return EXIT_CODE_OK;
	}
	if (argv[1][0] == '-') {	/* cairn --json: status, too */
		argv[0] = word;
		return cmd_status(argc, argv);
	}
	return verb_run(argc - 1, argv + 1);
}
