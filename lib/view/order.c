/* SPDX-License-Identifier: MIT
 *
 * The comparison of order.h.
 */
#include "lib/view/order.h"

int order_compare(const struct order *a, const struct order *b)
{
	int c = hlc_compare(a->hlc, b->hlc);

	if (c == 0 && a->author != b->author)
		c = span_compare(a->author->key, b->author->key);
	if (c == 0)
		c = (a->seq > b->seq) - (a->seq < b->seq);
	if (c == 0)
		c = (a->id8 > b->id8) - (a->id8 < b->id8);
	return c;
}
