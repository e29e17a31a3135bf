/* SPDX-License-Identifier: MIT
 *
 * `cairn`: the verbs. Each is a function like main(); argv[0] is the verb. It
 * returns the exit code (EXIT_CODE_*, lib/ctl/ctl.h).
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

int cmd_announce(int argc, char **argv);
int cmd_attach(int argc, char **argv);
int cmd_capture(int argc, char **argv);
int cmd_config(int argc, char **argv);
int cmd_conflicts(int argc, char **argv);
int cmd_count(int argc, char **argv);
int cmd_create(int argc, char **argv);
int cmd_decode(int argc, char **argv);
int cmd_doc(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_feeds(int argc, char **argv);
int cmd_fetch(int argc, char **argv);
int cmd_fsck(int argc, char **argv);
int cmd_forms(int argc, char **argv);
int cmd_heard(int argc, char **argv);
int cmd_history(int argc, char **argv);
int cmd_import(int argc, char **argv);
int cmd_key(int argc, char **argv);
int cmd_kissattach(int argc, char **argv);
int cmd_log(int argc, char **argv);
int cmd_metrics(int argc, char **argv);
int cmd_monitor(int argc, char **argv);
int cmd_mute(int argc, char **argv);
int cmd_neighbours(int argc, char **argv);
int cmd_note(int argc, char **argv);
int cmd_order(int argc, char **argv);
int cmd_plan(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_resource(int argc, char **argv);
int cmd_ports(int argc, char **argv);
int cmd_set(int argc, char **argv);
int cmd_stations(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_sync(int argc, char **argv);
int cmd_tx(int argc, char **argv);
int cmd_unset(int argc, char **argv);
int cmd_view(int argc, char **argv);
int cmd_why(int argc, char **argv);

/* ---- options that every verb knows (tools/options.c) ----
 *
 * -d DIR (also --dir), --json, -v, --help, and a verb's own ones. */

struct options {
	bool json, verbose;
	char *const *args;	/* the words that are left, NULL-terminated */
	size_t n_args;
};

struct option_spec {
	const char *name;	/* "--form" or "-n" */
	bool *flag;		/* set to true, or */
	const char **value;	/* takes the next argument */
};

#define OPTIONS_OK (-1)

/* OPTIONS_OK, or the exit code to return at once (--help, a usage error).
 * usage is what --help prints after "usage: cairn "; own (may be NULL) ends
 * with a NULL name; min..max words must be left. */
int options_read(struct options *o, int argc, char **argv, const char *usage,
		 const struct option_spec *own, size_t min, size_t max);
