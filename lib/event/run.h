/* SPDX-License-Identifier: MIT
 *
 * The run codec: events of several authors as one self-verifying body
 * (docs/protocol.md, "Generation body").
 *
 *   body = v n_runs | heads | v z_size*2+raw | z | seals
 *   head = alias 4 | v first_seq | n 1 | prevcheck 2 | v hlc_seconds
 *   z    = one zstd block (magicless) of columns: kinds, times, payloads
 *          grouped by kind; or the columns themselves where raw is set
 *   seals = 64 bytes each, in the order of the runs
 *
 * Heads stand in clear at the front, so that frame 0 of a generation tells
 * what it holds. Every run ends at a sealed event. n = 0 is a fork proof:
 * first_seq and the seal of it, and the 32-byte id in place of the column
 * data. hlc_seconds counts from CAIRN_EPOCH_S, the first absolute, the others
 * from the run before (runs are sorted by stamp).
 *
 * Decoding gives back identical event bytes or a reason; the columns are at
 * most RUN_COLUMNS_MAX bytes, so a bomb costs nothing.
 */
#pragma once
#include "lib/event/event.h"

#define RUN_EVENTS_MAX 127
#define RUN_COLUMNS_MAX 8192
#define RUN_BODY_RUNS_MAX 255

/* A run to be encoded, or one decoded: events of one author, seq..seq+n-1,
 * the last one sealed. */
struct run {
	uint32_t alias;
	uint64_t seq;		/* of the first event */
	uint8_t n;		/* 0: a fork proof */
	uint8_t prevcheck[2];	/* first bytes of id(seq - 1) */
	const struct event *events; /* n; author and id unset when decoded */
	uint8_t seal[EVENT_SEAL_SIZE];
	uint8_t proof_id[EVENT_ID_SIZE]; /* n = 0 */
};

enum run_error {
	RUN_OK, RUN_SHORT, RUN_COUNT, RUN_ZSTD, RUN_COLUMNS, RUN_PAYLOAD,
	RUN_STAMP, RUN_TRAILING, RUN_ERROR_COUNT,
};
const char *run_error_name(enum run_error e);

/* Encodes runs[] sorted by first stamp into dst; the body's length, or
 * -ENOSPC (dst or columns too small), -ERANGE (a stamp that the code refuses
 * rather than rounds: not whole seconds, before the epoch, or going back
 * within the run). */
int run_body_encode(uint8_t *dst, size_t cap, const struct run *runs,
		    size_t n_runs);

/* Decoded runs and the memory they point into; reusable, bounded, big (keep
 * one, not on the stack). */
struct run_body {
	size_t n_runs;
	struct run runs[RUN_BODY_RUNS_MAX];
	struct event events[4096];
	size_t n_events;
	uint8_t columns[RUN_COLUMNS_MAX];
	size_t used;	/* bytes of the input that the body took */
};
enum run_error run_body_decode(struct run_body *out, struct span body);

/* The heads alone, from the front of frame 0: fills runs[] but for events
 * and seals. */
enum run_error run_heads_decode(struct run_body *out, struct span front);
