/* SPDX-License-Identifier: MIT
 *
 * What a question costs: `cairn` as a person starts it, beside a cairnd at work
 * on a log of a million events (those of bench_view.c, in runs of 20), in
 * milliseconds from start to end. The peer is `cairn view --hash` where no
 * cairnd answers, in the same run: it reads all of the log.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/log/log.h"
#include "tests/bench.h"
#include "tests/bench_station.h"

#define EVENTS 1000000u
#define AUTHORS 50u
#define RUN 20u
#define ROUNDS 5
#define WORDS_MAX 4
#define PATH 300

static void log_make(const char *dir)
{
	struct log *log = bench_log_open(dir);
	struct bench_author a[AUTHORS];
	struct random rng = { 7 };
	struct buf b = { 0 };
	uint64_t end;

	for (uint32_t i = 0; i < AUTHORS; i++)
		bench_author_open(log, &a[i], i);
	for (unsigned i = 0; i < EVENTS; i++) {
		struct bench_author *who = &a[i / RUN % AUTHORS];
		uint16_t kind;

		b.len = 0;
		kind = bench_payload(&b, &rng, i);
		bench_author_write(log, who, kind, buf_span(&b),
				   BENCH_WALL_MS + 1000ULL * i);
		if (i % RUN == RUN - 1)
			bench_author_seal(log, who);
		if (i % RUN == RUN - 1 &&
		    log_commit(log, BENCH_WALL_MS + 1000ULL * i, &end))
			bench_fail("the log takes no batch");
	}
	buf_fini(&b);
	if (log_close(log))
		bench_fail("the log cannot be closed");
}

static double ask_ms(char *dir, char *const *words)
{
	char d[] = "-d";
	char *argv[WORDS_MAX + 4] = { "cairn", d, dir };
	double ms[ROUNDS];

	for (unsigned i = 0; i < WORDS_MAX && words[i]; i++)
		argv[3 + i] = words[i];
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t began = clock_read(1).mono_us;

		if (bench_run("cairn", argv))
			bench_fail(words[0]);
		ms[i] = (double)(clock_read(1).mono_us - began) / 1000;
	}
	return bench_median(ms, ROUNDS);
}

/* The same log in a folder where nobody is at work. */
static double read_log_ms(const char *dir)
{
	static char *const all[] = { "view", "--hash", NULL };
	char alone[PATH], link[PATH], log[PATH];
	double ms;

	snprintf(alone, sizeof(alone), "%.200s.alone", dir);
	snprintf(link, sizeof(link), "%.200s.alone/events", dir);
	snprintf(log, sizeof(log), "%.200s/events", dir);
	if (mkdir(alone, 0700) || symlink(log, link))
		bench_fail(alone);
	ms = ask_ms(alone, all);
	unlink(link);
	rmdir(alone);
	return ms;
}

static void ask_all(char *dir)
{
	static char *const questions[][WORDS_MAX] = {
		{ "view", "R-100" }, { "why", "R-100.status" },
		{ "history", "R-100" }, { "log", "-n", "20" },
		{ "log", "--rejected" }, { "forms" }, { "feeds" },
		{ "feeds", "--forks" }, { "conflicts" },
		{ "view" }, { "view", "--hash" },
		{ "view", "--form", "none" },
	};
	double read_ms = read_log_ms(dir);

	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		char *const *w = questions[i];
		char what[80];

		snprintf(what, sizeof(what), "cairn %s%s%s%s%s", w[0],
			 w[1] ? " " : "", w[1] ? w[1] : "",
			 w[1] && w[2] ? " " : "", w[1] && w[2] ? w[2] : "");
		bench_line("ask", what, ask_ms(dir, w), "the log read",
			   read_ms, "ms");
	}
}

void bench_ask(void)
{
	char root[PATH], dir[PATH], d[] = "-d";
	char *const key[] = { "cairn", d, dir, "key", "gen", NULL };
	pid_t pid;

	snprintf(dir, sizeof(dir), "%s", bench_dir());
	snprintf(root, sizeof(root), "%.200s/events", dir);
	mkdir(dir, 0700);
	if (bench_run("cairn", key) != 0)
		bench_fail("cairn key gen");
	log_make(root);
	pid = bench_daemon(dir);
	ask_all(dir);
	bench_daemon_end(pid);
	bench_remove(dir);
}
