/* SPDX-License-Identifier: MIT
 *
 * A hash map from byte keys (1..64 bytes) to uint32_t values, SipHash keyed
 * per map, open addressing. Used for author labels, aliases, call signs. It
 * grows by doubling up to `max` entries and then refuses: a stranger cannot
 * make it grow without bound.
 */
#pragma once
#include "lib/base/bytes.h"

#define MAP_KEY_MAX 64
#define MAP_NONE UINT32_MAX

struct map;

/* max = most entries ever held. */
struct map *map_new(size_t max);
void map_free(struct map *m);

/* MAP_NONE if absent. */
uint32_t map_get(const struct map *m, struct span key);
/* Sets or replaces; 0, -ENOSPC at max, -EINVAL for a bad key length. */
int map_set(struct map *m, struct span key, uint32_t value);
/* True if it was there. */
bool map_del(struct map *m, struct span key);
size_t map_count(const struct map *m);
