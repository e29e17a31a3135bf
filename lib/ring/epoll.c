/* SPDX-License-Identifier: MIT
 *
 * The engine on epoll, where io_uring is refused (sysctl, seccomp, old
 * kernels). Level-triggered; the interest of a source follows its flags
 * (reading, writing, polling). A sync runs on one helper thread, which
 * answers through an eventfd.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include "lib/ring/source.h"

#define EPOLL_EVENTS_A_TURN 64
#define EPOLL_READS_A_TURN 16
#define EPOLL_SYNCS_MAX 16

struct sync_job {
	uint32_t slot, generation;
	int fd, result;
};

struct epoll_priv {
	int fd, wake;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool quit, thread_runs;
	struct sync_job todo[EPOLL_SYNCS_MAX], done[EPOLL_SYNCS_MAX];
	unsigned n_todo, n_done;
	short interest[RING_SLOTS_MAX];	/* as registered */
	short events[RING_SLOTS_MAX];	/* what a poll waits for */
};

static struct epoll_priv *priv(struct ring_source *s)
{
	return s->ring->priv;
}

static uint64_t tag(const struct ring_source *s)
{
	return (uint64_t)s->generation << 32 | s->slot;
}

/* Registers what the source's flags ask for. */
static void interest_update(struct ring_source *s)
{
	struct epoll_priv *p = priv(s);
	short want = 0, have = p->interest[s->slot];
	struct epoll_event e = { 0 };

	if (s->reading)
		want |= EPOLLIN;
	if (s->writing)
		want |= EPOLLOUT;
	if (s->polling)
		want |= p->events[s->slot];
	if (want == have)
		return;
	e.events = (uint32_t)want;
	e.data.u64 = tag(s);
	epoll_ctl(p->fd, !want ? EPOLL_CTL_DEL : have ? EPOLL_CTL_MOD :
		  EPOLL_CTL_ADD, s->fd, &e);
	p->interest[s->slot] = want;
}

static void pending_set(struct ring_source *s, bool *flag, bool on)
{
	if (*flag != on)
		s->pending += on ? 1 : -1u;
	*flag = on;
	interest_update(s);
}

static void epoll_read(struct ring_source *s)
{
	pending_set(s, &s->reading, true);
}

static void epoll_poll(struct ring_source *s, short events)
{
	priv(s)->events[s->slot] = events;
	pending_set(s, &s->polling, true);
}

static void epoll_write(struct ring_source *s)
{
	pending_set(s, &s->writing, true);
}

static void epoll_cancel(struct ring_source *s, bool all)
{
	pending_set(s, &s->reading, false);
	if (s->cls == RING_CONTROL || all)
		pending_set(s, &s->polling, false);
	if (all)
		pending_set(s, &s->writing, false);
}

/* ---- what became ready ---- */

static void ready_read(struct ring_source *s)
{
	for (int i = 0; i < EPOLL_READS_A_TURN && s->reading; i++) {
		ssize_t n = read(s->fd, s->ring->scratch, 4096);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		s->ring->counters.completions++;
		if (n <= 0)
			pending_set(s, &s->reading, false);
		ring_got(s, s->ring->scratch, n < 0 ? -errno : (int)n, n > 0);
		if (s->closing)
			return;
	}
}

static void ready_write(struct ring_source *s)
{
	ssize_t n = s->cls == RING_TTY ? write(s->fd, s->out.p, s->out.n) :
		send(s->fd, s->out.p, s->out.n, MSG_NOSIGNAL);

	if (n < 0 && errno == ENOTSOCK)
		n = write(s->fd, s->out.p, s->out.n);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	s->ring->counters.completions++;
	n = n < 0 ? -errno : n;
	pending_set(s, &s->writing, false);
	ring_wrote(s, (int)n);
}

static void ready(struct ring *r, uint64_t data, uint32_t events)
{
	struct ring_source *s = ring_source_find(r, (uint32_t)data,
						 (uint32_t)(data >> 32));
	bool bad = events & (EPOLLERR | EPOLLHUP);

	if (!s)
		return;
	s->pending++; /* keeps it while we look at it */
	if (s->polling && (bad || (events & (uint32_t)priv(s)->events[s->slot]))) {
		pending_set(s, &s->polling, false);
		r->counters.completions++;
		ring_polled(s, (int)events);
	}
	if (s->writing && (bad || (events & EPOLLOUT)))
		ready_write(s);
	if (s->reading && (bad || (events & EPOLLIN)))
		ready_read(s);
	if (--s->pending == 0 && s->closing)
		ring_source_gone(s);
}

/* ---- syncs ---- */

static void *sync_main(void *arg)
{
	struct epoll_priv *p = arg;

	pthread_mutex_lock(&p->lock);
	while (!p->quit) {
		struct sync_job j;
		uint64_t one = 1;

		if (p->n_todo == 0) {
			pthread_cond_wait(&p->cond, &p->lock);
			continue;
		}
		j = p->todo[0];
		memmove(p->todo, p->todo + 1, --p->n_todo * sizeof(j));
		pthread_mutex_unlock(&p->lock);
		j.result = fdatasync(j.fd) < 0 ? -errno : 0;
		pthread_mutex_lock(&p->lock);
		p->done[p->n_done++] = j;
		if (write(p->wake, &one, sizeof(one)) < 0)
			break; /* can't: the counter never overflows */
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

static bool sync_queue(struct epoll_priv *p, struct ring_source *s)
{
	bool ok;

	pthread_mutex_lock(&p->lock);
	if (!p->thread_runs)
		p->thread_runs = pthread_create(&p->thread, NULL, sync_main,
						p) == 0;
	ok = p->thread_runs && p->n_todo + p->n_done + 1 < EPOLL_SYNCS_MAX;
	if (ok)
		p->todo[p->n_todo++] = (struct sync_job){ s->slot,
			s->generation, s->fd, 0 };
	pthread_cond_signal(&p->cond);
	pthread_mutex_unlock(&p->lock);
	return ok;
}

static void epoll_sync(struct ring_source *s)
{
	s->pending++;
	if (sync_queue(priv(s), s))
		return;
	s->pending--;
	ring_synced(s, fdatasync(s->fd) < 0 ? -errno : 0);
	ring_source_gone(s);
}

static void syncs_report(struct ring *r)
{
	struct epoll_priv *p = r->priv;
	struct sync_job done[EPOLL_SYNCS_MAX];
	uint64_t count;
	unsigned n;

	if (read(p->wake, &count, sizeof(count)) < 0)
		return;
	pthread_mutex_lock(&p->lock);
	n = p->n_done;
	memcpy(done, p->done, n * sizeof(done[0]));
	p->n_done = 0;
	pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < n; i++) {
		struct ring_source *s = ring_source_find(r, done[i].slot,
							 done[i].generation);

		if (!s)
			continue;
		r->counters.completions++;
		ring_synced(s, done[i].result);
		if (--s->pending == 0)
			ring_source_gone(s);
	}
}

/* ---- life ---- */

static int epoll_init(struct ring *r)
{
	struct epoll_priv *p = calloc(1, sizeof(*p));
	struct epoll_event e = { .events = EPOLLIN, .data.u64 = UINT64_MAX };

	if (!p)
		return -ENOMEM;
	p->fd = epoll_create1(EPOLL_CLOEXEC);
	p->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (p->fd < 0 || p->wake < 0 ||
	    epoll_ctl(p->fd, EPOLL_CTL_ADD, p->wake, &e) < 0) {
		int err = -errno;

		close(p->fd);
		close(p->wake);
		free(p);
		return err;
	}
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->cond, NULL);
	r->priv = p;
	return 0;
}

static void epoll_fini(struct ring *r)
{
	struct epoll_priv *p = r->priv;

	pthread_mutex_lock(&p->lock);
	p->quit = true;
	pthread_cond_signal(&p->cond);
	pthread_mutex_unlock(&p->lock);
	if (p->thread_runs)
		pthread_join(p->thread, NULL);
	pthread_mutex_destroy(&p->lock);
	pthread_cond_destroy(&p->cond);
	close(p->fd);
	close(p->wake);
	free(p);
}

static int epoll_turn(struct ring *r, uint64_t timeout_us)
{
	struct epoll_priv *p = r->priv;
	struct epoll_event e[EPOLL_EVENTS_A_TURN];
	struct timespec ts = { (time_t)(timeout_us / 1000000),
			       (long)(timeout_us % 1000000) * 1000 };
	int n = epoll_pwait2(p->fd, e, EPOLL_EVENTS_A_TURN,
			     timeout_us == UINT64_MAX ? NULL : &ts, NULL);

	if (n < 0 && errno != EINTR)
		return -errno;
	for (int i = 0; i < n; i++) {
		if (e[i].data.u64 == UINT64_MAX)
			syncs_report(r);
		else
			ready(r, e[i].data.u64, e[i].events);
	}
	return 0;
}

const struct ring_backend ring_backend_epoll = {
	.name = "epoll",
	.init = epoll_init,
	.fini = epoll_fini,
	.read = epoll_read,
	.write = epoll_write,
	.poll = epoll_poll,
	.sync = epoll_sync,
	.cancel = epoll_cancel,
	.turn = epoll_turn,
};
