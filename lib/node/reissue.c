/* SPDX-License-Identifier: MIT
 *
 * Own events that lost their place: another branch of the own feed stands now
 * (a folder put back from a copy, a key in two places), or a damaged log lost
 * the events before them and nobody else has those. They were confirmed to
 * somebody, so they are written again at the end of the chain that stands:
 *
 *   notes, attachments, creations,  as they are
 *   elements added and deleted
 *   counters                        the step, over the total that stands
 *   fields, plan, elements' fields  if the heads shown are the ones that the
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
#include "lib/view/change.h"
#include "lib/view/compose.h"

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

/* A member may name events that have got new ids by now. */
static struct span reissue_rename(const struct reissue *r, uint8_t *p,
				  size_t len, enum payload_key key)
{
	const size_t step = EVENT_BASE_SIZE;
	struct payload_value v;
	uint8_t *ids;

	if (!payload_get(SPAN(p, len), key, &v) || v.type != PAYLOAD_BYTES)
		return SPAN(NULL, 0);
	ids = p + (v.str.p - p);
	for (size_t i = 0; i + step <= v.str.n; i += step)
		for (size_t j = 0; j + 2 * step <= r->names.len; j += 2 * step)
			if (!memcmp(ids + i, r->names.p + j, step)) {
				memcpy(ids + i, r->names.p + j + step, step);
				break;
			}
	return v.str;
}

static bool reissue_text(uint8_t *p, size_t len, enum payload_key key,
			 struct span *text)
{
	struct payload_value v;

	if (!payload_get(SPAN(p, len), key, &v))
		return false;
	*text = v.str;
	return true;
}

static bool reissue_field(const struct reissue *r, uint8_t *p, size_t len)
{
	struct span base = reissue_rename(r, p, len, KEY_BASE), record, field;
	uint8_t heads[BASE_MAX];
	size_t shown;

	if (!reissue_text(p, len, KEY_RECORD, &record) ||
	    !reissue_text(p, len, KEY_FIELD, &field))
		return false;
	shown = view_field_base(node_view(r->n), record, field, heads,
				sizeof(heads));
	return span_equal(SPAN(heads, shown), base);
}

/* One base for all keys: what each one shows must be in it. */
static bool reissue_plan(const struct reissue *r, uint8_t *p, size_t len)
{
	struct span base = reissue_rename(r, p, len, KEY_BASE), name;
	struct payload_value changes, value;
	uint8_t heads[BASE_MAX];

	if (!payload_get(SPAN(p, len), KEY_CHANGES, &changes))
		return false;
	while (change_next_named(&changes.body, &name, &value)) {
		size_t n = view_plan_base(node_view(r->n), name, heads,
					  sizeof(heads));

		for (size_t i = 0; i < n; i += EVENT_BASE_SIZE)
			if (!event_base_names(base, heads + i))
				return false;
	}
	return true;
}

static bool reissue_element(const struct reissue *r, uint8_t *p, size_t len)
{
	struct span base = reissue_rename(r, p, len, KEY_BASE), doc, field;
	struct span element = reissue_rename(r, p, len, KEY_ELEMENT);
	uint8_t heads[BASE_MAX];
	size_t shown;

	if (!reissue_text(p, len, KEY_DOC, &doc) ||
	    !reissue_text(p, len, KEY_FIELD, &field))
		return false;
	shown = view_doc_base(node_view(r->n), doc, element, field, heads,
			      sizeof(heads));
	return span_equal(SPAN(heads, shown), base);
}

/* The same step, from where the counter stands now. */
static bool reissue_count(const struct reissue *r, uint8_t *p, size_t len,
			  struct buf *again)
{
	struct span record, counter;
	struct payload_value by;
	char step[24];

	if (!reissue_text(p, len, KEY_RECORD, &record) ||
	    !reissue_text(p, len, KEY_COUNTER, &counter) ||
	    !payload_get(SPAN(p, len), KEY_BY, &by))
		return false;
	snprintf(step, sizeof(step), "%c%llu",
		 by.type == PAYLOAD_NEGINT ? '-' : '+',
		 (unsigned long long)(by.num + (by.type == PAYLOAD_NEGINT)));
	return compose_count(node_view(r->n), node_label(r->n), record,
			     counter, SPAN_STR(step), again) == 0;
}

/* Does it stand again? With other bytes in `again`, if it needs them. */
static bool reissue_stands(const struct reissue *r, uint16_t kind, uint8_t *p,
			   size_t len, struct buf *again)
{
	switch (kind) {
	case KIND_NOTE_ADD:
	case KIND_ATTACHMENT_ADD:
	case KIND_RECORD_CREATE:
		return true;
	case KIND_FIELD_SET:
	case KIND_FIELD_UNSET:
		return reissue_field(r, p, len);
	case KIND_COUNTER_ADD:
		return reissue_count(r, p, len, again);
	case KIND_PLAN_DELTA:
	case KIND_PLAN_SET:
		return reissue_plan(r, p, len);
	case KIND_DOC_INSERT:
		reissue_rename(r, p, len, KEY_AFTER);
		reissue_rename(r, p, len, KEY_BEFORE);
		return true;
	case KIND_DOC_UPDATE:
		return reissue_element(r, p, len);
	case KIND_DOC_DELETE:
		reissue_rename(r, p, len, KEY_ELEMENT);
		return true;
	default:
		return false;
	}
}

static void reissue_one(struct reissue *r, const uint8_t *id, uint16_t kind,
			uint8_t *p, size_t len)
{
	struct buf again = { 0 };
	bool stands = reissue_stands(r, kind, p, len, &again);
	struct event e;

	if (stands && !node_append(r->n, kind, again.len ? buf_span(&again) :
				   SPAN(p, len), &e)) {
		r->written++;
		buf_add(&r->names, SPAN(id, EVENT_BASE_SIZE));
		buf_add(&r->names, SPAN(e.id, EVENT_BASE_SIZE));
	} else {
		r->left++;
	}
	buf_fini(&again);
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
