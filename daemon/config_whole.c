/* SPDX-License-Identifier: MIT
 *
 * The configuration as a whole: what was not said is filled in, what only the
 * whole can tell is checked, and it is printed in its own language.
 */
#include <errno.h>
#include <stdio.h>
#include "daemon/config.h"

static unsigned or_default(int named, unsigned fallback)
{
	return named < 0 ? fallback : (unsigned)named;
}

/* What the file leaves open: the usual TNC's own defaults, for the airtime
 * sums; they are not sent. */
static void port_finish(struct config_port *p)
{
	struct node_port_config *n = &p->node;
	bool radio = p->device != DEVICE_TCP && p->device != DEVICE_LISTEN;

	n->profile = radio ? NODE_RADIO : NODE_STREAM;
	if (!radio)
		n->framing = NODE_BARE;
	n->bitrate = n->bitrate ? n->bitrate : radio ? 1200 : 10000000;
	n->duty_permille = n->duty_permille ? n->duty_permille :
			   radio ? 100 : 1000;
	n->txdelay_ms = or_default(p->tnc.txdelay_ms, radio ? 300 : 0);
	n->txtail_ms = or_default(p->tnc.txtail_ms, radio ? 50 : 0);
	n->slottime_ms = or_default(p->tnc.slottime_ms, radio ? 100 : 0);
	n->persistence = or_default(p->tnc.persistence, 63);
	n->info_max = radio ? 256 : 16384;
}

const char *config_call_missing(const struct config *c, char why[80])
{
	struct ax25_address a;

	if (!c->callsign[0] || ax25_address_parse(&a, c->callsign))
		snprintf(why, 80, "no call sign");
	else if (ax25_call_placeholder(a.call))
		snprintf(why, 80, "%s is a placeholder: put your own call "
			 "sign here", a.call);
	else if (!ax25_call_valid(a.call))
		snprintf(why, 80, "%s is not a call sign to transmit with",
			 c->callsign);
	else
		return NULL;
	return why;
}

/* What only the whole of a port can tell; NULL if it is complete. */
static const char *port_wrong(const struct config_port *p)
{
	if (p->device == DEVICE_NONE)
		return "device is missing";
	if (p->mirror[0] && p->node.framing == NODE_BARE)
		return "a mirror shows AX.25 only";
	if (p->node.rf_relay && p->node.profile == NODE_STREAM)
		return "rf_relay is for a radio's port";
	if (p->device == DEVICE_AGW && p->node.framing == NODE_BARE)
		return "AGWPE carries AX.25 only";
	if (!kiss_check_fits(p->tnc.check, p->tnc.kiss_port))
		return "checksum uses the bit that this kiss_port has";
	return NULL;
}

int config_finish(struct config *c, char err[CONFIG_ERROR_MAX])
{
	char why[80];

	/* none at all is a station that only listens; a placeholder is a
	 * mistake, found out at once */
	if (config_call_missing(c, why) && (c->transmit || c->callsign[0])) {
		snprintf(err, CONFIG_ERROR_MAX, "%s", why);
		return -EINVAL;
	}
	for (size_t i = 0; i < c->n_ports; i++) {
		const char *wrong;

		port_finish(&c->ports[i]);
		wrong = port_wrong(&c->ports[i]);
		if (wrong) {
			snprintf(err, CONFIG_ERROR_MAX, "port %s: %s",
				 c->ports[i].node.name, wrong);
			return -EINVAL;
		}
	}
	return 0;
}

static const char *yes_no(bool v)
{
	return v ? "yes" : "no";
}

static void named_ms_print(struct buf *out, const char *key, int ms)
{
	if (ms >= 0)
		buf_printf(out, "%s = %dms\n", key, ms);
}

static void tnc_print(const struct tnc_config *t, struct buf *out)
{
	buf_printf(out, "kiss_port = %u\nackmode = %s\npolled = %s\n",
		   t->kiss_port, yes_no(t->ackmode), yes_no(t->polled));
	if (t->fullduplex >= 0)
		buf_printf(out, "fullduplex = %s\n", yes_no(t->fullduplex));
	if (t->check)
		buf_printf(out, "checksum = %s\n", kiss_check_name(t->check));
	if (t->init[0])
		buf_printf(out, "init = \"%s\"\n", t->init);
}

static void port_print(const struct config_port *p, struct buf *out)
{
	const struct node_port_config *n = &p->node;

	buf_printf(out, "\n[port %s]\ndevice = %s\nframing = %s\n"
		   "bitrate = %u\nduty = %u.%u%%\n", n->name, p->spec,
		   n->framing == NODE_BARE ? "bare" : "ax25", n->bitrate,
		   n->duty_permille / 10, n->duty_permille % 10);
	named_ms_print(out, "txdelay", p->tnc.txdelay_ms);
	named_ms_print(out, "txtail", p->tnc.txtail_ms);
	named_ms_print(out, "slottime", p->tnc.slottime_ms);
	if (p->tnc.persistence >= 0)
		buf_printf(out, "persistence = %d\n", p->tnc.persistence);
	if (p->device == DEVICE_KISS)
		tnc_print(&p->tnc, out);
	if (p->mirror[0])
		buf_printf(out, "mirror = %s\n", p->mirror);
	if (n->profile == NODE_RADIO)
		buf_printf(out, "allow_shared = %s\nbare_rf = %s\n"
			   "rf_relay = %s\n", yes_no(n->allow_shared),
			   yes_no(n->bare_rf), yes_no(n->rf_relay));
}

bool config_port_same(const struct config_port *a, const struct config_port *b)
{
	struct buf x = { 0 }, y = { 0 };
	bool same;

	port_print(a, &x);
	port_print(b, &y);
	same = span_equal(buf_span(&x), buf_span(&y));
	buf_fini(&x);
	buf_fini(&y);
	return same;
}

void config_print(const struct config *c, struct buf *out)
{
	if (c->callsign[0])
		buf_printf(out, "callsign = %s\n", c->callsign);
	buf_printf(out, "dataset = \"%s\"\ntransmit = %s\n"
		   "author_quota = %dMB\nfetch = %dKB\nblobs = %dMB\n"
		   "clock_drift = %dh\n", c->dataset, yes_no(c->transmit),
		   c->author_quota_mb, c->fetch_kb, c->blobs_mb,
		   c->clock_drift_h);
	for (size_t i = 0; i < NODE_CONTROL_MAX && c->control[i].call[0]; i++)
		buf_printf(out, "%s%s%s%s", i ? ", " : "control = ",
			   c->control[i].call,
			   c->control[i].author[0] ? "/" : "",
			   c->control[i].author);
	if (c->control[0].call[0])
		buf_add_u8(out, '\n');
	if (c->voltage[0])
		buf_printf(out, "voltage = \"%s\"\n", c->voltage);
	for (size_t i = 0; i < c->n_ports; i++)
		port_print(&c->ports[i], out);
}
