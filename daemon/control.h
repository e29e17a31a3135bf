/* SPDX-License-Identifier: MIT
 *
 * The control socket DIR/control (lib/ctl/ctl.h): one request a client at a
 * time, answered in order; a reply that speaks of a write leaves when the
 * write is durable. `monitor` turns a client into a reader of everything that
 * happens; one that does not keep up is dropped.
 */
#pragma once
#include "lib/base/json.h"
#include "lib/event/record.h"

struct daemon;
struct control;
struct client;

/* 0 or -errno */
int control_open(struct daemon *d, struct control **out);
void control_close(struct control *c);	/* c may be NULL, also below */

/* For monitors: a frame; something said. */
struct control_seen {
	const struct record_frame *frame;
	const char *port, *verdict;
	uint64_t airtime_us;	/* 0 = it was on no air */
	int level_dbm;		/* 0 = not known */
};
void control_frame(struct control *c, const struct control_seen *s);
void control_note(struct control *c, const char *text, uint64_t wall_ms);
/* The log is durable up to here, or it stopped with an error: replies that
 * waited for it leave. */
void control_durable(struct control *c, uint64_t durable, int error);
/* Once a turn: frees clients that are gone. */
void control_reap(struct control *c);
void control_json(const struct control *c, struct json_out *o);

/* ---- for the verbs (verbs.c) ---- */

struct ctl_request;
void verb_run(struct daemon *d, struct client *cl,
	      const struct ctl_request *r);

/* One object of the answer; empties o. */
void client_reply(struct client *cl, struct json_out *o);
void client_end(struct client *cl, int exit_code, const char *error);
/* Reply and end, but not before the log is durable up to `need`; empties o. */
void client_end_durable(struct client *cl, struct json_out *o, uint64_t need);
/* From now on a monitor. */
void client_watch(struct client *cl);
