/* SPDX-License-Identifier: MIT
 *
 * The keys of cairn.conf(5): one table entry each, with its type and bounds.
 * Private to config_file.c and its tests.
 */
#pragma once
#include "daemon/config.h"

/* A further [port NAME]; NULL and a sentence in why. */
struct config_port *config_port_new(struct config *c, const char *name,
				    char why[CONFIG_WHY_MAX]);
/* port NULL = the station's keys. once: a second time is an error. 0, or
 * -EINVAL and a sentence in why. */
int config_key_set(struct config *c, struct config_port *port,
		   const char *key, const char *value, bool once,
		   char why[CONFIG_WHY_MAX]);
