/* SPDX-License-Identifier: MIT
 *
 * The vector runner's frame: each tests/vectors_X.c registers the file names
 * it knows; it reads JSON, calls public functions of lib/ and compares. No
 * semantics here.
 */
#pragma once
#include "lib/base/json.h"

struct vector_kind {
	const char *file;	/* "hlc" for hlc.json */
	void (*run)(const struct json *root);
	/* Files of our own (vectors_made.c) have these two instead: from what a
	 * vector gives, writes the members that follow from it; and checks the
	 * way back, from those. */
	void (*make)(struct json_out *o, const struct json *v);
	void (*back)(const struct json *v);
	struct vector_kind *next;
};
void vector_register(struct vector_kind *k);

#define VECTOR_KIND(name, ...) \
	static struct vector_kind vector_kind_##name = \
		{ .file = #name, __VA_ARGS__ }; \
	__attribute__((constructor)) static void vector_register_##name(void) \
	{ vector_register(&vector_kind_##name); }
#define VECTOR_FILE(name, fn) VECTOR_KIND(name, .run = fn)
#define VECTOR_MADE(name, fn, fn_back) \
	VECTOR_KIND(name, .make = fn, .back = fn_back)

/* Every vector of a file of our own; and that file again. */
void vector_made_run(const struct vector_kind *k, const struct json *root);
void vector_made_print(const struct vector_kind *k, const struct json *root);

/* One comparison of a case; a failing one prints what. vector_case ends the
 * case: it passed if nothing failed since the one before. */
void vector_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
bool vector_expect(bool ok, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void vector_case(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* JSON equality by value: key order free, 1 equals 1.0, true is not 1. */
bool vector_json_equal(const struct json *a, const struct json *b);
/* "hex" -> bytes appended to dst (reset first); false for null. */
bool vector_hex(struct buf *dst, const struct json *v);
/* Member `key` of v as n bytes, or as a big-endian number; zeros, and a
 * complaint, if it is anything else. */
void vector_bytes(uint8_t *dst, size_t n, const struct json *v,
		  const char *key);
uint64_t vector_word(const struct json *v, const char *key, unsigned bytes);
void vector_put_word(struct json_out *o, const char *key, uint64_t v,
		     unsigned bytes);
static inline uint64_t vector_uint(const struct json *v, const char *key)
{
	return (uint64_t)json_int(json_get(v, key));
}
