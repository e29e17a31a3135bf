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
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include "daemon/port.h"
#include "lib/ring/dial.h"
#include "lib/rns/rns.h"

#define PEERS_MAX 16

struct peer {
	struct port *port;	/* NULL = free */
	struct ring_stream *stream;
	struct hdlc_decoder hdlc;
};

struct link {
	struct ring_dial *dialling;
	struct ring_resolve *resolving;
	struct ring_wait *wait;		/* accepting */
	unsigned n_peers;
	struct peer peers[PEERS_MAX];
	uint8_t line[HDLC_ENCODED_MAX(HDLC_FRAME_MAX)];
};

static bool listens(const struct port *p)
{
	return p->config->device == DEVICE_LISTEN;
}

static void later(struct port *p, const char *what, const char *reason)
{
	char why[160];

	snprintf(why, sizeof(why), "%.80s: %s", what, reason);
	port_later(p, why);
}

/* ---- peers ---- */

static void peer_frame(void *ctx, struct span packet)
{
	struct peer *q = ctx;

	port_received(q->port, packet);
}

static void peer_data(void *ctx, struct span bytes)
{
	struct peer *q = ctx;

	hdlc_decode(&q->hdlc, bytes);
}

static void peer_drop(struct peer *q)
{
	struct link *l = q->port->link;

	ring_stream_close(q->stream);
	l->n_peers--;
	q->port = NULL;
}

static void peer_closed(void *ctx, int error)
{
	struct peer *q = ctx;
	struct port *p = q->port;
	struct link *l = p->link;

	peer_drop(q);
	if (!listens(p))
		later(p, "closed by the other end",
		      strerror(error ? -error : ECONNRESET));
	else if (l->n_peers == 0)
		port_changed(p, false, "listening, nobody connected");
}

static const struct ring_stream_ops peer_ops = {
	.data = peer_data, .closed = peer_closed,
};

static int peer_add(struct port *p, int fd)
{
	struct link *l = p->link;
	struct peer *q = l->peers;

	while (q < l->peers + PEERS_MAX && q->port)
		q++;
	if (q == l->peers + PEERS_MAX)
		return -ENOSPC;
	hdlc_decoder_init(&q->hdlc, peer_frame, q);
	q->stream = ring_stream_new(p->ring, fd, RING_TCP, &peer_ops, q);
	if (!q->stream)
		return -errno;
	ring_stream_pause(q->stream, p->paused);
	q->port = p;
	l->n_peers++;
	port_changed(p, true, "connected");
	return 0;
}

/* ---- connecting, accepting ---- */

static void on_accepted(void *ctx, int fd)
{
	if (fd < 0)
		return;
	ring_tune_tcp(fd);
	if (peer_add(ctx, fd))
		close(fd);
}

static void on_dialled(void *ctx, int fd, const char *why)
{
	struct port *p = ctx;
	struct link *l = p->link;

	l->dialling = NULL;
	if (fd >= 0 && peer_add(p, fd)) {
		close(fd);
		fd = -1;
		why = strerror(ENOMEM);
	}
	if (fd < 0)
		later(p, p->config->spec, why);
}

static int link_listen(struct port *p, const struct addrinfo *a)
{
	struct link *l = p->link;
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
		l->wait = ring_accept(p->ring, fd, on_accepted, p);
	if (l->wait)
		return 0;
	e = -errno;
	close(fd);
	return e;
}

/* Everywhere is :: first, one socket for both families. */
static void on_resolved(void *ctx, struct addrinfo *list, const char *why)
{
	struct port *p = ctx;
	struct link *l = p->link;
	int e = -EHOSTUNREACH;

	l->resolving = NULL;
	for (struct addrinfo *a = list; a && e; a = a->ai_next)
		if (a->ai_family == AF_INET6 && !p->config->host[0])
			e = link_listen(p, a);
	for (struct addrinfo *a = list; a && e; a = a->ai_next)
		e = link_listen(p, a);
	if (list)
		freeaddrinfo(list);
	if (e)
		later(p, p->config->spec, why ? why : strerror(-e));
	else
		port_changed(p, false, "listening, nobody connected");
}

static void rns_start(struct port *p)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
					.ai_flags = AI_PASSIVE };
	const struct config_port *c = p->config;
	struct link *l = p->link;

	if (listens(p))
		l->resolving = ring_resolve(p->ring, c->host, c->service,
					    &hints, on_resolved, p);
	else
		l->dialling = ring_dial(p->ring, c->host, c->service,
					on_dialled, p);
	if (!l->resolving && !l->dialling)
		later(p, c->spec, strerror(ENOMEM));
}

static void rns_stop(struct port *p)
{
	struct link *l = p->link;

	ring_dial_cancel(l->dialling);
	ring_resolve_cancel(l->resolving);
	ring_wait_cancel(l->wait);
	for (struct peer *q = l->peers; q < l->peers + PEERS_MAX; q++)
		if (q->port)
			peer_drop(q);
}

/* To each peer; one that does not read loses what it has no room for, and
 * only it does. */
static int link_write(struct link *l, struct span line)
{
	int e = -ENOBUFS;

	for (struct peer *q = l->peers; q < l->peers + PEERS_MAX; q++)
		if (q->port && ring_stream_write(q->stream, line) == 0)
			e = 0;
	return e;
}

static int rns_send(struct port *p, const struct span *frames, size_t n)
{
	struct link *l = p->link;
	int e = 0;

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
		if (q->port)
			ring_stream_pause(q->stream, p->paused);
}

const struct port_driver port_rns = {
	.link_size = sizeof(struct link), .start = rns_start,
	.stop = rns_stop, .send = rns_send, .pause = rns_pause,
};
