/* SPDX-License-Identifier: MIT
 *
 * The model coder: size 2 | z. What decodes, encodes to the same z again; and
 * any bytes, taken as a text, come back.
 */
#include <stdlib.h>
#include "lib/event/model.h"

#define TEXT_MAX 2048

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t text[TEXT_MAX], z[2 * TEXT_MAX + 64];
	struct rd r = rd_init(SPAN(data, size));
	size_t n = rd_be(&r, 2) % TEXT_MAX;
	struct span code = rd_rest(&r);
	int len;

	if (r.bad)
		return 0;
	if (!model_decode(text, n, code)) {
		len = model_encode(z, sizeof(z), SPAN(text, n));
		check(len > 0 && span_equal(SPAN(z, len), code));
	}
	if (code.n > TEXT_MAX)
		return 0;
	len = model_encode(z, sizeof(z), code);
	check(len > 0);
	if (code.n <= MODEL_TEXT_MAX((size_t)len))
		check(!model_decode(text, code.n, SPAN(z, len)) &&
		      span_equal(SPAN(text, code.n), code));
	return 0;
}
