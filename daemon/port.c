/* SPDX-License-Identifier: MIT
 *
 * Ports: what all have in common, and the KISS driver.
 */
#include "daemon/port.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "ax25/tun.h"
#include "lib/base/clock.h"
#include "lib/base/report.h"

#define PAUSE_MAX_S 60

static void mirror_show(struct port *p, struct span frame)
{
	if (p->mirror)
		tun_show(p->mirror, KISS_DATA, frame);
}

void port_received(struct port *p, struct span frame)
{
	mirror_show(p, frame);
	p->frames_in++;
	p->bytes_in += frame.n;
	p->ops->frame(p->ctx, p->number, frame);
	p->level_dbm = 0;
}

void port_failed(struct port *p, const char *name, struct span raw)
{
	p->errors++;
	p->ops->error(p->ctx, p->number, name, raw);
}

void port_changed(struct port *p, bool up, const char *why)
{
	bool moved = up != p->up || !p->told;

	snprintf(p->why, sizeof(p->why), "%s", why ? why : "");
	p->up = up;
	p->told = true;
	p->ups += moved && up;
	if (up)
		p->pause_s = 0;
	if (moved)	/* not each attempt that fails: status has the last */
		p->ops->state(p->ctx, p->number, up, p->why);
}

/* ---- for drivers ---- */

void port_down(struct port *p, const char *why)
{
	ring_stream_close(p->stream);
	p->stream = NULL;
	port_changed(p, false, why);
}

static void port_again(void *ctx)
{
	struct port *p = ctx;

	p->driver->start(p);
}

void port_later(struct port *p, const char *why)
{
	char text[160];

	p->pause_s = !p->pause_s ? 1 : p->pause_s > PAUSE_MAX_S / 2 ?
		     PAUSE_MAX_S : 2 * p->pause_s;
	snprintf(text, sizeof(text), "%.120s; again in %u s", why, p->pause_s);
	port_down(p, text);
	ring_timer_set(p->ring, &p->retry,
		       ring_now_us(p->ring) + p->pause_s * US_PER_S);
}

void port_closed(void *ctx, int error)
{
	port_later(ctx, error ? strerror(-error) : "closed by the other end");
}

int port_stream(struct port *p, int fd, enum ring_class cls,
		const struct ring_stream_ops *ops)
{
	int e;

	p->stream = ring_stream_new(p->ring, fd, cls, ops, p);
	if (p->stream) {
		ring_stream_pause(p->stream, p->paused);
		return 0;
	}
	e = -errno;
	close(fd);
	return e;
}

/* ---- KISS ---- */

struct link {
	struct tnc *tnc;	/* it comes back by itself, too */
};

static void kiss_frame(void *ctx, const struct kiss_frame *f)
{
	struct port *p = ctx;

	if (f->command == KISS_DATA && f->port == p->config->tnc.kiss_port)
		port_received(p, f->data);
	else if ((f->port << 4 | f->command) == KISS_TYPE_RSSI &&
		 f->data.n == 1)
		p->level_dbm = f->data.p[0] - KISS_RSSI_OFFSET;
}

static void kiss_error(void *ctx, enum kiss_error e, struct span raw)
{
	port_failed(ctx, kiss_error_name(e), raw);
}

static void kiss_state(void *ctx, bool up, const char *why)
{
	port_changed(ctx, up, why);
}

static void kiss_sent(void *ctx)
{
	struct port *p = ctx;

	p->ops->sent(p->ctx, p->number);
}

static const struct tnc_ops kiss_ops = {
	.frame = kiss_frame, .error = kiss_error, .sent = kiss_sent,
	.state = kiss_state,
};

static void kiss_start(struct port *p)
{
	struct link *l = p->link;

	l->tnc = tnc_new(p->ring, &p->config->tnc, &kiss_ops, p);
	if (l->tnc)
		tnc_pause(l->tnc, p->paused);
	else
		port_later(p, strerror(ENOMEM));
}

static void kiss_stop(struct port *p)
{
	struct link *l = p->link;

	tnc_free(l->tnc);
}

static int kiss_send(struct port *p, const struct span *frames, size_t n)
{
	struct link *l = p->link;

	return tnc_send(l->tnc, frames, n);
}

static void kiss_pause(struct port *p)
{
	struct link *l = p->link;

	if (l->tnc)
		tnc_pause(l->tnc, p->paused);
}

static const struct port_driver port_kiss = {
	.link_size = sizeof(struct link), .start = kiss_start,
	.stop = kiss_stop, .send = kiss_send, .pause = kiss_pause,
};

const struct tnc *port_tnc(const struct port *p)
{
	const struct link *l = p->driver == &port_kiss ? p->link : NULL;

	return l ? l->tnc : NULL;
}

/* ---- the mirror: what passes, on an interface for other programs ---- */

static void mirror_close(struct port *p)
{
	tun_close(p->mirror);
	p->mirror = NULL;
}

/* What programs write to it is not sent: the transmitter is the station's. */
static void mirror_frame(void *ctx, uint8_t type, struct span data)
{
	(void)ctx;
	(void)type;
	(void)data;
}

static void mirror_gone(void *ctx, int error)
{
	struct port *p = ctx;

	(void)error;
	report(REPORT_NOTICE, "port %s: somebody removed its mirror %s",
	       p->config->node.name, p->config->mirror);
	mirror_close(p);
}

/* A port is no worse without one. */
static void mirror_open(struct port *p)
{
	static const struct tun_ops ops = { mirror_frame, mirror_gone };
	char why[200];

	if (tun_open(&p->mirror, p->ring, p->config->mirror, &ops, p, why))
		report(REPORT_WARNING, "port %s has no mirror: %s",
		       p->config->node.name, why);
}

/* ---- the doors ---- */

static const struct port_driver *const drivers[] = {
	[DEVICE_KISS] = &port_kiss, [DEVICE_TCP] = &port_rns,
	[DEVICE_LISTEN] = &port_rns, [DEVICE_AX25] = &port_packet,
	[DEVICE_BPQ] = &port_packet, [DEVICE_AXUDP] = &port_axudp,
	[DEVICE_AGW] = &port_agw,
};

int port_open(struct port *p, struct ring *r, const struct config_port *c,
	      int number, const struct port_ops *ops, void *ctx)
{
	*p = (struct port){ .config = c, .number = number, .ring = r,
			    .ops = ops, .ctx = ctx,
			    .driver = drivers[c->device],
			    .retry = { .fn = port_again, .ctx = p } };
	if (c->mirror[0])
		mirror_open(p);
	p->link = calloc(1, p->driver->link_size);
	if (!p->link)
		return -ENOMEM;
	p->driver->start(p);
	return 0;
}

void port_close(struct port *p)
{
	mirror_close(p);
	if (!p->link)
		return;
	ring_timer_clear(p->ring, &p->retry);
	p->driver->stop(p);
	ring_stream_close(p->stream);
	free(p->link);
	p->stream = NULL;
	p->link = NULL;
	p->up = false;
}

int port_send(struct port *p, const struct span *frames, size_t n)
{
	int e = p->up ? p->driver->send(p, frames, n) : -ENETDOWN;

	if (e) {
		p->send_failures++;
		return e;
	}
	p->frames_out += n;
	for (size_t i = 0; i < n; i++) {
		p->bytes_out += frames[i].n;
		mirror_show(p, frames[i]);
	}
	return 0;
}

void port_pause(struct port *p, bool pause)
{
	if (p->paused == pause)
		return;
	p->paused = pause;
	if (!p->link)
		return;
	if (p->driver->pause)
		p->driver->pause(p);
	else if (p->stream)
		ring_stream_pause(p->stream, pause);
}
