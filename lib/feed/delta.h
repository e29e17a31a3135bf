/* SPDX-License-Identifier: MIT
 *
 * What a remote frontier lacks, fairly: one event of each author in turn, so
 * that a limit starves nobody; of each author without gaps from the remote's
 * head + 1.
 */
#pragma once
#include "lib/feed/feed.h"

struct delta_feed {
	struct span label;
	uint64_t held, remote;	/* heads */
	uint64_t give;		/* result: remote + 1 .. remote + give */
};

/* Shares at most limit events out among n feeds, beginning with feed `turn`
 * modulo n: where the last contact stopped. Returns how many in all; *turn
 * (may be NULL, then 0) is where to begin next time. */
uint64_t feed_delta(struct delta_feed *feeds, size_t n, uint64_t limit,
		    size_t *turn);
