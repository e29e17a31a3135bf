/* SPDX-License-Identifier: MIT
 *
 * Ids that will be asked for again: see fsck.h.
 */
#include <stdlib.h>
#include <string.h>
#include "tools/fsck.h"

#define MARKS_MAX (1u << 18)

void fsck_marks_add(struct fsck_marks *m, uint32_t slot, uint64_t seq)
{
	if (m->n == MARKS_MAX)
		return;
	if (m->n == m->cap) {
		size_t cap = m->cap ? 2 * m->cap : 64;
		void *v = reallocarray(m->v, cap, sizeof(*m->v));

		if (!v)
			return;
		m->v = v;
		m->cap = cap;
	}
	m->v[m->n++] = (struct fsck_mark){ .slot = slot, .seq = seq };
}

static int mark_compare(const void *a, const void *b)
{
	const struct fsck_mark *x = a, *y = b;

	if (x->slot != y->slot)
		return x->slot < y->slot ? -1 : 1;
	return (x->seq > y->seq) - (x->seq < y->seq);
}

void fsck_marks_sort(struct fsck_marks *m)
{
	size_t kept = 0;

	if (m->n)
		qsort(m->v, m->n, sizeof(*m->v), mark_compare);
	for (size_t i = 0; i < m->n; i++)
		if (!kept || mark_compare(&m->v[kept - 1], &m->v[i]))
			m->v[kept++] = m->v[i];
	m->n = kept;
}

static struct fsck_mark *mark_find(const struct fsck_marks *m, uint32_t slot,
				   uint64_t seq)
{
	const struct fsck_mark key = { .slot = slot, .seq = seq };

	return m->n ? bsearch(&key, m->v, m->n, sizeof(*m->v), mark_compare) :
		      NULL;
}

void fsck_marks_note(struct fsck_marks *m, uint32_t slot, uint64_t seq,
		     const uint8_t id[EVENT_ID_SIZE])
{
	struct fsck_mark *x = mark_find(m, slot, seq);

	if (!x)
		return;
	memcpy(x->id, id, EVENT_ID_SIZE);
	x->known = true;
}

const uint8_t *fsck_marks_find(const struct fsck_marks *m, uint32_t slot,
			       uint64_t seq)
{
	const struct fsck_mark *x = mark_find(m, slot, seq);

	return x && x->known ? x->id : NULL;
}

void fsck_marks_fini(struct fsck_marks *m)
{
	free(m->v);
	*m = (struct fsck_marks){ 0 };
}
