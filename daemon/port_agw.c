/* SPDX-License-Identifier: MIT
 *
 * A radio of an AGWPE server: agw:HOST:PORT[:RADIO]. Raw frames only, so that
 * to the node it is a TNC like any other.
 *
 *   away --dial--> asked for its radios --ours is there--> up --error--> away
 *     ^--------------- after 1 s, 2 s .. 60 s -----------------------------'
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "ax25/agw.h"
#include "daemon/port.h"
#include "kiss/codec.h"
#include "lib/ring/dial.h"

struct link {
	struct ring_dial *dialling;
	struct agw_decoder decoder;
};

/* ---- what it says ---- */

/* "N;..." */
static void link_radios(struct port *p, struct span text)
{
	char number[8], why[80];
	int have;

	snprintf(number, sizeof(number), "%.*s", (int)text.n,
		 (const char *)text.p);
	have = atoi(number);
	if (p->config->radio < have) {
		port_changed(p, true, "up");
		return;
	}
	snprintf(why, sizeof(why), "it has no radio %u, but %d, from 0",
		 p->config->radio, have);
	port_changed(p, false, why);
}

static void on_frame(void *ctx, const struct agw_frame *f)
{
	struct port *p = ctx;

	if (f->kind == AGW_RADIOS)
		link_radios(p, f->data);
	else if (f->kind == AGW_RAW && f->radio == p->config->radio &&
		 f->data.n > 1)
		port_received(p, SPAN(f->data.p + 1, f->data.n - 1));
}

static void on_data(void *ctx, struct span bytes)
{
	struct port *p = ctx;
	struct link *l = p->link;

	if (agw_decode(&l->decoder, bytes) == 0)
		return;
	port_failed(p, "bad-length", bytes);
	port_later(p, "this is no AGWPE");
}

static const struct ring_stream_ops stream_ops = {
	.data = on_data, .closed = port_closed,
};

/* ---- what it is told ---- */

static int link_say(struct port *p, enum agw_kind kind, struct span data)
{
	uint8_t bytes[AGW_HEAD + 1 + KISS_FRAME_MAX];
	struct wr w = wr_init(bytes, sizeof(bytes));

	agw_encode(&w, p->config->radio, kind, data);
	return w.full ? -EMSGSIZE : ring_stream_write(p->stream, wr_span(&w));
}

static void on_dialled(void *ctx, int fd, const char *why)
{
	struct port *p = ctx;
	struct link *l = p->link;
	int e = fd < 0 ? 0 : port_stream(p, fd, RING_TCP, &stream_ops);

	l->dialling = NULL;
	if (fd < 0 || e) {
		port_later(p, e ? strerror(-e) : why);
		return;
	}
	agw_decoder_init(&l->decoder, on_frame, p);
	link_say(p, AGW_RAW_ON, SPAN(NULL, 0));
	link_say(p, AGW_RADIOS, SPAN(NULL, 0));
}

static int agw_send(struct port *p, const struct span *frames, size_t n)
{
	int e = 0;

	for (size_t i = 0; i < n && !e; i++) {
		uint8_t bytes[1 + KISS_FRAME_MAX];
		struct wr w = wr_init(bytes, sizeof(bytes));

		wr_u8(&w, (uint8_t)(p->config->radio << 4 | KISS_DATA));
		wr_bytes(&w, frames[i]);
		e = w.full ? -EMSGSIZE : link_say(p, AGW_RAW, wr_span(&w));
	}
	return e;
}

/* ---- life ---- */

static void agw_start(struct port *p)
{
	struct link *l = p->link;

	l->dialling = ring_dial(p->ring, p->config->host, p->config->service,
				on_dialled, p);
	if (!l->dialling)
		port_later(p, strerror(ENOMEM));
}

static void agw_stop(struct port *p)
{
	struct link *l = p->link;

	ring_dial_cancel(l->dialling);
}

const struct port_driver port_agw = {
	.link_size = sizeof(struct link), .start = agw_start,
	.stop = agw_stop, .send = agw_send,
};
