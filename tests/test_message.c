/* SPDX-License-Identifier: MIT
 *
 * The message codec: the exact bytes of docs/protocol.md, every cut of every
 * message, ranges, and that what decodes has one spelling.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "lib/sync/message.h"

static struct span bytes_from_hex(uint8_t *dst, size_t cap, const char *hex)
{
	int n = hex_decode(dst, cap, SPAN_STR(hex));

	assert_true(n >= 0);
	return SPAN(dst, n);
}

static enum sync_error decode_hex(struct sync_message *m, const char *hex)
{
	static uint8_t frame[512];

	return sync_message_decode(m, bytes_from_hex(frame, sizeof(frame),
						     hex));
}

static const char digest_root[] =
	"e0" "abcd" "20" "010203040506" "e807" "0a" "00";
static const char digest_part[] =
	"e0" "abcd" "c0" "010203040506" "01" "01" "0a" "03" "0a0b0c0d0e0f"
	"11111111" "22222222";
static const char events[] = "e1" "07" "0d" "2a" "deadbeef";
static const char want_list[] =
	"e2" "beef" "0f" "00" "02" "00000001" "00" "ffffffff" "8001";
static const char want_root[] = "e2" "beef" "00" "01" "ffffffffffff" "7f";
static const char want_parity[] =
	"e2" "beef" "00" "02" "02" "078319" "08" "0000";
#define HASH "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
static const char want_bulk[] = "e2" "beef" "00" "03" HASH "8001" "07" "09";
static const char events_bulk[] = "e1" "07" "0d" "29" "deadbeef";
static const char offer[] = "e3" "02" "beef" "cafe" "000000000001" "05";
static const char offer_hears[] =
	"e3" "81" "beef" "000000000001" "05" "02" "beef" "cafe";

static const char *const all[] = {
	digest_root, digest_part, events, want_list, want_root, want_parity,
	want_bulk, events_bulk, offer, offer_hears,
};
#define N_ALL (sizeof(all) / sizeof(all[0]))

static void test_digest(void **state)
{
	struct sync_message m;

	(void)state;
	assert_int_equal(decode_hex(&m, digest_root), SYNC_OK);
	assert_int_equal(m.type, SYNC_DIGEST);
	assert_int_equal(m.digest.dataset_tag, 0xabcd);
	assert_true(m.digest.moved);
	assert_false(m.digest.want_bulk || m.digest.has_proofs);
	assert_int_equal(m.digest.root48, 0x010203040506);
	assert_int_equal(m.digest.events, 1000);
	assert_int_equal(m.digest.authors, 10);
	assert_int_equal(m.digest.c, 0);

	assert_int_equal(decode_hex(&m, digest_part), SYNC_OK);
	assert_true(m.digest.want_bulk && m.digest.has_proofs);
	assert_int_equal(m.digest.c, 1);
	assert_int_equal(m.digest.part_bits, 2);
	assert_int_equal(m.digest.part, 3);
	assert_int_equal(m.digest.part_root48, 0x0a0b0c0d0e0f);
	assert_int_equal(m.digest.s[1], 0x22222222);
	assert_int_equal(decode_hex(&m, "e0abcd10010203040506010100"),
			 SYNC_RANGE);
}

static void test_events(void **state)
{
	struct sync_message m;

	(void)state;
	assert_int_equal(decode_hex(&m, events), SYNC_OK);
	assert_int_equal(m.events.generation, 7);
	assert_int_equal(m.events.index, 3);
	assert_false(m.events.more);
	assert_true(m.events.end);
	assert_int_equal(m.events.k, 6);
	assert_int_equal(m.events.parity_ahead, 1);
	assert_int_equal(m.events.piece.n, 4);
	assert_int_equal(m.events.piece.p[0], 0xde);
	assert_false(m.events.bulk);
	assert_int_equal(decode_hex(&m, events_bulk), SYNC_OK);
	assert_true(m.events.bulk);
	assert_int_equal(m.events.k, 6);
	assert_int_equal(m.events.parity_ahead, 0);
}

static void test_want(void **state)
{
	struct sync_message m;

	(void)state;
	assert_int_equal(decode_hex(&m, want_list), SYNC_OK);
	assert_int_equal(m.want.target, 0xbeef);
	assert_int_equal(m.want.nav_ds, 15);
	assert_int_equal(m.want.n, 2);
	assert_int_equal(m.want.list[1].alias, 0xffffffff);
	assert_int_equal(m.want.list[1].have, 128);

	assert_int_equal(decode_hex(&m, want_root), SYNC_OK);
	assert_int_equal(m.want.root48, 0xffffffffffff);
	assert_int_equal(m.want.events, 127);

	assert_int_equal(decode_hex(&m, want_parity), SYNC_OK);
	assert_int_equal(m.want.parity[0].needed, 3);
	assert_true(m.want.parity[0].more);
	assert_int_equal(m.want.parity[0].loss, 25);
	assert_int_equal(m.want.parity[1].generation, 8);
	assert_int_equal(m.want.parity[1].needed, 0);

	assert_int_equal(decode_hex(&m, want_bulk), SYNC_OK);
	assert_int_equal(m.want.bulk.hash[31], 31);
	assert_int_equal(m.want.bulk.chunk, 128);
	assert_int_equal(m.want.bulk.index, 7);
	assert_int_equal(m.want.bulk.needed, 9);
}

static void test_offer(void **state)
{
	struct sync_message m;

	(void)state;
	assert_int_equal(decode_hex(&m, offer), SYNC_OK);
	assert_int_equal(m.offer.n, 2);
	assert_int_equal(m.offer.target[1], 0xcafe);
	assert_int_equal(m.offer.root48, 1);
	assert_int_equal(m.offer.events, 5);
	assert_int_equal(m.offer.hears_n, 0);

	assert_int_equal(decode_hex(&m, offer_hears), SYNC_OK);
	assert_int_equal(m.offer.n, 1);
	assert_int_equal(m.offer.hears_n, 2);
	assert_int_equal(m.offer.hears[1], 0xcafe);
	assert_int_equal(decode_hex(&m, "e381beef00000000000105" "00"),
			 SYNC_RANGE);
	assert_int_equal(decode_hex(&m, "e381beef00000000000105" "19"),
			 SYNC_RANGE);
}

/* Bytes to fields to the same bytes, and too small a buffer is refused. */
static void test_round_trip(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ALL; i++) {
		uint8_t frame[256], again[256];
		struct span in = bytes_from_hex(frame, sizeof(frame), all[i]);
		struct sync_message m;
		int n;

		assert_int_equal(sync_message_decode(&m, in), SYNC_OK);
		n = sync_message_encode(again, sizeof(again), &m);
		assert_true(span_equal(in, SPAN(again, n)));
		assert_int_equal(sync_message_encode(again, in.n, &m), n);
		assert_int_equal(sync_message_encode(again, in.n - 1, &m),
				 -ENOSPC);
	}
}

/* EVENTS may end anywhere in its piece; everything else ends where it ends. */
static void test_cut_and_trailing(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ALL; i++) {
		uint8_t frame[256];
		struct span in = bytes_from_hex(frame, sizeof(frame), all[i]);
		bool piece = all[i] == events || all[i] == events_bulk;
		struct sync_message m;

		for (size_t n = 0; n < in.n; n++)
			assert_int_equal(sync_message_decode(&m,
							     SPAN(in.p, n)),
					 piece && n > SYNC_EVENTS_HEAD
						? SYNC_OK : SYNC_SHORT);
		frame[in.n] = 0;
		assert_int_equal(sync_message_decode(&m,
						     SPAN(frame, in.n + 1)),
				 piece ? SYNC_OK : SYNC_TRAILING);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *hex;
		enum sync_error want;
	} cases[] = {
		{ "c0", SYNC_NOT_CFS },
		{ "7e", SYNC_NOT_CFS },
		{ "e8", SYNC_VERSION_OTHER },
		{ "ff", SYNC_VERSION_OTHER },
		{ "e4", SYNC_TYPE },
		{ "e7aabbcc", SYNC_TYPE },
		/* reserved flag; c = 29; part 4 of 4 */
		{ "e0abcd01010203040506010100", SYNC_RANGE },
		{ "e0abcd000102030405060101e8", SYNC_RANGE },
		{ "e0abcd000102030405060101020401020304050601", SYNC_RANGE },
		/* a varint longer than need be */
		{ "e0abcd00010203040506810001" "00", SYNC_SHORT },
		/* lists: none, too many, alias 0; form 4; 9 generations */
		{ "e2beef000000", SYNC_RANGE },
		{ "e2beef00002e", SYNC_RANGE },
		{ "e2beef000001" "00000000" "00", SYNC_RANGE },
		{ "e2beef0004", SYNC_RANGE },
		{ "e2beef000209", SYNC_RANGE },
		/* a chunk, an index, a number of frames beyond all */
		{ "e2beef0003" HASH "d62a0001", SYNC_RANGE },
		{ "e2beef0003" HASH "004001", SYNC_RANGE },
		{ "e2beef0003" HASH "000000", SYNC_RANGE },
		{ "e2beef0003" HASH "000021", SYNC_RANGE },
		{ "e300", SYNC_RANGE },
		{ "e305", SYNC_RANGE },
	};
	struct sync_message m;

	(void)state;
	assert_int_equal(sync_message_decode(&m, SPAN("", 0)), SYNC_SHORT);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(decode_hex(&m, cases[i].hex), cases[i].want);
}

static void test_piece_size(void **state)
{
	uint8_t frame[SYNC_EVENTS_HEAD + SYNC_PIECE_MAX + 1] = { 0xe1 };
	struct sync_message m;

	(void)state;
	assert_int_equal(sync_message_decode(&m, SPAN(frame,
						      sizeof(frame) - 1)),
			 SYNC_OK);
	assert_int_equal(m.events.piece.n, SYNC_PIECE_MAX);
	assert_int_equal(sync_message_decode(&m, SPAN(frame, sizeof(frame))),
			 SYNC_RANGE);
}

/* The encoder refuses what the decoder would. */
static void test_encode_refuses(void **state)
{
	uint8_t dst[300];
	struct sync_message m = { .type = SYNC_DIGEST };

	(void)state;
	m.digest.c = SYNDROME_C_MAX + 1;
	assert_int_equal(sync_message_encode(dst, sizeof(dst), &m), -EINVAL);
	m.digest.c = SYNDROME_C_MAX;
	assert_int_equal(sync_message_encode(dst, sizeof(dst), &m), 237);
	m.digest.part = 1;	/* but P = 1 */
	assert_int_equal(sync_message_encode(dst, sizeof(dst), &m), -EINVAL);

	m = (struct sync_message){ .type = SYNC_WANT };
	m.want.form = SYNC_WANT_PARITY;
	m.want.n = 1;
	m.want.parity[0].needed = SYNC_NEEDED_MAX + 1;
	assert_int_equal(sync_message_encode(dst, sizeof(dst), &m), -EINVAL);
	m.want.form = SYNC_WANT_LIST;	/* alias 0 */
	assert_int_equal(sync_message_encode(dst, sizeof(dst), &m), -EINVAL);

	m = (struct sync_message){ .type = SYNC_EVENTS };
	m.events.piece = SPAN("x", 1);
	assert_int_equal(sync_message_encode(dst, sizeof(dst), &m), -EINVAL);
	m.events.k = SYNC_K_MAX;
	assert_int_equal(sync_message_encode(dst, sizeof(dst), &m), 5);
	m.events.index = SYNC_INDEX_MAX + 1;
	assert_int_equal(sync_message_encode(dst, sizeof(dst), &m), -EINVAL);
}

static void test_names(void **state)
{
	(void)state;
	for (int e = 0; e < SYNC_ERROR_COUNT; e++)
		assert_non_null(sync_error_name((enum sync_error)e));
	assert_string_equal(sync_error_name(SYNC_VERSION_OTHER),
			    "other_version");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_digest),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_want),
		cmocka_unit_test(test_offer),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_cut_and_trailing),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_piece_size),
		cmocka_unit_test(test_encode_refuses),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
