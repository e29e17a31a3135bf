/* SPDX-License-Identifier: MIT
 *
 * Pieces of contents from strangers: one that is taken is, byte for byte, what
 * the content's leaves and its chunk make; and bulk frames into a station that
 * waits for a content leave it as it was, unless they are its own.
 *
 *   0 | size 3 | hash 32 | piece          any piece
 *   1 | frames, each length 1 | bytes     as in fuzz_node, unwrapped
 */
#include <stdlib.h>
#include "lib/store/blob_memory.h"
#include "tests/field.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_piece(struct rd *r)
{
	uint64_t size = rd_be(r, 3);
	struct span hash = rd_bytes(r, BLOB_HASH), bytes = rd_rest(r);
	struct blob_piece p;

	if (r->bad || blob_piece_get(&p, hash.p, size, bytes))
		return;
	if (p.i >= blob_chunks(size) ||
	    p.chunk.n != blob_chunk_len(size, p.i) ||
	    blob_piece_len(size, p.i) > bytes.n)
		abort();
}

static void fuzz_frame(struct field *f, struct span frame)
{
	struct ax25_address dest, source;
	uint8_t link[300];
	int len;

	ax25_address_parse(&dest, "CAIRN0");
	ax25_address_parse(&source, "F0ZZ-1");
	len = ax25_ui_encode(link, sizeof(link), &dest, &source,
			     AX25_PID_CAIRN, frame);
	if (len > 0)
		field_input(f, 0, SPAN(link, (size_t)len));
	field_run_s(f, 20);
}

/* The content is 600 bytes of 'x', named in tests/corpus/bulk. */
static void fuzz_frames(struct rd *r)
{
	static struct field f;
	struct blob_memory m = { 0 }, held = { 0 };
	uint8_t bytes[600];

	memset(bytes, 'x', sizeof(bytes));
	blob_memory_hold(&held, SPAN(bytes, sizeof(bytes)));
	blob_memory_expect(&m, held.hash, sizeof(bytes));
	field_init(&f, 1, 1);
	f.s[0].config.contents = (struct node_contents){ &m,
		blob_memory_piece, blob_memory_keep, blob_memory_whole, NULL };
	field_start(&f);
	node_fetch(f.s[0].node, m.hash, m.size, NULL, field_now(&f));
	while (rd_left(r) > 1)
		fuzz_frame(&f, rd_bytes(r, rd_u8(r)));
	if (m.kept && memcmp(m.content.p, bytes, sizeof(bytes)))
		abort();
	if (m.whole != (m.kept == 1) ||
	    node_fetching(f.s[0].node) != !m.whole)
		abort();
	field_fini(&f);
	blob_memory_fini(&m);
	blob_memory_fini(&held);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd r = rd_init(SPAN(data, size));

	if (rd_u8(&r))
		fuzz_frames(&r);
	else
		fuzz_piece(&r);
	return 0;
}
