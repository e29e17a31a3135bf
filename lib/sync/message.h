/* SPDX-License-Identifier: MIT
 *
 * The four messages of CFS, version 0 (docs/protocol.md). First byte
 * `111 VV TTT`; VV = 0; TTT = 0 DIGEST, 1 EVENTS, 2 WANT, 3 OFFER. Frames of
 * another version are counted, never answered. A `target` is the first 2
 * bytes of the addressee's author alias.
 *
 * DIGEST   0 type | 1 dataset tag 2 | 3 flags (bit 7 want-bulk, bit 6 fork
 *          proofs held, bit 5 root just moved) | 4 root48 | 10 v events |
 *          v authors | c<<3 | log2 P | [part 1, part root 6 if P > 1] |
 *          S_1..S_2c, 4 each
 * EVENTS   0 type | 1 generation | 2 index 6 | more 1 | end 1 |
 *          3 k-1 4 bits | parity sent ahead 2 bits | 0 | piece
 *          index >= k: Cauchy parity row index of the k pieces
 * WANT     0 type | 1 target 2 | 3 NAV 0.1 s | 4 form: then
 *          list    n | n x (alias 4, v have)     give me what follows
 *          root    root48 | v events             give me what I lack since
 *          parity  n | n x (generation, needed | 0x80 more, loss /256)
 * OFFER    0 type | 1 n <= 4 | n x target 2 | root48 | v events offered
 */
#pragma once
#include "lib/base/bytes.h"
#include "lib/feed/feed.h"

#define SYNC_VERSION 0
#define SYNC_WANT_MAX 45
#define SYNC_PARTS_MAX 128

enum sync_type { SYNC_DIGEST, SYNC_EVENTS, SYNC_WANT, SYNC_OFFER };

struct sync_digest {
	uint16_t dataset_tag;
	bool want_bulk, has_proofs, moved;
	uint64_t root48, events, authors;
	uint8_t c;		/* 0..28: 2c words follow */
	uint8_t part_bits;	/* log2 P */
	uint8_t part;		/* sketch covers aliases = part (mod P) */
	uint64_t part_root48;
	uint32_t s[2 * SYNDROME_C_MAX];
};

struct sync_events {
	uint8_t generation, index, k;
	bool more, end;
	uint8_t parity_ahead;
	struct span piece;	/* borrowed */
};

enum sync_want_form { SYNC_WANT_LIST, SYNC_WANT_ROOT, SYNC_WANT_PARITY };

struct sync_want {
	uint16_t target;
	uint8_t nav_ds;
	enum sync_want_form form;
	uint64_t root48, events;
	uint8_t n;
	struct { uint32_t alias; uint64_t have; } list[SYNC_WANT_MAX];
	struct { uint8_t generation, needed, loss; bool more; } parity[8];
};

struct sync_offer {
	uint8_t n;
	uint16_t target[4];
	uint64_t root48, events;
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

enum sync_error sync_message_decode(struct sync_message *m, struct span frame);
/* Length or -ENOSPC / -EINVAL. */
int sync_message_encode(uint8_t *dst, size_t cap,
			const struct sync_message *m);
