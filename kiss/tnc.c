/* SPDX-License-Identifier: MIT
 *
 * A TNC's life.
 *
 *   down --pause over--> opening ---> up --hang-up--> down
 *     ^                     |
 *     `--- nothing there ---'
 *
 * Coming up it sends C0 C0 C0, which closes a frame that a crash left half
 * sent, then the init string, then the parameters that were named, and nothing
 * else: what the operator set on the TNC stays. The pause doubles from 1 s to
 * 60 s, with a jitter of a quarter, and starts over once a frame was heard or
 * a minute went well.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "kiss/line.h"
#include "kiss/tnc.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/ring/dial.h"

#define TNC_PAUSE_MIN_US (1 * US_PER_S)
#define TNC_PAUSE_MAX_US (60 * US_PER_S)
#define TNC_GOOD_US (60 * US_PER_S)
#define TNC_POLL_US (200 * US_PER_MS)
#define ACK_ID_SIZE 2
#define FRAME_MAX (KISS_FRAME_MAX - 1 - ACK_ID_SIZE - KISS_CHECK_SIZE_MAX)

enum ack { ACK_OFF, ACK_UNASKED, ACK_ASKED, ACK_ON };

struct tnc {
	struct ring *ring;
	struct tnc_config config;
	const struct tnc_ops *ops;
	void *ctx;
	struct kiss_decoder decoder;
	struct ring_stream *stream;
	bool paused;
	struct termios before;		/* of a line, while up */
	struct ring_dial *dialling;	/* a host, while opening */
	struct ring_timer retry, poll;
	uint64_t pause_us, up_since_us;
	enum ack ack;			/* on this connection */
	uint16_t ack_id;		/* of the last burst */
	struct buf out;
};

static void stream_close(struct tnc *t)
{
	if (!t->stream)
		return;
	ring_timer_clear(t->ring, &t->poll);
	if (!t->config.tcp)
		tcsetattr(ring_stream_fd(t->stream), TCSANOW, &t->before);
	ring_stream_close(t->stream);
	t->stream = NULL;
}

/* Says why and when it tries again. Last in its caller: the callback may free
 * t. */
static void tnc_down(struct tnc *t, const char *what, const char *reason)
{
	uint64_t now_us = ring_now_us(t->ring), pause_us = t->pause_us;
	char why[400];

	if (t->stream && now_us - t->up_since_us >= TNC_GOOD_US)
		pause_us = TNC_PAUSE_MIN_US;
	stream_close(t);
	ring_timer_set(t->ring, &t->retry,
		       now_us + pause_us + now_us % (pause_us / 4));
	t->pause_us = 2 * pause_us < TNC_PAUSE_MAX_US ? 2 * pause_us
						      : TNC_PAUSE_MAX_US;
	snprintf(why, sizeof(why), "%s%s%s; next try in %u s", what,
		 *reason ? ": " : "", reason, (unsigned)(pause_us / US_PER_S));
	t->ops->state(t->ctx, false, why);
}

static void on_error(void *ctx, enum kiss_error e, struct span raw)
{
	struct tnc *t = ctx;

	if (t->ops->error)
		t->ops->error(t->ctx, e, raw);
}

/* ---- what the TNC says ---- */

static bool is_answer(const struct tnc *t, const struct kiss_frame *f)
{
	return t->ack >= ACK_ASKED && f->port == t->config.kiss_port &&
	       (f->command == KISS_ACKMODE || f->command == KISS_POLL) &&
	       f->data.n == ACK_ID_SIZE;
}

/* However late: it knows ACKMODE. Only the last burst's answer says that the
 * channel is free again. */
static void take_answer(struct tnc *t, struct span id)
{
	t->ack = ACK_ON;
	if (be_get(id.p, ACK_ID_SIZE) == t->ack_id && t->ops->sent)
		t->ops->sent(t->ctx);
}

static void poll_again(void *ctx)
{
	struct tnc *t = ctx;
	uint8_t wire[KISS_ENCODED_MAX(0)];

	ring_stream_write(t->stream, SPAN(wire, kiss_encode(wire,
			  t->config.kiss_port, KISS_POLL, SPAN("", 0))));
	ring_timer_set(t->ring, &t->poll, ring_now_us(t->ring) + TNC_POLL_US);
}

static void on_frame(void *ctx, const struct kiss_frame *f)
{
	struct kiss_frame plain = *f;
	struct tnc *t = ctx;

	t->pause_us = TNC_PAUSE_MIN_US;
	if (!kiss_check_take(t->config.check, &plain)) {
		t->decoder.errors[KISS_ERR_CHECK]++;
		on_error(t, KISS_ERR_CHECK, f->data);
		return;
	}
	if (is_answer(t, &plain)) {
		take_answer(t, plain.data);
		return;
	}
	if (t->config.polled && plain.command == KISS_DATA)
		poll_again(t);	/* there may be more */
	t->ops->frame(t->ctx, &plain);
}

static void on_data(void *ctx, struct span bytes)
{
	struct tnc *t = ctx;

	kiss_decode(&t->decoder, bytes);
}

static void on_closed(void *ctx, int error)
{
	struct tnc *t = ctx;

	kiss_decode_end(&t->decoder);
	tnc_down(t, t->config.tcp ? "the KISS server closed" :
		 "the line hung up", error ? strerror(-error) : "");
}

static const struct ring_stream_ops stream_ops = {
	.data = on_data, .closed = on_closed,
};

/* ---- what it is told ---- */

static uint8_t own_type(const struct tnc *t, uint8_t command)
{
	return (uint8_t)(t->config.kiss_port << 4 | command);
}

/* One KISS frame, head before data, with the line's check. */
static void put_frame(struct tnc *t, uint8_t type, struct span head,
		      struct span data)
{
	uint8_t frame[KISS_FRAME_MAX];
	struct wr w = wr_init(frame, sizeof(frame) - KISS_CHECK_SIZE_MAX);
	size_t n;

	wr_u8(&w, type);
	wr_bytes(&w, head);
	wr_bytes(&w, data);
	n = kiss_check_add(t->config.check, frame, w.len);
	t->out.len += kiss_encode(buf_reserve(&t->out, KISS_ENCODED_MAX(n)),
				  frame[0] >> 4, frame[0] & 0x0f,
				  SPAN(frame + 1, n - 1));
}

static void put_parameter(struct tnc *t, uint8_t command, int value)
{
	uint8_t v = (uint8_t)value;

	if (value >= 0)
		put_frame(t, own_type(t, command), SPAN(NULL, 0), SPAN(&v, 1));
}

static void put_asking(struct tnc *t, struct span frame)
{
	uint8_t id[ACK_ID_SIZE];

	be_put(id, sizeof(id), ++t->ack_id);
	put_frame(t, own_type(t, KISS_ACKMODE), SPAN(id, sizeof(id)), frame);
}

/* In units of 10 ms, rounded, as KISS has it. */
static int ten_ms(int ms)
{
	return ms < 0 ? -1 : ms > 2550 ? 255 : (ms + 5) / 10;
}

static void send_start(struct tnc *t)
{
	const struct tnc_config *c = &t->config;
	static const uint8_t fends[] = { KISS_FEND, KISS_FEND, KISS_FEND };
	uint8_t init[sizeof(c->init)];

	t->out.len = 0;
	buf_add(&t->out, SPAN(fends, sizeof(fends)));
	buf_add(&t->out, SPAN(init, line_expand(init, sizeof(init), c->init)));
	put_parameter(t, KISS_TXDELAY, ten_ms(c->txdelay_ms));
	put_parameter(t, KISS_PERSISTENCE, c->persistence);
	put_parameter(t, KISS_SLOTTIME, ten_ms(c->slottime_ms));
	put_parameter(t, KISS_TXTAIL, ten_ms(c->txtail_ms));
	put_parameter(t, KISS_FULLDUPLEX, c->fullduplex);
	ring_stream_write(t->stream, buf_span(&t->out));
}

static void tnc_opened(struct tnc *t, int fd)
{
	enum ring_class cls = t->config.tcp ? RING_TCP : RING_TTY;

	t->stream = ring_stream_new(t->ring, fd, cls, &stream_ops, t);
	if (!t->stream) {
		int err = errno;

		close(fd);
		tnc_down(t, t->config.device, strerror(err));
		return;
	}
	ring_stream_pause(t->stream, t->paused);
	t->up_since_us = ring_now_us(t->ring);
	t->ack = t->config.ackmode ? ACK_UNASKED : ACK_OFF;
	send_start(t);
	if (t->config.polled)
		poll_again(t);
	t->ops->state(t->ctx, true, "up");
}

static void open_tty(struct tnc *t)
{
	int fd = line_open_tty(t->config.device, t->config.speed_baud,
			       &t->before);

	if (fd < 0)
		tnc_down(t, t->config.device, strerror(-fd));
	else
		tnc_opened(t, fd);
}

static void on_dialled(void *ctx, int fd, const char *why)
{
	struct tnc *t = ctx;

	t->dialling = NULL;
	if (fd < 0)
		tnc_down(t, t->config.device, why);
	else
		tnc_opened(t, fd);
}

static void open_tcp(struct tnc *t)
{
	const char *colon = strrchr(t->config.device, ':');
	char host[sizeof(t->config.device)] = "";

	if (colon)
		memcpy(host, t->config.device,
		       (size_t)(colon - t->config.device));
	t->dialling = ring_dial(t->ring, host, colon ? colon + 1 : "",
				on_dialled, t);
	if (!t->dialling)
		tnc_down(t, t->config.device, strerror(ENOMEM));
}

static void tnc_open(void *ctx)
{
	struct tnc *t = ctx;

	if (t->config.tcp)
		open_tcp(t);
	else
		open_tty(t);
}

struct tnc *tnc_new(struct ring *r, const struct tnc_config *c,
		    const struct tnc_ops *ops, void *ctx)
{
	struct tnc *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->ring = r;
	t->config = *c;
	t->ops = ops;
	t->ctx = ctx;
	t->pause_us = TNC_PAUSE_MIN_US;
	t->retry.fn = tnc_open;
	t->poll.fn = poll_again;
	t->retry.ctx = t->poll.ctx = t;
	kiss_decoder_init(&t->decoder, on_frame, t);
	t->decoder.error = on_error;
	ring_timer_set(r, &t->retry, ring_now_us(r)); /* on the next turn */
	return t;
}

void tnc_free(struct tnc *t)
{
	if (!t)
		return;
	ring_timer_clear(t->ring, &t->retry);
	ring_dial_cancel(t->dialling);
	stream_close(t);
	buf_fini(&t->out);
	free(t);
}

void tnc_pause(struct tnc *t, bool pause)
{
	t->paused = pause;
	if (t->stream)
		ring_stream_pause(t->stream, pause);
}

const char *tnc_ackmode(const struct tnc *t)
{
	static const char *const names[] = { "off", "unasked", "asked", "on" };

	return names[t->ack];
}

const struct kiss_decoder *tnc_decoder(const struct tnc *t)
{
	return &t->decoder;
}

int tnc_send(struct tnc *t, const struct span *frames, size_t n)
{
	bool asking = t->ack == ACK_UNASKED || t->ack == ACK_ON;
	int e;

	if (!t->stream)
		return -ENETDOWN;
	for (size_t i = 0; i < n; i++)
		if (frames[i].n > FRAME_MAX)
			return -EMSGSIZE;
	t->out.len = 0;
	for (size_t i = 0; i < n; i++)
		if (asking && i + 1 == n)
			put_asking(t, frames[i]);
		else
			put_frame(t, own_type(t, KISS_DATA), SPAN(NULL, 0),
				  frames[i]);
	e = ring_stream_write(t->stream, buf_span(&t->out));
	if (!e && t->ack == ACK_UNASKED)
		t->ack = ACK_ASKED;
	return e;
}

int tnc_forward(struct tnc *t, uint8_t type, struct span data)
{
	if (!t->stream)
		return -ENETDOWN;
	if ((type & 0x0f) > KISS_SETHARDWARE)
		return -EINVAL;
	if (data.n > FRAME_MAX)
		return -EMSGSIZE;
	t->out.len = 0;
	put_frame(t, type, SPAN(NULL, 0), data);
	return ring_stream_write(t->stream, buf_span(&t->out));
}
