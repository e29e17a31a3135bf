/* SPDX-License-Identifier: MIT
 *
 * Sources, as engine.c, stream.c and wait.c share them.
 */
#pragma once
#include "lib/base/list.h"
#include "lib/ring/backend.h"

/* Gives s a slot; 0 or -EMFILE. */
int ring_source_init(struct ring *r, struct ring_source *s,
		     enum ring_kind kind, int fd, bool owns_fd);
/* Cancels; the source goes with its last completion. Idempotent. */
void ring_source_close(struct ring_source *s);
/* Frees the memory around it (every source is the first member of its
 * struct). */
void ring_source_free(struct ring_source *s);
unsigned ring_source_count(const struct ring *r);
