/* SPDX-License-Identifier: MIT
 *
 * A station's life: made, loaded from its log, ticked, freed; and the
 * operator's switches.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "lib/base/crypto.h"
#include "lib/event/station.h"
#include "lib/node/node_parts.h"

#define AUTHORS_MAX 100000
#define PATHS_MAX 4096
#define TICK_TIMERS_MAX 1000	/* of one tick: a bound, not a limit met */

/* ---- made and freed ---- */

static void life_callsign(struct node *n)
{
	char base[AX25_CALL_TEXT];

	n->call_ok = ax25_address_parse(&n->address, n->c.callsign) == 0 &&
		ax25_call_valid(n->address.call) &&
		!ax25_call_placeholder(n->address.call);
	if (!n->call_ok)
		memset(&n->address, 0, sizeof(n->address));
	ax25_address_format(base, &n->address);
	n->tx_on = n->c.transmit;
}

static void life_names(struct node *n)
{
	struct span name = SPAN_STR(n->c.dataset);

	dataset_id(n->dataset, name.n ? name : SPAN_STR("default"));
	author_label(n->label, n->c.identity.hash);
	n->alias = author_alias(n->dataset, n->c.identity.hash);
	rns_destination_plain(n->bare_dest, SPAN_STR("cairn.sync"));
	rns_name_hash(n->name_hash, SPAN_STR("cairn.node"));
}

static int life_dataset(struct node *n)
{
	struct feed_config fc = {
		.authors_max = n->c.authors_max ? n->c.authors_max :
			AUTHORS_MAX,
		.author_events_max = n->c.author_events_max,
		.author_bytes_max = n->c.author_bytes_max,
		.need_station = true,
		.store = n->c.store,
		.check = n->c.verifies ? node_waiting_check : NULL,
		.check_ctx = n,
	};

	memcpy(fc.dataset, n->dataset, sizeof(fc.dataset));
	return dataset_init(&n->data, &fc);
}

static bool life_scratch(struct node *n)
{
	n->env.body = calloc(1, sizeof(*n->env.body));
	n->env.pack = sync_pack_new();
	n->paths = rns_paths_new(PATHS_MAX);
	return n->env.body && n->env.pack && n->paths;
}

struct node *node_new(const struct node_config *c, struct clock_now now)
{
	struct node *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->c = *c;
	n->now = now;
	n->rng.state = c->seed;
	n->clock.granule_ms = HLC_GRANULE_MS;
	n->clock.drift_ms = c->drift_ms;
	life_callsign(n);
	life_names(n);
	if (life_dataset(n)) {
		free(n);
		return NULL;
	}
	if (!life_scratch(n) || (c->verifies && node_waiting_init(n))) {
		node_free(n);
		return NULL;
	}
	node_env_init(n);
	node_contents_init(n);
	node_write_init(n);
	node_reissue_init(n);
	node_orders_init(n);
	node_announce_init(n);
	return n;
}

void node_free(struct node *n)
{
	if (!n)
		return;
	for (int i = 0; i < n->n_ports; i++) {
		timer_clear(&n->heap, &n->ports[i].identify.timer);
		sync_port_free(n->ports[i].sync);
	}
	node_reissue_fini(n);
	dataset_fini(&n->data);
	rns_paths_free(n->paths);
	sync_pack_free(n->env.pack);
	free(n->env.body);
	free(n->waiting);
	timer_heap_fini(&n->heap);
	buf_fini(&n->arena);
	free(n->actions);
	free(n->frames);
	crypto_wipe(&n->c.identity, sizeof(n->c.identity));
	free(n);
}

/* ---- loading ---- */

void node_load_damaged(struct node *n)
{
	dataset_load_damaged(&n->data);
}

int node_load(struct node *n, uint16_t type, uint32_t slot, struct span rec)
{
	return dataset_load(&n->data, type, slot, rec);
}

/* The own feed is found by its label; if the log lost that, the state says in
 * which slot it was. */
static void life_own(struct node *n)
{
	struct span label = SPAN_STR(n->label);
	uint32_t slot = feed_find(n->data.feeds, label);

	if (slot == FEED_SLOT_NONE && n->own_slot != FEED_SLOT_NONE &&
	    feed_name(n->data.feeds, n->own_slot, label) == 0) {
		slot = n->own_slot;
		node_queue_append(n, RECORD_AUTHOR, slot, label,
				  SPAN(NULL, 0));
		node_queue_commit(n);
	}
	n->own_slot = slot;
}

int node_loaded(struct node *n, struct span state, bool clean,
		struct clock_now now)
{
	int err;

	node_begin(n, now);
	node_state_load(n, state);
	life_own(n);
	err = dataset_loaded(&n->data, &n->c.store);
	if (err)
		return err;
	node_stamps_start(n);
	n->hold |= !clean || node_own_gap(n);	/* a stop does not end it */
	n->loaded = true;
	for (int i = 0; i < n->n_ports; i++)
		node_port_review(&n->ports[i]);
	return 0;
}

/* ---- time ---- */

/* A timer that appended ends the tick: what it queued must be in the log
 * before another timer reads it. */
void node_tick(struct node *n, struct clock_now now)
{
	struct timer *t;

	node_begin(n, now);
	for (int i = 0; i < TICK_TIMERS_MAX && !n->appended; i++) {
		t = timer_pop(&n->heap, now.mono_us);
		if (!t)
			break;
		sync_timer_fire(t, now.mono_us);
	}
}

uint64_t node_wake_us(const struct node *n)
{
	return timer_next_us(&n->heap);
}

/* ---- the operator's switches ---- */

static int life_call_missing(const struct node *n, char why[160])
{
	if (n->call_ok)
		return 0;
	if (n->c.callsign[0])
		snprintf(why, 160, "%s is %s: put your own call sign here",
			 n->c.callsign,
			 station_call_placeholder(SPAN_STR(n->c.callsign)) ?
			 "a placeholder" : "not a call sign");
	else
		snprintf(why, 160, "no call sign: put your own into "
			 "cairn.conf (callsign = ...)");
	return -EPERM;
}

static void life_tx_set(struct node *n, bool on)
{
	if (n->tx_on != on)
		node_queue_note(n, on ? NOTE_TX_ON : NOTE_TX_OFF, -1, "");
	n->tx_on = on;
	if (on)
		node_claim_call(n);
	for (int i = 0; i < n->n_ports; i++)
		node_port_review(&n->ports[i]);
}

void node_configure(struct node *n, const struct node_config *c,
		    struct clock_now now)
{
	node_begin(n, now);
	n->clock.drift_ms = n->c.drift_ms = c->drift_ms;
	memcpy(n->c.control, c->control, sizeof(n->c.control));
	n->c.transmit = c->transmit;
	if (!n->tx_switched)
		life_tx_set(n, c->transmit);
}

int node_transmit(struct node *n, bool on, struct clock_now now,
		  char why[160])
{
	int err;

	node_begin(n, now);
	why[0] = 0;
	err = on ? life_call_missing(n, why) : 0;
	if (err)
		return err;
	if (on)
		n->ordered_off = false;	/* who stands beside it decides */
	n->tx_switched = true;
	n->dirty = true;
	life_tx_set(n, on);
	return 0;
}

static int life_test_refused(const struct node *n, const struct node_port *p,
			     char why[160])
{
	int err = life_call_missing(n, why);

	if (err)
		return err;
	if (!p->up)
		snprintf(why, 160, "port %s is down", p->c.name);
	else if (p->guarded)
		snprintf(why, 160, "port %s heard APRS traffic: its "
			 "transmitter is off (allow_shared)", p->c.name);
	else
		return 0;
	return -EPERM;
}

/* One frame, at the operator's word: the switch need not be on. */
int node_send_test(struct node *n, int port, struct clock_now now,
		   char why[160])
{
	struct ax25_address dest = { .call = "TEST", .c_or_h = true };
	struct node_port *p = &n->ports[port];
	char call[AX25_CALL_TEXT], text[40];
	uint8_t frame[80];
	int len;

	node_begin(n, now);
	why[0] = 0;
	if (life_test_refused(n, p, why))
		return -EPERM;
	snprintf(text, sizeof(text), "cairn test %s",
		 ax25_address_format(call, &n->address));
	len = ax25_ui_encode(frame, sizeof(frame), &dest, &n->address,
			     AX25_PID_NONE, SPAN_STR(text));
	if (len < 0)
		return len;
	node_port_send_link(p, SPAN(frame, (size_t)len));
	return 0;
}

void node_log_failed(struct node *n, int error)
{
	n->log_error = error;
	node_waiting_drop(n);
}

/* ---- looking ---- */

struct feed_set *node_feeds(struct node *n)
{
	return n->data.feeds;
}

struct view *node_view(struct node *n)
{
	if (n->data.stale)
		dataset_settle(&n->data, &n->c.store);
	return n->data.view;
}

bool node_ask(struct node *n, struct span what, struct span a, struct span b,
	      struct json_out *o, struct clock_now now)
{
	node_view(n);
	if (!now.wall_good)
		now = (struct clock_now){ now.mono_us,
					  node_stamps_present_ms(n), true };
	return dataset_ask(&n->data, what, a, b, o, now);
}

uint32_t node_own_slot(const struct node *n)
{
	return n->own_slot;
}

struct span node_label(const struct node *n)
{
	return SPAN_STR(n->label);
}

bool node_transmitting(const struct node *n)
{
	return n->tx_on && !n->ordered_off && n->call_ok;
}

uint64_t node_airtime_us(const struct node *n, int port)
{
	return n->ports[port].airtime_us;
}
