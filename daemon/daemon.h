/* SPDX-License-Identifier: MIT
 *
 * cairnd: ring, ports and log around one node. No protocol decision is taken
 * here.
 *
 *   ports --frame--> node --SEND----------------> ports
 *   worker <--seals--> "
 *   control -write->      --APPEND, COMMIT-> log --fdatasync--> durable
 *   timer --tick--->      --NOTE-> stderr, monitor
 *
 * Order: a node's actions are carried out as they stand; a SEND that follows
 * a COMMIT waits in the outbox until that is durable, and everything sent
 * later waits behind it. One sync is in flight at most; what is committed
 * meanwhile is covered by the next.
 *
 * Seals are verified on the worker's thread; when it or the disk falls
 * behind, the ports are not read for a while (reading.h).
 */
#pragma once
#include "daemon/blobs.h"
#include "daemon/config.h"
#include "daemon/flight.h"
#include "daemon/outbox.h"
#include "daemon/port.h"
#include "daemon/reading.h"
#include "daemon/station.h"
#include "lib/base/report.h"
#include "lib/log/log.h"
#include "lib/store/history.h"

struct control;
struct flags;
struct worker;

struct daemon {
	struct flags *flags;
	struct config config;	/* of the ports: by number; see n_ports */
	struct station station;
	struct blobs blobs;
	struct ring *ring;
	struct log *log;
	struct log_recovery recovery;
	struct history history;
	struct node *node;
	struct worker *worker;		/* NULL: seals are verified inline */
	struct reading reading;
	/* by number, some of which may be free: no config */
	struct port ports[NODE_PORTS_MAX];
	size_t n_ports;
	struct flight *flight;
	struct control *control;
	struct outbox outbox;
	struct buf state;		/* as read at start */
	uint64_t committed;		/* log position after the last COMMIT */
	/* bytes of records: appended, of those the sync under way will have
	 * made durable, and durable */
	uint64_t appended, syncing_bytes, durable_bytes;
	bool syncing;
	bool acting;			/* inside glue_actions */
	bool closing;			/* nothing is taken in any more */
	bool offline;			/* opens no port */
	uint32_t changed;		/* bit a port: up or down, not told */
	int log_error;			/* what stopped the log, 0 = fine */
	bool damage_known;		/* an earlier start has said it */
	unsigned pages_lost;		/* said so far */
	struct report_limit provoked;	/* lines that others can bring about */
	uint64_t started_us, saved_us, syncs, notes;
	uint64_t health_us;		/* when it was last told */
	struct ring_timer wake, flush, save, watchdog, health;
};

/* Of records, which nobody will find again; said at the end. */
static inline uint64_t daemon_unstored_bytes(const struct daemon *d)
{
	return d->log_error ? d->appended - d->durable_bytes : 0;
}

/* Everything in its order; on failure -errno, reported, and daemon_close
 * still to be called. exit_code: DESIGN's. */
int daemon_open(struct daemon *d, const char *dir, int *exit_code);
/* 0, or what kept the log from storing all it was given: said. */
int daemon_close(struct daemon *d);

struct clock_now daemon_now(const struct daemon *d);
/* Opens the port that the node and d->config know by that number; 0 or
 * -ENOMEM: it may well be down still. */
int daemon_port_open(struct daemon *d, int number);
/* A port's number, or -ENOENT; name NULL: of the first there is. */
int daemon_port_find(const struct daemon *d, const char *name);

/* ---- reload.c ---- */

/* Reads the configuration again and does what it says, as far as a station at
 * work can. 0, or -EINVAL and a sentence: everything is as it was. */
int reload(struct daemon *d, char err[CONFIG_ERROR_MAX]);

/* ---- glue.c ---- */

/* Before anything else of this; then, before ring_run, glue_start. */
void glue_init(struct daemon *d);
void glue_start(struct daemon *d);
extern const struct port_ops glue_port_ops;
/* After every input of the node: carries its actions out. */
void glue_actions(struct daemon *d);
/* Writes DIR/state now. */
void glue_save(struct daemon *d);

/* Bytes of records that are written and not durable yet. */
uint64_t glue_pending_bytes(const struct daemon *d);

/* ---- seals.c ---- */

/* Before the node is made; without a thread it verifies inline. */
void seals_open(struct daemon *d);
void seals_close(struct daemon *d);
/* After an input: hands out what the node wants verified. */
void seals_out(struct daemon *d);

/* ---- health.c ---- */

void health_init(struct daemon *d);
/* Looks now and then whether a day is over. */
void health_start(struct daemon *d);
/* Whether it is time: told_ms is the last status in the log, 0 = none;
 * silent_us the uptime since one was told, or since the start. */
bool health_day_over(uint64_t told_ms, struct clock_now now,
		     uint64_t silent_us);
/* station.status, now; glue_actions follows. 0, or as node_write. */
int health_tell(struct daemon *d);

/* ---- status.c ---- */

struct json_out;
void status_json(struct daemon *d, struct json_out *o);
