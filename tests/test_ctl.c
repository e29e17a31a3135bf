/* SPDX-License-Identifier: MIT
 *
 * The control socket's messages, and a call over a socket pair.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "lib/ctl/ctl.h"

static void request_round_trip(void **state)
{
	char *args[] = { "R-100", "a \"quoted\" text\n" };
	struct json_out o = { 0 };
	struct ctl_request r;

	(void)state;
	ctl_request_write(&o, "note", 2, args);
	assert_int_equal(ctl_request_parse(&r, buf_span(&o.b)), 0);
	assert_string_equal(r.verb, "note");
	assert_int_equal(r.n_args, 2);
	assert_string_equal(r.args[1], args[1]);
	ctl_request_fini(&r);
	buf_fini(&o.b);
}

static void request_refused(void **state)
{
	static const char *const bad[] = {
		"", "[]", "{}", "{\"verb\":7}", "{\"verb\":\"\"}",
		"{\"verb\":\"a verb that is far too long\"}",
		"{\"verb\":\"note\",\"args\":7}",
		"{\"verb\":\"note\",\"args\":[7]}",
		"{\"verb\":\"note\",\"args\":[\"a\\u0000b\"]}",
		"{\"verb\":\"a\",\"verb\":\"b\"}",
	};
	struct ctl_request r;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_not_equal(ctl_request_parse(&r, SPAN_STR(bad[i])),
				     0);
}

static void count(void *ctx, const struct json *v, struct span text)
{
	(void)text;
	*(int64_t *)ctx += json_int(json_get(v, "n"));
}

static void call_ends_with_code(void **state)
{
	static const char *const replies[] = {
		"{\"n\":1}", "{\"n\":2}", "{\"end\":1,\"error\":\"no\"}",
	};
	char error[256];
	int64_t sum = 0;
	int fd[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd), 0);
	for (size_t i = 0; i < 3; i++)
		assert_true(send(fd[1], replies[i], strlen(replies[i]), 0) > 0);
	assert_int_equal(ctl_call(fd[0], "x", 0, NULL, count, &sum, error), 1);
	assert_int_equal(sum, 3);
	assert_string_equal(error, "no");
	close(fd[1]);
	assert_int_equal(ctl_call(fd[0], "x", 0, NULL, NULL, NULL, error), 1);
	assert_true(error[0] != 0);
	close(fd[0]);
}

static void connect_without_daemon(void **state)
{
	char dir[] = "/tmp/cairn-ctl-XXXXXX";

	(void)state;
	assert_true(ctl_connect("/nonexistent/folder") < 0);
	assert_non_null(mkdtemp(dir));
	assert_true(ctl_connect(dir) < 0);
	rmdir(dir);
}

static void station_dir_order(void **state)
{
	char dir[64];

	(void)state;
	setenv("CAIRN_DIR", "/env", 1);
	assert_int_equal(ctl_station_dir(dir, sizeof(dir), "/option"), 0);
	assert_string_equal(dir, "/option");
	assert_int_equal(ctl_station_dir(dir, sizeof(dir), NULL), 0);
	assert_string_equal(dir, "/env");
	assert_int_not_equal(ctl_station_dir(dir, 3, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_round_trip),
		cmocka_unit_test(request_refused),
		cmocka_unit_test(call_ends_with_code),
		cmocka_unit_test(connect_without_daemon),
		cmocka_unit_test(station_dir_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
