/* SPDX-License-Identifier: MIT
 *
 * Resources: contents that are replaced as a whole, by whoever has seen the
 * version he replaces.
 *
 *   resource.commit {resource, value: text or bytes, base?}
 *   resource.policy {pattern, strategy, max_age_s?, base?}
 *
 * A version is an event: its number is how many commits are held, and is for
 * people; what a commit replaces it names by id (`base`), never by number or
 * author. Commits that no other names are heads.
 *
 *            o--o--o--o   one head: what it says
 *                \--o     two: the policy says what shows
 *
 *   lww, fww         the last head in the total order, or the first
 *   merge:text ...   all heads merged, two at a time in the total order, over
 *                    the newest commit that both come from; nothing is written
 *                    before somebody commits over it
 *   escalate, retry, merge:NAME, none, and a merge that cannot be: the last
 *                    head shows, all are listed
 *
 * Heads of equal content are no conflict. All commits are kept: a base may be
 * any of them.
 *
 * A pattern has * (any text) and ? (one byte). Of the patterns that fit the one
 * with the most letters before its first wildcard counts, then the one with the
 * most letters, then the first by bytes.
 */
#pragma once
#include "lib/view/strategy.h"
#include "lib/view/state.h"

#define RESOURCE_HEADS_MAX 16	/* merged; of more, the last show */

/* The commits that nobody names, in the total order: at most cap are stored,
 * the last ones; how many there are. */
size_t resource_heads(struct field *f, const struct write **heads, size_t cap);
/* The commit whose id begins so; NULL if it is not held. */
const struct write *resource_find(struct field *f, uint64_t id8);
/* The newest commit that both the first n of w and w[n] come from; NULL if there
 * is none. */
const struct write *resource_common(const struct field *f,
				    const struct write *const *w, size_t n);
/* What commits in the total order come to under a strategy. Appends the
 * content; true if that settles it. */
bool resource_fold(struct field *f, const struct strategy *s,
		   const struct write *const *w, size_t n, struct buf *out);
/* Commits over what another one had replaced already. */
uint64_t resource_conflicts(struct field *f);
/* Text or bytes of a commit. */
struct span resource_content(const struct write *w);

struct resource_policy {
	struct strategy strategy;
	struct span text, pattern;	/* as written; empty: none fits */
	uint64_t max_age_s;		/* 0 = none */
};
struct resource_policy resource_policy(const struct view *v,
				       struct span name);
struct resource_policy policy_read(struct named_field *pattern);
/* Of two patterns: < 0 if a comes first. */
int pattern_compare(struct span a, struct span b);
bool pattern_fits(struct span pattern, struct span name);

void resource_put(const struct view *v, struct named_field *r, struct buf *b);
