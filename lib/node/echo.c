/* SPDX-License-Identifier: MIT
 *
 * Own frames that come back: a TNC's echo, a digipeater, another port on the same
 * channel. One under the own call sign that is none of the last sent was sent by
 * somebody else.
 */
#include "lib/base/crypto.h"
#include "lib/node/node_parts.h"

#define ECHO_US (120 * US_PER_S)	/* a channel may be busy for long */

static uint64_t echo_sum(const struct node *n, struct span frame)
{
	return crypto_siphash(n->dataset, frame);
}

void node_echo_sent(struct node *n, struct span frame)
{
	struct node_echo *e = &n->echo[n->echo_at];

	n->echo_at = (n->echo_at + 1) % NODE_ECHO_MAX;
	e->sum = echo_sum(n, frame);
	e->until_us = n->now.mono_us + ECHO_US;
}

bool node_echo_is(const struct node *n, struct span frame)
{
	uint64_t sum = echo_sum(n, frame);

	for (unsigned i = 0; i < NODE_ECHO_MAX; i++)
		if (n->echo[i].sum == sum &&
		    n->now.mono_us < n->echo[i].until_us)
			return true;
	return false;
}
