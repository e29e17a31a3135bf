/* SPDX-License-Identifier: MIT
 *
 * Inside a port: shared by the files sched*.c, one for each kind of message.
 * All times in microseconds. F = air time of a 256-byte frame, T = TXDELAY +
 * tail, S = T + air time of a 16-byte frame, n = neighbours heard in 90 min.
 */
#pragma once
#include "lib/sync/fetch.h"
#include "lib/sync/generation.h"
#include "lib/sync/pack.h"
#include "lib/sync/sched.h"
#include "lib/sync/trickle.h"

#define SYNC_RX_MAX 16
#define SYNC_RX_LIFE_US (60 * US_PER_S)
#define SYNC_TX_MAX 4
#define SYNC_BULK_RX_MAX 4
#define SYNC_BURST_MAX 80
#define SYNC_KEYUP_MAX_US (15 * US_PER_S)	/* at 1200 bit/s */
#define SYNC_HOLD_US (20 * US_PER_S)
#define SYNC_ONAIR_MAX 256
#define SYNC_FRAME_MAX 256
#define SYNC_REQUEST_TRIES 6
#define SYNC_WANT_TRIES 4
#define SYNC_OFFER_FAILED_MAX 6
#define SYNC_STRANGE_MAX 8
#define SYNC_SIGNS_MAX 64
#define SYNC_ASKED_US (30 * US_PER_S)	/* an answer comes within */
#define SYNC_ASKS_MAX 12	/* for nothing, of each kind */
#define SYNC_ASKS_FALL_US (3600 * US_PER_S)

struct sync_port;

struct sync_lack {		/* and the neighbours that lack it */
	struct sync_need need;
	uint64_t who;		/* bit: place in the table */
};

struct sync_shape {		/* of a sketch; c = 0 is the root alone */
	uint8_t c, part_bits;
	bool proven;		/* a sketch of that neighbour decoded */
};

struct sync_rx {		/* a generation coming in */
	bool used;
	struct sync_port *port;
	uint32_t address;
	uint64_t at_us;		/* its last frame */
	struct generation_rx g;
	bool passive;		/* nothing new is expected in it */
	bool asked;		/* it answers me */
	bool doubted;		/* not waited for: too many came to nothing */
	bool counted;		/* among begun */
	bool known;		/* frame 0 shows that I hold all of it */
	bool done;
	bool more;		/* its sender has a further one */
	bool more_asked;	/* by me or another, or it came */
	uint8_t seen;		/* frames that went out, as far as I know */
	uint8_t until;		/* frames that will have gone out: asked for */
	uint8_t half_tries;
	uint8_t heard_needed;	/* what another station asked for */
	uint64_t heard_needed_us;
	struct sync_timer request;
};

struct sync_tx {		/* a generation going out */
	bool used;
	struct generation g;
	uint64_t at_us;
	bool more, go, gone_on, due;
	uint8_t needed, parity_sent;
	struct sync_needs holds, rest;
};

struct sync_burst_frame {
	uint8_t tx, index;	/* place in p->tx, frame index */
	uint8_t ahead;
};

struct sync_told {		/* by a neighbour's sketch that decoded ... */
	uint64_t theirs, mine;	/* ... when these were the roots */
	uint8_t part_bits;	/* it was of one part in 2^part_bits */
	uint8_t gives_n, wants_n;
	struct { uint32_t slot; uint64_t from; } gives[SYNDROME_C_MAX];
	struct { uint32_t alias; uint64_t have, to; } wants[SYNDROME_C_MAX];
};

struct sync_bulk_rx {		/* a chunk coming in */
	bool used;
	uint32_t address;
	uint64_t at_us;		/* its last frame */
	uint8_t seen;		/* frames that went out, as far as I know */
	struct generation_rx g;
};

struct sync_bulk_fetch {	/* asking for one, here */
	uint64_t due_us;
	uint32_t holder;	/* who gave a chunk; 0 = not known */
	uint8_t tries;		/* in vain, in a row ... */
	uint64_t vain_us, before_us;	/* ... the last of them, one before */
};

struct sync_bulk {		/* sched_bulk.c */
	struct sync_timer ask, give;
	uint64_t quiet_us;	/* another exchange of this kind, until then */
	bool asking;		/* nothing came yet ... */
	uint8_t asked;		/* ... of this one, the last asked for */
	struct sync_bulk_fetch fetch[SYNC_FETCHES_MAX];
	struct sync_want_bulk give_want;	/* while `give` is armed */
	uint64_t give_until_us;
	struct sync_bulk_rx rx[SYNC_BULK_RX_MAX];
};

struct sync_port {
	const struct sync_env *env;
	struct sync_port_config c;
	bool on;
	uint64_t since_us;	/* ... since */
	uint64_t F, T, S, imin_floor;

	struct trickle trickle;
	struct sync_timer trickle_timer;
	struct sync_peers peers;
	struct sync_told told[SYNC_PEERS_MAX];	/* place by place */
	uint64_t coded_events, coded_bytes;	/* in generations, so far */
	struct sync_counters count;

	uint64_t nav_us, pace_us, rx_busy_us;	/* silence, until */
	uint64_t load_us, load_at_us;	/* on the air lately: sync_by_load */
	uint64_t forged_us;	/* somebody forges names: seen then */
	uint64_t strange[SYNC_STRANGE_MAX];	/* roots heard since */
	unsigned strange_at;
	uint32_t signs[SYNC_SIGNS_MAX];	/* who named whom, that I do not hear */
	unsigned signs_at;
	uint64_t hidden_us;	/* a station that I do not hear was named */
	uint64_t nav_window_us, nav_used_us;	/* its cap, rule 10 */

	/* digests */
	struct sync_timer say, reply, ack, greet;
	bool say_root;		/* `say` is the cut-vertex word */
	bool reply_addressed, reply_offer;
	uint64_t reply_since_us;
	uint64_t last_digest_us, last_digest_root;
	uint64_t sketch_us;	/* one with a sketch */
	struct sync_shape last_shape;
	uint64_t said_root;	/* said at least once ... */
	bool said;
	uint64_t equal_us;	/* my root was heard from somebody */
	uint8_t part, fails;
	uint32_t reply_address;
	unsigned futile;	/* digests that led nowhere, in a row */

	/* giving */
	struct sync_needs push;
	struct sync_turn turn;
	bool push_due;
	struct sync_timer push_timer, repair, burst_timer;
	struct sync_tx tx[SYNC_TX_MAX];
	uint8_t tx_next, generation;
	bool sending;		/* a key-up is on the air or queued */
	struct sync_burst_frame burst[SYNC_BURST_MAX];
	unsigned burst_n, burst_at;
	bool burst_key;		/* the last key-up was one of a burst */
	bool burst_gap;		/* between two key-ups of it */
	uint64_t burst_air_us, sent_us;
	struct {
		uint32_t slot;
		uint64_t to, at_us;
	} onair[SYNC_ONAIR_MAX];

	/* news: never on this port's air; and what some are known to lack */
	struct sync_needs news;
	struct sync_lack lacks[SYNC_NEEDS_MAX];
	unsigned lacks_n;
	struct sync_timer offer, floor;
	uint64_t floor_us;	/* the last speaker says who is next, until */
	bool offering;		/* an OFFER is out ... */
	unsigned offer_n;	/* ... to these, the first lacks most */
	uint32_t offer_to[SYNC_OFFER_MAX];
	unsigned offer_wanted;	/* bit a target: it answered */
	unsigned offers_failed;	/* in a row */
	struct sync_credit offers;	/* of others, believed */

	/* wanting */
	bool want, want_list;	/* want_list: by list, else by root */
	bool want_once;		/* it answers an offer */
	uint32_t want_address;
	uint8_t want_tries;
	unsigned want_yields;	/* given up for that of another */
	struct { uint32_t alias; uint64_t have, to; } want_v[SYNC_WANT_MAX];
	unsigned want_n;
	struct sync_timer want_timer;

	/* generations coming in */
	struct sync_rx rx[SYNC_RX_MAX];
	uint64_t rx_frame_us, rx_claim_us; /* the last; more was to come until */
	struct sync_credit begun;	/* and not finished */
	struct sync_credit asks;	/* sketches and WANTs by root */
	unsigned loss_permille;
	bool moved;		/* the root moved since the port began ... */
	uint64_t moved_us;	/* ... then, the last time */

	struct sync_bulk bulk;
};

/* ---- sched_life.c: units, silence, timers ---- */

unsigned sync_n(const struct sync_port *p, uint64_t now_us);
/* Those heard once do not count where such names are made up; not among hidden
 * stations, many of which are heard once. */
bool sync_names_made_up(const struct sync_port *p, uint64_t now_us);
uint64_t sync_imin(const struct sync_port *p, uint64_t now_us);
/* Stations that I do not hear were named lately ... */
bool sync_beyond(const struct sync_port *p, uint64_t now_us);
/* ... and my neighbours are more than two: the rules for hidden stations. */
bool sync_hidden(const struct sync_port *p, uint64_t now_us);
uint64_t sync_spread(const struct sync_port *p, uint64_t now_us);
uint64_t sync_random(struct sync_port *p, uint64_t below_us);
uint64_t sync_quiet_us(const struct sync_port *p);
/* A wait that leaves a busy channel to others: all of it where a fifth of the
 * last minute was on the air, in proportion less where less was. */
uint64_t sync_by_load(struct sync_port *p, uint64_t wait_us, uint64_t now_us);
bool sync_engaged(const struct sync_port *p, uint64_t now_us, bool but_quiet);
/* Arms a timer of the port; nothing happens while the port is off. */
void sync_arm(struct sync_port *p, struct sync_timer *t, uint64_t due_us);
void sync_disarm(struct sync_port *p, struct sync_timer *t);
/* Called first in a timer that would send: true = not now, it is armed
 * again. */
bool sync_gate(struct sync_port *p, struct sync_timer *t, bool answer,
	       uint64_t now_us);
/* Hold back for somebody else's exchange; capped (rule 10). */
void sync_nav(struct sync_port *p, uint64_t until_us, uint64_t now_us);
/* What is left of the quarter; and silence that was kept for nothing. */
uint64_t sync_nav_left(struct sync_port *p, uint64_t now_us);
void sync_nav_charge(struct sync_port *p, uint64_t us, uint64_t now_us);
/* n <= 4 messages as one key-up. False if they could not be sent. */
bool sync_send(struct sync_port *p, const struct sync_message *m, unsigned n,
	       bool answer, uint64_t now_us);
/* Frames of one key-up, as they are. */
void sync_key(struct sync_port *p, const struct span *frames, unsigned n,
	      bool answer, uint64_t now_us);
/* Whether there is credit for questions and offers: if not, somebody lies. */
bool sync_trusting(struct sync_port *p, uint64_t now_us);
/* An exchange with the neighbour moved nothing: back off, up to an hour. */
void sync_fruitless(struct sync_port *p, struct sync_peer *peer,
		    uint64_t now_us);
void sync_trickle_reset(struct sync_port *p, uint64_t now_us);
static inline uint16_t sync_target(uint32_t address)
{
	return (uint16_t)(address >> 16);
}
static inline enum run_coder sync_coder(const struct sync_port *p)
{
	return p->c.stream ? RUN_ZSTD : RUN_MODEL;
}
static inline bool sync_made_up(const struct sync_port *p,
				const struct sync_peer *peer, uint64_t now_us)
{
	return peer->once && sync_names_made_up(p, now_us);
}
static inline bool sync_for_me(const struct sync_port *p, uint16_t target)
{
	return target == sync_target(p->c.address);
}

/* ---- sched_digest.c ---- */

void sync_digest_init(struct sync_port *p);
void sync_trickle_fired(struct sync_port *p, uint64_t now_us);
void sync_on_digest(struct sync_port *p, struct sync_peer *peer,
		    const struct sync_digest *d, uint64_t now_us);
void sync_reply(struct sync_port *p, struct sync_peer *peer, bool addressed,
		uint64_t now_us);
void sync_reply_offer(struct sync_port *p, bool addressed, uint64_t now_us);
void sync_ack_arm(struct sync_port *p, uint64_t now_us);
void sync_greet_arm(struct sync_port *p, uint64_t now_us);

/* ---- sched_sketch.c ---- */

struct sync_difference {
	struct sync_needs give;
	struct { uint32_t alias; uint64_t have, to; } want[SYNC_WANT_MAX];
	unsigned want_n;
	unsigned terms;
	bool odd;	/* same seq, another head or mark: a fork */
};
/* Decodes a digest against the own frontier; false: it does not decode. */
bool sync_sketch_decode(struct sync_port *p, const struct sync_digest *d,
			struct sync_difference *out);
void sync_sketch_make(const struct sync_env *env, struct sync_digest *d,
		      unsigned c, uint8_t part_bits, uint8_t part);

/* ---- sched_estimate.c ---- */

void sync_estimate_init(struct sync_port *p);
/* A sketch of the neighbour decoded to this. */
void sync_estimate_told(struct sync_port *p, const struct sync_peer *peer,
			const struct sync_digest *d,
			const struct sync_difference *diff);
/* So many events took so many bytes in a generation, sent or heard. */
void sync_estimate_coded(struct sync_port *p, uint64_t events, size_t bytes);

/* ---- sched_give.c, sched_burst.c ---- */

void sync_give_init(struct sync_port *p);
/* What the feeds took in since that root; false if it is not in history. */
bool sync_since(struct sync_port *p, uint64_t root48, struct sync_needs *out);
/* The same, from a step of history on. */
void sync_since_step(struct sync_port *p, uint64_t at, struct sync_needs *out);
void sync_give(struct sync_port *p, struct sync_peer *peer,
	       struct sync_needs *needs, uint64_t now_us);
/* Whether any of it may go out here. */
bool sync_sendable(const struct sync_port *p, const struct sync_need *v);
/* Drops what may not. True if that was all: then nothing lies between us. */
bool sync_kept(struct sync_port *p, struct sync_peer *peer,
	       struct sync_needs *needs);
void sync_push_add(struct sync_port *p, const struct sync_needs *needs,
		   uint64_t delay_us, uint64_t now_us);
/* Drops what one of the last generations holds or leaves to the next. */
void sync_needs_drop_served(struct sync_port *p, struct sync_needs *needs,
			    uint64_t within_us, uint64_t now_us);
bool sync_recently_served(const struct sync_port *p, uint64_t now_us);
void sync_onair(struct sync_port *p, uint32_t slot, uint64_t to,
		uint64_t now_us);
bool sync_was_onair(const struct sync_port *p, uint32_t slot, uint64_t to,
		    uint64_t now_us);
void sync_on_request(struct sync_port *p, const struct sync_want *w,
		     uint64_t now_us);
void sync_burst_init(struct sync_port *p);
void sync_burst_add(struct sync_port *p, unsigned tx, unsigned index,
		    unsigned ahead);
void sync_burst_start(struct sync_port *p, uint64_t now_us);
unsigned sync_burst_keyup_frames(const struct sync_port *p, size_t len);

/* ---- sched_reached.c ---- */

/* A neighbour says a root: false if it said a later one of mine before. To be
 * called before the root is noted. */
bool sync_reached(struct sync_port *p, struct sync_peer *peer, uint64_t root48);
/* Drops what it is known to hold. */
void sync_needs_drop_reached(struct sync_port *p, const struct sync_peer *peer,
			     struct sync_needs *needs);

/* ---- sched_wary.c ---- */

/* A neighbour named a station that I do not hear. */
void sync_hidden_sign(struct sync_port *p, const struct sync_peer *by,
		      uint16_t target, uint64_t now_us);
/* Somebody forges names here, and no stations are hidden. */
bool sync_wary(const struct sync_port *p, uint64_t now_us);
/* Whether a root that a neighbour says, in a WANT or OFFER or in a digest, counts. To be
 * called before it is noted. */
bool sync_credible(const struct sync_port *p, const struct sync_peer *peer,
		   uint64_t root48, uint64_t now_us);
bool sync_credible_digest(struct sync_port *p, const struct sync_peer *peer,
			  uint64_t root48, uint64_t now_us);
/* One more may be in vain, of those that c counts; among hidden stations, where
 * most is in vain for honest reasons, always, if the neighbour is proven. */
bool sync_dare(struct sync_port *p, struct sync_peer *peer,
	       struct sync_credit *c, uint64_t now_us);
/* Whether a neighbour is given what was on the air before. */
bool sync_may_give(struct sync_port *p, struct sync_peer *peer,
		   uint64_t now_us);

/* ---- sched_want.c ---- */

void sync_want_init(struct sync_port *p);
void sync_want_drop(struct sync_port *p);
void sync_want_root(struct sync_port *p, struct sync_peer *peer,
		    uint64_t now_us);
void sync_want_list(struct sync_port *p, struct sync_peer *peer,
		    const struct sync_difference *d, uint64_t now_us);
void sync_on_want(struct sync_port *p, struct sync_peer *peer,
		  const struct sync_want *w, uint64_t now_us);

/* Answers an OFFER: at once, or as the place among its targets says. */
void sync_want_offered(struct sync_port *p, struct sync_peer *peer,
		       unsigned place, uint64_t now_us);

/* ---- sched_offer.c ---- */

void sync_offer_init(struct sync_port *p);
void sync_news_add(struct sync_port *p, uint32_t slot, uint64_t from,
		   uint64_t to);
void sync_news_aired(struct sync_port *p, uint32_t slot, uint64_t to);
void sync_news_contend(struct sync_port *p, uint64_t now_us);
/* So few that they go out without an offer. */
bool sync_news_few(const struct sync_port *p);
/* News are being passed round: an offer waits to be served. */
bool sync_news_flow(const struct sync_port *p, uint64_t now_us);
/* My generation is out: the floor goes to who offers most. */
void sync_floor_arm(struct sync_port *p, uint64_t now_us);
/* Somebody else's is: its speaker says who is next. Not for what a forger can
 * have again and again. */
void sync_floor_hold(struct sync_port *p, uint64_t now_us);
bool sync_news_wanted(struct sync_port *p, struct sync_peer *peer,
		      uint64_t now_us);
void sync_on_offer(struct sync_port *p, struct sync_peer *peer,
		   const struct sync_offer *o, uint64_t now_us);

/* ---- sched_cover.c ---- */

uint64_t sync_cover_live(const struct sync_port *p, uint64_t now_us);
uint64_t sync_cover_reach(const struct sync_port *p,
			  const struct sync_peer *v);
void sync_cover_list(struct sync_port *p, struct sync_peer *peer,
		     const struct sync_offer *o, uint64_t now_us);
void sync_cover_tell(struct sync_port *p, struct sync_offer *o,
		     uint64_t now_us);
bool sync_cover_spare(const struct sync_port *p, uint64_t now_us);
/* Its place in the masks; 0 if it is not known. */
uint64_t sync_cover_bit(struct sync_port *p, uint32_t address);
void sync_lacks_add(struct sync_port *p, const struct sync_need *need,
		    uint64_t who);
void sync_lacks_served(struct sync_port *p, uint32_t slot, uint64_t to,
		       uint64_t who);
void sync_lacks_exact(struct sync_port *p, const struct sync_peer *peer,
		      const struct sync_needs *needs, unsigned part_bits,
		      unsigned part);
void sync_lacks_taken(struct sync_port *p, const struct sync_needs *since,
		      uint32_t address, uint64_t now_us);
void sync_lacks_forget(struct sync_port *p, const struct sync_peer *peer);
bool sync_lacks_wish(const struct sync_port *p, uint64_t now_us);
unsigned sync_lacks_of(const struct sync_port *p, const struct sync_peer *q);
unsigned sync_lacks_sum(const struct sync_port *p, unsigned *sum,
			uint64_t now_us);
void sync_lacks_pick(const struct sync_port *p, uint64_t these,
		     struct sync_needs *out, unsigned most);

/* ---- sched_rx.c ---- */

void sync_rx_init(struct sync_port *p);
bool sync_rx_open(const struct sync_port *p, uint64_t now_us);
bool sync_rx_busy(const struct sync_port *p, uint64_t now_us);
enum sync_verdict sync_on_events(struct sync_port *p, struct sync_peer *peer,
				 const struct sync_events *e,
				 uint64_t now_us);
/* Another station asked for parity of a generation that I may be hearing. */
void sync_rx_overheard(struct sync_port *p, const struct sync_want *w,
		       uint64_t now_us);

/* ---- sched_bulk.c ---- */

void sync_bulk_init(struct sync_port *p);
/* Somebody is there whom I heard last at heard_us (0: never): what was asked
 * in vain twice since then is asked once more. */
void sync_bulk_wake(struct sync_port *p, uint64_t heard_us, uint64_t now_us);
void sync_on_bulk_want(struct sync_port *p, const struct sync_want *w,
		       uint64_t now_us);
enum sync_verdict sync_on_bulk(struct sync_port *p,
			       const struct sync_peer *peer,
			       const struct sync_events *e, uint64_t now_us);
