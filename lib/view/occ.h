/* SPDX-License-Identifier: MIT
 *
 * Optimistic concurrency within one process: whoever wants to change a
 * resource takes a token, works, and commits if nobody did meanwhile.
 *
 * This is the original's controller, result for result: versions are numbers,
 * and nothing is compared but those. It serves agents that share this memory.
 * Between stations, where two may both make a version 1, versions are events:
 * lib/view/resource.h.
 *
 * Texts are copied in. What is handed out lives until the next call on the
 * controller.
 */
#pragma once
#include "lib/view/strategy.h"

struct occ;

/* history_max conflicts are kept, the oldest goes first. */
struct occ *occ_new(const struct strategy *standard, size_t history_max);
void occ_free(struct occ *o);

void occ_strategy(struct occ *o, struct span resource,
		  const struct strategy *s);

struct occ_token {
	uint64_t base_version;		/* 0: there was none */
	struct buf resource, agent, base_hash;
};
void occ_begin(const struct occ *o, struct occ_token *t, struct span agent,
	       struct span resource);
void occ_token_fini(struct occ_token *t);

struct occ_conflict {
	struct span resource, conflicting_agent, holder_agent;
	uint64_t expected_version, actual_version;
};

enum occ_result {
	OCC_COMMITTED,		/* version */
	OCC_CONFLICT,		/* conflict; only of occ_commit */
	OCC_REJECTED,		/* reason */
	OCC_RETRY,		/* version: the one to look at */
	OCC_ESCALATED,		/* reason */
};

struct occ_outcome {
	enum occ_result result;
	uint64_t version;
	struct occ_conflict conflict;
	struct span reason;
};

/* hash: of the new content. A token may be used again. */
struct occ_outcome occ_commit(struct occ *o, const struct occ_token *t,
			      struct span hash);
/* A conflict is settled by the resource's strategy, and remembered. */
struct occ_outcome occ_commit_or_resolve(struct occ *o,
					 const struct occ_token *t,
					 struct span hash);

enum occ_decision { OCC_USE, OCC_MERGED, OCC_LOOK_AGAIN, OCC_ESCALATE };

struct occ_resolution {
	enum occ_decision decision;
	struct span text;	/* the agent, the content, or the reason */
};
/* Settles a conflict between two contents; NULL: not at hand. */
struct occ_resolution occ_resolve(struct occ *o, struct span resource,
				  struct span agent_a, struct span agent_b,
				  const struct span *content_a,
				  const struct span *content_b);

/* False if nobody committed it. */
bool occ_version(const struct occ *o, struct span resource, uint64_t *version,
		 struct span *hash, struct span *modifier);
bool occ_changed(const struct occ *o, struct span resource, uint64_t since);

struct occ_stats {
	uint64_t resources, conflicts, retries, escalated; /* of the kept */
};
struct occ_stats occ_stats(const struct occ *o);
/* Conflict i of the kept ones, the oldest first; false behind the last. */
bool occ_history(const struct occ *o, size_t i, struct occ_conflict *c,
		 struct occ_resolution *r);
void occ_clear(struct occ *o);
