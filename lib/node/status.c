/* SPDX-License-Identifier: MIT
 *
 * What a station tells about itself, as JSON: status, neighbours, heard.
 * Names are stable and have their unit in them (docs/formats.md).
 */
#include <stdio.h>
#include "lib/node/node_parts.h"

static double status_ago_s(const struct node *n, uint64_t at_us)
{
	return (double)(n->now.mono_us > at_us ? n->now.mono_us - at_us : 0) /
		US_PER_S;
}

static void status_root(struct json_out *o, const char *key, uint64_t root48)
{
	uint8_t b[6];

	be_put(b, sizeof(b), root48);
	json_out_kv_hex(o, key, SPAN(b, sizeof(b)));
}

/* ---- ports ---- */

const char *node_port_waiting(const struct node_port *p, uint64_t now_us)
{
	const struct node *n = p->node;
	struct node_budget b = p->all;

	if (!p->up)
		return "down";
	if (p->guarded)
		return "APRS traffic heard (allow_shared)";
	if (p->c.profile == NODE_RADIO && !n->call_ok)
		return "no call sign";
	if (p->c.profile == NODE_RADIO && !n->tx_on)
		return "transmit off";
	if (p->c.profile == NODE_RADIO && n->ordered_off)
		return "transmit off by order";
	if (!node_port_may_send(p))
		return "bare framing on the air (bare_rf)";
	if (p->c.profile == NODE_RADIO &&
	    node_budget_clear_us(&b, now_us) > now_us)
		return "airtime budget used up";
	return NULL;
}

static void status_verdicts(const struct node_port *p, struct json_out *o)
{
	json_out_key(o, "verdicts");
	json_out_object(o);
	for (int v = 0; v < NODE_VERDICT_COUNT; v++)
		if (p->verdicts[v])
			json_out_kv_uint(o, node_verdict_name(v),
					 p->verdicts[v]);
	json_out_end_object(o);
}

static void status_sync(const struct node_port *p, struct json_out *o,
			uint64_t now_us)
{
	const struct sync_counters *c = sync_port_counters(p->sync);

	json_out_kv_string(o, "state", sync_port_state(p->sync, now_us));
	json_out_kv_uint(o, "digests_sent", c->sent[SYNC_DIGEST]);
	json_out_kv_uint(o, "digests_received", c->received[SYNC_DIGEST]);
	json_out_kv_uint(o, "wants_sent", c->sent[SYNC_WANT]);
	json_out_kv_uint(o, "wants_received", c->received[SYNC_WANT]);
	json_out_kv_uint(o, "generations_sent", c->generations_sent);
	json_out_kv_uint(o, "generations_received", c->generations_received);
	json_out_kv_uint(o, "parity_sent", c->parity_sent);
	json_out_kv_uint(o, "undecodable", c->undecodable);
	json_out_kv_uint(o, "bulk_requests", c->bulk_requests);
	json_out_kv_uint(o, "bulk_frames_sent", c->bulk_frames);
	json_out_kv_uint(o, "bulk_chunks_received", c->bulk_chunks);
	json_out_kv_uint(o, "bulk_false", c->bulk_false);
}

static void status_port(const struct node_port *p, struct json_out *o,
			uint64_t now_us)
{
	const char *waiting = node_port_waiting(p, now_us);
	struct node_budget b = p->all;

	node_budget_clear_us(&b, now_us);
	json_out_object(o);
	json_out_kv_string(o, "name", p->c.name);
	json_out_kv_string(o, "framing", p->c.framing == NODE_AX25 ?
			   "ax25" : "bare");
	json_out_kv_string(o, "profile", p->c.profile == NODE_RADIO ?
			   "radio" : "stream");
	json_out_kv_bool(o, "up", p->up);
	json_out_kv_bool(o, "transmits", node_port_may_send(p));
	json_out_key(o, "waiting");
	if (waiting)
		json_out_string(o, waiting);
	else
		json_out_null(o);
	json_out_kv_uint(o, "bitrate", p->c.bitrate);
	json_out_kv_real(o, "duty_percent", p->c.duty_permille / 10.0);
	json_out_kv_real(o, "airtime_s", (double)p->airtime_us / US_PER_S);
	json_out_kv_real(o, "budget_left_s", (double)b.us / US_PER_S);
	json_out_kv_real(o, "heard_s", (double)p->heard_us / US_PER_S);
	node_occupancy_json(&p->occupancy, o, now_us);
	json_out_kv_real(o, "others_10min_percent", 100 *
			 node_occupancy_share(&p->others, 60, now_us));
	json_out_kv_uint(o, "keyups", p->keyups);
	json_out_kv_uint(o, "frames_out", p->frames_out);
	json_out_kv_uint(o, "bytes_out", p->bytes_out);
	json_out_kv_uint(o, "frames_in", p->frames_in);
	json_out_kv_uint(o, "bytes_in", p->bytes_in);
	json_out_kv_uint(o, "neighbours",
			 sync_peers_live(sync_port_peers(p->sync), now_us));
	status_sync(p, o, now_us);
	status_verdicts(p, o);
	json_out_end_object(o);
}

/* ---- status ---- */

static void status_counts(const struct node *n, struct json_out *o)
{
	json_out_key(o, "feed_verdicts");
	json_out_object(o);
	for (int v = 0; v < FEED_VERDICT_COUNT; v++)
		if (n->feed_verdicts[v])
			json_out_kv_uint(o, feed_verdict_name(v),
					 n->feed_verdicts[v]);
	json_out_end_object(o);
	json_out_key(o, "run_errors");
	json_out_object(o);
	for (int e = 1; e < RUN_ERROR_COUNT; e++)
		if (n->run_errors[e])
			json_out_kv_uint(o, run_error_name(e),
					 n->run_errors[e]);
	json_out_end_object(o);
}

#define STATUS_MISSING_MAX 16

/* What a damaged log lost and neighbours have not sent yet: of each author the
 * first range. */
static void status_missing(const struct node *n, struct json_out *o)
{
	unsigned said = 0;
	uint64_t from, to;

	json_out_key(o, "missing");
	json_out_array(o);
	for (uint32_t i = 0; i < feed_count(n->data.feeds); i++) {
		const struct feed *f = feed_at(n->data.feeds, i);

		if (said == STATUS_MISSING_MAX ||
		    !feed_gap(n->data.feeds, i, 0, &from, &to))
			continue;
		said++;
		json_out_object(o);
		json_out_kv_string(o, "author", f->label);
		json_out_kv_string(o, "callsign", f->call);
		json_out_kv_uint(o, "from", from);
		json_out_kv_uint(o, "to", to);
		json_out_end_object(o);
	}
	json_out_end_array(o);
}

static void status_own(const struct node *n, struct json_out *o)
{
	uint64_t last = n->own_slot == FEED_SLOT_NONE ? 0 :
		feed_own_last(n->data.feeds, n->own_slot);
	uint64_t head = n->own_slot == FEED_SLOT_NONE ? 0 :
		feed_at(n->data.feeds, n->own_slot)->head;

	json_out_kv_uint(o, "own_events", last);
	json_out_kv_uint(o, "own_unsealed", last - head);
	json_out_kv_bool(o, "hold_down", n->hold);
}

void node_status_json(const struct node *n, struct json_out *o,
		      struct clock_now now)
{
	json_out_object(o);
	json_out_kv_string(o, "callsign", n->c.callsign);
	json_out_kv_string(o, "author", n->label);
	json_out_kv_string(o, "dataset", n->c.dataset[0] ? n->c.dataset :
			   "default");
	json_out_kv_bool(o, "transmit", node_transmitting(n));
	json_out_kv_uint(o, "authors", feed_author_count(n->data.feeds));
	json_out_kv_uint(o, "events", feed_event_count(n->data.feeds));
	json_out_kv_uint(o, "records", view_record_count(n->data.view));
	status_root(o, "root", feed_root48(n->data.feeds));
	status_own(n, o);
	status_missing(n, o);
	json_out_kv_uint(o, "nameless", feed_nameless(n->data.feeds));
	node_orders_json(n, o);
	json_out_kv_uint(o, "fetching", n->fetches.n);
	json_out_kv_bool(o, "clock_good", now.wall_good);
	json_out_kv_uint(o, "clock_skews", n->clock_skews);
	json_out_kv_int(o, "log_error", n->log_error);
	status_counts(n, o);
	json_out_key(o, "ports");
	json_out_array(o);
	for (int i = 0; i < n->n_ports; i++)
		if (!n->ports[i].gone)
			status_port(&n->ports[i], o, now.mono_us);
	json_out_end_array(o);
	json_out_end_object(o);
}

/* ---- neighbours ---- */

static const char *status_relation(const struct node *n,
				   const struct sync_peer *q,
				   const struct sync_estimate *e,
				   uint64_t now_us)
{
	uint64_t root = feed_root48(n->data.feeds);

	if (e->presumed)
		return "presumed in sync";
	if (!q->known)
		return "unknown";
	if (q->root48 == root)
		return "in sync";
	if (sync_peer_settled(q, q->root48, root, now_us))
		return "settled: differs by policy";
	if (feed_history_find(n->data.feeds, q->root48) >= 0)
		return "behind";
	return "differs";
}

/* On a bare link the address is an alias: the call sign of its only feed. */
const char *node_peer_call(const struct node *n, const struct sync_peer *q,
			   char dst[9])
{
	uint32_t slot;

	snprintf(dst, 9, "%08x", q->address);
	if (q->call[0])
		return q->call;
	if (feed_by_alias(n->data.feeds, q->address, &slot, 1) == 1 &&
	    feed_at(n->data.feeds, slot)->call[0])
		return feed_at(n->data.feeds, slot)->call;
	return dst;
}

static void status_neighbour(const struct node *n, const struct node_port *p,
			     const struct sync_peer *q, bool encode,
			     struct json_out *o, uint64_t now_us)
{
	char address[9], call[9];
	struct sync_estimate e;

	sync_port_estimate(p->sync, q, encode, &e, now_us);
	snprintf(address, sizeof(address), "%08x", q->address);
	json_out_object(o);
	json_out_kv_string(o, "port", p->c.name);
	json_out_kv_string(o, "callsign", node_peer_call(n, q, call));
	json_out_kv_string(o, "address", address);
	if (!q->kept)
		json_out_kv_real(o, "heard_ago_s",
				 status_ago_s(n, q->heard_us));
	json_out_kv_string(o, "relation", status_relation(n, q, &e,
							   now_us));
	if (q->known)
		status_root(o, "root", q->root48);
	if (q->known || e.presumed)
		json_out_kv_uint(o, "events", e.events);
	node_forecast_json(p, &e, o, now_us);
	json_out_end_object(o);
}

/* On that port, or of that call sign; NULL: all. */
static void status_neighbours(const struct node *n, const char *name,
			      bool encode, struct json_out *o, uint64_t now_us)
{
	char call[9];

	for (int i = 0; i < n->n_ports; i++) {
		const struct node_port *p = &n->ports[i];
		const struct sync_peers *s = sync_port_peers(p->sync);
		bool all = !name || !strcmp(name, p->c.name);

		for (unsigned j = 0; j < SYNC_PEERS_MAX; j++)
			if (sync_peer_live(&s->v[j], now_us) && (all ||
			    !strcmp(name, node_peer_call(n, &s->v[j], call))))
				status_neighbour(n, p, &s->v[j], encode, o,
						 now_us);
	}
}

/* Of a station that is too far to be asked the counts tell, if they differ. */
static void status_far_missing(const struct node *n, const struct node_heard *h,
			       struct json_out *o)
{
	uint64_t mine = feed_event_count(n->data.feeds);
	bool same = h->root48 == feed_root48(n->data.feeds);

	json_out_kv_string(o, "basis", same ? "exact" :
			   mine == h->events ? "unknown" : "counts");
	if (!same && mine == h->events)
		return;
	json_out_kv_uint(o, "lacks_events", mine > h->events ?
			 mine - h->events : 0);
	json_out_kv_uint(o, "missing_events", h->events > mine ?
			 h->events - mine : 0);
}

/* Known by an announce that others relayed: no neighbour, but on the map. */
static void status_far(const struct node *n, const struct node_heard *h,
		       struct json_out *o)
{
	char label[2 * AUTHOR_SIZE + 1];
	uint32_t slot = feed_find(n->data.feeds,
				  author_label(label, h->author));

	json_out_object(o);
	json_out_kv_string(o, "port", n->ports[h->port].c.name);
	json_out_kv_string(o, "callsign", slot == FEED_SLOT_NONE ? h->call :
			   feed_at(n->data.feeds, slot)->call);
	json_out_kv_string(o, "author", label);
	json_out_kv_real(o, "heard_ago_s", status_ago_s(n, h->last_us));
	json_out_kv_string(o, "relation", "far");
	json_out_kv_uint(o, "hops", h->hops);
	status_root(o, "root", h->root48);
	json_out_kv_uint(o, "events", h->events);
	status_far_missing(n, h, o);
	json_out_end_object(o);
}

void node_neighbours_json(const struct node *n, struct json_out *o,
			  struct clock_now now)
{
	json_out_array(o);
	status_neighbours(n, NULL, false, o, now.mono_us);
	for (unsigned i = 0; i < NODE_HEARD_MAX && n->heard[i].call[0]; i++)
		if (n->heard[i].mapped && n->heard[i].hops > 0)
			status_far(n, &n->heard[i], o);
	json_out_end_array(o);
}

void node_sync_json(const struct node *n, const char *name, bool encode,
		    struct json_out *o, struct clock_now now)
{
	uint64_t bytes = 0;

	for (int i = 0; i < n->n_ports; i++)
		bytes += n->ports[i].bytes_out + n->ports[i].bytes_in;
	json_out_object(o);
	json_out_kv_uint(o, "events", feed_event_count(n->data.feeds));
	json_out_kv_uint(o, "link_bytes", bytes);
	json_out_key(o, "neighbours");
	json_out_array(o);
	status_neighbours(n, name, encode, o, now.mono_us);
	json_out_end_array(o);
	json_out_end_object(o);
}

/* ---- heard ---- */

static void status_heard(const struct node *n, const struct node_heard *h,
			 struct json_out *o)
{
	json_out_object(o);
	json_out_kv_string(o, "callsign", h->call);
	json_out_kv_string(o, "port", n->ports[h->port].c.name);
	json_out_kv_real(o, "heard_ago_s", status_ago_s(n, h->last_us));
	json_out_kv_uint(o, "heard_wall_ms", h->last_wall_ms);
	json_out_kv_uint(o, "frames", h->count);
	json_out_kv_uint(o, "bytes", h->bytes);
	json_out_kv_bool(o, "direct", h->direct);
	json_out_kv_bool(o, "cairn", h->cairn);
	if (h->via[0])
		json_out_kv_string(o, "via", h->via);
	if (h->hops != 255)
		json_out_kv_uint(o, "hops", h->hops);
	if (h->mapped) {
		status_root(o, "root", h->root48);
		json_out_kv_uint(o, "events", h->events);
	}
	json_out_end_object(o);
}

void node_heard_json(const struct node *n, struct json_out *o,
		     struct clock_now now)
{
	(void)now;
	json_out_array(o);
	for (unsigned i = 0; i < NODE_HEARD_MAX && n->heard[i].call[0]; i++)
		status_heard(n, &n->heard[i], o);
	json_out_end_array(o);
}
