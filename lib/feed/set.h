/* SPDX-License-Identifier: MIT
 *
 * Inside lib/feed: the set itself, shared by its parts.
 *
 *   feed_admit     admit.c     what a run is, and whether it is true
 *     branch_*     fork.c      which chain stands; the candidates
 *     frontier_*   frontier.c  root, counts, syndrome, history
 *   feed_*_own     own.c       our own events and seals
 *   feed_load      load.c      the same state from the log's records
 *   feed_foresee   foresee.c   what admission will ask, before it does
 *   feed_rejoin    rejoin.c    what a damaged log has behind a gap
 *
 * Only set_* and frontier_* change an author; everything before them in an
 * admission works on copies, so a refused run changes nothing.
 */
#pragma once
#include "lib/base/map.h"
#include "lib/feed/feed.h"

#define SET_ALIAS_TRIES 8	/* authors of one alias tried for a run */
#define SET_BRANCHES 16		/* candidate branches in all */
#define SET_HISTORY 4096
#define ROOT48_MASK 0xffffffffffffULL
/* A candidate with the run that makes it the standing chain. */
#define BRANCH_EVENTS_MAX (FEED_CANDIDATE_EVENTS_MAX + RUN_EVENTS_MAX)
#define BRANCH_BYTES_MAX (FEED_CANDIDATE_BYTES_MAX + RUN_COLUMNS_MAX)

#define SET_CLAIMS_MAX 4

struct author {
	struct feed feed;	/* what the others see */
	/* the call signs its station events claimed, by seq: the last counts */
	struct {
		uint64_t seq;
		char call[12];
	} claims[SET_CLAIMS_MAX];
	unsigned n_claims;
	uint64_t last;		/* of the chain with its unsealed own tail */
	uint8_t last_id[EVENT_ID_SIZE];
	struct hlc last_hlc;
	/* the last event that the log has behind a gap (rejoin.c); 0 = none */
	uint64_t beyond;
	uint8_t beyond_id[EVENT_ID_SIZE];
	uint64_t base;		/* what the next head adds begins above it */
	uint32_t value;		/* as counted in root and syndrome */
	uint32_t next_alias;	/* next slot with this alias */
	struct feed_seal proof;
};

/* Another chain of an author, from where it left the standing one. Events
 * own their payloads: in bytes, one after the other. */
struct branch {
	uint32_t slot;		/* FEED_SLOT_NONE = free */
	uint64_t used;		/* when it last grew: the oldest goes first */
	uint64_t base;		/* the standing event below it, 0 = none */
	size_t n_events, n_seals, n_bytes;
	struct event events[BRANCH_EVENTS_MAX];
	struct feed_seal seals[BRANCH_EVENTS_MAX];
	uint8_t bytes[BRANCH_BYTES_MAX];
};

struct feed_set {
	struct feed_config cfg;
	struct author **authors;	/* by slot; they do not move */
	uint32_t n_authors, cap_authors;
	struct map *labels, *aliases;	/* to slot, to first slot */

	bool damaged;			/* records may be missing: load.c */
	uint32_t n_nameless;		/* slots that lost their label */
	uint64_t root48, n_events, n_held, n_forked;
	uint32_t syndrome[SYNDROME_WORDS_MAX];
	uint64_t n_steps;
	uint64_t roots[SET_HISTORY];	/* root after n steps, at n % size */
	struct feed_step steps[SET_HISTORY]; /* step n, at n % size */

	struct branch *branches[SET_BRANCHES];
	uint64_t branch_clock;

	struct event events[RUN_EVENTS_MAX];	/* the run being admitted */
	struct author fresh;		/* its author, when not yet held */
	struct feed_seal *seals;	/* of a change */
	size_t cap_seals;
};

/* ---- set.c ---- */

/* Fills an author that nobody holds: label, author id, alias, genesis. */
void set_author_init(const struct feed_set *s, struct author *a,
		     struct span label, const uint8_t id[AUTHOR_SIZE]);
/* Takes a copy of it in; its slot, or FEED_SLOT_NONE when full. */
uint32_t set_add(struct feed_set *s, const struct author *a);
struct author *set_at(const struct feed_set *s, uint32_t slot);
struct span set_label(const struct author *a);
/* Room for n seals of a change. */
struct feed_seal *set_seals(struct feed_set *s, size_t n);
/* Within the limits of the format. */
bool set_event_sound(const struct event *e);
bool set_run_sound(const struct run *run);
/* Whether the author sealed (seq, id): the configured check, or Ed25519. */
bool set_seal_good(const struct feed_set *s, const struct author *a,
		   uint64_t seq, const uint8_t id[EVENT_ID_SIZE],
		   const uint8_t seal[EVENT_SEAL_SIZE]);
/* The id of a chain's event, seq 0..last: 0 or -EIO. */
int set_chain_id(const struct feed_set *s, const struct author *a,
		 uint32_t slot, uint64_t seq, uint8_t id[EVENT_ID_SIZE]);
/* One more event at the end of the chain. */
void set_extend(const struct feed_set *s, struct author *a,
		const struct event *e);
/* Event `from` and those above leave the chain, those behind a gap too. If the
 * head was among them, others follow in the same change. */
void set_displace(struct author *a, uint64_t from);
/* The last event that would leave. */
uint64_t set_displaced_to(const struct author *a);

/* An author whose AUTHOR record is lost: its slot without a label. */
uint32_t set_add_nameless(struct feed_set *s);
/* Gives it its label. 0 or -EINVAL: it has one, or another slot has it. */
int set_name(struct feed_set *s, uint32_t slot, struct span label);

/* ---- rejoin.c ---- */

/* As set_add, but in the slot that lost its label and has the author's seals,
 * if there is one. */
uint32_t set_add_found(struct feed_set *s, const struct author *a);
/* An event is held that cannot be joined yet. */
void set_aside(struct author *a, const struct event *e);
/* Events from `from` on are not; what is held below them stays. */
void set_aside_cut(const struct feed_set *s, uint32_t slot, uint64_t from);

/* ---- frontier.c ---- */

/* The sealed head moves; hlc is that of its event. */
void frontier_advance(struct feed_set *s, uint32_t slot,
		      const struct feed_seal *head, struct hlc hlc);
/* Marks the author as forked; a newer proof replaces the one kept. */
void frontier_mark(struct feed_set *s, uint32_t slot,
		   const struct feed_seal *proof);

/* ---- fork.c ---- */

/* The candidate of a slot, or NULL. */
struct branch *branch_find(const struct feed_set *s, uint32_t slot);
/* An empty one above standing event `base`, in place of the slot's own, a
 * free or the oldest one. NULL when out of memory. */
struct branch *branch_start(struct feed_set *s, uint32_t slot, uint64_t base);
/* The id of its event seq, above base; NULL if it has none. */
const uint8_t *branch_id(const struct branch *b, uint64_t seq);
/* Cuts the branch below the first of events[0..n), adds them and their seal,
 * and lets the greater chain stand. */
enum feed_verdict branch_grow(struct feed_set *s, struct branch *b,
			      const struct event *events, size_t n,
			      const uint8_t seal[EVENT_SEAL_SIZE],
			      struct feed_change *change);
