/* SPDX-License-Identifier: MIT
 *
 * A station's history, read from its log: what struct store (lib/feed) asks
 * for, answered by lib/log through its index. cairnd and the verbs of `cairn`
 * that only read share it.
 *
 *   events/  --history_scan-->  index (slot, seq) -> position
 *                               and to the caller, record by record
 */
#pragma once
#include "lib/feed/feed.h"
#include "lib/log/index.h"

struct history {
	struct log *log;		/* borrowed */
	struct log_index *index;
	uint64_t next;			/* indexed up to here */
	uint64_t records;
};

/* 0 or -ENOMEM */
int history_init(struct history *h, struct log *log);
void history_fini(struct history *h);
struct store history_store(struct history *h);

/* Takes in what the snapshot holds and was not seen yet; each record goes
 * through fn (may be NULL) too, which stops the scan by not returning 0. 0,
 * what fn returned, or -EINVAL for a record that is none of ours. */
int history_scan(struct history *h, struct log_snapshot *s,
		 int (*fn)(void *ctx, const struct log_record *r), void *ctx);
