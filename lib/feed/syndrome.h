/* SPDX-License-Identifier: MIT
 *
 * The frontier syndrome: power sums over GF(2^32) (docs/protocol.md,
 * "Digest"). S_j = XOR over authors of v * a^j, j = 1..2c, modulo
 * x^32 + x^7 + x^3 + x^2 + 1. The XOR of two parties' syndromes is that of
 * their difference; c differing authors decode from 2c words. A decode may be
 * nonsense beyond capacity: the caller verifies it against root48.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

uint32_t gf32_mul(uint32_t a, uint32_t b);
uint32_t gf32_inv(uint32_t a);

/* S ^= contribution of (alias, dv) for `words` words. */
void syndrome_update(uint32_t *s, size_t words, uint32_t alias, uint32_t dv);

struct syndrome_term {
	uint32_t alias, value; /* value: XOR of the two sides' values */
};
/* Decodes s (words = 2c, c <= 28) into at most c terms; aliases[] (may be
 * NULL) are tried as roots first. The number of terms, or -1 if it does not
 * decode. Deterministic. */
int syndrome_decode(struct syndrome_term *terms, const uint32_t *s,
		    size_t words, const uint32_t *aliases, size_t n_aliases);
