/* SPDX-License-Identifier: MIT
 *
 * The append-only log (docs/formats.md, "Log"): segments, batches, records.
 *
 * A record is (type u16, slot u32, payload). Records are appended to the open
 * transaction; log_commit writes it as one batch with pwrite; what is written
 * becomes durable and visible only when a sync that began later has ended
 * well: log_sync in one go, or log_sync_begin / log_sync_end around a sync
 * that somebody else runs (at most one in flight; commits go on meanwhile and
 * are covered by the next).
 *
 * A position is segment << 26 | offset: a stable name of a record, and the
 * tail of the log in one word.
 *
 * The first failed write or sync turns the log read-only for good
 * (log_failed): nothing is retried, reading goes on.
 *
 * All system calls go through struct log_io, so that tests and the simulated
 * disk stand in its place. One writer holds the folder's lock; any number of
 * readers, in this process and in others, map what is published. A struct log
 * belongs to one thread.
 */
#pragma once
#include "lib/base/bytes.h"

#define LOG_SEGMENT_SIZE (64u << 20)
#define LOG_RECORD_MAX (64u << 10)
#define LOG_TRANSACTION_MAX ((4u << 20) - 64)

struct log_io {
	void *ctx;
	int (*open)(void *ctx, const char *path, int flags, int mode);
	int (*close)(void *ctx, int fd);
	int64_t (*pread)(void *ctx, int fd, void *p, size_t n, uint64_t at);
	int64_t (*pwrite)(void *ctx, int fd, const void *p, size_t n,
			  uint64_t at);
	int (*fdatasync)(void *ctx, int fd);
	/* Has the kernel begin to write what it would keep back of a file;
	 * waits for nothing and promises nothing. NULL: it is left alone. */
	void (*start_write)(void *ctx, int fd);
	int (*fsync_dir)(void *ctx, const char *dir);
	int (*truncate)(void *ctx, int fd, uint64_t size);
	int (*rename)(void *ctx, const char *from, const char *to);
	int (*unlink)(void *ctx, const char *path);
	/* Calls fn for each name in dir. */
	int (*list)(void *ctx, const char *dir,
		    void (*fn)(void *arg, const char *name), void *arg);
	int64_t (*size)(void *ctx, int fd);
	int (*mkdir)(void *ctx, const char *dir, int mode);
	const void *(*map)(void *ctx, int fd, size_t n); /* read-only */
	/* For the published tail; NULL: readers scan instead. */
	void *(*map_writable)(void *ctx, int fd, size_t n);
	int (*unmap)(void *ctx, const void *p, size_t n);
	int (*lock)(void *ctx, int fd); /* exclusive, not waiting */
};
extern const struct log_io log_io_system;

/* What a record says to the index: it is item seq of its slot; or a mark
 * there; or it voids the items and marks from seq on that came before it. */
enum log_key_type { LOG_KEY_NONE, LOG_KEY_ITEM, LOG_KEY_MARK, LOG_KEY_CUT };

struct log_key {
	enum log_key_type type;
	uint64_t seq;
	const uint8_t *id;	/* of an item, in the payload; >= 8 bytes */
};
/* Fills k, which says LOG_KEY_NONE. The payload may be anything. */
typedef void (*log_key_fn)(uint16_t type, struct span payload,
			   struct log_key *k);

/* What a record is about: a hash, 0 = nothing. */
typedef uint32_t (*log_topic_fn)(uint16_t type, struct span payload);

struct log_options {
	const struct log_io *io;	/* NULL = the system's */
	log_key_fn key;			/* NULL = no index */
	log_topic_fn topic;		/* of the index; NULL = no topics */
	uint32_t segment_size;		/* multiple of 64 KiB; 0 = as the last
					   segment was made, or 64 MiB */
	bool read_only;			/* no lock, no recovery writes */
	uint64_t ring_bytes;		/* frames/: drop the oldest above; never
					   synced; 0 = keep all, sync */
	const char *tail_path;		/* shared page with the published tail;
					   NULL = DIR/tail */
};

/* What opening found; for status and fsck. */
struct log_recovery {
	uint64_t segments, records, bytes;
	uint64_t lost_segments;	/* that were there once */
	uint64_t torn_bytes;	/* never acknowledged, dropped */
	uint64_t damaged_bytes;	/* acknowledged and lost: a disk's fault */
	bool clean;
	char note[160];		/* one sentence, "" if nothing happened */
};

struct log;

/* Creates DIR if need be. 0, -EBUSY (another writer), -EROFS, -ENOSPC,
 * -EINVAL (not a log), -errno. */
int log_open(struct log **out, const char *dir, const struct log_options *o,
	     struct log_recovery *rec);
/* Syncs what is committed and closes; 0 or the first error. */
int log_close(struct log *l);
int log_failed(const struct log *l);	/* 0 or the -errno that stopped it */

/* Into the open transaction (copied); type is not 0. 0, -EROFS, -EINVAL,
 * -EMSGSIZE (too long a record, or the transaction is full: it is kept). */
int log_append(struct log *l, uint16_t type, uint32_t slot,
	       struct span payload);
/* The same from two pieces. */
int log_append2(struct log *l, uint16_t type, uint32_t slot, struct span a,
		struct span b);
void log_abort(struct log *l);
/* Writes the transaction: all of it or none will be there after a crash.
 * Returns 0 and the position *end after it: durable once
 * log_durable(l) >= *end. -ENOSPC: there is no room for another segment; the
 * transaction is kept and may be tried again or aborted. */
int log_commit(struct log *l, uint64_t wall_ms, uint64_t *end);

/* In a ring: has the kernel begin to write what was committed, which it would
 * keep for half a minute; waits for nothing. */
void log_start_write(const struct log *l);

uint64_t log_durable(const struct log *l);	/* also the published tail */
uint64_t log_written(const struct log *l);
uint64_t log_records(const struct log *l);	/* committed, in all */
/* The fd to fdatasync and the position it will make durable; -EAGAIN if
 * nothing is to do, -EBUSY if one is in flight. */
int log_sync_begin(struct log *l, int *fd);
/* result of that fdatasync; publishes on 0. */
int log_sync_end(struct log *l, int result);
int log_sync(struct log *l);
/* Makes the next segment ready when the current one is half full; call when
 * idle. 0, -ENOSPC, -errno. */
int log_prepare(struct log *l);

/* ---- reading ---- */

struct log_record {
	uint64_t at;		/* its position: a stable name */
	uint16_t type;
	uint32_t slot;
	uint64_t wall_ms;	/* of its batch */
	struct span payload;	/* into the map; until the snapshot's release */
};

struct log_snapshot;

/* Pins what is published now. NULL when out of memory. */
struct log_snapshot *log_snapshot(struct log *l);
/* -EIO if a fault was met under it (SIGBUS on a failing disk), else 0. */
int log_release(struct log_snapshot *s);

/* Pages of any log that this process could not read (SIGBUS), so far. */
unsigned log_pages_lost(void);

struct log_iter {
	struct log_snapshot *s;
	uint64_t at;			/* of what comes next: to go on later */
	uint64_t damaged_bytes;		/* skipped */
	/* NULL, or told of each damaged range of positions as it is passed:
	 * [from, to), of which `bytes` are there and cannot be read. A segment
	 * that is lost, or cut short, is a range too. */
	void (*damage)(void *ctx, uint64_t from, uint64_t to, uint64_t bytes);
	void *ctx;
	/* the batch we are in */
	const uint8_t *record, *batch_end;
	uint32_t left;
	uint64_t wall_ms;
};
/* From a position (0 = the beginning). */
struct log_iter log_iter(struct log_snapshot *s, uint64_t at);
/* 1 with the record, 0 at the end. Damage is skipped and counted. */
int log_next(struct log_iter *it, struct log_record *r);

#define LOG_DAMAGE_MAX 16

struct log_range {
	uint64_t from, to;	/* positions */
};

/* What an iteration met: all of it counted, the first ranges kept. */
struct log_damage {
	uint64_t ranges, bytes;
	uint32_t mark;		/* equal for equal damage, 0 for none */
	unsigned kept;
	struct log_range first[LOG_DAMAGE_MAX];
};
/* For log_iter.damage; ctx is a struct log_damage. Ranges that touch become
 * one. */
void log_damage_add(void *ctx, uint64_t from, uint64_t to, uint64_t bytes);

static inline uint64_t log_position_segment(uint64_t at)
{
	return at >> 26;
}

static inline uint32_t log_position_offset(uint64_t at)
{
	return at & ((1u << 26) - 1);
}

static inline uint64_t log_position(uint64_t segment, uint32_t offset)
{
	return (segment << 26) + offset;
}

/* "segment 0000000000000001, 0x1040 to 0x10c0", and so on. Returns dst. */
#define LOG_RANGE_TEXT_MAX 96
char *log_range_text(char dst[LOG_RANGE_TEXT_MAX], struct log_range r);

/* The record at a position given by an iterator: 0 or -ENOENT. The payload
 * lives until the log closes or the segment goes (never, in events/). */
int log_read(struct log *l, uint64_t at, struct log_record *r);

/* ---- finding (with options.key) ---- */

/* Item seq of slot, the record that came last; the first mark at or above seq
 * (of a slot whose marks did not come in order: one of those above); the item
 * whose id begins like this. The writer finds what is committed, a reader what
 * is published. The payload lives as that of log_read. 0, -ENOENT, -EIO (it
 * cannot be read any more). */
int log_find(struct log *l, uint32_t slot, uint64_t seq,
	     struct log_record *r);
int log_find_mark(struct log *l, uint32_t slot, uint64_t seq,
		  struct log_record *r);
int log_find_id(struct log *l, const uint8_t id[8], struct log_record *r);

/* The records of a topic, in the order of the log, and perhaps some of others:
 * a hash says no more. fn ends it by not returning 0, which is returned; it may
 * ask the log, and not add to it. -ENOENT: there is no index. */
int log_topic(struct log *l, uint32_t topic,
	      int (*fn)(void *ctx, const struct log_record *r), void *ctx);

/* ---- fsck ---- */

enum log_index_state {
	LOG_INDEX_NONE,		/* no file: made when it is needed */
	LOG_INDEX_SOUND,
	LOG_INDEX_SPOILED,	/* its checksums, or another segment's */
	LOG_INDEX_WRONG,	/* deep: not what the segment holds */
};
size_t log_segment_count(const struct log *l);
/* The i-th segment's number and what its index file is. With `deep` it is
 * compared with one made by a walk. */
enum log_index_state log_check_index(struct log *l, size_t i, bool deep,
				     uint64_t *number);
/* For the writer: files that are not what their segments hold are made anew,
 * after damage. */
void log_repair_indexes(struct log *l);

/* In a read-only log: re-reads the shared tail; true if it moved. */
bool log_refresh(struct log *l);
