/* SPDX-License-Identifier: MIT
 *
 * What a damaged log has behind a gap.
 *
 *   log     1 2 3 4 [lost] 8 9 10          head 4, beyond 10
 *   then    5 6 7 from a neighbour, stored behind the rest of the log
 *   joined  1 2 3 4 5 6 7 8 9 10           from the store: head 10
 *
 * An event behind a gap is held and not in the set: its id is known, for the
 * record carries it, but not that it is of the chain that stands. When the gap
 * is closed it is joined again, run by run, if ids and seal fit; what belongs
 * to another branch stays where it is. The log then has the events out of
 * order; loading it ends with the same joining.
 *
 * Own events go on at the end of what is beyond, so that no seq is given out
 * twice.
 */
#include <errno.h>
#include "lib/event/station.h"
#include "lib/feed/set.h"

#define NAMELESS_TRIES 64	/* signatures that a new author may cost */

static int stored(const struct feed_set *s, uint32_t slot, uint64_t seq,
		  struct event *e)
{
	const struct store *store = &s->cfg.store;

	return store->event ? store->event(store->ctx, slot, seq, e) : -EIO;
}

void set_aside(struct author *a, const struct event *e)
{
	if (e->seq <= a->beyond)
		return;
	a->beyond = e->seq;
	memcpy(a->beyond_id, e->id, EVENT_ID_SIZE);
	if (hlc_compare(e->hlc, a->feed.hlc_max) > 0)
		a->feed.hlc_max = e->hlc;
}

void set_aside_cut(const struct feed_set *s, uint32_t slot, uint64_t from)
{
	struct author *a = set_at(s, slot);
	struct event e;

	if (a->beyond < from)
		return;
	a->beyond = from - 1;
	while (a->beyond > a->last && stored(s, slot, a->beyond, &e))
		a->beyond--;
	if (a->beyond <= a->last)
		a->beyond = 0;
	else
		memcpy(a->beyond_id, e.id, EVENT_ID_SIZE);
}

/* Do the stored events after the chain, up to `to`, continue it? id: of the
 * last one. to 0: as far as they do. Returns the last seq that fits. */
static uint64_t chain_on(const struct feed_set *s, uint32_t slot, uint64_t to,
			 uint8_t id[EVENT_ID_SIZE])
{
	const struct author *a = set_at(s, slot);
	uint64_t seq = a->last;
	uint8_t next[EVENT_ID_SIZE];
	struct event e;

	memcpy(id, a->last_id, EVENT_ID_SIZE);
	while ((!to || seq < to) && stored(s, slot, seq + 1, &e) == 0) {
		event_id_next(next, id, &e);
		if (memcmp(next, e.id, EVENT_ID_SIZE) != 0)
			break;
		memcpy(id, next, EVENT_ID_SIZE);
		seq++;
	}
	return seq;
}

static void join(const struct feed_set *s, uint32_t slot, uint64_t to)
{
	struct author *a = set_at(s, slot);
	struct event e;

	while (a->last < to && stored(s, slot, a->last + 1, &e) == 0) {
		e.author = set_label(a);
		set_extend(s, a, &e);
	}
}

/* A seal can be checked once the key is known, which event 1 carries. */
static bool join_key(const struct feed_set *s, uint32_t slot)
{
	struct feed *f = &set_at(s, slot)->feed;
	struct station st;
	struct event e;

	if (f->has_key || !s->cfg.need_station)
		return true;
	if (stored(s, slot, 1, &e) || e.kind != KIND_STATION || e.withheld ||
	    station_parse(&st, e.payload) < 0 ||
	    !station_key_fits(&st, f->author))
		return false;
	memcpy(f->key, st.key, sizeof(f->key));
	f->has_key = true;
	return true;
}

/* The next sealed run, if the store has all of it and it is true. */
static bool join_run(struct feed_set *s, uint32_t slot)
{
	const struct store *store = &s->cfg.store;
	struct author *a = set_at(s, slot);
	struct feed_seal seal;
	struct event e;

	if (!store->seal || store->seal(store->ctx, slot, a->feed.head + 1,
					&seal.seq, seal.seal))
		return false;
	if (seal.seq > a->last ?
	    chain_on(s, slot, seal.seq, seal.id) != seal.seq :
	    set_chain_id(s, a, slot, seal.seq, seal.id) != 0)
		return false;
	if (!join_key(s, slot) ||
	    !set_seal_good(s, a, seal.seq, seal.id, seal.seal))
		return false;
	join(s, slot, seal.seq);
	if (a->last < seal.seq || stored(s, slot, seal.seq, &e))
		return false;
	frontier_advance(s, slot, &seal, e.hlc);
	return true;
}

/* What no seal covers can only be our own. */
static void join_unsealed(struct feed_set *s, uint32_t slot)
{
	const struct store *store = &s->cfg.store;
	uint8_t id[EVENT_ID_SIZE], seal[EVENT_SEAL_SIZE];
	uint64_t at;

	if (store->seal && store->seal(store->ctx, slot, set_at(s, slot)->last
				       + 1, &at, seal) == -ENOENT)
		join(s, slot, chain_on(s, slot, 0, id));
}

bool feed_rejoin(struct feed_set *s, uint32_t slot)
{
	struct author *a = set_at(s, slot);
	uint64_t last = a ? a->last : 0;

	if (!a || !a->feed.label_len || !a->beyond)
		return false;
	while (a->beyond > a->last && join_run(s, slot))
		;
	if (a->beyond > a->last)
		join_unsealed(s, slot);
	if (a->beyond <= a->last)
		a->beyond = 0;
	return a->last > last;
}

/* Whose a slot is, a seal in it tells. */
static bool found_by_seal(const struct feed_set *s, uint32_t slot,
			  const struct author *a)
{
	const struct store *store = &s->cfg.store;
	uint8_t seal[EVENT_SEAL_SIZE];
	struct event e;
	uint64_t at;

	return store->seal && store->seal(store->ctx, slot, 1, &at, seal) == 0 &&
	       stored(s, slot, at, &e) == 0 &&
	       set_seal_good(s, a, at, e.id, seal);
}

uint32_t set_add_found(struct feed_set *s, const struct author *a)
{
	unsigned tries = s->n_nameless < NAMELESS_TRIES ? s->n_nameless :
			 NAMELESS_TRIES;

	for (uint32_t slot = 0; tries && slot < s->n_authors; slot++) {
		struct feed *f = &set_at(s, slot)->feed;

		if (f->label_len)
			continue;
		tries--;
		if (!found_by_seal(s, slot, a) ||
		    set_name(s, slot, set_label(a)))
			continue;
		memcpy(f->key, a->feed.key, sizeof(f->key));
		f->has_key = a->feed.has_key;
		return slot;
	}
	return set_add(s, a);
}

bool feed_gap(const struct feed_set *s, uint32_t slot, uint64_t after,
	      uint64_t *from, uint64_t *to)
{
	const struct author *a = set_at(s, slot);
	uint64_t seq = a && after < a->last ? a->last + 1 : after + 1;
	struct event e;

	if (!a || !a->feed.label_len)
		return false;
	while (seq <= a->beyond && stored(s, slot, seq, &e) == 0)
		seq++;
	if (seq > a->beyond)
		return false;
	*from = seq;
	while (seq < a->beyond && stored(s, slot, seq, &e) != 0)
		seq++;
	*to = seq - 1;
	return true;
}

uint32_t feed_nameless(const struct feed_set *s)
{
	return s->n_nameless;
}

uint64_t feed_beyond(const struct feed_set *s, uint32_t slot)
{
	const struct author *a = set_at(s, slot);

	return a ? a->beyond : 0;
}

bool feed_drop_beyond(struct feed_set *s, uint32_t slot, uint64_t *from,
		      uint64_t *to)
{
	struct author *a = set_at(s, slot);

	if (!a || !a->beyond)
		return false;
	*from = a->last + 1;
	*to = a->beyond;
	a->beyond = 0;
	return true;
}

int feed_name(struct feed_set *s, uint32_t slot, struct span label)
{
	return set_name(s, slot, label);
}

/* ---- at the end of loading ---- */

/* A branch took the head from below, and is lost itself: back to the last seal
 * that the chain has. */
static void head_back(struct feed_set *s, uint32_t slot)
{
	const struct store *store = &s->cfg.store;
	struct author *a = set_at(s, slot);
	struct feed_seal seal = { 0 }, next;
	struct event e = { 0 };

	while (store->seal && store->seal(store->ctx, slot, seal.seq + 1,
					  &next.seq, next.seal) == 0 &&
	       next.seq <= a->last)
		seal.seq = next.seq;
	if (set_chain_id(s, a, slot, seal.seq, seal.id))
		return;
	if (seal.seq)
		stored(s, slot, seal.seq, &e);
	else
		s->n_held--;
	frontier_advance(s, slot, &seal, e.hlc);
}

bool feed_settle(struct feed_set *s)
{
	bool joined = false;

	if (!s->damaged)
		return false;
	for (uint32_t slot = 0; slot < s->n_authors; slot++) {
		if (set_at(s, slot)->feed.head > set_at(s, slot)->last)
			head_back(s, slot);
		joined |= feed_rejoin(s, slot);
	}
	return joined;
}
