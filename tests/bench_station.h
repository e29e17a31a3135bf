/* SPDX-License-Identifier: MIT
 *
 * Stations for benchmarks: a log of made-up authors, and the programs beside
 * our own. What fails ends the run.
 *
 * Seals are random bytes here: the log's records were verified when they came
 * in and are not again.
 */
#pragma once
#include <stdint.h>
#include <sys/types.h>
#include "lib/event/event.h"

struct buf;
struct log;
struct random;

#define BENCH_WALL_MS 1800000000000ULL

struct bench_author {
	uint32_t slot;
	uint64_t seq;		/* of its last event */
	uint8_t key[64], id[EVENT_ID_SIZE];
};

#define BENCH_RECORDS 20000

/* The i-th event of a field operation, its payload appended (bench_view.c);
 * returns its kind. */
uint16_t bench_payload(struct buf *b, struct random *rng, unsigned i);

_Noreturn void bench_fail(const char *what);
/* For writing, in DIR, as cairnd does. */
struct log *bench_log_open(const char *dir);
/* Its AUTHOR record and its first event, `station`. */
void bench_author_open(struct log *l, struct bench_author *a, uint32_t slot);
void bench_author_write(struct log *l, struct bench_author *a, uint16_t kind,
			struct span payload, uint64_t wall_ms);
void bench_author_seal(struct log *l, const struct bench_author *a);

/* A program of our own folder, its words thrown away. */
pid_t bench_start(const char *name, char *const argv[]);
int bench_run(const char *name, char *const argv[]); /* its wait status */
/* cairnd in DIR; returns when it answers. */
pid_t bench_daemon(char *dir);
void bench_daemon_end(pid_t pid);
/* A line of /proc/PID/status, in KiB; -1 if it is not there. */
long bench_kib(pid_t pid, const char *name);
