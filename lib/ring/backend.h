/* SPDX-License-Identifier: MIT
 *
 * Between the engine (engine.c) and what drives it (uring.c, epoll.c).
 *
 * A source is anything with a file descriptor that completes: a stream, a
 * wait, the signal fd, a sync. It lives in a slot; an operation carries slot
 * and generation, so that a completion that comes late finds nobody and is
 * counted. A source that is closed keeps its fd until its last operation has
 * completed (`pending`), then ring_source_gone closes and frees it.
 *
 * A backend starts operations and reports each through ring_got, ring_wrote,
 * ring_polled or ring_synced; it knows nothing of streams or timers.
 */
#pragma once
#include "lib/ring/ring.h"

enum ring_kind { RING_KIND_STREAM, RING_KIND_WAIT, RING_KIND_SIGNAL,
	RING_KIND_SYNC, RING_KIND_INTERNAL };

struct ring_source {
	struct ring *ring;
	enum ring_kind kind;
	enum ring_class cls;
	int fd;
	bool owns_fd;		/* closed with the source */
	uint32_t slot, generation;
	unsigned pending;	/* operations under way */
	bool closing;
	bool reading, writing, polling; /* which are under way */
	bool read_waits, write_waits;	/* so far only for readiness */
	void (*polled)(struct ring_source *s, int revents);
	void (*synced)(struct ring_source *s, int result);
	struct span out;	/* what the write under way sends */
};

struct ring_backend {
	const char *name;
	/* 0 or -errno: this backend can't run here. */
	int (*init)(struct ring *r);
	void (*fini)(struct ring *r);
	/* Starts reading: data comes through ring_got until it ends. */
	void (*read)(struct ring_source *s);
	/* Writes s->out once: ring_wrote with what went. */
	void (*write)(struct ring_source *s);
	/* Waits for readiness once: ring_polled. */
	void (*poll)(struct ring_source *s, short events);
	void (*sync)(struct ring_source *s);
	/* Ends the reading (all: every operation); completions still come. */
	void (*cancel)(struct ring_source *s, bool all);
	/* Waits at most timeout_us for completions and reports them all. */
	int (*turn)(struct ring *r, uint64_t timeout_us);
};
extern const struct ring_backend ring_backend_uring, ring_backend_epoll;

#define RING_SLOTS_MAX 1024

struct ring {
	const struct ring_backend *backend;
	void *priv;		/* the backend's */
	char describe[200];
	struct ring_counters counters;
	struct ring_source *slots[RING_SLOTS_MAX];
	uint32_t generations[RING_SLOTS_MAX];
	uint64_t now_us;
	struct timer_heap timers;
	bool stop;
	void (*on_turn)(void *ctx);
	void *on_turn_ctx;
	struct ring_source *signals;
	uint8_t *scratch;	/* one control message, or an epoll read */
};

#define RING_SCRATCH_SIZE (256 * 1024 + 64)

/* The source an operation belongs to, or NULL and counted. */
struct ring_source *ring_source_find(struct ring *r, uint32_t slot,
				     uint32_t generation);
/* After the last operation of a closing source. */
void ring_source_gone(struct ring_source *s);

/* n > 0: bytes; 0: end of file; < 0: -errno. more: the reading goes on. */
void ring_got(struct ring_source *s, const uint8_t *p, int n, bool more);
void ring_wrote(struct ring_source *s, int n);
void ring_polled(struct ring_source *s, int revents);
void ring_synced(struct ring_source *s, int result);
