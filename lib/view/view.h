/* SPDX-License-Identifier: MIT
 *
 * The view: what the set of events says, materialised.
 *
 * A pure function of the set, kept incrementally: any order of view_apply
 * gives the same rows. Total order of events: (wall, counter, author, seq).
 * An event whose payload is not valid for its kind is left out and listed
 * with a reason. Memory is proportional to what is shown plus the writes with a
 * base, those of the plan, the commits of resources, and the elements deleted
 * from documents.
 *
 * Displaced events (forks) leave by rebuilding: view_reset, then the standing
 * chains again.
 *
 *   record.create  sets form and created_by where the payload has them
 *   field.set      last writer wins by the total order
 *   note.add       text appended, notes in total order
 *   attachment.add {field, blob_hash, size, mime}, sorted, duplicates stay
 *   field.unset    a field.set to nothing
 *   import         what it carries, under its own author and stamp; an event
 *                  that came by two importers counts once
 *   counter.add    the author's total of a counter (lib/view/counter.h)
 *   plan.delta .set            named values (lib/view/plan.h)
 *   doc.insert .update .delete documents (lib/view/doc.h)
 *   station.status .order      the last one of each station
 *   resource.commit .policy    contents and versions (lib/view/resource.h)
 * The first four, and counter.add, make the record exist; other kinds make none.
 * Imports are records only: they speak for no author.
 *
 * What names its predecessors in `base` beats them whatever the stamps say
 * (lib/view/field.h).
 */
#pragma once
#include "lib/base/json.h"
#include "lib/event/event.h"

struct view;

struct view *view_new(void);
void view_free(struct view *v);
void view_reset(struct view *v);

enum view_verdict {
	VIEW_APPLIED, VIEW_OTHER_KIND, VIEW_WITHHELD, VIEW_NO_RECORD,
	VIEW_BAD_TYPE, VIEW_MISSING_FIELD, VIEW_BAD_PAYLOAD, VIEW_BAD_VALUE,
	VIEW_VERDICT_COUNT,
};
const char *view_verdict_name(enum view_verdict v);

/* Takes the event in (copies what it keeps). Anything but VIEW_APPLIED and
 * VIEW_OTHER_KIND is listed by view_rejected_json. */
enum view_verdict view_apply(struct view *v, const struct event *e);

size_t view_record_count(const struct view *v);
/* Events held without their payload: view_hash compares at equal numbers. */
size_t view_withheld_count(const struct view *v);

struct view_filter {
	struct span record;	/* n = 0: all */
	struct span form;
};

/* {"R-100": {record_id, form, created_by, fields{}, counters{} if there are
 * any, attachments[], notes[]}, ...} in the order in which the records first appear in the total order;
 * all = one object, or one object a line (lines = true). */
void view_records_json(const struct view *v, const struct view_filter *f,
		       bool lines, struct json_out *o);
/* [{author, seq, kind, reason}] */
void view_rejected_json(const struct view *v, struct json_out *o);
/* The record ids in their order, as an array. */
void view_order_json(const struct view *v, struct json_out *o);

/* BLAKE2b-256 over the materialised rows: equal on nodes with equal sets. */
void view_hash(const struct view *v, uint8_t out[32]);

/* What looks at every record, and a document, comes in pages, each a few milliseconds of work,
 * since a view is large and a loop has other things to do:
 *   {"changes":N,"next":N,"rows":[["KEY",VALUE]\n,["KEY",VALUE]\n ...]}
 * `from` is 0 at first, then next, which is 0 after the last. The rows come as
 * they lie in memory; bytewise, their keys say in which order they belong, and
 * a page with another number of changes is of another view (lib/view/rows.h).
 *
 *   VIEW_RECORDS    the records of a form, or all, as view_records_json
 *   VIEW_HASHES     "hex" of each row's hash, for view_hash_end
 *   VIEW_CONFLICTS  arrays of what two wrote without knowing of each other, and
 *                   no rule joins: fields {record_id, field, heads}, then
 *                   {plan, heads}, {doc, element, field, heads} and {resource,
 *                   heads}; each head as in view_why_json
 *   VIEW_FORMS      {form, records}; a form may come on several pages
 *   VIEW_DOC        the elements that a document shows: {id, type, fields}
 *
 * of: the form of records, the name of a document. */
enum view_page {
	VIEW_RECORDS, VIEW_HASHES, VIEW_CONFLICTS, VIEW_FORMS, VIEW_DOC,
};
void view_page_json(const struct view *v, enum view_page kind, size_t from,
		    struct span of, struct json_out *o);
/* What view_hash makes of all rows' hashes. */
void view_hash_end(struct span hashes, uint8_t out[32]);

/* The visible heads of a field, what a write's KEY_BASE names: its length in
 * bytes (EVENT_BASE_SIZE a head, the winner first), at most cap. */
size_t view_field_base(const struct view *v, struct span record,
		       struct span field, uint8_t *base, size_t cap);

/* The same of a key of the plan, and of an element's field. */
size_t view_plan_base(const struct view *v, struct span key, uint8_t *base,
		      size_t cap);
size_t view_doc_base(const struct view *v, struct span doc,
		     struct span element, struct span field, uint8_t *base,
		     size_t cap);

/* How the value of a field came about: {record_id, field, conflict, heads:
 * [{author, seq, wall_ms, counter, id, value | unset}], superseded} and, where
 * it is a counter, {count, slots: [{author, seq, wall_ms, counter, added |
 * taken}]}; null if nobody wrote it. The winner is the first head; superseded
 * counts the writes that another one names. */
void view_why_json(const struct view *v, struct span record,
		   struct span field, struct json_out *o);
/* A counter's total, checked step by step: the events of one author are shown
 * in the order of its feed; those of other counters are passed over. */
struct view_tally {
	struct span record, counter;	/* which; with its sign */
	bool taken;
	uint64_t total, steps;		/* so far; zeroed */
	bool wrong;			/* a total is not the one before and the step */
	bool withheld;			/* a payload is not there: who knows */
};
void view_tally_event(struct view_tally *t, const struct event *e);

/* Who created a record, the last one first: {record_id, created: [{author, seq,
 * wall_ms, counter, form, by}] with what the event has of these, conflict: they
 * differ}; null if it does not exist. */
void view_created_json(const struct view *v, struct span record,
		       struct json_out *o);
/* The contents that attachments name, in no order, some perhaps twice. */
void view_contents(const struct view *v,
		   void (*fn)(void *ctx, struct span blob_hash, uint64_t size),
		   void *ctx);

/* {plan: {key: value}, version_vector: {author: seq}} */
void view_plan_json(const struct view *v, struct json_out *o);
/* {key, value, shown, heads, superseded}, shown: the write that the value is of,
 * as a head; null if nobody wrote it. */
void view_plan_why_json(const struct view *v, struct span key,
			struct json_out *o);

/* [{doc, elements, deleted, orphans}] by name. */
void view_docs_json(const struct view *v, struct json_out *o);
/* {author: seq of its last operation} */
void view_doc_version_json(const struct view *v, struct span name,
			   struct json_out *o);

/* [{author, seq, wall_ms, counter, status: {version ...}}] by author. */
void view_stations_json(const struct view *v, struct json_out *o);
/* [{author, seq, wall_ms, counter, order: {station, serial ...}}] by
 * station. */
void view_orders_json(const struct view *v, struct json_out *o);
/* The stamp of an author's last status; 0: none. */
uint64_t view_station_told_ms(const struct view *v, struct span author);

/* [{resource, version, heads, conflict}] by name. */
void view_resources_json(const struct view *v, struct json_out *o);
/* {resource, version, token, strategy, max_age_s, content, conflict, heads:
 * [{author, seq, wall_ms, counter, id, content}]}; null if nobody committed
 * it. */
void view_resource_json(const struct view *v, struct span name, struct json_out *o);
/* Its commits in the total order: as heads, with `base`, `head`. */
void view_resource_history_json(const struct view *v, struct span name,
				struct json_out *o);
/* {resources, commits, merges, conflicts, open}: of all that is held. */
void view_resource_stats_json(const struct view *v, struct json_out *o);
/* [{pattern, strategy, max_age_s}], the most specific first. */
void view_policies_json(const struct view *v, struct json_out *o);
