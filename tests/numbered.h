/* SPDX-License-Identifier: MIT
 *
 * Records that say by their number what they must be.
 */
#pragma once
#include <string.h>
#include "lib/log/log.h"

#define NUMBERED_MAX 1500u

/* Into p[NUMBERED_MAX + 8]; its length. */
static inline uint32_t numbered_fill(uint8_t *p, uint64_t n, uint32_t max)
{
	uint64_t x = n * 0x9e3779b97f4a7c15ULL;
	uint32_t len = 8 + (uint32_t)(x >> 40) % (max - 8);

	for (uint32_t i = 8; i < len; i += 8) {
		x = (x ^ x >> 29) * 0xbf58476d1ce4e5b9ULL;
		memcpy(p + i, &x, 8);
	}
	memcpy(p, &n, 8);
	return len;
}

static inline bool numbered_is(const struct log_record *r, uint64_t n,
			       uint32_t max)
{
	uint8_t p[NUMBERED_MAX + 8];
	uint32_t len = numbered_fill(p, n, max);

	return r->slot == (uint32_t)n && r->payload.n == len &&
		memcmp(r->payload.p, p, len) == 0;
}
