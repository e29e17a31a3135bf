/* SPDX-License-Identifier: MIT
 *
 * Between changes of the set and records of the log, both ways. The records
 * of a change, loaded in their order, give the same set again.
 */
#include <errno.h>
#include "lib/event/record.h"
#include "lib/feed/set.h"

#define RECORD_DISPLACED_SIZE 16
#define NOTHING ((struct span){ NULL, 0 })

/* ---- a change as records ---- */

struct sink {
	feed_put_record put;
	void *ctx;
	uint32_t slot;
	int err;
};

static void put(struct sink *k, uint16_t type, struct span head,
		struct span tail)
{
	if (!k->err)
		k->err = k->put(k->ctx, type, k->slot, head, tail);
}

static void put_displaced(struct sink *k, const struct feed_change *c)
{
	uint8_t rec[RECORD_DISPLACED_SIZE];

	le_put(rec, 8, c->displaced_from);
	le_put(rec + 8, 8, c->displaced_to);
	put(k, RECORD_DISPLACED, SPAN(rec, sizeof(rec)), NOTHING);
}

static void put_event(struct sink *k, const struct event *e)
{
	uint8_t rec[RECORD_EVENT_HEAD];
	struct event head = *e;

	head.payload = NOTHING;
	record_event_encode(rec, &head);
	put(k, RECORD_EVENT, SPAN(rec, sizeof(rec)), e->payload);
}

static void put_seal(struct sink *k, uint16_t type, const struct feed_seal *l)
{
	uint8_t rec[RECORD_SEAL_SIZE];

	record_seal_encode(rec, l->seq, l->id, l->seal);
	put(k, type, SPAN(rec, sizeof(rec)), NOTHING);
}

int feed_change_records(const struct feed_set *s, const struct feed_change *c,
			feed_put_record fn, void *ctx)
{
	struct sink k = { fn, ctx, c->slot, 0 };
	const struct author *a = set_at(s, c->slot);
	size_t next = 0;

	if (c->new_author && a)
		put(&k, RECORD_AUTHOR, set_label(a), NOTHING);
	if (c->displaced_from)
		put_displaced(&k, c);
	for (size_t i = 0; i < c->n_events; i++) {
		put_event(&k, &c->events[i]);
		while (next < c->n_seals &&
		       c->seals[next].seq <= c->events[i].seq)
			put_seal(&k, RECORD_SEAL, &c->seals[next++]);
	}
	while (next < c->n_seals)
		put_seal(&k, RECORD_SEAL, &c->seals[next++]);
	if (c->proof.seq)
		put_seal(&k, RECORD_PROOF, &c->proof);
	return k.err;
}

/* ---- records as the set ---- */

static int load_author(struct feed_set *s, uint32_t slot, struct span label)
{
	uint8_t id[AUTHOR_SIZE];

	if (slot != s->n_authors || label.n == 0 ||
	    label.n > AUTHOR_LABEL_MAX ||
	    feed_find(s, label) != FEED_SLOT_NONE)
		return -EINVAL;
	author_from_label(id, label);
	set_author_init(s, &s->fresh, label, id);
	return set_add(s, &s->fresh) == slot ? 0 : -EINVAL;
}

/* An event at or below the last one only fills a withheld payload in. */
static int load_event(const struct feed_set *s, struct author *a,
		      struct span rec)
{
	struct event e = { .author = set_label(a) };

	if (record_event_decode(rec, &e) < 0 || e.seq > a->last + 1)
		return -EINVAL;
	if (e.seq == a->last + 1)
		set_extend(s, a, &e);
	return 0;
}

static int load_seal(struct feed_set *s, uint32_t slot, struct span rec)
{
	const struct author *a = set_at(s, slot);
	struct feed_seal seal;

	if (record_seal_decode(rec, &seal.seq, seal.id, seal.seal) < 0 ||
	    seal.seq > a->last)
		return -EINVAL;
	if (seal.seq > a->feed.head || seal.seq > a->base)
		frontier_advance(s, slot, &seal, a->last_hlc);
	return 0;
}

static int load_displaced(struct author *a, struct span rec)
{
	struct rd r = rd_init(rec);
	uint64_t from = rd_le(&r, 8), to = rd_le(&r, 8);

	if (r.bad || rd_left(&r) || from == 0 || from > to || to != a->last)
		return -EINVAL;
	set_displace(a, from);
	return 0;
}

static int load_proof(struct feed_set *s, uint32_t slot, struct span rec)
{
	struct feed_seal proof;

	if (record_seal_decode(rec, &proof.seq, proof.id, proof.seal) < 0)
		return -EINVAL;
	frontier_mark(s, slot, &proof);
	return 0;
}

int feed_load(struct feed_set *s, uint16_t type, uint32_t slot,
	      struct span record)
{
	struct author *a = set_at(s, slot);

	if (type == RECORD_AUTHOR)
		return load_author(s, slot, record);
	if (type == RECORD_CHECKPOINT)
		return 0;
	if (!a)
		return -EINVAL;
	switch (type) {
	case RECORD_EVENT:
		return load_event(s, a, record);
	case RECORD_SEAL:
		return load_seal(s, slot, record);
	case RECORD_DISPLACED:
		return load_displaced(a, record);
	case RECORD_PROOF:
		return load_proof(s, slot, record);
	}
	return -EINVAL;
}
