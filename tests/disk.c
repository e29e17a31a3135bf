/* SPDX-License-Identifier: MIT
 *
 * The calls of the simulated disk. Its files and names are in disk_file.c, what
 * a power cut makes of it in disk_crash.c.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/disk_internal.h"

#define BOOT_FD DISK_FDS
#define BOOT_PATH "/proc/sys/kernel/random/boot_id"

uint32_t disk_dice(struct disk *d, uint32_t sides)
{
	d->seed = d->seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(d->seed >> 33) % sides;
}

/* ---- what may go wrong with a call ---- */

static bool call_faults(struct disk *d)
{
	d->calls++;
	return d->fault_in > 0 && --d->fault_in == 0;
}

/* Of a call that changes nothing, or that is all or nothing: 0 or -errno. */
static int call_begin(struct disk *d)
{
	bool faults = call_faults(d);

	return faults && d->fault == DISK_ERROR ? d->fault_error : 0;
}

/* The same for one that changes something. */
static int change_begin(struct disk *d)
{
	int e = call_begin(d);

	d->changes++;
	if (d->cut_in > 0 && --d->cut_in == 0)
		d->dead = true;
	return d->dead ? -EIO : e;
}

/* a, b: what it was told; for `torture_log -v` */
static int change_end(struct disk *d, const char *call, const char *path,
		      uint64_t a, uint64_t b, int result)
{
	if (d->trace)
		printf("%*s%s %s %llu %llu = %d\n", 2 * d->trace, "", call,
		       path, (unsigned long long)a, (unsigned long long)b,
		       result);
	if (disk_quiet(d))
		d->quiet_at = d->changes;
	if (d->after && !d->dead)
		d->after(d->after_arg);
	return result;
}

static struct disk_file *fd_file(struct disk *d, int fd)
{
	assert(fd >= 0 && fd < DISK_FDS && d->fds[fd]);
	return &d->files[d->fds[fd] - 1];
}

static const char *fd_path(const struct disk *d, int fd)
{
	for (int i = 0; i < d->names.n; i++)
		if (d->names.v[i].file == d->fds[fd] - 1)
			return d->names.v[i].path;
	return "?";
}

static int fd_new(struct disk *d, int file)
{
	for (int fd = 0; fd < DISK_FDS; fd++)
		if (!d->fds[fd]) {
			d->fds[fd] = file + 1;
			return fd;
		}
	return -EMFILE;
}

/* ---- the calls ---- */

static int disk_open_new(struct disk *d, const char *path)
{
	int e, file;

	if (!disk_folder_exists(d, path, disk_folder(path)))
		return -ENOENT;
	e = change_begin(d);
	if (e)
		return change_end(d, "create", path, 0, 0, e);
	file = disk_file_new(d);
	disk_name_change(d, "", path, file);
	return change_end(d, "create", path, 0, 0, fd_new(d, file));
}

static int disk_open(void *ctx, const char *path, int flags, int mode)
{
	struct disk *d = ctx;
	int i = disk_name_index(&d->names, path), e;

	(void)mode;
	if (!strcmp(path, BOOT_PATH))
		return BOOT_FD;
	if (i < 0 && flags & O_CREAT)
		return disk_open_new(d, path);
	if (i < 0 || d->names.v[i].file < 0)
		return i < 0 ? -ENOENT : -EISDIR;
	if (!(flags & O_TRUNC)) {
		e = call_begin(d);
		return e ? e : fd_new(d, d->names.v[i].file);
	}
	e = change_begin(d);
	if (e)
		return change_end(d, "empty", path, 0, 0, e);
	disk_file_resize(&d->files[d->names.v[i].file], 0);
	return change_end(d, "empty", path, 0, 0,
			  fd_new(d, d->names.v[i].file));
}

static int disk_close(void *ctx, int fd)
{
	struct disk *d = ctx;

	if (fd == BOOT_FD)
		return 0;
	if (d->locked == fd + 1)
		d->locked = 0;
	fd_file(d, fd);
	d->fds[fd] = 0;
	return 0;
}

static int64_t disk_pread(void *ctx, int fd, void *p, size_t n, uint64_t at)
{
	struct disk *d = ctx;
	char boot[40];
	struct disk_file *f;
	int e;

	if (fd == BOOT_FD) {
		snprintf(boot, sizeof(boot), "%036u", d->boot);
		memcpy(p, boot, n < 36 ? n : 36);
		return n < 36 ? (int64_t)n : 36;
	}
	f = fd_file(d, fd);
	e = call_begin(d);
	if (e)
		return e;
	if (at >= f->size)
		return 0;
	if (n > f->size - at)
		n = f->size - at;
	memcpy(p, f->now + at, n);
	return (int64_t)n;
}

/* How much of the write is done, and what is answered. */
static int64_t write_result(struct disk *d, size_t *n, uint64_t at)
{
	bool faults = call_faults(d);

	d->changes++;
	if (d->cut_in > 0 && --d->cut_in == 0) {
		*n = d->dead ? 0 : disk_dice(d, (uint32_t)*n + 1);
		d->dead = true;
		return -EIO;
	}
	if (d->dead)
		return *n = 0, -EIO;
	if (faults && d->fault == DISK_EINTR)
		return *n = 0, -EINTR;
	if (faults && d->fault == DISK_SHORT)
		return (int64_t)(*n = (*n + 1) / 2);
	if (faults) {
		*n = disk_dice(d, (uint32_t)*n + 1);
		return d->fault_error;
	}
	if (at + *n > DISK_FILE_MAX)
		return *n = 0, -ENOSPC;
	return (int64_t)*n;
}

static int64_t disk_pwrite(void *ctx, int fd, const void *p, size_t n,
			   uint64_t at)
{
	struct disk *d = ctx;
	struct disk_file *f = fd_file(d, fd);
	int64_t result = write_result(d, &n, at);

	disk_file_write(f, p, (uint32_t)n, (uint32_t)at);
	if (n) {
		d->last_file = d->fds[fd] - 1;
		d->last_from = (uint32_t)at / DISK_SECTOR;
		d->last_to = (uint32_t)(at + n - 1) / DISK_SECTOR + 1;
	}
	change_end(d, "pwrite", fd_path(d, fd), at, n, (int)result);
	return result;
}

static int disk_fdatasync(void *ctx, int fd)
{
	struct disk *d = ctx;
	struct disk_file *f = fd_file(d, fd);
	int e = change_begin(d);

	d->syncs++;
	if (d->fail_sync && !e)
		e = -EIO;
	d->fail_sync = false;
	if (!d->dead)
		disk_file_sync(f, e != 0);
	return change_end(d, "fdatasync", fd_path(d, fd), 0, 0, e);
}

static int disk_fsync_dir(void *ctx, const char *dir)
{
	struct disk *d = ctx;
	size_t len = strcmp(dir, ".") ? strlen(dir) : 0;
	int e = change_begin(d), left = 0;

	d->syncs++;
	for (int i = 0; !e && i < d->n_ops; i++) {
		const struct disk_op *op = &d->ops[i];
		const char *path = op->to[0] ? op->to : op->from;

		if (disk_folder(path) == len && !strncmp(path, dir, len))
			disk_op_apply(&d->kept_names, op);
		else
			d->ops[left++] = *op;
	}
	if (!e)
		d->n_ops = left;
	return change_end(d, "fsync", dir, 0, 0, e);
}

static int disk_truncate(void *ctx, int fd, uint64_t size)
{
	struct disk *d = ctx;
	int e = change_begin(d);

	if (!e && size > DISK_FILE_MAX)
		e = -ENOSPC;
	if (!e) {
		disk_file_resize(fd_file(d, fd), (uint32_t)size);
		d->last_file = d->fds[fd] - 1;
		d->last_from = (uint32_t)size / DISK_SECTOR;
		d->last_to = DISK_SECTORS;
	}
	return change_end(d, "truncate", fd_path(d, fd), size, 0, e);
}

static int disk_unlink(void *ctx, const char *path)
{
	struct disk *d = ctx;
	int i = disk_name_index(&d->names, path), e;

	if (i < 0)
		return -ENOENT;
	e = change_begin(d);
	if (!e)
		disk_name_change(d, path, "", d->names.v[i].file);
	return change_end(d, "unlink", path, 0, 0, e);
}

static int disk_rename(void *ctx, const char *from, const char *to)
{
	struct disk *d = ctx;
	int i = disk_name_index(&d->names, from), e;

	if (i < 0)
		return -ENOENT;
	e = change_begin(d);
	if (!e)
		disk_name_change(d, from, to, d->names.v[i].file);
	return change_end(d, "rename", from, 0, 0, e);
}

static int disk_list(void *ctx, const char *dir,
		     void (*fn)(void *arg, const char *name), void *arg)
{
	struct disk *d = ctx;
	size_t n = strlen(dir);
	int e = call_begin(d);

	if (!e && !disk_folder_exists(d, dir, n))
		e = -ENOENT;
	for (int i = 0; !e && i < d->names.n; i++)
		if (disk_folder(d->names.v[i].path) == n &&
		    !strncmp(d->names.v[i].path, dir, n))
			fn(arg, d->names.v[i].path + n + 1);
	return e;
}

static int64_t disk_size(void *ctx, int fd)
{
	struct disk *d = ctx;
	int e = call_begin(d);

	return e ? e : (int64_t)fd_file(d, fd)->size;
}

static int disk_mkdir(void *ctx, const char *dir, int mode)
{
	struct disk *d = ctx;
	int e;

	(void)mode;
	if (disk_name_index(&d->names, dir) >= 0)
		return -EEXIST;
	e = change_begin(d);
	if (!e)
		disk_name_change(d, "", dir, -1);
	return change_end(d, "mkdir", dir, 0, 0, e);
}

static const void *disk_map(void *ctx, int fd, size_t n)
{
	struct disk *d = ctx;
	uint8_t *p;

	if (call_begin(d))
		return NULL;
	d->n_maps++;
	if (!d->copy_maps)
		return fd_file(d, fd)->now;
	p = aligned_alloc(64, (n + 63) / 64 * 64);
	assert(p);
	memcpy(p, fd_file(d, fd)->now, n);
	return p;
}

/* Nobody tells when it is written to: it is never clean again. */
static void *disk_map_writable(void *ctx, int fd, size_t n)
{
	struct disk *d = ctx;
	struct disk_file *f = fd_file(d, fd);

	if (d->dead || call_begin(d))
		return NULL;
	d->n_maps++;
	disk_file_soil(f, 0, (uint32_t)n);
	if (f->high < n)
		f->high = (uint32_t)n;
	return f->now;
}

static int disk_unmap(void *ctx, const void *p, size_t n)
{
	struct disk *d = ctx;

	(void)n;
	d->n_maps--;
	if (d->copy_maps)
		free((void *)(uintptr_t)p);
	return 0;
}

static int disk_lock(void *ctx, int fd)
{
	struct disk *d = ctx;
	int e = call_begin(d);

	if (!e && d->locked)
		e = -EAGAIN;
	if (!e)
		d->locked = fd + 1;
	return e;
}

struct log_io disk_io(struct disk *d)
{
	return (struct log_io){ .ctx = d, .open = disk_open,
		.close = disk_close, .pread = disk_pread,
		.pwrite = disk_pwrite, .fdatasync = disk_fdatasync,
		.fsync_dir = disk_fsync_dir, .truncate = disk_truncate,
		.rename = disk_rename, .unlink = disk_unlink,
		.list = disk_list, .size = disk_size, .mkdir = disk_mkdir,
		.map = disk_map, .map_writable = disk_map_writable,
		.unmap = disk_unmap, .lock = disk_lock };
}

/* ---- for tests ---- */

void disk_put(struct disk *d, const char *path, struct span content)
{
	char folder[DISK_PATH];
	int file = disk_file_new(d);

	snprintf(folder, sizeof(folder), "%.*s", (int)disk_folder(path), path);
	disk_name_set(&d->names, folder, -1);
	disk_name_set(&d->names, path, file);
	disk_file_write(&d->files[file], content.p, (uint32_t)content.n, 0);
	disk_file_sync(&d->files[file], false);
	d->kept_names = d->names;
}

int disk_held(const struct disk *d)
{
	int n = d->n_maps;

	for (int i = 0; i < DISK_FDS; i++)
		n += d->fds[i] != 0;
	return n;
}

bool disk_quiet(const struct disk *d)
{
	for (int i = 0; i < DISK_FILES; i++) {
		const struct disk_file *f = &d->files[i];

		if (f->used && (f->dirty_to || f->size != f->kept_size))
			return false;
	}
	return d->n_ops == 0;
}

void disk_clear(struct disk *d)
{
	for (int i = 0; i < DISK_FILES; i++)
		if (d->files[i].used)
			disk_file_reset(&d->files[i]);
	memset(&d->names, 0, sizeof(*d) - offsetof(struct disk, names));
}

void disk_fini(struct disk *d)
{
	for (int i = 0; i < DISK_FILES; i++) {
		free(d->files[i].now);
		free(d->files[i].kept);
		free(d->files[i].older);
	}
	memset(d, 0, sizeof(*d));
}
