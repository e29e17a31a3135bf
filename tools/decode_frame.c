/* SPDX-License-Identifier: MIT
 *
 * One frame, layer by layer:
 *
 *   AX.25 UI to APZRNS, PID F0   a Reticulum packet
 *   AX.25 UI, PID BC             a Cairn frame
 *   PLAIN packet to cairn.sync   sender alias 4 | a Cairn frame
 *   announce of cairn.node       app_data is a Cairn frame
 */
#include <stdio.h>
#include "tools/decode.h"

#define NAME_SYNC "cairn.sync"
#define NAME_NODE "cairn.node"
#define LINK_ETHERNET 1
#define ETHERTYPE_BPQ 0x08ff

/* Destinations a listener may meet; announces show the hash of the name. */
static const char *const names_single[] = {
	NAME_NODE, "lxmf.delivery", "lxmf.propagation", "nomadnetwork.node",
	"lxst.telephony", "rnstransport.probe",
	"rnstransport.remote.management",
};
static const char *const names_plain[] = {
	NAME_SYNC, "rnstransport.path.request",
	"rnstransport.tunnel.synthesize",
};

void decode_fail(struct decoded *d, struct span raw, const char *layer,
		 const char *why)
{
	snprintf(d->error, sizeof(d->error), "%s %s", layer, why);
	d->raw = raw;
}

/* ---- Cairn ---- */

static void decode_cairn(struct decoded *d, struct span frame)
{
	enum sync_error e = sync_message_decode(&d->cairn, frame);

	d->has_cairn = e == SYNC_OK;
	if (e)
		decode_fail(d, frame, "cairn", sync_error_name(e));
}

static void decode_sync_packet(struct decoded *d, struct span data)
{
	struct rd r = rd_init(data);

	d->sender = (uint32_t)rd_be(&r, 4);
	d->has_sender = !r.bad;
	if (r.bad)
		decode_fail(d, data, "cairn", "no-sender");
	else
		decode_cairn(d, rd_rest(&r));
}

bool decode_announced(const struct decoded *d, struct sync_message *m)
{
	return d->has_announce && d->name && strcmp(d->name, NAME_NODE) == 0 &&
	       sync_message_decode(m, d->announce.app_data) == SYNC_OK;
}

/* ---- Reticulum ---- */

static const char *name_of_announce(struct span name_hash)
{
	uint8_t hash[RNS_NAME_HASH];

	for (size_t i = 0; i < sizeof(names_single) / sizeof(char *); i++) {
		rns_name_hash(hash, SPAN_STR(names_single[i]));
		if (span_equal(SPAN(hash, sizeof(hash)), name_hash))
			return names_single[i];
	}
	return NULL;
}

static const char *name_of_plain(const uint8_t dest[RNS_HASH])
{
	uint8_t hash[RNS_HASH];

	for (size_t i = 0; i < sizeof(names_plain) / sizeof(char *); i++) {
		rns_destination_plain(hash, SPAN_STR(names_plain[i]));
		if (memcmp(hash, dest, RNS_HASH) == 0)
			return names_plain[i];
	}
	return NULL;
}

static void decode_announce(struct decoded *d)
{
	struct rns_announce a;

	d->has_announce = true;
	rns_announce_slice(&d->announce, &d->rns);
	d->name = name_of_announce(d->announce.name_hash);
	d->verdict = rns_announce_parse(&a, &d->rns);
	if (d->verdict == RNS_OK)
		d->verdict = rns_announce_verify(&a, &d->rns);
	d->admission = rns_announce_admissible(&d->rns);
}

void decode_bare(struct decoded *d, struct span packet)
{
	enum rns_error e = rns_packet_parse(&d->rns, packet);

	if (e) {
		decode_fail(d, packet, "reticulum", rns_error_name(e));
		return;
	}
	d->has_rns = true;
	d->rns_raw = packet;
	if (d->rns.type == RNS_ANNOUNCE)
		decode_announce(d);
	else if (d->rns.dest_type == RNS_PLAIN && d->rns.type == RNS_DATA)
		d->name = name_of_plain(d->rns.dest);
	if (d->name && strcmp(d->name, NAME_SYNC) == 0)
		decode_sync_packet(d, d->rns.data);
}

/* ---- AX.25 ---- */

static void decode_info(struct decoded *d)
{
	const struct ax25_frame *f = &d->ax25;

	if (f->type != AX25_UI)
		return;
	if (f->pid == AX25_PID_CAIRN)
		decode_cairn(d, f->info);
	else if (f->pid == AX25_PID_NONE &&
		 strcmp(f->dest.call, "APZRNS") == 0)
		decode_bare(d, f->info);
	else
		d->has_aprs = aprs_parse(&d->aprs, f);
}

void decode_ax25(struct decoded *d, struct span frame)
{
	enum ax25_error e = ax25_parse(&d->ax25, frame);

	d->has_ax25 = e == AX25_OK;
	d->ax25_raw = frame;
	if (e)
		decode_fail(d, frame, "ax25", ax25_error_name(e));
	else
		decode_info(d);
}

void decode_ax25_extended(struct decoded *d)
{
	enum ax25_error e = ax25_parse_extended(&d->ax25, d->ax25_raw);

	d->has_ax25 = e == AX25_OK;
	if (e)
		decode_fail(d, d->ax25_raw, "ax25", ax25_error_name(e));
}

void decode_guess(struct decoded *d, struct span frame)
{
	enum ax25_error no_ax25 = ax25_parse(&d->ax25, frame);
	enum rns_error no_rns;
	char why[48];

	if (no_ax25 == AX25_OK) {
		decode_ax25(d, frame);
		return;
	}
	no_rns = rns_packet_parse(&d->rns, frame);
	if (no_rns == RNS_OK) {
		decode_bare(d, frame);
		return;
	}
	snprintf(why, sizeof(why), "%s, reticulum %s",
		 ax25_error_name(no_ax25), rns_error_name(no_rns));
	decode_fail(d, frame, "ax25", why);
}

/* ---- KISS ---- */

void decode_frame(struct decoded *d, struct span frame, enum decode_link link)
{
	if (link == DECODE_AX25)
		decode_ax25(d, frame);
	else if (link == DECODE_BARE || link == DECODE_HDLC)
		decode_bare(d, frame);
	else
		decode_guess(d, frame);
}

/* The marks are port numbers elsewhere: only a check that is right proves
 * that they are none here. */
static enum kiss_check check_take(struct kiss_frame *f)
{
	static const enum kiss_check marked[] = {
		KISS_CHECK_SMACK, KISS_CHECK_FLEXNET,
	};

	for (size_t i = 0; i < 2; i++)
		if (!kiss_check_fits(marked[i], f->port) &&
		    kiss_check_take(marked[i], f))
			return marked[i];
	return KISS_CHECK_NONE;
}

void decode_kiss(struct decoded *d, const struct kiss_frame *f,
		 enum decode_link link)
{
	struct kiss_frame plain = *f;

	if (f->command == KISS_DATA)
		d->check = check_take(&plain);
	d->from_kiss = true;
	d->kiss_port = plain.port;
	d->kiss_command = plain.command;
	d->kiss_data = plain.data;
	if (plain.command == KISS_DATA) {
		decode_frame(d, plain.data, link);
	} else if (plain.command == KISS_ACKMODE && plain.data.n > 2) {
		d->kiss_data.n = 2;	/* the number; then, the frame */
		decode_frame(d, SPAN(plain.data.p + 2, plain.data.n - 2), link);
	}
}

/* ---- captures ---- */

/* A Linux interface may leave CRC marks in the type byte of what it sent;
 * they are no port. */
static void decode_ax25_kiss(struct decoded *d, struct span data,
			     enum decode_link link)
{
	uint8_t marks = d->direction == PCAPNG_OUT ? 0xa0 : 0;
	uint8_t type = data.n ? data.p[0] & (uint8_t)~marks : 0;

	if (data.n == 0) {
		decode_fail(d, data, "kiss", "short");
		return;
	}
	d->from_kiss = true;
	d->kiss_port = type >> 4;
	d->kiss_command = type & 15;
	d->kiss_data = SPAN(data.p + 1, data.n - 1);
	if (d->kiss_command == KISS_DATA && link == DECODE_AUTO)
		decode_ax25(d, d->kiss_data);
	else if (d->kiss_command == KISS_DATA)
		decode_frame(d, d->kiss_data, link);
}

/* BPQ: length 2, little-endian, 5 more than the AX.25 frame that follows. */
static void decode_ethernet(struct decoded *d, struct span data)
{
	struct rd r = rd_init(data);
	uint64_t type, len;

	rd_bytes(&r, 12);
	type = rd_be(&r, 2);
	len = rd_le(&r, 2);
	if (r.bad || type != ETHERTYPE_BPQ)
		decode_fail(d, data, "ethernet", "not-bpq");
	else if (len < 5 || len - 5 > rd_left(&r))
		decode_fail(d, data, "bpq", "bad-length");
	else
		decode_ax25(d, rd_bytes(&r, len - 5));
}

static void decode_packet(struct decoded *d, const struct pcapng_packet *p,
			  enum decode_link link)
{
	char name[16];

	d->timed = true;
	d->wall_us = p->wall_us;
	d->direction = p->direction;
	switch (p->link) {
	case PCAPNG_LINK_AX25:
		decode_ax25(d, p->data);
		break;
	case PCAPNG_LINK_AX25_KISS:
		decode_ax25_kiss(d, p->data, link);
		break;
	case PCAPNG_LINK_USER0:
		decode_bare(d, p->data);
		break;
	case LINK_ETHERNET:
		decode_ethernet(d, p->data);
		break;
	default:
		snprintf(name, sizeof(name), "%u", p->link);
		decode_fail(d, p->data, "link type", name);
	}
}

void decode_input(struct decoded *d, const struct input_frame *f,
		  enum decode_link link)
{
	switch (f->kind) {
	case INPUT_KISS:
		decode_kiss(d, f->kiss, link);
		break;
	case INPUT_PACKET:
		decode_packet(d, f->packet, link);
		break;
	case INPUT_BARE:
		decode_bare(d, f->data);
		break;
	case INPUT_ANY:
		decode_frame(d, f->data, link);
		break;
	case INPUT_ERROR:
		decode_fail(d, f->data, f->layer, f->error);
		break;
	}
}
