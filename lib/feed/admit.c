/* SPDX-License-Identifier: MIT
 *
 * Admission: from a decoded run to a changed set.
 *
 *   whose is it     the station event's key at seq 1, else the alias's authors
 *   does it fit     id(seq - 1) known, and its first bytes are the prevcheck
 *   is it new       the id of its last event is not held
 *   is it true      the seal over that id
 *   where it goes   an extension, or another branch (fork.c)
 *
 * In this order a duplicate costs hashes only, and nothing in the set is
 * touched before all questions are answered.
 */
#include <stdlib.h>
#include "lib/base/crypto.h"
#include "lib/event/station.h"
#include "lib/feed/set.h"

/* One run tried on one author. */
struct trial {
	struct feed_set *s;
	const struct run *run;
	struct author *a;
	uint32_t slot;		/* FEED_SLOT_NONE: a is s->fresh */
	uint64_t end;		/* last seq of the run */
	struct feed_change *change;
};

bool set_run_sound(const struct run *run)
{
	if (run->seq == 0 || run->seq > UINT64_MAX - RUN_EVENTS_MAX ||
	    run->n > RUN_EVENTS_MAX)
		return false;
	for (size_t i = 0; i < run->n; i++)
		if (!set_event_sound(&run->events[i]))
			return false;
	return true;
}

/* The events of the run with their ids, in s->events. */
static void chain_run(const struct trial *t, const uint8_t prev[32])
{
	bool chained = t->run->chained &&
		memcmp(t->run->upon, prev, EVENT_ID_SIZE) == 0;

	for (size_t i = 0; i < t->run->n; i++) {
		struct event *e = &t->s->events[i];

		*e = t->run->events[i];
		e->author = set_label(t->a);
		e->seq = t->run->seq + i;
		if (!chained)
			event_id_next(e->id, prev, e);
		prev = e->id;
	}
}

/* Room for the run's events from `from` on, and `more` besides. */
static bool quota_left(const struct trial *t, uint64_t from,
		       const struct branch *more)
{
	const struct feed_config *cfg = &t->s->cfg;
	const struct feed *f = &t->a->feed;
	uint64_t events = f->events, bytes = f->bytes;

	for (uint64_t seq = from; seq <= t->end; seq++, events++)
		bytes += t->run->events[seq - t->run->seq].payload.n;
	if (more) {
		events += more->n_events;
		bytes += more->n_bytes;
	}
	return (!cfg->author_events_max || events <= cfg->author_events_max) &&
	       (!cfg->author_bytes_max || bytes <= cfg->author_bytes_max);
}

static struct event *run_event(const struct trial *t, uint64_t seq)
{
	return &t->s->events[seq - t->run->seq];
}

static size_t run_tail(const struct trial *t, uint64_t from)
{
	return (size_t)(t->end - from + 1);
}

/* ---- behind a gap ---- */

static bool stored(const struct trial *t, uint64_t seq, struct event *e)
{
	const struct store *store = &t->s->cfg.store;

	return store->event && store->event(store->ctx, t->slot, seq, e) == 0;
}

/* The first event set aside that is of another branch than the run; 0 = none. */
static uint64_t beyond_misfit(const struct trial *t, const struct author *a,
			      uint64_t seq)
{
	struct event e;

	for (; seq <= t->end && seq <= a->beyond; seq++)
		if (stored(t, seq, &e) && memcmp(run_event(t, seq)->id, e.id,
						 EVENT_ID_SIZE) != 0)
			return seq;
	return 0;
}

/* From seq on, what is set aside was written one after the other. */
static bool beyond_chained(const struct trial *t, const struct author *a,
			   uint64_t seq)
{
	uint8_t id[EVENT_ID_SIZE];
	struct event e;

	if (!stored(t, seq, &e))
		return false;
	memcpy(id, e.id, EVENT_ID_SIZE);
	while (seq < a->beyond) {
		if (!stored(t, ++seq, &e))
			return false;
		event_id_next(id, id, &e);
		if (memcmp(id, e.id, EVENT_ID_SIZE) != 0)
			return false;
	}
	return true;
}

/* A log that lost events at its end, too, gave their numbers to what its owner
 * wrote next: that leaves the feed as a displaced branch does. */
static void displace_beyond(const struct trial *t, struct author *a,
			    uint64_t from)
{
	uint64_t seq = beyond_misfit(t, a, from);

	if (seq == 0 || !beyond_chained(t, a, seq))
		return;
	t->change->displaced_from = seq;
	t->change->displaced_to = a->beyond;
	a->beyond = seq - 1;
}

/* ---- at the end of the chain ---- */

/* The run agrees up to the head, and from event `from` on with nothing. What
 * it displaces is at most our own unsealed events, which nobody has seen. */
static enum feed_verdict extend(struct trial *t, uint64_t from)
{
	struct feed_change *c = t->change;
	struct feed_seal *seal = set_seals(t->s, 1);
	struct author *a;

	if (t->slot == FEED_SLOT_NONE) {
		t->slot = set_add_found(t->s, t->a);
		c->new_author = true;
	}
	a = set_at(t->s, t->slot);
	if (!seal || !a)
		return FEED_FULL;
	c->slot = t->slot;
	if (from <= a->last && from <= t->end) {
		c->displaced_from = from;
		c->displaced_to = set_displaced_to(a);
		set_displace(a, from);
	} else if (a->beyond) {
		displace_beyond(t, a, from);
	}
	c->events = t->s->events + (from - t->run->seq);
	c->n_events = run_tail(t, from);
	for (uint64_t seq = from; seq <= t->end; seq++) {
		run_event(t, seq)->author = set_label(a);
		set_extend(t->s, a, run_event(t, seq));
	}
	seal->seq = t->end;
	memcpy(seal->id, run_event(t, t->end)->id, EVENT_ID_SIZE);
	memcpy(seal->seal, t->run->seal, EVENT_SEAL_SIZE);
	c->seals = seal;
	c->n_seals = 1;
	frontier_advance(t->s, t->slot, seal, run_event(t, t->end)->hlc);
	return FEED_ACCEPTED;
}

/* The first event of the run that the chain does not have; end + 1 if it has
 * all. False if history cannot be read. */
static bool first_new(const struct trial *t, uint64_t *from)
{
	uint64_t seq = t->run->seq;
	uint8_t id[EVENT_ID_SIZE];

	for (; seq <= t->end && seq <= t->a->last; seq++) {
		if (set_chain_id(t->s, t->a, t->slot, seq, id) < 0)
			return false;
		if (memcmp(id, run_event(t, seq)->id, sizeof(id)) != 0)
			break;
	}
	*from = seq;
	return true;
}

/* All of it is held. Payloads that are withheld here and not in the run are
 * taken, those that follow each other at least; their ids vouch for them. */
static enum feed_verdict fill_in(struct trial *t)
{
	const struct store *store = &t->s->cfg.store;
	struct feed_change *c = t->change;

	for (uint64_t seq = t->run->seq; seq <= t->end; seq++) {
		struct event held;
		bool fills = !run_event(t, seq)->withheld && store->event &&
			     store->event(store->ctx, t->slot, seq,
					  &held) == 0 && held.withheld;

		if (fills && !c->n_events)
			c->events = run_event(t, seq);
		if (fills)
			c->n_events++;
		else if (c->n_events)
			break;
	}
	return c->n_events ? FEED_ACCEPTED : FEED_DUPLICATE;
}

static bool held_in_branch(const struct trial *t)
{
	const struct branch *b = branch_find(t->s, t->slot);
	const uint8_t *id = b ? branch_id(b, t->end) : NULL;

	return id && memcmp(id, run_event(t, t->end)->id,
			    EVENT_ID_SIZE) == 0;
}

static enum feed_verdict fork_off(struct trial *t, uint64_t from)
{
	struct branch *b = branch_start(t->s, t->slot, from - 1);

	if (!b)
		return FEED_FULL;
	return branch_grow(t->s, b, run_event(t, from), run_tail(t, from),
			   t->run->seal, t->change);
}

static enum feed_verdict try_chain(struct trial *t)
{
	uint64_t before = t->run->seq - 1, from;
	uint8_t prev[EVENT_ID_SIZE];

	if (before > t->a->last)
		return FEED_GAP;
	if (set_chain_id(t->s, t->a, t->slot, before, prev) < 0)
		return FEED_STORE;
	if (memcmp(prev, t->run->prevcheck, 2) != 0)
		return FEED_MISFIT;
	chain_run(t, prev);
	if (!first_new(t, &from))
		return FEED_STORE;
	if (from > t->end && t->end <= t->a->feed.head)
		return fill_in(t);
	if (held_in_branch(t))
		return FEED_DUPLICATE;
	if (!quota_left(t, from, NULL))
		return FEED_QUOTA;
	if (!set_seal_good(t->s, t->a, t->end, run_event(t, t->end)->id,
			   t->run->seal))
		return FEED_BAD_SEAL;
	if (from <= t->a->feed.head)
		return fork_off(t, from);
	return extend(t, from);
}

/* ---- on the candidate branch ---- */

static enum feed_verdict try_branch(struct trial *t, struct branch *b)
{
	const uint8_t *prev = branch_id(b, t->run->seq - 1), *held;
	uint64_t from = t->run->seq;

	if (!prev || memcmp(prev, t->run->prevcheck, 2) != 0)
		return FEED_MISFIT;
	chain_run(t, prev);
	if (held_in_branch(t))
		return FEED_DUPLICATE;
	while ((held = branch_id(b, from)) && from <= t->end &&
	       memcmp(held, run_event(t, from)->id, EVENT_ID_SIZE) == 0)
		from++;
	if (!quota_left(t, from, b))
		return FEED_QUOTA;
	if (!set_seal_good(t->s, t->a, t->end, run_event(t, t->end)->id,
			   t->run->seal))
		return FEED_BAD_SEAL;
	return branch_grow(t->s, b, run_event(t, from), run_tail(t, from),
			   t->run->seal, t->change);
}

/* ---- whose run it is ---- */

/* n = 0: a seal that names another id than the standing chain has. */
static enum feed_verdict try_proof(struct trial *t)
{
	const struct run *run = t->run;
	uint8_t id[EVENT_ID_SIZE];

	if (run->seq > t->a->feed.head)
		return FEED_GAP;
	if (t->a->feed.forked)
		return FEED_DUPLICATE;
	if (set_chain_id(t->s, t->a, t->slot, run->seq, id) < 0)
		return FEED_STORE;
	if (memcmp(id, run->proof_id, sizeof(id)) == 0)
		return FEED_DUPLICATE;
	if (!set_seal_good(t->s, t->a, run->seq, run->proof_id, run->seal))
		return FEED_BAD_SEAL;
	t->change->proof.seq = run->seq;
	memcpy(t->change->proof.id, run->proof_id, EVENT_ID_SIZE);
	memcpy(t->change->proof.seal, run->seal, EVENT_SEAL_SIZE);
	frontier_mark(t->s, t->slot, &t->change->proof);
	return FEED_PROOF;
}

/* A run from seq 1 brings the key, and always the same one. */
static enum feed_verdict check_station(struct author *a,
				       const struct event *first)
{
	struct station st;

	if (first->kind != KIND_STATION || first->withheld ||
	    station_parse(&st, first->payload) < 0)
		return FEED_BAD_STATION;
	if (a->feed.has_key)
		return memcmp(a->feed.key, st.key, sizeof(st.key)) ?
			FEED_BAD_KEY : FEED_ACCEPTED;
	if (!station_key_fits(&st, a->feed.author))
		return FEED_BAD_KEY;
	memcpy(a->feed.key, st.key, sizeof(st.key));
	a->feed.has_key = true;
	return FEED_ACCEPTED;
}

static enum feed_verdict admit_to(struct feed_set *s, uint32_t slot,
				  const struct run *run,
				  struct feed_change *change)
{
	struct author *a = slot == FEED_SLOT_NONE ? &s->fresh :
			   set_at(s, slot);
	struct trial t = { s, run, a, slot, run->seq + run->n - 1, change };
	struct branch *b = slot == FEED_SLOT_NONE ? NULL :
			   branch_find(s, slot);
	enum feed_verdict v;

	change->slot = slot;
	if (run->n == 0)
		return try_proof(&t);
	if (run->seq == 1 && s->cfg.need_station) {
		v = check_station(a, &run->events[0]);
		if (v != FEED_ACCEPTED)
			return v;
	}
	v = try_chain(&t);
	if (b && (v == FEED_GAP || v == FEED_MISFIT || v == FEED_BAD_SEAL)) {
		enum feed_verdict w = try_branch(&t, b);

		return w == FEED_MISFIT ? v : w;
	}
	return v;
}

static enum feed_verdict admit_label(struct feed_set *s, struct span label,
				     const struct run *run,
				     struct feed_change *change)
{
	uint32_t slot = feed_find(s, label);
	uint8_t id[AUTHOR_SIZE];

	if (slot != FEED_SLOT_NONE)
		return admit_to(s, slot, run, change);
	if (run->seq != 1 || run->n == 0 || label.n > AUTHOR_LABEL_MAX)
		return FEED_NO_AUTHOR;
	if (s->n_authors >= s->cfg.authors_max)
		return FEED_FULL;
	author_from_label(id, label);
	set_author_init(s, &s->fresh, label, id);
	return admit_to(s, FEED_SLOT_NONE, run, change);
}

/* A run that opens a feed says itself whose it is. */
static enum feed_verdict admit_opening(struct feed_set *s,
				       const struct run *run,
				       struct feed_change *change)
{
	uint8_t hash[CRYPTO_HASH_SIZE];
	char label[2 * AUTHOR_SIZE + 1];
	struct station st;

	if (run->events[0].withheld ||
	    station_parse(&st, run->events[0].payload) < 0)
		return FEED_BAD_STATION;
	crypto_sha256(hash, SPAN(st.key, sizeof(st.key)));
	if (author_alias(s->cfg.dataset, hash) != run->alias)
		return FEED_BAD_KEY;
	return admit_label(s, author_label(label, hash), run, change);
}

/* The verdict of the first author whose run it may be; if there is none, of
 * the first one tried. */
static enum feed_verdict admit_alias(struct feed_set *s,
				     const struct run *run,
				     struct feed_change *change)
{
	uint32_t slots[SET_ALIAS_TRIES];
	size_t n = feed_by_alias(s, run->alias, slots, SET_ALIAS_TRIES);
	enum feed_verdict first = FEED_NO_AUTHOR;

	for (size_t i = 0; i < n && i < SET_ALIAS_TRIES; i++) {
		enum feed_verdict v = admit_to(s, slots[i], run, change);

		if (v == FEED_ACCEPTED || v == FEED_CANDIDATE ||
		    v == FEED_DUPLICATE || v == FEED_PROOF)
			return v;
		if (i == 0)
			first = v;
	}
	if (n)
		change->slot = slots[0];
	return first;
}

enum feed_verdict feed_admit(struct feed_set *s, struct span label,
			     const struct run *run, struct feed_change *change)
{
	memset(change, 0, sizeof(*change));
	change->slot = FEED_SLOT_NONE;
	if (!set_run_sound(run))
		return FEED_BAD_EVENT;
	if (label.n)
		return admit_label(s, label, run, change);
	if (run->seq == 1 && run->n && s->cfg.need_station)
		return admit_opening(s, run, change);
	return admit_alias(s, run, change);
}
