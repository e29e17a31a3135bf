/* SPDX-License-Identifier: MIT
 *
 * What lies in the log `events/` (docs/formats.md, "Records"). The log itself
 * knows only (type, author slot, bytes); this is the meaning. Little-endian.
 *
 *   AUTHOR    label 1..64 bytes              its slot is the record's slot
 *   EVENT     seq u64 | wall u48 | counter u16 | kind u16 | flags u16 |
 *             reserved u32 | id 32 | payload            56 bytes of head
 *   SEAL      seq u64 | id 32 | seal 64
 *   DISPLACED first seq u64 | last seq u64    these left the standing chain
 *   PROOF     seq u64 | id 32 | seal 64       a fork's whole proof
 *   CHECKPOINT  reserved
 */
#pragma once
#include "lib/event/event.h"

enum record_type {
	RECORD_AUTHOR = 1, RECORD_EVENT = 2, RECORD_SEAL = 3,
	RECORD_DISPLACED = 4, RECORD_PROOF = 5, RECORD_CHECKPOINT = 6,
	RECORD_FRAME = 16,	/* in frames/, see record_frame */
};

#define RECORD_EVENT_HEAD 56
#define RECORD_EVENT_ID 24	/* where the id stands */
#define RECORD_SEAL_SIZE 104
#define RECORD_FLAG_WITHHELD 1
#define RECORD_FLAG_IP 2	/* it came over IP (rf_relay) */

/* dst holds RECORD_EVENT_HEAD + payload; returns the length. */
size_t record_event_encode(uint8_t *dst, const struct event *e);
/* e->author is left alone; the payload points into s. 0 or -EINVAL. */
int record_event_decode(struct span s, struct event *e);

/* SEAL and PROOF */
void record_seal_encode(uint8_t dst[RECORD_SEAL_SIZE], uint64_t seq,
			const uint8_t id[32], const uint8_t seal[64]);
int record_seal_decode(struct span s, uint64_t *seq, uint8_t id[32],
		       uint8_t seal[64]);

enum record_link {
	RECORD_LINK_AX25 = 1, RECORD_LINK_BARE = 2,
	RECORD_LINK_ERROR = 3,	/* bytes that were no frame */
};

/* A raw frame of frames/: wall_ms u48 | port u8 | flags u8 (1 = sent, 2 = named)
 * | verdict u16 (enum node_verdict) | link u16 | if named: length u8, the
 * port's name | frame. Numbers are given out again; names tell. */
struct record_frame {
	uint64_t wall_ms;
	uint8_t port;
	bool sent;
	uint16_t verdict;
	uint16_t link;
	struct span frame;
	struct span name;	/* of the port, or empty */
};
#define RECORD_FRAME_HEAD 12
#define RECORD_FRAME_NAME_MAX 15
#define RECORD_FRAME_HEAD_MAX (RECORD_FRAME_HEAD + 1 + RECORD_FRAME_NAME_MAX)
size_t record_frame_encode(uint8_t *dst, const struct record_frame *f);
int record_frame_decode(struct span s, struct record_frame *f);
