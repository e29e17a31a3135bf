/* SPDX-License-Identifier: MIT
 *
 * The reference's path table, as far as it decides which announces count.
 * An announce of a known destination is taken if its random hash is new and
 * it was emitted after all that were taken before; hops do not matter. Once a
 * path has expired only the random hashes still count, so a station whose
 * clock once ran ahead comes back.
 *
 * entries[0..n) are filled from the front; `by_age` holds them, the one
 * updated longest ago first, and that one is given up when the table is full.
 */
#include <stdlib.h>
#include "lib/base/list.h"
#include "lib/base/map.h"
#include "lib/rns/rns.h"

#define EXPIRES_US (7 * 24 * 3600 * 1000000ULL)
#define RANDOMS 64	/* remembered per destination, as the reference does */
#define RANDOM_SIZE 10

struct path {
	struct list by_age;
	uint8_t dest[RNS_HASH], next_hop[RNS_HASH], key[64];
	uint8_t hops;			/* receiving hop counted */
	uint64_t expires_us, newest_s;
	uint8_t n_randoms, next_random;	/* a ring */
	uint8_t randoms[RANDOMS][RANDOM_SIZE];
};

struct rns_paths {
	struct map *by_dest;
	struct list by_age;
	size_t n, max;
	struct path entries[];
};

struct rns_paths *rns_paths_new(size_t max)
{
	struct rns_paths *t = calloc(1, sizeof(*t) + max * sizeof(struct path));

	if (!t)
		abort();
	t->by_dest = map_new(max);
	list_init(&t->by_age);
	t->max = max;
	return t;
}

void rns_paths_free(struct rns_paths *t)
{
	if (!t)
		return;
	map_free(t->by_dest);
	free(t);
}

static const struct path *find(const struct rns_paths *t,
			       const uint8_t dest[16])
{
	uint32_t i = map_get(t->by_dest, SPAN(dest, RNS_HASH));

	return i == MAP_NONE ? NULL : &t->entries[i];
}

static bool random_known(const struct path *path, const uint8_t *random_hash)
{
	for (unsigned i = 0; i < path->n_randoms; i++)
		if (memcmp(path->randoms[i], random_hash, RANDOM_SIZE) == 0)
			return true;
	return false;
}

enum rns_error rns_paths_check(const struct rns_paths *t,
			       const struct rns_packet *p,
			       const struct rns_announce *a, uint64_t now_us)
{
	const struct path *path = find(t, p->dest);

	if (!path)
		return RNS_OK;
	if (memcmp(path->key, a->key, sizeof(path->key)) != 0)
		return RNS_KEY_CHANGED;
	if (random_known(path, a->random_hash))
		return RNS_REPLAY;
	if (now_us < path->expires_us && a->emitted_s <= path->newest_s)
		return RNS_OLD;
	return RNS_OK;
}

/* A free entry, or the one updated longest ago. */
static struct path *entry_take(struct rns_paths *t, const uint8_t dest[16])
{
	struct path *path;

	if (t->n < t->max) {
		path = &t->entries[t->n++];
	} else {
		path = container_of(t->by_age.next, struct path, by_age);
		list_del(&path->by_age);
		map_del(t->by_dest, SPAN(path->dest, RNS_HASH));
	}
	memset(path, 0, sizeof(*path));
	list_init(&path->by_age);
	memcpy(path->dest, dest, RNS_HASH);
	map_set(t->by_dest, SPAN(dest, RNS_HASH),
		(uint32_t)(path - t->entries));
	return path;
}

static void path_update(struct path *path, const struct rns_packet *p,
			const struct rns_announce *a, uint64_t now_us)
{
	memcpy(path->key, a->key, sizeof(path->key));
	memcpy(path->next_hop, p->type2 ? p->transport_id : p->dest, RNS_HASH);
	memcpy(path->randoms[path->next_random], a->random_hash, RANDOM_SIZE);
	path->next_random = (path->next_random + 1) % RANDOMS;
	if (path->n_randoms < RANDOMS)
		path->n_randoms++;
	path->hops = p->hops + 1;
	path->newest_s = a->emitted_s;
	path->expires_us = now_us + EXPIRES_US;
}

enum rns_error rns_paths_offer(struct rns_paths *t, const struct rns_packet *p,
			       const struct rns_announce *a, uint64_t now_us)
{
	enum rns_error e = rns_paths_check(t, p, a, now_us);
	uint32_t i = map_get(t->by_dest, SPAN(p->dest, RNS_HASH));
	struct path *path;

	if (e || t->max == 0)
		return e;
	path = i == MAP_NONE ? entry_take(t, p->dest) : &t->entries[i];
	path_update(path, p, a, now_us);
	list_del(&path->by_age);
	list_add_tail(&t->by_age, &path->by_age);
	return RNS_OK;
}

bool rns_paths_get(const struct rns_paths *t, const uint8_t dest[16],
		   uint8_t *hops, uint8_t next_hop[16])
{
	const struct path *path = find(t, dest);

	if (!path)
		return false;
	*hops = path->hops;
	memcpy(next_hop, path->next_hop, RNS_HASH);
	return true;
}
