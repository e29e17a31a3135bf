/* SPDX-License-Identifier: MIT
 *
 * What goes first when not all fits: turns of authors, urgent events, and that
 * every author's events go without gaps whatever the order.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include "lib/base/crypto.h"
#include "lib/event/payload.h"
#include "lib/feed/memory.h"
#include "lib/rns/rns.h"
#include "lib/sync/class.h"
#include "lib/sync/pack.h"

#define AUTHORS_MAX 64
#define CAP 4000

struct desk {
	struct sync_env env;
	struct memory *memory;
	struct store store;
	struct random rng;
	struct rns_identity id[AUTHORS_MAX];
	unsigned n;
	uint64_t wall_s;
	struct sync_needs needs, holds, rest;
	struct sync_turn turn;
	uint8_t body[CAP];
	int len;
	uint32_t kept;		/* of this author nothing above goes out */
	uint64_t kept_above;
};

static enum sync_pass desk_pass(void *ctx, int port, uint32_t slot,
				const struct event *e)
{
	const struct desk *d = ctx;

	(void)port;
	return e->seq > d->kept_above && slot == d->kept ? SYNC_PASS_NOT :
							   SYNC_PASS;
}

static void desk_init(struct desk *d, unsigned authors)
{
	struct feed_config fc = { .authors_max = AUTHORS_MAX };
	bool made;

	memset(d, 0, sizeof(*d));
	crypto_init();
	d->rng.state = 1;
	d->wall_s = CAIRN_EPOCH_S + 1000;
	d->kept_above = UINT64_MAX;
	d->memory = memory_new();
	d->store = fc.store = memory_store(d->memory);
	d->env = (struct sync_env){
		.feeds = feed_set_new(&fc), .store = &d->store, .ctx = d,
		.pack = sync_pack_new(), .pass = desk_pass,
		.body = calloc(1, sizeof(struct run_body)),
	};
	for (d->n = 0; d->n < authors; d->n++) {
		uint8_t prv[64];
		char label[33];

		memset(prv, 1 + (int)d->n, sizeof(prv));
		rns_identity_from_private(&d->id[d->n], prv);
		author_label(label, d->id[d->n].hash);
		assert_int_equal(feed_open_own(d->env.feeds, SPAN_STR(label),
					       d->id[d->n].pub, &made), d->n);
		memory_record(d->memory, 1, d->n, SPAN_STR(label));
	}
}

static void desk_fini(struct desk *d)
{
	sync_pack_free(d->env.pack);
	free(d->env.body);
	feed_set_free(d->env.feeds);
	memory_free(d->memory);
}

enum form { PLAIN, SAME, POSITION, URGENT, ORDER };

static void desk_payload(struct desk *d, struct buf *b, enum form form)
{
	char text[48];

	uint64_t x = form == SAME ? 7 : random_next(&d->rng);

	snprintf(text, sizeof(text), "%016llx %016llx", (unsigned long long)x,
		 (unsigned long long)(x * 0x9e3779b97f4a7c15));
	payload_put_map(b, form == URGENT ? 3 : 2);
	payload_put_uint(b, KEY_RECORD);
	payload_put_text(b, SPAN_STR("R-1"));
	payload_put_uint(b, KEY_VALUE);
	if (form == POSITION) {
		payload_put_position_tag(b);
		payload_put_array(b, 2);
		payload_put_real(b, 46.5);
		payload_put_real(b, 7.25 + (double)random_below(&d->rng, 99));
	} else {
		payload_put_text(b, SPAN_STR(text));
	}
	if (form == URGENT) {
		payload_put_uint(b, KEY_URGENT);
		payload_put_bool(b, true);
	}
}

static void desk_write(struct desk *d, uint32_t slot, enum form form)
{
	struct buf b = { 0 };
	struct event e = {
		.kind = form == ORDER ? KIND_STATION_ORDER : KIND_FIELD_SET,
		.hlc = { d->wall_s++ * 1000, 0 } };

	desk_payload(d, &b, form);
	e.payload = buf_span(&b);
	assert_int_equal(feed_append_own(d->env.feeds, slot, &e), 0);
	memory_apply(d->memory, &(struct feed_change){ .slot = slot,
			.events = &e, .n_events = 1 });
	buf_fini(&b);
}

static void desk_seal(struct desk *d, uint32_t slot)
{
	struct feed_change c = { .slot = slot };

	assert_int_equal(feed_seal_own(d->env.feeds, slot,
				       d->id[slot].prv + 32, &c), 0);
	c.n_events = 0;
	memory_apply(d->memory, &c);
}

/* n events of an author, all of them needed. */
static void desk_events(struct desk *d, uint32_t slot, unsigned n,
			enum form form)
{
	for (unsigned i = 0; i < n; i++)
		desk_write(d, slot, form);
	desk_seal(d, slot);
	sync_needs_add(&d->needs, slot, 0,
		       feed_at(d->env.feeds, slot)->head);
}

static void desk_backlog(struct desk *d, uint32_t slot, unsigned n)
{
	desk_events(d, slot, n, PLAIN);
}

static void check_gapless(const struct desk *d)
{
	for (unsigned i = 0; i < d->holds.n; i++) {
		const struct sync_need *h = &d->holds.v[i];
		const struct sync_need *v = sync_needs_find(&d->needs,
							    h->slot);

		assert_non_null(v);
		assert_int_equal(h->from, v->from);
		assert_true(h->to > h->from && h->to <= v->to);
	}
	assert_int_equal(sync_needs_events(&d->holds) +
			 sync_needs_events(&d->rest),
			 sync_needs_events(&d->needs));
}

/* The body is the runs that `holds` says. */
static void check_body(const struct desk *d)
{
	struct run_body *b = d->env.body;
	struct sync_needs seen = { 0 };

	assert_int_equal(run_body_decode(b, SPAN(d->body, (size_t)d->len)),
			 RUN_OK);
	for (size_t i = 0; i < b->n_runs; i++) {
		const struct run *r = &b->runs[i];
		uint32_t slot;

		assert_int_equal(feed_by_alias(d->env.feeds, r->alias, &slot,
					       1), 1);
		sync_needs_add(&seen, slot, r->seq - 1, r->seq + r->n - 1);
	}
	assert_int_equal(seen.n, d->holds.n);
	assert_memory_equal(seen.v, d->holds.v, seen.n * sizeof(seen.v[0]));
}

static bool desk_pack(struct desk *d)
{
	d->len = sync_pack_body(&d->env, 0, RUN_ZSTD, &d->needs, &d->turn, &d->holds,
				&d->rest, d->body, sizeof(d->body));
	if (d->len <= 0)
		return false;
	check_gapless(d);
	check_body(d);
	return true;
}

/* And on from what is left. */
static bool desk_next(struct desk *d)
{
	bool some = desk_pack(d);

	d->needs = d->rest;
	return some;
}

static uint64_t held(const struct desk *d, uint32_t slot)
{
	const struct sync_need *h = sync_needs_find(&d->holds, slot);

	return h ? h->to - h->from : 0;
}

/* ---- turns ---- */

/* Ten authors of 300 events: after as many generations as the first would need
 * alone each has had some, and nobody twice what another had. */
static void test_M17_turns(void **state)
{
	uint64_t had[10] = { 0 }, least = UINT64_MAX, most = 0;
	struct desk d;

	(void)state;
	desk_init(&d, 10);
	for (uint32_t i = 0; i < 10; i++)
		desk_backlog(&d, i, 300);
	for (unsigned g = 0; g < 10; g++) {
		assert_true(desk_next(&d));
		for (uint32_t i = 0; i < 10; i++)
			had[i] += held(&d, i);
	}
	for (unsigned i = 0; i < 10; i++) {
		least = had[i] < least ? had[i] : least;
		most = had[i] > most ? had[i] : most;
	}
	assert_true(least > 0);
	assert_true(most <= 2 * least + 64);
	while (d.needs.n)
		assert_true(desk_next(&d));
	desk_fini(&d);
}

/* An author who never stops writing does not keep the others waiting. */
static void test_endless_author(void **state)
{
	struct desk d;
	uint64_t got = 0;

	(void)state;
	desk_init(&d, 3);
	desk_backlog(&d, 0, 400);
	desk_backlog(&d, 1, 40);
	desk_backlog(&d, 2, 40);
	for (unsigned g = 0; g < 4; g++) {
		assert_true(desk_next(&d));
		got += held(&d, 1) + held(&d, 2);
		desk_backlog(&d, 0, 200);
	}
	assert_int_equal(got, 80);
	desk_fini(&d);
}

/* A limit in the middle: the next contact, with the same needs again since all
 * was lost, begins with who did not come in. */
static void resumes(enum form form, unsigned authors)
{
	unsigned served = 0;
	struct desk d;

	desk_init(&d, authors);
	for (uint32_t i = 0; i < authors; i++)
		desk_events(&d, i, 60, form);
	for (unsigned contact = 0; contact < 12; contact++) {
		assert_true(desk_pack(&d));
		assert_true(d.rest.n > 0);
		for (uint32_t i = 0; i < authors; i++)
			served |= (held(&d, i) > 0U) << i;
	}
	assert_int_equal(served, (1U << authors) - 1);
	desk_fini(&d);
}

static void test_resumes(void **state)
{
	(void)state;
	resumes(PLAIN, 12);
	resumes(SAME, 30);	/* would fit, but for the bound on what is packed */
}

/* One author: as much as fits, as a single run each 254 events. */
static void test_alone(void **state)
{
	struct desk d;

	(void)state;
	desk_init(&d, 1);
	desk_backlog(&d, 0, 100);
	assert_true(desk_pack(&d));
	assert_int_equal(d.env.body->n_runs, 1);
	desk_fini(&d);
}

/* ---- classes ---- */

static enum sync_class class_of(struct desk *d, enum form form)
{
	struct buf b = { 0 };
	struct event e = { .kind = form == ORDER ? KIND_STATION_ORDER :
			   KIND_FIELD_SET };
	enum sync_class c;

	desk_payload(d, &b, form);
	e.payload = buf_span(&b);
	c = sync_class_of(&e);
	e.withheld = true;
	assert_int_equal(sync_class_of(&e), form == ORDER ? SYNC_DISTRESS :
			 SYNC_RECORD);
	buf_fini(&b);
	return c;
}

static void test_classes(void **state)
{
	static const uint8_t odd[] = { 0xa1, 0x18, 0x2d, 0x01 };
	struct event e = { .kind = KIND_NOTE_ADD,
			   .payload = SPAN(odd, sizeof(odd)) };
	struct desk d;

	(void)state;
	desk_init(&d, 1);
	assert_int_equal(class_of(&d, PLAIN), SYNC_RECORD);
	assert_int_equal(class_of(&d, POSITION), SYNC_POSITION);
	assert_int_equal(class_of(&d, URGENT), SYNC_DISTRESS);
	assert_int_equal(class_of(&d, ORDER), SYNC_DISTRESS);
	assert_int_equal(sync_class_of(&e), SYNC_RECORD);	/* 45: 1 */
	desk_fini(&d);
}

/* The last author cries for help: it goes first, alone and small, with what
 * stands before it in its feed, and nothing else. */
static void test_urgent_first(void **state)
{
	struct desk d;

	(void)state;
	desk_init(&d, 6);
	for (uint32_t i = 0; i < 5; i++)
		desk_backlog(&d, i, 100);
	desk_write(&d, 5, PLAIN);
	desk_write(&d, 5, URGENT);
	desk_seal(&d, 5);
	desk_backlog(&d, 5, 100);
	assert_true(desk_next(&d));
	assert_int_equal(d.holds.n, 1);
	assert_int_equal(held(&d, 5), 2);
	assert_true(d.len < 250);
	assert_true(desk_next(&d));
	assert_true(d.holds.n > 1);
	desk_fini(&d);
}

/* Where all fits into a small generation, one is enough. */
static void test_urgent_small(void **state)
{
	struct desk d;

	(void)state;
	desk_init(&d, 3);
	desk_backlog(&d, 0, 3);
	desk_backlog(&d, 1, 3);
	desk_write(&d, 2, ORDER);
	desk_seal(&d, 2);
	sync_needs_add(&d.needs, 2, 0, 1);
	assert_true(desk_pack(&d));
	assert_int_equal(d.rest.n, 0);
	desk_fini(&d);
}

/* Everything is urgent: then nothing is, and the others have their turn. */
static void test_urgent_flood(void **state)
{
	struct desk d;

	(void)state;
	desk_init(&d, 2);
	for (unsigned i = 0; i < 400; i++)
		desk_write(&d, 1, URGENT);
	desk_seal(&d, 1);
	sync_needs_add(&d.needs, 1, 0, 400);
	desk_backlog(&d, 0, 40);
	assert_true(desk_next(&d));
	assert_int_equal(held(&d, 0), 0);
	assert_true(desk_next(&d));
	assert_true(held(&d, 0) > 0);
	desk_fini(&d);
}

/* Positions before records, in half of the room. */
static void test_positions(void **state)
{
	struct desk d;

	(void)state;
	desk_init(&d, 21);
	for (uint32_t i = 0; i < 20; i++)
		desk_backlog(&d, i, 64);
	desk_events(&d, 20, 20, POSITION);
	assert_true(desk_pack(&d));
	assert_true(d.rest.n > 10);
	assert_int_equal(held(&d, 20), 20);
	assert_true(held(&d, 0) > 0);
	desk_fini(&d);
}

/* ---- what may not go out ---- */

/* An author's events up to where that begins; the rest of them is not left for
 * later, or it would be announced again and again. */
static void test_kept(void **state)
{
	struct desk d;

	(void)state;
	desk_init(&d, 2);
	desk_backlog(&d, 0, 10);
	desk_backlog(&d, 0, 200);
	desk_backlog(&d, 1, 40);
	d.kept_above = 10;
	d.len = sync_pack_body(&d.env, 0, RUN_ZSTD, &d.needs, &d.turn, &d.holds,
			       &d.rest, d.body, sizeof(d.body));
	assert_true(d.len > 0);
	check_body(&d);
	assert_int_equal(held(&d, 0), 10);
	assert_int_equal(held(&d, 1), 40);
	assert_int_equal(d.rest.n, 0);
	d.kept_above = 0;
	d.needs.n = 1;
	assert_int_equal(sync_pack_body(&d.env, 0, RUN_ZSTD, &d.needs, &d.turn, &d.holds,
					&d.rest, d.body, sizeof(d.body)), 0);
	desk_fini(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_M17_turns),
		cmocka_unit_test(test_endless_author),
		cmocka_unit_test(test_resumes),
		cmocka_unit_test(test_alone),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_urgent_first),
		cmocka_unit_test(test_urgent_small),
		cmocka_unit_test(test_urgent_flood),
		cmocka_unit_test(test_positions),
		cmocka_unit_test(test_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
