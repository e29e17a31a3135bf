/* SPDX-License-Identifier: MIT
 *
 * A log on the simulated disk, and what it owes to the one who wrote it.
 */
#pragma once
#include "tests/disk.h"

#define TORTURE_DIR "d"
#define RECORDS_MAX 4096u
#define BATCHES_MAX 1024u
#define NEVER UINT64_MAX

enum { TORTURE_ITEM = 1, TORTURE_MARK, TORTURE_CUT };
#define TORTURE_SLOTS 6u

/* What was handed to the log, in order: seq 8 (if it is so long), then p. */
struct sent_record {
	uint64_t seq;
	const uint8_t *p;
	uint32_t n, slot;
	uint16_t type;
};

struct sent_batch {
	uint32_t records;	/* up to and with this batch */
	uint64_t wall_ms, end;	/* its position, NEVER = not known yet */
};

struct sent {
	struct sent_record records[RECORDS_MAX];
	struct sent_batch batches[BATCHES_MAX];
	uint32_t n_records, n_batches, acked; /* batches */
	uint64_t seqs[TORTURE_SLOTS];	/* the last ones given */
};

/* One disk and the log on it. worlds[1] is a crash of worlds[0], worlds[2]
 * one of worlds[1]. */
struct world {
	struct disk disk;
	struct log_io io;
	struct log_options options;
	struct log *log;	/* NULL: closed, or just being opened */
	struct sent sent;
	uint64_t seed;		/* of what is done, not of the disk's dice */
	int depth;
	bool syncing;		/* a sync is in flight, with this result */
	int sync_result;
	bool published;		/* readers see what was acknowledged, only */
};

struct torture {
	/* where we are */
	uint64_t history;
	long boundary, state;
	/* what to repeat alone; -1 = all */
	long only_boundary, only_state;
	bool verbose;
	uint64_t boundaries, states, nested, recoveries, opens, records, finds;
};
extern struct torture torture;

/* Says which law was broken, and where, and exits 1. */
__attribute__((noreturn, format(printf, 1, 2)))
void broken(const char *law, ...);

/* ---- torture_laws.c ---- */

/* An empty disk, or a crash of another world. */
void world_begin(struct world *w, uint32_t segment_size, uint64_t seed);
void world_crash(struct world *w, struct world *from, enum disk_crash how,
		 uint64_t seed);
void world_end(struct world *w);
/* Opens the log for writing; what is found is held against what was sent,
 * which is then cut to what is there, all of it acknowledged. 0 or -errno. */
int world_open(struct world *w);
/* The process dies. */
void world_abandon(struct world *w);
/* Which of the batches were acknowledged by now. */
void world_note_acked(struct world *w);
/* A reader of the files as they are: nothing wrong, nothing written. */
void world_read_only(struct world *w);
void world_say(const struct world *w, const char *what); /* -v */
uint32_t world_dice(struct world *w, uint32_t sides);

/* The record is that one. */
bool sent_is(const struct sent_record *want, const struct log_record *r);

/* ---- torture_find.c ---- */

void torture_key(uint16_t type, struct span payload, struct log_key *k);
uint32_t torture_topic(uint16_t type, struct span payload);
/* All that was sent is there: asks for each. */
void world_find(const struct world *w, struct log *l);

/* ---- torture_life.c ---- */

/* One random act of a station's life with its log; false: it is over. */
bool life_act(struct world *w);
/* A transaction, committed or not. */
void life_batch(struct world *w);
int life_sync(struct world *w);
