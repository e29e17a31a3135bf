/* SPDX-License-Identifier: MIT
 *
 * What a station takes: cairnd is started on a log that holds so many authors
 * of three events each, and its own memory read from /proc: RssAnon, what is
 * not mapped from files (the log's map costs nothing that the kernel could
 * not take back), and how long it took to answer. For more authors than cairnd
 * admits, the same node is loaded in a process of its own.
 *
 * Seals are random bytes here: the log's records were verified when they came
 * in and are not again.
 */
#include <fcntl.h>
#include <libgen.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "lib/event/payload.h"
#include "lib/event/record.h"
#include "lib/event/station.h"
#include "lib/log/log.h"
#include "lib/node/node.h"
#include "lib/store/history.h"
#include "tests/bench.h"

#define EVENTS 3
#define WALL_MS 1800000000000ULL
#define PATH 300

static void fail(const char *what)
{
	fprintf(stderr, "bench: memory: %s\n", what);
	exit(1);
}

/* ---- the log ---- */

static void payload_make(struct buf *b, struct event *e, uint32_t slot,
			 const uint8_t key[64])
{
	struct station st = { .call = "Q1AAA" };
	char text[16];

	b->len = 0;
	e->kind = e->seq == 1 ? KIND_STATION : KIND_FIELD_SET;
	if (e->seq == 1) {
		memcpy(st.key, key, sizeof(st.key));
		station_build(b, &st);
	} else {
		snprintf(text, sizeof(text), "R-%u", slot);
		payload_put_map(b, 3);
		payload_put_uint(b, KEY_RECORD);
		payload_put_text(b, SPAN_STR(text));
		payload_put_uint(b, KEY_FIELD);
		payload_put_text(b, SPAN_STR(e->seq == 2 ? "status" :
					     "water_level_cm"));
		payload_put_uint(b, KEY_VALUE);
		payload_put_uint(b, slot % 500);
	}
	e->payload = buf_span(b);
}

static void feed_write(struct log *log, uint32_t slot,
		       const uint8_t dataset[DATASET_SIZE], struct buf *b)
{
	uint8_t key[64], hash[32], id[EVENT_ID_SIZE], seal[EVENT_SEAL_SIZE],
		record[RECORD_EVENT_HEAD + 256];
	char label[AUTHOR_LABEL_MAX + 1];
	struct event e = { .hlc.wall_ms = WALL_MS };

	crypto_random(key, sizeof(key));
	crypto_sha256(hash, SPAN(key, sizeof(key)));
	event_id_genesis(id, dataset, hash);
	log_append(log, RECORD_AUTHOR, slot, author_label(label, hash));
	while (e.seq < EVENTS) {
		e.seq++;
		payload_make(b, &e, slot, key);
		event_id_next(id, id, &e);
		memcpy(e.id, id, sizeof(id));
		log_append(log, RECORD_EVENT, slot,
			   SPAN(record, record_event_encode(record, &e)));
	}
	crypto_random(seal, sizeof(seal));
	record_seal_encode(record, e.seq, id, seal);
	log_append(log, RECORD_SEAL, slot, SPAN(record, RECORD_SEAL_SIZE));
}

static void log_make(const char *dir, uint32_t authors)
{
	struct log_options o = { .key = history_key,
		.segment_size = 16u << 20 };
	uint8_t dataset[DATASET_SIZE];
	struct buf b = { 0 };
	struct log *log;
	uint64_t end;
	int e = log_open(&log, dir, &o, NULL);

	dataset_id(dataset, SPAN_STR("default"));
	for (uint32_t slot = 0; !e && slot < authors; slot++) {
		feed_write(log, slot, dataset, &b);
		e = log_commit(log, WALL_MS, &end);
	}
	if (!e)
		e = log_close(log);
	if (e)
		fail(strerror(-e));
	buf_fini(&b);
}

/* ---- the daemon ---- */

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

static pid_t start(const char *name, char *const argv[])
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

static int run(const char *name, char *const argv[])
{
	int status = -1;

	waitpid(start(name, argv), &status, 0);
	return status;
}

/* A line of /proc/PID/status, in KiB. */
static long process_kib(pid_t pid, const char *name)
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

static void memory_case(uint32_t authors)
{
	char root[PATH], dir[PATH], d[] = "-d", what[80];
	char *const key[] = { "cairn", d, dir, "key", "gen", NULL },
		*const status[] = { "cairn", d, dir, "status", NULL },
		*const daemon[] = { "cairnd", d, dir, NULL };
	uint64_t began;
	pid_t pid;

	snprintf(dir, sizeof(dir), "%s", bench_dir());
	snprintf(root, sizeof(root), "%.200s/events", dir);
	mkdir(dir, 0700);
	if (run("cairn", key) != 0)
		fail("cairn key gen");
	log_make(root, authors);
	began = clock_read(1).mono_us;
	pid = start("cairnd", daemon);
	while (run("cairn", status) != 0)
		if (clock_read(1).mono_us - began > 60000000 ||
		    process_kib(pid, "VmRSS:") < 0)
			fail("cairnd does not start");
	snprintf(what, sizeof(what), "cairnd answers, %u authors", authors);
	bench_line("memory", what,
		   (double)(clock_read(1).mono_us - began) / 1000, "none", 0,
		   "ms");
	snprintf(what, sizeof(what), "RssAnon of cairnd, %u authors", authors);
	bench_line("memory", what, (double)process_kib(pid, "RssAnon:"),
		   "none", 0, "KiB");
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	bench_remove(dir);
}

/* ---- the node alone ---- */

static int load(void *ctx, const struct log_record *r)
{
	return node_load(ctx, r->type, r->slot, r->payload);
}

static struct node *node_loaded_from(struct log *log, uint32_t authors)
{
	static struct history h;
	struct node_config c = { .callsign = "N0CALL", .dataset = "default",
		.authors_max = authors };
	struct clock_now now = { 1000000, WALL_MS, true };
	struct log_snapshot *s = log_snapshot(log);
	struct node *n;

	history_init(&h, log);
	rns_identity_generate(&c.identity);
	c.store = history_store(&h);
	n = node_new(&c, now);
	if (history_scan(&h, s, load, n) || log_release(s) ||
	    node_loaded(n, SPAN(NULL, 0), true, now))
		fail("the node does not load");
	return n;
}

static void node_case(uint32_t authors)
{
	const struct log_options o = { .key = history_key,
		.read_only = true };
	char dir[PATH], what[80];
	long before;
	struct log *log;
	pid_t child;

	snprintf(dir, sizeof(dir), "%s", bench_dir());
	snprintf(what, sizeof(what), "RssAnon of a node, %u authors", authors);
	log_make(dir, authors);
	child = fork();
	if (child == 0) {
		malloc_trim(0);	/* no room that earlier cases left */
		before = process_kib(getpid(), "RssAnon:");
		if (log_open(&log, dir, &o, NULL) ||
		    !node_loaded_from(log, authors))
			_exit(1);
		bench_line("memory", what,
			   (double)(process_kib(getpid(), "RssAnon:") - before),
			   "none", 0, "KiB");
		_exit(0);
	}
	waitpid(child, NULL, 0);
	bench_remove(dir);
}

void bench_memory(void)
{
	memory_case(0);
	memory_case(1000);
	memory_case(10000);
	node_case(1000);
	node_case(100000);
}
