/* SPDX-License-Identifier: MIT
 *
 * From port to port: an event heard on one goes out on the others, once. What
 * came over IP goes out by radio only if that radio's port says so (rf_relay):
 * whose licence covers it is the operator's decision. So each event's record
 * says if it came over IP (RECORD_FLAG_IP).
 *
 * What a neighbour has on a radio's air anyway is passed on there as if it had
 * come by radio; that is known since the start only, for the last authors of
 * 1,024 places.
 */
#include "lib/node/node_parts.h"

static bool relay_over_ip(const struct node *n, int port)
{
	return port >= 0 && n->ports[port].c.profile == NODE_STREAM;
}

/* Does it keep back what came over IP? */
static bool relay_keeps(const struct node *n, int port)
{
	return n->ports[port].c.profile == NODE_RADIO &&
		!n->ports[port].c.rf_relay;
}

void node_relay_mark(const struct node *n, int port, struct run_body *b)
{
	for (size_t i = 0; i < b->n_events; i++)
		b->events[i].by_ip = relay_over_ip(n, port);
}

static bool relay_was_aired(const struct node *n, uint32_t slot, uint64_t seq)
{
	const struct node_aired *a = &n->aired[slot % NODE_AIRED_MAX];

	return a->slot == slot && a->to >= seq;
}

/* What was kept from the air, and is on it now: news on the other radios. */
static void relay_freed(struct node *n, int port, uint32_t slot, uint64_t from,
			uint64_t to)
{
	struct event e;

	if (n->c.store.event(n->c.store.ctx, slot, to, &e) || !e.by_ip)
		return;
	for (int i = 0; i < n->n_ports; i++)
		if (i != port && relay_keeps(n, i))
			sync_port_news_add(n->ports[i].sync, slot, from, to,
					   n->now.mono_us);
}

void node_relay_aired(void *ctx, int port, uint32_t slot, uint64_t from,
		      uint64_t to)
{
	struct node *n = ctx;

	if (relay_over_ip(n, port) || relay_was_aired(n, slot, to))
		return;
	n->aired[slot % NODE_AIRED_MAX] = (struct node_aired){ slot, to };
	relay_freed(n, port, slot, from, to);
}

/* Muted, or of a kind without a published schema: only its hash goes out. */
enum sync_pass node_relay_pass(void *ctx, int port, uint32_t slot,
			       const struct event *e)
{
	const struct node *n = ctx;

	if (e->by_ip && relay_keeps(n, port) &&
	    !relay_was_aired(n, slot, e->seq))
		return SYNC_PASS_NOT;
	if (e->seq == 1)
		return SYNC_PASS;
	if (node_muted(n, slot, e->seq))
		return SYNC_PASS_HASH;
	return n->ports[port].c.profile == NODE_RADIO && !kind_name(e->kind) ?
		SYNC_PASS_HASH : SYNC_PASS;
}

enum sync_moved node_relay_moved(const struct node *n, int from, int to)
{
	if (from == to)
		return SYNC_MOVED_HERE;
	return relay_over_ip(n, from) && relay_keeps(n, to) ?
		SYNC_MOVED_PRIVATELY : SYNC_MOVED_ELSEWHERE;
}
