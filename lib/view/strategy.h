/* SPDX-License-Identifier: MIT
 *
 * What to do when two wrote over the same version of a resource.
 *
 *   lww            the last one stands
 *   fww            the first one stands
 *   escalate       both stand until somebody decides
 *   retry:N        whoever was late looks again, N versions late at most
 *   merge:text     and merge:json, merge:append: lib/view/merge.h
 *   merge:NAME     a program of the operator's
 */
#pragma once
#include "lib/base/bytes.h"
#include "lib/view/merge.h"

enum strategy_kind {
	STRATEGY_LWW, STRATEGY_FWW, STRATEGY_ESCALATE, STRATEGY_RETRY,
	STRATEGY_MERGE, STRATEGY_CUSTOM,
};

#define STRATEGY_NAME_MAX 32

struct strategy {
	enum strategy_kind kind;
	uint64_t retries;			/* RETRY */
	enum merge_kind merge;			/* MERGE */
	char name[STRATEGY_NAME_MAX + 1];	/* CUSTOM: a-z A-Z 0-9 _ - */
};

/* 0 or -EINVAL. */
int strategy_parse(struct strategy *s, struct span text);
