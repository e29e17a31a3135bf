/* SPDX-License-Identifier: MIT
 *
 * The four messages of CFS, version 0 (docs/protocol.md, "Messages"). First
 * byte `111 VV TTT`; VV = 0; TTT = 0 DIGEST, 1 EVENTS, 2 WANT, 3 OFFER. Frames
 * of another version are counted, never answered. A `target` is the first 2
 * bytes of the addressee's address (lib/sync/peer.h). Integers big-endian, v =
 * unsigned LEB128 in its shortest form, bits from the most significant.
 *
 * DIGEST   type | dataset tag 2 | flags 1 | root48 6 | events v | authors v |
 *          shape 1 | [part 1 | part root48 6] | S_1 .. S_2c, 4 each
 *          flags: want-bulk, fork proofs held, root just moved, 00000
 *          shape: c 5 bits (0..28), log2 P 3 bits; part (< P) and its root
 *          stand there if P > 1
 * EVENTS   type | generation 1 | index 6 bits, more, end |
 *          k - 1 5 bits, parity sent ahead 2 bits, bulk | piece 1..250
 *          index >= k: that row of parity over the k pieces; bulk: they are
 *          of a content (sched_bulk.c), not of events
 * WANT     type | target 2 | NAV 1, in 0.1 s | form 1 |
 *          0 list    n 1..45 | n x (alias 4, v have)   what follows `have`
 *          1 root    root48 6 | events v               what I lack since
 *          2 parity  n 1..8 | n x (generation 1 | more, needed 7 bits |
 *                    loss 1, in 1/256)
 *          3 bulk    HASH 32 | chunk v | index 0..63 | needed 1..32
 *                    so many frames of that chunk, from that index on
 * OFFER    type | list follows, n 1..4 7 bits | n x target 2 | root48 6 |
 *          events offered v | [m 1..24 | m x target 2 of whom I hear]
 *
 * One message has one spelling: reserved bits are zero, nothing follows, and
 * what decodes encodes to the same bytes.
 */
#pragma once
#include "lib/base/bytes.h"
#include "lib/event/blob_tree.h"
#include "lib/feed/feed.h"

#define SYNC_VERSION 0
#define SYNC_EVENTS_HEAD 4
#define SYNC_PIECE_MAX 250
#define SYNC_K_MAX 32
#define SYNC_INDEX_MAX 63
#define SYNC_PARITY_AHEAD_MAX 3
#define SYNC_WANT_MAX 45
#define SYNC_PARITY_MAX 8
#define SYNC_NEEDED_MAX 127
#define SYNC_OFFER_MAX 4
#define SYNC_HEARS_MAX 24

enum sync_type { SYNC_DIGEST, SYNC_EVENTS, SYNC_WANT, SYNC_OFFER };

struct sync_digest {
	uint16_t dataset_tag;
	bool want_bulk, has_proofs, moved;
	uint64_t root48, events, authors;
	uint8_t c;		/* 0..28: 2c words follow */
	uint8_t part_bits;	/* log2 P, 0..7 */
	uint8_t part;		/* sketch covers aliases = part (mod P) */
	uint64_t part_root48;
	uint32_t s[2 * SYNDROME_C_MAX];
};

struct sync_events {
	uint8_t generation, index, k;
	bool more, end, bulk;
	uint8_t parity_ahead;
	struct span piece;	/* borrowed */
};

enum sync_want_form {
	SYNC_WANT_LIST, SYNC_WANT_ROOT, SYNC_WANT_PARITY, SYNC_WANT_BULK,
};

struct sync_want_bulk {
	uint8_t hash[BLOB_HASH];
	uint32_t chunk;
	uint8_t index, needed;
};

struct sync_want {
	uint16_t target;
	uint8_t nav_ds;
	enum sync_want_form form;
	uint64_t root48, events;
	uint8_t n;
	struct { uint32_t alias; uint64_t have; } list[SYNC_WANT_MAX];
	struct {
		uint8_t generation, needed, loss;
		bool more;
	} parity[SYNC_PARITY_MAX];
	struct sync_want_bulk bulk;
};

struct sync_offer {
	uint8_t n;
	uint16_t target[SYNC_OFFER_MAX];
	uint64_t root48, events;
	uint8_t hears_n;	/* targets of whom the sender hears; 0 = not told */
	uint16_t hears[SYNC_HEARS_MAX];
};

struct sync_message {
	enum sync_type type;
	union {
		struct sync_digest digest;
		struct sync_events events;
		struct sync_want want;
		struct sync_offer offer;
	};
};

enum sync_error {
	SYNC_OK, SYNC_SHORT, SYNC_NOT_CFS, SYNC_VERSION_OTHER, SYNC_TYPE,
	SYNC_RANGE, SYNC_TRAILING, SYNC_ERROR_COUNT,
};
const char *sync_error_name(enum sync_error e);

/* "Short" also covers a varint that is not in its shortest form. A refused
 * frame leaves *m undefined. */
enum sync_error sync_message_decode(struct sync_message *m, struct span frame);
/* Length, -ENOSPC, or -EINVAL for what the format cannot say. */
int sync_message_encode(uint8_t *dst, size_t cap,
			const struct sync_message *m);
