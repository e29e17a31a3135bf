/* SPDX-License-Identifier: MIT
 *
 * Between changes of the set and records of the log, both ways. The records
 * of a change, loaded in their order, give the same set again. Where the log
 * lost some, the rest is taken as far as it fits (rejoin.c).
 */
#include <errno.h>
#include "lib/base/crypto.h"
#include "lib/event/record.h"
#include "lib/event/station.h"
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

/* A damaged log may have it behind the gap that this change closes, unless
 * DISPLACED voids what stands before it. */
static bool event_stored(const struct feed_set *s, const struct feed_change *c,
			 const struct event *e)
{
	const struct store *store = &s->cfg.store;
	struct event held;

	return s->damaged && store->event &&
	       (!c->displaced_from || e->seq < c->displaced_from) &&
	       store->event(store->ctx, c->slot, e->seq, &held) == 0 &&
	       held.withheld <= e->withheld &&
	       memcmp(held.id, e->id, EVENT_ID_SIZE) == 0;
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
		if (!event_stored(s, c, &c->events[i]))
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

static int displaced_decode(struct span rec, uint64_t *from, uint64_t *to)
{
	struct rd r = rd_init(rec);

	*from = rd_le(&r, 8);
	*to = rd_le(&r, 8);
	return r.bad || rd_left(&r) || *from == 0 || *from > *to ? -EINVAL : 0;
}

static int load_displaced(struct author *a, struct span rec)
{
	uint64_t from, to;

	if (displaced_decode(rec, &from, &to) || to != a->last)
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

/* ---- behind damage: what does not fit is left out or set aside ---- */

void feed_load_damaged(struct feed_set *s)
{
	s->damaged = true;
}

/* Slots are given out in order: those below it whose AUTHOR record did not
 * come have lost it. */
static struct author *lost_author(struct feed_set *s, uint32_t slot)
{
	while (s->n_authors <= slot)
		if (set_add_nameless(s) == FEED_SLOT_NONE)
			return NULL;
	return set_at(s, slot);
}

static int lost_author_named(struct feed_set *s, uint32_t slot,
			     struct span label)
{
	if (slot > s->n_authors && !lost_author(s, slot - 1))
		return -EINVAL;
	if (slot == s->n_authors && feed_find(s, label) == FEED_SLOT_NONE)
		return load_author(s, slot, label);
	if (!lost_author(s, slot))
		return -EINVAL;
	set_name(s, slot, label);
	return 0;
}

/* Its own station event says whose a slot is. */
static void lost_event_names(struct feed_set *s, uint32_t slot,
			     const struct event *e)
{
	uint8_t hash[CRYPTO_HASH_SIZE];
	char label[2 * AUTHOR_SIZE + 1];
	struct station st;

	if (!s->cfg.need_station || e->kind != KIND_STATION || e->withheld ||
	    station_parse(&st, e->payload) < 0)
		return;
	crypto_sha256(hash, SPAN(st.key, sizeof(st.key)));
	set_name(s, slot, author_label(label, hash));
}

static bool lost_event_joins(const struct author *a, const struct event *e)
{
	uint8_t id[EVENT_ID_SIZE];

	if (!a->feed.label_len || e->seq != a->last + 1)
		return false;
	event_id_next(id, a->last_id, e);
	return memcmp(id, e->id, EVENT_ID_SIZE) == 0;
}

static int lost_event(struct feed_set *s, uint32_t slot, struct span rec)
{
	struct author *a = set_at(s, slot);
	struct event e = { 0 };

	if (record_event_decode(rec, &e) < 0 || e.seq == 0)
		return -EINVAL;
	if (!a->feed.label_len)
		lost_event_names(s, slot, &e);
	e.author = set_label(a);
	if (lost_event_joins(a, &e))
		set_extend(s, a, &e);
	else if (e.seq > a->last)
		set_aside(a, &e);
	return 0;
}

/* One above the chain is found again by its seq when it is needed. */
static int lost_seal(struct feed_set *s, uint32_t slot, struct span rec)
{
	const struct author *a = set_at(s, slot);
	uint8_t id[EVENT_ID_SIZE];
	struct feed_seal seal;

	if (record_seal_decode(rec, &seal.seq, seal.id, seal.seal) < 0)
		return -EINVAL;
	if (seal.seq == 0 || seal.seq > a->last ||
	    set_chain_id(s, a, slot, seal.seq, id) ||
	    memcmp(id, seal.id, EVENT_ID_SIZE) != 0)
		return 0;
	return load_seal(s, slot, rec);
}

static int lost_displaced(struct feed_set *s, uint32_t slot, struct span rec)
{
	struct author *a = set_at(s, slot);
	uint64_t from, to;
	struct event e;

	if (displaced_decode(rec, &from, &to))
		return -EINVAL;
	if (from <= a->last) {
		set_displace(a, from);
		if (a->last != a->feed.head && a->last &&
		    s->cfg.store.event(s->cfg.store.ctx, slot, a->last, &e) == 0)
			memcpy(a->last_id, e.id, EVENT_ID_SIZE);
	}
	set_aside_cut(s, slot, from);
	return 0;
}

static int load_lost(struct feed_set *s, uint16_t type, uint32_t slot,
		     struct span record)
{
	struct author *a;

	if (type == RECORD_AUTHOR)
		return lost_author_named(s, slot, record);
	a = lost_author(s, slot);
	if (!a)
		return -EINVAL;
	switch (type) {
	case RECORD_EVENT:
		return lost_event(s, slot, record);
	case RECORD_SEAL:
		return lost_seal(s, slot, record);
	case RECORD_DISPLACED:
		return lost_displaced(s, slot, record);
	case RECORD_PROOF:
		return a->feed.label_len ? load_proof(s, slot, record) : 0;
	}
	return -EINVAL;
}

int feed_load(struct feed_set *s, uint16_t type, uint32_t slot,
	      struct span record)
{
	struct author *a = set_at(s, slot);

	if (type == RECORD_CHECKPOINT)
		return 0;
	if (s->damaged)
		return load_lost(s, type, slot, record);
	if (type == RECORD_AUTHOR)
		return load_author(s, slot, record);
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
