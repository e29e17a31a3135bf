/* SPDX-License-Identifier: MIT
 *
 * Reading in place. A batch is verified the first time this process meets it,
 * in order; later readers trust what was checked. Damage is stepped over to
 * the next sound header.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "lib/base/crc32c.h"
#include "lib/log/internal.h"

#define PREFETCH 2048	/* bytes ahead: over the page that the CPU stops at */

struct log_snapshot {
	const struct log *log;
	uint64_t tail;
	size_t n;
	struct segment *segments[];	/* pinned, by number */
};

struct log_snapshot *log_snapshot(struct log *l)
{
	struct log_snapshot *s = malloc(sizeof(*s) + l->n_segments *
					sizeof(s->segments[0]));

	if (!s)
		return NULL;
	s->log = l;
	s->tail = l->durable;
	s->n = l->n_segments;
	for (size_t i = 0; i < s->n; i++) {
		s->segments[i] = l->segments[i];
		s->segments[i]->pins++;
	}
	return s;
}

int log_release(struct log_snapshot *s)
{
	bool faulted = false;

	for (size_t i = 0; i < s->n; i++) {
		faulted |= s->segments[i]->guard.faulted;
		segment_put(s->segments[i]);
	}
	free(s);
	return faulted ? -EIO : 0;
}

/* The first segment numbered `number` or higher; NULL. */
static struct segment *segment_from(struct segment *const *v, size_t n,
				    uint64_t number)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (v[middle]->number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n ? v[low] : NULL;
}

/* What of it is published. */
static struct view segment_published(const struct segment *s, uint64_t tail)
{
	struct view v = segment_view(s);

	if (s->number > position_segment(tail))
		v.limit = 0;
	else if (s->number == position_segment(tail) &&
		 position_offset(tail) < v.limit)
		v.limit = position_offset(tail);
	return v;
}

/* ---- iteration ---- */

struct log_iter log_iter(struct log_snapshot *s, uint64_t at)
{
	return (struct log_iter){ .s = s, .at = at };
}

bool segment_verify(struct segment *s, const struct batch_header *h)
{
	uint32_t offset = (uint32_t)((const uint8_t *)h - s->p);

	if (offset < s->checked)
		return true;
	if (!batch_sound(h))
		return false;
	if (offset == s->checked)
		s->checked += (uint32_t)sizeof(*h) + h->body_len;
	return true;
}

/* The caller says where the next record is: it->at. */
static void iter_enter(struct log_iter *it, const struct batch_header *h)
{
	it->record = (const uint8_t *)(h + 1);
	it->batch_end = it->record + h->body_len;
	it->left = h->count;
	it->wall_ms = h->wall_ms;
}

/* ---- damage ---- */

void log_damage_add(void *ctx, uint64_t from, uint64_t to, uint64_t bytes)
{
	const uint64_t range[] = { from, to };
	struct log_damage *d = ctx;
	struct log_range *last = d->kept ? &d->first[d->kept - 1] : NULL;

	d->bytes += bytes;
	d->mark = crc32c(d->mark, range, sizeof(range));
	if (last && last->to == from && d->kept == d->ranges) {
		last->to = to;
		return;
	}
	if (d->kept < LOG_DAMAGE_MAX)
		d->first[d->kept++] = (struct log_range){ from, to };
	d->ranges++;
}

char *log_range_text(char dst[LOG_RANGE_TEXT_MAX], struct log_range r)
{
	unsigned long long a = position_segment(r.from),
		b = position_segment(r.to);
	unsigned from = position_offset(r.from), to = position_offset(r.to);

	if (a == b)
		snprintf(dst, LOG_RANGE_TEXT_MAX, "segment %016llx, 0x%x to "
			 "0x%x", a, from, to);
	else if (b > a + 1 || to)
		snprintf(dst, LOG_RANGE_TEXT_MAX, "segment %016llx, 0x%x to "
			 "segment %016llx, 0x%x", a, from, b, to);
	else if (from)
		snprintf(dst, LOG_RANGE_TEXT_MAX, "segment %016llx, 0x%x to "
			 "its end", a, from);
	else
		snprintf(dst, LOG_RANGE_TEXT_MAX, "segment %016llx, all of it",
			 a);
	return dst;
}

static void iter_damaged(struct log_iter *it, uint64_t from, uint64_t to,
			 uint64_t bytes)
{
	it->damaged_bytes += bytes;
	if (it->damage)
		it->damage(it->ctx, from, to, bytes);
}

/* Nothing is sound in a segment from offset on. Unless it is the one where
 * the log ends, it should have come to a SEAL: its end is lost as well. */
static void iter_lost_end(struct log_iter *it, const struct segment *s,
			  const struct view *v, uint32_t offset)
{
	uint32_t bytes = offset < v->limit ? v->limit - offset : 0;
	uint64_t from = position(s->number, offset);

	if (s->number < position_segment(it->s->tail))
		iter_damaged(it, from, position(s->number + 1, 0), bytes);
	else if (bytes)
		iter_damaged(it, from, position(s->number, v->limit), bytes);
}

/* Into the first sound batch at or after offset; false if there is none. */
static bool iter_find_batch(struct log_iter *it, struct segment *s,
			    const struct view *v, uint32_t offset)
{
	const struct batch_header *h;
	uint32_t end = offset;	/* of what was sound */

	while ((h = batch_search(v, offset))) {
		uint32_t at = (uint32_t)((const uint8_t *)h - v->p);

		offset = at + BATCH_ALIGN;
		if (!(h->flags & BATCH_SEAL) && !segment_verify(s, h))
			continue;
		if (at > end)
			iter_damaged(it, position(s->number, end),
				     position(s->number, at), at - end);
		if (h->flags & BATCH_SEAL)
			return false;
		offset = end = at + (uint32_t)sizeof(*h) + h->body_len;
		if (h->count) {
			it->at = position(s->number, at) + sizeof(*h);
			iter_enter(it, h);
			return true;
		}
	}
	iter_lost_end(it, s, v, end);
	return false;
}

/* The batch a record at offset belongs to; NULL if it is none. */
static const struct batch_header *batch_of(const struct view *v,
					   uint32_t offset)
{
	const struct record_header *r;
	const struct batch_header *h;
	uint32_t line = offset / BATCH_ALIGN;

	if (offset % RECORD_ALIGN || offset < SEGMENT_DATA ||
	    offset >= v->limit || v->limit - offset < sizeof(*r))
		return NULL;
	r = (const void *)(v->p + offset);
	if (r->back > line)
		return NULL;
	h = batch_at(v, (line - r->back) * BATCH_ALIGN);
	if (!h || v->p + offset < (const uint8_t *)(h + 1) ||
	    v->p + offset + sizeof(*r) > (const uint8_t *)(h + 1) + h->body_len)
		return NULL;
	return h;
}

/* Into the middle of a batch, where an earlier iteration stopped. */
static bool iter_resume(struct log_iter *it, struct segment *s,
			const struct view *v, uint32_t offset)
{
	const struct batch_header *h;

	if (offset % BATCH_ALIGN == 0 && batch_at(v, offset))
		return false;
	h = batch_of(v, offset);
	if (!h || !segment_verify(s, h))
		return false;
	iter_enter(it, h);
	while (it->left && it->record < v->p + offset) {
		const struct record_header *r = (const void *)it->record;

		it->record += record_space(r->len);
		it->left--;
	}
	return it->left && it->record == v->p + offset;
}

/* The batch at it->at or the next one, over segments. */
static bool iter_batch(struct log_iter *it)
{
	struct log_snapshot *snap = it->s;

	while (it->at < snap->tail) {
		uint64_t number = position_segment(it->at);
		uint32_t offset = position_offset(it->at);
		struct segment *s = segment_from(snap->segments, snap->n,
						 number);
		struct view v;

		if (!s || s->number > number)
			iter_damaged(it, it->at, s ? position(s->number, 0) :
				     snap->tail, 0);
		if (!s)
			return false;
		if (s->number > number || offset < SEGMENT_DATA) {
			offset = SEGMENT_DATA;
			if (s->headless)
				iter_damaged(it, position(s->number, 0),
					     position(s->number, offset), 0);
		}
		v = segment_published(s, snap->tail);
		if (iter_resume(it, s, &v, offset))
			return true;
		offset = (offset + BATCH_ALIGN - 1) & ~(BATCH_ALIGN - 1);
		if (iter_find_batch(it, s, &v, offset))
			return true;
		it->left = 0;
		if (s->number == position_segment(snap->tail))
			it->at = snap->tail;
		else
			it->at = position(s->number + 1, 0);
	}
	return false;
}

static void record_read(struct log_record *r, uint64_t at,
			const struct record_header *h, uint64_t wall_ms)
{
	r->at = at;
	r->type = h->type;
	r->slot = h->slot;
	r->wall_ms = wall_ms;
	r->payload = SPAN(h + 1, h->len);
}

static void iter_leave_batch(struct log_iter *it)
{
	it->at += (uint64_t)(it->batch_end - it->record);
	it->left = 0;
}

int log_next(struct log_iter *it, struct log_record *r)
{
	while (it->left || iter_batch(it)) {
		const struct record_header *h = (const void *)it->record;

		if (!record_fits(h, it->batch_end)) {
			uint64_t from = it->at;

			iter_leave_batch(it);
			iter_damaged(it, from, it->at, it->at - from);
			continue;
		}
		__builtin_prefetch(it->record + PREFETCH);
		record_read(r, it->at, h, it->wall_ms);
		it->record += record_space(h->len);
		it->at += record_space(h->len);
		if (--it->left == 0)
			iter_leave_batch(it);
		return 1;
	}
	return 0;
}

/* ---- one record ---- */

int log_read(struct log *l, uint64_t at, struct log_record *r)
{
	struct segment *s = log_segment(l, position_segment(at));
	const struct record_header *h;
	const struct batch_header *b;
	uint64_t tail = l->read_only ? l->durable : l->written;
	struct view v;

	if (!s || at >= tail)
		return -ENOENT;
	v = segment_published(s, tail);
	b = batch_of(&v, position_offset(at));
	if (!b)
		return -ENOENT;
	h = (const void *)(s->p + position_offset(at));
	if (!record_fits(h, (const uint8_t *)(b + 1) + b->body_len) ||
	    crc32c(0, h + 1, h->len) != h->crc)
		return -ENOENT;
	record_read(r, at, h, b->wall_ms);
	return 0;
}
