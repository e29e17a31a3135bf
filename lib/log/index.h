/* SPDX-License-Identifier: MIT
 *
 * (slot, seq) -> position in the log. Derived, kept in memory, rebuilt at
 * open. Two lists a slot: its standing events by seq, its seals by seq.
 */
#pragma once
#include "lib/log/log.h"

struct log_index;

struct log_index *log_index_new(void);
void log_index_free(struct log_index *x);

/* Event seq of slot lies at `at`; a later call for the same seq replaces (a
 * displaced branch). 0 or -EINVAL if it would leave a gap. */
int log_index_event(struct log_index *x, uint32_t slot, uint64_t seq,
		    uint64_t at);
int log_index_seal(struct log_index *x, uint32_t slot, uint64_t seq,
		   uint64_t at);
/* Forgets events and seals >= seq (a displaced branch). */
void log_index_cut(struct log_index *x, uint32_t slot, uint64_t seq);
/* UINT64_MAX if absent. */
uint64_t log_index_find(const struct log_index *x, uint32_t slot,
			uint64_t seq);
/* The first seal at or above seq: its seq and position. */
bool log_index_find_seal(const struct log_index *x, uint32_t slot,
			 uint64_t seq, uint64_t *seal_seq, uint64_t *at);
uint64_t log_index_last(const struct log_index *x, uint32_t slot);
