/* SPDX-License-Identifier: MIT
 *
 * What the files of verbs share: a call, and its answer.
 */
#pragma once
#include "daemon/control.h"
#include "daemon/daemon.h"

struct call {
	struct daemon *d;
	struct client *cl;
	char *const *args;
	size_t n_args;
	bool urgent;	/* what is written goes before all others */
};

/* Writes the event and answers when it is durable; empties b. */
void write_event(const struct call *c, uint16_t kind, struct buf *b);

/* Why node_write refused, in words. */
const char *verb_write_sentence(int e);
/* The words from there on as the bytes that they are in hex; false if not. */
bool verb_pieces(const struct call *c, size_t from, struct buf *out);

/* ---- verbs_record.c ---- */

void verb_create(const struct call *c);
void verb_set(const struct call *c);
void verb_unset(const struct call *c);
void verb_note(const struct call *c);
void verb_attach(const struct call *c);

/* ---- verbs_dataset.c ---- */

void verb_count(const struct call *c);
void verb_plan(const struct call *c);
void verb_doc(const struct call *c);

/* ---- verbs_content.c ---- */

void verb_fetch(const struct call *c);
void verb_fetches(const struct call *c);

/* ---- verbs_import.c ---- */

void verb_import(const struct call *c);
void verb_seal(const struct call *c);

/* ---- verbs_station.c ---- */

void verb_order(const struct call *c);
void verb_report(const struct call *c);
void verb_retire(const struct call *c);
void verb_succeed(const struct call *c);

/* ---- verbs_sync.c ---- */

void verb_sync(const struct call *c);

/* ---- verbs_resource.c ---- */

void verb_resource(const struct call *c);
