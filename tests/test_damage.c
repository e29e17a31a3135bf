/* SPDX-License-Identifier: MIT
 *
 * A station's log loses transactions in its middle: the rest is served, what
 * is missing comes from a neighbour, what survived behind it is joined again,
 * and the own feed gives out no seq twice.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/field.h"

#define MINUTE 60
#define HOUR 3600

static struct feed_set *feeds(struct field *f, unsigned i)
{
	return node_feeds(f->s[i].node);
}

static uint64_t events_of(struct field *f, unsigned i)
{
	return feed_event_count(feeds(f, i));
}

static void view_of(struct field *f, unsigned i, uint8_t hash[32])
{
	view_hash(node_view(f->s[i].node), hash);
}

static void assert_same(struct field *f)
{
	uint8_t a[32], b[32];

	assert_true(field_equal(f));
	view_of(f, 0, a);
	view_of(f, 1, b);
	assert_memory_equal(a, b, sizeof(a));
}

static uint64_t missing(struct field *f, unsigned i)
{
	uint64_t from, to, n = 0;

	for (uint32_t slot = 0; slot < feed_count(feeds(f, i)); slot++)
		for (uint64_t after = 0; feed_gap(feeds(f, i), slot, after,
						  &from, &to); after = to)
			n += to - from + 1;
	return n;
}

static unsigned records_of(const struct field *f, unsigned i, uint16_t type)
{
	unsigned n = 0;

	for (const struct field_record *r = f->s[i].log; r; r = r->next)
		n += r->type == type;
	return n;
}

/* ---- what is written and shown ---- */

static bool shows(struct field *f, unsigned i, const char *text)
{
	const struct view_filter all = { 0 };
	struct json_out o = { 0 };
	bool found;

	view_records_json(node_view(f->s[i].node), &all, true, &o);
	buf_add_u8(&o.b, 0);
	found = strstr((char *)o.b.p, text) != NULL;
	buf_fini(&o.b);
	return found;
}

static void note(struct field *f, const char *text)
{
	struct buf b = { 0 };

	payload_put_map(&b, 2);
	payload_put_uint(&b, KEY_RECORD);
	payload_put_text(&b, SPAN_STR("R-1"));
	payload_put_uint(&b, KEY_TEXT);
	payload_put_text(&b, SPAN_STR(text));
	assert_int_equal(node_write(f->s[0].node, KIND_NOTE_ADD, buf_span(&b),
				    NULL, field_now(f)), 0);
	buf_fini(&b);
	field_take(f, 0);
	field_run_s(f, 60);
}

/* ---- losing ---- */

static void lose(struct field_station *s, unsigned from, unsigned to)
{
	struct field_record **at = &s->log, *r;
	unsigned before = s->damage ? s->damage->batch : from;

	before = before < from ? before : from;
	while ((r = *at)) {
		if (r->batch >= from && r->batch <= to) {
			*at = r->next;
			free(r);
		} else {
			at = &r->next;
		}
	}
	s->log_end = at;
	for (s->damage = s->log; s->damage && s->damage->batch < before;)
		s->damage = s->damage->next;
}

/* Stops station i, which loses the batches from .. to, and starts it again. */
static void restart(struct field *f, unsigned i, unsigned from, unsigned to)
{
	struct field_station *s = &f->s[i];
	struct json_out state = { 0 };

	node_state(s->node, &state);
	node_free(s->node);
	if (from <= to)
		lose(s, from, to);
	memory_free(s->memory);
	s->memory = memory_new();
	for (const struct field_record *r = s->log; r; r = r->next)
		assert_int_equal(memory_record(s->memory, r->type, r->slot,
					       SPAN(r->bytes, r->n)), 0);
	field_boot(f, i, buf_span(&state.b), from > to);
	buf_fini(&state.b);
}

static void restart_whole(struct field *f, unsigned i)
{
	restart(f, i, 1, 0);
}

/* Loading the log again, damage and all, gives the same. */
static void assert_loads_again(struct field *f, unsigned i)
{
	uint64_t root = feed_root48(feeds(f, i)), own;
	uint32_t slot = node_own_slot(f->s[i].node);
	uint8_t before[32], after[32];

	own = slot == FEED_SLOT_NONE ? 0 : feed_own_last(feeds(f, i), slot);
	view_of(f, i, before);
	restart_whole(f, i);
	assert_true(feed_root48(feeds(f, i)) == root);
	view_of(f, i, after);
	assert_memory_equal(before, after, sizeof(before));
	if (own)
		assert_true(feed_own_last(feeds(f, i), slot) == own);
}

/* Two stations that hold five authors' events and their own. */
static void grown(struct field *f, uint64_t seed)
{
	field_init(f, 2, seed);
	for (unsigned a = 0; a < 5; a++)
		field_author(f, 1, a, a, 3 + (unsigned)random_below(&f->rng,
								     40), 0);
	field_start(f);
	for (unsigned i = 0; i < 6; i++) {
		field_write(f, i % 2, i);
		field_run_s(f, 10 * MINUTE);
	}
	field_run_s(f, HOUR);
	assert_same(f);
	assert_true(f->s[0].commits > 6);
}

/* ---- what neighbours have comes back ---- */

static void test_healed(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		unsigned from, to, authors;
		uint64_t all;
		struct field f;

		grown(&f, seed);
		all = events_of(&f, 0);
		from = (unsigned)random_below(&f.rng, f.s[0].commits);
		to = from + (unsigned)random_below(&f.rng, 3);
		authors = feed_count(feeds(&f, 0));
		restart(&f, 0, from, to);
		assert_true(events_of(&f, 0) <= all);
		note(&f, "after");
		if (field_converge_s(&f, all + 1, 12 * HOUR) < 0)
			fail_msg("seed %llu, lost %u..%u",
				 (unsigned long long)seed, from, to);
		assert_same(&f);
		assert_int_equal(missing(&f, 0), 0);
		assert_loads_again(&f, 0);
		assert_int_equal(feed_count(feeds(&f, 0)), authors +
				 feed_nameless(feeds(&f, 0)));
		for (uint32_t i = 0; i < feed_count(feeds(&f, 0)); i++)
			assert_int_equal(feed_beyond(feeds(&f, 0), i), 0);
		/* and once more, elsewhere */
		from = (unsigned)random_below(&f.rng, f.s[0].commits);
		restart(&f, 0, from, from);
		assert_true(field_converge_s(&f, all + 1, 12 * HOUR) > 0);
		assert_same(&f);
		assert_loads_again(&f, 0);
		for (uint32_t i = 0; i < feed_count(feeds(&f, 1)); i++)
			assert_false(feed_at(feeds(&f, 1), i)->forked);
		field_fini(&f);
	}
}

/* ---- the own feed ---- */

/* Own events, each a transaction, and the seals over them. */
static void own_events(struct field *f, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		field_write(f, 0, 10 + i);
		field_run_s(f, 2 * MINUTE);
	}
}

/* The batch that has the own event seq. */
static unsigned batch_of(struct field *f, uint64_t seq)
{
	for (const struct field_record *r = f->s[0].log; r; r = r->next)
		if (r->type == RECORD_EVENT && le_get(r->bytes, 8) == seq)
			return r->batch;
	fail();
	return 0;
}

/* The neighbour has them: new ones stand behind what survived, nothing is
 * written again. */
static void test_own_gap_closed(void **state)
{
	unsigned batch, events;
	struct field f;
	uint32_t slot;

	(void)state;
	field_init(&f, 2, 3);
	field_start(&f);
	own_events(&f, 8);
	assert_true(field_converge_s(&f, 9, HOUR) > 0);
	batch = batch_of(&f, 4);
	f.hears[0][1] = f.hears[1][0] = false;
	restart(&f, 0, batch, batch);
	slot = node_own_slot(f.s[0].node);
	assert_int_equal(events_of(&f, 0), 3);
	assert_int_equal(missing(&f, 0), 1);
	own_events(&f, 2);
	assert_int_equal(feed_beyond(feeds(&f, 0), slot), 11);
	assert_int_equal(events_of(&f, 0), 3);
	assert_loads_again(&f, 0);
	assert_int_equal(feed_beyond(feeds(&f, 0), slot), 11);
	events = records_of(&f, 0, RECORD_EVENT);
	f.hears[0][1] = f.hears[1][0] = true;
	assert_true(field_converge_s(&f, 11, 2 * HOUR) > 0);
	assert_same(&f);
	assert_int_equal(records_of(&f, 0, RECORD_EVENT), events + 1);
	assert_int_equal(records_of(&f, 0, RECORD_DISPLACED), 0);
	assert_false(feed_at(feeds(&f, 0), slot)->forked);
	assert_loads_again(&f, 0);
	field_fini(&f);
}

/* The log lost one in its middle and the last ones, so that the next one behind
 * the gap got the number of one that the neighbour has: it is written again. */
static void test_own_number_twice(void **state)
{
	unsigned middle, tail;
	struct field f;

	(void)state;
	field_init(&f, 2, 3);
	field_start(&f);
	own_events(&f, 8);
	assert_true(field_converge_s(&f, 9, HOUR) > 0);
	f.hears[0][1] = f.hears[1][0] = false;
	middle = batch_of(&f, 4);
	tail = batch_of(&f, 7);
	restart(&f, 0, tail, f.s[0].commits);
	restart(&f, 0, middle, middle);
	note(&f, "after");
	note(&f, "and once more");
	assert_true(shows(&f, 0, "after"));
	assert_loads_again(&f, 0);
	f.hears[0][1] = f.hears[1][0] = true;
	assert_true(field_converge_s(&f, 11, 2 * HOUR) > 0);
	assert_same(&f);
	assert_true(shows(&f, 0, "after") && shows(&f, 0, "and once more"));
	assert_int_equal(missing(&f, 0), 0);
	assert_int_equal(feed_beyond(feeds(&f, 0), node_own_slot(f.s[0].node)), 0);
	assert_loads_again(&f, 0);
	field_fini(&f);
}

/* Nobody has them: what came after is shown meanwhile, and written again when
 * the hold-down ends. */
static void test_own_gap_lost(void **state)
{
	struct field f;
	unsigned batch;

	(void)state;
	field_init(&f, 2, 4);
	f.hears[0][1] = f.hears[1][0] = false;
	field_start(&f);
	f.s[0].config.transmit = false;
	restart_whole(&f, 0);	/* nothing is sealed: nobody hears it */
	note(&f, "one");
	note(&f, "two");
	note(&f, "three");
	note(&f, "four");
	batch = batch_of(&f, 3);
	f.s[0].config.transmit = true;
	f.hears[0][1] = f.hears[1][0] = true;
	restart(&f, 0, batch, batch);
	assert_int_equal(missing(&f, 0), 1);
	assert_true(shows(&f, 0, "one") && shows(&f, 0, "four"));
	assert_false(shows(&f, 0, "two"));
	note(&f, "five");
	assert_int_equal(events_of(&f, 1), 0);
	field_write(&f, 1, 1);
	field_run_s(&f, 3 * HOUR);
	assert_int_equal(missing(&f, 0), 0);
	assert_same(&f);
	for (unsigned i = 0; i < 2; i++)
		assert_true(shows(&f, i, "one") && shows(&f, i, "three") &&
			    shows(&f, i, "four") && shows(&f, i, "five"));
	assert_int_equal(events_of(&f, 0), 5 + 2);
	assert_loads_again(&f, 0);
	note(&f, "six");
	field_run_s(&f, HOUR);
	assert_same(&f);
	assert_true(shows(&f, 1, "six"));
	field_fini(&f);
}

/* Its AUTHOR record with its first events. */
static void test_own_label_lost(void **state)
{
	unsigned from, to;
	struct field f;
	uint32_t slot;

	(void)state;
	grown(&f, 5);
	slot = node_own_slot(f.s[0].node);
	from = UINT32_MAX;
	to = 0;
	for (const struct field_record *r = f.s[0].log; r; r = r->next)
		if (r->slot == slot && r->type == RECORD_AUTHOR)
			from = to = r->batch;
	restart(&f, 0, from, to);
	assert_int_equal(node_own_slot(f.s[0].node), slot);
	assert_true(missing(&f, 0) > 0);
	field_write(&f, 0, 7);
	field_run_s(&f, 6 * HOUR);
	assert_int_equal(missing(&f, 0), 0);
	assert_same(&f);
	assert_loads_again(&f, 0);
	field_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_healed),
		cmocka_unit_test(test_own_gap_closed),
		cmocka_unit_test(test_own_number_twice),
		cmocka_unit_test(test_own_gap_lost),
		cmocka_unit_test(test_own_label_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
