/* SPDX-License-Identifier: MIT
 *
 * `cairn status --json`: what the daemon knows, beside what the node says of
 * itself. Units stand in the names (docs/formats.md).
 */
#include "daemon/control.h"
#include "daemon/daemon.h"

static void station_json(struct daemon *d, struct json_out *o)
{
	struct clock_now now = daemon_now(d);
	char text[25];

	json_out_kv_string(o, "version", CAIRN_VERSION);
	json_out_kv_string(o, "callsign", d->config.callsign);
	json_out_kv_string(o, "dataset", d->config.dataset);
	json_out_kv_hex(o, "author", SPAN(d->station.identity.hash, 16));
	json_out_kv_string(o, "dir", d->station.dir);
	json_out_kv_bool(o, "transmitting", node_transmitting(d->node));
	json_out_kv_string(o, "time", clock_format_utc(text, now.wall_ms));
	json_out_kv_bool(o, "clock_good", now.wall_good);
	json_out_kv_uint(o, "uptime_s", (now.mono_us / d->config.time_scale -
					 d->started_us) / US_PER_S);
	json_out_kv_uint(o, "time_scale", d->config.time_scale);
	json_out_kv_string(o, "engine", ring_backend(d->ring));
	json_out_kv_string(o, "engine_note", ring_describe(d->ring));
}

static void kiss_json(const struct tnc *t, struct json_out *o)
{
	const struct kiss_decoder *d = tnc_decoder(t);

	json_out_key(o, "kiss_errors");
	json_out_object(o);
	for (int e = 1; e < KISS_ERR_COUNT; e++)
		if (d->errors[e])
			json_out_kv_uint(o, kiss_error_name(e), d->errors[e]);
	json_out_end_object(o);
}

static void port_json(struct daemon *d, const struct port *p,
		      struct json_out *o)
{
	const struct tnc *tnc = port_tnc(p);

	json_out_object(o);
	json_out_kv_string(o, "name", p->config->node.name);
	json_out_kv_string(o, "device", p->config->spec);
	json_out_kv_bool(o, "up", p->up);
	json_out_kv_string(o, "why", p->why);
	json_out_kv_uint(o, "ups", p->ups);
	if (tnc && p->config->tnc.ackmode)
		json_out_kv_string(o, "ackmode", tnc_ackmode(tnc));
	json_out_kv_uint(o, "rx_frames", p->frames_in);
	json_out_kv_uint(o, "rx_bytes", p->bytes_in);
	json_out_kv_uint(o, "rx_errors", p->errors);
	if (tnc)
		kiss_json(tnc, o);
	json_out_kv_uint(o, "tx_frames", p->frames_out);
	json_out_kv_uint(o, "tx_bytes", p->bytes_out);
	json_out_kv_uint(o, "tx_failures", p->send_failures);
	json_out_kv_uint(o, "airtime_us", node_airtime_us(d->node, p->number));
	json_out_kv_real(o, "duty_percent",
			 p->config->node.duty_permille / 10.0);
	json_out_end_object(o);
}

/* Positions in two parts, as people look them up. */
static void range_json(const struct log_range *r, struct json_out *o)
{
	json_out_object(o);
	json_out_kv_uint(o, "segment", log_position_segment(r->from));
	json_out_kv_uint(o, "offset", log_position_offset(r->from));
	json_out_kv_uint(o, "end_segment", log_position_segment(r->to));
	json_out_kv_uint(o, "end_offset", log_position_offset(r->to));
	json_out_end_object(o);
}

static void damage_json(struct daemon *d, struct json_out *o)
{
	const struct log_damage *v = &d->history.damage;

	json_out_kv_uint(o, "damage_ranges", v->ranges);
	json_out_kv_bool(o, "damage_known", d->damage_known);
	json_out_key(o, "damage");
	json_out_array(o);
	for (unsigned i = 0; i < v->kept; i++)
		range_json(&v->first[i], o);
	json_out_end_array(o);
}

static void log_json(struct daemon *d, struct json_out *o)
{
	json_out_object(o);
	json_out_kv_uint(o, "records", log_records(d->log));
	json_out_kv_uint(o, "bytes", log_durable(d->log));
	json_out_kv_uint(o, "pending_bytes",
			 glue_pending_bytes(d));
	json_out_kv_uint(o, "syncs", d->syncs);
	json_out_kv_string(o, "error", d->log_error ?
			   strerror(-d->log_error) : "");
	json_out_kv_bool(o, "clean_start", d->recovery.clean);
	json_out_kv_uint(o, "torn_bytes", d->recovery.torn_bytes);
	json_out_kv_uint(o, "damaged_bytes", d->recovery.damaged_bytes);
	json_out_kv_uint(o, "unstored_bytes", daemon_unstored_bytes(d));
	json_out_kv_uint(o, "pages_lost", log_pages_lost());
	json_out_kv_string(o, "recovery", d->recovery.note);
	damage_json(d, o);
	json_out_kv_uint(o, "outbox_bytes", d->outbox.b.len);
	json_out_kv_uint(o, "outbox_dropped", d->outbox.dropped);
	json_out_kv_uint(o, "flight_lost", flight_lost(d->flight));
	json_out_end_object(o);
}

static void reading_json(struct daemon *d, struct json_out *o)
{
	const struct reading *r = &d->reading;
	uint64_t now_us = r->why ? ring_now_us(d->ring) - r->since_us : 0;

	json_out_object(o);
	json_out_kv_bool(o, "paused", r->why != READING_ON);
	json_out_kv_string(o, "why", reading_name(r->why));
	json_out_kv_uint(o, "pauses_worker", r->pauses[READING_WORKER]);
	json_out_kv_uint(o, "pauses_disk", r->pauses[READING_DISK]);
	json_out_kv_real(o, "paused_s",
			 (double)(r->paused_us + now_us) / US_PER_S);
	json_out_kv_uint(o, "generations_waiting", node_waiting(d->node));
	json_out_kv_string(o, "verifies", d->worker ? "worker" : "inline");
	json_out_end_object(o);
}

void status_json(struct daemon *d, struct json_out *o)
{
	json_out_object(o);
	station_json(d, o);
	json_out_key(o, "ports");
	json_out_array(o);
	for (size_t i = 0; i < d->n_ports; i++)
		if (d->ports[i].config)
			port_json(d, &d->ports[i], o);
	json_out_end_array(o);
	json_out_key(o, "log");
	log_json(d, o);
	json_out_key(o, "reading");
	reading_json(d, o);
	json_out_key(o, "control");
	control_json(d->control, o);
	json_out_key(o, "node");
	node_status_json(d->node, o, daemon_now(d));
	json_out_end_object(o);
}
