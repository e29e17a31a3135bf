/* SPDX-License-Identifier: MIT
 *
 * Identification of ports whose frames carry no call sign (bare framing by
 * radio): an AX.25 UI frame `cairn CALL` at most every ten minutes of own
 * traffic, and ten minutes after it began, so also at its end.
 */
#include <stdio.h>
#include "lib/node/node_parts.h"

#define IDENTIFY_EVERY_US (600 * US_PER_S)

static const struct ax25_address dest_id = { .call = "ID", .c_or_h = true };

static void identify_due(struct sync_timer *t, uint64_t now_us)
{
	struct node_port *p = t->owner;
	struct node *n = p->node;
	char call[AX25_CALL_TEXT], text[32];
	uint8_t frame[64];
	int len;

	(void)now_us;
	if (!p->unidentified || !node_port_may_send(p))
		return;
	snprintf(text, sizeof(text), "cairn %s",
		 ax25_address_format(call, &n->address));
	len = ax25_ui_encode(frame, sizeof(frame), &dest_id, &n->address,
			     AX25_PID_NONE, SPAN_STR(text));
	if (len > 0)
		node_port_send_link(p, SPAN(frame, (size_t)len));
	p->unidentified = false;
}

void node_identify_init(struct node_port *p)
{
	p->identify.fire = identify_due;
	p->identify.owner = p;
}

void node_identify_traffic(struct node_port *p)
{
	if (p->c.framing != NODE_BARE || p->c.profile != NODE_RADIO)
		return;
	if (p->unidentified)
		return;
	p->unidentified = true;
	timer_set(&p->node->heap, &p->identify.timer,
		  p->node->now.mono_us + IDENTIFY_EVERY_US);
}
