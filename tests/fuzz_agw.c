/* SPDX-License-Identifier: MIT
 *
 * Any bytes as an AGWPE stream: in one piece and byte by byte it is the same,
 * and what is encoded again is what was there.
 */
#include <stdlib.h>
#include "ax25/agw.h"
#include "lib/base/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_frame(void *ctx, const struct agw_frame *f)
{
	uint8_t bytes[AGW_HEAD + AGW_DATA_MAX];
	struct wr w = wr_init(bytes, sizeof(bytes));

	agw_encode(&w, f->radio, f->kind, f->data);
	if (w.full)
		abort();
	buf_add(ctx, wr_span(&w));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct agw_decoder d;
	struct buf whole = { 0 }, pieces = { 0 };
	int a, b = 0;

	agw_decoder_init(&d, on_frame, &whole);
	a = agw_decode(&d, SPAN(data, size));
	agw_decoder_init(&d, on_frame, &pieces);
	for (size_t i = 0; i < size && !b; i++)
		b = agw_decode(&d, SPAN(data + i, 1));
	if (a != b || !span_equal(buf_span(&whole), buf_span(&pieces)) ||
	    whole.len > size)
		abort();
	buf_fini(&whole);
	buf_fini(&pieces);
	return 0;
}
