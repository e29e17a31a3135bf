/* SPDX-License-Identifier: MIT
 *
 * The plan, see plan.h.
 */
#include "lib/view/plan.h"
#include <math.h>
#include <stdlib.h>

/* ---- numbers ---- */

bool plan_is_number(const struct payload_value *v)
{
	return v->type == PAYLOAD_UINT || v->type == PAYLOAD_NEGINT ||
	       v->type == PAYLOAD_REAL;
}

/* Sign, whole part, the rest. Whole parts end at 2^100, above all integers. */
struct number {
	bool negative;
	unsigned __int128 whole;
	double rest;
};

static struct number number_of(const struct payload_value *v)
{
	struct number n = { .negative = v->type == PAYLOAD_NEGINT };
	double r = fabs(v->real);

	if (v->type != PAYLOAD_REAL) {
		n.whole = (unsigned __int128)v->num + n.negative;
		return n;
	}
	n.negative = v->real < 0;
	n.whole = (unsigned __int128)(r < 0x1p100 ? r : 0x1p100);
	n.rest = r < 0x1p53 ? r - floor(r) : 0;
	return n;
}

static int value_compare(const struct payload_value *a,
			 const struct payload_value *b)
{
	struct number x = number_of(a), y = number_of(b);
	int c;

	if (a->type == PAYLOAD_REAL && b->type == PAYLOAD_REAL)
		return (a->real > b->real) - (a->real < b->real);
	if (x.negative != y.negative)
		return x.negative ? -1 : 1;
	c = (x.whole > y.whole) - (x.whole < y.whole);
	if (c == 0)
		c = (x.rest > y.rest) - (x.rest < y.rest);
	return x.negative ? -c : c;
}

int plan_number_compare(const struct payload_value *a,
			const struct payload_value *b)
{
	int c = value_compare(a, b);

	return c ? c : span_compare(a->raw, b->raw);
}

/* ---- writing and looking ---- */

static bool write_number(const struct write *w, struct payload_value *v)
{
	return payload_first(w->value, v) && plan_is_number(v);
}

void plan_write(struct plan *p, const uint8_t seed[16], struct span name,
		enum plan_mark mark, const struct order *at, struct span base,
		struct span value)
{
	struct field *key = fields_get(&p->keys, seed, name);

	key->keep = true;
	field_write(key, at, base, value)->mark = mark;
}

/* The plan.set of the greatest rank, NULL without one. */
static const struct write *key_floor(const struct field *f)
{
	const struct write *floor = NULL;

	for (size_t i = 0; i < f->n; i++)
		if (f->w[i]->mark == PLAN_SET &&
		    (!floor || field_rank_compare(f->w[i], floor) > 0))
			floor = f->w[i];
	return floor;
}

/* Of equal numbers the write of the greater rank. */
static bool number_above(const struct write *w, const struct write *best)
{
	struct payload_value v, b;
	int c;

	if (!write_number(w, &v) || !write_number(best, &b))
		return false;
	c = plan_number_compare(&v, &b);
	return c > 0 || (c == 0 && field_rank_compare(w, best) > 0);
}

const struct write *plan_shown(struct field *key)
{
	const struct write *best = field_winner(key), *floor;

	if (best->mark == PLAN_SET)
		return best;
	floor = key_floor(key);
	for (size_t i = 0; i < key->n; i++)
		if ((!floor || field_rank_compare(key->w[i], floor) >= 0) &&
		    number_above(key->w[i], best))
			best = key->w[i];
	return best;
}

struct span plan_value(struct field *key)
{
	return plan_shown(key)->value;
}

void plan_fini(struct plan *p)
{
	fields_fini(&p->keys);
	versions_fini(&p->seen);
}
