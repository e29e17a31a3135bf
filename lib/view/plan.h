/* SPDX-License-Identifier: MIT
 *
 * The rule of the plan: named values that anyone may raise, replace or lower.
 *
 * A key is a register with bases (lib/view/field.h): the write of the greatest
 * rank decides, so of concurrent ones the greatest stamp, ties by author and
 * seq, and what a write has seen loses to it. Then
 *
 *   plan.set         decides as it is
 *   plan.delta       as well, but for a number: then the key shows the
 *                    greatest number written since, and by, the greatest
 *                    plan.set (ever, without one)
 *
 * So by deltas a number only grows, whoever hears of them in whatever order;
 * plan.set lowers it. Numbers compare exactly, integers with reals too; of two
 * equal ones the greater encoding shows. Booleans are no numbers.
 *
 * All writes of a key are kept: a rank that rests on one of them may yet come,
 * and move the line below which numbers do not count.
 */
#pragma once
#include "lib/event/payload.h"
#include "lib/view/field.h"
#include "lib/view/versions.h"

enum plan_mark { PLAN_DELTA, PLAN_SET };

struct plan {				/* zeroed = empty */
	struct table keys;		/* of struct named_field */
	struct versions seen;		/* whose events, up to which */
};

void plan_write(struct plan *p, const uint8_t seed[16], struct span name,
		enum plan_mark mark, const struct order *at, struct span base,
		struct span value);
/* The write that the key shows, and its value (CBOR), borrowed until the next
 * write. */
const struct write *plan_shown(struct field *key);
struct span plan_value(struct field *key);
void plan_fini(struct plan *p);

/* By value, then by encoding; of two numbers. */
int plan_number_compare(const struct payload_value *a,
			const struct payload_value *b);
bool plan_is_number(const struct payload_value *v);
