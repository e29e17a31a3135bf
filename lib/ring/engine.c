/* SPDX-License-Identifier: MIT
 *
 * The engine's common part: choosing a backend, handles and their lives, the
 * turn, timers.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "lib/base/clock.h"
#include "lib/ring/backend.h"

/* ---- handles ---- */

static int slot_find(struct ring *r, uint32_t *slot)
{
	size_t n = r->n_slots;
	struct ring_slot *grown;

	for (size_t i = 0; i < n; i++)
		if (!r->slots[i].h)
			return *slot = (uint32_t)i, 0;
	if (n == RING_HANDLES_MAX)
		return -EMFILE;
	grown = realloc(r->slots, (n ? 2 * n : 16) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	r->slots = grown;
	r->n_slots = n ? 2 * n : 16;
	memset(grown + n, 0, (r->n_slots - n) * sizeof(*grown));
	return *slot = (uint32_t)n, 0;
}

/* The flag belongs to the open file, which others may share: what was is put
 * back at the close. */
static int handle_nonblock(struct ring_handle *h)
{
	int flags = fcntl(h->fd, F_GETFL);

	if (flags < 0)
		return -errno;
	if (flags & O_NONBLOCK)
		return 0;
	if (fcntl(h->fd, F_SETFL, flags | O_NONBLOCK))
		return -errno;
	h->old_flags = flags;
	return 0;
}

int ring_handle_open(struct ring_handle *h, struct ring *r,
		     const struct ring_kind *kind, int fd, bool owns_fd)
{
	int err = slot_find(r, &h->slot);

	h->r = r;
	h->kind = kind;
	h->fd = fd;
	h->owns_fd = owns_fd;
	h->old_flags = -1;
	if (!err && owns_fd)
		err = handle_nonblock(h);
	if (err)
		return err;
	list_init(&h->node);
	list_init(&h->job);
	h->gen = ++r->slots[h->slot].gen;
	r->slots[h->slot].h = h;
	r->live++;
	return 0;
}

static void handle_close_fd(struct ring_handle *h)
{
	if (h->r->backend->forget)
		h->r->backend->forget(h);
	if (!h->owns_fd)
		return;
	if (h->old_flags >= 0)
		fcntl(h->fd, F_SETFL, h->old_flags);
	close(h->fd);
}

/* Nothing in the kernel names it any more: the fd may go, the memory waits
 * for the end of the turn, since a callback of h may be on the stack. */
static void handle_settle(struct ring_handle *h)
{
	struct ring *r = h->r;

	if (!h->closing || h->armed || r->slots[h->slot].h != h)
		return;
	handle_close_fd(h);
	r->slots[h->slot].h = NULL;
	r->live--;
	list_del(&h->node);
	list_add_tail(&r->dead, &h->node);
}

void ring_handle_cancel(struct ring_handle *h, enum ring_op op)
{
	uint8_t bit = (uint8_t)(1u << op);

	if (h->posted & bit) {
		h->posted &= (uint8_t)~bit;
		h->armed &= (uint8_t)~bit;
	} else if (h->armed & bit) {
		h->r->backend->cancel(h, op);
	}
}

void ring_handle_close(struct ring_handle *h)
{
	if (h->closing)
		return;
	h->closing = true;
	for (enum ring_op op = 0; op < RING_OPS; op++)
		ring_handle_cancel(h, op);
	handle_settle(h);
}

void ring_handle_kick(struct ring_handle *h)
{
	if (h->kicked || h->closing)
		return;
	h->kicked = true;
	list_add_tail(&h->r->kicked, &h->node);
}

void ring_handle_post(struct ring_handle *h, enum ring_op op, int res)
{
	h->armed |= (uint8_t)(1u << op);
	h->posted |= (uint8_t)(1u << op);
	h->posted_res[op] = res;
	ring_handle_kick(h);
}

void ring_handle_arm(struct ring_handle *h, enum ring_op op)
{
	int err;

	if (h->closing || ring_armed(h, op))
		return;
	err = h->r->backend->arm(h, op);
	if (err == -EAGAIN)
		ring_handle_kick(h);
	else if (err)
		ring_handle_post(h, op, err);
	else
		h->armed |= (uint8_t)(1u << op);
}

void ring_complete(struct ring_handle *h, const struct ring_completion *c)
{
	h->r->count.completions++;
	if (!c->more)
		h->armed &= (uint8_t)~(1u << c->op);
	if (h->closing) {
		h->r->count.late_completions++;
		handle_settle(h);
		return;
	}
	h->kind->complete(h, c);
}

uint64_t ring_user_data(const struct ring_handle *h, enum ring_op op)
{
	return (uint64_t)h->gen << 32 | (uint64_t)h->slot << 8 | op;
}

struct ring_handle *ring_find(struct ring *r, uint64_t user_data,
			      enum ring_op *op)
{
	uint32_t slot = (uint32_t)user_data >> 8;

	*op = user_data & 0xff;
	if (slot < r->n_slots && r->slots[slot].h &&
	    r->slots[slot].gen == user_data >> 32)
		return r->slots[slot].h;
	r->count.late_completions++;
	return NULL;
}

/* ---- the turn ---- */

static void tell_posted(struct ring_handle *h)
{
	for (enum ring_op op = 0; op < RING_OPS; op++) {
		if (!(h->posted & 1u << op))
			continue;
		h->posted &= (uint8_t)~(1u << op);
		ring_complete(h, &(struct ring_completion){
			.op = op, .res = h->posted_res[op] });
	}
}

static void advance_kicked(struct ring *r)
{
	struct list todo;

	/* A handle that is kicked again waits for the next turn. */
	list_init(&todo);
	list_for_each(it, &r->kicked) {
		list_del(it);
		list_add_tail(&todo, it);
	}
	while (!list_empty(&todo)) {
		struct ring_handle *h =
			container_of(todo.next, struct ring_handle, node);

		list_del(&h->node);
		h->kicked = false;
		tell_posted(h);
		if (!h->closing)
			h->kind->advance(h);
	}
}

/* Timers set anew for `now` by a callback wait for the next turn, or two of
 * them could keep the loop here. */
static void run_timers(struct ring *r)
{
	uint64_t now_us = r->now_us;
	size_t budget = r->timers.n;

	while (budget-- > 0) {
		struct timer *t = timer_pop(&r->timers, now_us);
		struct ring_timer *rt;

		if (!t)
			return;
		rt = container_of(t, struct ring_timer, t);
		rt->fn(rt->ctx);
	}
}

static void free_dead(struct ring *r)
{
	while (!list_empty(&r->dead)) {
		struct ring_handle *h =
			container_of(r->dead.next, struct ring_handle, node);

		list_del(&h->node);
		h->kind->free(h);
	}
}

static uint64_t time_to_sleep_us(const struct ring *r, uint64_t timeout_us)
{
	uint64_t due_us = timer_next_us(&r->timers), now_us;

	if (!list_empty(&r->kicked))
		return 0;
	if (due_us == TIME_NEVER)
		return timeout_us;
	now_us = clock_read(1).mono_us;
	if (due_us <= now_us)
		return 0;
	return due_us - now_us < timeout_us ? due_us - now_us : timeout_us;
}

int ring_turn(struct ring *r, uint64_t timeout_us)
{
	int err = r->backend->wait(r, time_to_sleep_us(r, timeout_us));

	r->now_us = clock_read(1).mono_us;
	if (err)
		return err;
	r->count.turns++;
	r->backend->reap(r);
	advance_kicked(r);
	run_timers(r);
	if (r->on_turn)
		r->on_turn(r->on_turn_ctx);
	free_dead(r);
	return 0;
}

int ring_run(struct ring *r)
{
	int err = 0;

	for (r->stop = false; !r->stop && !err;)
		err = ring_turn(r, TIME_NEVER);
	return err;
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

/* ---- timers ---- */

void ring_timer_set(struct ring *r, struct ring_timer *t, uint64_t due_us)
{
	timer_set(&r->timers, &t->t, due_us);
}

void ring_timer_clear(struct ring *r, struct ring_timer *t)
{
	timer_clear(&r->timers, &t->t);
}

/* ---- life ---- */

static int open_backend(struct ring *r, const struct ring_backend *b)
{
	r->backend = b;
	return b->open(r);
}

/* io_uring, or epoll and why. */
static int probe_backend(struct ring *r)
{
	char why[sizeof(r->describe)];
	int err = open_backend(r, &ring_uring);

	if (!err)
		return 0;
	snprintf(why, sizeof(why), "%s", r->describe);
	err = open_backend(r, &ring_epoll);
	snprintf(r->describe, sizeof(r->describe), "epoll; %.140s", why);
	return err;
}

static int choose_backend(struct ring *r, const char *name)
{
	if (!name || !*name)
		name = getenv("CAIRN_ENGINE");
	if (!name || !*name)
		return probe_backend(r);
	if (!strcmp(name, "uring"))
		return open_backend(r, &ring_uring);
	if (!strcmp(name, "epoll"))
		return open_backend(r, &ring_epoll);
	return -EINVAL;
}

int ring_new_tuned(struct ring **out, const char *backend,
		   const struct ring_tuning *tuning)
{
	struct ring *r = calloc(1, sizeof(*r));
	int err = r ? 0 : -ENOMEM;

	*out = NULL;
	if (err)
		return err;
	r->tuning = *tuning;
	list_init(&r->kicked);
	list_init(&r->dead);
	r->now_us = clock_read(1).mono_us;
	r->scratch = malloc(RING_SCRATCH_SIZE);
	err = r->scratch ? choose_backend(r, backend) : -ENOMEM;
	if (err) {
		free(r->scratch);
		free(r);
		return err;
	}
	signal(SIGPIPE, SIG_IGN);	/* a write's result says it better */
	*out = r;
	return 0;
}

int ring_new(struct ring **out, const char *backend)
{
	return ring_new_tuned(out, backend, &(struct ring_tuning){ 0 });
}

/* Buffers the kernel still reads or fills may not be freed under it; a disk
 * that hangs in fdatasync is not waited for longer than this. */
#define FREE_TURNS 50
#define FREE_TURN_US (100 * US_PER_MS)

void ring_free(struct ring *r)
{
	if (!r)
		return;
	while (timer_pop(&r->timers, TIME_NEVER))
		;	/* so that none says it is armed */
	for (size_t i = 0; i < r->n_slots; i++)
		if (r->slots[i].h)
			ring_handle_close(r->slots[i].h);
	for (int i = 0; r->live > 0 && i < FREE_TURNS; i++) {
		if (r->backend->wait(r, FREE_TURN_US))
			break;
		r->backend->reap(r);
	}
	r->backend->close(r);
	free_dead(r);
	timer_heap_fini(&r->timers);
	free(r->slots);
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
	return &r->count;
}

uint64_t ring_now_us(const struct ring *r)
{
	return r->now_us;
}
