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
	struct vector_kind *next;
};
void vector_register(struct vector_kind *k);

#define VECTOR_FILE(name, fn) \
	static struct vector_kind vector_kind_##name = { #name, fn, NULL }; \
	__attribute__((constructor)) static void vector_register_##name(void) \
	{ vector_register(&vector_kind_##name); }

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
