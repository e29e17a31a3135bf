/* SPDX-License-Identifier: MIT
 *
 * TCP connections: see dial.h.
 *
 *   name --ring_resolve--> addresses --connect--> refused --> the next one
 *                                        `-> a socket
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "lib/ring/dial.h"

struct ring_dial {
	struct ring *r;
	struct ring_resolve *resolving;
	struct ring_wait *connecting;
	struct addrinfo *list, *at;
	ring_dialled_fn fn;
	void *ctx;
};

void ring_dial_cancel(struct ring_dial *d)
{
	if (!d)
		return;
	ring_resolve_cancel(d->resolving);
	ring_wait_cancel(d->connecting);
	if (d->list)
		freeaddrinfo(d->list);
	free(d);
}

static void dial_end(struct ring_dial *d, int fd, const char *why)
{
	ring_dialled_fn fn = d->fn;
	void *ctx = d->ctx;

	ring_dial_cancel(d);
	fn(ctx, fd, why);
}

static void dial_next(struct ring_dial *d, const char *why);

static void dial_connected(void *ctx, int fd)
{
	struct ring_dial *d = ctx;

	d->connecting = NULL;
	if (fd >= 0) {
		dial_end(d, fd, NULL);
		return;
	}
	d->at = d->at->ai_next;
	dial_next(d, strerror(-fd));
}

void ring_tune_tcp(int fd)
{
	int on = 1, idle_s = 30;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
}

static struct ring_wait *dial_connect(struct ring_dial *d)
{
	int fd = socket(d->at->ai_family, SOCK_STREAM | SOCK_NONBLOCK |
			SOCK_CLOEXEC, 0), e;
	struct ring_wait *w;

	if (fd < 0)
		return NULL;
	ring_tune_tcp(fd);
	w = ring_connect(d->r, fd, d->at->ai_addr, d->at->ai_addrlen,
			 dial_connected, d);
	if (!w) {
		e = errno;
		close(fd);
		errno = e;
	}
	return w;
}

/* The next address; none is left: the last one's reason. */
static void dial_next(struct ring_dial *d, const char *why)
{
	for (; d->at; d->at = d->at->ai_next) {
		d->connecting = dial_connect(d);
		if (d->connecting)
			return;
		why = strerror(errno);
	}
	dial_end(d, -1, why);
}

static void dial_resolved(void *ctx, struct addrinfo *list, const char *why)
{
	struct ring_dial *d = ctx;

	d->resolving = NULL;
	d->list = d->at = list;
	dial_next(d, why);
}

struct ring_dial *ring_dial(struct ring *r, const char *host,
			    const char *service, ring_dialled_fn fn, void *ctx)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct ring_dial *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	*d = (struct ring_dial){ .r = r, .fn = fn, .ctx = ctx };
	d->resolving = ring_resolve(r, host, service, &hints, dial_resolved, d);
	if (d->resolving)
		return d;
	free(d);
	return NULL;
}
