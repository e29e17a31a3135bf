/* SPDX-License-Identifier: MIT
 *
 * One station without I/O: bytes and `now` in, actions out. cairnd gives it
 * sockets and the log, cairn-sim a channel and memory; both link this.
 *
 * Inputs: node_input (a frame from a port), node_tick (time), node_write (the
 * operator's events), node_port_* (what the ports do). After each, the host
 * takes node_actions and carries them out IN ORDER: what follows an APPEND
 * leaves only when that is durable. Nothing is allocated per frame; spans in
 * actions live until the next input.
 */
#pragma once
#include "ax25/frame.h"
#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "lib/event/blob_tree.h"
#include "lib/feed/feed.h"
#include "lib/rns/rns.h"
#include "lib/view/view.h"

#define NODE_PORTS_MAX 16
#define NODE_BURST_MAX 80	/* frames of one action */

enum node_framing { NODE_AX25, NODE_BARE };
enum node_profile { NODE_RADIO, NODE_STREAM };

struct node_port_config {
	char name[16];
	enum node_framing framing;
	enum node_profile profile;
	unsigned bitrate;	/* bit/s on the air */
	unsigned txdelay_ms, txtail_ms, slottime_ms, persistence;
	unsigned duty_permille;	/* airtime budget, 100 = 10 % */
	unsigned info_max;	/* 256 */
	bool allow_shared;	/* APRS guard off */
	bool rf_relay;		/* radio: sends what came over IP, too */
	bool bare_rf;
};

#define NODE_CONTROL_MAX 8

/* Whose orders are obeyed: a call sign, and if not "" the beginning of the
 * author that it must be. */
struct node_control {
	char call[12];
	char author[2 * AUTHOR_SIZE + 1];
};

/* Where the host has contents of attachments (lib/node/contents.c); all NULL:
 * nowhere. They are called during inputs, and call no input. */
struct node_contents {
	void *ctx;
	/* The piece of a chunk of a content that is here: its length, or less
	 * than 0; dst holds BLOB_PIECE_MAX. */
	int (*piece)(void *ctx, const uint8_t hash[BLOB_HASH], uint32_t chunk,
		     uint8_t *dst);
	/* A chunk of one that is waited for. 0, -errno: the wait is over. */
	int (*keep)(void *ctx, const uint8_t hash[BLOB_HASH], uint64_t size,
		    const struct blob_piece *p);
	/* It was the last; the content is waited for no more. */
	void (*whole)(void *ctx, const uint8_t hash[BLOB_HASH]);
	/* An event names a content: node_fetch after the input, if it is
	 * wanted. May be NULL. */
	void (*named)(void *ctx, const uint8_t hash[BLOB_HASH],
		      uint64_t size);
};

struct node_config {
	struct rns_identity identity;
	char callsign[12];	/* "" or a placeholder: never transmits */
	char dataset[64];
	bool transmit;		/* as configured; node_transmit overrides */
	bool digest_announce;	/* Reticulum announces, off in pure tests */
	uint64_t build_wall_ms;	/* a clock before this is not good */
	uint64_t drift_ms;
	uint64_t seed;		/* of the jitter */
	struct store store;
	size_t authors_max;
	uint64_t author_events_max, author_bytes_max;
	struct node_contents contents;
	bool verifies;		/* the host verifies seals (node_seal_next) */
	struct node_control control[NODE_CONTROL_MAX];
};

enum node_action_type {
	NODE_SEND,	/* frames on a port, one key-up */
	NODE_APPEND,	/* a record for events/ (type, slot, bytes) */
	NODE_COMMIT,	/* the appends so far are one transaction */
	NODE_NOTE,	/* something happened that people may want to see */
};

enum node_note {
	NOTE_PORT_GUARDED, NOTE_FORK, NOTE_CLOCK_SKEW,
	NOTE_CALL_CLAIMED_TWICE, NOTE_TX_OFF, NOTE_TX_ON, NOTE_HEALED,
	NOTE_ORDER_REFUSED, NOTE_CONTENT_WHOLE, NOTE_CONTENT_LOST,
	NOTE_OWN_CALL,
};

struct node_action {
	enum node_action_type type;
	int port;
	const struct span *frames;	/* SEND: link frames, no KISS */
	size_t n_frames;
	uint64_t airtime_us;
	uint16_t record_type;		/* APPEND */
	uint32_t slot;
	struct span record;
	enum node_note note;
	const char *text;
};

/* What became of a received frame, for frames/ and `monitor`. */
enum node_verdict {
	NODE_OK, NODE_DUPLICATE, NODE_NOT_OURS, NODE_BAD_FRAME,
	NODE_BAD_ANNOUNCE, NODE_BAD_SEAL, NODE_OTHER_DATASET,
	NODE_OTHER_VERSION, NODE_REFUSED, NODE_DIGIPEATED, NODE_OWN_ECHO,
	NODE_OWN_CALL,	/* the own call sign, but not sent here */
	NODE_VERDICT_COUNT,
};
const char *node_verdict_name(enum node_verdict v);

struct node;

struct node *node_new(const struct node_config *c, struct clock_now now);
void node_free(struct node *n);

/* Start-up, before the first input: the log's records, in order, then
 * node_loaded. clean: the last stop was (no hold-down). */
int node_load(struct node *n, uint16_t type, uint32_t slot, struct span rec);
/* From here on records may be missing: the log is damaged. */
void node_load_damaged(struct node *n);
/* state: what node_state wrote (neighbours, floors, tx switch), or empty. */
int node_loaded(struct node *n, struct span state, bool clean,
		struct clock_now now);
/* Small persistent state as JSON, for DIR/state. */
void node_state(const struct node *n, struct json_out *o);
/* True once after something in node_state changed that must not be lost. */
bool node_state_dirty(struct node *n);

/* Adds a port: its number, the lowest that is free, or -ENOSPC, -ENOMEM; it is
 * down until node_port_up. One that is added before node_loaded finds its
 * neighbours in the state. */
int node_port_add(struct node *n, const struct node_port_config *p);
/* Other settings for one, at work. What the protocol reckons with (framing, bit
 * rate, times) makes it begin anew, its neighbours kept. 0, or -ENOMEM: as it
 * was. */
int node_port_set(struct node *n, int port, const struct node_port_config *p,
		  struct clock_now now);
void node_port_remove(struct node *n, int port, struct clock_now now);
void node_port_up(struct node *n, int port, bool up, struct clock_now now);
/* The key-up of the last SEND on this port is over (ACKMODE, an idle
 * channel). Optional: without it the node estimates; with it, it waits. */
void node_port_sent(struct node *n, int port, struct clock_now now);

/* A link frame: AX.25 without FCS, or a bare Reticulum packet. */
enum node_verdict node_input(struct node *n, int port, struct span frame,
			     struct clock_now now);
void node_tick(struct node *n, struct clock_now now);
/* When node_tick wants to be called next (mono_us), or TIME_NEVER. */
uint64_t node_wake_us(const struct node *n);

/* An own event: payload as CBOR. 0, -EINVAL (payload),
 * -EMSGSIZE (too long for one generation), -EROFS, -ENOSPC, -EKEYREVOKED. The
 * id is returned in id (may be NULL). */
int node_write(struct node *n, uint16_t kind, struct span payload,
	       uint8_t id[EVENT_ID_SIZE], struct clock_now now);

/* Ends the own feed in favour of the author `next`; what is written later is
 * refused, -EKEYREVOKED. And the other half: this feed goes on where that one
 * ended; -EEXIST if it says so of one already. Else as node_write. */
int node_retire(struct node *n, const uint8_t next[AUTHOR_SIZE],
		struct clock_now now);
int node_succeed(struct node *n, const uint8_t previous[AUTHOR_SIZE],
		 struct clock_now now);

/* Seals own events now, whoever may hear of it: for a copy that is carried
 * away. 0 (also if there is nothing to seal), -EAGAIN in the hold-down. */
int node_seal(struct node *n, struct clock_now now);
/* A body of runs from a bundle, admitted as if it came by air. verdicts: of
 * its runs in their order, RUN_BODY_RUNS_MAX; *events: newly held. How many
 * runs, -EINVAL (no body), -EROFS. */
int node_import(struct node *n, struct span body, enum feed_verdict *verdicts,
		uint64_t *events, struct clock_now now);

/* An order to another station: its transmitter (NULL: not said), its duty (0:
 * not said). 0, or as node_write; -EINVAL also for what is no call sign. */
int node_order(struct node *n, struct span station, const bool *tx,
	       unsigned duty_permille, struct clock_now now);

/* The operator's switch: on, off; persists through node_state. -EPERM with
 * a sentence in why[] if a call sign is missing. */
int node_transmit(struct node *n, bool on, struct clock_now now,
		  char why[160]);
/* The configuration was read again. Of *c this takes transmit (the operator's
 * switch, once used, beats it), control and drift_ms. */
void node_configure(struct node *n, const struct node_config *c,
		    struct clock_now now);
/* One AX.25 UI frame with the call sign on a port ("tx test"). */
int node_send_test(struct node *n, int port, struct clock_now now,
		   char why[160]);
/* An announce now, on every port that may send; the next by itself 6 hours
 * later. -EPERM (no port may), -EAGAIN (one a second; six, then one an hour), a
 * sentence in why[]. */
int node_announce(struct node *n, struct clock_now now, char why[160]);
/* A word to the neighbours now, on the port of that name, or to the one of that
 * call sign; NULL: on every port. -EPERM (it may not send), -ENOENT, a
 * sentence in why[]. */
int node_speak(struct node *n, const char *name, struct clock_now now,
	       char why[160]);
/* Stops (or starts again) sending the payload of an author's event, of all
 * of them for seq 0; persists. 0, -ENOENT, -ENOSPC. */
int node_mute(struct node *n, struct span label, uint64_t seq, bool on);
/* Waits for a content, or asks for it again at once; have: chunks that are
 * here, bit i (from the least of byte 0) a chunk, or NULL. No input; it is not
 * kept over a restart. 0, 1 (all of it is here), -ENOSPC (16 are waited for),
 * -EINVAL (no content has that size), -ENOSYS. */
int node_fetch(struct node *n, const uint8_t hash[BLOB_HASH], uint64_t size,
	       const uint8_t *have, struct clock_now now);
int node_fetch_drop(struct node *n, const uint8_t hash[BLOB_HASH]);
unsigned node_fetching(const struct node *n);
void node_fetches_json(const struct node *n, struct json_out *o);
/* The log stopped (0 = fine): relay only what is in memory, refuse writes. */
void node_log_failed(struct node *n, int error);

/* ---- seals verified by the host ---- */

/* One signature to be verified, each alone: Ed25519 of message under key. */
struct node_seal {
	uint64_t token;
	uint8_t key[32];
	uint8_t message[SEAL_MESSAGE_SIZE];
	uint8_t seal[EVENT_SEAL_SIZE];
};

#define NODE_WAITING_MAX 32	/* generations whose seals are not yet in */

/* With config.verifies, a generation that came in whole waits here until all
 * its seals have verdicts; what enters the set is what would have entered at
 * once, in the same order. A verdict that is missing when the place is needed
 * is made inline, so a host that verifies nothing is only slow. */

/* The next seal, oldest generation first; false: none for now. */
bool node_seal_next(struct node *n, struct node_seal *job);
/* Its verdict, in any order; one that is not waited for any more is nothing.
 * No input: call node_admit after some. */
void node_seal_verdict(struct node *n, uint64_t token, bool good);
/* An input: takes in what is verified, as one transaction. True: more is
 * ready; carry the actions out and call again. */
bool node_admit(struct node *n, struct clock_now now);
/* How many generations wait: a host stops reading well before
 * NODE_WAITING_MAX. */
unsigned node_waiting(const struct node *n);

/* The actions of the last input; *count may be 0. */
const struct node_action *node_actions(struct node *n, size_t *count);

/* ---- looking ---- */

struct feed_set *node_feeds(struct node *n);
struct view *node_view(struct node *n);
uint32_t node_own_slot(const struct node *n);
struct span node_label(const struct node *n);	/* the own author's */
bool node_transmitting(const struct node *n);
uint64_t node_airtime_us(const struct node *n, int port);
/* Of one link frame, without the key-up around it; 0 where there is no air. */
uint64_t node_frame_airtime_us(const struct node *n, int port,
			       size_t link_len);
/* Objects of `cairn status --json`, `neighbours`, `heard`. */
void node_status_json(const struct node *n, struct json_out *o,
		      struct clock_now now);
void node_neighbours_json(const struct node *n, struct json_out *o,
			  struct clock_now now);
/* What an exchange will take, for `cairn sync`: the neighbours on that port or
 * of that call sign (NULL: all). encode: what we
 * would send is encoded, up to 0.1 s a neighbour. */
void node_sync_json(const struct node *n, const char *name, bool encode,
		    struct json_out *o, struct clock_now now);
void node_heard_json(const struct node *n, struct json_out *o,
		     struct clock_now now);
/* A question to the dataset (lib/node/dataset.h); false: none. */
bool node_ask(struct node *n, struct span what, struct span a,
	      struct span b, struct json_out *o, struct clock_now now);
