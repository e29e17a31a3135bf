/* SPDX-License-Identifier: MIT
 *
 * A growable byte buffer, and arrays. They double, so that adding is cheap in
 * the long run.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "lib/base/buf.h"

#define BUF_FIRST 64
#define ARRAY_FIRST 4

uint8_t *buf_grow(struct buf *b, size_t n)
{
	size_t cap = b->cap ? b->cap : BUF_FIRST;

	if (n > SIZE_MAX / 2 - b->len)
		abort();
	while (cap - b->len < n)
		cap *= 2;
	b->p = realloc(b->p, cap);
	if (!b->p)
		abort();
	b->cap = cap;
	return b->p + b->len;
}

void buf_add(struct buf *b, struct span s)
{
	if (s.n == 0)
		return;
	memcpy(buf_reserve(b, s.n), s.p, s.n);
	b->len += s.n;
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	size_t room = b->cap - b->len;
	va_list args, again;
	int n;

	va_start(args, fmt);
	va_copy(again, args);
	n = vsnprintf(room ? (char *)b->p + b->len : NULL, room, fmt, args);
	va_end(args);
	if (n > 0 && (size_t)n >= room) {
		room = (size_t)n + 1;	/* vsnprintf ends with a NUL */
		vsnprintf((char *)buf_reserve(b, room), room, fmt, again);
	}
	if (n > 0)
		b->len += (size_t)n;
	va_end(again);
}

void buf_consume(struct buf *b, size_t n)
{
	if (n >= b->len) {
		b->len = 0;
		return;
	}
	memmove(b->p, b->p + n, b->len - n);
	b->len -= n;
}

void buf_fini(struct buf *b)
{
	free(b->p);
	*b = (struct buf){ 0 };
}

void *array_room(void *v, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return v;
	*cap = *cap ? 2 * *cap : ARRAY_FIRST;
	v = reallocarray(v, *cap, size);
	if (!v)
		abort();
	return v;
}
