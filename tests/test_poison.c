/* SPDX-License-Identifier: MIT
 *
 * Payloads of every wrong shape (tests/poison.h): the view takes them all, in
 * any order, and says the same; what it leaves out it lists with a reason; the
 * stations keep and relay them, and show the same.
 */
#include "tests/field.h"
#include "tests/poison.h"
#include "tests/view_set.h"

/* ---- the view ---- */

static void poison_add(struct set *s, struct poison *p)
{
	static const char *const authors[] = { "a", "b",
		"0123456789abcdef0123456789abcdef" };
	static const uint64_t walls[] = { 0, 1, 1000, 1001, 1002,
					  HLC_WALL_MAX };
	struct event *e = set_add(s, POISON_PICK(p, authors), 0,
				  POISON_PICK(p, walls), s->n + 1);
	struct buf *b = &s->payload[e - s->e];

	if (poison_below(p, 20) == 0)
		e->hlc.counter = HLC_COUNTER_MAX;
	if (poison_below(p, 50) == 0)
		e->seq = UINT64_MAX;
	e->kind = poison_payload(p, b, poison_below(p, POISON_KINDS),
				 EVENT_PAYLOAD_MAX);
	e->payload = buf_span(b);
	memcpy(p->ids[poison_below(p, POISON_IDS)], e->id, EVENT_BASE_SIZE);
}

static size_t count_of(const char *text, const char *what)
{
	size_t n = 0;

	while ((text = strstr(text, what))) {
		text++;
		n++;
	}
	return n;
}

/* Applied, or of a kind that is not shown, or listed with its reason (of imports
 * that claim to be the same event, one is); and what is not applied changes
 * nothing. */
static void listed(const struct set *s, unsigned *verdicts)
{
	struct view *v = view_new();
	struct json_out o = { 0 };
	size_t left_out = 0, imports = 0, n;
	uint8_t before[32], after[32];

	view_hash(v, before);
	for (size_t i = 0; i < s->n; i++) {
		enum view_verdict got = view_apply(v, &s->e[i]);

		verdicts[got]++;
		n = got != VIEW_APPLIED && got != VIEW_OTHER_KIND;
		left_out += n;
		imports += n && s->e[i].kind == KIND_IMPORT;
		view_hash(v, after);
		if (got != VIEW_APPLIED)
			assert_memory_equal(after, before, sizeof(after));
		memcpy(before, after, sizeof(before));
	}
	view_rejected_json(v, &o);
	n = count_of(text_of(&o), "\"reason\":\"");
	assert_true(n <= left_out && n + imports >= left_out);
	buf_fini(&o.b);
	view_free(v);
}

static void test_any_payload(void **state)
{
	unsigned verdicts[VIEW_VERDICT_COUNT] = { 0 };
	struct poison p = { .rng = { 11 } };
	static struct set s;

	(void)state;
	for (int round = 0; round < 60; round++) {
		while (s.n < 120)
			poison_add(&s, &p);
		listed(&s, verdicts);
		any_order(&s, 3);
		set_fini(&s);
	}
	for (int i = 0; i < VIEW_VERDICT_COUNT; i++)
		if (i != VIEW_WITHHELD && verdicts[i] < 20)
			fail_msg("%u of %s", verdicts[i],
				 view_verdict_name((enum view_verdict)i));
	assert_true(verdicts[VIEW_APPLIED] > 500);
}

/* Each kind has some that are valid and some that are not: the generator knows
 * what it wants. */
static void test_each_kind(void **state)
{
	struct poison p = { .rng = { 5 } };
	struct buf b = { 0 };

	(void)state;
	for (size_t k = 0; k < POISON_KINDS; k++) {
		unsigned good = 0, bad = 0, other = 0;
		struct view *v = view_new();

		for (uint64_t i = 1; i <= 400; i++) {
			struct event e = { .author = SPAN_STR("a"), .seq = i,
				.hlc = { 1000 + i, 0 } };
			enum view_verdict got;

			be_put(e.id, 8, i);
			e.kind = poison_payload(&p, &b, k, EVENT_PAYLOAD_MAX);
			e.payload = buf_span(&b);
			got = view_apply(v, &e);
			good += got == VIEW_APPLIED;
			other += got == VIEW_OTHER_KIND;
			bad += got != VIEW_APPLIED && got != VIEW_OTHER_KIND;
		}
		if (other ? good + bad > 0 && poison_kinds[k].kind !=
		    KIND_IMPORT : good < 40 || bad < 40)
			fail_msg("kind %u: %u valid, %u not, %u not shown",
				 poison_kinds[k].kind, good, bad, other);
		view_free(v);
	}
	buf_fini(&b);
}

/* ---- stations ---- */

#define EACH 4		/* events of a kind */

static unsigned poison_write(struct field *f, struct poison *p)
{
	unsigned n = 0;
	struct buf b = { 0 };

	for (size_t k = 0; k < POISON_KINDS; k++)
		for (unsigned i = 0; i < EACH; i++) {
			uint8_t id[EVENT_ID_SIZE];
			uint16_t kind = poison_payload(p, &b, k, 300);

			if (kind == KIND_STATION || kind == KIND_STATION_RETIRE)
				break;
			assert_int_equal(node_write(f->s[0].node, kind,
				buf_span(&b), id, field_now(f)), 0);
			field_take(f, 0);
			memcpy(p->ids[poison_below(p, POISON_IDS)], id,
			       EVENT_BASE_SIZE);
			n++;
		}
	buf_fini(&b);
	return n;
}

static void restart(struct field *f, unsigned i)
{
	node_free(f->s[i].node);
	field_boot(f, i, SPAN(NULL, 0), true);
}

/* Over a relay, and after a start from the log. */
static void test_kept_and_relayed(void **state)
{
	struct poison p = { .rng = { 3 } };
	uint8_t hash[3][32], again[32];
	struct field f;
	unsigned n;

	(void)state;
	field_init(&f, 3, 1);
	f.hears[0][2] = f.hears[2][0] = false;
	field_start(&f);
	n = poison_write(&f, &p);
	assert_true(field_converge_s(&f, n + 1, 12 * 3600) > 0);
	for (unsigned i = 0; i < 3; i++)
		view_hash(node_view(f.s[i].node), hash[i]);
	assert_memory_equal(hash[0], hash[1], 32);
	assert_memory_equal(hash[0], hash[2], 32);
	for (unsigned i = 0; i < 3; i++) {
		restart(&f, i);
		assert_int_equal(feed_event_count(node_feeds(f.s[i].node)),
				 n + 1);
		view_hash(node_view(f.s[i].node), again);
		assert_memory_equal(again, hash[0], 32);
	}
	field_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_payload),
		cmocka_unit_test(test_each_kind),
		cmocka_unit_test(test_kept_and_relayed),
	};

	return crypto_init() || cmocka_run_group_tests(tests, NULL, NULL);
}
