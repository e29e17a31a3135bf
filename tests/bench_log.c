/* SPDX-License-Identifier: MIT
 *
 * The log beside plain write + fdatasync: appending at several batch sizes,
 * scanning, opening again after a good and a bad end, and what it takes on
 * the disk. Records of 200 bytes, incompressible but for their number, with the
 * index that events/ has. Every run is read back and must hold what was
 * written. Other peers: tests/bench_run.sh.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/base/bytes.h"
#include "lib/base/clock.h"
#include "tests/bench.h"
#include "tests/bench_log.h"

#define LEN 200
#define MILLION 1000000
#define ROUNDS 5
#define BATCH_MAX 4096

static const struct bench_log *const sides[] = {
	&bench_log_indexed, &bench_log_plain
};
#define SIDES (sizeof(sides) / sizeof(sides[0]))

/* One run: n records of len bytes, in batches, committed `durable` or not. */
struct plan {
	size_t n, batch, len;
	bool durable;
};

static uint64_t now_us(void)
{
	return clock_read(1).mono_us;
}

static uint64_t random_next(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

static void fill(uint8_t *p, size_t n, uint64_t *seed)
{
	uint64_t word;

	for (; n >= sizeof(word); p += sizeof(word), n -= sizeof(word)) {
		word = random_next(seed);
		memcpy(p, &word, sizeof(word));
	}
	while (n--)
		*p++ = (uint8_t)random_next(seed);
}

/* ---- writing ---- */

/* What a run of one side gave. */
struct run {
	uint64_t sum;
	double rate;		/* records/s inside append() */
	double p50_us, p99_us;	/* of a commit */
};

static uint64_t write_batches(void *h, const struct bench_log *side,
			      const struct plan *plan, double *took_us)
{
	static uint8_t records[BATCH_MAX * LEN];
	uint64_t seed = 1, sum = 0, start;
	size_t k = 0;

	for (size_t left = plan->n; left > 0; k++) {
		size_t n = left < plan->batch ? left : plan->batch;

		fill(records, n * plan->len, &seed);
		for (size_t i = 0; i < n; i++) {
			uint8_t *p = records + i * plan->len;

			le_put(p, 8, plan->n - left + i);
			sum += bench_sum(p, plan->len);
		}
		start = now_us();
		side->append(h, records, n, plan->len);
		took_us[k] = (double)(now_us() - start);
		left -= n;
	}
	return sum;
}

static struct run write_run(const struct bench_log *side, const char *dir,
			    const struct plan *plan, bool clean)
{
	size_t commits = (plan->n + plan->batch - 1) / plan->batch;
	double *took_us = calloc(commits, sizeof(*took_us)), sum_us = 0;
	struct run run;
	void *h;

	sync(); /* of what came before */
	h = side->open(dir, plan->durable);
	run.sum = write_batches(h, side, plan, took_us);
	for (size_t i = 0; i < commits; i++)
		sum_us += took_us[i];
	run.rate = (double)plan->n * 1e6 / sum_us;
	run.p50_us = bench_median(took_us, commits);	/* sorts */
	run.p99_us = took_us[commits * 99 / 100];
	free(took_us);
	if (clean)
		side->close(h);
	return run;
}

static void verify(const struct bench_log *side, void *h,
		   const struct plan *plan, uint64_t sum)
{
	uint64_t n;

	if (side->scan(h, &n) == sum && n == plan->n &&
	    side->count(h) == plan->n)
		return;
	fprintf(stderr, "bench: %s does not hold what was written\n",
		side->name);
	exit(1);
}

/* ---- append ---- */

static struct run append_round(const struct bench_log *side,
			       const struct plan *plan)
{
	const char *dir = bench_dir();
	struct run run = write_run(side, dir, plan, true);
	void *h = side->open(dir, plan->durable);

	verify(side, h, plan, run.sum);
	side->close(h);
	bench_remove(dir);
	return run;
}

/* The medians of one member of struct run. */
static void append_line(const char *what, const struct plan *plan,
			struct run runs[SIDES][ROUNDS], size_t member,
			const char *unit)
{
	double v[ROUNDS], median[SIDES];
	char name[80];

	for (size_t i = 0; i < SIDES; i++) {
		for (unsigned k = 0; k < ROUNDS; k++)
			memcpy(&v[k], (char *)&runs[i][k] + member,
			       sizeof(v[k]));
		median[i] = bench_median(v, ROUNDS);
	}
	snprintf(name, sizeof(name), "%s, %zu a batch", what, plan->batch);
	bench_line("log", name, median[0], sides[1]->name, median[1], unit);
}

static void append_case(const char *what, const struct plan *plan)
{
	struct run runs[SIDES][ROUNDS];

	for (unsigned k = 0; k < ROUNDS; k++)
		for (size_t i = 0; i < SIDES; i++)
			runs[i][k] = append_round(sides[i], plan);
	append_line(what, plan, runs, offsetof(struct run, rate), "records/s");
	if (!plan->durable)
		return;
	append_line("commit p50", plan, runs, offsetof(struct run, p50_us),
		    "us");
	append_line("commit p99", plan, runs, offsetof(struct run, p99_us),
		    "us");
}

static void bench_append(void)
{
	static const struct plan durable[] = {
		{ 5000, 1, LEN, true }, { 40000, 16, LEN, true },
		{ 500000, 256, LEN, true }, { MILLION, 4096, LEN, true },
	};
	static const struct plan not_durable = { MILLION, 256, LEN, false };

	for (size_t i = 0; i < sizeof(durable) / sizeof(durable[0]); i++)
		append_case("append durable", &durable[i]);
	append_case("append not durable", &not_durable);
}

/* ---- opening again, scanning, what it takes ---- */

struct figures {
	double open_ms[ROUNDS], first[ROUNDS], again[ROUNDS];
	double per_payload;
};

/* In a child: it may end without closing, as in a crash. */
static uint64_t write_child(const struct bench_log *side, const char *dir,
			    const struct plan *plan, bool clean)
{
	int fd[2], status = 1;
	uint64_t sum;
	pid_t child;

	if (pipe(fd) < 0 || (child = fork()) < 0)
		exit(1);
	if (child == 0) {
		sum = write_run(side, dir, plan, clean).sum;
		_exit(write(fd[1], &sum, sizeof(sum)) != sizeof(sum));
	}
	if (read(fd[0], &sum, sizeof(sum)) != sizeof(sum) ||
	    waitpid(child, &status, 0) < 0 || status != 0)
		exit(1);
	close(fd[0]);
	close(fd[1]);
	return sum;
}

static double scan_rate(const struct bench_log *side, void *h,
			const struct plan *plan, uint64_t sum)
{
	uint64_t start = now_us();

	verify(side, h, plan, sum);
	return (double)plan->n * 1e6 / (double)(now_us() - start);
}

static void reopen_round(const struct bench_log *side, const struct plan *plan,
			 bool clean, struct figures *f, unsigned k)
{
	const char *dir = bench_dir();
	uint64_t sum = write_child(side, dir, plan, clean), start = now_us();
	void *h = side->open(dir, plan->durable);

	f->open_ms[k] = (double)(now_us() - start) / 1000;
	f->first[k] = scan_rate(side, h, plan, sum);
	f->again[k] = scan_rate(side, h, plan, sum);
	f->per_payload = (double)side->bytes(h) /
			 (double)(plan->n * plan->len);
	side->close(h);
	bench_remove(dir);
}

static void reopen(const struct plan *plan, bool clean,
		   struct figures f[SIDES])
{
	for (unsigned k = 0; k < ROUNDS; k++)
		for (size_t i = 0; i < SIDES; i++)
			reopen_round(sides[i], plan, clean, &f[i], k);
}

static void reopen_line(const char *what, struct figures f[SIDES])
{
	bench_line("log", what, bench_median(f[0].open_ms, ROUNDS),
		   sides[1]->name, bench_median(f[1].open_ms, ROUNDS), "ms");
}

static void disk_line(const char *what, const struct figures f[SIDES])
{
	bench_line("log", what, f[0].per_payload, sides[1]->name,
		   f[1].per_payload, "bytes/byte of payload");
}

static void bench_reopen(void)
{
	static const struct plan plan = { MILLION, 256, LEN, true },
		small = { MILLION, 256, 40, true };
	struct figures f[SIDES];

	reopen(&plan, false, f);
	reopen_line("reopen after a crash, 1 M records", f);
	reopen(&plan, true, f);
	reopen_line("reopen after a clean end, 1 M records", f);
	bench_line("log", "scan, first (verifies)",
		   bench_median(f[0].first, ROUNDS), sides[1]->name,
		   bench_median(f[1].first, ROUNDS), "records/s");
	bench_line("log", "scan, warm",
		   bench_median(f[0].again, ROUNDS), sides[1]->name,
		   bench_median(f[1].again, ROUNDS), "records/s");
	disk_line("disk, 200-byte records, 256 a batch", f);
	reopen(&small, true, f);
	disk_line("disk, 40-byte records, 256 a batch", f);
}

void bench_log(void)
{
	bench_append();
	bench_reopen();
}
