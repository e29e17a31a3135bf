/* SPDX-License-Identifier: MIT
 *
 * The keys of cairn.conf(5): one table entry each, with its type and bounds.
 * Private to config_*.c and their tests.
 */
#pragma once
#include "daemon/config.h"

/* Decimal, UNIT behind it or behind blanks. 0 or -EINVAL. */
int config_number(const char *value, const char *unit, long *out);
/* kiss:..., tcp:... and so on. 0 or -EINVAL. */
int config_device_set(struct config_port *p, const char *value);
/* A further [port NAME]; NULL and a sentence in why. */
struct config_port *config_port_new(struct config *c, const char *name,
				    char why[CONFIG_WHY_MAX]);
/* port NULL = the station's keys. once: a second time is an error. 0, or
 * -EINVAL and a sentence in why. */
int config_key_set(struct config *c, struct config_port *port,
		   const char *key, const char *value, bool once,
		   char why[CONFIG_WHY_MAX]);
