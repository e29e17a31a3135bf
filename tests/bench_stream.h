/* SPDX-License-Identifier: MIT
 *
 * What a TNC would hand over in a catch-up: KISS bytes with the generations of
 * 64 authors' feeds, each run sealed by its author.
 */
#pragma once
#include "lib/base/buf.h"

struct bench_stream {
	struct buf bytes;
	uint64_t events;
};

/* At least that many events; parts: the lengths of the runs (<= 127) in which
 * an author's events come, one after the other. */
void bench_stream_make(struct bench_stream *s, const unsigned *parts,
		       size_t n, uint64_t events);
