/* SPDX-License-Identifier: MIT
 *
 * The rule of counters: each author has two slots, what it added and what it
 * took away in all, and only its own events speak of them. A slot is the
 * greatest total that was said; the value is the sum of what was added less
 * what was taken. So the newest event of an author is enough, none counts
 * twice, and the order does not matter (a PN-Counter; without taking, a
 * G-Counter).
 */
#pragma once
#include "lib/base/json.h"
#include "lib/view/order.h"

enum counter_sign { COUNTER_ADDED, COUNTER_TAKEN };

struct counter_slot {
	struct table_entry author;	/* first: an entry of the counter */
	uint64_t total[2];		/* by counter_sign */
	struct order at[2];		/* of the events that said so */
};

struct counter {			/* zeroed = 0 */
	struct table slots;		/* none is 0: absent equals 0 */
};

/* The author of `at` came to this total; less than it said before, and 0,
 * change nothing. */
void counter_raise(struct counter *c, const uint8_t seed[16],
		   const struct order *at, enum counter_sign sign,
		   uint64_t total);
uint64_t counter_total(const struct counter *c, const uint8_t seed[16],
		       struct span author, enum counter_sign sign);
/* An author's next total: -EINVAL for a step of nothing, -ERANGE if it would
 * not fit into 64 bits, and then *total is as before. */
int counter_next(uint64_t *total, uint64_t by);

/* Authors are counted in 32 bits, so 128 never overflow. */
__int128 counter_value(const struct counter *c);
/* In decimal; dst holds 41 bytes. Returns dst. */
char *counter_format(char *dst, __int128 value);

/* A number, or text if it is beyond 64 bits. */
void counter_json(__int128 value, struct json_out *o);
/* {author: [added, taken]} as CBOR: equal for equal counters. */
void counter_put(const struct counter *c, struct buf *b);
void counter_fini(struct counter *c);
