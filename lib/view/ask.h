/* SPDX-License-Identifier: MIT
 *
 * Questions to a view by name, so that `cairn` may put them to a cairnd at
 * work, whose view is there, instead of reading the whole log for one of its
 * own. Only what costs about as much as it answers, and what looks at every
 * record, and a document, in pages (view_page_json).
 *
 *   records FROM [FORM], hashes FROM, conflicts FROM, forms FROM, doc FROM D: pages
 *   record R [FORM] (a line)    why R F                       created R
 *   plan, plan_why KEY          stations, orders              rejected
 *   docs, doc_version D
 *   resources, resource N, resource_history N, resource_stats, policies
 */
#pragma once
#include "lib/view/view.h"

/* False: no such question. */
bool view_ask(const struct view *v, struct span what, struct span a,
	      struct span b, struct json_out *o);
