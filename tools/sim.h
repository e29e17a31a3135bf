/* SPDX-License-Identifier: MIT
 *
 * cairn-sim's parts: the scenario (sim_scenario.c), the events it is about
 * (sim_events.c), the lower bound (sim_bound.c) and the run (sim_run.c). A
 * seed decides everything: topology, keys, events, channel and jitter.
 */
#pragma once
#include <stdio.h>
#include "lib/air/air.h"
#include "lib/base/buf.h"
#include "lib/base/json.h"
#include "lib/base/random.h"
#include "lib/event/blob_tree.h"
#include "lib/event/event.h"
#include "lib/rns/rns.h"

#define SIM_FEEDS_MAX 100000

/* ---- scenario ---- */

enum sim_topology { SIM_CLIQUE, SIM_LINE, SIM_RGG, SIM_CLUSTERS };
enum sim_holder { SIM_NODE0, SIM_HOME, SIM_ALL };
enum sim_attack {	/* MIXED is some of each */
	SIM_ATTACK_MIXED, SIM_ATTACK_SILENT, SIM_ATTACK_LYING_DIGEST,
	SIM_ATTACK_REPLAYED_DIGEST, SIM_ATTACK_HUGE_DIGEST,
	SIM_ATTACK_WANT_FLOOD, SIM_ATTACK_OFFER_FLOOD, SIM_ATTACK_FORGED_NAV,
	SIM_ATTACK_POISONED_PARITY, SIM_ATTACK_BOMB, SIM_ATTACK_GROUND_ALIAS,
	SIM_ATTACK_REPLAYED_ANNOUNCE, SIM_ATTACKS,
};

struct sim_scenario {
	char name[64];
	unsigned nodes, authors;
	enum sim_topology topology;
	double radius;			/* rgg: of the unit square */
	unsigned clusters, cluster_size;
	uint64_t base_lo, base_hi;	/* events an author has at first */
	unsigned new_events, new_authors;	/* 0 authors = all */
	enum sim_holder holder;
	bool warm;	/* neighbours and own past roots are known */
	bool empty;	/* all but node 0 begin with their own feed only */
	bool announce;
	double duration_s;
	unsigned step_s;	/* between two pieces of an author's news, at most */
	unsigned duty_permille;
	unsigned hostile;	/* stations that send false frames ... */
	enum sim_attack attack;	/* ... of this kind ... */
	double pause_s;		/* ... so often, in the mean */
	double writes;		/* events that a station writes in an hour */
	bool whole;		/* runs for all of duration_s */
	bool noise;		/* the attack as noise of that length */
	unsigned photo;		/* bytes of a content that station 0 holds ... */
	unsigned photo_wanted;	/* ... and so many others wait for */
	double cut_from_s, cut_to_s;	/* nobody hears anybody meanwhile */
	char events[256];	/* a file of events instead of ours, or "" */
	struct air_config phy;
};

/* 0, or -1 with a sentence in err. */
int sim_scenario_load(struct sim_scenario *s, const char *path, char err[160]);

/* Who hears whom: a mask a station. */
struct sim_graph {
	unsigned n;
	uint64_t adj[AIR_STATIONS_MAX];
};
void sim_graph_make(struct sim_graph *g, const struct sim_scenario *s,
		    struct random *rng);
/* Stations that must transmit, at least, so that all hear what one or, if
 * many hold news, all have: 1 in a clique, n - 1 on a line, the size of a
 * greedy connected dominating set elsewhere. */
unsigned sim_graph_transmitters(const struct sim_graph *g,
				const struct sim_scenario *s);

/* ---- events ---- */

struct sim_event {
	uint64_t seq, wall_ms;
	uint16_t kind;
	size_t at, len;		/* payload in sim_data.payloads */
};

struct sim_feed {
	struct rns_identity id;
	char label[33], call[12];
	unsigned home;
	uint64_t base, full;	/* heads before and after the news */
	uint64_t held;		/* every station has so many at first */
	struct sim_event *events;	/* full */
	struct buf records;	/* type 2 | len 4 | bytes, little-endian */
	size_t base_len;	/* of records, what belongs to the base */
};

struct sim_data {
	uint8_t dataset[DATASET_SIZE];
	unsigned n_feeds;
	struct sim_feed *feeds;
	struct buf payloads;
	uint64_t wall_ms;	/* after every stamp: when the run begins */
};

#define SIM_DATASET "default"

/* 0, or -1 with a sentence in err. */
int sim_data_make(struct sim_data *d, const struct sim_scenario *s,
		  struct random *rng, char err[160]);
void sim_data_fini(struct sim_data *d);

/* Calls fn for each record in [from, to) of feed i's records. */
typedef int (*sim_record_fn)(void *ctx, uint16_t type, uint32_t slot,
			     struct span record);
int sim_feed_records(const struct sim_data *d, unsigned i, size_t from,
		     size_t to, sim_record_fn fn, void *ctx);

/* One payload of field work and its kind (sim_words.c). */
uint16_t sim_payload_make(struct buf *out, const char *call,
			  struct random *rng);

/* ---- bound ---- */

struct sim_bound {
	uint64_t news;		/* events */
	uint64_t content, seals, difference;	/* bytes, once */
	unsigned transmitters;
	uint64_t framed;	/* all of it, 19 bytes a 256 more */
};
void sim_bound_make(struct sim_bound *b, const struct sim_data *d,
		    const struct sim_scenario *s, const struct sim_graph *g);

/* ---- run ---- */

struct sim_result {
	uint64_t seed;
	bool converged;
	double t_s, t50_s, t90_s, t99_s;	/* -1: not reached */
	double photo_s;		/* all have it; -1: not, or there is none */
	double lag_s;		/* the worst of what stations wrote */
	struct air_stats air;
	struct sim_bound bound;
	double wall_s;		/* what the run took us */
};
/* trace: every frame, a line, on stderr. 0, or -1 with a sentence in err. */
int sim_run(struct sim_result *r, const struct sim_scenario *s, uint64_t seed,
	    bool trace, char err[160]);

/* From an event's author to all stations (sim_lag.c). */
struct sim_lag;
struct sim_lag *sim_lag_new(unsigned stations);
/* A station took in that author's events after seq `from`, up to `to`. */
void sim_lag_moved(struct sim_lag *l, unsigned author, uint64_t from,
		   uint64_t to, uint64_t now_us);
/* The longest; what has not reached all counts until end_us. */
double sim_lag_worst_s(const struct sim_lag *l, uint64_t end_us);

/* One line about a frame that station i hands to its TNC (sim_trace.c). */
void sim_trace_frame(uint64_t now_us, unsigned i, struct span frame);

/* The bound over the events of a file of `cairn export`, sent once by one
 * station: a JSON line on stdout. 0, or -errno, said. */
int sim_once(const char *path);
