/* SPDX-License-Identifier: MIT
 *
 * Inside a station: shared by the files of lib/node. An input begins with
 * node_begin, which forgets the last actions; whatever happens queues new
 * ones; the host takes them when the input returns.
 *
 *   input.c  frame -> port.c  framing, budget  <- lib/sync  what to send
 *               |                                    ^
 *               +-> announce.c, heard.c              | root moved
 *               +-> lib/sync -> waiting.c seals that the host verifies
 *                               ingest.c  body -> feeds, view, records
 *                               stamps.c  the clock
 *                               write.c   own events, seals
 *                               reissue.c own events that were displaced
 *               +-> contents.c  contents of attachments
 */
#pragma once
#include "lib/event/record.h"
#include "lib/node/dataset.h"
#include "lib/node/node.h"
#include "lib/sync/fetch.h"
#include "lib/sync/pack.h"
#include "lib/sync/sched.h"

#define NODE_HEARD_MAX 256
#define NODE_FLOORS_MAX 256
#define NODE_MUTES_MAX 64
#define NODE_REFUSED_MAX 64
#define NODE_BACK_MAX 16
#define NODE_LINK_FRAME_MAX 512
#define APRS_FRAMES 10
#define APRS_WINDOW_US (600 * US_PER_S)

struct node_budget {		/* airtime, in microseconds; may go below 0 */
	int64_t us, cap_us;
	uint64_t filled_us;
	unsigned permille;
};

#define NODE_OCCUPANCY_SLOTS 360	/* an hour */

struct node_occupancy {
	uint64_t slot;		/* the newest one's number, from time 0 */
	uint64_t started_us;
	uint32_t busy_us[NODE_OCCUPANCY_SLOTS];	/* a ring */
};

struct node_port {
	struct node *node;
	int number;
	bool up, guarded, reports_sent;
	bool gone;		/* removed: its number is free */
	struct node_port_config c;
	struct sync_port *sync;
	struct node_budget all, answers;
	uint64_t airtime_us, keyups, frames_out, bytes_out;
	uint64_t frames_in, bytes_in, heard_us;
	struct node_occupancy occupancy;
	struct node_occupancy others;	/* what was heard and is not ours */
	uint64_t verdicts[NODE_VERDICT_COUNT];
	uint64_t aprs_us[APRS_FRAMES];	/* the last ten, a ring */
	unsigned aprs_at;
	struct sync_timer identify;
	bool unidentified;	/* own traffic since the last one */
};

struct node_heard {		/* a station on the air, by call sign */
	char call[AX25_CALL_TEXT];
	int port;
	uint64_t first_us, last_us, last_wall_ms, count, bytes;
	bool direct, cairn, mapped;	/* mapped: root48, events known */
	char via[AX25_CALL_TEXT];	/* last used digipeater */
	uint8_t hops;			/* of its announce; 255 = none */
	uint8_t author[AUTHOR_SIZE];	/* of its announce */
	uint64_t root48, events;	/* of its announce's digest */
};

struct node_floor {		/* the newest announce acted on */
	uint8_t author[AUTHOR_SIZE];
	uint64_t emitted_s;
};

struct node_mute {
	uint8_t author[AUTHOR_SIZE];
	uint64_t seq;		/* 0 = all of it */
};

struct node_order {		/* the greatest serial obeyed; 0 = free */
	uint8_t author[AUTHOR_SIZE];
	uint64_t serial;
};

struct node_refused {		/* a run that stays refused */
	uint32_t alias;
	uint64_t seq;
};

struct node_back {		/* runs that did not fit: ask further back */
	uint32_t slot;
	uint64_t events, until_us;
};

struct node_run_counts {
	unsigned taken, refused, false_;
};

#define NODE_AIRED_MAX 1024

struct node_aired {		/* an author's place: slot % NODE_AIRED_MAX */
	uint32_t slot;
	uint64_t to;		/* up to there it was on a radio's air */
};

enum node_verified { SEAL_INLINE, SEAL_ASKED, SEAL_GOOD, SEAL_BAD };

struct node_waiting {		/* a generation whose seals are verified */
	int port;
	struct sync_whole whole;
	struct node_run_counts counts;
	unsigned asked, told;	/* seals to verify, verdicts that are in */
	unsigned next, at;	/* run to hand out, to admit */
	struct {
		enum node_verified state;
		struct feed_signer signer;
	} seal[RUN_BODY_RUNS_MAX];
	struct run_body body;
};

#define NODE_ECHO_MAX 128	/* a burst of full length, and more */

struct node_echo {		/* a frame that was sent */
	uint64_t sum, until_us;
};

struct node {
	struct node_config c;
	struct ax25_address address;
	bool call_ok, tx_on, loaded, dirty;
	bool tx_switched;	/* by the operator: beats the configuration */
	int log_error;
	uint8_t dataset[DATASET_SIZE];
	uint32_t alias;
	char label[2 * AUTHOR_SIZE + 1];
	uint32_t own_slot;
	uint8_t bare_dest[RNS_HASH];	/* PLAIN destination cairn.sync */
	uint8_t name_hash[RNS_NAME_HASH];	/* cairn.node */

	struct dataset data;
	struct hlc_clock clock;
	struct hlc adopted;	/* greatest adopted, persisted */
	uint64_t present_ms, present_us;	/* it was that then: stamps.c */
	struct rns_paths *paths;
	struct random rng;
	struct timer_heap heap;
	struct sync_env env;
	struct sync_fetches fetches;	/* contents.c */
	struct clock_now now;	/* of the input at hand */

	struct node_port ports[NODE_PORTS_MAX];
	int n_ports;

	/* generations first..end-1 by number, each at number % MAX; NULL if
	 * the host verifies nothing */
	struct node_waiting *waiting;
	uint64_t waiting_first, waiting_next, waiting_end;
	const struct node_waiting *admitting;
	uint32_t taken_from;	/* whose generation is being taken in */

	struct node_echo echo[NODE_ECHO_MAX];	/* a ring */
	unsigned echo_at;
	uint64_t own_call_us;	/* somebody used it: told then */
	struct node_heard heard[NODE_HEARD_MAX];
	struct node_floor floors[NODE_FLOORS_MAX];
	struct node_mute mutes[NODE_MUTES_MAX];
	unsigned n_mutes;
	struct node_order orders[NODE_CONTROL_MAX];
	bool ordered_off;		/* orders.c */
	unsigned ordered_permille;	/* 0 = none */
	uint64_t orders_obeyed, orders_foreign, orders_old;
	struct node_aired aired[NODE_AIRED_MAX];	/* relay.c */
	struct node_refused refused[NODE_REFUSED_MAX];
	unsigned refused_at;
	struct node_back back[NODE_BACK_MAX];
	unsigned back_at;
	uint64_t feed_verdicts[FEED_VERDICT_COUNT];
	uint64_t run_errors[RUN_ERROR_COUNT];
	uint64_t events_in, clock_skews;
	uint32_t skewed_slot;	/* who was reported last, + 1; 0 = nobody */
	bool bad_seal;

	/* own events */
	struct sync_timer seal;
	struct sync_timer reissue;
	struct sync_timer obey;		/* orders.c */
	struct buf displaced;	/* own events to write again: reissue.c */
	unsigned displaced_left; /* and how many that cannot be */
	bool gap_lost;		/* nobody has what our own feed lacks */
	bool hold;		/* no seal yet: hold-down */
	uint64_t hold_heard_us;	/* traffic is heard since then */
	uint64_t announced_s;	/* emission time of the last own announce */
	uint64_t announced_us;	/* when it was made; 0 = not since the start */
	struct sync_credit announces;
	struct sync_timer announce;

	/* actions of the input at hand; spans are offsets until taken */
	struct node_action *actions;
	size_t n_actions, cap_actions;
	struct span *frames;
	size_t n_frames, cap_frames;
	struct buf arena;
	bool actions_fixed;
	bool appended;		/* a record was queued in this input */
	size_t uncommitted;	/* bytes of records since the last COMMIT */
};

/* ---- actions.c ---- */

void node_begin(struct node *n, struct clock_now now);
/* One more frame for the SEND that follows: copied. */
void node_queue_frame(struct node *n, struct span frame);
/* Takes the frames queued since the last SEND. */
void node_queue_send(struct node *n, int port, uint64_t airtime_us);
void node_queue_append(struct node *n, uint16_t type, uint32_t slot,
		       struct span head, struct span tail);
void node_queue_commit(struct node *n);
void node_queue_note(struct node *n, enum node_note note, int port,
		     const char *text);

/* ---- port.c, budget.c ---- */

void node_env_init(struct node *n);
bool node_port_may_send(const struct node_port *p);
/* After anything that may change it: lets the protocol begin or stop. */
void node_port_review(struct node_port *p);
/* One link frame as one key-up, outside the protocol's bursts. */
void node_port_send_link(struct node_port *p, struct span link_frame);
/* A Reticulum packet, framed for the port. */
void node_port_send_packet(struct node_port *p, struct span packet);
uint64_t node_port_airtime_us(const struct node_port *p, size_t link_len);
void node_budget_init(struct node_budget *b, unsigned permille,
		      uint64_t now_us);
/* From now on that share; what is saved up beyond its hour goes. */
void node_budget_limit(struct node_budget *b, unsigned permille,
		       uint64_t now_us);
void node_budget_take(struct node_budget *b, uint64_t air_us,
		      uint64_t now_us);
/* When it is not in debt any more. */
uint64_t node_budget_clear_us(struct node_budget *b, uint64_t now_us);
/* The same, for who leaves half of it. */
uint64_t node_budget_half_us(struct node_budget *b, uint64_t now_us);

/* ---- identify.c ---- */

void node_identify_init(struct node_port *p);
/* Own traffic left a port whose frames carry no call sign. */
void node_identify_traffic(struct node_port *p);

/* ---- occupancy.c ---- */

/* Air time heard or sent, at its end. */
void node_occupancy_add(struct node_occupancy *o, uint64_t air_us,
			uint64_t now_us);
/* The share of that many slots, up to now, 0 to 1. */
double node_occupancy_share(const struct node_occupancy *o, unsigned slots,
			    uint64_t now_us);
void node_occupancy_json(const struct node_occupancy *o, struct json_out *out,
			 uint64_t now_us);

/* ---- forecast.c ---- */

/* Members of a neighbour's object: what is missing between it and us, and what
 * an exchange would take. */
void node_forecast_json(const struct node_port *p,
			const struct sync_estimate *e, struct json_out *o,
			uint64_t now_us);

/* ---- status.c ---- */

/* Why the port does not send now, or NULL. */
const char *node_port_waiting(const struct node_port *p, uint64_t now_us);
/* The call sign of a neighbour, by its address if need be: dst or elsewhere. */
const char *node_peer_call(const struct node *n, const struct sync_peer *q,
			   char dst[9]);

/* ---- echo.c ---- */

void node_echo_sent(struct node *n, struct span frame);
bool node_echo_is(const struct node *n, struct span frame);

/* ---- heard.c ---- */

/* bytes: of its frame; 0 if that was counted before. */
struct node_heard *node_hear(struct node *n, int port, const char *call,
			     size_t bytes);

void node_heard_forget(struct node *n, int port);

/* ---- ingest.c ---- */

enum sync_ingest node_ingest(void *ctx, int port, const struct sync_whole *w,
			     struct span body);
enum feed_verdict node_ingest_run(struct node *n, const struct run *run,
				  struct node_run_counts *counts);
/* Of a body, by what became of its runs. */
enum sync_ingest node_ingested(const struct node_run_counts *counts);
bool node_refused(void *ctx, uint32_t alias, uint64_t seq);
uint64_t node_back(void *ctx, uint32_t slot);
void node_misfit(void *ctx, uint32_t slot);
/* Queues a change's records, never cut by a COMMIT, and shows its events to
 * the view and the clock. The caller commits. */
void node_take_change(struct node *n, const struct feed_change *c);
/* Tells every port if the root moved while this input ran; port: where the
 * events came from (from n->taken_from), -1 = the operator. */
void node_root_moved(struct node *n, uint64_t root_before, int port);

/* ---- relay.c ---- */

/* A body that came by that port (-1: by hand): each event knows how. */
void node_relay_mark(const struct node *n, int port, struct run_body *b);
/* sync_env's: what goes out on a port, and what was on its air. */
enum sync_pass node_relay_pass(void *ctx, int port, uint32_t slot,
			       const struct event *e);
void node_relay_aired(void *ctx, int port, uint32_t slot, uint64_t from,
		      uint64_t to);
/* What the root's moving means to port `to`, by events from port `from`. */
enum sync_moved node_relay_moved(const struct node *n, int from, int to);

/* ---- waiting.c ---- */

/* Room for waiting generations; what feeds ask of a seal. 0 or -ENOMEM. */
int node_waiting_init(struct node *n);
bool node_waiting_check(void *ctx, struct span label,
			const uint8_t author[AUTHOR_SIZE], const uint8_t *key,
			uint64_t seq, const uint8_t id[EVENT_ID_SIZE],
			const uint8_t seal[EVENT_SEAL_SIZE]);
/* The place in which the next body is decoded: there always is one. */
struct node_waiting *node_waiting_place(struct node *n);
/* Whether the body decoded there waits; if not, it is to be taken in now. */
bool node_waiting_add(struct node *n, int port, const struct sync_whole *w);
/* At the end of an input: leaves a place free, if need be by verifying the
 * oldest here. */
void node_waiting_room(struct node *n);
void node_waiting_drop(struct node *n);
/* ---- stamps.c ---- */

void node_stamps_start(struct node *n);
/* The next own stamp: 0 or -ERANGE. */
int node_stamps_next(struct node *n, struct hlc *out);
/* Events of slot that were admitted. */
void node_stamps_take(struct node *n, uint32_t slot, const struct event *list,
		      size_t n_events);
/* The time, as far as it is known here: Unix milliseconds. */
uint64_t node_stamps_present_ms(struct node *n);

/* ---- write.c ---- */

void node_write_init(struct node *n);
void node_seal_arm(struct node *n);
void node_claim_call(struct node *n);
/* A neighbour's digest was compared: the hold-down is over. */
void node_compared(void *ctx);
bool node_holding(void *ctx);
/* Something was heard: counts towards the hold-down's 15 minutes. */
void node_hold_heard(struct node *n);
/* A damaged log lost own events, and has some that came after them. */
bool node_own_gap(const struct node *n);

/* Appends and shows an own event; the caller commits. */
int node_append(struct node *n, uint16_t kind, struct span payload,
		struct event *e);

/* ---- reissue.c ---- */

void node_reissue_init(struct node *n);
void node_reissue_fini(struct node *n);
/* Before a change is queued: what it displaces of the own feed is copied. */
void node_reissue_keep(struct node *n, const struct feed_change *c);
/* Nobody has the own events that are missing: those behind the gap are written
 * again, and the hold-down ends. */
void node_reissue_gap(struct node *n);

/* ---- orders.c ---- */

/* An event that came in: obeyed if it is an order to us, from whom it may. */
void node_order_take(struct node *n, uint32_t slot, const struct event *e);
/* After the duty of a port, or the order, changed. */
void node_orders_apply(struct node *n);
void node_orders_init(struct node *n);
void node_orders_state(const struct node *n, struct json_out *o);
void node_orders_load(struct node *n, const struct json *root);
void node_orders_json(const struct node *n, struct json_out *o);

/* ---- contents.c ---- */

void node_contents_init(struct node *n);
void node_contents_named(struct node *n, const struct event *e);

/* ---- announce.c ---- */

void node_announce_init(struct node *n);
void node_announce_arm(struct node *n);
/* An announce from a port; call: its AX.25 source or "". */
enum node_verdict node_announce_input(struct node *n, struct node_port *port,
				      const char *call, bool direct,
				      const struct rns_packet *p);

/* ---- state.c ---- */

void node_state_load(struct node *n, struct span state);
bool node_muted(const struct node *n, uint32_t slot, uint64_t seq);
