/* SPDX-License-Identifier: MIT
 *
 * One run: the stations of lib/node on the channel of lib/air under a virtual
 * clock that jumps from one wake-up to the next. Time begins when every
 * station has loaded what it holds and comes up.
 */
#include <math.h>
#include <stdlib.h>
#include <time.h>
#include "lib/base/crypto.h"
#include "lib/base/map.h"
#include "lib/feed/memory.h"
#include "lib/node/node.h"
#include "lib/store/blob_memory.h"
#include "tools/sim.h"
#include "tools/sim_hostile.h"

#define PORT 0
#define PORT_NAME "radio"
#define STUCK_TURNS 1000	/* wake-ups at one instant before we complain */

struct sim_station {
	struct node *node;
	struct memory *memory;
	struct blob_memory photo;
	uint32_t slot;		/* of the feed being loaded */
	uint64_t steps;		/* of the root history looked at */
	uint64_t *head;		/* an author: what it holds, as far as news */
	uint64_t write_us;	/* when it writes its next event */
};

struct sim {
	const struct sim_scenario *scenario;
	struct sim_data data;
	struct sim_graph graph;
	struct map *feed_by_label;
	struct air *air;
	struct sim_hostile *hostile;
	struct random writing;
	struct sim_lag *lag;
	uint64_t now_us;
	bool trace, cut;
	unsigned n;
	struct sim_station station[AIR_STATIONS_MAX];
	uint64_t need, have;	/* pieces of news times stations */
	struct sim_result *result;
};

static struct clock_now sim_clock(const struct sim *m)
{
	return (struct clock_now){
		.mono_us = m->now_us, .wall_good = true,
		.wall_ms = m->data.wall_ms + m->now_us / US_PER_MS,
	};
}

/* ---- what a station begins with ---- */

static bool sim_holds_news(const struct sim *m, unsigned station,
			   const struct sim_feed *f)
{
	switch (m->scenario->holder) {
	case SIM_NODE0:
		return station == 0;
	case SIM_HOME:
		return station == f->home;
	case SIM_ALL:
		return true;
	}
	return false;
}

static int station_record(void *ctx, uint16_t type, uint32_t slot,
			  struct span record)
{
	struct sim_station *st = ctx;

	(void)slot;
	return memory_record(st->memory, type, st->slot, record) ||
	       node_load(st->node, type, st->slot, record);
}

static int station_load_part(struct sim *m, unsigned i, unsigned feed,
			     size_t from, size_t to)
{
	m->station[i].slot = m->scenario->empty && i != 0 ? 0 : feed;
	return sim_feed_records(&m->data, feed, from, to, station_record,
				&m->station[i]);
}

/* Warm: the news came after the base, so the own past roots are known. Cold:
 * feed after feed, so that no root of the past is one of somebody's. */
static int station_load(struct sim *m, unsigned i)
{
	unsigned n = m->data.n_feeds;
	bool warm = m->scenario->warm;

	if (m->scenario->empty && i != 0)
		return station_load_part(m, i, i, 0,
					 m->data.feeds[i].base_len);
	for (unsigned j = 0; j < 2 * n; j++) {
		unsigned feed = warm ? j % n : j / 2;
		bool news = warm ? j >= n : j & 1;
		const struct sim_feed *f = &m->data.feeds[feed];

		if (news && !sim_holds_news(m, i, f))
			continue;
		if (station_load_part(m, i, feed, news ? f->base_len : 0,
				      news ? f->records.len : f->base_len))
			return -1;
	}
	return 0;
}

/* What a station knows of its news: where an author lives, his new events are
 * known never to have been on the air. */
static void station_news(const struct sim *m, unsigned i, struct json_out *o)
{
	json_out_key(o, "news");
	json_out_array(o);
	for (unsigned j = 0; j < m->data.n_feeds; j++) {
		const struct sim_feed *f = &m->data.feeds[j];

		if (m->scenario->holder != SIM_HOME || f->home != i ||
		    f->full == f->base)
			continue;
		json_out_array(o);
		json_out_string(o, PORT_NAME);
		json_out_string(o, f->label);
		json_out_uint(o, f->base);
		json_out_end_array(o);
	}
	json_out_end_array(o);
}

/* What a station that ran before keeps of its neighbours (DIR/state). */
static struct buf station_state(const struct sim *m, unsigned i)
{
	struct json_out o = { 0 };

	json_out_object(&o);
	json_out_kv_bool(&o, "tx", true);
	json_out_key(&o, "neighbours");
	json_out_array(&o);
	for (unsigned j = 0; m->scenario->warm && j < m->n; j++) {
		const struct sim_feed *f = &m->data.feeds[j];

		if (!(m->graph.adj[i] >> j & 1))
			continue;
		json_out_array(&o);
		json_out_string(&o, PORT_NAME);
		json_out_string(&o, f->call);
		json_out_uint(&o, 0);	/* told by the call sign */
		json_out_end_array(&o);
	}
	json_out_end_array(&o);
	station_news(m, i, &o);
	json_out_end_object(&o);
	return o.b;
}

/* Station 0 holds the photograph, the next ones wait for it. */
static void station_photo(struct sim *m, unsigned i)
{
	struct blob_memory *mine = &m->station[i].photo;
	struct buf b = { 0 };

	if (!m->scenario->photo)
		return;
	if (i) {
		blob_memory_expect(mine, m->station[0].photo.hash,
				   m->scenario->photo);
		return;
	}
	for (unsigned k = 0; k < m->scenario->photo; k++)
		buf_add_u8(&b, (uint8_t)(k * k >> 3 ^ k));
	blob_memory_hold(mine, buf_span(&b));
	buf_fini(&b);
}

static int station_port(const struct sim *m, struct node *node)
{
	const struct air_config *phy = &m->scenario->phy;
	const struct node_port_config p = {
		.name = PORT_NAME, .framing = NODE_AX25,
		.profile = NODE_RADIO, .bitrate = phy->bitrate,
		.txdelay_ms = phy->txdelay_us / 1000,
		.txtail_ms = phy->txtail_us / 1000,
		.slottime_ms = phy->slot_us / 1000,
		.persistence = phy->persistence,
		.duty_permille = m->scenario->duty_permille,
		.info_max = 256,
	};

	return node_port_add(node, &p) == PORT ? 0 : -1;
}

static struct node *station_node(struct sim *m, unsigned i,
				 struct memory *memory, uint64_t seed)
{
	const struct sim_feed *f = &m->data.feeds[i];
	struct node_config c = {
		.identity = f->id, .dataset = SIM_DATASET, .transmit = true,
		.digest_announce = m->scenario->announce,
		.build_wall_ms = CAIRN_EPOCH_S * 1000,
		.drift_ms = HLC_DRIFT_MS, .seed = seed,
		.store = memory_store(memory),
		.authors_max = m->data.n_feeds + 64,
		.contents = { &m->station[i].photo, blob_memory_piece,
			      blob_memory_keep, blob_memory_whole, NULL },
	};

	memcpy(c.callsign, f->call, sizeof(c.callsign));
	return node_new(&c, sim_clock(m));
}

static int station_open(struct sim *m, unsigned i, uint64_t seed)
{
	struct sim_station *st = &m->station[i];
	struct buf state;
	int e;

	st->memory = memory_new();
	st->head = calloc(m->data.n_feeds, sizeof(*st->head));
	if (!st->memory || !st->head)
		abort();
	station_photo(m, i);
	st->node = station_node(m, i, st->memory, seed);
	if (!st->node || station_port(m, st->node) || station_load(m, i))
		return -1;
	state = station_state(m, i);
	e = node_loaded(st->node, buf_span(&state), true, sim_clock(m));
	buf_fini(&state);
	return e;
}

static void station_close(struct sim_station *st)
{
	node_free(st->node);
	memory_free(st->memory);
	blob_memory_fini(&st->photo);
	free(st->head);
}

/* ---- progress ---- */

static void sim_mark(const struct sim *m, double *t_s, unsigned percent)
{
	if (*t_s < 0 && m->have * 100 >= m->need * percent)
		*t_s = (double)m->now_us / US_PER_S;
}

/* Counts news, not the base and not what stations say of themselves. */
static void sim_advance(struct sim *m, struct sim_station *st, uint32_t slot,
			uint64_t to)
{
	const struct feed *held = feed_at(node_feeds(st->node), slot);
	uint32_t i = map_get(m->feed_by_label,
			     SPAN(held->label, held->label_len));

	if (i == MAP_NONE)
		return;
	if (to > m->data.feeds[i].full)
		to = m->data.feeds[i].full;
	if (to <= st->head[i])
		return;
	m->have += to - st->head[i];
	st->head[i] = to;
}

/* What came beyond the news was written meanwhile. */
static void sim_written(struct sim *m, const struct feed *f,
			const struct feed_step *step)
{
	uint32_t i = map_get(m->feed_by_label, SPAN(f->label, f->label_len));
	uint64_t from = step->from;

	if (i == MAP_NONE || i >= m->n)
		return;
	if (from < m->data.feeds[i].full)
		from = m->data.feeds[i].full;
	sim_lag_moved(m->lag, i, from, step->to, m->now_us);
}

static void sim_look(struct sim *m, struct sim_station *st)
{
	const struct feed_set *feeds = node_feeds(st->node);
	struct feed_step step;

	for (; st->steps < feed_history_len(feeds); st->steps++)
		if (feed_history_step(feeds, st->steps, &step)) {
			sim_advance(m, st, step.slot, step.to);
			sim_written(m, feed_at(feeds, step.slot), &step);
		}
	sim_mark(m, &m->result->t50_s, 50);
	sim_mark(m, &m->result->t90_s, 90);
	sim_mark(m, &m->result->t99_s, 99);
	sim_mark(m, &m->result->t_s, 100);
}

static bool sim_photos(struct sim *m)
{
	for (unsigned i = 1; i <= m->scenario->photo_wanted; i++)
		if (!m->station[i].photo.whole)
			return false;
	if (m->scenario->photo && m->result->photo_s < 0)
		m->result->photo_s = (double)m->now_us / US_PER_S;
	return true;
}

/* Where everybody stands at first, and how much is missing. */
static void sim_count(struct sim *m)
{
	for (unsigned i = 0; i < m->n; i++) {
		struct sim_station *st = &m->station[i];
		struct feed_set *feeds = node_feeds(st->node);

		st->steps = feed_history_len(feeds);
		for (uint32_t slot = 0; slot < feed_count(feeds); slot++)
			sim_advance(m, st, slot, feed_at(feeds, slot)->head);
		for (unsigned j = 0; j < m->data.n_feeds; j++) {
			struct sim_feed *f = &m->data.feeds[j];

			m->need += f->full - st->head[j];
			if (i == 0 || st->head[j] < f->held)
				f->held = st->head[j];
		}
	}
	m->have = 0;
}

/* ---- the loop ---- */

/* A TNC that is full drops the burst. */
static void sim_send(struct sim *m, unsigned i, const struct node_action *a)
{
	air_send(m->air, i, a->frames, a->n_frames, m->now_us);
	for (size_t j = 0; m->trace && j < a->n_frames; j++)
		sim_trace_frame(m->now_us, i, a->frames[j]);
}

/* What the station wants done. */
static void sim_act(struct sim *m, unsigned i)
{
	struct sim_station *st = &m->station[i];
	size_t n;
	const struct node_action *a = node_actions(st->node, &n);

	for (; n > 0; n--, a++) {
		if (a->type == NODE_SEND)
			sim_send(m, i, a);
		else if (a->type == NODE_APPEND)
			memory_record(st->memory, a->record_type, a->slot,
				      a->record);
	}
	sim_look(m, st);
}

static void sim_deliver(struct sim *m)
{
	struct air_delivery d;

	while (air_next(m->air, m->now_us, &d)) {
		if (d.to >= m->n) {
			sim_hostile_hear(m->hostile, d.frame, m->now_us);
			continue;
		}
		node_input(m->station[d.to].node, PORT, d.frame, sim_clock(m));
		sim_act(m, d.to);
	}
}

static uint64_t sim_wake_us(const struct sim *m)
{
	uint64_t wake_us = air_wake_us(m->air);
	uint64_t other_us = sim_hostile_wake_us(m->hostile);

	if (other_us < wake_us)
		wake_us = other_us;
	for (unsigned i = 0; i < m->n; i++) {
		other_us = node_wake_us(m->station[i].node);
		if (m->station[i].write_us < other_us)
			other_us = m->station[i].write_us;
		if (other_us < wake_us)
			wake_us = other_us;
	}
	return wake_us;
}

/* At chance times, so many an hour in the mean; in the last quarter of the run
 * nothing, so that all can have all in the end. */
static void sim_write_arm(struct sim *m, struct sim_station *st)
{
	double mean_us = 3600e6 / m->scenario->writes;
	double u = (double)(random_below(&m->writing, 1 << 20) + 1) / (1 << 20);

	st->write_us = m->now_us + (uint64_t)(-log(u) * mean_us) + 1;
	if ((double)st->write_us > m->scenario->duration_s * 0.75e6)
		st->write_us = UINT64_MAX;
}

static void sim_write(struct sim *m, unsigned i)
{
	struct sim_station *st = &m->station[i];
	struct buf payload = { 0 };
	uint16_t kind;

	if (m->now_us < st->write_us)
		return;
	kind = sim_payload_make(&payload, m->data.feeds[i].call, &m->writing);
	node_write(st->node, kind, buf_span(&payload), NULL, sim_clock(m));
	buf_fini(&payload);
	sim_act(m, i);
	sim_write_arm(m, st);
}

static void sim_turn(struct sim *m)
{
	sim_deliver(m);
	for (unsigned i = 0; i < m->n; i++) {
		sim_write(m, i);
		if (node_wake_us(m->station[i].node) > m->now_us)
			continue;
		node_tick(m->station[i].node, sim_clock(m));
		sim_act(m, i);
	}
	sim_hostile_tick(m->hostile, m->air, m->now_us);
}

/* In sync from the start: the cost of an hour is asked, so run it all. */
static bool sim_done(struct sim *m)
{
	return sim_photos(m) && m->need > 0 && m->have >= m->need &&
		!m->scenario->whole;
}

static void sim_link(struct sim *m, bool yes)
{
	for (unsigned i = 0; i < m->n; i++)
		for (unsigned j = 0; j < m->n; j++)
			if (m->graph.adj[i] >> j & 1)
				air_hears(m->air, i, j, yes);
}

static void sim_cut(struct sim *m)
{
	double now_s = (double)m->now_us / 1e6;
	bool cut = now_s >= m->scenario->cut_from_s &&
		   now_s < m->scenario->cut_to_s;

	if (cut != m->cut)
		sim_link(m, !cut);
	m->cut = cut;
}

static int sim_loop(struct sim *m, char err[160])
{
	uint64_t end_us = (uint64_t)(m->scenario->duration_s * 1e6);
	unsigned stuck = 0;

	while (!sim_done(m)) {
		uint64_t wake_us = sim_wake_us(m);

		if (wake_us > end_us)
			break;
		stuck = wake_us > m->now_us ? 0 : stuck + 1;
		if (stuck > STUCK_TURNS) {
			snprintf(err, 160, "a station wants to wake up at "
				 "%.6f s for ever", (double)m->now_us / 1e6);
			return -1;
		}
		if (wake_us > m->now_us)
			m->now_us = wake_us;
		sim_cut(m);
		sim_turn(m);
	}
	if (!sim_done(m))
		m->now_us = end_us;
	return 0;
}

/* ---- a run ---- */

static int sim_open_air(struct sim *m, uint64_t seed)
{
	struct air_config c = m->scenario->phy;

	c.stations = m->n + m->scenario->hostile;
	c.seed = seed;
	m->air = air_new(&c);
	if (!m->air)
		return -1;
	sim_link(m, true);
	for (unsigned i = m->n; i < c.stations; i++)
		for (unsigned j = 0; j < i; j++)
			air_link(m->air, i, j, true);
	m->hostile = sim_hostile_new(m->n, m->scenario, &m->data, seed);
	return m->hostile ? 0 : -1;
}

static int sim_open(struct sim *m, uint64_t seed, char err[160])
{
	struct random rng = { seed * 7919 + 1 };

	sim_graph_make(&m->graph, m->scenario, &rng);
	if (sim_data_make(&m->data, m->scenario, &rng, err))
		return -1;
	snprintf(err, 160, "stations cannot be set up");
	m->feed_by_label = map_new(m->data.n_feeds);
	if (!m->feed_by_label || sim_open_air(m, random_next(&rng)))
		return -1;
	for (unsigned i = 0; i < m->data.n_feeds; i++)
		map_set(m->feed_by_label, SPAN_STR(m->data.feeds[i].label), i);
	for (unsigned i = 0; i < m->n; i++)
		if (station_open(m, i, random_next(&rng)))
			return -1;
	sim_count(m);
	m->lag = sim_lag_new(m->n);
	m->writing.state = seed;
	for (unsigned i = 0; i < m->n; i++) {
		m->station[i].write_us = UINT64_MAX;
		if (m->scenario->writes > 0)
			sim_write_arm(m, &m->station[i]);
		if (i && i <= m->scenario->photo_wanted)
			node_fetch(m->station[i].node,
				   m->station[0].photo.hash,
				   m->scenario->photo, NULL, sim_clock(m));
		node_port_up(m->station[i].node, PORT, true, sim_clock(m));
		sim_act(m, i);
	}
	return 0;
}

static void sim_close(struct sim *m)
{
	for (unsigned i = 0; i < m->n; i++)
		station_close(&m->station[i]);
	sim_hostile_free(m->hostile);
	air_free(m->air);
	map_free(m->feed_by_label);
	free(m->lag);
	sim_data_fini(&m->data);
}

/* What our stations did; hostile ones count for themselves. */
static void sim_sum(const struct sim *m, struct air_stats *sum)
{
	for (unsigned i = 0; i < m->n; i++) {
		const struct air_stats *a = air_station_stats(m->air, i);

		sum->frames += a->frames;
		sum->keyups += a->keyups;
		sum->bytes += a->bytes;
		sum->airtime_us += a->airtime_us;
		sum->collisions += a->collisions;
		sum->lost += a->lost;
		sum->delivered += a->delivered;
	}
}

/* What stations wrote meanwhile is not counted as news: it has come if all
 * hold the same. */
static bool sim_equal(const struct sim *m)
{
	uint64_t root48 = feed_root48(node_feeds(m->station[0].node));
	bool equal = true;

	for (unsigned i = 1; m->scenario->writes > 0 && i < m->n; i++)
		equal &= feed_root48(node_feeds(m->station[i].node)) == root48;
	return equal;
}

/* Stations with the same events must show the same dataset. What is written
 * and not yet sealed shows too, so it is sealed first. */
static int sim_compare(const struct sim *m, char err[160])
{
	uint8_t first[32], other[32];
	uint64_t root48;

	for (unsigned i = 0; m->scenario->writes > 0 && i < m->n; i++)
		node_seal(m->station[i].node, sim_clock(m));
	root48 = feed_root48(node_feeds(m->station[0].node));
	view_hash(node_view(m->station[0].node), first);
	for (unsigned i = 1; i < m->n; i++) {
		struct node *node = m->station[i].node;

		if (feed_root48(node_feeds(node)) != root48)
			continue;
		view_hash(node_view(node), other);
		if (memcmp(first, other, sizeof(first)) == 0)
			continue;
		snprintf(err, 160, "stations 0 and %u hold the same events "
			 "and show different datasets", i);
		return -1;
	}
	return 0;
}

static double seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Who lacks what, for the eye. */
static void sim_trace_missing(const struct sim *m)
{
	for (unsigned i = 0; i < m->n; i++)
		for (unsigned j = 0; j < m->data.n_feeds; j++) {
			const struct sim_feed *f = &m->data.feeds[j];
			uint64_t head = m->station[i].head[j];

			if (head < f->full)
				fprintf(stderr, "station %u lacks %s after "
					"%llu of %llu\n", i, f->label,
					(unsigned long long)head,
					(unsigned long long)f->full);
		}
}

int sim_run(struct sim_result *r, const struct sim_scenario *s, uint64_t seed,
	    bool trace, char err[160])
{
	struct sim *m = calloc(1, sizeof(*m));
	double began = seconds_now();
	int e;

	if (!m || crypto_init())
		abort();
	*r = (struct sim_result){
		.seed = seed, .t_s = -1, .t50_s = -1, .t90_s = -1, .t99_s = -1,
		.photo_s = -1,
	};
	m->scenario = s;
	m->n = s->nodes;
	m->result = r;
	m->trace = trace;
	e = sim_open(m, seed, err);
	if (!e)
		e = sim_loop(m, err);
	if (!e && trace)
		sim_trace_missing(m);
	if (!e) {
		sim_sum(m, &r->air);
		r->converged = m->have >= m->need && sim_equal(m) &&
			sim_photos(m);
		r->lag_s = sim_lag_worst_s(m->lag, m->now_us);
		if (r->t_s < 0 || (!m->need && !s->photo))
			r->t_s = (double)m->now_us / 1e6;
		sim_bound_make(&r->bound, &m->data, s, &m->graph);
		r->wall_s = seconds_now() - began;
		e = sim_compare(m, err);
	}
	sim_close(m);
	free(m);
	return e;
}
