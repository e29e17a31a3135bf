/* SPDX-License-Identifier: MIT
 *
 * Questions to a view by name, so that `cairn` may put them to a cairnd at
 * work, whose view is there, instead of reading the whole log for one of its
 * own. Only what costs about as much as it answers, in pages where that is
 * much.
 *
 *   record R [FORM] (a line)    page FROM [FORM]              hash_page FROM
 *   why R F                     created R                     rejected
 *   plan, plan_why KEY          conflicts      forms          stations, orders
 *   docs, doc D, doc_order D, doc_version D
 *   resources, resource N, resource_history N, resource_stats, policies
 */
#pragma once
#include "lib/view/view.h"

/* False: no such question, or one that looks at every record (conflicts,
 * forms, the pages) where there are more than records_max. */
bool view_ask(const struct view *v, struct span what, struct span a,
	      struct span b, size_t records_max, struct json_out *o);
