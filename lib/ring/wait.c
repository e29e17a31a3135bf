/* SPDX-License-Identifier: MIT
 *
 * Waits: connecting, accepting, syncing, signals. All but the sync poll and
 * then do the call themselves.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include "lib/base/clock.h"
#include "lib/ring/backend.h"

#define ACCEPTS_A_TURN 16
#define ACCEPT_REST_US US_PER_S	/* when there is no descriptor to be had */

struct ring_wait {
	struct ring_handle h;	/* first */
	ring_fd_fn fn;
	void *ctx;
	struct ring_timer rest;
};

static struct ring_wait *wait_of(struct ring_handle *h)
{
	return container_of(h, struct ring_wait, h);
}

static void wait_advance(struct ring_handle *h)
{
	ring_handle_arm(h, RING_POLL);
}

static void wait_free(struct ring_handle *h)
{
	free(wait_of(h));
}

static void wait_rested(void *ctx)
{
	ring_handle_arm(ctx, RING_POLL);
}

static struct ring_wait *wait_new(struct ring *r, const struct ring_kind *kind,
				  int fd, short events, ring_fd_fn fn,
				  void *ctx)
{
	struct ring_wait *w = calloc(1, sizeof(*w));
	int err = -ENOMEM;

	if (w) {
		w->fn = fn;
		w->ctx = ctx;
		w->rest.fn = wait_rested;
		w->rest.ctx = &w->h;
		w->h.poll_events = events;
		err = ring_handle_open(&w->h, r, kind, fd, true);
	}
	if (err) {
		free(w);
		errno = -err;
		return NULL;
	}
	return w;
}

void ring_wait_cancel(struct ring_wait *w)
{
	if (!w)
		return;
	ring_timer_clear(w->h.r, &w->rest);
	ring_handle_close(&w->h);
}

/* ---- connecting ---- */

static void connect_complete(struct ring_handle *h,
			     const struct ring_completion *c)
{
	struct ring_wait *w = wait_of(h);
	int error = c->res < 0 ? -c->res : 0;
	socklen_t len = sizeof(error);

	if (!error && getsockopt(h->fd, SOL_SOCKET, SO_ERROR, &error, &len))
		error = errno;
	h->owns_fd = error != 0;
	ring_wait_cancel(w);
	w->fn(w->ctx, error ? -error : h->fd);
}

static const struct ring_kind connect_kind = {
	.complete = connect_complete,
	.advance = wait_advance,
	.free = wait_free,
};

struct ring_wait *ring_connect(struct ring *r, int fd, const void *addr,
			       unsigned addr_len, ring_fd_fn fn, void *ctx)
{
	struct ring_wait *w = wait_new(r, &connect_kind, fd, POLLOUT, fn, ctx);

	if (!w)
		return NULL;
	if (connect(fd, addr, addr_len) && errno != EINPROGRESS)
		ring_handle_post(&w->h, RING_POLL, -errno);
	ring_handle_arm(&w->h, RING_POLL);
	return w;
}

/* ---- accepting ---- */

/* Out of descriptors, say: polling again at once would spin. */
static void accept_rest(struct ring_wait *w, int error)
{
	ring_timer_set(w->h.r, &w->rest, w->h.r->now_us + ACCEPT_REST_US);
	w->fn(w->ctx, error);
}

static void accept_complete(struct ring_handle *h,
			    const struct ring_completion *c)
{
	struct ring_wait *w = wait_of(h);

	if (c->res < 0) {
		accept_rest(w, c->res);
		return;
	}
	for (int i = 0; i < ACCEPTS_A_TURN && !h->closing; i++) {
		int fd = accept4(h->fd, NULL, NULL,
				 SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			w->fn(w->ctx, fd);
		} else if (errno == EAGAIN) {
			break;
		} else if (errno != EINTR && errno != ECONNABORTED) {
			accept_rest(w, -errno);
			return;
		}
	}
	ring_handle_arm(h, RING_POLL);
}

static const struct ring_kind accept_kind = {
	.complete = accept_complete,
	.advance = wait_advance,
	.free = wait_free,
};

struct ring_wait *ring_accept(struct ring *r, int listen_fd, ring_fd_fn fn,
			      void *ctx)
{
	struct ring_wait *w = wait_new(r, &accept_kind, listen_fd, POLLIN, fn,
				       ctx);

	if (w)
		ring_handle_arm(&w->h, RING_POLL);
	return w;
}

/* ---- syncing ---- */

struct ring_sync {
	struct ring_handle h;	/* first */
	void (*fn)(void *ctx, int result);
	void *ctx;
};

static void sync_complete(struct ring_handle *h,
			  const struct ring_completion *c)
{
	struct ring_sync *s = container_of(h, struct ring_sync, h);

	ring_handle_close(h);
	s->fn(s->ctx, c->res);
}

static void sync_advance(struct ring_handle *h)
{
	ring_handle_arm(h, RING_SYNC);
}

static void sync_free(struct ring_handle *h)
{
	free(container_of(h, struct ring_sync, h));
}

static const struct ring_kind sync_kind = {
	.complete = sync_complete,
	.advance = sync_advance,
	.free = sync_free,
};

int ring_fdatasync(struct ring *r, int fd, void (*fn)(void *ctx, int result),
		   void *ctx)
{
	struct ring_sync *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	s->fn = fn;
	s->ctx = ctx;
	err = ring_handle_open(&s->h, r, &sync_kind, fd, false);
	if (err)
		return free(s), err;
	ring_handle_arm(&s->h, RING_SYNC);
	return 0;
}

/* ---- signals ---- */

struct ring_signals {
	struct ring_handle h;	/* first */
	sigset_t set, before;
	struct {
		void (*fn)(void *ctx, int signo);
		void *ctx;
	} on[_NSIG];
};

static void signals_complete(struct ring_handle *h,
			     const struct ring_completion *c)
{
	struct ring_signals *g = container_of(h, struct ring_signals, h);
	struct signalfd_siginfo si;

	(void)c;
	while (read(h->fd, &si, sizeof(si)) == sizeof(si))
		if (si.ssi_signo < _NSIG && g->on[si.ssi_signo].fn)
			g->on[si.ssi_signo].fn(g->on[si.ssi_signo].ctx,
					       (int)si.ssi_signo);
	ring_handle_arm(h, RING_POLL);
}

static void signals_free(struct ring_handle *h)
{
	struct ring_signals *g = container_of(h, struct ring_signals, h);

	sigprocmask(SIG_SETMASK, &g->before, NULL);
	free(g);
}

static const struct ring_kind signals_kind = {
	.complete = signals_complete,
	.advance = wait_advance,
	.free = signals_free,
};

static int signals_new(struct ring *r)
{
	struct ring_signals *g = calloc(1, sizeof(*g));
	int fd, err = -ENOMEM;

	if (!g)
		return err;
	sigemptyset(&g->set);
	sigprocmask(SIG_BLOCK, NULL, &g->before);
	g->h.poll_events = POLLIN;
	fd = signalfd(-1, &g->set, SFD_NONBLOCK | SFD_CLOEXEC);
	err = fd < 0 ? -errno : ring_handle_open(&g->h, r, &signals_kind, fd,
						 true);
	if (err) {
		if (fd >= 0)
			close(fd);
		free(g);
		return err;
	}
	r->signals = g;
	ring_handle_arm(&g->h, RING_POLL);
	return 0;
}

int ring_signal(struct ring *r, int signo, void (*fn)(void *ctx, int signo),
		void *ctx)
{
	struct ring_signals *g;
	int err = 0;

	if (signo < 1 || signo >= _NSIG)
		return -EINVAL;
	if (!r->signals)
		err = signals_new(r);
	if (err)
		return err;
	g = r->signals;
	g->on[signo].fn = fn;
	g->on[signo].ctx = ctx;
	sigaddset(&g->set, signo);
	sigprocmask(SIG_BLOCK, &g->set, NULL);
	return signalfd(g->h.fd, &g->set, 0) < 0 ? -errno : 0;
}
