/* SPDX-License-Identifier: MIT
 *
 * The engine where it is rare: buffers that run out, completions that do not
 * fit, pauses with data under way, datagrams, last words, no descriptors.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/base/clock.h"
#include "tests/ring_peer.h"

#define REGISTER_RESTRICTIONS 11	/* of io_uring_register */

static struct variant variant_few_buffers = { "uring", { .buffers = 4 } };
static struct variant variant_small_cq = { "uring", { .cq_entries = 16 } };

static uint8_t pattern(size_t i)
{
	return (uint8_t)(i * 131 >> 7);
}

static void pair(int type, int fd[2])
{
	int size = 1 << 20;

	assert_int_equal(socketpair(AF_UNIX, type, 0, fd), 0);
	setsockopt(fd[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

static size_t send_pattern(int fd, size_t len)
{
	static uint8_t bytes[1 << 17];

	assert_true(len <= sizeof(bytes));
	for (size_t i = 0; i < len; i++)
		bytes[i] = pattern(i);
	assert_int_equal(write(fd, bytes, len), len);
	return len;
}

/* ---- reading ---- */

static void test_buffers_run_out(void **state)
{
	struct peer p;
	int fd[2];
	size_t len;

	(void)state;
	pair(SOCK_STREAM, fd);
	peer_open(&p, fd[0], RING_TTY);
	ring_turn(ring, 0);
	len = send_pattern(fd[1], 120000);
	UNTIL(p.got.len, len);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(p.got.p[i], pattern(i));
	if (*state == &variant_few_buffers)
		assert_true(ring_counters(ring)->enobufs > 10);
	peer_close(&p);
	close(fd[1]);
}

static void test_pipe(void **state)
{
	struct peer p;
	int fd[2];

	(void)state;
	assert_int_equal(pipe(fd), 0);
	peer_open(&p, fd[0], RING_TTY);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(write(fd[1], "abc", 3), 3);
		UNTIL(p.got.len, 3u * (unsigned)(i + 1));
	}
	close(fd[1]);
	UNTIL(p.closed, 1);
	assert_int_equal(p.error, 0);
	peer_close(&p);
}

static void test_many_at_once(void **state)
{
	static struct peer p[80];
	int fd[80][2];

	(void)state;
	for (int i = 0; i < 80; i++) {
		pair(SOCK_STREAM, fd[i]);
		peer_open(&p[i], fd[i][0], RING_TCP);
	}
	ring_turn(ring, 0);
	for (int round = 1; round <= 3; round++) {
		for (int i = 0; i < 80; i++)
			assert_int_equal(write(fd[i][1], "x", 1), 1);
		for (int i = 0; i < 80; i++)
			UNTIL(p[i].got.len, (unsigned)round);
	}
	for (int i = 0; i < 80; i++)
		close(fd[i][1]);
	for (int i = 0; i < 80; i++) {
		UNTIL(p[i].closed, 1);
		assert_int_equal(p[i].got.len, 3);
		peer_close(&p[i]);
	}
	if (*state == &variant_small_cq)
		assert_true(ring_counters(ring)->cq_overflows > 0);
}

static void pause_in_data(void *ctx, struct span bytes)
{
	struct peer *p = ctx;

	buf_add(&p->got, bytes);
	p->messages++;
	ring_stream_pause(p->st, true);
}

static void test_pause_holds_what_is_under_way(void **state)
{
	static const struct ring_stream_ops one_by_one = {
		pause_in_data, on_closed, on_drained };
	struct peer p = { 0 };
	int fd[2];

	(void)state;
	pair(SOCK_STREAM, fd);
	p.st = ring_stream_new(ring, fd[0], RING_TTY, &one_by_one, &p);
	ring_turn(ring, 0);
	send_pattern(fd[1], 5000);	/* many buffers, one reap */
	close(fd[1]);
	UNTIL(p.messages, 1);
	assert_int_equal(p.messages, 1);
	while (p.got.len < 5000) {
		unsigned seen = p.messages;

		settle();
		assert_int_equal(p.messages, seen);
		assert_int_equal(p.closed, 0);
		ring_stream_pause(p.st, false);
		UNTIL(p.messages, seen + 1);
		assert_int_equal(p.messages, seen + 1);
	}
	settle();
	assert_int_equal(p.closed, 0);	/* the end waits as well */
	ring_stream_pause(p.st, false);
	UNTIL(p.closed, 1);
	for (size_t i = 0; i < 5000; i++)
		assert_int_equal(p.got.p[i], pattern(i));
	peer_close(&p);
}

static void test_pause_of_a_dead_line_sleeps(void **state)
{
	uint64_t turns;
	struct peer p;
	int fd[2];

	(void)state;
	pair(SOCK_STREAM, fd);
	peer_open(&p, fd[0], RING_TCP);
	ring_stream_pause(p.st, true);
	close(fd[1]);
	settle();
	turns = ring_counters(ring)->completions;
	settle();
	assert_true(ring_counters(ring)->completions == turns);
	ring_stream_pause(p.st, false);
	UNTIL(p.closed, 1);
	peer_close(&p);
}

/* ---- datagrams ---- */

static void test_datagrams_keep_their_bounds(void **state)
{
	static uint8_t large[4000];
	struct peer p;
	int fd[2];

	(void)state;
	pair(SOCK_DGRAM, fd);
	peer_open(&p, fd[0], RING_PACKET);
	ring_turn(ring, 0);
	assert_int_equal(send(fd[1], "one", 3, 0), 3);
	assert_int_equal(send(fd[1], "", 0, 0), 0);	/* no end of file */
	assert_int_equal(send(fd[1], "two", 3, 0), 3);
	UNTIL(p.messages, 2);
	assert_int_equal(send(fd[1], "three", 5, 0), 5);
	UNTIL(p.messages, 3);
	assert_memory_equal(p.got.p, "onetwothree", 11);
	/* larger than a buffer: all of it, or nothing */
	assert_int_equal(send(fd[1], large, sizeof(large), 0), sizeof(large));
	assert_int_equal(send(fd[1], "end", 3, 0), 3);
	UNTIL(p.got.len, 14);
	assert_true(p.got.len == 14 || p.got.len == 14 + sizeof(large));
	assert_int_equal(p.closed, 0);
	for (int i = 0; i < 3; i++)
		ring_stream_write(p.st, SPAN("abcdef", (size_t)i + 1));
	UNTIL(p.drained, 1);
	for (int i = 0; i < 3; i++)
		assert_int_equal(recv(fd[1], large, sizeof(large), 0), i + 1);
	peer_close(&p);
	close(fd[1]);
}

static void test_refused_datagrams_pass(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	int there = socket(AF_INET, SOCK_DGRAM, 0);
	int here = socket(AF_INET, SOCK_DGRAM, 0);
	socklen_t len = sizeof(a);
	struct peer p;
	char got[4];

	(void)state;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(there, (struct sockaddr *)&a, sizeof(a)), 0);
	getsockname(there, (struct sockaddr *)&a, &len);
	assert_int_equal(connect(here, (struct sockaddr *)&a, len), 0);
	close(there);
	peer_open(&p, here, RING_PACKET);
	ring_turn(ring, 0);
	for (int i = 0; i < 3; i++) {	/* nobody listens: ICMP comes back */
		ring_stream_write(p.st, SPAN_STR("hi"));
		settle();
	}
	assert_int_equal(p.closed, 0);
	there = socket(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(bind(there, (struct sockaddr *)&a, sizeof(a)), 0);
	ring_stream_write(p.st, SPAN_STR("on"));
	settle();
	assert_int_equal(recv(there, got, 4, MSG_DONTWAIT), 2);
	peer_close(&p);
	close(there);
}

/* ---- writing, closing ---- */

static void test_last_words_are_read(void **state)
{
	static uint8_t big[300000];
	struct peer p;
	int fd[2];

	(void)state;
	pair(SOCK_STREAM, fd);
	peer_open(&p, fd[0], RING_TCP);
	ring_stream_pause(p.st, true);
	ring_stream_write(p.st, SPAN(big, sizeof(big)));
	settle();
	assert_int_equal(write(fd[1], "bye", 3), 3);
	close(fd[1]);
	settle();		/* the write fails with EPIPE */
	assert_int_equal(ring_stream_write(p.st, SPAN_STR("x")), -EPIPE);
	ring_stream_pause(p.st, false);
	UNTIL(p.closed, 1);
	assert_int_equal(p.got.len, 3);
	assert_true(p.error == -EPIPE || p.error == -ECONNRESET);
	peer_close(&p);
}

static struct peer *victim, heir;
static int heir_fd[2];

/* Closes the other one, and opens a third in its place. */
static void close_other(void *ctx, struct span bytes)
{
	struct peer *p = ctx;

	on_data(p, bytes);
	if (!victim || victim == p)
		return;
	victim->gone = true;
	ring_stream_close(victim->st);
	victim = NULL;
	pair(SOCK_STREAM, heir_fd);
	peer_open(&heir, heir_fd[0], RING_TCP);
}

static void test_close_another_in_the_same_reap(void **state)
{
	static const struct ring_stream_ops closing = {
		close_other, on_closed, on_drained };
	struct peer p[2] = { 0 };
	int fd[2][2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		pair(SOCK_STREAM, fd[i]);
		p[i].st = ring_stream_new(ring, fd[i][0], RING_TCP, &closing,
					  &p[i]);
	}
	ring_turn(ring, 0);
	victim = &p[1];
	assert_int_equal(write(fd[0][1], "a", 1), 1);
	assert_int_equal(write(fd[1][1], "b", 1), 1);
	UNTIL(p[0].messages, 1);
	settle();
	assert_int_equal(p[1].calls_after_close + heir.messages, 0);
	assert_true(ring_counters(ring)->late_completions > 0);
	assert_int_equal(write(heir_fd[1], "q", 1), 1);
	UNTIL(heir.messages, 1);
	peer_close(&p[0]);
	peer_close(&p[1]);
	peer_close(&heir);
	for (int i = 0; i < 2; i++)
		close(fd[i][1]);
	close(heir_fd[1]);
}

/* A file can't be waited for: an end with a reason, and no spinning. */
static void test_a_file_is_no_line(void **state)
{
	char name[] = "/tmp/cairn-ring-XXXXXX";
	int fd = mkstemp(name);
	struct peer p;

	(void)state;
	unlink(name);
	peer_open(&p, fd, RING_TTY);
	UNTIL(p.closed, 1);
	assert_true(p.error < 0);
	settle();
	assert_int_equal(p.closed, 1);
	peer_close(&p);
}

static void test_flags_are_put_back(void **state)
{
	struct peer p;
	int fd[2], shared;

	(void)state;
	pair(SOCK_STREAM, fd);
	shared = dup(fd[0]);
	peer_open(&p, fd[0], RING_TCP);
	assert_true(fcntl(shared, F_GETFL) & O_NONBLOCK);
	peer_close(&p);
	settle();
	assert_false(fcntl(shared, F_GETFL) & O_NONBLOCK);
	assert_int_equal(fcntl(fd[0], F_GETFL), -1);
	close(shared);
	close(fd[1]);
}

static void test_free_with_all_under_way(void **state)
{
	static uint8_t big[300000];
	static struct peer p[8];
	int fd[8][2];

	(void)state;
	for (int i = 0; i < 8; i++) {
		pair(SOCK_STREAM, fd[i]);
		peer_open(&p[i], fd[i][0], (enum ring_class)(i % 4));
		ring_stream_write(p[i].st, SPAN(big, sizeof(big)));
		if (i & 1)
			ring_turn(ring, 0);
		assert_int_equal(write(fd[i][1], "late", 4), 4);
	}
	ring_free(ring);
	for (int i = 0; i < 8; i++) {
		assert_true(p[i].messages <= 1);
		assert_int_equal(p[i].closed, 0);
		assert_int_equal(fcntl(fd[i][0], F_GETFL), -1);
		buf_fini(&p[i].got);
		close(fd[i][1]);
	}
	set_up(state);
}

/* ---- accepting, timers ---- */

static int accepted[4];
static unsigned n_accepted, n_refused;

static void on_accept(void *ctx, int fd)
{
	(void)ctx;
	if (fd >= 0)
		accepted[n_accepted++] = fd;
	else
		n_refused++;
}

static void test_no_descriptors_left(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	int l = socket(AF_INET, SOCK_STREAM, 0);
	int c = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(a);
	struct rlimit was, none;
	struct ring_wait *w;

	(void)state;
	n_accepted = n_refused = 0;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(l, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(l, 4), 0);
	getsockname(l, (struct sockaddr *)&a, &len);
	w = ring_accept(ring, l, on_accept, NULL);
	assert_int_equal(connect(c, (struct sockaddr *)&a, len), 0);
	getrlimit(RLIMIT_NOFILE, &was);
	none = (struct rlimit){ (rlim_t)c + 1, was.rlim_max };
	setrlimit(RLIMIT_NOFILE, &none);
	for (int i = 0; i < 20; i++)
		ring_turn(ring, 1000);
	setrlimit(RLIMIT_NOFILE, &was);
	assert_int_equal(n_refused, 1);	/* said once, then a rest */
	assert_int_equal(n_accepted, 0);
	UNTIL(n_accepted, 1);
	ring_wait_cancel(w);
	close(accepted[0]);
	close(c);
}

/* The fd of a connect is the caller's, as if it had never been polled. */
static void test_connected_is_a_stream(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	int l = socket(AF_INET, SOCK_STREAM, 0), far;
	socklen_t len = sizeof(a);
	struct peer p;

	(void)state;
	n_accepted = n_refused = 0;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(l, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(l, 4), 0);
	getsockname(l, (struct sockaddr *)&a, &len);
	assert_non_null(ring_connect(ring, socket(AF_INET, SOCK_STREAM, 0),
				     &a, len, on_accept, NULL));
	UNTIL(n_accepted, 1);
	settle();
	far = accept(l, NULL, NULL);
	peer_open(&p, accepted[0], RING_TCP);
	assert_int_equal(write(far, "hi", 2), 2);
	UNTIL(p.got.len, 2);
	assert_int_equal(p.closed, 0);
	peer_close(&p);
	close(far);
	close(l);
}

static struct ring_timer again;
static unsigned n_again;

static void rearm_for_now(void *ctx)
{
	(void)ctx;
	n_again++;
	ring_timer_set(ring, &again, ring_now_us(ring));
}

static void test_timer_for_now_waits_a_turn(void **state)
{
	(void)state;
	n_again = 0;
	again = (struct ring_timer){ .fn = rearm_for_now };
	ring_timer_set(ring, &again, 0);
	for (unsigned i = 1; i <= 3; i++) {
		ring_turn(ring, TIME_NEVER);
		assert_int_equal(n_again, i);
	}
	ring_timer_clear(ring, &again);
}

static int refuse_calls(struct sock_filter *filter, unsigned short n)
{
	struct sock_fprog program = { n, filter };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* As under Docker's seccomp profile. 0 if all is as it should be. */
static int child_without_uring(void)
{
	struct sock_filter refuse[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct ring *r;

	if (refuse_calls(refuse, 4))
		return 1;
	unsetenv("CAIRN_ENGINE");
	if (ring_new(&r, "uring") != -EPERM)
		return 2;
	if (ring_new(&r, NULL) || strcmp(ring_backend(r), "epoll"))
		return 3;
	if (strcmp(ring_describe(r),
		   "epoll; io_uring is refused (Operation not permitted)"))
		return 4;
	ring_free(r);
	return 0;
}

/* A kernel that knows no restrictions. */
static int child_without_restrictions(void)
{
	struct sock_filter refuse[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_register,
			 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, REGISTER_RESTRICTIONS,
			 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct ring *r;

	if (refuse_calls(refuse, 6))
		return 1;
	if (ring_new(&r, "uring"))
		return 2;
	if (strstr(ring_describe(r), "restricted") || ring_uring_forbidden(r))
		return 3;
	ring_free(r);
	return 0;
}

static int child_status(int (*fn)(void))
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(fn());
	waitpid(pid, &status, 0);
	return status;
}

static void test_refused_uring(void **state)
{
	(void)state;
	assert_int_equal(child_status(child_without_uring), 0);
	assert_int_equal(child_status(child_without_restrictions), 0);
}

/* What the engine never does, its ring refuses. */
static void test_only_what_it_does(void **state)
{
	(void)state;
	assert_non_null(strstr(ring_describe(ring), "restricted"));
	assert_int_equal(ring_uring_forbidden(ring), -EACCES);
}

static void test_backend_names(void **state)
{
	struct ring *r = NULL;

	(void)state;
	assert_int_equal(ring_new(&r, "kqueue"), -EINVAL);
	assert_null(r);
	setenv("CAIRN_ENGINE", "epoll", 1);
	assert_int_equal(ring_new(&r, NULL), 0);
	assert_string_equal(ring_backend(r), "epoll");
	ring_free(r);
	unsetenv("CAIRN_ENGINE");
}

#define ALL(v) \
	ON(test_buffers_run_out, v), ON(test_pipe, v), \
	ON(test_many_at_once, v), \
	ON(test_pause_holds_what_is_under_way, v), \
	ON(test_pause_of_a_dead_line_sleeps, v), \
	ON(test_datagrams_keep_their_bounds, v), \
	ON(test_refused_datagrams_pass, v), ON(test_last_words_are_read, v), \
	ON(test_close_another_in_the_same_reap, v), \
	ON(test_a_file_is_no_line, v), ON(test_flags_are_put_back, v), \
	ON(test_free_with_all_under_way, v), \
	ON(test_no_descriptors_left, v), ON(test_connected_is_a_stream, v), \
	ON(test_timer_for_now_waits_a_turn, v), ON(test_backend_names, v)

int main(void)
{
	const struct CMUnitTest epoll[] = { ALL(variant_epoll) };
	const struct CMUnitTest uring[] = {
		ALL(variant_uring), ON(test_refused_uring, variant_uring),
		ON(test_buffers_run_out, variant_few_buffers),
		ON(test_many_at_once, variant_few_buffers),
		ON(test_many_at_once, variant_small_cq),
		ON(test_pipe, variant_single),
		ON(test_only_what_it_does, variant_uring),
		ON(test_only_what_it_does, variant_single),
		ON(test_pause_holds_what_is_under_way, variant_single),
	};
	int bad = cmocka_run_group_tests_name("epoll", epoll, NULL, NULL);

	if (!uring_allowed())
		return bad;
	return bad + cmocka_run_group_tests_name("uring", uring, NULL, NULL);
}
