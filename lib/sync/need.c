/* SPDX-License-Identifier: MIT
 *
 * Sets of needs: a sorted array.
 */
#include <string.h>
#include "lib/sync/need.h"

/* The first place whose slot is not below `slot`. */
static unsigned needs_place(const struct sync_needs *s, uint32_t slot)
{
	unsigned lo = 0, hi = s->n;

	while (lo < hi) {
		unsigned mid = (lo + hi) / 2;

		if (s->v[mid].slot < slot)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

bool sync_needs_add(struct sync_needs *s, uint32_t slot, uint64_t from,
		    uint64_t to)
{
	unsigned at = needs_place(s, slot);
	struct sync_need *v = &s->v[at];

	if (at < s->n && v->slot == slot) {
		v->from = from < v->from ? from : v->from;
		v->to = to > v->to ? to : v->to;
		return true;
	}
	if (s->n == SYNC_NEEDS_MAX)
		return false;
	memmove(v + 1, v, (s->n - at) * sizeof(*v));
	*v = (struct sync_need){ slot, from, to };
	s->n++;
	return true;
}

void sync_needs_add_all(struct sync_needs *s, const struct sync_needs *more)
{
	for (unsigned i = 0; i < more->n; i++)
		sync_needs_add(s, more->v[i].slot, more->v[i].from,
			       more->v[i].to);
}

const struct sync_need *sync_needs_find(const struct sync_needs *s,
					uint32_t slot)
{
	unsigned at = needs_place(s, slot);

	return at < s->n && s->v[at].slot == slot ? &s->v[at] : NULL;
}

void sync_needs_drop(struct sync_needs *s, uint32_t slot)
{
	unsigned at = needs_place(s, slot);

	if (at == s->n || s->v[at].slot != slot)
		return;
	s->n--;
	memmove(&s->v[at], &s->v[at + 1], (s->n - at) * sizeof(s->v[0]));
}

uint64_t sync_needs_events(const struct sync_needs *s)
{
	uint64_t events = 0;

	for (unsigned i = 0; i < s->n; i++)
		events += s->v[i].to - s->v[i].from;
	return events;
}
