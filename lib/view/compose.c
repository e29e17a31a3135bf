/* SPDX-License-Identifier: MIT
 *
 * Own events of counters and the plan, see compose.h.
 */
#include "lib/view/compose.h"
#include <errno.h>
#include <stdlib.h>
#include "lib/view/compose_map.h"

/* ---- pieces ---- */

void compose_key_text(struct buf *out, enum payload_key key, struct span s)
{
	payload_put_uint(out, key);
	payload_put_text(out, s);
}

void compose_key_bytes(struct buf *out, enum payload_key key, struct span s)
{
	payload_put_uint(out, key);
	payload_put_bytes(out, s);
}

int compose_end(struct buf *out, size_t before, int err)
{
	size_t len = out->len - before;

	if (!err && len > EVENT_PAYLOAD_MAX)
		err = -EMSGSIZE;
	if (!err && payload_check(SPAN(out->p + before, len)) != PAYLOAD_OK)
		err = -EINVAL;
	if (err)
		out->len = before;
	return err;
}

static int by_key(const void *pa, const void *pb)
{
	return compose_key_compare(((const struct json_member *)pa)->key,
				   ((const struct json_member *)pb)->key);
}

int compose_named(struct buf *out, const struct json *object)
{
	size_t n = json_len(object);
	struct json_member *list = calloc(n + 1, sizeof(*list));
	struct json_member m = { 0 };
	int err = !list ? -ENOMEM : n && !json_is(object, JSON_OBJECT) ?
		-EINVAL : 0;

	for (size_t i = 0; !err && json_next(object, &m); i++)
		list[i] = m;
	if (!err)
		qsort(list, n, sizeof(*list), by_key);
	payload_put_map(out, n);
	for (size_t i = 0; i < n && !err; i++) {
		payload_put_text(out, list[i].key);
		err = payload_from_json(out, list[i].value);
	}
	free(list);
	return err;
}

/* ---- counters ---- */

static int step_read(struct span s, enum counter_sign *sign, uint64_t *by)
{
	size_t at = s.n && (s.p[0] == '+' || s.p[0] == '-');

	*sign = at && s.p[0] == '-' ? COUNTER_TAKEN : COUNTER_ADDED;
	*by = 0;
	if (at == s.n)
		return -EINVAL;
	for (; at < s.n; at++) {
		uint64_t digit = s.p[at] - (uint64_t)'0';

		if (digit > 9)
			return -EINVAL;
		if (*by > (UINT64_MAX - digit) / 10)
			return -ERANGE;
		*by = *by * 10 + digit;
	}
	return 0;
}

/* -1 - n encodes a step back of n + 1, up to 2^64. */
static void step_put(struct buf *out, enum counter_sign sign, uint64_t by)
{
	size_t head = out->len;

	payload_put_uint(out, by - sign);
	if (sign == COUNTER_TAKEN)
		out->p[head] |= 0x20;
}

int compose_count(const struct view *v, struct span author, struct span record,
		  struct span counter, struct span by, struct buf *out)
{
	struct counter *c = view_find_counter(v, record, counter);
	size_t before = out->len;
	enum counter_sign sign;
	uint64_t step, total;
	int err = step_read(by, &sign, &step);

	if (err)
		return err;
	total = c ? counter_total(c, v->seed, author, sign) : 0;
	err = counter_next(&total, step);
	if (err)
		return err;
	payload_put_map(out, 4);
	compose_key_text(out, KEY_RECORD, record);
	payload_put_uint(out, KEY_BY);
	step_put(out, sign, step);
	payload_put_uint(out, KEY_TOTAL);
	payload_put_uint(out, total);
	compose_key_text(out, KEY_COUNTER, counter);
	return compose_end(out, before, 0);
}

/* ---- the plan ---- */

/* The heads of all keys; one event may have written several of them. */
static size_t plan_base(const struct view *v, const struct json *changes,
			uint8_t base[COMPOSE_BASE_MAX])
{
	uint8_t heads[COMPOSE_BASE_MAX];
	struct json_member m = { 0 };
	size_t len = 0;

	while (json_next(changes, &m)) {
		struct field *f = fields_find(&v->plan.keys, v->seed, m.key);
		size_t n = field_base(f, heads, sizeof(heads));

		for (size_t i = 0; i < n && len < COMPOSE_BASE_MAX;
		     i += EVENT_BASE_SIZE)
			if (!event_base_names(SPAN(base, len), heads + i)) {
				memcpy(base + len, heads + i, EVENT_BASE_SIZE);
				len += EVENT_BASE_SIZE;
			}
	}
	return len;
}

int compose_plan(const struct view *v, const struct json *changes,
		 struct buf *out)
{
	uint8_t base[COMPOSE_BASE_MAX];
	size_t len = plan_base(v, changes, base), before = out->len;

	if (!json_len(changes))
		return -EINVAL;
	payload_put_map(out, 2);
	compose_key_bytes(out, KEY_BASE, SPAN(base, len));
	payload_put_uint(out, KEY_CHANGES);
	return compose_end(out, before, compose_named(out, changes));
}
