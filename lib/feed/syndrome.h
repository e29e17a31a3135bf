/* SPDX-License-Identifier: MIT
 *
 * The frontier syndrome: power sums over GF(2^32) (docs/protocol.md,
 * "Frontier"). S_j = XOR over authors of v * a^j, j = 1..2c, with a the
 * author's alias (never 0) and v its value (0 = not held). The XOR of two
 * parties' syndromes is that of their difference; c differing authors decode
 * from 2c words, and a shorter syndrome is the front of a longer one. Beyond
 * capacity a decode mostly fails but may be nonsense: the caller verifies it
 * against root48.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define SYNDROME_C_MAX 28
#define SYNDROME_WORDS_MAX (2 * SYNDROME_C_MAX)

/* S ^= contribution of (alias, dv) for `words` words. */
void syndrome_update(uint32_t *s, size_t words, uint32_t alias, uint32_t dv);

struct syndrome_term {
	uint32_t alias, value; /* value: XOR of the two sides' values, not 0 */
};
/* Decodes s (words = 2c, c <= SYNDROME_C_MAX) into at most c terms, by
 * alias. The number of terms, or -1 if it does not decode. Takes some 100k
 * multiplications at most, whatever s holds; no list of known aliases is
 * needed. */
int syndrome_decode(struct syndrome_term *terms, const uint32_t *s,
		    size_t words);
