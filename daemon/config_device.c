/* SPDX-License-Identifier: MIT
 *
 * The device of a [port]: what stands before its first colon says what it is,
 * and what the rest means.
 */
#include <errno.h>
#include <stdio.h>
#include "daemon/config_keys.h"

/* "HOST:PORT" or "PORT" alone into host and service */
static int set_address(struct config_port *p, const char *text, bool host)
{
	const char *colon = strrchr(text, ':');
	const char *service = colon ? colon + 1 : text;
	size_t n = colon ? (size_t)(colon - text) : 0;
	long v;

	if ((host && n == 0) || n >= sizeof(p->host) ||
	    config_number(service, "", &v) || v < 1 || v > 65535)
		return -EINVAL;
	memcpy(p->host, text, n);
	p->host[n] = 0;
	snprintf(p->service, sizeof(p->service), "%ld", v);
	return 0;
}

/* Only what the device names: the section's other keys may stand before. */
static int set_kiss(struct tnc_config *tnc, const char *text)
{
	struct tnc_config parsed = *tnc;
	char why[160];

	if (tnc_parse_device(&parsed, text, why))
		return -EINVAL;
	memcpy(tnc->device, parsed.device, sizeof(tnc->device));
	tnc->tcp = parsed.tcp;
	tnc->speed_baud = parsed.speed_baud;
	return 0;
}

static int device_kiss(struct config_port *p, const char *text)
{
	return set_kiss(&p->tnc, text);
}

static int device_tcp(struct config_port *p, const char *text)
{
	return set_address(p, text, true);
}

static int device_listen(struct config_port *p, const char *text)
{
	return set_address(p, text, false);
}

static int device_interface(struct config_port *p, const char *text)
{
	size_t n = strlen(text);

	if (n == 0 || n >= sizeof(p->interface) || strpbrk(text, "/: \t"))
		return -EINVAL;
	memcpy(p->interface, text, n + 1);
	return 0;
}

/* set_address of a text's first n bytes */
static int set_peer(struct config_port *p, const char *text, size_t n)
{
	char peer[sizeof(p->host) + sizeof(p->service)];

	if (n >= sizeof(peer))
		return -EINVAL;
	memcpy(peer, text, n);
	peer[n] = 0;
	return set_address(p, peer, true);
}

/* HOST:PORT, and :RADIO if it is not the first one */
static int device_agw(struct config_port *p, const char *text)
{
	const char *end = *text == '[' ? strchr(text, ']') : text;
	const char *port = end ? strchr(end, ':') : NULL;
	const char *radio = port ? strchr(port + 1, ':') : NULL;
	long v = 0;

	if (!port || (radio && (config_number(radio + 1, "", &v) || v > 15)))
		return -EINVAL;
	p->radio = (uint8_t)v;
	return set_peer(p, text, radio ? (size_t)(radio - text) :
			strlen(text));
}

/* HOST:PORT, and @LOCAL if ours has another number */
static int device_axudp(struct config_port *p, const char *text)
{
	const char *at = strrchr(text, '@');
	long local;

	p->local[0] = 0;
	if (at && (config_number(at + 1, "", &local) || local < 1 || local > 65535))
		return -EINVAL;
	if (at)
		snprintf(p->local, sizeof(p->local), "%ld", local);
	return set_peer(p, text, at ? (size_t)(at - text) : strlen(text));
}

static const struct {
	const char *prefix;
	int (*parse)(struct config_port *p, const char *text);
	enum config_device device;
} devices[] = {
	{ "kiss:", device_kiss, DEVICE_KISS },
	{ "tcp:", device_tcp, DEVICE_TCP },
	{ "listen:", device_listen, DEVICE_LISTEN },
	{ "ax25:", device_interface, DEVICE_AX25 },
	{ "bpq:", device_interface, DEVICE_BPQ },
	{ "axudp:", device_axudp, DEVICE_AXUDP },
	{ "agw:", device_agw, DEVICE_AGW },
};

int config_device_set(struct config_port *p, const char *value)
{
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		size_t n = strlen(devices[i].prefix);

		if (strncmp(value, devices[i].prefix, n))
			continue;
		p->device = devices[i].device;
		if (devices[i].parse(p, value + n))
			return -EINVAL;
		return snprintf(p->spec, sizeof(p->spec), "%s", value) >=
		       (int)sizeof(p->spec) ? -EINVAL : 0;
	}
	return -EINVAL;
}
