/* SPDX-License-Identifier: MIT
 *
 * station.status: what a station last said of itself; station.order: what it
 * was last told. Both by the total order. The view shows an order whoever gave
 * it; whether the station obeys is its own affair (lib/node/orders.c).
 */
#include <stdlib.h>
#include "lib/event/order.h"
#include "lib/view/state.h"

static bool is_number(const struct payload_value *v)
{
	return v->type == PAYLOAD_UINT || v->type == PAYLOAD_REAL;
}

enum view_verdict reduce_station_status(struct view *v,
					const struct change *c)
{
	static const struct span blind = { NULL, 0 };
	static const enum payload_key counts[] = {
		KEY_UPTIME, KEY_LOG_BYTES, KEY_DISK_FREE, KEY_TNC_ERRORS,
	};
	struct span version;
	uint64_t n;
	enum view_verdict bad = change_text(c, KEY_VERSION, true, &version);

	for (size_t i = 0; !bad && i < sizeof(counts) / sizeof(counts[0]); i++)
		bad = change_uint(c, counts[i], counts[i] == KEY_UPTIME, &n);
	if (!bad && change_has(c, KEY_VOLTS) &&
	    !is_number(&c->member[KEY_VOLTS]))
		bad = VIEW_BAD_TYPE;
	if (!bad)
		field_write(fields_get(&v->stations, v->seed,
				       c->at.author->key), &c->at, blind,
			    c->payload);
	return bad;
}

enum view_verdict reduce_station_order(struct view *v,
				       const struct change *c)
{
	static const struct span blind = { NULL, 0 };
	struct station_order o;

	if (station_order_parse(&o, c->payload))
		return VIEW_BAD_VALUE;
	field_write(fields_get(&v->orders, v->seed, o.station), &c->at, blind,
		    c->payload);
	return VIEW_APPLIED;
}

/* ---- looking ---- */

/* {author, seq, wall_ms, counter, WHAT: payload}, by key. */
static void list_json(const struct table *t, const char *what,
		      struct json_out *o)
{
	struct table_entry **list = table_sorted(t);

	json_out_array(o);
	for (size_t i = 0; i < t->n; i++) {
		const struct write *w =
			field_winner(&((struct named_field *)list[i])->rule);

		json_out_object(o);
		order_json(&w->at, o);
		json_out_key(o, what);
		payload_to_json(o, w->value);
		json_out_end_object(o);
	}
	json_out_end_array(o);
	free(list);
}

void view_stations_json(const struct view *v, struct json_out *o)
{
	list_json(&v->stations, "status", o);
}

void view_orders_json(const struct view *v, struct json_out *o)
{
	list_json(&v->orders, "order", o);
}

uint64_t view_station_told_ms(const struct view *v, struct span author)
{
	struct field *f = fields_find(&v->stations, v->seed, author);

	return f ? field_winner(f)->at.hlc.wall_ms : 0;
}
