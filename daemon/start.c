/* SPDX-License-Identifier: MIT
 *
 * Start and stop, in their order:
 *
 *   ring, folder and key, log, node fed from the log, recorder, control
 *   socket, ports; READY. Backwards at the end, where the log is synced.
 */
#include "daemon/daemon.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include "daemon/control.h"
#include "lib/base/crypto.h"
#include "lib/base/report.h"
#include "lib/ctl/ctl.h"

#define BUILD_WALL_MS (CAIRN_EPOCH_S * 1000)
#define AUTHORS_MAX 10000
#define SEGMENT_MIN (1u << 20)
#define SEGMENT_MAX (16u << 20)

struct clock_now daemon_now(const struct daemon *d)
{
	return clock_read(d->config.time_scale);
}

static int exit_code_of(int e)
{
	switch (e) {
	case -ENOENT:
	case -EINVAL:
		return EXIT_CODE_USAGE;
	case -EPERM:
	case -EACCES:
		return EXIT_CODE_PERMISSION;
	default:
		return EXIT_CODE_FAILED;
	}
}

/* ---- the log ---- */

/* Segments are written ahead: a small part of what is free, at most what a
 * small card takes without a long pause. */
static uint32_t segment_size(const char *dir)
{
	struct statvfs v;
	uint32_t size = SEGMENT_MAX;
	uint64_t room = statvfs(dir, &v) ? 0 : v.f_bavail * v.f_frsize / 64;
	const char *kb = getenv("CAIRN_SEGMENT_KB");

	if (kb)		/* for tests that want many */
		return (uint32_t)strtoul(kb, NULL, 10) << 10;
	while (size > SEGMENT_MIN && size > room)
		size /= 2;
	return size;
}

static int open_log(struct daemon *d)
{
	char dir[STATION_PATH_MAX];
	struct log_options o = { .key = history_key, .topic = history_topic,
		.segment_size = segment_size(d->station.dir) };
	int e = log_open(&d->log, station_path(&d->station, "events", dir),
			 &o, &d->recovery);

	if (e == -EBUSY)
		report(REPORT_ERROR, "%s: another cairnd is at work here",
		       d->station.dir);
	else if (e)
		report(REPORT_ERROR, "%s: %s", dir, strerror(-e));
	if (!e)
		history_init(&d->history, d->log);
	return e;
}

/* ---- the node ---- */

static struct span state_member(const struct json *state, const char *key)
{
	return state ? json_string(json_get(state, key)) : SPAN("", 0);
}

/* A folder belongs to one dataset for good: ids depend on its name. */
static int check_dataset(struct daemon *d, const struct json *state)
{
	struct span name = state_member(state, "dataset");

	if (!name.n || span_equal(name, SPAN_STR(d->config.dataset)))
		return 0;
	report(REPORT_ERROR, "%s holds the dataset '%.*s', not '%s'",
	       d->station.dir, (int)name.n, (const char *)name.p,
	       d->config.dataset);
	return -EINVAL;
}

/* A log that was put back from a copy may lack events that others hold. */
static bool log_is_ours(const struct daemon *d, const struct json *state)
{
	struct span saved = state_member(state, "folder");
	char mark[STATION_MARK_MAX];

	if (!state || span_equal(saved, SPAN_STR(station_mark(&d->station,
							      mark))))
		return true;
	report(REPORT_NOTICE, "this folder is a copy: nothing of its own is "
	       "sent before a neighbour said what it holds");
	return false;
}

static void init_blobs(struct daemon *d)
{
	station_path(&d->station, "blobs", d->blobs.dir);
	d->blobs.ring = d->ring;
	d->blobs.time_scale = d->config.time_scale;
	d->blobs.fetch_max = (uint64_t)d->config.fetch_kb << 10;
	d->blobs.bytes_max = (uint64_t)d->config.blobs_mb << 20;
}

static struct node *make_node(struct daemon *d)
{
	struct node_config c = {
		.identity = d->station.identity,
		.transmit = d->config.transmit,
		.digest_announce = true,
		.build_wall_ms = BUILD_WALL_MS,
		.drift_ms = (uint64_t)d->config.clock_drift_h * 3600000,
		.store = history_store(&d->history),
		.authors_max = AUTHORS_MAX,
		.author_bytes_max = (uint64_t)d->config.author_quota_mb << 20,
		.contents = blobs_contents(&d->blobs),
		.verifies = d->worker != NULL,
	};

	memcpy(c.callsign, d->config.callsign, sizeof(c.callsign));
	memcpy(c.dataset, d->config.dataset, sizeof(c.dataset));
	memcpy(c.control, d->config.control, sizeof(c.control));
	crypto_random(&c.seed, sizeof(c.seed));
	return node_new(&c, daemon_now(d));
}

static int load_record(void *ctx, const struct log_record *r)
{
	struct daemon *d = ctx;

	if (d->history.damage.ranges)
		node_load_damaged(d->node);
	return node_load(d->node, r->type, r->slot, r->payload);
}

static int load_history(struct daemon *d)
{
	struct log_snapshot *s = log_snapshot(d->log);
	int e = s ? history_scan(&d->history, s, load_record, d) : -ENOMEM;

	if (s && log_release(s) && !e)
		e = -EIO;
	if (e)
		report(REPORT_ERROR, "%s/events: %s; try: cairn fsck",
		       d->station.dir, strerror(-e));
	d->committed = log_durable(d->log);
	return e;
}

/* Each damaged range is said by the first start that meets it. What is lost
 * stays lost in the files; what was in them comes back from neighbours. */
static void say_damage(struct daemon *d, const struct json *state)
{
	const struct log_damage *v = &d->history.damage;
	char text[LOG_RANGE_TEXT_MAX];

	d->damage_known = state && v->mark &&
		json_int(json_get(state, "damage")) == v->mark;
	if (d->damage_known)
		return;
	if (d->recovery.note[0])
		report(REPORT_WARNING, "log: %s", d->recovery.note);
	for (unsigned i = 0; i < v->kept; i++)
		report(REPORT_WARNING, "log: damaged: %s",
		       log_range_text(text, v->first[i]));
	if (v->ranges)
		log_repair_indexes(d->log);
	if (v->ranges > v->kept)
		report(REPORT_WARNING, "log: damaged: and %llu ranges more",
		       (unsigned long long)(v->ranges - v->kept));
}

/* Every start says what is still missing. */
static void say_missing(struct daemon *d)
{
	const struct feed_set *s = node_feeds(d->node);
	uint64_t from, to;
	unsigned said = 0;

	for (uint32_t slot = 0; slot < feed_count(s); slot++) {
		const struct feed *f = feed_at(s, slot);

		for (uint64_t after = 0; said < LOG_DAMAGE_MAX &&
		     feed_gap(s, slot, after, &from, &to); after = to, said++)
			report(REPORT_WARNING, "log: events %llu..%llu of %s "
			       "are missing: asked for again",
			       (unsigned long long)from, (unsigned long long)to,
			       f->call[0] ? f->call : f->label);
	}
	if (feed_nameless(s))
		report(REPORT_WARNING, "log: it is lost whose feeds %u are: "
		       "asked for again", feed_nameless(s));
	if (said == LOG_DAMAGE_MAX)
		report(REPORT_WARNING, "log: and more events are missing");
}

static int start_node(struct daemon *d, const struct json *state)
{
	const struct json *inner = state ? json_get(state, "node") : NULL;
	struct json_out o = { 0 };
	int e;

	init_blobs(d);
	d->node = make_node(d);
	if (!d->node)
		return -ENOMEM;
	for (size_t i = 0; i < d->config.n_ports; i++)
		if (node_port_add(d->node, &d->config.ports[i].node) != (int)i)
			return -ENOSPC;
	e = load_history(d);
	if (e)
		return e;
	say_damage(d, state);
	if (inner)
		json_out_value(&o, inner);
	e = node_loaded(d->node, buf_span(&o.b), d->recovery.clean &&
			(!d->history.damage.ranges || d->damage_known) &&
			log_is_ours(d, state), daemon_now(d));
	buf_fini(&o.b);
	if (!e)
		say_missing(d);
	return e;
}

static int open_node(struct daemon *d)
{
	struct json_error err = { 0 };
	struct json *state = NULL;
	int e = station_state_read(&d->station, &d->state);

	if (!e && d->state.len) {
		state = json_parse(buf_span(&d->state), &err);
		if (!state)
			report(REPORT_WARNING, "%s/state is damaged (%s); "
			       "starting without it, transmitter off",
			       d->station.dir, err.text);
	}
	if (d->state.len && !state)
		d->config.transmit = false;
	if (!e)
		e = check_dataset(d, state);
	if (!e)
		e = start_node(d, state);
	json_free(state);
	return e;
}

/* ---- all ---- */

int daemon_port_open(struct daemon *d, int number)
{
	struct port *p = &d->ports[number];
	int e;

	if (d->n_ports <= (size_t)number)
		d->n_ports = (size_t)number + 1;
	e = port_open(p, d->ring, &d->config.ports[number], number,
		      &glue_port_ops, d);
	port_pause(p, d->reading.why != READING_ON);
	return e;
}

int daemon_port_find(const struct daemon *d, const char *name)
{
	for (size_t i = 0; i < d->n_ports; i++)
		if (d->ports[i].config && (!name ||
		    !strcmp(d->ports[i].config->node.name, name)))
			return (int)i;
	return -ENOENT;
}

static int open_ports(struct daemon *d)
{
	int e = 0;

	for (size_t i = 0; i < d->config.n_ports && !d->offline && !e; i++)
		e = daemon_port_open(d, (int)i);
	return e;
}

static int open_rest(struct daemon *d)
{
	char path[STATION_PATH_MAX];
	int e;

	d->flight = flight_open(station_path(&d->station, "frames", path), &e);
	if (!d->flight)
		report(REPORT_WARNING, "%s: %s; no flight recorder", path,
		       strerror(-e));
	e = control_open(d, &d->control);
	if (e) {
		report(REPORT_ERROR, "%s/control: %s", d->station.dir,
		       strerror(-e));
		return e;
	}
	glue_actions(d);
	blobs_open(&d->blobs, d->node);
	glue_save(d);
	return open_ports(d);
}

int daemon_open(struct daemon *d, const char *dir, int *exit_code)
{
	char why[640];
	int e = crypto_init();

	if (!e)
		e = ring_new(&d->ring, getenv("CAIRN_ENGINE"));
	if (e) {
		report(REPORT_ERROR, "engine: %s", strerror(-e));
		*exit_code = EXIT_CODE_FAILED;
		return e;
	}
	glue_init(d);
	health_init(d);
	d->started_us = daemon_now(d).mono_us / d->config.time_scale;
	e = station_open(&d->station, dir, why);
	if (e)
		report(REPORT_ERROR, "%s", why);
	else
		e = open_log(d);
	if (!e) {
		seals_open(d);
		e = open_node(d);
	}
	if (!e)
		e = open_rest(d);
	*exit_code = exit_code_of(e);
	return e;
}

/* A sync in flight has replies and frames behind it: it may end, in a bounded
 * time. */
static void drain(struct daemon *d)
{
	for (int i = 0; i < 20 && d->syncing; i++)
		ring_turn(d->ring, 100 * US_PER_MS);
}

/* The log's last word. */
static int close_log(struct daemon *d)
{
	int e = log_close(d->log);

	if (e && !d->log_error)
		report(REPORT_ERROR, "log: %s", strerror(-e));
	if (d->log_error)
		report(REPORT_ERROR, "stopped; not stored: %llu bytes (%s)",
		       (unsigned long long)daemon_unstored_bytes(d),
		       strerror(-d->log_error));
	return e ? e : d->log_error;
}

int daemon_close(struct daemon *d)
{
	int e = 0;

	d->closing = true;
	seals_close(d);
	drain(d);
	for (size_t i = 0; i < d->n_ports; i++)
		port_close(&d->ports[i]);
	control_close(d->control);
	if (d->node && d->control)
		glue_save(d);
	if (d->log)
		e = close_log(d);
	flight_flush(d->flight, daemon_now(d).wall_ms);
	flight_close(d->flight);
	node_free(d->node);
	ring_free(d->ring);
	blobs_close(&d->blobs);
	outbox_clear(&d->outbox);
	buf_fini(&d->outbox.b);
	buf_fini(&d->state);
	station_fini(&d->station);
	return e;
}
