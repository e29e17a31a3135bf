/* SPDX-License-Identifier: MIT
 *
 * Waits: connecting, accepting, syncing.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "lib/ring/source.h"

struct ring_wait {
	struct ring_source s;	/* first */
	ring_fd_fn fn;
	void (*sync_fn)(void *ctx, int result);
	void *ctx;
};

static struct ring_wait *wait_of(struct ring_source *s)
{
	return container_of(s, struct ring_wait, s);
}

static struct ring_wait *wait_new(struct ring *r, int fd, enum ring_kind kind,
				  ring_fd_fn fn, void *ctx)
{
	struct ring_wait *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->fn = fn;
	w->ctx = ctx;
	if (ring_source_init(r, &w->s, kind, fd, kind == RING_KIND_WAIT)) {
		free(w);
		return NULL;
	}
	return w;
}

static void connected(struct ring_source *s, int revents)
{
	struct ring_wait *w = wait_of(s);
	socklen_t len = sizeof(int);
	int fd = s->fd, err = 0;

	(void)revents;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
		err = errno;
	s->owns_fd = err != 0;
	w->fn(w->ctx, err ? -err : fd);
	ring_source_close(s);
}

struct ring_wait *ring_connect(struct ring *r, int fd, const void *addr,
			       unsigned addr_len, ring_fd_fn fn, void *ctx)
{
	struct ring_wait *w;

	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	/* what fails at once is found by the poll as well */
	if (connect(fd, addr, addr_len) < 0 && errno != EINPROGRESS &&
	    errno != ECONNREFUSED)
		return NULL;
	w = wait_new(r, fd, RING_KIND_WAIT, fn, ctx);
	if (!w)
		return NULL;
	w->s.polled = connected;
	r->backend->poll(&w->s, POLLOUT);
	return w;
}

static void acceptable(struct ring_source *s, int revents)
{
	struct ring_wait *w = wait_of(s);

	(void)revents;
	while (!s->closing) {
		int fd = accept4(s->fd, NULL, NULL,
				 SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (fd < 0)
			break;
		w->fn(w->ctx, fd);
	}
	if (!s->closing)
		s->ring->backend->poll(s, POLLIN);
}

struct ring_wait *ring_accept(struct ring *r, int listen_fd, ring_fd_fn fn,
			      void *ctx)
{
	struct ring_wait *w = wait_new(r, listen_fd, RING_KIND_WAIT, fn, ctx);

	if (!w)
		return NULL;
	fcntl(listen_fd, F_SETFL, fcntl(listen_fd, F_GETFL) | O_NONBLOCK);
	w->s.polled = acceptable;
	r->backend->poll(&w->s, POLLIN);
	return w;
}

void ring_wait_cancel(struct ring_wait *w)
{
	if (w)
		ring_source_close(&w->s);
}

static void sync_done(struct ring_source *s, int result)
{
	struct ring_wait *w = wait_of(s);

	if (!s->closing)
		w->sync_fn(w->ctx, result);
}

int ring_fdatasync(struct ring *r, int fd, void (*fn)(void *ctx, int result),
		   void *ctx)
{
	struct ring_wait *w = wait_new(r, fd, RING_KIND_SYNC, NULL, ctx);

	if (!w)
		return -ENOMEM;
	w->sync_fn = fn;
	w->s.synced = sync_done;
	r->backend->sync(&w->s);
	return 0;
}
