/* SPDX-License-Identifier: MIT
 *
 * The log on a disk that loses power (disk.h), at every call in turn. What
 * was acknowledged is there afterwards; what is there is whole transactions,
 * in order, from the first; and a crash inside recovery changes nothing of
 * that.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "tests/disk.h"

#define SMALL 65536u
#define PER_COMMIT 5u

static struct disk disk;
static struct log_io io;
static const struct log_options options = { .io = &io, .segment_size = SMALL };

/* How many records were acknowledged, and how many were handed over. */
struct written {
	uint32_t acked, sent;
};

static int append_one(struct log *l, uint32_t n, size_t len)
{
	static uint8_t p[3000];

	memset(p, (int)n, len);
	memcpy(p, &n, 4);
	return log_append(l, 1, n, SPAN(p, len));
}

/* Writes until the power goes or so many commits are done. */
static int write_some(struct log *l, uint32_t commits, struct written *w)
{
	uint64_t end;

	for (uint32_t c = 0; c < commits; c++) {
		for (uint32_t i = 0; i < PER_COMMIT; i++, w->sent++)
			if (append_one(l, w->sent, 4 + disk_dice(&disk, 2996)))
				return -1;
		if (disk_dice(&disk, 4) == 0 && log_prepare(l))
			return -1;
		if (log_commit(l, 1, &end))
			return -1;
		if (disk_dice(&disk, 3) && log_sync(l))
			return -1;
		if (log_durable(l) == end)
			w->acked = w->sent;
	}
	return 0;
}

/* The records 0 .. n - 1, and n is as it must be. Returns n. */
static uint32_t check(const struct written *w)
{
	struct log_recovery rec;
	struct log_snapshot *s;
	struct log_iter it;
	struct log_record r;
	struct log *l;
	uint32_t n = 0;

	assert_int_equal(log_open(&l, "d", &options, &rec), 0);
	s = log_snapshot(l);
	it = log_iter(s, 0);
	for (; log_next(&it, &r) == 1; n++) {
		uint32_t got;

		memcpy(&got, r.payload.p, 4);
		assert_int_equal(got, n);
		assert_int_equal(r.slot, n);
		for (size_t i = 4; i < r.payload.n; i++)
			assert_int_equal(r.payload.p[i], (uint8_t)n);
	}
	assert_int_equal(it.damaged_bytes, 0);
	assert_int_equal(rec.damaged_bytes, 0);
	assert_int_equal(rec.records, n);
	assert_int_equal(n % PER_COMMIT, 0);
	assert_in_range(n, w->acked, w->sent);
	log_release(s);
	log_close(l);
	return n;
}

/* One life: writing, a cut at call `cut`, recovery (cut too, now and then),
 * and life goes on. */
static void live(uint64_t seed, long cut)
{
	struct written w = { 0 };

	disk = (struct disk){ .seed = seed };
	io = disk_io(&disk);
	for (int round = 0; round < 3; round++) {
		struct log *l;
		uint32_t n;

		disk.cut_in = cut;
		if (log_open(&l, "d", &options, NULL) == 0) {
			write_some(l, 12, &w);
			log_close(l);
		}
		disk_power_cut(&disk);
		if (disk_dice(&disk, 2)) { /* die inside recovery */
			disk.cut_in = 1 + disk_dice(&disk, 8);
			if (log_open(&l, "d", &options, NULL) == 0)
				log_close(l);
			disk_power_cut(&disk);
		}
		n = check(&w);
		assert_int_equal(check(&w), n);
		w.acked = w.sent = n;
	}
	disk_fini(&disk);
}

static void test_power_cuts(void **state)
{
	(void)state;
	for (long cut = 1; cut < 60; cut++)
		for (uint64_t seed = 0; seed < 4; seed++)
			live(seed * 1000 + (uint64_t)cut, cut);
}

/* A sync failed, the process went down and up: what the page cache showed, and
 * so was served, must survive the power cut that follows. */
static void test_failed_sync(void **state)
{
	struct written w = { 0 };
	struct log *l;
	uint64_t end;
	uint32_t n;

	(void)state;
	disk = (struct disk){ .seed = 7 };
	io = disk_io(&disk);
	assert_int_equal(log_open(&l, "d", &options, NULL), 0);
	for (; w.sent < 2 * PER_COMMIT; w.sent++)
		assert_int_equal(append_one(l, w.sent, 1000), 0);
	assert_int_equal(log_commit(l, 1, &end), 0);
	disk.fail_sync = true;
	assert_int_equal(log_sync(l), -EIO);
	assert_int_equal(log_close(l), -EIO);
	n = check(&w);
	assert_int_equal(n, w.sent);
	w.acked = n;
	disk_power_cut(&disk);
	assert_int_equal(check(&w), n);
	disk_fini(&disk);
}

/* One life: two segments, a clean end and another beginning. The first error
 * ends it. */
static int write_a_life(struct written *w)
{
	struct log *l;
	int e = 0;

	for (int i = 0; i < 2 && !e; i++) {
		int closed;

		e = log_open(&l, "d", &options, NULL);
		if (e)
			return e;
		e = write_some(l, 12, w);
		closed = log_close(l);
		e = e ? e : closed;
	}
	return e;
}

/* Call number k of a life goes wrong: 0 if there was no such call. */
static int fault_at(long k, enum disk_fault fault)
{
	struct written w = { 0 };
	uint32_t n;
	int e;

	disk = (struct disk){ .seed = 5, .fault_in = k, .fault = fault,
		.fault_error = -EIO };
	io = disk_io(&disk);
	e = write_a_life(&w);
	if (disk.fault_in > 0) {
		disk_fini(&disk);
		return 0;
	}
	if (fault != DISK_ERROR)	/* is nobody's business */
		assert_int_equal(e, 0);
	assert_int_equal(disk_held(&disk), 0);
	n = check(&w);
	disk_power_cut(&disk);
	w.acked = w.sent = n;		/* it was served */
	assert_int_equal(check(&w), n);
	disk_fini(&disk);
	return 1;
}

static void test_each_call_fails(void **state)
{
	long n = 0, k;

	(void)state;
	for (enum disk_fault f = DISK_ERROR; f <= DISK_EINTR; f++)
		for (k = 1; fault_at(k, f); k++)
			n++;
	printf("%ld calls failed\n", n);
	assert_true(n > 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_power_cuts),
		cmocka_unit_test(test_failed_sync),
		cmocka_unit_test(test_each_call_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
