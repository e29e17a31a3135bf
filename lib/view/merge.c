/* SPDX-License-Identifier: MIT
 *
 * Merging text and appended text, see merge.h.
 *
 * Three-way: base lines that both versions still have are fixed points; they
 * are found by the longest common subsequence with each. Between two fixed
 * points no base line is left in both, so there what a added is written, then
 * what b added:
 *
 *   base  1 2 3        a  1 x 3        b  1 2 y 3        merged  1 x y 3
 */
#include <errno.h>
#include <stdlib.h>
#include "lib/view/merge.h"
#include "lib/view/table.h"

#define LCS_CELLS_MAX (1u << 22)	/* above: nothing in common is looked for */
#define UNMATCHED UINT32_MAX

struct lines {
	struct span *v;
	uint32_t *match;	/* line of the base, or UNMATCHED */
	size_t n;
	bool ends;		/* the last one has its newline */
};

/* ---- lines ---- */

static void lines_split(struct lines *l, struct span s)
{
	*l = (struct lines){ .ends = s.n && s.p[s.n - 1] == '\n' };
	l->v = view_alloc((s.n + 1) * sizeof(*l->v));
	l->match = view_alloc((s.n + 1) * sizeof(*l->match));
	while (s.n) {
		const uint8_t *nl = memchr(s.p, '\n', s.n);
		size_t n = nl ? (size_t)(nl - s.p) : s.n;

		l->match[l->n] = UNMATCHED;
		l->v[l->n++] = SPAN(s.p, n);
		n += nl != NULL;
		s.p += n;
		s.n -= n;
	}
}

static void lines_fini(struct lines *l)
{
	free(l->v);
	free(l->match);
}

static void line_put(struct buf *out, struct span line, bool *first)
{
	if (!*first)
		buf_add_u8(out, '\n');
	buf_add(out, line);
	*first = false;
}

/* ---- the longest common subsequence ---- */

static bool line_same(const struct lines *a, size_t i, const struct lines *b,
		      size_t j)
{
	return span_equal(a->v[i], b->v[j]);
}

/* Of v's lines from..v_to and base's from..b_to, which are the same line. */
static void lines_align(const struct lines *base, const struct lines *v,
			size_t from, size_t b_to, size_t v_to)
{
	size_t w = v_to - from + 1, h = b_to - from + 1, i = 0, j = 0;
	uint16_t *t;

	if (w * h > LCS_CELLS_MAX)
		return;
	t = view_alloc(w * h * sizeof(*t));
	for (size_t y = h - 1; y-- > 0;)
		for (size_t x = w - 1; x-- > 0;) {
			uint16_t down = t[(y + 1) * w + x];
			uint16_t right = t[y * w + x + 1];

			t[y * w + x] = line_same(base, from + y, v, from + x) ?
				(uint16_t)(t[(y + 1) * w + x + 1] + 1) :
				down > right ? down : right;
		}
	while (i + 1 < h && j + 1 < w)
		if (line_same(base, from + i, v, from + j))
			v->match[from + j++] = (uint32_t)(from + i++);
		else if (t[(i + 1) * w + j] >= t[i * w + j + 1])
			i++;
		else
			j++;
	free(t);
}

static void lines_match(const struct lines *base, struct lines *v)
{
	size_t b_to = base->n, v_to = v->n, from = 0;

	while (from < b_to && from < v_to && line_same(base, from, v, from)) {
		v->match[from] = (uint32_t)from;
		from++;
	}
	while (b_to > from && v_to > from &&
	       line_same(base, b_to - 1, v, v_to - 1))
		v->match[--v_to] = (uint32_t)--b_to;
	lines_align(base, v, from, b_to, v_to);
}

/* ---- three-way ---- */

/* Lines i..to of v that are not the base's, and have no partner in
 * other[from..): the same addition is written once. */
static void added_put(struct buf *out, const struct lines *v, size_t i,
		      size_t to, const struct lines *other, size_t from,
		      size_t other_to, bool *first)
{
	uint8_t *used = view_alloc(other_to - from + 1);

	for (; i < to; i++) {
		size_t j = from;

		if (v->match[i] != UNMATCHED)
			continue;
		while (j < other_to &&
		       (used[j - from] || other->match[j] != UNMATCHED ||
			!line_same(v, i, other, j)))
			j++;
		if (j < other_to)
			used[j - from] = 1;
		else
			line_put(out, v->v[i], first);
	}
	free(used);
}

/* The place in v of the base's line, v->n if it is not there. */
static size_t place_of(const struct lines *v, size_t from, size_t line)
{
	while (from < v->n && v->match[from] != line)
		from++;
	return from;
}

static void three_way(struct buf *out, const struct lines *base,
		      const struct lines *a, const struct lines *b,
		      bool *first)
{
	size_t i = 0, j = 0;

	for (size_t k = 0; k <= base->n; k++) {
		size_t to_a = place_of(a, i, k), to_b = place_of(b, j, k);
		bool fixed = k < base->n && to_a < a->n && to_b < b->n;

		if (!fixed && k < base->n)
			continue;
		added_put(out, a, i, to_a, NULL, 0, 0, first);
		added_put(out, b, j, to_b, a, i, to_a, first);
		if (fixed)
			line_put(out, base->v[k], first);
		i = to_a + 1;
		j = to_b + 1;
	}
}

static void text_three_way(struct buf *out, struct span base, struct span a,
			   struct span b)
{
	struct lines lo, la, lb;
	bool first = true;

	lines_split(&lo, base);
	lines_split(&la, a);
	lines_split(&lb, b);
	lines_match(&lo, &la);
	lines_match(&lo, &lb);
	three_way(out, &lo, &la, &lb, &first);
	if (!first && (la.ends == lo.ends ? lb.ends : la.ends))
		buf_add_u8(out, '\n');
	lines_fini(&lo);
	lines_fini(&la);
	lines_fini(&lb);
}

/* ---- two-way ---- */

static void lines_drop_returns(struct lines *l)
{
	for (size_t i = 0; i < l->n; i++)
		if ((i + 1 < l->n || l->ends) && l->v[i].n &&
		    l->v[i].p[l->v[i].n - 1] == '\r')
			l->v[i].n--;
}

static void text_two_way(struct buf *out, struct span a, struct span b)
{
	struct lines la, lb;
	bool first = true;

	lines_split(&la, a);
	lines_split(&lb, b);
	lines_drop_returns(&la);
	lines_drop_returns(&lb);
	added_put(out, &la, 0, la.n, NULL, 0, 0, &first);
	added_put(out, &lb, 0, lb.n, &la, 0, la.n, &first);
	lines_fini(&la);
	lines_fini(&lb);
}

/* ---- append ---- */

static bool begins_with(struct span s, struct span front)
{
	return s.n >= front.n && span_equal(SPAN(s.p, front.n), front);
}

static void append_three_way(struct buf *out, struct span base,
			     struct span a, struct span b)
{
	struct span more;

	if (!begins_with(a, base) || !begins_with(b, base)) {
		text_three_way(out, base, a, b);
		return;
	}
	buf_add(out, a);
	more = SPAN(b.p + base.n, b.n - base.n);
	if (begins_with(SPAN(a.p + base.n, a.n - base.n), more))
		return;
	if (a.n && more.n && a.p[a.n - 1] != '\n' && more.p[0] != '\n')
		buf_add_u8(out, '\n');
	buf_add(out, more);
}

int merge_contents(struct buf *out, enum merge_kind kind,
		   const struct span *base, struct span a, struct span b)
{
	if (kind == MERGE_JSON)
		return merge_json(out, base, a, b);
	if (kind == MERGE_TEXT && base)
		text_three_way(out, *base, a, b);
	else if (kind == MERGE_TEXT)
		text_two_way(out, a, b);
	else if (base)
		append_three_way(out, *base, a, b);
	else {
		buf_add(out, a);
		buf_add_u8(out, '\n');
		buf_add(out, b);
	}
	return 0;
}
