/* SPDX-License-Identifier: MIT
 *
 * Inside the engine: what io_uring and epoll have to give (private to
 * lib/ring/ and its tests).
 *
 * A handle is one fd, with at most one request of each kind (ring_op)
 * outstanding. The common part says what it wants with arm() and cancel(), the
 * backend answers through ring_complete(): once, or, for reads, as often as
 * there is data while `more` is set. A cancelled request may still complete;
 * the backend clears its bit in `armed` when it never will.
 *
 *   open --arm--> armed --complete--> open
 *     \             |
 *      `--close-->  closing --last completion--> dead --end of turn--> freed
 *
 * So a handle outlives every request that names it, and callbacks may close
 * anything. user_data = generation 32 | slot 24 | op 8 finds the handle again,
 * or tells that it is gone.
 */
#pragma once
#include "lib/base/list.h"
#include "lib/ring/ring.h"

enum ring_op { RING_READ, RING_WRITE, RING_POLL, RING_SYNC, RING_OPS };

struct ring_completion {
	enum ring_op op;
	int res;		/* bytes, poll events, 0 or -errno */
	struct span data;	/* RING_READ: for the call */
	bool more;		/* the request stays armed */
};

struct ring_handle;

/* What a handle is: a stream, a wait, a sync, the signals. */
struct ring_kind {
	void (*complete)(struct ring_handle *h,
			 const struct ring_completion *c);
	/* Asked for with ring_handle_kick: look what is to be done. */
	void (*advance)(struct ring_handle *h);
	void (*free)(struct ring_handle *h);
};

struct ring_handle {
	struct ring *r;
	const struct ring_kind *kind;
	int fd;
	bool owns_fd;		/* closed with the handle */
	int old_flags;		/* put back before it; -1 = nothing to do */
	uint32_t slot, gen;
	enum ring_class cls;
	bool socket;		/* recv/send, not read/write */
	bool messages;		/* ... that keeps boundaries */
	bool closing, kicked;
	uint8_t armed;		/* a bit for each ring_op */
	uint8_t posted;		/* of those: result is known, to be told */
	int posted_res[RING_OPS];
	short poll_events;	/* RING_POLL: wanted */
	struct span out;	/* RING_WRITE: stays put until it completes */
	struct list node;	/* in ring.kicked or ring.dead */
	/* the backend's own */
	struct list job;
	uint32_t interest;
	bool waits;
};

struct ring_backend {
	const char *name;
	bool reads;		/* has RING_READ; else poll, then read */
	/* Writes ring.describe, also when it fails. */
	int (*open)(struct ring *r);
	void (*close)(struct ring *r);
	/* 0, -EAGAIN (no room now) or -errno (never; told as a result). */
	int (*arm)(struct ring_handle *h, enum ring_op op);
	void (*cancel)(struct ring_handle *h, enum ring_op op);
	/* h's fd is about to be closed or given away; may be NULL. */
	void (*forget)(struct ring_handle *h);
	/* Sleeps until something completed; then reap hands it all out. */
	int (*wait)(struct ring *r, uint64_t timeout_us);
	void (*reap)(struct ring *r);
};

extern const struct ring_backend ring_uring, ring_epoll;

/* For tests: what an operation that the engine does not use comes to. */
int ring_uring_forbidden(struct ring *r);

/* What tests turn to reach rare paths. Zeros are the defaults. */
struct ring_tuning {
	unsigned cq_entries;
	unsigned buffers;	/* of each group, a power of two */
	bool no_read_multishot;	/* as on kernels before 6.7 */
};

struct ring_slot {
	struct ring_handle *h;	/* NULL = free */
	uint32_t gen;
};

#define RING_HANDLES_MAX 4096
#define RING_SCRATCH_SIZE (256 * 1024)	/* the largest message taken */

struct ring {
	const struct ring_backend *backend;
	void *state;		/* the backend's */
	struct ring_tuning tuning;
	char describe[160];
	struct ring_counters count;
	uint64_t now_us;
	struct timer_heap timers;
	bool stop;
	void (*on_turn)(void *ctx);
	void *on_turn_ctx;
	struct ring_slot *slots;
	size_t n_slots, live;
	struct list kicked, dead;
	uint8_t *scratch;	/* polled reads and epoll's */
	struct ring_signals *signals;
};

int ring_new_tuned(struct ring **out, const char *backend,
		   const struct ring_tuning *tuning);

/* Gives h a slot and, if it is to own fd, makes fd non-blocking. 0 or -errno:
 * then fd is as it was. */
int ring_handle_open(struct ring_handle *h, struct ring *r,
		     const struct ring_kind *kind, int fd, bool owns_fd);
/* Cancels what is armed. fd and memory go with the last completion. */
void ring_handle_close(struct ring_handle *h);
/* Has kind->advance called in this turn or the next. */
void ring_handle_kick(struct ring_handle *h);
/* Arms op unless it is; a kick follows if the backend had no room. */
void ring_handle_arm(struct ring_handle *h, enum ring_op op);
/* The result of op, armed or being armed, is known: told soon, never from
 * inside the call that asked for it. */
void ring_handle_post(struct ring_handle *h, enum ring_op op, int res);
void ring_handle_cancel(struct ring_handle *h, enum ring_op op);

void ring_complete(struct ring_handle *h, const struct ring_completion *c);
uint64_t ring_user_data(const struct ring_handle *h, enum ring_op op);
/* NULL if it is gone (counted as late). */
struct ring_handle *ring_find(struct ring *r, uint64_t user_data,
			      enum ring_op *op);

static inline bool ring_armed(const struct ring_handle *h, enum ring_op op)
{
	return h->armed & 1u << op;
}
