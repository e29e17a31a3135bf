/* SPDX-License-Identifier: MIT
 *
 * Who sends what when: one port of a station as a state machine over decoded
 * messages (docs/protocol.md, "Who sends what when"). It takes frames, their
 * sender and the time, and hands frames for one key-up to its station; it
 * reads no clock and owns no socket.
 *
 *   hear a root --differs--> ask or show a sketch --> generation --> parity
 *        ^                                                             |
 *        +---------------- own root, as acknowledgement <-- complete --+
 *
 * All timers of a station lie in one heap, which the station owns and fires.
 * Tables are bounded: 64 neighbours, 16 generations coming in, 4 going out.
 */
#pragma once
#include "lib/base/clock.h"
#include "lib/base/heap.h"
#include "lib/base/list.h"
#include "lib/base/random.h"
#include "lib/feed/feed.h"
#include "lib/sync/message.h"
#include "lib/sync/need.h"
#include "lib/sync/peer.h"

struct sync_fetch;
struct sync_fetches;
struct blob_piece;

struct sync_timer {
	struct timer timer;
	void (*fire)(struct sync_timer *t, uint64_t now_us);
	void *owner;
};
static inline void sync_timer_fire(struct timer *t, uint64_t now_us)
{
	struct sync_timer *s = container_of(t, struct sync_timer, timer);

	s->fire(s, now_us);
}

enum sync_ingest {
	SYNC_INGEST_DONE,	/* what was new in it is taken in */
	SYNC_INGEST_REFUSED,	/* nothing of it, by policy: it stays so */
	SYNC_INGEST_FALSE,	/* nothing of it: a seal or a key is bad */
	SYNC_INGEST_BAD,	/* not a body */
	SYNC_INGEST_LATER,	/* its seals are being verified: one of the
				   first three comes by sync_port_ingested */
};

/* Whose body came in whole, and what its sender said beside it. */
struct sync_whole {
	uint32_t address;
	uint64_t root48;
	bool more;		/* a further generation follows */
};

enum sync_pass {
	SYNC_PASS,
	SYNC_PASS_HASH,		/* without its payload */
	SYNC_PASS_NOT,		/* neither it nor what follows it */
};

/* How the own root moved, as a port sees it. */
enum sync_moved {
	SYNC_MOVED_HERE,	/* by what was on this port's air */
	SYNC_MOVED_ELSEWHERE,	/* by what never was: it is news here */
	SYNC_MOVED_PRIVATELY,	/* by what is not for this port */
};

/* What the ports ask of their station. */
struct sync_env {
	struct feed_set *feeds;
	const struct store *store;
	uint8_t dataset[DATASET_SIZE];
	uint32_t own_alias;
	struct timer_heap *heap;
	struct random *rng;
	struct run_body *body;		/* scratch for decoding */
	struct sync_pack *pack;		/* scratch for encoding */
	void *ctx;
	/* Frames of one key-up. Returns when it will be over. */
	uint64_t (*send)(void *ctx, int port, const struct span *frames,
			 size_t n, bool answer, uint64_t now_us);
	/* The earliest time at which the port may key (its budget, guards);
	 * answer: to an unsigned request, which has a smaller budget. */
	uint64_t (*clear_us)(void *ctx, int port, bool answer,
			     uint64_t now_us);
	/* Whether an author's events may go out here at all. */
	bool (*may_send)(void *ctx, int port, uint32_t slot);
	/* Whether this event goes. */
	enum sync_pass (*pass)(void *ctx, int port, uint32_t slot,
			       const struct event *e);
	/* An author's events from + 1 .. to were on this port's air, as a
	 * neighbour's heads say: held or not, and not verified. */
	void (*aired)(void *ctx, int port, uint32_t slot, uint64_t from,
		      uint64_t to);
	/* A body that came in whole: admit its runs. */
	enum sync_ingest (*ingest)(void *ctx, int port,
				   const struct sync_whole *w,
				   struct span body);
	/* Whether a run of this author up to seq was refused for good. */
	bool (*refused)(void *ctx, uint32_t alias, uint64_t seq);
	/* How far below the head to ask an author's events again, 0 = not:
	 * what came last did not fit on the standing chain. */
	uint64_t (*back)(void *ctx, uint32_t slot);
	/* Another branch of the author is about: ask from further back. */
	void (*misfit)(void *ctx, uint32_t slot);
	/* A neighbour was seen to hold no more of the own feed than I. */
	void (*compared)(void *ctx);
	/* Whether that is still waited for (hold-down). */
	bool (*holding)(void *ctx);

	/* Contents (sched_bulk.c); both NULL: neither given nor waited for. */
	struct sync_fetches *fetches;
	/* The piece of a chunk of a content that is held, its length; dst
	 * holds BLOB_PIECE_MAX. Less than 0: it is not held. */
	int (*piece)(void *ctx, const uint8_t hash[BLOB_HASH], uint32_t chunk,
		     uint8_t *dst);
	/* A verified chunk of one that is waited for; it may be the last. 0,
	 * or -errno: it is lost. */
	int (*take)(void *ctx, struct sync_fetch *f,
		    const struct blob_piece *p);
	/* As clear_us, with half of the budget kept for all else. */
	uint64_t (*bulk_clear_us)(void *ctx, int port, uint64_t now_us);
};

struct sync_port_config {
	int number;
	unsigned bitrate, txdelay_ms, txtail_ms;
	unsigned overhead;	/* bytes on the air beside the frame */
	unsigned info_max;
	uint32_t address;	/* own (lib/sync/peer.h) */
	bool stream;
};

enum sync_verdict {
	SYNC_TAKEN, SYNC_DUPLICATE, SYNC_DATASET_OTHER, SYNC_VERSION_UNKNOWN,
	SYNC_BAD_FRAME, SYNC_BAD_BODY,
};

/* ---- what lies between a neighbour and me (sched_estimate.c) ---- */

enum sync_basis {
	SYNC_BASIS_NONE,	/* nothing is known of it */
	SYNC_BASIS_COUNTS,	/* the counts of a digest: at least so many */
	SYNC_BASIS_EXACT,	/* a root of my past, or a decoded sketch */
};

struct sync_load {		/* one side's share of an exchange */
	uint64_t frames, keyups;
	uint64_t bytes;		/* on the air, framing included */
	uint64_t air_us;	/* key-ups included */
};

struct sync_estimate {
	enum sync_basis basis;
	bool presumed;		/* equal: it has no reason to say so */
	uint64_t events;	/* that it holds */
	uint64_t lacks, missing;	/* events: there, here */
	struct sync_load give, take;	/* mine, the neighbour's */
};

struct sync_counters {	/* since start */
	uint64_t sent[4], received[4];	/* by enum sync_type */
	uint64_t generations_sent, generations_received;
	uint64_t parity_sent, requests, bad[SYNC_ERROR_COUNT];
	uint64_t undecodable;
	/* contents: WANTs and frames sent, chunks that came, false ones */
	uint64_t bulk_requests, bulk_frames, bulk_chunks, bulk_false;
};

struct sync_port;

struct sync_port *sync_port_new(const struct sync_env *env,
				const struct sync_port_config *c);
void sync_port_free(struct sync_port *p);

/* Whether the port takes part: up, and its transmitter allowed. A port that
 * does not still hears and takes generations in. */
void sync_port_enable(struct sync_port *p, bool on, uint64_t now_us);
/* A frame of a neighbour, heard directly. */
enum sync_verdict sync_port_input(struct sync_port *p, uint32_t address,
				  const char *call, struct span frame,
				  uint64_t now_us);
/* What became of a body that was to be told later. */
void sync_port_ingested(struct sync_port *p, const struct sync_whole *w,
			enum sync_ingest e, uint64_t now_us);
/* The digest of a neighbour's announce. */
void sync_port_digest(struct sync_port *p, uint32_t address, const char *call,
		      const struct sync_digest *d, uint64_t now_us);
/* The own root moved from `before`; from: whose generation moved it, if that
 * was here. */
void sync_port_advanced(struct sync_port *p, uint64_t before,
			enum sync_moved how, uint32_t from, uint64_t now_us);
/* Events that have never been on this port's air; kept over restarts. */
const struct sync_needs *sync_port_news(const struct sync_port *p);
void sync_port_news_load(struct sync_port *p, uint32_t slot, uint64_t from);
/* Some of these that came to be so: events that may go out here after all. */
void sync_port_news_add(struct sync_port *p, uint32_t slot, uint64_t from,
			uint64_t to, uint64_t now_us);
/* A content is waited for from now on, or is to be asked for at once. */
void sync_bulk_fetch(struct sync_port *p, const struct sync_fetch *f,
		     uint64_t now_us);
/* The key-up is over, now rather than when `send` guessed. */
void sync_port_sent(struct sync_port *p, uint64_t now_us);
/* A frame came under the own call sign, and is not one of ours: names are forged
 * here. */
void sync_port_forged(struct sync_port *p, uint64_t now_us);
/* Somebody is on the air until then (anything heard that is not ours). */
void sync_port_busy(struct sync_port *p, uint64_t until_us);

/* The own digest with a syndrome of c (2c words). */
void sync_digest_make(const struct sync_env *env, struct sync_digest *d,
		      unsigned c);
struct sync_peers *sync_port_peers(struct sync_port *p);
/* What an exchange with a neighbour would take, its losses and requests
 * included. encode: my part is encoded (the first 4 generations of it, some
 * 20 ms each), else reckoned from what events took here so far. */
void sync_port_estimate(struct sync_port *p, const struct sync_peer *peer,
			bool encode, struct sync_estimate *out,
			uint64_t now_us);
/* The operator's word: asks that neighbour, if it is not known to hold the
 * same, else says the own root; as soon as channel and budget allow, and unless
 * an exchange is open anyway. peer may be NULL. */
void sync_port_speak(struct sync_port *p, struct sync_peer *peer,
		     uint64_t now_us);
const struct sync_counters *sync_port_counters(const struct sync_port *p);
/* Air time of a frame of len bytes, and of the key-up around it. */
uint64_t sync_airtime_us(const struct sync_port *p, size_t len);
uint64_t sync_keyup_us(const struct sync_port *p);
/* Why nothing is being sent, in a word, or NULL: "engaged", "silence" ... */
const char *sync_port_state(const struct sync_port *p, uint64_t now_us);
