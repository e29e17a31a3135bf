/* SPDX-License-Identifier: MIT
 *
 * What is on the disk (docs/formats.md, "Log"), little-endian, in the order
 * and at the offsets of these structs.
 *
 *   segment   | header 64, zeros to 4096 | batch | batch | ... | SEAL | end
 *             | ... until it is sealed, zeros to the segment's size
 *   batch     | header 64 | record | record | ... | zeros to 64 |
 *   record    | header 16 | payload | zeros to 8 |
 *
 * A batch header lies in one sector: it is old or new, never torn. It carries
 * the CRC of the record headers, and these the CRC of their payloads, so it
 * vouches for the whole batch; and it names the header before it.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "the log is read in place");

#define SEGMENT_MAGIC "CAIRNLOG"
#define SEGMENT_VERSION 1
#define SEGMENT_DATA 4096u	/* where the first batch begins */
#define SEGMENT_UNIT 65536u	/* sizes are multiples of this */
#define OFFSET_BITS 26

struct segment_header {
	uint8_t magic[8];
	uint16_t version;
	uint16_t header_size;	/* SEGMENT_DATA */
	uint32_t size;		/* before sealing */
	uint8_t log_id[16];	/* random, the same in all segments */
	uint64_t number;	/* also the file's name, 16 hex digits */
	uint64_t base_record;	/* records in the segments before */
	uint64_t base_batch;	/* the first batch's seq */
	uint32_t reserved;
	uint32_t crc;		/* of the bytes above */
};
_Static_assert(sizeof(struct segment_header) == 64, "");
_Static_assert(offsetof(struct segment_header, log_id) == 16, "");
_Static_assert(offsetof(struct segment_header, base_record) == 40, "");

#define BATCH_MAGIC 0x48435442u	/* "BTCH" */
#define BATCH_ALIGN 64u

enum {
	BATCH_SEAL = 1,		/* the segment ends here; no records */
	BATCH_CLEAN = 2,	/* the log was closed here; no records */
};

struct batch_header {
	uint32_t magic;
	uint32_t body_len;	/* after this header, multiple of 64 */
	uint64_t seq;		/* from 1, no gaps, over all segments */
	uint64_t base_record;	/* records in the log before this batch */
	uint64_t synced_seq;	/* batches known durable when written */
	uint64_t wall_ms;
	uint32_t count;		/* records */
	uint32_t flags;
	uint32_t prev_crc;	/* crc of the header before, batch or segment */
	uint32_t records_crc;	/* of all record headers, in order */
	uint32_t reserved;
	uint32_t crc;		/* of the bytes above, begun with the seed */
};
_Static_assert(sizeof(struct batch_header) == BATCH_ALIGN, "");
_Static_assert(offsetof(struct batch_header, synced_seq) == 24, "");
_Static_assert(offsetof(struct batch_header, count) == 40, "");
_Static_assert(offsetof(struct batch_header, crc) == 60, "");

#define RECORD_ALIGN 8u

struct record_header {
	uint32_t len;		/* of the payload */
	uint32_t crc;		/* of the payload */
	uint16_t type;		/* never 0 */
	uint16_t back;		/* lines of 64 bytes back to the batch header */
	uint32_t slot;
};
_Static_assert(sizeof(struct record_header) == 16, "");

/* DIR/LOCK. The count is written without a sync, so a power cut may spoil the
 * sector: the CRC says whether the id can be believed. */
struct lock_file {
	uint8_t log_id[16];
	uint64_t made;		/* segments, in all; 0 in a ring */
	uint32_t id_crc;
	uint32_t reserved;
};
_Static_assert(sizeof(struct lock_file) == 32, "");

/* DIR/tail, mapped by readers. */
#define TAIL_MAGIC "CAIRNTL1"

struct tail_page {
	uint8_t magic[8];
	uint8_t log_id[16];
	uint8_t boot_id[40];	/* page caches do not outlive a boot */
	_Atomic uint64_t tail;	/* one release store */
};
_Static_assert(offsetof(struct tail_page, tail) == 64, "");

static inline uint64_t position(uint64_t segment, uint32_t offset)
{
	return (segment << OFFSET_BITS) + offset;
}

static inline uint64_t position_segment(uint64_t at)
{
	return at >> OFFSET_BITS;
}

static inline uint32_t position_offset(uint64_t at)
{
	return at & ((1u << OFFSET_BITS) - 1);
}

/* Bytes a payload takes in a batch, its header included. */
static inline uint32_t record_space(uint32_t len)
{
	return (uint32_t)sizeof(struct record_header) +
		((len + RECORD_ALIGN - 1) & ~(RECORD_ALIGN - 1));
}
