/* SPDX-License-Identifier: MIT
 *
 * How busy a port's channel was in the last hour: the air time of all frames
 * heard and sent, in slots of ten seconds. What could not be decoded is not in
 * it, so it is a lower bound.
 */
#include "lib/node/node_parts.h"

#define SLOT_US (10 * US_PER_S)

/* Slots since the newest one are empty. */
static void occupancy_advance(struct node_occupancy *o, uint64_t now_us)
{
	uint64_t slot = now_us / SLOT_US;

	if (!o->started_us)
		o->started_us = now_us ? now_us : 1;
	if (slot > o->slot + NODE_OCCUPANCY_SLOTS)
		o->slot = slot - NODE_OCCUPANCY_SLOTS;
	while (o->slot < slot)
		o->busy_us[++o->slot % NODE_OCCUPANCY_SLOTS] = 0;
}

void node_occupancy_add(struct node_occupancy *o, uint64_t air_us,
			uint64_t now_us)
{
	uint32_t *slot;

	occupancy_advance(o, now_us);
	slot = &o->busy_us[o->slot % NODE_OCCUPANCY_SLOTS];
	*slot = air_us > UINT32_MAX - *slot ? UINT32_MAX :
					      *slot + (uint32_t)air_us;
}

/* Of `slots` slots, the newest of which is `back` ones ago. */
static double occupancy_share(const struct node_occupancy *o, unsigned back,
			      unsigned slots, uint64_t now_us)
{
	uint64_t newest = now_us / SLOT_US, busy = 0;
	uint64_t window = slots * SLOT_US, age = now_us - o->started_us;

	for (unsigned i = back; i < back + slots && i <= newest; i++) {
		uint64_t slot = newest - i;

		if (slot <= o->slot && slot + NODE_OCCUPANCY_SLOTS > o->slot)
			busy += o->busy_us[slot % NODE_OCCUPANCY_SLOTS];
	}
	if (!back && age < window)
		window = age < SLOT_US ? SLOT_US : age;
	return busy >= window ? 100 : 100.0 * (double)busy / (double)window;
}

double node_occupancy_share(const struct node_occupancy *o, unsigned slots,
			    uint64_t now_us)
{
	return occupancy_share(o, 0, slots, now_us) / 100;
}

void node_occupancy_json(const struct node_occupancy *o, struct json_out *out,
			 uint64_t now_us)
{
	json_out_kv_real(out, "busy_1min_percent",
			 occupancy_share(o, 0, 6, now_us));
	json_out_kv_real(out, "busy_10min_percent",
			 occupancy_share(o, 0, 60, now_us));
	json_out_kv_real(out, "busy_60min_percent",
			 occupancy_share(o, 0, 360, now_us));
	json_out_key(out, "busy_minutes_percent");
	json_out_array(out);
	for (unsigned m = 60; m-- > 0;)
		json_out_real(out, occupancy_share(o, 6 * m, 6, now_us));
	json_out_end_array(out);
}
