/* SPDX-License-Identifier: MIT
 *
 * The model coder: a few kilobytes of columns in two thirds of zstd's best
 * (docs/protocol.md, "The model coder"). At 1200 baud a byte saved is 7 ms of the
 * channel; a byte coded is a microsecond or two here.
 *
 * Seven contexts foretell the next bit, each by what followed it before; a
 * mixer that learns whom to believe makes one probability of theirs; an
 * arithmetic coder spends the bits. All begin as reading the dictionary
 * (dictionary.h) leaves them, so that even one event is told in few bytes.
 *
 *   slot   p 16 | n 6 | check 10      p: of a one; n: times seen, 0 = empty
 *
 * Integers only: every machine gives the same bits. One thread at a time: the
 * tables, 2 MiB, are made at the first use and kept.
 */
#pragma once
#include "lib/base/bytes.h"

/* z bytes tell at most MODEL_TEXT_MAX(z): a few bytes must not buy much work. */
#define MODEL_TEXT_MAX(z) (256 + 16 * (z))

/* Codes text into dst. The length; -ENOSPC if cap is too small; -ENOMEM. */
int model_encode(uint8_t *dst, size_t cap, struct span text);

/* Exactly n bytes of text from all of z. 0; -EBADMSG if model_encode() would not
 * have made z of them; -E2BIG if n is above MODEL_TEXT_MAX(z.n); -ENOMEM. */
int model_decode(uint8_t *dst, size_t n, struct span z);
