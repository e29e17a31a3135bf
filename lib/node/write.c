/* SPDX-License-Identifier: MIT
 *
 * Own events. Writing never waits: an event is appended at once and durable
 * before it is on the air. It is sealed shortly after, when a port may send
 * (the seal is what moves the root), but not in the hold-down after an
 * unclean stop: nobody has seen an unsealed event, so a log that lost its end
 * makes no fork.
 */
#include <errno.h>
#include <stdio.h>
#include "lib/event/payload.h"
#include "lib/event/station.h"
#include "lib/node/node_parts.h"
#include "lib/sync/generation.h"

#define SEAL_DELAY_US (1 * US_PER_S)	/* several writes, one seal */
#define HOLD_US (15 * 60 * US_PER_S)

/* ---- sealing ---- */

static bool write_audience(const struct node *n)
{
	for (int i = 0; i < n->n_ports; i++)
		if (node_port_may_send(&n->ports[i]))
			return true;
	return false;
}

static bool write_unsealed(const struct node *n)
{
	return n->own_slot != FEED_SLOT_NONE &&
		feed_own_last(n->data.feeds, n->own_slot) >
		feed_at(n->data.feeds, n->own_slot)->head;
}

void node_seal_arm(struct node *n)
{
	if (n->hold || n->log_error || !write_unsealed(n) ||
	    timer_armed(&n->seal.timer))
		return;
	timer_set(&n->heap, &n->seal.timer, n->now.mono_us + SEAL_DELAY_US);
}

static void write_seal(struct node *n)
{
	uint64_t root = feed_root48(n->data.feeds);
	struct feed_change c = { .slot = n->own_slot };

	if (feed_seal_own(n->data.feeds, n->own_slot,
			  n->c.identity.prv + 32, &c)) {
		node_seal_arm(n); /* not readable yet: being synced */
		return;
	}
	c.new_author = false;
	c.n_events = 0;		/* they are in the log already */
	node_take_change(n, &c);
	node_queue_commit(n);
	node_root_moved(n, root, -1);
}

static void write_seal_due(struct sync_timer *t, uint64_t now_us)
{
	struct node *n = t->owner;

	(void)now_us;
	if (!n->hold && !n->log_error && write_unsealed(n) &&
	    write_audience(n))
		write_seal(n);
}

/* ---- hold-down ---- */

bool node_own_gap(const struct node *n)
{
	return n->own_slot != FEED_SLOT_NONE &&
		feed_beyond(n->data.feeds, n->own_slot) != 0;
}

/* One who lacks the own events that are missing here says nothing about the
 * others: then only time ends it. */
void node_compared(void *ctx)
{
	struct node *n = ctx;

	if (node_own_gap(n))
		return;
	n->dirty |= n->hold;
	n->hold = false;
	node_seal_arm(n);
}

bool node_holding(void *ctx)
{
	const struct node *n = ctx;

	return n->hold;
}

void node_hold_heard(struct node *n)
{
	if (!n->hold)
		return;
	if (!n->hold_heard_us)
		n->hold_heard_us = n->now.mono_us;
	else if (n->now.mono_us < n->hold_heard_us + HOLD_US)
		return;
	else if (node_own_gap(n))
		node_reissue_gap(n);
	else
		node_compared(n);
}

/* ---- appending ---- */

int node_append(struct node *n, uint16_t kind, struct span payload,
		struct event *e)
{
	uint8_t record[RECORD_EVENT_HEAD + EVENT_PAYLOAD_MAX];
	size_t len;
	int err;

	*e = (struct event){ .author = SPAN_STR(n->label), .kind = kind,
			     .payload = payload };
	err = node_stamps_next(n, &e->hlc);
	if (!err)
		err = feed_append_own(n->data.feeds, n->own_slot, e);
	if (err)
		return err;
	len = record_event_encode(record, e);
	node_queue_append(n, RECORD_EVENT, n->own_slot, SPAN(record, len),
			  SPAN(NULL, 0));
	dataset_apply(&n->data, n->own_slot, e);
	return 0;
}

/* The feed opens with `station`: the key, and the call sign claimed. */
static int write_station(struct node *n, const uint8_t *previous)
{
	struct station st = { .has_previous = previous != NULL };
	struct buf payload = { 0 };
	char call[AX25_CALL_TEXT];
	struct event e;
	int err;

	memcpy(st.key, n->c.identity.pub, sizeof(st.key));
	if (previous)
		memcpy(st.previous, previous, AUTHOR_SIZE);
	if (n->call_ok)
		snprintf(st.call, sizeof(st.call), "%.9s",
			 ax25_address_format(call, &n->address));
	err = station_build(&payload, &st);
	if (!err)
		err = node_append(n, KIND_STATION, buf_span(&payload), &e);
	buf_fini(&payload);
	return err;
}

/* Whoever got a call sign after the first event, or another one since, says
 * so: only feeds that name a valid call sign go out by radio. */
void node_claim_call(struct node *n)
{
	char call[AX25_CALL_TEXT];

	if (!n->call_ok || n->log_error || n->own_slot == FEED_SLOT_NONE ||
	    feed_own_last(n->data.feeds, n->own_slot) == 0 ||
	    feed_at(n->data.feeds, n->own_slot)->retired_at ||
	    strcmp(feed_at(n->data.feeds, n->own_slot)->call,
		   ax25_address_format(call, &n->address)) == 0)
		return;
	if (write_station(n, NULL) == 0) {
		node_queue_commit(n);
		node_seal_arm(n);
	}
}

/* Could this event go out at all? It travels whole, in one generation. */
static bool write_fits(uint16_t kind, struct span payload)
{
	uint8_t body[GENERATION_BODY_MAX - GENERATION_ROOT_SIZE];
	const struct event e = { .seq = 1, .kind = kind, .payload = payload,
		.hlc = { CAIRN_EPOCH_S * 1000, 0 } };
	/* heads and prevcheck as long as they get */
	const struct run r = { .seq = UINT32_MAX, .n = 1, .events = &e };

	return payload.n < sizeof(body) / 2 ||
		(run_body_encode(body, sizeof(body), &r, 1, RUN_ZSTD) >= 0 &&
		 run_body_encode(body, sizeof(body), &r, 1, RUN_MODEL) >= 0);
}

/* The own feed, with its first event. */
static int write_open(struct node *n)
{
	struct span label = SPAN_STR(n->label);
	bool made = false;

	n->own_slot = feed_open_own(n->data.feeds, label, n->c.identity.pub,
				    &made);
	if (n->own_slot == FEED_SLOT_NONE)
		return -ENOSPC;
	if (made)
		node_queue_append(n, RECORD_AUTHOR, n->own_slot, label,
				  SPAN(NULL, 0));
	if (feed_own_last(n->data.feeds, n->own_slot) > 0 || node_own_gap(n))
		return 0;
	return write_station(n, NULL);
}

int node_write(struct node *n, uint16_t kind, struct span payload,
	       uint8_t id[EVENT_ID_SIZE], struct clock_now now)
{
	struct event e;
	int err;

	node_begin(n, now);
	if (n->log_error || !n->c.identity.has_prv)
		return -EROFS;
	if (kind == 0 || kind > KIND_MAX || kind == KIND_STATION ||
	    payload_check(payload) != PAYLOAD_OK)
		return -EINVAL;
	if (!write_fits(kind, payload))
		return -EMSGSIZE;
	err = write_open(n);
	if (!err && feed_at(n->data.feeds, n->own_slot)->retired_at)
		err = -EKEYREVOKED;
	if (!err)
		err = node_append(n, kind, payload, &e);
	if (err)
		return err;
	node_queue_commit(n);
	if (id)
		memcpy(id, e.id, EVENT_ID_SIZE);
	node_seal_arm(n);
	return 0;
}

int node_retire(struct node *n, const uint8_t next[AUTHOR_SIZE],
		struct clock_now now)
{
	struct buf b = { 0 };
	int err;

	payload_put_map(&b, 1);
	payload_put_uint(&b, KEY_NEXT);
	payload_put_bytes(&b, SPAN(next, AUTHOR_SIZE));
	err = node_write(n, KIND_STATION_RETIRE, buf_span(&b), NULL, now);
	buf_fini(&b);
	return err;
}

/* A further `station` event: the first one of the feed that names a
 * predecessor counts. */
int node_succeed(struct node *n, const uint8_t previous[AUTHOR_SIZE],
		 struct clock_now now)
{
	int err;

	node_begin(n, now);
	if (n->log_error || !n->c.identity.has_prv)
		return -EROFS;
	err = write_open(n);
	if (!err && feed_at(n->data.feeds, n->own_slot)->previous_at)
		err = -EEXIST;
	if (!err)
		err = write_station(n, previous);
	if (err)
		return err;
	node_queue_commit(n);
	node_seal_arm(n);
	return 0;
}

int node_seal(struct node *n, struct clock_now now)
{
	node_begin(n, now);
	if (n->log_error)
		return -EROFS;
	if (!write_unsealed(n))
		return 0;
	if (n->hold)
		return -EAGAIN;
	write_seal(n);
	return write_unsealed(n) ? -EAGAIN : 0;
}

void node_write_init(struct node *n)
{
	n->seal.fire = write_seal_due;
	n->seal.owner = n;
	n->own_slot = FEED_SLOT_NONE;
}
