/* SPDX-License-Identifier: MIT
 *
 * Orders from afar (station.order): who is named in `control =` may switch
 * this station's transmitter off and on again, and lower its duty.
 *
 * An order can only take away: a transmitter that the operator has off stays
 * off, and the duty never exceeds what the configuration allows. The operator's
 * own `tx on` ends an order.
 *
 * A call sign is a claim. `control = CALL` obeys the only author that claims
 * it; where two do, or the author published two branches, nobody is obeyed.
 * `control = CALL/AUTHOR` names the key. Serials rise: what is replayed or late
 * changes nothing.
 */
#include <errno.h>
#include <stdio.h>
#include "lib/event/order.h"
#include "lib/event/payload.h"
#include "lib/node/node_parts.h"

/* ---- who may ---- */

static bool order_allowed(const struct node *n, uint32_t slot)
{
	const struct feed *f = feed_at(n->data.feeds, slot);

	if (f->forked || f->retired_at || !f->call[0])
		return false;
	for (unsigned i = 0; i < NODE_CONTROL_MAX; i++) {
		const struct node_control *c = &n->c.control[i];
		size_t len = strlen(c->author);

		if (!c->call[0] || strcmp(c->call, f->call) != 0)
			continue;
		if (len ? strncmp(c->author, f->label, len) == 0 :
			  !feed_call_shared(n->data.feeds, slot))
			return true;
	}
	return false;
}

/* The greatest serial obeyed of an author; a place is made if need be: the
 * controllers are few, and only they get here. */
static struct node_order *order_floor(struct node *n, const uint8_t *author)
{
	struct node_order *least = n->orders;

	for (struct node_order *o = n->orders;
	     o < n->orders + NODE_CONTROL_MAX; o++) {
		if (o->serial && memcmp(o->author, author, AUTHOR_SIZE) == 0)
			return o;
		if (o->serial < least->serial)
			least = o;
	}
	memcpy(least->author, author, AUTHOR_SIZE);
	least->serial = 0;
	return least;
}

/* ---- obeying ---- */

void node_orders_apply(struct node *n)
{
	for (int i = 0; i < n->n_ports; i++) {
		struct node_port *p = &n->ports[i];
		unsigned duty = p->c.duty_permille;

		if (n->ordered_permille && n->ordered_permille < duty)
			duty = n->ordered_permille;
		node_budget_limit(&p->all, duty, n->now.mono_us);
		node_budget_limit(&p->answers, (duty + 1) / 2,
				  n->now.mono_us);
		node_port_review(p);
	}
}

static void order_obey(struct node *n, const struct feed *f,
		       const struct station_order *o)
{
	char text[120];

	if (o->has_tx)
		n->ordered_off = !o->tx;
	if (o->duty_permille)
		n->ordered_permille = o->duty_permille;
	snprintf(text, sizeof(text), "ordered by %s: transmitter %s, duty at "
		 "most %u.%u%%", f->call, n->ordered_off ? "off" : "as set here",
		 n->ordered_permille ? n->ordered_permille / 10 : 100,
		 n->ordered_permille % 10);
	node_queue_note(n, n->ordered_off ? NOTE_TX_OFF : NOTE_TX_ON, -1, text);
	n->orders_obeyed++;
	n->dirty = true;
	/* in a turn of its own: a port may be in the middle of receiving */
	timer_set(&n->heap, &n->obey.timer, n->now.mono_us);
}

static void orders_due(struct sync_timer *t, uint64_t now_us)
{
	(void)now_us;
	node_orders_apply(t->owner);
}

void node_orders_init(struct node *n)
{
	n->obey.fire = orders_due;
	n->obey.owner = n;
}

static void order_refuse(struct node *n, const struct feed *f,
			 const char *why, uint64_t *count)
{
	char text[120];

	++*count;
	snprintf(text, sizeof(text), "an order of %s %.8s is not obeyed: %s",
		 f->call, f->label, why);
	node_queue_note(n, NOTE_ORDER_REFUSED, -1, text);
}

void node_order_take(struct node *n, uint32_t slot, const struct event *e)
{
	const struct feed *f = feed_at(n->data.feeds, slot);
	char call[AX25_CALL_TEXT];
	struct station_order o;
	struct node_order *floor;

	if (e->kind != KIND_STATION_ORDER || e->withheld || !n->call_ok ||
	    slot == n->own_slot || station_order_parse(&o, e->payload) ||
	    !span_equal(o.station,
			SPAN_STR(ax25_address_format(call, &n->address))))
		return;
	if (!order_allowed(n, slot)) {
		order_refuse(n, f, "not named in control =",
			     &n->orders_foreign);
		return;
	}
	floor = order_floor(n, f->author);
	if (o.serial <= floor->serial) {
		order_refuse(n, f, "an older one, or a replay",
			     &n->orders_old);
		return;
	}
	floor->serial = o.serial;
	order_obey(n, f, &o);
}

/* ---- giving ---- */

int node_order(struct node *n, struct span station, const bool *tx,
	       unsigned duty_permille, struct clock_now now)
{
	struct station_order o = {
		.station = station, .has_tx = tx != NULL, .tx = tx && *tx,
		.duty_permille = duty_permille,
	};
	struct buf payload = { 0 };
	int err;

	/* the place in the own feed: it rises, and outlives restarts */
	o.serial = n->own_slot == FEED_SLOT_NONE ? 2 :
		feed_own_last(n->data.feeds, n->own_slot) + 1;
	station_order_build(&payload, &o);
	err = station_order_parse(&o, buf_span(&payload));
	if (!err)
		err = node_write(n, KIND_STATION_ORDER, buf_span(&payload),
				 NULL, now);
	buf_fini(&payload);
	return err;
}

/* ---- state and status ---- */

void node_orders_state(const struct node *n, struct json_out *o)
{
	json_out_kv_bool(o, "ordered_off", n->ordered_off);
	json_out_kv_uint(o, "ordered_permille", n->ordered_permille);
	json_out_key(o, "orders");
	json_out_array(o);
	for (unsigned i = 0; i < NODE_CONTROL_MAX; i++) {
		if (!n->orders[i].serial)
			continue;
		json_out_array(o);
		json_out_hex(o, SPAN(n->orders[i].author, AUTHOR_SIZE));
		json_out_uint(o, n->orders[i].serial);
		json_out_end_array(o);
	}
	json_out_end_array(o);
}

void node_orders_load(struct node *n, const struct json *root)
{
	const struct json *list = json_get(root, "orders");
	int64_t permille = json_int(json_get(root, "ordered_permille"));

	n->ordered_off = json_bool(json_get(root, "ordered_off"));
	n->ordered_permille = permille > 0 && permille <= 1000 ?
		(unsigned)permille : 0;
	for (size_t i = 0; i < json_len(list) && i < NODE_CONTROL_MAX; i++) {
		struct span hex = json_string(json_at(json_at(list, i), 0));
		int64_t serial = json_int(json_at(json_at(list, i), 1));

		if (serial > 0 && hex_decode(n->orders[i].author, AUTHOR_SIZE,
					     hex) == AUTHOR_SIZE)
			n->orders[i].serial = (uint64_t)serial;
	}
	node_orders_apply(n);
}

void node_orders_json(const struct node *n, struct json_out *o)
{
	json_out_kv_bool(o, "ordered_off", n->ordered_off);
	json_out_kv_real(o, "ordered_duty_percent",
			 n->ordered_permille / 10.0);
	json_out_kv_uint(o, "orders_obeyed", n->orders_obeyed);
	json_out_kv_uint(o, "orders_foreign", n->orders_foreign);
	json_out_kv_uint(o, "orders_old", n->orders_old);
}
