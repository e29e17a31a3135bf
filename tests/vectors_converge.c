/* SPDX-License-Identifier: MIT
 *
 * converge.json: nodes that emit and meet, over lib/feed with every event a
 * sealed head; the stamps given are kept.
 */
#include <stdlib.h>
#include "lib/event/payload.h"
#include "lib/feed/memory.h"
#include "lib/view/view.h"
#include "tests/vectors.h"

/* ---- a station in memory ---- */

#define NODES_MAX 16

struct station_mem {
	struct span name;
	struct memory *memory;
	struct store store;
	struct feed_set *feeds;
	struct view *view;
	struct hlc_clock clock;
	struct hlc seen;	/* greatest stamp of any event held */
};

static bool any_seal(void *ctx, struct span label, const uint8_t author[16],
		     const uint8_t *key, uint64_t seq, const uint8_t id[32],
		     const uint8_t seal[64])
{
	(void)ctx; (void)label; (void)author; (void)key;
	(void)seq; (void)id; (void)seal;
	return true;
}

static void station_open(struct station_mem *s, struct span name)
{
	struct feed_config cfg = { .authors_max = 100, .check = any_seal };

	*s = (struct station_mem){ .name = name };
	s->memory = memory_new();
	s->store = memory_store(s->memory);
	cfg.store = s->store;
	s->feeds = feed_set_new(&cfg);
	s->view = view_new();
	s->clock.granule_ms = 1;
}

static void station_close(struct station_mem *s)
{
	feed_set_free(s->feeds);
	memory_free(s->memory);
	view_free(s->view);
}

static uint64_t head_of(const struct station_mem *s, struct span label)
{
	uint32_t slot = feed_find(s->feeds, label);

	return slot == FEED_SLOT_NONE ? 0 : feed_at(s->feeds, slot)->head;
}

/* What a run over the next event of `label` names as its predecessor. */
static void prevcheck(const struct station_mem *s, struct span label,
		      uint8_t out[2])
{
	uint32_t slot = feed_find(s->feeds, label);
	uint8_t id[EVENT_ID_SIZE], author[AUTHOR_SIZE];
	static const uint8_t dataset[DATASET_SIZE];

	author_from_label(author, label);
	event_id_genesis(id, dataset, author);
	memcpy(out, slot == FEED_SLOT_NONE ? id :
		    feed_at(s->feeds, slot)->head_id, 2);
}

/* The next event of its author comes in; the view and the store follow. */
static void station_take(struct station_mem *s, const struct event *e)
{
	struct run run = { .seq = e->seq, .n = 1, .events = e };
	struct feed_change change;
	enum feed_verdict verdict;
	uint8_t author[AUTHOR_SIZE];
	static const uint8_t dataset[DATASET_SIZE];

	author_from_label(author, e->author);
	run.alias = author_alias(dataset, author);
	prevcheck(s, e->author, run.prevcheck);
	verdict = feed_admit(s->feeds, e->author, &run, &change);
	if (!vector_expect(verdict == FEED_ACCEPTED, "admission: %s",
			   feed_verdict_name(verdict)))
		return;
	memory_apply(s->memory, &change);
	for (size_t i = 0; i < change.n_events; i++) {
		struct event held = change.events[i];

		held.author = e->author;
		view_apply(s->view, &held);
	}
	if (hlc_compare(e->hlc, s->seen) > 0)
		s->seen = e->hlc;
}

/* `to` gets from `from` what it lacks. */
static void station_give(const struct station_mem *from,
			 struct station_mem *to, uint64_t physical_ms)
{
	for (uint32_t slot = 0; slot < feed_count(from->feeds); slot++) {
		const struct feed *f = feed_at(from->feeds, slot);
		struct span label = SPAN(f->label, f->label_len);
		struct event e;

		for (uint64_t q = head_of(to, label) + 1; q <= f->head; q++) {
			if (!vector_expect(from->store.event(from->store.ctx,
					slot, q, &e) == 0, "not in store"))
				return;
			e.author = label;
			station_take(to, &e);
			hlc_adopt(&to->clock, e.hlc, physical_ms);
		}
	}
}

/* ---- the steps ---- */

struct meeting {
	struct station_mem s[NODES_MAX];
	size_t n;
};

static struct station_mem *station_named(struct meeting *m,
					 const struct json *name)
{
	for (size_t i = 0; i < m->n; i++)
		if (span_equal(m->s[i].name, json_string(name)))
			return &m->s[i];
	vector_fail("no such node");
	return &m->s[0];
}

/* The stamp given is kept; ours only has to be above all that was seen. */
static void step_emit(struct meeting *m, const struct json *step)
{
	struct station_mem *s = station_named(m, json_get(step, "node"));
	const struct json *stamp = json_get(step, "hlc");
	struct event e = { .author = s->name };
	struct buf payload = { 0 };
	struct hlc own;

	e.seq = (uint64_t)json_int(json_get(step, "seq"));
	e.hlc.wall_ms = (uint64_t)json_int(json_at(stamp, 0));
	e.hlc.counter = (uint32_t)json_int(json_at(stamp, 1));
	e.kind = kind_from_name(json_string(json_get(step, "kind")));
	vector_expect(!payload_from_json(&payload, json_get(step, "payload")),
		      "payload");
	e.payload = buf_span(&payload);
	vector_expect(hlc_now(&s->clock, (uint64_t)json_int(
			json_get(step, "ms")), &own) == 0 &&
		      hlc_compare(own, s->seen) > 0, "stamp not above");
	if (hlc_compare(s->clock.last, e.hlc) < 0)
		s->clock.last = e.hlc;
	vector_expect(e.seq == head_of(s, s->name) + 1, "seq");
	station_take(s, &e);
	buf_fini(&payload);
}

static void frontier_is(const struct station_mem *s, const struct json *want)
{
	struct json_member m = { 0 };

	vector_expect(feed_count(s->feeds) == json_len(want),
		      "frontier of %u authors", feed_count(s->feeds));
	while (json_next(want, &m))
		vector_expect(head_of(s, m.key) ==
			      (uint64_t)json_int(m.value), "frontier of %.*s",
			      (int)m.key.n, m.key.p);
}

static void step_meet(struct meeting *m, const struct json *step, bool both)
{
	const struct json *name_a = json_get(step, "a");
	const struct json *name_b = json_get(step, "b");
	struct station_mem *a = station_named(m, name_a);
	struct station_mem *b = station_named(m, name_b);
	const struct json *ms = json_get(step, "ms");
	const struct json *want = json_get(step, "frontiers");

	station_give(b, a, (uint64_t)json_int(
		json_get(ms, (const char *)a->name.p)));
	if (both)
		station_give(a, b, (uint64_t)json_int(
			json_get(ms, (const char *)b->name.p)));
	frontier_is(a, json_get(want, (const char *)a->name.p));
	frontier_is(b, json_get(want, (const char *)b->name.p));
}

static void step_run(struct meeting *m, const struct json *step)
{
	struct span op = json_string(json_get(step, "op"));

	if (span_equal(op, SPAN_STR("emit")))
		step_emit(m, step);
	else
		step_meet(m, step, span_equal(op, SPAN_STR("contact")));
}

static void closing_run(struct meeting *m, const struct json *pair)
{
	struct station_mem *a = station_named(m, json_at(pair, 0));
	struct station_mem *b = station_named(m, json_at(pair, 1));

	station_give(b, a, 0);
	station_give(a, b, 0);
}

static void view_is(const struct station_mem *s, const struct json *want)
{
	struct json_out o = { 0 };
	struct json *got;

	view_records_json(s->view, NULL, false, &o);
	got = json_parse(buf_span(&o.b), NULL);
	vector_expect(got && want && vector_json_equal(got, want),
		      "view: %.*s", (int)o.b.len, o.b.p);
	json_free(got);
	buf_fini(&o.b);
}

static void converge_case(const struct json *c)
{
	const struct json *names = json_get(c, "nodes");
	const struct json *steps = json_get(c, "steps");
	const struct json *closing = json_get(c, "closing");
	struct meeting *m = calloc(1, sizeof(*m));

	if (!m || json_len(names) > NODES_MAX) {
		vector_fail("too many nodes");
		free(m);
		return;
	}
	while (m->n < json_len(names)) {
		station_open(&m->s[m->n], json_string(json_at(names, m->n)));
		m->n++;
	}
	for (size_t i = 0; i < json_len(steps); i++)
		step_run(m, json_at(steps, i));
	for (size_t i = 0; i < json_len(closing); i++)
		closing_run(m, json_at(closing, i));
	for (size_t i = 0; i < m->n; i++) {
		frontier_is(&m->s[i], json_get(c, "frontier"));
		view_is(&m->s[i], json_get(c, "view"));
		station_close(&m->s[i]);
	}
	free(m);
}

static void run_converge(const struct json *root)
{
	const struct json *cases = json_get(root, "cases");

	for (size_t i = 0; i < json_len(cases); i++) {
		converge_case(json_at(cases, i));
		vector_case("case %zu", i);
	}
}
VECTOR_FILE(converge, run_converge)
