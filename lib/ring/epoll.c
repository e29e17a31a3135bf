/* SPDX-License-Identifier: MIT
 *
 * The engine on epoll, where io_uring is refused (sysctl, seccomp, old
 * kernels). Completions are made of readiness: a write is tried at once and
 * its result posted; a poll is what epoll does. Reading is left to the streams
 * (`reads` is unset). A sync runs on one helper thread, which answers through
 * an eventfd.
 *
 * Level-triggered. What is registered lags behind what is armed: a request
 * that is armed again after each event, as most are, costs no epoll_ctl. An
 * event nobody waits for takes the interest back.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include "lib/base/clock.h"
#include "lib/ring/backend.h"

#define EVENTS_A_TURN 64
#define WAKE_DATA UINT64_MAX	/* no handle's */

struct epoll_state {
	int fd, wake;
	struct epoll_event events[EVENTS_A_TURN];
	int n_events;
	/* the helper thread; lists of handles, by `job` */
	pthread_t thread;
	bool thread_runs, quit;
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct list todo, done;		/* under lock */
};

static struct epoll_state *state_of(struct ring_handle *h)
{
	return h->r->state;
}

static struct ring_handle *job_handle(struct list *l)
{
	return container_of(l, struct ring_handle, job);
}

/* ---- interest ---- */

static uint32_t interest_wanted(const struct ring_handle *h)
{
	uint32_t want = 0;

	if (ring_armed(h, RING_POLL))
		want |= (uint32_t)h->poll_events;
	if (ring_armed(h, RING_WRITE) && !(h->posted & 1u << RING_WRITE))
		want |= EPOLLOUT;
	return want;
}

static int interest_set(struct ring_handle *h, uint32_t want)
{
	struct epoll_event e = { .events = want,
				 .data.u64 = ring_user_data(h, 0) };
	int op = !want ? EPOLL_CTL_DEL :
		 h->interest ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	if (want == h->interest)
		return 0;
	if (epoll_ctl(state_of(h)->fd, op, h->fd, &e))
		return -errno;
	h->interest = want;
	return 0;
}

/* ---- writing ---- */

static int write_once(struct ring_handle *h)
{
	ssize_t n = h->socket ?
		send(h->fd, h->out.p, h->out.n, MSG_NOSIGNAL | MSG_DONTWAIT) :
		write(h->fd, h->out.p, h->out.n);

	return n < 0 ? -errno : (int)n;
}

static int arm_write(struct ring_handle *h)
{
	int res = write_once(h);

	if (res == -EAGAIN)
		return interest_set(h, h->interest | EPOLLOUT);
	ring_handle_post(h, RING_WRITE, res);
	return 0;
}

/* ---- the helper thread ---- */

static void *sync_main(void *arg)
{
	struct epoll_state *e = arg;
	uint64_t one = 1;

	pthread_mutex_lock(&e->lock);
	while (!e->quit) {
		struct ring_handle *h;

		if (list_empty(&e->todo)) {
			pthread_cond_wait(&e->work, &e->lock);
			continue;
		}
		h = job_handle(e->todo.next);
		list_del(&h->job);
		pthread_mutex_unlock(&e->lock);
		h->posted_res[RING_SYNC] = fdatasync(h->fd) ? -errno : 0;
		pthread_mutex_lock(&e->lock);
		list_add_tail(&e->done, &h->job);
		if (write(e->wake, &one, sizeof(one)) < 0)
			continue;	/* the counter is full: awake anyway */
	}
	pthread_mutex_unlock(&e->lock);
	return NULL;
}

/* With every signal blocked: they are the loop's. */
static int thread_start(struct epoll_state *e)
{
	sigset_t all, before;
	int err;

	if (e->thread_runs)
		return 0;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&e->thread, NULL, sync_main, e);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	e->thread_runs = !err;
	return -err;
}

static int arm_sync(struct ring_handle *h)
{
	struct epoll_state *e = state_of(h);
	int err = thread_start(e);

	if (err)
		return err;
	pthread_mutex_lock(&e->lock);
	list_add_tail(&e->todo, &h->job);
	pthread_cond_signal(&e->work);
	pthread_mutex_unlock(&e->lock);
	return 0;
}

static struct ring_handle *take_done(struct epoll_state *e)
{
	struct ring_handle *h = NULL;

	pthread_mutex_lock(&e->lock);
	if (!list_empty(&e->done)) {
		h = job_handle(e->done.next);
		list_del(&h->job);
	}
	pthread_mutex_unlock(&e->lock);
	return h;
}

static void reap_synced(struct epoll_state *e)
{
	struct ring_handle *h;
	uint64_t count;

	if (read(e->wake, &count, sizeof(count)) < 0)
		return;
	while ((h = take_done(e)))
		ring_complete(h, &(struct ring_completion){
			.op = RING_SYNC, .res = h->posted_res[RING_SYNC] });
}

/* ---- what the engine calls ---- */

static int epoll_arm(struct ring_handle *h, enum ring_op op)
{
	switch (op) {
	case RING_WRITE:
		return arm_write(h);
	case RING_POLL:
		return interest_set(h, h->interest | (uint32_t)h->poll_events);
	case RING_SYNC:
		return arm_sync(h);
	default:
		return -EOPNOTSUPP;
	}
}

/* All but a sync under way ends at once. */
static void epoll_cancel(struct ring_handle *h, enum ring_op op)
{
	if (op == RING_SYNC)
		return;
	h->armed &= (uint8_t)~(1u << op);
	interest_set(h, interest_wanted(h));
}

static void epoll_forget(struct ring_handle *h)
{
	interest_set(h, 0);
}

static int epoll_sleep(struct ring *r, uint64_t timeout_us)
{
	struct epoll_state *e = r->state;
	uint64_t ms = timeout_us / US_PER_MS + (timeout_us % US_PER_MS > 0);

	e->n_events = epoll_wait(e->fd, e->events, EVENTS_A_TURN,
				 timeout_us == TIME_NEVER ? -1 :
				 ms > INT32_MAX ? INT32_MAX : (int)ms);
	if (e->n_events >= 0)
		return 0;
	e->n_events = 0;
	return errno == EINTR ? 0 : -errno;
}

/* Whoever waits tries, whatever the event says: EPOLLHUP and EPOLLERR are for
 * all. */
static void reap_event(struct ring *r, const struct epoll_event *event)
{
	enum ring_op op;
	uint32_t bad = EPOLLHUP | EPOLLERR, ev = event->events;
	struct ring_handle *h = ring_find(r, event->data.u64, &op);
	int res;

	if (!h)
		return;
	if (ring_armed(h, RING_WRITE) && !(h->posted & 1u << RING_WRITE) &&
	    ev & (EPOLLOUT | bad) && (res = write_once(h)) != -EAGAIN)
		ring_complete(h, &(struct ring_completion){
			.op = RING_WRITE, .res = res });
	if (ring_armed(h, RING_POLL) &&
	    ev & ((uint32_t)h->poll_events | bad))
		ring_complete(h, &(struct ring_completion){
			.op = RING_POLL, .res = (int)ev });
	if (!h->closing)
		interest_set(h, interest_wanted(h));
}

static void epoll_reap(struct ring *r)
{
	struct epoll_state *e = r->state;

	for (int i = 0; i < e->n_events; i++) {
		if (e->events[i].data.u64 == WAKE_DATA)
			reap_synced(e);
		else
			reap_event(r, &e->events[i]);
	}
	e->n_events = 0;
}

static void epoll_close(struct ring *r)
{
	struct epoll_state *e = r->state;

	pthread_mutex_lock(&e->lock);
	e->quit = true;
	pthread_cond_signal(&e->work);
	pthread_mutex_unlock(&e->lock);
	if (e->thread_runs)
		pthread_join(e->thread, NULL);
	pthread_mutex_destroy(&e->lock);
	pthread_cond_destroy(&e->work);
	close(e->fd);
	close(e->wake);
	free(e);
}

static int epoll_open(struct ring *r)
{
	struct epoll_state *e = calloc(1, sizeof(*e));
	struct epoll_event wake = { .events = EPOLLIN,
				    .data.u64 = WAKE_DATA };

	if (!e)
		return -ENOMEM;
	r->state = e;
	list_init(&e->todo);
	list_init(&e->done);
	pthread_mutex_init(&e->lock, NULL);
	pthread_cond_init(&e->work, NULL);
	e->fd = epoll_create1(EPOLL_CLOEXEC);
	e->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (epoll_ctl(e->fd, EPOLL_CTL_ADD, e->wake, &wake)) {
		int err = -errno;

		epoll_close(r);
		return err;
	}
	snprintf(r->describe, sizeof(r->describe), "epoll, as asked for");
	return 0;
}

const struct ring_backend ring_epoll = {
	.name = "epoll",
	.open = epoll_open,
	.close = epoll_close,
	.arm = epoll_arm,
	.cancel = epoll_cancel,
	.forget = epoll_forget,
	.wait = epoll_sleep,
	.reap = epoll_reap,
};
