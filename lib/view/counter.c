/* SPDX-License-Identifier: MIT
 *
 * Counters, see counter.h.
 */
#include "lib/view/counter.h"
#include <errno.h>
#include <stdlib.h>
#include "lib/event/payload.h"

/* One total said twice can only be a lie; the greater order is its event. */
void counter_raise(struct counter *c, const uint8_t seed[16],
		   const struct order *at, enum counter_sign sign,
		   uint64_t total)
{
	struct counter_slot *s;

	if (!total)
		return;
	s = (struct counter_slot *)table_get(&c->slots, seed, at->author->key,
					     sizeof(*s));
	if (total < s->total[sign] ||
	    (total == s->total[sign] && order_compare(at, &s->at[sign]) < 0))
		return;
	s->total[sign] = total;
	s->at[sign] = *at;
}

uint64_t counter_total(const struct counter *c, const uint8_t seed[16],
		       struct span author, enum counter_sign sign)
{
	const struct counter_slot *s = (const struct counter_slot *)
		table_find(&c->slots, seed, author);

	return s ? s->total[sign] : 0;
}

int counter_next(uint64_t *total, uint64_t by)
{
	if (!by)
		return -EINVAL;
	if (by > UINT64_MAX - *total)
		return -ERANGE;
	*total += by;
	return 0;
}

__int128 counter_value(const struct counter *c)
{
	struct table_entry *e;
	__int128 sum = 0;

	table_for_each(e, &c->slots) {
		const struct counter_slot *s = (struct counter_slot *)e;

		sum += s->total[COUNTER_ADDED];
		sum -= s->total[COUNTER_TAKEN];
	}
	return sum;
}

char *counter_format(char *dst, __int128 value)
{
	unsigned __int128 v = value < 0 ? -(unsigned __int128)value :
					  (unsigned __int128)value;
	char digits[40];
	size_t n = 0, at = 0;

	do
		digits[n++] = (char)('0' + (int)(v % 10));
	while (v /= 10);
	if (value < 0)
		dst[at++] = '-';
	while (n)
		dst[at++] = digits[--n];
	dst[at] = 0;
	return dst;
}

void counter_json(__int128 value, struct json_out *o)
{
	char text[41];

	if (value >= INT64_MIN && value <= INT64_MAX)
		json_out_int(o, (int64_t)value);
	else
		json_out_string(o, counter_format(text, value));
}

void counter_put(const struct counter *c, struct buf *b)
{
	struct table_entry **list = table_sorted(&c->slots);

	payload_put_map(b, c->slots.n);
	for (size_t i = 0; i < c->slots.n; i++) {
		const struct counter_slot *s = (struct counter_slot *)list[i];

		payload_put_text(b, s->author.key);
		payload_put_array(b, 2);
		payload_put_uint(b, s->total[COUNTER_ADDED]);
		payload_put_uint(b, s->total[COUNTER_TAKEN]);
	}
	free(list);
}

void counter_fini(struct counter *c)
{
	table_fini(&c->slots, NULL);
}
