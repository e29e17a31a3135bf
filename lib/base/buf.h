/* SPDX-License-Identifier: MIT
 *
 * A growable byte buffer, for output and for whatever is not on the per-frame
 * path. Zero-initialised is empty. Running out of memory aborts: the callers
 * are bounded by design, so there is nothing sensible to undo.
 */
#pragma once
#include "lib/base/bytes.h"

struct buf {
	uint8_t *p;
	size_t len, cap;
};

/* Makes it hold n more bytes; where they go. */
uint8_t *buf_grow(struct buf *b, size_t n);
void buf_add(struct buf *b, struct span s);
void buf_printf(struct buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Drops the first n bytes. */
void buf_consume(struct buf *b, size_t n);
void buf_fini(struct buf *b);
/* The same for an array v of n elements: v or its new place, with room for
 * one more. */
void *array_room(void *v, size_t n, size_t *cap, size_t size);

/* Room for n more bytes at the returned address; the caller adds to len. */
static inline uint8_t *buf_reserve(struct buf *b, size_t n)
{
	return b->p && b->cap - b->len >= n ? b->p + b->len : buf_grow(b, n);
}

static inline void buf_add_u8(struct buf *b, uint8_t v)
{
	*buf_reserve(b, 1) = v;
	b->len++;
}

static inline struct span buf_span(const struct buf *b)
{
	return (struct span){ b->p, b->len };
}
