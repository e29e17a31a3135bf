/* SPDX-License-Identifier: MIT
 *
 * The framing vectors: KISS, AX.25 in KISS, and HDLC, as the reference's
 * interfaces write and read them.
 *
 * What we write must be the same bytes, but for call signs padded with 0x40.
 * Of bad input the reference hands up more than it should and of shared
 * delimiters less, so reading is compared through `wire`: what we hand up
 * must stand in it, escaped and closed; what the reference hands up and
 * stands in it as we would have sent it must come from us.
 */
#include <stdio.h>
#include "ax25/frame.h"
#include "kiss/codec.h"
#include "lib/rns/rns.h"
#include "tests/vectors.h"

#define PACKETS_MAX 16

struct framing {
	const char *name;
	size_t (*encode)(uint8_t *dst, struct span packet);
	void (*decode)(struct span wire);
	size_t free;	/* bytes of an encoding after the delimiter that may
			 * differ: port, addresses */
	size_t packet;	/* where in an encoding the packet starts */
};

static struct buf got[PACKETS_MAX];
static size_t n_got;
static struct ax25_address ax25_dest, ax25_source;

static void take_packet(void *ctx, struct span packet)
{
	(void)ctx;
	if (n_got == PACKETS_MAX)
		return;
	got[n_got].len = 0;
	buf_add(&got[n_got++], packet);
}

/* ---- the three framings ---- */

static size_t encode_kiss(uint8_t *dst, struct span packet)
{
	return kiss_encode(dst, 0, KISS_DATA, packet);
}

static void take_kiss(void *ctx, const struct kiss_frame *f)
{
	if (f->command == KISS_DATA && f->data.n)
		take_packet(ctx, f->data);
}

static void decode_kiss(struct span wire)
{
	static struct kiss_decoder d;

	kiss_decoder_init(&d, take_kiss, NULL);
	kiss_decode(&d, wire);
}

static size_t encode_ax25(uint8_t *dst, struct span packet)
{
	uint8_t frame[2048];
	int n = ax25_ui_encode(frame, sizeof(frame), &ax25_dest, &ax25_source,
			       AX25_PID_NONE, packet);

	return n < 0 ? 0 : encode_kiss(dst, SPAN(frame, n));
}

static void take_ax25(void *ctx, const struct kiss_frame *f)
{
	struct ax25_frame ax25;

	if (f->command == KISS_DATA && ax25_parse(&ax25, f->data) == AX25_OK &&
	    ax25.type == AX25_UI && ax25.info.n)
		take_packet(ctx, ax25.info);
}

static void decode_ax25(struct span wire)
{
	static struct kiss_decoder d;

	kiss_decoder_init(&d, take_ax25, NULL);
	kiss_decode(&d, wire);
}

static void decode_hdlc(struct span wire)
{
	static struct hdlc_decoder d;

	hdlc_decoder_init(&d, take_packet, NULL);
	hdlc_decode(&d, wire);
}

static const struct framing kiss = { "kiss", encode_kiss, decode_kiss, 2, 2 };
static const struct framing ax25 = { "ax25", encode_ax25, decode_ax25, 16, 18 };
static const struct framing hdlc = { "hdlc", hdlc_encode, decode_hdlc, 1, 1 };

/* ---- comparing ---- */

/* Whether the encoding of the packet stands in the wire, but for its first
 * `skip` bytes; then `delimited` wants its delimiter before those. */
static bool stands_in(const struct framing *f, struct span wire,
		      struct span packet, size_t skip, bool delimited)
{
	uint8_t enc[KISS_ENCODED_MAX(2048)];
	size_t n;

	if (packet.n > 1024)
		return false;
	n = f->encode(enc, packet);
	for (size_t i = 0; i + n <= wire.n; i++)
		if ((!delimited || wire.p[i] == enc[0]) &&
		    memcmp(wire.p + i + skip, enc + skip, n - skip) == 0)
			return true;
	return false;
}

static bool handed_up(struct span packet)
{
	for (size_t i = 0; i < n_got; i++)
		if (span_equal(buf_span(&got[i]), packet))
			return true;
	return false;
}

static void run_decode(const struct framing *f, const struct json *v)
{
	const struct json *want = json_get(v, "to_inbound");
	struct buf wire = { 0 }, packet = { 0 };

	vector_hex(&wire, json_get(v, "wire"));
	n_got = 0;
	f->decode(buf_span(&wire));
	for (size_t i = 0; i < n_got; i++)
		vector_expect(stands_in(f, buf_span(&wire), buf_span(&got[i]),
					f->packet, false),
			      "a packet that is not in the wire: %zu", i);
	for (size_t i = 0; i < json_len(want); i++) {
		vector_hex(&packet, json_at(want, i));
		vector_expect(!packet.len || handed_up(buf_span(&packet)) ||
			      !stands_in(f, buf_span(&wire),
					 buf_span(&packet), f->free, true),
			      "packet %zu is missing", i);
	}
	buf_fini(&wire);
	buf_fini(&packet);
}

/* The reference pads call signs with 0x20. */
static void pad_properly(const struct framing *f, struct buf *wire)
{
	if (f != &ax25)
		return;
	for (size_t i = 9; i < 15 && i < wire->len; i++)
		if (wire->p[i] == 0x20)
			wire->p[i] = 0x40;
}

static void run_encode(const struct framing *f, const struct json *v)
{
	struct buf wire = { 0 }, packet = { 0 };
	uint8_t enc[KISS_ENCODED_MAX(2048)];
	size_t n;

	vector_hex(&packet, json_get(v, "packet"));
	vector_hex(&wire, json_get(v, "wire"));
	pad_properly(f, &wire);
	if (vector_expect(packet.len <= 1024, "too long for this test")) {
		n = f->encode(enc, buf_span(&packet));
		vector_expect(span_equal(SPAN(enc, n), buf_span(&wire)),
			      "another wire");
	}
	buf_fini(&wire);
	buf_fini(&packet);
}

static void run_cases(const struct framing *f, const char *run,
		      const struct json *list,
		      void (*one)(const struct framing *, const struct json *))
{
	for (size_t i = 0; i < json_len(list); i++) {
		struct span name = json_string(json_get(json_at(list, i),
							"name"));

		one(f, json_at(list, i));
		vector_case("%s %s %.*s", f->name, run, (int)name.n,
			    (const char *)name.p);
	}
}

/* Bytes the reference writes on its own (parameters, beacon, flow control):
 * whole frames, which come out the same when encoded again. */
static struct buf again;

static void encode_again(void *ctx, const struct kiss_frame *f)
{
	(void)ctx;
	again.len += kiss_encode(buf_reserve(&again,
					     KISS_ENCODED_MAX(f->data.n)),
				 f->port, f->command, f->data);
}

static void run_wire(const struct json *v, const char *what)
{
	struct kiss_decoder d;
	struct buf wire = { 0 };

	if (v && vector_hex(&wire, v)) {
		again.len = 0;
		kiss_decoder_init(&d, encode_again, NULL);
		kiss_decode(&d, buf_span(&wire));
		vector_expect(span_equal(buf_span(&again), buf_span(&wire)),
			      "not whole frames");
		vector_case("%s", what);
	}
	buf_fini(&wire);
}

static void run_timeline(const struct json *run)
{
	static const char *const keys[] = { "init_bytes", "after_send",
		"sent_by_tnc", "after_ready", "after_timeout" };
	const struct json *events = json_get(run, "events");

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		run_wire(json_get(run, keys[i]), keys[i]);
	for (size_t i = 0; i < json_len(events); i++)
		run_wire(json_get(json_at(events, i), "wire"), "event");
}

static void run_one(const struct framing *f, const char *name,
		    const struct json *run)
{
	run_cases(f, name, json_get(run, "encode"), run_encode);
	run_cases(f, name, json_get(run, "decode"), run_decode);
	if (f != &hdlc)
		run_timeline(run);
}

static void run_kiss(const struct json *root)
{
	struct json_member m = { 0 };

	while (json_next(json_get(root, "runs"), &m))
		run_one(&kiss, (const char *)m.key.p, m.value);
}

static void run_hdlc(const struct json *root)
{
	struct json_member m = { 0 };

	while (json_next(json_get(root, "runs"), &m)) {
		const struct json *config = json_get(m.value, "config");
		bool k = json_bool(json_get(config, "kiss_framing"));

		run_one(k ? &kiss : &hdlc, (const char *)m.key.p, m.value);
	}
}

/* ---- AX.25 ---- */

/* "CALL" and 7, or "7", as an address; what a station may call itself. */
static bool station_parse(struct ax25_address *a, const struct json *config)
{
	const struct json *ssid = json_get(config, "ssid");
	char text[64];

	if (json_is(ssid, JSON_STRING))
		snprintf(text, sizeof(text), "%s-%s",
			 (const char *)json_string(json_get(config,
							    "callsign")).p,
			 (const char *)json_string(ssid).p);
	else
		snprintf(text, sizeof(text), "%s-%d",
			 (const char *)json_string(json_get(config,
							    "callsign")).p,
			 (int)json_int(ssid));
	return ax25_address_parse(a, text) == 0 && strlen(a->call) >= 3;
}

static void run_refused(const struct json *list)
{
	for (size_t i = 0; i < json_len(list); i++) {
		const struct json *v = json_at(list, i);
		struct ax25_address a;

		vector_expect(json_bool(json_get(v, "accepted")) ==
			      station_parse(&a, v), "call sign");
		vector_case("refused_configurations %zu", i);
	}
}

static void run_ax25(const struct json *root)
{
	struct json_member m = { 0 };

	ax25_address_parse(&ax25_dest, "APZRNS");
	while (json_next(json_get(root, "runs"), &m)) {
		if (json_is(m.value, JSON_ARRAY)) {
			run_refused(m.value);
			continue;
		}
		if (!vector_expect(station_parse(&ax25_source,
						 json_get(m.value, "config")),
				   "call sign"))
			continue;
		run_one(&ax25, (const char *)m.key.p, m.value);
	}
}

VECTOR_FILE(kiss_frames, run_kiss)
VECTOR_FILE(ax25kiss_frames, run_ax25)
VECTOR_FILE(hdlc_frames, run_hdlc)
