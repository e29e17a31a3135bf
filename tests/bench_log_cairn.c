/* SPDX-License-Identifier: MIT
 *
 * Cairn's log as a log under measurement. The next segment is zeroed inside
 * append(), and the time counts; a daemon does it when it is idle.
 * What need not be durable goes to a ring, as frames/ does.
 *
 * bench_log_cairn takes any bytes; bench_log_indexed keeps the index that
 * events/ has, over records that begin with their number: SLOTS feeds that
 * write in turn.
 */
#include <stdio.h>
#include <stdlib.h>
#include "lib/log/log.h"
#include "tests/bench_log.h"

#define TYPE 1
#define SLOTS 64
#define RING_BYTES (1ULL << 40)

struct cairn {
	struct log *log;
	struct log_recovery found;
	bool durable, indexed;
};

static void key(uint16_t type, struct span payload, struct log_key *k)
{
	(void)type;
	if (payload.n < 16)
		return;
	k->type = LOG_KEY_ITEM;
	k->seq = le_get(payload.p, 8) / SLOTS + 1;
	k->id = payload.p + 8;
}

static void check(int e, const char *what)
{
	if (e == 0)
		return;
	fprintf(stderr, "bench: %s: %s\n", what, strerror(-e));
	exit(1);
}

static void *open_log(const char *dir, bool durable, bool indexed)
{
	struct cairn *c = calloc(1, sizeof(*c));
	struct log_options o = { .ring_bytes = durable ? 0 : RING_BYTES,
		.key = indexed ? key : NULL };

	c->durable = durable;
	c->indexed = indexed;
	check(log_open(&c->log, dir, &o, &c->found), dir);
	return c;
}

static void *cairn_open(const char *dir, bool durable)
{
	return open_log(dir, durable, false);
}

static void *indexed_open(const char *dir, bool durable)
{
	return open_log(dir, durable, durable);
}

static void cairn_append(void *h, const uint8_t *p, size_t n, size_t len)
{
	struct cairn *c = h;
	uint64_t end;

	for (size_t i = 0; i < n; i++, p += len)
		check(log_append(c->log, TYPE, c->indexed ?
				 (uint32_t)(le_get(p, 8) % SLOTS) : 0,
				 SPAN(p, len)), "append");
	check(log_commit(c->log, 0, &end), "commit");
	if (c->durable)
		check(log_sync(c->log), "sync");
	check(log_prepare(c->log), "prepare");
}

static uint64_t cairn_count(void *h)
{
	return ((struct cairn *)h)->found.records;
}

static uint64_t cairn_scan(void *h, uint64_t *n)
{
	struct cairn *c = h;
	struct log_snapshot *s = log_snapshot(c->log);
	struct log_iter it = log_iter(s, 0);
	struct log_record r;
	uint64_t sum = 0, records = 0;

	while (log_next(&it, &r)) {
		sum += bench_sum(r.payload.p, r.payload.n);
		records++;
	}
	check(log_release(s), "scan");
	*n = records;
	return sum;
}

static uint64_t cairn_bytes(void *h)
{
	return ((struct cairn *)h)->found.bytes;
}

static void cairn_close(void *h)
{
	struct cairn *c = h;

	check(log_close(c->log), "close");
	free(c);
}

const struct bench_log bench_log_cairn = {
	"cairn", cairn_open, cairn_append, cairn_count, cairn_scan,
	cairn_bytes, cairn_close,
};

const struct bench_log bench_log_indexed = {
	"cairn", indexed_open, cairn_append, cairn_count, cairn_scan,
	cairn_bytes, cairn_close,
};
