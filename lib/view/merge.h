/* SPDX-License-Identifier: MIT
 *
 * Merging two versions of a content, with the version that both come from or
 * without one. A function of its bytes: every station computes the same.
 *
 *            base given (three-way)              no base (two-way)
 *   text     by lines: what either deleted is    a's lines, then b's that have
 *            gone, what either added is there,   no partner among a's
 *            a's before b's, the same once
 *   json     by members: who changed one wins,   b's members over a's
 *            b if both did; a change beats
 *            a deletion
 *   append   what both put behind the base,      a, newline, b
 *            a's before b's
 *
 * json is written with sorted keys, two blanks a level.
 */
#pragma once
#include "lib/base/buf.h"

enum merge_kind { MERGE_TEXT, MERGE_JSON, MERGE_APPEND };

/* Appends the merged content. base: NULL = none. 0, or -EINVAL: not JSON. */
int merge_contents(struct buf *out, enum merge_kind kind,
		   const struct span *base, struct span a, struct span b);

/* merge_json.c */
int merge_json(struct buf *out, const struct span *base, struct span a,
	       struct span b);
