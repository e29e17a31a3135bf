/* SPDX-License-Identifier: MIT
 *
 * Looking up names: see dial.h.
 *
 *   loop    ask --> thread --> getaddrinfo --> eventfd --> told
 *              `-- cancel: what is found is thrown away, by the thread
 *
 * Question and answer belong to both sides; the last one to let go frees them.
 * A thread cannot be stopped in getaddrinfo, so nobody waits for it.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include "lib/ring/dial.h"

struct lookup {
	atomic_int owners;
	char host[256], service[32];
	struct addrinfo hints, *list;
	int error;		/* EAI_* */
	int fd;			/* tells the loop */
};

struct ring_resolve {
	struct ring *r;
	struct lookup *lookup;
	struct ring_stream *told;	/* by the thread; or */
	struct ring_timer now;		/* it was known at once */
	ring_resolved_fn fn;
	void *ctx;
};

static void lookup_drop(struct lookup *k)
{
	if (atomic_fetch_sub(&k->owners, 1) > 1)
		return;
	if (k->list)
		freeaddrinfo(k->list);
	if (k->fd >= 0)
		close(k->fd);
	free(k);
}

static void lookup_ask(struct lookup *k)
{
	k->error = getaddrinfo(k->host[0] ? k->host : NULL, k->service,
			       &k->hints, &k->list);
	if (k->error)
		k->list = NULL;
}

static void *lookup_main(void *arg)
{
	const uint64_t one = 1;
	struct lookup *k = arg;

	lookup_ask(k);
	while (write(k->fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
	lookup_drop(k);
	return NULL;
}

/* Signals are the loop's. 0 or EAI_*. */
static int lookup_start(struct lookup *k)
{
	sigset_t all, before;
	pthread_t thread;
	int e;

	atomic_fetch_add(&k->owners, 1);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	e = pthread_create(&thread, NULL, lookup_main, k);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (e)
		atomic_fetch_sub(&k->owners, 1);
	else
		pthread_detach(thread);
	return e ? EAI_AGAIN : 0;
}

/* ---- on the loop ---- */

void ring_resolve_cancel(struct ring_resolve *v)
{
	if (!v)
		return;
	ring_timer_clear(v->r, &v->now);
	if (v->told)
		ring_stream_close(v->told);
	lookup_drop(v->lookup);
	free(v);
}

static void resolve_end(void *ctx)
{
	struct ring_resolve *v = ctx;
	struct addrinfo *list = v->lookup->list;
	const char *why = v->lookup->error ? gai_strerror(v->lookup->error) :
					     NULL;
	ring_resolved_fn fn = v->fn;
	void *fn_ctx = v->ctx;

	v->lookup->list = NULL;
	ring_resolve_cancel(v);
	fn(fn_ctx, list, why);
}

static void resolve_told(void *ctx, struct span bytes)
{
	(void)bytes;
	resolve_end(ctx);
}

static void resolve_closed(void *ctx, int error)
{
	(void)ctx;	/* an eventfd does not end */
	(void)error;
}

static int resolve_start(struct ring_resolve *v)
{
	static const struct ring_stream_ops ops = {
		.data = resolve_told, .closed = resolve_closed,
	};
	struct lookup *k = v->lookup;
	int fd;

	k->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	fd = k->fd < 0 ? -1 : dup(k->fd);
	if (fd < 0)
		return EAI_AGAIN;
	v->told = ring_stream_new(v->r, fd, RING_TTY, &ops, v);
	if (!v->told) {
		close(fd);
		return EAI_AGAIN;
	}
	return lookup_start(k);
}

static void lookup_init(struct lookup *k, const char *host,
			const char *service, const struct addrinfo *hints)
{
	size_t n = strlen(host);
	bool brackets = n >= 2 && host[0] == '[' && host[n - 1] == ']';

	snprintf(k->host, sizeof(k->host), "%.*s",
		 (int)(n - 2 * brackets), host + brackets);
	snprintf(k->service, sizeof(k->service), "%s", service);
	k->hints = (struct addrinfo){ .ai_family = hints->ai_family,
		.ai_socktype = hints->ai_socktype,
		.ai_flags = hints->ai_flags | AI_NUMERICHOST };
	k->fd = -1;
	k->owners = 1;
}

struct ring_resolve *ring_resolve(struct ring *r, const char *host,
				  const char *service,
				  const struct addrinfo *hints,
				  ring_resolved_fn fn, void *ctx)
{
	struct ring_resolve *v = calloc(1, sizeof(*v));
	struct lookup *k = calloc(1, sizeof(*k));

	if (!v || !k) {
		free(v);
		free(k);
		return NULL;
	}
	lookup_init(k, host, service, hints);
	*v = (struct ring_resolve){ .r = r, .lookup = k, .fn = fn, .ctx = ctx,
				    .now = { .fn = resolve_end, .ctx = v } };
	lookup_ask(k);
	if (k->error == EAI_NONAME) {
		int e;

		k->hints.ai_flags = hints->ai_flags;
		e = resolve_start(v);
		if (!e)
			return v;	/* the thread has it from here on */
		k->error = e;
	}
	ring_timer_set(r, &v->now, ring_now_us(r));
	return v;
}
