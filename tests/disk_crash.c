/* SPDX-License-Identifier: MIT
 *
 * What a machine finds on the disk when it starts again.
 */
#include <stdlib.h>
#include <string.h>
#include "tests/disk_internal.h"

/* ---- the choices of one crash ---- */

struct crash {
	enum disk_crash how;
	const struct disk *from;
	struct disk *to;	/* its seed rolls */
	uint32_t kept_of_8;	/* so many unsynced sectors survive */
	uint8_t torn[DISK_SECTOR];
};

/* What the sector was before the last write to it. */
static const uint8_t *sector_before(const struct disk_file *f, uint32_t sector)
{
	for (uint32_t i = f->n_older; i-- > 0;)
		if (f->older[i].sector == sector)
			return f->older[i].p;
	return f->kept + sector * DISK_SECTOR;
}

static const uint8_t *sector_middle(struct crash *c, const struct disk_file *f,
				    uint32_t sector)
{
	const uint8_t *p = NULL;
	uint32_t n = 0;

	for (uint32_t i = 0; i < f->n_older; i++)
		if (f->older[i].sector == sector &&
		    disk_dice(c->to, ++n) == 0)
			p = f->older[i].p;
	return p ? p : sector_before(f, sector);
}

/* Some of the new bytes, from the front or from the back. */
static const uint8_t *sector_torn(struct crash *c, const uint8_t *old,
				  const uint8_t *new)
{
	uint32_t at = disk_dice(c->to, DISK_SECTOR);
	bool front = disk_dice(c->to, 2);

	memcpy(c->torn, front ? new : old, at);
	memcpy(c->torn + at, (front ? old : new) + at, DISK_SECTOR - at);
	return c->torn;
}

/* Nothing that was kept is in it. */
static bool sector_is_free(const struct disk_file *f, uint32_t sector)
{
	const uint8_t *kept = f->kept + sector * DISK_SECTOR;

	return kept[0] == 0 && !memcmp(kept, kept + 1, DISK_SECTOR - 1);
}

static const uint8_t *sector_dice(struct crash *c, const struct disk_file *f,
				  uint32_t sector)
{
	const uint8_t *now = f->now + sector * DISK_SECTOR;
	const uint8_t *kept = f->kept + sector * DISK_SECTOR;
	uint32_t roll = disk_dice(c->to, 64);

	if (roll < 4)
		return sector_torn(c, kept, now);
	if (roll < 8 && f->n_older)
		return sector_middle(c, f, sector);
	if (roll == 8 && c->from->foreign &&
	    sector_is_free(f, sector))
		return c->from->foreign + sector * DISK_SECTOR;
	return disk_dice(c->to, 8) < c->kept_of_8 ? now : kept;
}

static const uint8_t *sector_pick(struct crash *c, const struct disk_file *f,
				  uint32_t sector, bool last)
{
	const uint8_t *now = f->now + sector * DISK_SECTOR;
	const uint8_t *kept = f->kept + sector * DISK_SECTOR;

	switch (c->how) {
	case DISK_ALL:
		return f->stale[sector] ? kept : now;
	case DISK_LAST:
		return last && !f->stale[sector] ? now : kept;
	case DISK_BUT_LAST:
		return last ? sector_before(f, sector) :
			f->stale[sector] ? kept : now;
	case DISK_DICE:
		return sector_dice(c, f, sector);
	default:
		return kept;
	}
}

static uint32_t size_pick(struct crash *c, const struct disk_file *f)
{
	uint32_t roll;

	if (c->how == DISK_NOTHING || c->how == DISK_LAST)
		return f->kept_size;
	if (c->how != DISK_DICE || f->size == f->kept_size)
		return f->size;
	roll = disk_dice(c->to, 8);
	if (roll == 0 && f->size > f->kept_size)	/* it grew in steps */
		return f->kept_size +
			disk_dice(c->to, f->size - f->kept_size);
	return roll % 2 ? f->size : f->kept_size;
}

/* ---- a file ---- */

static void crash_file(struct crash *c, int file)
{
	const struct disk_file *f = &c->from->files[file];
	struct disk_file *g = &c->to->files[file];

	disk_file_begin(g);
	memcpy(g->now, f->now, f->high);
	g->high = f->high;
	for (uint32_t i = f->dirty_from; i < f->dirty_to; i++) {
		uint32_t at = i * DISK_SECTOR;
		bool last = file == c->from->last_file &&
			i >= c->from->last_from && i < c->from->last_to;

		if (!f->dirty[i])
			continue;
		memcpy(g->now + at, sector_pick(c, f, i, last), DISK_SECTOR);
		if (g->high < at + DISK_SECTOR)
			g->high = at + DISK_SECTOR;
	}
	g->size = g->kept_size = size_pick(c, f);
	if (g->size < g->high) {
		memset(g->now + g->size, 0, g->high - g->size);
		g->high = g->size;
	}
}

/* A process died: the page cache and what waits in it are as they were. */
static void copy_file(struct disk_file *g, const struct disk_file *f)
{
	disk_file_begin(g);
	memcpy(g->now, f->now, f->high);
	memcpy(g->dirty, f->dirty, sizeof(g->dirty));
	memcpy(g->stale, f->stale, sizeof(g->stale));
	g->high = f->high;
	g->size = f->size;
	g->kept_size = f->kept_size;
	g->dirty_from = f->dirty_from;
	g->dirty_to = f->dirty_to;
	for (uint32_t i = f->dirty_from; i < f->dirty_to; i++)
		if (f->dirty[i])
			memcpy(g->kept + i * DISK_SECTOR,
			       f->kept + i * DISK_SECTOR, DISK_SECTOR);
	g->n_older = f->n_older;
	if (g->n_older > g->cap_older) {
		g->cap_older = g->n_older;
		g->older = reallocarray(g->older, g->cap_older,
					sizeof(*g->older));
	}
	if (g->n_older)
		memcpy(g->older, f->older, g->n_older * sizeof(*g->older));
}

/* ---- names ---- */

static bool op_survives(struct crash *c, int i, bool *more, bool in_order)
{
	bool last = i == c->from->n_ops - 1;

	switch (c->how) {
	case DISK_ALL:
		return true;
	case DISK_LAST:
		return c->from->last_file < 0 && last;
	case DISK_BUT_LAST:
		return c->from->last_file >= 0 || !last;
	case DISK_DICE:
		if (!in_order)
			return disk_dice(c->to, 2);
		return *more = *more && disk_dice(c->to, 4);
	default:
		return false;
	}
}

static void drop_name(struct disk_names *n, int i)
{
	n->v[i] = n->v[--n->n];
}

/* What stands in a folder that is not there is not there. */
static void drop_orphans(struct disk_names *n)
{
	for (int i = 0; i < n->n;) {
		size_t len = disk_folder(n->v[i].path);
		bool found = len == 0;

		for (int j = 0; j < n->n && !found; j++)
			found = strlen(n->v[j].path) == len &&
				!strncmp(n->v[j].path, n->v[i].path, len);
		if (found)
			i++;
		else
			drop_name(n, i);
	}
}

static void crash_names(struct crash *c)
{
	bool more = true, in_order = disk_dice(c->to, 2);

	c->to->names = c->from->kept_names;
	for (int i = 0; i < c->from->n_ops; i++)
		if (op_survives(c, i, &more, in_order))
			disk_op_apply(&c->to->names, &c->from->ops[i]);
	drop_orphans(&c->to->names);
	c->to->kept_names = c->to->names;
}

/* ---- the disk ---- */

static void crash_kill(struct disk *to, const struct disk *from)
{
	to->names = from->names;
	to->kept_names = from->kept_names;
	memcpy(to->ops, from->ops, sizeof(to->ops));
	to->n_ops = from->n_ops;
	to->last_file = from->last_file;
	to->last_from = from->last_from;
	to->last_to = from->last_to;
	for (int i = 0; i < DISK_FILES; i++)
		if (from->files[i].used)
			copy_file(&to->files[i], &from->files[i]);
}

void disk_crash(struct disk *to, const struct disk *from,
		enum disk_crash how, uint64_t seed)
{
	struct crash c = { .how = how, .from = from, .to = to };
	static const uint32_t kept_of_8[] = { 1, 4, 4, 7 };

	disk_clear(to);
	to->seed = seed;
	to->boot = from->boot + (how != DISK_KILL);
	to->foreign = from->foreign;
	to->last_file = -1;
	if (how == DISK_KILL) {
		crash_kill(to, from);
		return;
	}
	disk_dice(to, 2);
	c.kept_of_8 = kept_of_8[disk_dice(to, 4)];
	crash_names(&c);
	for (int i = 0; i < to->names.n; i++)
		if (to->names.v[i].file >= 0)
			crash_file(&c, to->names.v[i].file);
}

void disk_power_cut(struct disk *d)
{
	struct disk *old = malloc(sizeof(*old));
	uint64_t seed = d->seed;

	memcpy(old, d, sizeof(*old));
	memset(d, 0, sizeof(*d));
	disk_crash(d, old, DISK_DICE, seed);
	d->after = old->after;
	d->after_arg = old->after_arg;
	d->trace = old->trace;
	disk_fini(old);
	free(old);
}
