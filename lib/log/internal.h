/* SPDX-License-Identifier: MIT
 *
 * What the files of lib/log share.
 *
 *   open.c     open, close        append.c   write, sync, rotate
 *   recover.c  the walk at open   read.c     snapshots, iteration
 *   segment.c  one file           batch.c    is this a batch?
 *   tail.c     the shared page    fault.c    SIGBUS
 *   check.c    for fsck
 *   index.h    what lies where
 */
#pragma once
#include <limits.h>
#include "lib/base/buf.h"
#include "lib/log/format.h"
#include "lib/log/index.h"
#include "lib/log/log.h"

/* ---- fault.c ---- */

/* A range of memory mapped from a file. A fault in it sets `faulted` and
 * reads zeros from then on. */
struct fault_guard {
	struct fault_guard *next;
	uintptr_t start, end;
	volatile bool faulted;
};
void fault_guard_add(struct fault_guard *g, const void *p, size_t n);
void fault_guard_remove(struct fault_guard *g);

/* ---- batch.c ---- */

/* The bytes batches are looked for in: p[0 .. limit), the segment from its
 * beginning. */
struct view {
	const uint8_t *p;
	uint32_t limit;
	uint32_t seed;	/* of this log and segment */
};

uint32_t batch_seed(const uint8_t log_id[16], uint64_t number);
uint32_t batch_crc(uint32_t seed, const struct batch_header *h);
/* A sound header at offset, its body inside the view; NULL if not. */
const struct batch_header *batch_at(const struct view *v, uint32_t offset);
/* All its records are as they were written. */
bool batch_sound(const struct batch_header *h);
/* The first sound header at or after offset (a multiple of 64); NULL. */
const struct batch_header *batch_search(const struct view *v,
					uint32_t offset);

/* Is there a whole record, so far as its own header says? A page that went
 * bad since it was verified reads as zeros. */
static inline bool record_fits(const struct record_header *h,
			       const uint8_t *end)
{
	size_t room = (size_t)(end - (const uint8_t *)h);

	return room >= sizeof(*h) && h->type != 0 &&
		h->len <= LOG_RECORD_MAX && record_space(h->len) <= room;
}

/* ---- segment.c ---- */

struct segment {
	uint64_t number, base_record, base_batch;
	uint32_t header_crc;
	uint32_t size;		/* of the file */
	uint32_t seed;
	uint32_t checked;	/* batches before this offset were verified */
	bool known;		/* a header or a batch says it is ours */
	bool headless;		/* its header cannot be read */
	bool sealed;
	unsigned pins;		/* the log's own, and one a snapshot */
	const uint8_t *p;	/* its map, or NULL */
	struct fault_guard guard;
	struct span index;	/* packed; empty until it is asked for */
	bool index_mapped;
	struct fault_guard index_guard;
	const struct log_io *io;
};

/* The file's name in path[PATH_MAX]; suffix "seg" or "tmp". 0 or
 * -ENAMETOOLONG. */
int segment_path(char *path, const struct log *l, uint64_t number,
		 const char *suffix);
/* Opens, maps and checks; a header that is damaged is made up for from the
 * first batch. Learns the log's id if that is not known yet. */
int segment_load(struct segment **out, struct log *l, uint64_t number);
/* A zeroed file NUMBER.tmp, synced; its fd, or -errno. */
int segment_prepare(struct log *l, uint64_t number);
/* Gives the prepared file its header and its name. */
int segment_create(struct segment **out, struct log *l, uint64_t number,
		   int fd);
int segment_map(struct segment *s, int fd);
void segment_put(struct segment *s);	/* drops a pin */

static inline struct view segment_view(const struct segment *s)
{
	return (struct view){ s->p, s->size, s->seed };
}

/* ---- recover.c ---- */

/* What a walk over a segment found. */
struct walk {
	uint32_t end;		/* of the accepted batches */
	uint32_t synced_end;	/* of those proven to be durable */
	uint64_t next_seq;
	uint64_t synced_seq;	/* the last of those */
	uint32_t last_crc;
	uint64_t records;	/* in this segment */
	uint64_t next_record;	/* in the log */
	uint64_t torn, damaged;	/* bytes */
	bool sealed, clean;	/* how the last batch ends it */
};

/* Verifies every record. acknowledged: every batch was, because a later
 * segment exists or the tail says so. */
void segment_walk(const struct segment *s, uint32_t limit, bool acknowledged,
		  struct walk *w);
/* Headers only, from the one at `from`: true if they lead to the limit, or to
 * a CLEAN and nothing. */
bool segment_walk_headers(const struct segment *s, uint32_t from,
			  uint32_t limit, struct walk *w);
/* Brings the last segment in order: its end is known, what is kept is
 * durable. Without writing if the log is read-only. */
int log_recover(struct log *l, struct log_recovery *rec);

/* ---- the log ---- */

struct log {
	const struct log_io *io;
	char dir[PATH_MAX - 32];
	char tail_path[PATH_MAX];
	uint8_t id[16];
	uint32_t segment_size;
	bool size_given;
	uint64_t ring_bytes;
	bool read_only;
	log_key_fn key;
	log_topic_fn topic;
	int lock_fd;
	uint64_t made;		/* segments there were once, says LOCK */
	int failed;

	struct segment **segments;	/* by number */
	size_t n_segments, cap_segments;

	/* the segment that is written to: the last one */
	int fd;
	uint32_t offset;	/* where the next batch goes */
	uint64_t next_seq, next_record, synced_seq;
	uint32_t prev_crc;
	bool clean;		/* the last batch says so */
	int next_fd;		/* prepared, or -1 */

	uint64_t written, durable;
	bool syncing;
	uint64_t syncing_to, syncing_seq;
	int retired_fd;		/* rotated away under a sync in flight */

	struct buf batch;	/* the open transaction, header included */
	uint32_t count, records_crc;

	struct index index;	/* of the last segment */
	struct tail_page *tail;	/* shared, or NULL */
};

int log_fail(struct log *l, int error);	/* returns error */
struct segment *log_segment(const struct log *l, uint64_t number);
/* 0 or -ENOMEM, and then s is put. */
int log_segment_add(struct log *l, struct segment *s);
struct segment *log_last(const struct log *l);
/* The next segment becomes the one to write to. */
int log_segment_begin(struct log *l);
/* A batch without records, at the place to write. */
int log_write_mark(struct log *l, uint32_t flags);
/* Whole, however often it is interrupted or cut short. 0 or -errno. */
int log_write_all(const struct log *l, int fd, const void *p, size_t n,
		  uint64_t offset);
/* Has what was written to fd durable; in a ring, on its way. */
int log_settle(const struct log *l, int fd);
/* Writes the index file of the segment written to. */
void log_save_index(struct log *l);
/* What stands there, once more to the disk: after a failed sync the page cache
 * may show what the disk does not have. */
int log_rewrite(struct log *l, uint32_t from, uint32_t to);
/* Seals the segment written to, syncs and shortens it. */
int log_seal(struct log *l);
/* The same when the SEAL stands there. */
int log_shorten(struct log *l);

/* Notes in LOCK that a segment of this number was made. */
void log_note_made(struct log *l, uint64_t number);
/* Its records are as they were written; remembered for the next time. */
bool segment_verify(struct segment *s, const struct batch_header *h);

/* ---- tail.c ---- */

int tail_attach(struct log *l);		/* 0 or -errno: there is none */
void tail_detach(struct log *l);
void tail_publish(struct log *l, uint64_t at);
uint64_t tail_read(const struct log *l);
