/* SPDX-License-Identifier: MIT
 *
 * A disk in memory behind struct log_io, that can lose power at any moment
 * without the history that runs on it being disturbed: disk_crash makes
 * another disk of it, one of the many that could be found afterwards.
 *
 * What is kept for sure: sectors by fdatasync of their file, a file's size by
 * the same, names by fsync_dir of their folder, and nothing else. The rest may
 * be there or not, each sector and each name by itself: a later write without
 * an earlier one, a sector in a state between two writes or torn inside or
 * with what some other file had there, a name without its data. After a failed fdatasync what waited counts as
 * written, as in Linux, though it may not be: later syncs leave it out until
 * it is written again.
 *
 *   now    | what processes see           |
 *   kept   | of a dirty sector, the disk  |   clean ones: `now` is the disk
 *   older  | versions in between          |
 */
#pragma once
#include "lib/log/log.h"

#define DISK_FILES 48
#define DISK_FDS 64
#define DISK_NAMES 64
#define DISK_PATH 40
#define DISK_FILE_MAX (128u << 10)
#define DISK_SECTOR 512u
#define DISK_SECTORS (DISK_FILE_MAX / DISK_SECTOR)

struct disk_version {
	uint32_t sector;
	uint8_t p[DISK_SECTOR];
};

struct disk_file {
	bool used;
	uint8_t *now, *kept;
	uint32_t size, kept_size;
	uint32_t high;			/* zeros from here on */
	uint32_t dirty_from, dirty_to;	/* sectors, around all dirty ones */
	bool dirty[DISK_SECTORS];
	bool stale[DISK_SECTORS];	/* a failed sync forgot it */
	struct disk_version *older;
	uint32_t n_older, cap_older;
};

/* A folder's entry has no file: -1. */
struct disk_name {
	char path[DISK_PATH];
	int file;
};

struct disk_names {
	struct disk_name v[DISK_NAMES];
	int n;
};

/* A change of names that no fsync_dir has kept yet. from "": a new name; to
 * "": a name less. */
struct disk_op {
	char from[DISK_PATH], to[DISK_PATH];
	int file;
};

enum disk_fault {
	DISK_ERROR = 1,	/* the call fails, a write after a part of it */
	DISK_SHORT,	/* a write does the half; other calls pass */
	DISK_EINTR,	/* a write is interrupted; other calls pass */
};

struct disk {
	struct disk_file files[DISK_FILES];
	struct disk_names names, kept_names;
	struct disk_op ops[DISK_NAMES];
	int n_ops;
	int fds[DISK_FDS];	/* file + 1, 0 = closed */
	int locked;		/* file + 1 */
	int n_maps;
	uint32_t boot;
	uint64_t seed;		/* of the dice */

	/* the last call that changed something */
	int last_file;		/* -1: a name */
	uint32_t last_from, last_to;
	uint64_t changes, syncs, calls;
	uint64_t quiet_at;	/* `changes` when nothing waited */

	/* called after each call that changes something */
	void (*after)(void *arg);
	void *after_arg;

	/* What another log left where sectors that were being written may
	 * come from; DISK_FILE_MAX bytes, or NULL. */
	const uint8_t *foreign;

	bool dead;		/* nothing gets through any more */
	long cut_in;		/* changes until it is; 0 = never */
	bool fail_sync;		/* the next fdatasync fails */
	long fault_in;		/* calls until one fails; 0 = never */
	enum disk_fault fault;
	int fault_error;	/* -errno */
	int trace;		/* print what changes, so far to the right */
	bool copy_maps;		/* exact allocations, for ASan; reading only */
};

enum disk_crash {
	DISK_NOTHING,		/* that was not synced survives */
	DISK_ALL,
	DISK_LAST,		/* the last call's work only */
	DISK_BUT_LAST,		/* all but that */
	DISK_DICE,
	DISK_KILL,		/* the process died, the machine did not */
};

/* All zeros is a new disk. fini keeps nothing, clear keeps the memory. */
void disk_fini(struct disk *d);
void disk_clear(struct disk *d);
struct log_io disk_io(struct disk *d);
uint32_t disk_dice(struct disk *d, uint32_t sides);
/* What a machine finds that started again; *to is overwritten. */
void disk_crash(struct disk *to, const struct disk *from,
		enum disk_crash how, uint64_t seed);
/* The same in place, by the disk's own dice. */
void disk_power_cut(struct disk *d);
/* Nothing waits: all crash states are one. */
bool disk_quiet(const struct disk *d);
/* Descriptors and maps that are still held. */
int disk_held(const struct disk *d);
/* A file that is there and kept, its folder too. */
void disk_put(struct disk *d, const char *path, struct span content);
struct disk_file *disk_find(struct disk *d, const char *path);
