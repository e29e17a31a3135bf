/* SPDX-License-Identifier: MIT
 *
 * A stream of EVENTS frames from a stranger, each `length 1 | frame`: whatever
 * they are, collecting and rebuilding stay within their bounds, and a body
 * that was rebuilt cuts into the same pieces again.
 */
#include <stdlib.h>
#include "lib/sync/generation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_body(const struct generation_rx *r)
{
	uint8_t body[GENERATION_BODY_MAX], piece[GENERATION_PIECE_MAX];
	struct generation g = { .k = r->k, .piece_len = r->piece_len };
	uint64_t root;
	size_t len;

	if (generation_rx_body(r, body, &len, &root))
		return;
	be_put(g.body, GENERATION_ROOT_SIZE, root);
	memcpy(g.body + GENERATION_ROOT_SIZE, body, len);
	for (unsigned i = 0; i < r->n; i++) {
		generation_piece(&g, r->index[i], piece);
		if (memcmp(piece, r->piece[i], r->piece_len))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd in = rd_init(SPAN(data, size));
	struct generation_rx r;
	struct sync_message m;
	struct span front;
	bool open = false;
	uint64_t root;

	while (rd_left(&in)) {
		struct span frame = rd_bytes(&in, rd_u8(&in));

		if (in.bad || sync_message_decode(&m, frame) ||
		    m.type != SYNC_EVENTS)
			continue;
		if (!open)
			generation_rx_init(&r, &m.events);
		open = true;
		generation_rx_add(&r, &m.events);
		generation_rx_front(&r, &root, &front);
		if (generation_rx_complete(&r))
			check_body(&r);
	}
	return 0;
}
