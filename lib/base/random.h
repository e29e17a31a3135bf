/* SPDX-License-Identifier: MIT
 *
 * Jitter: a small seeded generator (splitmix64). Deterministic, so that a
 * simulated day runs the same twice. Never for secrets: see crypto_random.
 */
#pragma once
#include <stdint.h>

struct random {
	uint64_t state;
};

static inline uint64_t random_next(struct random *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/* Upper 64 bits of a * b, without a 128-bit type: 32-bit ARM has none. */
static inline uint64_t random_mul_high(uint64_t a, uint64_t b)
{
	uint64_t al = (uint32_t)a, ah = a >> 32, bl = (uint32_t)b, bh = b >> 32;
	uint64_t mid = ah * bl + (al * bl >> 32);
	uint64_t low = al * bh + (uint32_t)mid;

	return ah * bh + (mid >> 32) + (low >> 32);
}

/* Uniform in 0..n-1; 0 for n = 0. */
static inline uint64_t random_below(struct random *r, uint64_t n)
{
	return n ? random_mul_high(random_next(r), n) : 0;
}
