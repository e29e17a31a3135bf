/* SPDX-License-Identifier: MIT
 *
 * CRC-32C three ways: the CPU's instruction (x86 SSE4.2, ARMv8), where three
 * neighbouring lanes are computed side by side because one instruction must
 * wait for the one before it, or eight table look-ups for eight bytes.
 *
 *   crc(A|B|C) = shift(shift(crc(A)) ^ crc0(B)) ^ crc0(C)
 *
 * where shift() is "followed by LANE zero bytes", a linear map, so a table of
 * four times 256 words.
 */
#include <stdbool.h>
#include <string.h>
#include "lib/base/crc32c.h"
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_acle.h>
#include <sys/auxv.h>
#endif

#define POLYNOMIAL 0x82F63B78u
#define LANE 256 /* bytes, a multiple of 8 */

static uint32_t slice[8][256];	/* slice[k][b]: b followed by k zero bytes */
static uint32_t (*update)(uint32_t crc, const uint8_t *p, size_t n);
static const char *method;

static uint32_t update_table(uint32_t crc, const uint8_t *p, size_t n)
{
	for (; n >= 8; p += 8, n -= 8) {
		crc ^= (uint32_t)p[0] | (uint32_t)p[1] << 8 |
			(uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
		crc = slice[7][crc & 255] ^ slice[6][crc >> 8 & 255] ^
			slice[5][crc >> 16 & 255] ^ slice[4][crc >> 24] ^
			slice[3][p[4]] ^ slice[2][p[5]] ^
			slice[1][p[6]] ^ slice[0][p[7]];
	}
	for (; n > 0; p++, n--)
		crc = crc >> 8 ^ slice[0][(crc ^ *p) & 255];
	return crc;
}

static void slice_init(void)
{
	for (uint32_t b = 0; b < 256; b++) {
		uint32_t c = b;

		for (int bit = 0; bit < 8; bit++)
			c = c >> 1 ^ (c & 1 ? POLYNOMIAL : 0);
		slice[0][b] = c;
	}
	for (uint32_t b = 0; b < 256; b++)
		for (int k = 1; k < 8; k++)
			slice[k][b] = slice[k - 1][b] >> 8 ^
				slice[0][slice[k - 1][b] & 255];
}

#if defined(__x86_64__) || defined(__aarch64__)
#if defined(__x86_64__)
#define CPU_TARGET __attribute__((target("sse4.2")))
#define CPU_METHOD "sse4.2"
#define crc_u8(c, v) _mm_crc32_u8(c, v)
#define crc_u64(c, v) ((uint32_t)_mm_crc32_u64(c, v))

static bool cpu_has_crc(void)
{
	return __builtin_cpu_supports("sse4.2");
}
#else
#define CPU_TARGET __attribute__((target("+crc")))
#define CPU_METHOD "armv8"
#define crc_u8(c, v) __crc32cb(c, v)
#define crc_u64(c, v) __crc32cd(c, v)

static bool cpu_has_crc(void)
{
	return getauxval(AT_HWCAP) & 1u << 7; /* HWCAP_CRC32 */
}
#endif

static uint32_t lane_shift[4][256];

static void lane_shift_init(void)
{
	static const uint8_t zeros[LANE];

	for (int k = 0; k < 4; k++)
		for (uint32_t b = 0; b < 256; b++)
			lane_shift[k][b] = update_table(b << 8 * k, zeros,
							LANE);
}

static uint32_t shift(uint32_t crc)
{
	return lane_shift[0][crc & 255] ^ lane_shift[1][crc >> 8 & 255] ^
		lane_shift[2][crc >> 16 & 255] ^ lane_shift[3][crc >> 24];
}

static inline uint64_t load_u64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

CPU_TARGET
static uint32_t update_cpu(uint32_t crc, const uint8_t *p, size_t n)
{
	for (; n >= 3 * LANE; p += 3 * LANE, n -= 3 * LANE) {
		uint32_t b = 0, c = 0;

		for (size_t i = 0; i < LANE; i += 8) {
			crc = crc_u64(crc, load_u64(p + i));
			b = crc_u64(b, load_u64(p + LANE + i));
			c = crc_u64(c, load_u64(p + 2 * LANE + i));
		}
		crc = shift(shift(crc) ^ b) ^ c;
	}
	for (; n >= 8; p += 8, n -= 8)
		crc = crc_u64(crc, load_u64(p));
	for (; n > 0; p++, n--)
		crc = crc_u8(crc, *p);
	return crc;
}
#endif

/* Before main, so that every thread finds it done. */
__attribute__((constructor))
static void crc32c_init(void)
{
	slice_init();
	update = update_table;
	method = "table";
#ifdef CPU_METHOD
	lane_shift_init();
	if (cpu_has_crc()) {
		update = update_cpu;
		method = CPU_METHOD;
	}
#endif
}

uint32_t crc32c(uint32_t crc, const void *p, size_t n)
{
	return ~update(~crc, p, n);
}

uint32_t crc32c_table(uint32_t crc, const void *p, size_t n)
{
	return ~update_table(~crc, p, n);
}

const char *crc32c_method(void)
{
	return method;
}
