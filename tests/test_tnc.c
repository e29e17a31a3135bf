/* SPDX-License-Identifier: MIT
 *
 * A TNC over a pty and over TCP: what is sent at the start, what garbage does,
 * how it comes back after it vanished.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "kiss/tnc.h"

static struct ring *ring;

struct heard {
	unsigned frames, errors, ups, downs;
	struct buf last;
	char why[200];
};

static void on_frame(void *ctx, const struct kiss_frame *f)
{
	struct heard *h = ctx;

	h->frames++;
	h->last.len = 0;
	buf_add(&h->last, f->data);
}

static void on_error(void *ctx, enum kiss_error e, struct span raw)
{
	(void)e, (void)raw;
	((struct heard *)ctx)->errors++;
}

static void on_state(void *ctx, bool up, const char *why)
{
	struct heard *h = ctx;

	h->ups += up;
	h->downs += !up;
	snprintf(h->why, sizeof(h->why), "%s", why);
}

static const struct tnc_ops ops = { on_frame, on_error, on_state };

static void turn_until(const unsigned *what, unsigned n)
{
	for (int i = 0; i < 3000 && *what < n; i++)
		ring_turn(ring, 1000);
	assert_true(*what >= n);
}

static int set_up(void **state)
{
	return ring_new(&ring, *state) ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	ring_free(ring);
	return 0;
}

static struct tnc_config config_make(const char *device)
{
	struct tnc_config c = { 0 };
	char err[160];

	assert_int_equal(tnc_parse_device(&c, device, err), 0);
	c.txdelay_ms = c.txtail_ms = c.slottime_ms = -1;
	c.persistence = c.fullduplex = -1;
	return c;
}

/* What arrives at the far side within a few turns. */
static struct span far_read(int fd, uint8_t *dst, size_t cap)
{
	size_t n = 0;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	for (int i = 0; i < 20; i++) {
		ssize_t got = read(fd, dst + n, cap - n);

		n += got > 0 ? (size_t)got : 0;
		ring_turn(ring, 1000);
	}
	return SPAN(dst, n);
}

static void expect_bytes(struct span s, const char *hex)
{
	char text[600];

	assert_string_equal(hex_encode(text, s), hex);
}

static void test_pty(void **state)
{
	int slave, master;
	char name[64], device[80];
	struct heard h = { 0 };
	struct tnc_config c;
	struct tnc *t;
	uint8_t in[300];
	const struct span burst[] = { SPAN_STR("ab"), SPAN("\xc0\xdb", 2) };

	(void)state;
	assert_int_equal(openpty(&master, &slave, name, NULL, NULL), 0);
	snprintf(device, sizeof(device), "%s@9600", name);
	c = config_make(device);
	c.txdelay_ms = 300;
	c.kiss_port = 2;
	strcpy(c.init, "int kiss\\rreset\\x0d");
	t = tnc_new(ring, &c, &ops, &h);
	turn_until(&h.ups, 1);
	/* three FENDs, init, the one named parameter, nothing else */
	expect_bytes(far_read(master, in, sizeof(in)),
		     "c0c0c0696e74206b6973730d72657365740dc0211ec0");
	assert_int_equal(tnc_send(t, burst, 2), 0);
	expect_bytes(far_read(master, in, sizeof(in)),
		     "c0206162c0c020dbdcdbddc0");
	assert_int_equal(tnc_command(t, 15, 1), -EINVAL);
	assert_int_equal(write(master, "cmd:\r\n\xc0\x20hi\xc0\xc0\x20" "a\xdbx\xc0", 16), 16);
	turn_until(&h.frames, 1);
	turn_until(&h.errors, 2);
	expect_bytes(buf_span(&h.last), "6869");
	close(slave);
	close(master);
	turn_until(&h.downs, 1);
	assert_int_equal(tnc_send(t, burst, 2), -ENETDOWN);
	assert_false(tnc_up(t));
	tnc_free(t);
	buf_fini(&h.last);
}

static int listener(uint16_t *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);
	int l = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	a.sin_port = htons(*port);
	setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	assert_int_equal(bind(l, (struct sockaddr *)&a, sizeof(a)), 0);
	listen(l, 1);
	getsockname(l, (struct sockaddr *)&a, &len);
	*port = ntohs(a.sin_port);
	return l;
}

static void test_tcp_comes_back(void **state)
{
	struct heard h = { 0 };
	uint16_t port = 0;
	int l = listener(&port), fd;
	char device[64];
	struct tnc_config c;
	struct tnc *t;

	(void)state;
	snprintf(device, sizeof(device), "tcp:127.0.0.1:%u", port);
	c = config_make(device);
	t = tnc_new(ring, &c, &ops, &h);
	turn_until(&h.ups, 1);
	fd = accept(l, NULL, NULL);
	close(fd);
	turn_until(&h.downs, 1);
	assert_non_null(strstr(h.why, "next try in 1 s"));
	turn_until(&h.ups, 2);
	fd = accept(l, NULL, NULL);
	assert_int_equal(write(fd, "\xc0\x00x\xc0", 4), 4);
	turn_until(&h.frames, 1);
	close(fd);
	close(l);
	turn_until(&h.downs, 2);
	tnc_free(t);
	buf_fini(&h.last);
}

static void test_absent(void **state)
{
	struct heard h = { 0 };
	struct tnc_config c = config_make("/nonexistent/tty");
	struct tnc *t = tnc_new(ring, &c, &ops, &h);

	(void)state;
	turn_until(&h.downs, 1);
	assert_non_null(strstr(h.why, "No such file"));
	turn_until(&h.downs, 2);
	assert_non_null(strstr(h.why, "next try in 2 s"));
	tnc_free(t);
}

static void test_device_text(void **state)
{
	static const char *const bad[] = { "", "ttyUSB0", "tcp:", "tcp::8001",
		"tcp:host", "tcp:host:0", "tcp:host:70000", "tcp:host:80x",
		"/dev/ttyS0@", "/dev/ttyS0@96oo", "/dev/ttyS0@0" };
	struct tnc_config c = config_make("tcp:localhost:8001");
	char err[160];

	(void)state;
	assert_true(c.tcp);
	assert_string_equal(c.device, "localhost:8001");
	c = config_make("/dev/ttyUSB0@9600");
	assert_string_equal(c.device, "/dev/ttyUSB0");
	assert_int_equal(c.speed_baud, 9600);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err[0] = '\0';
		assert_int_equal(tnc_parse_device(&c, bad[i], err), -EINVAL);
		assert_true(strlen(err) > 10);
	}
}

#define ON(test, backend) \
	{ #test " " backend, test, set_up, tear_down, (void *)backend }
#define ALL(backend) ON(test_pty, backend), \
	ON(test_tcp_comes_back, backend), ON(test_absent, backend)

int main(void)
{
	const struct CMUnitTest epoll[] = { cmocka_unit_test(test_device_text),
		ALL("epoll") };
	const struct CMUnitTest uring[] = { ALL("uring") };
	struct ring *r;
	int bad;

	signal(SIGPIPE, SIG_IGN);
	bad = cmocka_run_group_tests_name("epoll", epoll, NULL, NULL);
	if (ring_new(&r, "uring") < 0)
		return bad;
	ring_free(r);
	return bad + cmocka_run_group_tests_name("uring", uring, NULL, NULL);
}
