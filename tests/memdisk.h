/* SPDX-License-Identifier: MIT
 *
 * A disk in memory behind struct log_io, that can lose power.
 *
 * Writes go to `now`; fdatasync copies them to `kept`, names become lasting
 * with fsync_dir. After a failed fdatasync what was waiting counts as written,
 * as in Linux: later syncs leave it out until it is written again. At a power cut each 512-byte sector that was not
 * synced is the old or the new one, by the roll of a die, and so is each
 * size and each name that was not.
 */
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/log/log.h"

#define DISK_FILES 64
#define DISK_FILE_SIZE (128u << 10)
#define DISK_SECTOR 512u
#define DISK_SECTORS (DISK_FILE_SIZE / DISK_SECTOR)

struct disk_file {
	char name[64], kept_name[64];	/* "" = none */
	uint8_t *now, *kept;
	size_t size, kept_size;
	bool stale[DISK_SECTORS];	/* a failed sync forgot it */
};

struct disk {
	struct disk_file files[DISK_FILES];
	uint64_t seed;
	long calls_left;	/* then the power is gone; -1 = never */
	bool fail_sync;		/* the next one fails */
	bool copy_maps;		/* exact allocations, for ASan; reading only */
};

static inline uint32_t disk_dice(struct disk *d, uint32_t sides)
{
	d->seed = d->seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(d->seed >> 33) % sides;
}

/* Every call that changes something counts. */
static inline bool disk_dead(struct disk *d)
{
	if (d->calls_left > 0)
		d->calls_left--;
	return d->calls_left == 0;
}

static inline struct disk_file *disk_find(struct disk *d, const char *name)
{
	for (int i = 0; i < DISK_FILES; i++)
		if (d->files[i].now && !strcmp(d->files[i].name, name))
			return &d->files[i];
	return NULL;
}

static inline int disk_create(struct disk *d, const char *name)
{
	for (int i = 0; i < DISK_FILES; i++) {
		struct disk_file *f = &d->files[i];

		if (f->now)
			continue;
		f->now = calloc(1, DISK_FILE_SIZE);
		f->kept = calloc(1, DISK_FILE_SIZE);
		f->size = f->kept_size = 0;
		snprintf(f->name, sizeof(f->name), "%s", name);
		f->kept_name[0] = '\0';
		return i;
	}
	return -ENOSPC;
}

static inline int disk_open(void *ctx, const char *path, int flags, int mode)
{
	struct disk *d = ctx;
	struct disk_file *f = disk_find(d, path);

	(void)mode;
	if (!f && !(flags & O_CREAT))
		return -ENOENT;
	if (!f)
		return disk_dead(d) ? -EIO : disk_create(d, path);
	if (flags & O_TRUNC) {
		if (disk_dead(d))
			return -EIO;
		memset(f->now, 0, DISK_FILE_SIZE);
		f->size = 0;
	}
	return (int)(f - d->files);
}

static inline int disk_close(void *ctx, int fd)
{
	(void)ctx;
	(void)fd;
	return 0;
}

static inline int64_t disk_pread(void *ctx, int fd, void *p, size_t n,
				 uint64_t at)
{
	struct disk_file *f = &((struct disk *)ctx)->files[fd];

	if (at >= f->size)
		return 0;
	if (n > f->size - at)
		n = f->size - at;
	memcpy(p, f->now + at, n);
	return (int64_t)n;
}

/* The power may go in the middle of a write. */
static inline int64_t disk_pwrite(void *ctx, int fd, const void *p, size_t n,
				  uint64_t at)
{
	struct disk *d = ctx;
	struct disk_file *f = &d->files[fd];
	bool dead = d->calls_left == 0 || disk_dead(d);

	if (at + n > DISK_FILE_SIZE)
		return -ENOSPC;
	if (dead && d->calls_left == 0)
		n = disk_dice(d, (uint32_t)n + 1);
	memcpy(f->now + at, p, n);
	for (uint64_t i = at / DISK_SECTOR; i * DISK_SECTOR < at + n; i++)
		f->stale[i] = false;
	if (at + n > f->size)
		f->size = at + n;
	if (dead)
		d->calls_left = -2; /* nothing more gets through */
	return dead ? -EIO : (int64_t)n;
}

static inline int disk_fdatasync(void *ctx, int fd)
{
	struct disk *d = ctx;
	struct disk_file *f = &d->files[fd];

	bool fails = disk_dead(d) || d->fail_sync;

	d->fail_sync = false;
	for (size_t i = 0; i < DISK_SECTORS; i++) {
		size_t at = i * DISK_SECTOR;

		if (!memcmp(f->kept + at, f->now + at, DISK_SECTOR))
			continue;
		if (fails)
			f->stale[i] = true;
		else if (!f->stale[i])
			memcpy(f->kept + at, f->now + at, DISK_SECTOR);
	}
	if (!fails)
		f->kept_size = f->size;
	return fails ? -EIO : 0;
}

static inline int disk_fsync_dir(void *ctx, const char *dir)
{
	struct disk *d = ctx;

	(void)dir;
	if (disk_dead(d))
		return -EIO;
	for (int i = 0; i < DISK_FILES; i++)
		memcpy(d->files[i].kept_name, d->files[i].name,
		       sizeof(d->files[i].name));
	return 0;
}

static inline int disk_truncate(void *ctx, int fd, uint64_t size)
{
	struct disk *d = ctx;
	struct disk_file *f = &d->files[fd];

	if (disk_dead(d))
		return -EIO;
	if (size > DISK_FILE_SIZE)
		return -ENOSPC;
	if (size < f->size)
		memset(f->now + size, 0, f->size - size);
	f->size = size;
	return 0;
}

static inline void disk_free_file(struct disk_file *f)
{
	free(f->now);
	free(f->kept);
	*f = (struct disk_file){ 0 };
}

static inline int disk_unlink(void *ctx, const char *path)
{
	struct disk *d = ctx;
	struct disk_file *f = disk_find(d, path);

	if (disk_dead(d))
		return -EIO;
	if (!f)
		return -ENOENT;
	f->name[0] = '\0';	/* maps of it stay */
	return 0;
}

static inline int disk_rename(void *ctx, const char *from, const char *to)
{
	struct disk *d = ctx;
	struct disk_file *f = disk_find(d, from), *old = disk_find(d, to);

	if (disk_dead(d))
		return -EIO;
	if (!f)
		return -ENOENT;
	if (old)
		old->name[0] = '\0';
	snprintf(f->name, sizeof(f->name), "%s", to);
	return 0;
}

static inline int disk_list(void *ctx, const char *dir,
			    void (*fn)(void *arg, const char *name), void *arg)
{
	struct disk *d = ctx;
	size_t n = strlen(dir);

	for (int i = 0; i < DISK_FILES; i++)
		if (!strncmp(d->files[i].name, dir, n) &&
		    d->files[i].name[n] == '/')
			fn(arg, d->files[i].name + n + 1);
	return 0;
}

static inline int64_t disk_size(void *ctx, int fd)
{
	return (int64_t)((struct disk *)ctx)->files[fd].size;
}

static inline int disk_mkdir(void *ctx, const char *dir, int mode)
{
	(void)ctx;
	(void)dir;
	(void)mode;
	return 0;
}

static inline const void *disk_map(void *ctx, int fd, size_t n)
{
	struct disk *d = ctx;
	uint8_t *p;

	if (!d->copy_maps)
		return d->files[fd].now;
	p = aligned_alloc(64, (n + 63) / 64 * 64);
	memcpy(p, d->files[fd].now, n);
	return p;
}

static inline int disk_unmap(void *ctx, const void *p, size_t n)
{
	(void)n;
	if (((struct disk *)ctx)->copy_maps)
		free((void *)(uintptr_t)p);
	return 0;
}

static inline int disk_lock(void *ctx, int fd)
{
	(void)ctx;
	(void)fd;
	return 0;
}

static inline struct log_io disk_io(struct disk *d)
{
	return (struct log_io){ .ctx = d, .open = disk_open,
		.close = disk_close, .pread = disk_pread,
		.pwrite = disk_pwrite, .fdatasync = disk_fdatasync,
		.fsync_dir = disk_fsync_dir, .truncate = disk_truncate,
		.rename = disk_rename, .unlink = disk_unlink,
		.list = disk_list, .size = disk_size, .mkdir = disk_mkdir,
		.map = disk_map, .unmap = disk_unmap, .lock = disk_lock };
}

static inline void disk_fini(struct disk *d)
{
	for (int i = 0; i < DISK_FILES; i++)
		disk_free_file(&d->files[i]);
}

static inline void disk_cut_file(struct disk *d, struct disk_file *f)
{
	for (size_t i = 0; i < DISK_SECTORS; i++)
		if (f->stale[i] || disk_dice(d, 2))
			memcpy(f->now + i * DISK_SECTOR,
			       f->kept + i * DISK_SECTOR, DISK_SECTOR);
	memset(f->stale, 0, sizeof(f->stale));
	if (disk_dice(d, 2))
		f->size = f->kept_size;
	memset(f->now + f->size, 0, DISK_FILE_SIZE - f->size);
	memcpy(f->kept, f->now, DISK_FILE_SIZE);
	f->kept_size = f->size;
	if (strcmp(f->name, f->kept_name) && disk_dice(d, 2))
		memcpy(f->name, f->kept_name, sizeof(f->name));
}

/* Power off and on again. Two files never have one name: the one that had it
 * before the last fsync_dir gives way. */
static inline void disk_power_cut(struct disk *d)
{
	for (int i = 0; i < DISK_FILES; i++) {
		struct disk_file *f = &d->files[i];

		if (f->now)
			disk_cut_file(d, f);
		memcpy(f->kept_name, f->name, sizeof(f->name));
		if (f->now && f->name[0] == '\0')
			disk_free_file(f);
	}
	d->calls_left = -1;
}
