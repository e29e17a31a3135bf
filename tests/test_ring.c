/* SPDX-License-Identifier: MIT
 *
 * The engine on both backends: every test runs on io_uring (skipped where it
 * is refused) and on epoll.
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
#include <stdlib.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>
#include "lib/base/clock.h"
#include "tests/ring_peer.h"

static int raw_pty(int *slave)
{
	struct termios t;
	int master;

	assert_int_equal(openpty(&master, slave, NULL, NULL, NULL), 0);
	tcgetattr(*slave, &t);
	cfmakeraw(&t);
	tcsetattr(*slave, TCSANOW, &t);
	return master;
}

static void test_data_in_order(void **state)
{
	int fd[2];
	struct peer p;
	uint64_t len = 0;

	(void)state;
	socketpair(AF_UNIX, SOCK_STREAM, 0, fd);
	peer_open(&p, fd[0], RING_TCP);
	/* more than the buffer group holds at once: 64 x 4 KiB */
	while (len < 1500000) {
		uint8_t chunk[4096];
		ssize_t n;

		for (size_t i = 0; i < sizeof(chunk); i++)
			chunk[i] = (uint8_t)((len + i) * 131 >> 7);
		n = send(fd[1], chunk, sizeof(chunk), MSG_DONTWAIT);
		if (n > 0)
			len += (uint64_t)n;
		else
			ring_turn(ring, 1000);
	}
	UNTIL(p.got.len, len);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(p.got.p[i], (uint8_t)(i * 131 >> 7));
	close(fd[1]);
	UNTIL(p.closed, 1);
	assert_int_equal(p.error, 0);
	peer_close(&p);
}

static void test_pty_hangup(void **state)
{
	int slave, master = raw_pty(&slave);
	struct peer p;

	(void)state;
	peer_open(&p, master, RING_TTY);
	assert_int_equal(write(slave, "hello", 5), 5);
	UNTIL(p.got.len, 5);
	assert_int_equal(ring_stream_write(p.st, SPAN_STR("world")), 0);
	UNTIL(p.drained, 1);
	close(slave);
	UNTIL(p.closed, 1);
	assert_int_equal(p.error, -EIO);
	assert_int_equal(ring_stream_write(p.st, SPAN_STR("x")), -EPIPE);
	peer_close(&p);
}

static void test_short_writes(void **state)
{
	int slave, master = raw_pty(&slave);
	static uint8_t big[200000];
	struct buf got = { 0 };
	struct peer p;

	(void)state;
	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (uint8_t)(i * 7 >> 3);
	fcntl(slave, F_SETFL, O_NONBLOCK);
	peer_open(&p, master, RING_TTY);
	assert_int_equal(ring_stream_write(p.st, SPAN(big, sizeof(big))), 0);
	for (int i = 0; i < 100000 && got.len < sizeof(big); i++) {
		ssize_t n = read(slave, buf_reserve(&got, 1000), 1000);

		got.len += n > 0 ? (size_t)n : 0;
		ring_turn(ring, n > 0 ? 0 : 1000);
	}
	assert_int_equal(got.len, sizeof(big));
	assert_memory_equal(got.p, big, sizeof(big));
	settle();
	assert_int_equal(p.drained, 1);
	assert_int_equal(ring_stream_queued(p.st), 0);
	buf_fini(&got);
	peer_close(&p);
	close(slave);
}

static void test_queue_is_bounded(void **state)
{
	static uint8_t chunk[100000];
	unsigned queued = 0;
	struct peer p;
	int fd[2];

	(void)state;
	socketpair(AF_UNIX, SOCK_STREAM, 0, fd);
	peer_open(&p, fd[0], RING_TCP);
	while (ring_stream_write(p.st, SPAN(chunk, sizeof(chunk))) == 0)
		assert_true(++queued < 100);
	assert_int_equal(ring_stream_write(p.st, SPAN(chunk, sizeof(chunk))),
			 -ENOBUFS);
	peer_close(&p);
	settle();
	close(fd[1]);
}

static void test_close_inside_callback(void **state)
{
	struct peer p, q;
	int fd[2], pair[2];

	(void)state;
	socketpair(AF_UNIX, SOCK_STREAM, 0, fd);
	peer_open(&p, fd[0], RING_TCP);
	p.close_in_data = true;
	assert_int_equal(write(fd[1], "abc", 3), 3);
	UNTIL(p.messages, 1);
	assert_int_equal(write(fd[1], "def", 3) > 0 || errno == EPIPE, 1);
	/* the descriptor is reused at once: nothing of p may reach q */
	settle();
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	peer_open(&q, pair[0], RING_TCP);
	assert_int_equal(write(pair[1], "q", 1), 1);
	UNTIL(q.got.len, 1);
	assert_int_equal(q.got.p[0], 'q');
	assert_int_equal(p.messages, 1);
	assert_int_equal(p.calls_after_close, 0);
	peer_close(&p);
	peer_close(&q);
	close(fd[1]);
	close(pair[1]);
}

static void test_control_messages(void **state)
{
	static uint8_t big[150000];
	struct peer a, b;
	int fd[2], size = 400000;

	(void)state;
	memset(big, 'x', sizeof(big));
	socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd);
	setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	peer_open(&a, fd[0], RING_CONTROL);
	peer_open(&b, fd[1], RING_CONTROL);
	ring_stream_write(a.st, SPAN_STR("one"));
	ring_stream_write(a.st, SPAN(big, sizeof(big)));
	ring_stream_write(a.st, SPAN_STR("three"));
	UNTIL(b.messages, 3);
	assert_int_equal(b.got.len, 8 + sizeof(big));
	ring_stream_close(a.st);
	a.gone = true;
	UNTIL(b.closed, 1);
	peer_close(&a);
	peer_close(&b);
}

static void test_pause(void **state)
{
	struct peer p;
	int fd[2];

	(void)state;
	socketpair(AF_UNIX, SOCK_STREAM, 0, fd);
	peer_open(&p, fd[0], RING_TCP);
	ring_stream_pause(p.st, true);
	settle();
	assert_int_equal(write(fd[1], "abc", 3), 3);
	settle();
	assert_int_equal(p.got.len, 0);
	ring_stream_pause(p.st, false);
	UNTIL(p.got.len, 3);
	ring_stream_pause(p.st, true);
	ring_stream_pause(p.st, false);
	assert_int_equal(write(fd[1], "def", 3), 3);
	UNTIL(p.got.len, 6);
	peer_close(&p);
	close(fd[1]);
}

/* ---- connect, accept ---- */

struct dial {
	int fd[8];
	unsigned n;
};

static void on_fd(void *ctx, int fd)
{
	struct dial *d = ctx;

	d->fd[d->n++] = fd;
}

static void test_connect_accept(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	int l = socket(AF_INET, SOCK_STREAM, 0), s;
	socklen_t len = sizeof(a);
	struct dial in = { 0 }, out = { 0 };
	struct ring_wait *w;

	(void)state;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	bind(l, (struct sockaddr *)&a, sizeof(a));
	listen(l, 8);
	getsockname(l, (struct sockaddr *)&a, &len);
	w = ring_accept(ring, l, on_fd, &in);
	for (int i = 0; i < 2; i++) {
		s = socket(AF_INET, SOCK_STREAM, 0);
		assert_non_null(ring_connect(ring, s, &a, sizeof(a), on_fd,
					     &out));
	}
	UNTIL(in.n, 2);
	UNTIL(out.n, 2);
	for (int i = 0; i < 2; i++) {
		assert_true(in.fd[i] >= 0 && out.fd[i] >= 0);
		close(in.fd[i]);
		close(out.fd[i]);
	}
	ring_wait_cancel(w);
	settle();
	s = socket(AF_INET, SOCK_STREAM, 0);
	assert_non_null(ring_connect(ring, s, &a, sizeof(a), on_fd, &out));
	UNTIL(out.n, 3);
	assert_int_equal(out.fd[2], -ECONNREFUSED);
}

/* ---- timers, signals, syncs ---- */

static unsigned fired[4], order;
static struct ring_timer timers[4];

static void on_timer(void *ctx)
{
	fired[(uintptr_t)ctx] = ++order;
}

static void test_timers(void **state)
{
	uint64_t now;

	(void)state;
	order = 0;
	memset(fired, 0, sizeof(fired));
	ring_turn(ring, 0);
	now = ring_now_us(ring);
	for (uintptr_t i = 0; i < 4; i++)
		timers[i] = (struct ring_timer){ .fn = on_timer,
			.ctx = (void *)i };
	ring_timer_set(ring, &timers[0], now + 9000);
	ring_timer_set(ring, &timers[1], now + 3000);
	ring_timer_set(ring, &timers[2], now + 1000);
	ring_timer_set(ring, &timers[3], now + 2000);
	ring_timer_set(ring, &timers[2], now + 6000);	/* moved */
	ring_timer_clear(ring, &timers[3]);
	while (!fired[0])
		ring_turn(ring, TIME_NEVER);
	assert_int_equal(fired[1], 1);
	assert_int_equal(fired[2], 2);
	assert_int_equal(fired[0], 3);
	assert_int_equal(fired[3], 0);
	assert_true(ring_now_us(ring) >= now + 9000);
}

static unsigned signals;

static void on_signal(void *ctx, int signo)
{
	(void)ctx;
	signals += signo == SIGUSR1;
}

static void test_signal(void **state)
{
	(void)state;
	signals = 0;
	assert_int_equal(ring_signal(ring, SIGUSR1, on_signal, NULL), 0);
	kill(getpid(), SIGUSR1);
	UNTIL(signals, 1);
	kill(getpid(), SIGUSR1);
	UNTIL(signals, 2);
}

static unsigned synced;
static int sync_result;

static void on_sync(void *ctx, int result)
{
	(void)ctx;
	synced++;
	sync_result = result;
}

static void test_fdatasync(void **state)
{
	char name[] = "/tmp/cairn-ring-XXXXXX";
	int fd = mkstemp(name), closed = dup(fd);

	(void)state;
	synced = 0;
	unlink(name);
	assert_int_equal(write(fd, "x", 1), 1);
	assert_int_equal(ring_fdatasync(ring, fd, on_sync, NULL), 0);
	UNTIL(synced, 1);
	assert_int_equal(sync_result, 0);
	close(closed);
	assert_int_equal(ring_fdatasync(ring, closed, on_sync, NULL), 0);
	UNTIL(synced, 2);
	assert_int_equal(sync_result, -EBADF);
	close(fd);
}

/* An idle engine sleeps. */
static void test_idle(void **state)
{
	uint64_t turns = ring_counters(ring)->turns;
	struct peer p;
	int fd[2];

	(void)state;
	socketpair(AF_UNIX, SOCK_STREAM, 0, fd);
	peer_open(&p, fd[0], RING_TCP);
	ring_turn(ring, 20000);
	ring_turn(ring, 20000);
	assert_true(ring_counters(ring)->turns == turns + 2);
	assert_int_equal(p.messages + p.closed, 0);
	peer_close(&p);
	close(fd[1]);
}

#define ALL(v) \
	ON(test_data_in_order, v), ON(test_pty_hangup, v), \
	ON(test_short_writes, v), ON(test_queue_is_bounded, v), \
	ON(test_close_inside_callback, v), ON(test_control_messages, v), \
	ON(test_pause, v), ON(test_connect_accept, v), ON(test_timers, v), \
	ON(test_signal, v), ON(test_fdatasync, v), ON(test_idle, v)

int main(void)
{
	const struct CMUnitTest epoll[] = { ALL(variant_epoll) };
	const struct CMUnitTest uring[] = { ALL(variant_uring) };
	const struct CMUnitTest single[] = { ALL(variant_single) };
	int bad = cmocka_run_group_tests_name("epoll", epoll, NULL, NULL);

	if (!uring_allowed())
		return bad;
	bad += cmocka_run_group_tests_name("uring", uring, NULL, NULL);
	return bad + cmocka_run_group_tests_name("uring, reads one by one",
						 single, NULL, NULL);
}
