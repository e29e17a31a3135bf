/* SPDX-License-Identifier: MIT
 *
 * Names and connections: numbers at once, names off the loop, the second
 * address after the first, and asking no more.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "lib/ring/dial.h"
#include "tests/ring_peer.h"

static struct result {
	unsigned n;
	struct addrinfo *list;
	int fd;
	char why[100];
} got;

static void on_resolved(void *ctx, struct addrinfo *list, const char *why)
{
	(void)ctx;
	got.n++;
	got.list = list;
	snprintf(got.why, sizeof(got.why), "%s", why ? why : "");
}

static void on_dialled(void *ctx, int fd, const char *why)
{
	(void)ctx;
	got.n++;
	got.fd = fd;
	snprintf(got.why, sizeof(got.why), "%s", why ? why : "");
}

/* In libc's place: one name's server is slow. */
int getaddrinfo(const char *host, const char *service,
		const struct addrinfo *hints, struct addrinfo **list)
{
	static int (*real)(const char *, const char *, const struct addrinfo *,
			   struct addrinfo **);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	if (host && strcmp(host, "slow") == 0 &&
	    !(hints->ai_flags & AI_NUMERICHOST)) {
		usleep(300000);
		host = "127.0.0.1";
	}
	return real(host, service, hints, list);
}

static void resolve(const char *host, int flags)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
					.ai_flags = flags };

	got = (struct result){ 0 };
	assert_non_null(ring_resolve(ring, host, "8001", &hints, on_resolved,
				     NULL));
	assert_int_equal(got.n, 0);	/* never from inside */
	UNTIL(got.n, 1);
}

static void test_numbers(void **state)
{
	(void)state;
	resolve("127.0.0.1", 0);
	assert_non_null(got.list);
	assert_int_equal(got.list->ai_family, AF_INET);
	freeaddrinfo(got.list);
	resolve("[::1]", 0);
	assert_non_null(got.list);
	assert_int_equal(got.list->ai_family, AF_INET6);
	freeaddrinfo(got.list);
	resolve("", AI_PASSIVE);
	assert_non_null(got.list);
	freeaddrinfo(got.list);
}

static void test_names(void **state)
{
	(void)state;
	resolve("localhost", 0);
	assert_non_null(got.list);
	freeaddrinfo(got.list);
	resolve("no such name", 0);
	assert_null(got.list);
	assert_true(got.why[0]);
}

static void on_timer(void *ctx)
{
	++*(unsigned *)ctx;
}

static void test_the_loop_goes_on(void **state)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	unsigned ticks = 0;
	struct ring_timer t = { .fn = on_timer, .ctx = &ticks };
	struct ring_resolve *v;

	(void)state;
	got = (struct result){ 0 };
	assert_non_null(ring_resolve(ring, "slow", "1", &hints, on_resolved,
				     NULL));
	v = ring_resolve(ring, "slow", "1", &hints, on_resolved, NULL);
	ring_timer_set(ring, &t, ring_now_us(ring) + 50000);
	UNTIL(ticks, 1);
	assert_int_equal(got.n, 0);
	ring_resolve_cancel(v);		/* while it asks */
	UNTIL(got.n, 1);
	assert_non_null(got.list);
	freeaddrinfo(got.list);
	settle();
	assert_int_equal(got.n, 1);
}

/* Whether the thread comes back before or after, or not before the end. */
static void test_cancelled(void **state)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };

	(void)state;
	got = (struct result){ 0 };
	for (int i = 0; i < 50; i++) {
		struct ring_resolve *v = ring_resolve(ring, i % 2 ?
				"localhost" : "127.0.0.1", "1", &hints,
				on_resolved, NULL);

		assert_non_null(v);
		usleep((useconds_t)(i % 5) * 100);
		ring_resolve_cancel(v);
	}
	settle();
	assert_int_equal(got.n, 0);
}

static int listen_v4(char service[8])
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);
	int l = socket(AF_INET, SOCK_STREAM, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(l, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(l, 4), 0);
	getsockname(l, (struct sockaddr *)&a, &len);
	snprintf(service, 8, "%u", ntohs(a.sin_port));
	return l;
}

static void test_dial(void **state)
{
	char service[8];
	int l = listen_v4(service);

	(void)state;
	got = (struct result){ 0 };
	/* ::1 first where the name has both: refused, then the other */
	assert_non_null(ring_dial(ring, "localhost", service, on_dialled,
				  NULL));
	UNTIL(got.n, 1);
	assert_true(got.fd >= 0);
	close(got.fd);
	close(l);
	assert_non_null(ring_dial(ring, "127.0.0.1", service, on_dialled,
				  NULL));
	UNTIL(got.n, 2);
	assert_int_equal(got.fd, -1);
	assert_string_equal(got.why, "Connection refused");
	ring_dial_cancel(ring_dial(ring, "localhost", service, on_dialled,
				   NULL));
	settle();
	assert_int_equal(got.n, 2);
}

#define ALL(v) \
	ON(test_numbers, v), ON(test_names, v), \
	ON(test_the_loop_goes_on, v), ON(test_cancelled, v), \
	ON(test_dial, v)

int main(void)
{
	const struct CMUnitTest epoll[] = { ALL(variant_epoll) };
	const struct CMUnitTest uring[] = { ALL(variant_uring) };
	int bad = cmocka_run_group_tests_name("epoll", epoll, NULL, NULL);

	if (!uring_allowed())
		return bad;
	return bad + cmocka_run_group_tests_name("uring", uring, NULL, NULL);
}
