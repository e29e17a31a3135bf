/* SPDX-License-Identifier: MIT
 *
 * Forks: which of an author's chains stands, and the branches beside it.
 *
 *            base
 *   standing   o---o---o---o head         (seq, then the smaller id) decides:
 *   branch      \--o---o---o---o---o      the greater sealed head stands
 *
 * A branch is sealed throughout, so its first seal at or below the standing
 * head proves the fork; where it takes over, the displaced head's own seal is
 * the proof. At most one branch an author and SET_BRANCHES in all are kept;
 * the newest displaces: neighbours serve their standing chains only, in order,
 * so a branch that matters comes again from its base.
 */
#include <stdlib.h>
#include "lib/feed/set.h"

struct branch *branch_find(const struct feed_set *s, uint32_t slot)
{
	for (size_t i = 0; i < SET_BRANCHES; i++)
		if (s->branches[i] && s->branches[i]->slot == slot)
			return s->branches[i];
	return NULL;
}

/* A free place, or the one that grew longest ago. */
static struct branch **branch_place(struct feed_set *s)
{
	struct branch **oldest = &s->branches[0];

	for (size_t i = 0; i < SET_BRANCHES; i++) {
		struct branch **b = &s->branches[i];

		if (!*b || (*b)->slot == FEED_SLOT_NONE)
			return b;
		if ((*b)->used < (*oldest)->used)
			oldest = b;
	}
	return oldest;
}

struct branch *branch_start(struct feed_set *s, uint32_t slot, uint64_t base)
{
	struct branch *b = branch_find(s, slot);

	if (!b) {
		struct branch **place = branch_place(s);

		if (!*place)
			*place = malloc(sizeof(**place));
		b = *place;
	}
	if (!b)
		return NULL;
	b->slot = slot;
	b->base = base;
	b->n_events = b->n_seals = b->n_bytes = 0;
	return b;
}

const uint8_t *branch_id(const struct branch *b, uint64_t seq)
{
	if (seq <= b->base || seq - b->base > b->n_events)
		return NULL;
	return b->events[seq - b->base - 1].id;
}

/* Payloads lie in order, so those that stay are the front of the bytes. */
static void branch_cut(struct branch *b, uint64_t from)
{
	while (b->n_events && b->events[b->n_events - 1].seq >= from)
		b->n_bytes -= b->events[--b->n_events].payload.n;
	while (b->n_seals && b->seals[b->n_seals - 1].seq >= from)
		b->n_seals--;
}

static bool branch_append(struct branch *b, struct span label,
			  const struct event *events, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct event *e = &b->events[b->n_events];
		uint8_t *at = b->bytes + b->n_bytes;

		if (b->n_events == BRANCH_EVENTS_MAX ||
		    events[i].payload.n > BRANCH_BYTES_MAX - b->n_bytes)
			return false;
		*e = events[i];
		e->author = label;
		if (e->payload.n)
			memcpy(at, e->payload.p, e->payload.n);
		e->payload.p = at;
		b->n_bytes += e->payload.n;
		b->n_events++;
	}
	return true;
}

static bool head_greater(const struct feed_seal *head, const struct feed *f)
{
	if (head->seq != f->head)
		return head->seq > f->head;
	return memcmp(head->id, f->head_id, EVENT_ID_SIZE) < 0;
}

/* The seal of the standing head, before it is displaced. */
static bool head_witness(const struct feed_set *s, uint32_t slot,
			 struct feed_seal *out)
{
	const struct store *store = &s->cfg.store;
	const struct feed *f = feed_at(s, slot);

	memcpy(out->id, f->head_id, EVENT_ID_SIZE);
	return store->seal &&
	       store->seal(store->ctx, slot, f->head, &out->seq,
			   out->seal) == 0 && out->seq == f->head;
}

static enum feed_verdict branch_stands(struct feed_set *s, struct branch *b,
				       struct feed_change *change)
{
	struct author *a = set_at(s, b->slot);

	if (!head_witness(s, b->slot, &change->proof)) {
		memset(&change->proof, 0, sizeof(change->proof));
		return FEED_STORE;
	}
	change->displaced_from = b->base + 1;
	change->displaced_to = set_displaced_to(a);
	change->events = b->events;
	change->n_events = b->n_events;
	change->seals = b->seals;
	change->n_seals = b->n_seals;
	set_displace(a, change->displaced_from);
	for (size_t i = 0; i < b->n_events; i++)
		set_extend(s, a, &b->events[i]);
	frontier_advance(s, b->slot, &b->seals[b->n_seals - 1], a->last_hlc);
	frontier_mark(s, b->slot, &change->proof);
	return FEED_ACCEPTED;
}

/* It does not stand: it proves the fork, and stays if it is small enough. */
static enum feed_verdict branch_waits(struct feed_set *s, struct branch *b,
				      struct feed_change *change)
{
	bool small = b->n_events <= FEED_CANDIDATE_EVENTS_MAX &&
		     b->n_bytes <= FEED_CANDIDATE_BYTES_MAX;

	if (!feed_at(s, b->slot)->forked) {
		change->proof = b->seals[b->n_seals - 1];
		frontier_mark(s, b->slot, &change->proof);
	}
	if (!small)
		b->slot = FEED_SLOT_NONE;
	if (change->proof.seq)
		return FEED_PROOF;
	return small ? FEED_CANDIDATE : FEED_FULL;
}

static void branch_seal(struct branch *b, const struct event *e,
			const uint8_t seal[EVENT_SEAL_SIZE])
{
	struct feed_seal *last = &b->seals[b->n_seals++];

	last->seq = e->seq;
	memcpy(last->id, e->id, EVENT_ID_SIZE);
	memcpy(last->seal, seal, EVENT_SEAL_SIZE);
}

enum feed_verdict branch_grow(struct feed_set *s, struct branch *b,
			      const struct event *events, size_t n,
			      const uint8_t seal[EVENT_SEAL_SIZE],
			      struct feed_change *change)
{
	struct author *a = set_at(s, b->slot);
	enum feed_verdict v;

	branch_cut(b, events[0].seq);
	if (!branch_append(b, set_label(a), events, n)) {
		b->slot = FEED_SLOT_NONE;
		return FEED_FULL;
	}
	b->used = ++s->branch_clock;
	branch_seal(b, &events[n - 1], seal);
	if (!head_greater(&b->seals[b->n_seals - 1], &a->feed))
		return branch_waits(s, b, change);
	v = branch_stands(s, b, change);
	b->slot = FEED_SLOT_NONE;
	return v;
}

uint64_t feed_candidate_end(const struct feed_set *s, uint32_t slot)
{
	const struct branch *b = branch_find(s, slot);

	return b ? b->base + b->n_events : 0;
}
