/* SPDX-License-Identifier: MIT
 *
 * Stations heard on the air, by port and call sign: for `cairn heard` and the
 * map. Bounded; the one heard longest ago makes room. Nothing is decided by
 * this table.
 */
#include <stdio.h>
#include "lib/node/node_parts.h"

struct node_heard *node_hear(struct node *n, int port, const char *call,
			     size_t bytes)
{
	struct node_heard *h, *oldest = &n->heard[0];

	for (h = n->heard; h < n->heard + NODE_HEARD_MAX && h->call[0]; h++) {
		if (h->port == port && strcmp(h->call, call) == 0)
			goto known;
		if (h->last_us < oldest->last_us)
			oldest = h;
	}
	if (h == n->heard + NODE_HEARD_MAX)
		h = oldest;
	*h = (struct node_heard){ .port = port, .hops = 255,
				  .first_us = n->now.mono_us };
	snprintf(h->call, sizeof(h->call), "%s", call);
known:
	h->last_us = n->now.mono_us;
	h->last_wall_ms = n->now.wall_ms;
	h->count += bytes > 0;
	h->bytes += bytes;
	return h;
}

/* The table has no holes. */
void node_heard_forget(struct node *n, int port)
{
	struct node_heard *end = n->heard + NODE_HEARD_MAX, *to = n->heard;

	for (struct node_heard *h = n->heard; h < end && h->call[0]; h++)
		if (h->port != port)
			*to++ = *h;
	memset(to, 0, (size_t)(end - to) * sizeof(*to));
}
