/* SPDX-License-Identifier: MIT
 *
 * The table of contents that are waited for, see fetch.h.
 */
#include "lib/sync/fetch.h"

struct sync_fetch *sync_fetch_find(struct sync_fetches *s,
				   const uint8_t hash[BLOB_HASH])
{
	for (unsigned i = 0; i < SYNC_FETCHES_MAX; i++)
		if (s->v[i].used &&
		    memcmp(s->v[i].hash, hash, BLOB_HASH) == 0)
			return &s->v[i];
	return NULL;
}

struct sync_fetch *sync_fetch_add(struct sync_fetches *s,
				  const uint8_t hash[BLOB_HASH],
				  uint64_t size)
{
	struct sync_fetch *f = s->v;

	if (!size || size > BLOB_MAX)
		return NULL;
	while (f < s->v + SYNC_FETCHES_MAX && f->used)
		f++;
	if (f == s->v + SYNC_FETCHES_MAX)
		return NULL;
	*f = (struct sync_fetch){ .used = true, .size = size,
		.n_chunks = (uint32_t)blob_chunks(size) };
	memcpy(f->hash, hash, BLOB_HASH);
	s->n++;
	return f;
}

void sync_fetch_drop(struct sync_fetches *s, struct sync_fetch *f)
{
	f->used = false;
	s->n--;
}

bool sync_fetch_has(const struct sync_fetch *f, size_t i)
{
	return f->have[i / 8] >> i % 8 & 1;
}

void sync_fetch_take(struct sync_fetch *f, size_t i)
{
	if (sync_fetch_has(f, i))
		return;
	f->have[i / 8] |= (uint8_t)(1u << i % 8);
	f->n_have++;
}

uint32_t sync_fetch_next(const struct sync_fetch *f)
{
	uint32_t i = 0;

	while (i < f->n_chunks && sync_fetch_has(f, i))
		i++;
	return i;
}

struct sync_fetch *sync_fetch_piece(struct sync_fetches *s, uint64_t name48,
				    struct span bytes, struct blob_piece *p,
				    bool *bad)
{
	*bad = false;
	for (unsigned i = 0; i < SYNC_FETCHES_MAX; i++) {
		struct sync_fetch *f = &s->v[i];

		if (!f->used || sync_name48(f->hash) != name48)
			continue;
		if (blob_piece_get(p, f->hash, f->size, bytes) == 0)
			return f;
		*bad = true;
	}
	return NULL;
}
