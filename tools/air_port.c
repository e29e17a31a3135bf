/* SPDX-License-Identifier: MIT
 *
 * The TNCs: for each station a pty, linked as DIR/tncN, and a KISS/TCP
 * listener.
 *
 * We keep the pty's master for as long as we run, so that its name stays. The
 * kernel says "hung up" on a master until somebody opens the other side and
 * again after the last one closed it, but does not wake us for the opening:
 * while a pty is hung up, a timer looks. Only a pty with somebody at it is
 * given to the ring (as a duplicate, which the ring closes).
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>
#include "tools/air_box.h"

#define ATTACH_LOOK_US 50000
#define CLIENT_BACKLOG_MAX 32768	/* bytes unread before we drop */

/* ---- a KISS line ---- */

/* ACKMODE: a number 2 | frame. */
static void client_asks(struct air_client *c, const struct kiss_frame *f)
{
	struct kiss_frame data = { .port = f->port, .command = KISS_DATA };

	if (c->box->ack_command < 0 || f->data.n <= AIR_BOX_ACK_ID)
		return;
	data.data = SPAN(f->data.p + AIR_BOX_ACK_ID,
			 f->data.n - AIR_BOX_ACK_ID);
	air_box_frame(c->box, c->station, &data);
	if (c->n_acks < AIR_BOX_ACKS_MAX)
		memcpy(c->acks[c->n_acks++], f->data.p, AIR_BOX_ACK_ID);
}

static void client_frame(void *ctx, const struct kiss_frame *f)
{
	struct air_client *c = ctx;

	if (f->command == KISS_ACKMODE)
		client_asks(c, f);
	else
		air_box_frame(c->box, c->station, f);
}

static void client_data(void *ctx, struct span bytes)
{
	struct air_client *c = ctx;

	kiss_decode(&c->kiss, bytes);
}

static void client_closed(void *ctx, int error)
{
	struct air_client *c = ctx;

	(void)error;
	ring_stream_close(c->stream);
	c->stream = NULL;
}

/* Nobody there any more: what was not read must not greet the next one. */
static void pty_closed(void *ctx, int error)
{
	struct air_client *c = ctx;
	struct air_box *b = c->box;

	client_closed(c, error);
	tcflush(b->tnc[c->station].master, TCOFLUSH);
	ring_timer_set(b->ring, &b->attach,
		       ring_now_us(b->ring) + ATTACH_LOOK_US);
}

static const struct ring_stream_ops client_ops = {
	.data = client_data, .closed = client_closed,
};
static const struct ring_stream_ops pty_ops = {
	.data = client_data, .closed = pty_closed,
};

/* Takes fd over, or closes it. */
static void client_open(struct air_client *c, int fd, enum ring_class cls,
			const struct ring_stream_ops *ops)
{
	kiss_decoder_init(&c->kiss, client_frame, c);
	c->n_acks = 0;
	c->stream = ring_stream_new(c->box->ring, fd, cls, ops, c);
	if (!c->stream)
		close(fd);
}

static void client_write(struct air_client *c, struct span bytes)
{
	if (c->stream &&
	    ring_stream_queued(c->stream) + bytes.n <= CLIENT_BACKLOG_MAX)
		ring_stream_write(c->stream, bytes);
}

static void client_sent(struct air_client *c)
{
	uint8_t kiss[KISS_ENCODED_MAX(AIR_BOX_ACK_ID)];

	for (unsigned i = 0; i < c->n_acks; i++)
		client_write(c, SPAN(kiss, kiss_encode(kiss, 0,
				     (uint8_t)c->box->ack_command,
				     SPAN(c->acks[i], AIR_BOX_ACK_ID))));
	c->n_acks = 0;
}

void air_port_sent(struct air_box *b, unsigned station)
{
	struct air_tnc *t = &b->tnc[station];

	client_sent(&t->pty);
	for (unsigned i = 0; i < AIR_BOX_TCP_MAX; i++)
		client_sent(&t->tcp[i]);
}

void air_port_deliver(struct air_box *b, unsigned station, struct span frame)
{
	struct air_tnc *t = &b->tnc[station];
	uint8_t kiss[KISS_ENCODED_MAX(AIR_FRAME_MAX)];
	size_t n = kiss_encode(kiss, 0, KISS_DATA, frame);

	client_write(&t->pty, SPAN(kiss, n));
	for (unsigned i = 0; i < AIR_BOX_TCP_MAX; i++)
		client_write(&t->tcp[i], SPAN(kiss, n));
}

/* ---- ptys ---- */

static bool pty_attached(int master)
{
	struct pollfd p = { .fd = master };

	return poll(&p, 1, 0) >= 0 && !(p.revents & POLLHUP);
}

static void ports_look(void *ctx)
{
	struct air_box *b = ctx;
	bool waiting = false;

	for (unsigned i = 0; i < b->config.stations; i++) {
		struct air_tnc *t = &b->tnc[i];

		if (!t->pty.stream && pty_attached(t->master))
			client_open(&t->pty,
				    fcntl(t->master, F_DUPFD_CLOEXEC, 0),
				    RING_TTY, &pty_ops);
		waiting |= !t->pty.stream;
	}
	if (waiting)
		ring_timer_set(b->ring, &b->attach,
			       ring_now_us(b->ring) + ATTACH_LOOK_US);
}

/* Raw, and once opened and closed, so that it counts as hung up. */
static int pty_prepare(const char *device)
{
	int fd = open(device, O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios tio;

	if (fd < 0 || tcgetattr(fd, &tio))
		return -1;
	cfmakeraw(&tio);
	if (tcsetattr(fd, TCSANOW, &tio))
		return -1;
	return close(fd);
}

static int pty_open(struct air_tnc *t, const char *dir, unsigned station)
{
	t->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (t->master < 0 || grantpt(t->master) || unlockpt(t->master) ||
	    ptsname_r(t->master, t->device, sizeof(t->device)) ||
	    pty_prepare(t->device))
		return -1;
	snprintf(t->link, sizeof(t->link), "%s/tnc%u", dir, station);
	unlink(t->link);
	return symlink(t->device, t->link);
}

/* ---- TCP ---- */

static void tcp_accepted(void *ctx, int fd)
{
	struct air_tnc *t = ctx;

	if (fd < 0)
		return;
	for (unsigned i = 0; i < AIR_BOX_TCP_MAX; i++) {
		if (t->tcp[i].stream)
			continue;
		client_open(&t->tcp[i], fd, RING_TCP, &client_ops);
		return;
	}
	close(fd);
}

static int tcp_listen(struct air_tnc *t, unsigned port)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(fd, AIR_BOX_TCP_MAX)) {
		close(fd);
		return -1;
	}
	t->listener = ring_accept(t->box->ring, fd, tcp_accepted, t);
	return t->listener ? 0 : -1;
}

/* ---- all of them ---- */

static void tnc_init(struct air_box *b, unsigned station)
{
	struct air_tnc *t = &b->tnc[station];

	*t = (struct air_tnc){ .box = b, .master = -1 };
	t->pty = (struct air_client){ .box = b, .station = station };
	for (unsigned i = 0; i < AIR_BOX_TCP_MAX; i++)
		t->tcp[i] = (struct air_client){ .box = b,
						 .station = station };
}

static int tncs_open(struct air_box *b, char err[160])
{
	for (unsigned i = 0; i < b->config.stations; i++) {
		struct air_tnc *t = &b->tnc[i];

		if (pty_open(t, b->dir, i)) {
			snprintf(err, 160, "no pty for station %u in %.80s: "
				 "%s", i, b->dir, strerror(errno));
			return -1;
		}
		if (b->tcp_base && tcp_listen(t, b->tcp_base + i)) {
			snprintf(err, 160, "port 127.0.0.1:%u: %s",
				 b->tcp_base + i, strerror(errno));
			return -1;
		}
	}
	return 0;
}

static void client_close(struct air_client *c)
{
	if (c->stream)
		ring_stream_close(c->stream);
	c->stream = NULL;
}

void air_ports_close(struct air_box *b)
{
	ring_timer_clear(b->ring, &b->attach);
	for (unsigned i = 0; i < b->config.stations; i++) {
		struct air_tnc *t = &b->tnc[i];

		client_close(&t->pty);
		for (unsigned j = 0; j < AIR_BOX_TCP_MAX; j++)
			client_close(&t->tcp[j]);
		if (t->listener)
			ring_wait_cancel(t->listener);
		if (t->link[0])
			unlink(t->link);
		if (t->master >= 0)
			close(t->master);
	}
}

int air_ports_open(struct air_box *b, char err[160])
{
	b->attach.fn = ports_look;
	b->attach.ctx = b;
	for (unsigned i = 0; i < b->config.stations; i++)
		tnc_init(b, i);
	if (tncs_open(b, err)) {
		air_ports_close(b);
		return -1;
	}
	ports_look(b);
	return 0;
}
