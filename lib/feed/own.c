/* SPDX-License-Identifier: MIT
 *
 * Our own feed: events are chained and durable at once, sealed when first
 * sent. Between head and last lies what nobody else has seen.
 */
#include <errno.h>
#include "lib/feed/set.h"

uint32_t feed_open_own(struct feed_set *s, struct span label,
		       const uint8_t *key, bool *made)
{
	uint32_t slot = feed_find(s, label);
	struct author *a;
	uint8_t id[AUTHOR_SIZE];

	*made = false;
	if (label.n == 0 || label.n > AUTHOR_LABEL_MAX)
		return FEED_SLOT_NONE;
	if (slot == FEED_SLOT_NONE) {
		author_from_label(id, label);
		set_author_init(s, &s->fresh, label, id);
		slot = set_add(s, &s->fresh);
		*made = slot != FEED_SLOT_NONE;
	}
	a = set_at(s, slot);
	if (a && key && !a->feed.has_key) {
		memcpy(a->feed.key, key, sizeof(a->feed.key));
		a->feed.has_key = true;
	}
	return slot;
}

int feed_append_own(struct feed_set *s, uint32_t slot, struct event *e)
{
	struct author *a = set_at(s, slot);

	if (!a)
		return -ENOENT;
	e->author = set_label(a);
	if (a->beyond > a->last) {	/* no seq is given out twice */
		e->seq = a->beyond + 1;
		event_id_next(e->id, a->beyond_id, e);
		set_aside(a, e);
		return 0;
	}
	e->seq = a->last + 1;
	event_id_next(e->id, a->last_id, e);
	set_extend(s, a, e);
	return 0;
}

uint64_t feed_own_last(const struct feed_set *s, uint32_t slot)
{
	const struct author *a = set_at(s, slot);

	return a ? a->last : 0;
}

static void sign(const struct feed_set *s, const struct feed *f,
		 const uint8_t seed[32], const struct event *e,
		 struct feed_seal *out)
{
	out->seq = e->seq;
	memcpy(out->id, e->id, EVENT_ID_SIZE);
	if (f->has_key)
		seal_sign(out->seal, seed, s->cfg.dataset, f->author, e->seq,
			  e->id);
	else
		memset(out->seal, 0, sizeof(out->seal));
}

/* Signs at each place where a run should end. How many, or -EIO, -ENOMEM. */
static int sign_tail(struct feed_set *s, uint32_t slot,
		     const uint8_t seed[32], struct hlc *hlc)
{
	const struct author *a = set_at(s, slot);
	const struct store *store = &s->cfg.store;
	size_t events = 0, bytes = 0, n = 0;

	for (uint64_t seq = a->feed.head + 1; seq <= a->last; seq++) {
		struct feed_seal *v = set_seals(s, n + 1);
		struct event e;

		if (!v)
			return -ENOMEM;
		if (store->event(store->ctx, slot, seq, &e) < 0)
			return -EIO;
		*hlc = e.hlc;
		bytes += e.payload.n;
		if (++events < SEAL_EVERY_EVENTS && bytes < SEAL_EVERY_BYTES &&
		    seq < a->last)
			continue;
		sign(s, &a->feed, seed, &e, &v[n++]);
		events = bytes = 0;
	}
	return (int)n;
}

int feed_seal_own(struct feed_set *s, uint32_t slot, const uint8_t seed[32],
		  struct feed_change *change)
{
	const struct author *a = set_at(s, slot);
	struct hlc hlc;
	int n;

	memset(change, 0, sizeof(*change));
	change->slot = slot;
	if (!a || a->last == a->feed.head)
		return -ENOENT;
	n = sign_tail(s, slot, seed, &hlc);
	if (n < 0)
		return n;
	change->seals = s->seals;
	change->n_seals = (size_t)n;
	frontier_advance(s, slot, &s->seals[n - 1], hlc);
	return 0;
}
