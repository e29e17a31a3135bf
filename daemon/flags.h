/* SPDX-License-Identifier: MIT
 *
 * The command line of cairnd, and the configuration that it and the file make
 * together: the file first, the flags over it. They outlive a reload, so the
 * same command gives the same station.
 */
#pragma once
#include "daemon/config.h"
#include "daemon/station.h"

struct flags {
	const char *dir, *config, *callsign, *dataset, *transmit, *time_scale;
	const char *ports[NODE_PORTS_MAX + 1];
	size_t n_ports;
	bool check, verbose, offline;
	char path[STATION_PATH_MAX + 16];	/* of DIR/cairn.conf, once read */
};

/* -1 to go on, else the exit code; what there is to say is printed. */
int flags_read(struct flags *f, int argc, char **argv);
/* The whole configuration, finished. 0, or -EINVAL and a sentence. */
int flags_config(struct config *c, struct flags *f, const char *dir,
		 char err[CONFIG_ERROR_MAX]);
