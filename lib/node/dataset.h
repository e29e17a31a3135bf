/* SPDX-License-Identifier: MIT
 *
 * The dataset as a station holds it: feeds and view together, filled from the
 * log's records. The node is one user; `cairn view`, `log`, `feeds` map the
 * log and use it without a daemon.
 */
#pragma once
#include "lib/base/clock.h"
#include "lib/feed/feed.h"
#include "lib/view/view.h"

struct dataset {
	struct feed_set *feeds;
	struct view *view;
	bool stale;	/* a branch was displaced: rebuild the view */
};

int dataset_init(struct dataset *d, const struct feed_config *cfg);
void dataset_fini(struct dataset *d);
/* One record of events/, in order. 0 or -EINVAL. */
int dataset_load(struct dataset *d, uint16_t type, uint32_t slot,
		 struct span record);
/* The log reported damage: see feed_load_damaged. */
void dataset_load_damaged(struct dataset *d);
/* After the last record. 0 or -errno of the store. */
int dataset_loaded(struct dataset *d, const struct store *store);
/* Shows an event of slot that was admitted or written just now; one that came
 * after its feed was retired stays out, and all do while the view is stale. */
void dataset_apply(struct dataset *d, uint32_t slot, const struct event *e);
/* A question of lib/view/ask.h, or to the feeds (lib/feed/told.h), from a slot
 * on: feeds SLOT, forks SLOT. False as there. */
bool dataset_ask(const struct dataset *d, struct span what, struct span a,
		 struct span b, struct json_out *o, struct clock_now now);
/* After a fork: replays the standing chains from the store if need be. */
int dataset_settle(struct dataset *d, const struct store *store);
