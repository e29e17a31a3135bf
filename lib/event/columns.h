/* SPDX-License-Identifier: MIT
 *
 * Runs of events, and the columns that they become in a body (lib/event/run.h):
 * kinds and payloads, which compress, and times, which do not and are packed
 * bit by bit.
 *
 *   kinds     v kind*4 + told*2 + withheld, in the order of the heads
 *   payloads  kind after kind in ascending order, and for each kind, events in
 *             the order of the heads: all shapes, all first values, all second
 *             values .. all eighth values
 *   times     order 1 | bits, the last byte filled with zeros
 *
 * The shape of a map of 1 to 8 members is its head and its keys, and its values
 * go into the columns of values; any other payload is its own shape, as is the
 * 32-byte hash where a payload is withheld. Values that are told in one place
 * look alike, which is worth 5 % of them.
 *
 * A time is dt, the seconds since the event before (not for a run's first), and
 * where told is set the counter: Exp-Golomb codes of that order. With x = value
 * + 2^order of 1 + order + m bits: m zeros, then x.
 */
#pragma once
#include "lib/event/event.h"

#define COLUMNS_VALUES_MAX 8
#define RUN_EVENTS_MAX 254
#define RUN_COLUMNS_MAX 16384
#define RUN_SECONDS_MAX (HLC_WALL_MAX / 1000 - CAIRN_EPOCH_S)
#define RUN_SEQ_MAX (UINT64_MAX / 4)
#define RUN_BODY_RUNS_MAX 255
#define RUN_BODY_EVENTS_MAX (RUN_COLUMNS_MAX / 2)

/* A run to be encoded, or one decoded: events of one author, seq..seq+n-1,
 * the last one sealed. */
struct run {
	uint32_t alias;
	uint64_t seq;		/* of the first event */
	uint8_t n;		/* 0: a fork proof */
	uint8_t prevcheck[2];	/* first bytes of id(seq - 1) */
	const struct event *events; /* n; author unset when decoded, and id
				       while not chained */
	bool chained;		/* the events' ids were computed ... */
	uint8_t upon[EVENT_ID_SIZE]; /* ... upon this one, of seq - 1 */
	uint8_t seal[EVENT_SEAL_SIZE];
	uint8_t proof_id[EVENT_ID_SIZE]; /* n = 0 */
};

enum run_error {
	RUN_OK, RUN_SHORT, RUN_COUNT, RUN_CODE, RUN_COLUMNS, RUN_PAYLOAD,
	RUN_STAMP, RUN_TRAILING, RUN_ERROR_COUNT,
};

/* Decoded runs and the memory they point into; reusable, bounded, big (keep
 * one, not on the stack). */
struct run_body {
	size_t n_runs;
	struct run runs[RUN_BODY_RUNS_MAX];
	struct event events[RUN_BODY_EVENTS_MAX];
	uint32_t order[RUN_BODY_EVENTS_MAX]; /* kind << 16 | index */
	size_t n_events;
	uint8_t columns[RUN_COLUMNS_MAX];
	uint8_t payloads[RUN_COLUMNS_MAX]; /* put together again */
	size_t used;	/* bytes of the input that the body took */
};

/* Kinds and payloads of all runs. 0, -ENOSPC, -ERANGE or -EINVAL. */
int columns_encode(struct wr *w, const struct run *runs, size_t n_runs);
/* Fills kinds, withheld and payloads of out->events; told waits in the
 * counters. The events' number is known; payloads lie in out->payloads. */
enum run_error columns_decode(struct run_body *out, struct span columns);

void times_encode(struct wr *w, const struct run *runs, size_t n_runs);
/* Fills stamps and seqs; each run's first event has its wall part. */
enum run_error times_decode(struct run_body *out, struct rd *r);

static inline uint64_t event_seconds(const struct event *e)
{
	return e->hlc.wall_ms / 1000 - CAIRN_EPOCH_S;
}
