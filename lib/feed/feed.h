/* SPDX-License-Identifier: MIT
 *
 * Feeds: what is held of every author, and what may come in.
 *
 * An author has a slot (0, 1, 2 ... in order of arrival), a label, an alias
 * and one standing chain: events 1..head without gaps, standing on a sealed
 * head. Of an author's sealed chains the longest stands, ties to the smaller
 * head id: a total order, so every node ends at the same chain whatever the
 * order of delivery, and a head never goes down. A seal at or below the
 * standing head that names another id proves a fork; it marks the author.
 *
 * Admission depends on bytes only: signature, chain, format limits, quota.
 * A refused run changes nothing. There is no pending buffer but one bounded
 * candidate branch an author (DESIGN "Fork") and, for importers, the pen.
 *
 * feed_admit says what to append; it does not do I/O. History is read
 * through struct store.
 */
#pragma once
#include "lib/base/buf.h"
#include "lib/event/event.h"
#include "lib/event/run.h"
#include "lib/feed/syndrome.h"

#define FEED_SLOT_NONE UINT32_MAX
#define FEED_CANDIDATE_EVENTS_MAX 512
#define FEED_CANDIDATE_BYTES_MAX (64 * 1024)

/* How history is read; implemented by the log's index and by the simulator's
 * memory. Spans live until the next append or call, whichever is first. */
struct store {
	void *ctx;
	/* Event seq of slot's standing chain: 0, -ENOENT, -EIO. */
	int (*event)(void *ctx, uint32_t slot, uint64_t seq, struct event *e);
	/* The first held seal at or above seq: 0, -ENOENT, -EIO. */
	int (*seal)(void *ctx, uint32_t slot, uint64_t seq, uint64_t *at,
		    uint8_t seal[EVENT_SEAL_SIZE]);
};

/* Whether `seal` over (author, seq, id) is valid under `key` (64 bytes,
 * NULL for labels that have none). The default is seal_verify. */
typedef bool (*feed_seal_check)(void *ctx, struct span label,
				const uint8_t author[16],
				const uint8_t *key, uint64_t seq,
				const uint8_t id[32],
				const uint8_t seal[64]);

struct feed_config {
	uint8_t dataset[DATASET_SIZE];
	size_t authors_max;		/* refuse new ones above */
	uint64_t author_events_max;	/* quota, 0 = none; displaced count */
	uint64_t author_bytes_max;
	bool need_station;	/* seq 1 must be `station` with the key */
	feed_seal_check check;	/* NULL = Ed25519 */
	void *check_ctx;
	struct store store;
};

/* One author as others may look at it (read only). */
struct feed {
	char label[AUTHOR_LABEL_MAX + 1];
	uint8_t label_len;	/* 0: its AUTHOR record is lost, nothing held */
	uint8_t author[AUTHOR_SIZE];
	uint32_t alias;
	bool has_key, forked;
	uint64_t retired_at;	/* seq of its station.retire; 0 = none */
	bool has_next;
	uint8_t next[AUTHOR_SIZE];	/* whom that names */
	uint64_t previous_at;	/* seq of the `station` that names ... */
	uint8_t previous[AUTHOR_SIZE];	/* ... whom it succeeds; 0 = none */
	uint8_t key[64];	/* X25519 | Ed25519 */
	char call[12];		/* claimed call sign, "" if none */
	uint64_t head;		/* sealed, standing; 0 = none */
	uint8_t head_id[EVENT_ID_SIZE];
	struct hlc head_hlc, hlc_max;
	uint64_t events, bytes;	/* accepted in all, displaced ones too */
};

enum feed_verdict {
	FEED_ACCEPTED,		/* the standing chain grew or was replaced, or
				   withheld payloads of it came (no seals) */
	FEED_CANDIDATE,		/* kept beside the standing chain */
	FEED_DUPLICATE,		/* all of it held */
	FEED_GAP,		/* starts above head + 1 */
	FEED_MISFIT,		/* prevcheck: belongs to another branch */
	FEED_PROOF,		/* a fork was proved (proof kept) */
	FEED_BAD_SEAL, FEED_BAD_STATION, FEED_BAD_KEY, FEED_BAD_EVENT,
	FEED_NO_AUTHOR,		/* alias unknown and not its first event */
	FEED_QUOTA, FEED_FULL,
	FEED_STORE,		/* history could not be read */
	FEED_VERDICT_COUNT,
};
const char *feed_verdict_name(enum feed_verdict v);

struct feed_seal {
	uint64_t seq;		/* 0 = none */
	uint8_t id[EVENT_ID_SIZE];
	uint8_t seal[EVENT_SEAL_SIZE];
};

/* What a call changed: what to append to the log. Valid until the next call
 * on the set. Refused runs set only slot (FEED_SLOT_NONE if nobody). */
struct feed_change {
	uint32_t slot;
	bool new_author;	/* the AUTHOR record comes first */
	uint64_t displaced_from, displaced_to; /* 0 = none; left the chain */
	const struct event *events; /* newly held, in order, with ids */
	size_t n_events;
	const struct feed_seal *seals; /* by seq, the last is the new head */
	size_t n_seals;
	struct feed_seal proof;	/* a fork's proof, new */
};

struct feed_set;

struct feed_set *feed_set_new(const struct feed_config *cfg);
void feed_set_free(struct feed_set *s);

/* A run as decoded from the air (author by alias), or of a label known to
 * the caller (label.n > 0). On FEED_ACCEPTED, FEED_PROOF and FEED_CANDIDATE
 * *change says what to append (with FEED_CANDIDATE nothing); several authors
 * may share the alias, each is tried (<= 8). */
enum feed_verdict feed_admit(struct feed_set *s, struct span label,
			     const struct run *run,
			     struct feed_change *change);

/* ---- seals that are verified before admission, elsewhere ---- */

struct feed_signer {
	uint8_t author[AUTHOR_SIZE];
	uint8_t key[64];	/* X25519 | Ed25519 */
};

/* Foresees what admission will ask of a run from the air (need_station, alias,
 * n > 0): whose it is, and the ids of its events (events: the run's own, to be
 * written), so that its seal can be verified meanwhile. below, below_signer:
 * the run before it, foreseen and not yet admitted, or NULL. False: no seal
 * need be verified (it does not fit, or is held), or none that can be told
 * from here. Nothing in the set changes, and a wrong guess costs time only:
 * feed_admit compares and judges alone. */
bool feed_foresee(const struct feed_set *s, struct run *run,
		  struct event *events, const struct run *below,
		  const struct feed_signer *below_signer,
		  struct feed_signer *signer);
/* Whether admission of the run would look at history: where records of the
 * same turn are not in the store yet, it has to wait for them. */
bool feed_reads_history(const struct feed_set *s, const struct run *run);

/* The slot of an own author, made if need be (*made: append its AUTHOR
 * record). key: 64 bytes, or NULL in sets without keys. FEED_SLOT_NONE when
 * full. */
uint32_t feed_open_own(struct feed_set *s, struct span label,
		       const uint8_t *key, bool *made);
/* Own events: extends the chain without a seal yet (head stays), or what is
 * behind a gap of it; e->seq and e->id are computed. The caller appends the
 * event. 0 or -ENOENT. */
int feed_append_own(struct feed_set *s, uint32_t slot, struct event *e);
/* Seals own events up to the last one, cut every SEAL_EVERY_EVENTS or
 * SEAL_EVERY_BYTES: the head moves. 0, -ENOENT (nothing unsealed), -EIO. */
int feed_seal_own(struct feed_set *s, uint32_t slot, const uint8_t seed[32],
		  struct feed_change *change);
/* seq of the last own event, sealed or not. */
uint64_t feed_own_last(const struct feed_set *s, uint32_t slot);

/* The records of a change in the order of the log (lib/event/record.h): put
 * is called for each, with its payload in two pieces. The first error ends
 * it. */
typedef int (*feed_put_record)(void *ctx, uint16_t type, uint32_t slot,
			       struct span head, struct span tail);
int feed_change_records(const struct feed_set *s, const struct feed_change *c,
			feed_put_record put, void *ctx);
/* Start-up: those records in their order, trusted (verified when they came
 * in). 0 or -EINVAL. */
int feed_load(struct feed_set *s, uint16_t type, uint32_t slot,
	      struct span record);

/* ---- a log that lost records ---- */

/* The log reported damage: from here on records may be missing. What does not
 * fit is left out or set aside, what joins must fit by its id. */
void feed_load_damaged(struct feed_set *s);
/* After the log's last record: joins what can be; true if anything was. */
bool feed_settle(struct feed_set *s);
/* After a change of a slot: joins what the store has behind a gap that closed,
 * events and seals; nothing is to be appended. True if the chain grew. */
bool feed_rejoin(struct feed_set *s, uint32_t slot);
/* The first range of missing events, from .. to, above `after` (0 = all);
 * false if none is. */
bool feed_gap(const struct feed_set *s, uint32_t slot, uint64_t after,
	      uint64_t *from, uint64_t *to);
/* Slots whose AUTHOR record is lost and that nobody claimed yet. */
uint32_t feed_nameless(const struct feed_set *s);
/* The last event held behind a gap; 0 = none. */
uint64_t feed_beyond(const struct feed_set *s, uint32_t slot);
/* Own events behind a gap that nobody can close: they leave the feed. The
 * caller appends DISPLACED *from .. *to. False if there are none. */
bool feed_drop_beyond(struct feed_set *s, uint32_t slot, uint64_t *from,
		      uint64_t *to);
/* The label of a slot whose AUTHOR record is lost. 0: append one; -EINVAL:
 * it has a label, or another slot has this one. */
int feed_name(struct feed_set *s, uint32_t slot, struct span label);

/* ---- authors ---- */

/* The proof that marked an author, for relaying; NULL if not forked. */
const struct feed_seal *feed_proof(const struct feed_set *s, uint32_t slot);
/* Last event of the candidate branch kept beside the standing chain: its
 * continuation is what to want. 0 = none. */
uint64_t feed_candidate_end(const struct feed_set *s, uint32_t slot);

uint32_t feed_count(const struct feed_set *s);
const struct feed *feed_at(const struct feed_set *s, uint32_t slot);
/* The slot of the author that this one's station.retire names and that names
 * it as its predecessor; FEED_SLOT_NONE without one. */
uint32_t feed_successor(const struct feed_set *s, uint32_t slot);
/* The last of its successors, itself without one. */
uint32_t feed_station(const struct feed_set *s, uint32_t slot);
/* Its call sign is also claimed by another station. */
bool feed_call_shared(const struct feed_set *s, uint32_t slot);
/* What people read for an author, appended: its station's call sign, with the
 * key's beginning where another station claims it too; a former key, a fork. The
 * label where nothing is claimed. */
void feed_name_told(const struct feed_set *s, struct span label, struct buf *out);
/* How far its greatest stamp is ahead of now_ms; 0 if it is not. */
static inline uint64_t feed_ahead_s(const struct feed *f, uint64_t now_ms)
{
	return f->hlc_max.wall_ms > now_ms ?
		(f->hlc_max.wall_ms - now_ms) / 1000 : 0;
}
uint32_t feed_find(const struct feed_set *s, struct span label);
/* Slots with this alias, at most cap; how many there are. */
size_t feed_by_alias(const struct feed_set *s, uint32_t alias,
		     uint32_t *slots, size_t cap);

/* ---- frontier: the digest's numbers, kept incrementally ---- */

uint64_t feed_root48(const struct feed_set *s);
uint64_t feed_event_count(const struct feed_set *s); /* sum of heads */
uint64_t feed_author_count(const struct feed_set *s);
bool feed_has_forks(const struct feed_set *s);	/* some author is marked */
/* 2c words S_1..S_2c over all authors; c <= SYNDROME_C_MAX. */
const uint32_t *feed_syndrome(const struct feed_set *s);
/* The digest's value of an author: (seq mod 2^20) << 12 | 12 bits of
 * BLAKE2b(head id | forked). 0 for an author not held. */
uint32_t feed_value(const struct feed *f);
/* First 6 bytes of BLAKE2b(alias 4 | value 4), what root48 sums. */
uint64_t feed_root_term(uint32_t alias, uint32_t value);

/* Root history: the log of heads that advanced or were marked as forked
 * (from = to). feed_history_len grows by one for each; feed_history_find gives the position at which the root was
 * `root`, or -ENOENT (bounded: the last 4,096 are kept). */
struct feed_step {
	uint32_t slot;
	uint64_t from, to;
};
uint64_t feed_history_len(const struct feed_set *s);
int64_t feed_history_find(const struct feed_set *s, uint64_t root48);
bool feed_history_step(const struct feed_set *s, uint64_t at,
		       struct feed_step *step);
