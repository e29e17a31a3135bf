/* SPDX-License-Identifier: MIT
 *
 * A log in a folder of its own, for tests: records that tell what they hold,
 * files as bytes, and a writer that is killed.
 */
#pragma once
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "lib/base/file.h"
#include "lib/log/format.h"
#include "lib/log/log.h"

#define SMALL 65536u
#define FIRST "0000000000000000.seg"

static char top[] = "/dev/shm/cairn-log-XXXXXX";
static char dir[64];
static unsigned dirs;

static const struct log_options small = { .segment_size = SMALL };
static const struct log_options reader = { .segment_size = SMALL,
	.read_only = true };

static inline int fresh_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "%s/%u", top, dirs++);
	return 0;
}

static inline int make_top(void **state)
{
	(void)state;
	if (mkdtemp(top))	/* memory, if there is such a place */
		return 0;
	strcpy(top, "/tmp/cairn-log-XXXXXX");
	return mkdtemp(top) ? 0 : -1;
}

static inline int remove_top(void **state)
{
	char cmd[64];

	(void)state;
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", top);
	return system(cmd);
}

static inline const char *path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static inline struct log *must_open(const struct log_options *o,
			     struct log_recovery *rec)
{
	struct log *l;

	assert_int_equal(log_open(&l, dir, o, rec), 0);
	return l;
}

/* Record n: its number, then as many bytes of it as it says. */
static inline size_t record_fill(uint8_t *p, uint32_t n)
{
	size_t len = 8 + n * 7919 % 300;

	memset(p, (int)n, len);
	memcpy(p, &n, sizeof(n));
	return len;
}

static inline void put(struct log *l, uint32_t n)
{
	uint8_t p[400];
	size_t len = record_fill(p, n);

	assert_int_equal(log_append(l, (uint16_t)(1 + n % 3), n,
				    SPAN(p, len)), 0);
}

static inline void commit(struct log *l, uint32_t from, uint32_t to)
{
	uint64_t end;

	for (uint32_t n = from; n < to; n++)
		put(l, n);
	assert_int_equal(log_commit(l, 1000 + from, &end), 0);
	assert_true(end == log_written(l));
}

static inline void check_record(const struct log_record *r, uint32_t n)
{
	uint8_t p[400];
	size_t len = record_fill(p, n);

	assert_int_equal(r->type, 1 + n % 3);
	assert_int_equal(r->slot, n);
	assert_true(span_equal(r->payload, SPAN(p, len)));
}

/* The log holds exactly the records from .. to - 1. */
static inline void expect(struct log *l, uint32_t from, uint32_t to)
{
	struct log_snapshot *s = log_snapshot(l);
	struct log_iter it = log_iter(s, 0);
	struct log_record r, again;

	for (uint32_t n = from; n < to; n++) {
		assert_int_equal(log_next(&it, &r), 1);
		check_record(&r, n);
		assert_int_equal(log_read(l, r.at, &again), 0);
		check_record(&again, n);
		assert_true(again.wall_ms == r.wall_ms);
	}
	assert_int_equal(log_next(&it, &r), 0);
	assert_int_equal(it.damaged_bytes, 0);
	assert_int_equal(log_release(s), 0);
}

static inline void slurp(const char *name, struct buf *b)
{
	b->len = 0;
	assert_int_equal(file_read(path_of(name), SIZE_MAX, b), 0);
}

static inline void spill(const char *name, struct span s)
{
	FILE *f = fopen(path_of(name), "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(s.p, 1, s.n, f), s.n);
	fclose(f);
}

/* Leaves the folder as a killed process does: fn writes in a child. */
static inline void in_killed_child(void (*fn)(struct log *l), bool tail)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct log *l;

		if (log_open(&l, dir, &small, NULL))
			_exit(1);
		fn(l);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	if (!tail)
		unlink(path_of("tail"));
}

#define T(f) cmocka_unit_test_setup(f, fresh_dir)
