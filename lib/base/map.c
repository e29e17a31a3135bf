/* SPDX-License-Identifier: MIT
 *
 * Open addressing with linear probing, at most three quarters full; a removed
 * entry's followers move up, so there are no tombstones. The hash is keyed
 * with random bytes: a stranger who chooses the keys cannot choose the slots.
 */
#include <errno.h>
#include <stdlib.h>
#include "lib/base/crypto.h"
#include "lib/base/map.h"

#define MAP_FIRST 16 /* a power of two, as every size after it */

struct entry {
	uint32_t value;
	uint8_t n;	/* length of the key; 0 = free */
	uint8_t key[MAP_KEY_MAX];
};

struct map {
	uint8_t secret[16];
	struct entry *v;
	size_t size, count, max;
};

struct map *map_new(size_t max)
{
	struct map *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->size = MAP_FIRST;
	m->max = max;
	m->v = calloc(m->size, sizeof(*m->v));
	if (!m->v) {
		free(m);
		return NULL;
	}
	crypto_random(m->secret, sizeof(m->secret));
	return m;
}

void map_free(struct map *m)
{
	if (!m)
		return;
	free(m->v);
	free(m);
}

static size_t map_home(const struct map *m, struct span key)
{
	return crypto_siphash(m->secret, key) & (m->size - 1);
}

/* Where key is, or the free slot where it would go. */
static size_t map_find(const struct map *m, struct span key)
{
	size_t i = map_home(m, key);

	while (m->v[i].n &&
	       !span_equal(key, SPAN(m->v[i].key, m->v[i].n)))
		i = (i + 1) & (m->size - 1);
	return i;
}

static bool map_key_ok(struct span key)
{
	return key.n >= 1 && key.n <= MAP_KEY_MAX;
}

uint32_t map_get(const struct map *m, struct span key)
{
	const struct entry *e;

	if (!map_key_ok(key))
		return MAP_NONE;
	e = &m->v[map_find(m, key)];
	return e->n ? e->value : MAP_NONE;
}

static int map_grow(struct map *m)
{
	struct entry *old = m->v;
	size_t old_size = m->size;
	struct entry *v = calloc(2 * old_size, sizeof(*v));

	if (!v)
		return -ENOMEM;
	m->v = v;
	m->size = 2 * old_size;
	for (size_t i = 0; i < old_size; i++)
		if (old[i].n)
			v[map_find(m, SPAN(old[i].key, old[i].n))] = old[i];
	free(old);
	return 0;
}

int map_set(struct map *m, struct span key, uint32_t value)
{
	struct entry *e;

	if (!map_key_ok(key))
		return -EINVAL;
	e = &m->v[map_find(m, key)];
	if (e->n) {
		e->value = value;
		return 0;
	}
	if (m->count >= m->max)
		return -ENOSPC;
	if (4 * (m->count + 1) > 3 * m->size) {
		if (map_grow(m))
			return -ENOMEM;
		e = &m->v[map_find(m, key)];
	}
	e->value = value;
	e->n = (uint8_t)key.n;
	memcpy(e->key, key.p, key.n);
	m->count++;
	return 0;
}

bool map_del(struct map *m, struct span key)
{
	size_t mask = m->size - 1, hole;

	if (!map_key_ok(key))
		return false;
	hole = map_find(m, key);
	if (!m->v[hole].n)
		return false;
	for (size_t i = (hole + 1) & mask; m->v[i].n; i = (i + 1) & mask) {
		size_t home = map_home(m, SPAN(m->v[i].key, m->v[i].n));

		/* may it move up? only if the hole is not before its home */
		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		m->v[hole] = m->v[i];
		hole = i;
	}
	m->v[hole].n = 0;
	m->count--;
	return true;
}

size_t map_count(const struct map *m)
{
	return m->count;
}
