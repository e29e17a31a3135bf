/* SPDX-License-Identifier: MIT
 *
 * AXUDP: AX.25 frames to one peer over UDP, after RFC 1226 (AXIP).
 *
 *   datagram   AX.25 | FCS 2, low byte first
 *
 * The frame check sequence proves nothing about who sent it: anybody who can
 * reach the port can inject frames, as anybody with a radio can. Datagrams
 * without a right one are counted and dropped.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "daemon/port.h"
#include "kiss/codec.h"
#include "lib/ring/dial.h"

struct link {
	struct port *port;
	struct ring_resolve *resolving;
	struct ring_stream *stream;
	struct port_retry retry;
};

static void on_datagram(void *ctx, struct span d)
{
	struct link *l = ctx;
	struct span frame = SPAN(d.p, d.n > AX25_FCS_SIZE ?
				 d.n - AX25_FCS_SIZE : 0);

	if (!frame.n || le_get(d.p + frame.n, AX25_FCS_SIZE) != ax25_fcs(frame))
		port_failed(l->port, "bad-fcs", d);
	else
		port_received(l->port, frame);
}

static void link_later(struct link *l, const char *why)
{
	ring_stream_close(l->stream);
	l->stream = NULL;
	port_later(l->port, &l->retry, why);
}

static void on_closed(void *ctx, int error)
{
	link_later(ctx, error ? strerror(-error) : "the socket closed");
}

static const struct ring_stream_ops stream_ops = {
	.data = on_datagram, .closed = on_closed,
};

/* Bound to our port, as the peer expects; connected, so that only his
 * datagrams come. */
static int link_socket(const struct addrinfo *peer, const char *local)
{
	struct sockaddr_storage ours = { .ss_family =
		(sa_family_t)peer->ai_family };
	uint16_t number = htons((uint16_t)atoi(local));
	int fd = socket(peer->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), e;

	if (peer->ai_family == AF_INET6)
		((struct sockaddr_in6 *)&ours)->sin6_port = number;
	else
		((struct sockaddr_in *)&ours)->sin_port = number;
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&ours, peer->ai_addrlen) == 0 &&
	    connect(fd, peer->ai_addr, peer->ai_addrlen) == 0)
		return fd;
	e = -errno;
	close(fd);
	return e;
}

/* The first of its addresses that can be used. */
static void link_resolved(void *ctx, struct addrinfo *list, const char *why)
{
	struct link *l = ctx;
	const struct config_port *c = l->port->config;
	int fd = -EHOSTUNREACH;

	l->resolving = NULL;
	for (struct addrinfo *a = list; a && fd < 0; a = a->ai_next)
		fd = link_socket(a, *c->local ? c->local : c->service);
	if (list)
		freeaddrinfo(list);
	if (fd >= 0)
		fd = port_packets(l->port, fd, &stream_ops, l, &l->stream);
	if (fd < 0)
		link_later(l, why ? why : strerror(-fd));
	else
		l->retry.pause_s = 0;
}

static void link_start(void *ctx)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_DGRAM };
	struct link *l = ctx;
	const struct config_port *c = l->port->config;

	l->resolving = ring_resolve(l->port->ring, c->host, c->service, &hints,
				    link_resolved, l);
	if (!l->resolving)
		link_later(l, "no memory");
}

static int axudp_open(struct port *p)
{
	struct link *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	l->port = p;
	l->retry.timer = (struct ring_timer){ .fn = link_start, .ctx = l };
	p->link = l;
	link_start(l);
	return 0;
}

static void axudp_close(struct port *p)
{
	struct link *l = p->link;

	ring_timer_clear(p->ring, &l->retry.timer);
	ring_resolve_cancel(l->resolving);
	ring_stream_close(l->stream);
	free(l);
}

static int axudp_send(struct port *p, const struct span *frames, size_t n)
{
	struct link *l = p->link;
	uint8_t d[KISS_FRAME_MAX + AX25_FCS_SIZE];
	int e = l->stream ? 0 : -ENETDOWN;

	for (size_t i = 0; i < n && !e; i++) {
		struct wr w = wr_init(d, sizeof(d));

		wr_bytes(&w, frames[i]);
		wr_le(&w, AX25_FCS_SIZE, ax25_fcs(frames[i]));
		e = w.full ? -EMSGSIZE : ring_stream_write(l->stream,
							   wr_span(&w));
	}
	return e;
}

static void axudp_pause(struct port *p)
{
	struct link *l = p->link;

	if (l->stream)
		ring_stream_pause(l->stream, p->paused);
}

const struct port_driver port_axudp = {
	axudp_open, axudp_close, axudp_send, axudp_pause,
};
