/* SPDX-License-Identifier: MIT
 *
 * The rules of one port: the first word, silence and its cap, hidden stations,
 * what strangers can make of it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include "lib/base/crypto.h"
#include "lib/feed/memory.h"
#include "lib/feed/syndrome.h"
#include "lib/sync/sched_port.h"

/* ---- a port by itself ---- */

struct bench {
	struct sync_env env;
	struct timer_heap heap;
	struct random rng;
	struct memory *memory;
	struct store store;
	struct sync_port *port;
	uint64_t now_us, first_us;
	unsigned sends;
	enum sync_ingest ingest;
	struct sync_whole whole;
	uint8_t frame[256];
	size_t frame_n;
	uint32_t kept;		/* this author's events may not go out */
};

static uint64_t bench_send(void *ctx, int port, const struct span *frames,
			   size_t n, bool answer, uint64_t now_us)
{
	struct bench *b = ctx;

	(void)port;
	(void)answer;
	if (!b->sends++)
		b->first_us = now_us;
	b->frame_n = frames[n - 1].n;
	memcpy(b->frame, frames[n - 1].p, b->frame_n);
	return now_us + US_PER_S;
}

static uint64_t bench_clear(void *ctx, int port, bool answer, uint64_t now_us)
{
	(void)ctx;
	(void)port;
	(void)answer;
	return now_us;
}

static enum sync_ingest bench_ingest(void *ctx, int port,
				     const struct sync_whole *w,
				     struct span body)
{
	struct bench *b = ctx;

	(void)port;
	(void)body;
	b->whole = *w;
	return b->ingest;
}

static uint64_t bench_back(void *ctx, uint32_t slot)
{
	(void)ctx;
	(void)slot;
	return 0;
}

static bool bench_may_send(void *ctx, int port, uint32_t slot)
{
	const struct bench *b = ctx;

	(void)port;
	return slot != b->kept;
}

static void bench_aired(void *ctx, int port, uint32_t slot, uint64_t from,
			uint64_t to)
{
	(void)ctx;
	(void)port;
	(void)slot;
	(void)from;
	(void)to;
}

static void bench_misfit(void *ctx, uint32_t slot)
{
	(void)ctx;
	(void)slot;
}

static void bench_compared(void *ctx)
{
	(void)ctx;
}

static bool bench_holding(void *ctx)
{
	(void)ctx;
	return false;
}

static const struct sync_port_config radio = { .bitrate = 1200,
	.txdelay_ms = 300, .txtail_ms = 50, .overhead = 19, .info_max = 256,
	.address = 0x11110000 };

static void bench_init_as(struct bench *b, const struct sync_port_config *pc)
{
	struct feed_config fc = { .authors_max = 10 };

	memset(b, 0, sizeof(*b));
	crypto_init();
	b->ingest = SYNC_INGEST_BAD;
	b->kept = FEED_SLOT_NONE;
	b->memory = memory_new();
	b->store = fc.store = memory_store(b->memory);
	b->env = (struct sync_env){
		.feeds = feed_set_new(&fc), .store = &b->store,
		.heap = &b->heap, .rng = &b->rng, .ctx = b,
		.body = calloc(1, sizeof(struct run_body)),
		.send = bench_send, .clear_us = bench_clear,
		.ingest = bench_ingest, .aired = bench_aired,
		.may_send = bench_may_send, .back = bench_back, .misfit = bench_misfit,
		.compared = bench_compared, .holding = bench_holding,
	};
	b->port = sync_port_new(&b->env, pc);
	sync_port_enable(b->port, true, b->now_us);
}

static void bench_init(struct bench *b)
{
	bench_init_as(b, &radio);
}

static void bench_fini(struct bench *b)
{
	sync_port_free(b->port);
	feed_set_free(b->env.feeds);
	free(b->env.body);
	memory_free(b->memory);
	timer_heap_fini(&b->heap);
}

static void bench_run(struct bench *b, uint64_t until_us)
{
	struct timer *t;

	while (timer_next_us(&b->heap) <= until_us) {
		b->now_us = timer_next_us(&b->heap);
		t = timer_pop(&b->heap, b->now_us);
		sync_timer_fire(t, b->now_us);
	}
	b->now_us = until_us;
}

static enum sync_verdict bench_says(struct bench *b, uint32_t address,
				    const struct sync_message *m)
{
	uint8_t frame[512];
	int len = sync_message_encode(frame, sizeof(frame), m);

	assert_true(len > 0);
	return sync_port_input(b->port, address, "W1AW",
			       SPAN(frame, (size_t)len), b->now_us);
}

/* Within one Imin after the start, and the root alone. */
static void test_first_word(void **state)
{
	struct sync_message m;
	struct bench b;

	(void)state;
	bench_init(&b);
	bench_run(&b, 8 * US_PER_S);
	assert_int_equal(b.sends, 1);
	assert_in_range(b.first_us, 0, 8 * US_PER_S);
	assert_int_equal(sync_message_decode(&m, SPAN(b.frame, b.frame_n)),
			 SYNC_OK);
	assert_int_equal(m.type, SYNC_DIGEST);
	assert_int_equal(m.digest.c, 0);
	assert_in_range(b.frame_n, 12, 18);
	bench_fini(&b);
}

/* A newcomer with the same root: on a bare link it hears mine at once, on the air
 * my word is kept back, since his said it. */
static void test_newcomer(void **state)
{
	struct sync_message m = { .type = SYNC_DIGEST };
	struct sync_port_config tcp = { .bitrate = 1000000, .overhead = 28,
		.info_max = 500, .address = 0x11110000, .stream = true };

	(void)state;
	for (unsigned stream = 0; stream < 2; stream++) {
		struct bench b;

		bench_init_as(&b, stream ? &tcp : &radio);
		m.digest.dataset_tag = (uint16_t)be_get(b.env.dataset, 2);
		bench_run(&b, 100 * US_PER_S);
		b.sends = 0;
		bench_says(&b, 0x22220000, &m);
		bench_run(&b, b.now_us + US_PER_S);
		assert_int_equal(b.sends, stream);
		bench_says(&b, 0x22220000, &m);		/* he is new once */
		bench_run(&b, b.now_us + US_PER_S);
		assert_int_equal(b.sends, stream);
		bench_fini(&b);
	}
}

/* Patience is for a busy channel: it falls with what was on the air in the last
 * minute, sent or heard. */
static void test_by_load(void **state)
{
	struct sync_message m = { .type = SYNC_DIGEST };
	struct bench b;
	uint64_t one_us;

	(void)state;
	bench_init(&b);
	assert_int_equal(sync_by_load(b.port, 1000, b.now_us), 0);
	bench_says(&b, 0x22220000, &m);
	one_us = sync_by_load(b.port, 12 * US_PER_S, b.now_us);
	assert_in_range(one_us, 200 * US_PER_MS, 300 * US_PER_MS);
	for (unsigned i = 0; i < 60; i++)
		bench_says(&b, 0x22220000, &m);
	assert_int_equal(sync_by_load(b.port, 1000, b.now_us), 1000);
	assert_in_range(sync_by_load(b.port, 1000, b.now_us + 30 * US_PER_S),
			550, 700);
	assert_int_equal(sync_by_load(b.port, 1000, b.now_us + 90 * US_PER_S),
			 0);
	bench_run(&b, 100 * US_PER_S);	/* it speaks itself */
	b.sends = 0;
	while (!b.sends)
		bench_run(&b, b.now_us + US_PER_S);
	assert_in_range(sync_by_load(b.port, 12 * US_PER_S, b.now_us),
			400 * US_PER_MS, 700 * US_PER_MS);
	bench_fini(&b);
}

/* Alone, it says its root ever more rarely. */
static void test_alone(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b);
	bench_run(&b, 24 * 3600 * US_PER_S);
	assert_in_range(b.sends, 20, 40);
	bench_fini(&b);
}

/* WANTs of others for others: silence, but for a quarter of the time only. */
static void test_nav_cap(void **state)
{
	struct sync_message m = { .type = SYNC_WANT, .want = {
		.target = 0x2222, .form = SYNC_WANT_ROOT, .nav_ds = 255 } };
	uint64_t silent = 0;
	struct bench b;

	(void)state;
	bench_init(&b);
	for (unsigned i = 0; i < 600; i++) {
		bench_says(&b, 0x33330000, &m);
		silent += sync_quiet_us(b.port) > b.now_us;
		bench_run(&b, b.now_us + US_PER_S);
	}
	assert_in_range(silent, 60, 151);
	bench_fini(&b);
}

/* The first frames of long generations that never come: the silence that they
 * ask for, and the waiting for the rest, are bounded. */
static void test_empty_promises(void **state)
{
	uint8_t piece[240] = { 0 };
	struct sync_message m = { .type = SYNC_EVENTS, .events = {
		.k = 16, .index = 1, .piece = SPAN(piece, sizeof(piece)) } };
	uint64_t silent = 0, open = 0;
	struct bench b;

	(void)state;
	bench_init(&b);
	for (unsigned i = 0; i < 600; i++) {
		m.events.generation = (uint8_t)(i / 15);
		if (i % 15 == 0)
			bench_says(&b, i << 16, &m);
		silent += sync_quiet_us(b.port) > b.now_us;
		open += sync_rx_open(b.port, b.now_us);
		bench_run(&b, b.now_us + US_PER_S);
	}
	assert_in_range(silent, 100, 350);
	assert_in_range(open, 30, 400);
	bench_fini(&b);
}

/* Offers that nothing follows: they do not keep digests away for good. */
static void test_empty_offers(void **state)
{
	struct sync_message m = { .type = SYNC_OFFER, .offer = {
		.n = 1, .target = { 0x2222 }, .root48 = 5, .events = 3 } };
	unsigned flow = 0;
	struct bench b;

	(void)state;
	bench_init(&b);
	for (unsigned i = 0; i < 1800; i++) {
		if (i % 15 == 0)
			bench_says(&b, i << 16, &m);
		flow += sync_news_flow(b.port, b.now_us);
		bench_run(&b, b.now_us + US_PER_S);
	}
	assert_in_range(flow, 200, 1000);
	bench_fini(&b);
}

/* An OFFER of what I hold already: its sender holds as much as I. */
static void test_offer_of_the_same(void **state)
{
	struct sync_message m = { .type = SYNC_OFFER, .offer = {
		.n = 1, .target = { 0x9999 }, .events = 5 } };
	struct sync_estimate e;
	struct bench b;

	(void)state;
	bench_init(&b);
	bench_says(&b, 0x22220000, &m);
	sync_port_estimate(b.port, sync_peer_find(sync_port_peers(b.port),
						  0x22220000), false, &e,
			   b.now_us);
	assert_int_equal(e.basis, SYNC_BASIS_EXACT);
	assert_int_equal(e.events, 0);
	bench_fini(&b);
}

/* ---- hidden stations ---- */

static void bench_tells(struct bench *b, uint32_t address, uint16_t x,
			uint16_t y)
{
	struct sync_message m = { .type = SYNC_OFFER, .offer = {
		.n = 1, .target = { 0x9999 }, .root48 = 7, .events = 1,
		.hears_n = 2, .hears = { x, y } } };

	bench_says(b, address, &m);
}

/* Among hidden stations offers of neighbours are answered whatever came of them;
 * those of a name that never showed that it hears me, on credit only. */
static void test_hidden_credit(void **state)
{
	struct sync_message m = { .type = SYNC_OFFER, .offer = {
		.n = 1, .target = { 0x1111 }, .root48 = 9, .events = 1 } };
	struct sync_credit *c;
	struct sync_peer *q;
	struct bench b;

	(void)state;
	bench_init(&b);
	c = &b.port->offers;
	bench_run(&b, US_PER_S);
	bench_tells(&b, 0x44440000, 0x1111, 0x5555);
	bench_tells(&b, 0x44440000, 0x1111, 0x5555);
	assert_true(sync_beyond(b.port, b.now_us));
	q = sync_peer_find(&b.port->peers, 0x44440000);
	assert_true(q->proven);
	for (unsigned i = 0; i < 2 * SYNC_ASKS_MAX; i++)
		bench_says(&b, 0x66660000, &m);
	assert_false(sync_credit_left(c, SYNC_ASKS_MAX, SYNC_ASKS_FALL_US,
				      b.now_us));
	q = sync_peer_find(&b.port->peers, 0x66660000);
	q->offered = 0;
	bench_says(&b, 0x66660000, &m);
	assert_int_equal(q->offered, 0);
	q = sync_peer_find(&b.port->peers, 0x44440000);
	q->offered = 0;
	bench_says(&b, 0x44440000, &m);
	assert_int_equal(q->offered, 1);
	bench_fini(&b);
}

/* 1111 is me; 2222 and 3333 hear each other, 4444 hears 5555 whom I do not. */
static void test_cover(void **state)
{
	static const uint64_t two = 1, three = 2, four = 4;
	struct sync_needs needs = { .n = 1, .v = { { 3, 0, 9 } } };
	struct sync_offer o = { .n = 1 };
	struct sync_port *p;
	struct bench b;

	(void)state;
	bench_init(&b);
	p = b.port;
	bench_run(&b, US_PER_S);
	bench_tells(&b, 0x22220000, 0x1111, 0x1111);
	bench_tells(&b, 0x33330000, 0x1111, 0x2222);
	bench_tells(&b, 0x22220000, 0x1111, 0x3333);
	assert_false(sync_beyond(p, b.now_us));
	sync_cover_tell(p, &o, b.now_us);
	assert_int_equal(o.hears_n, 0);	/* of no use to anybody */
	bench_tells(&b, 0x44440000, 0x1111, 0x5555);
	assert_false(sync_beyond(p, b.now_us));	/* perhaps a made-up name */
	bench_tells(&b, 0x44440000, 0x1111, 0x5555);
	assert_true(sync_hidden(p, b.now_us));
	sync_cover_tell(p, &o, b.now_us);
	assert_int_equal(o.hears_n, 2);		/* 3333 was heard once */
	bench_tells(&b, 0x33330000, 0x1111, 0x2222);
	sync_cover_tell(p, &o, b.now_us);
	assert_int_equal(o.hears_n, 3);
	assert_int_equal(sync_cover_reach(p, &p->peers.v[0]), two | three);

	/* what it sent, 4444 lacks */
	sync_lacks_taken(p, &needs, 0x22220000, b.now_us);
	assert_int_equal(p->lacks_n, 1);
	assert_int_equal(p->lacks[0].who, four);
	sync_lacks_add(p, &needs.v[0], two);
	sync_lacks_served(p, 3, 8, UINT64_MAX);	/* not all of it */
	assert_int_equal(p->lacks[0].who, four | two);
	sync_lacks_served(p, 3, 9, two);
	assert_int_equal(p->lacks[0].who, four);
	assert_int_equal(sync_lacks_of(p, &p->peers.v[2]), 1);
	sync_lacks_forget(p, &p->peers.v[2]);
	assert_int_equal(p->lacks_n, 0);
	b.kept = 3;	/* what may not go out is not offered */
	sync_lacks_add(p, &needs.v[0], two);
	assert_int_equal(p->lacks_n, 0);
	bench_fini(&b);
}

/* Who hears all that I hear, and more, goes first; so do several that hear each
 * other. Of what I hold only that goes out which one of those lacks that answered. */
static void test_spare(void **state)
{
	struct sync_message all = { .type = SYNC_OFFER, .offer = {
		.n = 1, .target = { 0x9999 }, .root48 = 7, .events = 1,
		.hears_n = 4, .hears = { 0x1111, 0x2222, 0x4444, 0x5555 } } };
	const struct sync_need need = { 3, 0, 9 };
	struct sync_needs out;
	struct sync_port *p;
	struct bench b;

	(void)state;
	bench_init(&b);
	p = b.port;
	bench_run(&b, US_PER_S);
	for (unsigned twice = 0; twice < 2; twice++) {
		bench_tells(&b, 0x22220000, 0x1111, 0x3333);
		bench_tells(&b, 0x33330000, 0x1111, 0x2222);
		bench_tells(&b, 0x44440000, 0x1111, 0x5555);
	}
	assert_false(sync_cover_spare(p, b.now_us));
	bench_says(&b, 0x33330000, &all);
	assert_true(sync_cover_spare(p, b.now_us));
	all.offer.hears[2] = 0x6666;	/* 4444 is mine alone ... */
	bench_says(&b, 0x33330000, &all);
	assert_false(sync_cover_spare(p, b.now_us));
	all.offer.hears[1] = 0x4444;	/* ... and then 2222's, too */
	bench_says(&b, 0x22220000, &all);
	assert_true(sync_cover_spare(p, b.now_us));

	sync_lacks_add(p, &need, sync_cover_bit(p, 0x22220000));
	sync_lacks_pick(p, sync_cover_bit(p, 0x33330000), &out, 9);
	assert_int_equal(out.n, 0);
	sync_lacks_pick(p, sync_cover_bit(p, 0x22220000), &out, 9);
	assert_int_equal(out.n, 1);
	assert_int_equal(sync_cover_bit(p, 0x77770000), 0);
	bench_fini(&b);
}

/* A WANT to somebody whom I do not hear: from a name heard once it says
 * nothing, and it does not make me give up mine. */
static void test_forged_wants(void **state)
{
	struct sync_message m = { .type = SYNC_WANT, .want = {
		.target = 0x7777, .form = SYNC_WANT_ROOT, .root48 = 5 } };
	struct bench b;

	(void)state;
	bench_init(&b);
	bench_run(&b, US_PER_S);
	b.port->want = true;
	bench_says(&b, 0x22220000, &m);
	assert_false(sync_beyond(b.port, b.now_us));
	assert_true(b.port->want);
	bench_says(&b, 0x22220000, &m);
	assert_true(sync_beyond(b.port, b.now_us));
	assert_true(b.port->want);
	m.want.target = 0x2222;		/* one that I hear: it may ask for me */
	for (unsigned i = 0; i < 4; i++) {
		b.port->want = true;
		bench_says(&b, 0x33330000, &m);
		assert_false(b.port->want);
	}
	b.port->want = true;		/* not for ever */
	bench_says(&b, 0x33330000, &m);
	assert_true(b.port->want);
	bench_fini(&b);
}

/* Who hears the end of a generation leaves the floor to its sender. Ends are
 * free to forge: after some that came to nothing, no more of them. */
static void test_forged_ends(void **state)
{
	static const uint8_t piece[4] = { 0 };
	struct sync_message m = { .type = SYNC_EVENTS, .events = {
		.k = 2, .index = 1, .end = true, .piece = SPAN(piece, 4) } };
	struct sync_message root = { .type = SYNC_DIGEST,
				     .digest = { .root48 = 9 } };
	unsigned held = 0;
	struct bench b;

	(void)state;
	bench_init(&b);
	for (uint32_t i = 1; i <= 3; i++)
		bench_says(&b, i << 24, &root);
	for (unsigned i = 0; i < 60; i++) {
		m.events.generation = (uint8_t)i;
		bench_says(&b, 1 << 24, &m);
		held += b.port->floor_us > b.now_us;
		bench_run(&b, b.now_us + 10 * US_PER_S);
	}
	assert_in_range(held, 1, SYNC_ASKS_MAX + 1);
	bench_fini(&b);
}

/* ---- who asks may be anybody ---- */

/* Names that spoke once and not again: who is heard for the first time then is
 * neither asked nor answered. A station that speaks again is. */
static void test_made_up(void **state)
{
	struct sync_peer *q;
	struct bench b;

	(void)state;
	bench_init(&b);
	for (uint32_t i = 1; i <= 3; i++)
		sync_peer_hear(&b.port->peers, i << 16, "", b.now_us, NULL);
	q = &b.port->peers.v[0];
	assert_false(sync_made_up(b.port, q, b.now_us));
	b.now_us += 301 * US_PER_S;
	assert_true(sync_made_up(b.port, q, b.now_us));
	sync_want_root(b.port, q, b.now_us);
	assert_false(b.port->want);
	sync_peer_hear(&b.port->peers, q->address, "", b.now_us, NULL);
	assert_false(sync_made_up(b.port, q, b.now_us));
	sync_want_root(b.port, q, b.now_us);
	assert_true(b.port->want);
	bench_fini(&b);
}

/* Who asks for what it said to hold is asked for its sketch; for what came
 * since, it is given that. */
static void test_reached(void **state)
{
	struct sync_needs needs = { .n = 1, .v = { { 3, 0, 9 } } };
	struct sync_message m = { .type = SYNC_WANT, .want = {
		.target = 0x1111, .form = SYNC_WANT_ROOT } };
	struct sync_peer *q;
	struct bench b;

	(void)state;
	bench_init(&b);
	bench_says(&b, 0x22220000, &m);		/* root 0 is mine */
	q = sync_peer_find(&b.port->peers, 0x22220000);
	assert_int_equal(q->reached, 1);
	sync_needs_drop_reached(b.port, q, &needs);
	assert_int_equal(needs.n, 0);
	assert_true(sync_reached(b.port, q, 0));
	assert_true(sync_reached(b.port, q, 12345));
	q->reached = 9;
	q->root48 = 5;
	assert_false(b.port->want);
	bench_says(&b, 0x22220000, &m);
	assert_true(b.port->want);
	assert_int_equal(b.port->want_address, 0x22220000);
	assert_false(sync_reached(b.port, q, 0));
	assert_true(sync_reached(b.port, q, 0));	/* it insists */
	assert_int_equal(q->reached, 1);
	bench_fini(&b);
}

/* ---- sketches beyond their capacity ---- */

/* What somebody shows who holds n authors that I do not. */
static void sketch_of(struct sync_digest *d, struct random *r, unsigned c,
		      unsigned n)
{
	*d = (struct sync_digest){ .c = (uint8_t)c };
	for (unsigned i = 0; i < n; i++) {
		uint32_t alias = 1 + (uint32_t)random_below(r, UINT32_MAX);
		uint32_t value = 1 + (uint32_t)random_below(r, UINT32_MAX);

		syndrome_update(d->s, 2 * c, alias, value);
		d->root48 += feed_root_term(alias, value);
	}
	d->root48 &= 0xffffffffffff;
}

/* They often decode, to nonsense; none of that is believed. */
/* Somebody uses my call sign: what is said once does not count. */
static void test_wary(void **state)
{
	struct sync_message d = { .type = SYNC_DIGEST, .digest = {
		.root48 = 17, .events = 5, .authors = 1, .moved = true } };
	struct sync_message offer = { .type = SYNC_OFFER, .offer = {
		.n = 1, .target = { 0x1111 }, .root48 = 9, .events = 3 } };
	struct sync_message want = { .type = SYNC_WANT, .want = {
		.target = 0x1111, .form = SYNC_WANT_ROOT, .root48 = 11 } };
	struct bench b;

	(void)state;
	bench_init(&b);
	bench_run(&b, US_PER_S);
	d.digest.dataset_tag = (uint16_t)be_get(b.env.dataset, 2);
	bench_tells(&b, 0x22220000, 0x1111, 0x9999);
	bench_tells(&b, 0x22220000, 0x1111, 0x9999);
	bench_run(&b, 121 * US_PER_S);	/* that offer is not waited for */
	assert_true(sync_beyond(b.port, b.now_us));
	sync_port_forged(b.port, b.now_us);
	assert_false(sync_beyond(b.port, b.now_us));
	assert_true(sync_wary(b.port, b.now_us));
	bench_says(&b, 0x33330000, &d);
	assert_false(b.port->want);
	bench_says(&b, 0x33330000, &want);
	assert_false(timer_armed(&b.port->reply.timer));
	bench_says(&b, 0x33330000, &want);	/* it insists */
	assert_true(timer_armed(&b.port->reply.timer));
	bench_says(&b, 0x44440000, &d);		/* two say so */
	assert_true(b.port->want);
	sync_want_drop(b.port);
	bench_says(&b, 0x44440000, &offer);
	assert_false(b.port->want);
	bench_says(&b, 0x44440000, &offer);
	assert_true(b.port->want);
	b.now_us += 7201 * US_PER_S;
	assert_false(sync_wary(b.port, b.now_us));
	bench_fini(&b);
}

/* Hidden stations are those that a name names twice; then they are hidden, and
 * their rules hold. */
static void test_wary_of_signs(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b);
	b.now_us = US_PER_S;
	sync_port_forged(b.port, b.now_us);
	bench_tells(&b, 0x22220000, 0x1111, 0x1111);	/* heard twice */
	for (uint16_t i = 1; i < 200; i++)
		bench_tells(&b, 0x22220000, 0x1111, 0x9000 + i);
	assert_false(sync_beyond(b.port, b.now_us));
	bench_tells(&b, 0x22220000, 0x1111, 0x9000 + 199);
	assert_true(sync_beyond(b.port, b.now_us));
	assert_false(sync_wary(b.port, b.now_us));
	bench_fini(&b);
}

/* Few news are on the air before the root that has them. */
static void test_news_first(void **state)
{
	(void)state;
	for (unsigned few = 0; few < 2; few++) {
		struct bench b;

		bench_init(&b);
		sync_peer_hear(&b.port->peers, 1 << 16, "", 0, NULL);
		b.port->news.n = 1;
		b.port->news.v[0] = (struct sync_need){ 0, 0, few ? 3 : 4 };
		bench_run(&b, 50 * US_PER_S);
		assert_int_equal(b.sends > 0, !few);
		b.port->news.n = 0;
		bench_fini(&b);
	}
}

/* Seals that do not hold are no accident. */
static void test_wary_of_bodies(void **state)
{
	uint8_t piece[100] = { 0 };
	struct sync_message m = { .type = SYNC_EVENTS, .events = {
		.k = 1, .end = true, .piece = SPAN(piece, sizeof(piece)) } };
	struct bench b;

	(void)state;
	bench_init(&b);
	b.now_us = US_PER_S;
	b.ingest = SYNC_INGEST_DONE;
	bench_says(&b, 0x22220000, &m);
	assert_false(sync_wary(b.port, b.now_us));
	b.ingest = SYNC_INGEST_FALSE;
	m.events.generation++;
	bench_says(&b, 0x22220000, &m);
	assert_true(sync_wary(b.port, b.now_us));
	bench_fini(&b);
}

/* Who brought events is asked a few times on its own account; strangers less. */
static void test_wary_asks(void **state)
{
	struct sync_peer *known, *strange;
	unsigned n = 0;
	struct bench b;

	(void)state;
	bench_init(&b);
	b.now_us = US_PER_S;
	known = sync_peer_hear(&b.port->peers, 1 << 16, "", b.now_us, NULL);
	strange = sync_peer_hear(&b.port->peers, 2 << 16, "", b.now_us, NULL);
	known->brought_us = b.now_us;
	sync_port_forged(b.port, b.now_us);
	while (sync_dare(b.port, strange, &b.port->asks, b.now_us))
		n++;
	assert_int_equal(n, 3);
	while (sync_dare(b.port, known, &b.port->asks, b.now_us))
		n++;
	assert_int_equal(n, 3 + 4);
	bench_fini(&b);
}

/* Who brings nothing is given to ever more rarely, unless he says that he took
 * it; who does, always. */
static void test_given_rarely(void **state)
{
	struct sync_peer *q;
	unsigned n = 0;
	struct bench b;

	(void)state;
	bench_init(&b);
	b.now_us = US_PER_S;
	q = sync_peer_hear(&b.port->peers, 1 << 16, "", b.now_us, NULL);
	for (unsigned i = 0; i < 6 * 60; i++, b.now_us += 60 * US_PER_S)
		n += sync_may_give(b.port, q, b.now_us);
	assert_in_range(n, 20, 32);
	n = 0;
	q->reached = 1;		/* all of it */
	for (unsigned i = 0; i < 6 * 60; i++, b.now_us += 60 * US_PER_S)
		n += sync_may_give(b.port, q, b.now_us);
	assert_int_equal(n, 6 * 60);
	q->reached = 0;
	q->gave_n = 9;		/* and then wary: an hour and no more */
	q->gave_us = b.now_us;
	sync_port_forged(b.port, b.now_us + 3800 * US_PER_S);
	assert_false(sync_may_give(b.port, q, b.now_us + 3800 * US_PER_S));
	assert_true(sync_may_give(b.port, q, b.now_us + 3900 * US_PER_S));
	q->reached = n = 0;
	q->brought_us = b.now_us;
	for (unsigned i = 0; i < 59; i++, b.now_us += 60 * US_PER_S)
		n += sync_may_give(b.port, q, b.now_us);
	assert_int_equal(n, 59);
	bench_fini(&b);
}

static void test_wrong_decode(void **state)
{
	static struct sync_difference diff;
	struct syndrome_term terms[SYNDROME_C_MAX];
	struct random r = { 7 };
	struct sync_digest d;
	unsigned nonsense = 0;
	struct bench b;

	(void)state;
	bench_init(&b);
	for (unsigned i = 0; i < 20000; i++) {
		unsigned c = 1 + i % 4;

		sketch_of(&d, &r, c, c + 1 + i / 4 % 5);
		nonsense += syndrome_decode(terms, d.s, 2 * c) >= 0;
		assert_false(sync_sketch_decode(b.port, &d, &diff));
		sketch_of(&d, &r, c, c);
		assert_true(sync_sketch_decode(b.port, &d, &diff));
		assert_int_equal(diff.want_n, c);
		d.root48 ^= 1;	/* a lie about the root */
		assert_false(sync_sketch_decode(b.port, &d, &diff));
	}
	assert_true(nonsense > 1000);
	bench_fini(&b);
}

/* Generations of forty made-up stations: sixteen are kept. */
static void test_generations_bounded(void **state)
{
	uint8_t piece[100] = { 0 };
	struct sync_message m = { .type = SYNC_EVENTS, .events = {
		.k = 4, .piece = SPAN(piece, sizeof(piece)) } };
	unsigned used = 0;
	struct bench b;

	(void)state;
	bench_init(&b);
	for (unsigned i = 0; i < 40; i++) {
		b.now_us += 1000;
		assert_int_equal(bench_says(&b, i << 16, &m), SYNC_TAKEN);
		assert_int_equal(bench_says(&b, i << 16, &m), SYNC_DUPLICATE);
	}
	for (unsigned i = 0; i < SYNC_RX_MAX; i++)
		used += b.port->rx[i].used;
	assert_int_equal(used, SYNC_RX_MAX);
	bench_run(&b, b.now_us + 120 * US_PER_S);
	assert_false(sync_rx_open(b.port, b.now_us));
	bench_fini(&b);
}

/* One whose root is of my past has nothing for me, until the heads in frame 0 say
 * otherwise: then his generations are on credit, too. */
static void test_heads_on_credit(void **state)
{
	uint8_t body[400] = { 0 }, piece[SYNC_PIECE_MAX];
	struct wr w = wr_init(body, sizeof(body));
	struct sync_peer *q;
	struct bench b;

	(void)state;
	bench_init(&b);
	q = sync_peer_hear(&b.port->peers, 0x22220000, "", b.now_us, NULL);
	q->known = true;	/* root 0 is mine */
	wr_leb(&w, 1);
	wr_be(&w, 4, 0x01020304);	/* an author, from 1 on, one event */
	wr_leb(&w, 1 << 2 | 1);
	wr_be(&w, 2, 0);
	wr_leb(&w, 0);
	for (unsigned i = 0; i < SYNC_ASKS_MAX + 1; i++) {
		struct sync_message m = { .type = SYNC_EVENTS, .events = {
			.generation = (uint8_t)i, .k = 2 } };
		struct generation g;

		assert_int_equal(generation_init(&g, (uint8_t)i,
						 SPAN(body, sizeof(body)), 5,
						 SYNC_PIECE_MAX), 0);
		generation_piece(&g, 0, piece);
		m.events.piece = SPAN(piece, g.piece_len);
		bench_says(&b, 0x22220000, &m);
		assert_false(b.port->rx[i].passive);
		assert_int_equal(b.port->rx[i].doubted, i == SYNC_ASKS_MAX);
	}
	bench_fini(&b);
}

static void test_imin_grows(void **state)
{
	struct sync_message m = { .type = SYNC_WANT, .want = {
		.target = 0x2222, .form = SYNC_WANT_ROOT } };
	struct bench b;
	uint64_t one;

	(void)state;
	bench_init(&b);
	one = sync_imin(b.port, 0);
	assert_int_equal(one, 8 * US_PER_S);
	for (unsigned i = 0; i < 5; i++)
		bench_says(&b, i << 16, &m);
	assert_int_equal(sync_imin(b.port, 0), 3 * one);
	bench_fini(&b);
}

/* The most that names and lies can make of it. */
static void test_imin_bounded(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b);
	for (uint32_t i = 0; i < 2 * SYNC_PEERS_MAX; i++)
		sync_peer_hear(&b.port->peers, i % SYNC_PEERS_MAX, "", 1, NULL);
	b.port->hidden_us = 1;
	b.port->futile = 100000;
	assert_int_equal(sync_imin(b.port, 2), 900 * US_PER_S);
	bench_fini(&b);
}

/* Among hidden stations, where offers that nothing follows come all the time, a
 * sketch is shown to those that differ all the same. */
static void test_overdue(void **state)
{
	struct sync_message offer = { .type = SYNC_OFFER, .offer = {
		.n = 1, .target = { 0x2222 }, .root48 = 5, .events = 3 } };
	struct sync_message differs = { .type = SYNC_DIGEST, .digest = {
		.root48 = 7, .events = 1, .authors = 1 } };
	unsigned sketches = 0, at = 0;
	struct sync_message m;
	struct bench b;

	(void)state;
	bench_init(&b);
	differs.digest.dataset_tag = (uint16_t)be_get(b.env.dataset, 2);
	for (unsigned i = 0; i < 4 * 3600; i++) {
		if (i % 10 == 0)
			bench_says(&b, (1 + i % 4) << 28, &offer);
		if (i % 60 == 0)
			bench_tells(&b, (5 + i / 60 % 3) << 28, 0x1111, 0x9999);
		if (i % 60 == 30)
			bench_says(&b, (5 + i / 60 % 3) << 28, &differs);
		bench_run(&b, b.now_us + US_PER_S);
		if (b.sends == at)
			continue;
		at = b.sends;
		assert_int_equal(sync_message_decode(&m, SPAN(b.frame,
							      b.frame_n)), 0);
		sketches += m.type == SYNC_DIGEST && m.digest.c;
	}
	assert_in_range(sketches, 3, 60);
	bench_fini(&b);
}

/* A body whose seals are still being verified says nothing of its sender yet,
 * and is no longer asked for; what is told later counts, if he is known. */
static void test_ingest_later(void **state)
{
	static const uint8_t piece[20] = { 0, 0, 0, 0, 0, 42, 1 };
	const struct sync_message m = { .type = SYNC_EVENTS, .events = {
		.generation = 3, .k = 1, .end = true,
		.piece = SPAN(piece, sizeof(piece)) } };
	struct sync_peer *peer;
	struct bench b;

	(void)state;
	bench_init(&b);
	b.ingest = SYNC_INGEST_LATER;
	assert_int_equal(bench_says(&b, 7, &m), SYNC_TAKEN);
	peer = sync_peer_find(sync_port_peers(b.port), 7);
	assert_false(peer->known);
	assert_int_equal(b.whole.address, 7);
	assert_int_equal(b.whole.root48, 42);
	assert_int_equal(bench_says(&b, 7, &m), SYNC_DUPLICATE);
	sync_port_ingested(b.port, &b.whole, SYNC_INGEST_REFUSED, b.now_us);
	assert_true(peer->known);
	assert_int_equal(peer->root48, 42);
	assert_true(sync_peer_settled(peer, 42, feed_root48(b.env.feeds),
				      b.now_us));
	b.whole.address = 8;
	sync_port_ingested(b.port, &b.whole, SYNC_INGEST_DONE, b.now_us);
	bench_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_word),
		cmocka_unit_test(test_newcomer),
		cmocka_unit_test(test_by_load),
		cmocka_unit_test(test_alone),
		cmocka_unit_test(test_nav_cap),
		cmocka_unit_test(test_empty_promises),
		cmocka_unit_test(test_empty_offers),
		cmocka_unit_test(test_offer_of_the_same),
		cmocka_unit_test(test_hidden_credit),
		cmocka_unit_test(test_cover),
		cmocka_unit_test(test_spare),
		cmocka_unit_test(test_forged_wants),
		cmocka_unit_test(test_forged_ends),
		cmocka_unit_test(test_made_up),
		cmocka_unit_test(test_reached),
		cmocka_unit_test(test_wary),
		cmocka_unit_test(test_wary_of_signs),
		cmocka_unit_test(test_news_first),
		cmocka_unit_test(test_wary_of_bodies),
		cmocka_unit_test(test_wary_asks),
		cmocka_unit_test(test_given_rarely),
		cmocka_unit_test(test_wrong_decode),
		cmocka_unit_test(test_generations_bounded),
		cmocka_unit_test(test_heads_on_credit),
		cmocka_unit_test(test_imin_grows),
		cmocka_unit_test(test_imin_bounded),
		cmocka_unit_test(test_overdue),
		cmocka_unit_test(test_ingest_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
