/* SPDX-License-Identifier: MIT
 *
 * What a station takes: cairnd is started on a log that holds so many authors
 * of three events each, and its own memory read from /proc: RssAnon, what is
 * not mapped from files (the log's map costs nothing that the kernel could
 * not take back), and how long it took to answer. For more authors than cairnd
 * admits, the same node is loaded in a process of its own.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/event/payload.h"
#include "lib/log/log.h"
#include "lib/node/node.h"
#include "lib/store/history.h"
#include "tests/bench.h"
#include "tests/bench_station.h"

#define EVENTS 3
#define PATH 300

/* ---- the log ---- */

static void field_write(struct log *l, struct bench_author *a,
			struct buf *b)
{
	char text[16];

	b->len = 0;
	snprintf(text, sizeof(text), "R-%u", a->slot);
	payload_put_map(b, 3);
	payload_put_uint(b, KEY_RECORD);
	payload_put_text(b, SPAN_STR(text));
	payload_put_uint(b, KEY_FIELD);
	payload_put_text(b, SPAN_STR(a->seq == 1 ? "status" :
				     "water_level_cm"));
	payload_put_uint(b, KEY_VALUE);
	payload_put_uint(b, a->slot % 500);
	bench_author_write(l, a, KIND_FIELD_SET, buf_span(b), BENCH_WALL_MS);
}

static void log_make(const char *dir, uint32_t authors)
{
	struct log *log = bench_log_open(dir);
	struct bench_author a;
	struct buf b = { 0 };
	uint64_t end;
	int e = 0;

	for (uint32_t slot = 0; !e && slot < authors; slot++) {
		bench_author_open(log, &a, slot);
		while (a.seq < EVENTS)
			field_write(log, &a, &b);
		bench_author_seal(log, &a);
		e = log_commit(log, BENCH_WALL_MS, &end);
	}
	if (!e)
		e = log_close(log);
	if (e)
		bench_fail(strerror(-e));
	buf_fini(&b);
}

/* ---- the daemon ---- */

static void memory_case(uint32_t authors)
{
	char root[PATH], dir[PATH], d[] = "-d", what[80];
	char *const key[] = { "cairn", d, dir, "key", "gen", NULL };
	uint64_t began;
	pid_t pid;

	snprintf(dir, sizeof(dir), "%s", bench_dir());
	snprintf(root, sizeof(root), "%.200s/events", dir);
	mkdir(dir, 0700);
	if (bench_run("cairn", key) != 0)
		bench_fail("cairn key gen");
	log_make(root, authors);
	began = clock_read(1).mono_us;
	pid = bench_daemon(dir);
	snprintf(what, sizeof(what), "cairnd answers, %u authors", authors);
	bench_line("memory", what,
		   (double)(clock_read(1).mono_us - began) / 1000, "none", 0,
		   "ms");
	snprintf(what, sizeof(what), "RssAnon of cairnd, %u authors", authors);
	bench_line("memory", what, (double)bench_kib(pid, "RssAnon:"),
		   "none", 0, "KiB");
	bench_daemon_end(pid);
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
	struct clock_now now = { 1000000, BENCH_WALL_MS, true };
	struct log_snapshot *s = log_snapshot(log);
	struct node *n;

	history_init(&h, log);
	rns_identity_generate(&c.identity);
	c.store = history_store(&h);
	n = node_new(&c, now);
	if (history_scan(&h, s, load, n) || log_release(s) ||
	    node_loaded(n, SPAN(NULL, 0), true, now))
		bench_fail("the node does not load");
	return n;
}

static void node_case(uint32_t authors)
{
	const struct log_options o = { .key = history_key, .topic = history_topic,
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
		before = bench_kib(getpid(), "RssAnon:");
		if (log_open(&log, dir, &o, NULL) ||
		    !node_loaded_from(log, authors))
			_exit(1);
		bench_line("memory", what,
			   (double)(bench_kib(getpid(), "RssAnon:") - before),
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
