/* SPDX-License-Identifier: MIT
 *
 * The control socket: see control.h.
 */
#include "daemon/control.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "daemon/daemon.h"
#include "lib/base/report.h"
#include "lib/ctl/ctl.h"

#define CLIENTS_MAX 32

struct client {
	struct control *control;	/* NULL = free */
	struct ring_stream *stream;
	bool watching;		/* a monitor */
	bool waiting;		/* for the disk: up to `need` */
	bool gone;		/* to be reaped */
	uint64_t need;
	struct json_out held;	/* the reply that waits */
};

struct control {
	struct daemon *daemon;
	struct ring_wait *accept;
	char path[STATION_PATH_MAX];
	uint64_t requests, refused, slow_dropped;
	struct client clients[CLIENTS_MAX];
};

/* ---- one client ---- */

static void client_write(struct client *cl, struct span message)
{
	if (cl->gone)
		return;
	if (message.n > CTL_MESSAGE_MAX ||
	    ring_stream_write(cl->stream, message)) {
		cl->control->slow_dropped++;
		cl->gone = true;
	}
}

void client_reply(struct client *cl, struct json_out *o)
{
	client_write(cl, buf_span(&o->b));
	buf_fini(&o->b);
	*o = (struct json_out){ 0 };
}

void client_end(struct client *cl, int exit_code, const char *error)
{
	struct json_out o = { 0 };

	ctl_end_write(&o, exit_code, error);
	client_reply(cl, &o);
}

void client_end_durable(struct client *cl, struct json_out *o, uint64_t need)
{
	struct daemon *d = cl->control->daemon;

	cl->held = *o;
	*o = (struct json_out){ 0 };
	/* a write that stopped the log was not even committed */
	cl->need = d->log_error ? UINT64_MAX : need;
	cl->waiting = true;
	control_durable(cl->control, log_durable(d->log), d->log_error);
}

void client_watch(struct client *cl)
{
	cl->watching = true;
}

static void client_data(void *ctx, struct span message)
{
	struct client *cl = ctx;
	struct ctl_request r;

	if (cl->gone)
		return;
	if (cl->waiting || cl->watching) {
		client_end(cl, EXIT_CODE_USAGE, "one request at a time");
		return;
	}
	if (ctl_request_parse(&r, message)) {
		client_end(cl, EXIT_CODE_USAGE, "not a request");
		return;
	}
	cl->control->requests++;
	verb_run(cl->control->daemon, cl, &r);
	ctl_request_fini(&r);
}

static void client_closed(void *ctx, int error)
{
	struct client *cl = ctx;

	(void)error;
	cl->gone = true;
}

static const struct ring_stream_ops client_ops = {
	.data = client_data, .closed = client_closed,
};

static void control_accepted(void *ctx, int fd)
{
	struct control *c = ctx;
	struct client *cl = c->clients;

	if (fd < 0)
		return;
	while (cl < c->clients + CLIENTS_MAX && cl->control)
		cl++;
	if (cl == c->clients + CLIENTS_MAX) {
		c->refused++;
		close(fd);
		return;
	}
	*cl = (struct client){ .control = c };
	cl->stream = ring_stream_new(c->daemon->ring, fd, RING_CONTROL,
				     &client_ops, cl);
	if (!cl->stream) {
		cl->control = NULL;
		close(fd);
	}
}

/* ---- all clients ---- */

static bool watched(const struct control *c)
{
	for (size_t i = 0; c && i < CLIENTS_MAX; i++)
		if (c->clients[i].control && c->clients[i].watching)
			return true;
	return false;
}

static void publish(struct control *c, struct json_out *o)
{
	for (struct client *cl = c->clients; cl < c->clients + CLIENTS_MAX;
	     cl++)
		if (cl->control && cl->watching)
			client_write(cl, buf_span(&o->b));
	buf_fini(&o->b);
}

static void time_json(struct json_out *o, uint64_t wall_ms)
{
	char text[25];

	json_out_kv_string(o, "time", clock_format_utc(text, wall_ms));
	json_out_kv_uint(o, "time_ms", wall_ms);
}

void control_frame(struct control *c, const struct control_seen *s)
{
	static const char *const links[] = {
		[RECORD_LINK_AX25] = "ax25", [RECORD_LINK_BARE] = "bare",
		[RECORD_LINK_ERROR] = "error",
	};
	struct json_out o = { 0 };

	if (!watched(c))
		return;
	json_out_object(&o);
	time_json(&o, s->frame->wall_ms);
	json_out_kv_string(&o, "port", s->port);
	json_out_kv_string(&o, "direction", s->frame->sent ? "out" : "in");
	if (s->level_dbm)
		json_out_kv_int(&o, "level_dbm", s->level_dbm);
	if (s->airtime_us)
		json_out_kv_uint(&o, "airtime_us", s->airtime_us);
	json_out_kv_string(&o, "link", links[s->frame->link]);
	json_out_kv_string(&o, "verdict", s->verdict);
	json_out_kv_hex(&o, "frame", s->frame->frame);
	json_out_end_object(&o);
	publish(c, &o);
}

void control_note(struct control *c, const char *text, uint64_t wall_ms)
{
	struct json_out o = { 0 };

	if (!watched(c))
		return;
	json_out_object(&o);
	time_json(&o, wall_ms);
	json_out_kv_string(&o, "note", text);
	json_out_end_object(&o);
	publish(c, &o);
}

static void client_stored(struct client *cl)
{
	cl->waiting = false;
	client_reply(cl, &cl->held);
	client_end(cl, EXIT_CODE_OK, NULL);
}

static void client_not_stored(struct client *cl)
{
	cl->waiting = false;
	buf_fini(&cl->held.b);
	client_end(cl, EXIT_CODE_FAILED,
		   "the log stopped: nothing was stored");
}

void control_durable(struct control *c, uint64_t durable, int error)
{
	for (size_t i = 0; c && i < CLIENTS_MAX; i++) {
		struct client *cl = &c->clients[i];

		if (!cl->control || !cl->waiting)
			continue;
		if (durable >= cl->need)
			client_stored(cl);
		else if (error)
			client_not_stored(cl);
	}
}

void control_reap(struct control *c)
{
	for (size_t i = 0; c && i < CLIENTS_MAX; i++) {
		struct client *cl = &c->clients[i];

		if (!cl->control || !cl->gone)
			continue;
		ring_stream_close(cl->stream);
		buf_fini(&cl->held.b);
		*cl = (struct client){ 0 };
	}
}

void control_json(const struct control *c, struct json_out *o)
{
	json_out_object(o);
	json_out_kv_uint(o, "requests", c ? c->requests : 0);
	json_out_kv_uint(o, "refused", c ? c->refused : 0);
	json_out_kv_uint(o, "slow_dropped", c ? c->slow_dropped : 0);
	json_out_end_object(o);
}

/* ---- the socket ---- */

/* A path may be longer than a socket address: it is reached through the
 * folder's descriptor then. */
static int control_bind(int fd, const char *dir, const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC), e = 0;

	if (dir_fd < 0)
		return -errno;
	unlink(path);	/* whoever holds the log's lock owns the name */
	snprintf(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/control",
		 dir_fd);
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) ||
	    chmod(path, 0600) || listen(fd, CLIENTS_MAX))
		e = -errno;
	close(dir_fd);
	return e;
}

int control_open(struct daemon *d, struct control **out)
{
	struct control *c = calloc(1, sizeof(*c));
	int fd, e;

	if (!c)
		return -ENOMEM;
	*out = c;
	c->daemon = d;
	station_path(&d->station, "control", c->path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	e = fd < 0 ? -errno : control_bind(fd, d->station.dir, c->path);
	if (!e) {
		c->accept = ring_accept(d->ring, fd, control_accepted, c);
		e = c->accept ? 0 : -ENOMEM;
	}
	if (e && fd >= 0)
		close(fd);
	return e;
}

void control_close(struct control *c)
{
	if (!c)
		return;
	if (c->accept) {
		ring_wait_cancel(c->accept);
		unlink(c->path);
	}
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		c->clients[i].gone = true;
	control_reap(c);
	free(c);
}
