/* SPDX-License-Identifier: MIT
 *
 * What a view holds; shared by the reducer (reduce*.c), the queries (query*.c)
 * and the hash (hash.c). Rows settle when they are looked at, so a query may
 * touch them though the view is const: what they say does not change.
 */
#pragma once
#include "lib/view/attachments.h"
#include "lib/view/change.h"
#include "lib/view/counter.h"
#include "lib/view/doc.h"
#include "lib/view/field.h"
#include "lib/view/notes.h"
#include "lib/view/plan.h"
#include "lib/view/view.h"

struct row {
	struct table_entry id;		/* first: an entry of the view */
	struct table fields;		/* of struct named_field */
	bool exists;			/* fields may be unset before */
	struct order first;		/* of the events that made it */
	struct field form, created_by;
	struct table counters;		/* of struct named_counter */
	struct pile notes, attachments;
};

struct named_counter {
	struct table_entry name;	/* first: an entry of its row */
	struct counter rule;
};

struct reject {
	struct order at;
	uint16_t kind;
	enum view_verdict verdict;
};

/* An event whose payload is not there yet, by author, seq and id. */
struct held {
	struct table_entry key;		/* first: an entry of the view */
	struct reject as;
	bool filled;			/* it came */
};

struct view {
	uint8_t seed[16];
	uint64_t changes;		/* events taken in, and resets */
	struct table authors;		/* interned labels, never removed */
	struct table rows;
	size_t n_records;
	struct plan plan;
	struct table docs;		/* of struct doc */
	struct table resources;		/* of struct named_field: commits */
	struct table policies;		/* the same, by pattern: payloads */
	struct table stations;		/* the same, by author */
	struct table orders;		/* the same, by call sign */
	struct pile *rejects;
	struct table held;		/* of struct held */
	size_t n_withheld;		/* not filled yet */
};

/* ---- finding; NULL if nobody wrote it ---- */

struct row *view_find_row(const struct view *v, struct span record);
struct field *view_find_field(const struct view *v, struct span record,
			      struct span field);
struct counter *view_find_counter(const struct view *v, struct span record,
				  struct span name);
struct doc *view_find_doc(const struct view *v, struct span name);

/* The n_records rows that exist, in the order of the total order or of their
 * ids; to be freed. */
struct row **view_rows(const struct view *v, bool in_total_order);
/* One of them as view_records_json shows it. */
void view_row_json(struct row *row, struct json_out *o);
struct element;
void view_element_json(const struct element *e, struct json_out *o);
/* Whether two wrote a field of the row without knowing of each other; an array of
 * these, and one of all that is no record. */
bool view_row_conflicted(struct row *row);
void view_row_conflicts_json(struct row *row, struct json_out *o);
void view_other_conflicts_json(const struct view *v, struct json_out *o);
/* The hash of a row, made in `scratch`, and of all that is no record, added to
 * hashes. */
void view_hash_row(struct row *row, struct buf *scratch, struct buf *hashes);
void view_hash_others(const struct view *v, struct buf *hashes);
/* The write that a field shows; NULL if it is unset. */
const struct write *view_visible(struct field *f);
/* The text of a register that holds text; empty if nobody wrote it. */
struct span view_text_of(struct field *f);

/* ---- the reducer's rules, by kind ---- */

enum view_verdict reduce_plan_delta(struct view *v, const struct change *c);
enum view_verdict reduce_plan_set(struct view *v, const struct change *c);
enum view_verdict reduce_doc_insert(struct view *v, const struct change *c);
enum view_verdict reduce_doc_update(struct view *v, const struct change *c);
enum view_verdict reduce_doc_delete(struct view *v, const struct change *c);
enum view_verdict reduce_station_status(struct view *v,
					const struct change *c);
enum view_verdict reduce_station_order(struct view *v,
				       const struct change *c);
enum view_verdict reduce_resource_commit(struct view *v,
					 const struct change *c);
enum view_verdict reduce_resource_policy(struct view *v,
					 const struct change *c);

/* ---- JSON shared by the queries ---- */

/* author, seq, wall_ms, counter of an open object. */
void order_json(const struct order *at, struct json_out *o);
/* One write: {author ... id, value | unset}. */
void head_json(const struct write *w, struct json_out *o);
/* "heads": [...] of an open object. */
void heads_json(struct field *f, struct json_out *o);
/* An object for each resource in conflict, into an open array. */
void resource_conflicts_json(const struct view *v, struct json_out *o);
/* The ids of a field's visible heads (f may be NULL): view_field_base. */
size_t field_base(struct field *f, uint8_t *base, size_t cap);
/* {name: value} of the fields that show. */
void fields_json(const struct table *fields, struct json_out *o);
