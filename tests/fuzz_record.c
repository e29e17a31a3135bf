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

/* But for flags that mean nothing yet. */
static void frame_again(struct span s)
{
	uint8_t *b = malloc(RECORD_FRAME_HEAD_MAX + s.n);
	struct record_frame f;

	if (record_frame_decode(s, &f) == 0 && s.p[7] < 4 &&
	    (f.name.n || !(s.p[7] & 2)) &&
	    !span_equal(SPAN(b, record_frame_encode(b, &f)), s))
		abort();
	free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	event_again(SPAN(data, size));
	seal_again(SPAN(data, size));
	frame_again(SPAN(data, size));
	return 0;
}
