/* SPDX-License-Identifier: MIT
 *
 * A log under measurement: Cairn's, and the loop a careful programmer would
 * write. Calls end the process when they fail. Also what tests/peers/
 * backend_cairn.c hands to an outside harness.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bench_log {
	const char *name;
	/* durable: append() returns when it would survive a power cut */
	void *(*open)(const char *dir, bool durable);
	/* n records of len bytes, one after the other, and one commit */
	void (*append)(void *h, const uint8_t *p, size_t n, size_t len);
	uint64_t (*count)(void *h); /* records, as known after open */
	/* Every byte of every record: their sum, *n the records. */
	uint64_t (*scan)(void *h, uint64_t *n);
	/* Of the disk, without what is zeroed ahead. */
	uint64_t (*bytes)(void *h);
	void (*close)(void *h);
};
extern const struct bench_log bench_log_cairn, bench_log_indexed,
	bench_log_plain;

/* Adds all bytes up, eight at a time. */
static inline uint64_t bench_sum(const uint8_t *p, size_t n)
{
	uint64_t sum = 0, word;

	for (; n >= sizeof(word); p += sizeof(word), n -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		sum += word;
	}
	while (n--)
		sum += *p++;
	return sum;
}
