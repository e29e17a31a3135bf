/* SPDX-License-Identifier: MIT
 *
 * GF(2^32): see gf32.h.
 */
#include "lib/feed/gf32.h"
#if defined(__x86_64__)
#include <emmintrin.h>
#endif

/* A product of up to 63 bits, modulo the polynomial: x^32 = x^7+x^3+x^2+1. */
static inline uint32_t reduce(uint64_t p)
{
	uint64_t h = p >> 32;
	uint64_t t = h ^ h << 2 ^ h << 3 ^ h << 7;
	uint64_t u = t >> 32;

	return (uint32_t)(p ^ t ^ u ^ u << 2 ^ u << 3 ^ u << 7);
}

/* Every fourth bit of a factor at a time: at most 8 ones meet in a column, so
 * no carry reaches the next bit that counts. */
static uint64_t product_plain(uint32_t a, uint32_t b)
{
	const uint64_t every_fourth = 0x1111111111111111ULL;
	uint64_t x[4], y[4], p = 0;

	for (int i = 0; i < 4; i++) {
		x[i] = a & every_fourth << i;
		y[i] = b & every_fourth << i;
	}
	for (int k = 0; k < 4; k++) {
		uint64_t z = 0;

		for (int i = 0; i < 4; i++)
			z ^= x[i] * y[(k - i) & 3];
		p |= z & every_fourth << k;
	}
	return p;
}

#if defined(__x86_64__)
/* Assembly instead of the intrinsic, which would need the whole function, and
 * its callers, to be compiled for CPUs that have it. */
static inline uint64_t product(uint32_t a, uint32_t b)
{
	__m128i x = _mm_cvtsi64_si128(a), y = _mm_cvtsi64_si128(b);

	if (!__builtin_cpu_supports("pclmul"))
		return product_plain(a, b);
	__asm__("pclmulqdq $0, %1, %0" : "+x"(x) : "x"(y));
	return (uint64_t)_mm_cvtsi128_si64(x);
}
#else
static inline uint64_t product(uint32_t a, uint32_t b)
{
	return product_plain(a, b);
}
#endif

static inline uint32_t mul(uint32_t a, uint32_t b)
{
	return reduce(product(a, b));
}

uint32_t gf32_mul(uint32_t a, uint32_t b)
{
	return mul(a, b);
}

uint32_t gf32_mul_plain(uint32_t a, uint32_t b)
{
	return reduce(product_plain(a, b));
}

/* a^(2^32 - 2) */
uint32_t gf32_inv(uint32_t a)
{
	uint32_t r = 1;

	for (int i = 1; i < 32; i++) {
		a = mul(a, a);
		r = mul(r, a);
	}
	return r;
}

/* Odd and even powers are two chains that do not wait for each other. */
void gf32_add_powers(uint32_t *s, size_t n, uint32_t a, uint32_t v)
{
	uint32_t p = mul(v, a), q = mul(p, a), square = mul(a, a);
	size_t j;

	for (j = 0; j + 1 < n; j += 2) {
		s[j] ^= p;
		s[j + 1] ^= q;
		p = mul(p, square);
		q = mul(q, square);
	}
	if (j < n)
		s[j] ^= p;
}

void gf32_add_scaled(uint32_t *dst, const uint32_t *src, size_t n, uint32_t k)
{
	for (size_t i = 0; i < n; i++)
		dst[i] ^= mul(src[i], k);
}
