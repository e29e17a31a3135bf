/* SPDX-License-Identifier: MIT
 *
 * The run codec: events of several authors as one self-verifying body
 * (docs/protocol.md, "Generation body").
 *
 *   body = v n_runs | heads | v z_size*2+raw | z | seals
 *   head = alias 4 | v first_seq | n 1 | prevcheck 2 | v seconds
 *   z    = one zstd frame (without its magic) of the columns; or, where raw
 *          is set, the columns themselves
 *   seal = 64 bytes a run, in the order of the runs
 *
 * v = shortest LEB128. Heads stand in clear at the front, so that frame 0 of
 * a generation tells what it holds. Every run ends at a sealed event.
 * `seconds` is the first event's stamp, counted from CAIRN_EPOCH_S in the
 * first head and from the head before in the others: runs are sorted by it.
 *
 * n = 0 is a fork proof: its head ends after n, it has no columns, and the
 * 32-byte id of event first_seq on the other branch stands before its seal.
 *
 * The columns, each over all events in the order of the heads:
 *
 *   kinds     v kind*4 + told*2 + withheld
 *   times     v dt seconds since the event before (not for a run's first),
 *             then, where told is set, v counter
 *   payloads  in ascending order of kind, events of one kind in their order:
 *             one CBOR item each, which ends itself, or a 32-byte hash where
 *             withheld
 *
 * A counter that is not told is 0, or where dt = 0 one more than the counter
 * before: what a clock gives.
 *
 * Decoding gives back identical event bytes or a reason; the columns are at
 * most RUN_COLUMNS_MAX bytes, so a bomb costs nothing. One thread at a time:
 * the zstd contexts are made once and kept.
 */
#pragma once
#include "lib/event/event.h"

#define RUN_EVENTS_MAX 127
#define RUN_COLUMNS_MAX 8192
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
	RUN_OK, RUN_SHORT, RUN_COUNT, RUN_ZSTD, RUN_COLUMNS, RUN_PAYLOAD,
	RUN_STAMP, RUN_TRAILING, RUN_ERROR_COUNT,
};
const char *run_error_name(enum run_error e);

/* Encodes runs[] sorted by first stamp into dst; the body's length, or
 * -ENOSPC (dst or columns too small, too many runs or events), -ERANGE (what
 * the code refuses rather than rounds: a stamp not of whole seconds, before
 * the epoch, or going back; a kind above KIND_MAX), -EINVAL (a payload that is
 * not one CBOR item). */
int run_body_encode(uint8_t *dst, size_t cap, const struct run *runs,
		    size_t n_runs);

/* Decoded runs and the memory they point into; reusable, bounded, big (keep
 * one, not on the stack). */
struct run_body {
	size_t n_runs;
	struct run runs[RUN_BODY_RUNS_MAX];
	struct event events[RUN_BODY_EVENTS_MAX];
	uint32_t order[RUN_BODY_EVENTS_MAX]; /* kind << 16 | index */
	size_t n_events;
	uint8_t columns[RUN_COLUMNS_MAX];
	size_t used;	/* bytes of the input that the body took */
};
enum run_error run_body_decode(struct run_body *out, struct span body);

/* The heads alone, from the front of frame 0: fills runs[] but for events
 * and seals. RUN_SHORT: only the first n_runs heads are there. */
enum run_error run_heads_decode(struct run_body *out, struct span front);

/* Bytes that text takes at zstd's best, with the dictionary or without,
 * whichever is less (magic not counted): the simulator's lower bound. 0 if out
 * of memory. */
size_t run_best_size(struct span text);
