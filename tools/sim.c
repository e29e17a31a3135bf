/* SPDX-License-Identifier: MIT
 *
 * cairn-sim: stations on a radio channel, days in seconds. Prints a line a
 * scenario and seed, and their mean.
 */
#include <getopt.h>
#include <stdlib.h>
#include "tools/sim.h"

#define EXIT_USAGE 2
#define SEEDS_MAX 100000

static const char usage[] =
"usage: cairn-sim [--seed K] [--seeds N] [--json] [--trace] SCENARIO.json...\n"
"  --seed K    the first seed (1)\n"
"  --seeds N   how many runs a scenario, seeds K, K+1 ... (1)\n"
"  --json      one JSON object a run, and one for the mean\n"
"  --trace     every frame on stderr, and at the end who lacks what\n"
"  --once      files of cairn export instead: the bound of sending that once\n";

/* ---- the mean ---- */

struct sim_mean {
	unsigned runs, converged, n50, n90, n99, n_photo;
	double lag_s, photo_s, t_s, t50_s, t90_s, t99_s, bytes, airtime_s, frames, keyups,
	       collisions, news, content, bound, rated,
	       wall_s;
};

static void mean_time(double *sum, unsigned *n, double t_s)
{
	if (t_s < 0)
		return;
	*sum += t_s;
	(*n)++;
}

/* What the ratio is to; none where more is sent than the news. */
static double rated(const struct sim_scenario *s, const struct sim_result *r)
{
	return s->writes > 0 || s->photo ? 0 : (double)r->bound.framed;
}

static void mean_add(struct sim_mean *m, const struct sim_scenario *s,
		     const struct sim_result *r)
{
	m->runs++;
	m->converged += r->converged;
	m->t_s += r->t_s;
	mean_time(&m->t50_s, &m->n50, r->t50_s);
	mean_time(&m->t90_s, &m->n90, r->t90_s);
	mean_time(&m->t99_s, &m->n99, r->t99_s);
	mean_time(&m->photo_s, &m->n_photo, r->photo_s);
	if (m->lag_s < r->lag_s)
		m->lag_s = r->lag_s;
	m->bytes += (double)r->air.bytes;
	m->airtime_s += (double)r->air.airtime_us / 1e6;
	m->frames += (double)r->air.frames;
	m->keyups += (double)r->air.keyups;
	m->collisions += (double)r->air.collisions;
	m->news += (double)r->bound.news;
	m->content += (double)r->bound.content;
	m->bound += (double)r->bound.framed;
	m->rated += rated(s, r);
	m->wall_s += r->wall_s;
}

/* ---- JSON: one object a line; null where there is no answer ---- */

static double rounded(double v)
{
	return (double)(int64_t)(v * 1000 + (v < 0 ? -0.5 : 0.5)) / 1000;
}

static void out_real(struct json_out *o, const char *key, bool known, double v)
{
	json_out_key(o, key);
	if (known)
		json_out_real(o, rounded(v));
	else
		json_out_null(o);
}

static void out_end(struct json_out *o)
{
	json_out_end_object(o);
	printf("%.*s\n", (int)o->b.len, (const char *)o->b.p);
	fflush(stdout);
	buf_fini(&o->b);
}

static void result_json(const struct sim_scenario *s,
			const struct sim_result *r)
{
	struct json_out o = { 0 };

	json_out_object(&o);
	json_out_kv_string(&o, "name", s->name);
	json_out_kv_uint(&o, "seed", r->seed);
	json_out_kv_bool(&o, "converged", r->converged);
	out_real(&o, "t_s", true, r->t_s);
	out_real(&o, "t50_s", r->t50_s >= 0, r->t50_s);
	out_real(&o, "t90_s", r->t90_s >= 0, r->t90_s);
	out_real(&o, "t99_s", r->t99_s >= 0, r->t99_s);
	json_out_kv_uint(&o, "bytes", r->air.bytes);
	out_real(&o, "airtime_s", true, (double)r->air.airtime_us / 1e6);
	json_out_kv_uint(&o, "frames", r->air.frames);
	json_out_kv_uint(&o, "keyups", r->air.keyups);
	json_out_kv_uint(&o, "collisions", r->air.collisions);
	json_out_kv_uint(&o, "news", r->bound.news);
	json_out_kv_uint(&o, "content_bytes", r->bound.content);
	json_out_kv_uint(&o, "bound_bytes", r->bound.framed);
	out_real(&o, "ratio", rated(s, r) > 0, rated(s, r) > 0 ?
		 (double)r->air.bytes / rated(s, r) : 0);
	if (s->photo)
		out_real(&o, "photo_s", r->photo_s >= 0, r->photo_s);
	if (s->writes > 0)
		out_real(&o, "lag_s", true, r->lag_s);
	out_real(&o, "wall_s", true, r->wall_s);
	out_end(&o);
}

/* seed is "mean", converged a share; ratio is that of the sums. */
static void mean_json(const struct sim_scenario *s, const struct sim_mean *m)
{
	struct json_out o = { 0 };
	double n = m->runs;

	json_out_object(&o);
	json_out_kv_string(&o, "name", s->name);
	json_out_kv_string(&o, "seed", "mean");
	json_out_kv_uint(&o, "runs", m->runs);
	out_real(&o, "converged", true, m->converged / n);
	out_real(&o, "t_s", true, m->t_s / n);
	out_real(&o, "t50_s", m->n50, m->t50_s / (m->n50 ? m->n50 : 1));
	out_real(&o, "t90_s", m->n90, m->t90_s / (m->n90 ? m->n90 : 1));
	out_real(&o, "t99_s", m->n99, m->t99_s / (m->n99 ? m->n99 : 1));
	out_real(&o, "bytes", true, m->bytes / n);
	out_real(&o, "airtime_s", true, m->airtime_s / n);
	out_real(&o, "frames", true, m->frames / n);
	out_real(&o, "keyups", true, m->keyups / n);
	out_real(&o, "collisions", true, m->collisions / n);
	out_real(&o, "news", true, m->news / n);
	out_real(&o, "content_bytes", true, m->content / n);
	out_real(&o, "bound_bytes", true, m->bound / n);
	out_real(&o, "ratio", m->rated > 0,
		 m->rated > 0 ? m->bytes / m->rated : 0);
	if (s->photo)
		out_real(&o, "photo_s", m->n_photo,
			 m->photo_s / (m->n_photo ? m->n_photo : 1));
	if (s->writes > 0)
		out_real(&o, "lag_s", true, m->lag_s);
	out_real(&o, "wall_s", true, m->wall_s / n);
	out_end(&o);
}

/* ---- the table ---- */

static void table_head(void)
{
	printf("%-16s %5s %6s %8s %8s %8s %9s %8s %7s %6s %7s %9s %6s\n",
	       "scenario", "seed", "conv", "t_s", "t50_s", "t99_s", "bytes",
	       "air_s", "frames", "keyups", "coll", "bound", "ratio");
}

/* A quotient; "-" where there is none: not reached, no news. */
static const char *cell(char dst[16], int places, double sum, double n)
{
	if (n > 0)
		snprintf(dst, 16, "%.*f", places, sum / n);
	else
		snprintf(dst, 16, "-");
	return dst;
}

static void table_line(const char *name, const char *seed, const char *conv,
		       const struct sim_mean *m)
{
	double n = m->runs;
	char t50[16], t99[16], ratio[16];

	printf("%-16s %5s %6s %8.1f %8s %8s %9.0f %8.1f %7.0f %6.0f %7.0f "
	       "%9.0f %6s\n", name, seed, conv, m->t_s / n,
	       cell(t50, 1, m->t50_s, m->n50), cell(t99, 1, m->t99_s, m->n99),
	       m->bytes / n, m->airtime_s / n, m->frames / n, m->keyups / n,
	       m->collisions / n, m->bound / n,
	       cell(ratio, 2, m->bytes, m->rated));
	fflush(stdout);
}

static void result_table(const struct sim_scenario *s,
			 const struct sim_result *r)
{
	struct sim_mean m = { 0 };
	char seed[24];

	mean_add(&m, s, r);
	snprintf(seed, sizeof(seed), "%llu", (unsigned long long)r->seed);
	table_line(s->name, seed, r->converged ? "yes" : "no", &m);
}

static void mean_table(const struct sim_scenario *s, const struct sim_mean *m)
{
	char conv[24];

	snprintf(conv, sizeof(conv), "%u/%u", m->converged, m->runs);
	table_line(s->name, "mean", conv, m);
}

/* ---- main ---- */

struct sim_options {
	uint64_t seed, seeds;
	bool json, trace, once;
};

static uint64_t option_count(const char *name, const char *text, uint64_t min,
			     uint64_t max)
{
	char *end;
	unsigned long long v = strtoull(text, &end, 10);

	if (end == text || *end || v < min || v > max) {
		fprintf(stderr, "cairn-sim: --%s: a number from %llu to "
			"%llu\n", name, (unsigned long long)min,
			(unsigned long long)max);
		exit(EXIT_USAGE);
	}
	return v;
}

static void options_parse(struct sim_options *o, int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "seed", 1, NULL, 'k' }, { "seeds", 1, NULL, 'n' },
		{ "json", 0, NULL, 'j' }, { "trace", 0, NULL, 't' },
		{ "once", 0, NULL, 'o' }, { "help", 0, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longopts, NULL)) != -1) {
		switch (c) {
		case 'k':
			o->seed = option_count("seed", optarg, 0, INT64_MAX);
			break;
		case 'n':
			o->seeds = option_count("seeds", optarg, 1, SEEDS_MAX);
			break;
		case 'j':
			o->json = true;
			break;
		case 't':
			o->trace = true;
			break;
		case 'o':
			o->once = true;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			exit(EXIT_USAGE);
		}
	}
	if (optind == argc) {
		fputs(usage, stderr);
		exit(EXIT_USAGE);
	}
}

/* 0, or what to exit with. */
static int scenario_run(const char *path, const struct sim_options *o)
{
	struct sim_scenario s;
	struct sim_mean mean = { 0 };
	struct sim_result r;
	char err[160];

	if (sim_scenario_load(&s, path, err)) {
		fprintf(stderr, "cairn-sim: %s: %s\n", path, err);
		return EXIT_USAGE;
	}
	for (uint64_t i = 0; i < o->seeds; i++) {
		if (sim_run(&r, &s, o->seed + i, o->trace, err)) {
			fprintf(stderr, "cairn-sim: %s: %s\n", path, err);
			return 1;
		}
		mean_add(&mean, &s, &r);
		if (o->json)
			result_json(&s, &r);
		else
			result_table(&s, &r);
	}
	if (o->json)
		mean_json(&s, &mean);
	else if (mean.runs > 1)
		mean_table(&s, &mean);
	return 0;
}

int main(int argc, char **argv)
{
	struct sim_options o = { .seed = 1, .seeds = 1 };
	int status = 0;

	options_parse(&o, argc, argv);
	if (!o.json && !o.once)
		table_head();
	for (int i = optind; i < argc && status == 0; i++)
		status = o.once ? sim_once(argv[i]) != 0 :
				  scenario_run(argv[i], &o);
	return status;
}
