/* SPDX-License-Identifier: MIT
 *
 * Bundles and lines: what a set holds comes out and goes in again, seals and
 * proofs included, whole or from a frontier on; a damaged place costs no more
 * than itself.
 */
#include <errno.h>
#include <stdio.h>
#include "lib/event/payload.h"
#include "lib/feed/bundle.h"
#include "lib/feed/lines.h"
#include "tests/feed_bench.h"

/* ---- out and in ---- */

struct file {
	struct buf bytes;
	uint64_t events, held;
};

static int file_put(void *ctx, struct span bytes, uint64_t events)
{
	struct file *f = ctx;

	buf_add(&f->bytes, bytes);
	f->events += events;
	return 0;
}

static uint64_t file_held(void *ctx, uint32_t slot)
{
	const struct file *f = ctx;

	(void)slot;
	return f->held;
}

static void bundle_of(struct file *f, struct station_set *s, uint64_t held)
{
	struct bundle_source out = {
		.feeds = s->feeds, .store = memory_store(s->memory),
		.dataset = dataset, .held = file_held, .put = file_put,
		.ctx = f,
	};

	*f = (struct file){ .held = held };
	assert_int_equal(bundle_write(&out), 0);
	assert_int_equal(out.withheld, 0);
}

struct taker {
	struct station_set *s;
	unsigned bodies, accepted, errors[BUNDLE_ERROR_COUNT];
};

static void take_body(void *ctx, struct span body)
{
	static struct run_body decoded;
	struct taker *t = ctx;

	t->bodies++;
	if (run_body_decode(&decoded, body))
		return;
	for (size_t i = 0; i < decoded.n_runs; i++)
		t->accepted += set_admit(t->s, SPAN(NULL, 0),
					 &decoded.runs[i]) == FEED_ACCEPTED;
}

static void take_error(void *ctx, enum bundle_error e)
{
	struct taker *t = ctx;

	assert_true(strlen(bundle_error_name(e)) > 2);
	t->errors[e]++;
}

static struct taker take(struct station_set *s, struct span bytes,
			 const uint8_t *of)
{
	static struct bundle_reader r;
	struct taker t = { .s = s };

	bundle_reader_init(&r, of);
	r.body = take_body;
	r.error = take_error;
	r.ctx = &t;
	for (size_t i = 0; i < bytes.n; i += 1000)
		bundle_read(&r, SPAN(bytes.p + i, bytes.n - i < 1000 ?
				     bytes.n - i : 1000));
	bundle_read_end(&r);
	return t;
}

/* ---- sets ---- */

static struct writer alice, bob, other_bob;

static void admit(struct station_set *s, const struct writer *w,
		  uint64_t first, uint64_t last)
{
	struct run run = writer_run(w, first, last);

	assert_int_equal(set_admit(s, SPAN(NULL, 0), &run), FEED_ACCEPTED);
}

static void note_write(struct writer *w, unsigned i)
{
	struct buf b = { 0 };
	char text[192];

	snprintf(text, sizeof(text), "%u: the bridge over the river is closed %u; the road to the north is open for light vehicles, and the ferry runs from six to ten", i, i * i);
	payload_put_map(&b, 2);
	payload_put_uint(&b, KEY_RECORD);
	payload_put_text(&b, SPAN_STR("R-1"));
	payload_put_uint(&b, KEY_TEXT);
	payload_put_text(&b, SPAN_STR(text));
	write_event(w, KIND_NOTE_ADD, buf_span(&b));
	buf_fini(&b);
}

/* Two authors, many seals, one of them forked. */
static struct station_set *set_full(void)
{
	struct station_set *s = set_open_keys();
	struct run proof;

	writer_open(&alice, 1);
	writer_open(&bob, 2);
	for (unsigned i = 0; i < 140; i++)
		note_write(&alice, i);
	for (unsigned i = 0; i < 20; i++)
		note_write(&bob, i);
	writer_branch(&other_bob, &bob, 10);
	note_write(&other_bob, 1000);
	admit(s, &alice, 1, 1);
	for (uint64_t at = 2; at < 141; at += 7)
		admit(s, &alice, at, at + 6);
	admit(s, &bob, 1, 20);
	proof = writer_proof(&other_bob, 11);
	assert_int_equal(set_admit(s, SPAN(NULL, 0), &proof), FEED_PROOF);
	return s;
}

static void author_same(struct station_set *a, struct station_set *b,
			uint32_t slot)
{
	struct store x = memory_store(a->memory), y = memory_store(b->memory);
	const struct feed *f = feed_at(a->feeds, slot);
	uint32_t there = feed_find(b->feeds, SPAN(f->label, f->label_len));

	assert_memory_equal(f, feed_at(b->feeds, there), sizeof(*f));
	for (uint64_t seq = 1; seq <= f->head; seq++) {
		uint64_t at, at2;
		uint8_t seal[64], seal2[64];

		assert_int_equal(x.seal(x.ctx, slot, seq, &at, seal), 0);
		assert_int_equal(y.seal(y.ctx, there, seq, &at2, seal2), 0);
		assert_int_equal(at, at2);
		assert_memory_equal(seal, seal2, 64);
	}
}

static void sets_same(struct station_set *a, struct station_set *b)
{
	assert_int_equal(feed_root48(a->feeds), feed_root48(b->feeds));
	assert_int_equal(feed_count(a->feeds), feed_count(b->feeds));
	for (uint32_t i = 0; i < feed_count(a->feeds); i++)
		author_same(a, b, i);
}

/* ---- bundles ---- */

static void test_round(void **unused)
{
	struct station_set *s = set_full(), *empty = set_open_keys();
	struct taker t;
	struct file f;

	(void)unused;
	bundle_of(&f, s, 0);
	assert_int_equal(f.events, feed_event_count(s->feeds));
	t = take(empty, buf_span(&f.bytes), dataset);
	for (int e = 1; e < BUNDLE_ERROR_COUNT; e++)
		assert_int_equal(t.errors[e], 0);
	assert_true(t.bodies > 1);
	sets_same(s, empty);
	assert_true(feed_at(empty->feeds, 1)->forked);
	t = take(empty, buf_span(&f.bytes), dataset);
	assert_int_equal(t.accepted, 0); /* once more: nothing new */
	buf_fini(&f.bytes);
	set_close(s);
	set_close(empty);
}

static void test_from_a_frontier(void **unused)
{
	struct station_set *s = set_full(), *behind = set_open_keys();
	struct file all, rest;

	(void)unused;
	admit(behind, &alice, 1, 1);
	admit(behind, &alice, 2, 8);
	admit(behind, &bob, 1, 8);
	bundle_of(&all, s, 0);
	bundle_of(&rest, s, 8);
	assert_int_equal(rest.events, feed_event_count(s->feeds) - 16);
	assert_true(rest.bytes.len < all.bytes.len);
	take(behind, buf_span(&rest.bytes), dataset);
	assert_int_equal(feed_root48(s->feeds), feed_root48(behind->feeds));
	buf_fini(&all.bytes);
	buf_fini(&rest.bytes);
	set_close(s);
	set_close(behind);
}

/* A log that lost an event: its author ends before it, the others are whole. */
static int event_lost(void *ctx, uint32_t slot, uint64_t seq, struct event *e)
{
	const struct store all = memory_store(ctx);

	return slot == 0 && seq == 50 ? -ENOENT :
	       all.event(all.ctx, slot, seq, e);
}

static void test_lost_event(void **unused)
{
	struct station_set *s = set_full(), *empty = set_open_keys();
	struct file f = { .held = 0 };
	struct bundle_source out = {
		.feeds = s->feeds, .store = memory_store(s->memory),
		.dataset = dataset, .held = file_held, .put = file_put,
		.ctx = &f,
	};

	(void)unused;
	out.store.event = event_lost;
	assert_int_equal(bundle_write(&out), 0);
	assert_int_equal(out.cut, 1);
	take(empty, buf_span(&f.bytes), dataset);
	assert_int_equal(feed_at(empty->feeds, 0)->head, 43);
	assert_int_equal(feed_at(empty->feeds, 1)->head,
			 feed_at(s->feeds, 1)->head);
	buf_fini(&f.bytes);
	set_close(s);
	set_close(empty);
}

static void test_other_dataset(void **unused)
{
	static const uint8_t other[DATASET_SIZE] = "other";
	struct station_set *s = set_full(), *empty = set_open_keys();
	struct taker t;
	struct file f;

	(void)unused;
	bundle_of(&f, s, 0);
	t = take(empty, buf_span(&f.bytes), other);
	assert_int_equal(t.errors[BUNDLE_OTHER_DATASET], 1);
	assert_int_equal(t.bodies, 0);
	buf_fini(&f.bytes);
	set_close(s);
	set_close(empty);
}

static struct span whole(const struct file *f, size_t from)
{
	return SPAN(f->bytes.p + from, f->bytes.len - from);
}

/* Cut in front, cut at the end, a byte changed anywhere: never a lie, and the
 * frames that are whole count. */
static void test_damage(void **unused)
{
	struct station_set *s = set_full();
	struct file f;

	(void)unused;
	bundle_of(&f, s, 0);
	for (size_t at = 0; at < f.bytes.len; at += 97) {
		struct station_set *cut = set_open_keys();
		struct taker t = take(cut, SPAN(f.bytes.p, at), dataset);

		assert_true(t.errors[BUNDLE_FRAMING] <= 1);
		set_close(cut);
		cut = set_open_keys();
		f.bytes.p[at] ^= 0x41;
		take(cut, buf_span(&f.bytes), dataset);
		assert_true(feed_event_count(cut->feeds) <=
			    feed_event_count(s->feeds));
		f.bytes.p[at] ^= 0x41;
		take(cut, buf_span(&f.bytes), dataset);
		sets_same(s, cut);
		set_close(cut);
	}
	struct station_set *headless = set_open_keys();
	struct taker t = take(headless, whole(&f, 40), dataset);

	assert_int_equal(t.errors[BUNDLE_FRAMING], 1);
	assert_int_equal(t.errors[BUNDLE_NO_HEAD], 0);
	sets_same(s, headless);
	set_close(headless);
	buf_fini(&f.bytes);
	set_close(s);
}

static void test_no_bundle(void **unused)
{
	struct station_set *s = set_open_keys();
	struct taker t = take(s, SPAN_STR("~hello~Rbody~C~"), dataset);

	(void)unused;
	assert_int_equal(t.errors[BUNDLE_NO_HEAD], 2);
	assert_int_equal(t.bodies, 1);
	t = take(s, SPAN_STR("~CAIRN BUNDLE\x02xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx~"
			     "Rbody~"), dataset);
	assert_int_equal(t.errors[BUNDLE_OTHER_VERSION], 1);
	assert_int_equal(t.bodies, 0);
	set_close(s);
}

static void test_pack_is_bounded(void **unused)
{
	struct bundle_pack *k = bundle_pack_new();
	static uint8_t body[BUNDLE_BODY_MAX];
	struct station_set *s = set_open_keys();
	struct run run;
	size_t n;

	(void)unused;
	writer_open(&alice, 3);
	for (unsigned i = 0; i < 100; i++)
		note_write(&alice, i);
	run = writer_run(&alice, 1, 100);
	for (uint64_t i = 0; bundle_pack_add(k, &run, i); i++)
		assert_true(i < BUNDLE_RUNS_MAX);
	assert_true(bundle_pack_body(k, body) > 0);
	assert_int_equal(bundle_pack_numbers(k, &n)[0], 0);
	assert_int_equal(n, 1);
	assert_int_equal(bundle_pack_body(k, body), 0);
	bundle_pack_free(k);
	set_close(s);
}

/* ---- lines ---- */

static struct json *line_json(struct json_out *o)
{
	struct json *v = json_parse(buf_span(&o->b), NULL);

	assert_non_null(v);
	buf_fini(&o->b);
	*o = (struct json_out){ 0 };
	return v;
}

static void event_back(const struct event *e, const uint8_t *prev,
		       const uint8_t *seal)
{
	struct json_out o = { 0 };
	struct json *v;
	struct line l;

	line_put_event(&o, e, prev, seal);
	v = line_json(&o);
	assert_int_equal(line_from_json(&l, v), LINE_OK);
	assert_int_equal(l.kind, LINE_EVENT);
	assert_true(span_equal(l.e.author, e->author));
	assert_int_equal(l.e.seq, e->seq);
	assert_int_equal(hlc_compare(l.e.hlc, e->hlc), 0);
	assert_int_equal(l.e.kind, e->kind);
	assert_int_equal(l.e.withheld, e->withheld);
	assert_true(span_equal(l.e.payload, e->payload));
	assert_memory_equal(l.e.id, e->id, EVENT_ID_SIZE);
	assert_int_equal(l.has_prev, prev != NULL);
	assert_int_equal(l.has_seal, seal != NULL);
	line_fini(&l);
	json_free(v);
}

/* Also payloads whose JSON would be another payload. */
static void test_lines(void **unused)
{
	static const struct span payloads[] = {
		{ (const uint8_t *)"\xa1\x00\x63R-1", 6 },
		{ (const uint8_t *)"\xa1\x69record_id\x63R-1", 15 },
		{ (const uint8_t *)"\xa1\x65" "bytes\x64" "6a6b", 12 },
		{ (const uint8_t *)"\x1b\xff\xff\xff\xff\xff\xff\xff\xff", 9 },
		{ (const uint8_t *)"\xf9\x3c\x00", 3 },
		{ (const uint8_t *)"\x42\x01\x02", 3 },
		{ (const uint8_t *)"\x63\xe2\x82\xac", 4 },
		{ (const uint8_t *)"\x07", 1 },
	};
	struct event e = { .author = SPAN_STR("0123456789abcdef"), .seq = 7,
			   .hlc = { 1767225600000ULL, 3 }, .kind = 77 };
	uint8_t prev[32] = { 1, 2 }, seal[64] = { 3 }, hash[32] = { 9 };

	(void)unused;
	for (size_t i = 0; i < 8; i++) {
		e.payload = payloads[i];
		event_back(&e, i % 2 ? prev : NULL, i % 3 ? seal : NULL);
	}
	e.payload = SPAN(hash, 32);
	e.withheld = true;
	event_back(&e, prev, seal);
}

static void test_line_head_and_proof(void **unused)
{
	struct feed_seal proof = { .seq = 3, .id = { 4 }, .seal = { 5 } };
	struct json_out o = { 0 };
	struct json *v;
	struct line l;

	(void)unused;
	line_put_head(&o, dataset);
	v = line_json(&o);
	assert_int_equal(line_from_json(&l, v), LINE_OK);
	assert_int_equal(l.kind, LINE_HEAD);
	assert_memory_equal(l.dataset, dataset, DATASET_SIZE);
	json_free(v);
	line_put_proof(&o, SPAN_STR("a"), &proof);
	v = line_json(&o);
	assert_int_equal(line_from_json(&l, v), LINE_OK);
	assert_int_equal(l.kind, LINE_PROOF);
	assert_memory_equal(l.seal, proof.seal, 64);
	json_free(v);
}

static void test_bad_lines(void **unused)
{
#define ID64 "0000000000000000000000000000000000000000000000000000000000000000"
	static const char *const bad[] = {
		"[]", "{}", "7", "{\"cairn_export\":2}",
		"{\"author\":\"a\",\"seq\":0,\"id\":\"" ID64 "\"}",
		"{\"author\":\"a\",\"seq\":-1,\"id\":\"" ID64 "\"}",
		"{\"author\":\"a\",\"seq\":1,\"id\":\"00\"}",
		"{\"author\":\"a\",\"seq\":1,\"id\":\"" ID64 "\",\"proof\":1}",
		"{\"author\":\"a\",\"seq\":1,\"id\":\"" ID64 "\",\"wall_ms\":1,"
		"\"counter\":0,\"kind\":16384,\"payload\":1}",
		"{\"author\":\"a\",\"seq\":1,\"id\":\"" ID64 "\",\"wall_ms\":1,"
		"\"counter\":0,\"kind\":1}",
		"{\"author\":\"a\",\"seq\":1,\"id\":\"" ID64 "\",\"wall_ms\":1,"
		"\"counter\":0,\"kind\":1,\"payload\":1,\"payload_cbor\":\"01\"}",
		"{\"author\":\"a\",\"seq\":1,\"id\":\"" ID64 "\",\"wall_ms\":1,"
		"\"counter\":0,\"kind\":1,\"payload_cbor\":\"0101\"}",
		"{\"author\":\"a\",\"seq\":1,\"id\":\"" ID64 "\",\"wall_ms\":1,"
		"\"counter\":0,\"kind\":1,\"payload_hash\":\"01\"}",
		"{\"author\":\"a\",\"seq\":1,\"id\":\"" ID64 "\",\"wall_ms\":1,"
		"\"counter\":0,\"kind\":1,\"payload\":1,\"seal\":\"01\"}",
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct json *v = json_parse(SPAN_STR(bad[i]), NULL);
		struct line l;

		assert_non_null(v);
		assert_int_not_equal(line_from_json(&l, v), LINE_OK);
		line_fini(&l);
		json_free(v);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round),
		cmocka_unit_test(test_from_a_frontier),
		cmocka_unit_test(test_lost_event),
		cmocka_unit_test(test_other_dataset),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_no_bundle),
		cmocka_unit_test(test_pack_is_bounded),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_line_head_and_proof),
		cmocka_unit_test(test_bad_lines),
	};

	if (crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
