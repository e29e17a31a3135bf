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
#include <netdb.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "kiss/tnc.h"
#include "tests/ring_variants.h"

struct heard {
	unsigned frames, errors, sent, ups, downs;
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

static void on_sent(void *ctx)
{
	((struct heard *)ctx)->sent++;
}

static const struct tnc_ops ops = {
	.frame = on_frame, .error = on_error, .sent = on_sent,
	.state = on_state,
};

static void turn_until(const unsigned *what, unsigned n)
{
	for (int i = 0; i < 3000 && *what < n; i++)
		ring_turn(ring, 1000);
	assert_true(*what >= n);
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
	assert_int_equal(tnc_forward(t, 15, SPAN("\1", 1)), -EINVAL);
	assert_int_equal(write(master, "cmd:\r\n\xc0\x20hi\xc0\xc0\x20" "a\xdbx\xc0", 16), 16);
	turn_until(&h.frames, 1);
	turn_until(&h.errors, 2);
	expect_bytes(buf_span(&h.last), "6869");
	close(slave);
	close(master);
	turn_until(&h.downs, 1);
	assert_int_equal(tnc_send(t, burst, 2), -ENETDOWN);
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
	close(fd);
	close(l);
	turn_until(&h.downs, 2);
	assert_non_null(strstr(h.why, "next try in 2 s"));
	tnc_free(t);
}

static void test_absent(void **state)
{
	struct heard h = { 0 };
	struct tnc_config c = config_make("/nonexistent/tty");
	struct tnc *t = tnc_new(ring, &c, &ops, &h);

	(void)state;
	turn_until(&h.downs, 1);
	assert_string_equal(h.why, "/nonexistent/tty: No such file or directory; "
				   "next try in 1 s");
	tnc_free(t);
}

/* The device is a link, as in /dev/serial/by-id, to a pty; master is its far
 * side. */
static int plug_in(const char *link)
{
	int slave, master;
	char name[64];

	assert_int_equal(openpty(&master, &slave, name, NULL, NULL), 0);
	unlink(link);
	assert_int_equal(symlink(name, link), 0);
	close(slave);
	return master;
}

static void test_line_vanishes_and_returns(void **state)
{
	char dir[] = "/tmp/cairn-tnc-XXXXXX", link[64];
	struct heard h = { 0 };
	uint8_t in[100];
	struct tnc_config c;
	struct tnc *t;
	int master;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(link, sizeof(link), "%s/tnc", dir);
	master = plug_in(link);
	c = config_make(link);
	t = tnc_new(ring, &c, &ops, &h);
	turn_until(&h.ups, 1);
	assert_int_equal(write(master, "\xc0\x00half", 6), 6);
	for (int i = 0; i < 5; i++)
		ring_turn(ring, 1000);
	close(master);
	turn_until(&h.downs, 1);
	assert_non_null(strstr(h.why, "the line hung up"));
	assert_int_equal(h.errors, 1);
	master = plug_in(link);
	turn_until(&h.ups, 2);
	expect_bytes(far_read(master, in, sizeof(in)), "c0c0c0");
	/* the half frame of before does not spoil the first of now */
	assert_int_equal(write(master, "\xc0\x00whole\xc0", 8), 8);
	turn_until(&h.frames, 1);
	expect_bytes(buf_span(&h.last), "77686f6c65");
	assert_int_equal(tnc_decoder(t)->frames, 1);
	assert_int_equal(tnc_decoder(t)->errors[KISS_ERR_CUT], 1);
	close(master);
	turn_until(&h.downs, 2);
	/* not 2 s: a frame was heard */
	assert_non_null(strstr(h.why, "next try in 1 s"));
	tnc_free(t);
	unlink(link);
	rmdir(dir);
	buf_fini(&h.last);
}

static void test_settings_are_put_back(void **state)
{
	int slave, master;
	struct termios before, during, after;
	struct heard h = { 0 };
	struct tnc_config c;
	struct tnc *t;
	char name[64];

	(void)state;
	assert_int_equal(openpty(&master, &slave, name, NULL, NULL), 0);
	c = config_make(name);
	tcgetattr(slave, &before);
	t = tnc_new(ring, &c, &ops, &h);
	turn_until(&h.ups, 1);
	tcgetattr(slave, &during);
	assert_true(before.c_lflag & ICANON);
	assert_false(during.c_lflag & (ICANON | ECHO | ISIG));
	assert_false(during.c_oflag & OPOST);
	assert_int_equal(during.c_cc[VMIN], 1);
	tnc_free(t);
	ring_turn(ring, 1000);
	tcgetattr(slave, &after);
	assert_int_equal(after.c_lflag, before.c_lflag);
	assert_int_equal(after.c_oflag, before.c_oflag);
	close(slave);
	close(master);
}

static void test_garbage(void **state)
{
	int slave, master;
	struct heard h = { 0 };
	struct tnc_config c;
	struct tnc *t;
	char name[64];

	(void)state;
	srand(3);
	assert_int_equal(openpty(&master, &slave, name, NULL, NULL), 0);
	c = config_make(name);
	t = tnc_new(ring, &c, &ops, &h);
	turn_until(&h.ups, 1);
	for (int round = 0; round < 20; round++) {
		uint8_t noise[1000];
		unsigned seen;

		for (size_t i = 0; i < sizeof(noise); i++)
			noise[i] = (uint8_t)(rand() % 5 ? rand() : KISS_FEND -
				   (rand() & 1) * (KISS_FEND - KISS_FESC));
		assert_int_equal(write(master, noise, sizeof(noise)),
				 sizeof(noise));
		for (int i = 0; i < 3; i++)
			ring_turn(ring, 1000);
		seen = h.frames;
		assert_int_equal(write(master, "\xc0\x00ok\xc0", 5), 5);
		turn_until(&h.frames, seen + 1);
		expect_bytes(buf_span(&h.last), "6f6b");
	}
	assert_int_equal(h.downs, 0);
	tnc_free(t);
	close(slave);
	close(master);
	buf_fini(&h.last);
}

static void test_ff_is_never_sent(void **state)
{
	static uint8_t large[KISS_FRAME_MAX];
	const struct span over = SPAN(large, sizeof(large));
	int slave, master;
	struct heard h = { 0 };
	struct tnc_config c;
	struct span sent;
	struct tnc *t;
	uint8_t in[600];
	char name[64];

	(void)state;
	assert_int_equal(openpty(&master, &slave, name, NULL, NULL), 0);
	c = config_make(name);
	c.kiss_port = 15;
	c.txdelay_ms = 2550;
	t = tnc_new(ring, &c, &ops, &h);
	turn_until(&h.ups, 1);
	for (unsigned type = 0; type < 256; type++)
		assert_int_equal(tnc_forward(t, (uint8_t)type, SPAN("\1", 1)),
				 (type & 15) <= KISS_SETHARDWARE ? 0 : -EINVAL);
	assert_int_equal(tnc_send(t, &over, 1), -EMSGSIZE);
	sent = far_read(master, in, sizeof(in));
	assert_int_equal(sent.n, 3 + 4 + 16 * 7 * 4 + 1); /* C0 is escaped */
	for (size_t i = 1; i < sent.n; i++)
		assert_false(sent.p[i - 1] == KISS_FEND && sent.p[i] == 0xff);
	tnc_free(t);
	close(slave);
	close(master);
}

/* ---- ACKMODE, checks, polls ---- */

struct line {
	int master;
	struct heard h;
	struct tnc *t;
};

/* A TNC on a pty, up, its three FENDs read. */
static void line_open(struct line *l, struct tnc_config *c)
{
	uint8_t in[16];
	int slave;

	*l = (struct line){ 0 };
	assert_int_equal(openpty(&l->master, &slave, c->device, NULL, NULL), 0);
	l->t = tnc_new(ring, c, &ops, &l->h);
	turn_until(&l->h.ups, 1);
	if (!c->polled)
		expect_bytes(far_read(l->master, in, sizeof(in)), "c0c0c0");
	close(slave);
}

static void line_close(struct line *l)
{
	tnc_free(l->t);
	close(l->master);
	buf_fini(&l->h.last);
}

static void say(struct line *l, const char *hex)
{
	uint8_t out[300];
	int n = hex_decode(out, sizeof(out), SPAN_STR(hex));

	assert_int_equal(write(l->master, out, (size_t)n), n);
	for (int i = 0; i < 10; i++)
		ring_turn(ring, 1000);
}

static void say_until(struct line *l, const char *hex, const unsigned *what,
		      unsigned count)
{
	say(l, hex);
	turn_until(what, count);
}

/* Exactly these bytes arrive, however slowly, and then none for a while. */
static void far_expect(const struct line *l, const char *hex)
{
	uint8_t in[200];
	size_t n = 0, want = strlen(hex) / 2;

	for (int i = 0; i < 100 && n < want; i++) {
		struct span s = far_read(l->master, in + n, sizeof(in) - n);

		n += s.n;
	}
	n += far_read(l->master, in + n, sizeof(in) - n).n;
	expect_bytes(SPAN(in, n), hex);
}

static void send_expect(struct line *l, const char *hex)
{
	const struct span burst[] = { SPAN_STR("ab"), SPAN_STR("cd") };

	assert_int_equal(tnc_send(l->t, burst, 2), 0);
	far_expect(l, hex);
}

static void test_ackmode(void **state)
{
	struct tnc_config c = config_make("/none");
	struct line l;

	(void)state;
	c.ackmode = true;
	c.kiss_port = 1;
	line_open(&l, &c);
	/* nobody asked: a frame like any other */
	say_until(&l, "c01c0000c0", &l.h.frames, 1);
	assert_string_equal(tnc_ackmode(l.t), "unasked");
	send_expect(&l, "c0106162c0c01c00016364c0");
	send_expect(&l, "c0106162c0c0106364c0");	/* no answer yet */
	say(&l, "c00c0001c0");	/* another port's */
	assert_int_equal(l.h.sent, 0);
	say_until(&l, "c01c0001c0", &l.h.sent, 1);
	assert_string_equal(tnc_ackmode(l.t), "on");
	send_expect(&l, "c0106162c0c01c00026364c0");
	say(&l, "c01c0001c0");	/* again, late */
	assert_int_equal(l.h.sent, 1);
	say_until(&l, "c01e0002c0", &l.h.sent, 2); /* the other form */
	say(&l, "c01c00c0c01c000203c0");	/* neither id nor answer */
	assert_int_equal(l.h.sent, 2);
	line_close(&l);
}

/* It drops the first, and gets all others as plain data. */
static void test_ackmode_never_answered(void **state)
{
	struct tnc_config c = config_make("/none");
	struct line l;

	(void)state;
	c.ackmode = true;
	line_open(&l, &c);
	send_expect(&l, "c0006162c0c00c00016364c0");
	for (int i = 0; i < 3; i++)
		send_expect(&l, "c0006162c0c0006364c0");
	assert_int_equal(l.h.sent, 0);
	assert_string_equal(tnc_ackmode(l.t), "asked");
	line_close(&l);
}

static void test_checks_on_a_line(void **state)
{
	struct tnc_config c = config_make("/none");
	struct line l;

	(void)state;
	c.check = KISS_CHECK_SMACK;
	line_open(&l, &c);
	send_expect(&l, "c0806162a991c0c080636428f3c0");
	say_until(&l, "c0806162a991c0", &l.h.frames, 1);
	expect_bytes(buf_span(&l.h.last), "6162");
	/* not every frame has one */
	say_until(&l, "c000657fc0", &l.h.frames, 2);
	say_until(&l, "c0806162a990c0c080a9c0", &l.h.errors, 2);
	assert_int_equal(l.h.frames, 2);
	assert_int_equal(tnc_decoder(l.t)->errors[KISS_ERR_CHECK], 2);
	line_close(&l);
}

static bool polls_only(const struct line *l)
{
	uint8_t in[64];
	struct span s = far_read(l->master, in, sizeof(in));

	for (size_t i = 0; i + 3 <= s.n; i += 3)
		if (memcmp(s.p + i, "\xc0\x2e\xc0", 3))
			return false;
	return s.n % 3 == 0;
}

static void test_polled(void **state)
{
	struct tnc_config c = config_make("/none");
	uint8_t in[300];
	struct line l;
	size_t n = 0;

	(void)state;
	c.polled = true;
	c.check = KISS_CHECK_XOR;
	c.kiss_port = 2;
	line_open(&l, &c);
	for (int i = 0; i < 100 && n < 6; i++)
		n += far_read(l.master, in + n, sizeof(in) - n).n;
	expect_bytes(SPAN(in, 6), "c0c0c0c02ec0");
	say_until(&l, "c02ec0c020616223c0", &l.h.frames, 2); /* none; one */
	expect_bytes(buf_span(&l.h.last), "6162");
	say_until(&l, "c020616224c0", &l.h.errors, 1);
	for (int i = 0; i < 250; i++)
		ring_turn(ring, 1000);
	assert_true(polls_only(&l));
	line_close(&l);
}

/* A root without /etc/hosts knows no localhost. */
static bool localhost_known(void)
{
	struct addrinfo *ai = NULL;
	bool known = getaddrinfo("localhost", NULL, NULL, &ai) == 0;

	if (known)
		freeaddrinfo(ai);
	return known;
}

/* localhost may be ::1 first; the TNC is on 127.0.0.1 only. */
static void test_each_address_is_tried(void **state)
{
	struct heard h = { 0 };
	uint16_t port = 0;
	int l = listener(&port);
	struct tnc_config c;
	struct tnc *t;
	char device[64];

	(void)state;
	if (!localhost_known()) {
		close(l);
		skip();
	}
	snprintf(device, sizeof(device), "tcp:localhost:%u", port);
	c = config_make(device);
	t = tnc_new(ring, &c, &ops, &h);
	turn_until(&h.ups, 1);
	assert_int_equal(h.downs, 0);
	tnc_free(t);
	close(l);
	snprintf(device, sizeof(device), "tcp:localhost:%u", port);
	t = tnc_new(ring, &c, &ops, &h);
	turn_until(&h.downs, 1);
	assert_non_null(strstr(h.why, "Connection refused"));
	tnc_free(t);
	c = config_make("tcp:[nobody at home]:1");
	t = tnc_new(ring, &c, &ops, &h);
	turn_until(&h.downs, 2);
	assert_null(strstr(h.why, "refused"));
	tnc_free(t);
}

static void test_device_text(void **state)
{
	static const char *const bad[] = { "", "ttyUSB0", "tcp:", "tcp::8001",
		"tcp:host", "tcp:host:0", "tcp:host:70000", "tcp:host:80x",
		"/dev/ttyS0@", "/dev/ttyS0@96oo", "/dev/ttyS0@0",
		"/dev/ttyS0@9601" };
	struct tnc_config c = config_make("tcp:localhost:8001");
	char err[160];

	(void)state;
	assert_true(c.tcp);
	assert_string_equal(c.device, "localhost:8001");
	c = config_make("/dev/ttyUSB0@9600");
	assert_string_equal(c.device, "/dev/ttyUSB0");
	assert_int_equal(c.speed_baud, 9600);
	c = config_make("tcp:[::1]:8001");
	assert_string_equal(c.device, "[::1]:8001");
	assert_int_equal(tnc_parse_device(&c, "/dev/ttyS0@96oo", err), -EINVAL);
	assert_string_equal(err, "kiss:/dev/ttyS0@96oo: the speed after @ is a "
			    "number of baud, as in kiss:/dev/ttyUSB0@9600");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err[0] = '\0';
		assert_int_equal(tnc_parse_device(&c, bad[i], err), -EINVAL);
		assert_true(strlen(err) > 10);
	}
}

#define ALL(v) ON(test_pty, v), ON(test_tcp_comes_back, v), \
	ON(test_absent, v), ON(test_line_vanishes_and_returns, v), \
	ON(test_settings_are_put_back, v), ON(test_garbage, v), \
	ON(test_ff_is_never_sent, v), ON(test_each_address_is_tried, v), \
	ON(test_ackmode, v), ON(test_ackmode_never_answered, v), \
	ON(test_checks_on_a_line, v), ON(test_polled, v)

int main(void)
{
	const struct CMUnitTest epoll[] = {
		cmocka_unit_test(test_device_text),
		ALL(variant_epoll),
	};
	const struct CMUnitTest uring[] = { ALL(variant_uring) };
	int bad = cmocka_run_group_tests_name("epoll", epoll, NULL, NULL);

	if (!uring_allowed())
		return bad;
	return bad + cmocka_run_group_tests_name("uring", uring, NULL, NULL);
}
