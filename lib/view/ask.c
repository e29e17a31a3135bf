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
	bool wide;	/* looks at every record */
} questions[] = {
	{ "rejected", view_rejected_json, NULL, false },
	{ "plan", view_plan_json, NULL, false },
	{ "conflicts", view_conflicts_json, NULL, true },
	{ "stations", view_stations_json, NULL, false },
	{ "orders", view_orders_json, NULL, false },
	{ "forms", view_forms_json, NULL, true },
	{ "docs", view_docs_json, NULL, false },
	{ "resources", view_resources_json, NULL, false },
	{ "resource_stats", view_resource_stats_json, NULL, false },
	{ "policies", view_policies_json, NULL, false },
	{ "record", NULL, ask_record, false },
	{ "record_line", NULL, ask_record_line, false },
	{ "created", NULL, view_created_json, false },
	{ "plan_why", NULL, view_plan_why_json, false },
	{ "doc", NULL, view_doc_json, false },
	{ "doc_order", NULL, view_doc_order_json, false },
	{ "doc_version", NULL, view_doc_version_json, false },
	{ "resource", NULL, view_resource_json, false },
	{ "resource_history", NULL, view_resource_history_json, false },
};

bool view_ask(const struct view *v, struct span what, struct span a,
	      struct span b, size_t records_max, struct json_out *o)
{
	if (span_equal(what, SPAN_STR("why"))) {
		view_why_json(v, a, b, o);
		return true;
	}
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		if (!span_equal(what, SPAN_STR(questions[i].name)))
			continue;
		if (questions[i].wide && view_record_count(v) > records_max)
			return false;
		if (questions[i].all)
			questions[i].all(v, o);
		else
			questions[i].one(v, a, o);
		return true;
	}
	return false;
}
