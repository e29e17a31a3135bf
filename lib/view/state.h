/* SPDX-License-Identifier: MIT
 *
 * What a view holds; shared by the reducer (reduce.c) and the queries (query.c).
 * Rows settle when they are looked at, so a query may touch them though the
 * view is const: what they say does not change.
 */
#pragma once
#include "lib/view/attachments.h"
#include "lib/view/field.h"
#include "lib/view/notes.h"
#include "lib/view/view.h"

struct view_field {
	struct table_entry name;	/* first: an entry of its row */
	struct field rule;
};

struct row {
	struct table_entry id;		/* first: an entry of the view */
	bool exists;			/* fields may be unset before */
	struct order first;		/* of the events that made it */
	struct field form, created_by;
	struct table fields;
	struct pile notes, attachments;
};

struct reject {
	struct order at;
	uint16_t kind;
	enum view_verdict verdict;
};

struct view {
	uint8_t seed[16];
	struct table authors;		/* interned labels, never removed */
	struct table rows;
	size_t n_records;
	struct pile *rejects;
	bool withheld;			/* there may be withheld ones */
};

/* The field of a record; NULL if nobody wrote it. */
struct field *view_find_field(const struct view *v, struct span record,
			      struct span field);
