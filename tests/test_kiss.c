/* SPDX-License-Identifier: MIT
 *
 * KISS framing: each way a line has been known to go wrong, the round trip at
 * every split, and the in-place promise. A run is written as one text:
 * "port:command:hex" a frame, "!name" an error, so a case is one line.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include "kiss/check.h"

struct log {
	char text[65536];
	size_t len;
	struct span input;
	unsigned in_place;
};

static void log_span(struct log *l, struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		l->len += (size_t)snprintf(l->text + l->len,
					   sizeof(l->text) - l->len, "%02x",
					   s.p[i]);
}

static void log_frame(void *ctx, const struct kiss_frame *f)
{
	struct log *l = ctx;

	if (f->whole_ff)
		l->len += (size_t)snprintf(l->text + l->len, 8, "FF ");
	l->len += (size_t)snprintf(l->text + l->len, 16, "%d:%d:", f->port,
				   f->command);
	log_span(l, f->data);
	l->len += (size_t)snprintf(l->text + l->len, 2, " ");
	l->in_place += l->input.p && f->data.p > l->input.p &&
		       f->data.p <= l->input.p + l->input.n;
}

static void log_error(void *ctx, enum kiss_error e, struct span raw)
{
	struct log *l = ctx;

	l->len += (size_t)snprintf(l->text + l->len, 32, "!%s:%zu ",
				   kiss_error_name(e), raw.n);
}

/* Decodes `in` in pieces of at most `step` bytes, the first `head` long. */
static void run(struct log *l, struct span in, size_t head, size_t step,
		bool end)
{
	static struct kiss_decoder d;

	memset(l, 0, sizeof(*l));
	kiss_decoder_init(&d, log_frame, l);
	d.error = log_error;
	for (size_t at = 0, n = head; at < in.n; at += n, n = step) {
		if (n > in.n - at)
			n = in.n - at;
		l->input = SPAN(in.p + at, n);
		kiss_decode(&d, l->input);
	}
	if (end)
		kiss_decode_end(&d);
	if (l->len > 0)
		l->text[l->len - 1] = 0;
}

static void expect(struct span in, const char *want)
{
	struct log l;

	for (size_t head = 0; head <= in.n; head++) {
		run(&l, in, head, in.n, true);
		assert_string_equal(l.text, want);
	}
	run(&l, in, 1, 1, true);
	assert_string_equal(l.text, want);
}

#define EXPECT(bytes, want) expect(SPAN(bytes, sizeof(bytes) - 1), want)

static void test_shared_and_repeated_fends(void **state)
{
	(void)state;
	EXPECT("\xc0\x00" "ab\xc0\x10" "cd\xc0", "0:0:6162 1:0:6364");
	EXPECT("\xc0\xc0\xc0\x00" "ab\xc0\xc0\xc0\x00" "c\xc0\xc0",
	       "0:0:6162 0:0:63");
	EXPECT("\xc0\x00\xc0", "0:0:");
	EXPECT("\xc0\xc0\xc0", "");
}

static void test_trailing_fend_only(void **state)
{
	(void)state;
	/* A sender that only ends frames: the first cannot be told from
	 * noise, all that follow arrive. */
	EXPECT("\x00" "ab\xc0\x00" "cd\xc0\x00" "ef\xc0",
	       "!noise:3 0:0:6364 0:0:6566");
}

static void test_escapes_one_pass(void **state)
{
	(void)state;
	EXPECT("\xc0\x00\xdb\xdc\xdb\xdd\xc0", "0:0:c0db");
	/* DB DD DC is DB then a plain DC; two passes would make C0 of it. */
	EXPECT("\xc0\x00\xdb\xdd\xdc\xc0", "0:0:dbdc");
	EXPECT("\xc0\x00\xdc\xdd\xc0", "0:0:dcdd");
	/* The type byte is escaped too: port 12 data is C0. */
	EXPECT("\xc0\xdb\xdc" "x\xc0", "12:0:78");
}

static void test_bad_escape_drops_frame(void **state)
{
	(void)state;
	EXPECT("\xc0\x00" "ab\xdb" "cde\xc0\x00" "ok\xc0",
	       "!bad-escape:3 0:0:6f6b");
	EXPECT("\xc0\x00" "a\xdb\xdb\xdc" "b\xc0\x00" "ok\xc0",
	       "!bad-escape:2 0:0:6f6b");
	/* Further bad escapes in a dropped frame are the same error. */
	EXPECT("\xc0\x00\xdb" "x\xdb" "y\xdb\xc0\x00" "ok\xc0",
	       "!bad-escape:1 0:0:6f6b");
}

static void test_fend_in_escape_ends_frame(void **state)
{
	(void)state;
	EXPECT("\xc0\x00" "ab\xdb\xc0\x00" "ok\xc0", "!cut:3 0:0:6f6b");
	EXPECT("\xc0\xdb\xc0\x00" "ok\xc0", "!cut:0 0:0:6f6b");
}

static void test_noise_before_first_fend(void **state)
{
	(void)state;
	EXPECT("cmd:\xc0\x00" "ok\xc0", "!noise:4 0:0:6f6b");
	EXPECT("\xdb\xdb\xc0\x00" "ok\xc0", "!noise:2 0:0:6f6b");
	EXPECT("no fend at all", "!noise:14");
	/* CR LF behind each frame is an unknown command on port 0. */
	EXPECT("\xc0\x00" "ok\xc0\r\n\xc0\x00" "ok\xc0",
	       "0:0:6f6b 0:13:0a 0:0:6f6b");
}

static void test_noise_is_bounded(void **state)
{
	static uint8_t in[3 * KISS_FRAME_MAX + 4];
	struct log l;

	(void)state;
	memset(in, 'x', sizeof(in));
	memcpy(in + sizeof(in) - 4, "\xc0\x00" "a\xc0", 4);
	run(&l, SPAN(in, sizeof(in)), 700, 700, true);
	assert_string_equal(l.text, "!noise:2048 0:0:61");
}

static void test_oversize_at_the_limit(void **state)
{
	static uint8_t in[KISS_FRAME_MAX + 8];
	static const size_t steps[] = { 1, 100, 2047, 2048, 2049, 4000 };
	struct log l;

	(void)state;
	for (size_t n = KISS_FRAME_MAX - 1; n <= KISS_FRAME_MAX + 2; n++) {
		memset(in, 0x55, sizeof(in));
		in[0] = in[n + 1] = in[n + 4] = KISS_FEND;
		in[n + 2] = 0;
		for (size_t i = 0; i < 6; i++) {
			run(&l, SPAN(in, n + 5), 0, steps[i], true);
			if (n > KISS_FRAME_MAX)
				assert_true(!strncmp(l.text, "!oversize:", 10));
			else
				assert_true(!strncmp(l.text, "5:5:", 4));
			assert_string_equal(l.text + l.len - 7, "0:0:55");
		}
	}
}

static void test_oversize_counts_unescaped_bytes(void **state)
{
	static uint8_t in[2 * KISS_FRAME_MAX + 8];
	struct log l;
	size_t n = 0;

	(void)state;
	in[n++] = KISS_FEND;
	in[n++] = 0;
	for (size_t i = 1; i < KISS_FRAME_MAX; i++) {
		in[n++] = KISS_FESC;
		in[n++] = KISS_TFEND;
	}
	in[n] = KISS_FEND;
	run(&l, SPAN(in, n + 1), 0, n + 1, true);
	assert_int_equal(l.len, 4 + 2 * (KISS_FRAME_MAX - 1) + 1);
	in[n++] = 'x';
	in[n] = KISS_FEND;
	run(&l, SPAN(in, n + 1), 0, n + 1, true);
	assert_string_equal(l.text, "!oversize:2048");
}

static void test_unknown_commands_pass(void **state)
{
	(void)state;
	EXPECT("\xc0\x7b" "z\xc0\x0f\x01\xc0\x0e\xc0", "7:11:7a 0:15:01 0:14:");
	EXPECT("\xc0\xff\xc0\x00" "ok\xc0", "FF 15:15: 0:0:6f6b");
	EXPECT("\xc0\x2c\x01\x02\xc0", "2:12:0102");
}

static void test_crash_recovery_by_fends(void **state)
{
	(void)state;
	/* Half a frame of a writer that died, then a start-up C0 C0 C0. */
	EXPECT("\xc0\x00" "half\xc0\xc0\xc0\x00" "ok\xc0",
	       "0:0:68616c66 0:0:6f6b");
}

static void test_end_of_input(void **state)
{
	(void)state;
	EXPECT("\xc0\x00" "ok\xc0\x00" "hal", "0:0:6f6b !cut:4");
	EXPECT("\xc0\x00" "ok\xc0\xdb", "0:0:6f6b !cut:0");
	EXPECT("\xc0\x00\xdb" "x then", "!bad-escape:1");
}

static void test_all_byte_values_untouched(void **state)
{
	uint8_t data[256], in[KISS_ENCODED_MAX(256)], want[600];
	struct log l;
	size_t n;

	(void)state;
	for (int i = 0; i < 256; i++)
		data[i] = (uint8_t)i;
	n = kiss_encode(in, 5, KISS_DATA, SPAN(data, 256));
	assert_int_equal(n, 2 + 1 + 256 + 2);
	run(&l, SPAN(in, n), 0, n, true);
	memcpy(want, "5:0:", 4);
	for (int i = 0; i < 256; i++)
		snprintf((char *)want + 4 + 2 * i, 3, "%02x", i);
	assert_string_equal(l.text, (char *)want);
}

/* A frame of n bytes, one in `odds` of them wanting an escape. */
static void fill(uint8_t *p, size_t n, int odds)
{
	for (size_t i = 0; i < n; i++) {
		int r = rand();

		p[i] = r % odds == 0 ? (r & 64 ? KISS_FEND : KISS_FESC)
				     : (uint8_t)(r >> 8);
	}
}

static void test_round_trip_at_every_split(void **state)
{
	uint8_t data[80], in[1024];
	char want[2048];
	struct log l;

	(void)state;
	srand(7);
	for (int round = 0; round < 60; round++) {
		size_t n = 0;
		int w = 0;

		for (int k = 0; k < 4; k++) {
			uint8_t port = rand() & 15, cmd = rand() % 15;
			size_t len = (size_t)rand() % sizeof(data);

			fill(data, len, 1 + round % 6);
			n += kiss_encode(in + n, port, cmd, SPAN(data, len));
			w += sprintf(want + w, "%s%d:%d:", k ? " " : "", port,
				     cmd);
			for (size_t i = 0; i < len; i++)
				w += sprintf(want + w, "%02x", data[i]);
		}
		for (size_t head = 0; head <= n; head++) {
			run(&l, SPAN(in, n), head, n, true);
			assert_string_equal(l.text, want);
		}
		for (size_t step = 1; step < 9; step++) {
			run(&l, SPAN(in, n), 0, step, true);
			assert_string_equal(l.text, want);
		}
	}
}

static void test_in_place_when_whole(void **state)
{
	static const uint8_t in[] = "\xc0\x00plain\xc0\x00" "e\xdb\xdc\xc0";
	struct log l;

	(void)state;
	run(&l, SPAN(in, sizeof(in) - 1), 0, sizeof(in), true);
	assert_int_equal(l.in_place, 1);
	run(&l, SPAN(in, sizeof(in) - 1), 4, sizeof(in), true);
	assert_int_equal(l.in_place, 0);
}

static void test_encode_exact(void **state)
{
	uint8_t to[KISS_ENCODED_MAX(4)];

	(void)state;
	assert_int_equal(kiss_encode(to, 0, 0, SPAN("\xc0\xdb\xc0\xdb", 4)),
			 11);
	assert_memory_equal(to, "\xc0\x00\xdb\xdc\xdb\xdd\xdb\xdc\xdb\xdd\xc0",
			    11);
	assert_int_equal(kiss_encode(to, 0, KISS_TXDELAY, SPAN("\x1e", 1)), 4);
	assert_memory_equal(to, "\xc0\x01\x1e\xc0", 4);
	assert_int_equal(kiss_encode(to, 12, 0, SPAN("\xc0\xc0\xc0\xc0", 4)),
			 KISS_ENCODED_MAX(4));
	assert_int_equal(kiss_encode(to, 15, 15, SPAN("", 0)), 0);
}

static void test_counters_and_names(void **state)
{
	static struct kiss_decoder d;
	struct log l = { .len = 0 };

	(void)state;
	kiss_decoder_init(&d, log_frame, &l); /* no error callback */
	kiss_decode(&d, SPAN("x\xc0\x00" "a\xdb\xc0\xdb" "b\xc0\x00\xc0", 11));
	assert_int_equal(d.frames, 1);
	assert_int_equal(d.errors[KISS_ERR_NOISE], 1);
	assert_int_equal(d.errors[KISS_ERR_CUT], 1);
	assert_int_equal(d.errors[KISS_ERR_ESCAPE], 1);
	assert_string_equal(kiss_error_name(KISS_ERR_OVERSIZE), "oversize");
	assert_string_equal(kiss_error_name(KISS_ERR_COUNT), "unknown");
}

/* ---- checks ---- */

/* Bytes of a line to and from a real kernel's mkiss. */
static const struct {
	enum kiss_check how;
	const char *plain, *checked;
} checks[] = {
	{ KISS_CHECK_SMACK,
	  "0092888a9ca840e0a88aa6a840406303f068656c6c6f2066726f6d20746865206b65"
	  "726e656c",
	  "8092888a9ca840e0a88aa6a840406303f068656c6c6f2066726f6d20746865206b65"
	  "726e656c715d" },
	{ KISS_CHECK_FLEXNET,
	  "0092888a9ca840e0a88aa6a840406303f042",
	  "2092888a9ca840e0a88aa6a840406303f0421bfd" },
	{ KISS_CHECK_XOR, "10616263", "1061626370" },
	{ KISS_CHECK_XOR, "011e", "011e1f" },	/* commands, too */
	{ KISS_CHECK_XOR, "2e", "2e" },		/* but not polls */
	{ KISS_CHECK_SMACK, "011e", "011e" },
	{ KISS_CHECK_NONE, "006162", "006162" },
};

static struct kiss_frame frame_of(const uint8_t *bytes, size_t n)
{
	return (struct kiss_frame){ .port = bytes[0] >> 4,
		.command = bytes[0] & 15, .data = { bytes + 1, n - 1 } };
}

static void test_check_vectors(void **state)
{
	uint8_t bytes[64];
	char text[130];

	(void)state;
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		size_t n = (size_t)hex_decode(bytes, sizeof(bytes),
					      SPAN_STR(checks[i].plain)), m;
		uint8_t type = bytes[0];
		struct kiss_frame f;

		m = kiss_check_add(checks[i].how, bytes, n);
		assert_string_equal(hex_encode(text, SPAN(bytes, m)),
				    checks[i].checked);
		f = frame_of(bytes, m);
		assert_true(kiss_check_take(checks[i].how, &f));
		assert_int_equal(f.port, type >> 4);
		assert_string_equal(hex_encode(text, f.data),
				    checks[i].plain + 2);
	}
}

/* Every bit that turns, and every byte that is missing, is found. */
static void test_check_finds_damage(void **state)
{
	uint8_t bytes[64] = { 0x10, 'a', 0xc0, 0, 'b' };

	(void)state;
	for (int how = 1; how < KISS_CHECK_COUNT; how++) {
		size_t n = kiss_check_add(how, bytes, 5);

		for (size_t bit = 8; bit < 8 * n; bit++) {
			struct kiss_frame f = frame_of(bytes, n);

			bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_false(kiss_check_take(how, &f));
			bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		for (size_t cut = 1; cut < n; cut++) {
			struct kiss_frame f = frame_of(bytes, cut);

			if (how != KISS_CHECK_XOR || cut != 4)
				assert_false(kiss_check_take(how, &f));
		}
		bytes[0] = 0x10;
	}
}

static void test_check_and_port(void **state)
{
	struct kiss_frame plain = { .port = 1, .data = SPAN_STR("ab") };

	(void)state;
	assert_true(kiss_check_take(KISS_CHECK_SMACK, &plain));
	assert_int_equal(plain.data.n, 2);
	assert_true(kiss_check_fits(KISS_CHECK_SMACK, 7));
	assert_false(kiss_check_fits(KISS_CHECK_SMACK, 8));
	assert_true(kiss_check_fits(KISS_CHECK_FLEXNET, 5));
	assert_false(kiss_check_fits(KISS_CHECK_FLEXNET, 2));
	assert_true(kiss_check_fits(KISS_CHECK_XOR, 15));
	assert_string_equal(kiss_check_name(KISS_CHECK_FLEXNET), "flexnet");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shared_and_repeated_fends),
		cmocka_unit_test(test_trailing_fend_only),
		cmocka_unit_test(test_escapes_one_pass),
		cmocka_unit_test(test_bad_escape_drops_frame),
		cmocka_unit_test(test_fend_in_escape_ends_frame),
		cmocka_unit_test(test_noise_before_first_fend),
		cmocka_unit_test(test_noise_is_bounded),
		cmocka_unit_test(test_oversize_at_the_limit),
		cmocka_unit_test(test_oversize_counts_unescaped_bytes),
		cmocka_unit_test(test_unknown_commands_pass),
		cmocka_unit_test(test_crash_recovery_by_fends),
		cmocka_unit_test(test_end_of_input),
		cmocka_unit_test(test_all_byte_values_untouched),
		cmocka_unit_test(test_round_trip_at_every_split),
		cmocka_unit_test(test_in_place_when_whole),
		cmocka_unit_test(test_encode_exact),
		cmocka_unit_test(test_counters_and_names),
		cmocka_unit_test(test_check_vectors),
		cmocka_unit_test(test_check_finds_damage),
		cmocka_unit_test(test_check_and_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
