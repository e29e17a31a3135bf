/* SPDX-License-Identifier: MIT
 *
 * Stations for benchmarks: see bench_station.h.
 */
#include "tests/bench_station.h"
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "lib/event/record.h"
#include "lib/event/station.h"
#include "lib/log/log.h"
#include "lib/store/history.h"

#define PATH 300

void bench_fail(const char *what)
{
	fprintf(stderr, "bench: %s\n", what);
	exit(1);
}

/* ---- the log ---- */

struct log *bench_log_open(const char *dir)
{
	struct log_options o = { .key = history_key, .topic = history_topic,
		.segment_size = 16u << 20 };
	struct log *log;
	int e = log_open(&log, dir, &o, NULL);

	if (e)
		bench_fail(strerror(-e));
	return log;
}

void bench_author_open(struct log *l, struct bench_author *a, uint32_t slot)
{
	struct station st = { .call = "Q1AAA" };
	uint8_t dataset[DATASET_SIZE], hash[32];
	char label[AUTHOR_LABEL_MAX + 1];
	struct buf b = { 0 };

	*a = (struct bench_author){ .slot = slot };
	crypto_random(a->key, sizeof(a->key));
	crypto_sha256(hash, SPAN(a->key, sizeof(a->key)));
	dataset_id(dataset, SPAN_STR("default"));
	event_id_genesis(a->id, dataset, hash);
	log_append(l, RECORD_AUTHOR, slot, author_label(label, hash));
	memcpy(st.key, a->key, sizeof(st.key));
	station_build(&b, &st);
	bench_author_write(l, a, KIND_STATION, buf_span(&b), BENCH_WALL_MS);
	buf_fini(&b);
}

void bench_author_write(struct log *l, struct bench_author *a, uint16_t kind,
			struct span payload, uint64_t wall_ms)
{
	struct event e = { .kind = kind, .seq = ++a->seq,
		.hlc.wall_ms = wall_ms, .payload = payload };
	uint8_t record[RECORD_EVENT_HEAD + EVENT_PAYLOAD_MAX];

	event_id_next(a->id, a->id, &e);
	memcpy(e.id, a->id, sizeof(e.id));
	if (log_append(l, RECORD_EVENT, a->slot,
		       SPAN(record, record_event_encode(record, &e))))
		bench_fail("the log takes no record");
}

void bench_author_seal(struct log *l, const struct bench_author *a)
{
	uint8_t seal[EVENT_SEAL_SIZE], record[RECORD_SEAL_SIZE];

	crypto_random(seal, sizeof(seal));
	record_seal_encode(record, a->seq, a->id, seal);
	log_append(l, RECORD_SEAL, a->slot, SPAN(record, sizeof(record)));
}

/* ---- the programs ---- */

/* Our own folder: where build/cairnd is, too. */
static const char *program(const char *name)
{
	static char path[PATH];
	char self[PATH];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[n < 0 ? 0 : n] = '\0';
	snprintf(path, sizeof(path), "%.200s/../%s", dirname(self), name);
	return path;
}

pid_t bench_start(const char *name, char *const argv[])
{
	const char *path = program(name);
	pid_t child = fork();

	if (child == 0) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
		execv(path, argv);
		_exit(127);
	}
	return child;
}

int bench_run(const char *name, char *const argv[])
{
	int status = -1;

	waitpid(bench_start(name, argv), &status, 0);
	return status;
}

pid_t bench_daemon(char *dir)
{
	char d[] = "-d";
	char *const status[] = { "cairn", d, dir, "status", NULL },
		*const daemon[] = { "cairnd", d, dir, NULL };
	uint64_t began = clock_read(1).mono_us;
	pid_t pid = bench_start("cairnd", daemon);

	while (bench_run("cairn", status) != 0)
		if (clock_read(1).mono_us - began > 60000000 ||
		    bench_kib(pid, "VmRSS:") < 0)
			bench_fail("cairnd does not start");
	return pid;
}

void bench_daemon_end(pid_t pid)
{
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
}

long bench_kib(pid_t pid, const char *name)
{
	char path[64], line[200];
	size_t n = strlen(name);
	long kib = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, name, n) == 0)
			kib = strtol(line + n, NULL, 10);
	if (f)
		fclose(f);
	return kib;
}
