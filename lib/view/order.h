/* SPDX-License-Identifier: MIT
 *
 * The total order of events: (wall, counter, author, seq). The first bytes of
 * the id come last; they act only between two events of one author and seq,
 * which a view is never shown at once.
 */
#pragma once
#include "lib/event/event.h"
#include "lib/view/table.h"

struct order {
	struct hlc hlc;
	const struct table_entry *author; /* interned label */
	uint64_t seq;
	uint64_t id8;
};

int order_compare(const struct order *a, const struct order *b);
