/* SPDX-License-Identifier: MIT
 *
 * Hostile stations: what they hear, and when they send. See sim_hostile.h.
 */
#include <stdlib.h>
#include "tools/sim_hostile.h"

#define AFTER_US 500000	/* who spoils what is under way does so at once */

struct sim_hostile *sim_hostile_new(unsigned first,
				    const struct sim_scenario *s,
				    const struct sim_data *d, uint64_t seed)
{
	struct sim_hostile *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->first = first;
	h->n = s->hostile;
	h->attack = s->attack;
	h->noise = s->noise;
	h->pause_us = (uint64_t)(s->pause_s * 1e6);
	h->wake_us = s->hostile && s->attack != SIM_ATTACK_SILENT ? 0 :
		     UINT64_MAX;
	h->rng.state = ~seed;
	h->data = d;
	memcpy(h->dataset, d->dataset, sizeof(h->dataset));
	return h;
}

void sim_hostile_free(struct sim_hostile *h)
{
	free(h);
}

void sim_hostile_hear(struct sim_hostile *h, struct span frame,
		      uint64_t now_us)
{
	unsigned i = (unsigned)random_below(&h->rng, HOSTILE_HEARD_MAX);

	if (frame.n > AIR_FRAME_MAX || !sim_attack_keeps(h, frame))
		return;
	if (h->n_heard < HOSTILE_HEARD_MAX)
		i = h->n_heard++;
	memcpy(h->heard[i].bytes, frame.p, frame.n);
	h->heard[i].len = frame.n;
	if (h->attack == SIM_ATTACK_POISONED_PARITY &&
	    h->wake_us > now_us + AFTER_US)
		h->wake_us = now_us + AFTER_US;
}

uint64_t sim_hostile_wake_us(const struct sim_hostile *h)
{
	return h->wake_us;
}

void sim_hostile_tick(struct sim_hostile *h, struct air *a, uint64_t now_us)
{
	struct sim_frame frames[HOSTILE_FRAMES_MAX];
	struct span spans[HOSTILE_FRAMES_MAX];
	unsigned n;

	if (now_us < h->wake_us)
		return;
	n = sim_attack_frames(h, frames);
	for (unsigned i = 0; i < n; i++)
		spans[i] = SPAN(frames[i].bytes, frames[i].len);
	if (n)
		air_send(a, h->first + (unsigned)random_below(&h->rng, h->n),
			 spans, n, now_us);
	h->wake_us = now_us + random_below(&h->rng, 2 * h->pause_us) + 1;
}
