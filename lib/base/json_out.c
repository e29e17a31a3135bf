/* SPDX-License-Identifier: MIT
 *
 * Writing JSON. A value goes out over a stack of its own, not by recursion.
 */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "lib/base/json.h"

static void out_text(struct json_out *o, const char *s)
{
	buf_add(&o->b, SPAN_STR(s));
}

/* What stands between the last value and this one. */
static void out_separate(struct json_out *o)
{
	if (o->comma)
		out_text(o, o->spaced ? ", " : ",");
	o->comma = true;
}

static void out_open(struct json_out *o, char bracket)
{
	out_separate(o);
	buf_add_u8(&o->b, (uint8_t)bracket);
	o->depth++;
	o->comma = false;
}

static void out_close(struct json_out *o, char bracket)
{
	assert(o->depth > 0);
	buf_add_u8(&o->b, (uint8_t)bracket);
	o->depth--;
	o->comma = true;
}

void json_out_object(struct json_out *o)
{
	out_open(o, '{');
}

void json_out_array(struct json_out *o)
{
	out_open(o, '[');
}

void json_out_end_object(struct json_out *o)
{
	out_close(o, '}');
}

void json_out_end_array(struct json_out *o)
{
	out_close(o, ']');
}

/* One code point of UTF-8, shortest form, no surrogates (RFC 3629); U+FFFD
 * and one byte used where there is none. */
static uint32_t utf8_take(struct span *s)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint8_t lead = s->p[0];
	size_t n = lead < 0x80 ? 1 : lead < 0xc0 ? 0 : lead < 0xe0 ? 2 :
		lead < 0xf0 ? 3 : lead < 0xf8 ? 4 : 0;
	uint32_t c = n < 2 ? lead : lead & (0x7fu >> n);
	bool good = n > 0 && n <= s->n;

	for (size_t i = 1; good && i < n; i++) {
		good = (s->p[i] & 0xc0) == 0x80;
		c = c << 6 | (s->p[i] & 0x3f);
	}
	good = good && c >= least[n] && c <= 0x10ffff &&
		(c < 0xd800 || c > 0xdfff);
	if (!good)
		n = 1;
	s->p += n;
	s->n -= n;
	return good ? c : 0xfffd;
}

static void out_escape(struct json_out *o, uint32_t c)
{
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *at = c && c < 0x80 ? strchr(from, (int)c) : NULL;

	if (at) {
		buf_add_u8(&o->b, '\\');
		buf_add_u8(&o->b, (uint8_t)to[at - from]);
	} else if (c < 0x10000) {
		buf_printf(&o->b, "\\u%04x", c);
	} else {
		c -= 0x10000;
		buf_printf(&o->b, "\\u%04x\\u%04x", 0xd800 | c >> 10,
			   0xdc00 | (c & 0x3ff));
	}
}

static void out_code_point(struct json_out *o, uint32_t c)
{
	if (c < 0x20 || c == '"' || c == '\\' || (o->ascii && c > 0x7e)) {
		out_escape(o, c);
	} else if (c < 0x80) {
		buf_add_u8(&o->b, (uint8_t)c);
	} else if (c < 0x800) {
		buf_add_u8(&o->b, (uint8_t)(0xc0 | c >> 6));
		buf_add_u8(&o->b, (uint8_t)(0x80 | (c & 0x3f)));
	} else {
		if (c >= 0x10000)
			buf_add_u8(&o->b, (uint8_t)(0xf0 | c >> 18));
		buf_add_u8(&o->b, (uint8_t)(c < 0x10000 ? 0xe0 | c >> 12 :
					    0x80 | (c >> 12 & 0x3f)));
		buf_add_u8(&o->b, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
		buf_add_u8(&o->b, (uint8_t)(0x80 | (c & 0x3f)));
	}
}

static void out_quoted(struct json_out *o, struct span s)
{
	buf_add_u8(&o->b, '"');
	while (s.n > 0)
		out_code_point(o, utf8_take(&s));
	buf_add_u8(&o->b, '"');
}

void json_out_string_span(struct json_out *o, struct span s)
{
	out_separate(o);
	out_quoted(o, s);
}

void json_out_string(struct json_out *o, const char *s)
{
	json_out_string_span(o, SPAN_STR(s));
}

void json_out_key_span(struct json_out *o, struct span key)
{
	json_out_string_span(o, key);
	out_text(o, o->spaced ? ": " : ":");
	o->comma = false;
}

void json_out_key(struct json_out *o, const char *key)
{
	json_out_key_span(o, SPAN_STR(key));
}

void json_out_hex(struct json_out *o, struct span s)
{
	out_separate(o);
	buf_add_u8(&o->b, '"');
	hex_encode((char *)buf_reserve(&o->b, 2 * s.n + 1), s);
	o->b.len += 2 * s.n;
	buf_add_u8(&o->b, '"');
}

void json_out_int(struct json_out *o, int64_t v)
{
	out_separate(o);
	buf_printf(&o->b, "%lld", (long long)v);
}

void json_out_uint(struct json_out *o, uint64_t v)
{
	out_separate(o);
	buf_printf(&o->b, "%llu", (unsigned long long)v);
}

/* JSON knows no infinity and no NaN. */
void json_out_real(struct json_out *o, double v)
{
	char text[32];

	out_separate(o);
	out_text(o, isfinite(v) ? json_format_real(text, v) : "null");
}

void json_out_bool(struct json_out *o, bool v)
{
	out_separate(o);
	out_text(o, v ? "true" : "false");
}

void json_out_null(struct json_out *o)
{
	out_separate(o);
	out_text(o, "null");
}

void json_out_raw(struct json_out *o, struct span text)
{
	out_separate(o);
	buf_add(&o->b, text);
}

static void out_scalar(struct json_out *o, const struct json *v)
{
	switch (json_type(v)) {
	case JSON_INT:
		json_out_int(o, json_int(v));
		break;
	case JSON_REAL:
		json_out_real(o, json_real(v));
		break;
	case JSON_STRING:
		json_out_string_span(o, json_string(v));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		json_out_bool(o, json_bool(v));
		break;
	default:
		json_out_null(o);
	}
}

/* A container on its way out: where in it we are. */
struct out_level {
	const struct json *v;
	struct json_member member;
	size_t i;
};

/* The next value of the container, its key written; NULL at its end. */
static const struct json *out_level_next(struct json_out *o,
					 struct out_level *l)
{
	if (json_is(l->v, JSON_ARRAY))
		return json_at(l->v, l->i++);
	if (!json_next(l->v, &l->member))
		return NULL;
	json_out_key_span(o, l->member.key);
	return l->member.value;
}

void json_out_value(struct json_out *o, const struct json *v)
{
	struct out_level stack[JSON_DEPTH_MAX];
	size_t depth = 0;

	do {
		if (v && (json_is(v, JSON_OBJECT) || json_is(v, JSON_ARRAY))) {
			out_open(o, json_is(v, JSON_OBJECT) ? '{' : '[');
			stack[depth++] = (struct out_level){ .v = v };
		} else if (v || depth == 0) {
			v ? out_scalar(o, v) : json_out_null(o);
		} else {
			v = stack[--depth].v;
			out_close(o, json_is(v, JSON_OBJECT) ? '}' : ']');
		}
		v = depth ? out_level_next(o, &stack[depth - 1]) : NULL;
	} while (depth > 0);
}

void json_out_kv_string(struct json_out *o, const char *k, const char *v)
{
	json_out_key(o, k);
	json_out_string(o, v);
}

void json_out_kv_span(struct json_out *o, const char *k, struct span v)
{
	json_out_key(o, k);
	json_out_string_span(o, v);
}

void json_out_kv_hex(struct json_out *o, const char *k, struct span v)
{
	json_out_key(o, k);
	json_out_hex(o, v);
}

void json_out_kv_int(struct json_out *o, const char *k, int64_t v)
{
	json_out_key(o, k);
	json_out_int(o, v);
}

void json_out_kv_uint(struct json_out *o, const char *k, uint64_t v)
{
	json_out_key(o, k);
	json_out_uint(o, v);
}

void json_out_kv_real(struct json_out *o, const char *k, double v)
{
	json_out_key(o, k);
	json_out_real(o, v);
}

void json_out_kv_bool(struct json_out *o, const char *k, bool v)
{
	json_out_key(o, k);
	json_out_bool(o, v);
}

/* ---- numbers ---- */

/* One more in the last digit. */
static void real_step_up(char *text)
{
	for (char *p = strchr(text, 'e') - 1; p >= text; p--) {
		if (*p >= '0' && *p < '9') {
			++*p;
			return;
		}
		if (*p == '9')
			*p = '0';
	}
}

/* The fewest significant digits that read back, "d.ddde+XX". Above a power of
 * two doubles lie twice as far apart as below it, so that the next decimal up
 * may read back where the nearest, below, does not. */
static void real_shortest(char *dst, double v)
{
	for (int digits = 0; digits < 17; digits++) {
		snprintf(dst, 32, "%.*e", digits, v);
		if (strtod(dst, NULL) == v)
			return;
		real_step_up(dst);
		if (strtod(dst, NULL) == v)
			return;
	}
}

/* Without exponent from 0.0001 to below 1e16, as Python spells it. */
char *json_format_real(char *dst, double v)
{
	char sci[32];
	int n = 0, exponent;

	if (!isfinite(v))
		return strcpy(dst, isnan(v) ? "nan" : v < 0 ? "-inf" : "inf");
	real_shortest(sci, v);
	exponent = atoi(strchr(sci, 'e') + 1);
	if (exponent < -4 || exponent >= 16)
		return strcpy(dst, sci);
	for (const char *s = sci; *s != 'e'; s++)
		n += *s >= '0' && *s <= '9';
	sprintf(dst, "%.*f", n - 1 > exponent ? n - 1 - exponent : 1, v);
	return dst;
}
