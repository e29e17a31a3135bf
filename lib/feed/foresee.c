/* SPDX-License-Identifier: MIT
 *
 * What admission will ask of a run, before it is admitted: see feed.h. Only
 * what is plain is foreseen: the next run of a chain that stands or is about
 * to stand. Branches, proofs and shared aliases are for admit.c alone.
 */
#include "lib/base/crypto.h"
#include "lib/event/station.h"
#include "lib/feed/set.h"

/* A run that opens a feed says itself whose it is. */
static bool foresee_opening(const struct feed_set *s, struct run *run,
			    struct feed_signer *who)
{
	uint8_t hash[CRYPTO_HASH_SIZE];
	struct station st;

	if (run->events[0].kind != KIND_STATION || run->events[0].withheld ||
	    station_parse(&st, run->events[0].payload) < 0)
		return false;
	crypto_sha256(hash, SPAN(st.key, sizeof(st.key)));
	memcpy(who->author, hash, AUTHOR_SIZE);
	memcpy(who->key, st.key, sizeof(who->key));
	event_id_genesis(run->upon, s->cfg.dataset, who->author);
	return author_alias(s->cfg.dataset, who->author) == run->alias;
}

static bool foresee_standing(const struct feed_set *s, struct run *run,
			     uint32_t slot, struct feed_signer *who)
{
	const struct author *a = set_at(s, slot);

	if (!a || !a->feed.has_key || run->seq - 1 > a->last ||
	    set_chain_id(s, a, slot, run->seq - 1, run->upon) < 0)
		return false;
	memcpy(who->author, a->feed.author, AUTHOR_SIZE);
	memcpy(who->key, a->feed.key, sizeof(who->key));
	return true;
}

static bool foresee_below(struct run *run, const struct run *below,
			  const struct feed_signer *below_signer,
			  struct feed_signer *who)
{
	if (!below || !below->chained)
		return false;
	memcpy(run->upon, below->events[below->n - 1].id, EVENT_ID_SIZE);
	*who = *below_signer;
	return true;
}

static void foresee_ids(struct run *run, struct event *events)
{
	const uint8_t *prev = run->upon;

	for (unsigned i = 0; i < run->n; i++) {
		events[i].seq = run->seq + i;
		event_id_next(events[i].id, prev, &events[i]);
		prev = events[i].id;
	}
	run->chained = true;
}

static bool foresee_held(const struct feed_set *s, const struct run *run,
			 uint32_t slot)
{
	const struct author *a = set_at(s, slot);
	uint64_t end = run->seq + run->n - 1;
	uint8_t id[EVENT_ID_SIZE];

	return a && end <= a->feed.head &&
	       set_chain_id(s, a, slot, end, id) == 0 &&
	       memcmp(id, run->events[run->n - 1].id, sizeof(id)) == 0;
}

/* The only author of this alias, or FEED_SLOT_NONE. */
static uint32_t only_slot(const struct feed_set *s, uint32_t alias)
{
	uint32_t slot = FEED_SLOT_NONE;

	return feed_by_alias(s, alias, &slot, 1) == 1 ? slot : FEED_SLOT_NONE;
}

bool feed_foresee(const struct feed_set *s, struct run *run,
		  struct event *events, const struct run *below,
		  const struct feed_signer *below_signer,
		  struct feed_signer *who)
{
	uint32_t slot = only_slot(s, run->alias);

	if (run->n == 0 || !set_run_sound(run))
		return false;
	if (run->seq == 1 ? !foresee_opening(s, run, who) :
	    !foresee_below(run, below, below_signer, who) &&
	    !foresee_standing(s, run, slot, who))
		return false;
	if (memcmp(run->upon, run->prevcheck, sizeof(run->prevcheck)) != 0)
		return false;
	foresee_ids(run, events);
	return !foresee_held(s, run, slot);
}

bool feed_reads_history(const struct feed_set *s, const struct run *run)
{
	uint32_t slots[SET_ALIAS_TRIES];
	size_t n = feed_by_alias(s, run->alias, slots, SET_ALIAS_TRIES);

	for (size_t i = 0; i < n && i < SET_ALIAS_TRIES; i++)
		if (run->seq <= set_at(s, slots[i])->last ||
		    branch_find(s, slots[i]))
			return true;
	return false;
}
