/* SPDX-License-Identifier: MIT
 *
 * `make bench`: runs the benchmarks named as arguments, or all.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "tests/bench.h"

static const struct {
	const char *name;
	void (*run)(void);
} benches[] = {
	{ "kiss", bench_kiss },
	{ "decode", bench_decode },
	{ "announce", bench_announce },
	{ "log", bench_log },
	{ "ingest", bench_ingest },
	{ "memory", bench_memory },
	{ "sync", bench_sync },
	{ "view", bench_view },
	{ "content", bench_content },
	{ "ask", bench_ask },
};

double bench_rate(bench_fn fn, void *ctx)
{
	uint64_t start = clock_read(1).mono_us;
	uint64_t units = fn(ctx);
	uint64_t took_us = clock_read(1).mono_us - start;

	return (double)units * 1e6 / (double)(took_us ? took_us : 1);
}

static int compare_double(const void *a, const void *b)
{
	double x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x > y) - (x < y);
}

double bench_median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), compare_double);
	return n ? v[n / 2] : 0;
}

void bench_line(const char *bench, const char *what, double cairn,
		const char *peer_name, double peer, const char *unit)
{
	printf("{\"bench\":\"%s\",\"case\":\"%s\",\"cairn\":%.10g,"
	       "\"peer_name\":\"%s\",\"peer\":%.10g,\"ratio\":%.3f,"
	       "\"unit\":\"%s\"}\n", bench, what, cairn, peer_name, peer,
	       peer > 0 ? cairn / peer : 0, unit);
	fflush(stdout);
}

void bench_compare_all(const char *bench, const char *what, const char *unit,
		       const struct bench_runner *r, size_t n, void *ctx,
		       unsigned rounds)
{
	double *rate = calloc(n * BENCH_ROUNDS_MAX, sizeof(*rate)), ours;

	for (unsigned k = 0; k < rounds && k < BENCH_ROUNDS_MAX; k++)
		for (size_t i = 0; i < n; i++)
			rate[i * BENCH_ROUNDS_MAX + k] = bench_rate(r[i].run,
								    ctx);
	ours = bench_median(rate, rounds);
	for (size_t i = 1; i < n; i++)
		bench_line(bench, what, ours, r[i].name,
			   bench_median(rate + i * BENCH_ROUNDS_MAX, rounds),
			   unit);
	free(rate);
}

void bench_compare(const char *bench, const char *what, const char *unit,
		   bench_fn ours, const char *peer_name, bench_fn peer,
		   void *ctx, unsigned rounds)
{
	const struct bench_runner both[] = {
		{ "cairn", ours }, { peer_name, peer },
	};

	bench_compare_all(bench, what, unit, both, 2, ctx, rounds);
}

/* ---- files ---- */

const char *bench_dir(void)
{
	static char dir[200];
	const char *base = getenv("BENCH_DIR");

	snprintf(dir, sizeof(dir), "%s/cairn-bench-%d",
		 base ? base : "/var/tmp", (int)getpid());
	return dir;
}

void bench_remove(const char *path)
{
	pid_t child = fork();

	if (child == 0) {
		execlp("rm", "rm", "-rf", "--", path, (char *)NULL);
		_exit(127);
	}
	if (child > 0)
		waitpid(child, NULL, 0);
}

static int wanted(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return 1;
	return argc == 1;
}

int main(int argc, char **argv)
{
	if (crypto_init() < 0)
		return 1;
	for (size_t i = 0; i < sizeof(benches) / sizeof(benches[0]); i++)
		if (wanted(benches[i].name, argc, argv))
			benches[i].run();
	return 0;
}
