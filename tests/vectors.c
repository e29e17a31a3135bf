/* SPDX-License-Identifier: MIT
 *
 * vectors FILE...: runs vector files told apart by their name, prints what
 * differs and at the end "N passed, N failed". vectors --make FILE: a file of
 * our own again, as the library has it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/base/crypto.h"
#include "lib/base/file.h"
#include "tests/vectors.h"

static struct vector_kind *kinds;
static const char *current;
static unsigned passed, failed, complaints;

void vector_register(struct vector_kind *k)
{
	k->next = kinds;
	kinds = k;
}

static void complain(const char *fmt, va_list ap)
{
	if (complaints++ < 5) {
		printf("%s: ", current);
		vprintf(fmt, ap);
		printf("\n");
	}
}

void vector_fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(fmt, ap);
	va_end(ap);
}

bool vector_expect(bool ok, const char *fmt, ...)
{
	va_list ap;

	if (ok)
		return true;
	va_start(ap, fmt);
	complain(fmt, ap);
	va_end(ap);
	return false;
}

void vector_case(const char *fmt, ...)
{
	va_list ap;

	if (!complaints) {
		passed++;
		return;
	}
	failed++;
	complaints = 0;
	printf("FAILED %s: ", current);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

static bool objects_equal(const struct json *a, const struct json *b)
{
	struct json_member m = { 0 };

	if (json_len(a) != json_len(b))
		return false;
	while (json_next(a, &m)) {
		const struct json *other = json_get(b, (const char *)m.key.p);

		if (!other || !vector_json_equal(m.value, other))
			return false;
	}
	return true;
}

static bool number(enum json_type t)
{
	return t == JSON_INT || t == JSON_REAL;
}

bool vector_json_equal(const struct json *a, const struct json *b)
{
	enum json_type t = json_type(a), u = json_type(b);

	if (number(t) && number(u))
		return t == JSON_INT && u == JSON_INT ?
			json_int(a) == json_int(b) :
			json_real(a) == json_real(b);
	if (t != u)
		return false;
	if (t == JSON_STRING)
		return span_equal(json_string(a), json_string(b));
	if (t == JSON_OBJECT)
		return objects_equal(a, b);
	if (t == JSON_ARRAY) {
		if (json_len(a) != json_len(b))
			return false;
		for (size_t i = 0; i < json_len(a); i++)
			if (!vector_json_equal(json_at(a, i), json_at(b, i)))
				return false;
	}
	return true;
}

bool vector_hex(struct buf *dst, const struct json *v)
{
	struct span text = json_string(v);
	int n;

	dst->len = 0;
	if (!json_is(v, JSON_STRING))
		return false;
	n = hex_decode(buf_reserve(dst, text.n / 2 + 1), text.n / 2 + 1, text);
	if (n < 0)
		return vector_fail("not hex"), false;
	dst->len = (size_t)n;
	return true;
}

void vector_bytes(uint8_t *dst, size_t n, const struct json *v,
		  const char *key)
{
	struct span text = json_string(json_get(v, key));
	bool ok = text.n == 2 * n && hex_decode(dst, n, text) == (int)n;

	if (!vector_expect(ok, "%s is not %zu bytes", key, n))
		memset(dst, 0, n);
}

uint64_t vector_word(const struct json *v, const char *key, unsigned bytes)
{
	uint8_t raw[8];

	vector_bytes(raw, bytes, v, key);
	return be_get(raw, bytes);
}

void vector_put_word(struct json_out *o, const char *key, uint64_t v,
		     unsigned bytes)
{
	uint8_t raw[8];

	be_put(raw, bytes, v);
	json_out_kv_hex(o, key, SPAN(raw, bytes));
}

static struct vector_kind *kind_of(const char *path)
{
	const char *base = strrchr(path, '/');

	base = base ? base + 1 : path;
	for (struct vector_kind *k = kinds; k; k = k->next) {
		size_t n = strlen(k->file);

		if (strncmp(base, k->file, n) == 0 &&
		    strcmp(base + n, ".json") == 0)
			return k;
	}
	return NULL;
}

static int run_file(const char *path, bool make)
{
	struct vector_kind *k = kind_of(path);
	struct json_error err;
	struct buf b = { 0 };
	struct json *root;

	if (file_read(path, SIZE_MAX, &b))
		return perror(path), 1;
	if (!k)
		return printf("%s: no such kind of vectors\n", path), 1;
	root = json_parse(buf_span(&b), &err);
	if (!root)
		return printf("%s:%d: %s\n", path, err.line, err.text), 1;
	current = k->file;
	if (make && k->make)
		vector_made_print(k, root);
	else if (k->make)
		vector_made_run(k, root);
	else
		k->run(root);
	if (complaints)
		vector_case("after the last case");
	json_free(root);
	buf_fini(&b);
	return 0;
}

int main(int argc, char **argv)
{
	int bad = crypto_init() < 0;

	if (argc == 3 && strcmp(argv[1], "--make") == 0)
		return bad || run_file(argv[2], true);
	for (int i = 1; i < argc; i++)
		bad |= run_file(argv[i], false);
	printf("%u passed, %u failed\n", passed, failed);
	return bad || failed || !passed;
}
