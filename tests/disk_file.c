/* SPDX-License-Identifier: MIT
 *
 * The simulated disk's files and names: what is dirty, what is kept.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/disk_internal.h"

#define OLDER_MAX 64u

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
int disk_file_new(struct disk *d)
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

void disk_file_soil(struct disk_file *f, uint32_t from, uint32_t to)
{
	for (uint32_t i = from / DISK_SECTOR; i * DISK_SECTOR < to; i++)
		file_soil(f, i);
}

static bool all_zero(const uint8_t *p, size_t n)
{
	return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

void disk_file_write(struct disk_file *f, const uint8_t *p, uint32_t n,
		       uint32_t at)
{
	if (n == 0)
		return;
	disk_file_soil(f, at, at + n);
	if (at < f->high || !all_zero(p, n)) {
		memcpy(f->now + at, p, n);
		if (at + n > f->high)
			f->high = at + n;
	}
	if (at + n > f->size)
		f->size = at + n;
}

void disk_file_resize(struct disk_file *f, uint32_t size)
{
	if (size < f->high) {
		disk_file_soil(f, size / DISK_SECTOR * DISK_SECTOR, f->high);
		memset(f->now + size, 0, f->high - size);
		f->high = size;
	}
	f->size = size;
}

void disk_file_sync(struct disk_file *f, bool fails)
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

int disk_name_index(const struct disk_names *n, const char *path)
{
	for (int i = 0; i < n->n; i++)
		if (!strcmp(n->v[i].path, path))
			return i;
	return -1;
}

static void name_remove(struct disk_names *n, const char *path)
{
	int i = disk_name_index(n, path);

	if (i >= 0)
		n->v[i] = n->v[--n->n];
}

void disk_name_set(struct disk_names *n, const char *path, int file)
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
		disk_name_set(n, op->to, op->file);
}

/* The folder that a path stands in: its length, 0 for the current one. */
size_t disk_folder(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (size_t)(slash - path) : 0;
}

void disk_name_change(struct disk *d, const char *from, const char *to,
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
	int i = disk_name_index(&d->names, path);

	return i < 0 || d->names.v[i].file < 0 ? NULL :
		&d->files[d->names.v[i].file];
}

bool disk_folder_exists(const struct disk *d, const char *path, size_t n)
{
	char folder[DISK_PATH];

	if (n == 0)
		return true;
	snprintf(folder, sizeof(folder), "%.*s", (int)n, path);
	return disk_name_index(&d->names, folder) >= 0;
}
