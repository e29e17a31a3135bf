/* SPDX-License-Identifier: MIT
 *
 * Cairn's log as a back end of the outside harness that measures other logs
 * (tests/bench_run.sh): the side of tests/bench_log_cairn.c in its terms.
 */
#include <logbench.h>
#include "tests/bench_log.h"

static void *cairn_open(const char *dir, bool durable)
{
	return bench_log_cairn.open(dir, durable);
}

static void cairn_append(void *h, const unsigned char *p, size_t n, size_t len)
{
	bench_log_cairn.append(h, p, n, len);
}

static uint64_t cairn_count(void *h)
{
	return bench_log_cairn.count(h);
}

static uint64_t cairn_scan(void *h, uint64_t *n)
{
	return bench_log_cairn.scan(h, n);
}

static void cairn_close(void *h)
{
	bench_log_cairn.close(h);
}

const struct backend backend_cairn = {
	"cairn", "segments zeroed ahead, in append()", cairn_open,
	cairn_append, cairn_count, cairn_scan, cairn_close,
};
