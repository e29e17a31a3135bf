/* SPDX-License-Identifier: MIT
 *
 * The index of a segment as bytes: made once, when the segment is sealed or
 * the log closed, and read in place from then on.
 *
 * A file is believed if its checksums hold and the batch that it names last
 * stands where it says. It is never synced: what a crash spoils is made again
 * from the segment.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include "lib/base/crc32c.h"
#include "lib/log/index.h"
#include "lib/log/internal.h"

#define FILTER_BITS_EACH 8	/* of an id, when it is packed */

/* ---- packing ---- */

static void pack_slots(const struct index *x, struct buf *out,
		       struct index_header *h)
{
	for (uint32_t i = 0; i < x->n_authors; i++) {
		const struct index_author *a = &x->authors[i];
		struct index_slot_disk d = { .slot = i,
			.unsorted = a->unsorted, .first = h->places,
			.n = { a->lists[0].n, a->lists[1].n }, .cut = a->cut };

		if (d.n[0] + d.n[1] == 0 && d.cut == INDEX_NO_CUT)
			continue;
		buf_add(out, SPAN(&d, sizeof(d)));
		h->slots++;
		h->places += d.n[0] + d.n[1];
	}
}

static void pack_places(const struct index *x, struct buf *out)
{
	for (uint32_t i = 0; i < x->n_authors; i++)
		for (int j = 0; j < INDEX_LISTS; j++) {
			const struct index_list *l = &x->authors[i].lists[j];

			buf_add(out, SPAN(l->v, l->n * sizeof(*l->v)));
		}
}

static int topic_compare(const void *pa, const void *pb)
{
	const struct topic *a = pa, *b = pb;

	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return (a->record > b->record) - (a->record < b->record);
}

static void pack_topics(const struct index *x, struct buf *out)
{
	size_t size = x->n_topics * sizeof(*x->topics);

	buf_add(out, SPAN(x->topics, size));
	if (size)
		qsort(out->p + out->len - size, x->n_topics,
		      sizeof(*x->topics), topic_compare);
}

/* Folded to what the ids need: an id's block is its place modulo the size. */
static void pack_filter(const struct index *x, struct buf *out,
			struct index_header *h)
{
	uint8_t *p = buf_reserve(out, x->filter_size);
	uint32_t n = x->filter_size;

	memcpy(p, x->filter, n);
	while (n > INDEX_BLOCK && n / 2 * 8 >= x->n_items * FILTER_BITS_EACH) {
		n /= 2;
		for (uint32_t i = 0; i < n; i++)
			p[i] |= p[n + i];
	}
	out->len += n;
	h->filter = n;
}

void index_pack(const struct index *x, struct buf *out)
{
	struct index_header h = { .version = INDEX_VERSION,
		.last = x->last, .last_crc = x->last_crc,
		.topics = x->n_topics };

	memcpy(h.magic, INDEX_MAGIC, 8);
	out->len = 0;
	buf_add(out, SPAN(&h, sizeof(h)));
	pack_slots(x, out, &h);
	pack_places(x, out);
	pack_topics(x, out);
	pack_filter(x, out, &h);
	h.body_crc = crc32c(0, out->p + sizeof(h), out->len - sizeof(h));
	h.crc = crc32c(0, &h, offsetof(struct index_header, crc));
	memcpy(out->p, &h, sizeof(h));
}

/* ---- checking ---- */

static const struct index_header *packed_header(struct span file)
{
	return (const void *)file.p;
}

static const struct index_slot_disk *packed_slots(struct span file)
{
	return (const void *)(file.p + sizeof(struct index_header));
}

static const struct place *packed_places(struct span file)
{
	return (const void *)(packed_slots(file) + packed_header(file)->slots);
}

static const struct topic *packed_topics(struct span file)
{
	return (const void *)(packed_places(file) +
			      packed_header(file)->places);
}

static const uint8_t *packed_filter(struct span file)
{
	return (const void *)(packed_topics(file) +
			      packed_header(file)->topics);
}

static bool header_sound(const struct index_header *h)
{
	return memcmp(h->magic, INDEX_MAGIC, 8) == 0 &&
		h->version == INDEX_VERSION &&
		h->crc == crc32c(0, h, offsetof(struct index_header, crc));
}

static bool packed_sizes_fit(struct span file)
{
	const struct index_header *h = packed_header(file);
	uint64_t size = sizeof(*h) +
		(uint64_t)h->slots * sizeof(struct index_slot_disk) +
		(uint64_t)h->places * sizeof(struct place) +
		(uint64_t)h->topics * sizeof(struct topic) + h->filter;

	return size == file.n && h->filter >= INDEX_BLOCK &&
		(h->filter & (h->filter - 1)) == 0;
}

static bool packed_slots_fit(struct span file)
{
	const struct index_slot_disk *d = packed_slots(file);
	uint32_t slots = packed_header(file)->slots;
	uint64_t next = 0;

	for (uint32_t i = 0; i < slots; next += d[i].n[0] + (uint64_t)d[i].n[1],
	     i++)
		if (d[i].first != next || d[i].slot >= INDEX_SLOTS_MAX ||
		    (i > 0 && d[i].slot <= d[i - 1].slot))
			return false;
	return next == packed_header(file)->places;
}

bool index_packed_valid(struct span file)
{
	const struct index_header *h = packed_header(file);

	return file.n >= sizeof(*h) && header_sound(h) &&
		packed_sizes_fit(file) && packed_slots_fit(file) &&
		h->body_crc == crc32c(0, file.p + sizeof(*h),
				      file.n - sizeof(*h));
}

/* ---- looking ---- */

bool index_packed_get(struct span file, uint32_t slot, struct index_slot *out)
{
	const struct index_slot_disk *d = packed_slots(file);
	uint32_t low = 0, high = packed_header(file)->slots;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (d[middle].slot < slot)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == packed_header(file)->slots || d[low].slot != slot)
		return false;
	d += low;
	out->v[INDEX_ITEMS] = packed_places(file) + d->first;
	out->v[INDEX_MARKS] = out->v[INDEX_ITEMS] + d->n[INDEX_ITEMS];
	memcpy(out->n, d->n, sizeof(out->n));
	out->unsorted = d->unsorted;
	out->cut = d->cut;
	return true;
}

bool index_packed_has_id(struct span file, const uint8_t id[8])
{
	return filter_has(packed_filter(file), packed_header(file)->filter,
			  id);
}

const struct topic *index_packed_topics(struct span file, uint32_t hash,
					uint32_t *n)
{
	const struct topic *v = packed_topics(file);
	uint32_t low = 0, all = packed_header(file)->topics, high = all;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (v[middle].hash < hash)
			low = middle + 1;
		else
			high = middle;
	}
	for (*n = 0; low + *n < all && v[low + *n].hash == hash; )
		++*n;
	return v + low;
}

/* ---- taking up again ---- */

static int unpack_list(struct index_list *l, const struct place *v, uint32_t n)
{
	void *copy;

	if (n == 0)
		return 0;
	copy = reallocarray(l->v, n, sizeof(*v));
	if (!copy)
		return -ENOMEM;
	memcpy(copy, v, n * sizeof(*v));
	l->v = copy;
	l->n = l->cap = n;
	return 0;
}

static int unpack_slot(struct index *x, struct span file, uint32_t slot)
{
	struct log_key nothing = { .type = LOG_KEY_CUT,
				   .seq = INDEX_NO_CUT };
	struct index_author *a;
	struct index_slot s;
	int e;

	if (!index_packed_get(file, slot, &s))
		return 0;
	e = index_add(x, slot, &nothing, 0);	/* makes the slot */
	if (e)
		return e;
	a = &x->authors[slot];
	a->unsorted = s.unsorted;
	a->cut = s.cut;
	for (int i = 0; i < INDEX_LISTS && !e; i++)
		e = unpack_list(&a->lists[i], s.v[i], s.n[i]);
	for (uint32_t i = 0; i < s.n[INDEX_ITEMS]; i++)
		x->n_items += s.v[INDEX_ITEMS][i].count;
	return e;
}

/* A folded filter, unfolded: each half holds what either held. */
static void unpack_filter(struct index *x, const uint8_t *filter, uint32_t n)
{
	uint32_t size = n > x->filter_size ? n : x->filter_size;

	for (uint32_t at = 0; at < size; at++)
		x->filter[at % x->filter_size] |= filter[at % n];
}

int index_unpack(struct index *x, struct span file, uint32_t end)
{
	const struct index_header *h = packed_header(file);
	int e = 0;

	for (uint32_t i = 0; i < h->slots && !e; i++)
		e = unpack_slot(x, file, packed_slots(file)[i].slot);
	for (uint32_t i = 0; i < h->topics && !e; i++)
		e = index_add_topic(x, packed_topics(file)[i].hash,
				    packed_topics(file)[i].record);
	unpack_filter(x, packed_filter(file), h->filter);
	x->end = end;
	x->last = h->last;
	x->last_crc = h->last_crc;
	return e;
}

/* ---- files ---- */

static int save_bytes(const struct log *l, const char *path, struct span s)
{
	const struct log_io *io = l->io;
	int fd = io->open(io->ctx, path, O_RDWR | O_CREAT | O_TRUNC, 0644);
	int e;

	if (fd < 0)
		return fd;
	e = log_write_all(l, fd, s.p, s.n, 0);
	io->close(io->ctx, fd);
	return e;
}

void index_save(const struct log *l, const struct index *x)
{
	char fresh[PATH_MAX], path[PATH_MAX];
	struct buf b = { 0 };

	if (segment_path(fresh, l, x->number, "idx.new") ||
	    segment_path(path, l, x->number, "idx"))
		return;
	index_pack(x, &b);
	if (save_bytes(l, fresh, buf_span(&b)))
		l->io->unlink(l->io->ctx, fresh);
	else
		l->io->rename(l->io->ctx, fresh, path);
	buf_fini(&b);
}

/* The batch that it names last stands where it says; its end, or 0. */
static uint32_t header_end(const struct index_header *h,
			   const struct segment *s)
{
	struct view v = segment_view(s);
	const struct batch_header *b = batch_at(&v, h->last);

	if (!b || b->crc != h->last_crc)
		return 0;
	return h->last + (uint32_t)sizeof(*b) + b->body_len;
}

int index_open(const struct log *l, const struct segment *s)
{
	char path[PATH_MAX];
	int e = segment_path(path, l, s->number, "idx");

	return e ? e : l->io->open(l->io->ctx, path, O_RDONLY, 0);
}

uint32_t index_hint(const struct log *l, const struct segment *s)
{
	int fd = l->key ? index_open(l, s) : -ENOENT;
	struct index_header h;
	bool fits;

	if (fd < 0)
		return SEGMENT_DATA;
	fits = l->io->pread(l->io->ctx, fd, &h, sizeof(h), 0) == sizeof(h) &&
		header_sound(&h) && header_end(&h, s);
	l->io->close(l->io->ctx, fd);
	return fits ? h.last : SEGMENT_DATA;
}

/* The file's bytes, mapped; empty if there is none or it is not sound. */
struct span index_map(const struct log *l, struct segment *s)
{
	int fd = index_open(l, s);
	struct span file = SPAN(NULL, 0);
	int64_t size;

	if (fd < 0)
		return file;
	size = l->io->size(l->io->ctx, fd);
	if (size >= (int64_t)sizeof(struct index_header))
		file = SPAN(l->io->map(l->io->ctx, fd, (size_t)size),
			    (size_t)size);
	l->io->close(l->io->ctx, fd);
	if (!file.p)
		return SPAN(NULL, 0);
	fault_guard_add(&s->index_guard, file.p, file.n);
	s->index = file;
	s->index_mapped = true;
	if (!index_packed_valid(file) || !header_end(packed_header(file), s))
		segment_index_drop(s);
	return s->index;
}

int index_resume(struct log *l, struct index *x, struct segment *s)
{
	struct span file = s->p ? index_map(l, s) : SPAN(NULL, 0);
	int e = index_begin(x, s->number, l->segment_size);

	if (!e && file.n)
		e = index_unpack(x, file,
				 header_end(packed_header(file), s));
	segment_index_drop(s);
	return e;
}

/* Made by a walk over the segment, and kept on the heap. */
static void index_make(struct log *l, struct segment *s)
{
	struct index x = { 0 };
	struct buf b = { 0 };

	if (index_begin(&x, s->number, l->segment_size) == 0 &&
	    index_walk(l, &x, s, s->size) == 0) {
		index_pack(&x, &b);
		s->index = buf_span(&b);
		if (!l->read_only && x.last)
			index_save(l, &x);
	}
	index_fini(&x);
}

/* Nothing follows what it names last: a power cut may have left the index that
 * was made at a close before the segment was full. */
static bool index_complete(struct span file, const struct segment *s)
{
	const struct index_header *h = packed_header(file);
	struct view v = segment_view(s);
	const struct batch_header *b = batch_at(&v, h->last);

	return b && (b->flags & BATCH_SEAL ||
		     !batch_search(&v, header_end(h, s)));
}

struct span segment_index(struct log *l, struct segment *s)
{
	if (!s->index.n && s->p && index_map(l, s).n &&
	    !index_complete(s->index, s))
		segment_index_drop(s);
	if (!s->index.n && s->p)
		index_make(l, s);
	return s->index;
}

void segment_index_drop(struct segment *s)
{
	if (s->index_mapped) {
		fault_guard_remove(&s->index_guard);
		s->io->unmap(s->io->ctx, s->index.p, s->index.n);
	} else {
		free((void *)(uintptr_t)s->index.p);
	}
	s->index = SPAN(NULL, 0);
	s->index_mapped = false;
}
