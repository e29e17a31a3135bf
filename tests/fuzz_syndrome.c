/* SPDX-License-Identifier: MIT
 *
 * Any words: the decode ends, and what it yields has just this syndrome.
 */
#include <stdlib.h>
#include "lib/base/bytes.h"
#include "lib/feed/syndrome.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct syndrome_term terms[SYNDROME_C_MAX];
	uint32_t s[SYNDROME_WORDS_MAX] = { 0 };
	size_t words = size / 4;
	int n;

	if (words > SYNDROME_WORDS_MAX)
		words = SYNDROME_WORDS_MAX;
	for (size_t i = 0; i < words; i++)
		s[i] = (uint32_t)be_get(data + 4 * i, 4);
	n = syndrome_decode(terms, s, words);
	for (int i = 0; i < n; i++) {
		if (!terms[i].alias || !terms[i].value)
			abort();
		syndrome_update(s, words, terms[i].alias, terms[i].value);
	}
	for (size_t i = 0; n >= 0 && i < words; i++)
		if (s[i])
			abort();
	return 0;
}
