/* SPDX-License-Identifier: MIT
 *
 * Reading JSON. A `struct json` is a jansson value under another name; nobody
 * else includes jansson. Depth is bounded before jansson sees the text, so its
 * recursion cannot be driven by input.
 */
#include <stdio.h>

/* jansson and lib/base/json.h share some names; here jansson's get others. */
#define json_type jansson_type
#define json_real jansson_real
#define json_string jansson_string
#define JSON_OBJECT JANSSON_OBJECT
#define JSON_ARRAY JANSSON_ARRAY
#define JSON_STRING JANSSON_STRING
#define JSON_REAL JANSSON_REAL
#define JSON_TRUE JANSSON_TRUE
#define JSON_FALSE JANSSON_FALSE
#define JSON_NULL JANSSON_NULL
#include <jansson.h>
#undef json_type
#undef json_real
#undef json_string
#undef JSON_OBJECT
#undef JSON_ARRAY
#undef JSON_STRING
#undef JSON_REAL
#undef JSON_TRUE
#undef JSON_FALSE
#undef JSON_NULL
#include "lib/base/json.h"

static const struct json *json_wrap(const json_t *v)
{
	return (const struct json *)v;
}

/* Without const, for those functions of jansson that lack the word. */
static json_t *json_unwrap(const struct json *v)
{
	return (json_t *)(uintptr_t)v;
}

/* Brackets outside strings; whether they match is for jansson to say. */
static bool json_too_deep(struct span text)
{
	bool quoted = false;
	int depth = 0;

	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];

		if (c == '"')
			quoted = !quoted;
		else if (quoted)
			i += c == '\\';
		else if (c == '[' || c == '{')
			depth++;
		else if (c == ']' || c == '}')
			depth--;
		if (depth > JSON_DEPTH_MAX)
			return true;
	}
	return false;
}

struct json *json_parse(struct span text, struct json_error *err)
{
	json_error_t e = { .line = 1, .text = "nested too deeply" };
	json_t *v = NULL;

	if (!json_too_deep(text))
		v = json_loadb(text.p ? (const char *)text.p : "", text.n,
			       JSON_REJECT_DUPLICATES | JSON_DECODE_ANY |
			       JSON_ALLOW_NUL, &e);
	if (!v && err) {
		err->line = e.line;
		err->column = e.column;
		snprintf(err->text, sizeof(err->text), "%s", e.text);
	}
	return (struct json *)v;
}

/* \u0000 becomes \u2400. */
static void nul_show(struct buf *b)
{
	for (size_t i = 0; i + 5 < b->len; i++) {
		if (b->p[i] != '\\')
			continue;
		if (memcmp(b->p + i + 1, "u0000", 5) == 0)
			memcpy(b->p + i + 2, "24", 2);
		i++;	/* what is escaped is no backslash of its own */
	}
}

struct json *json_parse_shown(struct span text)
{
	struct json *v = json_parse(text, NULL);
	struct buf copy = { 0 };

	if (v)
		return v;
	buf_add(&copy, text);
	nul_show(&copy);
	v = json_parse(buf_span(&copy), NULL);
	buf_fini(&copy);
	return v;
}

void json_free(struct json *root)
{
	json_decref((json_t *)root);
}

enum json_type json_type(const struct json *v)
{
	switch (json_typeof(json_unwrap(v))) {
	case JANSSON_OBJECT:
		return JSON_OBJECT;
	case JANSSON_ARRAY:
		return JSON_ARRAY;
	case JANSSON_STRING:
		return JSON_STRING;
	case JSON_INTEGER:
		return JSON_INT;
	case JANSSON_REAL:
		return JSON_REAL;
	case JANSSON_TRUE:
		return JSON_TRUE;
	case JANSSON_FALSE:
		return JSON_FALSE;
	case JANSSON_NULL:
		break;
	}
	return JSON_NULL;
}

const struct json *json_get(const struct json *obj, const char *key)
{
	return json_wrap(json_object_get(json_unwrap(obj), key));
}

const struct json *json_at(const struct json *arr, size_t i)
{
	return json_wrap(json_array_get(json_unwrap(arr), i));
}

size_t json_len(const struct json *v)
{
	if (json_is(v, JSON_ARRAY))
		return json_array_size(json_unwrap(v));
	return json_object_size(json_unwrap(v));
}

bool json_next(const struct json *obj, struct json_member *m)
{
	json_t *o = json_unwrap(obj);

	m->it = m->it ? json_object_iter_next(o, m->it) : json_object_iter(o);
	if (!m->it)
		return false;
	m->key = SPAN(json_object_iter_key(m->it),
		      json_object_iter_key_len(m->it));
	m->value = json_wrap(json_object_iter_value(m->it));
	return true;
}

int64_t json_int(const struct json *v)
{
	return json_integer_value(json_unwrap(v));
}

double json_real(const struct json *v)
{
	return json_number_value(json_unwrap(v));
}

bool json_bool(const struct json *v)
{
	return json_is(v, JSON_TRUE);
}

struct span json_string(const struct json *v)
{
	const json_t *s = json_unwrap(v);

	if (!json_is(v, JSON_STRING))
		return SPAN("", 0);
	return SPAN(json_string_value(s), json_string_length(s));
}
