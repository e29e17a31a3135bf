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
	struct ring_resolve *resolving;
};

static void on_datagram(void *ctx, struct span d)
{
	struct port *p = ctx;
	struct span frame = SPAN(d.p, d.n > AX25_FCS_SIZE ?
				 d.n - AX25_FCS_SIZE : 0);

	if (!frame.n || le_get(d.p + frame.n, AX25_FCS_SIZE) != ax25_fcs(frame))
		port_failed(p, "bad-fcs", d);
	else
		port_received(p, frame);
}

static const struct ring_stream_ops stream_ops = {
	.data = on_datagram, .closed = port_closed,
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
static void on_resolved(void *ctx, struct addrinfo *list, const char *why)
{
	struct port *p = ctx;
	struct link *l = p->link;
	const struct config_port *c = p->config;
	int fd = -EHOSTUNREACH;

	l->resolving = NULL;
	for (struct addrinfo *a = list; a && fd < 0; a = a->ai_next)
		fd = link_socket(a, *c->local ? c->local : c->service);
	if (list)
		freeaddrinfo(list);
	if (fd >= 0)
		fd = port_stream(p, fd, RING_PACKET, &stream_ops);
	if (fd < 0)
		port_later(p, why ? why : strerror(-fd));
	else
		port_changed(p, true, "up");
}

static void axudp_start(struct port *p)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_DGRAM };
	struct link *l = p->link;

	l->resolving = ring_resolve(p->ring, p->config->host,
				    p->config->service, &hints, on_resolved, p);
	if (!l->resolving)
		port_later(p, strerror(ENOMEM));
}

static void axudp_stop(struct port *p)
{
	struct link *l = p->link;

	ring_resolve_cancel(l->resolving);
}

static int axudp_send(struct port *p, const struct span *frames, size_t n)
{
	uint8_t d[KISS_FRAME_MAX + AX25_FCS_SIZE];
	int e = 0;

	for (size_t i = 0; i < n && !e; i++) {
		struct wr w = wr_init(d, sizeof(d));

		wr_bytes(&w, frames[i]);
		wr_le(&w, AX25_FCS_SIZE, ax25_fcs(frames[i]));
		e = w.full ? -EMSGSIZE : ring_stream_write(p->stream,
							   wr_span(&w));
	}
	return e;
}

const struct port_driver port_axudp = {
	.link_size = sizeof(struct link), .start = axudp_start,
	.stop = axudp_stop, .send = axudp_send,
};
