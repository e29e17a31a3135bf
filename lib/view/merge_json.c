/* SPDX-License-Identifier: MIT
 *
 * Merging JSON, see merge.h. Recursion is bounded by JSON_DEPTH_MAX, which the
 * parser keeps.
 */
#include <errno.h>
#include <stdlib.h>
#include "lib/base/json.h"
#include "lib/view/merge.h"
#include "lib/view/table.h"

/* The three values of one place; absent ones are NULL. */
struct place {
	const struct json *base, *a, *b;
};

/* ---- sorted and indented ---- */

static void indent(struct buf *out, unsigned depth)
{
	buf_add_u8(out, '\n');
	for (unsigned i = 0; i < depth; i++)
		buf_add(out, SPAN("  ", 2));
}

static int key_compare(const void *a, const void *b)
{
	return span_compare(*(const struct span *)a, *(const struct span *)b);
}

/* The keys of two objects, sorted, each once; to be freed. */
static struct span *keys_of(const struct json *x, const struct json *y,
			    size_t *n)
{
	struct span *keys = view_alloc((json_len(x) + json_len(y) + 1) *
				       sizeof(*keys));
	struct json_member m = { .it = NULL };
	size_t all = 0;

	while (json_next(x, &m))
		keys[all++] = m.key;
	m = (struct json_member){ .it = NULL };
	while (json_is(y, JSON_OBJECT) && json_next(y, &m))
		keys[all++] = m.key;
	qsort(keys, all, sizeof(*keys), key_compare);
	*n = 0;
	for (size_t i = 0; i < all; i++)
		if (!*n || !span_equal(keys[*n - 1], keys[i]))
			keys[(*n)++] = keys[i];
	return keys;
}

static void scalar_put(struct buf *out, const struct json *v)
{
	struct json_out o = { .b = *out };

	json_out_value(&o, v);
	*out = o.b;
}

static void value_put(struct buf *out, const struct json *v, unsigned depth);

static void key_put(struct buf *out, struct span key, bool first,
		    unsigned depth)
{
	struct json_out o = { .depth = 0 };

	if (!first)
		buf_add_u8(out, ',');
	indent(out, depth);
	json_out_string_span(&o, key);
	buf_add(out, buf_span(&o.b));
	buf_add(out, SPAN(": ", 2));
	buf_fini(&o.b);
}

static void object_put(struct buf *out, const struct json *v, unsigned depth)
{
	size_t n;
	struct span *keys = keys_of(v, NULL, &n);

	buf_add_u8(out, '{');
	for (size_t i = 0; i < n; i++) {
		key_put(out, keys[i], i == 0, depth + 1);
		value_put(out, json_get(v, (const char *)keys[i].p),
			  depth + 1);
	}
	if (n)
		indent(out, depth);
	buf_add_u8(out, '}');
	free(keys);
}

static void array_put(struct buf *out, const struct json *v, unsigned depth)
{
	buf_add_u8(out, '[');
	for (size_t i = 0; i < json_len(v); i++) {
		if (i)
			buf_add_u8(out, ',');
		indent(out, depth + 1);
		value_put(out, json_at(v, i), depth + 1);
	}
	if (json_len(v))
		indent(out, depth);
	buf_add_u8(out, ']');
}

static void value_put(struct buf *out, const struct json *v, unsigned depth)
{
	if (json_is(v, JSON_OBJECT))
		object_put(out, v, depth);
	else if (json_is(v, JSON_ARRAY))
		array_put(out, v, depth);
	else
		scalar_put(out, v);
}

/* ---- merging ---- */

static bool same(const struct json *x, const struct json *y)
{
	struct buf a = { 0 }, b = { 0 };
	bool equal;

	if (!x || !y)
		return x == y;
	value_put(&a, x, 0);
	value_put(&b, y, 0);
	equal = span_equal(buf_span(&a), buf_span(&b));
	buf_fini(&a);
	buf_fini(&b);
	return equal;
}

static bool is_object(const struct json *v)
{
	return json_is(v, JSON_OBJECT);
}

/* Which value stands; NULL: none. Not for two objects. */
static const struct json *winner(const struct place *p)
{
	if (p->base && same(p->a, p->base))
		return p->b;
	if (p->base && same(p->b, p->base))
		return p->a;
	return p->b ? p->b : p->a;
}

static void place_put(struct buf *out, const struct place *p, unsigned depth);

static void objects_merge(struct buf *out, const struct place *p,
			  unsigned depth)
{
	size_t n;
	struct span *keys = keys_of(p->a, p->b, &n);
	bool first = true;

	buf_add_u8(out, '{');
	for (size_t i = 0; i < n; i++) {
		const char *key = (const char *)keys[i].p;
		struct place at = { json_get(p->base, key),
				    json_get(p->a, key),
				    json_get(p->b, key) };

		if (!(is_object(at.a) && is_object(at.b)) && !winner(&at))
			continue;
		key_put(out, keys[i], first, depth + 1);
		place_put(out, &at, depth + 1);
		first = false;
	}
	if (!first)
		indent(out, depth);
	buf_add_u8(out, '}');
	free(keys);
}

static void place_put(struct buf *out, const struct place *p, unsigned depth)
{
	if (is_object(p->a) && is_object(p->b))
		objects_merge(out, p, depth);
	else
		value_put(out, winner(p), depth);
}

int merge_json(struct buf *out, const struct span *base, struct span a,
	       struct span b)
{
	struct json *jo = base ? json_parse(*base, NULL) : NULL;
	struct json *ja = json_parse(a, NULL), *jb = json_parse(b, NULL);
	struct place all = { jo, ja, jb };
	int err = ja && jb ? 0 : -EINVAL;

	if (!err)
		place_put(out, &all, 0);
	json_free(jo);
	json_free(ja);
	json_free(jb);
	return err;
}
