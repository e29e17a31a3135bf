/* SPDX-License-Identifier: MIT
 *
 * Streams: reading until closed, and one write under way at a time.
 *
 *   queued -> sending -> kernel
 *
 * `sending` is what the write under way points into and does not move;
 * `queued` grows meanwhile; when all of `sending` is gone they change places.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "lib/base/buf.h"
#include "lib/ring/source.h"

#define STREAM_OUT_MAX (1u << 20)

struct ring_stream {
	struct ring_source s;	/* first */
	const struct ring_stream_ops *ops;
	void *ctx;
	struct buf sending, queued;
	size_t sent;		/* of sending */
	bool paused, ended, in_callback;
};

static struct ring_stream *stream_of(struct ring_source *s)
{
	return container_of(s, struct ring_stream, s);
}

void ring_source_free(struct ring_source *s)
{
	if (s->kind == RING_KIND_STREAM) {
		buf_fini(&stream_of(s)->sending);
		buf_fini(&stream_of(s)->queued);
	}
	free(s);
}

static void stream_end(struct ring_stream *st, int error)
{
	if (st->ended || st->s.closing)
		return;
	st->ended = true;
	st->ops->closed(st->ctx, error);
}

/* Control messages are read here, whole, whatever the backend. */
static void control_polled(struct ring_source *s, int revents)
{
	struct ring_stream *st = stream_of(s);

	(void)revents;
	while (!s->closing && !st->paused) {
		ssize_t n = recv(s->fd, s->ring->scratch, RING_SCRATCH_SIZE,
				 MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n <= 0) {
			stream_end(st, n < 0 ? -errno : 0);
			return;
		}
		st->ops->data(st->ctx, SPAN(s->ring->scratch, (size_t)n));
	}
	if (!s->closing && !st->paused && !st->ended && !s->polling)
		s->ring->backend->poll(s, POLLIN);
}

static void stream_read(struct ring_stream *st)
{
	struct ring_source *s = &st->s;

	if (s->closing || st->paused || st->ended)
		return;
	if (s->cls == RING_CONTROL) {
		if (!s->polling)
			s->ring->backend->poll(s, POLLIN);
	} else if (!s->reading) {
		s->ring->backend->read(s);
	}
}

struct ring_stream *ring_stream_new(struct ring *r, int fd,
				    enum ring_class cls,
				    const struct ring_stream_ops *ops,
				    void *ctx)
{
	struct ring_stream *st = calloc(1, sizeof(*st));
	int flags = fcntl(fd, F_GETFL), err;

	if (!st || flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
		free(st);
		return NULL;
	}
	st->ops = ops;
	st->ctx = ctx;
	st->s.cls = cls;
	st->s.polled = control_polled;
	err = ring_source_init(r, &st->s, RING_KIND_STREAM, fd, true);
	if (err) {
		free(st);
		errno = -err;
		return NULL;
	}
	stream_read(st);
	return st;
}

void ring_got(struct ring_source *s, const uint8_t *p, int n, bool more)
{
	struct ring_stream *st = stream_of(s);

	s->reading = more;
	if (s->closing || st->ended)
		return;
	if (n > 0)
		st->ops->data(st->ctx, SPAN(p, (size_t)n));
	else if (n == -ENOBUFS)
		s->ring->counters.enobufs++;
	else if (n != -EAGAIN && n != -EINTR && n != -ECANCELED) {
		stream_end(st, n);
		return;
	}
	if (!more)
		stream_read(st);
}

/* ---- writing ---- */

static void stream_write(struct ring_stream *st)
{
	struct ring_source *s = &st->s;

	if (s->closing || st->ended || s->writing)
		return;
	if (st->sent == st->sending.len) {
		struct buf empty = st->sending;

		if (st->queued.len == 0)
			return;
		empty.len = 0;
		st->sending = st->queued;
		st->queued = empty;
		st->sent = 0;
	}
	s->out = SPAN(st->sending.p + st->sent, st->sending.len - st->sent);
	if (s->cls == RING_CONTROL) /* [length 4 | message] in the queue */
		s->out = SPAN(s->out.p + 4, (size_t)le_get(s->out.p, 4));
	s->ring->backend->write(s);
}

void ring_wrote(struct ring_source *s, int n)
{
	struct ring_stream *st = stream_of(s);

	s->writing = false;
	if (s->closing || st->ended)
		return;
	if (n < 0 && n != -EAGAIN && n != -EINTR) {
		stream_end(st, n);
		return;
	}
	if (n >= 0) {
		s->ring->counters.short_writes += (size_t)n < s->out.n;
		st->sent += s->cls == RING_CONTROL ? s->out.n + 4 : (size_t)n;
	}
	if (ring_stream_queued(st) > 0)
		stream_write(st);
	else if (st->ops->drained)
		st->ops->drained(st->ctx);
}

int ring_stream_write(struct ring_stream *st, struct span bytes)
{
	uint8_t head[4];

	if (st->s.closing || st->ended)
		return -EPIPE;
	if (ring_stream_queued(st) + bytes.n > STREAM_OUT_MAX)
		return -ENOBUFS;
	if (st->s.cls == RING_CONTROL) {
		le_put(head, 4, bytes.n);
		buf_add(&st->queued, SPAN(head, 4));
	}
	buf_add(&st->queued, bytes);
	stream_write(st);
	return 0;
}

size_t ring_stream_queued(const struct ring_stream *st)
{
	return st->sending.len - st->sent + st->queued.len;
}

void ring_stream_pause(struct ring_stream *st, bool pause)
{
	if (st->paused == pause)
		return;
	st->paused = pause;
	if (pause)
		st->s.ring->backend->cancel(&st->s, false);
	else
		stream_read(st);
}

void ring_stream_close(struct ring_stream *st)
{
	if (st)
		ring_source_close(&st->s);
}

int ring_stream_fd(const struct ring_stream *st)
{
	return st->s.fd;
}
