/* SPDX-License-Identifier: MIT
 *
 * Questions by name, see ask.h.
 */
#include "lib/view/ask.h"

static void ask_record(const struct view *v, struct span a, struct span form,
		       struct json_out *o)
{
	view_records_json(v, &(struct view_filter){ a, form }, true, o);
}

static const struct {
	const char *name;
	void (*all)(const struct view *v, struct json_out *o);
	void (*one)(const struct view *v, struct span a, struct json_out *o);
	void (*two)(const struct view *v, struct span a, struct span b,
		    struct json_out *o);
	bool paged;
	enum view_page page;
} questions[] = {
	{ "rejected", .all = view_rejected_json },
	{ "plan", .all = view_plan_json },
	{ "stations", .all = view_stations_json },
	{ "orders", .all = view_orders_json },
	{ "docs", .all = view_docs_json },
	{ "resources", .all = view_resources_json },
	{ "resource_stats", .all = view_resource_stats_json },
	{ "policies", .all = view_policies_json },
	{ "created", .one = view_created_json },
	{ "plan_why", .one = view_plan_why_json },
	{ "doc_version", .one = view_doc_version_json },
	{ "resource", .one = view_resource_json },
	{ "resource_history", .one = view_resource_history_json },
	{ "why", .two = view_why_json },
	{ "record", .two = ask_record },
	{ "records", .paged = true, .page = VIEW_RECORDS },
	{ "hashes", .paged = true, .page = VIEW_HASHES },
	{ "conflicts", .paged = true, .page = VIEW_CONFLICTS },
	{ "forms", .paged = true, .page = VIEW_FORMS },
	{ "doc", .paged = true, .page = VIEW_DOC },
};

bool view_ask(const struct view *v, struct span what, struct span a,
	      struct span b, struct json_out *o)
{
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		if (!span_equal(what, SPAN_STR(questions[i].name)))
			continue;
		if (questions[i].paged)
			view_page_json(v, questions[i].page,
				       span_decimal(a, SIZE_MAX), b, o);
		else if (questions[i].all)
			questions[i].all(v, o);
		else if (questions[i].one)
			questions[i].one(v, a, o);
		else
			questions[i].two(v, a, b, o);
		return true;
	}
	return false;
}
