/* SPDX-License-Identifier: MIT
 *
 * The hybrid logical clock of hlc.h. `last` is the greatest stamp given out
 * or adopted; both operations only ever raise it.
 */
#include <errno.h>
#include "lib/event/hlc.h"

int hlc_compare(struct hlc a, struct hlc b)
{
	if (a.wall_ms != b.wall_ms)
		return a.wall_ms < b.wall_ms ? -1 : 1;
	return (a.counter > b.counter) - (a.counter < b.counter);
}

/* A counter beyond 16 bits carries into the wall part, a granule each. */
static struct hlc carry(struct hlc t, uint32_t granule_ms)
{
	t.wall_ms += (uint64_t)granule_ms * (t.counter >> 16);
	t.counter &= HLC_COUNTER_MAX;
	return t;
}

/* The next stamp on a granule: between two granules, the upper one. */
static struct hlc after(struct hlc t, uint32_t granule_ms)
{
	uint64_t part = t.wall_ms % granule_ms;

	if (part)
		return (struct hlc){ t.wall_ms - part + granule_ms, 0 };
	t.counter++;
	return carry(t, granule_ms);
}

int hlc_now(struct hlc_clock *c, uint64_t physical_ms, struct hlc *out)
{
	struct hlc t = { physical_ms - physical_ms % c->granule_ms, 0 };

	if (t.wall_ms <= c->last.wall_ms)
		t = after(c->last, c->granule_ms);
	if (t.wall_ms > HLC_WALL_MAX)
		return -ERANGE;
	c->last = *out = t;
	return 0;
}

int hlc_adopt(struct hlc_clock *c, struct hlc remote, uint64_t physical_ms)
{
	struct hlc t = { physical_ms - physical_ms % c->granule_ms, 0 };
	struct hlc seen;

	if (remote.wall_ms > HLC_WALL_MAX)
		return -ERANGE;
	if (c->drift_ms && remote.wall_ms > physical_ms &&
	    remote.wall_ms - physical_ms > c->drift_ms)
		return -ERANGE;
	seen = carry(remote, c->granule_ms);
	if (hlc_compare(seen, c->last) < 0)
		seen = c->last;
	if (t.wall_ms <= seen.wall_ms)
		t = after(seen, c->granule_ms);
	if (t.wall_ms > HLC_WALL_MAX)
		return -ERANGE;
	c->last = t;
	return 0;
}
