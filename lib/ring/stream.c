/* SPDX-License-Identifier: MIT
 *
 * Streams: reading until the end or a pause, and one write under way.
 *
 *   queued -> sending -> kernel        kernel -> (held) -> data()
 *
 * `sending` is what the write under way points into and does not move;
 * `queued` grows meanwhile; when all of `sending` is gone they change places.
 * `held` takes what was read before a pause took hold. In all three, sockets
 * that keep message boundaries have each message behind its length (4 bytes).
 *
 * stream_advance is where everything is decided: it looks at what is wanted
 * and arms what is missing.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "lib/base/buf.h"
#include "lib/ring/backend.h"

#define STREAM_OUT_MAX (1u << 20)
#define STREAM_KEEP_MAX (64 * 1024)	/* an idle stream keeps no more */
#define POLLED_READS 16			/* a turn, then the others */
#define STREAM_PIECE 4096		/* a pause takes hold between two */

struct ring_stream {
	struct ring_handle h;	/* first */
	const struct ring_stream_ops *ops;
	void *ctx;
	struct buf sending, queued, held;
	size_t sent, taken;	/* of sending, of held */
	bool polled;		/* readiness, then read: whole messages */
	bool paused, read_ended, write_ended, told;
	int error;		/* 0 or -errno, for closed() */
};

static struct ring_stream *stream_of(struct ring_handle *h)
{
	return container_of(h, struct ring_stream, h);
}

/* ---- queues of bytes or of messages ---- */

static void queue_add(struct buf *q, bool messages, struct span s)
{
	uint8_t head[4];

	le_put(head, 4, s.n);
	if (messages)
		buf_add(q, SPAN(head, 4));
	buf_add(q, s);
}

/* The first message from `at` on, or all bytes; *next is where it ends. */
static struct span queue_first(const struct buf *q, size_t at, bool messages,
			       size_t *next)
{
	struct span s = SPAN(q->p + at, q->len - at);

	if (messages && s.n > 0)
		s = SPAN(s.p + 4, (size_t)le_get(s.p, 4));
	*next = at + s.n + (messages && s.n > 0 ? 4 : 0);
	return s;
}

static void queue_empty(struct buf *q)
{
	q->len = 0;
	if (q->cap > STREAM_KEEP_MAX)
		buf_fini(q);
}

/* ---- reading ---- */

/* A whole message, or the next piece of a line's bytes. */
static struct span stream_piece(const struct ring_stream *s, struct span bytes)
{
	if (!s->h.messages && bytes.n > STREAM_PIECE)
		bytes.n = STREAM_PIECE;
	return bytes;
}

static void stream_take(struct ring_stream *s, struct span bytes)
{
	while (bytes.n && !s->paused && s->held.len == 0 && !s->h.closing) {
		struct span piece = stream_piece(s, bytes);

		bytes = SPAN(bytes.p + piece.n, bytes.n - piece.n);
		s->ops->data(s->ctx, piece);
	}
	if (bytes.n && !s->h.closing)
		queue_add(&s->held, s->h.messages, bytes);
}

static void stream_release_held(struct ring_stream *s)
{
	while (s->taken < s->held.len && !s->paused && !s->h.closing) {
		size_t next;
		struct span piece = stream_piece(s, queue_first(&s->held,
				s->taken, s->h.messages, &next));

		s->taken = s->h.messages ? next : s->taken + piece.n;
		s->ops->data(s->ctx, piece);
	}
	if (s->taken == s->held.len) {
		queue_empty(&s->held);
		s->taken = 0;
	}
}

/* A packet socket lives on when its interface is down or its peer is not
 * there; the next packet may pass. */
static bool error_passes(const struct ring_stream *s, int error)
{
	if (error == -EINTR || error == -EAGAIN)
		return true;
	return s->h.cls == RING_PACKET &&
	       (error == -ENETDOWN || error == -ENETUNREACH ||
		error == -EHOSTUNREACH || error == -ECONNREFUSED ||
		error == -EMSGSIZE || error == -ENOBUFS || error == -EPERM);
}

static void stream_read_result(struct ring_stream *s, int res)
{
	if (res == -ENOBUFS)
		s->h.r->count.enobufs++;
	else if (res == -EAGAIN)
		s->polled = true;	/* a file that can't wait by itself */
	else if (res == 0 ? s->h.cls == RING_PACKET :
		 res == -ECANCELED || error_passes(s, res))
		;
	else {
		s->read_ended = true;
		s->error = s->error ? s->error : res;
	}
}

static ssize_t read_once(struct ring_stream *s)
{
	struct ring *r = s->h.r;
	int flags = MSG_DONTWAIT | (s->h.messages ? MSG_TRUNC : 0);
	ssize_t n = s->h.socket ?
		recv(s->h.fd, r->scratch, RING_SCRATCH_SIZE, flags) :
		read(s->h.fd, r->scratch, RING_SCRATCH_SIZE);

	if (n < 0)
		return -errno;
	return n > RING_SCRATCH_SIZE ? -EMSGSIZE : n;
}

static void stream_read_polled(struct ring_stream *s)
{
	for (int i = 0; i < POLLED_READS; i++) {
		ssize_t n;

		if (s->paused || s->read_ended || s->h.closing)
			return;
		n = read_once(s);
		if (n > 0)
			stream_take(s, SPAN(s->h.r->scratch, (size_t)n));
		else
			stream_read_result(s, (int)n);
		if (n == -EAGAIN)
			return;
	}
}

/* ---- writing ---- */

size_t ring_stream_queued(const struct ring_stream *s)
{
	return s->sending.len - s->sent + s->queued.len;
}

/* The peer may have sent its last words before it went: what is in a socket
 * can still be read, then comes the end. */
static void stream_write_failed(struct ring_stream *s, int error)
{
	s->write_ended = true;
	s->error = s->error ? s->error : error;
	if (!s->h.socket || shutdown(s->h.fd, SHUT_RDWR))
		s->read_ended = true;
}

static void stream_wrote(struct ring_stream *s, int res)
{
	size_t next;

	queue_first(&s->sending, s->sent, s->h.messages, &next);
	if (res == -EAGAIN || res == -EINTR)
		return;
	if (res < 0 && !error_passes(s, res)) {
		stream_write_failed(s, res);
		return;
	}
	if (res >= 0 && !s->h.messages)
		next = s->sent + (size_t)res;
	s->sent = next;
	if (ring_stream_queued(s) > 0)
		return;
	queue_empty(&s->sending);
	s->sent = 0;
	if (s->ops->drained)
		s->ops->drained(s->ctx);
}

static void stream_start_write(struct ring_stream *s)
{
	size_t next;

	if (s->write_ended || ring_armed(&s->h, RING_WRITE) ||
	    ring_stream_queued(s) == 0)
		return;
	if (s->sent == s->sending.len) {
		struct buf empty = s->sending;

		empty.len = 0;
		s->sending = s->queued;
		s->queued = empty;
		s->sent = 0;
	}
	s->h.out = queue_first(&s->sending, s->sent, s->h.messages, &next);
	ring_handle_arm(&s->h, RING_WRITE);
}

int ring_stream_write(struct ring_stream *s, struct span bytes)
{
	if (s->h.closing || s->write_ended || s->told)
		return -EPIPE;
	if (ring_stream_queued(s) + bytes.n > STREAM_OUT_MAX)
		return -ENOBUFS;
	if (bytes.n == 0)
		return 0;
	queue_add(&s->queued, s->h.messages, bytes);
	stream_start_write(s);
	return 0;
}

/* ---- the whole ---- */

static void stream_start_read(struct ring_stream *s)
{
	if (!s->paused && !s->read_ended && s->held.len == 0)
		ring_handle_arm(&s->h, s->polled ? RING_POLL : RING_READ);
}

static void stream_advance(struct ring_handle *h)
{
	struct ring_stream *s = stream_of(h);

	stream_release_held(s);
	if (h->closing)
		return;
	stream_start_read(s);
	stream_start_write(s);
	if (s->read_ended && !s->paused && s->held.len == 0 && !s->told) {
		s->told = true;
		s->ops->closed(s->ctx, s->error);
	}
}

static void stream_complete(struct ring_handle *h,
			    const struct ring_completion *c)
{
	struct ring_stream *s = stream_of(h);

	if (c->op == RING_WRITE)
		stream_wrote(s, c->res);
	else if (c->op == RING_POLL && c->res > 0)
		stream_read_polled(s);
	else if (c->res > 0)
		stream_take(s, c->data);
	else
		stream_read_result(s, c->res);
	if (!h->closing)
		stream_advance(h);
}

static void stream_free(struct ring_handle *h)
{
	struct ring_stream *s = stream_of(h);

	buf_fini(&s->sending);
	buf_fini(&s->queued);
	buf_fini(&s->held);
	free(s);
}

static const struct ring_kind stream_kind = {
	.complete = stream_complete,
	.advance = stream_advance,
	.free = stream_free,
};

/* Sockets, and among them those that keep messages apart, are told by what
 * they are, not by class. */
static void stream_look_at_fd(struct ring_stream *s)
{
	int type = 0;
	socklen_t len = sizeof(type);

	s->h.socket = !getsockopt(s->h.fd, SOL_SOCKET, SO_TYPE, &type, &len);
	s->h.messages = s->h.socket && type != SOCK_STREAM;
	s->h.poll_events = POLLIN;
	/* A control message may be larger than any buffer of a group. */
	s->polled = s->h.cls == RING_CONTROL || !s->h.r->backend->reads;
}

struct ring_stream *ring_stream_new(struct ring *r, int fd,
				    enum ring_class cls,
				    const struct ring_stream_ops *ops,
				    void *ctx)
{
	struct ring_stream *s = calloc(1, sizeof(*s));
	int err = -ENOMEM;

	if (s) {
		s->ops = ops;
		s->ctx = ctx;
		s->h.cls = cls;
		err = ring_handle_open(&s->h, r, &stream_kind, fd, true);
	}
	if (err) {
		free(s);
		errno = -err;
		return NULL;
	}
	stream_look_at_fd(s);
	stream_start_read(s);
	return s;
}

void ring_stream_pause(struct ring_stream *s, bool pause)
{
	if (s->paused == pause || s->h.closing)
		return;
	s->paused = pause;
	if (pause) {
		ring_handle_cancel(&s->h, RING_READ);
		ring_handle_cancel(&s->h, RING_POLL);
	} else {
		ring_handle_kick(&s->h);
	}
}

void ring_stream_close(struct ring_stream *s)
{
	if (s)
		ring_handle_close(&s->h);
}

int ring_stream_fd(const struct ring_stream *s)
{
	return s->h.fd;
}
