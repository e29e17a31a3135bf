/* SPDX-License-Identifier: MIT
 *
 * The configuration: what it takes, and what it says to what it does not
 * take, to the line.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include "daemon/config.h"

static char err[CONFIG_ERROR_MAX];

static int parse(struct config *c, const char *text)
{
	err[0] = 0;
	config_init(c);
	return config_parse(c, "f", SPAN_STR(text), err);
}

static const char whole[] =
	"# a comment\n"
	"callsign = q1aaa-7\n"
	"\tdataset  = \"field day\"   ; another\r\n"
	"transmit = no\n"
	"control = q1ctl-1, Q2CTL/0123abcd\n"
	"[port vhf]\n"
	"device = kiss:/dev/ttyUSB0@9600\n"
	"duty = 2.5%\n"
	"txdelay = 300ms\n"
	"init = \"KISS ON # not a comment\"\n"
	"allow_shared = yes\n"
	"[port lan]\n"
	"device = tcp:[::1]:4242";

static void takes_a_whole_file(void **state)
{
	struct config c;

	(void)state;
	assert_int_equal(parse(&c, whole), 0);
	assert_int_equal(config_finish(&c, err), 0);
	assert_string_equal(c.callsign, "Q1AAA-7");
	assert_string_equal(c.dataset, "field day");
	assert_string_equal(c.control[0].call, "Q1CTL-1");
	assert_string_equal(c.control[0].author, "");
	assert_string_equal(c.control[1].call, "Q2CTL");
	assert_string_equal(c.control[1].author, "0123abcd");
	assert_int_equal(c.n_ports, 2);
	assert_string_equal(c.ports[0].node.name, "vhf");
	assert_int_equal(c.ports[0].tnc.speed_baud, 9600);
	assert_int_equal(c.ports[0].node.duty_permille, 25);
	assert_int_equal(c.ports[0].tnc.txdelay_ms, 300);
	assert_int_equal(c.ports[0].tnc.txtail_ms, -1);
	assert_string_equal(c.ports[0].tnc.init, "KISS ON # not a comment");
	assert_true(c.ports[0].node.allow_shared);
	assert_int_equal(c.ports[0].node.profile, NODE_RADIO);
	assert_int_equal(c.ports[1].node.profile, NODE_STREAM);
	assert_int_equal(c.ports[1].node.framing, NODE_BARE);
	assert_string_equal(c.ports[1].service, "4242");
}

static void takes_every_device(void **state)
{
	struct config c;

	(void)state;
	assert_int_equal(parse(&c, "[port a]\ndevice = ax25:ax0\n"
			       "[port b]\ndevice = bpq:eth0\n"
			       "[port c]\ndevice = axudp:[::1]:10093@93\n"
			       "[port d]\ndevice = axudp:host:93\n"
			       "[port e]\ndevice = agw:[::1]:8000:2\n"
			       "[port f]\ndevice = agw:host:8000\n"), 0);
	assert_int_equal(config_finish(&c, err), 0);
	assert_string_equal(c.ports[0].interface, "ax0");
	assert_int_equal(c.ports[1].device, DEVICE_BPQ);
	assert_string_equal(c.ports[2].service, "10093");
	assert_string_equal(c.ports[2].local, "93");
	assert_string_equal(c.ports[3].local, "");
	assert_string_equal(c.ports[4].host, "[::1]");
	assert_string_equal(c.ports[4].service, "8000");
	assert_int_equal(c.ports[4].radio, 2);
	assert_int_equal(c.ports[5].radio, 0);
	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(c.ports[i].node.profile, NODE_RADIO);
		assert_int_equal(c.ports[i].node.framing, NODE_AX25);
	}
}

static void refuses_with_the_line(void **state)
{
	static const struct { const char *text, *says; } bad[] = {
		{ "callsing = N0CALL\n", "f:1: unknown key 'callsing'" },
		{ "author_quota = 5\n", "f:1: author_quota wants 1MB" },
		{ "control = \"\"\n", "f:1: control wants" },
		{ "control = Q1AAA/12\n", "f:1: control wants" },
		{ "control = Q1AAA/xyz01234\n", "f:1: control wants" },
		{ "control = me\n", "f:1: control wants" },
		{ "\n\ncallsign = N0CALL\ncallsign = N0CALL\n",
		  "f:4: 'callsign' is said twice" },
		{ "callsign =\n", "f:1: callsign wants" },
		{ "transmit = maybe\n", "f:1: transmit wants yes or no" },
		{ "nothing\n", "f:1: neither [port NAME] nor key = value" },
		{ "callsign: N0CALL\n", "f:1: neither" },
		{ "= x\n", "f:1: neither" },
		{ "[section]\n", "f:1: a section is [port NAME]" },
		{ "[port]\n", "f:1: a section" },
		{ "[port ]\n", "f:1: a section" },
		{ "[port a b]\n", "f:1: port 'a b' is not a name" },
		{ "[port waytoolonganame1]\n", "f:1: port 'way" },
		{ "[port a]\n[port a]\n", "f:2: port 'a' is said twice" },
		{ "[port a]\nduty = 10\n", "f:2: duty wants a share" },
		{ "[port a]\nduty = 101%\n", "f:2: duty wants" },
		{ "[port a]\ntxdelay = 300\n", "f:2: txdelay wants 0ms" },
		{ "[port a]\ntxdelay = 3s\n", "f:2: txdelay wants 0ms" },
		{ "[port a]\ndevice = usb\n", "f:2: device wants kiss:" },
		{ "[port a]\ndevice = tcp:host\n", "f:2: device wants" },
		{ "[port a]\ndevice = ax25:\n", "f:2: device wants" },
		{ "[port a]\ndevice = bpq:sixteen-letters-\n",
		  "f:2: device wants" },
		{ "[port a]\ndevice = axudp:host\n", "f:2: device wants" },
		{ "[port a]\ndevice = axudp:h:93@0\n",
		  "f:2: device wants" },
		{ "[port a]\ndevice = agw:host:8000:16\n",
		  "f:2: device wants" },
		{ "[port a]\ndevice = agw:[::1:8000\n", "f:2: device wants" },
		{ "[port a]\ndevice = tcp:host:0\n", "f:2: device wants" },
		{ "[port a]\ndevice = tcp:h:65536\n", "f:2: device wants" },
		{ "[port a]\ncallsign = N0CALL\n",
		  "f:2: unknown key 'callsign' in [port]" },
		{ "[port a]\nkiss_port = 16\n", "f:2: kiss_port wants 0" },
		{ "[port a]\nchecksum = crc\n", "f:2: checksum wants none" },
	};
	struct config c;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(parse(&c, bad[i].text), -EINVAL);
		if (strncmp(err, bad[i].says, strlen(bad[i].says)))
			fail_msg("%s: %s", bad[i].text, err);
	}
}

static void refuses_long_lines_and_zeros(void **state)
{
	char text[512];
	struct config c;

	(void)state;
	snprintf(text, sizeof(text), "\n# %0197d\ncallsign = N0CALL\n", 0);
	assert_int_equal(parse(&c, text), 0);
	snprintf(text, sizeof(text), "\n# %0198d\ncallsign = N0CALL\n", 0);
	assert_int_equal(parse(&c, text), -EINVAL);
	assert_string_equal(err, "f:2: a line of more than 199 bytes");
	config_init(&c);
	assert_int_equal(config_parse(&c, "f", SPAN("callsign = A\0B\n", 15),
				      err), -EINVAL);
	assert_string_equal(err, "f:1: a zero byte");
}

static void first_error_is_the_one_told(void **state)
{
	struct config c;

	(void)state;
	assert_int_equal(parse(&c, "junk\nalso = junk\n[x]\n"), -EINVAL);
	assert_memory_equal(err, "f:1:", 4);
	assert_int_equal(parse(&c, "also = junk\njunk\n"), -EINVAL);
	assert_memory_equal(err, "f:1:", 4);
}

static void flags_are_the_same_language(void **state)
{
	struct config c;

	(void)state;
	assert_int_equal(parse(&c, "callsign = N0CALL\n"), 0);
	assert_int_equal(config_set(&c, "callsign", "Q1AAA-9", err), 0);
	assert_string_equal(c.callsign, "Q1AAA-9");
	assert_int_equal(config_add_port(&c, "kiss:/dev/pts/3", err), 0);
	assert_int_equal(config_add_port(&c,
		"uhf=kiss:tcp:localhost:8001,duty=5%,bitrate=9600", err), 0);
	assert_int_equal(config_finish(&c, err), 0);
	assert_string_equal(c.ports[0].node.name, "port0");
	assert_string_equal(c.ports[1].node.name, "uhf");
	assert_true(c.ports[1].tnc.tcp);
	assert_int_equal(c.ports[1].node.bitrate, 9600);
	assert_int_equal(c.ports[1].node.duty_permille, 50);
	assert_int_equal(config_add_port(&c, "x=kiss:/d,duty", err), -EINVAL);
	assert_int_equal(config_add_port(&c, "uhf=kiss:/d", err), -EINVAL);
	assert_int_equal(config_set(&c, "device", "x", err), -EINVAL);
}

static void placeholder_is_refused(void **state)
{
	struct config c;

	(void)state;
	assert_int_equal(parse(&c, "callsign = N0CALL-7\n"),
			 0);
	assert_int_equal(config_finish(&c, err), -EINVAL);
	assert_string_equal(err, "N0CALL is a placeholder: put your own "
			    "call sign here");
	assert_int_equal(parse(&c, "transmit = yes\n"), 0);
	assert_int_equal(config_finish(&c, err), -EINVAL);
}

static void port_needs_a_device(void **state)
{
	struct config c;

	(void)state;
	assert_int_equal(parse(&c, "[port a]\nduty = 5%\n"), 0);
	assert_int_equal(config_finish(&c, err), -EINVAL);
	assert_string_equal(err, "port a: device is missing");
	assert_int_equal(parse(&c, "[port a]\ndevice = kiss:/dev/tnc\n"
			       "checksum = smack\nkiss_port = 8\n"), 0);
	assert_int_equal(config_finish(&c, err), -EINVAL);
	assert_string_equal(err, "port a: checksum uses the bit that this "
			    "kiss_port has");
	assert_int_equal(parse(&c, "[port a]\ndevice = kiss:/dev/tnc\n"
			       "checksum = smack\nkiss_port = 7\n"
			       "ackmode = yes\npolled = yes\n"), 0);
	assert_int_equal(config_finish(&c, err), 0);
	assert_int_equal(c.ports[0].tnc.check, KISS_CHECK_SMACK);
	assert_true(c.ports[0].tnc.ackmode && c.ports[0].tnc.polled);
	assert_int_equal(parse(&c, "[port a]\ndevice = kiss:/dev/tnc\n"
			       "framing = bare\nmirror = ax0\n"), 0);
	assert_int_equal(config_finish(&c, err), -EINVAL);
	assert_string_equal(err, "port a: a mirror shows AX.25 only");
}

/* What -n -v prints is a file that means the same. */
static void print_round_trip(void **state)
{
	struct buf first = { 0 }, second = { 0 };
	struct config c;

	(void)state;
	assert_int_equal(parse(&c, whole), 0);
	assert_int_equal(config_finish(&c, err), 0);
	config_print(&c, &first);
	config_init(&c);
	assert_int_equal(config_parse(&c, "f", buf_span(&first), err), 0);
	assert_int_equal(config_finish(&c, err), 0);
	config_print(&c, &second);
	assert_true(span_equal(buf_span(&first), buf_span(&second)));
	buf_fini(&first);
	buf_fini(&second);
}

static void sixteen_ports_at_most(void **state)
{
	char text[64];
	struct config c;

	(void)state;
	config_init(&c);
	for (int i = 0; i < 17; i++) {
		snprintf(text, sizeof(text), "[port p%d]\n", i);
		assert_int_equal(config_parse(&c, "f", SPAN_STR(text), err),
				 i < 16 ? 0 : -EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_a_whole_file),
		cmocka_unit_test(takes_every_device),
		cmocka_unit_test(refuses_with_the_line),
		cmocka_unit_test(refuses_long_lines_and_zeros),
		cmocka_unit_test(first_error_is_the_one_told),
		cmocka_unit_test(flags_are_the_same_language),
		cmocka_unit_test(placeholder_is_refused),
		cmocka_unit_test(port_needs_a_device),
		cmocka_unit_test(print_round_trip),
		cmocka_unit_test(sixteen_ports_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
