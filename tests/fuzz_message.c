/* SPDX-License-Identifier: MIT
 *
 * Any bytes: a refusal with a name, or fields that encode to the same bytes.
 */
#include <stdlib.h>
#include "lib/sync/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sync_message m;
	enum sync_error e = sync_message_decode(&m, SPAN(data, size));
	uint8_t again[1024];
	int n;

	if (e != SYNC_OK)
		return sync_error_name(e) == NULL;
	n = sync_message_encode(again, sizeof(again), &m);
	if (n < 0 || !span_equal(SPAN(data, size), SPAN(again, n)))
		abort();
	return 0;
}
