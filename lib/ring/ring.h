/* SPDX-License-Identifier: MIT
 *
 * The engine: one thread, completions, timers, signals; io_uring where it is
 * allowed, epoll elsewhere, the same behaviour on both (docs/decisions.md).
 * CAIRN_ENGINE=uring|epoll forces one.
 *
 * A stream is a tty, pty, pipe or socket opened by the caller; the engine sets
 * O_NONBLOCK and owns the fd until ring_stream_close, after whose call no
 * callback comes any more (late completions are swallowed by generation).
 * Received bytes are borrowed for the length of the callback. Callbacks come
 * from ring_turn and ring_run only, and may close and open what they like.
 * SIGPIPE is ignored from ring_new on.
 */
#pragma once
#include "lib/base/bytes.h"
#include "lib/base/heap.h"

struct ring;
struct ring_stream;

struct ring_counters {
	uint64_t turns, completions, enobufs, cq_overflows, late_completions;
};

/* backend: NULL or "" = probe, else "uring" / "epoll". 0, -errno. */
int ring_new(struct ring **out, const char *backend);
/* Closes all that is left, without callbacks, and waits for what the kernel
 * still works on. */
void ring_free(struct ring *r);
const char *ring_backend(const struct ring *r);	/* "io_uring" / "epoll" */
/* One sentence on what was probed, for `status`. */
const char *ring_describe(const struct ring *r);
const struct ring_counters *ring_counters(const struct ring *r);
uint64_t ring_now_us(const struct ring *r);	/* time of this turn */

/* Runs until ring_stop. Each turn: completions, due timers, then on_turn. */
int ring_run(struct ring *r);
void ring_stop(struct ring *r);
void ring_on_turn(struct ring *r, void (*fn)(void *ctx), void *ctx);
/* One turn, waiting at most timeout_us: for tests and programs with loops of
 * their own. 0 or -errno. */
int ring_turn(struct ring *r, uint64_t timeout_us);

/* ---- streams ---- */

/* Which buffers a stream reads into: 256 B, 4 KiB, 2 KiB; CONTROL takes
 * messages up to 256 KiB. A datagram larger than its buffer is dropped, and on
 * a PACKET stream no error of the network (interface down, port unreachable)
 * is an end. */
enum ring_class { RING_TTY, RING_TCP, RING_PACKET, RING_CONTROL };

struct ring_stream_ops {
	/* n > 0 bytes; seqpacket and datagram sockets: one message a call. */
	void (*data)(void *ctx, struct span bytes);
	/* End of file or error (0 or -errno): no more data; close it. */
	void (*closed)(void *ctx, int error);
	/* The output queue became empty (may be NULL). */
	void (*drained)(void *ctx);
};

/* Takes fd over, starts reading. NULL and errno set on failure (fd stays the
 * caller's). */
struct ring_stream *ring_stream_new(struct ring *r, int fd,
				    enum ring_class cls,
				    const struct ring_stream_ops *ops,
				    void *ctx);
/* Queues a copy (one message, where the socket keeps them apart); 0, -ENOBUFS
 * above 1 MiB (nothing queued), -EPIPE. */
int ring_stream_write(struct ring_stream *s, struct span bytes);
size_t ring_stream_queued(const struct ring_stream *s);
/* Stops reading (back-pressure) and starts again; in between neither data nor
 * closed is called, what was under way is held. */
void ring_stream_pause(struct ring_stream *s, bool pause);
/* Cancels, closes the fd when the last completion has come. Safe inside a
 * callback of s. What is queued is dropped. */
void ring_stream_close(struct ring_stream *s);
int ring_stream_fd(const struct ring_stream *s);

/* ---- connecting and accepting ---- */

/* fd >= 0 (now the callee's) or -errno. */
typedef void (*ring_fd_fn)(void *ctx, int fd);
struct ring_wait;
/* Non-blocking connect of a socket to addr; fn is called once, and the wait is
 * gone then. NULL and errno set: fd stays the caller's. */
struct ring_wait *ring_connect(struct ring *r, int fd, const void *addr,
			       unsigned addr_len, ring_fd_fn fn, void *ctx);
/* Accepts until cancelled; fn has -errno when there is no descriptor to be
 * had, and a second later it goes on. Takes listen_fd over. */
struct ring_wait *ring_accept(struct ring *r, int listen_fd, ring_fd_fn fn,
			      void *ctx);
/* No callback after this. */
void ring_wait_cancel(struct ring_wait *w);

/* ---- sync, signals, timers ---- */

/* fdatasync off the loop; fn(ctx, 0 or -errno), once. */
int ring_fdatasync(struct ring *r, int fd, void (*fn)(void *ctx, int result),
		   void *ctx);
/* Blocks the signal and delivers it here. 0 or -errno. */
int ring_signal(struct ring *r, int signo, void (*fn)(void *ctx, int signo),
		void *ctx);

struct ring_timer {
	struct timer t;		/* first */
	void (*fn)(void *ctx);
	void *ctx;
};
void ring_timer_set(struct ring *r, struct ring_timer *t, uint64_t due_us);
void ring_timer_clear(struct ring *r, struct ring_timer *t);
