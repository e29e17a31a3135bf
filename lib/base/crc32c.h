/* SPDX-License-Identifier: MIT
 *
 * CRC-32C (Castagnoli, reflected 0x82F63B78): SSE4.2 or ARMv8 where the CPU
 * has it, slice-by-8 otherwise; which one is found out at run time.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* crc = 0 to begin, or the result so far. */
uint32_t crc32c(uint32_t crc, const void *p, size_t n);
/* The same without the CPU's help; for tests and comparison. */
uint32_t crc32c_table(uint32_t crc, const void *p, size_t n);
/* "sse4.2", "armv8" or "table" */
const char *crc32c_method(void);
