/* SPDX-License-Identifier: MIT
 *
 * History from the log: see history.h.
 */
#include "lib/store/history.h"
#include <errno.h>
#include "lib/event/record.h"

int history_init(struct history *h, struct log *log)
{
	*h = (struct history){ .log = log, .index = log_index_new() };
	return h->index ? 0 : -ENOMEM;
}

void history_fini(struct history *h)
{
	log_index_free(h->index);
	*h = (struct history){ 0 };
}

static int history_event(void *ctx, uint32_t slot, uint64_t seq,
			 struct event *e)
{
	struct history *h = ctx;
	uint64_t at = log_index_find(h->index, slot, seq);
	struct log_record r;

	if (at == UINT64_MAX)
		return -ENOENT;
	if (log_read(h->log, at, &r) || record_event_decode(r.payload, e))
		return -EIO;
	return 0;
}

static int history_seal(void *ctx, uint32_t slot, uint64_t seq,
			uint64_t *at, uint8_t seal[EVENT_SEAL_SIZE])
{
	struct history *h = ctx;
	uint8_t id[EVENT_ID_SIZE];
	struct log_record r;
	uint64_t pos;

	if (!log_index_find_seal(h->index, slot, seq, at, &pos))
		return -ENOENT;
	if (log_read(h->log, pos, &r) ||
	    record_seal_decode(r.payload, at, id, seal))
		return -EIO;
	return 0;
}

struct store history_store(struct history *h)
{
	return (struct store){ h, history_event, history_seal };
}

static int history_note(struct history *h, const struct log_record *r)
{
	uint8_t id[EVENT_ID_SIZE], seal[EVENT_SEAL_SIZE];
	struct event e;
	uint64_t seq;

	switch (r->type) {
	case RECORD_EVENT:
		if (record_event_decode(r->payload, &e))
			return -EINVAL;
		return log_index_event(h->index, r->slot, e.seq, r->at);
	case RECORD_SEAL:
		if (record_seal_decode(r->payload, &seq, id, seal))
			return -EINVAL;
		return log_index_seal(h->index, r->slot, seq, r->at);
	case RECORD_DISPLACED:
		if (r->payload.n != 16)
			return -EINVAL;
		log_index_cut(h->index, r->slot, le_get(r->payload.p, 8));
		return 0;
	default:
		return 0;
	}
}

int history_scan(struct history *h, struct log_snapshot *s,
		 int (*fn)(void *ctx, const struct log_record *r), void *ctx)
{
	struct log_iter it = log_iter(s, h->next);
	struct log_record r;
	int e;

	while ((e = log_next(&it, &r)) == 1) {
		e = history_note(h, &r);
		if (!e && fn)
			e = fn(ctx, &r);
		if (e)
			return e;
		h->next = it.at;
		h->records++;
	}
	return e;
}
