/* SPDX-License-Identifier: MIT
 *
 * Captures: what we write we read, however it is cut; both byte orders and
 * time units of other programs; files at fault end with a reason.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "lib/pcapng/pcapng.h"

#define NOON_US 1795305600123456ULL

static struct buf file;

static void file_start(void)
{
	file.len = 0;
}

static void put_be(unsigned bytes, uint64_t v)
{
	be_put(buf_reserve(&file, bytes), bytes, v);
	file.len += bytes;
}

static void put_le(unsigned bytes, uint64_t v)
{
	le_put(buf_reserve(&file, bytes), bytes, v);
	file.len += bytes;
}

/* The first packet; everything before it is used up. */
static enum pcapng_result first(struct pcapng_packet *p)
{
	struct span s = buf_span(&file);
	enum pcapng_result r = PCAPNG_OTHER;
	struct pcapng_reader reader;
	size_t used;

	pcapng_reader_init(&reader);
	while (r == PCAPNG_OTHER) {
		r = pcapng_read(&reader, s, &used, p);
		assert_true(used <= s.n);
		s = SPAN(s.p + used, s.n - used);
	}
	return r;
}

static void make_capture(void)
{
	struct pcapng_packet p = { .wall_us = NOON_US };

	file_start();
	pcapng_put_section(&file, "cairn");
	pcapng_put_interface(&file, PCAPNG_LINK_AX25_KISS, "vhf");
	pcapng_put_interface(&file, PCAPNG_LINK_USER0, "hub");
	for (unsigned i = 0; i < 9; i++) {
		p.interface = i & 1;
		p.direction = i % 3;
		p.data = SPAN("012345678", i);
		p.wall_us++;
		pcapng_put_packet(&file, &p, i & 2 ? "verified" : NULL);
	}
}

/* Fed in pieces of n bytes, as from a pipe. */
static void read_in_pieces(size_t piece)
{
	size_t have = 0, at = 0, used;
	struct pcapng_reader reader;
	struct pcapng_packet p;
	unsigned n = 0;

	pcapng_reader_init(&reader);
	while (at < file.len) {
		enum pcapng_result r = pcapng_read(&reader,
			SPAN(file.p + at, have - at), &used, &p);

		at += used;
		assert_true(r <= PCAPNG_MORE);
		if (r == PCAPNG_MORE)
			have = have + piece < file.len ? have + piece :
				file.len;
		if (r != PCAPNG_PACKET)
			continue;
		assert_int_equal(p.interface, n & 1);
		assert_int_equal(p.link, n & 1 ? PCAPNG_LINK_USER0 :
				 PCAPNG_LINK_AX25_KISS);
		assert_int_equal(p.direction, n % 3);
		assert_true(p.wall_us == NOON_US + n + 1);
		assert_true(span_equal(p.data, SPAN("012345678", n)));
		n++;
	}
	assert_int_equal(n, 9);
}

static void test_round_trip(void **state)
{
	(void)state;
	make_capture();
	for (size_t piece = 1; piece <= 64; piece++)
		read_in_pieces(piece);
	read_in_pieces(file.len);
}

static void test_pcap(void **state)
{
	static const struct { uint32_t magic, fraction; } units[] = {
		{ 0xa1b2c3d4, 123456 }, { 0xa1b23c4d, 123456789 },
	};
	struct pcapng_packet p;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		void (*put)(unsigned, uint64_t) = i & 1 ? put_be : put_le;

		file_start();
		put(4, units[i / 2].magic);
		put(4, 0x00040002);
		put(8, 0);
		put(4, 65535);
		put(4, PCAPNG_LINK_AX25);
		put(4, NOON_US / 1000000);
		put(4, units[i / 2].fraction);
		put(4, 3);
		put(4, 300);
		buf_add(&file, SPAN("abc", 3));
		assert_int_equal(first(&p), PCAPNG_PACKET);
		assert_int_equal(p.link, PCAPNG_LINK_AX25);
		assert_true(p.wall_us == NOON_US);
		assert_int_equal(p.full_len, 300);
		assert_true(span_equal(p.data, SPAN("abc", 3)));
		file.len--;
		assert_int_equal(first(&p), PCAPNG_MORE);
	}
}

/* Big-endian blocks, a time in 1/1024 s, a simple packet cut short. */
static void test_foreign_blocks(void **state)
{
	struct pcapng_packet p;

	(void)state;
	file_start();
	put_be(4, 0x0a0d0d0a), put_be(4, 28), put_be(4, 0x1a2b3c4d);
	put_be(4, 0x00010000), put_be(8, UINT64_MAX), put_be(4, 28);
	put_be(4, 1), put_be(4, 28), put_be(2, 3), put_be(2, 0), put_be(4, 2);
	put_be(2, 9), put_be(2, 1), put_be(4, 0x8a000000), put_be(4, 28);
	put_be(4, 0xbad), put_be(4, 16), put_be(4, 7), put_be(4, 16);
	put_be(4, 6), put_be(4, 36), put_be(4, 0), put_be(8, 5 * 1024 + 512);
	put_be(4, 1), put_be(4, 1), put_be(4, 0x41000000), put_be(4, 36);
	assert_int_equal(first(&p), PCAPNG_PACKET);
	assert_true(p.wall_us == 5500000);
	assert_true(span_equal(p.data, SPAN("A", 1)));

	file.len -= 36;
	put_be(4, 3), put_be(4, 20), put_be(4, 60), put_be(4, 0x42430000);
	put_be(4, 20);
	assert_int_equal(first(&p), PCAPNG_PACKET);
	assert_int_equal(p.full_len, 60);
	assert_true(span_equal(p.data, SPAN("BC", 2)));
}

static void test_refused(void **state)
{
	struct pcapng_packet p = { .interface = 1 };

	(void)state;
	file_start();
	buf_add(&file, SPAN_STR("hello, this is no capture"));
	assert_int_equal(first(&p), PCAPNG_NOT_PCAP);
	make_capture();
	file.p[8] ^= 1;
	assert_int_equal(first(&p), PCAPNG_NOT_PCAP);
	make_capture();
	file.p[4] = 13;
	assert_int_equal(first(&p), PCAPNG_BAD_LENGTH);
	file_start();
	pcapng_put_section(&file, "cairn");
	p.interface = 1;
	pcapng_put_packet(&file, &p, NULL);
	assert_int_equal(first(&p), PCAPNG_BAD_INTERFACE);
	file_start();
	pcapng_put_section(&file, "cairn");
	for (unsigned i = 0; i <= PCAPNG_INTERFACES_MAX; i++)
		pcapng_put_interface(&file, 1, "");
	assert_int_equal(first(&p), PCAPNG_BAD_INTERFACE);
	for (int r = 0; r < PCAPNG_RESULT_COUNT; r++)
		assert_non_null(pcapng_result_name((enum pcapng_result)r));
}

static int teardown(void **state)
{
	(void)state;
	buf_fini(&file);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_pcap),
		cmocka_unit_test(test_foreign_blocks),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
