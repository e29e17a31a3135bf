/* SPDX-License-Identifier: MIT
 *
 * Reading JSON. A `struct json` is a jansson value under another name; nobody
 * else includes jansson. Depth is bounded before jansson sees the text, so its
 * recursion cannot be driven by input.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

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

static json_t *json_load(struct span text, size_t flags, json_error_t *e)
{
	*e = (json_error_t){ .line = 1, .text = "nested too deeply" };
	if (json_too_deep(text))
		return NULL;
	return json_loadb(text.p ? (const char *)text.p : "", text.n,
			  flags | JSON_DECODE_ANY | JSON_ALLOW_NUL, e);
}

struct json *json_parse(struct span text, struct json_error *err)
{
	json_error_t e;
	json_t *v = json_load(text, JSON_REJECT_DUPLICATES, &e);

	if (!v && err) {
		err->line = e.line;
		err->column = e.column;
		snprintf(err->text, sizeof(err->text), "%s", e.text);
	}
	return (struct json *)v;
}

/* ---- what we wrote ourselves ---- */

/* The string at s, quotes and all: \u0000 becomes \u2400. Its length. */
static size_t string_show(struct buf *b, struct span s)
{
	size_t i = 1;

	buf_add_u8(b, '"');
	while (i < s.n && s.p[i] != '"') {
		size_t n = s.p[i] == '\\' && i + 1 < s.n ? 2 : 1;
		bool nul = s.n - i >= 6 && !memcmp(s.p + i, "\\u0000", 6);

		buf_add(b, nul ? SPAN_STR("\\u2400") : SPAN(s.p + i, n));
		i += nul ? 6 : n;
	}
	buf_add_u8(b, '"');
	return i < s.n ? i + 1 : s.n;
}

/* The number at s, as a string if it is an integer of more than 64 bits with
 * its sign. Its length. */
static size_t number_show(struct buf *b, struct span s)
{
	bool real = false, quote;
	size_t n = 0;
	char text[24];

	for (; n < s.n && (s.p[n] == '-' || s.p[n] == '+' || s.p[n] == '.' ||
			   isalnum(s.p[n])); n++)
		real |= s.p[n] == '.' || s.p[n] == 'e' || s.p[n] == 'E';
	snprintf(text, sizeof(text), "%.*s", (int)n, (const char *)s.p);
	errno = 0;
	strtoll(text, NULL, 10);
	quote = !real && errno == ERANGE;
	if (quote)
		buf_add_u8(b, '"');
	buf_add(b, SPAN(s.p, n));
	if (quote)
		buf_add_u8(b, '"');
	return n;
}

static void text_show(struct buf *b, struct span text)
{
	size_t i = 0;

	while (i < text.n) {
		struct span left = SPAN(text.p + i, text.n - i);

		if (*left.p == '"')
			i += string_show(b, left);
		else if (*left.p == '-' || isdigit(*left.p))
			i += number_show(b, left);
		else
			buf_add_u8(b, text.p[i++]);
	}
}

struct json *json_parse_shown(struct span text)
{
	struct buf copy = { 0 };
	json_error_t e;
	json_t *v = json_load(text, 0, &e);

	if (v)
		return (struct json *)v;
	text_show(&copy, text);
	v = json_load(buf_span(&copy), 0, &e);
	buf_fini(&copy);
	return (struct json *)v;
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
