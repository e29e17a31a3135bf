/* SPDX-License-Identifier: MIT
 *
 * bridge: lets a Reticulum conformance suite drive lib/rns and kiss/. It
 * prints READY, then answers one JSON request a line:
 *
 *   {"id": ..., "command": "packet_unpack", "params": {"raw": "0800..."}}
 *   {"id": ..., "success": true, "result": {...}} or
 *   {"id": ..., "success": false, "error": "..."}
 *
 * Framing, packets, announces, destinations, identities; no encryption, which
 * Cairn does not have: a packet to a SINGLE destination is built in clear.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "kiss/codec.h"
#include "lib/base/crypto.h"
#include "lib/base/json.h"
#include "lib/rns/rns.h"

#define BYTES_MAX 65536
#define ASPECTS_MAX 16

/* One request: its parameters, the result under way, why it failed. */
struct request {
	const struct json *params;
	struct json_out *result;
	const char *error;
};

/* ---- parameters ---- */

static void fail(struct request *r, const char *why)
{
	if (!r->error)
		r->error = why;
}

static struct span text_of(struct request *r, const char *key)
{
	const struct json *v = json_get(r->params, key);

	if (!json_is(v, JSON_STRING))
		fail(r, "a text parameter is missing");
	return json_string(v);
}

/* Hex into a buffer of this call site; empty if absent or null. */
static struct span hex_into(struct request *r, uint8_t *buf, size_t cap,
			    const char *key)
{
	int n = hex_decode(buf, cap, json_string(json_get(r->params, key)));

	if (n < 0)
		fail(r, "not hex, or too long");
	return SPAN(buf, n < 0 ? 0 : n);
}

/* Exactly n bytes of hex. */
static void hex_exact(struct request *r, uint8_t *dst, size_t n,
		      const char *key)
{
	if (hex_into(r, dst, n, key).n != n)
		fail(r, "a parameter has the wrong length");
}

static int64_t int_of(struct request *r, const char *key, int64_t absent)
{
	const struct json *v = json_get(r->params, key);

	return v ? json_int(v) : absent;
}

static struct rns_identity identity_of(struct request *r)
{
	struct rns_identity id = { 0 };
	uint8_t prv[64] = { 0 };

	hex_exact(r, prv, sizeof(prv), "private_key");
	if (!r->error)
		rns_identity_from_private(&id, prv);
	return id;
}

/* "app.aspect..." of app_name and aspects. */
static struct span name_of(struct request *r, char *buf, size_t cap)
{
	const struct json *aspects = json_get(r->params, "aspects");
	struct span app = text_of(r, "app_name");
	const char *parts[ASPECTS_MAX];
	size_t count = json_len(aspects);
	int n;

	if (count > ASPECTS_MAX)
		fail(r, "too many aspects");
	if (r->error)
		return SPAN(buf, 0);
	for (size_t i = 0; i < count; i++)
		parts[i] = (const char *)json_string(json_at(aspects, i)).p;
	n = rns_name_join(buf, cap, (const char *)app.p, parts, count);
	if (n < 0)
		fail(r, "dots are not allowed in a name's parts");
	return SPAN(buf, n < 0 ? 0 : n);
}

/* ---- framing ---- */

#define FRAMES_MAX 64
static struct span frames[FRAMES_MAX];
static size_t n_frames;

static void keep_frame(void *ctx, struct span packet)
{
	uint8_t *copy = malloc(packet.n + 1);

	(void)ctx;
	if (n_frames == FRAMES_MAX || !copy) {
		free(copy);
		return;
	}
	if (packet.n)
		memcpy(copy, packet.p, packet.n);
	frames[n_frames++] = SPAN(copy, packet.n);
}

static void keep_kiss(void *ctx, const struct kiss_frame *f)
{
	if (f->command == KISS_DATA && !f->whole_ff)
		keep_frame(ctx, f->data);
}

static void forget_frames(void)
{
	while (n_frames > 0)
		free((void *)(uintptr_t)frames[--n_frames].p);
}

static void hdlc_frames_of(struct request *r, const char *key)
{
	static struct hdlc_decoder d;
	static uint8_t buf[BYTES_MAX];

	forget_frames();
	hdlc_decoder_init(&d, keep_frame, NULL);
	hdlc_decode(&d, hex_into(r, buf, sizeof(buf), key));
}

static void kiss_frames_of(struct request *r, const char *key)
{
	static struct kiss_decoder d;
	static uint8_t buf[BYTES_MAX];

	forget_frames();
	kiss_decoder_init(&d, keep_kiss, NULL);
	kiss_decode(&d, hex_into(r, buf, sizeof(buf), key));
}

static void put_first_frame(struct request *r)
{
	if (n_frames == 0)
		fail(r, "no whole data frame");
	else
		json_out_kv_hex(r->result, "data", frames[0]);
}

/* A frame that is not longer than a header says nothing. */
static void put_frames(struct request *r, size_t longer_than)
{
	json_out_key(r->result, "frames");
	json_out_array(r->result);
	for (size_t i = 0; i < n_frames; i++)
		if (frames[i].n > longer_than)
			json_out_hex(r->result, frames[i]);
	json_out_end_array(r->result);
}

static void do_hdlc_deframe(struct request *r)
{
	hdlc_frames_of(r, "framed");
	put_first_frame(r);
}

static void do_kiss_deframe(struct request *r)
{
	kiss_frames_of(r, "framed");
	put_first_frame(r);
}

static void do_hdlc_deframe_stream(struct request *r)
{
	hdlc_frames_of(r, "stream");
	put_frames(r, RNS_HEADER_MIN);
}

static void do_kiss_deframe_stream(struct request *r)
{
	kiss_frames_of(r, "stream");
	put_frames(r, 0);
}

static void do_hdlc_frame(struct request *r)
{
	static uint8_t buf[BYTES_MAX], wire[HDLC_ENCODED_MAX(BYTES_MAX)];
	struct span data = hex_into(r, buf, sizeof(buf), "data");

	json_out_kv_hex(r->result, "framed", SPAN(wire, hdlc_encode(wire,
								    data)));
}

static void do_hdlc_escape(struct request *r)
{
	static uint8_t buf[BYTES_MAX], wire[HDLC_ENCODED_MAX(BYTES_MAX)];
	struct span data = hex_into(r, buf, sizeof(buf), "data");
	size_t n = hdlc_encode(wire, data);

	json_out_kv_hex(r->result, "escaped", SPAN(wire + 1, n - 2));
}

static void do_kiss_frame(struct request *r)
{
	static uint8_t buf[BYTES_MAX], wire[KISS_ENCODED_MAX(BYTES_MAX)];
	struct span data = hex_into(r, buf, sizeof(buf), "data");
	size_t n = kiss_encode(wire, 0, KISS_DATA, data);

	json_out_kv_hex(r->result, "framed", SPAN(wire, n));
}

/* ---- identities and destinations ---- */

static void put_identity(struct request *r, const struct rns_identity *id)
{
	json_out_kv_hex(r->result, "public_key", SPAN(id->pub, 64));
	json_out_kv_hex(r->result, "hash", SPAN(id->hash, RNS_HASH));
	json_out_kv_hex(r->result, "hexhash", SPAN(id->hash, RNS_HASH));
}

static void do_identity_from_private_key(struct request *r)
{
	struct rns_identity id = identity_of(r);

	put_identity(r, &id);
}

static void do_identity_hash(struct request *r)
{
	struct rns_identity id;
	uint8_t pub[64] = { 0 };

	hex_exact(r, pub, sizeof(pub), "public_key");
	rns_identity_from_public(&id, pub);
	json_out_kv_hex(r->result, "hash", SPAN(id.hash, RNS_HASH));
}

static void do_identity_sign(struct request *r)
{
	static uint8_t message[BYTES_MAX];
	struct rns_identity id = identity_of(r);
	uint8_t sig[64];

	rns_identity_sign(&id, sig, hex_into(r, message, sizeof(message),
					     "message"));
	json_out_kv_hex(r->result, "signature", SPAN(sig, sizeof(sig)));
}

static void do_identity_verify(struct request *r)
{
	static uint8_t message[BYTES_MAX];
	struct rns_identity id;
	uint8_t pub[64] = { 0 }, sig[128];
	struct span s = hex_into(r, sig, sizeof(sig), "signature");
	struct span m = hex_into(r, message, sizeof(message), "message");

	hex_exact(r, pub, sizeof(pub), "public_key");
	rns_identity_from_public(&id, pub);
	json_out_kv_bool(r->result, "valid", s.n == CRYPTO_SIG_SIZE &&
			 rns_identity_verify(&id, sig, m));
}

static void do_identity_random_hash(struct request *r)
{
	uint8_t random[RNS_HASH];

	crypto_random(random, sizeof(random));
	json_out_kv_hex(r->result, "random_hash", SPAN(random,
						       sizeof(random)));
}

static void do_identity_to_file(struct request *r)
{
	static unsigned count;
	struct rns_identity id = identity_of(r);
	char path[64];

	snprintf(path, sizeof(path), "/tmp/cairn-bridge-%d-%u.key",
		 (int)getpid(), count++);
	if (!r->error && rns_identity_save(&id, path) < 0)
		fail(r, "the key file cannot be written");
	json_out_kv_string(r->result, "path", path);
}

static void do_identity_from_file(struct request *r)
{
	const char *path = (const char *)text_of(r, "path").p;
	struct rns_identity id;
	bool found = path && rns_identity_load(&id, path) == 0;

	json_out_kv_bool(r->result, "found", found);
	if (found)
		put_identity(r, &id);
}

static void do_name_hash(struct request *r)
{
	uint8_t hash[RNS_NAME_HASH];

	rns_name_hash(hash, text_of(r, "name"));
	json_out_kv_hex(r->result, "hash", SPAN(hash, sizeof(hash)));
}

static void put_single(struct request *r, struct span name)
{
	uint8_t name_hash[RNS_NAME_HASH], identity[RNS_HASH] = { 0 };
	uint8_t dest[RNS_HASH];

	hex_exact(r, identity, sizeof(identity), "identity_hash");
	rns_name_hash(name_hash, name);
	rns_destination_single(dest, name_hash, identity);
	json_out_kv_hex(r->result, "destination_hash", SPAN(dest, RNS_HASH));
}

static void do_destination_hash(struct request *r)
{
	char name[512];

	put_single(r, name_of(r, name, sizeof(name)));
}

static void do_hash_from_name_and_identity(struct request *r)
{
	put_single(r, text_of(r, "full_name"));
}

static void put_digest(struct request *r, const char *key, size_t n)
{
	static uint8_t data[BYTES_MAX];
	uint8_t hash[CRYPTO_HASH_SIZE];

	crypto_sha256(hash, hex_into(r, data, sizeof(data), "data"));
	json_out_kv_hex(r->result, key, SPAN(hash, n));
}

static void do_sha256(struct request *r)
{
	put_digest(r, "hash", CRYPTO_HASH_SIZE);
}

static void do_truncated_hash(struct request *r)
{
	put_digest(r, "hash", RNS_HASH);
	put_digest(r, "full_hash", CRYPTO_HASH_SIZE);
}

/* ---- packets ---- */

static void put_packet(struct request *r, const struct rns_packet *p)
{
	struct json_out *o = r->result;
	uint8_t hash[32];

	rns_packet_hash(hash, p);
	json_out_kv_uint(o, "flags", p->flags);
	json_out_kv_uint(o, "hops", p->hops);
	json_out_kv_uint(o, "header_type", p->type2);
	json_out_kv_uint(o, "context_flag", p->context_flag);
	json_out_kv_uint(o, "transport_type", p->transport);
	json_out_kv_uint(o, "destination_type", p->dest_type);
	json_out_kv_uint(o, "packet_type", p->type);
	json_out_kv_hex(o, "destination_hash", SPAN(p->dest, RNS_HASH));
	json_out_key(o, "transport_id");
	if (p->type2)
		json_out_hex(o, SPAN(p->transport_id, RNS_HASH));
	else
		json_out_null(o);
	json_out_kv_uint(o, "context", p->context);
	json_out_kv_hex(o, "data", p->data);
	json_out_kv_hex(o, "hash", SPAN(hash, sizeof(hash)));
}

static void do_packet_unpack(struct request *r)
{
	static uint8_t raw[BYTES_MAX];
	struct rns_packet p;
	bool ok = rns_packet_parse(&p, hex_into(r, raw, sizeof(raw), "raw")) ==
		RNS_OK;

	json_out_kv_bool(r->result, "unpacked", ok);
	if (ok)
		put_packet(r, &p);
}

static void do_packet_hash(struct request *r)
{
	static uint8_t raw[BYTES_MAX];
	struct rns_packet p;
	uint8_t hash[32];

	if (rns_packet_parse(&p, hex_into(r, raw, sizeof(raw), "raw")))
		fail(r, "malformed packet");
	rns_packet_hash(hash, &p);
	json_out_kv_hex(r->result, "hash", SPAN(hash, sizeof(hash)));
}

/* The destination "conformance.packet" of the type asked for. */
static void fill_destination(struct request *r, struct rns_packet *p)
{
	const struct json *v = json_get(r->params, "dest_type");
	const char *type = v ? (const char *)json_string(v).p : "plain";
	const struct span name = SPAN_STR("conformance.packet");
	uint8_t name_hash[RNS_NAME_HASH];
	struct rns_identity id;

	p->dest_type = strcmp(type, "plain") == 0 ? RNS_PLAIN :
		strcmp(type, "group") == 0 ? RNS_GROUP : RNS_SINGLE;
	if (p->dest_type == RNS_PLAIN) {
		rns_destination_plain(p->dest, name);
		return;
	}
	rns_identity_generate(&id);
	rns_name_hash(name_hash, name);
	rns_destination_single(p->dest, name_hash, id.hash);
}

static void do_packet_build(struct request *r)
{
	static uint8_t data[BYTES_MAX], raw[RNS_MTU];
	struct rns_packet p = {
		.hops = (uint8_t)int_of(r, "hops", 0),
		.type = int_of(r, "packet_type", RNS_DATA) & 3,
		.context = (uint8_t)int_of(r, "context", 0),
		.context_flag = int_of(r, "context_flag", 0) != 0,
		.transport = int_of(r, "transport_type", 0) != 0,
		.type2 = int_of(r, "header_type", 1) == 2,
	};
	int n;

	fill_destination(r, &p);
	if (p.type2)
		hex_exact(r, p.transport_id, RNS_HASH, "transport_id");
	if (p.type2 && p.type != RNS_ANNOUNCE)
		fail(r, "only announces start out with a transport id");
	p.data = hex_into(r, data, sizeof(data), "data");
	n = rns_packet_encode(raw, sizeof(raw), &p);
	if (n < 0 || rns_packet_parse(&p, SPAN(raw, n))) {
		fail(r, "longer than the MTU");
		return;
	}
	json_out_kv_hex(r->result, "raw", SPAN(raw, n));
	put_packet(r, &p);
}

static void do_packet_constants(struct request *r)
{
	const unsigned mdu = RNS_MTU - RNS_HEADER_MAX - 1;
	const struct { const char *key; unsigned value; } list[] = {
		{ "mtu", RNS_MTU }, { "header_minsize", RNS_HEADER_MIN },
		{ "header_maxsize", RNS_HEADER_MAX }, { "ifac_min_size", 1 },
		{ "mdu", mdu }, { "packet_mdu", mdu },
		{ "packet_plain_mdu", mdu },
		{ "packet_encrypted_mdu", (mdu - 48 - 32) / 16 * 16 - 1 },
		{ "link_mdu", (RNS_MTU - 1 - RNS_HEADER_MIN - 48) / 16 * 16 -
			1 },
		{ "hashlength", 8 * CRYPTO_HASH_SIZE },
		{ "siglength", 8 * CRYPTO_SIG_SIZE },
		{ "truncated_hashlength", 8 * RNS_HASH },
		{ "keysize", 8 * 64 },
		{ "name_hash_length", 8 * RNS_NAME_HASH },
		{ "token_overhead", 48 }, { "aes128_blocksize", 16 },
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		json_out_kv_uint(r->result, list[i].key, list[i].value);
}

/* ---- announces ---- */

static void put_announce(struct request *r, const struct rns_packet *p)
{
	struct rns_announce_slices s;
	struct json_out *o = r->result;

	rns_announce_slice(&s, p);
	json_out_kv_hex(o, "destination_hash", SPAN(p->dest, RNS_HASH));
	json_out_kv_hex(o, "announce_data", p->data);
	json_out_kv_hex(o, "public_key", s.key);
	json_out_kv_hex(o, "name_hash", s.name_hash);
	json_out_kv_hex(o, "random_hash", s.random_hash);
	json_out_kv_hex(o, "ratchet", s.ratchet);
	json_out_kv_hex(o, "signature", s.sig);
	json_out_kv_hex(o, "app_data", s.app_data);
	json_out_kv_bool(o, "has_ratchet", p->context_flag);
}

static void do_announce_build(struct request *r)
{
	static uint8_t app_data[BYTES_MAX], raw[RNS_MTU];
	struct span app = hex_into(r, app_data, sizeof(app_data), "app_data");
	bool ratchets = json_bool(json_get(r->params, "enable_ratchets"));
	struct rns_identity id = identity_of(r);
	uint8_t name_hash[RNS_NAME_HASH], random[5], ratchet[32];
	struct rns_packet p;
	char name[512];
	int n;

	rns_name_hash(name_hash, name_of(r, name, sizeof(name)));
	crypto_random(random, sizeof(random));
	crypto_random(ratchet, sizeof(ratchet));
	n = rns_announce_encode(raw, sizeof(raw), &id, name_hash, random,
				(uint64_t)int_of(r, "emission_ts", time(NULL)),
				ratchets ? ratchet : NULL, app);
	if (n < 0 || rns_packet_parse(&p, SPAN(raw, n))) {
		fail(r, "no such announce");
		return;
	}
	json_out_kv_hex(r->result, "raw", SPAN(raw, n));
	put_announce(r, &p);
}

static void do_announce_validate(struct request *r)
{
	static uint8_t raw[BYTES_MAX];
	struct rns_announce a;
	struct rns_packet p;
	enum rns_error e = rns_packet_parse(&p, hex_into(r, raw, sizeof(raw),
							 "raw"));

	e = e ? e : rns_announce_parse(&a, &p);
	e = e ? e : rns_announce_verify(&a, &p);
	json_out_kv_bool(r->result, "valid", e == RNS_OK);
	json_out_kv_hex(r->result, "destination_hash", SPAN(p.dest, RNS_HASH));
	json_out_kv_bool(r->result, "has_ratchet", p.context_flag);
	if (e)
		json_out_kv_string(r->result, "error", rns_error_name(e));
	else if (a.has_ratchet)
		json_out_kv_hex(r->result, "ratchet", SPAN(a.ratchet, 32));
}

/* ---- requests ---- */

static const struct command {
	const char *name;
	void (*run)(struct request *r);
} commands[] = {
	{ "announce_build", do_announce_build },
	{ "announce_validate", do_announce_validate },
	{ "destination_hash", do_destination_hash },
	{ "hash_from_name_and_identity", do_hash_from_name_and_identity },
	{ "hdlc_deframe", do_hdlc_deframe },
	{ "hdlc_deframe_stream", do_hdlc_deframe_stream },
	{ "hdlc_escape", do_hdlc_escape },
	{ "hdlc_frame", do_hdlc_frame },
	{ "identity_from_file", do_identity_from_file },
	{ "identity_from_private_key", do_identity_from_private_key },
	{ "identity_hash", do_identity_hash },
	{ "identity_random_hash", do_identity_random_hash },
	{ "identity_sign", do_identity_sign },
	{ "identity_to_file", do_identity_to_file },
	{ "identity_verify", do_identity_verify },
	{ "kiss_deframe", do_kiss_deframe },
	{ "kiss_deframe_stream", do_kiss_deframe_stream },
	{ "kiss_frame", do_kiss_frame },
	{ "name_hash", do_name_hash },
	{ "packet_build", do_packet_build },
	{ "packet_constants", do_packet_constants },
	{ "packet_hash", do_packet_hash },
	{ "packet_unpack", do_packet_unpack },
	{ "sha256", do_sha256 },
	{ "truncated_hash", do_truncated_hash },
};

static const struct command *command_find(struct span name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (span_equal(SPAN_STR(commands[i].name), name))
			return &commands[i];
	return NULL;
}

static void answer(const struct json *root)
{
	const struct command *c =
		command_find(json_string(json_get(root, "command")));
	struct json_out result = { 0 }, o = { 0 };
	struct request r = { json_get(root, "params"), &result, NULL };

	json_out_object(&result);
	if (c)
		c->run(&r);
	else
		fail(&r, "no such command");
	json_out_end_object(&result);
	json_out_object(&o);
	json_out_key(&o, "id");
	if (json_get(root, "id"))
		json_out_value(&o, json_get(root, "id"));
	else
		json_out_null(&o);
	json_out_kv_bool(&o, "success", !r.error);
	if (r.error) {
		json_out_kv_string(&o, "error", r.error);
	} else {
		json_out_key(&o, "result");
		json_out_raw(&o, buf_span(&result.b));
	}
	json_out_end_object(&o);
	printf("%.*s\n", (int)o.b.len, (const char *)o.b.p);
	fflush(stdout);
	buf_fini(&result.b);
	buf_fini(&o.b);
}

int main(void)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	if (crypto_init() < 0)
		return 1;
	printf("READY\n");
	fflush(stdout);
	while ((n = getline(&line, &cap, stdin)) > 0) {
		struct json *root = json_parse(SPAN(line, n), NULL);

		if (root)
			answer(root);
		else
			printf("{\"id\":null,\"success\":false,"
			       "\"error\":\"not JSON\"}\n");
		fflush(stdout);
		json_free(root);
	}
	free(line);
	forget_frames();
	return 0;
}
