/* SPDX-License-Identifier: MIT
 *
 * The index of one segment in memory: for each slot a list of places of its
 * items and one of its marks, in the order in which they came. They nearly
 * always come in order of seq; a list that did not is searched from its end.
 */
#include <errno.h>
#include <stdlib.h>
#include "lib/log/index.h"

#define FILTER_SHARE 256u	/* the filter is so small a part of a segment */
#define FILTER_BITS 4		/* an id sets, in its block */

/* ---- the filter: ids in blocks of 512 bits ---- */

static uint32_t filter_for(uint32_t segment_size)
{
	uint32_t size = INDEX_BLOCK;

	while (2 * size <= segment_size / FILTER_SHARE)
		size *= 2;
	return size;
}

/* The block and the bits in it; ids are hashes already, but whoever asks for
 * one knows its first 8 bytes only. */
static uint64_t filter_hash(const uint8_t id[8], uint32_t size,
			    uint32_t *block)
{
	uint64_t h = le_get(id, 8) * 0x9e3779b97f4a7c15ULL;

	*block = (uint32_t)(h >> 32) & (size - 1) & ~(INDEX_BLOCK - 1);
	return (h ^ h >> 29) * 0xbf58476d1ce4e5b9ULL;
}

static void filter_add(uint8_t *filter, uint32_t size, const uint8_t id[8])
{
	uint32_t block;
	uint64_t bits = filter_hash(id, size, &block);

	for (int i = 0; i < FILTER_BITS; i++, bits >>= 9)
		filter[block + (bits >> 3) % INDEX_BLOCK] |=
			(uint8_t)(1u << bits % 8);
}

bool filter_has(const uint8_t *filter, uint32_t size, const uint8_t id[8])
{
	uint32_t block;
	uint64_t bits = filter_hash(id, size, &block);

	for (int i = 0; i < FILTER_BITS; i++, bits >>= 9)
		if (!(filter[block + (bits >> 3) % INDEX_BLOCK] &
		      1u << bits % 8))
			return false;
	return true;
}

/* ---- begun and ended ---- */

static void index_forget(struct index *x)
{
	for (uint32_t i = 0; i < x->n_authors; i++)
		for (int j = 0; j < INDEX_LISTS; j++)
			free(x->authors[i].lists[j].v);
	x->n_authors = 0;
	x->n_items = 0;
	x->n_topics = 0;
}

int index_begin(struct index *x, uint64_t number, uint32_t segment_size)
{
	uint32_t size = filter_for(segment_size);

	index_forget(x);
	if (x->filter_size != size) {
		uint8_t *filter = realloc(x->filter, size);

		if (!filter)
			return -ENOMEM;
		x->filter = filter;
		x->filter_size = size;
	}
	memset(x->filter, 0, size);
	x->number = number;
	x->end = SEGMENT_DATA;
	x->last = x->last_crc = 0;
	x->begun = true;
	return 0;
}

void index_fini(struct index *x)
{
	index_forget(x);
	free(x->authors);
	free(x->topics);
	free(x->filter);
	*x = (struct index){ 0 };
}

/* ---- adding ---- */

/* NULL when out of memory. */
static struct index_author *index_author(struct index *x, uint32_t slot)
{
	if (slot >= x->cap_authors) {
		uint32_t cap = x->cap_authors ? x->cap_authors : 16;
		void *v;

		while (cap <= slot)
			cap *= 2;
		v = reallocarray(x->authors, cap, sizeof(*x->authors));
		if (!v)
			return NULL;
		x->authors = v;
		x->cap_authors = cap;
	}
	while (x->n_authors <= slot)
		x->authors[x->n_authors++] =
			(struct index_author){ .cut = INDEX_NO_CUT };
	return &x->authors[slot];
}

static int list_push(struct index_list *l, const struct place *p)
{
	if (l->n == l->cap) {
		uint32_t cap = l->cap ? 2 * l->cap : 2;
		void *v = reallocarray(l->v, cap, sizeof(*l->v));

		if (!v)
			return -ENOMEM;
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n++] = *p;
	return 0;
}

/* Marks have gaps between them, items have none. */
static int index_put(struct index_author *a, int which, uint64_t seq,
		     uint32_t line)
{
	struct index_list *l = &a->lists[which];
	struct place *last = l->n ? &l->v[l->n - 1] : NULL;
	struct place p = { seq, 1, line };

	if (last && last->line == line && seq >= last->seq + last->count &&
	    seq - last->seq < UINT32_MAX &&
	    (which == INDEX_MARKS || seq == last->seq + last->count)) {
		last->count = (uint32_t)(seq - last->seq) + 1;
		return 0;
	}
	if (last && seq < last->seq + last->count)
		a->unsorted |= (uint16_t)(1u << which);
	return list_push(l, &p);
}

static void list_cut(struct index_list *l, uint64_t from)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < l->n; i++) {
		struct place p = l->v[i];

		if (p.seq >= from)
			continue;
		if (p.count > from - p.seq)
			p.count = (uint32_t)(from - p.seq);
		l->v[kept++] = p;
	}
	l->n = kept;
}

static void index_cut(struct index_author *a, uint64_t from)
{
	for (int i = 0; i < INDEX_LISTS; i++)
		list_cut(&a->lists[i], from);
	if (from < a->cut)
		a->cut = from;
}

int index_add(struct index *x, uint32_t slot, const struct log_key *k,
	      uint32_t offset)
{
	struct index_author *a;

	if (k->type == LOG_KEY_NONE || slot >= INDEX_SLOTS_MAX ||
	    (k->seq > INDEX_SEQ_MAX && k->seq != INDEX_NO_CUT))
		return 0;
	a = index_author(x, slot);
	if (!a)
		return -ENOMEM;
	if (k->type == LOG_KEY_CUT) {
		index_cut(a, k->seq);
		return 0;
	}
	if (k->type == LOG_KEY_MARK)
		return index_put(a, INDEX_MARKS, k->seq, offset / BATCH_ALIGN);
	if (k->id)
		filter_add(x->filter, x->filter_size, k->id);
	x->n_items++;
	return index_put(a, INDEX_ITEMS, k->seq, offset / BATCH_ALIGN);
}

int index_add_topic(struct index *x, uint32_t topic, uint32_t record)
{
	if (topic == 0)
		return 0;
	if (x->n_topics == x->cap_topics) {
		uint32_t cap = x->cap_topics ? 2 * x->cap_topics : 64;
		void *v = reallocarray(x->topics, cap, sizeof(*x->topics));

		if (!v)
			return -ENOMEM;
		x->topics = v;
		x->cap_topics = cap;
	}
	x->topics[x->n_topics++] = (struct topic){ topic, record };
	return 0;
}

/* ---- looking ---- */

bool index_get(const struct index *x, uint32_t slot, struct index_slot *out)
{
	const struct index_author *a;

	if (slot >= x->n_authors)
		return false;
	a = &x->authors[slot];
	for (int i = 0; i < INDEX_LISTS; i++) {
		out->v[i] = a->lists[i].v;
		out->n[i] = a->lists[i].n;
	}
	out->unsorted = a->unsorted;
	out->cut = a->cut;
	return true;
}

/* The first place in a sorted list whose end lies above seq. */
static uint32_t place_above(const struct place *v, uint32_t n, uint64_t seq)
{
	uint32_t low = 0, high = n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (v[middle].seq + v[middle].count <= seq)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool place_has(const struct place *p, uint64_t seq)
{
	return seq >= p->seq && seq - p->seq < p->count;
}

const struct place *index_item(const struct index_slot *x, uint64_t seq)
{
	const struct place *v = x->v[INDEX_ITEMS];
	uint32_t n = x->n[INDEX_ITEMS];

	if (!(x->unsorted & 1u << INDEX_ITEMS)) {
		uint32_t i = place_above(v, n, seq);

		return i < n && place_has(&v[i], seq) ? &v[i] : NULL;
	}
	while (n > 0)
		if (place_has(&v[--n], seq))
			return &v[n];
	return NULL;
}

/* A place that begins at or below seq may have none at or above it; the next
 * one has. */
const struct place *index_mark(const struct index_slot *x, uint64_t seq)
{
	const struct place *v = x->v[INDEX_MARKS], *best = NULL;
	uint32_t n = x->n[INDEX_MARKS];

	if (!(x->unsorted & 1u << INDEX_MARKS)) {
		uint32_t i = place_above(v, n, seq);

		return i < n ? &v[i] : NULL;
	}
	for (uint32_t i = 0; i < n; i++)
		if (v[i].seq + v[i].count > seq &&
		    (!best || v[i].seq < best->seq))
			best = &v[i];
	return best;
}
