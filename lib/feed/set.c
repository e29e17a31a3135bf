/* SPDX-License-Identifier: MIT
 *
 * The set of authors: slots, labels, aliases, and the end of each chain.
 */
#include <errno.h>
#include <stdlib.h>
#include "lib/base/crypto.h"
#include "lib/event/payload.h"
#include "lib/event/station.h"
#include "lib/feed/set.h"

static const char *const verdict_names[FEED_VERDICT_COUNT] = {
	[FEED_ACCEPTED] = "accepted",
	[FEED_CANDIDATE] = "candidate",
	[FEED_DUPLICATE] = "duplicate",
	[FEED_GAP] = "gap",
	[FEED_MISFIT] = "misfit",
	[FEED_PROOF] = "proof",
	[FEED_BAD_SEAL] = "bad seal",
	[FEED_BAD_STATION] = "bad station",
	[FEED_BAD_KEY] = "bad key",
	[FEED_BAD_EVENT] = "bad event",
	[FEED_NO_AUTHOR] = "no author",
	[FEED_QUOTA] = "quota",
	[FEED_FULL] = "full",
	[FEED_STORE] = "store",
};

const char *feed_verdict_name(enum feed_verdict v)
{
	return v < FEED_VERDICT_COUNT ? verdict_names[v] : "?";
}

struct feed_set *feed_set_new(const struct feed_config *cfg)
{
	struct feed_set *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->cfg = *cfg;
	s->labels = map_new(cfg->authors_max);
	s->aliases = map_new(cfg->authors_max);
	if (s->labels && s->aliases)
		return s;
	feed_set_free(s);
	return NULL;
}

void feed_set_free(struct feed_set *s)
{
	if (!s)
		return;
	for (uint32_t i = 0; i < s->n_authors; i++)
		free(s->authors[i]);
	for (size_t i = 0; i < SET_BRANCHES; i++)
		free(s->branches[i]);
	free(s->authors);
	free(s->seals);
	map_free(s->labels);
	map_free(s->aliases);
	free(s);
}

/* ---- authors ---- */

void set_author_init(const struct feed_set *s, struct author *a,
		     struct span label, const uint8_t id[AUTHOR_SIZE])
{
	memset(a, 0, sizeof(*a));
	memcpy(a->feed.label, label.p, label.n);
	a->feed.label_len = (uint8_t)label.n;
	memcpy(a->feed.author, id, AUTHOR_SIZE);
	a->feed.alias = author_alias(s->cfg.dataset, id);
	event_id_genesis(a->feed.head_id, s->cfg.dataset, id);
	memcpy(a->last_id, a->feed.head_id, EVENT_ID_SIZE);
	a->next_alias = FEED_SLOT_NONE;
}

static struct span alias_key(uint8_t key[AUTHOR_ALIAS_SIZE], uint32_t alias)
{
	be_put(key, AUTHOR_ALIAS_SIZE, alias);
	return SPAN(key, AUTHOR_ALIAS_SIZE);
}

/* In order of arrival, so that the first of an alias stay the first tried. */
static int link_alias(struct feed_set *s, uint32_t alias, uint32_t slot)
{
	uint8_t key[AUTHOR_ALIAS_SIZE];
	uint32_t at = map_get(s->aliases, alias_key(key, alias));

	if (at == MAP_NONE)
		return map_set(s->aliases, alias_key(key, alias), slot);
	while (s->authors[at]->next_alias != FEED_SLOT_NONE)
		at = s->authors[at]->next_alias;
	s->authors[at]->next_alias = slot;
	return 0;
}

static bool make_room(struct feed_set *s)
{
	uint32_t cap = s->cap_authors ? 2 * s->cap_authors : 16;
	struct author **v;

	if (s->n_authors < s->cap_authors)
		return true;
	v = reallocarray(s->authors, cap, sizeof(*v));
	if (!v)
		return false;
	s->authors = v;
	s->cap_authors = cap;
	return true;
}

static uint32_t add_slot(struct feed_set *s, const struct author *a)
{
	struct author *copy;

	if (s->n_authors >= s->cfg.authors_max || !make_room(s))
		return FEED_SLOT_NONE;
	copy = malloc(sizeof(*copy));
	if (!copy)
		return FEED_SLOT_NONE;
	*copy = *a;
	s->authors[s->n_authors] = copy;
	return s->n_authors++;
}

/* By label and by alias. 0 or -ENOMEM. */
static int link_slot(struct feed_set *s, uint32_t slot)
{
	const struct author *a = s->authors[slot];

	if (map_set(s->labels, set_label(a), slot) < 0)
		return -ENOMEM;
	if (link_alias(s, a->feed.alias, slot) == 0)
		return 0;
	map_del(s->labels, set_label(a));
	return -ENOMEM;
}

uint32_t set_add(struct feed_set *s, const struct author *a)
{
	uint32_t slot = add_slot(s, a);

	if (slot == FEED_SLOT_NONE || link_slot(s, slot) == 0)
		return slot;
	free(s->authors[--s->n_authors]);
	return FEED_SLOT_NONE;
}

uint32_t set_add_nameless(struct feed_set *s)
{
	const struct author nobody = { .next_alias = FEED_SLOT_NONE };
	uint32_t slot = add_slot(s, &nobody);

	s->n_nameless += slot != FEED_SLOT_NONE;
	return slot;
}

int set_name(struct feed_set *s, uint32_t slot, struct span label)
{
	struct author *a = set_at(s, slot);
	uint64_t beyond;
	uint8_t beyond_id[EVENT_ID_SIZE], id[AUTHOR_SIZE];

	if (!a || a->feed.label_len || label.n == 0 ||
	    label.n > AUTHOR_LABEL_MAX || feed_find(s, label) != FEED_SLOT_NONE)
		return -EINVAL;
	beyond = a->beyond;
	memcpy(beyond_id, a->beyond_id, sizeof(beyond_id));
	author_from_label(id, label);
	set_author_init(s, a, label, id);
	a->beyond = beyond;
	memcpy(a->beyond_id, beyond_id, sizeof(beyond_id));
	s->n_nameless--;
	return link_slot(s, slot);
}

struct author *set_at(const struct feed_set *s, uint32_t slot)
{
	return slot < s->n_authors ? s->authors[slot] : NULL;
}

struct span set_label(const struct author *a)
{
	return SPAN(a->feed.label, a->feed.label_len);
}

struct feed_seal *set_seals(struct feed_set *s, size_t n)
{
	struct feed_seal *v;

	if (n <= s->cap_seals)
		return s->seals;
	v = reallocarray(s->seals, n, sizeof(*v));
	if (!v)
		return NULL;
	s->seals = v;
	s->cap_seals = n;
	return v;
}

bool set_event_sound(const struct event *e)
{
	return e->payload.n <= EVENT_PAYLOAD_MAX &&
	       (!e->withheld || e->payload.n == CRYPTO_HASH_SIZE) &&
	       e->kind <= KIND_MAX && e->hlc.wall_ms <= HLC_WALL_MAX &&
	       e->hlc.counter <= HLC_COUNTER_MAX;
}

bool set_seal_good(const struct feed_set *s, const struct author *a,
		   uint64_t seq, const uint8_t id[EVENT_ID_SIZE],
		   const uint8_t seal[EVENT_SEAL_SIZE])
{
	const struct feed_config *cfg = &s->cfg;
	const struct feed *f = &a->feed;
	const uint8_t *key = f->has_key ? f->key : NULL;

	if (cfg->check)
		return cfg->check(cfg->check_ctx, set_label(a), f->author,
				  key, seq, id, seal);
	return key && seal_verify(seal, key + 32, cfg->dataset, f->author,
				  seq, id);
}

/* ---- the end of a chain ---- */

int set_chain_id(const struct feed_set *s, const struct author *a,
		 uint32_t slot, uint64_t seq, uint8_t id[EVENT_ID_SIZE])
{
	const struct store *store = &s->cfg.store;
	struct event e;

	if (seq == 0) {
		event_id_genesis(id, s->cfg.dataset, a->feed.author);
	} else if (seq == a->last) {
		memcpy(id, a->last_id, EVENT_ID_SIZE);
	} else if (seq == a->feed.head) {
		memcpy(id, a->feed.head_id, EVENT_ID_SIZE);
	} else {
		if (!store->event ||
		    store->event(store->ctx, slot, seq, &e) < 0)
			return -EIO;
		memcpy(id, e.id, EVENT_ID_SIZE);
	}
	return 0;
}

/* The first claim stays to go back to; of the others the latest do. */
static void claim_add(struct author *a, uint64_t seq, const char *call)
{
	if (a->n_claims == SET_CLAIMS_MAX) {
		memmove(&a->claims[1], &a->claims[2],
			(SET_CLAIMS_MAX - 2) * sizeof(a->claims[0]));
		a->n_claims--;
	}
	a->claims[a->n_claims].seq = seq;
	strcpy(a->claims[a->n_claims++].call, call);
	strcpy(a->feed.call, call);
}

static void claims_cut(struct author *a, uint64_t from)
{
	while (a->n_claims && a->claims[a->n_claims - 1].seq >= from)
		a->n_claims--;
	strcpy(a->feed.call, a->n_claims ? a->claims[a->n_claims - 1].call :
	       "");
}

/* Only where the set asks for stations is seq 1 known to be one. A later one
 * of the same key claims another call sign. */
static void read_station(struct author *a, const struct event *e)
{
	struct feed *f = &a->feed;
	struct station st;

	if (e->kind != KIND_STATION || e->withheld ||
	    station_parse(&st, e->payload) < 0)
		return;
	if (e->seq == 1) {
		memcpy(f->key, st.key, sizeof(f->key));
		f->has_key = true;
	} else if (memcmp(f->key, st.key, sizeof(f->key)) != 0) {
		return;
	}
	claim_add(a, e->seq, st.call);
	if (!st.has_previous || f->previous_at)
		return;
	f->previous_at = e->seq;
	memcpy(f->previous, st.previous, AUTHOR_SIZE);
}

/* The first one counts. */
static void read_retire(struct feed *f, const struct event *e)
{
	struct payload_value next;

	if (e->kind != KIND_STATION_RETIRE || f->retired_at)
		return;
	f->retired_at = e->seq;
	f->has_next = !e->withheld && payload_get(e->payload, KEY_NEXT, &next) &&
		next.type == PAYLOAD_BYTES && next.str.n == AUTHOR_SIZE;
	if (f->has_next)
		memcpy(f->next, next.str.p, AUTHOR_SIZE);
}

void set_extend(const struct feed_set *s, struct author *a,
		const struct event *e)
{
	struct feed *f = &a->feed;

	a->last = e->seq;
	memcpy(a->last_id, e->id, EVENT_ID_SIZE);
	a->last_hlc = e->hlc;
	if (hlc_compare(e->hlc, f->hlc_max) > 0)
		f->hlc_max = e->hlc;
	f->events++;
	f->bytes += e->payload.n;
	if (s->cfg.need_station)
		read_station(a, e);
	read_retire(f, e);
}

void set_displace(struct author *a, uint64_t from)
{
	struct feed *f = &a->feed;

	a->last = from - 1;
	a->beyond = 0;
	if (a->last == f->head) {
		memcpy(a->last_id, f->head_id, EVENT_ID_SIZE);
		a->last_hlc = f->head_hlc;
	}
	if (a->base > a->last)
		a->base = a->last;
	if (f->retired_at >= from)
		f->retired_at = 0;
	if (f->previous_at >= from)
		f->previous_at = 0;
	claims_cut(a, from);
}

uint64_t set_displaced_to(const struct author *a)
{
	return a->beyond > a->last ? a->beyond : a->last;
}

/* ---- looking ---- */

uint32_t feed_count(const struct feed_set *s)
{
	return s->n_authors;
}

const struct feed *feed_at(const struct feed_set *s, uint32_t slot)
{
	const struct author *a = set_at(s, slot);

	return a ? &a->feed : NULL;
}

uint32_t feed_find(const struct feed_set *s, struct span label)
{
	return map_get(s->labels, label);
}

size_t feed_by_alias(const struct feed_set *s, uint32_t alias,
		     uint32_t *slots, size_t cap)
{
	uint8_t key[AUTHOR_ALIAS_SIZE];
	uint32_t at = map_get(s->aliases, alias_key(key, alias));
	size_t n = 0;

	for (; at != FEED_SLOT_NONE; at = s->authors[at]->next_alias, n++)
		if (n < cap)
			slots[n] = at;
	return n;
}

const struct feed_seal *feed_proof(const struct feed_set *s, uint32_t slot)
{
	const struct author *a = set_at(s, slot);

	return a && a->proof.seq ? &a->proof : NULL;
}
