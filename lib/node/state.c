/* SPDX-License-Identifier: MIT
 *
 * The small state beside the log: DIR/state, as JSON. What must not be lost:
 * the operator's switch, the clock's adopted maximum, emission floors, mutes.
 * What is good to know again: which stations are neighbours, and which events
 * (an author's from `from` on) were never on a port's air.
 *
 * "tx" is there once the operator used the switch; "slot" is where the own feed
 * is, for the day when the log has lost its AUTHOR record.
 *
 *   {"tx":true,"slot":0,"ordered_off":false,"ordered_permille":0,
 *    "orders":[["author",serial]...],"hold":false,"adopted":[ms,counter],
 *    "announced_s":N,
 *    "floors":[["author",s]...],"mutes":[["author",seq]...],
 *    "neighbours":[["port","call",address]...],
 *    "news":[["port","author",from]...]}
 */
#include <errno.h>
#include <stdio.h>
#include "lib/node/node_parts.h"

#define EMITTED_MAX_S 0xffffffffffULL	/* 40 bits in an announce */

/* ---- mutes ---- */

bool node_muted(const struct node *n, uint32_t slot, uint64_t seq)
{
	const uint8_t *author = feed_at(n->data.feeds, slot)->author;

	for (unsigned i = 0; i < n->n_mutes; i++)
		if (memcmp(n->mutes[i].author, author, AUTHOR_SIZE) == 0 &&
		    (n->mutes[i].seq == 0 || n->mutes[i].seq == seq))
			return true;
	return false;
}

static int mute_add(struct node *n, const uint8_t author[AUTHOR_SIZE],
		    uint64_t seq)
{
	struct node_mute *m = &n->mutes[n->n_mutes];

	if (n->n_mutes == NODE_MUTES_MAX)
		return -ENOSPC;
	memcpy(m->author, author, AUTHOR_SIZE);
	m->seq = seq;
	n->n_mutes++;
	return 0;
}

int node_mute(struct node *n, struct span label, uint64_t seq, bool on)
{
	uint8_t author[AUTHOR_SIZE];
	unsigned i;

	author_from_label(author, label);
	for (i = 0; i < n->n_mutes; i++)
		if (memcmp(n->mutes[i].author, author, AUTHOR_SIZE) == 0 &&
		    n->mutes[i].seq == seq)
			break;
	n->dirty = true;
	if (on)
		return i < n->n_mutes ? 0 : mute_add(n, author, seq);
	if (i == n->n_mutes)
		return -ENOENT;
	n->mutes[i] = n->mutes[--n->n_mutes];
	return 0;
}

/* ---- writing ---- */

static void state_floors(const struct node *n, struct json_out *o)
{
	json_out_key(o, "floors");
	json_out_array(o);
	for (unsigned i = 0; i < NODE_FLOORS_MAX; i++) {
		if (!n->floors[i].emitted_s)
			continue;
		json_out_array(o);
		json_out_hex(o, SPAN(n->floors[i].author, AUTHOR_SIZE));
		json_out_uint(o, n->floors[i].emitted_s);
		json_out_end_array(o);
	}
	json_out_end_array(o);
}

static void state_mutes(const struct node *n, struct json_out *o)
{
	json_out_key(o, "mutes");
	json_out_array(o);
	for (unsigned i = 0; i < n->n_mutes; i++) {
		json_out_array(o);
		json_out_hex(o, SPAN(n->mutes[i].author, AUTHOR_SIZE));
		json_out_uint(o, n->mutes[i].seq);
		json_out_end_array(o);
	}
	json_out_end_array(o);
}

static void state_neighbours(const struct node *n, struct json_out *o)
{
	json_out_key(o, "neighbours");
	json_out_array(o);
	for (int i = 0; i < n->n_ports; i++) {
		const struct sync_peers *s = sync_port_peers(n->ports[i].sync);

		for (unsigned j = 0; j < SYNC_PEERS_MAX; j++) {
			const struct sync_peer *q = &s->v[j];

			if (!sync_peer_live(q, n->now.mono_us) || q->once)
				continue;
			json_out_array(o);
			json_out_string(o, n->ports[i].c.name);
			json_out_string(o, q->call);
			json_out_uint(o, q->address);
			json_out_end_array(o);
		}
	}
	json_out_end_array(o);
}

static void state_news(const struct node *n, struct json_out *o)
{
	json_out_key(o, "news");
	json_out_array(o);
	for (int i = 0; i < n->n_ports; i++) {
		const struct sync_needs *s = sync_port_news(n->ports[i].sync);

		for (unsigned j = 0; j < s->n; j++) {
			json_out_array(o);
			json_out_string(o, n->ports[i].c.name);
			json_out_string(o, feed_at(n->data.feeds,
						   s->v[j].slot)->label);
			json_out_uint(o, s->v[j].from);
			json_out_end_array(o);
		}
	}
	json_out_end_array(o);
}

void node_state(const struct node *n, struct json_out *o)
{
	json_out_object(o);
	if (n->tx_switched)
		json_out_kv_bool(o, "tx", n->tx_on);
	if (n->own_slot != FEED_SLOT_NONE)
		json_out_kv_uint(o, "slot", n->own_slot);
	node_orders_state(n, o);
	json_out_kv_bool(o, "hold", n->hold);
	json_out_key(o, "adopted");
	json_out_array(o);
	json_out_uint(o, n->adopted.wall_ms);
	json_out_uint(o, n->adopted.counter);
	json_out_end_array(o);
	json_out_kv_uint(o, "announced_s", n->announced_s);
	state_floors(n, o);
	state_mutes(n, o);
	state_neighbours(n, o);
	state_news(n, o);
	json_out_end_object(o);
}

bool node_state_dirty(struct node *n)
{
	bool dirty = n->dirty;

	n->dirty = false;
	return dirty;
}

/* ---- reading: what does not fit is left out ---- */

/* What never was written here is as good as absent: as a stamp it would stop
 * the clock, as a floor its author. */
static uint64_t state_uint(const struct json *v, uint64_t max)
{
	int64_t i = json_int(v);

	return i > 0 && (uint64_t)i <= max ? (uint64_t)i : 0;
}

static bool state_author(uint8_t author[AUTHOR_SIZE], const struct json *pair)
{
	return hex_decode(author, AUTHOR_SIZE,
			  json_string(json_at(pair, 0))) == AUTHOR_SIZE;
}

static void state_load_lists(struct node *n, const struct json *root)
{
	const struct json *floors = json_get(root, "floors");
	const struct json *mutes = json_get(root, "mutes");
	uint8_t author[AUTHOR_SIZE];

	for (size_t i = 0; i < json_len(floors) && i < NODE_FLOORS_MAX; i++) {
		const struct json *v = json_at(floors, i);

		if (state_author(n->floors[i].author, v))
			n->floors[i].emitted_s =
				state_uint(json_at(v, 1), EMITTED_MAX_S);
	}
	for (size_t i = 0; i < json_len(mutes); i++) {
		const struct json *v = json_at(mutes, i);

		if (state_author(author, v))
			mute_add(n, author, (uint64_t)json_int(json_at(v, 1)));
	}
}

static struct node_port *state_port(struct node *n, const struct json *name)
{
	for (int i = 0; i < n->n_ports; i++)
		if (span_equal(json_string(name),
			       SPAN_STR(n->ports[i].c.name)))
			return &n->ports[i];
	return NULL;
}

static void state_load_neighbours(struct node *n, const struct json *list)
{
	for (size_t i = 0; i < json_len(list); i++) {
		const struct json *v = json_at(list, i);
		struct node_port *p = state_port(n, json_at(v, 0));
		struct span call = json_string(json_at(v, 1));
		struct sync_peer *q;

		if (!p || call.n >= AX25_CALL_TEXT)
			continue;
		q = sync_peer_hear(sync_port_peers(p->sync), call.n ?
				   sync_address_from_call((const char *)call.p) :
				   (uint32_t)json_int(json_at(v, 2)),
				   call.n ? (const char *)call.p : "",
				   n->now.mono_us, NULL);
		q->once = false;
		q->kept = true;
		q->proven = true;
	}
}

static void state_load_news(struct node *n, const struct json *list)
{
	for (size_t i = 0; i < json_len(list); i++) {
		const struct json *v = json_at(list, i);
		struct node_port *p = state_port(n, json_at(v, 0));
		uint32_t slot = feed_find(n->data.feeds,
					  json_string(json_at(v, 1)));
		int64_t from = json_int(json_at(v, 2));

		if (p && slot != FEED_SLOT_NONE && from >= 0)
			sync_port_news_load(p->sync, slot, (uint64_t)from);
	}
}

void node_state_load(struct node *n, struct span state)
{
	struct json *root = state.n ? json_parse(state, NULL) : NULL;
	const struct json *adopted;

	if (!root)
		return;
	adopted = json_get(root, "adopted");
	n->tx_switched = json_is(json_get(root, "tx"), JSON_TRUE) ||
			 json_is(json_get(root, "tx"), JSON_FALSE);
	if (n->tx_switched)
		n->tx_on = json_bool(json_get(root, "tx"));
	if (json_is(json_get(root, "slot"), JSON_INT))
		n->own_slot = (uint32_t)state_uint(json_get(root, "slot"),
						   UINT32_MAX);
	n->hold = json_bool(json_get(root, "hold"));
	n->adopted.wall_ms = state_uint(json_at(adopted, 0), HLC_WALL_MAX);
	n->adopted.counter = (uint32_t)state_uint(json_at(adopted, 1),
						  HLC_COUNTER_MAX);
	n->announced_s = state_uint(json_get(root, "announced_s"),
				    EMITTED_MAX_S);
	node_orders_load(n, root);
	state_load_lists(n, root);
	state_load_neighbours(n, json_get(root, "neighbours"));
	state_load_news(n, json_get(root, "news"));
	json_free(root);
}
