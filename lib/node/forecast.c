/* SPDX-License-Identifier: MIT
 *
 * What an exchange with a neighbour will take, in minutes: the air time of both
 * sides (lib/sync/sched_estimate.c), stretched by what else is on the channel,
 * a pause for each key-up, and never faster than the duty allows.
 */
#include "lib/node/node_parts.h"

#define BUSY_MAX 0.9
#define BUSY_SLOTS 60		/* ten minutes */
#define PAUSE_US (600 * US_PER_MS)	/* who speaks next is fought for */

/* By p-persistence, and by the rules. */
static uint64_t forecast_pauses_us(const struct node_port *p, uint64_t keyups)
{
	uint64_t slots = 256 / (p->c.persistence + 1);

	if (p->c.profile == NODE_STREAM)
		return 0;
	return keyups * (PAUSE_US + slots * p->c.slottime_ms * US_PER_MS);
}

/* How long until a bucket with so much in it has given all of it. */
static uint64_t forecast_duty_us(const struct node_budget *b, int64_t left_us,
				 uint64_t air_us)
{
	if (left_us >= (int64_t)air_us)
		return 0;
	return (uint64_t)((int64_t)air_us - left_us) / b->permille * 1000;
}

static uint64_t forecast_us(const struct node_port *p,
			    const struct sync_estimate *e, uint64_t now_us)
{
	double busy = node_occupancy_share(&p->others, BUSY_SLOTS, now_us);
	uint64_t air_us = e->give.air_us + e->take.air_us, us, duty_us;
	struct node_budget b = p->all;

	if (busy > BUSY_MAX)
		busy = BUSY_MAX;
	us = (uint64_t)((double)air_us / (1 - busy)) +
		forecast_pauses_us(p, e->give.keyups + e->take.keyups);
	if (p->c.profile == NODE_STREAM)
		return us;
	node_budget_clear_us(&b, now_us);
	duty_us = forecast_duty_us(&b, b.us, e->give.air_us);
	if (duty_us > us)
		us = duty_us;
	/* the neighbour's duty is not known: as ours, and none of it used */
	duty_us = forecast_duty_us(&b, b.cap_us, e->take.air_us);
	return duty_us > us ? duty_us : us;
}

void node_forecast_json(const struct node_port *p,
			const struct sync_estimate *e, struct json_out *o,
			uint64_t now_us)
{
	static const char *const bases[] = {
		[SYNC_BASIS_NONE] = "unknown", [SYNC_BASIS_COUNTS] = "counts",
		[SYNC_BASIS_EXACT] = "exact",
	};

	json_out_kv_string(o, "basis", bases[e->basis]);
	if (e->basis == SYNC_BASIS_NONE)
		return;
	json_out_kv_uint(o, "lacks_events", e->lacks);
	json_out_kv_uint(o, "missing_events", e->missing);
	json_out_kv_uint(o, "sync_bytes", e->give.bytes + e->take.bytes);
	json_out_kv_uint(o, "sync_own_bytes", e->give.bytes);
	json_out_kv_uint(o, "sync_keyups", e->give.keyups + e->take.keyups);
	json_out_kv_real(o, "sync_airtime_s", (double)(e->give.air_us +
			 e->take.air_us) / US_PER_S);
	json_out_kv_real(o, "sync_minutes",
			 (double)forecast_us(p, e, now_us) / US_PER_S / 60);
}
