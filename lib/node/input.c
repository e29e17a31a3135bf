/* SPDX-License-Identifier: MIT
 *
 * A frame from a port: who sent it, whether he is a neighbour, and which part
 * of the station it concerns. Receiving is liberal: any call sign, any PID;
 * what is not ours is counted and heard, no more.
 */
#include "lib/node/node_parts.h"

#define TOLD_US (1800 * US_PER_S)

static const char *const verdict_names[NODE_VERDICT_COUNT] = {
	[NODE_OK] = "ok",
	[NODE_DUPLICATE] = "duplicate",
	[NODE_NOT_OURS] = "not ours",
	[NODE_BAD_FRAME] = "bad frame",
	[NODE_BAD_ANNOUNCE] = "bad announce",
	[NODE_BAD_SEAL] = "bad seal",
	[NODE_OTHER_DATASET] = "other dataset",
	[NODE_OTHER_VERSION] = "other version",
	[NODE_REFUSED] = "refused",
	[NODE_DIGIPEATED] = "digipeated",
	[NODE_OWN_ECHO] = "own echo",
	[NODE_OWN_CALL] = "own call sign",
};

const char *node_verdict_name(enum node_verdict v)
{
	return (unsigned)v < NODE_VERDICT_COUNT ? verdict_names[v] : "?";
}

/* ---- own frames ---- */

/* Under the own call sign: what came back, or what somebody else makes others
 * believe of this station. */
static enum node_verdict input_own(struct node_port *p, struct span frame)
{
	struct node *n = p->node;
	struct sync_message m;

	if (node_echo_is(n, frame) ||
	    sync_message_decode(&m, frame) != SYNC_OK)
		return NODE_OWN_ECHO;
	sync_port_forged(p->sync, n->now.mono_us);
	if (!n->own_call_us || n->now.mono_us >= n->own_call_us + TOLD_US) {
		n->own_call_us = n->now.mono_us;
		node_queue_note(n, NOTE_OWN_CALL, p->number,
				"somebody else sends under this station's "
				"call sign");
	}
	return NODE_OWN_CALL;
}

static enum node_verdict input_cairn(struct node_port *p, uint32_t address,
				     const char *call, struct span frame)
{
	struct node *n = p->node;

	n->bad_seal = false;
	switch (sync_port_input(p->sync, address, call, frame,
				n->now.mono_us)) {
	case SYNC_TAKEN:
		return n->bad_seal ? NODE_BAD_SEAL : NODE_OK;
	case SYNC_DUPLICATE:
		return NODE_DUPLICATE;
	case SYNC_DATASET_OTHER:
		return NODE_OTHER_DATASET;
	case SYNC_VERSION_UNKNOWN:
		return NODE_OTHER_VERSION;
	case SYNC_BAD_BODY:
		return NODE_REFUSED;
	case SYNC_BAD_FRAME:
		break;
	}
	return NODE_BAD_FRAME;
}

/* ---- Reticulum packets ---- */

static enum node_verdict input_packet(struct node_port *p, const char *call,
				      bool direct, struct span raw)
{
	struct node *n = p->node;
	struct rns_packet packet;
	enum rns_error e = rns_packet_parse(&packet, raw);

	if (packet.ifac)	/* masked with another network's code, hops too */
		return NODE_NOT_OURS;
	if (e != RNS_OK)
		return NODE_BAD_FRAME;
	if (packet.type == RNS_ANNOUNCE)
		return node_announce_input(n, p, call, direct, &packet);
	if (packet.type != RNS_DATA || packet.dest_type != RNS_PLAIN ||
	    memcmp(packet.dest, n->bare_dest, RNS_HASH) != 0)
		return NODE_NOT_OURS;
	if (packet.hops != 0 || packet.data.n <= 4)
		return NODE_BAD_FRAME;
	if (be_get(packet.data.p, 4) == n->alias)
		return input_own(p, SPAN(packet.data.p + 4, packet.data.n - 4));
	return input_cairn(p, (uint32_t)be_get(packet.data.p, 4), call,
			   SPAN(packet.data.p + 4, packet.data.n - 4));
}

/* ---- AX.25 ---- */

static bool input_to(const struct ax25_frame *f, const char *dest)
{
	return strcmp(f->dest.call, dest) == 0;
}

static bool input_cairn_ax25(const struct ax25_frame *f)
{
	return f->type == AX25_UI && f->has_pid && f->pid == AX25_PID_CAIRN &&
		input_to(f, "CAIRN0");
}

/* Ten APRS frames in ten minutes: this channel belongs to others. */
static void input_aprs(struct node_port *p)
{
	struct node *n = p->node;
	uint64_t oldest;

	p->aprs_us[p->aprs_at] = n->now.mono_us ? n->now.mono_us : 1;
	p->aprs_at = (p->aprs_at + 1) % APRS_FRAMES;
	oldest = p->aprs_us[p->aprs_at];
	if (p->guarded || p->c.allow_shared || !oldest ||
	    p->c.profile == NODE_STREAM ||
	    n->now.mono_us >= oldest + APRS_WINDOW_US)
		return;
	p->guarded = true;
	node_port_review(p);
	node_queue_note(n, NOTE_PORT_GUARDED, p->number, "APRS traffic heard: "
			"this port does not transmit (allow_shared = yes "
			"if it may)");
}

static void input_hear_ax25(struct node_port *p, const struct ax25_frame *f,
			    const char *call, size_t len)
{
	struct node_heard *h = node_hear(p->node, p->number, call, len);

	h->direct |= !f->digipeated;
	h->cairn |= f->has_pid && f->pid == AX25_PID_CAIRN;
	for (unsigned i = 0; i < f->n_digis; i++)
		if (f->digi[i].c_or_h)
			ax25_address_format(h->via, &f->digi[i]);
	if (!f->digipeated)
		h->via[0] = 0;
}

static enum node_verdict input_ax25(struct node_port *p, struct span raw)
{
	struct node *n = p->node;
	char call[AX25_CALL_TEXT];
	struct ax25_frame f;

	if (ax25_parse(&f, raw) != AX25_OK)
		return NODE_BAD_FRAME;
	if (n->call_ok && ax25_address_equal(&f.source, &n->address))
		return input_cairn_ax25(&f) && !f.digipeated ?
			input_own(p, f.info) : NODE_OWN_ECHO;
	ax25_address_format(call, &f.source);
	input_hear_ax25(p, &f, call, raw.n);
	if (f.type != AX25_UI || !f.has_pid)
		return NODE_NOT_OURS;
	if (input_cairn_ax25(&f))
		return f.digipeated ? NODE_DIGIPEATED :
			input_cairn(p, sync_address_from_call(call), call,
				    f.info);
	if (f.pid == AX25_PID_NONE && input_to(&f, "APZRNS"))
		return input_packet(p, call, !f.digipeated, f.info);
	if (f.pid == AX25_PID_NONE)
		input_aprs(p);
	return NODE_NOT_OURS;
}

static void input_occupied(struct node_port *p, size_t len,
			   enum node_verdict v)
{
	uint64_t air_us = node_port_airtime_us(p, len);

	p->heard_us += air_us;
	node_occupancy_add(&p->occupancy, air_us, p->node->now.mono_us);
	if (v != NODE_OK && v != NODE_DUPLICATE)
		node_occupancy_add(&p->others, air_us, p->node->now.mono_us);
}

enum node_verdict node_input(struct node *n, int port, struct span frame,
			     struct clock_now now)
{
	struct node_port *p = &n->ports[port];
	uint64_t root = feed_root48(n->data.feeds);
	enum node_verdict v;

	node_begin(n, now);
	node_hold_heard(n);
	p->frames_in++;
	p->bytes_in += frame.n;
	v = p->c.framing == NODE_AX25 ? input_ax25(p, frame) :
		input_packet(p, "", true, frame);
	p->verdicts[v]++;
	input_occupied(p, frame.n, v);
	node_root_moved(n, root, port);
	node_waiting_room(n);
	return v;
}
