/* SPDX-License-Identifier: MIT
 *
 * Generations: any k of k + r frames rebuild the body, for every k; hostile
 * sizes are refused.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "lib/sync/generation.h"
#include "lib/sync/parity.h"

static uint32_t rng = 1;

static uint32_t draw(uint32_t n)
{
	rng = rng * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)rng * n >> 32);
}

static struct span random_body(size_t n)
{
	static uint8_t body[GENERATION_BODY_MAX];

	for (size_t i = 0; i < n; i++)
		body[i] = (uint8_t)draw(256);
	return SPAN(body, n);
}

static struct sync_events frame_of(const struct generation *g, unsigned index,
				   uint8_t *piece)
{
	generation_piece(g, index, piece);
	return (struct sync_events){
		.generation = g->number, .index = (uint8_t)index, .k = g->k,
		.piece = SPAN(piece, g->piece_len),
	};
}

/* Adds the frames in mask (bits by index) and expects the body. */
static void rebuild(const struct generation *g, struct span body,
		    uint64_t root48, uint64_t mask)
{
	uint8_t piece[GENERATION_PIECE_MAX], out[GENERATION_BODY_MAX];
	struct sync_events e = frame_of(g, 0, piece);
	struct generation_rx r;
	uint64_t root = 0;
	size_t len = 0;

	generation_rx_init(&r, &e);
	for (unsigned i = 0; i <= GENERATION_INDEX_MAX; i++) {
		if (!(mask >> i & 1))
			continue;
		assert_false(generation_rx_complete(&r));
		e = frame_of(g, i, piece);
		assert_int_equal(generation_rx_add(&r, &e), 1);
		assert_int_equal(generation_rx_add(&r, &e), 0);
	}
	assert_true(generation_rx_complete(&r));
	assert_int_equal(generation_rx_body(&r, out, &len, &root), 0);
	assert_true(root == root48);
	assert_true(len >= body.n);
	assert_memory_equal(out, body.p, body.n);
	for (size_t i = body.n; i < len; i++)
		assert_int_equal(out[i], 0);
}

static uint64_t random_mask(unsigned k, unsigned of)
{
	uint64_t mask = 0;

	while ((unsigned)__builtin_popcountll(mask) < k)
		mask |= 1ULL << draw(of);
	return mask;
}

/* Small k: every choice out of k + 4. */
static void test_every_choice(void **state)
{
	(void)state;
	for (unsigned k = 1; k <= 5; k++) {
		struct span body = random_body(k * 50 - 8);
		struct generation g;

		assert_int_equal(generation_init(&g, 9, body, 0x123456789abc,
						 50), 0);
		assert_int_equal(g.k, k);
		for (uint64_t mask = 0; mask < 1u << (k + 4); mask++)
			if ((unsigned)__builtin_popcountll(mask) == k)
				rebuild(&g, body, 0x123456789abc, mask);
	}
}

/* Every k and many lengths, over all 64 indexes. */
static void test_random_choices(void **state)
{
	(void)state;
	for (unsigned k = 1; k <= GENERATION_K_MAX; k++) {
		for (unsigned len = 7; len <= GENERATION_PIECE_MAX; len += 27) {
			struct span body = random_body(k * len - 6);
			struct generation g;

			assert_int_equal(generation_init(&g, 1, body, 5, len),
					 0);
			assert_int_equal(g.k, k);
			for (int i = 0; i < 4; i++)
				rebuild(&g, body, 5, random_mask(k, 64));
		}
	}
}

/* 1 / (i xor j) by hand: 1/1 = 1, 1/2 = 0x8e, 1/3 = 0xf4 under 0x11D. */
static void test_coefficients(void **state)
{
	const uint8_t a = 1, zero = 0;
	const uint8_t *const first[2] = { &a, &zero };
	const uint8_t *const second[2] = { &zero, &a };
	uint8_t out;

	(void)state;
	parity_make(&out, 1, 2, 2, first);
	assert_int_equal(out, 0x8e);
	parity_make(&out, 1, 2, 2, second);
	assert_int_equal(out, 0xf4);
	parity_make(&out, 1, 2, 3, second);
	assert_int_equal(out, 0x8e);
}

static void test_sizes(void **state)
{
	struct span body = random_body(GENERATION_BODY_MAX);
	struct generation g;

	(void)state;
	assert_int_equal(generation_init(&g, 0, SPAN(body.p, 0), 0, 250),
			 -EINVAL);
	assert_int_equal(generation_init(&g, 0, body, 0, 250), -EMSGSIZE);
	assert_int_equal(generation_init(&g, 0, SPAN(body.p, 7995), 0, 250),
			 -EMSGSIZE);
	assert_int_equal(generation_init(&g, 0, SPAN(body.p, 7994), 0, 250),
			 0);
	assert_int_equal(g.k, 32);
	assert_int_equal(g.piece_len, 250);
	assert_int_equal(generation_init(&g, 0, SPAN(body.p, 10), 0, 0),
			 -EINVAL);
	assert_int_equal(generation_init(&g, 0, SPAN(body.p, 10), 0, 251),
			 -EINVAL);
	assert_int_equal(generation_init(&g, 0, SPAN(body.p, 10), 0, 1), 0);
	assert_int_equal(generation_init(&g, 0, SPAN(body.p, SIZE_MAX / 2), 0,
					 250), -EMSGSIZE);
	assert_int_equal(generation_pieces(244, 250), 1);
	assert_int_equal(generation_pieces(245, 250), 2);
}

static void test_misfits(void **state)
{
	uint8_t piece[GENERATION_PIECE_MAX + 1] = { 0 };
	uint8_t out[GENERATION_BODY_MAX];
	struct sync_events e = { .generation = 3, .k = 2,
				 .piece = SPAN(piece, 20) }, f = e;
	struct generation_rx r;
	uint64_t root;
	size_t len;

	(void)state;
	generation_rx_init(&r, &e);
	assert_int_equal(generation_rx_add(&r, &e), 1);
	f.k = 3;
	assert_int_equal(generation_rx_add(&r, &f), -EINVAL);
	f = e;
	f.piece.n = 19;
	assert_int_equal(generation_rx_add(&r, &f), -EINVAL);
	f = e;
	f.generation = 4;
	assert_int_equal(generation_rx_add(&r, &f), -EINVAL);
	f = e;
	f.index = 64;
	assert_int_equal(generation_rx_add(&r, &f), -EINVAL);
	assert_int_equal(generation_rx_body(&r, out, &len, &root), -EINVAL);

	e.piece.n = GENERATION_PIECE_MAX + 1;
	generation_rx_init(&r, &e);
	assert_int_equal(generation_rx_add(&r, &e), -EINVAL);
}

/* A body shorter than the root is refused, not read past its end. */
static void test_tiny(void **state)
{
	struct sync_events e = { .k = 1, .piece = SPAN("abc", 3) };
	uint8_t out[GENERATION_BODY_MAX];
	struct generation_rx r;
	struct span front;
	uint64_t root;
	size_t len;

	(void)state;
	generation_rx_init(&r, &e);
	assert_int_equal(generation_rx_add(&r, &e), 1);
	assert_false(generation_rx_front(&r, &root, &front));
	assert_int_equal(generation_rx_body(&r, out, &len, &root), -EINVAL);
}

static void test_front(void **state)
{
	struct span body = random_body(300), front;
	uint8_t piece[GENERATION_PIECE_MAX];
	struct generation_rx r;
	struct generation g;
	struct sync_events e;
	uint64_t root = 0;

	(void)state;
	assert_int_equal(generation_init(&g, 1, body, 77, 250), 0);
	e = frame_of(&g, 1, piece);
	generation_rx_init(&r, &e);
	generation_rx_add(&r, &e);
	assert_false(generation_rx_front(&r, &root, &front));
	e = frame_of(&g, 0, piece);
	generation_rx_add(&r, &e);
	assert_true(generation_rx_front(&r, &root, &front));
	assert_int_equal(root, 77);
	assert_memory_equal(front.p, body.p, front.n);
}

static void test_rebuild_refuses(void **state)
{
	const uint8_t twice[2] = { 3, 3 }, far[2] = { 0, 64 };
	const uint8_t a[4] = { 0 };
	const uint8_t *const pieces[2] = { a, a };
	uint8_t out[8];

	(void)state;
	assert_int_equal(parity_rebuild(out, 4, 2, twice, pieces), -EINVAL);
	assert_int_equal(parity_rebuild(out, 4, 2, far, pieces), -EINVAL);
	assert_int_equal(parity_rebuild(out, 4, 0, far, pieces), -EINVAL);
	assert_int_equal(parity_rebuild(out, 4, 17, far, pieces), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_choice),
		cmocka_unit_test(test_random_choices),
		cmocka_unit_test(test_coefficients),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_misfits),
		cmocka_unit_test(test_tiny),
		cmocka_unit_test(test_front),
		cmocka_unit_test(test_rebuild_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
