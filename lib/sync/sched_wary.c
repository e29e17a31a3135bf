/* SPDX-License-Identifier: MIT
 *
 * Names are free to forge. Who hears his own call sign used by somebody else, or gets
 * a body whose seals do not hold, knows that it is done here, and is wary for two
 * hours. What a name says once does not count then:
 *
 *   a root       counts when the same name says it again; in a digest one that I
 *                do not know also when it was said before, by whomever
 *   an offer     counts when the same name makes it again
 *   a station that I do not hear is believed in when the same name names it again:
 *                then the rules for hidden stations hold, and nothing of this
 *   a question   goes to who brought events before, a few times to each
 *   my root      is said by Trickle alone, less often, and not as an
 *                acknowledgement
 *
 * A station says its root until that changes, and asks until it is answered, so
 * that honest ones are served a word later. Anybody can make me wary with a single
 * frame: so it must be cheap, and nothing may fail, only wait.
 *
 * And always: who brings nothing is given to ever more rarely.
 */
#include "lib/sync/sched_port.h"

#define WARY_US (7200 * US_PER_S)
#define BROUGHT_US (3600 * US_PER_S)
#define GIVE_ONCE_US (20 * US_PER_S)	/* retries are one question */
#define GIVE_WAIT_US (120 * US_PER_S)	/* doubled each time ... */
#define GIVE_WAIT_MAX 5			/* ... so often: 64 minutes */
#define GIVE_FALL_US (600 * US_PER_S)	/* one is forgotten */
#define GIVE_FREE 4
#define GIVE_FREE_WARY 1
#define DARES_MAX 4
#define DARES_FALL_US (600 * US_PER_S)
#define STRANGER_ASKS_MAX 3

static bool wary_forged(const struct sync_port *p, uint64_t now_us)
{
	return p->forged_us && now_us < p->forged_us + WARY_US;
}

bool sync_wary(const struct sync_port *p, uint64_t now_us)
{
	return wary_forged(p, now_us) && !sync_beyond(p, now_us);
}

void sync_port_forged(struct sync_port *p, uint64_t now_us)
{
	if (!wary_forged(p, now_us))	/* what was believed may be forged */
		p->hidden_us = 0;
	p->forged_us = now_us;
}

void sync_hidden_sign(struct sync_port *p, const struct sync_peer *by,
		      uint16_t target, uint64_t now_us)
{
	uint32_t sign = (uint32_t)sync_target(by->address) << 16 | target;
	bool counts = !wary_forged(p, now_us);

	for (unsigned i = 0; i < SYNC_SIGNS_MAX; i++)
		counts |= p->signs[i] == sign;
	if (counts) {
		p->hidden_us = now_us;
		return;
	}
	p->signs[p->signs_at] = sign;
	p->signs_at = (p->signs_at + 1) % SYNC_SIGNS_MAX;
}

/* Whether that root was heard before; it was now. */
static bool wary_heard(struct sync_port *p, uint64_t root48)
{
	for (unsigned i = 0; i < SYNC_STRANGE_MAX; i++)
		if (p->strange[i] == root48)
			return true;
	p->strange[p->strange_at] = root48;
	p->strange_at = (p->strange_at + 1) % SYNC_STRANGE_MAX;
	return false;
}

bool sync_credible(const struct sync_port *p, const struct sync_peer *peer,
		   uint64_t root48, uint64_t now_us)
{
	return !sync_wary(p, now_us) ||
		(peer->known && peer->root48 == root48);
}

bool sync_credible_digest(struct sync_port *p, const struct sync_peer *peer,
			  uint64_t root48, uint64_t now_us)
{
	return sync_credible(p, peer, root48, now_us) ||
		(feed_history_find(p->env->feeds, root48) < 0 &&
		 wary_heard(p, root48));
}

bool sync_dare(struct sync_port *p, struct sync_peer *peer,
	       struct sync_credit *c, uint64_t now_us)
{
	bool wary = sync_wary(p, now_us);

	if (wary && peer->brought_us && c == &p->asks)
		return sync_credit_take(&peer->dares, DARES_MAX, DARES_FALL_US,
					now_us);
	return sync_credit_take(c, wary && !peer->brought_us ?
				STRANGER_ASKS_MAX : SYNC_ASKS_MAX,
				SYNC_ASKS_FALL_US, now_us) ||
		(peer->proven && sync_beyond(p, now_us));
}

/* How long after the last time the next one is due. */
static uint64_t give_wait_us(const struct sync_peer *peer, unsigned free)
{
	unsigned n = peer->gave_n;

	if (n < free)
		return 0;
	return GIVE_WAIT_US << (n - free < GIVE_WAIT_MAX ? n - free :
				GIVE_WAIT_MAX);
}

bool sync_may_give(struct sync_port *p, struct sync_peer *peer,
		   uint64_t now_us)
{
	unsigned free = sync_wary(p, now_us) ? GIVE_FREE_WARY : GIVE_FREE;
	uint64_t falls = (now_us - peer->gave_us) / GIVE_FALL_US;

	if (sync_beyond(p, now_us) || (peer->brought_us &&
	    now_us < peer->brought_us + BROUGHT_US))
		return true;
	if (peer->gave_us && now_us < peer->gave_us + GIVE_ONCE_US)
		return true;
	if (peer->reached > peer->gave_step)
		peer->gave_n = 0;	/* it took that: this is something else */
	if (now_us < peer->gave_us + give_wait_us(peer, free))
		return false;
	peer->gave_n -= peer->gave_n < falls ? peer->gave_n : (uint8_t)falls;
	if (peer->gave_n < free + GIVE_WAIT_MAX)
		peer->gave_n++;
	peer->gave_us = now_us;
	peer->gave_step = feed_history_len(p->env->feeds);
	return true;
}
