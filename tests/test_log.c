/* SPDX-License-Identifier: MIT
 *
 * lib/log on a real folder: writing, reading beside the writer, finding.
 */
#include <sys/stat.h>
#include "tests/log_folder.h"

/* ---- the good days ---- */

static void test_append_read(void **state)
{
	struct log *l = must_open(&small, NULL);
	uint64_t end;

	(void)state;
	expect(l, 0, 0);
	assert_int_equal(log_append(l, 0, 1, SPAN("x", 1)), -EINVAL);
	commit(l, 0, 1);
	expect(l, 0, 0);		/* not synced, not visible */
	assert_int_equal(log_sync(l), 0);
	expect(l, 0, 1);
	commit(l, 1, 40);
	commit(l, 40, 41);
	assert_int_equal(log_sync(l), 0);
	assert_true(log_durable(l) == log_written(l));
	put(l, 41);
	log_abort(l);
	assert_int_equal(log_commit(l, 0, &end), 0);
	assert_true(end == log_durable(l));
	expect(l, 0, 41);
	assert_int_equal(log_close(l), 0);
}

static void test_sizes(void **state)
{
	static uint8_t big[LOG_RECORD_MAX + 1];
	struct log *l = must_open(&small, NULL);
	struct log_snapshot *s;
	struct log_record r;
	struct log_iter it;
	uint64_t end;

	(void)state;
	assert_int_equal(log_append(l, 1, 0, SPAN(big, sizeof(big))),
			 -EMSGSIZE);
	assert_int_equal(log_append(l, 1, 0, SPAN(big, SMALL)), -EMSGSIZE);
	assert_int_equal(log_append2(l, 1, 7, SPAN("ab", 2), SPAN("c", 1)),
			 0);
	assert_int_equal(log_append(l, 2, 8, SPAN(NULL, 0)), 0);
	assert_int_equal(log_append(l, 1, 0, SPAN(big, 61000)), 0);
	assert_int_equal(log_append(l, 1, 0, SPAN(big, 1000)), -EMSGSIZE);
	assert_int_equal(log_commit(l, 5, &end), 0);
	assert_int_equal(log_sync(l), 0);
	s = log_snapshot(l);
	it = log_iter(s, 0);
	assert_int_equal(log_next(&it, &r), 1);
	assert_true(span_equal(r.payload, SPAN_STR("abc")));
	assert_true(r.wall_ms == 5 && r.slot == 7);
	assert_int_equal(log_next(&it, &r), 1);
	assert_int_equal(r.payload.n, 0);
	assert_int_equal(log_next(&it, &r), 1);
	assert_int_equal(r.payload.n, 61000);
	assert_int_equal(log_next(&it, &r), 0);
	assert_int_equal(log_read(l, r.at + 8, &r), -ENOENT);
	assert_int_equal(log_read(l, end, &r), -ENOENT);
	assert_int_equal(log_read(l, UINT64_MAX, &r), -ENOENT);
	log_release(s);
	assert_int_equal(log_close(l), 0);
}

/* An iterator's place is good for going on later, in any record. */
static void test_resume(void **state)
{
	struct log *l = must_open(&small, NULL);
	uint64_t at = 0;

	(void)state;
	for (uint32_t n = 0; n < 600; n += 20)
		commit(l, n, n + 20);
	log_sync(l);
	for (uint32_t n = 0; n < 600; n++) {
		struct log_snapshot *s = log_snapshot(l);
		struct log_iter it = log_iter(s, at);
		struct log_record r;

		assert_int_equal(log_next(&it, &r), 1);
		check_record(&r, n);
		at = it.at;
		log_release(s);
	}
	commit(l, 600, 601);
	log_sync(l);
	struct log_snapshot *s = log_snapshot(l);
	struct log_iter it = log_iter(s, at);
	struct log_record r;

	assert_int_equal(log_next(&it, &r), 1);
	check_record(&r, 600);
	assert_int_equal(log_next(&it, &r), 0);
	log_release(s);
	log_close(l);
}

static void test_rotate_reopen(void **state)
{
	struct log *l = must_open(&small, NULL);
	struct log_recovery rec;
	struct stat st;

	(void)state;
	for (uint32_t n = 0; n < 2000; n += 10) {
		commit(l, n, n + 10);
		if (n % 100 == 0)
			assert_int_equal(log_sync(l), 0);
		if (n % 300 == 0)
			assert_int_equal(log_prepare(l), 0);
	}
	log_sync(l);
	expect(l, 0, 2000);
	assert_int_equal(log_close(l), 0);
	assert_int_equal(stat(path_of(FIRST), &st), 0);
	assert_in_range(st.st_size, SMALL / 2, SMALL); /* cut at its SEAL */
	for (uint32_t i = 0; i < 3; i++) {
		l = must_open(&small, &rec);
		assert_true(rec.clean);
		assert_int_equal(rec.records, 2000 + 10 * i);
		assert_string_equal(rec.note, "");
		assert_in_range(rec.segments, 5, 9);
		expect(l, 0, 2000 + 10 * i);
		commit(l, 2000 + 10 * i, 2010 + 10 * i);
		assert_int_equal(log_close(l), 0);
	}
}

static void test_sync_in_flight(void **state)
{
	struct log *l = must_open(&small, NULL);
	int fd, other;

	(void)state;
	assert_int_equal(log_sync_begin(l, &fd), -EAGAIN);
	commit(l, 0, 10);
	assert_int_equal(log_sync_begin(l, &fd), 0);
	assert_int_equal(log_sync_begin(l, &other), -EBUSY);
	commit(l, 10, 20);
	assert_int_equal(fdatasync(fd), 0);
	assert_int_equal(log_sync_end(l, 0), 0);
	expect(l, 0, 10);	/* what came later waits for the next */
	assert_int_equal(log_sync_begin(l, &fd), 0);
	for (uint32_t n = 20; n < 1000; n += 20) /* rotates meanwhile */
		commit(l, n, n + 20);
	assert_int_equal(fdatasync(fd), 0);
	assert_int_equal(log_sync_end(l, 0), 0);
	assert_int_equal(log_sync(l), 0);
	expect(l, 0, 1000);
	log_close(l);
}

static void test_one_writer(void **state)
{
	struct log *l = must_open(&small, NULL), *second;

	(void)state;
	assert_int_equal(log_open(&second, dir, &small, NULL), -EBUSY);
	assert_null(second);
	log_close(l);
	l = must_open(&small, NULL);
	log_close(l);
}

/* ---- a reader in another process ---- */

static void test_follow(void **state)
{
	struct log *l = must_open(&small, NULL);
	int go[2], done[2], status;
	pid_t pid;
	char c;

	(void)state;
	commit(l, 0, 5);
	log_sync(l);
	assert_int_equal(pipe(go) | pipe(done), 0);
	pid = fork();
	if (pid == 0) {
		struct log *r = must_open(&reader, NULL);

		expect(r, 0, 5);
		assert_false(log_refresh(r));
		assert_int_equal(log_append(r, 1, 1, SPAN("", 0)), -EROFS);
		for (uint32_t n = 5; n < 1000; n += 199) {
			assert_int_equal(write(done[1], "x", 1), 1);
			assert_int_equal(read(go[0], &c, 1), 1);
			assert_true(log_refresh(r));
			expect(r, 0, n + 199);
		}
		_exit(log_close(r));
	}
	for (uint32_t n = 5; n < 1000; n += 199) {
		assert_int_equal(read(done[0], &c, 1), 1);
		commit(l, n, n + 100);
		commit(l, n + 100, n + 199);
		log_sync(l);
		put(l, 9999);
		log_abort(l);
		assert_int_equal(write(go[1], "x", 1), 1);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	log_close(l);
}

static void test_read_without_tail(void **state)
{
	struct log *l = must_open(&small, NULL), *r;
	struct log_recovery rec;

	(void)state;
	for (uint32_t n = 0; n < 500; n += 50)
		commit(l, n, n + 50);
	log_close(l);
	unlink(path_of("tail"));
	r = must_open(&reader, &rec);
	assert_int_equal(rec.records, 500);
	expect(r, 0, 500);
	assert_false(log_refresh(r));
	log_close(r);
	assert_int_equal(access(path_of("tail"), F_OK), -1); /* wrote nothing */
	assert_int_equal(log_open(&r, "/nonexistent", &reader, NULL), -ENOENT);
}

/* ---- a ring of segments, never synced ---- */

static void test_ring(void **state)
{
	struct log_options o = { .segment_size = SMALL,
		.ring_bytes = 4 * SMALL };
	struct log *l = must_open(&o, NULL);
	struct log_snapshot *pin;
	struct log_record r;
	struct log_iter it;
	uint32_t last = 0;

	(void)state;
	commit(l, 0, 10);
	assert_true(log_durable(l) == log_written(l));
	expect(l, 0, 10);	/* at once: nothing is synced here */
	pin = log_snapshot(l);
	for (uint32_t n = 10; n < 5000; n += 10)
		commit(l, n, n + 10);
	it = log_iter(pin, 0);	/* dropped, but pinned */
	for (uint32_t n = 0; n < 10; n++) {
		assert_int_equal(log_next(&it, &r), 1);
		check_record(&r, n);
	}
	assert_int_equal(access(path_of(FIRST), F_OK), -1);
	log_release(pin);
	for (int i = 0; i < 2; i++) {
		uint32_t first;

		pin = log_snapshot(l);
		it = log_iter(pin, 0);
		assert_int_equal(log_next(&it, &r), 1);
		first = last = r.slot;
		while (log_next(&it, &r) == 1)
			check_record(&r, ++last);
		assert_int_equal(last, 4999);
		assert_in_range(last - first, 700, 4 * SMALL / 168);
		log_release(pin);
		log_close(l);
		l = must_open(&o, NULL);
	}
	log_close(l);
}

/* ---- finding ---- */

/* A record of these tests: type 1 an item, 2 a mark, 3 a cut; seq u64, id. */
static void key_of(uint16_t type, struct span payload, struct log_key *k)
{
	if (payload.n < 16)
		return;
	k->type = type == 1 ? LOG_KEY_ITEM : type == 2 ? LOG_KEY_MARK :
		LOG_KEY_CUT;
	k->seq = le_get(payload.p, 8);
	k->id = payload.p + 8;
}

#define TOPICS 11u

/* An item's seq says its topic. */
static uint32_t topic_of(uint16_t type, struct span payload)
{
	return type == 1 && payload.n >= 16 ?
		1 + (uint32_t)(le_get(payload.p, 8) % TOPICS) : 0;
}

static const struct log_options keyed = { .segment_size = SMALL,
	.key = key_of, .topic = topic_of };
static const struct log_options keyed_reader = { .segment_size = SMALL,
	.key = key_of, .topic = topic_of, .read_only = true };

/* version tells two records of one key apart. */
static void put_key(struct log *l, uint16_t type, uint32_t slot, uint64_t seq,
		    uint32_t version)
{
	uint8_t p[200] = { 0 };

	le_put(p, 8, seq);
	le_put(p + 8, 8, (seq << 24 | slot << 8 | version) *
	       0x9e3779b97f4a7c15ULL);
	le_put(p + 16, 4, version);
	assert_int_equal(log_append(l, type, slot, SPAN(p, 40 + seq % 150)),
			 0);
}

static void commit_now(struct log *l)
{
	uint64_t end;

	assert_int_equal(log_commit(l, 1, &end), 0);
}

/* version UINT32_MAX: absent */
static void expect_item(struct log *l, uint32_t slot, uint64_t seq,
			uint32_t version)
{
	struct log_record r, again;
	int e = log_find(l, slot, seq, &r);

	if (version == UINT32_MAX) {
		assert_int_equal(e, -ENOENT);
		return;
	}
	assert_int_equal(e, 0);
	assert_int_equal(r.slot, slot);
	assert_int_equal(r.type, 1);
	assert_int_equal(le_get(r.payload.p, 8), seq);
	assert_int_equal(le_get(r.payload.p + 16, 4), version);
	assert_int_equal(log_find_id(l, r.payload.p + 8, &again), 0);
	assert_true(again.at == r.at);
}

/* at 0: there is none */
static void expect_mark(struct log *l, uint32_t slot, uint64_t seq,
			uint64_t at)
{
	struct log_record r;
	int e = log_find_mark(l, slot, seq, &r);

	assert_int_equal(e, at ? 0 : -ENOENT);
	if (at)
		assert_int_equal(le_get(r.payload.p, 8), at);
}

/* Item `seq` of slots 0, 7 and 14 in turn. */
struct topic_walk {
	uint64_t seq;
	uint32_t slot;
};

static int topic_next(void *ctx, const struct log_record *r)
{
	struct topic_walk *w = ctx;

	assert_int_equal(le_get(r->payload.p, 8), w->seq);
	assert_int_equal(r->slot, w->slot);
	w->slot = (w->slot + 7) % 21;
	if (w->slot == 0)
		w->seq += TOPICS;
	return w->seq > 300 ? 5 : 0;	/* enough */
}

static void expect_topics(struct log *l)
{
	for (uint32_t topic = 1; topic <= TOPICS; topic++) {
		struct topic_walk w = { .seq = topic - 1 };

		if (w.seq == 0)
			w.seq = TOPICS;
		assert_int_equal(log_topic(l, topic, topic_next, &w), 5);
		assert_true(w.seq > 300);
	}
	assert_int_equal(log_topic(l, TOPICS + 1, topic_next, NULL), 0);
}

/* Three slots over several segments, ten items and a mark a batch. */
static void put_three(struct log *l)
{
	for (uint64_t seq = 1; seq <= 400; seq++) {
		for (uint32_t slot = 0; slot < 3; slot++)
			put_key(l, 1, slot * 7, seq, 0);
		if (seq % 10)
			continue;
		put_key(l, 2, 7, seq, 0);
		commit_now(l);
	}
}

static void expect_three(struct log *l)
{
	static const uint8_t strange[8] = "strange";
	struct log_record r;

	for (uint64_t seq = 1; seq <= 400; seq += 7)
		for (uint32_t slot = 0; slot < 3; slot++)
			expect_item(l, slot * 7, seq, 0);
	expect_item(l, 7, 0, UINT32_MAX);
	expect_item(l, 7, 401, UINT32_MAX);
	expect_item(l, 1, 1, UINT32_MAX);
	expect_item(l, 1000, 1, UINT32_MAX);
	expect_mark(l, 7, 1, 10);
	expect_mark(l, 7, 251, 260);
	expect_mark(l, 7, 400, 400);
	expect_mark(l, 7, 401, 0);
	expect_mark(l, 0, 1, 0);
	assert_int_equal(log_find_id(l, strange, &r), -ENOENT);
	expect_topics(l);
}

static unsigned count_files(const char *suffix)
{
	char command[160], n[16] = "";
	FILE *f;

	snprintf(command, sizeof(command), "ls %s | grep -c '%s$'", dir,
		 suffix);
	f = popen(command, "r");
	assert_non_null(f);
	assert_non_null(fgets(n, sizeof(n), f));
	pclose(f);
	return (unsigned)atoi(n);
}

/* Found while it is written, after a clean stop, by a reader, and when the
 * index files are gone or spoiled. */
static void test_find(void **state)
{
	struct log *l = must_open(&keyed, NULL);
	char command[160];

	(void)state;
	put_three(l);
	expect_three(l);
	log_close(l);
	assert_int_equal(count_files("idx"), count_files("seg"));
	l = must_open(&keyed_reader, NULL);
	expect_three(l);
	log_close(l);
	snprintf(command, sizeof(command), "cd %s; for f in *.idx; do "
		 "printf x | dd of=$f bs=1 seek=70 conv=notrunc status=none; "
		 "done", dir);
	assert_int_equal(system(command), 0);
	l = must_open(&keyed_reader, NULL);
	expect_three(l);
	log_close(l);
	snprintf(command, sizeof(command), "rm %s/*.idx", dir);
	assert_int_equal(system(command), 0);
	l = must_open(&keyed, NULL);
	expect_three(l);
	put_key(l, 1, 7, 401, 0);
	expect_item(l, 7, 401, UINT32_MAX);	/* not committed */
	commit_now(l);
	expect_item(l, 7, 401, 0);
	log_close(l);
	assert_int_equal(count_files("idx"), count_files("seg"));
}

/* Cuts reach into older segments; what comes after them counts again; a later
 * record of a key replaces the earlier one. */
static void expect_cut(struct log *l)
{
	expect_item(l, 7, 100, 0);
	expect_item(l, 7, 149, 0);
	for (uint64_t seq = 150; seq < 160; seq++)
		expect_item(l, 7, seq, 1);
	expect_item(l, 7, 160, UINT32_MAX);
	expect_item(l, 7, 399, UINT32_MAX);
	expect_item(l, 0, 399, 0);
	expect_item(l, 14, 33, 2);
	expect_item(l, 14, 34, 0);
	expect_mark(l, 7, 141, 155);
	expect_mark(l, 7, 131, 140);
	expect_mark(l, 7, 156, 0);
}

static void test_find_cut(void **state)
{
	struct log *l = must_open(&keyed, NULL);

	(void)state;
	put_three(l);
	put_key(l, 1, 7, 401, 0);	/* a batch that voids part of itself */
	put_key(l, 2, 7, 401, 0);
	put_key(l, 3, 7, 150, 0);
	for (uint64_t seq = 150; seq < 160; seq++)
		put_key(l, 1, 7, seq, 1);
	put_key(l, 2, 7, 155, 1);
	commit_now(l);
	put_key(l, 1, 14, 33, 1);
	put_key(l, 1, 14, 33, 2);
	commit_now(l);
	expect_cut(l);
	log_close(l);
	l = must_open(&keyed, NULL);
	expect_cut(l);
	for (uint64_t seq = 1; seq <= 600; seq++) {	/* seals that segment */
		put_key(l, 1, 21, seq, 0);
		commit_now(l);
	}
	expect_cut(l);
	log_close(l);
	l = must_open(&keyed_reader, NULL);
	expect_cut(l);
	log_close(l);
}

static void keyed_and_killed(struct log *l)
{
	put_three(l);
	log_sync(l);
}

/* A stop without a goodbye leaves no index of the last segment. */
static void test_find_killed(void **state)
{
	int status;
	pid_t pid = fork();
	struct log *l;

	(void)state;
	if (pid == 0) {
		if (log_open(&l, dir, &keyed, NULL))
			_exit(1);
		keyed_and_killed(l);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	l = must_open(&keyed_reader, NULL);
	expect_three(l);
	log_close(l);
	l = must_open(&keyed, NULL);
	expect_three(l);
	log_close(l);
	assert_true(count_files("idx") >= count_files("seg") - 1);
}

/* Segments that are gone are counted, the last ones too, and their numbers
 * stay free. */
static void test_lost_segments(void **state)
{
	struct log *l = must_open(&small, NULL);
	struct log_recovery rec;
	char last[32];

	(void)state;
	for (uint32_t n = 0; n < 1500; n += 10)
		commit(l, n, n + 10);
	log_close(l);
	l = must_open(&small, &rec);
	assert_int_equal(rec.lost_segments, 0);
	assert_true(rec.segments >= 4);
	log_close(l);
	unlink(path_of("0000000000000001.seg"));
	l = must_open(&reader, &rec);
	assert_int_equal(rec.lost_segments, 1);
	log_close(l);
	snprintf(last, sizeof(last), "%016x.seg", (unsigned)rec.segments);
	unlink(path_of(last));
	l = must_open(&small, &rec);
	assert_int_equal(rec.lost_segments, 2);
	assert_non_null(strstr(rec.note, "2 segments"));
	assert_int_equal(access(path_of("0000000000000001.seg"), F_OK), -1);
	log_close(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_append_read), T(test_sizes), T(test_resume),
		T(test_rotate_reopen), T(test_sync_in_flight),
		T(test_one_writer), T(test_follow),
		T(test_read_without_tail), T(test_ring), T(test_find), T(test_find_cut), T(test_find_killed),
		T(test_lost_segments),
	};

	return cmocka_run_group_tests(tests, make_top, remove_top);
}
