/* SPDX-License-Identifier: MIT
 *
 * `make bench`: runs the benchmarks named as arguments, or all.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "tests/bench.h"

static const struct {
	const char *name;
	void (*run)(void);
} benches[] = {
	{ "kiss", bench_kiss },
	{ "announce", bench_announce },
	{ "ingest", bench_ingest },
};

double bench_rate(bench_fn fn, void *ctx)
{
	uint64_t start = clock_read(1).mono_us;
	uint64_t units = fn(ctx);
	uint64_t took_us = clock_read(1).mono_us - start;

	return (double)units * 1e6 / (double)(took_us ? took_us : 1);
}

void bench_line(const char *bench, const char *what, double cairn,
		const char *peer_name, double peer, const char *unit)
{
	printf("{\"bench\":\"%s\",\"case\":\"%s\",\"cairn\":%.0f,"
	       "\"peer_name\":\"%s\",\"peer\":%.0f,\"ratio\":%.3f,"
	       "\"unit\":\"%s\"}\n", bench, what, cairn, peer_name, peer,
	       peer > 0 ? cairn / peer : 0, unit);
	fflush(stdout);
}

void bench_compare(const char *bench, const char *what, const char *unit,
		   bench_fn ours, const char *peer_name, bench_fn peer,
		   void *ctx, unsigned rounds)
{
	double best = 0, peer_best = 0;

	for (unsigned i = 0; i < rounds; i++) {
		double a = bench_rate(ours, ctx), b = bench_rate(peer, ctx);

		best = a > best ? a : best;
		peer_best = b > peer_best ? b : peer_best;
	}
	bench_line(bench, what, best, peer_name, peer_best, unit);
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
