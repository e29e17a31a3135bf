/* SPDX-License-Identifier: MIT
 *
 * The operator's lines, on stdin and on the socket DIR/air.ctl:
 *
 *   cut A B | heal A B | loss X | stats | quit
 *
 * Each is answered by one line: "ok", a JSON object, or "error: ...".
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "tools/air_box.h"

static void operator_say(struct air_operator *o, const char *text)
{
	struct span s = SPAN_STR(text);

	if (o->out < 0)
		ring_stream_write(o->stream, s);
	else if (write(o->out, s.p, s.n) < 0)
		o->out = STDERR_FILENO;
}

static void operator_link(struct air_operator *o, unsigned x, unsigned y,
			  bool yes)
{
	unsigned n = o->box->config.stations;

	if (x >= n || y >= n || x == y) {
		operator_say(o, "error: no such pair of stations\n");
		return;
	}
	air_link(o->box->air, x, y, yes);
	operator_say(o, "ok\n");
}

static void operator_loss(struct air_operator *o, double loss)
{
	if (!(loss >= 0 && loss <= 1)) {
		operator_say(o, "error: loss is 0 .. 1\n");
		return;
	}
	air_set_loss(o->box->air, loss);
	operator_say(o, "ok\n");
}

static void operator_line(struct air_operator *o, const char *line)
{
	char stats[512], rest;
	unsigned x, y;
	double loss;

	if (sscanf(line, "cut %u %u %c", &x, &y, &rest) == 2) {
		operator_link(o, x, y, false);
	} else if (sscanf(line, "heal %u %u %c", &x, &y, &rest) == 2) {
		operator_link(o, x, y, true);
	} else if (sscanf(line, "loss %lf %c", &loss, &rest) == 1) {
		operator_loss(o, loss);
	} else if (strcmp(line, "stats") == 0) {
		air_box_stats(o->box, stats, sizeof(stats));
		operator_say(o, stats);
	} else if (strcmp(line, "quit") == 0) {
		operator_say(o, "ok\n");
		ring_stop(o->box->ring);
	} else if (line[0]) {
		operator_say(o, "error: cut A B | heal A B | loss X | stats "
			     "| quit\n");
	}
}

static void operator_data(void *ctx, struct span bytes)
{
	struct air_operator *o = ctx;

	for (size_t i = 0; i < bytes.n; i++) {
		char c = (char)bytes.p[i];

		if (c != '\n' && o->len < sizeof(o->line) - 1) {
			if (c != '\r')
				o->line[o->len++] = c;
		} else if (c != '\n') {
			o->too_long = true;
		} else {
			o->line[o->len] = '\0';
			operator_line(o, o->too_long ? "?" : o->line);
			o->len = 0;
			o->too_long = false;
		}
	}
}

static void operator_closed(void *ctx, int error)
{
	struct air_operator *o = ctx;

	(void)error;
	ring_stream_close(o->stream);
	o->stream = NULL;
}

static const struct ring_stream_ops operator_ops = {
	.data = operator_data, .closed = operator_closed,
};

static void control_accepted(void *ctx, int fd)
{
	struct air_box *b = ctx;

	if (fd < 0)
		return;
	for (unsigned i = 0; i < AIR_BOX_CONTROL_MAX; i++) {
		struct air_operator *o = &b->operator[i];

		if (o->stream)
			continue;
		*o = (struct air_operator){ .box = b, .out = -1 };
		o->stream = ring_stream_new(b->ring, fd, RING_CONTROL,
					    &operator_ops, o);
		if (o->stream)
			return;
		break;
	}
	close(fd);
}

/* stdin counts if somebody may type there; a file or /dev/null does not. */
static void stdin_open(struct air_box *b)
{
	struct air_operator *o = &b->operator[AIR_BOX_CONTROL_MAX];
	struct stat st;
	int fd;

	*o = (struct air_operator){ .box = b, .out = STDOUT_FILENO };
	if (fstat(STDIN_FILENO, &st) ||
	    !(S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) ||
	      isatty(STDIN_FILENO)))
		return;
	fd = dup(STDIN_FILENO);
	if (fd < 0)
		return;
	o->stream = ring_stream_new(b->ring, fd, RING_TTY, &operator_ops, o);
	if (!o->stream)
		close(fd);
}

int air_control_open(struct air_box *b, char err[160])
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(b->socket, sizeof(b->socket), "%s/air.ctl", b->dir);
	if (fd < 0 || strlen(b->socket) >= sizeof(addr.sun_path)) {
		snprintf(err, 160, "no control socket in %.90s", b->dir);
		return -1;
	}
	memcpy(addr.sun_path, b->socket, strlen(b->socket) + 1);
	unlink(b->socket);
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(fd, AIR_BOX_CONTROL_MAX)) {
		snprintf(err, 160, "%.90s: %s", b->socket, strerror(errno));
		close(fd);
		return -1;
	}
	b->control = ring_accept(b->ring, fd, control_accepted, b);
	stdin_open(b);
	return 0;
}

void air_control_close(struct air_box *b)
{
	if (b->control)
		ring_wait_cancel(b->control);
	if (b->socket[0])
		unlink(b->socket);
	for (unsigned i = 0; i <= AIR_BOX_CONTROL_MAX; i++)
		if (b->operator[i].stream)
			ring_stream_close(b->operator[i].stream);
}
