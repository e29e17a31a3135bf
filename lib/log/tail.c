/* SPDX-License-Identifier: MIT
 *
 * The published tail: one word in a page that other processes map. A process
 * that died leaves it right, for page caches outlive processes; a boot does
 * not, so the page names the boot, and a page of another boot, or of another
 * log, is as good as none.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include "lib/log/internal.h"

static void tail_boot_id(const struct log *l, uint8_t id[40])
{
	const struct log_io *io = l->io;
	int fd = io->open(io->ctx, "/proc/sys/kernel/random/boot_id",
			  O_RDONLY, 0);

	memset(id, 0, 40);
	if (fd < 0)
		return;
	if (io->pread(io->ctx, fd, id, 36, 0) != 36)
		memset(id, 0, 40);
	io->close(io->ctx, fd);
}

static bool tail_valid(const struct log *l, const struct tail_page *t)
{
	uint8_t boot[40];

	tail_boot_id(l, boot);
	return memcmp(t->magic, TAIL_MAGIC, 8) == 0 &&
		memcmp(t->log_id, l->id, 16) == 0 &&
		memcmp(t->boot_id, boot, 40) == 0;
}

/* A page that stays valid through a restart keeps its word until the first
 * publication: readers see the old tail, not none. */
static void tail_begin(struct log *l, struct tail_page *t)
{
	if (tail_valid(l, t))
		return;
	atomic_store(&t->tail, 0);
	tail_boot_id(l, t->boot_id);
	memcpy(t->log_id, l->id, 16);
	memcpy(t->magic, TAIL_MAGIC, 8);
}

static int tail_map(struct log *l, int fd)
{
	const struct log_io *io = l->io;
	size_t n = sizeof(struct tail_page);

	if (!l->read_only) {
		if (!io->map_writable || io->truncate(io->ctx, fd, n))
			return -ENOENT;
		l->tail = io->map_writable(io->ctx, fd, n);
	} else if (io->size(io->ctx, fd) >= (int64_t)n) {
		l->tail = (void *)(uintptr_t)io->map(io->ctx, fd, n);
	}
	return l->tail ? 0 : -ENOENT;
}

int tail_attach(struct log *l)
{
	const struct log_io *io = l->io;
	int fd = io->open(io->ctx, l->tail_path, l->read_only ? O_RDONLY :
			  O_RDWR | O_CREAT, 0644);
	int e;

	if (fd < 0)
		return fd;
	e = tail_map(l, fd);
	io->close(io->ctx, fd);
	if (e)
		return e;
	if (!l->read_only) {
		tail_begin(l, l->tail);
	} else if (!tail_valid(l, l->tail)) {
		tail_detach(l);
		return -ENOENT;
	}
	return 0;
}

void tail_detach(struct log *l)
{
	if (l->tail)
		l->io->unmap(l->io->ctx, l->tail, sizeof(*l->tail));
	l->tail = NULL;
}

/* After everything before it is on the disk. */
void tail_publish(struct log *l, uint64_t at)
{
	l->durable = at;
	if (l->tail)
		atomic_store_explicit(&l->tail->tail, at,
				      memory_order_release);
}

uint64_t tail_read(const struct log *l)
{
	if (!l->tail)
		return 0;
	return atomic_load_explicit(&l->tail->tail, memory_order_acquire);
}
