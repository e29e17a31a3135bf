/* SPDX-License-Identifier: MIT
 *
 * The containers of table.h: chained buckets that double, and a sorted array.
 */
#include <stdlib.h>
#include "lib/base/crypto.h"
#include "lib/view/table.h"

void *view_alloc(size_t size)
{
	void *p = calloc(1, size ? size : 1);

	if (!p)
		abort();
	return p;
}

/* ---- table ---- */

static struct table_entry **bucket_of(const struct table *t, uint64_t hash)
{
	return &t->bucket[hash & (t->cap - 1)];
}

static void table_grow(struct table *t)
{
	struct table old = *t;

	t->cap = old.cap ? 2 * old.cap : 8;
	t->bucket = view_alloc(t->cap * sizeof(*t->bucket));
	for (size_t i = 0; i < old.cap; i++)
		for (struct table_entry *e = old.bucket[i], *next; e;
		     e = next) {
			struct table_entry **at = bucket_of(t, e->hash);

			next = e->next;
			e->next = *at;
			*at = e;
		}
	free(old.bucket);
}

static struct table_entry *find(const struct table *t, uint64_t hash,
				struct span key)
{
	struct table_entry *e = t->cap ? *bucket_of(t, hash) : NULL;

	while (e && (e->hash != hash || !span_equal(e->key, key)))
		e = e->next;
	return e;
}

struct table_entry *table_find(const struct table *t, const uint8_t seed[16],
			       struct span key)
{
	return find(t, crypto_siphash(seed, key), key);
}

struct table_entry *table_get(struct table *t, const uint8_t seed[16],
			      struct span key, size_t size)
{
	uint64_t hash = crypto_siphash(seed, key);
	struct table_entry *e = find(t, hash, key), **at;

	if (e)
		return e;
	if (t->n == t->cap)
		table_grow(t);
	e = view_alloc(size + key.n);
	if (key.n)
		memcpy((uint8_t *)e + size, key.p, key.n);
	e->key = SPAN((uint8_t *)e + size, key.n);
	e->hash = hash;
	at = bucket_of(t, hash);
	e->next = *at;
	*at = e;
	t->n++;
	return e;
}

static int entry_compare(const void *a, const void *b)
{
	return span_compare((*(struct table_entry *const *)a)->key,
			    (*(struct table_entry *const *)b)->key);
}

struct table_entry **table_sorted(const struct table *t)
{
	struct table_entry **list = view_alloc(t->n * sizeof(struct table_entry *));
	size_t n = 0;

	for (size_t i = 0; i < t->cap; i++)
		for (struct table_entry *e = t->bucket[i]; e; e = e->next)
			list[n++] = e;
	qsort(list, n, sizeof(struct table_entry *), entry_compare);
	return list;
}

void table_fini(struct table *t, void (*fn)(struct table_entry *e))
{
	for (size_t i = 0; i < t->cap; i++)
		for (struct table_entry *e = t->bucket[i], *next; e;
		     e = next) {
			next = e->next;
			if (fn)
				fn(e);
			free(e);
		}
	free(t->bucket);
	*t = (struct table){ 0 };
}

/* ---- pile ---- */

void pile_add(struct pile *p, void *item)
{
	if (p->n == p->cap) {
		p->cap = p->cap ? 2 * p->cap : 4;
		p->item = reallocarray(p->item, p->cap, sizeof(*p->item));
		if (!p->item)
			abort();
	}
	p->item[p->n++] = item;
}

static int item_compare(const void *a, const void *b, void *compare)
{
	return (*(pile_compare *)compare)(*(void *const *)a,
					  *(void *const *)b);
}

void pile_settle(struct pile *p, pile_compare compare)
{
	size_t kept = 0;

	if (p->settled == p->n)
		return;
	qsort_r(p->item, p->n, sizeof(*p->item), item_compare, &compare);
	for (size_t i = 0; i < p->n; i++)
		if (kept && compare(p->item[kept - 1], p->item[i]) == 0)
			free(p->item[i]);
		else
			p->item[kept++] = p->item[i];
	p->n = p->settled = kept;
}

void pile_fini(struct pile *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->item[i]);
	free(p->item);
	*p = (struct pile){ 0 };
}
