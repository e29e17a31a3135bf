/* SPDX-License-Identifier: MIT
 *
 * Questions by name, see ask.h.
 */
#include "lib/view/ask.h"

static void ask_record(const struct view *v, struct span a, struct json_out *o)
{
	view_records_json(v, &(struct view_filter){ .record = a }, false, o);
}

static void ask_record_line(const struct view *v, struct span a,
			    struct json_out *o)
{
	view_records_json(v, &(struct view_filter){ .record = a }, true, o);
}

static const struct {
	const char *name;
	void (*all)(const struct view *v, struct json_out *o);
	void (*one)(const struct view *v, struct span a, struct json_out *o);
} questions[] = {
	{ "rejected", view_rejected_json, NULL },
	{ "plan", view_plan_json, NULL },
	{ "conflicts", view_conflicts_json, NULL },
	{ "stations", view_stations_json, NULL },
	{ "orders", view_orders_json, NULL },
	{ "docs", view_docs_json, NULL },
	{ "resources", view_resources_json, NULL },
	{ "resource_stats", view_resource_stats_json, NULL },
	{ "policies", view_policies_json, NULL },
	{ "record", NULL, ask_record },
	{ "record_line", NULL, ask_record_line },
	{ "created", NULL, view_created_json },
	{ "plan_why", NULL, view_plan_why_json },
	{ "doc", NULL, view_doc_json },
	{ "doc_order", NULL, view_doc_order_json },
	{ "doc_version", NULL, view_doc_version_json },
	{ "resource", NULL, view_resource_json },
	{ "resource_history", NULL, view_resource_history_json },
};

bool view_ask(const struct view *v, struct span what, struct span a,
	      struct span b, struct json_out *o)
{
	if (span_equal(what, SPAN_STR("why"))) {
		view_why_json(v, a, b, o);
		return true;
	}
	if (span_equal(what, SPAN_STR("conflicts")) &&
	    view_record_count(v) > VIEW_ASK_RECORDS_MAX)
		return false;
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		if (!span_equal(what, SPAN_STR(questions[i].name)))
			continue;
		if (questions[i].all)
			questions[i].all(v, o);
		else
			questions[i].one(v, a, o);
		return true;
	}
	return false;
}
