/* SPDX-License-Identifier: MIT
 *
 * How long what stations write takes to reach all of them: from the moment at
 * which the first one holds it sealed, which is its author. Events beyond
 * SIM_LAG_MAX of an author are not looked at. Station i writes as author i.
 */
#include <stdlib.h>
#include "lib/base/clock.h"
#include "tools/sim.h"

#define SIM_LAG_MAX 1024

struct lag_event {
	uint64_t first_us, last_us;
	unsigned holders;
};

struct sim_lag {
	unsigned stations;
	struct lag_event event[];	/* author by author */
};

struct sim_lag *sim_lag_new(unsigned stations)
{
	struct sim_lag *l = calloc(1, sizeof(*l) + (size_t)stations *
				   SIM_LAG_MAX * sizeof(l->event[0]));

	if (!l)
		abort();
	l->stations = stations;
	return l;
}

void sim_lag_moved(struct sim_lag *l, unsigned author, uint64_t from,
		   uint64_t to, uint64_t now_us)
{
	for (uint64_t i = from; i < to && i < SIM_LAG_MAX; i++) {
		struct lag_event *e = &l->event[author * SIM_LAG_MAX + i];

		if (!e->holders++)
			e->first_us = now_us;
		e->last_us = now_us;
	}
}

double sim_lag_worst_s(const struct sim_lag *l, uint64_t end_us)
{
	uint64_t worst_us = 0;

	for (size_t i = 0; i < (size_t)l->stations * SIM_LAG_MAX; i++) {
		const struct lag_event *e = &l->event[i];
		uint64_t us = (e->holders < l->stations ? end_us :
			       e->last_us) - e->first_us;

		if (e->holders && us > worst_us)
			worst_us = us;
	}
	return (double)worst_us / US_PER_S;
}
