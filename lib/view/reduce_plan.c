/* SPDX-License-Identifier: MIT
 *
 * plan.delta, plan.set: {changes: {key: value ...}, base?} into the plan. All
 * keys of an event are written, or none.
 */
#include "lib/view/state.h"

static enum view_verdict reduce_plan(struct view *v, const struct change *c,
				     enum plan_mark mark)
{
	struct payload_value value;
	struct span changes, base, name;
	enum view_verdict bad = change_named(c, KEY_CHANGES, true, &changes);

	if (!bad)
		bad = change_base(c, &base);
	if (bad)
		return bad;
	if (!changes.n)
		return VIEW_BAD_VALUE;
	while (change_next_named(&changes, &name, &value))
		plan_write(&v->plan, v->seed, name, mark, &c->at, base,
			   value.raw);
	versions_raise(&v->plan.seen, v->seed, c->at.author->key, c->at.seq);
	return VIEW_APPLIED;
}

enum view_verdict reduce_plan_delta(struct view *v, const struct change *c)
{
	return reduce_plan(v, c, PLAN_DELTA);
}

enum view_verdict reduce_plan_set(struct view *v, const struct change *c)
{
	return reduce_plan(v, c, PLAN_SET);
}
