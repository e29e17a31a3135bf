/* SPDX-License-Identifier: MIT
 *
 * cairnd: see cairnd(8). Exit codes: 0 stopped, 1 failed, 2 usage or
 * configuration, 4 permission.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include "daemon/daemon.h"
#include "daemon/flags.h"
#include "daemon/notify.h"
#include "lib/base/report.h"
#include "lib/ctl/ctl.h"

static void config_show(const struct config *c)
{
	struct buf b = { 0 };

	config_print(c, &b);
	fwrite(b.p, 1, b.len, stdout);
	buf_fini(&b);
}

/* ---- running ---- */

static void on_stop(void *ctx, int signo)
{
	struct daemon *d = ctx;

	report(REPORT_INFO, "stopping (signal %d)", signo);
	ring_stop(d->ring);
}

static void on_reload(void *ctx, int signo)
{
	char err[CONFIG_ERROR_MAX];

	(void)signo;
	reload(ctx, err);
}

static void say_what_is_off(const struct daemon *d)
{
	char why[80];

	if (d->offline)
		return;
	if (config_call_missing(&d->config, why))
		report(REPORT_NOTICE, "%s; receiving only", why);
	else if (!node_transmitting(d->node))
		report(REPORT_NOTICE, "receiving only; `cairn tx on` when you "
		       "are ready");
	if (daemon_port_find(d, NULL) < 0)
		report(REPORT_NOTICE, "no port yet: see cairn.conf(5)");
}

static int daemon_run(struct daemon *d)
{
	int e = ring_signal(d->ring, SIGTERM, on_stop, d);

	e = e ? e : ring_signal(d->ring, SIGINT, on_stop, d);
	e = e ? e : ring_signal(d->ring, SIGHUP, on_reload, d);
	if (e) {
		report(REPORT_ERROR, "signals: %s", strerror(-e));
		return EXIT_CODE_FAILED;
	}
	glue_start(d);
	health_start(d);
	say_what_is_off(d);
	report(REPORT_INFO, "%s", ring_describe(d->ring));
	notify("READY=1");
	e = ring_run(d->ring);
	notify("STOPPING=1");
	if (e)
		report(REPORT_ERROR, "engine: %s", strerror(-e));
	return e ? EXIT_CODE_FAILED : EXIT_CODE_OK;
}

int main(int argc, char **argv)
{
	static struct daemon d;
	struct flags f = { 0 };
	char dir[STATION_PATH_MAX], err[CONFIG_ERROR_MAX];
	int code = flags_read(&f, argc, argv);

	if (code >= 0)
		return code;
	if (ctl_station_dir(dir, sizeof(dir), f.dir)) {
		fputs("cairnd: the folder's path is too long\n", stderr);
		return EXIT_CODE_USAGE;
	}
	report_set_level(f.verbose ? REPORT_DEBUG : REPORT_NOTICE);
	if (flags_config(&d.config, &f, dir, err)) {
		fprintf(stderr, "cairnd: %s\n", err);
		return EXIT_CODE_USAGE;
	}
	if (f.check) {
		if (f.verbose)
			config_show(&d.config);
		return EXIT_CODE_OK;
	}
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);	/* then it is an error like a full disk */
	d.flags = &f;
	d.offline = f.offline;
	if (daemon_open(&d, dir, &code) == 0)
		code = daemon_run(&d);
	if (daemon_close(&d))
		code = EXIT_CODE_FAILED;
	return code;
}
