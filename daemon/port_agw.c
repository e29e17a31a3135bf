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
#include <unistd.h>
#include "ax25/agw.h"
#include "daemon/port.h"
#include "kiss/codec.h"
#include "lib/ring/dial.h"

struct link {
	struct port *port;
	struct port_retry retry;
	struct ring_dial *dialling;
	struct ring_stream *stream;
	struct agw_decoder decoder;
};

static void link_away(struct link *l, const char *why)
{
	ring_stream_close(l->stream);
	l->stream = NULL;
	port_later(l->port, &l->retry, why);
}

/* ---- what it says ---- */

/* "N;..." */
static void link_radios(struct link *l, struct span text)
{
	char number[8], why[80];
	int have;

	snprintf(number, sizeof(number), "%.*s", (int)text.n,
		 (const char *)text.p);
	have = atoi(number);
	l->retry.pause_s = 0;
	if (l->port->config->radio < have) {
		port_changed(l->port, true, "up");
		return;
	}
	snprintf(why, sizeof(why), "it has no radio %u, but %d, from 0",
		 l->port->config->radio, have);
	port_changed(l->port, false, why);
}

static void on_frame(void *ctx, const struct agw_frame *f)
{
	struct link *l = ctx;

	if (f->kind == AGW_RADIOS)
		link_radios(l, f->data);
	else if (f->kind == AGW_RAW && f->radio == l->port->config->radio &&
		 f->data.n > 1)
		port_received(l->port, SPAN(f->data.p + 1, f->data.n - 1));
}

static void on_data(void *ctx, struct span bytes)
{
	struct link *l = ctx;

	if (agw_decode(&l->decoder, bytes) == 0)
		return;
	port_failed(l->port, "bad-length", bytes);
	link_away(l, "this is no AGWPE");
}

static void on_closed(void *ctx, int error)
{
	link_away(ctx, error ? strerror(-error) : "closed by the other end");
}

static const struct ring_stream_ops stream_ops = {
	.data = on_data, .closed = on_closed,
};

/* ---- what it is told ---- */

static int link_say(struct link *l, enum agw_kind kind, struct span data)
{
	uint8_t bytes[AGW_HEAD + 1 + KISS_FRAME_MAX];
	struct wr w = wr_init(bytes, sizeof(bytes));

	agw_encode(&w, l->port->config->radio, kind, data);
	return w.full ? -EMSGSIZE : ring_stream_write(l->stream, wr_span(&w));
}

static void on_dialled(void *ctx, int fd, const char *why)
{
	struct link *l = ctx;

	l->dialling = NULL;
	if (fd >= 0)
		l->stream = ring_stream_new(l->port->ring, fd, RING_TCP,
					    &stream_ops, l);
	if (l->stream) {
		ring_stream_pause(l->stream, l->port->paused);
		agw_decoder_init(&l->decoder, on_frame, l);
		link_say(l, AGW_RAW_ON, SPAN(NULL, 0));
		link_say(l, AGW_RADIOS, SPAN(NULL, 0));
		return;
	}
	if (fd >= 0)
		close(fd);
	port_later(l->port, &l->retry, fd < 0 ? why : strerror(errno));
}

static void link_start(void *ctx)
{
	struct link *l = ctx;
	const struct config_port *c = l->port->config;

	l->dialling = ring_dial(l->port->ring, c->host, c->service, on_dialled,
				l);
	if (!l->dialling)
		port_later(l->port, &l->retry, strerror(ENOMEM));
}

static int agw_send(struct port *p, const struct span *frames, size_t n)
{
	struct link *l = p->link;
	int e = l->stream && p->up ? 0 : -ENETDOWN;

	for (size_t i = 0; i < n && !e; i++) {
		uint8_t bytes[1 + KISS_FRAME_MAX];
		struct wr w = wr_init(bytes, sizeof(bytes));

		wr_u8(&w, (uint8_t)(p->config->radio << 4 | KISS_DATA));
		wr_bytes(&w, frames[i]);
		e = w.full ? -EMSGSIZE : link_say(l, AGW_RAW, wr_span(&w));
	}
	return e;
}

/* ---- life ---- */

static int agw_open(struct port *p)
{
	struct link *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	l->port = p;
	l->retry.timer = (struct ring_timer){ .fn = link_start, .ctx = l };
	p->link = l;
	link_start(l);
	return 0;
}

static void agw_close(struct port *p)
{
	struct link *l = p->link;

	ring_timer_clear(p->ring, &l->retry.timer);
	ring_dial_cancel(l->dialling);
	ring_stream_close(l->stream);
	free(l);
}

static void agw_pause(struct port *p)
{
	struct link *l = p->link;

	if (l->stream)
		ring_stream_pause(l->stream, p->paused);
}

const struct port_driver port_agw = {
	agw_open, agw_close, agw_send, agw_pause,
};
