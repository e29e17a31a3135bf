/* SPDX-License-Identifier: MIT
 *
 * Writing. A transaction is gathered in memory as one batch, header and all,
 * and goes out with one pwrite; a batch lies in one segment.
 */
#include <errno.h>
#include "lib/base/crc32c.h"
#include "lib/log/internal.h"

int log_fail(struct log *l, int error)
{
	if (!l->failed)
		l->failed = error;
	return error;
}

static int log_writable(const struct log *l)
{
	return l->failed ? l->failed : l->read_only ? -EROFS : 0;
}

/* ---- the transaction ---- */

static size_t transaction_max(const struct log *l)
{
	/* with room for a mark, a CLEAN and a SEAL */
	size_t room = l->segment_size - SEGMENT_DATA - 3 * BATCH_ALIGN;

	return room < LOG_TRANSACTION_MAX ? room : LOG_TRANSACTION_MAX;
}

void log_abort(struct log *l)
{
	l->batch.len = 0;
	l->count = 0;
	l->records_crc = 0;
}

static void transaction_begin(struct log *l)
{
	memset(buf_reserve(&l->batch, sizeof(struct batch_header)), 0,
	       sizeof(struct batch_header));
	l->batch.len = sizeof(struct batch_header);
}

/* Header, payload, zeros: space bytes. */
static void record_put(uint8_t *to, size_t space,
		       const struct record_header *r, struct span a,
		       struct span b)
{
	memset(to + space - RECORD_ALIGN, 0, RECORD_ALIGN);
	memcpy(to, r, sizeof(*r));
	to += sizeof(*r);
	if (a.n)
		memcpy(to, a.p, a.n);
	if (b.n)
		memcpy(to + a.n, b.p, b.n);
}

int log_append2(struct log *l, uint16_t type, uint32_t slot, struct span a,
		struct span b)
{
	struct record_header r = { .type = type, .slot = slot };
	int e = log_writable(l);
	size_t space;

	if (e)
		return e;
	if (type == 0)
		return -EINVAL;
	if (a.n > LOG_RECORD_MAX || b.n > LOG_RECORD_MAX - a.n)
		return -EMSGSIZE;
	if (l->batch.len == 0)
		transaction_begin(l);
	r.len = (uint32_t)(a.n + b.n);
	space = record_space(r.len);
	if (space > transaction_max(l) - l->batch.len)
		return -EMSGSIZE;
	r.back = (uint16_t)(l->batch.len / BATCH_ALIGN);
	r.crc = crc32c(crc32c(0, a.p, a.n), b.p, b.n);
	l->records_crc = crc32c(l->records_crc, &r, sizeof(r));
	l->count++;
	record_put(buf_reserve(&l->batch, space), space, &r, a, b);
	l->batch.len += space;
	return 0;
}

int log_append(struct log *l, uint16_t type, uint32_t slot,
	       struct span payload)
{
	return log_append2(l, type, slot, payload, SPAN(NULL, 0));
}

/* ---- the batch ---- */

int log_write_all(const struct log *l, int fd, const void *p, size_t n,
		  uint64_t offset)
{
	const uint8_t *from = p;

	while (n > 0) {
		int64_t did = l->io->pwrite(l->io->ctx, fd, from, n, offset);

		if (did == -EINTR)
			continue;
		if (did <= 0)
			return did < 0 ? (int)did : -EIO;
		from += did;
		n -= (size_t)did;
		offset += (uint64_t)did;
	}
	return 0;
}

/* Into the segment written to; the first failure is the last. */
static int log_pwrite(struct log *l, const void *p, size_t n, uint32_t offset)
{
	int e = log_write_all(l, l->fd, p, n, offset);

	return e ? log_fail(l, e) : 0;
}

int log_rewrite(struct log *l, uint32_t from, uint32_t to)
{
	const struct segment *s = log_last(l);
	uint8_t piece[4096];

	for (uint32_t n; from < to; from += n) {
		int e;

		n = to - from < sizeof(piece) ? to - from : sizeof(piece);
		memcpy(piece, s->p + from, n);
		e = log_pwrite(l, piece, n, from);
		if (e)
			return e;
	}
	return 0;
}

/* Completes the batch (header first in p, len bytes) and writes it. */
static int batch_write(struct log *l, uint8_t *p, size_t len, uint32_t count,
		       uint32_t records_crc, uint32_t flags, uint64_t wall_ms)
{
	struct batch_header h = {
		.magic = BATCH_MAGIC,
		.body_len = (uint32_t)(len - sizeof(h)), .seq = l->next_seq,
		.base_record = l->next_record, .synced_seq = l->synced_seq,
		.wall_ms = wall_ms, .count = count, .flags = flags,
		.prev_crc = l->prev_crc, .records_crc = records_crc,
	};
	struct segment *s = log_last(l);
	int e;

	h.crc = batch_crc(s->seed, &h);
	memcpy(p, &h, sizeof(h));
	e = log_pwrite(l, p, len, l->offset);
	if (e)
		return e;
	if (s->checked == l->offset)
		s->checked += (uint32_t)len;
	l->offset += (uint32_t)len;
	l->next_seq++;
	l->next_record += count;
	l->prev_crc = h.crc;
	l->clean = flags & BATCH_CLEAN;
	return 0;
}

/* Behind a CLEAN it is always a mark that follows. The CLEAN may itself not be
 * on the disk: it goes out once more, under the mark's sync. */
int log_write_mark(struct log *l, uint32_t flags)
{
	uint8_t p[sizeof(struct batch_header)];
	int e = l->clean ? log_rewrite(l, l->offset - BATCH_ALIGN, l->offset) :
		0;

	return e ? e : batch_write(l, p, sizeof(p), 0, 0, flags, 0);
}

/* ---- segments ---- */

int log_settle(const struct log *l, int fd)
{
	if (!l->ring_bytes)
		return l->io->fdatasync(l->io->ctx, fd);
	if (l->io->start_write)
		l->io->start_write(l->io->ctx, fd);
	return 0;
}

static int log_datasync(struct log *l)
{
	int e = log_settle(l, l->fd);

	if (e)
		return log_fail(l, e);
	l->synced_seq = l->next_seq - 1;
	return 0;
}

/* For those who open the log next; derived, so nothing depends on it. */
void log_save_index(struct log *l)
{
	if (l->key && !index_catch_up(l))
		index_save(l, &l->index);
}

/* Somebody syncs this segment's descriptor right now. */
static bool log_syncing_here(const struct log *l)
{
	return l->syncing && l->retired_fd < 0;
}

int log_shorten(struct log *l)
{
	struct segment *s = log_last(l);
	int e = log_datasync(l);

	if (!e)
		e = l->io->truncate(l->io->ctx, l->fd, l->offset);
	if (e)
		return log_fail(l, e);
	log_save_index(l);
	s->size = l->offset;
	s->sealed = true;
	if (log_syncing_here(l))
		l->retired_fd = l->fd;
	else
		l->io->close(l->io->ctx, l->fd);
	l->fd = -1;
	return 0;
}

/* A sync in flight may have failed already, and then the next one says that
 * all is well: what it was to cover is written again. */
static int log_cover(struct log *l)
{
	uint32_t from = SEGMENT_DATA;

	if (position_segment(l->durable) == log_last(l)->number)
		from = position_offset(l->durable);
	return log_syncing_here(l) ? log_rewrite(l, from, l->offset) : 0;
}

int log_seal(struct log *l)
{
	int e = log_cover(l);

	if (e)
		return e;
	/* a crash after damage may leave no room: readers stop at the end */
	if (log_last(l)->size - l->offset >= BATCH_ALIGN)
		e = log_write_mark(l, BATCH_SEAL);
	return e ? e : log_shorten(l);
}

static uint64_t log_next_number(const struct log *l)
{
	uint64_t next = l->n_segments ? log_last(l)->number + 1 : 0;

	return l->made > next ? l->made : next;
}

static int log_make_ready(struct log *l)
{
	if (l->next_fd >= 0)
		return 0;
	l->next_fd = segment_prepare(l, log_next_number(l));
	return l->next_fd < 0 ? l->next_fd : 0;
}

int log_prepare(struct log *l)
{
	int e = log_writable(l);

	if (e || (l->fd >= 0 && l->offset < l->segment_size / 2))
		return e;
	return log_make_ready(l);
}

/* frames/: whole segments, oldest first. */
static void log_drop_oldest(struct log *l)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < l->n_segments; i++)
		sum += l->segments[i]->size;
	while (l->n_segments > 1 && sum > l->ring_bytes) {
		struct segment *s = l->segments[0];
		char path[PATH_MAX];

		if (segment_path(path, l, s->number, "seg") == 0)
			l->io->unlink(l->io->ctx, path);
		sum -= s->size;
		l->n_segments--;
		memmove(l->segments, l->segments + 1,
			l->n_segments * sizeof(*l->segments));
		segment_put(s);
	}
}

int log_segment_begin(struct log *l)
{
	struct segment *s;
	int e = log_make_ready(l);

	if (e)
		return e;
	e = segment_create(&s, l, log_next_number(l), l->next_fd);
	if (!e)
		e = log_segment_add(l, s);
	if (e)
		return log_fail(l, e);
	l->fd = l->next_fd;
	l->next_fd = -1;
	l->offset = SEGMENT_DATA;
	l->prev_crc = s->header_crc;
	if (l->ring_bytes)
		log_drop_oldest(l);
	else
		log_note_made(l, s->number);
	return 0;
}

/* With the next segment ready before the old one is closed, a full disk
 * leaves everything as it was. */
static int log_rotate(struct log *l)
{
	uint64_t end;
	int e = log_make_ready(l);

	if (!e)
		e = log_seal(l);
	if (e)
		return e;
	end = position(log_last(l)->number, l->offset);
	if (l->syncing)	/* it may still fail: published at its end */
		l->syncing_to = end;
	else
		tail_publish(l, end);
	return log_segment_begin(l);
}

/* Behind a CLEAN nothing may stand but what begins with this mark, which is
 * durable before the rest: so zeros behind a CLEAN mean that nothing does. */
static int log_resume(struct log *l)
{
	int e = log_write_mark(l, 0);

	return e ? e : log_datasync(l);
}

int log_commit(struct log *l, uint64_t wall_ms, uint64_t *end)
{
	int e = log_writable(l);
	size_t len;

	if (e)
		return e;
	*end = l->written;
	if (l->count == 0)
		return 0;
	while (l->batch.len % BATCH_ALIGN)
		buf_add_u8(&l->batch, 0);
	len = l->batch.len;
	if (l->fd < 0)
		e = log_segment_begin(l);
	else if (l->offset + len + 3 * BATCH_ALIGN > l->segment_size)
		e = log_rotate(l);
	else if (l->clean)
		e = log_resume(l);
	if (!e)
		e = batch_write(l, l->batch.p, len, l->count, l->records_crc,
				0, wall_ms);
	if (e)
		return e;
	log_abort(l); /* now empty */
	*end = l->written = position(log_last(l)->number, l->offset);
	if (l->ring_bytes) {	/* visible at once, synced never */
		l->synced_seq = l->next_seq - 1;
		tail_publish(l, l->written);
	}
	return 0;
}

void log_start_write(const struct log *l)
{
	if (l->ring_bytes && l->fd >= 0)
		log_settle(l, l->fd);
}

/* ---- durability ---- */

uint64_t log_durable(const struct log *l)
{
	return l->durable;
}

uint64_t log_written(const struct log *l)
{
	return l->written;
}

uint64_t log_records(const struct log *l)
{
	return l->next_record;
}

int log_sync_begin(struct log *l, int *fd)
{
	int e = log_writable(l);

	if (e)
		return e;
	if (l->syncing)
		return -EBUSY;
	if (l->durable >= l->written)
		return -EAGAIN;
	l->syncing = true;
	l->syncing_to = l->written;
	l->syncing_seq = l->next_seq - 1;
	*fd = l->fd;
	return 0;
}

int log_sync_end(struct log *l, int result)
{
	if (!l->syncing)
		return -EINVAL;
	l->syncing = false;
	if (l->retired_fd >= 0)
		l->io->close(l->io->ctx, l->retired_fd);
	l->retired_fd = -1;
	if (result < 0)
		return log_fail(l, result);
	if (l->failed)
		return l->failed;
	if (l->syncing_seq > l->synced_seq)
		l->synced_seq = l->syncing_seq;
	if (l->syncing_to > l->durable)
		tail_publish(l, l->syncing_to);
	return 0;
}

int log_sync(struct log *l)
{
	int fd, e = log_sync_begin(l, &fd);

	if (e)
		return e == -EAGAIN ? 0 : e;
	return log_sync_end(l, l->io->fdatasync(l->io->ctx, fd));
}
