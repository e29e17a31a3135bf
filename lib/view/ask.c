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

static void ask_page(const struct view *v, struct span a, struct span form,
		     struct json_out *o)
{
	view_page_json(v, span_decimal(a, SIZE_MAX), form, o);
}

static void ask_hash_page(const struct view *v, struct span a, struct span b,
			  struct json_out *o)
{
	(void)b;
	view_hash_page_json(v, span_decimal(a, SIZE_MAX), o);
}

static const struct {
	const char *name;
	void (*all)(const struct view *v, struct json_out *o);
	void (*one)(const struct view *v, struct span a, struct json_out *o);
	void (*two)(const struct view *v, struct span a, struct span b,
		    struct json_out *o);
	bool wide;	/* looks at every record */
} questions[] = {
	{ "rejected", .all = view_rejected_json },
	{ "plan", .all = view_plan_json },
	{ "conflicts", .all = view_conflicts_json, .wide = true },
	{ "stations", .all = view_stations_json },
	{ "orders", .all = view_orders_json },
	{ "forms", .all = view_forms_json, .wide = true },
	{ "docs", .all = view_docs_json },
	{ "resources", .all = view_resources_json },
	{ "resource_stats", .all = view_resource_stats_json },
	{ "policies", .all = view_policies_json },
	{ "created", .one = view_created_json },
	{ "plan_why", .one = view_plan_why_json },
	{ "doc", .one = view_doc_json },
	{ "doc_order", .one = view_doc_order_json },
	{ "doc_version", .one = view_doc_version_json },
	{ "resource", .one = view_resource_json },
	{ "resource_history", .one = view_resource_history_json },
	{ "why", .two = view_why_json },
	{ "record", .two = ask_record },
	{ "page", .two = ask_page, .wide = true },
	{ "hash_page", .two = ask_hash_page, .wide = true },
};

bool view_ask(const struct view *v, struct span what, struct span a,
	      struct span b, size_t records_max, struct json_out *o)
{
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		if (!span_equal(what, SPAN_STR(questions[i].name)))
			continue;
		if (questions[i].wide && view_record_count(v) > records_max)
			return false;
		if (questions[i].all)
			questions[i].all(v, o);
		else if (questions[i].one)
			questions[i].one(v, a, o);
		else
			questions[i].two(v, a, b, o);
		return true;
	}
	return false;
}
