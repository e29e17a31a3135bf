/* SPDX-License-Identifier: MIT
 *
 * Reticulum's TCP interfaces, HDLC framing: `tcp:` connects, `listen:` takes
 * up to PEERS_MAX clients. All peers of a listening port are one shared
 * medium: what is sent goes to each of them.
 *
 *   away --resolve, connect / bind, listen--> at work --error--> away
 *     ^-------------- after 1 s, 2 s .. 60 s ---------------------'
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "daemon/port.h"
#include "lib/ring/dial.h"
#include "lib/rns/rns.h"

#define PEERS_MAX 16

struct peer {
	struct link *link;	/* NULL = free */
	struct ring_stream *stream;
	struct hdlc_decoder hdlc;
};

struct link {
	struct port *port;
	struct ring_dial *dialling;
	struct ring_resolve *resolving;
	struct ring_wait *wait;		/* accepting */
	struct port_retry retry;
	unsigned n_peers;
	struct peer peers[PEERS_MAX];
	uint8_t line[HDLC_ENCODED_MAX(HDLC_FRAME_MAX)];
};

static void link_start(void *ctx);

static bool link_listens(const struct link *l)
{
	return l->port->config->device == DEVICE_LISTEN;
}

static void link_later(struct link *l, const char *what, const char *reason)
{
	char why[160];

	snprintf(why, sizeof(why), "%.80s: %s", what, reason);
	port_later(l->port, &l->retry, why);
}

/* ---- peers ---- */

static void peer_frame(void *ctx, struct span packet)
{
	struct peer *q = ctx;

	port_received(q->link->port, packet);
}

static void peer_data(void *ctx, struct span bytes)
{
	struct peer *q = ctx;

	hdlc_decode(&q->hdlc, bytes);
}

static void peer_drop(struct peer *q)
{
	ring_stream_close(q->stream);
	q->link->n_peers--;
	q->link = NULL;
}

static void peer_closed(void *ctx, int error)
{
	struct peer *q = ctx;
	struct link *l = q->link;

	peer_drop(q);
	if (!link_listens(l))
		link_later(l, "closed by the other end",
			   strerror(error ? -error : ECONNRESET));
	else if (l->n_peers == 0)
		port_changed(l->port, false, "listening, nobody connected");
}

static const struct ring_stream_ops peer_ops = {
	.data = peer_data, .closed = peer_closed,
};

/* As those that were dialled are. */
static void socket_tune(int fd)
{
	int one = 1, idle_s = 30;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
}

static int peer_add(struct link *l, int fd)
{
	struct peer *q = l->peers;

	while (q < l->peers + PEERS_MAX && q->link)
		q++;
	if (q == l->peers + PEERS_MAX)
		return -ENOSPC;
	hdlc_decoder_init(&q->hdlc, peer_frame, q);
	q->stream = ring_stream_new(l->port->ring, fd, RING_TCP, &peer_ops, q);
	if (!q->stream)
		return -errno;
	ring_stream_pause(q->stream, l->port->paused);
	q->link = l;
	l->n_peers++;
	l->retry.pause_s = 0;
	port_changed(l->port, true, "connected");
	return 0;
}

/* ---- connecting, accepting ---- */

static void link_accepted(void *ctx, int fd)
{
	struct link *l = ctx;

	if (fd < 0)
		return;
	socket_tune(fd);
	if (peer_add(l, fd))
		close(fd);
}

static void link_dialled(void *ctx, int fd, const char *why)
{
	struct link *l = ctx;

	l->dialling = NULL;
	if (fd >= 0 && peer_add(l, fd)) {
		close(fd);
		fd = -1;
		why = "no memory";
	}
	if (fd < 0)
		link_later(l, l->port->config->spec, why);
}

static int link_listen(struct link *l, const struct addrinfo *a)
{
	int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC |
			SOCK_NONBLOCK, 0), one = 1, zero = 0, e;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (a->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero,
			   sizeof(zero));
	if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 &&
	    listen(fd, PEERS_MAX) == 0)
		l->wait = ring_accept(l->port->ring, fd, link_accepted, l);
	if (l->wait)
		return 0;
	e = -errno;
	close(fd);
	return e;
}

/* Everywhere is :: first, one socket for both families. */
static void link_resolved(void *ctx, struct addrinfo *list, const char *why)
{
	struct link *l = ctx;
	int e = -EHOSTUNREACH;

	l->resolving = NULL;
	for (struct addrinfo *a = list; a && e; a = a->ai_next)
		if (a->ai_family == AF_INET6 && !l->port->config->host[0])
			e = link_listen(l, a);
	for (struct addrinfo *a = list; a && e; a = a->ai_next)
		e = link_listen(l, a);
	if (list)
		freeaddrinfo(list);
	if (e)
		link_later(l, l->port->config->spec, why ? why : strerror(-e));
	else
		port_changed(l->port, false, "listening, nobody connected");
}

static void link_start(void *ctx)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
					.ai_flags = AI_PASSIVE };
	struct link *l = ctx;
	const struct config_port *c = l->port->config;

	if (link_listens(l))
		l->resolving = ring_resolve(l->port->ring, c->host, c->service,
					    &hints, link_resolved, l);
	else
		l->dialling = ring_dial(l->port->ring, c->host, c->service,
					link_dialled, l);
	if (!l->resolving && !l->dialling)
		link_later(l, c->spec, "no memory");
}

static int rns_open(struct port *p)
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

static void rns_close(struct port *p)
{
	struct link *l = p->link;

	ring_timer_clear(p->ring, &l->retry.timer);
	ring_dial_cancel(l->dialling);
	ring_resolve_cancel(l->resolving);
	ring_wait_cancel(l->wait);
	for (struct peer *q = l->peers; q < l->peers + PEERS_MAX; q++)
		if (q->link)
			peer_drop(q);
	free(l);
}

/* To each peer; one that does not read loses what it has no room for, and
 * only it does. */
static int link_write(struct link *l, struct span line)
{
	int e = -ENOBUFS;

	for (struct peer *q = l->peers; q < l->peers + PEERS_MAX; q++)
		if (q->link && ring_stream_write(q->stream, line) == 0)
			e = 0;
	return e;
}

static int rns_send(struct port *p, const struct span *frames, size_t n)
{
	struct link *l = p->link;
	int e = l->n_peers ? 0 : -ENETDOWN;

	for (size_t i = 0; i < n && !e; i++) {
		if (frames[i].n > HDLC_FRAME_MAX)
			return -EMSGSIZE;
		e = link_write(l, SPAN(l->line, hdlc_encode(l->line,
							    frames[i])));
	}
	return e;
}

static void rns_pause(struct port *p)
{
	struct link *l = p->link;

	for (struct peer *q = l->peers; q < l->peers + PEERS_MAX; q++)
		if (q->link)
			ring_stream_pause(q->stream, p->paused);
}

const struct port_driver port_rns = {
	rns_open, rns_close, rns_send, rns_pause,
};
