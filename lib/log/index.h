/* SPDX-License-Identifier: MIT
 *
 * Where (slot, seq), ids and topics lie, segment by segment (private to
 * lib/log).
 * Derived: whatever is here can be made again by a walk over the segment, and
 * is, where no sound file NUMBER.idx says it (docs/formats.md, "Index").
 *
 *   index.c       of the segment written to: in memory, grows with the walk
 *   index_file.c  of the others: the same, packed, read in place
 *   find.c        the questions, newest segment first
 *
 * A place is a batch: the records in it are walked. So a run of events costs
 * one place, and a batch of thousands too. Topics name their records, since
 * few of a batch are of one topic.
 *
 *   file  | header 64 | slots x 32, by slot | places x 16
 *         | topics x 8, by hash and record | filter |
 */
#pragma once
#include "lib/log/format.h"
#include "lib/log/log.h"

#define INDEX_MAGIC "CAIRNIDX"
#define INDEX_VERSION 2
#define INDEX_SLOTS_MAX (1u << 20)
#define INDEX_SEQ_MAX (UINT64_MAX >> 1)	/* above it nothing is indexed */
#define INDEX_NO_CUT UINT64_MAX
#define INDEX_BLOCK 64u		/* bytes of the filter that an id falls into */

struct index_header {
	uint8_t magic[8];
	uint16_t version;
	uint16_t reserved;
	uint32_t slots, places;
	uint32_t filter;	/* bytes, a power of two */
	uint32_t last;		/* offset of the last batch that is in ... */
	uint32_t last_crc;	/* ... and its CRC: whose index this is */
	uint32_t topics;
	uint8_t reserved2[20];
	uint32_t body_crc;	/* of what follows this header */
	uint32_t crc;		/* of the bytes above */
};
_Static_assert(sizeof(struct index_header) == 64, "");

/* seq .. seq + count - 1 lie in the batch at line * 64. */
struct place {
	uint64_t seq;
	uint32_t count, line;
};
_Static_assert(sizeof(struct place) == 16, "");

/* The record at record * 8 is of this topic. */
struct topic {
	uint32_t hash, record;
};

enum { INDEX_ITEMS, INDEX_MARKS, INDEX_LISTS };

struct index_slot_disk {
	uint32_t slot;
	uint16_t unsorted;	/* bit INDEX_ITEMS, INDEX_MARKS */
	uint16_t reserved;
	uint32_t first;		/* place; its items, then its marks */
	uint32_t n[INDEX_LISTS];
	uint32_t reserved2;
	uint64_t cut;
};
_Static_assert(sizeof(struct index_slot_disk) == 32, "");

/* What a segment has of a slot. Of two places that hold a seq the later one
 * in the list counts. */
struct index_slot {
	const struct place *v[INDEX_LISTS];
	uint32_t n[INDEX_LISTS];
	uint16_t unsorted;
	uint64_t cut;	/* from here on older segments do not count */
};

/* The place of a seq, NULL if there is none. */
const struct place *index_item(const struct index_slot *x, uint64_t seq);
/* The place that has the first mark at or above seq, or one before it in the
 * same batch. */
const struct place *index_mark(const struct index_slot *x, uint64_t seq);

/* ---- in memory: index.c ---- */

struct index_list {
	struct place *v;
	uint32_t n, cap;
};

struct index_author {
	struct index_list lists[INDEX_LISTS];
	uint16_t unsorted;
	uint64_t cut;
};

struct index {
	bool begun;
	uint64_t number;	/* of the segment it is about */
	uint32_t end;		/* of what is in */
	uint32_t last, last_crc;	/* as in the header */
	struct index_author *authors;	/* by slot */
	uint32_t n_authors, cap_authors;
	uint64_t n_items;
	struct topic *topics;	/* as they came */
	uint32_t n_topics, cap_topics;
	uint8_t *filter;
	uint32_t filter_size;
};

/* For a segment of at most segment_size bytes; 0 or -ENOMEM. */
int index_begin(struct index *x, uint64_t number, uint32_t segment_size);
void index_fini(struct index *x);
/* One record of the batch at offset. 0 or -ENOMEM. */
int index_add(struct index *x, uint32_t slot, const struct log_key *k,
	      uint32_t offset);
/* The same for its topic, if it has one; record: its own offset / 8. */
int index_add_topic(struct index *x, uint32_t topic, uint32_t record);
/* False if the slot has nothing here. */
bool index_get(const struct index *x, uint32_t slot, struct index_slot *out);
bool filter_has(const uint8_t *filter, uint32_t size, const uint8_t id[8]);

/* ---- packed: index_file.c ---- */

struct buf;
void index_pack(const struct index *x, struct buf *out);
/* Sound in itself: sizes, order, checksums. Everything else takes that for
 * granted. */
bool index_packed_valid(struct span file);
bool index_packed_get(struct span file, uint32_t slot,
		      struct index_slot *out);
bool index_packed_has_id(struct span file, const uint8_t id[8]);
/* Those of a hash: *n, by record. */
const struct topic *index_packed_topics(struct span file, uint32_t hash,
					uint32_t *n);
/* Fills an index that was begun; end: of the batch that the file names last.
 * 0 or -ENOMEM. */
int index_unpack(struct index *x, struct span file, uint32_t end);

struct segment;

/* The fd of NUMBER.idx, or -errno. */
int index_open(const struct log *l, const struct segment *s);
/* It is mapped, if it is there and sound; else an empty span. */
struct span index_map(const struct log *l, struct segment *s);
/* Writes NUMBER.idx, unsynced; what goes wrong is left at that. */
void index_save(const struct log *l, const struct index *x);
/* The packed index of a segment: its file, mapped, or if there is no sound one
 * made by a walk. An empty span when out of memory. */
struct span segment_index(struct log *l, struct segment *s);
void segment_index_drop(struct segment *s);
/* Begins an index with what the file of s has. 0 or -ENOMEM. */
int index_resume(struct log *l, struct index *x, struct segment *s);
/* Where a file beside the segment says its last batch is; SEGMENT_DATA if
 * there is none that fits. Reads no more than a header. */
uint32_t index_hint(const struct log *l, const struct segment *s);

/* ---- find.c ---- */

/* Takes what the segment holds before limit into the index. 0 or -ENOMEM. */
int index_walk(struct log *l, struct index *x, struct segment *s,
	       uint32_t limit);
/* The index of the last segment is up to date with what is readable. */
int index_catch_up(struct log *l);
