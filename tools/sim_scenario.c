/* SPDX-License-Identifier: MIT
 *
 * Scenarios: a JSON object a file (docs/cairn-sim.1), and the graph it asks
 * for.
 */
#include <stdio.h>
#include "lib/base/file.h"
#include "tools/sim.h"

#define STEP_DEFAULT_S 3600
#define PAUSE_DEFAULT_S 10
#define RGG_TRIES_MAX 100000
#define SCENARIO_MAX (16 << 20)
#define BIT(i) (1ULL << (i))

/* ---- reading ---- */

static int number(const struct json *o, const char *key, double otherwise,
		  double min, double max, double *out, char err[160])
{
	const struct json *v = json_get(o, key);

	*out = otherwise;
	if (!v)
		return 0;
	if (!json_is(v, JSON_INT) && !json_is(v, JSON_REAL)) {
		snprintf(err, 160, "\"%s\" is not a number", key);
		return -1;
	}
	*out = json_real(v);
	if (*out >= min && *out <= max)
		return 0;
	snprintf(err, 160, "\"%s\" is not within %g .. %g", key, min, max);
	return -1;
}

static int count(const struct json *o, const char *key, unsigned otherwise,
		 unsigned min, unsigned max, unsigned *out, char err[160])
{
	double v;
	int e = number(o, key, otherwise, min, max, &v, err);

	*out = (unsigned)v;
	if (e || *out == v)
		return e;
	snprintf(err, 160, "\"%s\" is not a whole number", key);
	return -1;
}

static int flag(const struct json *o, const char *key, bool otherwise,
		bool *out, char err[160])
{
	const struct json *v = json_get(o, key);

	*out = v ? json_bool(v) : otherwise;
	if (!v || json_is(v, JSON_TRUE) || json_is(v, JSON_FALSE))
		return 0;
	snprintf(err, 160, "\"%s\" is neither true nor false", key);
	return -1;
}

/* A word out of a NULL-terminated list; its place. */
static int word(const struct json *o, const char *key, const char *const *list,
		unsigned *out, char err[160])
{
	struct span text = json_string(json_get(o, key));

	*out = 0;
	if (!json_get(o, key))
		return 0;
	for (unsigned i = 0; list[i]; i++) {
		if (span_equal(text, SPAN_STR(list[i]))) {
			*out = i;
			return 0;
		}
	}
	snprintf(err, 160, "\"%s\": \"%.40s\" is not known", key,
		 text.p ? (const char *)text.p : "");
	return -1;
}

static void text(const struct json *o, const char *key, char *dst, size_t cap)
{
	struct span s = json_string(json_get(o, key));

	snprintf(dst, cap, "%.*s", (int)s.n, s.p ? (const char *)s.p : "");
}

/* The radio's keys are in seconds, as people say them. */
static int phy_read(struct sim_scenario *s, const struct json *top,
		    char err[160])
{
	const struct json *o = json_get(top, "phy");
	const struct air_config *d = &air_default;
	double txdelay, txtail, slot, dcd, persist, loss, fade;

	if (o && !json_is(o, JSON_OBJECT)) {
		snprintf(err, 160, "\"phy\" is not an object");
		return -1;
	}
	if (count(o, "bitrate", d->bitrate, 50, 10000000, &s->phy.bitrate,
		  err) ||
	    number(o, "txdelay", d->txdelay_us / 1e6, 0, 10, &txdelay, err) ||
	    number(o, "txtail", d->txtail_us / 1e6, 0, 10, &txtail, err) ||
	    number(o, "slot", d->slot_us / 1e6, 0.001, 10, &slot, err) ||
	    number(o, "dcd", d->dcd_us / 1e6, 0, 10, &dcd, err) ||
	    number(o, "persist", (d->persistence + 1) / 256.0, 0.004, 1,
		   &persist, err) ||
	    number(o, "loss", d->loss, 0, 0.99, &loss, err) ||
	    number(top, "loss", loss, 0, 0.99, &s->phy.loss, err) ||
	    number(o, "fade", 0, 0, 3600, &fade, err) ||
	    number(o, "capture", 0, 0, 40, &s->phy.capture_db, err))
		return -1;
	s->phy.fade_us = (uint64_t)(fade * 1e6);
	s->phy.txdelay_us = (unsigned)(txdelay * 1e6);
	s->phy.txtail_us = (unsigned)(txtail * 1e6);
	s->phy.slot_us = (unsigned)(slot * 1e6);
	s->phy.dcd_us = (unsigned)(dcd * 1e6);
	s->phy.persistence = (unsigned)(persist * 256 + 0.5) - 1;
	return 0;
}

static int topology_read(struct sim_scenario *s, const struct json *o,
			 char err[160])
{
	static const char *const names[] = { "clique", "line", "rgg",
					     "clusters", NULL };
	const struct json *clusters = json_get(o, "clusters");
	unsigned which;

	if (word(o, "topology", names, &which, err) ||
	    number(o, "radius", 0.3, 0.001, 2, &s->radius, err))
		return -1;
	s->topology = which;
	if (which != SIM_CLUSTERS)
		return 0;
	s->clusters = (unsigned)json_int(json_at(clusters, 0));
	s->cluster_size = (unsigned)json_int(json_at(clusters, 1));
	if (s->clusters >= 1 && s->cluster_size >= 2 && s->clusters < 64 &&
	    s->cluster_size < 64 &&
	    s->clusters * s->cluster_size + s->clusters - 1 == s->nodes)
		return 0;
	snprintf(err, 160, "\"clusters\": [c, m] needs c * m + c - 1 nodes");
	return -1;
}

static int base_read(struct sim_scenario *s, const struct json *o,
		     char err[160])
{
	const struct json *v = json_get(o, "base_seq");
	int64_t lo = 10, hi = 40;

	if (v) {
		lo = json_int(json_at(v, 0));
		hi = json_int(json_at(v, 1));
	}
	if (lo < 1 || hi <= lo || hi > 100000) {
		snprintf(err, 160, "\"base_seq\": [lo, hi) with 1 <= lo < hi");
		return -1;
	}
	s->base_lo = (uint64_t)lo;
	s->base_hi = (uint64_t)hi;
	return 0;
}

static int hostile_read(struct sim_scenario *s, const struct json *o,
			char err[160])
{
	static const char *const attacks[SIM_ATTACKS + 1] = {
		"mixed", "silent", "lying-digest", "replayed-digest",
		"huge-digest", "want-flood", "offer-flood", "forged-nav",
		"poisoned-parity", "bomb", "ground-alias", "replayed-announce",
	};
	unsigned attack;

	if (count(o, "hostile", 0, 0, 8, &s->hostile, err) ||
	    word(o, "attack", attacks, &attack, err) ||
	    number(o, "pause", PAUSE_DEFAULT_S, 0.1, 86400, &s->pause_s, err))
		return -1;
	s->attack = attack;
	if (s->nodes + s->hostile <= AIR_STATIONS_MAX)
		return 0;
	snprintf(err, 160, "more than %d stations", AIR_STATIONS_MAX);
	return -1;
}

static int photo_read(struct sim_scenario *s, const struct json *o,
		      char err[160])
{
	const struct json *cut = json_get(o, "cut");

	s->cut_from_s = json_real(json_at(cut, 0));
	s->cut_to_s = json_real(json_at(cut, 1));
	if (cut && !(s->cut_from_s >= 0 && s->cut_to_s > s->cut_from_s)) {
		snprintf(err, 160, "\"cut\": [from, to) in seconds");
		return -1;
	}
	return count(o, "photo", 0, 0, BLOB_MAX, &s->photo, err) ||
	       count(o, "photo_wanted", s->photo ? 1 : 0, 0, s->nodes - 1,
		     &s->photo_wanted, err);
}

static int scenario_read(struct sim_scenario *s, const struct json *o,
			 char err[160])
{
	static const char *const holders[] = { "node0", "home", "all", NULL };
	unsigned holder;

	text(o, "name", s->name, sizeof(s->name));
	text(o, "events", s->events, sizeof(s->events));
	if (count(o, "nodes", 2, 1, AIR_STATIONS_MAX, &s->nodes, err) ||
	    count(o, "authors", 10, 1, SIM_FEEDS_MAX, &s->authors, err) ||
	    count(o, "new_events", 0, 0, 1000000, &s->new_events, err) ||
	    count(o, "new_authors", 0, 0, s->authors, &s->new_authors, err) ||
	    count(o, "duty", 1000, 1, 1000, &s->duty_permille, err) ||
	    count(o, "step", STEP_DEFAULT_S, 1, 86400, &s->step_s, err) ||
	    hostile_read(s, o, err) ||
	    number(o, "writes", 0, 0, 3600, &s->writes, err) ||
	    number(o, "duration", 3600, 1, 1e8, &s->duration_s, err) ||
	    word(o, "holder", holders, &holder, err) ||
	    topology_read(s, o, err) || base_read(s, o, err) ||
	    phy_read(s, o, err) || photo_read(s, o, err))
		return -1;
	s->holder = holder;
	return flag(o, "warm", false, &s->warm, err) ||
	       flag(o, "empty", false, &s->empty, err) ||
	       flag(o, "noise", false, &s->noise, err) ||
	       flag(o, "whole", false, &s->whole, err) ||
	       flag(o, "announce", true, &s->announce, err) ? -1 : 0;
}

static int scenario_parse(struct sim_scenario *s, struct span text,
			  char err[160])
{
	struct json_error je = { 0 };
	struct json *o = json_parse(text, &je);
	int e = -1;

	if (!o)
		snprintf(err, 160, "line %d: %.120s", je.line, je.text);
	else if (!json_is(o, JSON_OBJECT))
		snprintf(err, 160, "not an object");
	else
		e = scenario_read(s, o, err);
	json_free(o);
	return e;
}

int sim_scenario_load(struct sim_scenario *s, const char *path, char err[160])
{
	const char *slash = strrchr(path, '/');
	struct buf b = { 0 };
	int e = file_read(path, SCENARIO_MAX, &b);

	memset(s, 0, sizeof(*s));
	if (e)
		snprintf(err, 160, "%s", strerror(-e));
	else
		e = scenario_parse(s, buf_span(&b), err);
	if (!s->name[0])
		snprintf(s->name, sizeof(s->name), "%.63s",
			 slash ? slash + 1 : path);
	buf_fini(&b);
	return e ? -1 : 0;
}

/* ---- graphs ---- */

static void graph_link(struct sim_graph *g, unsigned x, unsigned y)
{
	if (x == y)
		return;
	g->adj[x] |= BIT(y);
	g->adj[y] |= BIT(x);
}

static uint64_t graph_all(const struct sim_graph *g)
{
	return g->n == 64 ? UINT64_MAX : BIT(g->n) - 1;
}

static bool graph_connected(const struct sim_graph *g)
{
	uint64_t seen = BIT(0), edge = BIT(0);

	while (edge) {
		unsigned i = (unsigned)__builtin_ctzll(edge);

		edge &= edge - 1;
		edge |= g->adj[i] & ~seen;
		seen |= g->adj[i];
	}
	return seen == graph_all(g);
}

static double unit(struct random *rng)
{
	return (double)(random_next(rng) >> 11) * 0x1p-53;
}

/* Random points; who is within the radius hears. */
static void graph_rgg_once(struct sim_graph *g, double radius,
			   struct random *rng)
{
	double x[AIR_STATIONS_MAX], y[AIR_STATIONS_MAX];

	memset(g->adj, 0, sizeof(g->adj));
	for (unsigned i = 0; i < g->n; i++) {
		x[i] = unit(rng);
		y[i] = unit(rng);
		for (unsigned j = 0; j < i; j++) {
			double dx = x[i] - x[j], dy = y[i] - y[j];

			if (dx * dx + dy * dy < radius * radius)
				graph_link(g, i, j);
		}
	}
}

static void graph_rgg(struct sim_graph *g, double radius, struct random *rng)
{
	for (unsigned i = 0; i < RGG_TRIES_MAX; i++) {
		graph_rgg_once(g, radius, rng);
		if (graph_connected(g))
			return;
	}
	for (unsigned i = 1; i < g->n; i++)	/* a hopeless radius */
		graph_link(g, i - 1, i);
}

/* A bridge hears `half` random stations of the cluster that begins at. */
static void graph_bridge(struct sim_graph *g, unsigned bridge, unsigned begin,
			 unsigned size, struct random *rng)
{
	uint64_t chosen = 0;

	while ((unsigned)__builtin_popcountll(chosen) < size / 2)
		chosen |= BIT(begin + random_below(rng, size));
	for (; chosen; chosen &= chosen - 1)
		graph_link(g, bridge, (unsigned)__builtin_ctzll(chosen));
}

static void graph_clusters(struct sim_graph *g, unsigned c, unsigned m,
			   struct random *rng)
{
	for (unsigned k = 0; k < c; k++)
		for (unsigned x = 0; x < m; x++)
			for (unsigned y = 0; y < x; y++)
				graph_link(g, k * m + x, k * m + y);
	for (unsigned k = 0; k + 1 < c; k++) {
		graph_bridge(g, c * m + k, k * m, m, rng);
		graph_bridge(g, c * m + k, (k + 1) * m, m, rng);
	}
}

void sim_graph_make(struct sim_graph *g, const struct sim_scenario *s,
		    struct random *rng)
{
	*g = (struct sim_graph){ .n = s->nodes };
	switch (s->topology) {
	case SIM_CLIQUE:
		for (unsigned i = 0; i < g->n; i++)
			for (unsigned j = 0; j < i; j++)
				graph_link(g, i, j);
		break;
	case SIM_LINE:
		for (unsigned i = 1; i < g->n; i++)
			graph_link(g, i - 1, i);
		break;
	case SIM_RGG:
		graph_rgg(g, s->radius, rng);
		break;
	case SIM_CLUSTERS:
		graph_clusters(g, s->clusters, s->cluster_size, rng);
		break;
	}
}

/* The candidate that covers most of what is not covered yet. */
static unsigned graph_best(const struct sim_graph *g, uint64_t candidates,
			   uint64_t covered)
{
	unsigned best = 0;
	int most = -1;

	for (; candidates; candidates &= candidates - 1) {
		unsigned i = (unsigned)__builtin_ctzll(candidates);
		int gain = __builtin_popcountll(g->adj[i] & ~covered);

		if (gain > most) {
			most = gain;
			best = i;
		}
	}
	return best;
}

unsigned sim_graph_transmitters(const struct sim_graph *g,
				const struct sim_scenario *s)
{
	uint64_t covered = 0, chosen = 0;

	if (s->topology == SIM_CLIQUE)
		return 1;
	if (s->topology == SIM_LINE)
		return g->n > 1 ? g->n - 1 : 1;
	while (covered != graph_all(g)) {
		unsigned i = graph_best(g, chosen ? covered & ~chosen
						  : graph_all(g), covered);

		chosen |= BIT(i);
		covered |= g->adj[i] | BIT(i);
	}
	return (unsigned)__builtin_popcountll(chosen);
}
