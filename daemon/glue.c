/* SPDX-License-Identifier: MIT
 *
 * The glue: what happens outside becomes an input of the node, and its
 * actions become what happens outside. See daemon.h for the order.
 */
#include <errno.h>
#include <stdio.h>
#include "daemon/control.h"
#include "daemon/daemon.h"
#include "daemon/notify.h"
#include "lib/base/report.h"

#define SAVE_EVERY_US (5 * US_PER_S)
#define PROVOKED_MAX 50	/* lines in 10 s */

static void glue_sync(struct daemon *d);

/* ---- the log ---- */

/* Something was recorded or committed: an idle station does not wake up. */
static void flush_arm(struct daemon *d)
{
	if (!timer_armed(&d->flush.t))
		ring_timer_set(d->ring, &d->flush, ring_now_us(d->ring) +
			       FLIGHT_FLUSH_S * US_PER_S);
}

static void log_stopped(struct daemon *d, int error)
{
	if (d->log_error)
		return;
	d->log_error = error;
	report(REPORT_ERROR, "the log stopped: %s; nothing is stored any "
	       "more, relaying goes on; free space or change the disk, then "
	       "restart", strerror(-error));
	outbox_clear(&d->outbox);
	node_log_failed(d->node, error);
	control_durable(d->control, log_durable(d->log), error);
}

static void outbox_flush(struct daemon *d, uint64_t durable);

uint64_t glue_pending_bytes(const struct daemon *d)
{
	return d->log_error ? 0 : d->appended - d->durable_bytes;
}

static void sync_done(void *ctx, int result)
{
	struct daemon *d = ctx;
	int e = log_sync_end(d->log, result);

	d->syncing = false;
	d->syncs++;
	if (e) {
		log_stopped(d, e);
		return;
	}
	d->durable_bytes = d->syncing_bytes;
	outbox_flush(d, log_durable(d->log));
	control_durable(d->control, log_durable(d->log), 0);
	glue_sync(d);
}

static void glue_sync(struct daemon *d)
{
	int fd, e;

	if (d->syncing || d->log_error ||
	    log_durable(d->log) >= d->committed)
		return;
	e = log_sync_begin(d->log, &fd);
	if (e == -EAGAIN || e == -EBUSY)
		return;
	if (!e) {
		d->syncing = true;
		d->syncing_bytes = d->appended;
		e = ring_fdatasync(d->ring, fd, sync_done, d);
		if (e) {
			d->syncing = false;
			e = log_sync_end(d->log, e);
		}
	}
	if (e)
		log_stopped(d, e);
}

static void action_append(struct daemon *d, const struct node_action *a)
{
	int e = d->log_error ? 0 : log_append(d->log, a->record_type, a->slot,
					      a->record);

	d->appended += a->record.n;
	if (e)
		log_stopped(d, e);
}

static void action_commit(struct daemon *d)
{
	int e;

	if (d->log_error)
		return;
	e = log_commit(d->log, daemon_now(d).wall_ms, &d->committed);
	if (e)
		log_stopped(d, e);
	flush_arm(d);
}

/* ---- frames ---- */

static enum record_link port_link(const struct port *p)
{
	return p->config->node.framing == NODE_BARE ? RECORD_LINK_BARE :
						      RECORD_LINK_AX25;
}

static void frame_seen(struct daemon *d, int number, bool sent,
		       enum record_link link, unsigned verdict,
		       const char *name, struct span frame)
{
	const struct port *p = &d->ports[number];
	const char *port = p->config->node.name;
	struct record_frame r = {
		.wall_ms = daemon_now(d).wall_ms, .port = (uint8_t)number,
		.sent = sent, .verdict = (uint16_t)verdict,
		.link = (uint16_t)link, .frame = frame, .name = SPAN_STR(port),
	};
	const struct control_seen seen = {
		.frame = &r, .verdict = name, .port = port,
		.airtime_us = link == RECORD_LINK_ERROR ? 0 :
			node_frame_airtime_us(d->node, number, frame.n),
		.level_dbm = sent ? 0 : p->level_dbm,
	};

	flight_add(d->flight, &r);
	flush_arm(d);
	control_frame(d->control, &seen);
}

static void burst_send(struct daemon *d, int number,
		       const struct span *frames, size_t n)
{
	struct port *p = &d->ports[number];

	if (!n || port_send(p, frames, n))
		return;
	for (size_t i = 0; i < n; i++)
		frame_seen(d, number, true, port_link(p), NODE_OK, "sent",
			   frames[i]);
}

static void outbox_flush(struct daemon *d, uint64_t durable)
{
	struct outbox_burst b;

	while (outbox_first(&d->outbox, durable, &b)) {
		burst_send(d, b.port, b.frames, b.n);
		outbox_drop(&d->outbox);
	}
}

static void action_send(struct daemon *d, const struct node_action *a)
{
	bool durable = log_durable(d->log) >= d->committed || d->log_error;

	if (durable && outbox_empty(&d->outbox))
		burst_send(d, a->port, a->frames, a->n_frames);
	else
		outbox_put(&d->outbox, d->committed, a->port, a->frames,
			   a->n_frames);
}

static void action_note(struct daemon *d, const struct node_action *a)
{
	d->notes++;
	if (a->note == NOTE_TX_OFF)
		outbox_clear(&d->outbox);
	if (!a->text || !*a->text)
		return;
	report_limited(&d->provoked, PROVOKED_MAX, ring_now_us(d->ring),
		       REPORT_NOTICE, "%s", a->text);
	control_note(d->control, a->text, daemon_now(d).wall_ms);
}

static void actions_run(struct daemon *d)
{
	size_t n;
	const struct node_action *a = node_actions(d->node, &n);

	for (; n > 0; a++, n--) {
		switch (a->type) {
		case NODE_SEND:
			action_send(d, a);
			break;
		case NODE_APPEND:
			action_append(d, a);
			break;
		case NODE_COMMIT:
			action_commit(d);
			break;
		case NODE_NOTE:
			action_note(d, a);
			break;
		}
	}
}

/* Ports that went up or down meanwhile are told one after the other: an
 * action may bring a port down, and its spans end with the next input. */
static bool next_changed(struct daemon *d)
{
	unsigned i = 0;

	if (!d->changed)
		return false;
	while (!(d->changed & 1u << i))
		i++;
	d->changed &= ~(1u << i);
	node_port_up(d->node, (int)i, d->ports[i].up, daemon_now(d));
	return true;
}

void glue_actions(struct daemon *d)
{
	if (d->acting)
		return;
	d->acting = true;
	do
		actions_run(d);
	while (next_changed(d));
	d->acting = false;
}

/* ---- back-pressure ---- */

static void reading_say(const struct daemon *d)
{
	report(REPORT_NOTICE, "%s: ports are read more slowly (cairn status "
	       "tells how long)", d->reading.why == READING_DISK ?
	       "the disk is behind" : "verifying is behind");
}

static void glue_reading(struct daemon *d)
{
	bool episode = false;
	enum reading_move m = reading_review(&d->reading,
		node_waiting(d->node), glue_pending_bytes(d),
		ring_now_us(d->ring), &episode);

	if (m == READING_STAYS)
		return;
	for (size_t i = 0; i < d->n_ports; i++)
		port_pause(&d->ports[i], m == READING_STOPS);
	if (episode)
		reading_say(d);
}

/* ---- inputs ---- */

static void glue_frame(void *ctx, int number, struct span frame)
{
	struct daemon *d = ctx;
	enum node_verdict v;

	if (d->closing)
		return;
	v = node_input(d->node, number, frame, daemon_now(d));
	frame_seen(d, number, false, port_link(&d->ports[number]), v,
		   node_verdict_name(v), frame);
	glue_actions(d);
	seals_out(d);
	glue_reading(d);
}

static void glue_error(void *ctx, int number, const char *name,
		       struct span raw)
{
	frame_seen(ctx, number, false, RECORD_LINK_ERROR, NODE_BAD_FRAME, name,
		   raw);
}

static void glue_state(void *ctx, int number, bool up, const char *why)
{
	struct daemon *d = ctx;
	struct port *p = &d->ports[number];

	report_limited(&d->provoked, PROVOKED_MAX, ring_now_us(d->ring),
		       REPORT_NOTICE, "port %s is %s%s%s",
		       p->config->node.name, up ? "up" : "down",
		       !up && *why ? ": " : "", up ? "" : why);
	d->changed |= 1u << number;
	if (!d->acting && next_changed(d))
		glue_actions(d);
}

static void glue_sent(void *ctx, int number)
{
	struct daemon *d = ctx;

	node_port_sent(d->node, number, daemon_now(d));
	glue_actions(d);
}

const struct port_ops glue_port_ops = {
	.frame = glue_frame, .error = glue_error, .state = glue_state,
	.sent = glue_sent,
};

static void glue_tick(void *ctx)
{
	struct daemon *d = ctx;

	node_tick(d->node, daemon_now(d));
	glue_actions(d);
}

static void glue_flush(void *ctx)
{
	struct daemon *d = ctx;
	int e;

	flight_flush(d->flight, daemon_now(d).wall_ms);
	e = d->log_error ? 0 : log_prepare(d->log);
	if (e)
		report(REPORT_WARNING, "no room for the log's next segment: "
		       "%s", strerror(-e));
}

static void glue_watchdog(void *ctx)
{
	struct daemon *d = ctx;

	notify("WATCHDOG=1");
	ring_timer_set(d->ring, &d->watchdog,
		       ring_now_us(d->ring) + notify_watchdog_us());
}

void glue_save(struct daemon *d)
{
	char mark[STATION_MARK_MAX];
	struct json_out o = { 0 };
	int e;

	json_out_object(&o);
	json_out_kv_string(&o, "dataset", d->config.dataset);
	json_out_kv_string(&o, "callsign", d->config.callsign);
	json_out_kv_string(&o, "folder", station_mark(&d->station, mark));
	json_out_kv_uint(&o, "damage", d->history.damage.mark);
	json_out_key(&o, "node");
	node_state(d->node, &o);
	json_out_end_object(&o);
	buf_add_u8(&o.b, '\n');
	d->saved_us = ring_now_us(d->ring);
	e = station_state_write(&d->station, buf_span(&o.b));
	if (e)
		report(REPORT_WARNING, "state could not be written: %s",
		       strerror(-e));
	buf_fini(&o.b);
}

/* At once after a quiet while; in a stream of changes (a stranger's announces,
 * say) the card is written every few seconds, not every turn. What matters to
 * the operator is saved by the verbs themselves. */
static void save_arm(struct daemon *d)
{
	uint64_t now = ring_now_us(d->ring);

	if (!timer_armed(&d->save.t))
		ring_timer_set(d->ring, &d->save, now > d->saved_us +
			       SAVE_EVERY_US ? now : d->saved_us +
			       SAVE_EVERY_US);
}

static void glue_save_due(void *ctx)
{
	glue_save(ctx);
}

/* When the node wants to be called, in the ring's time. */
static uint64_t wake_us(struct daemon *d)
{
	uint64_t due = node_wake_us(d->node), now = daemon_now(d).mono_us;

	if (due == TIME_NEVER)
		return TIME_NEVER;
	return ring_now_us(d->ring) +
	       (due > now ? (due - now) / d->config.time_scale + 1 : 0);
}

/* A page that a disk does not give any more, or a file cut short under us. */
static void glue_pages(struct daemon *d)
{
	if (log_pages_lost() == d->pages_lost)
		return;
	d->pages_lost = log_pages_lost();
	report(REPORT_ERROR, "%s/events: %u pages cannot be read any more; "
	       "see: cairn fsck", d->station.dir, d->pages_lost);
}

static void glue_turn(void *ctx)
{
	struct daemon *d = ctx;
	uint64_t due = wake_us(d);

	glue_pages(d);
	glue_sync(d);
	glue_reading(d);
	if (node_state_dirty(d->node))
		save_arm(d);
	control_reap(d->control);
	if (due == TIME_NEVER)
		ring_timer_clear(d->ring, &d->wake);
	else
		ring_timer_set(d->ring, &d->wake, due);
}

void glue_init(struct daemon *d)
{
	d->wake = (struct ring_timer){ .fn = glue_tick, .ctx = d };
	d->flush = (struct ring_timer){ .fn = glue_flush, .ctx = d };
	d->save = (struct ring_timer){ .fn = glue_save_due, .ctx = d };
	d->watchdog = (struct ring_timer){ .fn = glue_watchdog, .ctx = d };
}

void glue_start(struct daemon *d)
{
	flush_arm(d);
	if (notify_watchdog_us())
		glue_watchdog(d);
	ring_on_turn(d->ring, glue_turn, d);
	glue_turn(d);
}
