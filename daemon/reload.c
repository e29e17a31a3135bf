/* SPDX-License-Identifier: MIT
 *
 * The configuration read again (SIGHUP, `cairn config reload`), without a gap
 * on the air where nothing changed:
 *
 *   was    vhf   hf   lan     ports are told apart by their names, and changed
 *   is     vhf        lan'    if they would be printed otherwise
 *           |    |     |  new
 *           |    |     |   `- opened
 *           |    |     `----- set in place; its link opened again if it is
 *           |    |            the link that changed
 *           |    `----------- closed; its number is free
 *           `---------------- not touched
 *
 * A file with a mistake changes nothing at all.
 */
#include <errno.h>
#include <stdio.h>
#include "daemon/control.h"
#include "daemon/daemon.h"
#include "daemon/flags.h"
#include "daemon/notify.h"
#include "lib/base/report.h"

static void say(struct buf *said, const char *what, const char *name,
		const char *how)
{
	buf_printf(said, "%s%s %s%s", said->len ? ", " : "", what, name, how);
}

/* ---- ports ---- */

static const struct config_port *config_port_find(const struct config *c,
						  const char *name)
{
	for (size_t i = 0; i < c->n_ports; i++)
		if (!strcmp(c->ports[i].node.name, name))
			return &c->ports[i];
	return NULL;
}

static void port_link_close(struct daemon *d, int number)
{
	port_close(&d->ports[number]);
	d->changed &= ~(1u << number);
	outbox_forget(&d->outbox, number);
}

static void port_remove(struct daemon *d, int number)
{
	port_link_close(d, number);
	node_port_remove(d->node, number, daemon_now(d));
	glue_actions(d);
	d->ports[number].config = NULL;
}

static int port_add(struct daemon *d, const struct config_port *c)
{
	int number = node_port_add(d->node, &c->node);

	if (number < 0)
		return number;
	d->config.ports[number] = *c;
	return daemon_port_open(d, number);
}

/* What a port's link is made of is all but the node's part. */
static bool port_link_same(const struct config_port *a,
			   const struct config_port *b)
{
	struct config_port c = *a;

	c.node = b->node;
	return config_port_same(&c, b);
}

static int port_change(struct daemon *d, int number,
		       const struct config_port *c)
{
	struct config_port *at = &d->config.ports[number];
	bool same = port_link_same(at, c);
	int e;

	if (!same) {
		port_link_close(d, number);
		node_port_up(d->node, number, false, daemon_now(d));
		glue_actions(d);
	}
	*at = *c;
	e = node_port_set(d->node, number, &c->node, daemon_now(d));
	glue_actions(d);
	return e || same ? e : daemon_port_open(d, number);
}

static void port_review(struct daemon *d, const struct config_port *c,
			struct buf *said)
{
	const char *name = c->node.name, *how = " added";
	int number = daemon_port_find(d, name), e;

	if (number >= 0 && config_port_same(&d->config.ports[number], c))
		return;
	if (number >= 0)
		how = " changed";
	e = number < 0 ? port_add(d, c) : port_change(d, number, c);
	say(said, "port", name, how);
	if (e)
		say(said, strerror(-e), "for", name);
}

static void reload_ports(struct daemon *d, const struct config *next,
			 struct buf *said)
{
	for (int i = 0; i < (int)d->n_ports; i++) {
		const struct config_port *c = d->ports[i].config;

		if (!c || config_port_find(next, c->node.name))
			continue;
		say(said, "port", c->node.name, " removed");
		port_remove(d, i);
	}
	for (size_t i = 0; i < next->n_ports; i++)
		port_review(d, &next->ports[i], said);
}

/* ---- the station ---- */

static void reload_station(struct daemon *d, const struct config *next,
			   struct buf *said)
{
	struct config *c = &d->config;
	struct node_config n = {
		.transmit = next->transmit,
		.drift_ms = (uint64_t)next->clock_drift_h * 3600000,
	};

	if (next->transmit != c->transmit)
		say(said, "transmit", next->transmit ? "yes" : "no", "");
	if (next->clock_drift_h != c->clock_drift_h)
		say(said, "clock_drift", "changed", "");
	if (memcmp(next->control, c->control, sizeof(c->control)))
		say(said, "control", "changed", "");
	if (strcmp(next->voltage, c->voltage))
		say(said, "voltage", "changed", "");
	memcpy(n.control, next->control, sizeof(n.control));
	memcpy(c->control, next->control, sizeof(c->control));
	memcpy(c->voltage, next->voltage, sizeof(c->voltage));
	c->transmit = next->transmit;
	c->clock_drift_h = next->clock_drift_h;
	node_configure(d->node, &n, daemon_now(d));
	glue_actions(d);
}

/* What the station is made with. */
static void reload_rest(const struct daemon *d, const struct config *next,
			struct buf *said)
{
	static const char later[] = " (at the next start)";

	if (strcmp(next->callsign, d->config.callsign))
		say(said, "callsign", "changed", later);
	if (strcmp(next->dataset, d->config.dataset))
		say(said, "dataset", "changed", later);
	if (next->author_quota_mb != d->config.author_quota_mb)
		say(said, "author_quota", "changed", later);
}

static void reload_apply(struct daemon *d, const struct config *next)
{
	struct buf said = { 0 };
	char text[400];

	reload_station(d, next, &said);
	if (!d->offline)
		reload_ports(d, next, &said);
	reload_rest(d, next, &said);
	snprintf(text, sizeof(text), "configuration read again: %.*s",
		 said.len ? (int)said.len : 15,
		 said.len ? (const char *)said.p : "nothing changed");
	report(REPORT_NOTICE, "%s", text);
	control_note(d->control, text, daemon_now(d).wall_ms);
	buf_fini(&said);
}

int reload(struct daemon *d, char err[CONFIG_ERROR_MAX])
{
	struct config next;
	char text[64];
	int e;

	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%llu",
		 (unsigned long long)clock_read(1).mono_us);
	notify(text);
	e = flags_config(&next, d->flags, d->station.dir, err);
	if (e)
		report(REPORT_ERROR, "configuration not read again: %s", err);
	else
		reload_apply(d, &next);
	notify("READY=1");
	return e;
}
