/* SPDX-License-Identifier: MIT
 *
 * The benchmarks' frame: each figure is measured beside a peer in the same
 * run, best of a few alternating rounds, and printed as one JSON line
 * {bench, case, cairn, peer_name, peer, ratio, unit}.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* One round; returns units done (frames, announces, events). */
typedef uint64_t (*bench_fn)(void *ctx);

/* Alternates ours and the peer's `rounds` times, takes each one's best rate
 * and prints the line. */
void bench_compare(const char *bench, const char *what, const char *unit,
		   bench_fn ours, const char *peer_name, bench_fn peer,
		   void *ctx, unsigned rounds);
double bench_rate(bench_fn fn, void *ctx);
void bench_line(const char *bench, const char *what, double cairn,
		const char *peer_name, double peer, const char *unit);

void bench_kiss(void);
void bench_announce(void);
void bench_ingest(void);
