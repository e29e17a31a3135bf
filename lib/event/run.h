/* SPDX-License-Identifier: MIT
 *
 * The run codec: events of several authors as one self-verifying body
 * (docs/protocol.md, "Generation body").
 *
 *   body  = v n_runs | heads | v z_size*4+coder | z | times | seals
 *   head  = alias 4 | v first_seq*4+c | (c = 3) n 1 | prevcheck 2 | v seconds
 *   z     = the columns: as they are; as one zstd frame without its magic; or
 *           as v size | their code by the model (model.h)
 *   seal  = 64 bytes a run, in the order of the runs
 *
 * v = shortest LEB128; n = c, or what follows it. Heads stand in clear at the front, so that frame 0 of
 * a generation tells what it holds. Every run ends at a sealed event.
 * `seconds` is the first event's stamp, counted from CAIRN_EPOCH_S in the
 * first head and from the head before in the others: runs are sorted by it.
 * Columns and times are those of lib/event/columns.h.
 *
 * n = 0 is a fork proof: its head ends after n, it has no columns, and the
 * 32-byte id of event first_seq on the other branch stands before its seal.
 *
 * A counter that is not told is 0, or where dt = 0 one more than the counter
 * before: what a clock gives.
 *
 * Decoding gives back identical event bytes or a reason; the columns are at
 * most RUN_COLUMNS_MAX bytes, so a bomb costs nothing. One thread at a time:
 * the coders' memory is made once and kept.
 */
#pragma once
#include "lib/event/columns.h"

enum run_coder {	/* how the columns go */
	RUN_PLAIN,
	RUN_ZSTD,	/* 50 times as fast: bundles, streams */
	RUN_MODEL,	/* a third less: on the air */
};

const char *run_error_name(enum run_error e);

/* Encodes runs[] sorted by first stamp into dst, the columns plain where coder
 * makes them no shorter; the body's length, or
 * -ENOSPC (dst or columns too small, too many runs or events), -ERANGE (what
 * the code refuses rather than rounds: a stamp not of whole seconds, before
 * the epoch, or going back; a kind above KIND_MAX), -EINVAL (a payload that is
 * not one CBOR item). */
int run_body_encode(uint8_t *dst, size_t cap, const struct run *runs,
		    size_t n_runs, enum run_coder coder);

enum run_error run_body_decode(struct run_body *out, struct span body);

/* The heads alone, from the front of frame 0: fills runs[] but for events
 * and seals. RUN_SHORT: only the first n_runs heads are there. */
enum run_error run_heads_decode(struct run_body *out, struct span front);

/* Bytes that text takes at zstd's best, with the dictionary or without,
 * whichever is less (magic not counted): the simulator's lower bound. 0 if out
 * of memory. */
size_t run_best_size(struct span text);
