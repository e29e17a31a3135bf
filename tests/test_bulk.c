/* SPDX-License-Identifier: MIT
 *
 * Contents of attachments on the air: a photograph crosses a channel that
 * loses frames, a cut and a restart; one transmission serves two; events go
 * first; who does not hold it is silent; what is false is not taken, and asking
 * a liar or nobody becomes rare.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include "lib/store/blob_memory.h"
#include "lib/sync/fetch.h"
#include "tests/field.h"

#define MINUTE 60
#define HOUR 3600
#define PHOTO 4096

struct album {
	struct field f;
	struct blob_memory m[FIELD_STATIONS_MAX];
};

static struct span photo(size_t n)
{
	static uint8_t bytes[64 * 1024];

	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)(i * i >> 3 ^ i);
	return SPAN(bytes, n);
}

/* Station 0 holds it. */
static void album_open_duty(struct album *a, unsigned n, uint64_t seed,
			    size_t size, unsigned duty_permille)
{
	field_init(&a->f, n, seed);
	a->f.duty_permille = duty_permille;
	for (unsigned i = 0; i < n; i++) {
		if (i)
			blob_memory_expect(&a->m[i], a->m[0].hash, size);
		else
			blob_memory_hold(&a->m[0], photo(size));
		a->f.s[i].config.contents = (struct node_contents){
			&a->m[i], blob_memory_piece, blob_memory_keep,
			blob_memory_whole, NULL };
	}
	field_start(&a->f);
}

static void album_open(struct album *a, unsigned n, uint64_t seed, size_t size)
{
	album_open_duty(a, n, seed, size, 1000);
}

static void album_close(struct album *a)
{
	for (unsigned i = 0; i < a->f.n; i++)
		blob_memory_fini(&a->m[i]);
	field_fini(&a->f);
}

static void want(struct album *a, unsigned i)
{
	assert_int_equal(node_fetch(a->f.s[i].node, a->m[0].hash,
				    a->m[0].size, NULL, field_now(&a->f)), 0);
}

/* Seconds until it is there; -1. */
static double fetched_s(struct album *a, unsigned i, unsigned seconds)
{
	uint64_t from = a->f.now_us, until = from + seconds * US_PER_S;

	while (a->f.now_us < until && !a->m[i].whole)
		field_step(&a->f, until);
	if (!a->m[i].whole)
		return -1;
	assert_true(span_equal(buf_span(&a->m[i].content),
			       buf_span(&a->m[0].content)));
	assert_int_equal(node_fetching(a->f.s[i].node), 0);
	return (double)(a->f.now_us - from) / US_PER_S;
}

/* They know of each other. */
static void meet(struct album *a)
{
	field_write(&a->f, 0, 1);
	assert_true(field_converge_s(&a->f, 2, HOUR) >= 0);
	field_run_s(&a->f, MINUTE);
}

static void test_photo(void **state)
{
	static const unsigned loss[] = { 0, 100, 300 };
	static struct album a;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		double s, sum = 0;

		for (unsigned seed = 1; seed <= 10; seed++) {
			album_open(&a, 2, seed, PHOTO);
			a.f.loss_permille = loss[i];
			meet(&a);
			want(&a, 1);
			s = fetched_s(&a, 1, HOUR);
			assert_true(s > 0);
			sum += s / 10;
			album_close(&a);
		}
		print_message("4 KB at %u %% loss: %.0f s\n", loss[i] / 10,
			      sum);
	}
}

/* What came of it before a cut and before a restart is not sent again. */
static void test_resumes(void **state)
{
	static struct album a;
	uint8_t have[BLOB_CHUNKS_MAX / 8 + 1] = { 0 };

	(void)state;
	album_open(&a, 2, 1, 20000);
	meet(&a);
	want(&a, 1);
	while (a.m[1].kept < 3)
		field_run_s(&a.f, 1);
	a.f.hears[0][1] = a.f.hears[1][0] = false;
	field_run_s(&a.f, 2 * HOUR);
	assert_true(a.m[1].kept <= 4);
	a.f.hears[0][1] = a.f.hears[1][0] = true;
	while (a.m[1].kept < 5)
		field_run_s(&a.f, 1);
	node_free(a.f.s[1].node);
	field_boot(&a.f, 1, SPAN(NULL, 0), true);
	have[0] = 31;
	assert_int_equal(node_fetch(a.f.s[1].node, a.m[0].hash, 20000, have,
				    field_now(&a.f)), 0);
	assert_true(fetched_s(&a, 1, 3 * HOUR) > 0);
	assert_int_equal(a.m[1].kept, 7);
	album_close(&a);
}

/* At 10 % duty a chunk takes longer than anybody listens: what came of it
 * counts when the rest comes, and an hour carries some 20 KB. */
static void test_duty(void **state)
{
	static struct album a;
	double s;

	(void)state;
	for (unsigned seed = 1; seed <= 6; seed++) {
		album_open_duty(&a, 2, seed, 50000, 100);
		a.f.loss_permille = 150;
		meet(&a);
		want(&a, 1);
		s = fetched_s(&a, 1, 5 * HOUR);
		print_message("50 KB at 10 %% duty: %.1f h\n", s / 3600);
		assert_true(s > 0);
		album_close(&a);
	}
}

/* Both want it: it is sent once, and a bit. */
static void test_one_transmission(void **state)
{
	static struct album a;
	uint64_t alone, both;

	(void)state;
	for (unsigned n = 1; n <= 2; n++) {
		uint64_t before;

		album_open(&a, 3, 5, 20000);
		a.f.loss_permille = 50;
		meet(&a);
		before = a.f.s[0].air_us;
		want(&a, 1);
		if (n == 2)
			want(&a, 2);
		assert_true(fetched_s(&a, 1, 2 * HOUR) > 0);
		if (n == 2)
			assert_true(fetched_s(&a, 2, HOUR) >= 0);
		*(n == 1 ? &alone : &both) = a.f.s[0].air_us - before;
		album_close(&a);
	}
	print_message("20 KB to one: %.0f s of air, to two: %.0f s\n",
		      (double)alone / 1e6, (double)both / 1e6);
	assert_true(both < alone * 14 / 10);
}

/* Events written in the middle of it, offered among four: each is everywhere
 * about as soon as if there were no photograph. */
static double events_mean_s(unsigned seed, bool wanted)
{
	static struct album a;
	double s, sum = 0;

	album_open(&a, 4, seed, 60000);
	meet(&a);
	if (wanted)
		want(&a, 1);
	for (unsigned i = 0; i < 8; i++) {
		field_run_s(&a.f, 20 + 7 * i);
		field_write(&a.f, 2 + (i & 1), i);
		s = field_converge_s(&a.f, i ? 5 + i : 4, HOUR);
		assert_true(s >= 0);
		sum += s / 8;
	}
	assert_false(a.m[1].whole);
	if (wanted)
		assert_true(fetched_s(&a, 1, 4 * HOUR) > 0);
	album_close(&a);
	return sum;
}

static void test_events_first(void **state)
{
	double alone = 0, beside = 0;

	(void)state;
	for (unsigned seed = 1; seed <= 6; seed++) {
		alone += events_mean_s(seed, false) / 6;
		beside += events_mean_s(seed, true) / 6;
	}
	print_message("an event among four: %.0f s, beside a content %.0f "
		      "s\n", alone, beside);
	assert_true(beside < alone + 15);	/* the key-up at hand */
}

/* Asked for at the moment when its holder has news for the others: these go
 * first, though who is asked may answer at once. */
static void test_news_before(void **state)
{
	static struct album a;
	double sum = 0;

	(void)state;
	for (unsigned seed = 1; seed <= 10; seed++) {
		album_open(&a, 4, seed, PHOTO);
		meet(&a);
		field_write(&a.f, 0, 7);
		want(&a, 1);
		sum += field_converge_s(&a.f, 3, HOUR) / 10;
		assert_true(fetched_s(&a, 1, HOUR) > 0);
		album_close(&a);
	}
	print_message("news of one that is asked: %.1f s\n", sum);
	assert_true(sum > 0 && sum < 10);
}

/* A line: the one in the middle passes on what it holds itself. */
static void test_relay(void **state)
{
	static struct album a;

	(void)state;
	album_open(&a, 3, 1, PHOTO);
	a.f.hears[0][2] = a.f.hears[2][0] = false;
	meet(&a);
	want(&a, 2);
	assert_true(fetched_s(&a, 2, HOUR) < 0);
	want(&a, 1);
	assert_true(fetched_s(&a, 1, HOUR) > 0);
	assert_true(fetched_s(&a, 2, 2 * HOUR) > 0);
	album_close(&a);
}

/* ---- bounds ---- */

static unsigned bulk_wants, bulk_frames;

static bool count_bulk(struct field *f, unsigned from, struct span frame)
{
	struct sync_message m;
	struct ax25_frame x;

	(void)f;
	(void)from;
	if (ax25_parse(&x, frame) == AX25_OK &&
	    sync_message_decode(&m, x.info) == SYNC_OK) {
		bulk_wants += m.type == SYNC_WANT &&
			m.want.form == SYNC_WANT_BULK;
		bulk_frames += m.type == SYNC_EVENTS && m.events.bulk;
	}
	return false;
}

/* Nobody holds it: nobody answers, and it is asked for ever more rarely. */
static void test_nobody(void **state)
{
	static struct album a;
	unsigned first;

	(void)state;
	album_open(&a, 3, 1, PHOTO);
	a.m[0].whole = false;
	meet(&a);
	bulk_wants = bulk_frames = 0;
	a.f.tap = count_bulk;
	want(&a, 1);
	field_run_s(&a.f, HOUR);
	first = bulk_wants;
	field_run_s(&a.f, 23 * HOUR);
	print_message("asked %u times in an hour, %u in a day\n", first,
		      bulk_wants);
	assert_in_range(first, 3, 12);
	assert_in_range(bulk_wants, first + 10, 50);
	assert_int_equal(bulk_frames, 0);
	album_close(&a);
}

static bool spoil(struct field *f, unsigned from, struct span frame)
{
	struct sync_message m;
	struct ax25_frame x;

	count_bulk(f, from, frame);
	if (ax25_parse(&x, frame) == AX25_OK &&
	    sync_message_decode(&m, x.info) == SYNC_OK &&
	    m.type == SYNC_EVENTS && m.events.bulk && m.events.index == 2)
		((uint8_t *)(uintptr_t)frame.p)[frame.n - 1] ^= 1;
	return false;
}

/* A holder whose bytes are false: nothing is taken, and it is asked less and
 * less. */
static void test_false(void **state)
{
	static struct album a;
	unsigned first;

	(void)state;
	album_open(&a, 2, 1, PHOTO);
	meet(&a);
	bulk_wants = bulk_frames = 0;
	a.f.tap = spoil;
	want(&a, 1);
	field_run_s(&a.f, HOUR);
	first = bulk_frames;
	field_run_s(&a.f, 5 * HOUR);
	assert_int_equal(a.m[1].kept, 0);
	assert_true(first > 16);
	print_message("false frames: %u in an hour, %u in six\n", first,
		      bulk_frames);
	assert_true(bulk_frames < 2 * first);
	a.f.tap = NULL;
	assert_true(fetched_s(&a, 1, 2 * HOUR) > 0);
	album_close(&a);
}

/* Strangers' requests: one key-up each, out of half of the budget. */
static void test_requests_bounded(void **state)
{
	struct sync_message m = { .type = SYNC_WANT, .want = {
		.form = SYNC_WANT_BULK } };
	static struct album a;
	struct ax25_address dest, source;
	uint8_t frame[256], link[300];
	uint64_t before;
	int n;

	(void)state;
	a = (struct album){ 0 };
	field_init(&a.f, 1, 1);
	a.f.duty_permille = 100;
	blob_memory_hold(&a.m[0], photo(60000));
	a.f.s[0].config.contents = (struct node_contents){
		&a.m[0], blob_memory_piece, blob_memory_keep,
		blob_memory_whole, NULL };
	field_start(&a.f);
	before = a.f.s[0].air_us;
	ax25_address_parse(&dest, "CAIRN0");
	ax25_address_parse(&source, "TE5T-9");
	memcpy(m.want.bulk.hash, a.m[0].hash, BLOB_HASH);
	for (unsigned i = 0; i < 3600; i++) {
		m.want.bulk.chunk = i % 20;
		m.want.bulk.needed = 16;
		n = sync_message_encode(frame, sizeof(frame), &m);
		n = ax25_ui_encode(link, sizeof(link), &dest, &source,
				   AX25_PID_CAIRN, SPAN(frame, (size_t)n));
		field_input(&a.f, 0, SPAN(link, (size_t)n));
		field_run_s(&a.f, 1);
	}
	/* answers have 5 % of an hour's credit and of the hour; half stays */
	print_message("an hour of requests bought %.0f s\n",
		      (double)(a.f.s[0].air_us - before) / 1e6);
	assert_in_range(a.f.s[0].air_us - before, 60 * US_PER_S,
			(90 + 180 + 15 + 60) * US_PER_S);
	blob_memory_fini(&a.m[0]);
	field_fini(&a.f);
}

/* ---- the table ---- */

static void test_table(void **state)
{
	static struct sync_fetches s;
	struct sync_fetch *f;
	struct blob_piece p;
	uint8_t hash[BLOB_HASH] = { 0 };
	bool bad;

	(void)state;
	assert_null(sync_fetch_add(&s, hash, 0));
	assert_null(sync_fetch_add(&s, hash, BLOB_MAX + 1));
	for (unsigned i = 0; i < SYNC_FETCHES_MAX; i++) {
		hash[31] = (uint8_t)i;
		assert_non_null(sync_fetch_add(&s, hash, BLOB_MAX));
	}
	hash[31] = 99;
	assert_null(sync_fetch_add(&s, hash, 1));
	hash[31] = 3;
	f = sync_fetch_find(&s, hash);
	assert_int_equal(f->n_chunks, BLOB_CHUNKS_MAX);
	for (uint32_t i = 0; i < f->n_chunks; i++) {
		assert_int_equal(sync_fetch_next(f), i);
		sync_fetch_take(f, i);
		sync_fetch_take(f, i);
	}
	assert_true(sync_fetch_whole(f));
	assert_null(sync_fetch_piece(&s, 0, SPAN("\0", 1), &p, &bad));
	assert_true(bad);
	assert_null(sync_fetch_piece(&s, 1, SPAN("\0", 1), &p, &bad));
	assert_false(bad);
	sync_fetch_drop(&s, f);
	assert_null(sync_fetch_find(&s, hash));
	assert_int_equal(s.n, SYNC_FETCHES_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_photo),
		cmocka_unit_test(test_resumes),
		cmocka_unit_test(test_duty),
		cmocka_unit_test(test_one_transmission),
		cmocka_unit_test(test_events_first),
		cmocka_unit_test(test_news_before),
		cmocka_unit_test(test_relay),
		cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_false),
		cmocka_unit_test(test_requests_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
