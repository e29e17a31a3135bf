/* SPDX-License-Identifier: MIT
 *
 * Stations in a field: they converge over a perfect, a lossy and a disorderly
 * channel, keep a radio program's manners, and stand what strangers send.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include "lib/sync/peer.h"
#include "lib/node/node_parts.h"
#include "lib/sync/generation.h"
#include "tests/field.h"

#define MINUTE 60
#define HOUR 3600

static uint64_t events_of(struct field *f, unsigned i)
{
	return feed_event_count(node_feeds(f->s[i].node));
}

static void assert_views_equal(struct field *f)
{
	uint8_t a[32], b[32];

	view_hash(node_view(f->s[0].node), a);
	for (unsigned i = 1; i < f->n; i++) {
		view_hash(node_view(f->s[i].node), b);
		assert_memory_equal(a, b, sizeof(a));
	}
}

/* ---- converging ---- */

static void test_two_stations_one_event(void **state)
{
	struct field f;

	(void)state;
	field_init(&f, 2, 1);
	field_start(&f);
	assert_int_equal(field_write(&f, 0, 7), 0);
	assert_true(field_converge_s(&f, 2, 10 * MINUTE) > 0);
	assert_views_equal(&f);
	assert_int_equal(view_record_count(node_view(f.s[1].node)), 1);
	field_fini(&f);
}

/* Ten authors' hundred events at one end. */
static void hundred_events(struct field *f, unsigned i)
{
	for (unsigned a = 0; a < 10; a++)
		field_author(f, i, a, a, 10, 0);
}

static void test_hundred_events_perfect(void **state)
{
	struct field f;
	double s;

	(void)state;
	field_init(&f, 2, 2);
	hundred_events(&f, 0);
	field_start(&f);
	s = field_converge_s(&f, 100, 10 * MINUTE);
	assert_true(s > 0 && s < 60);
	assert_views_equal(&f);
	field_fini(&f);
}

static void test_hundred_events_lossy(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 6; seed++) {
		struct field f;

		field_init(&f, 2, seed);
		f.loss_permille = 100 * (1 + seed % 3);
		hundred_events(&f, seed % 2);
		field_start(&f);
		assert_true(field_converge_s(&f, 100, 30 * MINUTE) > 0);
		assert_views_equal(&f);
		field_fini(&f);
	}
}

static void test_disorder(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 4; seed++) {
		struct field f;

		field_init(&f, 3, seed);
		f.loss_permille = 100;
		f.double_permille = 300;
		f.jitter_us = 3000000;
		hundred_events(&f, 0);
		field_start(&f);
		assert_true(field_converge_s(&f, 100, HOUR) > 0);
		assert_views_equal(&f);
		field_fini(&f);
	}
}

/* TNCs that report (ACKMODE): as good as estimates, and one that stops
 * reporting costs time only. */
static void test_reported_keyups(void **state)
{
	struct field f;
	double s;

	(void)state;
	field_init(&f, 3, 11);
	f.loss_permille = 100;
	for (unsigned i = 0; i < 3; i++)
		f.s[i].reports = true;
	for (unsigned a = 0; a < 10; a++)
		field_author(&f, 0, a, a, 100, 0);
	field_start(&f);
	s = field_converge_s(&f, 1000, HOUR);
	assert_true(s > 0 && s < 90);	/* 57.6; unreported 134.6 */
	f.s[0].reports = false;
	field_write(&f, 0, 1);
	assert_true(field_converge_s(&f, 1002, HOUR) > 0);
	assert_views_equal(&f);
	field_fini(&f);
}

static void test_five_in_one_hop(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 3; seed++) {
		struct field f;

		field_init(&f, 5, seed);
		f.loss_permille = 100;
		hundred_events(&f, 2);
		field_start(&f);
		assert_true(field_converge_s(&f, 100, 30 * MINUTE) > 0);
		assert_views_equal(&f);
		field_fini(&f);
	}
}

/* A line: what is said at one end reaches the other. */
static void test_line(void **state)
{
	struct field f;

	(void)state;
	field_init(&f, 5, 5);
	f.loss_permille = 100;
	for (unsigned i = 0; i < 5; i++)
		for (unsigned j = 0; j < 5; j++)
			f.hears[i][j] = i + 1 == j || j + 1 == i;
	hundred_events(&f, 0);
	field_start(&f);
	assert_true(field_converge_s(&f, 100, HOUR) > 0);
	field_write(&f, 4, 1);
	assert_true(field_converge_s(&f, 102, HOUR) > 0);
	assert_views_equal(&f);
	field_fini(&f);
}

/* Everybody has something, and everybody writes at once. */
static void test_all_write(void **state)
{
	struct field f;

	(void)state;
	field_init(&f, 5, 9);
	f.loss_permille = 200;
	field_start(&f);
	for (unsigned i = 0; i < 5; i++)
		for (unsigned k = 0; k < 5; k++)
			assert_int_equal(field_write(&f, i, k), 0);
	assert_true(field_converge_s(&f, 5 * 6, HOUR) > 0);
	assert_views_equal(&f);
	assert_int_equal(events_of(&f, 0), 30);
	field_fini(&f);
}

/* What the one who writes sends until his event is on the air. */
static unsigned aired_before, aired_offers;
static bool aired;

static bool first_the_news(struct field *f, unsigned from, struct span frame)
{
	struct sync_message m;

	(void)f;
	if (frame.n <= AX25_UI_HEADER || frame.p[15] != AX25_PID_CAIRN ||
	    sync_message_decode(&m, SPAN(frame.p + AX25_UI_HEADER, frame.n -
					 AX25_UI_HEADER)) != SYNC_OK)
		return false;
	aired_offers += m.type == SYNC_OFFER;
	if (from == 2 && !aired && m.type != SYNC_EVENTS)
		aired_before++;
	aired |= from == 2 && m.type == SYNC_EVENTS;
	return false;
}

/* One event is no longer than an offer and its answer: it goes out at once, and
 * nobody hears of it before. */
static void test_one_event_unasked(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 10; seed++) {
		struct field f;

		field_init(&f, 5, seed);
		field_start(&f);
		for (unsigned i = 0; i < 5; i++)
			assert_int_equal(field_write(&f, i, 1), 0);
		assert_true(field_converge_s(&f, 10, HOUR) > 0);
		field_run_s(&f, HOUR);
		aired_before = aired_offers = 0;
		aired = false;
		f.tap = first_the_news;
		assert_int_equal(field_write(&f, 2, 2), 0);
		assert_true(field_converge_s(&f, 11, HOUR) > 0);
		assert_true(aired);
		assert_int_equal(aired_before, 0);
		assert_int_equal(aired_offers, 0);
		field_fini(&f);
	}
}

/* The ends of a line share no author, and each had its own before they met:
 * a sketch must have room for what both hold. */
static void test_strangers(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct field f;

		field_init(&f, 3, seed);
		f.loss_permille = 50;
		f.hears[0][2] = f.hears[2][0] = false;
		field_start(&f);
		assert_int_equal(field_write(&f, 0, 1), 0);
		assert_int_equal(field_write(&f, 2, 2), 0);
		assert_true(field_converge_s(&f, 4, HOUR) > 0);
		assert_views_equal(&f);
		field_fini(&f);
	}
}

/* 400 events of one author: several generations, each bought by a request. */
static void test_backlog(void **state)
{
	struct field f;

	(void)state;
	field_init(&f, 2, 4);
	f.loss_permille = 100;
	field_author(&f, 0, 0, 3, 400, 0);
	field_start(&f);
	assert_true(field_converge_s(&f, 400, 30 * MINUTE) > 0);
	field_fini(&f);
}

/* ---- a radio program's manners ---- */

/* What went out when nobody heard it goes along with the news that follow it:
 * these would not fit without it. */
static void test_news_of_a_cut(void **state)
{
	struct field f;

	(void)state;
	field_init(&f, 3, 12);
	field_start(&f);
	field_run_s(&f, 180);
	for (unsigned i = 1; i < 3; i++)
		f.hears[0][i] = f.hears[i][0] = false;
	for (unsigned i = 0; i < 40; i++)
		field_write(&f, 0, i);
	field_run_s(&f, 120);
	for (unsigned i = 0; i < 40; i++)
		field_write(&f, 0, 100 + i);
	field_run_s(&f, 20);
	for (unsigned i = 1; i < 3; i++)
		f.hears[0][i] = f.hears[i][0] = true;
	f.bytes = 0;
	assert_true(field_converge_s(&f, 81, 600) > 0);
	assert_in_range(f.bytes, 300, 550);	/* two generations: 676 */
	field_fini(&f);
}

static void test_silent_until_on(void **state)
{
	struct field f;
	char why[160];

	(void)state;
	field_init(&f, 2, 1);
	f.s[0].config.transmit = false;
	hundred_events(&f, 0);
	field_start(&f);
	field_write(&f, 0, 1);
	field_run_s(&f, 2 * HOUR);
	assert_int_equal(f.s[0].sends, 0);
	assert_true(f.s[1].sends > 0);
	assert_int_equal(node_transmit(f.s[0].node, true, field_now(&f), why),
			 0);
	field_take(&f, 0);
	assert_true(field_converge_s(&f, 102, 30 * MINUTE) > 0);
	node_transmit(f.s[0].node, false, field_now(&f), why);
	field_take(&f, 0);
	f.s[0].sends = 0;
	field_write(&f, 1, 1);
	field_run_s(&f, HOUR);
	assert_int_equal(f.s[0].sends, 0);
	field_fini(&f);
}

/* The longest event there is goes in one generation. */
static void test_longest_event(void **state)
{
	static uint8_t noise[EVENT_PAYLOAD_MAX - 16];
	struct buf b = { 0 };
	struct field f;

	(void)state;
	field_init(&f, 2, 1);
	field_start(&f);
	crypto_random(noise, sizeof(noise));
	payload_put_map(&b, 1);
	payload_put_uint(&b, KEY_VALUE);
	payload_put_bytes(&b, SPAN(noise, sizeof(noise)));
	assert_int_equal(payload_check(buf_span(&b)), PAYLOAD_OK);
	assert_int_equal(node_write(f.s[0].node, KIND_NOTE_ADD, buf_span(&b),
				    NULL, field_now(&f)), 0);
	field_take(&f, 0);
	assert_true(field_converge_s(&f, 2, 2 * HOUR) > 0);
	buf_fini(&b);
	field_fini(&f);
}

static void test_placeholder_refused(void **state)
{
	struct field f;
	char why[160];

	(void)state;
	field_init(&f, 2, 1);
	strcpy(f.s[0].config.callsign, "N0CALL-7");
	field_start(&f);
	field_write(&f, 0, 1);
	assert_int_equal(node_transmit(f.s[0].node, true, field_now(&f), why),
			 -EPERM);
	assert_non_null(strstr(why, "placeholder"));
	assert_int_equal(node_send_test(f.s[0].node, 0, field_now(&f), why),
			 -EPERM);
	field_take(&f, 0);
	field_run_s(&f, HOUR);
	assert_int_equal(f.s[0].sends, 0);
	field_fini(&f);
}

static struct span aprs_frame(uint8_t *dst, size_t cap, const char *from)
{
	struct ax25_address dest, source;
	int len;

	ax25_address_parse(&dest, "APRS");
	ax25_address_parse(&source, from);
	len = ax25_ui_encode(dst, cap, &dest, &source, AX25_PID_NONE,
			     SPAN_STR("=4903.50N/07201.75W-"));
	return SPAN(dst, (size_t)len);
}

static void test_aprs_guard(void **state)
{
	struct field f;
	uint8_t frame[64];

	(void)state;
	field_init(&f, 1, 1);
	field_start(&f);
	for (unsigned i = 0; i < 10; i++) {
		f.now_us += 20 * US_PER_S;
		assert_int_equal(f.s[0].notes, 0);
		field_input(&f, 0, aprs_frame(frame, sizeof(frame), "W1AW"));
	}
	assert_int_equal(f.s[0].last_note, NOTE_PORT_GUARDED);
	f.s[0].sends = 0;
	field_write(&f, 0, 1);
	field_run_s(&f, HOUR);
	assert_int_equal(f.s[0].sends, 0);
	field_fini(&f);
}

/* 0.5 % of an hour is 18 s: at most that, and one key-up more. */
static void test_duty(void **state)
{
	struct field f;

	(void)state;
	field_init(&f, 2, 1);
	f.duty_permille = 5;
	field_author(&f, 0, 0, 13, 400, 0);
	hundred_events(&f, 1);
	field_start(&f);
	field_run_s(&f, HOUR);
	assert_true(f.s[0].air_us < (18 + 18 + 15) * US_PER_S);
	assert_true(f.s[1].air_us < (18 + 18 + 15) * US_PER_S);
	assert_true(field_converge_s(&f, 500, 24 * HOUR) > 0);
	field_fini(&f);
}

/* ---- restart ---- */

static void restart(struct field *f, unsigned i, bool clean)
{
	struct json_out state = { 0 };

	node_state(f->s[i].node, &state);
	node_free(f->s[i].node);
	field_boot(f, i, buf_span(&state.b), clean);
	buf_fini(&state.b);
}

static void test_restart(void **state)
{
	struct field f;
	uint64_t root;

	(void)state;
	field_init(&f, 2, 1);
	field_start(&f);
	field_write(&f, 0, 1);
	assert_true(field_converge_s(&f, 2, HOUR) > 0);
	root = feed_root48(node_feeds(f.s[0].node));
	field_write(&f, 0, 2);	/* not sealed when it stops */
	restart(&f, 0, true);
	assert_int_equal(feed_root48(node_feeds(f.s[0].node)), root);
	assert_int_equal(feed_own_last(node_feeds(f.s[0].node),
				       node_own_slot(f.s[0].node)), 3);
	assert_true(field_converge_s(&f, 3, HOUR) > 0);
	assert_views_equal(&f);
	field_fini(&f);
}

/* A listener's events go out once he has a call sign. */
static bool status_has(struct field *f, const char *text)
{
	struct json_out o = { 0 };
	bool has;

	node_status_json(f->s[0].node, &o, field_now(f));
	node_neighbours_json(f->s[0].node, &o, field_now(f));
	node_heard_json(f->s[0].node, &o, field_now(f));
	buf_add_u8(&o.b, 0);
	has = strstr((const char *)o.b.p, text) != NULL;
	buf_fini(&o.b);
	return has;
}

/* A port is set otherwise, taken away and added again while others talk. */
static void test_ports_at_work(void **state)
{
	struct node_port_config c;
	struct field f;

	(void)state;
	field_init(&f, 2, 5);
	field_start(&f);
	assert_int_equal(field_write(&f, 1, 7), 0);
	assert_true(field_converge_s(&f, 2, 10 * MINUTE) > 0);
	assert_true(status_has(&f, "TE5T-2"));
	c = field_port(&f);
	c.duty_permille = 77;
	assert_int_equal(node_port_set(f.s[0].node, 0, &c, field_now(&f)), 0);
	assert_true(status_has(&f, "\"duty_percent\":7.7"));
	assert_true(status_has(&f, "\"generations_received\":1"));
	c.bitrate = 2400;	/* begins anew, with the same neighbours */
	assert_int_equal(node_port_set(f.s[0].node, 0, &c, field_now(&f)), 0);
	assert_true(status_has(&f, "\"generations_received\":0"));
	assert_true(status_has(&f, "\"neighbours\":1"));
	node_port_remove(f.s[0].node, 0, field_now(&f));
	assert_false(status_has(&f, "TE5T-2"));
	assert_false(status_has(&f, "\"name\":\"vhf\""));
	assert_int_equal(node_port_add(f.s[0].node, &c), 0);
	assert_int_equal(node_port_add(f.s[0].node, &c), 1);
	node_port_up(f.s[0].node, 0, true, field_now(&f));
	assert_int_equal(field_write(&f, 1, 8), 0);
	assert_true(field_converge_s(&f, 3, 10 * MINUTE) > 0);
	field_fini(&f);
}

/* The operator's switch, once used, beats what a file says later. */
static void test_configured_at_work(void **state)
{
	struct node_config c = { .transmit = false };
	char why[160];
	struct field f;

	(void)state;
	field_init(&f, 1, 5);
	field_start(&f);
	node_configure(f.s[0].node, &c, field_now(&f));
	assert_false(node_transmitting(f.s[0].node));
	c.transmit = true;
	node_configure(f.s[0].node, &c, field_now(&f));
	assert_true(node_transmitting(f.s[0].node));
	assert_int_equal(node_transmit(f.s[0].node, false, field_now(&f), why),
			 0);
	node_configure(f.s[0].node, &c, field_now(&f));
	assert_false(node_transmitting(f.s[0].node));
	field_fini(&f);
}

static void test_call_sign_later(void **state)
{
	struct field f;

	(void)state;
	field_init(&f, 2, 1);
	f.s[0].config.callsign[0] = 0;
	field_start(&f);
	field_write(&f, 0, 1);
	field_run_s(&f, HOUR);
	assert_int_equal(events_of(&f, 1), 0);
	strcpy(f.s[0].config.callsign, "Q7AAA-1");
	restart(&f, 0, true);
	assert_true(field_converge_s(&f, 3, 2 * HOUR) > 0);
	assert_string_equal(feed_at(node_feeds(f.s[1].node), 0)->call,
			    "Q7AAA-1");
	assert_views_equal(&f);
	field_fini(&f);
}

/* A state file is bytes from a disk: stamps that never were stop nothing. */
static void test_state_of_lies(void **state)
{
	static const char lies[] =
		"{\"adopted\":[-1,-1],\"announced_s\":-1,"
		"\"floors\":[[\"00112233445566778899aabbccddeeff\",-1]],"
		"\"mutes\":[[\"x\",1],7,[]],\"neighbours\":[[\"vhf\"],{}],"
		"\"news\":[[\"vhf\",\"nobody\",-3]]}";
	struct json_out out = { 0 };
	struct field f;

	(void)state;
	field_init(&f, 1, 1);
	field_boot(&f, 0, SPAN_STR(lies), true);
	assert_int_equal(field_write(&f, 0, 1), 0);
	node_state(f.s[0].node, &out);
	buf_add_u8(&out.b, 0);
	assert_non_null(strstr((char *)out.b.p, "\"floors\":[]"));
	assert_non_null(strstr((char *)out.b.p, "\"announced_s\":0"));
	buf_fini(&out.b);
	field_fini(&f);
}

/* After an unclean stop nothing is sealed before a neighbour was compared. */
static void test_M14_hold_down(void **state)
{
	struct field f;

	(void)state;
	field_init(&f, 2, 1);
	field_start(&f);
	field_write(&f, 0, 1);
	assert_true(field_converge_s(&f, 2, HOUR) > 0);
	f.hears[0][1] = f.hears[1][0] = false;
	restart(&f, 0, false);
	field_write(&f, 0, 2);
	field_run_s(&f, 2 * HOUR);
	assert_int_equal(events_of(&f, 0), 2);
	f.hears[0][1] = f.hears[1][0] = true;
	assert_true(field_converge_s(&f, 3, 2 * HOUR) > 0);
	field_fini(&f);
}

/* ---- strangers ---- */

static struct span stranger_frame(uint8_t *dst, size_t cap, const char *from,
				  const struct sync_message *m)
{
	struct ax25_address dest, source;
	uint8_t frame[512];
	int len = sync_message_encode(frame, sizeof(frame), m);

	assert_true(len > 0);
	ax25_address_parse(&dest, "CAIRN0");
	ax25_address_parse(&source, from);
	len = ax25_ui_encode(dst, cap, &dest, &source, AX25_PID_CAIRN,
			     SPAN(frame, (size_t)len));
	return SPAN(dst, (size_t)len);
}

static enum node_verdict stranger_says(struct field *f, unsigned to,
				       const char *from,
				       const struct sync_message *m)
{
	uint8_t link[600];

	return field_input(f, to, stranger_frame(link, sizeof(link), from, m));
}

static struct sync_message digest_of(uint64_t root48, uint64_t events)
{
	uint8_t id[32];

	dataset_id(id, SPAN_STR("test"));
	return (struct sync_message){ .type = SYNC_DIGEST, .digest = {
		.dataset_tag = (uint16_t)be_get(id, 2), .root48 = root48,
		.events = events, .authors = 1 } };
}

/* An hour of lies from made-up stations, one every two seconds. */
static void lie(struct field *f, unsigned to, unsigned c)
{
	struct random r = { 7 };

	for (unsigned i = 0; i < 1800; i++) {
		struct sync_message m = digest_of(random_next(&r) >> 16,
						  random_below(&r, 1000));
		char call[12];

		m.digest.c = (uint8_t)c;
		for (unsigned j = 0; j < 2 * c; j++)
			m.digest.s[j] = (uint32_t)random_next(&r);
		snprintf(call, sizeof(call), "L1AR-%u", i % 16);
		assert_int_equal(stranger_says(f, to, call, &m), NODE_OK);
		field_run_s(f, 2);
	}
}

static void lied_to(unsigned c)
{
	struct field f;
	uint64_t root;

	field_init(&f, 2, 1);
	f.duty_permille = 100;
	hundred_events(&f, 0);
	field_start(&f);
	assert_true(field_converge_s(&f, 100, HOUR) > 0);
	root = feed_root48(node_feeds(f.s[0].node));
	f.s[0].air_us = 0;
	lie(&f, 0, c);
	assert_int_equal(feed_root48(node_feeds(f.s[0].node)), root);
	assert_true(f.s[0].air_us < 360 * US_PER_S);
	field_write(&f, 1, 1);
	assert_true(field_converge_s(&f, 102, 2 * HOUR) > 0);
	field_fini(&f);
}

static void test_lying_roots(void **state)
{
	(void)state;
	lied_to(0);
}

static void test_lying_sketches(void **state)
{
	(void)state;
	lied_to(7);
	lied_to(28);
}

/* The last own frame on the air. */
static uint8_t echo[512];
static size_t echo_n;

static bool tap_echo(struct field *f, unsigned from, struct span frame)
{
	(void)f;
	if (from == 0 && frame.n < sizeof(echo)) {
		memcpy(echo, frame.p, frame.n);
		echo_n = frame.n;
	}
	return false;
}

/* What comes back is an echo; what was never sent, somebody else's. */
static void test_own_call(void **state)
{
	struct sync_message m = digest_of(5, 1);
	struct field f;

	(void)state;
	field_init(&f, 2, 1);
	f.tap = tap_echo;
	field_start(&f);
	assert_int_equal(field_write(&f, 0, 1), 0);
	assert_true(field_converge_s(&f, 2, HOUR) > 0);
	assert_true(echo_n > 0);
	assert_int_equal(field_input(&f, 0, SPAN(echo, echo_n)), NODE_OWN_ECHO);
	f.s[0].last_note = NOTE_FORK;
	assert_int_equal(stranger_says(&f, 0, "TE5T-1", &m), NODE_OWN_CALL);
	assert_int_equal(f.s[0].last_note, NOTE_OWN_CALL);
	f.s[0].last_note = NOTE_FORK;
	assert_int_equal(stranger_says(&f, 0, "TE5T-1", &m), NODE_OWN_CALL);
	assert_int_equal(f.s[0].last_note, NOTE_FORK);	/* told once */
	field_fini(&f);
}

static void test_other_dataset(void **state)
{
	struct sync_message m = digest_of(1, 1);
	struct field f;

	(void)state;
	field_init(&f, 1, 1);
	field_start(&f);
	m.digest.dataset_tag ^= 1;
	assert_int_equal(stranger_says(&f, 0, "W1AW", &m),
			 NODE_OTHER_DATASET);
	field_fini(&f);
}

/* One WANT a second for everything since the beginning. */
static void test_want_flood(void **state)
{
	struct sync_message m = { .type = SYNC_WANT, .want = {
		.form = SYNC_WANT_ROOT } };
	struct field f;

	(void)state;
	field_init(&f, 1, 1);
	f.duty_permille = 100;
	field_author(&f, 0, 0, 3, 400, 0);
	field_start(&f);
	m.want.target = (uint16_t)(sync_address_from_call("TE5T-1") >> 16);
	for (unsigned i = 0; i < HOUR; i++) {
		stranger_says(&f, 0, "L1AR", &m);
		field_run_s(&f, 1);
	}
	assert_true(f.s[0].air_us > 20 * US_PER_S);
	/* half of the duty: what the bucket held and an hour's filling */
	assert_true(f.s[0].air_us < (180 + 180 + 30) * US_PER_S);
	field_fini(&f);
}

/* Who missed one event after the other asks for each, and gets it: what goes out
 * only so often is the same events. */
static void test_new_events_wanted(void **state)
{
	struct sync_message m = { .type = SYNC_WANT, .want = {
		.form = SYNC_WANT_ROOT } };
	struct field f;

	(void)state;
	field_init(&f, 1, 1);
	field_start(&f);
	m.want.target = (uint16_t)(sync_address_from_call("TE5T-1") >> 16);
	for (unsigned i = 0; i < 8; i++) {
		uint64_t air_us;

		m.want.root48 = feed_root48(node_feeds(f.s[0].node));
		m.want.events = feed_event_count(node_feeds(f.s[0].node));
		assert_int_equal(field_write(&f, 0, i), 0);
		field_run_s(&f, 120);
		air_us = f.s[0].air_us;
		stranger_says(&f, 0, "L1AR", &m);
		field_run_s(&f, 3);
		assert_true(f.s[0].air_us > air_us);
	}
	field_fini(&f);
}

/* The first piece of a body with one head: an author's n events from 1 on, or of
 * one that shares his alias. */
static void heads_say(struct field *f, const struct feed *of, unsigned n,
		      bool other)
{
	uint8_t dataset[DATASET_SIZE], id[EVENT_ID_SIZE];
	uint8_t body[400] = { 0 }, piece[SYNC_PIECE_MAX];
	struct sync_message m = { .type = SYNC_EVENTS, .events = {
		.generation = (uint8_t)(2 * n + other), .k = 2 } };
	struct wr w = wr_init(body, sizeof(body));
	struct generation g;

	dataset_id(dataset, SPAN_STR("test"));
	event_id_genesis(id, dataset, of->author);
	wr_leb(&w, 1);
	wr_be(&w, 4, of->alias);
	wr_leb(&w, 1 << 2 | 3);
	wr_u8(&w, (uint8_t)n);
	wr_be(&w, 2, be_get(id, 2) ^ other);
	wr_leb(&w, 0);
	assert_int_equal(generation_init(&g, m.events.generation,
					 SPAN(body, sizeof(body)), 5,
					 SYNC_PIECE_MAX), 0);
	generation_piece(&g, 0, piece);
	m.events.piece = SPAN(piece, g.piece_len);
	stranger_says(f, 0, "L1AR", &m);
}

/* News are news until they are on the air; who says that there are more of them
 * than there are has none, nor has an author of the same alias. */
static void test_heads_beyond(void **state)
{
	const struct sync_needs *news;
	const struct feed *own;
	struct field f;

	(void)state;
	field_init(&f, 1, 1);
	field_start(&f);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(field_write(&f, 0, i), 0);
	field_run_s(&f, 1);
	news = sync_port_news(f.s[0].node->ports[0].sync);
	own = feed_at(node_feeds(f.s[0].node), node_own_slot(f.s[0].node));
	assert_int_equal(news->n, 1);
	heads_say(&f, own, (unsigned)own->head + 1, false);
	assert_int_equal(news->n, 1);
	heads_say(&f, own, (unsigned)own->head, true);
	assert_int_equal(news->n, 1);
	heads_say(&f, own, (unsigned)own->head, false);
	assert_int_equal(news->n, 0);
	field_fini(&f);
}

/* A valid frame around a body that is none. */
static void test_bomb(void **state)
{
	static const uint8_t bomb[] = {
		1, 1, 2, 3, 4, 1 << 2 | 1, 0, 0, 0x90, 0x4e, /* heads */
		6 << 2 | RUN_ZSTD, 0x00, 0x58, 0x02, 0x00, 0x10, 0,
	};
	struct sync_message m = { .type = SYNC_EVENTS, .events = {
		.k = 1, .end = true } };
	uint8_t piece[200] = { 0 };
	struct field f;

	(void)state;
	memcpy(piece + 6, bomb, sizeof(bomb));
	m.events.piece = SPAN(piece, sizeof(piece));
	field_init(&f, 1, 1);
	field_start(&f);
	assert_int_equal(stranger_says(&f, 0, "L1AR", &m), NODE_REFUSED);
	assert_int_equal(stranger_says(&f, 0, "L1AR", &m), NODE_DUPLICATE);
	assert_int_equal(events_of(&f, 0), 0);
	field_fini(&f);
}

/* A holder whose seal does not hold: nothing enters, and it stays cheap. */
static void test_wrong_seal(void **state)
{
	struct field f;
	struct field_record *r;

	(void)state;
	field_init(&f, 2, 1);
	field_author(&f, 0, 0, 3, 5, 0);
	for (r = f.s[0].log; r->type != RECORD_SEAL; r = r->next)
		;
	r->bytes[r->n - 1] ^= 1;
	memory_free(f.s[0].memory);
	f.s[0].memory = memory_new();
	for (r = f.s[0].log; r; r = r->next)
		memory_record(f.s[0].memory, r->type, r->slot,
			      SPAN(r->bytes, r->n));
	field_start(&f);
	field_run_s(&f, HOUR);
	assert_int_equal(events_of(&f, 1), 0);
	f.air_us = 0;
	field_run_s(&f, 3 * HOUR);
	assert_true(f.air_us < 3 * 60 * US_PER_S);
	field_fini(&f);
}

/* One has no room for what the other holds: after a while both are quiet,
 * and what both can hold still travels. */
static void test_M13_settled_pair(void **state)
{
	struct field f;

	(void)state;
	field_init(&f, 2, 1);
	f.s[1].config.authors_max = 5;
	hundred_events(&f, 0);
	field_start(&f);
	field_run_s(&f, 2 * HOUR);
	assert_int_equal(events_of(&f, 1), 50);
	f.air_us = 0;
	field_run_s(&f, 3 * HOUR);
	assert_true(f.air_us < 3 * 30 * US_PER_S);
	field_fini(&f);
}

/* ---- forks ---- */

/* Two branches of one author meet: the longer stands on both sides, equal
 * ones by their id, and both sides know and show it. */
static void forked(unsigned n0, unsigned n1)
{
	struct field f;

	field_init(&f, 3, n0 + n1);
	f.loss_permille = 100;
	field_author(&f, 0, 0, 3, n0, 0);
	field_author(&f, 1, 0, 3, n1, 1);
	field_start(&f);
	assert_true(field_converge_s(&f, n0 > n1 ? n0 : n1, 6 * HOUR) > 0);
	field_run_s(&f, 2 * HOUR);
	assert_true(field_equal(&f));
	for (unsigned i = 0; i < 3; i++)
		assert_true(feed_at(node_feeds(f.s[i].node), 0)->forked);
	assert_views_equal(&f);
	field_fini(&f);
}

static void test_M12_forks(void **state)
{
	(void)state;
	forked(6, 9);
	forked(30, 4);
	forked(6, 6);
	forked(90, 100);
}

/* ---- announces ---- */

static uint8_t announced[512];
static size_t announced_n;

static bool tap_announce(struct field *f, unsigned from, struct span frame)
{
	(void)f;
	if (from == 0 && frame.n > 16 && frame.p[15] == AX25_PID_NONE) {
		memcpy(announced, frame.p, frame.n);
		announced_n = frame.n;
	}
	return false;
}

static void test_announces(void **state)
{
	struct field f;

	(void)state;
	field_init(&f, 2, 1);
	f.s[0].config.digest_announce = true;
	f.tap = tap_announce;
	announced_n = 0;
	field_start(&f);
	field_write(&f, 0, 1);
	field_run_s(&f, 7 * HOUR);
	assert_true(announced_n > AX25_UI_HEADER + RNS_ANNOUNCE_MIN);
	assert_true(announced_n <= AX25_UI_HEADER + 256);
	assert_true(field_equal(&f));
	/* a replay, at once and after the receiver's restart */
	assert_int_equal(field_input(&f, 1, SPAN(announced, announced_n)),
			 NODE_DUPLICATE);
	restart(&f, 1, true);
	/* changed on the way */
	announced[announced_n - 1] ^= 1;
	assert_int_equal(field_input(&f, 1, SPAN(announced, announced_n)),
			 NODE_BAD_ANNOUNCE);
	announced[announced_n - 1] ^= 1;
	assert_int_equal(field_input(&f, 1, SPAN(announced, announced_n)),
			 NODE_DUPLICATE);
	/* what was heard once costs no signature any more */
	announced[announced_n - 1] ^= 1;
	assert_int_equal(field_input(&f, 1, SPAN(announced, announced_n)),
			 NODE_DUPLICATE);
	field_fini(&f);
}

static unsigned n_announced;

static bool tap_count(struct field *f, unsigned from, struct span frame)
{
	(void)f;
	n_announced += from == 0 && frame.n > 16 &&
		frame.p[15] == AX25_PID_NONE;
	return false;
}

/* Relays let six through and then one an hour, within 2 % of the air: one in
 * six hours, 2.2 s at 1200 bit/s, is far below both. */
static void test_announce_rate(void **state)
{
	struct field f;

	(void)state;
	field_init(&f, 2, 1);
	f.s[0].config.digest_announce = true;
	f.tap = tap_count;
	n_announced = 0;
	field_start(&f);
	field_run_s(&f, 48 * HOUR);
	assert_in_range(n_announced, 7, 8);
	field_fini(&f);
}

static int announce(struct field *f, unsigned i)
{
	char why[160];
	int e = node_announce(f->s[i].node, field_now(f), why);

	assert_true((e != 0) == (*why != 0));
	field_take(f, i);
	return e;
}

/* At the operator's word: within what switch, budget and receivers allow. */
static void test_announce_now(void **state)
{
	struct field f;
	char why[160];

	(void)state;
	field_init(&f, 1, 1);
	f.duty_permille = 1;		/* 3.6 s an hour: three announces */
	f.s[0].config.digest_announce = true;
	f.s[0].config.transmit = false;
	field_start(&f);
	assert_int_equal(announce(&f, 0), -EPERM);
	node_transmit(f.s[0].node, true, field_now(&f), why);
	field_take(&f, 0);
	assert_int_equal(announce(&f, 0), 0);
	assert_int_equal(announce(&f, 0), -EAGAIN);
	assert_int_equal(f.s[0].sends, 1);
	for (unsigned sent = 2; sent <= 3; sent++) {
		f.now_us += 1000000;
		assert_int_equal(announce(&f, 0), 0);
	}
	f.now_us += 1000000;
	assert_int_equal(announce(&f, 0), -EPERM);
	assert_int_equal(f.s[0].sends, 3);
	field_fini(&f);
}

/* What no relay passes on is not sent: six, then one an hour. */
static void test_announce_bounded(void **state)
{
	struct field f;

	(void)state;
	field_init(&f, 1, 1);
	field_start(&f);
	for (unsigned sent = 1; sent <= 6; sent++) {
		f.now_us += 3000000;
		assert_int_equal(announce(&f, 0), 0);
	}
	f.now_us += 3000000;
	assert_int_equal(announce(&f, 0), -EAGAIN);
	f.now_us += HOUR * 1000000ULL;
	assert_int_equal(announce(&f, 0), 0);
	f.now_us += 3000000;
	assert_int_equal(announce(&f, 0), -EAGAIN);
	field_fini(&f);
}

/* An announce that a Reticulum node relayed: on the map, no neighbour. */
static void test_announce_relayed(void **state)
{
	struct json_out o = { 0 };
	struct field f;

	(void)state;
	field_init(&f, 2, 1);
	f.hears[0][1] = f.hears[1][0] = false;
	f.s[0].config.digest_announce = true;
	f.tap = tap_announce;
	field_start(&f);
	announced_n = 0;
	assert_int_equal(announce(&f, 0), 0);
	assert_true(announced_n > 0);
	announced[AX25_UI_HEADER] |= 0x80;	/* masked: nobody's announce */
	announced[AX25_UI_HEADER + 1] = 200;
	assert_int_equal(field_input(&f, 1, SPAN(announced, announced_n)),
			 NODE_NOT_OURS);
	announced[AX25_UI_HEADER] &= 0x7f;
	announced[AX25_UI_HEADER + 1] = 3;	/* hops: not signed */
	assert_int_equal(field_input(&f, 1, SPAN(announced, announced_n)),
			 NODE_OK);
	node_neighbours_json(f.s[1].node, &o, field_now(&f));
	buf_add_u8(&o.b, 0);
	assert_non_null(strstr((char *)o.b.p, "\"far\",\"hops\":3"));
	assert_non_null(strstr((char *)o.b.p, "\"basis\":\"exact\""));
	assert_null(strstr((char *)o.b.p, "address"));
	buf_fini(&o.b);
	field_fini(&f);
}

static bool tap_announce_away(struct field *f, unsigned from,
			      struct span frame)
{
	tap_announce(f, from, frame);
	return from == 0 && frame.p[15] == AX25_PID_NONE;
}

/* An announce under another call sign than its author's `station` claims is
 * on the map, but its sender is no neighbour. */
static void test_announce_other_call(void **state)
{
	struct json_out o = { 0 };
	struct field f;

	(void)state;
	field_init(&f, 2, 1);
	f.s[0].config.digest_announce = true;
	f.tap = tap_announce_away;
	announced_n = 0;
	field_start(&f);
	field_write(&f, 0, 1);
	field_run_s(&f, 7 * HOUR);
	assert_true(announced_n > 0 && field_equal(&f));
	announced[7] = 'L' << 1;	/* the source's first letter */
	assert_int_equal(field_input(&f, 1, SPAN(announced, announced_n)),
			 NODE_OK);
	node_neighbours_json(f.s[1].node, &o, field_now(&f));
	buf_add_u8(&o.b, 0);
	assert_null(strstr((char *)o.b.p, "LE5T"));
	buf_fini(&o.b);
	field_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_stations_one_event),
		cmocka_unit_test(test_hundred_events_perfect),
		cmocka_unit_test(test_hundred_events_lossy),
		cmocka_unit_test(test_disorder),
		cmocka_unit_test(test_reported_keyups),
		cmocka_unit_test(test_five_in_one_hop),
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_all_write),
		cmocka_unit_test(test_one_event_unasked),
		cmocka_unit_test(test_strangers),
		cmocka_unit_test(test_backlog),
		cmocka_unit_test(test_news_of_a_cut),
		cmocka_unit_test(test_silent_until_on),
		cmocka_unit_test(test_ports_at_work),
		cmocka_unit_test(test_configured_at_work),
		cmocka_unit_test(test_call_sign_later),
		cmocka_unit_test(test_longest_event),
		cmocka_unit_test(test_placeholder_refused),
		cmocka_unit_test(test_aprs_guard),
		cmocka_unit_test(test_duty),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_state_of_lies),
		cmocka_unit_test(test_M14_hold_down),
		cmocka_unit_test(test_lying_roots),
		cmocka_unit_test(test_lying_sketches),
		cmocka_unit_test(test_own_call),
		cmocka_unit_test(test_other_dataset),
		cmocka_unit_test(test_want_flood),
		cmocka_unit_test(test_new_events_wanted),
		cmocka_unit_test(test_heads_beyond),
		cmocka_unit_test(test_bomb),
		cmocka_unit_test(test_wrong_seal),
		cmocka_unit_test(test_M13_settled_pair),
		cmocka_unit_test(test_M12_forks),
		cmocka_unit_test(test_announces),
		cmocka_unit_test(test_announce_rate),
		cmocka_unit_test(test_announce_other_call),
		cmocka_unit_test(test_announce_now),
		cmocka_unit_test(test_announce_bounded),
		cmocka_unit_test(test_announce_relayed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
