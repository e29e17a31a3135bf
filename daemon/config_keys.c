/* SPDX-License-Identifier: MIT
 *
 * The keys of cairn.conf(5): one table entry each. A key writes one field of
 * its struct at `offset`; `wants` is what the error says.
 */
#include "daemon/config_keys.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "lib/event/station.h"

struct key {
	const char *name;
	int (*set)(const struct key *k, void *at, const char *value);
	size_t offset;
	long min, max;		/* numbers; texts: max = size of the field */
	const char *wants;
};

/* ---- types ---- */

int config_number(const char *value, const char *unit, long *out)
{
	char *end;

	errno = 0;
	*out = strtol(value, &end, 10);
	if (end == value || errno || !isdigit((unsigned char)end[-1]))
		return -EINVAL;
	while (*end == ' ')
		end++;
	return strcmp(end, unit) ? -EINVAL : 0;
}

static int set_ranged(const struct key *k, void *at, const char *value,
		      const char *unit)
{
	long v;

	if (config_number(value, unit, &v) || v < k->min || v > k->max)
		return -EINVAL;
	*(int *)at = (int)v;
	return 0;
}

static int set_number(const struct key *k, void *at, const char *value)
{
	return set_ranged(k, at, value, "");
}

static int set_mb(const struct key *k, void *at, const char *value)
{
	return set_ranged(k, at, value, "MB");
}

static int set_kb(const struct key *k, void *at, const char *value)
{
	return set_ranged(k, at, value, "KB");
}

static int set_hours(const struct key *k, void *at, const char *value)
{
	return set_ranged(k, at, value, "h");
}

static int set_ms(const struct key *k, void *at, const char *value)
{
	return set_ranged(k, at, value, "ms");
}

/* "10%", "2.5%" as thousandths */
static int set_permille(const struct key *k, void *at, const char *value)
{
	char *end;
	double v = strtod(value, &end);

	if (end == value || !isdigit((unsigned char)*value) ||
	    strcmp(end, "%") || v * 10 < (double)k->min ||
	    v * 10 > (double)k->max)
		return -EINVAL;
	*(unsigned *)at = (unsigned)(v * 10 + 0.5);
	return 0;
}

static int set_bool(const struct key *k, void *at, const char *value)
{
	bool yes = !strcmp(value, "yes");

	(void)k;
	if (!yes && strcmp(value, "no"))
		return -EINVAL;
	*(bool *)at = yes;
	return 0;
}

static int set_int_bool(const struct key *k, void *at, const char *value)
{
	bool yes;

	if (set_bool(k, &yes, value))
		return -EINVAL;
	*(int *)at = yes;
	return 0;
}

/* CALL[/AUTHOR], ...: whose orders are obeyed. */
static int set_control(const struct key *k, void *at, const char *value)
{
	struct node_control *list = at;
	size_t n = 0;

	(void)k;
	memset(list, 0, NODE_CONTROL_MAX * sizeof(*list));
	for (; *value; n++) {
		size_t len = strcspn(value, ", "), call = strcspn(value, "/, ");
		struct node_control *c = &list[n];

		if (n == NODE_CONTROL_MAX || call >= sizeof(c->call) ||
		    len - call > sizeof(c->author))
			return -EINVAL;
		for (size_t i = 0; i < call; i++)
			c->call[i] = (char)toupper((unsigned char)value[i]);
		if (len > call)
			memcpy(c->author, value + call + 1, len - call - 1);
		if (!station_call_valid(SPAN_STR(c->call)) ||
		    (len > call && strlen(c->author) < 8) ||
		    strspn(c->author, "0123456789abcdef") != strlen(c->author))
			return -EINVAL;
		value += len + strspn(value + len, ", ");
	}
	return n ? 0 : -EINVAL;
}

static int set_text(const struct key *k, void *at, const char *value)
{
	size_t n = strlen(value);

	if (n >= 2 && value[0] == '"' && value[n - 1] == '"') {
		value++;
		n -= 2;
	}
	if (n == 0 || n >= (size_t)k->max || memchr(value, '"', n))
		return -EINVAL;
	memcpy(at, value, n);
	((char *)at)[n] = 0;
	return 0;
}

static int set_call(const struct key *k, void *at, const char *value)
{
	struct ax25_address a;
	char text[AX25_CALL_TEXT];

	(void)k;
	if (ax25_address_parse(&a, value))
		return -EINVAL;
	memcpy(at, ax25_address_format(text, &a), AX25_CALL_TEXT);
	return 0;
}

static int set_framing(const struct key *k, void *at, const char *value)
{
	bool bare = !strcmp(value, "bare");

	(void)k;
	if (!bare && strcmp(value, "ax25"))
		return -EINVAL;
	*(enum node_framing *)at = bare ? NODE_BARE : NODE_AX25;
	return 0;
}

static int set_kiss_port(const struct key *k, void *at, const char *value)
{
	int v;

	if (set_ranged(k, &v, value, ""))
		return -EINVAL;
	*(uint8_t *)at = (uint8_t)v;
	return 0;
}

static int set_check(const struct key *k, void *at, const char *value)
{
	enum kiss_check c = KISS_CHECK_NONE;

	(void)k;
	while (c < KISS_CHECK_COUNT && strcmp(value, kiss_check_name(c)))
		c++;
	if (c == KISS_CHECK_COUNT)
		return -EINVAL;
	*(enum kiss_check *)at = c;
	return 0;
}

static int set_device(const struct key *k, void *at, const char *value)
{
	(void)k;
	return config_device_set(at, value);
}

/* ---- tables ---- */

#define STATION(f) offsetof(struct config, f)
#define PORT(f) offsetof(struct config_port, f)

static const struct key station_keys[] = {
	{ "callsign", set_call, STATION(callsign), 0, 0,
	  "a call sign such as N0CALL-7" },
	{ "dataset", set_text, STATION(dataset), 0, 64,
	  "a name of 1 to 63 bytes" },
	{ "transmit", set_bool, STATION(transmit), 0, 0, "yes or no" },
	{ "author_quota", set_mb, STATION(author_quota_mb), 1, 1000000,
	  "1MB or more of each author" },
	{ "fetch", set_kb, STATION(fetch_kb), 0, 16384,
	  "contents of 0KB to 16384KB that are kept unasked" },
	{ "blobs", set_mb, STATION(blobs_mb), 1, 1000000,
	  "1MB or more of contents" },
	{ "clock_drift", set_hours, STATION(clock_drift_h), 0, 87600,
	  "hours, such as 24h; 0h = no bound" },
	{ "control", set_control, STATION(control), 0, 0,
	  "up to 8 call signs, CALL or CALL/AUTHOR with 8 or more hex digits "
	  "of it" },
	{ "voltage", set_text, STATION(voltage), 0, 256,
	  "a file with microvolts" },
	{ NULL, NULL, 0, 0, 0, NULL },
};

static const struct key port_keys[] = {
	{ "device", set_device, 0, 0, 0,
	  "kiss:/dev/NAME[@BAUD], kiss:tcp:HOST:PORT, tcp:HOST:PORT, "
	  "listen:[HOST:]PORT, ax25:INTERFACE, bpq:INTERFACE, "
	  "axudp:HOST:PORT[@PORT] or agw:HOST:PORT[:RADIO]" },
	{ "framing", set_framing, PORT(node.framing), 0, 0, "ax25 or bare" },
	{ "bitrate", set_number, PORT(node.bitrate), 50, 10000000,
	  "bit/s on the air, such as 1200" },
	{ "duty", set_permille, PORT(node.duty_permille), 1, 1000,
	  "a share of the time from 0.1% to 100%" },
	{ "txdelay", set_ms, PORT(tnc.txdelay_ms), 0, 2550,
	  "0ms to 2550ms" },
	{ "txtail", set_ms, PORT(tnc.txtail_ms), 0, 2550, "0ms to 2550ms" },
	{ "slottime", set_ms, PORT(tnc.slottime_ms), 0, 2550,
	  "0ms to 2550ms" },
	{ "persistence", set_number, PORT(tnc.persistence), 0, 255,
	  "0 to 255" },
	{ "fullduplex", set_int_bool, PORT(tnc.fullduplex), 0, 0,
	  "yes or no" },
	{ "kiss_port", set_kiss_port, PORT(tnc.kiss_port), 0, 15,
	  "0 to 15" },
	{ "ackmode", set_bool, PORT(tnc.ackmode), 0, 0, "yes or no" },
	{ "checksum", set_check, PORT(tnc.check), 0, 0,
	  "none, smack, flexnet or xor" },
	{ "polled", set_bool, PORT(tnc.polled), 0, 0, "yes or no" },
	{ "init", set_text, PORT(tnc.init), 0, 128,
	  "up to 127 bytes in quotes" },
	{ "allow_shared", set_bool, PORT(node.allow_shared), 0, 0,
	  "yes or no" },
	{ "mirror", set_text, PORT(mirror), 0, 16,
	  "a name for an interface, such as ax0" },
	{ "bare_rf", set_bool, PORT(node.bare_rf), 0, 0, "yes or no" },
	{ "rf_relay", set_bool, PORT(node.rf_relay), 0, 0, "yes or no" },
	{ NULL, NULL, 0, 0, 0, NULL },
};

/* ---- the doors ---- */

void config_init(struct config *c)
{
	*c = (struct config){ .dataset = "default",
		.author_quota_mb = 64, .blobs_mb = 256, .clock_drift_h = 24,
		.time_scale = 1 };
}

static bool name_valid(const char *s, size_t cap)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && !strchr("-_", s[i]))
			return false;
	return n > 0 && n < cap;
}

struct config_port *config_port_new(struct config *c, const char *name,
				    char why[CONFIG_WHY_MAX])
{
	struct config_port *p = &c->ports[c->n_ports];
	const char *wrong = NULL;

	if (!name_valid(name, sizeof(p->node.name)))
		wrong = "is not a name of 1 to 15 letters, digits, - or _";
	for (size_t i = 0; i < c->n_ports; i++)
		if (!strcmp(c->ports[i].node.name, name))
			wrong = "is said twice";
	if (c->n_ports == NODE_PORTS_MAX)
		wrong = "is one port too many (16)";
	if (wrong) {
		snprintf(why, CONFIG_WHY_MAX, "port '%.40s' %s", name,
			 wrong);
		return NULL;
	}
	*p = (struct config_port){ .tnc = { .txdelay_ms = -1, .txtail_ms = -1,
		.slottime_ms = -1, .persistence = -1, .fullduplex = -1 } };
	snprintf(p->node.name, sizeof(p->node.name), "%s", name);
	c->n_ports++;
	return p;
}

int config_key_set(struct config *c, struct config_port *port,
		   const char *key, const char *value, bool once,
		   char why[CONFIG_WHY_MAX])
{
	const struct key *keys = port ? port_keys : station_keys, *k = keys;
	uint32_t *named = port ? &port->named : &c->named;
	char *base = port ? (char *)port : (char *)c;
	uint32_t bit;

	while (k->name && strcmp(k->name, key))
		k++;
	bit = 1u << (k - keys);
	if (!k->name)
		snprintf(why, CONFIG_WHY_MAX, "unknown key '%.60s'%s", key,
			 port ? " in [port]" : "");
	else if (once && (*named & bit))
		snprintf(why, CONFIG_WHY_MAX, "'%s' is said twice", key);
	else if (k->set(k, base + k->offset, value))
		snprintf(why, CONFIG_WHY_MAX, "%s wants %s, not '%.60s'",
			 key, k->wants, value);
	else {
		*named |= bit;
		return 0;
	}
	return -EINVAL;
}
