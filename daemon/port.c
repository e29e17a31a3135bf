/* SPDX-License-Identifier: MIT
 *
 * Ports: what all have in common, and the KISS driver.
 */
#include "daemon/port.h"
#include <errno.h>
#include <stdio.h>

void port_received(struct port *p, struct span frame)
{
	p->frames_in++;
	p->bytes_in += frame.n;
	p->ops->frame(p->ctx, p->number, frame);
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
	if (moved)	/* not each attempt that fails: status has the last */
		p->ops->state(p->ctx, p->number, up, p->why);
}

/* ---- KISS ---- */

static void kiss_frame(void *ctx, const struct kiss_frame *f)
{
	struct port *p = ctx;

	if (f->command == KISS_DATA && f->port == p->config->tnc.kiss_port)
		port_received(p, f->data);
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

static int kiss_open(struct port *p)
{
	p->link = tnc_new(p->ring, &p->config->tnc, &kiss_ops, p);
	return p->link ? 0 : -ENOMEM;
}

static void kiss_close(struct port *p)
{
	tnc_free(p->link);
}

static int kiss_send(struct port *p, const struct span *frames, size_t n)
{
	return tnc_send(p->link, frames, n);
}

static void kiss_pause(struct port *p)
{
	tnc_pause(p->link, p->paused);
}

static const struct port_driver port_kiss = {
	kiss_open, kiss_close, kiss_send, kiss_pause,
};

/* ---- the doors ---- */

int port_open(struct port *p, struct ring *r, const struct config_port *c,
	      int number, const struct port_ops *ops, void *ctx)
{
	*p = (struct port){ .config = c, .number = number, .ring = r,
			    .ops = ops, .ctx = ctx };
	p->driver = c->device == DEVICE_KISS ? &port_kiss : &port_rns;
	return p->driver->open(p);
}

void port_close(struct port *p)
{
	if (p->link)
		p->driver->close(p);
	p->link = NULL;
	p->up = false;
}

int port_send(struct port *p, const struct span *frames, size_t n)
{
	int e = p->driver->send(p, frames, n);

	if (e) {
		p->send_failures++;
		return e;
	}
	p->frames_out += n;
	for (size_t i = 0; i < n; i++)
		p->bytes_out += frames[i].n;
	return 0;
}

void port_pause(struct port *p, bool pause)
{
	if (p->paused == pause)
		return;
	p->paused = pause;
	if (p->link)
		p->driver->pause(p);
}
