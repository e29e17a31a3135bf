/* SPDX-License-Identifier: MIT
 *
 * fsck's parts.
 *
 *   cmd_fsck.c     two passes over a snapshot; what is printed
 *   fsck_chain.c   is each record true: chains, ids, keys, seals
 *   fsck_marks.c   ids that will be asked for again
 *
 * Memory is bounded by authors, displaced branches and gaps, not by events:
 * of a chain only its end is kept. Where a record leans on an event further
 * back (a branch's root, a seal below the end), the first pass marks that
 * event, so that the second keeps its id when it passes.
 */
#pragma once
#include "lib/event/record.h"
#include "lib/log/log.h"

/* ---- fsck_marks.c ---- */

struct fsck_mark {
	uint32_t slot;
	bool known;
	uint64_t seq;
	uint8_t id[EVENT_ID_SIZE];
};

struct fsck_marks {
	struct fsck_mark *v;	/* sorted after fsck_marks_sort */
	size_t n, cap;
};

/* Too many are left out: what leans on them is counted as unchecked. */
void fsck_marks_add(struct fsck_marks *m, uint32_t slot, uint64_t seq);
void fsck_marks_sort(struct fsck_marks *m);
void fsck_marks_note(struct fsck_marks *m, uint32_t slot, uint64_t seq,
		     const uint8_t id[EVENT_ID_SIZE]);
/* NULL if it is not known. */
const uint8_t *fsck_marks_find(const struct fsck_marks *m, uint32_t slot,
			       uint64_t seq);
void fsck_marks_fini(struct fsck_marks *m);

/* ---- fsck_chain.c ---- */

/* A stretch of a chain without gaps. The first event's parts are kept, so that
 * it can be checked when what comes before it is there. */
struct fsck_piece {
	uint64_t from, to;
	struct event first;		/* as withheld: its payload is hash */
	uint8_t hash[32];
	bool id_known;			/* id: of event `to` */
	uint8_t id[EVENT_ID_SIZE];
};

struct fsck_author {
	char label[AUTHOR_LABEL_MAX + 1], call[12];
	uint8_t author[AUTHOR_SIZE], key[64];
	bool named, has_key;
	uint64_t epoch;			/* damage that was met before its last */
	struct fsck_piece *pieces;	/* by seq; the first begins at 1 */
	size_t n_pieces, cap_pieces;
	uint64_t last;			/* in pass one: as the log goes */
};

struct fsck {
	uint8_t dataset[DATASET_SIZE];
	struct fsck_marks marks;
	struct fsck_author *authors;	/* by slot */
	uint32_t n_authors, cap_authors;
	uint64_t damage;		/* ranges met so far */
	uint64_t records, events, seals, unchecked, missing;
	/* Says a fault: at a record, of an author's event (NULL and 0: none). */
	void (*fault)(struct fsck *k, const char *what, uint64_t at,
		      const struct fsck_author *a, uint64_t seq);
	void *ctx;
};

/* Pass one: what will be asked for. */
void fsck_mark(struct fsck *k, const struct log_record *r);
/* Between the passes. */
void fsck_turn(struct fsck *k);
/* Pass two: is it true? */
void fsck_check(struct fsck *k, const struct log_record *r);
/* After it: each range that is still missing. */
void fsck_gaps(struct fsck *k, void (*fn)(struct fsck *k,
	       const struct fsck_author *a, uint64_t from, uint64_t to));
void fsck_fini(struct fsck *k);
