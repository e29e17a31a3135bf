/* SPDX-License-Identifier: MIT
 *
 * A decoded frame as one JSON object (docs/formats.md, "decode"). Names are
 * stable; bytes are lower hex; what is not there is not named, but for the
 * fields of a Reticulum packet, which are null.
 */
#include <stdio.h>
#include "kiss/codec.h"
#include "lib/base/crypto.h"
#include "lib/event/payload.h"
#include "tools/decode.h"

static void kv_null(struct json_out *o, const char *key)
{
	json_out_key(o, key);
	json_out_null(o);
}

static void kv_word(struct json_out *o, const char *key, uint64_t v,
		    unsigned bytes)
{
	uint8_t raw[8];

	be_put(raw, bytes, v);
	json_out_kv_hex(o, key, SPAN(raw, bytes));
}

/* ---- Cairn ---- */

static void put_heads(struct json_out *o, const struct run_body *body)
{
	json_out_key(o, "runs");
	json_out_array(o);
	for (size_t i = 0; i < body->n_runs; i++) {
		const struct run *run = &body->runs[i];

		json_out_object(o);
		kv_word(o, "alias", run->alias, 4);
		json_out_kv_uint(o, "seq", run->seq);
		json_out_kv_uint(o, "n", run->n);
		json_out_kv_hex(o, "prevcheck", SPAN(run->prevcheck, 2));
		json_out_end_object(o);
	}
	json_out_end_array(o);
}

static void put_event(struct json_out *o, const struct event *e, uint64_t seq)
{
	const char *name = kind_name(e->kind);

	json_out_object(o);
	json_out_kv_uint(o, "seq", seq);
	json_out_kv_uint(o, "wall_ms", e->hlc.wall_ms);
	json_out_kv_uint(o, "counter", e->hlc.counter);
	json_out_kv_uint(o, "kind", e->kind);
	if (name)
		json_out_kv_string(o, "kind_name", name);
	json_out_key(o, e->withheld ? "payload_hash" : "payload");
	if (e->withheld)
		json_out_hex(o, e->payload);
	else
		payload_to_json(o, e->payload);
	json_out_end_object(o);
}

static void put_run(struct json_out *o, const struct run *run)
{
	json_out_object(o);
	kv_word(o, "alias", run->alias, 4);
	json_out_kv_uint(o, "seq", run->seq);
	json_out_kv_uint(o, "n", run->n);
	json_out_kv_hex(o, "prevcheck", SPAN(run->prevcheck, 2));
	json_out_kv_hex(o, "seal", SPAN(run->seal, EVENT_SEAL_SIZE));
	if (run->n == 0)
		json_out_kv_hex(o, "proof_id", SPAN(run->proof_id,
						    EVENT_ID_SIZE));
	json_out_key(o, "events");
	json_out_array(o);
	for (unsigned i = 0; i < run->n; i++)
		put_event(o, &run->events[i], run->seq + i);
	json_out_end_array(o);
	json_out_end_object(o);
}

static void put_body(struct json_out *o, const struct decoded *d)
{
	json_out_key(o, "body");
	json_out_object(o);
	kv_word(o, "root48", d->root48, 6);
	json_out_key(o, "runs");
	json_out_array(o);
	for (size_t i = 0; i < d->body->n_runs; i++)
		put_run(o, &d->body->runs[i]);
	json_out_end_array(o);
	json_out_end_object(o);
}

static void put_targets(struct json_out *o, const char *key,
			const uint16_t *targets, unsigned n)
{
	json_out_key(o, key);
	json_out_array(o);
	for (unsigned i = 0; i < n; i++) {
		uint8_t raw[2];

		be_put(raw, 2, targets[i]);
		json_out_hex(o, SPAN(raw, 2));
	}
	json_out_end_array(o);
}

static void put_digest(struct json_out *o, const struct sync_digest *m)
{
	kv_word(o, "dataset_tag", m->dataset_tag, 2);
	json_out_kv_bool(o, "want_bulk", m->want_bulk);
	json_out_kv_bool(o, "has_proofs", m->has_proofs);
	json_out_kv_bool(o, "moved", m->moved);
	kv_word(o, "root48", m->root48, 6);
	json_out_kv_uint(o, "events", m->events);
	json_out_kv_uint(o, "authors", m->authors);
	json_out_kv_uint(o, "c", m->c);
	json_out_kv_uint(o, "parts", 1u << m->part_bits);
	json_out_kv_uint(o, "part", m->part);
	if (m->part_bits)
		kv_word(o, "part_root48", m->part_root48, 6);
	json_out_key(o, "sketch");
	json_out_array(o);
	for (unsigned i = 0; i < 2u * m->c; i++) {
		uint8_t raw[4];

		be_put(raw, 4, m->s[i]);
		json_out_hex(o, SPAN(raw, 4));
	}
	json_out_end_array(o);
}

static void put_events(struct json_out *o, const struct sync_events *m)
{
	const struct run_body *heads;
	uint64_t root48;

	json_out_kv_uint(o, "generation", m->generation);
	json_out_kv_uint(o, "index", m->index);
	json_out_kv_uint(o, "k", m->k);
	json_out_kv_bool(o, "parity", m->index >= m->k);
	json_out_kv_uint(o, "parity_ahead", m->parity_ahead);
	json_out_kv_bool(o, "more", m->more);
	json_out_kv_bool(o, "end", m->end);
	if (m->bulk)
		json_out_kv_bool(o, "bulk", true);
	json_out_kv_hex(o, "piece", m->piece);
	heads = decode_heads(m, &root48);
	if (heads) {
		kv_word(o, "root48", root48, 6);
		put_heads(o, heads);
	}
}

static void put_want_item(struct json_out *o, const struct sync_want *m,
			  unsigned i)
{
	json_out_object(o);
	if (m->form == SYNC_WANT_LIST) {
		kv_word(o, "alias", m->list[i].alias, 4);
		json_out_kv_uint(o, "have", m->list[i].have);
	} else {
		json_out_kv_uint(o, "generation", m->parity[i].generation);
		json_out_kv_uint(o, "needed", m->parity[i].needed);
		json_out_kv_bool(o, "more", m->parity[i].more);
		json_out_kv_uint(o, "loss_256", m->parity[i].loss);
	}
	json_out_end_object(o);
}

static void put_want(struct json_out *o, const struct sync_want *m)
{
	static const char *const forms[] = { "list", "root", "parity",
					     "bulk" };

	kv_word(o, "target", m->target, 2);
	json_out_kv_uint(o, "nav_ms", 100u * m->nav_ds);
	json_out_kv_string(o, "form", forms[m->form]);
	if (m->form == SYNC_WANT_BULK) {
		json_out_kv_hex(o, "blob_hash", SPAN(m->bulk.hash, BLOB_HASH));
		json_out_kv_uint(o, "chunk", m->bulk.chunk);
		json_out_kv_uint(o, "index", m->bulk.index);
		json_out_kv_uint(o, "needed", m->bulk.needed);
		return;
	}
	if (m->form == SYNC_WANT_ROOT) {
		kv_word(o, "root48", m->root48, 6);
		json_out_kv_uint(o, "events", m->events);
		return;
	}
	json_out_key(o, forms[m->form]);
	json_out_array(o);
	for (unsigned i = 0; i < m->n; i++)
		put_want_item(o, m, i);
	json_out_end_array(o);
}

static void put_offer(struct json_out *o, const struct sync_offer *m)
{
	put_targets(o, "targets", m->target, m->n);
	kv_word(o, "root48", m->root48, 6);
	json_out_kv_uint(o, "events", m->events);
	if (m->hears_n)
		put_targets(o, "hears", m->hears, m->hears_n);
}

static void put_message(struct json_out *o, const struct sync_message *m)
{
	static const char *const types[] = { "digest", "events", "want",
		"offer" };

	json_out_kv_string(o, "message", types[m->type]);
	switch (m->type) {
	case SYNC_DIGEST:
		put_digest(o, &m->digest);
		break;
	case SYNC_EVENTS:
		put_events(o, &m->events);
		break;
	case SYNC_WANT:
		put_want(o, &m->want);
		break;
	case SYNC_OFFER:
		put_offer(o, &m->offer);
		break;
	}
}

static void put_cairn(struct json_out *o, const struct decoded *d)
{
	json_out_key(o, "cairn");
	json_out_object(o);
	if (d->has_sender)
		kv_word(o, "sender", d->sender, 4);
	if (d->has_cairn)
		put_message(o, &d->cairn);
	if (d->has_generation)
		put_body(o, d);
	json_out_end_object(o);
}

/* ---- Reticulum ---- */

static const char *reason(const struct decoded *d)
{
	enum rns_error e = d->verdict ? d->verdict : d->admission;

	return e ? rns_error_name(e) : NULL;
}

/* The emission time as far as the bytes go. */
static uint64_t emitted_s(struct span random_hash)
{
	size_t n = random_hash.n;

	return n > 5 ? be_get(random_hash.p + 5, (unsigned)n - 5) : 0;
}

static void put_announce(struct json_out *o, const struct decoded *d)
{
	const struct rns_announce_slices *a = &d->announce;
	uint8_t hash[CRYPTO_HASH_SIZE];
	struct sync_message m;

	crypto_sha256(hash, a->key);
	json_out_key(o, "announce");
	json_out_object(o);
	json_out_kv_hex(o, "public_key", a->key);
	json_out_kv_hex(o, "name_hash", a->name_hash);
	json_out_kv_hex(o, "random_hash", a->random_hash);
	if (d->rns.context_flag)
		json_out_kv_hex(o, "ratchet", a->ratchet);
	else
		kv_null(o, "ratchet");
	json_out_kv_hex(o, "signature", a->sig);
	json_out_kv_hex(o, "app_data", a->app_data);
	json_out_kv_hex(o, "identity_hash", SPAN(hash, RNS_HASH));
	json_out_kv_uint(o, "emitted", emitted_s(a->random_hash));
	json_out_kv_bool(o, "valid", d->verdict == RNS_OK);
	json_out_kv_bool(o, "accepted", !d->verdict && !d->admission);
	if (reason(d))
		json_out_kv_string(o, "reason", reason(d));
	else
		kv_null(o, "reason");
	if (decode_announced(d, &m)) {
		json_out_key(o, "cairn");
		json_out_object(o);
		put_message(o, &m);
		json_out_end_object(o);
	}
	json_out_end_object(o);
}

static void put_rns(struct json_out *o, const struct decoded *d)
{
	const struct rns_packet *p = &d->rns;
	uint8_t hash[CRYPTO_HASH_SIZE];

	rns_packet_hash(hash, p);
	json_out_kv_hex(o, "raw", d->rns_raw);
	json_out_kv_uint(o, "flags", p->flags);
	json_out_kv_uint(o, "ifac_flag", p->ifac);
	json_out_kv_uint(o, "header_type", p->type2);
	json_out_kv_uint(o, "context_flag", p->context_flag);
	json_out_kv_uint(o, "transport_type", p->transport);
	json_out_kv_uint(o, "destination_type", p->dest_type);
	json_out_kv_uint(o, "packet_type", p->type);
	json_out_kv_uint(o, "hops", p->hops);
	if (p->type2)
		json_out_kv_hex(o, "transport_id", SPAN(p->transport_id,
							RNS_HASH));
	else
		kv_null(o, "transport_id");
	json_out_kv_hex(o, "destination_hash", SPAN(p->dest, RNS_HASH));
	if (d->name)
		json_out_kv_string(o, "name", d->name);
	json_out_kv_uint(o, "context", p->context);
	json_out_kv_hex(o, "data", p->data);
	json_out_kv_hex(o, "packet_hash", SPAN(hash, sizeof(hash)));
	if (d->has_announce)
		put_announce(o, d);
}

/* ---- AX.25, KISS, the frame ---- */

static void put_digipeaters(struct json_out *o, const struct ax25_frame *f)
{
	json_out_key(o, "digipeaters");
	json_out_array(o);
	for (unsigned i = 0; i < f->n_digis; i++) {
		char call[AX25_CALL_TEXT], text[AX25_CALL_TEXT + 1];

		snprintf(text, sizeof(text), "%s%s",
			 ax25_address_format(call, &f->digi[i]),
			 f->digi[i].c_or_h ? "*" : "");
		json_out_string(o, text);
	}
	json_out_end_array(o);
}

static void put_aprs_motion(struct json_out *o, const struct aprs *a)
{
	if (a->course_deg != APRS_UNKNOWN)
		json_out_kv_int(o, "course_deg", a->course_deg);
	if (a->speed_kn != APRS_UNKNOWN)
		json_out_kv_real(o, "speed_kmh",
				 a->speed_kn * APRS_KMH_PER_KN);
	if (a->altitude_ft != APRS_NO_ALTITUDE)
		json_out_kv_real(o, "altitude_m",
				 a->altitude_ft * APRS_M_PER_FT);
}

static void put_aprs(struct json_out *o, const struct aprs *a)
{
	const uint8_t symbol[2] = { (uint8_t)a->table, (uint8_t)a->symbol };

	json_out_key(o, "aprs");
	json_out_object(o);
	json_out_kv_string(o, "kind", aprs_kind_name(a->kind));
	if (a->name.n)
		json_out_kv_span(o, "name", a->name);
	if (a->kind == APRS_OBJECT || a->kind == APRS_ITEM)
		json_out_kv_bool(o, "killed", a->killed);
	if (a->time.n)
		json_out_kv_span(o, "time", a->time);
	if (a->has_position) {
		json_out_kv_real(o, "lat_deg", a->lat_deg);
		json_out_kv_real(o, "lon_deg", a->lon_deg);
		json_out_kv_uint(o, "ambiguity", a->ambiguity);
		json_out_kv_bool(o, "compressed", a->compressed);
		json_out_kv_span(o, "symbol", SPAN(symbol, 2));
		put_aprs_motion(o, a);
	}
	if (a->status)
		json_out_kv_string(o, "status", a->status);
	if (a->number.n)
		json_out_kv_span(o, "number", a->number);
	json_out_kv_span(o, "text", a->text);
	json_out_end_object(o);
}

static void put_numbers(struct json_out *o, const struct ax25_frame *f)
{
	if (f->type == AX25_I)
		json_out_kv_uint(o, "ns", ax25_ns(f));
	if (f->type == AX25_I || f->type == AX25_S)
		json_out_kv_uint(o, "nr", ax25_nr(f));
	json_out_kv_bool(o, "poll_final", ax25_poll_final(f));
	if (f->extended)
		json_out_kv_uint(o, "control2", f->control2);
}

static void put_ax25(struct json_out *o, const struct ax25_frame *f)
{
	char call[AX25_CALL_TEXT];

	json_out_kv_string(o, "source", ax25_address_format(call, &f->source));
	json_out_kv_string(o, "dest", ax25_address_format(call, &f->dest));
	put_digipeaters(o, f);
	json_out_kv_uint(o, "control", f->control);
	if (f->has_pid)
		json_out_kv_uint(o, "pid", f->pid);
	else
		kv_null(o, "pid");
	json_out_kv_string(o, "type", ax25_type_name(f));
	json_out_kv_bool(o, "command", f->command);
	put_numbers(o, f);
	if (f->has_pid && decode_pid_name(f->pid))
		json_out_kv_string(o, "pid_name", decode_pid_name(f->pid));
	json_out_kv_hex(o, "info", f->info);
}

static void put_kiss(struct json_out *o, const struct decoded *d)
{
	json_out_kv_uint(o, "kiss_port", d->kiss_port);
	json_out_kv_uint(o, "kiss_command", d->kiss_command);
	if (d->check)
		json_out_kv_string(o, "kiss_check", kiss_check_name(d->check));
	if (d->kiss_command != KISS_DATA) {
		json_out_kv_string(o, "kiss_name",
				   decode_kiss_name(d->kiss_port,
						    d->kiss_command));
		json_out_kv_hex(o, "kiss_data", d->kiss_data);
	}
}

void decode_put_json(struct json_out *o, const struct decoded *d)
{
	json_out_object(o);
	if (d->timed)
		json_out_kv_uint(o, "wall_us", d->wall_us);
	if (d->direction)
		json_out_kv_string(o, "direction",
				   d->direction == PCAPNG_OUT ? "out" : "in");
	if (d->port)
		json_out_kv_string(o, "port", d->port);
	if (d->outcome)
		json_out_kv_string(o, "verdict", d->outcome);
	if (d->from_kiss)
		put_kiss(o, d);
	if (d->has_ax25)
		put_ax25(o, &d->ax25);
	if (d->has_aprs)
		put_aprs(o, &d->aprs);
	if (d->has_rns)
		put_rns(o, d);
	if (d->has_cairn || d->has_sender)
		put_cairn(o, d);
	if (d->error[0]) {
		if (!d->has_rns)
			json_out_kv_hex(o, "raw", d->raw);
		json_out_kv_string(o, "error", d->error);
	}
	json_out_end_object(o);
}
