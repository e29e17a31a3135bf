/* SPDX-License-Identifier: MIT
 *
 * Pieces of payloads that compose*.c share.
 */
#pragma once
#include "lib/view/state.h"

#define COMPOSE_BASE_MAX (8 * EVENT_BASE_SIZE)

/* Map keys as their encodings stand: shorter ones first. */
static inline int compose_key_compare(struct span a, struct span b)
{
	return a.n != b.n ? a.n < b.n ? -1 : 1 : span_compare(a, b);
}

/* {name: value ...} with the names as text, whatever the code book knows: a
 * later one may know more. 0 or -EINVAL. */
int compose_named(struct buf *out, const struct json *object);
void compose_key_text(struct buf *out, enum payload_key key, struct span s);
void compose_key_bytes(struct buf *out, enum payload_key key, struct span s);
/* 0, or takes back what was appended after `before`. */
int compose_end(struct buf *out, size_t before, int err);
