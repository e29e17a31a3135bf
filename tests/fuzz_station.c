/* SPDX-License-Identifier: MIT
 *
 * A station of three ports (AX.25, bare by radio, bare stream) that starts
 * from a stranger's state file and hears strangers on all of them, with hours
 * going by and an operator who writes, switches, pulls cables and restarts:
 * it neither crashes nor keys more than its budgets allow. Every other one
 * has a host that verifies seals, when and in which order it likes.
 *
 * Input: length of the state u16, the state, and then steps:
 *   what 1 (bits 0-1: port, 3 = the operator; the rest: who) | time 1
 *   (m << e, of 64 ms: bits 0-4, 5-7) | length 1 | bytes
 */
#include <stdlib.h>
#include "lib/rns/rns.h"
#include "tests/field.h"

#define PORTS 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t born_us;

static void station_ports(struct field *f)
{
	struct node_port_config c[PORTS] = {
		field_port(f), field_port(f), field_port(f),
	};

	c[1].framing = c[2].framing = NODE_BARE;
	c[1].bare_rf = true;
	c[2].profile = NODE_STREAM;
	c[2].bitrate = 0;
	strcpy(c[1].name, "uhf");
	strcpy(c[2].name, "lan");
	for (int i = 0; i < PORTS; i++)
		if (node_port_add(f->s[0].node, &c[i]) != i)
			abort();
}

static void station_boot(struct field *f, struct span state, bool clean)
{
	struct field_station *s = &f->s[0];

	s->n_seals = 0;
	s->config.store = memory_store(s->memory);
	s->node = node_new(&s->config, field_now(f));
	station_ports(f);
	for (struct field_record *r = s->log; r; r = r->next)
		if (node_load(s->node, r->type, r->slot,
			      SPAN(r->bytes, r->n)))
			abort();
	if (node_loaded(s->node, state, clean, field_now(f)))
		abort();
	field_take(f, 0);
	for (int i = 0; i < PORTS; i++) {
		node_port_up(s->node, i, true, field_now(f));
		field_take(f, 0);
	}
	born_us = f->now_us;
}

static void station_check(const struct field *f)
{
	uint64_t may = 390 * US_PER_S + (f->now_us - born_us) / 10;

	for (int i = 0; i < 2; i++)
		if (node_airtime_us(f->s[0].node, i) > may)
			abort();
}

static void station_restart(struct field *f, bool clean)
{
	struct json_out state = { 0 };

	station_check(f);
	node_state(f->s[0].node, &state);
	node_free(f->s[0].node);
	station_boot(f, buf_span(&state.b), clean);
	buf_fini(&state.b);
}

static void station_operator(struct field *f, unsigned what)
{
	struct node *n = f->s[0].node;
	char why[160];

	switch (what % 8) {
	case 0:
	case 1:
		station_restart(f, what % 2);
		return;
	case 2:
	case 3:
		node_port_up(n, (int)(what / 8 % PORTS), what % 2,
			     field_now(f));
		break;
	case 4:
	case 5:
		node_transmit(n, what % 2, field_now(f), why);
		break;
	case 6:
		node_announce(n, field_now(f), why);
		break;
	default:
		field_write(f, 0, what);
		return;
	}
	field_take(f, 0);
}

static int station_link(uint8_t link[512], unsigned port, unsigned who,
			struct span frame)
{
	uint8_t dest_hash[RNS_HASH], data[4 + 255];
	struct ax25_address dest, source;
	char call[12];

	if (port == 0) {
		snprintf(call, sizeof(call), "F0ZZ-%u", who % 16);
		ax25_address_parse(&dest, "CAIRN0");
		ax25_address_parse(&source, call);
		return ax25_ui_encode(link, 512, &dest, &source,
				      AX25_PID_CAIRN, frame);
	}
	rns_destination_plain(dest_hash, SPAN_STR("cairn.sync"));
	be_put(data, 4, who << 16 | 7);
	if (frame.n)
		memcpy(data + 4, frame.p, frame.n);
	return rns_packet_encode_plain(link, 512, dest_hash,
				       SPAN(data, 4 + frame.n));
}

static void station_hears(struct field *f, unsigned port, unsigned who,
			  struct span frame)
{
	uint8_t link[512];
	int len = station_link(link, port, who, frame);

	node_input(f->s[0].node, (int)port, who == 63 || len < 0 ? frame :
		   SPAN(link, (size_t)len), field_now(f));
	field_take(f, 0);
}

static void station_step(struct field *f, struct rd *r)
{
	unsigned what = rd_u8(r), time = rd_u8(r);
	size_t n = rd_u8(r);
	uint64_t until = f->now_us + ((uint64_t)(time & 31) << 2 * (time >> 5))
		* 64000;

	while (f->now_us < until)
		field_step(f, until);
	field_verify(f, 0, time & 7);
	if ((what & 3) == PORTS) {
		station_operator(f, what >> 2);
		return;
	}
	if (n > rd_left(r))
		n = rd_left(r);
	station_hears(f, what & 3, what >> 2, rd_bytes(r, n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd r = rd_init(SPAN(data, size));
	static struct field f;
	size_t n;

	field_init(&f, 1, 1);
	f.duty_permille = 100;
	field_author(&f, 0, 0, 1, 3, 0);
	n = rd_u8(&r) << 8;
	n |= rd_u8(&r);
	if (n > rd_left(&r))
		n = rd_left(&r);
	f.s[0].config.verifies = n / 2 % 2;
	station_boot(&f, rd_bytes(&r, n), n % 2);
	while (rd_left(&r) > 2)
		station_step(&f, &r);
	station_check(&f);
	field_fini(&f);
	return 0;
}
