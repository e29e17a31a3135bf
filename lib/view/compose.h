/* SPDX-License-Identifier: MIT
 *
 * The payload of an own event, where that depends on the view: a counter's
 * next total, the writes that a plan replaces, the place of an element. Each
 * appends to `out`, or returns what is wrong and appends nothing.
 *
 *   -EINVAL  not what the kind takes (a step of nothing, a value that no event
 *            can hold)
 *   -ERANGE  the total would not fit into 64 bits
 *   -ENOENT  no such document or element, or more than one
 *   -EALREADY, -EEXIST  the element is deleted; to be restored, it is not
 *   -EMSGSIZE  longer than a payload
 *
 * An element is named by its number among those shown, from 1, or as "@" and
 * the beginning of its id, then deleted ones too.
 */
#pragma once
#include "lib/view/view.h"

/* counter.add by its author: "+3", "3" or "-2". */
int compose_count(const struct view *v, struct span author, struct span record,
		  struct span counter, struct span by, struct buf *out);
/* plan.delta, plan.set: {key: value ...} over what the keys show now. */
int compose_plan(const struct view *v, const struct json *changes,
		 struct buf *out);

enum compose_where { COMPOSE_END, COMPOSE_AFTER, COMPOSE_BEFORE };

/* doc.insert: at the end of the document, or beside `element`. */
int compose_doc_insert(const struct view *v, struct span doc,
		       enum compose_where where, struct span element,
		       struct span type, const struct json *fields,
		       struct buf *out);
/* doc.insert of what a deleted element showed, in its place. */
int compose_doc_restore(const struct view *v, struct span doc,
			struct span element, struct buf *out);
int compose_doc_update(const struct view *v, struct span doc,
		       struct span element, struct span field,
		       const struct json *value, struct buf *out);
int compose_doc_delete(const struct view *v, struct span doc,
		       struct span element, struct buf *out);
