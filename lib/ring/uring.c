/* SPDX-License-Identifier: MIT
 *
 * The engine on io_uring. The only file that includes liburing.
 *
 * Set-up ladder: DEFER_TASKRUN (6.1), COOP_TASKRUN (5.19), plain. Reads are
 * multishot with provided buffers: recv for sockets, opcode 49 for the rest
 * where a pipe shows that it works (6.7), else READ with buffer select,
 * re-armed. A wait is always for one completion: with DEFER_TASKRUN more than
 * one stalls. A buffer goes back whatever its completion says.
 *
 *   user_data = generation 32 | slot 28 | operation 4
 */
#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "lib/ring/source.h"

#define URING_SQ 256
#define URING_CQ 4096
#define URING_READ_MULTISHOT 49	/* newer than Debian 12's header */

enum uring_op { OP_READ = 1, OP_WRITE, OP_POLL, OP_SYNC, OP_CANCEL };

struct group {
	unsigned count, size;
	struct io_uring_buf_ring *ring;
	uint8_t *memory;
};

struct uring_priv {
	struct io_uring ring;
	bool multishot_read;
	struct group groups[RING_CONTROL]; /* one a class that reads here */
};

static struct uring_priv *priv(struct ring *r)
{
	return r->priv;
}

static uint64_t tag(const struct ring_source *s, enum uring_op op)
{
	return (uint64_t)s->generation << 32 | s->slot << 4 | op;
}

static struct io_uring_sqe *sqe_get(struct ring *r)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&priv(r)->ring);

	if (!sqe) {
		io_uring_submit(&priv(r)->ring);
		sqe = io_uring_get_sqe(&priv(r)->ring);
	}
	return sqe; /* never NULL: a submit empties the queue */
}

static void sqe_tag(struct io_uring_sqe *sqe, struct ring_source *s,
		    enum uring_op op)
{
	io_uring_sqe_set_data64(sqe, tag(s, op));
	s->pending++;
}

static bool multishot(const struct ring_source *s)
{
	return s->cls != RING_TTY || priv(s->ring)->multishot_read;
}

static void uring_read(struct ring_source *s)
{
	struct io_uring_sqe *sqe = sqe_get(s->ring);

	if (s->cls == RING_TTY && multishot(s))
		io_uring_prep_rw(URING_READ_MULTISHOT, sqe, s->fd, NULL, 0,
				 (uint64_t)-1);
	else if (s->cls == RING_TTY)
		io_uring_prep_read(sqe, s->fd, NULL,
				   priv(s->ring)->groups[s->cls].size,
				   (uint64_t)-1);
	else
		io_uring_prep_recv_multishot(sqe, s->fd, NULL, 0, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = (uint16_t)s->cls;
	s->reading = true;
	sqe_tag(sqe, s, OP_READ);
}

static void uring_write(struct ring_source *s)
{
	struct io_uring_sqe *sqe = sqe_get(s->ring);

	if (s->cls == RING_TTY)
		io_uring_prep_write(sqe, s->fd, s->out.p, (unsigned)s->out.n,
				    (uint64_t)-1);
	else
		io_uring_prep_send(sqe, s->fd, s->out.p, s->out.n,
				   MSG_NOSIGNAL);
	s->writing = true;
	sqe_tag(sqe, s, OP_WRITE);
}

static void poll_start(struct ring_source *s, short events, enum uring_op op)
{
	struct io_uring_sqe *sqe = sqe_get(s->ring);

	io_uring_prep_poll_add(sqe, s->fd, (unsigned)events);
	sqe_tag(sqe, s, op);
}

static void uring_poll(struct ring_source *s, short events)
{
	s->polling = true;
	poll_start(s, events, OP_POLL);
}

static void uring_sync(struct ring_source *s)
{
	struct io_uring_sqe *sqe = sqe_get(s->ring);

	io_uring_prep_fsync(sqe, s->fd, IORING_FSYNC_DATASYNC);
	sqe_tag(sqe, s, OP_SYNC);
}

static void cancel_one(struct ring_source *s, enum uring_op op)
{
	struct io_uring_sqe *sqe = sqe_get(s->ring);

	io_uring_prep_cancel64(sqe, tag(s, op), 0);
	io_uring_sqe_set_data64(sqe, OP_CANCEL);
}

static void uring_cancel(struct ring_source *s, bool all)
{
	if (s->reading)
		cancel_one(s, OP_READ);
	if (s->polling && (all || s->cls == RING_CONTROL))
		cancel_one(s, OP_POLL);
	if (s->writing && all)
		cancel_one(s, OP_WRITE);
}

/* ---- completions ---- */

static void buffer_put(struct ring *r, enum ring_class cls, unsigned id)
{
	struct group *g = &priv(r)->groups[cls];

	io_uring_buf_ring_add(g->ring, g->memory + (size_t)id * g->size,
			      g->size, (uint16_t)id,
			      io_uring_buf_ring_mask(g->count), 0);
	io_uring_buf_ring_advance(g->ring, 1);
}

static void read_done(struct ring_source *s, int res, unsigned flags)
{
	struct ring *r = s->ring;
	enum ring_class cls = s->cls;
	unsigned id = flags >> IORING_CQE_BUFFER_SHIFT;
	const uint8_t *p = NULL;

	if (flags & IORING_CQE_F_BUFFER)
		p = priv(r)->groups[cls].memory +
			(size_t)id * priv(r)->groups[cls].size;
	if (s->read_waits) {
		s->read_waits = false;
		ring_got(s, NULL, -EAGAIN, false); /* reads again */
	} else if (res == -EAGAIN && !(flags & IORING_CQE_F_MORE) &&
		   !s->closing) {
		/* O_NONBLOCK may answer at once that there is nothing */
		s->read_waits = true;
		poll_start(s, POLLIN, OP_READ);
	} else {
		ring_got(s, p, res, flags & IORING_CQE_F_MORE);
	}
	if (flags & IORING_CQE_F_BUFFER)
		buffer_put(r, cls, id);
}

static void write_done(struct ring_source *s, int res)
{
	if (s->write_waits) {
		s->write_waits = false;
		ring_wrote(s, -EAGAIN); /* writes again */
	} else if (res == -EAGAIN && !s->closing) {
		s->write_waits = true;
		poll_start(s, POLLOUT, OP_WRITE);
	} else {
		ring_wrote(s, res);
	}
}

static void complete(struct ring *r, const struct io_uring_cqe *cqe)
{
	enum uring_op op = cqe->user_data & 15;
	struct ring_source *s;

	r->counters.completions++;
	if (op == OP_CANCEL)
		return;
	s = ring_source_find(r, (uint32_t)cqe->user_data >> 4,
			     (uint32_t)(cqe->user_data >> 32));
	if (!s)
		return;
	if (op == OP_READ)
		read_done(s, cqe->res, cqe->flags);
	else if (op == OP_WRITE)
		write_done(s, cqe->res);
	else if (op == OP_POLL)
		ring_polled(s, cqe->res);
	else
		ring_synced(s, cqe->res);
	if (cqe->flags & IORING_CQE_F_MORE)
		return;
	if (--s->pending == 0 && s->closing)
		ring_source_gone(s);
}

static int uring_turn(struct ring *r, uint64_t timeout_us)
{
	struct io_uring *u = &priv(r)->ring;
	struct __kernel_timespec ts = { (long long)(timeout_us / 1000000),
		(long long)(timeout_us % 1000000) * 1000 };
	struct io_uring_cqe *cqe;
	unsigned head, n = 0;
	int err = io_uring_submit_and_wait_timeout(u, &cqe, 1,
			timeout_us == UINT64_MAX ? NULL : &ts, NULL);

	if (err < 0 && err != -ETIME && err != -EINTR && err != -EBUSY)
		return err;
	if (*u->sq.kflags & IORING_SQ_CQ_OVERFLOW)
		r->counters.cq_overflows++;
	io_uring_for_each_cqe(u, head, cqe) {
		struct io_uring_cqe one = *cqe;

		complete(r, &one);
		n++;
	}
	io_uring_cq_advance(u, n);
	return 0;
}

/* ---- life ---- */

static const struct {
	unsigned flags;
	const char *name;
} ladder[] = {
	{ IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
	  "deferred task work" },
	{ IORING_SETUP_COOP_TASKRUN, "cooperative task work" },
	{ 0, "plain" },
};

static int ring_setup(struct uring_priv *p, const char **how)
{
	int err = -EINVAL;

	for (unsigned i = 0; i < 3 && err; i++) {
		struct io_uring_params par = { 0 };

		par.flags = ladder[i].flags | IORING_SETUP_CQSIZE |
			IORING_SETUP_CLAMP;
		par.cq_entries = URING_CQ;
		err = io_uring_queue_init_params(URING_SQ, &p->ring, &par);
		*how = ladder[i].name;
	}
	return err;
}

static int group_init(struct uring_priv *p, int id, unsigned count,
		      unsigned size)
{
	struct group *g = &p->groups[id];
	struct io_uring_buf_reg reg = { 0 };
	size_t bytes = count * sizeof(struct io_uring_buf);
	int err;

	g->ring = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
	g->memory = malloc((size_t)count * size);
	g->count = count;
	g->size = size;
	if (g->ring == MAP_FAILED || !g->memory)
		return -ENOMEM;
	reg.ring_addr = (uintptr_t)g->ring;
	reg.ring_entries = count;
	reg.bgid = (uint16_t)id;
	err = io_uring_register_buf_ring(&p->ring, &reg, 0);
	if (err)
		return err;
	io_uring_buf_ring_init(g->ring);
	for (unsigned i = 0; i < count; i++)
		io_uring_buf_ring_add(g->ring, g->memory + (size_t)i * size,
				      size, (uint16_t)i,
				      io_uring_buf_ring_mask(count), (int)i);
	io_uring_buf_ring_advance(g->ring, (int)count);
	return 0;
}

/* Opcode 49 is tried, not assumed: a byte through a pipe. */
static bool multishot_works(struct ring *r)
{
	struct io_uring *u = &priv(r)->ring;
	struct __kernel_timespec ts = { 1, 0 };
	struct io_uring_sqe *sqe = io_uring_get_sqe(u);
	struct io_uring_cqe *cqe;
	bool works = false, more = true;
	int fd[2];

	if (pipe(fd) < 0)
		return false;
	io_uring_prep_rw(URING_READ_MULTISHOT, sqe, fd[0], NULL, 0,
			 (uint64_t)-1);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = RING_TTY;
	works = write(fd[1], "", 1) == 1;
	close(fd[1]); /* then end of file: the last completion */
	while (works && more &&
	       io_uring_submit_and_wait_timeout(u, &cqe, 1, &ts, NULL) >= 0) {
		more = cqe->flags & IORING_CQE_F_MORE;
		works = cqe->res >= 0;
		if (cqe->flags & IORING_CQE_F_BUFFER)
			buffer_put(r, RING_TTY, cqe->flags >>
				   IORING_CQE_BUFFER_SHIFT);
		io_uring_cqe_seen(u, cqe);
	}
	close(fd[0]);
	return works && !more;
}

static void uring_fini(struct ring *r)
{
	struct uring_priv *p = r->priv;

	io_uring_queue_exit(&p->ring);
	for (int i = 0; i < RING_CONTROL; i++) {
		if (p->groups[i].ring && p->groups[i].ring != MAP_FAILED)
			munmap(p->groups[i].ring, p->groups[i].count *
			       sizeof(struct io_uring_buf));
		free(p->groups[i].memory);
	}
	free(p);
}

static int uring_init(struct ring *r)
{
	struct uring_priv *p = calloc(1, sizeof(*p));
	const char *how = "";
	int err;

	if (!p)
		return -ENOMEM;
	err = ring_setup(p, &how);
	if (err) {
		free(p);
		return err;
	}
	r->priv = p;
	err = group_init(p, RING_TTY, 256, 256);
	err = err ? err : group_init(p, RING_TCP, 64, 4096);
	err = err ? err : group_init(p, RING_PACKET, 256, 2048);
	if (err) {
		uring_fini(r);
		return err;
	}
	p->multishot_read = multishot_works(r);
	snprintf(r->describe, sizeof(r->describe), "io_uring: %s, %s", how,
		 p->multishot_read ? "multishot reads" :
		 "reads re-armed one by one");
	return 0;
}

const struct ring_backend ring_backend_uring = {
	.name = "io_uring",
	.init = uring_init,
	.fini = uring_fini,
	.read = uring_read,
	.write = uring_write,
	.poll = uring_poll,
	.sync = uring_sync,
	.cancel = uring_cancel,
	.turn = uring_turn,
};
