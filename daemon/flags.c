/* SPDX-License-Identifier: MIT
 *
 * The command line of cairnd: see flags.h.
 */
#include "daemon/flags.h"
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "lib/ctl/ctl.h"

static const char usage[] =
"usage: cairnd [-nv] [-d DIR] [--config FILE] [--callsign CALL]\n"
"              [--dataset NAME] [--port [NAME=]DEVICE[,key=value...]]...\n"
"              [--transmit | --no-transmit] [--offline] [--time-scale N]\n"
"\n"
"  -d DIR           the station's folder\n"
"  --config FILE    cairn.conf(5); else DIR/cairn.conf if it is there\n"
"  --port SPEC      a port; may be said up to 16 times\n"
"  --transmit       may send (`cairn tx off` beats it)\n"
"  --offline        opens no port: for `cairn import`\n"
"  -n               check the configuration and stop; with -v print it\n"
"  -v               say more\n"
"  --time-scale N   N times faster, on ports of cairn-air only\n";

enum { FLAG_CONFIG = 256, FLAG_CALLSIGN, FLAG_DATASET, FLAG_PORT,
       FLAG_TRANSMIT, FLAG_NO_TRANSMIT, FLAG_OFFLINE, FLAG_TIME_SCALE,
       FLAG_HELP, FLAG_VERSION };

static const struct option long_flags[] = {
	{ "config", required_argument, NULL, FLAG_CONFIG },
	{ "callsign", required_argument, NULL, FLAG_CALLSIGN },
	{ "dataset", required_argument, NULL, FLAG_DATASET },
	{ "port", required_argument, NULL, FLAG_PORT },
	{ "transmit", no_argument, NULL, FLAG_TRANSMIT },
	{ "no-transmit", no_argument, NULL, FLAG_NO_TRANSMIT },
	{ "offline", no_argument, NULL, FLAG_OFFLINE },
	{ "time-scale", required_argument, NULL, FLAG_TIME_SCALE },
	{ "help", no_argument, NULL, FLAG_HELP },
	{ "version", no_argument, NULL, FLAG_VERSION },
	{ NULL, 0, NULL, 0 },
};

/* -1 to go on, else the exit code. */
static int flag_take(struct flags *f, int c)
{
	switch (c) {
	case 'd': f->dir = optarg; break;
	case 'n': f->check = true; break;
	case 'v': f->verbose = true; break;
	case FLAG_CONFIG: f->config = optarg; break;
	case FLAG_CALLSIGN: f->callsign = optarg; break;
	case FLAG_DATASET: f->dataset = optarg; break;
	case FLAG_TRANSMIT: f->transmit = "yes"; break;
	case FLAG_NO_TRANSMIT: f->transmit = "no"; break;
	case FLAG_OFFLINE: f->offline = true; break;
	case FLAG_TIME_SCALE: f->time_scale = optarg; break;
	case FLAG_PORT:
		if (f->n_ports <= NODE_PORTS_MAX)
			f->ports[f->n_ports++] = optarg;
		break;
	case FLAG_HELP:
		fputs(usage, stdout);
		return EXIT_CODE_OK;
	case FLAG_VERSION:
		puts("cairnd " CAIRN_VERSION);
		return EXIT_CODE_OK;
	default:
		fputs(usage, stderr);
		return EXIT_CODE_USAGE;
	}
	return -1;
}

int flags_read(struct flags *f, int argc, char **argv)
{
	int c, code = -1;

	while (code < 0 &&
	       (c = getopt_long(argc, argv, "d:nv", long_flags, NULL)) != -1)
		code = flag_take(f, c);
	if (code < 0 && optind != argc) {
		fputs(usage, stderr);
		code = EXIT_CODE_USAGE;
	}
	return code;
}

/* ---- configuration: the file, then the flags over it ---- */

/* A file that was there once must be there again: a station does not lose its
 * ports because an editor was in the middle of something. */
static int config_file(struct config *c, struct flags *f, const char *dir,
		       char *err)
{
	if (!f->config) {
		snprintf(f->path, sizeof(f->path), "%s/cairn.conf", dir);
		if (access(f->path, F_OK))
			return 0;
		f->config = f->path;
	}
	return config_load(c, f->config, err);
}

/* Real radios keep real time: only what lies beside cairn-air's control socket
 * may be hurried. */
static bool port_is_simulated(const struct config_port *p)
{
	char mark[sizeof(p->tnc.device) + 16];
	const char *slash = strrchr(p->tnc.device, '/');

	if (p->device != DEVICE_KISS || p->tnc.tcp || !slash)
		return false;
	snprintf(mark, sizeof(mark), "%.*s/air.ctl",
		 (int)(slash - p->tnc.device), p->tnc.device);
	return access(mark, F_OK) == 0;
}

static int config_time_scale(struct config *c, const char *text, char *err)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*end || n < 1 || n > 1000) {
		snprintf(err, CONFIG_ERROR_MAX, "--time-scale wants 1 to 1000");
		return -1;
	}
	c->time_scale = (unsigned)n;
	for (size_t i = 0; i < c->n_ports && n > 1; i++)
		if (!port_is_simulated(&c->ports[i])) {
			snprintf(err, CONFIG_ERROR_MAX, "--time-scale: port "
				 "%s is no port of cairn-air",
				 c->ports[i].node.name);
			return -1;
		}
	return 0;
}

static int config_flags(struct config *c, const struct flags *f, char *err)
{
	if (f->callsign && config_set(c, "callsign", f->callsign, err))
		return -1;
	if (f->dataset && config_set(c, "dataset", f->dataset, err))
		return -1;
	if (f->transmit && config_set(c, "transmit", f->transmit, err))
		return -1;
	for (size_t i = 0; i < f->n_ports; i++)
		if (config_add_port(c, f->ports[i], err))
			return -1;
	if (f->time_scale && config_time_scale(c, f->time_scale, err))
		return -1;
	return config_finish(c, err);
}

int flags_config(struct config *c, struct flags *f, const char *dir,
		 char err[CONFIG_ERROR_MAX])
{
	config_init(c);
	return config_file(c, f, dir, err) || config_flags(c, f, err) ?
	       -EINVAL : 0;
}
