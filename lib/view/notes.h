/* SPDX-License-Identifier: MIT
 *
 * The rule of notes: they are added, never changed, and stand in the total
 * order.
 */
#pragma once
#include "lib/view/order.h"

struct note {
	struct order at;
	struct span text;	/* behind the note */
};

void notes_add(struct pile *notes, const struct order *at, struct span text);
void notes_settle(struct pile *notes);
