/* SPDX-License-Identifier: MIT
 *
 * A store in memory: the standing chains with their seals, for the simulator
 * and for tests. It takes the same changes as the log does.
 */
#pragma once
#include "lib/feed/feed.h"

struct memory;

struct memory *memory_new(void);
void memory_free(struct memory *m);

/* Takes in what a feed_change says (copies events and seals). An own event
 * that feed_append_own numbered is the change { .slot, .events = e,
 * .n_events = 1 }. */
void memory_apply(struct memory *m, const struct feed_change *c);

/* The same from one record of the log (lib/event/record.h); those that are
 * not events, seals or displacements are ignored. 0 or -EINVAL. */
int memory_record(struct memory *m, uint16_t type, uint32_t slot,
		  struct span record);

/* The calls of struct store over m. Its spans live until memory_free. */
struct store memory_store(struct memory *m);
