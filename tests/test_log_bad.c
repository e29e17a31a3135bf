/* SPDX-License-Identifier: MIT
 *
 * lib/log when things go wrong: writers that are killed, files that are torn
 * and damaged byte by byte, and a table of calls that can be told to fail.
 */
#include <sys/stat.h>
#include "tests/log_folder.h"

static void write_and_die(struct log *l)
{
	commit(l, 0, 10);
	log_sync(l);
	commit(l, 10, 20);
	put(l, 20);	/* never committed */
}

static void test_killed(void **state)
{
	struct log_recovery rec;
	struct log *l;

	(void)state;
	in_killed_child(write_and_die, true);
	l = must_open(&reader, NULL);
	expect(l, 0, 10);	/* synced is what the tail says */
	log_close(l);
	l = must_open(&small, &rec);
	assert_false(rec.clean);
	assert_int_equal(rec.torn_bytes, 0);
	assert_int_equal(rec.records, 20);
	expect(l, 0, 20);
	commit(l, 20, 30);
	assert_int_equal(access(path_of("0000000000000001.seg"), F_OK), 0);
	log_close(l);
	l = must_open(&small, &rec);
	assert_true(rec.clean);
	expect(l, 0, 30);
	log_close(l);
}

/* Where the batches of the first segment begin; ends with their end. */
static size_t batches(const struct buf *b, uint32_t at[8])
{
	size_t n = 0;

	at[0] = SEGMENT_DATA;
	while (n < 7 && le_get(b->p + at[n], 4) == BATCH_MAGIC) {
		at[n + 1] = at[n] + BATCH_ALIGN +
			(uint32_t)le_get(b->p + at[n] + 4, 4);
		n++;
	}
	return n;
}

static void write_three(struct log *l)
{
	commit(l, 0, 5);
	log_sync(l);
	commit(l, 5, 8);
	log_sync(l);
	commit(l, 8, 11);
}

/* Opens what spill() left under a new folder name, and throws it away. */
static void expect_after(struct span file, uint32_t to,
			 struct log_recovery *rec)
{
	struct log *l;

	fresh_dir(NULL);
	mkdir(dir, 0755);
	spill(FIRST, file);
	l = must_open(&reader, NULL);
	expect(l, 0, to);
	log_close(l);
	l = must_open(&small, rec);
	expect(l, 0, to);
	log_close(l);
	l = must_open(&small, NULL);	/* recovering twice changes nothing */
	expect(l, 0, to);
	log_close(l);
	unlink(path_of(FIRST));
	unlink(path_of("0000000000000001.seg"));
	unlink(path_of("tail"));
	unlink(path_of("LOCK"));
	rmdir(dir);
}

/* The last batch, written up to any of its bytes, or with any of them wrong:
 * nobody was told that it is there, so it is not. */
static void test_M10_torn(void **state)
{
	struct buf b = { 0 }, t = { 0 };
	struct log_recovery rec;
	uint32_t at[8];

	(void)state;
	in_killed_child(write_three, false);
	slurp(FIRST, &b);
	assert_int_equal(batches(&b, at), 3);
	expect_after(buf_span(&b), 11, &rec);
	assert_int_equal(rec.torn_bytes, 0);
	for (uint32_t cut = at[2]; cut < at[3]; cut++) {
		bool whole = true;

		t.len = 0;
		buf_add(&t, buf_span(&b));
		for (uint32_t i = cut; i < at[3]; i++) {
			whole &= t.p[i] == 0;
			t.p[i] = 0;
		}
		if (whole)
			break;	/* only padding is left */
		expect_after(buf_span(&t), 8, &rec);
		assert_int_equal(rec.damaged_bytes, 0);
		assert_int_equal(rec.torn_bytes > 0, cut > at[2]);
		if (cut == at[2] + BATCH_ALIGN) /* then it is all alike */
			cut = at[3] - 400;
	}
	/* headers and a payload; what pads them does not matter */
	for (uint32_t i = at[2]; i < at[2] + 64 + 16 + 8; i += 3) {
		t.len = 0;
		buf_add(&t, buf_span(&b));
		t.p[i] ^= 0x10;
		expect_after(buf_span(&t), 8, &rec);
		assert_true(rec.torn_bytes > 0);
	}
	/* a file cut short */
	expect_after(SPAN(b.p, at[2] + 100), 8, &rec);
	expect_after(SPAN(b.p, at[2]), 8, &rec);
	buf_fini(&b);
	buf_fini(&t);
}

static void expect_numbers(struct log *l, const uint32_t *v, size_t n,
			   bool damage)
{
	struct log_snapshot *s = log_snapshot(l);
	struct log_iter it = log_iter(s, 0);
	struct log_record r;

	for (size_t i = 0; i < n; i++) {
		assert_int_equal(log_next(&it, &r), 1);
		check_record(&r, v[i]);
	}
	assert_int_equal(log_next(&it, &r), 0);
	assert_int_equal(it.damaged_bytes > 0, damage);
	log_release(s);
}

/* The middle batch was acknowledged, and the one after it says so. */
static void test_M11_damage(void **state)
{
	static const uint32_t left[] = { 0, 1, 2, 3, 4, 8, 9, 10 };
	struct buf b = { 0 };
	struct log_recovery rec;
	uint32_t at[8];

	(void)state;
	in_killed_child(write_three, false);
	slurp(FIRST, &b);
	assert_int_equal(batches(&b, at), 3);
	for (uint32_t i = at[1]; i < at[2] - 64; i += 97) {
		struct log *l;

		b.p[i] ^= 0x40;
		fresh_dir(NULL);
		mkdir(dir, 0755);
		spill(FIRST, buf_span(&b));
		l = must_open(&reader, &rec);
		expect_numbers(l, left, 8, true);
		log_close(l);
		l = must_open(&small, &rec);
		assert_int_equal(rec.damaged_bytes, at[2] - at[1]);
		assert_int_equal(rec.torn_bytes, 0);
		assert_true(strlen(rec.note) > 0);
		expect_numbers(l, left, 8, true);
		commit(l, 11, 12);
		log_close(l);
		l = must_open(&small, &rec);
		assert_int_equal(rec.records, 12);
		log_close(l);
		b.p[i] ^= 0x40;
	}
	buf_fini(&b);
}

static void expect_ranges(const struct log_range *v, unsigned n)
{
	struct log *l = must_open(&reader, NULL);
	struct log_snapshot *s = log_snapshot(l);
	struct log_iter it = log_iter(s, 0);
	struct log_damage d = { 0 };
	struct log_record r;

	it.damage = log_damage_add;
	it.ctx = &d;
	while (log_next(&it, &r) == 1)
		;
	assert_int_equal(d.ranges, n);
	assert_int_equal(d.kept, n);
	assert_int_equal(d.mark != 0, n != 0);
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(d.first[i].from, v[i].from);
		assert_int_equal(d.first[i].to, v[i].to);
	}
	log_release(s);
	log_close(l);
}

static char *segment_name(unsigned number)
{
	static char name[24];

	snprintf(name, sizeof(name), "%016x.seg", number);
	return name;
}

static void spoil(unsigned number, uint32_t offset, uint32_t n)
{
	struct buf b = { 0 };

	slurp(segment_name(number), &b);
	memset(b.p + offset, 0x5a, n);
	spill(segment_name(number), buf_span(&b));
	buf_fini(&b);
}

/* Each kind of damage is a range, by segment and offset. */
static void test_damage_ranges(void **state)
{
	struct log *l = must_open(&small, NULL);
	uint32_t at[8];
	struct buf b = { 0 };

	(void)state;
	for (uint32_t i = 0; i < 3000; i += 10)
		commit(l, i, i + 10);
	log_close(l);
	expect_ranges(NULL, 0);
	slurp(FIRST, &b);
	batches(&b, at);
	spoil(0, at[2] + 100, 1);
	spoil(1, 0, 64);
	assert_int_equal(unlink(path_of(segment_name(2))), 0);
	assert_int_equal(truncate(path_of(segment_name(3)), at[3]), 0);
	expect_ranges((struct log_range[]){
		{ position(0, at[2]), position(0, at[3]) },
		{ position(1, 0), position(1, SEGMENT_DATA) },
		{ position(2, 0), position(3, 0) },
		{ position(3, at[3]), position(4, 0) } }, 4);
	assert_int_equal(truncate(path_of(segment_name(3)), 10), 0);
	expect_ranges((struct log_range[]){
		{ position(0, at[2]), position(0, at[3]) },
		{ position(1, 0), position(1, SEGMENT_DATA) },
		{ position(2, 0), position(4, 0) } }, 3);
	buf_fini(&b);
}

/* The first sector gone: LOCK knows whose log it is, the batches the rest. */
static void test_header_lost(void **state)
{
	struct buf b = { 0 };
	struct log *l = must_open(&small, NULL);

	(void)state;
	commit(l, 0, 7);
	log_close(l);
	slurp(FIRST, &b);
	memset(b.p, 0xff, 512);
	spill(FIRST, buf_span(&b));
	l = must_open(&small, NULL);
	expect(l, 0, 7);
	commit(l, 7, 8);
	log_close(l);
	memset(b.p, 0xff, b.len);	/* and all of it: kept aside */
	spill(FIRST, buf_span(&b));
	l = must_open(&small, NULL);
	expect(l, 0, 0);
	log_close(l);
	assert_int_equal(access(path_of("0000000000000000.bad"), F_OK), 0);
	unlink(path_of("LOCK"));
	unlink(path_of("0000000000000001.seg"));
	spill(FIRST, buf_span(&b));
	assert_int_equal(log_open(&l, dir, &small, NULL), -EINVAL);
	buf_fini(&b);
}

/* A file that shrinks under its map: zeros, a mark, and no death. */
static void test_fault(void **state)
{
	struct log *l = must_open(&small, NULL);
	struct log_snapshot *s;
	struct log_record r, first;
	struct log_iter it;
	int n = 0;

	(void)state;
	for (uint32_t i = 0; i < 100; i += 10)
		commit(l, i, i + 10);
	log_sync(l);
	s = log_snapshot(l);
	it = log_iter(s, 0);
	assert_int_equal(log_next(&it, &first), 1);
	assert_int_equal(truncate(path_of(FIRST), 8192), 0);
	while (log_next(&it, &r) == 1)
		n++;
	assert_in_range(n, 1, 98);
	assert_true(it.damaged_bytes > 0);
	check_record(&first, 0);
	assert_int_equal(log_release(s), -EIO);
	log_close(l);
}

/* ---- calls that fail ---- */

static struct {
	int pwrite_left, sync_left, error;	/* calls until it fails; -1 */
	bool one_byte;
} fail;

static int64_t fail_pwrite(void *ctx, int fd, const void *p, size_t n,
			   uint64_t at)
{
	if (fail.pwrite_left == 0)
		return fail.error;
	fail.pwrite_left -= fail.pwrite_left > 0;
	return log_io_system.pwrite(ctx, fd, p, fail.one_byte && n > 7 ? 7 : n,
				    at);
}

static int fail_fdatasync(void *ctx, int fd)
{
	if (fail.sync_left == 0)
		return fail.error;
	fail.sync_left -= fail.sync_left > 0;
	return log_io_system.fdatasync(ctx, fd);
}

static struct log *open_failing(void)
{
	static struct log_io io;
	struct log_options o = small;

	io = log_io_system;
	io.pwrite = fail_pwrite;
	io.fdatasync = fail_fdatasync;
	o.io = &io;
	fail.pwrite_left = fail.sync_left = -1;
	fail.one_byte = false;
	return must_open(&o, NULL);
}

static void test_failed_write(void **state)
{
	struct log *l = open_failing();
	uint64_t end;

	(void)state;
	commit(l, 0, 5);
	log_sync(l);
	put(l, 5);
	fail.pwrite_left = 0;
	fail.error = -EIO;
	assert_int_equal(log_commit(l, 0, &end), -EIO);
	fail.pwrite_left = -1;
	assert_int_equal(log_failed(l), -EIO);
	assert_int_equal(log_append(l, 1, 1, SPAN("x", 1)), -EIO);
	assert_int_equal(log_commit(l, 0, &end), -EIO);
	assert_int_equal(log_prepare(l), -EIO);
	expect(l, 0, 5);
	assert_int_equal(log_close(l), -EIO);
	l = must_open(&small, NULL);
	expect(l, 0, 5);
	log_close(l);
}

static void test_failed_sync(void **state)
{
	struct log *l = open_failing();
	int fd;

	(void)state;
	commit(l, 0, 5);
	log_sync(l);
	commit(l, 5, 9);
	fail.sync_left = 0;
	fail.error = -EIO;
	assert_int_equal(log_sync(l), -EIO);
	fail.sync_left = -1;
	assert_int_equal(log_sync_begin(l, &fd), -EIO);	/* no second try */
	expect(l, 0, 5);
	assert_int_equal(log_close(l), -EIO);
}

/* The first write after a clean stop is announced durably. */
static void test_resume_mark(void **state)
{
	struct log *l = open_failing();
	uint64_t end;

	(void)state;
	commit(l, 0, 5);
	assert_int_equal(log_close(l), 0);
	l = open_failing();
	put(l, 5);
	fail.sync_left = 0;
	fail.error = -EIO;
	assert_int_equal(log_commit(l, 0, &end), -EIO);
	assert_int_equal(log_close(l), -EIO);
	l = must_open(&small, NULL);
	expect(l, 0, 5);
	log_close(l);
}

static void test_short_writes(void **state)
{
	struct log *l = open_failing();

	(void)state;
	fail.one_byte = true;
	commit(l, 0, 30);
	log_sync(l);
	expect(l, 0, 30);
	assert_int_equal(log_close(l), 0);
}

/* A full disk is met when the next segment is made: nothing is lost, and it
 * goes on when there is room again. */
static void test_disk_full(void **state)
{
	struct log *l = open_failing();
	uint64_t end;
	uint32_t n = 0;

	(void)state;
	fail.error = -ENOSPC;
	while (position_offset(log_written(l)) < SMALL - 2500) {
		commit(l, n, n + 10);
		n += 10;
	}
	for (uint32_t i = n; i < n + 20; i++)
		put(l, i);
	fail.pwrite_left = 0;
	assert_int_equal(log_commit(l, 0, &end), -ENOSPC);
	assert_int_equal(log_failed(l), 0);
	assert_int_equal(log_sync(l), 0);
	expect(l, 0, n);
	fail.pwrite_left = -1;
	assert_int_equal(log_commit(l, 0, &end), 0);
	assert_int_equal(log_sync(l), 0);
	expect(l, 0, n + 20);
	log_close(l);
}

static void write_ten(struct log *l)
{
	commit(l, 0, 10);
	log_sync(l);
}

/* Nor does it keep what a crash left from being read: the next segment is
 * only made for what comes next. */
static void test_disk_full_after_crash(void **state)
{
	struct log *l;
	uint64_t end;

	(void)state;
	in_killed_child(write_ten, true);
	l = open_failing();
	assert_int_equal(access(path_of("0000000000000001.seg"), F_OK), -1);
	fail.error = -ENOSPC;
	fail.pwrite_left = 0;
	expect(l, 0, 10);
	put(l, 10);
	assert_int_equal(log_commit(l, 0, &end), -ENOSPC);
	assert_int_equal(log_prepare(l), -ENOSPC);
	fail.pwrite_left = -1;
	assert_int_equal(log_prepare(l), 0);
	assert_int_equal(log_commit(l, 0, &end), 0);
	assert_int_equal(log_sync(l), 0);
	expect(l, 0, 11);
	assert_int_equal(log_close(l), 0);
	l = must_open(&small, NULL);
	expect(l, 0, 11);
	log_close(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* first: cmocka takes SIGBUS anew for each test, the log
		 * once a process */
		T(test_fault), T(test_killed), T(test_M10_torn),
		T(test_M11_damage), T(test_damage_ranges), T(test_header_lost),
		T(test_failed_write), T(test_failed_sync),
		T(test_resume_mark), T(test_short_writes), T(test_disk_full),
		T(test_disk_full_after_crash),
	};

	return cmocka_run_group_tests(tests, make_top, remove_top);
}
