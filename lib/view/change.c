/* SPDX-License-Identifier: MIT
 *
 * A payload's members, see change.h.
 */
#include "lib/view/change.h"

/* Numbered keys come before spelt ones and win over them. */
enum view_verdict change_read(struct change *c)
{
	struct payload_value map, k, v;

	c->have = 0;
	if (!payload_whole(c->payload, &map) || map.type != PAYLOAD_MAP)
		return VIEW_BAD_PAYLOAD;
	while (payload_next(&map.body, &k) && payload_next(&map.body, &v)) {
		uint64_t key = k.type == PAYLOAD_UINT ?
			k.num : payload_key_number(k.str);

		if (key >= CHANGE_MEMBERS || c->have >> key & 1)
			continue;
		c->have |= 1ULL << key;
		c->member[key] = v;
	}
	return map.body.n ? VIEW_BAD_PAYLOAD : VIEW_APPLIED;
}

/* The member if it is there and of this type. */
static enum view_verdict member_typed(const struct change *c,
				      enum payload_key key, bool required,
				      enum payload_type type,
				      const struct payload_value **v)
{
	*v = NULL;
	if (!change_has(c, key))
		return required ? VIEW_MISSING_FIELD : VIEW_APPLIED;
	if (c->member[key].type != type)
		return VIEW_BAD_TYPE;
	*v = &c->member[key];
	return VIEW_APPLIED;
}

enum view_verdict change_text(const struct change *c, enum payload_key key,
			      bool required, struct span *text)
{
	const struct payload_value *v;
	enum view_verdict bad = member_typed(c, key, required, PAYLOAD_TEXT,
					     &v);

	*text = v ? v->str : SPAN(NULL, 0);
	return bad;
}

enum view_verdict change_uint(const struct change *c, enum payload_key key,
			      bool required, uint64_t *num)
{
	const struct payload_value *v;
	enum view_verdict bad = member_typed(c, key, required, PAYLOAD_UINT,
					     &v);

	*num = v ? v->num : 0;
	return bad;
}

enum view_verdict change_bytes(const struct change *c, enum payload_key key,
			       bool required, struct span *bytes)
{
	const struct payload_value *v;
	enum view_verdict bad = member_typed(c, key, required, PAYLOAD_BYTES,
					     &v);

	*bytes = v ? v->str : SPAN(NULL, 0);
	return bad;
}

enum view_verdict change_base(const struct change *c, struct span *base)
{
	*base = SPAN(NULL, 0);
	if (c->imported)
		return VIEW_APPLIED;
	return change_bytes(c, KEY_BASE, false, base) ||
	       base->n % EVENT_BASE_SIZE ? VIEW_BAD_TYPE : VIEW_APPLIED;
}

/* ---- maps of named values ---- */

static bool name_read(const struct payload_value *k, struct span *name)
{
	const char *known = payload_key_name(k->num);

	if (k->type == PAYLOAD_TEXT)
		*name = k->str;
	else if (known)
		*name = SPAN_STR(known);
	return k->type == PAYLOAD_TEXT || known;
}

bool change_next_named(struct span *body, struct span *name,
		       struct payload_value *value)
{
	struct payload_value k;

	return payload_next(body, &k) && name_read(&k, name) &&
	       payload_next(body, value);
}

enum view_verdict change_named(const struct change *c, enum payload_key key,
			       bool required, struct span *body)
{
	const struct payload_value *v;
	struct payload_value value;
	enum view_verdict bad = member_typed(c, key, required, PAYLOAD_MAP,
					     &v);
	struct span rest, name;

	*body = rest = v ? v->body : SPAN(NULL, 0);
	while (change_next_named(&rest, &name, &value))
		;
	return rest.n ? VIEW_BAD_TYPE : bad;	/* a name of no known number */
}
