/* SPDX-License-Identifier: MIT
 *
 * parity.h on ISA-L. Its prototypes know no const and take matrices as bytes,
 * a row after the other; tables are 32 bytes a coefficient.
 */
#include <errno.h>
#include <isa-l/erasure_code.h>
#include <stdbool.h>
#include <string.h>
#include "lib/sync/parity.h"

#define TABLE_SIZE 32

/* One row of the generator matrix [ identity ; Cauchy ], as
 * gf_gen_cauchy1_matrix makes it. */
static void parity_coefficients(uint8_t *row, unsigned k, unsigned index)
{
	for (unsigned j = 0; j < k; j++)
		row[j] = index < k ? index == j
				   : gf_inv((uint8_t)(index ^ j));
}

/* dst[r] = sum over j of row r, column j of `rows`, times source j. */
static void parity_combine(uint8_t **dst, unsigned n_rows, uint8_t *rows,
			   size_t len, unsigned k, const uint8_t *const *pieces)
{
	uint8_t tables[PARITY_K_MAX * PARITY_K_MAX * TABLE_SIZE];
	uint8_t *source[PARITY_K_MAX];

	for (unsigned j = 0; j < k; j++)
		source[j] = (uint8_t *)(uintptr_t)pieces[j]; /* read only */
	ec_init_tables((int)k, (int)n_rows, rows, tables);
	ec_encode_data((int)len, (int)k, (int)n_rows, tables, source, dst);
}

void parity_make(uint8_t *dst, size_t len, unsigned k, unsigned index,
		 const uint8_t *const *pieces)
{
	uint8_t row[PARITY_K_MAX];

	parity_coefficients(row, k, index);
	parity_combine(&dst, 1, row, len, k, pieces);
}

static bool parity_indexes_ok(const uint8_t *index, unsigned k)
{
	uint64_t seen = 0;

	for (unsigned i = 0; i < k; i++) {
		if (index[i] > PARITY_INDEX_MAX || seen >> index[i] & 1)
			return false;
		seen |= 1ULL << index[i];
	}
	return true;
}

/* The received rows form an invertible matrix; the rows of its inverse that
 * stand for missing pieces give those pieces. */
int parity_rebuild(uint8_t *dst, size_t len, unsigned k, const uint8_t *index,
		   const uint8_t *const *pieces)
{
	uint8_t got[PARITY_K_MAX * PARITY_K_MAX];
	uint8_t inverse[PARITY_K_MAX * PARITY_K_MAX];
	uint8_t rows[PARITY_K_MAX * PARITY_K_MAX];
	uint8_t *out[PARITY_K_MAX];
	unsigned missing = 0;
	bool held[PARITY_K_MAX] = { false };

	if (k < 1 || k > PARITY_K_MAX || !parity_indexes_ok(index, k))
		return -EINVAL;
	for (unsigned i = 0; i < k; i++) {
		parity_coefficients(got + i * k, k, index[i]);
		if (index[i] < k) {
			held[index[i]] = true;
			memcpy(dst + index[i] * len, pieces[i], len);
		}
	}
	if (gf_invert_matrix(got, inverse, (int)k))
		return -EINVAL;
	for (unsigned j = 0; j < k; j++) {
		if (held[j])
			continue;
		memcpy(rows + missing * k, inverse + j * k, k);
		out[missing++] = dst + j * len;
	}
	if (missing)
		parity_combine(out, missing, rows, len, k, pieces);
	return 0;
}
