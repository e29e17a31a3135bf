/* SPDX-License-Identifier: MIT
 *
 * The engine, whatever drives it: sources and their slots, timers, signals,
 * the turn of the loop. Streams are in stream.c, waits in wait.c.
 *
 * A turn: wait for completions (never longer than to the next timer), report
 * them, fire due timers, then on_turn. The time is read once a turn.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "lib/base/clock.h"
#include "lib/ring/backend.h"
#include "lib/ring/source.h"

static int backend_start(struct ring *r, const struct ring_backend *b)
{
	r->backend = b;
	return b->init(r);
}

static int backend_pick(struct ring *r, const char *want)
{
	int err;

	if (!want || !*want)
		want = getenv("CAIRN_ENGINE");
	if (!want || !*want || strcmp(want, "uring") == 0) {
		err = backend_start(r, &ring_backend_uring);
		if (err == 0 || (want && *want))
			return err;
		snprintf(r->describe, sizeof(r->describe),
			 "epoll: io_uring refused (%s)", strerror(-err));
		return backend_start(r, &ring_backend_epoll);
	}
	if (strcmp(want, "epoll") != 0)
		return -EINVAL;
	snprintf(r->describe, sizeof(r->describe), "epoll: as asked for");
	return backend_start(r, &ring_backend_epoll);
}

int ring_new(struct ring **out, const char *backend)
{
	struct ring *r = calloc(1, sizeof(*r));
	int err;

	if (!r || !(r->scratch = malloc(RING_SCRATCH_SIZE))) {
		free(r);
		return -ENOMEM;
	}
	r->now_us = clock_read(1).mono_us;
	err = backend_pick(r, backend);
	if (err) {
		free(r->scratch);
		free(r);
		return err;
	}
	*out = r;
	return 0;
}

void ring_free(struct ring *r)
{
	if (!r)
		return;
	/* the owner's things may be gone: nothing is called from here on */
	r->on_turn = NULL;
	while (timer_pop(&r->timers, TIME_NEVER))
		;
	for (unsigned i = 0; i < RING_SLOTS_MAX; i++)
		if (r->slots[i])
			ring_source_close(r->slots[i]);
	for (unsigned i = 0; i < 64 && ring_source_count(r) > 0; i++)
		ring_turn(r, 1000);
	r->backend->fini(r);
	for (unsigned i = 0; i < RING_SLOTS_MAX; i++)
		if (r->slots[i])
			ring_source_gone(r->slots[i]);
	timer_heap_fini(&r->timers);
	free(r->scratch);
	free(r);
}

const char *ring_backend(const struct ring *r)
{
	return r->backend->name;
}

const char *ring_describe(const struct ring *r)
{
	return r->describe;
}

const struct ring_counters *ring_counters(const struct ring *r)
{
	return &r->counters;
}

uint64_t ring_now_us(const struct ring *r)
{
	return r->now_us;
}

void ring_stop(struct ring *r)
{
	r->stop = true;
}

void ring_on_turn(struct ring *r, void (*fn)(void *ctx), void *ctx)
{
	r->on_turn = fn;
	r->on_turn_ctx = ctx;
}

static void fire_timers(struct ring *r)
{
	struct timer *t;

	/* one round: a timer that re-arms itself for now waits a turn */
	for (size_t n = r->timers.n; n > 0; n--) {
		struct ring_timer *rt;

		t = timer_pop(&r->timers, r->now_us);
		if (!t)
			break;
		rt = container_of(t, struct ring_timer, t);
		rt->fn(rt->ctx);
	}
}

int ring_turn(struct ring *r, uint64_t timeout_us)
{
	uint64_t due = timer_next_us(&r->timers);
	int err;

	r->now_us = clock_read(1).mono_us;
	if (due != TIME_NEVER) {
		uint64_t left = due > r->now_us ? due - r->now_us : 0;

		timeout_us = left < timeout_us ? left : timeout_us;
	}
	err = r->backend->turn(r, timeout_us);
	r->counters.turns++;
	r->now_us = clock_read(1).mono_us;
	fire_timers(r);
	if (r->on_turn)
		r->on_turn(r->on_turn_ctx);
	return err;
}

int ring_run(struct ring *r)
{
	r->stop = false;
	while (!r->stop) {
		int err = ring_turn(r, TIME_NEVER);

		if (err < 0)
			return err;
	}
	return 0;
}

void ring_timer_set(struct ring *r, struct ring_timer *t, uint64_t due_us)
{
	timer_set(&r->timers, &t->t, due_us);
}

void ring_timer_clear(struct ring *r, struct ring_timer *t)
{
	timer_clear(&r->timers, &t->t);
}

/* ---- sources ---- */

int ring_source_init(struct ring *r, struct ring_source *s,
		     enum ring_kind kind, int fd, bool owns_fd)
{
	static uint32_t next; /* spreads slots, so that late ones are seen */

	for (uint32_t i = 0; i < RING_SLOTS_MAX; i++) {
		uint32_t slot = next++ % RING_SLOTS_MAX;

		if (r->slots[slot])
			continue;
		s->ring = r;
		s->kind = kind;
		s->fd = fd;
		s->owns_fd = owns_fd;
		s->slot = slot;
		s->generation = ++r->generations[slot];
		r->slots[slot] = s;
		return 0;
	}
	return -EMFILE;
}

unsigned ring_source_count(const struct ring *r)
{
	unsigned n = 0;

	for (unsigned i = 0; i < RING_SLOTS_MAX; i++)
		n += r->slots[i] != NULL;
	return n;
}

struct ring_source *ring_source_find(struct ring *r, uint32_t slot,
				     uint32_t generation)
{
	struct ring_source *s = slot < RING_SLOTS_MAX ? r->slots[slot] : NULL;

	if (s && s->generation == generation)
		return s;
	r->counters.late_completions++;
	return NULL;
}

void ring_source_close(struct ring_source *s)
{
	if (s->closing)
		return;
	s->closing = true;
	s->ring->backend->cancel(s, true);
	if (s->pending == 0)
		ring_source_gone(s);
}

void ring_source_gone(struct ring_source *s)
{
	s->ring->slots[s->slot] = NULL;
	if (s->owns_fd && s->fd >= 0)
		close(s->fd);
	ring_source_free(s);
}

void ring_polled(struct ring_source *s, int revents)
{
	s->polling = false;
	if (!s->closing)
		s->polled(s, revents);
}

void ring_synced(struct ring_source *s, int result)
{
	s->synced(s, result);
	s->closing = true;
}

/* ---- signals ---- */

struct ring_signals {
	struct ring_source s;	/* first */
	sigset_t set;
	struct {
		void (*fn)(void *ctx, int signo);
		void *ctx;
	} on[65];
};

static void signals_polled(struct ring_source *s, int revents)
{
	struct ring_signals *g = container_of(s, struct ring_signals, s);
	struct signalfd_siginfo si;

	(void)revents;
	while (read(s->fd, &si, sizeof(si)) == sizeof(si))
		if (si.ssi_signo < 65 && g->on[si.ssi_signo].fn)
			g->on[si.ssi_signo].fn(g->on[si.ssi_signo].ctx,
					       (int)si.ssi_signo);
	if (!s->closing)
		s->ring->backend->poll(s, 1 /* POLLIN */);
}

static int signals_new(struct ring *r)
{
	struct ring_signals *g = calloc(1, sizeof(*g));

	if (!g)
		return -ENOMEM;
	sigemptyset(&g->set);
	g->s.polled = signals_polled;
	if (ring_source_init(r, &g->s, RING_KIND_SIGNAL,
			     signalfd(-1, &g->set, SFD_NONBLOCK | SFD_CLOEXEC),
			     true) || g->s.fd < 0) {
		free(g);
		return -EMFILE;
	}
	r->signals = &g->s;
	r->backend->poll(r->signals, 1);
	return 0;
}

int ring_signal(struct ring *r, int signo, void (*fn)(void *ctx, int signo),
		void *ctx)
{
	struct ring_signals *g;
	int err = r->signals ? 0 : signals_new(r);

	if (err)
		return err;
	g = container_of(r->signals, struct ring_signals, s);
	if (signo < 1 || signo > 64)
		return -EINVAL;
	g->on[signo].fn = fn;
	g->on[signo].ctx = ctx;
	sigaddset(&g->set, signo);
	sigprocmask(SIG_BLOCK, &g->set, NULL);
	return signalfd(g->s.fd, &g->set, 0) < 0 ? -errno : 0;
}
