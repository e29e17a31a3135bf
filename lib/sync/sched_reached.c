/* SPDX-License-Identifier: MIT
 *
 * A station never goes back: who has said a root of my past holds all that I
 * held then. Whoever asks for some of that under its call sign is another, or
 * that root was said by another. Its sketch tells, so that is what it is asked
 * for; an earlier root that is said three times in a row is believed. Who came
 * up lately is not held to anything: its log may be damaged.
 */
#include "lib/sync/sched_port.h"

#define BACK_MIN 2		/* said again so often: it is so */

bool sync_reached(struct sync_port *p, struct sync_peer *peer, uint64_t root48)
{
	int64_t at = feed_history_find(p->env->feeds, root48);

	if (at < 0)
		return true;
	if ((uint64_t)at + 1 < peer->reached) {
		peer->back = root48 == peer->root48 ? peer->back + 1 : 0;
		if (peer->back < BACK_MIN)
			return false;
	}
	peer->back = 0;
	peer->reached = (uint64_t)at + 1;
	return true;
}

/* False: too long ago, or too much came since. */
static bool reached_since(struct sync_port *p, uint64_t at,
			  struct sync_needs *since)
{
	struct feed_step step;

	if (at < feed_history_len(p->env->feeds) &&
	    !feed_history_step(p->env->feeds, at, &step))
		return false;
	sync_since_step(p, at, since);
	return since->n < SYNC_NEEDS_MAX;
}

void sync_needs_drop_reached(struct sync_port *p, const struct sync_peer *peer,
			     struct sync_needs *needs)
{
	struct sync_needs since;
	unsigned kept = 0;

	if (!peer->reached || !reached_since(p, peer->reached - 1, &since))
		return;
	for (unsigned i = 0; i < needs->n; i++) {
		const struct sync_need *v = sync_needs_find(&since,
							    needs->v[i].slot);

		if (!v)
			continue;
		if (needs->v[i].from < v->from)
			needs->v[i].from = v->from;
		needs->v[kept++] = needs->v[i];
	}
	needs->n = kept;
}
