/* SPDX-License-Identifier: MIT
 *
 * Orders, see order.h.
 */
#include "lib/event/order.h"
#include <errno.h>
#include "lib/event/payload.h"
#include "lib/event/station.h"

void station_order_build(struct buf *out, const struct station_order *o)
{
	payload_put_map(out, 2 + o->has_tx + (o->duty_permille > 0));
	payload_put_uint(out, KEY_STATION);
	payload_put_text(out, o->station);
	payload_put_uint(out, KEY_SERIAL);
	payload_put_uint(out, o->serial);
	if (o->has_tx) {
		payload_put_uint(out, KEY_TX);
		payload_put_bool(out, o->tx);
	}
	if (o->duty_permille) {
		payload_put_uint(out, KEY_DUTY);
		payload_put_uint(out, o->duty_permille);
	}
}

int station_order_parse(struct station_order *o, struct span payload)
{
	struct payload_value v;

	*o = (struct station_order){ .serial = 0 };
	if (!payload_get(payload, KEY_STATION, &v) ||
	    v.type != PAYLOAD_TEXT || !station_call_valid(v.str))
		return -EINVAL;
	o->station = v.str;
	if (!payload_get(payload, KEY_SERIAL, &v) ||
	    v.type != PAYLOAD_UINT || v.num == 0 || v.num > INT64_MAX)
		return -EINVAL;
	o->serial = v.num;
	if (payload_get(payload, KEY_TX, &v)) {
		if (v.type != PAYLOAD_BOOL)
			return -EINVAL;
		o->has_tx = true;
		o->tx = v.num;
	}
	if (payload_get(payload, KEY_DUTY, &v)) {
		if (v.type != PAYLOAD_UINT || v.num == 0 || v.num > 1000)
			return -EINVAL;
		o->duty_permille = (unsigned)v.num;
	}
	return o->has_tx || o->duty_permille ? 0 : -EINVAL;
}
