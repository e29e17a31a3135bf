/* SPDX-License-Identifier: MIT
 *
 * Own events that lost their place: another branch of the own feed stands now
 * (a folder put back from a copy, a key in two places), or a damaged log lost
 * the events before them and nobody else has those. They were confirmed to
 * somebody, so they are written again at the end of the chain that stands:
 *
 *   notes, attachments, creations   as they are
 *   fields                          if the heads shown are the ones that the
 *                                   event replaced
 *   anything else                   stays in the log, and is said
 *
 * Payloads are copied while the history still has them, and written in a turn
 * of their own, when the log holds the branch that displaced them.
 *
 * kept:  id 8 | kind u16 | length u32 | payload
 * names: old id 8 | new id 8, for a field that was set twice
 */
#include <stdio.h>
#include "lib/event/payload.h"
#include "lib/node/node_parts.h"

#define KEPT_HEAD (EVENT_BASE_SIZE + 6)
#define KEPT_MAX (256u << 10)
#define BASE_MAX (8 * EVENT_BASE_SIZE)

struct reissue {
	struct node *n;
	struct buf names;
	unsigned written, left;
};

/* ---- keeping ---- */

static void reissue_keep(struct node *n, const struct event *e)
{
	uint8_t head[KEPT_HEAD];

	if (e->kind == KIND_STATION)
		return;
	if (e->withheld || n->displaced.len + e->payload.n > KEPT_MAX) {
		n->displaced_left++;
		return;
	}
	memcpy(head, e->id, EVENT_BASE_SIZE);
	be_put(head + EVENT_BASE_SIZE, 2, e->kind);
	be_put(head + EVENT_BASE_SIZE + 2, 4, e->payload.n);
	buf_add(&n->displaced, SPAN(head, sizeof(head)));
	buf_add(&n->displaced, e->payload);
}

void node_reissue_keep(struct node *n, const struct feed_change *c)
{
	const struct store *store = &n->c.store;
	struct event e;

	if (!c->displaced_from || c->slot != n->own_slot)
		return;
	for (uint64_t seq = c->displaced_from; seq <= c->displaced_to; seq++) {
		if (store->event(store->ctx, c->slot, seq, &e))
			n->displaced_left++;
		else
			reissue_keep(n, &e);
	}
	timer_set(&n->heap, &n->reissue.timer, n->now.mono_us);
}

/* What the gap of a damaged log cut off leaves the feed in the transaction
 * that writes it again. */
static void reissue_take_gap(struct node *n)
{
	const struct store *store = &n->c.store;
	uint8_t record[16];
	uint64_t from, to;
	struct event e;

	n->gap_lost = false;
	if (!feed_drop_beyond(n->data.feeds, n->own_slot, &from, &to))
		return;
	for (uint64_t seq = from; seq <= to; seq++)
		if (store->event(store->ctx, n->own_slot, seq, &e) == 0)
			reissue_keep(n, &e);
	le_put(record, 8, from);
	le_put(record + 8, 8, to);
	node_queue_append(n, RECORD_DISPLACED, n->own_slot,
			  SPAN(record, sizeof(record)), SPAN(NULL, 0));
	n->data.stale = true;
}

void node_reissue_gap(struct node *n)
{
	n->gap_lost = true;
	timer_set(&n->heap, &n->reissue.timer, n->now.mono_us);
}

/* ---- writing again ---- */

/* A base may name an event that has got a new id by now. */
static void reissue_rename(const struct reissue *r, uint8_t *base, size_t len)
{
	const size_t step = EVENT_BASE_SIZE;

	for (size_t i = 0; i + step <= len; i += step)
		for (size_t j = 0; j + 2 * step <= r->names.len; j += 2 * step)
			if (!memcmp(base + i, r->names.p + j, step)) {
				memcpy(base + i, r->names.p + j + step, step);
				break;
			}
}

static bool reissue_field(const struct reissue *r, uint8_t *p, size_t len)
{
	struct payload_value record, field, base;
	uint8_t heads[BASE_MAX];
	size_t n = 0, shown;

	if (!payload_get(SPAN(p, len), KEY_RECORD, &record) ||
	    !payload_get(SPAN(p, len), KEY_FIELD, &field))
		return false;
	if (payload_get(SPAN(p, len), KEY_BASE, &base)) {
		n = base.str.n;
		reissue_rename(r, p + (base.str.p - p), n);
	}
	shown = view_field_base(node_view(r->n), record.str, field.str, heads,
				sizeof(heads));
	return shown == n && (n == 0 || !memcmp(heads, base.str.p, n));
}

static bool reissue_stands(const struct reissue *r, uint16_t kind, uint8_t *p,
			   size_t len)
{
	switch (kind) {
	case KIND_NOTE_ADD:
	case KIND_ATTACHMENT_ADD:
	case KIND_RECORD_CREATE:
		return true;
	case KIND_FIELD_SET:
	case KIND_FIELD_UNSET:
		return reissue_field(r, p, len);
	default:
		return false;
	}
}

static void reissue_one(struct reissue *r, const uint8_t *id, uint16_t kind,
			uint8_t *p, size_t len)
{
	struct event e;

	if (!reissue_stands(r, kind, p, len) ||
	    node_append(r->n, kind, SPAN(p, len), &e)) {
		r->left++;
		return;
	}
	r->written++;
	buf_add(&r->names, SPAN(id, EVENT_BASE_SIZE));
	buf_add(&r->names, SPAN(e.id, EVENT_BASE_SIZE));
}

static void reissue_say(const struct reissue *r, bool gap)
{
	char text[200];

	snprintf(text, sizeof(text), "%s: %u of its events were written again, "
		 "%u were not", gap ? "the log lost events of this station, "
		 "and nobody has them" : "another branch of this station's "
		 "feed stands (a copy put back, or the key in two places)",
		 r->written, r->left);
	node_queue_note(r->n, NOTE_FORK, -1, text);
}

static void reissue_due(struct sync_timer *t, uint64_t now_us)
{
	struct node *n = t->owner;
	struct reissue r = { .n = n };
	bool gap = n->gap_lost;
	size_t at = 0, len;

	(void)now_us;
	if (gap && !n->log_error)
		reissue_take_gap(n);
	r.left = n->displaced_left;
	node_view(n);		/* as it is before the first of them */
	while (at < n->displaced.len && !n->log_error) {
		uint8_t *p = n->displaced.p + at;

		len = be_get(p + EVENT_BASE_SIZE + 2, 4);
		reissue_one(&r, p, (uint16_t)be_get(p + EVENT_BASE_SIZE, 2),
			    p + KEPT_HEAD, len);
		at += KEPT_HEAD + len;
	}
	if (r.written || gap)
		node_queue_commit(n);
	if (gap)
		node_compared(n);
	node_seal_arm(n);
	reissue_say(&r, gap);
	buf_fini(&r.names);
	buf_fini(&n->displaced);
	n->displaced_left = 0;
}

void node_reissue_init(struct node *n)
{
	n->reissue.fire = reissue_due;
	n->reissue.owner = n;
}

void node_reissue_fini(struct node *n)
{
	timer_clear(&n->heap, &n->reissue.timer);
	buf_fini(&n->displaced);
}
