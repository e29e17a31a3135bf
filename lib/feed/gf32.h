/* SPDX-License-Identifier: MIT
 *
 * The field GF(2^32) modulo x^32 + x^7 + x^3 + x^2 + 1: a number's bits are
 * a polynomial's coefficients, addition is XOR. Carry-less multiply
 * instruction where the CPU has one (found out at run time), else integer
 * multiplications with holes between the bits; no tables.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

uint32_t gf32_mul(uint32_t a, uint32_t b);
/* The same without the special instruction: what other CPUs run. */
uint32_t gf32_mul_plain(uint32_t a, uint32_t b);
/* a^-1; 0 for 0. */
uint32_t gf32_inv(uint32_t a);
/* s[j] ^= v * a^(j + 1) for j = 0..n-1: a syndrome's update. */
void gf32_add_powers(uint32_t *s, size_t n, uint32_t a, uint32_t v);
/* dst[i] ^= k * src[i] for i = 0..n-1: a row operation. */
void gf32_add_scaled(uint32_t *dst, const uint32_t *src, size_t n, uint32_t k);
