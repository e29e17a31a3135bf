/* SPDX-License-Identifier: MIT
 *
 * The dataset: feeds and view together. Records come in the log's order, so
 * the view is right as they pass, but for branches that were displaced: then
 * it is built again from the standing chains, once, at the end.
 */
#include "lib/node/dataset.h"
#include <errno.h>
#include "lib/event/record.h"
#include "lib/feed/told.h"
#include "lib/view/ask.h"

int dataset_init(struct dataset *d, const struct feed_config *cfg)
{
	*d = (struct dataset){ .feeds = feed_set_new(cfg),
			       .view = view_new() };
	if (d->feeds && d->view)
		return 0;
	dataset_fini(d);
	return -ENOMEM;
}

void dataset_fini(struct dataset *d)
{
	feed_set_free(d->feeds);
	view_free(d->view);
	*d = (struct dataset){ 0 };
}

void dataset_apply(struct dataset *d, uint32_t slot, const struct event *e)
{
	const struct feed *f = feed_at(d->feeds, slot);
	struct event named = *e;

	if (d->stale || !f->label_len || (f->retired_at && e->seq > f->retired_at))
		return;
	named.author = SPAN(f->label, f->label_len);
	view_apply(d->view, &named);
}

int dataset_load(struct dataset *d, uint16_t type, uint32_t slot,
		 struct span record)
{
	int err = feed_load(d->feeds, type, slot, record);
	struct event e;

	if (err)
		return err;
	if (type == RECORD_DISPLACED)
		d->stale = true;
	if (type != RECORD_EVENT)
		return 0;
	err = record_event_decode(record, &e);
	if (err)
		return err;
	if (e.seq <= feed_own_last(d->feeds, slot))
		dataset_apply(d, slot, &e);
	return 0;
}

void dataset_load_damaged(struct dataset *d)
{
	feed_load_damaged(d->feeds);
}

/* Behind a gap only what no seal covers: own events that nobody else has. */
static void dataset_replay_beyond(struct dataset *d, const struct store *store,
				  uint32_t slot)
{
	uint8_t seal[EVENT_SEAL_SIZE];
	uint64_t at, seq = feed_beyond(d->feeds, slot);
	struct event e;

	for (; seq > feed_own_last(d->feeds, slot); seq--) {
		if (store->seal(store->ctx, slot, seq, &at, seal) != -ENOENT ||
		    store->event(store->ctx, slot, seq, &e))
			return;
		dataset_apply(d, slot, &e);
	}
}

/* With the unsealed own events; the last ones may not be in the log yet. */
static int dataset_replay(struct dataset *d, const struct store *store,
			  uint32_t slot)
{
	uint64_t last = feed_own_last(d->feeds, slot);
	struct event e;
	int err = 0;

	for (uint64_t seq = 1; seq <= last && !err; seq++) {
		err = store->event(store->ctx, slot, seq, &e);
		if (!err)
			dataset_apply(d, slot, &e);
	}
	dataset_replay_beyond(d, store, slot);
	return err == -ENOENT ? 0 : err;
}

int dataset_settle(struct dataset *d, const struct store *store)
{
	int err = 0;

	if (!d->stale)
		return 0;
	d->stale = false;
	view_reset(d->view);
	for (uint32_t slot = 0; slot < feed_count(d->feeds) && !err; slot++)
		err = dataset_replay(d, store, slot);
	d->stale = err != 0;
	return err;
}

int dataset_loaded(struct dataset *d, const struct store *store)
{
	d->stale |= feed_settle(d->feeds);
	for (uint32_t slot = 0; slot < feed_count(d->feeds); slot++)
		d->stale |= feed_beyond(d->feeds, slot) != 0;
	return dataset_settle(d, store);
}

bool dataset_ask(const struct dataset *d, struct span what, struct span a,
		 struct span b, struct json_out *o, struct clock_now now)
{
	if (span_equal(what, SPAN_STR("feeds")))
		feeds_json(d->feeds, (uint32_t)span_decimal(a, FEED_SLOT_NONE),
			   now, o);
	else if (span_equal(what, SPAN_STR("forks")))
		forks_json(d->feeds, (uint32_t)span_decimal(a, FEED_SLOT_NONE),
			   o);
	else
		return view_ask(d->view, what, a, b, o);
	return true;
}
