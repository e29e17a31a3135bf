/* SPDX-License-Identifier: MIT
 *
 * What a crash left (docs/formats.md, "Log").
 *
 *   | batch | batch | batch | X ...
 *                             all zeros: the end
 *                             a later header that says "X was durable":
 *                                damage; what stands after it is kept
 *                             anything else: a torn tail, never acknowledged
 *
 * What is kept but was not proven durable is written once more: after a failed
 * sync the page cache may show what the disk does not have. Then the segment
 * is sealed where the kept part ends; nothing is appended behind a crash. The
 * next segment is begun when there is something to write: zeroing it takes
 * longer than all of this, and a full disk is no reason not to be read.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include "lib/log/internal.h"

/* The batch that the walk waits for, or NULL. */
static const struct batch_header *walk_next(const struct view *v,
					    const struct walk *w, bool bodies)
{
	const struct batch_header *h = batch_at(v, w->end);

	if (!h || h->seq != w->next_seq || h->prev_crc != w->last_crc ||
	    (bodies && !batch_sound(h)))
		return NULL;
	return h;
}

static void walk_accept(struct walk *w, const struct batch_header *h)
{
	w->end += (uint32_t)sizeof(*h) + h->body_len;
	w->next_seq = h->seq + 1;
	w->last_crc = h->crc;
	w->records += h->count;
	if (h->synced_seq > w->synced_seq)
		w->synced_seq = h->synced_seq;
	w->next_record = h->base_record + h->count;
	w->sealed = h->flags & BATCH_SEAL;
	w->clean = h->flags & BATCH_CLEAN;
}

/* To a header that is known to be sound, over those before it. */
static void walk_jump(struct walk *w, const struct batch_header *h,
		      uint32_t at)
{
	w->end = at;
	w->next_seq = h->seq;
	w->last_crc = h->prev_crc;
	w->next_record = h->base_record;
}

/* Was the batch awaited at w->end acknowledged? */
static bool walk_proven(const struct view *v, const struct walk *w)
{
	const struct batch_header *h;

	for (uint32_t at = w->end + BATCH_ALIGN;
	     at < v->limit && (h = batch_search(v, at));
	     at = (uint32_t)((const uint8_t *)h - v->p) + BATCH_ALIGN)
		if (h->seq > w->next_seq && h->synced_seq >= w->next_seq)
			return true;
	return false;
}

/* Goes over damage to the next header; false if there is none. */
static bool walk_skip(const struct view *v, struct walk *w)
{
	const struct batch_header *h;
	uint32_t at;

	h = w->end < v->limit ? batch_search(v, w->end + BATCH_ALIGN) : NULL;
	if (!h)
		return false;
	at = (uint32_t)((const uint8_t *)h - v->p);
	w->damaged += at - w->end;
	walk_jump(w, h, at);
	return true;
}

/* Bytes from the end of what was accepted to the last that is not zero. */
static uint64_t walk_rest(const struct view *v, const struct walk *w)
{
	const uint8_t *p = v->p + w->end;
	size_t n = v->limit > w->end ? v->limit - w->end : 0;

	if (n == 0 || (*p == 0 && memcmp(p, p + 1, n - 1) == 0))
		return 0;
	while (p[n - 1] == 0)
		n--;
	return n;
}

/* Where the batch after synced_seq begins, all before it being durable. */
static void walk_note_synced(const struct segment *s, struct walk *w)
{
	struct view v = segment_view(s);
	const struct batch_header *h;

	w->synced_end = SEGMENT_DATA;
	while (w->synced_end < w->end && (h = batch_at(&v, w->synced_end)) &&
	       h->seq <= w->synced_seq)
		w->synced_end += (uint32_t)sizeof(*h) + h->body_len;
}

static void walk_begin(const struct segment *s, struct walk *w)
{
	*w = (struct walk){ .end = SEGMENT_DATA, .next_seq = s->base_batch,
		.synced_seq = s->base_batch ? s->base_batch - 1 : 0,
		.last_crc = s->header_crc, .next_record = s->base_record };
}

/* The walk stops here, or goes on behind damage? */
static bool walk_go_on(const struct view *v, bool acknowledged, struct walk *w)
{
	w->torn = walk_rest(v, w);
	if (w->torn == 0 || !(acknowledged || walk_proven(v, w)) ||
	    !walk_skip(v, w))
		return false;
	w->torn = 0;
	return true;
}

void segment_walk(const struct segment *s, uint32_t limit, bool acknowledged,
		  struct walk *w)
{
	struct view v = segment_view(s);
	const struct batch_header *h;

	walk_begin(s, w);
	if (!s->p)
		return;
	if (limit < v.limit)
		v.limit = limit;
	while (!w->sealed) {
		h = walk_next(&v, w, true);
		if (!h && !walk_go_on(&v, acknowledged, w))
			break;
		if (!h)
			continue;
		walk_accept(w, h);
	}
	walk_note_synced(s, w);
}

bool segment_walk_headers(const struct segment *s, uint32_t from,
			  uint32_t limit, struct walk *w)
{
	static const uint8_t zeros[BATCH_ALIGN];
	struct view v = segment_view(s);
	const struct batch_header *h;

	walk_begin(s, w);
	if (!s->p)
		return false;
	if (limit < v.limit)
		v.limit = limit;
	h = from > SEGMENT_DATA ? batch_at(&v, from) : NULL;
	if (h)
		walk_jump(w, h, from);
	while (!w->sealed && (h = walk_next(&v, w, false)))
		walk_accept(w, h);
	return w->end == v.limit ||
		(w->clean && v.limit - w->end >= BATCH_ALIGN &&
		 memcmp(v.p + w->end, zeros, BATCH_ALIGN) == 0);
}

/* ---- at open ---- */

/* The segments before the last one: their SEAL says it all. */
static void recover_sealed(struct log *l, struct log_recovery *rec)
{
	for (size_t i = 0; i + 1 < l->n_segments; i++) {
		struct segment *s = l->segments[i];
		struct walk w;

		rec->bytes += s->size;
		if (s->sealed)
			continue;
		segment_walk(s, s->size, true, &w);
		rec->damaged_bytes += w.damaged + w.torn;
	}
}

/* Segments that were there once: numbers have no gaps, and LOCK knows how far
 * they went. In a ring the first ones go. */
static uint64_t recover_lost(const struct log *l)
{
	uint64_t first = l->ring_bytes ? l->segments[0]->number : 0;
	uint64_t next = log_last(l)->number + 1;

	if (l->made > next)
		next = l->made;
	return next - first - l->n_segments;
}

/* The last segment becomes the one written to. */
static int recover_reopen(struct log *l, const struct segment *s)
{
	char path[PATH_MAX];
	int e = segment_path(path, l, s->number, "seg");

	if (e)
		return e;
	l->fd = l->io->open(l->io->ctx, path, O_RDWR, 0);
	return l->fd < 0 ? l->fd : 0;
}

/* After a crash: make the kept part durable and seal. A SEAL that stands there
 * may itself not be on the disk. If segments behind it are lost, the next one
 * is begun at once: the gap is between the two. */
static int recover_unclean(struct log *l, struct segment *s,
			   const struct walk *w)
{
	int e = recover_reopen(l, s);

	if (!e && !l->ring_bytes)
		e = log_rewrite(l, w->synced_end, w->end);
	if (!e)
		e = w->sealed ? log_shorten(l) : log_seal(l);
	if (!e && l->made > s->number + 1)
		e = log_segment_begin(l);
	return e;
}

static void recover_say(struct log_recovery *rec)
{
	if (rec->lost_segments)
		snprintf(rec->note, sizeof(rec->note), "%llu segments are "
			 "missing", (unsigned long long)rec->lost_segments);
	else if (rec->damaged_bytes)
		snprintf(rec->note, sizeof(rec->note), "%llu bytes that were "
			 "on the disk cannot be read any more",
			 (unsigned long long)rec->damaged_bytes);
	else if (rec->torn_bytes)
		snprintf(rec->note, sizeof(rec->note), "%llu bytes of an "
			 "unfinished write were left out",
			 (unsigned long long)rec->torn_bytes);
}

/* Reads the last segment up to its end: headers only if it was closed (from
 * the last one, if its index says which that is), or if the page of its writer
 * says where it ends. */
static void recover_walk(struct log *l, struct segment *s, struct walk *w)
{
	uint32_t limit = s->size;

	if (l->durable && position_segment(l->durable) < s->number)
		limit = SEGMENT_DATA;	/* begun since: nothing published */
	if (l->durable && position_segment(l->durable) == s->number)
		limit = position_offset(l->durable);
	if (segment_walk_headers(s, index_hint(l, s), limit, w) &&
	    (l->durable || w->clean))
		return;
	segment_walk(s, limit, l->durable != 0, w);
	s->checked = w->damaged ? s->checked : w->end;
}

/* What is kept is not durable yet, and the SEAL must not say that it is. */
static void recover_take(struct log *l, const struct walk *w)
{
	l->offset = w->end;
	l->next_seq = w->next_seq;
	l->next_record = w->next_record;
	l->prev_crc = w->last_crc;
	l->synced_seq = w->synced_seq;
	l->clean = w->clean;
}

/* Closed properly, or never used. */
static bool recover_is_clean(const struct walk *w)
{
	return (w->clean || w->sealed || w->end == SEGMENT_DATA) &&
		!w->torn && !w->damaged;
}

/* First the names: who died may have been about to make them last. */
static int recover_write(struct log *l, struct segment *s,
			 const struct walk *w)
{
	int e = l->ring_bytes ? 0 : l->io->fsync_dir(l->io->ctx, l->dir);

	if (e)
		return e;
	if (!w->sealed && recover_is_clean(w) && s->size == l->segment_size)
		return recover_reopen(l, s);
	return recover_unclean(l, s, w);
}

int log_recover(struct log *l, struct log_recovery *rec)
{
	struct segment *s = log_last(l);
	struct walk w;

	rec->clean = true;
	if (!s)
		return l->read_only ? 0 : log_segment_begin(l);
	recover_sealed(l, rec);
	recover_walk(l, s, &w);
	recover_take(l, &w);
	rec->segments = l->n_segments;
	rec->lost_segments = recover_lost(l);
	rec->records = w.next_record;
	rec->bytes += w.end;
	rec->torn_bytes = w.torn;
	rec->damaged_bytes += w.damaged;
	rec->clean = recover_is_clean(&w);
	recover_say(rec);
	return l->read_only ? 0 : recover_write(l, s, &w);
}
