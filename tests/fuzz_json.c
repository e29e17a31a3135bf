/* SPDX-License-Identifier: MIT
 *
 * Any bytes as JSON: what is read is written, read and written again, and
 * comes out the same.
 */
#include <stdlib.h>
#include "lib/base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct buf write_again(const struct json *v, bool ascii)
{
	struct json_out o = { .ascii = ascii, .spaced = !ascii };

	json_out_value(&o, v);
	return o.b;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json *v = json_parse(SPAN(data, size), NULL);

	if (!v)
		return 0;
	for (int ascii = 0; ascii < 2; ascii++) {
		struct buf a = write_again(v, ascii), b;
		struct json *again = json_parse(buf_span(&a), NULL);

		if (!again)
			abort();
		b = write_again(again, ascii);
		if (!span_equal(buf_span(&a), buf_span(&b)))
			abort();
		json_free(again);
		buf_fini(&a);
		buf_fini(&b);
	}
	json_free(v);
	return 0;
}
