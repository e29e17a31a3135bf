/* SPDX-License-Identifier: MIT
 *
 * The pen: events by id, by the id below them, and by their place (author,
 * seq). An event that comes in is followed down to the standing chain; if it
 * gets there, the greatest tip above is found, and if that is greater than the
 * head, the path to it is admitted, run by run.
 *
 *   standing chain  o--o--o--o
 *                       \--p--p--p  tip      p: in the pen
 */
#include <stdlib.h>
#include "lib/feed/pen.h"
#include "lib/feed/set.h"

#define NONE MAP_NONE
#define PLACE_SIZE (AUTHOR_SIZE + 8)

enum { BY_ID, BY_PREV, BY_PLACE, INDEXES };

struct item {
	struct event e;
	uint8_t author[AUTHOR_SIZE], prev[EVENT_ID_SIZE];
	uint8_t seal[EVENT_SEAL_SIZE];
	bool sealed;		/* displaced events may have none */
	uint32_t next[INDEXES];	/* of the same key */
	uint8_t bytes[];	/* label, payload */
};

struct feed_pen {
	struct feed_set *s;
	size_t events_max, bytes_max, n, bytes;
	void (*apply)(void *ctx, const struct feed_change *c);
	void *ctx;
	struct map *index[INDEXES];
	struct map *forked;		/* labels */
	struct item **v;		/* events_max; n in use, in front */
	uint32_t *path;			/* events_max */
};

struct feed_pen *feed_pen_new(struct feed_set *s, size_t events_max,
			      size_t bytes_max,
			      void (*apply)(void *ctx,
					    const struct feed_change *c),
			      void *ctx)
{
	struct feed_pen *p = calloc(1, sizeof(*p));
	bool ok;

	if (!p)
		return NULL;
	p->s = s;
	p->events_max = events_max;
	p->bytes_max = bytes_max;
	p->apply = apply;
	p->ctx = ctx;
	p->v = calloc(events_max, sizeof(*p->v));
	p->path = calloc(events_max, sizeof(*p->path));
	p->forked = map_new(events_max);
	ok = p->v && p->path && p->forked;
	for (int i = 0; i < INDEXES; i++) {
		p->index[i] = map_new(events_max);
		ok = ok && p->index[i];
	}
	if (ok)
		return p;
	feed_pen_free(p);
	return NULL;
}

void feed_pen_free(struct feed_pen *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++)
		free(p->v[i]);
	for (int i = 0; i < INDEXES; i++)
		map_free(p->index[i]);
	map_free(p->forked);
	free(p->path);
	free(p->v);
	free(p);
}

/* ---- the indexes ---- */

static struct span place_key(uint8_t key[PLACE_SIZE],
			     const uint8_t author[AUTHOR_SIZE], uint64_t seq)
{
	memcpy(key, author, AUTHOR_SIZE);
	be_put(key + AUTHOR_SIZE, 8, seq);
	return SPAN(key, PLACE_SIZE);
}

static struct span item_key(const struct item *it, int by,
			    uint8_t key[PLACE_SIZE])
{
	if (by == BY_ID)
		return SPAN(it->e.id, EVENT_ID_SIZE);
	if (by == BY_PREV)
		return SPAN(it->prev, EVENT_ID_SIZE);
	return place_key(key, it->author, it->e.seq);
}

static void set_first(struct map *m, struct span key, uint32_t at)
{
	if (at == NONE)
		map_del(m, key);
	else
		map_set(m, key, at);
}

static void link_item(struct feed_pen *p, uint32_t at)
{
	uint8_t key[PLACE_SIZE];

	for (int by = 0; by < INDEXES; by++) {
		struct span k = item_key(p->v[at], by, key);

		p->v[at]->next[by] = map_get(p->index[by], k);
		map_set(p->index[by], k, at);
	}
}

static void unlink_item(struct feed_pen *p, uint32_t at)
{
	uint8_t key[PLACE_SIZE];

	for (int by = 0; by < INDEXES; by++) {
		struct span k = item_key(p->v[at], by, key);
		uint32_t i = map_get(p->index[by], k);

		if (i == at) {
			set_first(p->index[by], k, p->v[at]->next[by]);
			continue;
		}
		while (p->v[i]->next[by] != at)
			i = p->v[i]->next[by];
		p->v[i]->next[by] = p->v[at]->next[by];
	}
}

static uint32_t find_id(const struct feed_pen *p, const uint8_t id[32])
{
	return map_get(p->index[BY_ID], SPAN(id, EVENT_ID_SIZE));
}

static void drop(struct feed_pen *p, uint32_t at)
{
	uint32_t last = (uint32_t)--p->n;

	unlink_item(p, at);
	p->bytes -= p->v[at]->e.payload.n;
	free(p->v[at]);
	if (at == last)
		return;
	unlink_item(p, last);	/* the last one takes the place */
	p->v[at] = p->v[last];
	link_item(p, at);
}

/* ---- holding ---- */

static uint64_t distance(const struct feed_pen *p, const struct item *it)
{
	uint32_t slot = feed_find(p->s, it->e.author);
	uint64_t head = slot == FEED_SLOT_NONE ? 0 :
			feed_at(p->s, slot)->head;

	return it->e.seq > head ? it->e.seq - head : head - it->e.seq;
}

static void drop_farthest(struct feed_pen *p)
{
	uint32_t worst = 0;

	for (uint32_t i = 1; i < p->n; i++)
		if (distance(p, p->v[i]) > distance(p, p->v[worst]))
			worst = i;
	drop(p, worst);
}

static bool has_room(const struct feed_pen *p, const struct event *e)
{
	return p->n < p->events_max &&
	       p->bytes + e->payload.n <= p->bytes_max;
}

/* An event of known id, copied in if there is room. Two of one place are a
 * fork. */
static void hold(struct feed_pen *p, const struct event *e,
		 const uint8_t prev[32], const uint8_t *seal)
{
	uint8_t key[PLACE_SIZE];
	struct item *it;

	if (!has_room(p, e))
		return;
	it = malloc(sizeof(*it) + e->author.n + e->payload.n);
	if (!it)
		return;
	it->e = *e;
	it->e.author.p = memcpy(it->bytes, e->author.p, e->author.n);
	it->e.payload.p = it->bytes + e->author.n;
	if (e->payload.n)
		memcpy(it->bytes + e->author.n, e->payload.p, e->payload.n);
	author_from_label(it->author, e->author);
	memcpy(it->prev, prev, EVENT_ID_SIZE);
	it->sealed = seal != NULL;
	if (seal)
		memcpy(it->seal, seal, EVENT_SEAL_SIZE);
	if (map_get(p->index[BY_PLACE], item_key(it, BY_PLACE, key)) != NONE)
		map_set(p->forked, it->e.author, 1);
	p->bytes += e->payload.n;
	p->v[p->n] = it;
	link_item(p, (uint32_t)p->n++);
}

/* Displaced events stay known, with the seals they have: their branch may
 * grow again. Nothing is dropped for them, a path is being followed. */
static void hold_displaced(struct feed_pen *p, const struct feed_change *c)
{
	const struct store *store = &p->s->cfg.store;
	const struct author *a = set_at(p->s, c->slot);
	uint8_t prev[EVENT_ID_SIZE];
	struct event e;

	if (c->displaced_from == 1)
		event_id_genesis(prev, p->s->cfg.dataset, a->feed.author);
	else if (store->event(store->ctx, c->slot, c->displaced_from - 1,
			      &e) < 0)
		return;
	else
		memcpy(prev, e.id, sizeof(prev));
	for (uint64_t seq = c->displaced_from; seq <= c->displaced_to; seq++) {
		uint8_t seal[EVENT_SEAL_SIZE];
		uint64_t at = 0;

		if (store->event(store->ctx, c->slot, seq, &e) < 0)
			return;
		e.author = set_label(a);
		if (store->seal(store->ctx, c->slot, seq, &at, seal) < 0)
			at = 0;
		if (find_id(p, e.id) == NONE)
			hold(p, &e, prev, at == seq ? seal : NULL);
		memcpy(prev, e.id, sizeof(prev));
	}
}

/* ---- joining the standing chain ---- */

/* The item below, or NONE. Seqs go down, so whoever follows it ends. */
static uint32_t below(const struct feed_pen *p, uint32_t at)
{
	const struct item *it = p->v[at];
	uint32_t i = find_id(p, it->prev);

	if (i == NONE || p->v[i]->e.seq + 1 != it->e.seq ||
	    !span_equal(p->v[i]->e.author, it->e.author))
		return NONE;
	return i;
}

static bool stands(const struct feed_pen *p, struct span label, uint64_t seq,
		   const uint8_t id[EVENT_ID_SIZE])
{
	uint32_t slot = feed_find(p->s, label);
	const struct author *a = set_at(p->s, slot);
	uint8_t held[EVENT_ID_SIZE], author[AUTHOR_SIZE];

	if (a)
		return seq <= a->last &&
		       set_chain_id(p->s, a, slot, seq, held) == 0 &&
		       memcmp(held, id, sizeof(held)) == 0;
	author_from_label(author, label);
	event_id_genesis(held, p->s->cfg.dataset, author);
	return seq == 0 && memcmp(held, id, sizeof(held)) == 0;
}

static bool is_above(const struct feed_pen *p, uint32_t at, uint32_t other)
{
	const struct event *a = &p->v[at]->e, *b = &p->v[other]->e;

	return a->seq != b->seq ? a->seq > b->seq :
	       memcmp(a->id, b->id, EVENT_ID_SIZE) < 0;
}

/* The greatest sealed event among `bottom` and all above it, or NONE. */
static uint32_t greatest_tip(const struct feed_pen *p, uint32_t bottom)
{
	uint32_t *todo = p->path, best = NONE;
	size_t n = 0;

	todo[n++] = bottom;
	while (n) {
		uint32_t at = todo[--n];
		const struct item *it = p->v[at];
		uint32_t up = map_get(p->index[BY_PREV],
				      SPAN(it->e.id, EVENT_ID_SIZE));

		if (it->sealed && (best == NONE || is_above(p, at, best)))
			best = at;
		for (; up != NONE; up = p->v[up]->next[BY_PREV])
			if (below(p, up) == at)
				todo[n++] = up;
	}
	return best;
}

static enum feed_verdict admit(struct feed_pen *p, struct span label,
			       const struct run *run)
{
	struct feed_change change;
	enum feed_verdict v = feed_admit(p->s, label, run, &change);

	if (v != FEED_ACCEPTED && v != FEED_PROOF)
		return v;
	if (change.displaced_from)
		hold_displaced(p, &change);
	p->apply(p->ctx, &change);
	return v;
}

/* Admits the items from the chain up to tip, in runs that end at seals. */
static enum feed_verdict admit_path(struct feed_pen *p, uint32_t tip)
{
	struct event events[RUN_EVENTS_MAX];
	enum feed_verdict v = FEED_GAP;
	struct run run = { .n = 0 };
	size_t n = 0;

	for (uint32_t at = tip; at != NONE; at = below(p, at))
		p->path[n++] = at;
	while (n-- > 0) {
		const struct item *it = p->v[p->path[n]];

		if (run.n == 0) {
			run = (struct run){ .seq = it->e.seq,
					    .events = events };
			memcpy(run.prevcheck, it->prev, 2);
		}
		events[run.n++] = it->e;
		if (!it->sealed && run.n < RUN_EVENTS_MAX)
			continue;
		memcpy(run.seal, it->seal, EVENT_SEAL_SIZE);
		v = admit(p, it->e.author, &run);
		run.n = 0;
		if (v != FEED_ACCEPTED && v != FEED_PROOF &&
		    v != FEED_CANDIDATE && v != FEED_DUPLICATE)
			break;
	}
	return v;
}

/* An event at or below the head that does not stand proves a fork. */
static void prove(struct feed_pen *p, const struct item *it)
{
	uint32_t slot = feed_find(p->s, it->e.author);
	const struct feed *f = feed_at(p->s, slot);
	struct run run = { .seq = it->e.seq };

	if (!f || f->forked || it->e.seq > f->head || !it->sealed)
		return;
	memcpy(run.proof_id, it->e.id, EVENT_ID_SIZE);
	memcpy(run.seal, it->seal, EVENT_SEAL_SIZE);
	admit(p, it->e.author, &run);
}

/* Lets go of what stands now at seq; what else claims the place is a fork. */
static void clear_place(struct feed_pen *p, const struct feed *f, uint64_t seq)
{
	uint8_t key[PLACE_SIZE];
	struct span place = place_key(key, f->author, seq);
	uint32_t at = map_get(p->index[BY_PLACE], place);

	while (at != NONE) {
		const struct item *it = p->v[at];

		if (stands(p, it->e.author, seq, it->e.id)) {
			drop(p, at);
			at = map_get(p->index[BY_PLACE], place);
		} else {
			prove(p, it);
			at = it->next[BY_PLACE];
		}
	}
}

static bool beats_head(const struct feed_pen *p, const struct event *e)
{
	const struct feed *f = feed_at(p->s, feed_find(p->s, e->author));

	if (!f || e->seq != f->head)
		return !f || e->seq > f->head;
	return memcmp(e->id, f->head_id, EVENT_ID_SIZE) < 0;
}

/* What became possible with the item at `at`. */
static enum feed_verdict settle(struct feed_pen *p, uint32_t at)
{
	uint32_t bottom = at, tip, next;
	const struct item *it = p->v[at];
	struct span label = it->e.author;
	enum feed_verdict v;
	uint64_t seq;

	while ((next = below(p, bottom)) != NONE)
		bottom = next;
	seq = p->v[bottom]->e.seq;
	prove(p, it);
	if (!stands(p, label, seq - 1, p->v[bottom]->prev))
		return FEED_GAP;
	tip = greatest_tip(p, bottom);
	if (tip == NONE || !beats_head(p, &p->v[tip]->e))
		return FEED_CANDIDATE;
	v = admit_path(p, tip);
	if (v == FEED_ACCEPTED) {
		uint32_t slot = feed_find(p->s, label);
		const struct feed *f = feed_at(p->s, slot);

		for (; seq <= f->head; seq++)
			clear_place(p, f, seq);
	}
	return v;
}

/* ---- offering ---- */

/* FEED_ACCEPTED: worth holding. */
static enum feed_verdict offer_check(const struct feed_pen *p,
				     const struct event *e,
				     const uint8_t seal[EVENT_SEAL_SIZE])
{
	const struct author *a = set_at(p->s, feed_find(p->s, e->author));
	uint8_t author[AUTHOR_SIZE];
	struct author unknown;

	if (stands(p, e->author, e->seq, e->id) || find_id(p, e->id) != NONE)
		return FEED_DUPLICATE;
	if (!a) {
		author_from_label(author, e->author);
		set_author_init(p->s, &unknown, e->author, author);
		a = &unknown;
	}
	return set_seal_good(p->s, a, e->seq, e->id, seal) ? FEED_ACCEPTED :
							     FEED_BAD_SEAL;
}

static enum feed_verdict offer(struct feed_pen *p, const struct event *e,
			       const uint8_t prev[32], const uint8_t *seal)
{
	enum feed_verdict v = offer_check(p, e, seal);
	uint32_t at;

	if (v != FEED_ACCEPTED)
		return v;
	while (p->n && !has_room(p, e))
		drop_farthest(p);
	hold(p, e, prev, seal);
	at = find_id(p, e->id);
	if (at == NONE)
		return FEED_FULL;
	v = settle(p, at);
	if (stands(p, e->author, e->seq, e->id))
		return FEED_ACCEPTED;
	at = find_id(p, e->id);
	if (v != FEED_GAP && v != FEED_CANDIDATE && at != NONE)
		drop(p, at);
	return v;
}

size_t feed_pen_offer(struct feed_pen *p, const struct event *e,
		      const uint8_t prev[EVENT_ID_SIZE],
		      const uint8_t seal[EVENT_SEAL_SIZE],
		      enum feed_verdict *verdict)
{
	uint64_t before = feed_event_count(p->s);
	enum feed_verdict v = FEED_BAD_EVENT;
	struct event named = *e;

	if (set_event_sound(e) && e->seq && e->author.n &&
	    e->author.n <= AUTHOR_LABEL_MAX) {
		event_id_next(named.id, prev, &named);
		v = offer(p, &named, prev, seal);
	}
	if (verdict)
		*verdict = v;
	return (size_t)(feed_event_count(p->s) - before);
}

void feed_pen_each(const struct feed_pen *p,
		   void (*fn)(void *ctx, const struct event *e), void *ctx)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct event *e = &p->v[i]->e;
		const struct feed *f =
			feed_at(p->s, feed_find(p->s, e->author));

		if (!f || e->seq > f->head)
			fn(ctx, e);
	}
}

bool feed_pen_forked(const struct feed_pen *p, struct span label)
{
	const struct feed *f = feed_at(p->s, feed_find(p->s, label));

	return (f && f->forked) || map_get(p->forked, label) != NONE;
}
