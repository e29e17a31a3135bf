/* SPDX-License-Identifier: MIT
 *
 * A version vector: of each author the greatest seq that counts here. Joined
 * by the greatest per author; an author that is not in it stands at 0.
 */
#pragma once
#include "lib/base/json.h"
#include "lib/view/table.h"

struct versions {		/* zeroed = empty */
	struct table authors;
};

void versions_raise(struct versions *v, const uint8_t seed[16],
		    struct span author, uint64_t seq);
/* 0 if it is not in it. */
uint64_t versions_seq(const struct versions *v, const uint8_t seed[16],
		      struct span author);
/* {author: seq}, by author. */
void versions_json(const struct versions *v, struct json_out *o);
void versions_put(const struct versions *v, struct buf *b);
void versions_fini(struct versions *v);
