/* SPDX-License-Identifier: MIT
 *
 * A process that writes a log on a real disk until that goes wrong, for
 * tests/e2e_log_disk.sh.
 *
 * torture_fill write DIR [BYTES]  appends and syncs; says "N" after each sync.
 *     At the first error says "error NAME", reads all that was acknowledged,
 *     says "readable"; after a full disk waits for a line on stdin, goes on
 *     and says "goes on". BYTES: then no file may be longer.
 * torture_fill check DIR N        at least the records 0 .. N - 1 are there,
 *     for a reader and for a writer, and more can be appended.
 * torture_fill ring DIR           a flight recorder that hears a frame every
 *     50 ms and is flushed as cairnd does it.
 * torture_fill newest DIR         the time of the last frame there, Unix ms.
 * torture_fill stop DIR           stops the file system under DIR, as a power
 *     cut does: what was not synced is gone (ext4).
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>
#include "daemon/flight.h"
#include "lib/base/clock.h"
#include "lib/log/log.h"
#include "tests/numbered.h"

#define SEGMENT (1u << 20)
#define FOR_EVER (64u << 20)	/* records */
#define EXT4_SHUTDOWN _IOR('X', 125, uint32_t)
#define EXT4_SHUTDOWN_NO_FLUSH 2u

static const struct log_options writer = { .segment_size = SEGMENT };
static const struct log_options reader = { .segment_size = SEGMENT,
	.read_only = true };

static int say(const char *text)
{
	puts(text);
	return fflush(stdout);
}

static int bad(const char *what, uint64_t n)
{
	printf("BAD: %s %llu\n", what, (unsigned long long)n);
	return 1;
}

/* All records stand in order from 0; how many, or -1. */
static int64_t count(struct log *l)
{
	struct log_snapshot *s = log_snapshot(l);
	struct log_iter it = log_iter(s, 0);
	struct log_record r;
	int64_t n = 0;

	while (n >= 0 && log_next(&it, &r) == 1)
		n = numbered_is(&r, (uint64_t)n, NUMBERED_MAX) ? n + 1 : -1;
	if (it.damaged_bytes)
		n = -1;
	return log_release(s) ? -1 : n;
}

static int append_ten(struct log *l, uint64_t n)
{
	uint8_t p[NUMBERED_MAX + 8];
	uint64_t end;

	for (uint64_t i = n; i < n + 10; i++) {
		uint32_t len = numbered_fill(p, i, NUMBERED_MAX);
		int e = log_append(l, 1, (uint32_t)i, SPAN(p, len));

		if (e)
			return e;
	}
	return log_commit(l, 1, &end);
}

/* Room was made: the transaction that was kept goes out. */
static int go_on(struct log *l, uint64_t acked)
{
	uint64_t end;

	if (getchar() == EOF)
		return bad("nobody made room after", acked);
	if (log_failed(l) || log_commit(l, 1, &end) || log_sync(l))
		return bad("it does not go on after", acked);
	if (count(l) != (int64_t)acked + 10)
		return bad("what was written after room was made", acked);
	say("goes on");
	return log_close(l) ? bad("close after", acked) : 0;
}

static void limit(const char *bytes)
{
	rlim_t n = strtoul(bytes, NULL, 10);
	struct rlimit r = { n, n };

	setrlimit(RLIMIT_FSIZE, &r);
	signal(SIGXFSZ, SIG_IGN);	/* then it is an error */
}

static int write_until_error(const char *dir, const char *bytes)
{
	struct log *l;
	uint64_t acked;
	int e = log_open(&l, dir, &writer, NULL);

	if (e)
		return printf("error %s\n", strerrorname_np(-e)), 3;
	if (bytes)
		limit(bytes);
	acked = (uint64_t)count(l);
	while (acked < FOR_EVER) {
		log_prepare(l);
		e = append_ten(l, acked);
		if (!e)
			e = log_sync(l);
		if (e)
			break;
		acked += 10;
		printf("%llu\n", (unsigned long long)acked);
		fflush(stdout);
	}
	printf("error %s\n", strerrorname_np(-e));
	if (count(l) != (int64_t)acked)
		return bad("not all can be read of", acked);
	say("readable");
	if (e == -ENOSPC && !log_failed(l))
		return go_on(l, acked);
	log_close(l);	/* says the error again */
	return 0;
}

static int check(const char *dir, int64_t acked)
{
	struct log_recovery rec;
	struct log *l;
	int64_t n;

	if (log_open(&l, dir, &reader, &rec))
		return bad("a reader cannot open", 0);
	n = count(l);
	if (n < acked || rec.damaged_bytes)
		return bad("a reader sees too little of", (uint64_t)acked);
	log_close(l);
	if (log_open(&l, dir, &writer, &rec))
		return bad("a writer cannot open", 0);
	n = count(l);
	if (n < acked || rec.damaged_bytes || rec.lost_segments)
		return bad("a writer sees too little of", (uint64_t)acked);
	if (append_ten(l, (uint64_t)n) || log_sync(l) || count(l) != n + 10)
		return bad("it cannot be written to at", (uint64_t)n);
	printf("%lld there, %lld acknowledged\n", (long long)n,
	       (long long)acked);
	return log_close(l) ? bad("close", 0) : 0;
}

static uint64_t now_ms(void)
{
	return clock_read(1).wall_ms;
}

static int ring(const char *dir)
{
	uint64_t flushed_ms = now_ms();
	int e;
	struct flight *f = flight_open(dir, &e);

	if (!f)
		return bad("a recorder cannot open", (uint64_t)-e);
	while (flight_lost(f) == 0) {
		struct record_frame r = { .wall_ms = now_ms(),
			.frame = SPAN_STR("a frame of some length") };

		flight_add(f, &r);
		if (r.wall_ms - flushed_ms >= FLIGHT_FLUSH_S * 1000) {
			flight_flush(f, r.wall_ms);
			flushed_ms = r.wall_ms;
		}
		usleep(50000);
	}
	flight_close(f);
	return 0;
}

static int newest(const char *dir)
{
	struct log_options o = { .read_only = true, .ring_bytes = 1u << 24 };
	uint64_t last_ms = 0;
	struct record_frame f;
	struct log_record r;
	struct log *l;

	if (log_open(&l, dir, &o, NULL))
		return bad("the recorder cannot be read", 0);
	struct log_snapshot *s = log_snapshot(l);
	struct log_iter it = log_iter(s, 0);

	while (log_next(&it, &r) == 1)
		if (record_frame_decode(r.payload, &f) == 0)
			last_ms = f.wall_ms;
	log_release(s);
	printf("%llu\n", (unsigned long long)last_ms);
	return log_close(l);
}

static int stop(const char *dir)
{
	uint32_t how = EXT4_SHUTDOWN_NO_FLUSH;
	int fd = open(dir, O_RDONLY | O_DIRECTORY);

	if (fd >= 0 && ioctl(fd, EXT4_SHUTDOWN, &how) == 0)
		return 0;
	perror(dir);
	return 77;
}

int main(int argc, char **argv)
{
	if (argc >= 3 && !strcmp(argv[1], "write"))
		return write_until_error(argv[2], argv[3]);
	if (argc == 4 && !strcmp(argv[1], "check"))
		return check(argv[2], atoll(argv[3]));
	if (argc == 3 && !strcmp(argv[1], "stop"))
		return stop(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "ring"))
		return ring(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "newest"))
		return newest(argv[2]);
	fprintf(stderr, "usage: see the first lines of tests/torture_fill.c\n");
	return 2;
}
