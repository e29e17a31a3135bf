/* SPDX-License-Identifier: MIT
 *
 * The calls of the simulated disk; what a power cut makes of it is in
 * disk_crash.c.
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
#define OLDER_MAX 64u

uint32_t disk_dice(struct disk *d, uint32_t sides)
{
	d->seed = d->seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(d->seed >> 33) % sides;
}

/* ---- files ---- */

void disk_file_reset(struct disk_file *f)
{
	if (f->now)
		memset(f->now, 0, f->high);
	memset(f->dirty, 0, sizeof(f->dirty));
	memset(f->stale, 0, sizeof(f->stale));
	f->size = f->kept_size = f->high = f->n_older = 0;
	f->dirty_from = DISK_SECTORS;
	f->dirty_to = 0;
	f->used = false;
}

void disk_file_begin(struct disk_file *f)
{
	if (!f->now) {
		f->now = calloc(1, DISK_FILE_MAX);
		f->kept = malloc(DISK_FILE_MAX);
		assert(f->now && f->kept);
	}
	f->dirty_from = DISK_SECTORS;
	f->used = true;
}

static bool file_named(const struct disk *d, int file)
{
	for (int i = 0; i < d->names.n; i++)
		if (d->names.v[i].file == file)
			return true;
	for (int i = 0; i < d->kept_names.n; i++)
		if (d->kept_names.v[i].file == file)
			return true;
	for (int i = 0; i < d->n_ops; i++)
		if (d->ops[i].file == file)
			return true;
	for (int i = 0; i < DISK_FDS; i++)
		if (d->fds[i] == file + 1)
			return true;
	return false;
}

/* Maps of a file without a name live on: only what is not mapped is used
 * again, and a log that runs knows nothing of what it unlinked. */
static int file_new(struct disk *d)
{
	for (int i = 0; i < DISK_FILES; i++) {
		struct disk_file *f = &d->files[i];

		if (f->used && file_named(d, i))
			continue;
		if (f->used && d->n_maps)
			continue;
		disk_file_reset(f);
		disk_file_begin(f);
		return i;
	}
	for (int i = 0; i < DISK_FILES; i++)
		if (!d->files[i].used)
			return disk_file_begin(&d->files[i]), i;
	fprintf(stderr, "disk: out of files\n");
	abort();
}

static void file_keep_older(struct disk_file *f, uint32_t sector)
{
	struct disk_version *v;

	if (f->n_older == OLDER_MAX)
		return;
	if (f->n_older == f->cap_older) {
		f->cap_older = f->cap_older ? 2 * f->cap_older : 8;
		f->older = reallocarray(f->older, f->cap_older, sizeof(*v));
		assert(f->older);
	}
	v = &f->older[f->n_older++];
	v->sector = sector;
	memcpy(v->p, f->now + sector * DISK_SECTOR, DISK_SECTOR);
}

/* Before a sector changes. */
static void file_soil(struct disk_file *f, uint32_t sector)
{
	uint32_t at = sector * DISK_SECTOR;

	f->stale[sector] = false;
	if (f->dirty[sector]) {
		file_keep_older(f, sector);
		return;
	}
	memcpy(f->kept + at, f->now + at, DISK_SECTOR);
	f->dirty[sector] = true;
	if (sector < f->dirty_from)
		f->dirty_from = sector;
	if (sector >= f->dirty_to)
		f->dirty_to = sector + 1;
}

static void file_soil_range(struct disk_file *f, uint32_t from, uint32_t to)
{
	for (uint32_t i = from / DISK_SECTOR; i * DISK_SECTOR < to; i++)
		file_soil(f, i);
}

static bool all_zero(const uint8_t *p, size_t n)
{
	return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

static void file_write(struct disk_file *f, const uint8_t *p, uint32_t n,
		       uint32_t at)
{
	if (n == 0)
		return;
	file_soil_range(f, at, at + n);
	if (at < f->high || !all_zero(p, n)) {
		memcpy(f->now + at, p, n);
		if (at + n > f->high)
			f->high = at + n;
	}
	if (at + n > f->size)
		f->size = at + n;
}

static void file_resize(struct disk_file *f, uint32_t size)
{
	if (size < f->high) {
		file_soil_range(f, size / DISK_SECTOR * DISK_SECTOR, f->high);
		memset(f->now + size, 0, f->high - size);
		f->high = size;
	}
	f->size = size;
}

static void file_sync(struct disk_file *f, bool fails)
{
	uint32_t left = 0, kept = 0;

	for (uint32_t i = f->dirty_from; i < f->dirty_to; i++) {
		if (!f->dirty[i])
			continue;
		if (fails)
			f->stale[i] = true;
		if (f->stale[i])
			left++;
		else
			f->dirty[i] = false;
	}
	for (uint32_t i = 0; i < f->n_older; i++)
		if (f->dirty[f->older[i].sector])
			f->older[kept++] = f->older[i];
	f->n_older = kept;
	if (!left) {
		f->dirty_from = DISK_SECTORS;
		f->dirty_to = 0;
	}
	if (!fails)
		f->kept_size = f->size;
}

/* ---- names ---- */

static int name_index(const struct disk_names *n, const char *path)
{
	for (int i = 0; i < n->n; i++)
		if (!strcmp(n->v[i].path, path))
			return i;
	return -1;
}

static void name_remove(struct disk_names *n, const char *path)
{
	int i = name_index(n, path);

	if (i >= 0)
		n->v[i] = n->v[--n->n];
}

static void name_set(struct disk_names *n, const char *path, int file)
{
	name_remove(n, path);
	assert(n->n < DISK_NAMES && strlen(path) < DISK_PATH);
	snprintf(n->v[n->n].path, DISK_PATH, "%s", path);
	n->v[n->n++].file = file;
}

void disk_op_apply(struct disk_names *n, const struct disk_op *op)
{
	if (op->from[0])
		name_remove(n, op->from);
	if (op->to[0])
		name_set(n, op->to, op->file);
}

/* The folder that a path stands in: its length, 0 for the current one. */
size_t disk_folder(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (size_t)(slash - path) : 0;
}

static void name_change(struct disk *d, const char *from, const char *to,
			int file)
{
	struct disk_op *op;

	if (d->n_ops == DISK_NAMES) {	/* the kernel has not waited */
		disk_op_apply(&d->kept_names, &d->ops[0]);
		memmove(d->ops, d->ops + 1, (size_t)--d->n_ops * sizeof(d->ops[0]));
	}
	op = &d->ops[d->n_ops++];
	snprintf(op->from, DISK_PATH, "%s", from);
	snprintf(op->to, DISK_PATH, "%s", to);
	op->file = file;
	disk_op_apply(&d->names, op);
	d->last_file = -1;
}

struct disk_file *disk_find(struct disk *d, const char *path)
{
	int i = name_index(&d->names, path);

	return i < 0 || d->names.v[i].file < 0 ? NULL :
		&d->files[d->names.v[i].file];
}

static bool folder_exists(const struct disk *d, const char *path, size_t n)
{
	char folder[DISK_PATH];

	if (n == 0)
		return true;
	snprintf(folder, sizeof(folder), "%.*s", (int)n, path);
	return name_index(&d->names, folder) >= 0;
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

	if (!folder_exists(d, path, disk_folder(path)))
		return -ENOENT;
	e = change_begin(d);
	if (e)
		return change_end(d, "create", path, 0, 0, e);
	file = file_new(d);
	name_change(d, "", path, file);
	return change_end(d, "create", path, 0, 0, fd_new(d, file));
}

static int disk_open(void *ctx, const char *path, int flags, int mode)
{
	struct disk *d = ctx;
	int i = name_index(&d->names, path), e;

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
	file_resize(&d->files[d->names.v[i].file], 0);
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

static uint64_t disk_used(const struct disk *d)
{
	uint64_t sum = 0;

	for (int i = 0; i < d->names.n; i++)
		if (d->names.v[i].file >= 0)
			sum += d->files[d->names.v[i].file].size;
	return sum;
}

/* How much of the write is done, and what is answered. */
static int64_t write_result(struct disk *d, const struct disk_file *f,
			    size_t *n, uint64_t at)
{
	bool faults = call_faults(d);
	uint64_t more = at + *n > f->size ? at + *n - f->size : 0;

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
	if (at + *n > DISK_FILE_MAX || (d->room && more &&
					disk_used(d) + more > d->room))
		return *n = 0, -ENOSPC;
	return (int64_t)*n;
}

static int64_t disk_pwrite(void *ctx, int fd, const void *p, size_t n,
			   uint64_t at)
{
	struct disk *d = ctx;
	struct disk_file *f = fd_file(d, fd);
	int64_t result = write_result(d, f, &n, at);

	file_write(f, p, (uint32_t)n, (uint32_t)at);
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
		file_sync(f, e != 0);
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
		file_resize(fd_file(d, fd), (uint32_t)size);
		d->last_file = d->fds[fd] - 1;
		d->last_from = (uint32_t)size / DISK_SECTOR;
		d->last_to = DISK_SECTORS;
	}
	return change_end(d, "truncate", fd_path(d, fd), size, 0, e);
}

static int disk_unlink(void *ctx, const char *path)
{
	struct disk *d = ctx;
	int i = name_index(&d->names, path), e;

	if (i < 0)
		return -ENOENT;
	e = change_begin(d);
	if (!e)
		name_change(d, path, "", d->names.v[i].file);
	return change_end(d, "unlink", path, 0, 0, e);
}

static int disk_rename(void *ctx, const char *from, const char *to)
{
	struct disk *d = ctx;
	int i = name_index(&d->names, from), e;

	if (i < 0)
		return -ENOENT;
	e = change_begin(d);
	if (!e)
		name_change(d, from, to, d->names.v[i].file);
	return change_end(d, "rename", from, 0, 0, e);
}

static int disk_list(void *ctx, const char *dir,
		     void (*fn)(void *arg, const char *name), void *arg)
{
	struct disk *d = ctx;
	size_t n = strlen(dir);
	int e = call_begin(d);

	if (!e && !folder_exists(d, dir, n))
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
	if (name_index(&d->names, dir) >= 0)
		return -EEXIST;
	e = change_begin(d);
	if (!e)
		name_change(d, "", dir, -1);
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
	file_soil_range(f, 0, (uint32_t)n);
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
	int file = file_new(d);

	snprintf(folder, sizeof(folder), "%.*s", (int)disk_folder(path), path);
	name_set(&d->names, folder, -1);
	name_set(&d->names, path, file);
	file_write(&d->files[file], content.p, (uint32_t)content.n, 0);
	file_sync(&d->files[file], false);
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
