/* SPDX-License-Identifier: MIT
 *
 * A port: one line of the configuration as a thing that sends and receives
 * link frames. What kind it is stands in a driver, a small table of calls. A
 * port that is away is down and comes back by itself; it is never a reason to
 * exit.
 *
 *   start --> up --port_down()--> down, until the driver knows better
 *     ^        |
 *     |        '---port_later()--> down --.
 *     '------- after 1 s, 2 s .. 60 s ----'
 */
#pragma once
#include "daemon/config.h"
#include "lib/ring/ring.h"

struct port;

struct port_ops {
	/* A whole link frame, borrowed for the call. */
	void (*frame)(void *ctx, int number, struct span frame);
	/* What could not be framed, and why (a name). */
	void (*error)(void *ctx, int number, const char *name,
		      struct span raw);
	void (*state)(void *ctx, int number, bool up, const char *why);
	/* The last burst has left the antenna, where the port can tell. */
	void (*sent)(void *ctx, int number);
};

struct port_driver {
	size_t link_size;		/* p->link, zeroed before start */
	void (*start)(struct port *p);	/* and again after port_later() */
	void (*stop)(struct port *p);	/* with what p->link holds */
	int (*send)(struct port *p, const struct span *frames, size_t n);
					/* only while it is up */
	void (*pause)(struct port *p);	/* p->paused changed; NULL = p->stream
					 * is all there is to pause */
};
extern const struct port_driver port_rns;	/* tcp:, listen: */
extern const struct port_driver port_packet;	/* ax25:, bpq: */
extern const struct port_driver port_axudp;	/* axudp: */
extern const struct port_driver port_agw;	/* agw: */

struct tun;

struct port {
	const struct config_port *config;	/* outlives it; NULL = free */
	int number;
	struct ring *ring;
	const struct port_ops *ops;
	void *ctx;
	const struct port_driver *driver;
	void *link;			/* the driver's; NULL = closed */
	struct ring_stream *stream;	/* the driver's, or NULL */
	struct ring_timer retry;
	unsigned pause_s;		/* the last one's; 0 = all is well */
	struct tun *mirror;		/* or NULL */
	bool up, told, paused;
	int level_dbm;			/* of the frame at hand; 0 = not known */
	char why[160];			/* of the last change, for status */
	uint64_t frames_in, frames_out, bytes_in, bytes_out, errors,
		 send_failures, ups;
};

/* 0 or -ENOMEM; the port may well be down still. */
int port_open(struct port *p, struct ring *r, const struct config_port *c,
	      int number, const struct port_ops *ops, void *ctx);
void port_close(struct port *p);
/* One burst, one key-up. 0, -ENETDOWN, -ENOBUFS. */
int port_send(struct port *p, const struct span *frames, size_t n);

/* NULL if it is none. */
const struct tnc *port_tnc(const struct port *p);

/* Stops reading and starts again, over reconnections too. */
void port_pause(struct port *p, bool pause);

/* For drivers. */
void port_received(struct port *p, struct span frame);
void port_failed(struct port *p, const char *name, struct span raw);
void port_changed(struct port *p, bool up, const char *why);
/* It is down and p->stream closed. */
void port_down(struct port *p, const char *why);
/* So it is, and started again after a pause. */
void port_later(struct port *p, const char *why);
/* So it is because p->stream has ended: .closed of its ops. */
void port_closed(void *ctx, int error);
/* Reads fd from now on as p->stream, its ctx is p. Takes fd over: 0, or -errno
 * and it is closed. */
int port_stream(struct port *p, int fd, enum ring_class cls,
		const struct ring_stream_ops *ops);
