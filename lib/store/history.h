/* SPDX-License-Identifier: MIT
 *
 * A station's history, read from its log: what struct store (lib/feed) asks
 * for, answered by lib/log through its index. cairnd and the verbs of `cairn`
 * that only read share it.
 *
 *   events/ --log_find (slot, seq)--> record --decode--> event, seal
 *           --history_scan----------> to the caller, record by record
 */
#pragma once
#include "lib/feed/feed.h"
#include "lib/log/log.h"

/* What the records of events/ say to the log's index: an event is an item of
 * its author's slot, a seal a mark, a displaced range a cut; an event's subject
 * is its topic. */
void history_key(uint16_t type, struct span payload, struct log_key *k);
uint32_t history_topic(uint16_t type, struct span payload);
/* What an event is about, in its payload: the document or else the record that
 * it names (imports: the event that they carry does), of a station its key.
 * Empty if there is none, or the payload is withheld. */
struct span history_subject(const struct event *e);
uint32_t history_topic_of(struct span subject);

struct history {
	struct log *log;	/* borrowed; opened with history_key */
	uint64_t next;		/* scanned up to here */
	uint64_t records;	/* scanned */
	struct log_damage damage;	/* met so far */
};

void history_init(struct history *h, struct log *log);
struct store history_store(struct history *h);

/* Hands each record that the snapshot holds and no scan has handed out yet to
 * fn, which stops the scan by not returning 0; that is returned. Damage is in
 * h->damage before the record behind it comes. */
int history_scan(struct history *h, struct log_snapshot *s,
		 int (*fn)(void *ctx, const struct log_record *r), void *ctx);
