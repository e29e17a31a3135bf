/* SPDX-License-Identifier: MIT
 *
 * What people are told before and while stations exchange: who lacks what, what
 * that will take, and a word at the operator's wish.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/field.h"

#define MINUTE 60
#define HOUR 3600

struct forecast {
	char basis[16];
	int64_t lacks, missing, bytes, keyups;
	double minutes;
	size_t n;
};

/* Of the only neighbour; encode: as `cairn sync --dry-run`. */
static struct forecast forecast_of(struct field *f, unsigned i, bool encode)
{
	struct json_out o = { 0 };
	struct forecast r = { .basis = "" };
	const struct json *v;
	struct json *root;

	node_sync_json(f->s[i].node, NULL, encode, &o, field_now(f));
	root = json_parse(buf_span(&o.b), NULL);
	assert_non_null(root);
	r.n = json_len(json_get(root, "neighbours"));
	v = json_at(json_get(root, "neighbours"), 0);
	if (v)
		snprintf(r.basis, sizeof(r.basis), "%s", (const char *)
			 json_string(json_get(v, "basis")).p);
	r.lacks = json_int(json_get(v, "lacks_events"));
	r.missing = json_int(json_get(v, "missing_events"));
	r.bytes = json_int(json_get(v, "sync_bytes"));
	r.keyups = json_int(json_get(v, "sync_keyups"));
	r.minutes = json_real(json_get(v, "sync_minutes"));
	json_free(root);
	buf_fini(&o.b);
	return r;
}

static bool no_events(struct field *f, unsigned from, struct span frame)
{
	struct sync_message m;
	struct ax25_frame x;

	(void)f;
	(void)from;
	return ax25_parse(&x, frame) == AX25_OK &&
		sync_message_decode(&m, x.info) == SYNC_OK &&
		m.type == SYNC_EVENTS;
}

static void authors(struct field *f, unsigned i, unsigned first, unsigned n)
{
	for (unsigned a = 0; a < n; a++)
		field_author(f, i, a, first + a, 10, 0);
}

/* Each holds five authors that the other has never heard of. With their data
 * held back the sketches tell exactly what that is, and the reckoning before
 * comes near to what is on the air after. */
static void test_exact_by_sketch(void **state)
{
	struct forecast v, w;
	struct field f;
	double minutes;

	(void)state;
	field_init(&f, 2, 5);
	authors(&f, 0, 0, 5);
	authors(&f, 1, 5, 5);
	field_start(&f);
	f.tap = no_events;
	assert_int_equal(forecast_of(&f, 0, false).n, 0);
	do {
		field_run_s(&f, 1);
		v = forecast_of(&f, 0, true);
		/* as many on either side: that says nothing */
		assert_string_not_equal(v.basis, "counts");
		assert_true(f.now_us < 10 * MINUTE * US_PER_S);
	} while (strcmp(v.basis, "exact"));
	assert_int_equal(v.lacks, 50);
	assert_int_equal(v.missing, 50);
	w = forecast_of(&f, 0, false);
	assert_int_equal(w.lacks, 50);
	f.tap = NULL;
	f.bytes = f.keyups = 0;
	minutes = field_converge_s(&f, 100, 30 * MINUTE) / 60;
	assert_true(minutes > 0);
	assert_in_range(f.bytes, v.bytes * 7 / 10, v.bytes * 13 / 10);
	assert_true(w.bytes > v.bytes / 2 && w.bytes < v.bytes * 2);
	field_run_s(&f, MINUTE);
	v = forecast_of(&f, 0, true);
	assert_string_equal(v.basis, "exact");
	assert_int_equal(v.lacks + v.missing + v.bytes + v.keyups, 0);
	field_fini(&f);
}

/* What was told stays true while events come in and are written. */
static void test_told_goes_on(void **state)
{
	struct forecast v;
	struct field f;

	(void)state;
	field_init(&f, 2, 6);
	authors(&f, 0, 0, 3);
	authors(&f, 1, 3, 2);
	field_start(&f);
	f.tap = no_events;
	do {
		field_run_s(&f, 1);
		v = forecast_of(&f, 0, false);
		assert_true(f.now_us < 10 * MINUTE * US_PER_S);
	} while (strcmp(v.basis, "exact"));
	assert_int_equal(v.lacks, 30);
	assert_int_equal(v.missing, 20);
	field_write(&f, 0, 1);	/* and the `station` before it */
	field_run_s(&f, 60);
	v = forecast_of(&f, 0, false);
	assert_int_equal(v.lacks, 32);
	assert_int_equal(v.missing, 20);
	field_fini(&f);
}

/* A neighbour whose root is one of the past; and one that only told counts. */
static void test_behind_and_counts(void **state)
{
	struct forecast v, w;
	struct field f;
	char why[160];

	(void)state;
	field_init(&f, 2, 7);
	authors(&f, 0, 0, 4);
	field_start(&f);
	assert_true(field_converge_s(&f, 40, 10 * MINUTE) > 0);
	field_run_s(&f, MINUTE);
	node_transmit(f.s[1].node, false, field_now(&f), why);
	for (unsigned i = 0; i < 20; i++)
		field_write(&f, 0, i);
	field_run_s(&f, 10);
	v = forecast_of(&f, 0, true);
	assert_string_equal(v.basis, "exact");
	assert_int_equal(v.lacks, 21);
	assert_int_equal(v.missing, 0);
	assert_true(v.bytes > 200 && v.minutes > 0.05 && v.minutes < 1);
	f.tap = no_events;
	field_run_s(&f, 10 * MINUTE);
	w = forecast_of(&f, 1, true);
	assert_string_equal(w.basis, "counts");
	assert_int_equal(w.missing, 21);
	assert_int_equal(w.lacks, 0);
	field_fini(&f);
}

/* Neighbours that were heard since the start. */
static unsigned heard_of(struct field *f, unsigned i)
{
	struct json_out o = { 0 };
	struct json *list;
	unsigned n = 0;

	node_neighbours_json(f->s[i].node, &o, field_now(f));
	list = json_parse(buf_span(&o.b), NULL);
	for (size_t k = 0; k < json_len(list); k++)
		n += json_get(json_at(list, k), "heard_ago_s") != NULL;
	json_free(list);
	buf_fini(&o.b);
	return n;
}

static unsigned not_settled(struct field *f, unsigned i, unsigned *presumed)
{
	struct json_out o = { 0 };
	struct json *list;
	unsigned n = 0;

	node_neighbours_json(f->s[i].node, &o, field_now(f));
	list = json_parse(buf_span(&o.b), NULL);
	for (size_t k = 0; k < json_len(list); k++) {
		const struct json *v = json_at(list, k);
		struct span r = json_string(json_get(v, "relation"));
		bool equal = span_equal(r, SPAN_STR("in sync"));
		bool likely = span_equal(r, SPAN_STR("presumed in sync"));

		*presumed += likely;
		n += !equal && !likely;
		if (likely)
			assert_int_equal(json_int(json_get(v, "events")),
					 feed_event_count(node_feeds(f->s[i].node)));
	}
	json_free(list);
	buf_fini(&o.b);
	return n;
}

/* Of five stations some never say that they are equal, since another did. */
static void test_presumed(void **state)
{
	unsigned presumed = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 8; seed++) {
		struct field f;
		unsigned n = 0;

		field_init(&f, 5, seed);
		field_start(&f);
		field_run_s(&f, 4 * MINUTE);
		for (unsigned k = 0; k < 3; k++)
			field_write(&f, 0, k);
		assert_true(field_converge_s(&f, 4, 10 * MINUTE) > 0);
		field_run_s(&f, 2 * MINUTE);
		for (unsigned i = 0; i < 5; i++)
			n += not_settled(&f, i, &presumed);
		assert_true(n <= 2);	/* of 20: who spoke just now waits */
		field_fini(&f);
	}
	assert_in_range(presumed, 8, 80);
}

/* Who was a neighbour before a restart was not heard since. At the operator's
 * word one is asked; what it says the others are presumed to hold. */
static void test_kept(void **state)
{
	struct json_out o = { 0 };
	unsigned presumed = 0;
	struct field f;
	char why[160];

	(void)state;
	field_init(&f, 4, 3);
	field_start(&f);
	for (unsigned i = 0; i < 4; i++)
		field_write(&f, i, 1);
	assert_true(field_converge_s(&f, 8, 10 * MINUTE) > 0);
	field_run_s(&f, HOUR);
	node_state(f.s[0].node, &o);
	node_free(f.s[0].node);
	field_boot(&f, 0, buf_span(&o.b), true);
	assert_int_equal(not_settled(&f, 0, &presumed), 3);
	assert_int_equal(heard_of(&f, 0), 0);
	field_run_s(&f, MINUTE);
	assert_int_equal(not_settled(&f, 0, &presumed), 3);
	assert_int_equal(node_speak(f.s[0].node, NULL, field_now(&f), why), 0);
	field_take(&f, 0);
	field_run_s(&f, MINUTE);
	assert_int_equal(not_settled(&f, 0, &presumed), 0);
	assert_int_equal(presumed, 2);
	assert_int_equal(heard_of(&f, 0), 1);
	buf_fini(&o.b);
	field_fini(&f);
}

/* With nobody else to say it, silence says nothing. */
static void test_not_presumed(void **state)
{
	unsigned presumed = 0;
	struct field f;

	(void)state;
	field_init(&f, 2, 5);
	field_start(&f);
	field_run_s(&f, 4 * MINUTE);
	f.hears[1][0] = f.hears[0][1] = false;
	field_write(&f, 0, 1);
	field_run_s(&f, 10 * MINUTE);
	assert_int_equal(not_settled(&f, 0, &presumed), 1);
	assert_int_equal(presumed, 0);
	field_fini(&f);
}

/* The duty stretches what is sent, never what is heard by a free channel. */
static void test_duty_counts(void **state)
{
	struct forecast v;
	struct field f;
	char why[160];

	(void)state;
	field_init(&f, 2, 8);
	f.duty_permille = 1;	/* 3.6 s an hour */
	authors(&f, 0, 0, 2);
	f.s[1].config.transmit = false;
	field_start(&f);
	node_transmit(f.s[1].node, true, field_now(&f), why);
	field_take(&f, 1);
	f.tap = no_events;
	field_run_s(&f, 5 * MINUTE);
	v = forecast_of(&f, 0, true);
	assert_int_equal(v.n, 1);
	assert_int_equal(v.lacks, 20);
	assert_true(v.minutes > 30);
	field_fini(&f);
}

static void refused(struct field *f, const char *name, const char *says)
{
	char why[160];

	assert_true(node_speak(f->s[0].node, name, field_now(f), why) < 0);
	assert_non_null(strstr(why, says));
	field_take(f, 0);
}

static void test_speak_refused(void **state)
{
	struct field f;
	char why[160];

	(void)state;
	field_init(&f, 2, 9);
	f.s[0].config.transmit = false;
	field_start(&f);
	refused(&f, NULL, "transmit off");
	refused(&f, "vhf", "transmit off");
	refused(&f, "Q9ZZZ", "no port and no neighbour");
	node_port_up(f.s[0].node, 0, false, field_now(&f));
	refused(&f, NULL, "down");
	assert_int_equal(f.s[0].sends, 0);
	field_fini(&f);

	field_init(&f, 2, 9);
	strcpy(f.s[0].config.callsign, "N0CALL");
	field_start(&f);
	refused(&f, NULL, "no call sign");
	field_fini(&f);

	field_init(&f, 2, 9);
	f.duty_permille = 1;
	field_start(&f);
	field_write(&f, 0, 1);
	assert_int_equal(node_speak(f.s[0].node, NULL, field_now(&f), why), 0);
	for (unsigned i = 0; i < 20 && !*why; i++) {
		field_run_s(&f, 5);
		node_speak(f.s[0].node, NULL, field_now(&f), why);
	}
	assert_non_null(strstr(why, "budget"));
	field_fini(&f);
}

/* A word in the middle of an hour's silence; the only neighbour answers it. */
static void test_speak(void **state)
{
	struct field f;
	char why[160];

	(void)state;
	field_init(&f, 2, 10);
	field_start(&f);
	field_write(&f, 0, 1);
	assert_true(field_converge_s(&f, 2, 10 * MINUTE) > 0);
	field_run_s(&f, 5 * HOUR);
	f.s[0].sends = f.s[1].sends = 0;
	assert_int_equal(node_speak(f.s[0].node, "vhf", field_now(&f), why), 0);
	field_take(&f, 0);
	field_run_s(&f, 20);
	assert_int_equal(f.s[0].sends, 1);
	assert_int_equal(node_speak(f.s[0].node, "TE5T-2", field_now(&f), why),
			 0);
	field_run_s(&f, 20);
	assert_int_equal(f.s[0].sends, 2);
	assert_true(f.s[1].sends <= 1);
	field_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exact_by_sketch),
		cmocka_unit_test(test_told_goes_on),
		cmocka_unit_test(test_behind_and_counts),
		cmocka_unit_test(test_presumed),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_not_presumed),
		cmocka_unit_test(test_duty_counts),
		cmocka_unit_test(test_speak_refused),
		cmocka_unit_test(test_speak),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
