/* SPDX-License-Identifier: MIT
 *
 * JSON: reading through jansson (duplicate keys refused, depth bounded,
 * integers within int64),
 * writing by hand so that number text is ours: the shortest decimal that
 * reads back, in Python's spelling ("1.0", "1e+16", "0.1").
 *
 * Nothing on the radio path touches JSON.
 */
#pragma once
#include "lib/base/buf.h"

#define JSON_DEPTH_MAX 64 /* levels of [ and { */

/* jansson has functions with some of these names and calls them itself; hidden,
 * ours do not take their place. */
#pragma GCC visibility push(hidden)

/* ---- reading ---- */

enum json_type {
	JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_INT, JSON_REAL, JSON_STRING,
	JSON_ARRAY, JSON_OBJECT,
};

struct json; /* a value; children live as long as the root */

struct json_error {
	int line, column;
	char text[160];
};

/* Any value at the top, the whole text used. NULL and *err (may be NULL) on
 * failure. Free with json_free. */
struct json *json_parse(struct span text, struct json_error *err);
/* The same for what json_out wrote, to be shown, with what the library refuses: a
 * NUL in a name reads as U+2400, an integer beyond 64 bits with its sign as the
 * text of its digits, and of equal names the last one counts. */
struct json *json_parse_shown(struct span text);
void json_free(struct json *root);

enum json_type json_type(const struct json *v);
static inline bool json_is(const struct json *v, enum json_type t)
{
	return v && json_type(v) == t;
}

/* Object member or array element; NULL if absent or of another type. */
const struct json *json_get(const struct json *obj, const char *key);
const struct json *json_at(const struct json *arr, size_t i);
size_t json_len(const struct json *v); /* elements, members, or 0 */

/* Members in the order they stand: it = NULL first; NULL at the end. */
struct json_member {
	struct span key;
	const struct json *value;
	void *it;
};
bool json_next(const struct json *obj, struct json_member *m);

/* The value, or a default of 0 / false / empty when of another type. */
int64_t json_int(const struct json *v);
double json_real(const struct json *v); /* integers too */
bool json_bool(const struct json *v);
struct span json_string(const struct json *v); /* NUL follows */

/* ---- writing ---- */

struct json_out {
	struct buf b;
	unsigned depth;
	bool comma;	/* a value stands before the next */
	bool ascii;	/* \uXXXX for all but ASCII, as Python's default */
	bool spaced;	/* ", " and ": " */
};

void json_out_object(struct json_out *o);	/* { */
void json_out_array(struct json_out *o);	/* [ */
void json_out_end_object(struct json_out *o);	/* } */
void json_out_end_array(struct json_out *o);	/* ] */
void json_out_key(struct json_out *o, const char *key);
void json_out_key_span(struct json_out *o, struct span key);
void json_out_string(struct json_out *o, const char *s);
/* Bytes that are not UTF-8 become U+FFFD. */
void json_out_string_span(struct json_out *o, struct span s);
void json_out_hex(struct json_out *o, struct span s);
void json_out_int(struct json_out *o, int64_t v);
void json_out_uint(struct json_out *o, uint64_t v);
void json_out_real(struct json_out *o, double v);
void json_out_bool(struct json_out *o, bool v);
void json_out_null(struct json_out *o);
/* A parsed value again. */
void json_out_value(struct json_out *o, const struct json *v);
/* Text that is JSON already. */
void json_out_raw(struct json_out *o, struct span text);

/* key and value in one go */
void json_out_kv_string(struct json_out *o, const char *k, const char *v);
void json_out_kv_span(struct json_out *o, const char *k, struct span v);
void json_out_kv_hex(struct json_out *o, const char *k, struct span v);
void json_out_kv_int(struct json_out *o, const char *k, int64_t v);
void json_out_kv_uint(struct json_out *o, const char *k, uint64_t v);
void json_out_kv_real(struct json_out *o, const char *k, double v);
void json_out_kv_bool(struct json_out *o, const char *k, bool v);

/* Shortest decimal that reads back, Python's repr; dst holds 32 bytes. */
char *json_format_real(char *dst, double v);

#pragma GCC visibility pop
