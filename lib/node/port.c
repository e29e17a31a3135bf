/* SPDX-License-Identifier: MIT
 *
 * Ports: framing, what a key-up costs, and whether a port may transmit.
 *
 *   AX.25   own frames: UI to CAIRN0, PID BC; Reticulum: UI to APZRNS, PID F0
 *   bare    own frames: PLAIN DATA to cairn.sync, payload = own alias 4 |
 *           frame; Reticulum packets as they are
 *
 * One burst at a time: the TNC cannot give one back. The node estimates when
 * it is over; a host that knows better says so (node_port_sent).
 */
#include <errno.h>
#include <stdio.h>
#include "lib/event/station.h"
#include "lib/node/node_parts.h"

#define BARE_OVERHEAD 23		/* type 1 header 19, alias 4 */
#define BARE_LINK 5			/* KISS or HDLC flags, type, FCS */
#define SENT_LATE_US (30 * US_PER_S)	/* a host that reports is waited for */

static const struct ax25_address dest_cairn = {
	.call = "CAIRN0", .c_or_h = true,
};
static const struct ax25_address dest_rns = { .call = "APZRNS" };

/* ---- may it? ---- */

bool node_port_may_send(const struct node_port *p)
{
	const struct node *n = p->node;

	if (!p->up)
		return false;
	if (p->c.profile == NODE_STREAM)
		return true;
	if (!n->tx_on || n->ordered_off || !n->call_ok || p->guarded)
		return false;
	return p->c.framing == NODE_AX25 || p->c.bare_rf;
}

void node_port_review(struct node_port *p)
{
	struct node *n = p->node;
	bool may = node_port_may_send(p) && n->loaded;

	sync_port_enable(p->sync, may, n->now.mono_us);
	if (may) {
		node_seal_arm(n);
		node_announce_arm(n);
	}
}

static bool port_clear_answer(struct node_port *p, uint64_t now_us,
			      uint64_t *clear_us)
{
	uint64_t a = node_budget_clear_us(&p->answers, now_us);

	if (a > *clear_us)
		*clear_us = a;
	return *clear_us <= now_us;
}

static uint64_t port_clear_us(void *ctx, int port, bool answer,
			      uint64_t now_us)
{
	struct node *n = ctx;
	struct node_port *p = &n->ports[port];
	uint64_t clear;

	if (!node_port_may_send(p))
		return TIME_NEVER;
	if (p->c.profile == NODE_STREAM)
		return now_us;
	clear = node_budget_clear_us(&p->all, now_us);
	if (answer)
		port_clear_answer(p, now_us, &clear);
	return clear;
}

/* Only feeds that name a valid call sign go out by radio. */
static bool port_may_carry(void *ctx, int port, uint32_t slot)
{
	const struct node *n = ctx;
	struct span call = SPAN_STR(feed_at(n->data.feeds, slot)->call);

	if (n->ports[port].c.profile == NODE_STREAM)
		return true;
	return station_call_valid(call) && !station_call_placeholder(call);
}

/* ---- key-ups ---- */

uint64_t node_port_airtime_us(const struct node_port *p, size_t link_len)
{
	unsigned extra = p->c.framing == NODE_AX25 ?
		AX25_FRAME_OVERHEAD - AX25_UI_HEADER : BARE_LINK;

	return (link_len + extra) * 8 * US_PER_S * 63 / 62 / p->c.bitrate;
}

uint64_t node_frame_airtime_us(const struct node *n, int port, size_t link_len)
{
	const struct node_port *p = &n->ports[port];

	return p->c.profile == NODE_STREAM ? 0 :
	       node_port_airtime_us(p, link_len);
}

static uint64_t port_keyup_us(const struct node_port *p)
{
	return (p->c.txdelay_ms + p->c.txtail_ms) * US_PER_MS;
}

/* Books a key-up of this air time and says when it will be over: p-persistent
 * access waits 256 / (P + 1) slots in the mean. */
static uint64_t port_keyed(struct node_port *p, uint64_t air_us,
			   size_t frames, bool answer)
{
	uint64_t now_us = p->node->now.mono_us;
	uint64_t slots = 256 / (p->c.persistence + 1);

	node_budget_take(&p->all, air_us, now_us);
	if (answer)
		node_budget_take(&p->answers, air_us, now_us);
	p->airtime_us += air_us;
	node_occupancy_add(&p->occupancy, air_us, now_us);
	p->keyups++;
	p->frames_out += frames;
	node_queue_send(p->node, p->number, air_us);
	node_identify_traffic(p);
	if (p->reports_sent)
		return now_us + air_us + SENT_LATE_US;
	return now_us + air_us + (slots < 2 ? 2 : slots) *
		p->c.slottime_ms * US_PER_MS;
}

static int port_frame_own(struct node_port *p, uint8_t *dst, size_t cap,
			  struct span frame)
{
	struct node *n = p->node;
	uint8_t bare[NODE_LINK_FRAME_MAX];

	if (p->c.framing == NODE_AX25)
		return ax25_ui_encode(dst, cap, &dest_cairn, &n->address,
				      AX25_PID_CAIRN, frame);
	if (frame.n + 4 > sizeof(bare))
		return -EMSGSIZE;
	be_put(bare, 4, n->alias);
	memcpy(bare + 4, frame.p, frame.n);
	return rns_packet_encode_plain(dst, cap, n->bare_dest,
				       SPAN(bare, frame.n + 4));
}

static uint64_t port_send_burst(void *ctx, int port, const struct span *frames,
				size_t count, bool answer, uint64_t now_us)
{
	struct node *n = ctx;
	struct node_port *p = &n->ports[port];
	uint8_t link[NODE_LINK_FRAME_MAX];
	uint64_t air = port_keyup_us(p);
	size_t sent = 0;

	(void)now_us;
	for (size_t i = 0; i < count; i++) {
		int len = port_frame_own(p, link, sizeof(link), frames[i]);

		if (len < 0)
			continue;
		node_echo_sent(n, frames[i]);
		air += node_port_airtime_us(p, (size_t)len);
		p->bytes_out += (size_t)len;
		node_queue_frame(n, SPAN(link, (size_t)len));
		sent++;
	}
	if (!sent)
		return n->now.mono_us;
	return port_keyed(p, air, sent, answer);
}

void node_port_send_link(struct node_port *p, struct span link_frame)
{
	uint64_t air = port_keyup_us(p) +
		node_port_airtime_us(p, link_frame.n);

	node_queue_frame(p->node, link_frame);
	p->bytes_out += link_frame.n;
	port_keyed(p, air, 1, false);
	sync_port_busy(p->sync, p->node->now.mono_us + air);
}

void node_port_send_packet(struct node_port *p, struct span packet)
{
	uint8_t link[NODE_LINK_FRAME_MAX + AX25_UI_HEADER];
	int len;

	if (p->c.framing == NODE_BARE) {
		node_port_send_link(p, packet);
		return;
	}
	len = ax25_ui_encode(link, sizeof(link), &dest_rns, &p->node->address,
			     AX25_PID_NONE, packet);
	if (len < 0)
		return;
	link[6] &= 0x7f;	/* both C bits clear, as the reference does */
	link[13] &= 0x7f;
	node_port_send_link(p, SPAN(link, (size_t)len));
}

/* ---- life ---- */

static void port_defaults(struct node_port_config *c)
{
	if (!c->bitrate)
		c->bitrate = c->profile == NODE_STREAM ? 10000000 : 1200;
	if (!c->duty_permille)
		c->duty_permille = 100;
	if (!c->info_max)
		c->info_max = 256;
}

static struct sync_port_config port_sync_config(const struct node_port *p)
{
	const struct node *n = p->node;
	char call[AX25_CALL_TEXT];
	bool ax25 = p->c.framing == NODE_AX25;

	return (struct sync_port_config){
		.number = p->number,
		.bitrate = p->c.bitrate,
		.txdelay_ms = p->c.txdelay_ms,
		.txtail_ms = p->c.txtail_ms,
		.overhead = ax25 ? AX25_FRAME_OVERHEAD :
			BARE_OVERHEAD + BARE_LINK,
		.info_max = p->c.info_max,
		.stream = p->c.profile == NODE_STREAM,
		.address = ax25 ? sync_address_from_call(
			ax25_address_format(call, &n->address)) : n->alias,
	};
}

/* (Re)makes what the protocol knows of a port; a port that was there before
 * keeps its neighbours and what it has never sent, if they go by the same
 * addresses. 0 or -ENOMEM: as it was. */
static int port_sync_begin(struct node_port *p, bool keep)
{
	struct sync_port_config c = port_sync_config(p);
	struct sync_port *s = sync_port_new(&p->node->env, &c);
	const struct sync_needs *news;

	if (!s)
		return -ENOMEM;
	for (unsigned i = 0; keep && i < SYNC_PEERS_MAX; i++) {
		const struct sync_peer *q = &sync_port_peers(p->sync)->v[i];
		struct sync_peer *again;

		if (!sync_peer_live(q, p->node->now.mono_us))
			continue;
		again = sync_peer_hear(sync_port_peers(s), q->address, q->call,
				       q->heard_us, NULL);
		again->once = q->once;
		again->kept = q->kept;
	}
	news = keep ? sync_port_news(p->sync) : NULL;
	for (unsigned i = 0; news && i < news->n; i++)
		sync_port_news_load(s, news->v[i].slot, news->v[i].from);
	sync_port_free(p->sync);
	p->sync = s;
	return 0;
}

int node_port_add(struct node *n, const struct node_port_config *c)
{
	struct node_port *p = n->ports;
	int err;

	while (p < n->ports + n->n_ports && !p->gone)
		p++;
	if (p == n->ports + NODE_PORTS_MAX)
		return -ENOSPC;
	*p = (struct node_port){ .node = n, .number = (int)(p - n->ports),
				 .c = *c, .sync = p->sync };
	port_defaults(&p->c);
	err = port_sync_begin(p, false);
	if (err) {
		p->gone = true;
		return err;
	}
	node_budget_init(&p->all, p->c.duty_permille, n->now.mono_us);
	node_budget_init(&p->answers, (p->c.duty_permille + 1) / 2,
			 n->now.mono_us);
	node_identify_init(p);
	if (p->number == n->n_ports)
		n->n_ports++;
	return p->number;
}

static bool port_sync_same(const struct sync_port_config *a,
			   const struct sync_port_config *b)
{
	return a->bitrate == b->bitrate && a->txdelay_ms == b->txdelay_ms &&
	       a->txtail_ms == b->txtail_ms && a->overhead == b->overhead &&
	       a->info_max == b->info_max && a->stream == b->stream &&
	       a->address == b->address;
}

int node_port_set(struct node *n, int port, const struct node_port_config *c,
		  struct clock_now now)
{
	struct node_port *p = &n->ports[port];
	struct node_port_config before = p->c;
	struct sync_port_config was = port_sync_config(p), is;
	int err = 0;

	node_begin(n, now);
	p->c = *c;
	port_defaults(&p->c);
	is = port_sync_config(p);
	if (!port_sync_same(&was, &is))
		err = port_sync_begin(p, was.address == is.address);
	if (err)
		p->c = before;
	else if (p->c.allow_shared)
		p->guarded = false;
	node_orders_apply(n);
	return err;
}

void node_port_remove(struct node *n, int port, struct clock_now now)
{
	struct node_port *p = &n->ports[port];

	node_begin(n, now);
	p->up = false;
	node_port_review(p);
	timer_clear(&n->heap, &p->identify.timer);
	*sync_port_peers(p->sync) = (struct sync_peers){ 0 };
	node_heard_forget(n, port);
	p->gone = true;
}

void node_port_up(struct node *n, int port, bool up, struct clock_now now)
{
	node_begin(n, now);
	n->ports[port].up = up;
	n->ports[port].reports_sent = false;	/* another TNC, perhaps */
	if (up)
		node_claim_call(n);
	node_port_review(&n->ports[port]);
}

void node_port_sent(struct node *n, int port, struct clock_now now)
{
	node_begin(n, now);
	n->ports[port].reports_sent = true;
	sync_port_sent(n->ports[port].sync, now.mono_us);
}

void node_env_init(struct node *n)
{
	n->env = (struct sync_env){
		.feeds = n->data.feeds, .store = &n->c.store,
		.heap = &n->heap, .rng = &n->rng, .ctx = n,
		.body = n->env.body, .pack = n->env.pack,
		.send = port_send_burst, .clear_us = port_clear_us,
		.may_send = port_may_carry, .pass = node_relay_pass,
		.aired = node_relay_aired,
		.ingest = node_ingest, .refused = node_refused,
		.back = node_back, .misfit = node_misfit, .compared = node_compared,
		.holding = node_holding,
	};
	n->env.own_alias = n->alias;
	memcpy(n->env.dataset, n->dataset, sizeof(n->dataset));
}
