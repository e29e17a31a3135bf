/* SPDX-License-Identifier: MIT
 *
 * cairn metrics: what cairnd counts, as OpenMetrics text, on stdout or in a
 * file for node_exporter's textfile collector. The daemon speaks no HTTP: a
 * timer runs this.
 *
 * A family is one line of the table: where in the JSON of `status` its samples
 * stand, and under which name.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "lib/ctl/ctl.h"
#include "tools/cairn.h"
#include "tools/client.h"

enum type { COUNTER, GAUGE };
enum source {
	STATION, LOG, READING, NODE,	/* one object */
	PORT, NODE_PORT,	/* one a port: label port */
	NEIGHBOUR,		/* one each: labels port, callsign */
};

struct family {
	const char *name;	/* without cairn_, _total */
	enum type type;
	enum source source;
	const char *key;	/* a number, a boolean, or a map of numbers */
	const char *label;	/* of the map's keys, or NULL */
	const char *help;
};

static const struct family families[] = {
	{ "uptime_seconds", GAUGE, STATION, "uptime_s", NULL,
	  "since cairnd was started" },
	{ "transmitting", GAUGE, STATION, "transmitting", NULL,
	  "1 if the operator's switch is on" },
	{ "clock_good", GAUGE, STATION, "clock_good", NULL,
	  "1 if the system's clock is trusted" },
	{ "events", GAUGE, NODE, "events", NULL, "events held" },
	{ "authors", GAUGE, NODE, "authors", NULL, "authors known" },
	{ "records", GAUGE, NODE, "records", NULL, "records in the view" },
	{ "own_unsealed_events", GAUGE, NODE, "own_unsealed", NULL,
	  "own events that were never sent" },
	{ "clock_skews", COUNTER, NODE, "clock_skews", NULL,
	  "stamps too far ahead to be adopted" },
	{ "runs", COUNTER, NODE, "feed_verdicts", "verdict",
	  "runs by what became of them; the accepted are verified" },
	{ "run_errors", COUNTER, NODE, "run_errors", "reason",
	  "bodies that could not be read" },
	{ "log_bytes", GAUGE, LOG, "bytes", NULL, "the log up to its end" },
	{ "log_records", GAUGE, LOG, "records", NULL, "records in it" },
	{ "log_pending_bytes", GAUGE, LOG, "pending_bytes", NULL,
	  "written and not yet durable" },
	{ "log_syncs", COUNTER, LOG, "syncs", NULL, "fdatasync calls" },
	{ "outbox_bytes", GAUGE, LOG, "outbox_bytes", NULL,
	  "frames that wait for the disk" },
	{ "outbox_dropped", COUNTER, LOG, "outbox_dropped", NULL,
	  "frames that waited too long for it" },
	{ "generations_waiting", GAUGE, READING, "generations_waiting", NULL,
	  "whole, and their seals not yet verified" },
	{ "reading_paused", GAUGE, READING, "paused", NULL,
	  "1 while ports are not read: verifying or the disk is behind" },
	{ "reading_paused_seconds", COUNTER, READING, "paused_s", NULL,
	  "how long they were not" },
	{ "port_up", GAUGE, PORT, "up", NULL, "1 if the port works" },
	{ "port_ups", COUNTER, PORT, "ups", NULL, "how often it came up" },
	{ "received_frames", COUNTER, PORT, "rx_frames", NULL,
	  "link frames in" },
	{ "received_bytes", COUNTER, PORT, "rx_bytes", NULL, "bytes of them" },
	{ "receive_errors", COUNTER, PORT, "rx_errors", NULL,
	  "bytes that were no frame" },
	{ "kiss_errors", COUNTER, PORT, "kiss_errors", "reason",
	  "of these, on a KISS line, by reason" },
	{ "sent_frames", COUNTER, PORT, "tx_frames", NULL,
	  "link frames out" },
	{ "sent_bytes", COUNTER, PORT, "tx_bytes", NULL, "bytes of them" },
	{ "send_failures", COUNTER, PORT, "tx_failures", NULL,
	  "bursts that the port did not take" },
	{ "airtime_seconds", COUNTER, NODE_PORT, "airtime_s", NULL,
	  "own time on the air" },
	{ "airtime_left_seconds", GAUGE, NODE_PORT, "budget_left_s", NULL,
	  "of the duty" },
	{ "channel_busy_seconds", COUNTER, NODE_PORT, "heard_s", NULL,
	  "air time of all that was heard" },
	{ "keyups", COUNTER, NODE_PORT, "keyups", NULL, "transmissions" },
	{ "neighbours", GAUGE, NODE_PORT, "neighbours", NULL,
	  "stations of ours in direct range" },
	{ "frames", COUNTER, NODE_PORT, "verdicts", "verdict",
	  "frames in, by what became of them" },
	{ "generations_sent", COUNTER, NODE_PORT, "generations_sent", NULL,
	  "generations sent" },
	{ "generations_received", COUNTER, NODE_PORT, "generations_received",
	  NULL, "generations made whole" },
	{ "neighbour_heard_seconds", GAUGE, NEIGHBOUR, "heard_ago_s", NULL,
	  "since it was heard" },
	{ "neighbour_events", GAUGE, NEIGHBOUR, "events", NULL,
	  "events that it said to hold" },
	{ "neighbour_lacks_events", GAUGE, NEIGHBOUR, "lacks_events", NULL,
	  "events held here that it lacks, as far as known" },
	{ "neighbour_missing_events", GAUGE, NEIGHBOUR, "missing_events", NULL,
	  "events held there that are missing here, as far as known" },
	{ "neighbour_lag_events", GAUGE, NEIGHBOUR, "lag", NULL,
	  "events held here more than there; negative: fewer" },
};

struct metrics {
	struct buf out;
	const struct json *status, *neighbours;
};

/* ---- samples ---- */

static void put_label(struct buf *b, const char *name, struct span value,
		      bool *open)
{
	buf_printf(b, "%s%s=\"", *open ? "," : "{", name);
	*open = true;
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '"' || value.p[i] == '\\')
			buf_add_u8(b, '\\');
		buf_add_u8(b, value.p[i] < ' ' ? '.' : value.p[i]);
	}
	buf_add_u8(b, '"');
}

/* Of which port and neighbour: the labels that each of a source's objects
 * bears. */
static void put_sample(struct metrics *m, const struct family *f,
		       const struct json *of, struct span map_key, double v)
{
	char number[32];
	bool open = false;

	buf_printf(&m->out, "cairn_%s%s", f->name,
		   f->type == COUNTER ? "_total" : "");
	if (f->source == NEIGHBOUR)
		put_label(&m->out, "port", json_string(json_get(of, "port")),
			  &open);
	else if (f->source >= PORT)
		put_label(&m->out, "port", json_string(json_get(of, "name")),
			  &open);
	if (f->source == NEIGHBOUR)
		put_label(&m->out, "callsign",
			  json_string(json_get(of, "callsign")), &open);
	if (map_key.n)
		put_label(&m->out, f->label, map_key, &open);
	buf_printf(&m->out, "%s %s\n", open ? "}" : "",
		   json_format_real(number, v));
}

static double value_of(const struct json *v)
{
	return json_is(v, JSON_TRUE) ? 1 : json_real(v);
}

static void put_map(struct metrics *m, const struct family *f,
		    const struct json *of, const struct json *map)
{
	struct json_member e = { .it = NULL };

	while (json_next(map, &e))
		put_sample(m, f, of, e.key, json_real(e.value));
}

/* Against what is held here. */
static void put_lag(struct metrics *m, const struct family *f,
		    const struct json *of)
{
	const struct json *here = json_get(json_get(m->status, "node"),
					   "events");
	const struct json *there = json_get(of, "events");

	if (there)
		put_sample(m, f, of, SPAN("", 0),
			   json_real(here) - json_real(there));
}

static void put_object(struct metrics *m, const struct family *f,
		       const struct json *of)
{
	const struct json *v = json_get(of, f->key);

	if (!strcmp(f->key, "lag"))
		put_lag(m, f, of);
	else if (json_is(v, JSON_OBJECT))
		put_map(m, f, of, v);
	else if (v)
		put_sample(m, f, of, SPAN("", 0), value_of(v));
}

static const struct json *source_of(const struct metrics *m,
				    enum source source)
{
	const struct json *node = json_get(m->status, "node");

	switch (source) {
	case STATION:
		return m->status;
	case LOG:
		return json_get(m->status, "log");
	case READING:
		return json_get(m->status, "reading");
	case NODE:
		return node;
	case PORT:
		return json_get(m->status, "ports");
	case NODE_PORT:
		return json_get(node, "ports");
	case NEIGHBOUR:
		return m->neighbours;
	}
	return NULL;
}

static void put_family(struct metrics *m, const struct family *f)
{
	const struct json *from = source_of(m, f->source);

	buf_printf(&m->out, "# TYPE cairn_%s %s\n# HELP cairn_%s %s\n",
		   f->name, f->type == COUNTER ? "counter" : "gauge",
		   f->name, f->help);
	if (f->source < PORT)
		put_object(m, f, from);
	for (size_t i = 0; f->source >= PORT && i < json_len(from); i++)
		put_object(m, f, json_at(from, i));
}

/* ---- asking, writing ---- */

/* The answer as text: it is parsed again to live as long as it is needed. */
static void keep(void *ctx, const struct json *v, struct span text)
{
	struct json **out = ctx;

	(void)v;
	*out = *out ? *out : json_parse(text, NULL);
}

static int write_file(const char *path, struct span text)
{
	char fresh[512];
	FILE *f;
	int e = 0;

	if (snprintf(fresh, sizeof(fresh), "%s.%d", path, (int)getpid()) >=
	    (int)sizeof(fresh))
		return -ENAMETOOLONG;
	f = fopen(fresh, "we");
	if (!f)
		return -errno;
	if (fwrite(text.p, 1, text.n, f) != text.n)
		e = -errno;
	if (fclose(f) && !e)
		e = -errno;
	if (!e && rename(fresh, path))
		e = -errno;
	if (e)
		unlink(fresh);
	return e;
}

static int print(struct metrics *m, const char *path)
{
	int e = 0;

	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		put_family(m, &families[i]);
	buf_printf(&m->out, "# EOF\n");
	if (path)
		e = write_file(path, buf_span(&m->out));
	else
		fwrite(m->out.p, 1, m->out.len, stdout);
	buf_fini(&m->out);
	if (e)
		fprintf(stderr, "cairn: metrics: %s: %s\n", path,
			strerror(-e));
	return e ? EXIT_CODE_FAILED : EXIT_CODE_OK;
}

int cmd_metrics(int argc, char **argv)
{
	struct json *status = NULL, *neighbours = NULL;
	const char *path = NULL;
	const struct option_spec own[] = {
		{ "--file", NULL, &path }, { NULL, NULL, NULL },
	};
	struct options o;
	int code = options_read(&o, argc, argv, "metrics [--file PATH]\n\n"
		"What cairnd counts, as OpenMetrics text. --file: into a file "
		"that is replaced as a\nwhole, for node_exporter's textfile "
		"collector.", own, 0, 0);

	if (code != OPTIONS_OK)
		return code;
	code = client_call("status", 0, NULL, keep, &status);
	if (code == EXIT_CODE_OK)
		code = client_call("neighbours", 0, NULL, keep, &neighbours);
	if (code == EXIT_CODE_OK)
		code = print(&(struct metrics){ .status = status,
				.neighbours = neighbours }, path);
	json_free(status);
	json_free(neighbours);
	return code;
}
