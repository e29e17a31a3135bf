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

/* Room for n more bytes at the returned address; the caller adds to len. */
uint8_t *buf_reserve(struct buf *b, size_t n);
void buf_add(struct buf *b, struct span s);
void buf_add_u8(struct buf *b, uint8_t v);
void buf_printf(struct buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Drops the first n bytes. */
void buf_consume(struct buf *b, size_t n);
void buf_fini(struct buf *b);

static inline struct span buf_span(const struct buf *b)
{
	return (struct span){ b->p, b->len };
}
