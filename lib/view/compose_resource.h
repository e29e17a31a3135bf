/* SPDX-License-Identifier: MIT
 *
 * Committing a resource: from a token, taken when the work began, and the new
 * content to a resource.commit, or to the reason why not.
 *
 *   token = versions held "-" id 16 hex ["-" id ...] ["@" unix seconds]
 *
 * What the token names must be the heads of now: ids, not numbers or authors,
 * decide. Else it is a conflict:
 *
 *   lww          written over the heads of now
 *   fww          refused
 *   retry:N      to be looked at again; more than N versions late: escalated
 *   merge:text.. three-way over what the token named, written over the heads
 *   escalate, merge:NAME, unknown ids: refused, for somebody to decide
 */
#pragma once
#include "lib/view/resource.h"

struct resource_token {
	uint64_t version, begun_s;	/* 0: the token does not say when */
	size_t n;
	uint64_t ids[RESOURCE_HEADS_MAX];
};
/* 0 or -EINVAL. */
int resource_token_parse(struct resource_token *t, struct span text);

enum resource_outcome {
	RESOURCE_COMMITTED,	/* the payload is written */
	RESOURCE_MERGED,	/* the same, with what others wrote */
	RESOURCE_REJECTED, RESOURCE_RETRY, RESOURCE_ESCALATED,
	RESOURCE_STALE,		/* the token is older than the policy allows */
};
const char *resource_outcome_name(enum resource_outcome o);

struct resource_work {
	struct span name, content;
	struct resource_token token;
	uint64_t now_s;		/* 0: nobody vouches for the clock */
	bool beside;		/* keep both, whatever the policy says */
};

/* Appends the payload where the outcome is COMMITTED or MERGED. 0, or
 * -EMSGSIZE, -EINVAL as in compose.h. */
int compose_resource_commit(const struct view *v, const struct resource_work *w,
			    enum resource_outcome *outcome, struct buf *out);
/* resource.policy over the one that stands. */
int compose_resource_policy(const struct view *v, struct span pattern,
			    struct span strategy, uint64_t max_age_s,
			    struct buf *out);
