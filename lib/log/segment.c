/* SPDX-License-Identifier: MIT
 *
 * One segment: a file, its header, its map.
 *
 *   NUMBER.tmp: zeros, synced -> header, synced -> NUMBER.seg: batches ->
 *   SEAL, synced -> shortened
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "lib/base/crc32c.h"
#include "lib/log/internal.h"

#define ZEROS_SIZE (256u << 10)

int segment_path(char *path, const struct log *l, uint64_t number,
		 const char *suffix)
{
	int n = snprintf(path, PATH_MAX, "%s/%016" PRIx64 ".%s", l->dir,
			 number, suffix);

	return n < PATH_MAX ? 0 : -ENAMETOOLONG;
}

int segment_map(struct segment *s, int fd)
{
	s->p = s->io->map(s->io->ctx, fd, s->size);
	if (!s->p)
		return -ENOMEM;
	fault_guard_add(&s->guard, s->p, s->size);
	return 0;
}

void segment_put(struct segment *s)
{
	if (--s->pins > 0)
		return;
	segment_index_drop(s);
	if (s->p) {
		fault_guard_remove(&s->guard);
		s->io->unmap(s->io->ctx, s->p, s->guard.end - s->guard.start);
	}
	free(s);
}

static struct segment *segment_new(const struct log *l, uint64_t number,
				   uint32_t size)
{
	struct segment *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->io = l->io;
	s->number = number;
	s->size = size;
	s->seed = batch_seed(l->id, number);
	s->checked = SEGMENT_DATA;
	s->pins = 1;
	return s;
}

static uint32_t header_crc(const struct segment_header *h)
{
	return crc32c(0, h, offsetof(struct segment_header, crc));
}

/* The log's id is in every header and in LOCK: any of them will do. */
static bool header_valid(const struct log *l, const struct segment_header *h,
			 uint64_t number)
{
	static const uint8_t unknown[16];

	return memcmp(h->magic, SEGMENT_MAGIC, 8) == 0 &&
		h->version == SEGMENT_VERSION &&
		h->header_size == SEGMENT_DATA &&
		h->number == number && h->crc == header_crc(h) &&
		(memcmp(l->id, unknown, 16) == 0 ||
		 memcmp(h->log_id, l->id, 16) == 0);
}

/* From the header, or from the first batch that stands. */
static void segment_read_header(struct segment *s, struct log *l)
{
	const struct segment_header *h = (const void *)s->p;
	const struct batch_header *b;
	struct view v;

	if (header_valid(l, h, s->number)) {
		memcpy(l->id, h->log_id, 16);
		s->seed = batch_seed(l->id, s->number);
		s->base_record = h->base_record;
		s->base_batch = h->base_batch;
		s->header_crc = h->crc;
		s->known = true;
		return;
	}
	s->headless = true;
	v = segment_view(s);
	b = batch_search(&v, SEGMENT_DATA);
	if (!b)
		return;
	s->base_record = b->base_record;
	s->base_batch = b->seq;
	s->header_crc = b->prev_crc;
	s->known = true;
}

/* The SEAL is the last thing in a file that was shortened to it. Not through
 * the map: the file may be shortened right now. */
static void segment_read_seal(struct segment *s, int fd)
{
	struct batch_header h;
	struct view v = { (const void *)&h, sizeof(h), s->seed };

	s->sealed = s->size >= SEGMENT_DATA + BATCH_ALIGN &&
		s->io->pread(s->io->ctx, fd, &h, sizeof(h),
			     s->size - BATCH_ALIGN) == sizeof(h) &&
		batch_at(&v, 0) && h.flags & BATCH_SEAL;
}

/* Too short for a header: a file that never was a segment, or lost its data;
 * it has no batches, and nothing is mapped. */
static int segment_open_map(struct segment *s, int fd)
{
	int64_t size = s->io->size(s->io->ctx, fd);

	if (size < 0)
		return (int)size;
	if (size > LOG_SEGMENT_SIZE)
		return -EINVAL;
	s->size = (uint32_t)size;
	return size >= SEGMENT_DATA ? segment_map(s, fd) : 0;
}

int segment_load(struct segment **out, struct log *l, uint64_t number)
{
	struct segment *s = segment_new(l, number, 0);
	char path[PATH_MAX];
	int fd = -1, e = s ? segment_path(path, l, number, "seg") : -ENOMEM;

	if (!e)
		fd = l->io->open(l->io->ctx, path, O_RDONLY, 0);
	if (!e && fd < 0)
		e = fd;
	if (!e)
		e = segment_open_map(s, fd);
	if (!e && s->p) {
		segment_read_header(s, l);
		segment_read_seal(s, fd);
	} else if (!e) {
		s->size = 0;
		s->headless = true;
	}
	if (fd >= 0)
		l->io->close(l->io->ctx, fd);
	if (e) {
		if (s)
			segment_put(s);
		return e;
	}
	*out = s;
	return 0;
}

static int segment_zero(struct log *l, int fd)
{
	static const uint8_t zeros[ZEROS_SIZE];
	uint32_t at = 0;
	int e = 0;

	if (l->ring_bytes)	/* never synced: nothing to be gained */
		return l->io->truncate(l->io->ctx, fd, l->segment_size);
	while (!e && at < l->segment_size) {
		uint32_t n = l->segment_size - at;

		if (n > ZEROS_SIZE)
			n = ZEROS_SIZE;
		e = log_write_all(l, fd, zeros, n, at);
		at += n;
	}
	if (e)
		return e;
	return l->io->fdatasync(l->io->ctx, fd);
}

int segment_prepare(struct log *l, uint64_t number)
{
	char path[PATH_MAX];
	int e = segment_path(path, l, number, "tmp"), fd;

	if (e)
		return e;
	fd = l->io->open(l->io->ctx, path, O_RDWR | O_CREAT | O_TRUNC, 0644);
	if (fd < 0)
		return fd;
	e = segment_zero(l, fd);
	if (e) {
		l->io->close(l->io->ctx, fd);
		l->io->unlink(l->io->ctx, path);
		return e;
	}
	return fd;
}

/* Durable before there is a batch: a header that is gone was damaged. */
static int segment_write_header(struct segment *s, const struct log *l,
				int fd)
{
	struct segment_header h = {
		.version = SEGMENT_VERSION, .header_size = SEGMENT_DATA,
		.size = s->size, .number = s->number,
		.base_record = s->base_record, .base_batch = s->base_batch,
	};
	int e;

	memcpy(h.magic, SEGMENT_MAGIC, 8);
	memcpy(h.log_id, l->id, 16);
	h.crc = s->header_crc = header_crc(&h);
	e = log_write_all(l, fd, &h, sizeof(h), 0);
	return e ? e : log_settle(l, fd);
}

static int segment_name(struct log *l, uint64_t number)
{
	char from[PATH_MAX], to[PATH_MAX];
	int e = segment_path(from, l, number, "tmp");

	if (!e)
		e = segment_path(to, l, number, "seg");
	if (!e)
		e = l->io->rename(l->io->ctx, from, to);
	if (!e && !l->ring_bytes)
		e = l->io->fsync_dir(l->io->ctx, l->dir);
	return e;
}

int segment_create(struct segment **out, struct log *l, uint64_t number,
		   int fd)
{
	struct segment *s = segment_new(l, number, l->segment_size);
	int e;

	if (!s)
		return -ENOMEM;
	s->base_record = l->next_record;
	s->base_batch = l->next_seq;
	s->known = true;
	e = segment_write_header(s, l, fd);
	if (!e)
		e = segment_map(s, fd);
	if (!e)
		e = segment_name(l, number);
	if (e)
		segment_put(s);
	else
		*out = s;
	return e;
}
