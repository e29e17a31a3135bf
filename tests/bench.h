/* SPDX-License-Identifier: MIT
 *
 * The benchmarks' frame. A figure is measured beside its peers in the same
 * run: rounds that alternate, the median of each one's, and one JSON line a
 * peer: {bench, case, cairn, peer_name, peer, ratio, unit}. ratio is
 * cairn / peer; a figure without a peer has peer_name "none".
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define BENCH_ROUNDS_MAX 16

/* One round; returns units done (frames, announces, events). */
typedef uint64_t (*bench_fn)(void *ctx);

struct bench_runner {
	const char *name;
	bench_fn run;
};

/* The runners in turn, `rounds` times; a line for each but the first, which
 * is ours. Rates, in units/s. */
void bench_compare_all(const char *bench, const char *what, const char *unit,
		       const struct bench_runner *r, size_t n, void *ctx,
		       unsigned rounds);
void bench_compare(const char *bench, const char *what, const char *unit,
		   bench_fn ours, const char *peer_name, bench_fn peer,
		   void *ctx, unsigned rounds);
double bench_rate(bench_fn fn, void *ctx);
double bench_median(double *v, size_t n); /* sorts v */
void bench_line(const char *bench, const char *what, double cairn,
		const char *peer_name, double peer, const char *unit);

/* A path for files, below $BENCH_DIR or /var/tmp; the same in one process. */
const char *bench_dir(void);
void bench_remove(const char *path); /* with what is in it */

void bench_kiss(void);
void bench_decode(void);
void bench_announce(void);
void bench_ask(void);
void bench_ingest(void);
void bench_log(void);
void bench_memory(void);
void bench_sync(void);
void bench_view(void);
void bench_content(void);
