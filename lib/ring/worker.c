/* SPDX-License-Identifier: MIT
 *
 * The worker: see worker.h. A cursor is stored after what it uncovers, and
 * read before it. Either side is woken through an eventfd: the loop's is a
 * stream, the thread's is read only when it found nothing to do after it said
 * that it will sleep, so no job is missed.
 */
#include "lib/ring/worker.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define BATCH 16	/* jobs, then the loop is told */

struct worker {
	struct worker_config c;
	uint8_t *jobs;
	atomic_uint put, worked;
	unsigned taken;			/* the loop's alone */
	atomic_bool asleep, stop;
	int kick_fd, told_fd;		/* to the thread, to the loop */
	struct ring_stream *told;
	pthread_t thread;
	bool running;
};

static void *worker_job(struct worker *w, unsigned n)
{
	return w->jobs + (n & (w->c.max - 1)) * w->c.job_size;
}

static void wake(int fd)
{
	const uint64_t one = 1;

	while (write(fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

/* ---- on the thread ---- */

static unsigned worker_batch(struct worker *w)
{
	unsigned at = atomic_load(&w->worked), n = 0;

	for (; n < BATCH && at != atomic_load(&w->put) &&
	     !atomic_load(&w->stop); n++) {
		w->c.work(worker_job(w, at));
		atomic_store(&w->worked, ++at);
	}
	return n;
}

static void worker_sleep(struct worker *w)
{
	uint64_t kicks;

	atomic_store(&w->asleep, true);
	if (atomic_load(&w->worked) == atomic_load(&w->put) &&
	    !atomic_load(&w->stop))
		while (read(w->kick_fd, &kicks, sizeof(kicks)) < 0 &&
		       errno == EINTR)
			;
	atomic_store(&w->asleep, false);
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;

	while (!atomic_load(&w->stop)) {
		if (worker_batch(w))
			wake(w->told_fd);
		else
			worker_sleep(w);
	}
	return NULL;
}

/* ---- on the loop ---- */

void *worker_place(struct worker *w)
{
	unsigned put = atomic_load_explicit(&w->put, memory_order_relaxed);

	return put - w->taken < w->c.max ? worker_job(w, put) : NULL;
}

void worker_put(struct worker *w)
{
	atomic_fetch_add(&w->put, 1);
	if (atomic_exchange(&w->asleep, false))
		wake(w->kick_fd);
}

void *worker_result(struct worker *w)
{
	return w->taken == atomic_load(&w->worked) ? NULL :
		worker_job(w, w->taken);
}

void worker_take(struct worker *w)
{
	w->taken++;
}

static void worker_told(void *ctx, struct span bytes)
{
	struct worker *w = ctx;

	(void)bytes;
	w->c.done(w->c.ctx);
}

static void worker_told_closed(void *ctx, int error)
{
	(void)ctx;	/* an eventfd does not end */
	(void)error;
}

static const struct ring_stream_ops told_ops = {
	.data = worker_told, .closed = worker_told_closed,
};

/* ---- life ---- */

/* Signals are the loop's. */
static int worker_start(struct worker *w)
{
	sigset_t all, before;
	int e;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	e = pthread_create(&w->thread, NULL, worker_main, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	w->running = e == 0;
	return -e;
}

static int worker_open(struct worker *w, struct ring *r)
{
	w->kick_fd = eventfd(0, EFD_CLOEXEC);
	w->told_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->kick_fd < 0 || w->told_fd < 0)
		return -errno;
	w->told = ring_stream_new(r, w->told_fd, RING_TTY, &told_ops, w);
	return w->told ? worker_start(w) : -errno;
}

int worker_new(struct worker **out, struct ring *r,
	       const struct worker_config *c)
{
	struct worker *w = calloc(1, sizeof(*w));
	int e = -ENOMEM;

	*out = NULL;
	if (!w)
		return e;
	w->c = *c;
	w->kick_fd = w->told_fd = -1;
	w->jobs = calloc(c->max, c->job_size);
	if (w->jobs)
		e = worker_open(w, r);
	if (e)
		worker_free(w);
	else
		*out = w;
	return e;
}

void worker_free(struct worker *w)
{
	if (!w)
		return;
	atomic_store(&w->stop, true);
	if (w->running) {
		wake(w->kick_fd);
		pthread_join(w->thread, NULL);
	}
	if (w->told)
		ring_stream_close(w->told);
	else if (w->told_fd >= 0)
		close(w->told_fd);
	if (w->kick_fd >= 0)
		close(w->kick_fd);
	free(w->jobs);
	free(w);
}
