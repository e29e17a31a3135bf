/* SPDX-License-Identifier: MIT
 *
 * Files of blobs: one that is taken is the one that its content makes.
 */
#include <stdlib.h>
#include "lib/store/blob.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf again = { 0 };
	uint8_t hash[BLOB_HASH];
	struct blob b;

	if (blob_parse(&b, SPAN(data, size)))
		return 0;
	if (blob_build(&again, b.content, hash) ||
	    !span_equal(buf_span(&again), SPAN(data, size)) ||
	    memcmp(hash, b.hash, sizeof(hash)) != 0)
		abort();
	buf_fini(&again);
	return 0;
}
