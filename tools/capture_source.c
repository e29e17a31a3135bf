/* SPDX-License-Identifier: MIT
 *
 * Where captured frames come from: cairnd's monitor, a TNC, an AX.25
 * interface, a file, the flight recorder. A TNC is only listened to: it gets
 * three FENDs, no parameter, no frame.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "ax25/sniff.h"
#include "kiss/tnc.h"
#include "lib/base/clock.h"
#include "lib/ctl/ctl.h"
#include "lib/event/record.h"
#include "lib/log/log.h"
#include "lib/node/node.h"
#include "tools/capture.h"
#include "tools/cairn.h"
#include "tools/client.h"

static int fail(const char *what, const char *why, int code)
{
	fprintf(stderr, "cairn: capture: %s%s%s\n", what, *what ? ": " : "",
		why);
	return code;
}

/* The frame behind a type byte, as link type 202 has it; static. */
static struct span with_type(uint8_t type, struct span data)
{
	static uint8_t bytes[1 + RNS_PACKET_MAX + KISS_FRAME_MAX];

	if (data.n > sizeof(bytes) - 1)
		data.n = sizeof(bytes) - 1;
	bytes[0] = type;
	if (data.n)
		memcpy(bytes + 1, data.p, data.n);
	return SPAN(bytes, data.n + 1);
}

/* ---- cairnd ---- */

struct daemon_source {
	struct capture_sink *sink;
	const char *port;	/* or NULL: all */
	bool known;
};

static void find_port(void *ctx, const struct json *v, struct span text)
{
	const struct json *ports = json_get(v, "ports");
	struct daemon_source *s = ctx;

	(void)text;
	for (size_t i = 0; i < json_len(ports); i++)
		s->known |= span_equal(json_string(json_get(json_at(ports, i),
							    "name")),
				       SPAN_STR(s->port));
}

static bool has(const struct json *v, const char *key, const char *value)
{
	return span_equal(json_string(json_get(v, key)), SPAN_STR(value));
}

static void on_event(void *ctx, const struct json *v, struct span text)
{
	struct daemon_source *s = ctx;
	struct span hex = json_string(json_get(v, "frame"));
	static uint8_t bytes[2 * KISS_FRAME_MAX + RNS_PACKET_MAX];
	int n = hex_decode(bytes, sizeof(bytes), hex);
	struct capture_frame f = {
		.port = (const char *)json_string(json_get(v, "port")).p,
		.wall_us = 1000 * (uint64_t)json_int(json_get(v, "time_ms")),
		.direction = has(v, "direction", "out") ? PCAPNG_OUT :
							  PCAPNG_IN,
		.link = has(v, "link", "bare") ? PCAPNG_LINK_USER0 :
						 PCAPNG_LINK_AX25_KISS,
		.error = has(v, "link", "error"),
		.verdict = (const char *)json_string(json_get(v, "verdict")).p,
	};

	(void)text;
	if (n < 0 || !f.port || !json_get(v, "frame") ||
	    (s->port && strcmp(f.port, s->port)))
		return;
	f.data = has(v, "link", "ax25") ? with_type(0, SPAN(bytes, n)) :
					  SPAN(bytes, n);
	if (!capture_sink_take(s->sink, &f))
		exit(capture_sink_close(s->sink) ? EXIT_CODE_FAILED :
						   EXIT_CODE_OK);
}

int capture_from_daemon(struct capture_sink *sink, const char *port)
{
	struct daemon_source s = { .sink = sink, .port = port };
	int code = port ? client_call("status", 0, NULL, find_port, &s) :
			  EXIT_CODE_OK;

	if (code != EXIT_CODE_OK)
		return code;
	if (port && !s.known)
		return fail(port, "neither a port of cairnd nor an interface; "
			    "a TNC is kiss:DEVICE", EXIT_CODE_FAILED);
	return client_call("monitor", 0, NULL, on_event, &s);
}

/* ---- a TNC ---- */

struct tnc_source {
	struct capture_sink *sink;
	struct ring *ring;
	const char *device;
};

static void tnc_take(struct tnc_source *s, uint8_t port, bool error,
		     const char *verdict, struct span data)
{
	char name[16];
	const struct capture_frame f = {
		.port = name, .wall_us = 1000 * clock_read(1).wall_ms,
		.direction = PCAPNG_IN, .link = PCAPNG_LINK_AX25_KISS,
		.error = error, .verdict = verdict, .data = data,
	};

	snprintf(name, sizeof(name), "kiss%u", port);
	if (!capture_sink_take(s->sink, &f))
		ring_stop(s->ring);
}

static void on_frame(void *ctx, const struct kiss_frame *k)
{
	tnc_take(ctx, k->port, false, NULL,
		 with_type((uint8_t)(k->port << 4 | k->command), k->data));
}

static void on_error(void *ctx, enum kiss_error e, struct span raw)
{
	tnc_take(ctx, 0, true, kiss_error_name(e), raw);
}

static void on_state(void *ctx, bool up, const char *why)
{
	struct tnc_source *s = ctx;

	fprintf(stderr, "cairn: capture: %s%s\n", up ? s->device : why,
		up ? ": listening" : "");
}

int capture_from_tnc(struct capture_sink *sink, const char *device)
{
	static const struct tnc_ops ops = {
		.frame = on_frame, .error = on_error, .state = on_state,
	};
	struct tnc_source s = { .sink = sink, .device = device };
	struct tnc_config c = { .txdelay_ms = -1, .txtail_ms = -1,
		.slottime_ms = -1, .persistence = -1, .fullduplex = -1 };
	char why[160];
	struct tnc *t;
	int e;

	if (tnc_parse_device(&c, device, why))
		return fail("", why, EXIT_CODE_USAGE);
	e = ring_new(&s.ring, NULL);
	if (e)
		return fail(device, strerror(-e), EXIT_CODE_FAILED);
	t = tnc_new(s.ring, &c, &ops, &s);
	e = t ? ring_run(s.ring) : -ENOMEM;
	tnc_free(t);
	ring_free(s.ring);
	return e ? fail(device, strerror(-e), EXIT_CODE_FAILED) :
		   EXIT_CODE_OK;
}

/* ---- an interface ---- */

struct interface_source {
	struct capture_sink *sink;
	const char *name;
};

static bool on_sniffed(void *ctx, const struct sniff_frame *s)
{
	const struct interface_source *i = ctx;
	const struct capture_frame f = {
		.port = i->name, .wall_us = s->wall_us,
		.direction = s->sent ? PCAPNG_OUT : PCAPNG_IN,
		.link = PCAPNG_LINK_AX25_KISS, .data = s->data,
	};

	return capture_sink_take(i->sink, &f);
}

int capture_from_interface(struct capture_sink *sink, const char *name)
{
	struct interface_source i = { sink, name };
	struct sniff *s;
	char why[200];
	int e = sniff_open(&s, name, why);

	if (e)
		return fail("", why, e == -EPERM || e == -EACCES ?
			    EXIT_CODE_PERMISSION : EXIT_CODE_FAILED);
	fprintf(stderr, "cairn: capture: %s: listening\n", name);
	while ((e = sniff_run(s, on_sniffed, &i)) == -ENETDOWN)
		fail(name, "the interface went down; waiting", 0);
	sniff_close(s);
	return e ? fail(name, strerror(-e), EXIT_CODE_FAILED) : EXIT_CODE_OK;
}

/* ---- a file ---- */

struct file_source {
	struct capture_sink *sink;
	struct input input;
};

static void packet_to_frame(struct capture_frame *f, char name[16],
			    const struct pcapng_packet *p)
{
	snprintf(name, 16, "%u", p->interface);
	f->wall_us = p->wall_us;
	f->direction = p->direction;
	f->data = p->data;
	f->link = p->link;
	if (p->link == PCAPNG_LINK_AX25) {
		f->link = PCAPNG_LINK_AX25_KISS;
		f->data = with_type(0, p->data);
	}
}

static void on_input(void *ctx, const struct input_frame *in)
{
	struct file_source *s = ctx;
	char name[16] = "file";
	struct capture_frame f = {
		.port = name, .link = PCAPNG_LINK_AX25_KISS, .data = in->data,
	};
	const struct kiss_frame *k = in->kiss;

	if (s->input.done)
		return;
	switch (in->kind) {
	case INPUT_KISS:
		snprintf(name, sizeof(name), "kiss%u", k->port);
		f.data = with_type((uint8_t)(k->port << 4 | k->command),
				   k->data);
		break;
	case INPUT_PACKET:
		packet_to_frame(&f, name, in->packet);
		break;
	case INPUT_BARE:
		f.link = PCAPNG_LINK_USER0;
		break;
	case INPUT_ANY:
		f.data = with_type(0, in->data);
		break;
	case INPUT_ERROR:
		f.error = true;
		f.verdict = in->error;
		break;
	}
	if (!capture_sink_take(s->sink, &f))
		s->input.done = true;
}

int capture_from_file(struct capture_sink *sink, const char *path)
{
	static struct file_source s;
	int e;

	s.sink = sink;
	s.input.frame = on_input;
	s.input.ctx = &s;
	e = input_file(&s.input, path);
	if (e)
		return fail(path, strerror(-e), EXIT_CODE_FAILED);
	return s.input.failed ? EXIT_CODE_FAILED : EXIT_CODE_OK;
}

/* ---- the flight recorder ---- */

static bool recorded(struct capture_sink *sink, const struct record_frame *r)
{
	char name[16];
	const struct capture_frame f = {
		.port = name, .wall_us = 1000 * r->wall_ms,
		.direction = r->sent ? PCAPNG_OUT : PCAPNG_IN,
		.link = r->link == RECORD_LINK_BARE ? PCAPNG_LINK_USER0 :
						      PCAPNG_LINK_AX25_KISS,
		.error = r->link == RECORD_LINK_ERROR,
		.verdict = r->sent ? "sent" : node_verdict_name(r->verdict),
		.data = r->link == RECORD_LINK_AX25 ?
			with_type(0, r->frame) : r->frame,
	};

	if (r->name.n)
		snprintf(name, sizeof(name), "%.*s", (int)r->name.n,
			 (const char *)r->name.p);
	else	/* of before names were kept */
		snprintf(name, sizeof(name), "port%u", r->port);
	return capture_sink_take(sink, &f);
}

int capture_from_recorder(struct capture_sink *sink, uint64_t since_s)
{
	uint64_t from_ms = clock_read(1).wall_ms - 1000 * since_s;
	struct log_options o = { .read_only = true };
	char dir[512], path[544];
	struct log_recovery rec;
	struct log_snapshot *s;
	struct log_record r;
	struct record_frame f;
	struct log_iter it;
	struct log *log;
	int e;

	snprintf(path, sizeof(path), "%s/frames", client_dir(dir));
	e = log_open(&log, path, &o, &rec);
	if (e)
		return fail(path, e == -ENOENT ? "no flight recorder here "
			    "(is -d right?)" : strerror(-e), EXIT_CODE_FAILED);
	s = log_snapshot(log);
	it = log_iter(s, 0);
	while (log_next(&it, &r) == 1)
		if (r.type == RECORD_FRAME &&
		    !record_frame_decode(r.payload, &f) &&
		    f.wall_ms >= from_ms && !recorded(sink, &f))
			break;
	log_release(s);
	log_close(log);
	return EXIT_CODE_OK;
}
