/* SPDX-License-Identifier: MIT
 *
 * The engine on io_uring; the only file that includes liburing.
 *
 * Set-up ladder: DEFER_TASKRUN (Linux 6.1), COOP_TASKRUN (5.19), plain. Reads
 * take buffers from one group a class, given to the kernel as a ring: recv
 * multishot for sockets (6.0, else epoll is used); for the rest opcode 49
 * where a pipe shows that it works (6.7), else READ, armed again by the
 * stream. Invariants:
 *
 * - A wait is for one completion: with DEFER_TASKRUN a wait for more counts
 *   task work, not completions, and stalls.
 * - A buffer goes back whatever its completion says, after the callback.
 * - A handle's completion without F_MORE is its last for that operation.
 *
 * What is optional is probed on a small ring of its own; the one that is used
 * is then told which operations it may take (`allowed`), and is of no use to
 * who might get at it for anything else, opening files say.
 */
#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "lib/base/clock.h"
#include "lib/ring/backend.h"

#define SQ_ENTRIES 256
#define CQ_ENTRIES 4096
#define PROBE_ENTRIES 16
#define OP_READ_MULTISHOT 49	/* newer than Debian 12's header */
#define CANCEL_DATA UINT64_MAX	/* no handle's */
#define GROUPS RING_CONTROL	/* control messages are polled for */

static const struct {
	unsigned count, size;
} group_shape[GROUPS] = {
	[RING_TTY] = { 256, 256 },
	[RING_TCP] = { 64, 4096 },
	[RING_PACKET] = { 256, 2048 },
};

struct group {
	unsigned count;
	struct io_uring_buf_ring *ring;
	uint8_t *memory;
};

struct uring_state {
	struct io_uring u;
	bool read_multishot, restricted;
	struct group groups[GROUPS];
};

static struct uring_state *state_of(struct ring_handle *h)
{
	return h->r->state;
}

/* ---- buffer groups ---- */

static const uint8_t *buffer_at(struct uring_state *s, unsigned group,
				unsigned id)
{
	return s->groups[group].memory + (size_t)id * group_shape[group].size;
}

static void buffer_put(struct uring_state *s, unsigned group, unsigned id)
{
	struct group *g = &s->groups[group];
	unsigned size = group_shape[group].size;

	io_uring_buf_ring_add(g->ring, g->memory + (size_t)id * size, size,
			      (uint16_t)id,
			      (int)g->count - 1, 0);
	io_uring_buf_ring_advance(g->ring, 1);
}

static size_t group_ring_bytes(const struct group *g)
{
	return g->count * sizeof(struct io_uring_buf);
}

static void *map_pages(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static int group_open(struct uring_state *s, unsigned group, unsigned count)
{
	struct group *g = &s->groups[group];
	struct io_uring_buf_reg reg = { .ring_entries = count,
					.bgid = (uint16_t)group };
	int err;

	g->count = count;
	g->ring = map_pages(group_ring_bytes(g));
	g->memory = map_pages((size_t)count * group_shape[group].size);
	if (!g->ring || !g->memory)
		return -ENOMEM;
	reg.ring_addr = (uintptr_t)g->ring;
	err = io_uring_register_buf_ring(&s->u, &reg, 0);
	if (err)
		return err;
	io_uring_buf_ring_init(g->ring);
	for (unsigned i = 0; i < count; i++)
		buffer_put(s, group, i);
	return 0;
}

static void group_close(struct uring_state *s, unsigned group)
{
	struct group *g = &s->groups[group];

	if (g->ring)
		munmap(g->ring, group_ring_bytes(g));
	if (g->memory)
		munmap(g->memory, (size_t)g->count * group_shape[group].size);
}

/* ---- requests ---- */

/* NULL if the queue is full and the kernel takes no more just now. */
static struct io_uring_sqe *sqe_get(struct uring_state *s)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&s->u);

	if (sqe)
		return sqe;
	io_uring_submit(&s->u);
	return io_uring_get_sqe(&s->u);
}

static void prep_select(struct io_uring_sqe *sqe, unsigned group)
{
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = (uint16_t)group;
}

static void prep_read_multishot(struct io_uring_sqe *sqe, int fd,
				unsigned group)
{
	io_uring_prep_rw(OP_READ_MULTISHOT, sqe, fd, NULL, 0, (uint64_t)-1);
	prep_select(sqe, group);
}

static void prep_recv_multishot(struct io_uring_sqe *sqe, int fd,
				unsigned group)
{
	io_uring_prep_recv_multishot(sqe, fd, NULL, 0, 0);
	prep_select(sqe, group);
}

static void prep_read(struct io_uring_sqe *sqe, struct ring_handle *h)
{
	if (h->socket) {
		prep_recv_multishot(sqe, h->fd, h->cls);
		sqe->msg_flags = h->messages ? MSG_TRUNC : 0;
	} else if (state_of(h)->read_multishot) {
		prep_read_multishot(sqe, h->fd, h->cls);
	} else {
		io_uring_prep_read(sqe, h->fd, NULL, group_shape[h->cls].size,
				   (uint64_t)-1);
		prep_select(sqe, h->cls);
	}
}

static void prep_write(struct io_uring_sqe *sqe, struct ring_handle *h)
{
	if (h->waits)
		io_uring_prep_poll_add(sqe, h->fd, POLLOUT);
	else if (h->socket)
		io_uring_prep_send(sqe, h->fd, h->out.p, h->out.n,
				   MSG_NOSIGNAL);
	else
		io_uring_prep_write(sqe, h->fd, h->out.p, (unsigned)h->out.n,
				    (uint64_t)-1);
}

static int uring_arm(struct ring_handle *h, enum ring_op op)
{
	struct io_uring_sqe *sqe = sqe_get(state_of(h));

	if (!sqe)
		return -EAGAIN;
	switch (op) {
	case RING_READ:
		prep_read(sqe, h);
		break;
	case RING_WRITE:
		prep_write(sqe, h);
		break;
	case RING_POLL:
		io_uring_prep_poll_add(sqe, h->fd, (unsigned)h->poll_events);
		break;
	default:
		io_uring_prep_fsync(sqe, h->fd, IORING_FSYNC_DATASYNC);
	}
	io_uring_sqe_set_data64(sqe, ring_user_data(h, op));
	return 0;
}

static void uring_cancel(struct ring_handle *h, enum ring_op op)
{
	struct io_uring_sqe *sqe = sqe_get(state_of(h));
	struct io_uring_sync_cancel_reg now = {
		.addr = ring_user_data(h, op), .fd = -1,
	};

	if (!sqe) {
		io_uring_register_sync_cancel(&state_of(h)->u, &now);
		return;
	}
	io_uring_prep_cancel64(sqe, ring_user_data(h, op), 0);
	io_uring_sqe_set_data64(sqe, CANCEL_DATA);
}

/* ---- completions ---- */

/* A file that says EAGAIN instead of waiting by itself is waited for; the
 * poll's completion stands for "write again". */
static int write_result(struct ring_handle *h, int res)
{
	bool waited = h->waits;

	h->waits = !waited && res == -EAGAIN;
	return waited && res > 0 ? -EAGAIN : res;
}

static void reap_one(struct ring *r, const struct io_uring_cqe *cqe)
{
	struct uring_state *s = r->state;
	unsigned id = cqe->flags >> IORING_CQE_BUFFER_SHIFT, group = 0;
	bool buffer = cqe->flags & IORING_CQE_F_BUFFER;
	struct ring_completion c = { .res = cqe->res,
		.more = cqe->flags & IORING_CQE_F_MORE };
	struct ring_handle *h;

	if (cqe->user_data == CANCEL_DATA)
		return;
	h = ring_find(r, cqe->user_data, &c.op);
	if (!h)
		return;
	if (buffer)
		group = h->cls;
	if (c.res > (int)group_shape[group].size && buffer)
		c.res = -EMSGSIZE;
	else if (buffer && c.res > 0)
		c.data = SPAN(buffer_at(s, group, id), (size_t)c.res);
	if (c.op == RING_WRITE)
		c.res = write_result(h, c.res);
	ring_complete(h, &c);
	if (buffer)
		buffer_put(s, group, id);
}

static void uring_reap(struct ring *r)
{
	struct uring_state *s = r->state;
	struct io_uring_cqe *cqe;
	unsigned head, n = 0;

	io_uring_for_each_cqe(&s->u, head, cqe) {
		reap_one(r, cqe);
		n++;
	}
	io_uring_cq_advance(&s->u, n);
}

static int uring_wait(struct ring *r, uint64_t timeout_us)
{
	struct uring_state *s = r->state;
	struct __kernel_timespec ts = {
		.tv_sec = (long long)(timeout_us / US_PER_S),
		.tv_nsec = (long long)(timeout_us % US_PER_S) * 1000,
	};
	struct io_uring_cqe *cqe;
	int err = io_uring_submit_and_wait_timeout(
		&s->u, &cqe, 1, timeout_us == TIME_NEVER ? NULL : &ts, NULL);

	/* Set: what did not fit follows with the next wait, nothing is lost. */
	r->count.cq_overflows += io_uring_cq_has_overflow(&s->u);
	if (err == -ETIME || err == -EINTR || err == -EBUSY || err == -EAGAIN)
		return 0;
	return err < 0 ? err : 0;
}

/* ---- set-up ---- */

static const struct {
	unsigned flags;
	const char *name;
} ladder[] = {
	{ IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
	  "deferred task work" },
	{ IORING_SETUP_COOP_TASKRUN, "cooperative task work" },
	{ 0, "plain" },
};
#define RUNGS (sizeof(ladder) / sizeof(*ladder))

static int queue_open(struct uring_state *s, unsigned cq_entries,
		      unsigned flags, const char **how)
{
	int err = -EINVAL;

	for (size_t i = 0; i < RUNGS && err == -EINVAL; i++) {
		struct io_uring_params p = {
			.flags = ladder[i].flags | IORING_SETUP_CQSIZE |
				 IORING_SETUP_CLAMP | flags,
			.cq_entries = cq_entries ? cq_entries : CQ_ENTRIES,
		};
		unsigned sq = p.cq_entries < SQ_ENTRIES ? p.cq_entries
							: SQ_ENTRIES;

		*how = ladder[i].name;
		err = io_uring_queue_init_params(sq, &s->u, &p);
	}
	return err;
}

/* One byte and the end of file through fd[0]: multishot works if the byte
 * comes in a buffer and the request stays armed until the end. */
static bool probe_request(struct uring_state *s, const int fd[2],
			  void (*prep)(struct io_uring_sqe *sqe, int fd,
				       unsigned group))
{
	struct __kernel_timespec second = { .tv_sec = 1 };
	struct io_uring_cqe *cqe;
	bool works = false, more = write(fd[1], "", 1) == 1;

	close(fd[1]);
	prep(io_uring_get_sqe(&s->u), fd[0], RING_TTY);
	while (more && io_uring_submit_and_wait_timeout(&s->u, &cqe, 1,
						       &second, NULL) >= 0) {
		more = cqe->flags & IORING_CQE_F_MORE;
		works |= more && cqe->res == 1;
		if (cqe->flags & IORING_CQE_F_BUFFER)
			buffer_put(s, RING_TTY,
				   cqe->flags >> IORING_CQE_BUFFER_SHIFT);
		io_uring_cqe_seen(&s->u, cqe);
	}
	close(fd[0]);
	return works && !more;
}

static int probe_requests(struct ring *r, struct uring_state *s)
{
	int fd[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd))
		return -errno;
	if (!probe_request(s, fd, prep_recv_multishot))
		return -EOPNOTSUPP;
	if (pipe2(fd, O_CLOEXEC))
		return -errno;
	s->read_multishot = probe_request(s, fd, prep_read_multishot) &&
			    !r->tuning.no_read_multishot;
	return 0;
}

static void state_close(struct uring_state *s)
{
	io_uring_queue_exit(&s->u);
	for (unsigned group = 0; group < GROUPS; group++)
		group_close(s, group);
}

/* On a ring of its own, since the other one may do only what it must. */
static int probe(struct ring *r, struct uring_state *s)
{
	struct uring_state small = { 0 };
	const char *how;
	int err = queue_open(&small, PROBE_ENTRIES, 0, &how);

	if (err)
		return err;
	err = group_open(&small, RING_TTY, PROBE_ENTRIES);
	if (!err)
		err = probe_requests(r, &small);
	s->read_multishot = small.read_multishot;
	state_close(&small);
	return err;
}

/* Of Debian 12's liburing these are not exported. */
static int register_op(struct uring_state *s, unsigned op, void *arg,
		       unsigned n)
{
	return syscall(SYS_io_uring_register, s->u.ring_fd, op, arg, n) < 0 ?
	       -errno : 0;
}

/* A kernel that does not know how leaves the ring open to all operations. */
static int enable(struct uring_state *s)
{
	struct io_uring_restriction allowed[] = {
		{ .opcode = IORING_RESTRICTION_SQE_OP,
		  .sqe_op = s->read_multishot ? OP_READ_MULTISHOT :
						IORING_OP_READ },
		{ .opcode = IORING_RESTRICTION_SQE_OP,
		  .sqe_op = IORING_OP_RECV },
		{ .opcode = IORING_RESTRICTION_SQE_OP,
		  .sqe_op = IORING_OP_WRITE },
		{ .opcode = IORING_RESTRICTION_SQE_OP,
		  .sqe_op = IORING_OP_SEND },
		{ .opcode = IORING_RESTRICTION_SQE_OP,
		  .sqe_op = IORING_OP_POLL_ADD },
		{ .opcode = IORING_RESTRICTION_SQE_OP,
		  .sqe_op = IORING_OP_FSYNC },
		{ .opcode = IORING_RESTRICTION_SQE_OP,
		  .sqe_op = IORING_OP_ASYNC_CANCEL },
		{ .opcode = IORING_RESTRICTION_SQE_FLAGS_ALLOWED,
		  .sqe_flags = IOSQE_BUFFER_SELECT },
		{ .opcode = IORING_RESTRICTION_REGISTER_OP,
		  .register_op = IORING_REGISTER_SYNC_CANCEL },
	};

	s->restricted = register_op(s, IORING_REGISTER_RESTRICTIONS, allowed,
			sizeof(allowed) / sizeof(allowed[0])) == 0;
	return register_op(s, IORING_REGISTER_ENABLE_RINGS, NULL, 0);
}

int ring_uring_forbidden(struct ring *r)
{
	struct uring_state *s = r->state;
	struct io_uring_cqe *cqe;
	int res;

	io_uring_prep_nop(io_uring_get_sqe(&s->u));
	io_uring_submit_and_wait(&s->u, 1);
	if (io_uring_peek_cqe(&s->u, &cqe))
		return -EIO;
	res = cqe->res;
	io_uring_cqe_seen(&s->u, cqe);
	return res;
}

static void uring_close(struct ring *r)
{
	state_close(r->state);
	free(r->state);
}

static int refused(struct ring *r, const char *what, int err)
{
	snprintf(r->describe, sizeof(r->describe), "%s (%s)", what,
		 strerror(-err));
	return err;
}

static int uring_open(struct ring *r)
{
	struct uring_state *s = calloc(1, sizeof(*s));
	const char *how;
	int err;

	if (!s)
		return -ENOMEM;
	err = queue_open(s, r->tuning.cq_entries, IORING_SETUP_R_DISABLED,
			 &how);
	if (err) {
		free(s);
		return refused(r, "io_uring is refused", err);
	}
	r->state = s;
	err = probe(r, s);
	for (unsigned group = 0; group < GROUPS && !err; group++)
		err = group_open(s, group, r->tuning.buffers ?
				 r->tuning.buffers : group_shape[group].count);
	err = err ? err : enable(s);
	if (err) {
		uring_close(r);
		return refused(r, "this kernel's io_uring is too old", err);
	}
	snprintf(r->describe, sizeof(r->describe), "io_uring, %s, %s%s", how,
		 s->read_multishot ? "multishot reads"
				   : "reads armed one by one",
		 s->restricted ? ", restricted to what it does" : "");
	return 0;
}

const struct ring_backend ring_uring = {
	.name = "io_uring",
	.reads = true,
	.open = uring_open,
	.close = uring_close,
	.arm = uring_arm,
	.cancel = uring_cancel,
	.wait = uring_wait,
	.reap = uring_reap,
};
