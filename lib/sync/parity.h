/* SPDX-License-Identifier: MIT
 *
 * Erasure coding over GF(256), polynomial 0x11D: k data pieces, and parity
 * rows whose coefficients are those of a Cauchy matrix,
 *
 *   row i, column j:  1 / (i XOR j),  i = k, k + 1 ...;  j = 0 .. k - 1
 *
 * so that any k of all pieces rebuild the data. The only door to ISA-L.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define PARITY_K_MAX 32
#define PARITY_INDEX_MAX 63

/* Row `index` (k .. PARITY_INDEX_MAX) over k pieces of len bytes. */
void parity_make(uint8_t *dst, size_t len, unsigned k, unsigned index,
		 const uint8_t *const *pieces);

/* The k data pieces, one after the other at dst (k * len bytes, apart from
 * the pieces), from any k different ones: pieces[i] is the one of index[i].
 * 0 or -EINVAL. */
int parity_rebuild(uint8_t *dst, size_t len, unsigned k, const uint8_t *index,
		   const uint8_t *const *pieces);
