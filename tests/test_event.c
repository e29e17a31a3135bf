/* SPDX-License-Identifier: MIT
 *
 * Clock, ids, seals, labels, log records and meshlog lines.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include "lib/base/crypto.h"
#include "lib/event/meshlog.h"
#include "lib/event/payload.h"
#include "lib/event/record.h"

/* ---- the clock ---- */

static struct hlc_clock native(void)
{
	return (struct hlc_clock){ .granule_ms = HLC_GRANULE_MS,
				   .drift_ms = HLC_DRIFT_MS };
}

static void stamp_is(struct hlc t, uint64_t wall_ms, uint32_t counter)
{
	assert_int_equal(t.wall_ms, wall_ms);
	assert_int_equal(t.counter, counter);
}

static void test_native_stamps_are_whole_seconds(void **state)
{
	struct hlc_clock c = native();
	struct hlc t;

	(void)state;
	assert_int_equal(hlc_now(&c, 5999, &t), 0);
	stamp_is(t, 5000, 0);
	assert_int_equal(hlc_now(&c, 5999, &t), 0);
	stamp_is(t, 5000, 1);
	assert_int_equal(hlc_now(&c, 100, &t), 0);
	stamp_is(t, 5000, 2);
	assert_int_equal(hlc_now(&c, 6000, &t), 0);
	stamp_is(t, 6000, 0);
}

static void test_counter_carries_into_the_second(void **state)
{
	struct hlc_clock c = native();
	struct hlc t;

	(void)state;
	c.last = (struct hlc){ 5000, HLC_COUNTER_MAX };
	assert_int_equal(hlc_now(&c, 5000, &t), 0);
	stamp_is(t, 6000, 0);
}

static void test_adopted_stamps_round_up(void **state)
{
	struct hlc_clock c = native();
	struct hlc t;

	(void)state;
	assert_int_equal(hlc_adopt(&c, (struct hlc){ 7001, 9 }, 5000), 0);
	stamp_is(c.last, 8000, 0);
	assert_int_equal(hlc_now(&c, 5000, &t), 0);
	stamp_is(t, 8000, 1);
	c.last = (struct hlc){ 9500, 4 };	/* as restored from an import */
	assert_int_equal(hlc_now(&c, 5000, &t), 0);
	stamp_is(t, 10000, 0);
}

static void test_M7_drift_bound(void **state)
{
	struct hlc_clock c = native(), before;
	struct hlc far = { 1000 + HLC_DRIFT_MS + 1, 0 };

	(void)state;
	c.last = (struct hlc){ 1000, 3 };
	before = c;
	assert_int_equal(hlc_adopt(&c, far, 1000), -ERANGE);
	assert_memory_equal(&c, &before, sizeof(c));
	far.wall_ms--;
	assert_int_equal(hlc_adopt(&c, far, 1000), 0);
	c.drift_ms = 0;
	far.wall_ms *= 1000;
	assert_int_equal(hlc_adopt(&c, far, 1000), 0);
}

static void test_end_of_time(void **state)
{
	struct hlc_clock c = { .granule_ms = 1 };
	struct hlc end = { HLC_WALL_MAX, HLC_COUNTER_MAX - 1 }, t;

	(void)state;
	assert_int_equal(hlc_adopt(&c, end, 0), 0);
	assert_int_equal(hlc_adopt(&c, end, 0), -ERANGE);
	assert_int_equal(hlc_now(&c, 0, &t), -ERANGE);
	stamp_is(c.last, HLC_WALL_MAX, HLC_COUNTER_MAX);
}

/* ---- ids and seals ---- */

/* The layout by hand: one BLAKE2b over fixed fields. */
static void test_id_layout(void **state)
{
	uint8_t prev[32], text[82], hash[32], want[32], got[32];
	struct event e = { .seq = 0x0102, .hlc = { 0x0a0b0c0d0e0f, 0x1122 },
			   .kind = KIND_FIELD_SET,
			   .payload = SPAN("\xa0", 1) };
	struct span all = SPAN(text, sizeof(text));

	(void)state;
	memset(prev, 7, sizeof(prev));
	memcpy(text, prev, 32);
	memcpy(text + 32, "\0\0\0\0\0\0\1\2\x0a\x0b\x0c\x0d\x0e\x0f"
			  "\x11\x22\0\x11", 18);
	crypto_blake2b(hash, 32, NULL, &e.payload, 1);
	memcpy(text + 50, hash, 32);
	crypto_blake2b(want, 32, "cairn-event-1", &all, 1);
	event_id_next(got, prev, &e);
	assert_memory_equal(got, want, 32);
	e.withheld = true;	/* the hash in its place: the same id */
	e.payload = SPAN(hash, 32);
	event_id_next(prev, prev, &e);
	assert_memory_equal(prev, want, 32);
}

static void test_labels(void **state)
{
	uint8_t author[16], back[16], dataset[32];
	char label[33];
	struct span s;

	(void)state;
	crypto_random(author, sizeof(author));
	author[0] |= 0xa0;	/* a letter to be made upper case */
	s = author_label(label, author);
	author_from_label(back, s);
	assert_memory_equal(author, back, 16);
	label[0] = (char)(label[0] - 32);
	author_from_label(back, s);
	assert_memory_not_equal(author, back, 16);
	dataset_id(dataset, SPAN_STR("default"));
	assert_true(author_alias(dataset, author) != 0);
	assert_true(author_alias(dataset, author) !=
		    author_alias(dataset, back));
}

static void test_seal(void **state)
{
	uint8_t seed[32] = { 9 }, pub[32], dataset[32], author[16] = { 3 };
	uint8_t id[32] = { 4 }, seal[64];

	(void)state;
	dataset_id(dataset, SPAN_STR("default"));
	crypto_ed25519_public(pub, seed);
	seal_sign(seal, seed, dataset, author, 5, id);
	assert_true(seal_verify(seal, pub, dataset, author, 5, id));
	assert_false(seal_verify(seal, pub, dataset, author, 6, id));
	id[31] ^= 1;
	assert_false(seal_verify(seal, pub, dataset, author, 5, id));
	id[31] ^= 1;
	dataset[0] ^= 1;
	assert_false(seal_verify(seal, pub, dataset, author, 5, id));
}

static void test_kinds(void **state)
{
	(void)state;
	assert_int_equal(kind_from_name(SPAN_STR("field.set")),
			 KIND_FIELD_SET);
	assert_int_equal(kind_from_name(SPAN_STR("field.se")), KIND_UNKNOWN);
	assert_string_equal(kind_name(KIND_IMPORT), "import");
	assert_null(kind_name(KIND_UNKNOWN));
	for (uint16_t k = 0; k < 64; k++)
		if (kind_name(k))
			assert_int_equal(kind_from_name(
				SPAN_STR(kind_name(k))), k);
}

/* ---- records ---- */

static void test_event_record(void **state)
{
	struct event e = { .seq = 300, .hlc = { CAIRN_EPOCH_S * 1000, 65535 },
			   .kind = KIND_MAX, .payload = SPAN("\xa0", 1) };
	struct event back = { 0 };
	uint8_t b[RECORD_EVENT_HEAD + 32];
	size_t n;

	(void)state;
	memset(e.id, 0xab, sizeof(e.id));
	n = record_event_encode(b, &e);
	assert_int_equal(n, RECORD_EVENT_HEAD + 1);
	assert_int_equal(record_event_decode(SPAN(b, n), &back), 0);
	assert_int_equal(back.seq, 300);
	assert_int_equal(hlc_compare(back.hlc, e.hlc), 0);
	assert_int_equal(back.kind, KIND_MAX);
	assert_false(back.withheld);
	assert_memory_equal(back.id, e.id, 32);
	assert_true(span_equal(back.payload, e.payload));
	assert_int_equal(record_event_decode(SPAN(b, RECORD_EVENT_HEAD - 1),
					     &back), -EINVAL);
	b[18] = 1;	/* withheld, but a payload of one byte */
	assert_int_equal(record_event_decode(SPAN(b, n), &back), -EINVAL);
	b[18] = 2;	/* by IP */
	assert_int_equal(record_event_decode(SPAN(b, n), &back), 0);
	assert_true(back.by_ip);
	assert_int_equal(record_event_encode(b, &back), n);
	assert_int_equal(b[18], 2);
	b[18] = 4;
	assert_int_equal(record_event_decode(SPAN(b, n), &back), -EINVAL);
	b[18] = 0;
	b[0] = b[1] = 0;	/* seq 0 */
	assert_int_equal(record_event_decode(SPAN(b, n), &back), -EINVAL);
}

static void test_seal_record(void **state)
{
	uint8_t b[RECORD_SEAL_SIZE + 1], id[32], seal[64], id2[32], seal2[64];
	uint64_t seq;

	(void)state;
	memset(id, 1, sizeof(id));
	memset(seal, 2, sizeof(seal));
	record_seal_encode(b, 77, id, seal);
	assert_int_equal(record_seal_decode(SPAN(b, RECORD_SEAL_SIZE), &seq,
					    id2, seal2), 0);
	assert_int_equal(seq, 77);
	assert_memory_equal(id, id2, 32);
	assert_memory_equal(seal, seal2, 64);
	assert_int_equal(record_seal_decode(SPAN(b, RECORD_SEAL_SIZE + 1),
					    &seq, id2, seal2), -EINVAL);
	assert_int_equal(record_seal_decode(SPAN(b, RECORD_SEAL_SIZE - 1),
					    &seq, id2, seal2), -EINVAL);
}

static void test_frame_record(void **state)
{
	struct record_frame f = { 1234567890123, 3, true, 9, 2,
				  SPAN_STR("frame"), SPAN(NULL, 0) }, back;
	uint8_t b[64];
	size_t n = record_frame_encode(b, &f);

	(void)state;
	assert_int_equal(n, RECORD_FRAME_HEAD + 5);
	assert_int_equal(record_frame_decode(SPAN(b, n), &back), 0);
	assert_int_equal(back.wall_ms, f.wall_ms);
	assert_true(back.sent && back.port == 3 && back.verdict == 9 &&
		    back.link == 2 && span_equal(back.frame, f.frame));
	assert_int_equal(record_frame_decode(SPAN(b, 11), &back), -EINVAL);
	f.name = SPAN_STR("vhf");
	n = record_frame_encode(b, &f);
	assert_int_equal(record_frame_decode(SPAN(b, n), &back), 0);
	assert_true(back.sent && span_equal(back.name, f.name) &&
		    span_equal(back.frame, f.frame));
	assert_int_equal(record_frame_decode(SPAN(b, 15), &back), -EINVAL);
	b[12] = RECORD_FRAME_NAME_MAX + 1;
	assert_int_equal(record_frame_decode(SPAN(b, 64), &back), -EINVAL);
}

/* ---- meshlog ---- */

static const char line[] =
	"{\"a\": \"base\", \"s\": 2, \"h\": [1767225600123, 7], "
	"\"k\": \"field.set\", \"p\": {\"record_id\": \"R-1\", "
	"\"field\": \"\\u00e9\", \"value\": [1.0, {\"b\": 1, \"a\": null}]}, "
	"\"v\": \"00112233445566778899aabbccddeeff\", "
	"\"i\": \"ec507831c4bcf28c99b32d8ca8254d87\"}";

static void test_meshlog_line(void **state)
{
	struct meshlog m, back;
	struct json_out o = { .spaced = true, .ascii = true };
	struct buf b = { 0 };

	(void)state;
	assert_int_equal(meshlog_parse(&m, SPAN_STR(line)), MESHLOG_OK);
	assert_int_equal(m.e.seq, 2);
	stamp_is(m.e.hlc, 1767225600123, 7);
	assert_int_equal(m.e.kind, KIND_FIELD_SET);
	assert_int_equal(meshlog_import_build(&b, &m), 0);
	assert_int_equal(meshlog_import_parse(&back, buf_span(&b)), 0);
	assert_true(span_equal(back.e.author, m.e.author));
	assert_true(span_equal(back.e.payload, m.e.payload));
	assert_memory_equal(back.id, m.id, sizeof(m.id));
	meshlog_to_json(&o, &back);
	assert_true(strstr((char *)o.b.p, "\"p\": {\"record_id\": \"R-1\"") !=
		    NULL);
	meshlog_fini(&m);
	/* what went out is authentic again */
	assert_int_equal(meshlog_parse(&m, buf_span(&o.b)), MESHLOG_OK);
	meshlog_fini(&m);
	buf_fini(&o.b);
	buf_fini(&b);
}

static void test_M8_M18_meshlog_refusals(void **state)
{
	static const struct {
		const char *text;
		enum meshlog_error want;
	} cases[] = {
		{ "", MESHLOG_JSON },
		{ "{\"a\": \"b", MESHLOG_JSON },
		{ "[]", MESHLOG_SHAPE },
		{ "{\"a\":\"x\",\"s\":0,\"h\":[1,1],\"k\":\"\",\"p\":{},"
		  "\"v\":\"\",\"i\":\"00112233445566778899aabbccddeeff\"}",
		  MESHLOG_SHAPE },
		{ "{\"a\":\"x\",\"s\":1,\"h\":[-1,1],\"k\":\"\",\"p\":{},"
		  "\"v\":\"\",\"i\":\"00112233445566778899aabbccddeeff\"}",
		  MESHLOG_SHAPE },
		{ "{\"a\":\"x\",\"s\":1,\"h\":[1,1],\"k\":\"\",\"p\":{},"
		  "\"v\":\"\",\"i\":\"00112233445566778899aabbccddeeff\"}",
		  MESHLOG_ID },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct meshlog m;

		assert_int_equal(meshlog_parse(&m, SPAN_STR(cases[i].text)),
				 cases[i].want);
		meshlog_fini(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_native_stamps_are_whole_seconds),
		cmocka_unit_test(test_counter_carries_into_the_second),
		cmocka_unit_test(test_adopted_stamps_round_up),
		cmocka_unit_test(test_M7_drift_bound),
		cmocka_unit_test(test_end_of_time),
		cmocka_unit_test(test_id_layout),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_seal),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_event_record),
		cmocka_unit_test(test_seal_record),
		cmocka_unit_test(test_frame_record),
		cmocka_unit_test(test_meshlog_line),
		cmocka_unit_test(test_M8_M18_meshlog_refusals),
	};

	if (crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
