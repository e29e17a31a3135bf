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

static void number_raise(struct payload_value *best, const struct write *w,
			 const struct write *floor)
{
	struct payload_value v;

	if (write_number(w, &v) &&
	    (!floor || field_rank_compare(w, floor) >= 0) &&
	    plan_number_compare(&v, best) > 0)
		*best = v;
}

struct span plan_value(struct field *key)
{
	const struct write *w = field_winner(key), *floor;
	struct payload_value best;

	if (w->mark == PLAN_SET || !write_number(w, &best))
		return w->value;
	floor = key_floor(key);
	for (size_t i = 0; i < key->n; i++)
		number_raise(&best, key->w[i], floor);
	return best.raw;
}

void plan_fini(struct plan *p)
{
	fields_fini(&p->keys);
	versions_fini(&p->seen);
}
