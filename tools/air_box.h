/* SPDX-License-Identifier: MIT
 *
 * cairn-air's parts: the channel in virtual time (air_box.c), the TNCs by
 * which stations reach it (air_port.c), and the operator's lines
 * (air_control.c).
 *
 *   station -- pty or TCP, KISS --> air_port --> channel --> air_port --> ...
 */
#pragma once
#include <stdio.h>
#include "kiss/codec.h"
#include "lib/air/air.h"
#include "lib/ring/ring.h"

#define AIR_BOX_TCP_MAX 4	/* KISS/TCP clients a station */
#define AIR_BOX_CONTROL_MAX 8
#define AIR_BOX_LINE_MAX 128
#define AIR_BOX_ACKS_MAX 16	/* a line; what is asked beyond is not told */
#define AIR_BOX_ACK_ID 2

struct air_box;

/* A KISS line into a station's TNC. */
struct air_client {
	struct air_box *box;
	unsigned station;
	struct ring_stream *stream;	/* NULL: nobody there */
	struct kiss_decoder kiss;
	uint8_t acks[AIR_BOX_ACKS_MAX][AIR_BOX_ACK_ID]; /* asked for */
	unsigned n_acks;
};

struct air_tnc {
	struct air_box *box;
	int master;		/* of the pty, ours for as long as we run */
	char device[64];	/* /dev/pts/N */
	char link[256];		/* DIR/tncN */
	struct air_client pty, tcp[AIR_BOX_TCP_MAX];
	struct ring_wait *listener;
};

/* Somebody who types lines: stdin or a client of DIR/air.ctl. */
struct air_operator {
	struct air_box *box;
	struct ring_stream *stream;
	int out;		/* stdin's answers: 1; else -1 */
	char line[AIR_BOX_LINE_MAX];
	size_t len;
	bool too_long;
};

struct air_box {
	struct ring *ring;
	struct air *air;
	struct air_config config;
	unsigned speed;
	uint64_t start_us;	/* real */
	struct ring_timer wake, attach;
	char dir[200], socket[256];
	unsigned tcp_base;	/* 0: no TCP */
	int ack_command;	/* ACKMODE's answer; -1: unknown to the TNCs */
	struct air_tnc tnc[AIR_STATIONS_MAX];
	struct ring_wait *control;
	struct air_operator operator[AIR_BOX_CONTROL_MAX + 1];
};

/* ---- air_box.c ---- */

/* Virtual time: `speed` times as fast as the ring's. */
uint64_t air_box_now_us(const struct air_box *b);
/* Once a turn: deliveries that are due, and when to wake up next. */
void air_box_turn(void *box);
/* One frame from a station's KISS line. */
void air_box_frame(struct air_box *b, unsigned station,
		   const struct kiss_frame *f);
/* One JSON object and a newline. */
int air_box_stats(const struct air_box *b, char *dst, size_t cap);
/* "clique", "line", or a file of lines "A B" (both ways) or "A > B". 0, or
 * -1 with a sentence in err. */
int air_box_topology(struct air_box *b, const char *name, char err[160]);

/* ---- air_port.c ---- */

/* ptys, links and listeners. 0, or -1 with a sentence in err. */
int air_ports_open(struct air_box *b, char err[160]);
void air_ports_close(struct air_box *b);
/* Tells who asked (ACKMODE) that all a station had to send has been on the
 * air. */
void air_port_sent(struct air_box *b, unsigned station);
/* To whoever sits at the station now; dropped where nobody reads. */
void air_port_deliver(struct air_box *b, unsigned station, struct span frame);

/* ---- air_control.c ---- */

int air_control_open(struct air_box *b, char err[160]);
void air_control_close(struct air_box *b);
