/* SPDX-License-Identifier: MIT
 *
 * The ring frames/ (daemon/flight.h; ring_bytes of lib/log): bounded while
 * readers hold on to what it drops, never synced, openable after any power
 * cut with true frames only; a killed process loses what was not flushed.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "daemon/flight.h"
#include "lib/log/log.h"
#include "tests/disk.h"

#define SEGMENT 65536u
#define RING (4 * SEGMENT)

static char dir[] = "/tmp/cairn-flight-XXXXXX";

/* ---- frames ---- */

static size_t frame_fill(uint8_t *p, uint32_t n)
{
	size_t len = 4 + n * 7919 % 900;

	memset(p, (int)n, len);
	memcpy(p, &n, 4);
	return len;
}

static bool frame_true(const struct log_record *r)
{
	uint8_t p[1000];
	size_t len = frame_fill(p, r->slot);

	return span_equal(r->payload, SPAN(p, len));
}

static void put(struct log *l, uint32_t from, uint32_t to)
{
	uint8_t p[1000];
	uint64_t end;

	for (uint32_t n = from; n < to; n++) {
		size_t len = frame_fill(p, n);

		if (log_append(l, 1, n, SPAN(p, len)))
			abort();
	}
	if (log_commit(l, 1, &end))
		abort();
}

/* ---- on the simulated disk ---- */

static struct disk disk, crashed;
static uint64_t crashes, found;
static uint32_t first_of_life;

static struct log_options ring_options(struct log_io *io)
{
	return (struct log_options){ .io = io, .segment_size = SEGMENT,
		.ring_bytes = RING };
}

/* Of the segments; one more, prepared, may stand beside them. */
static uint64_t ring_size(const struct disk *d)
{
	uint64_t sum = 0;

	for (int i = 0; i < d->names.n; i++)
		if (strstr(d->names.v[i].path, ".seg"))
			sum += d->files[d->names.v[i].file].size;
	return sum;
}

/* True frames, each once and in order. */
static uint64_t ring_check(struct log *l)
{
	struct log_snapshot *s = log_snapshot(l);
	struct log_iter it = log_iter(s, 0);
	struct log_record r;
	int64_t last = -1;
	uint64_t n = 0;

	for (; log_next(&it, &r) == 1; n++) {
		assert_true(frame_true(&r));
		assert_true((int64_t)r.slot > last);
		last = r.slot;
	}
	log_release(s);
	return n;
}

/* It opens, shows true frames only, goes on, and opens again with all that. */
static void crash(void *arg)
{
	struct log_io io = disk_io(&crashed);
	struct log_options o = ring_options(&io);
	struct log *l;
	uint64_t n;

	(void)arg;
	disk_crash(&crashed, &disk, disk_dice(&disk, 6), crashes++);
	assert_int_equal(log_open(&l, "d", &o, NULL), 0);
	n = ring_check(l);
	for (uint32_t i = 0; i < 8; i++)	/* what a crash undid goes again */
		put(l, (1u << 30) + 20 * i, (1u << 30) + 20 * i + 20);
	assert_true(ring_size(&crashed) <= RING);
	assert_int_equal(log_close(l), 0);
	assert_int_equal(log_open(&l, "d", &o, NULL), 0);
	assert_in_range(ring_check(l), 160, n + 160); /* less what wrapped */
	assert_int_equal(log_close(l), 0);
	assert_true(crashed.syncs == 0);
	found += n;
}

/* Power cuts at each call, over the first turns of the ring. */
static void test_power_cuts(void **state)
{
	struct log_io io = disk_io(&disk);
	struct log_options o = ring_options(&io);
	struct log *l;

	(void)state;
	for (uint64_t seed = 0; seed < 6; seed++) {
		disk_clear(&disk);
		disk.seed = seed;
		disk.after = crash;
		first_of_life = 0;
		for (int life = 0; life < 3; life++) {
			assert_int_equal(log_open(&l, "d", &o, NULL), 0);
			for (int i = 0; i < 60; i++, first_of_life += 20) {
				put(l, first_of_life, first_of_life + 20);
				if (i % 8 == 0)
					log_prepare(l);
			}
			log_close(l);
		}
		assert_true(disk.syncs == 0);
	}
	assert_true(found > 0);
	printf("%llu crash states\n", (unsigned long long)crashes);
	disk_fini(&disk);
	disk_fini(&crashed);
}

/* Bounded, whoever reads; what was dropped stays whole for who pinned it. */
static void test_bound(void **state)
{
	struct log_io io = disk_io(&disk);
	struct log_options o = ring_options(&io);
	struct log_snapshot *pin;
	struct log_iter it, walk;
	struct log_record r;
	struct log *l;
	uint32_t n = 0, seen = 0;

	(void)state;
	assert_int_equal(log_open(&l, "d", &o, NULL), 0);
	put(l, 0, 100);
	pin = log_snapshot(l);
	walk = log_iter(pin, 0);
	for (n = 100; n < 1500; n += 20) {
		put(l, n, n + 20);
		assert_true(ring_size(&disk) <= RING);
		if (log_next(&walk, &r) == 1)	/* while it wraps */
			assert_true(r.slot == seen++ && frame_true(&r));
	}
	it = log_iter(pin, 0);
	for (n = 0; n < 100; n++)
		assert_true(log_next(&it, &r) == 1 && r.slot == n &&
			    frame_true(&r));
	assert_true(it.damaged_bytes == 0 && walk.damaged_bytes == 0);
	assert_int_equal(log_release(pin), 0);
	assert_true(ring_check(l) < 1400);
	assert_true(disk.syncs == 0);
	log_close(l);
	disk_fini(&disk);
}

/* ---- real files, another process ---- */

static const char *path(const char *name)
{
	static char p[128];

	snprintf(p, sizeof(p), "%s/%s", dir, name);
	return p;
}

static void write_for_ever(const char *where)
{
	struct log_options o = { .segment_size = SEGMENT,
		.ring_bytes = RING };
	struct log *l;

	if (log_open(&l, where, &o, NULL))
		_exit(1);
	for (uint32_t n = 0;; n += 10)
		put(l, n, n + 10);
}

/* Reads on where it stopped, or where the ring begins by now. */
static uint64_t follow(struct log *l, uint64_t *at, int64_t *last)
{
	struct log_snapshot *s = log_snapshot(l);
	struct log_iter it = log_iter(s, *at);
	struct log_record r;
	uint64_t n = 0;

	for (; log_next(&it, &r) == 1; n++) {
		assert_true(frame_true(&r));
		assert_true((int64_t)r.slot > *last);
		*last = r.slot;
	}
	assert_true(it.damaged_bytes == 0);
	*at = it.at;
	assert_int_equal(log_release(s), 0);
	return n;
}

/* Who opened the folder before the log had an id sees what comes all the same. */
static void test_opened_early(void **state)
{
	struct log_options ro = { .read_only = true };
	struct log_options o = { .segment_size = SEGMENT,
		.ring_bytes = RING };
	const char *where = path("early");
	int64_t last = -1;
	uint64_t at = 0;
	struct log *l, *w;

	(void)state;
	assert_int_equal(mkdir(where, 0755), 0);
	assert_int_equal(log_open(&l, where, &ro, NULL), 0);
	assert_false(log_refresh(l));
	assert_int_equal(log_open(&w, where, &o, NULL), 0);
	put(w, 0, 10);
	assert_true(log_refresh(l));
	assert_int_equal(follow(l, &at, &last), 10);
	log_close(w);
	log_close(l);
}

static void test_follow(void **state)
{
	struct log_options o = { .read_only = true };
	const char *where = path("ring");
	int64_t last = -1;
	uint64_t at = 0, n = 0;
	pid_t pid = fork();
	struct log *l;

	(void)state;
	if (pid == 0)
		write_for_ever(where);
	while (log_open(&l, where, &o, NULL))
		usleep(1000);
	while (last < 100000 && waitpid(pid, NULL, WNOHANG) == 0) {
		log_refresh(l);
		n += follow(l, &at, &last);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_true(last >= 100000);
	log_close(l);
	printf("%llu frames of %lld seen while it wrapped\n",
	       (unsigned long long)n, (long long)last);
}

/* What flight_add took and did not flush is all that a kill takes. */
static void test_killed(void **state)
{
	struct log_options o = { .read_only = true };
	static uint8_t frame[300];
	int done[2], status, e;
	struct log_recovery rec;
	uint32_t sent = 0;
	struct log *l;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(done), 0);
	pid = fork();
	if (pid == 0) {
		struct flight *f = flight_open(path("frames"), &e);
		struct record_frame r = { .wall_ms = 1,
			.frame = SPAN(frame, sizeof(frame)) };

		for (; f && sent < 1000; sent++)
			flight_add(f, &r);
		if (write(done[1], &sent, sizeof(sent)) < 0)
			_exit(1);
		pause();
	}
	assert_int_equal(read(done[0], &sent, sizeof(sent)), sizeof(sent));
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	assert_int_equal(log_open(&l, path("frames"), &o, &rec), 0);
	assert_in_range(rec.records, 1, sent);
	assert_true((sent - rec.records) * (RECORD_FRAME_HEAD + 300) <
		    FLIGHT_FLUSH_BYTES);
	assert_int_equal(rec.damaged_bytes, 0);
	log_close(l);
}

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	char cmd[64];

	(void)state;
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", dir);
	return system(cmd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_power_cuts),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_opened_early),
		cmocka_unit_test(test_follow),
		cmocka_unit_test(test_killed),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
