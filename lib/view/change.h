/* SPDX-License-Identifier: MIT
 *
 * An event on its way into the view: where it stands in the total order, and
 * the members of its payload by their numbers in the code book.
 *
 * A rule asks for its members first and changes something only when all are
 * as the kind wants them: an event is in the view whole, or not at all.
 */
#pragma once
#include "lib/event/payload.h"
#include "lib/view/order.h"
#include "lib/view/view.h"

#define CHANGE_MEMBERS 64	/* keys below this number are looked at */

struct change {
	struct order at;
	uint16_t kind;
	bool withheld;
	bool imported;		/* no base: its ids are not ours */
	struct span payload;
	uint64_t have;		/* bit a key */
	struct payload_value member[CHANGE_MEMBERS];
};

/* Takes the payload apart. */
enum view_verdict change_read(struct change *c);

static inline bool change_has(const struct change *c, enum payload_key key)
{
	return c->have >> key & 1;
}

/* A text, unsigned or byte-string member: VIEW_APPLIED, or why not. An absent
 * one that is not required is empty, or 0. */
enum view_verdict change_text(const struct change *c, enum payload_key key,
			      bool required, struct span *text);
enum view_verdict change_uint(const struct change *c, enum payload_key key,
			      bool required, uint64_t *v);
enum view_verdict change_bytes(const struct change *c, enum payload_key key,
			       bool required, struct span *bytes);
/* KEY_BASE: whole ids, perhaps none; NULL if it is not there. */
enum view_verdict change_base(const struct change *c, struct span *base);

/* A map of named values (plan: changes, doc: fields): the next name and value
 * of `body`, a checked member's. Names that the code book has a number for may
 * stand as it. */
bool change_next_named(struct span *body, struct span *name,
		       struct payload_value *value);
/* The member is such a map; absent and not required: empty. */
enum view_verdict change_named(const struct change *c, enum payload_key key,
			       bool required, struct span *body);
