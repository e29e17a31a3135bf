/* SPDX-License-Identifier: MIT
 *
 * Bursts that wait for the disk: what is sent after an event was appended
 * leaves only when the event is durable, and nothing overtakes it. First in,
 * first out, copied, at most OUTBOX_BYTES_MAX.
 *
 *   head | n x (length u32 | frame)      one behind the other in one buffer
 */
#pragma once
#include "lib/base/buf.h"
#include "lib/node/node.h"

#define OUTBOX_BYTES_MAX (1 << 20)

struct outbox {
	struct buf b;
	uint64_t dropped;	/* bursts that found it full */
	struct span frames[NODE_BURST_MAX];
};

struct outbox_burst {
	int port;
	const struct span *frames;
	size_t n;
};

/* need: the log position that must be durable first. */
void outbox_put(struct outbox *o, uint64_t need, int port,
		const struct span *frames, size_t n);
/* The first burst if `durable` reaches what it needs; valid until the
 * outbox_drop that must follow. */
bool outbox_first(struct outbox *o, uint64_t durable, struct outbox_burst *b);
void outbox_drop(struct outbox *o);
/* The port is another one, or gone: what waits for it is not sent. */
void outbox_forget(struct outbox *o, int port);
void outbox_clear(struct outbox *o);

static inline bool outbox_empty(const struct outbox *o)
{
	return o->b.len == 0;
}
