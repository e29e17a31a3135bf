/* SPDX-License-Identifier: MIT
 *
 * A generation's body becomes events: each run is admitted by the feeds (one
 * signature a run, verified here or before: waiting.c), what it changed is
 * queued for the log, all of an input as one transaction, and the view and the
 * clock see it. A refused run changes nothing; if it stays refused (quota, no
 * room) it is not wanted again until its author moves.
 */
#include <errno.h>
#include <stdio.h>
#include "lib/node/node_parts.h"

#define BACK_LIFE_US (3600 * US_PER_S)
#define COMMIT_BYTES (256u << 10)	/* the log takes 1 MB at least */

/* ---- what not to want, and from where to want again ---- */

bool node_refused(void *ctx, uint32_t alias, uint64_t seq)
{
	const struct node *n = ctx;

	for (unsigned i = 0; i < NODE_REFUSED_MAX; i++)
		if (n->refused[i].seq && n->refused[i].alias == alias &&
		    n->refused[i].seq == seq)
			return true;
	return false;
}

static void ingest_refuse(struct node *n, const struct run *r)
{
	uint64_t last = r->seq + r->n - 1;

	if (r->n == 0 || node_refused(n, r->alias, last))
		return;
	n->refused[n->refused_at++ % NODE_REFUSED_MAX] =
		(struct node_refused){ r->alias, last };
}

/* A run that does not fit has no signature that could be checked: what a
 * stranger made up is forgotten after an hour. */
static struct node_back *ingest_back_find(struct node *n, uint32_t slot)
{
	for (unsigned i = 0; i < NODE_BACK_MAX; i++)
		if (n->back[i].events && n->back[i].slot == slot &&
		    n->now.mono_us < n->back[i].until_us)
			return &n->back[i];
	return NULL;
}

uint64_t node_back(void *ctx, uint32_t slot)
{
	struct node *n = ctx;
	const struct node_back *b = ingest_back_find(n, slot);

	return b ? b->events : 0;
}

/* 16, 64, 256 ... events further back until the branch's root is met. */
void node_misfit(void *ctx, uint32_t slot)
{
	struct node *n = ctx;
	struct node_back *b;

	if (slot == FEED_SLOT_NONE)
		return;
	b = ingest_back_find(n, slot);
	if (!b) {
		b = &n->back[n->back_at++ % NODE_BACK_MAX];
		*b = (struct node_back){ .slot = slot, .events = 4 };
	}
	b->until_us = n->now.mono_us + BACK_LIFE_US;
	if (b->events < FEED_CANDIDATE_EVENTS_MAX)
		b->events *= 4;
}

static void ingest_fits(struct node *n, uint32_t slot)
{
	struct node_back *b = ingest_back_find(n, slot);

	if (b)
		b->events = 0;
}

/* ---- taking a change in ---- */

static int take_record(void *ctx, uint16_t type, uint32_t slot,
		       struct span head, struct span tail)
{
	node_queue_append(ctx, type, slot, head, tail);
	return 0;
}

static void take_fork(struct node *n, const struct feed_change *c)
{
	const struct feed *f = feed_at(n->data.feeds, c->slot);
	char text[160];

	if (!c->proof.seq)
		return;
	snprintf(text, sizeof(text), "two branches of the feed of %s %.8s: "
		 "the longer stands", f->call, f->label);
	node_queue_note(n, NOTE_FORK, -1, text);
}

/* The damaged log may have more behind a gap that this change closed. */
static void take_rejoin(struct node *n, uint32_t slot)
{
	char text[160];

	if (!feed_beyond(n->data.feeds, slot))
		return;
	n->data.stale = true;
	if (slot == n->own_slot)	/* they are coming: wait for the rest */
		n->hold_heard_us = n->now.mono_us;
	feed_rejoin(n->data.feeds, slot);
	if (feed_beyond(n->data.feeds, slot))
		return;
	snprintf(text, sizeof(text), "the events of %s %.8s that the log lost "
		 "are back", feed_at(n->data.feeds, slot)->call,
		 feed_at(n->data.feeds, slot)->label);
	node_queue_note(n, NOTE_HEALED, -1, text);
}

void node_take_change(struct node *n, const struct feed_change *c)
{
	if (n->uncommitted >= COMMIT_BYTES)
		node_queue_commit(n);
	node_reissue_keep(n, c);
	feed_change_records(n->data.feeds, c, take_record, n);
	if (c->displaced_from)
		n->data.stale = true;
	for (size_t i = 0; i < c->n_events; i++)
		dataset_apply(&n->data, c->slot, &c->events[i]);
	node_stamps_take(n, c->slot, c->events, c->n_events);
	for (size_t i = 0; i < c->n_events; i++) {
		node_order_take(n, c->slot, &c->events[i]);
		node_contents_named(n, &c->events[i]);
	}
	n->events_in += c->n_events;
	take_rejoin(n, c->slot);
	take_fork(n, c);
	if (c->new_author && feed_call_shared(n->data.feeds, c->slot))
		node_queue_note(n, NOTE_CALL_CLAIMED_TWICE, -1,
				feed_at(n->data.feeds, c->slot)->call);
}

/* ---- a body ---- */

enum feed_verdict node_ingest_run(struct node *n, const struct run *run,
				  struct node_run_counts *counts)
{
	struct feed_change c = { .slot = FEED_SLOT_NONE };
	enum feed_verdict v = feed_admit(n->data.feeds, SPAN(NULL, 0), run,
					 &c);

	n->feed_verdicts[v]++;
	switch (v) {
	case FEED_ACCEPTED:
	case FEED_PROOF:
		node_take_change(n, &c);
		counts->taken++;
		ingest_fits(n, c.slot);
		break;
	case FEED_MISFIT:
		node_misfit(n, c.slot);
		break;
	case FEED_QUOTA:
	case FEED_FULL:
		ingest_refuse(n, run);
		counts->refused++;
		break;
	case FEED_BAD_SEAL:
	case FEED_BAD_STATION:
	case FEED_BAD_KEY:
	case FEED_BAD_EVENT:
		counts->false_++;
		n->bad_seal = true;
		break;
	case FEED_CANDIDATE:
	case FEED_DUPLICATE:
	case FEED_GAP:
	case FEED_NO_AUTHOR:
	case FEED_STORE:
	case FEED_VERDICT_COUNT:
		break;
	}
	return v;
}

enum sync_ingest node_ingested(const struct node_run_counts *counts)
{
	if (counts->taken)
		return SYNC_INGEST_DONE;
	if (counts->refused)
		return SYNC_INGEST_REFUSED;
	return counts->false_ ? SYNC_INGEST_FALSE : SYNC_INGEST_DONE;
}

enum sync_ingest node_ingest(void *ctx, int port, const struct sync_whole *w,
			     struct span body)
{
	struct node *n = ctx;
	struct run_body *b = n->waiting ? &node_waiting_place(n)->body :
			     n->env.body;
	struct node_run_counts counts = { 0 };
	enum run_error e;

	if (n->log_error)
		return SYNC_INGEST_REFUSED;
	e = run_body_decode(b, body);
	n->run_errors[e]++;
	if (e != RUN_OK)
		return SYNC_INGEST_BAD;
	node_relay_mark(n, port, b);
	if (n->waiting && node_waiting_add(n, port, w))
		return SYNC_INGEST_LATER;
	n->taken_from = w->address;
	for (size_t i = 0; i < b->n_runs; i++)
		node_ingest_run(n, &b->runs[i], &counts);
	if (n->uncommitted)
		node_queue_commit(n);
	return node_ingested(&counts);
}

void node_root_moved(struct node *n, uint64_t root_before, int port)
{
	if (feed_root48(n->data.feeds) == root_before)
		return;
	n->dirty = true;
	for (int i = 0; i < n->n_ports; i++)
		sync_port_advanced(n->ports[i].sync, root_before,
				   node_relay_moved(n, port, i),
				   n->taken_from, n->now.mono_us);
}

int node_import(struct node *n, struct span body, enum feed_verdict *verdicts,
		uint64_t *events, struct clock_now now)
{
	const struct run_body *b = n->env.body;
	struct node_run_counts counts = { 0 };
	uint64_t root, before = n->events_in;

	node_begin(n, now);
	root = feed_root48(n->data.feeds);
	if (n->log_error)
		return -EROFS;
	if (run_body_decode(n->env.body, body) != RUN_OK)
		return -EINVAL;
	node_relay_mark(n, -1, n->env.body);
	for (size_t i = 0; i < b->n_runs; i++)
		verdicts[i] = node_ingest_run(n, &b->runs[i], &counts);
	if (n->uncommitted)
		node_queue_commit(n);
	*events = n->events_in - before;
	node_root_moved(n, root, -1);
	return (int)b->n_runs;
}
