/* SPDX-License-Identifier: MIT
 *
 * AGWPE's frames, whole, in pieces, and too long.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include "ax25/agw.h"

struct got {
	unsigned n;
	uint8_t radio[4], kind[4], bytes[64];
	size_t len;
};

static void on_frame(void *ctx, const struct agw_frame *f)
{
	struct got *g = ctx;

	g->radio[g->n % 4] = f->radio;
	g->kind[g->n % 4] = f->kind;
	memcpy(g->bytes + g->len, f->data.p, f->data.n);
	g->len += f->data.n;
	g->n++;
}

static void in_any_pieces(void **state)
{
	uint8_t stream[160];
	struct wr w = wr_init(stream, sizeof(stream));

	(void)state;
	agw_encode(&w, 0, AGW_RADIOS, SPAN("2;a;b;", 6));
	agw_encode(&w, 3, AGW_RAW_ON, SPAN(NULL, 0));
	agw_encode(&w, 1, AGW_RAW, SPAN("\x10" "frame", 6));
	assert_int_equal(w.len, 3 * AGW_HEAD + 12);
	assert_memory_equal(stream + 28, "\x06\0\0\0", 4);
	for (size_t piece = 1; piece <= w.len; piece++) {
		struct got g = { 0 };
		struct agw_decoder d;

		agw_decoder_init(&d, on_frame, &g);
		for (size_t at = 0; at < w.len; at += piece)
			assert_int_equal(agw_decode(&d, SPAN(stream + at,
				w.len - at < piece ? w.len - at : piece)), 0);
		assert_int_equal(g.n, 3);
		assert_memory_equal(g.radio, "\0\3\1", 3);
		assert_memory_equal(g.kind, "GkK", 3);
		assert_int_equal(g.len, 12);
		assert_memory_equal(g.bytes, "2;a;b;\x10" "frame", 12);
	}
}

static void too_long_is_the_end(void **state)
{
	uint8_t head[AGW_HEAD] = { 0, 0, 0, 0, 'K' };
	struct got g = { 0 };
	struct agw_decoder d;

	(void)state;
	agw_decoder_init(&d, on_frame, &g);
	le_put(head + 28, 4, AGW_DATA_MAX);
	assert_int_equal(agw_decode(&d, SPAN(head, sizeof(head))), 0);
	agw_decoder_init(&d, on_frame, &g);
	le_put(head + 28, 4, AGW_DATA_MAX + 1);
	assert_int_equal(agw_decode(&d, SPAN(head, sizeof(head))), -EMSGSIZE);
	le_put(head + 28, 4, 0xffffffff);
	agw_decoder_init(&d, on_frame, &g);
	assert_int_equal(agw_decode(&d, SPAN(head, sizeof(head))), -EMSGSIZE);
	assert_int_equal(g.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_any_pieces),
		cmocka_unit_test(too_long_is_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
