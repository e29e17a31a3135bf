/* SPDX-License-Identifier: MIT
 *
 * The run codec: random valid runs come back byte for byte, what it cannot
 * carry is refused, and no cut or changed body gets past its bounds.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include "lib/event/payload.h"
#include "lib/event/run.h"

#define BODY_CAP 16384

static uint64_t seed = 1;

static uint32_t rnd(uint32_t below)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(seed >> 33) % below;
}

/* ---- random runs ---- */

struct sample {
	struct run runs[RUN_BODY_RUNS_MAX];
	struct event events[RUN_BODY_EVENTS_MAX];
	size_t n_runs, n_events;
	struct buf payloads;
	size_t offset[RUN_BODY_EVENTS_MAX];
};

static void payload_random(struct buf *b)
{
	static const char *const words[] = { "R-100", "status", "water",
					     "shelter open", "\xc3\xa9", "" };
	uint32_t n = rnd(rnd(4) ? 4 : 12);	/* over 8 stays whole */

	if (rnd(16) == 0) {
		payload_put_uint(b, rnd(1000));
		return;
	}
	payload_put_map(b, n);
	for (uint32_t i = 0; i < n; i++) {
		const char *word = words[rnd(6)];

		payload_put_uint(b, i * 7);
		if (rnd(2))
			payload_put_text(b, SPAN_STR(word));
		else
			payload_put_real(b, rnd(1000) / 8.0);
	}
}

static void event_random(struct sample *s, struct hlc *t)
{
	struct event *e = &s->events[s->n_events];
	static const uint16_t kinds[] = { KIND_FIELD_SET, KIND_NOTE_ADD,
		KIND_RECORD_CREATE, 0, 31, 32, 5000, KIND_MAX };

	*e = (struct event){ .kind = kinds[rnd(8)], .hlc = *t,
			     .withheld = rnd(8) == 0 };
	s->offset[s->n_events++] = s->payloads.len;
	if (e->withheld)
		for (int i = 0; i < 32; i++)
			buf_add_u8(&s->payloads, (uint8_t)rnd(256));
	else
		payload_random(&s->payloads);
	e->payload.n = s->payloads.len - s->offset[s->n_events - 1];
	if (rnd(3))
		t->counter++;
	else
		*t = (struct hlc){ t->wall_ms + 1000 * rnd(100),
				   rnd(3) ? 0 : rnd(65536) };
}

static void run_random(struct sample *s, uint64_t *wall_s)
{
	struct run *run = &s->runs[s->n_runs++];
	struct hlc t;

	*wall_s += rnd(50);
	t = (struct hlc){ *wall_s * 1000, rnd(2) ? 0 : rnd(65000) };
	*run = (struct run){ .alias = rnd(1u << 31) + 1,
		.seq = rnd(2) ? rnd(300) + 1 : (uint64_t)rnd(1u << 31) << 25,
		.n = (uint8_t)rnd(20), .prevcheck = { 1, 2 } };
	run->seq += run->seq == 0;
	run->events = &s->events[s->n_events];
	memset(run->seal, (int)rnd(256), sizeof(run->seal));
	memset(run->proof_id, (int)rnd(256), sizeof(run->proof_id));
	for (unsigned i = 0; i < run->n; i++) {
		event_random(s, &t);
		s->events[s->n_events - 1].seq = run->seq + i;
	}
}

static void sample_make(struct sample *s, size_t n_runs)
{
	uint64_t wall_s = CAIRN_EPOCH_S + rnd(1000000);

	s->n_runs = s->n_events = s->payloads.len = 0;
	while (s->n_runs < n_runs)
		run_random(s, &wall_s);
	for (size_t i = 0; i < s->n_events; i++)
		s->events[i].payload.p = s->payloads.p + s->offset[i];
}

/* ---- round trips ---- */

static void event_same(const struct event *a, const struct event *b)
{
	assert_int_equal(a->seq, b->seq);
	assert_int_equal(hlc_compare(a->hlc, b->hlc), 0);
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->withheld, b->withheld);
	assert_true(span_equal(a->payload, b->payload));
}

static void run_same(const struct run *a, const struct run *b)
{
	assert_int_equal(a->alias, b->alias);
	assert_int_equal(a->seq, b->seq);
	assert_int_equal(a->n, b->n);
	assert_memory_equal(a->seal, b->seal, EVENT_SEAL_SIZE);
	if (a->n == 0)
		assert_memory_equal(a->proof_id, b->proof_id, EVENT_ID_SIZE);
	else
		assert_memory_equal(a->prevcheck, b->prevcheck, 2);
	for (unsigned i = 0; i < a->n; i++)
		event_same(&a->events[i], &b->events[i]);
}

static void test_round_trip(void **state)
{
	static struct sample s;
	static struct run_body out;
	static uint8_t body[BODY_CAP];
	unsigned carried = 0;

	(void)state;
	for (int i = 0; i < 300; i++) {
		int n;

		sample_make(&s, 1 + rnd(12));
		n = run_body_encode(body, sizeof(body), s.runs, s.n_runs,
				    (enum run_coder)(i % 3));
		assert_true(n > 0);
		memset(body + n, 0, 40);	/* padding behind is fine */
		assert_int_equal(run_body_decode(&out, SPAN(body, n + 40)),
				 RUN_OK);
		assert_int_equal(out.used, n);
		assert_int_equal(out.n_runs, s.n_runs);
		for (size_t j = 0; j < s.n_runs; j++)
			run_same(&s.runs[j], &out.runs[j]);
		carried += out.n_events > 0;
		assert_int_equal(run_heads_decode(&out, SPAN(body, n)),
				 RUN_OK);
		assert_int_equal(out.n_runs, s.n_runs);
	}
	assert_true(carried > 250);
	buf_fini(&s.payloads);
}

static void cuts_and_flips(enum run_coder coder)
{
	static struct sample s;
	static struct run_body out;
	static uint8_t body[BODY_CAP];
	int n;

	sample_make(&s, 6);
	n = run_body_encode(body, sizeof(body), s.runs, s.n_runs, coder);
	assert_true(n > 0);
	for (int cut = 0; cut < n; cut++) {
		uint8_t *tight = malloc((size_t)cut + 1);

		memcpy(tight, body, (size_t)cut);
		assert_int_not_equal(run_body_decode(&out, SPAN(tight, cut)),
				     RUN_OK);
		run_heads_decode(&out, SPAN(tight, cut));
		free(tight);
	}
	for (int i = 0; i < 1000; i++) {
		size_t at = rnd((uint32_t)n);
		uint8_t was = body[at];

		body[at] = (uint8_t)rnd(256);
		run_body_decode(&out, SPAN(body, n));
		body[at] = was;
	}
	buf_fini(&s.payloads);
}

static void test_cuts_and_flips(void **state)
{
	(void)state;
	seed = 5;
	for (enum run_coder coder = RUN_PLAIN; coder <= RUN_MODEL; coder++)
		cuts_and_flips(coder);
}

/* ---- what is refused ---- */

static struct event plain_event(uint64_t wall_ms, uint32_t counter)
{
	return (struct event){ .seq = 1, .hlc = { wall_ms, counter },
			       .kind = KIND_FIELD_SET,
			       .payload = SPAN("\xa0", 1) };
}

static int encode(const struct run *runs, size_t n)
{
	static uint8_t body[BODY_CAP];

	return run_body_encode(body, sizeof(body), runs, n, RUN_MODEL);
}

static int encode_two(struct event a, struct event b)
{
	const struct event events[] = { a, b };
	struct run run = { .alias = 1, .seq = 1, .n = 2, .events = events };

	return encode(&run, 1);
}

static void test_refuses_rather_than_rounds(void **state)
{
	const uint64_t t = CAIRN_EPOCH_S * 1000;
	struct event good = plain_event(t, 0), bad;

	(void)state;
	assert_true(encode_two(good, plain_event(t, 1)) > 0);
	assert_true(encode_two(good, good) > 0);
	assert_int_equal(encode_two(good, plain_event(t + 1, 0)), -ERANGE);
	assert_int_equal(encode_two(plain_event(t - 1000, 0), good), -ERANGE);
	assert_int_equal(encode_two(plain_event(t + 1000, 0), good), -ERANGE);
	assert_int_equal(encode_two(good, plain_event(t, 65536)), -ERANGE);
	bad = good;
	bad.kind = KIND_MAX + 1;
	assert_int_equal(encode_two(good, bad), -ERANGE);
	bad = good;
	bad.payload = SPAN("\xa0\x00", 2);
	assert_int_equal(encode_two(good, bad), -EINVAL);
	bad.withheld = true;
	assert_int_equal(encode_two(good, bad), -EINVAL);
}

static void test_limits(void **state)
{
	static struct event events[RUN_EVENTS_MAX + 1];
	static struct run runs[RUN_BODY_RUNS_MAX + 1];
	static uint8_t big[4096];
	uint8_t body[60];
	struct buf b = { 0 };
	struct run run = { .alias = 1, .seq = 1, .n = 3, .events = events };

	(void)state;
	assert_int_equal(encode(&run, 0), -ENOSPC);
	for (size_t i = 0; i <= RUN_EVENTS_MAX; i++) {
		events[i] = plain_event(CAIRN_EPOCH_S * 1000, (uint32_t)i);
		events[i].seq = 1 + i;
	}
	assert_int_equal(run_body_encode(body, 60, &run, 1, RUN_ZSTD),
			 -ENOSPC);
	run.n = RUN_EVENTS_MAX;
	assert_true(encode(&run, 1) > 0);
	run.n++;
	assert_int_equal(encode(&run, 1), -ENOSPC);
	run.n = 5;
	memset(big, 'x', sizeof(big));
	payload_put_text(&b, SPAN(big, 4000));
	for (size_t i = 0; i < 5; i++)
		events[i].payload = buf_span(&b);
	assert_int_equal(encode(&run, 1), -ENOSPC);
	for (size_t i = 0; i <= RUN_BODY_RUNS_MAX; i++)
		runs[i] = (struct run){ .alias = 1, .seq = 1 };
	assert_int_equal(encode(runs, RUN_BODY_RUNS_MAX + 1), -ENOSPC);
	run.n = 1;
	run.seq = UINT64_MAX;
	assert_int_equal(encode(&run, 1), -ERANGE);
	buf_fini(&b);
}

#define ONE_HEAD "\x01\0\0\0\1\5\0\0\0"	/* alias 1, seq 1, n 1 */

/* 61 blocks of one repeated byte: 8 MB in 246 bytes. */
static void test_bomb(void **state)
{
	static struct run_body out;
	uint8_t body[512];
	struct wr w = wr_init(body, sizeof(body));

	(void)state;
	wr_bytes(&w, SPAN(ONE_HEAD, 9));
	wr_leb(&w, (2 + 61 * 4) * 4 | RUN_ZSTD);
	wr_bytes(&w, SPAN("\x00\x58", 2));
	for (int i = 0; i < 61; i++) {
		uint32_t head = (i == 60) | 1 << 1 | (128 * 1024) << 3;

		wr_le(&w, 3, head);
		wr_u8(&w, 0);
	}
	wr_bytes(&w, SPAN(body, 64));
	assert_int_equal(run_body_decode(&out, wr_span(&w)), RUN_CODE);
}

#define HASH "0123456789abcdef112233445566778899aabbccddeeff00fedcba9876543210"

/* One run of three events and a proof, byte for byte as in
 * docs/protocol.md. */
static void test_bytes_on_the_air(void **state)
{
	static const char want[] = "02"
		"01020304" "17" "03" "aabb" "d804"	/* alias seq n check s */
		"0a0b0c0d" "b009"			/* a proof of seq 300 */
		"a801"					/* 42 bytes, plain */
		"44" "4c" "45"				/* kinds; one withheld */
		"a20004" HASH "6152" "01"		/* kind 17, then 19 */
		"01"
		"00" "88";		/* order 0: same second 1, 7 s 0001000 */
	const uint64_t t = CAIRN_EPOCH_S * 1000 + 600000;
	uint8_t hash[32], body[512];
	struct event e[3] = { plain_event(t, 0), plain_event(t, 1),
			      plain_event(t + 7000, 0) };
	struct run runs[2] = {
		{ .alias = 0x01020304, .seq = 5, .n = 3, .events = e,
		  .prevcheck = { 0xaa, 0xbb } },
		{ .alias = 0x0a0b0c0d, .seq = 300 },
	};
	char got[1024];
	int n;

	(void)state;
	hex_decode(hash, sizeof(hash), SPAN_STR(HASH));
	e[0].payload = SPAN("\xa2\0\x61R\4\1", 6);
	e[1].kind = KIND_NOTE_ADD;
	e[1].payload = SPAN("\x01", 1);
	e[2].withheld = true;
	e[2].payload = SPAN(hash, 32);
	memset(runs[0].seal, 0xdd, 64);
	memset(runs[1].seal, 0xee, 64);
	memset(runs[1].proof_id, 0xff, 32);
	n = run_body_encode(body, sizeof(body), runs, 2, RUN_ZSTD);
	assert_int_equal(n, strlen(want) / 2 + 64 + 32 + 64);
	hex_encode(got, SPAN(body, strlen(want) / 2));
	assert_string_equal(got, want);
	assert_memory_equal(body + n - 160, runs[0].seal, 64);
	assert_memory_equal(body + n - 96, runs[1].proof_id, 32);
	assert_memory_equal(body + n - 64, runs[1].seal, 64);
}

/* A body of one event whose z is given; seal of zeros. */
static enum run_error decode_z(struct span z)
{
	static struct run_body out;
	uint8_t body[512];
	struct wr w = wr_init(body, sizeof(body));
	static const uint8_t seal[64];

	wr_bytes(&w, SPAN(ONE_HEAD, 9));
	wr_leb(&w, z.n * 4 | RUN_ZSTD);
	wr_bytes(&w, z);
	wr_u8(&w, 0);	/* no times */
	wr_bytes(&w, SPAN(seal, 64));
	return run_body_decode(&out, wr_span(&w));
}

/* kinds 0x44, payload a0, in a raw block; then what may not follow. */
static void test_exactly_one_frame(void **state)
{
	static const uint8_t z[] = "\x00\x58\x11\0\0\x44\xa0"
		"\x50\x2a\x4d\x18\0\0\0\0";

	(void)state;
	assert_int_equal(decode_z(SPAN(z, 7)), RUN_OK);
	assert_int_equal(decode_z(SPAN(z, 15)), RUN_CODE); /* skippable */
	assert_int_equal(decode_z(SPAN(z, 8)), RUN_CODE);
	assert_int_equal(decode_z(SPAN(z, 6)), RUN_CODE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_cuts_and_flips),
		cmocka_unit_test(test_refuses_rather_than_rounds),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_bomb),
		cmocka_unit_test(test_bytes_on_the_air),
		cmocka_unit_test(test_exactly_one_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
