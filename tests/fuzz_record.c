/* SPDX-License-Identifier: MIT
 *
 * Log records: what decodes encodes to the same bytes.
 */
#include <stdlib.h>
#include "lib/event/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void event_again(struct span s)
{
	static uint8_t b[RECORD_EVENT_HEAD + EVENT_PAYLOAD_MAX];
	struct event e;

	if (record_event_decode(s, &e))
		return;
	if (!span_equal(SPAN(b, record_event_encode(b, &e)), s) &&
	    le_get(s.p + 20, 4) == 0)
		abort();
}

static void seal_again(struct span s)
{
	uint8_t b[RECORD_SEAL_SIZE], id[32], seal[64];
	uint64_t seq;

	if (record_seal_decode(s, &seq, id, seal))
		return;
	record_seal_encode(b, seq, id, seal);
	if (!span_equal(SPAN(b, sizeof(b)), s))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct record_frame f;

	event_again(SPAN(data, size));
	seal_again(SPAN(data, size));
	record_frame_decode(SPAN(data, size), &f);
	return 0;
}
