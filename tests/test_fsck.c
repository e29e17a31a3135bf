/* SPDX-License-Identifier: MIT
 *
 * What fsck says of records that the log's checksums call sound: nothing of
 * true ones in whatever order a station may have stored them, and the fault of
 * each that is not true.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/field.h"
#include "tools/fsck.h"

#define RECORDS_MAX 200

struct bench {
	struct fsck k;
	struct log_record v[RECORDS_MAX];
	size_t n;
	unsigned faults, gaps;
	const char *want;	/* a fault */
	bool found;
	uint64_t from, to;
};

static void on_fault(struct fsck *k, const char *what, uint64_t at,
		     const struct fsck_author *a, uint64_t seq)
{
	struct bench *b = k->ctx;

	(void)at, (void)a, (void)seq;
	b->faults++;
	b->found |= b->want && strcmp(what, b->want) == 0;
}

static void on_gap(struct fsck *k, const struct fsck_author *a, uint64_t from,
		   uint64_t to)
{
	struct bench *b = k->ctx;

	(void)a;
	b->gaps++;
	b->from = from;
	b->to = to;
}

static void add(struct bench *b, uint16_t type, uint32_t slot, struct span s)
{
	uint8_t *copy = malloc(s.n);

	memcpy(copy, s.p, s.n);
	assert_true(b->n < RECORDS_MAX);
	b->v[b->n] = (struct log_record){ .at = b->n, .type = type,
		.slot = slot, .payload = SPAN(copy, s.n) };
	b->n++;
}

/* The records of a field station's log: the authors that it was given. */
static void filled(struct bench *b, unsigned authors, unsigned events)
{
	struct field f;

	memset(b, 0, sizeof(*b));
	field_init(&f, 1, 1);
	for (unsigned a = 0; a < authors; a++)
		field_author(&f, 0, a, a, events, 0);
	for (const struct field_record *r = f.s[0].log; r; r = r->next)
		add(b, r->type, r->slot, SPAN(r->bytes, r->n));
	field_fini(&f);
	dataset_id(b->k.dataset, SPAN_STR("test"));
	b->k.fault = on_fault;
	b->k.ctx = b;
}

/* damage: before this record the log reported some; SIZE_MAX for none. */
static void check(struct bench *b, size_t damage)
{
	for (size_t i = 0; i < b->n; i++)
		fsck_mark(&b->k, &b->v[i]);
	fsck_turn(&b->k);
	for (size_t i = 0; i < b->n; i++) {
		b->k.damage += i == damage;
		fsck_check(&b->k, &b->v[i]);
	}
	fsck_gaps(&b->k, on_gap);
	fsck_fini(&b->k);
	for (size_t i = 0; i < b->n; i++)
		free((void *)(uintptr_t)b->v[i].payload.p);
}

/* The place of the n-th record of a type. */
static size_t nth(const struct bench *b, uint16_t type, unsigned n)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->v[i].type == type && n-- == 0)
			return i;
	fail();
	return 0;
}

static uint8_t *bytes(struct bench *b, size_t i)
{
	return (uint8_t *)(uintptr_t)b->v[i].payload.p;
}

static void drop(struct bench *b, size_t i)
{
	free(bytes(b, i));
	memmove(&b->v[i], &b->v[i + 1], (--b->n - i) * sizeof(b->v[0]));
}

static void move_to_end(struct bench *b, size_t i)
{
	struct log_record r = b->v[i];

	memmove(&b->v[i], &b->v[i + 1], (b->n - i - 1) * sizeof(r));
	b->v[b->n - 1] = r;
}

static void test_sound(void **state)
{
	struct bench b;

	(void)state;
	filled(&b, 3, 20);
	check(&b, SIZE_MAX);
	assert_int_equal(b.faults + b.gaps, 0);
	assert_int_equal(b.k.events, 60);
	assert_int_equal(b.k.unchecked, 0);
}

/* An author's events 4 and 5 came back behind the rest. */
static void test_healed(void **state)
{
	struct bench b;

	(void)state;
	filled(&b, 2, 12);
	move_to_end(&b, nth(&b, RECORD_EVENT, 3));
	move_to_end(&b, nth(&b, RECORD_EVENT, 3));
	check(&b, nth(&b, RECORD_EVENT, 3));
	assert_int_equal(b.faults + b.gaps, 0);
	assert_int_equal(b.k.unchecked, 1);	/* 6, when it came */
}

static void test_missing(void **state)
{
	struct bench b;

	(void)state;
	filled(&b, 2, 12);
	drop(&b, nth(&b, RECORD_EVENT, 3));
	drop(&b, nth(&b, RECORD_EVENT, 3));
	check(&b, nth(&b, RECORD_EVENT, 3));
	assert_int_equal(b.faults, 0);
	assert_int_equal(b.gaps, 1);
	assert_int_equal(b.from, 4);
	assert_int_equal(b.to, 5);
	assert_int_equal(b.k.missing, 2);
}

/* 5..12 were displaced by what is nearly the same: 5 with other content. */
static void test_displaced(void **state)
{
	uint8_t record[RECORD_EVENT_HEAD + EVENT_PAYLOAD_MAX], cut[16];
	struct event e = { 0 }, before = { 0 };
	struct bench b;

	(void)state;
	filled(&b, 1, 12);
	record_event_decode(b.v[nth(&b, RECORD_EVENT, 3)].payload, &before);
	record_event_decode(b.v[nth(&b, RECORD_EVENT, 4)].payload, &e);
	e.hlc.counter++;
	event_id_next(e.id, before.id, &e);
	le_put(cut, 8, 5);
	le_put(cut + 8, 8, 12);
	add(&b, RECORD_DISPLACED, 0, SPAN(cut, 16));
	add(&b, RECORD_EVENT, 0, SPAN(record, record_event_encode(record,
								  &e)));
	check(&b, SIZE_MAX);
	assert_int_equal(b.faults + b.gaps, 0);
	assert_int_equal(b.k.unchecked, 0);
}

struct fault {
	const char *what;
	uint16_t type;
	unsigned n;
	size_t offset;		/* of the byte to spoil */
};

static void test_faults(void **state)
{
	static const struct fault faults[] = {
		{ "id is not that of its content", RECORD_EVENT, 5,
		  RECORD_EVENT_HEAD + 9 },
		{ "id is not that of its content", RECORD_EVENT, 5, 9 },
		{ "seal is not the author's", RECORD_SEAL, 0, 60 },
		{ "seal of another event", RECORD_SEAL, 0, 12 },
		{ "key is not the author's", RECORD_EVENT, 0,
		  RECORD_EVENT_HEAD + 20 },
		{ "key is not the author's", RECORD_AUTHOR, 0, 3 },
		{ "not an event", RECORD_EVENT, 3, 18 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		const struct fault *f = &faults[i];
		struct bench b;

		filled(&b, 1, 10);
		b.want = f->what;
		bytes(&b, nth(&b, f->type, f->n))[f->offset] ^= 4;
		check(&b, SIZE_MAX);
		if (!b.found)
			fail_msg("no \"%s\" in %u faults", f->what, b.faults);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sound), cmocka_unit_test(test_healed),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_displaced),
		cmocka_unit_test(test_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
