/* SPDX-License-Identifier: MIT
 *
 * Questions to the index: newest segment first, because a later record
 * replaces an earlier one, and what a CUT voids lies in older segments.
 *
 *   slot, seq -> place -> batch -> the record in it
 *   id        -> filter of each segment -> a walk over those that may have it
 *   topic     -> the records themselves, oldest segment first
 */
#include <errno.h>
#include "lib/log/internal.h"

/* ---- records of a batch ---- */

struct batch_walk {
	const uint8_t *next, *end;
	uint32_t left;
};

static struct batch_walk batch_walk(const struct batch_header *h)
{
	const uint8_t *p = (const uint8_t *)(h + 1);

	return (struct batch_walk){ p, p + h->body_len, h->count };
}

/* NULL at the end, or where a page went bad. */
static const struct record_header *batch_next(struct batch_walk *w)
{
	const struct record_header *r = (const void *)w->next;

	if (w->left == 0 || !record_fits(r, w->end))
		return NULL;
	w->left--;
	w->next += record_space(r->len);
	return r;
}

static struct log_key record_key(const struct log *l,
				 const struct record_header *r)
{
	struct log_key k = { .type = LOG_KEY_NONE };

	l->key(r->type, SPAN(r + 1, r->len), &k);
	return k;
}

/* Of a record in the batch at offset: how a topic names it. */
static uint32_t record_place(uint32_t offset, const struct batch_header *h,
			     const struct record_header *r)
{
	return (offset + (uint32_t)((const uint8_t *)r - (const uint8_t *)h)) /
		RECORD_ALIGN;
}

/* ---- keeping up ---- */

static int index_add_batch(const struct log *l, struct index *x,
			   const struct batch_header *h, uint32_t offset)
{
	struct batch_walk w = batch_walk(h);
	const struct record_header *r;
	int e = 0;

	while (!e && (r = batch_next(&w))) {
		struct log_key k = record_key(l, r);

		e = index_add(x, r->slot, &k, offset);
		if (!e && l->topic)
			e = index_add_topic(x, l->topic(r->type,
							SPAN(r + 1, r->len)),
					    record_place(offset, h, r));
	}
	x->last = offset;
	x->last_crc = h->crc;
	return e;
}

int index_walk(struct log *l, struct index *x, struct segment *s,
	       uint32_t limit)
{
	struct view v = segment_view(s);
	const struct batch_header *h;
	int e = 0;

	if (limit < v.limit)
		v.limit = limit;
	while (!e && (h = batch_search(&v, x->end))) {
		uint32_t at = (uint32_t)((const uint8_t *)h - v.p);

		x->end = at + BATCH_ALIGN;
		if (!segment_verify(s, h))
			continue;
		x->end += h->body_len;
		e = index_add_batch(l, x, h, at);
		if (h->flags & BATCH_SEAL)	/* what follows was dropped */
			break;
	}
	return e;
}

/* How far the last segment may be read: by its writer all of it, also while it
 * recovers. */
static uint32_t readable_end(const struct log *l, const struct segment *s)
{
	if (!l->read_only)
		return l->offset;
	if (position_segment(l->durable) < s->number)
		return 0;
	return position_segment(l->durable) > s->number ? s->size :
		position_offset(l->durable);
}

int index_catch_up(struct log *l)
{
	struct segment *s = log_last(l);
	uint32_t limit;
	int e = 0;

	if (!l->key || !s)
		return 0;
	limit = readable_end(l, s);
	if (!l->index.begun || l->index.number != s->number)
		e = index_resume(l, &l->index, s);
	if (!e && l->index.end < limit)
		e = index_walk(l, &l->index, s, limit);
	return e;
}

/* ---- (slot, seq) ---- */

static bool segment_get(struct log *l, struct segment *s, uint32_t slot,
			struct index_slot *out)
{
	struct span packed;

	if (s == log_last(l))
		return index_get(&l->index, slot, out);
	packed = segment_index(l, s);
	return packed.n && index_packed_get(packed, slot, out);
}

static const struct batch_header *place_batch(const struct segment *s,
					      const struct place *p)
{
	struct view v = segment_view(s);

	return p->line < LOG_SEGMENT_SIZE / BATCH_ALIGN ?
		batch_at(&v, p->line * BATCH_ALIGN) : NULL;
}

static int found(struct log *l, const struct segment *s,
		 const struct record_header *r, struct log_record *out)
{
	uint32_t offset = (uint32_t)((const uint8_t *)r - s->p);

	return log_read(l, position(s->number, offset), out) ? -EIO : 0;
}

/* The last record of the batch with that key: what came first was cut. */
static int place_item(struct log *l, const struct segment *s,
		      const struct place *p, uint32_t slot, uint64_t seq,
		      struct log_record *out)
{
	const struct batch_header *h = place_batch(s, p);
	const struct record_header *r, *best = NULL;
	struct batch_walk w;

	if (!h)
		return -EIO;
	w = batch_walk(h);
	while ((r = batch_next(&w))) {
		struct log_key k;

		if (r->slot != slot)
			continue;
		k = record_key(l, r);
		if (k.type == LOG_KEY_ITEM && k.seq == seq)
			best = r;
	}
	return best ? found(l, s, best, out) : -EIO;
}

int log_find(struct log *l, uint32_t slot, uint64_t seq,
	     struct log_record *out)
{
	uint64_t limit = INDEX_NO_CUT;

	if (!l->key || index_catch_up(l))
		return -ENOENT;
	for (size_t i = l->n_segments; i-- > 0 && seq < limit;) {
		struct segment *s = l->segments[i];
		const struct place *p;
		struct index_slot x;

		if (!segment_get(l, s, slot, &x))
			continue;
		p = index_item(&x, seq);
		if (p)
			return place_item(l, s, p, slot, seq, out);
		if (x.cut < limit)
			limit = x.cut;
	}
	return -ENOENT;
}

/* ---- marks ---- */

struct mark {
	const struct segment *s;
	const struct record_header *r;
	uint64_t seq;
};

/* The first mark of a batch from seq on, below limit, that is before *best. */
static void place_mark(const struct log *l, const struct segment *s,
		       const struct place *p, uint32_t slot, uint64_t seq,
		       uint64_t limit, struct mark *best)
{
	const struct batch_header *h = place_batch(s, p);
	const struct record_header *r;
	struct batch_walk w;

	if (!h)
		return;
	w = batch_walk(h);
	while ((r = batch_next(&w))) {
		struct log_key k = { .type = LOG_KEY_NONE };

		if (r->slot == slot)
			k = record_key(l, r);
		if (k.type == LOG_KEY_MARK && k.seq >= seq && k.seq < limit &&
		    (k.seq < best->seq || (k.seq == best->seq && s == best->s)))
			*best = (struct mark){ s, r, k.seq };
	}
}

/* A place may have lost its marks to a cut: then the next one is asked. */
static void segment_mark(const struct log *l, const struct segment *s,
			 const struct index_slot *x, uint32_t slot,
			 uint64_t seq, uint64_t limit, struct mark *best)
{
	const struct place *p;

	while (seq < limit && (p = index_mark(x, seq)) && p->seq < limit) {
		uint64_t end = p->seq + p->count;

		if (p->seq > best->seq || end <= seq)
			return;
		place_mark(l, s, p, slot, seq, end < limit ? end : limit,
			   best);
		seq = end;
	}
}

int log_find_mark(struct log *l, uint32_t slot, uint64_t seq,
		  struct log_record *out)
{
	struct mark best = { .seq = UINT64_MAX };
	uint64_t limit = INDEX_NO_CUT;

	if (!l->key || index_catch_up(l))
		return -ENOENT;
	for (size_t i = l->n_segments; i-- > 0 && seq < limit;) {
		struct index_slot x;

		if (!segment_get(l, l->segments[i], slot, &x))
			continue;
		segment_mark(l, l->segments[i], &x, slot, seq, limit, &best);
		if (x.cut < limit)
			limit = x.cut;
	}
	return best.r ? found(l, best.s, best.r, out) : -ENOENT;
}

/* ---- ids ---- */

static const struct record_header *batch_id(const struct log *l,
					    const struct batch_header *h,
					    const uint8_t id[8])
{
	struct batch_walk w = batch_walk(h);
	const struct record_header *r;

	while ((r = batch_next(&w))) {
		struct log_key k = record_key(l, r);

		if (k.type == LOG_KEY_ITEM && k.id && !memcmp(k.id, id, 8))
			return r;
	}
	return NULL;
}

static int segment_find_id(struct log *l, struct segment *s,
			   const uint8_t id[8], struct log_record *out)
{
	struct view v = segment_view(s);
	const struct record_header *r = NULL;
	const struct batch_header *h;
	uint32_t at = SEGMENT_DATA;

	if (s == log_last(l))
		v.limit = readable_end(l, s);
	while (!r && (h = batch_search(&v, at)) && !(h->flags & BATCH_SEAL)) {
		at = (uint32_t)((const uint8_t *)(h + 1) - v.p);
		if (!segment_verify(s, h))
			continue;
		at += h->body_len;
		r = batch_id(l, h, id);
	}
	return r ? found(l, s, r, out) : -ENOENT;
}

static bool segment_may_have(struct log *l, struct segment *s,
			     const uint8_t id[8])
{
	struct span packed;

	if (s == log_last(l))
		return l->index.begun &&
			filter_has(l->index.filter, l->index.filter_size, id);
	packed = segment_index(l, s);
	return packed.n && index_packed_has_id(packed, id);
}

int log_find_id(struct log *l, const uint8_t id[8], struct log_record *out)
{
	int e = -ENOENT;

	if (!l->key || index_catch_up(l))
		return -ENOENT;
	for (size_t i = l->n_segments; i-- > 0 && e == -ENOENT;)
		if (segment_may_have(l, l->segments[i], id))
			e = segment_find_id(l, l->segments[i], id, out);
	return e;
}

/* ---- topics ---- */

/* Those of the topic, of the last segment all. */
static const struct topic *segment_topics(struct log *l, struct segment *s,
					  uint32_t topic, uint32_t *n)
{
	struct span packed;

	*n = l->index.n_topics;
	if (s == log_last(l))
		return l->index.topics;
	packed = segment_index(l, s);
	*n = 0;
	return packed.n ? index_packed_topics(packed, topic, n) : NULL;
}

/* What cannot be read any more is left out. */
static int segment_topic(struct log *l, struct segment *s, uint32_t topic,
			 int (*fn)(void *ctx, const struct log_record *r),
			 void *ctx)
{
	uint32_t n;
	const struct topic *v = segment_topics(l, s, topic, &n);
	struct log_record r;
	int e = 0;

	for (uint32_t i = 0; i < n && !e; i++)
		if (v[i].hash == topic &&
		    log_read(l, position(s->number, 0) +
			     (uint64_t)v[i].record * RECORD_ALIGN, &r) == 0)
			e = fn(ctx, &r);
	return e;
}

int log_topic(struct log *l, uint32_t topic,
	      int (*fn)(void *ctx, const struct log_record *r), void *ctx)
{
	int e = l->key ? index_catch_up(l) : -ENOENT;

	for (size_t i = 0; i < l->n_segments && !e; i++)
		e = segment_topic(l, l->segments[i], topic, fn, ctx);
	return e;
}
