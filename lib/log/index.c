/* SPDX-License-Identifier: MIT
 *
 * Two lists a slot. Events have no gaps, so an event's place in its list is
 * its seq - 1; seals are sorted by seq.
 */
#include <errno.h>
#include <stdlib.h>
#include "lib/log/index.h"

#define SLOTS_MAX (1u << 20)

struct seal {
	uint64_t seq, at;
};

struct slot {
	uint64_t *events;
	struct seal *seals;
	size_t n_events, cap_events, n_seals, cap_seals;
};

struct log_index {
	struct slot *v;
	size_t n, cap;
};

struct log_index *log_index_new(void)
{
	return calloc(1, sizeof(struct log_index));
}

void log_index_free(struct log_index *x)
{
	if (!x)
		return;
	for (size_t i = 0; i < x->n; i++) {
		free(x->v[i].events);
		free(x->v[i].seals);
	}
	free(x->v);
	free(x);
}

/* Room for `want` elements; 0 or -ENOMEM. */
static int grow(void *list, size_t *cap, size_t want, size_t size)
{
	size_t more = *cap ? *cap : 4;
	void *old, *v;

	if (want <= *cap)
		return 0;
	while (more < want)
		more += more / 2;
	memcpy(&old, list, sizeof(old));
	v = reallocarray(old, more, size);
	if (!v)
		return -ENOMEM;
	memcpy(list, &v, sizeof(v));
	*cap = more;
	return 0;
}

static const struct slot *slot_get(const struct log_index *x, uint32_t slot)
{
	static const struct slot none;

	return slot < x->n ? &x->v[slot] : &none;
}

static struct slot *slot_make(struct log_index *x, uint32_t slot)
{
	if (slot >= SLOTS_MAX ||
	    grow(&x->v, &x->cap, (size_t)slot + 1, sizeof(*x->v)))
		return NULL;
	while (x->n <= slot)
		x->v[x->n++] = (struct slot){ 0 };
	return &x->v[slot];
}

int log_index_event(struct log_index *x, uint32_t slot, uint64_t seq,
		    uint64_t at)
{
	struct slot *s = slot_make(x, slot);

	if (!s || seq == 0 || seq > s->n_events + 1)
		return -EINVAL;
	if (seq > s->n_events) {
		if (grow(&s->events, &s->cap_events, seq, sizeof(*s->events)))
			return -ENOMEM;
		s->n_events++;
	}
	s->events[seq - 1] = at;
	return 0;
}

/* The place of the first seal at or above seq. */
static size_t seal_place(const struct slot *s, uint64_t seq)
{
	size_t low = 0, high = s->n_seals;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (s->seals[middle].seq < seq)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int log_index_seal(struct log_index *x, uint32_t slot, uint64_t seq,
		   uint64_t at)
{
	struct slot *s = slot_make(x, slot);
	size_t i;

	if (!s || seq == 0)
		return -EINVAL;
	i = seal_place(s, seq);
	if (i == s->n_seals || s->seals[i].seq != seq) {
		if (grow(&s->seals, &s->cap_seals, s->n_seals + 1,
			 sizeof(*s->seals)))
			return -ENOMEM;
		memmove(s->seals + i + 1, s->seals + i,
			(s->n_seals++ - i) * sizeof(*s->seals));
	}
	s->seals[i] = (struct seal){ seq, at };
	return 0;
}

void log_index_cut(struct log_index *x, uint32_t slot, uint64_t seq)
{
	struct slot *s;

	if (slot >= x->n || seq == 0)
		return;
	s = &x->v[slot];
	if (s->n_events >= seq)
		s->n_events = seq - 1;
	s->n_seals = seal_place(s, seq);
}

uint64_t log_index_find(const struct log_index *x, uint32_t slot,
			uint64_t seq)
{
	const struct slot *s = slot_get(x, slot);

	return seq > 0 && seq <= s->n_events ? s->events[seq - 1] : UINT64_MAX;
}

bool log_index_find_seal(const struct log_index *x, uint32_t slot,
			 uint64_t seq, uint64_t *seal_seq, uint64_t *at)
{
	const struct slot *s = slot_get(x, slot);
	size_t i = seal_place(s, seq);

	if (i == s->n_seals)
		return false;
	*seal_seq = s->seals[i].seq;
	*at = s->seals[i].at;
	return true;
}

uint64_t log_index_last(const struct log_index *x, uint32_t slot)
{
	return slot_get(x, slot)->n_events;
}
