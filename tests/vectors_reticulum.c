/* SPDX-License-Identifier: MIT
 *
 * The Reticulum vectors: packets, announces, destinations, framing. Verdicts
 * are the reference's but for the two intended refusals (lib/rns/rns.h).
 */
#include <errno.h>
#include "ax25/frame.h"
#include "kiss/codec.h"
#include "lib/base/crypto.h"
#include "lib/rns/rns.h"
#include "tests/vectors.h"

static struct span hex_of(struct buf *b, const struct json *v)
{
	vector_hex(b, v);
	return buf_span(b);
}

static bool hex_is(const struct json *v, struct span want)
{
	struct buf b = { 0 };
	bool ok = vector_hex(&b, v) && span_equal(buf_span(&b), want);

	buf_fini(&b);
	return ok;
}

static const char *text_of(const struct json *v)
{
	return (const char *)json_string(v).p;
}

/* ---- announces ---- */

static void hex_or_null(struct json_out *o, const char *key, bool present,
			struct span s)
{
	json_out_key(o, key);
	if (present)
		json_out_hex(o, s);
	else
		json_out_null(o);
}

static void put_announce(struct json_out *o, const struct rns_packet *p)
{
	struct rns_announce_slices s;
	uint8_t hash[32];
	size_t half, time;

	rns_announce_slice(&s, p);
	crypto_sha256(hash, s.key);
	half = s.key.n < 32 ? s.key.n : 32;
	time = s.random_hash.n > 5 ? s.random_hash.n - 5 : 0;
	json_out_kv_hex(o, "x25519_pub", SPAN(s.key.p, half));
	json_out_kv_hex(o, "ed25519_pub", SPAN(s.key.p + half,
					       s.key.n - half));
	json_out_kv_hex(o, "identity_hash", SPAN(hash, RNS_HASH));
	json_out_kv_hex(o, "name_hash", s.name_hash);
	json_out_kv_hex(o, "random_hash", s.random_hash);
	json_out_kv_uint(o, "emitted", time ?
			 be_get(s.random_hash.p + 5, (unsigned)time) : 0);
	hex_or_null(o, "ratchet", p->context_flag, s.ratchet);
	json_out_kv_hex(o, "signature", s.sig);
	json_out_kv_hex(o, "app_data", s.app_data);
}

static void put_packet(struct json_out *o, const struct rns_packet *p)
{
	uint8_t hash[32];

	rns_packet_hash(hash, p);
	json_out_object(o);
	json_out_kv_uint(o, "flags", p->flags);
	json_out_kv_uint(o, "ifac_flag", p->ifac);
	json_out_kv_uint(o, "header_type", p->type2);
	json_out_kv_uint(o, "context_flag", p->context_flag);
	json_out_kv_uint(o, "transport_type", p->transport);
	json_out_kv_uint(o, "destination_type", p->dest_type);
	json_out_kv_uint(o, "packet_type", p->type);
	json_out_kv_uint(o, "hops", p->hops);
	hex_or_null(o, "transport_id", p->type2,
		    SPAN(p->transport_id, RNS_HASH));
	json_out_kv_hex(o, "destination_hash", SPAN(p->dest, RNS_HASH));
	json_out_kv_uint(o, "context", p->context);
	json_out_kv_uint(o, "data_len", p->data.n);
	json_out_kv_hex(o, "packet_hash", SPAN(hash, sizeof(hash)));
	if (p->type == RNS_ANNOUNCE)
		put_announce(o, p);
	json_out_end_object(o);
}

static void compare_parse(const struct json *want, const struct rns_packet *p)
{
	struct json_out o = { 0 };
	struct json *got;

	put_packet(&o, p);
	got = json_parse(buf_span(&o.b), NULL);
	vector_expect(vector_json_equal(want, got), "parse: got %.*s",
		      (int)o.b.len, (const char *)o.b.p);
	json_free(got);
	buf_fini(&o.b);
}

static void compare_delivered(const struct json *want,
			      const struct rns_packet *p,
			      const struct rns_announce *a,
			      const struct rns_paths *t)
{
	uint8_t hops, next_hop[RNS_HASH];
	const struct json *app = json_get(want, "app_data");

	if (!want || !vector_expect(rns_paths_get(t, p->dest, &hops, next_hop),
				    "no path"))
		return;
	vector_expect(json_int(json_get(want, "hops")) == hops, "hops");
	vector_expect(hex_is(json_get(want, "next_hop"),
			     SPAN(next_hop, RNS_HASH)), "next hop");
	vector_expect(hex_is(json_get(want, "destination_hash"),
			     SPAN(p->dest, RNS_HASH)), "destination");
	vector_expect(hex_is(json_get(want, "identity_hash"),
			     SPAN(a->identity_hash, RNS_HASH)), "identity");
	vector_expect(json_bool(json_get(want, "is_path_response")) ==
		      (p->context == 0x0b), "path response");
	vector_expect(json_is(app, JSON_NULL) ?
		      a->app_data.n == 0 && !a->has_ratchet :
		      hex_is(app, a->app_data), "app_data");
}

/* The same bytes again from the private key. */
static void compare_encoded(const struct json *key, const struct rns_packet *p,
			    const struct rns_announce *a)
{
	struct rns_identity id;
	struct rns_packet again;
	struct buf b = { 0 };
	uint8_t raw[RNS_MTU];
	int n;

	if (!vector_hex(&b, key) || !vector_expect(b.len == 64, "key"))
		return;
	rns_identity_from_private(&id, b.p);
	n = rns_announce_encode(raw, sizeof(raw), &id, a->name_hash,
				a->random_hash, a->emitted_s,
				a->has_ratchet ? a->ratchet : NULL,
				a->app_data);
	if (vector_expect(n > 0, "encode: %d", n)) {
		rns_packet_parse(&again, SPAN(raw, n));
		vector_expect(span_equal(again.data, p->data) &&
			      memcmp(again.dest, p->dest, RNS_HASH) == 0 &&
			      again.context_flag == p->context_flag,
			      "encoded differently");
	}
	buf_fini(&b);
}

static void judge_announce(const struct json *v, const struct rns_packet *p)
{
	const struct json *want = json_get(v, "expected");
	const struct json *sodium = json_get(v, "libsodium_signature_ok");
	bool sane = !json_is(sodium, JSON_FALSE), admissible, valid, ok;
	struct rns_paths *t = rns_paths_new(4);
	struct rns_announce a;
	enum rns_error e = rns_announce_parse(&a, p);

	if (e == RNS_OK && json_is(sodium, JSON_TRUE))
		vector_expect(rns_announce_signature_ok(&a, p), "signature");
	if (e == RNS_OK)
		e = rns_announce_verify(&a, p);
	valid = json_bool(json_get(want, "validate_announce")) && sane;
	vector_expect(valid == (e == RNS_OK), "verdict %s", rns_error_name(e));
	admissible = rns_announce_admissible(p) == RNS_OK;
	ok = admissible && e == RNS_OK && !rns_paths_offer(t, p, &a, 0);
	valid = json_bool(json_get(want, "inbound_accepted")) && sane &&
		p->dest_type != RNS_LINK;
	vector_expect(valid == ok, "inbound: %d", ok);
	if (ok)
		compare_delivered(json_get(want, "delivered"), p, &a, t);
	if (ok)
		compare_encoded(json_get(v, "private_key"), p, &a);
	rns_paths_free(t);
}

static void run_announces(const struct json *root)
{
	const struct json *list = json_get(root, "vectors");
	struct buf raw = { 0 };

	for (size_t i = 0; i < json_len(list); i++) {
		const struct json *v = json_at(list, i);
		const struct json *want = json_get(v, "expected");
		struct rns_packet p;
		enum rns_error e;

		e = rns_packet_parse(&p, hex_of(&raw, json_get(v, "raw")));
		vector_expect(json_bool(json_get(want, "unpack_ok")) ==
			      (e == RNS_OK), "unpack: %s", rns_error_name(e));
		if (e == RNS_OK && json_get(want, "parse")) {
			compare_parse(json_get(want, "parse"), &p);
			judge_announce(v, &p);
		}
		vector_case("%s", text_of(json_get(v, "name")));
	}
	buf_fini(&raw);
}

static void run_step(struct rns_paths *t, const struct json *step)
{
	struct buf raw = { 0 };
	uint8_t hops = 0, next[RNS_HASH] = { 0 };
	struct rns_packet p;
	struct rns_announce a;
	enum rns_error e = rns_packet_parse(&p, hex_of(&raw,
						       json_get(step, "raw")));

	e = e ? e : rns_announce_admissible(&p);
	e = e ? e : rns_announce_parse(&a, &p);
	e = e ? e : rns_announce_verify(&a, &p);
	vector_expect(json_bool(json_get(step, "signature_ok")) == (e == RNS_OK),
		      "verify: %s", rns_error_name(e));
	e = e ? e : rns_paths_offer(t, &p, &a, 0);
	vector_expect(json_bool(json_get(step, "accepted")) == (e == RNS_OK),
		      "offer: %s", rns_error_name(e));
	rns_paths_get(t, p.dest, &hops, next);
	vector_expect(json_int(json_get(step, "path_hops_after")) == hops,
		      "hops after: %u", hops);
	vector_expect(hex_is(json_get(step, "next_hop_after"),
			     SPAN(next, RNS_HASH)), "next hop after");
	buf_fini(&raw);
}

static void run_sequences(const struct json *root)
{
	const struct json *list = json_get(root, "sequences");

	for (size_t i = 0; i < json_len(list); i++) {
		const struct json *steps = json_get(json_at(list, i), "steps");
		struct rns_paths *t = rns_paths_new(8);

		for (size_t j = 0; j < json_len(steps); j++)
			run_step(t, json_at(steps, j));
		vector_case("%s", text_of(json_get(json_at(list, i), "name")));
		rns_paths_free(t);
	}
}

/* ---- destinations ---- */

static int join_name(char *dst, size_t cap, const struct json *d)
{
	const struct json *aspects = json_get(d, "aspects");
	const char *parts[16];
	size_t n = json_len(aspects);

	if (n > 16)
		return -ENOSPC;
	for (size_t i = 0; i < n; i++)
		parts[i] = text_of(json_at(aspects, i));
	return rns_name_join(dst, cap, text_of(json_get(d, "app_name")), parts,
			     n);
}

static void compare_identity(const struct json *d, struct rns_identity *id)
{
	struct buf b = { 0 };

	if (vector_hex(&b, json_get(d, "private_key")) &&
	    vector_expect(b.len == 64, "key size")) {
		rns_identity_from_private(id, b.p);
		vector_expect(hex_is(json_get(d, "public_key"),
				     SPAN(id->pub, 64)), "public key");
		vector_expect(hex_is(json_get(d, "identity_hash"),
				     SPAN(id->hash, RNS_HASH)), "identity");
	}
	buf_fini(&b);
}

static void run_destination(const struct json *d)
{
	char name[512];
	int n = join_name(name, sizeof(name), d);
	uint8_t name_hash[RNS_NAME_HASH], dest[RNS_HASH];
	struct rns_identity id;

	if (!vector_expect(n >= 0, "join: %d", n))
		return;
	vector_expect(span_equal(SPAN(name, n),
				 json_string(json_get(d, "full_name"))),
		      "full name %s", name);
	rns_name_hash(name_hash, SPAN(name, n));
	vector_expect(hex_is(json_get(d, "name_hash"),
			     SPAN(name_hash, RNS_NAME_HASH)), "name hash");
	if (strcmp(text_of(json_get(d, "type")), "SINGLE") == 0) {
		compare_identity(d, &id);
		rns_destination_single(dest, name_hash, id.hash);
	} else {
		rns_destination_plain(dest, SPAN(name, n));
	}
	vector_expect(hex_is(json_get(d, "destination_hash"),
			     SPAN(dest, RNS_HASH)), "destination");
}

static void run_plain_packet(const struct json *v)
{
	struct buf raw = { 0 }, data = { 0 };
	uint8_t again[RNS_MTU], hash[32];
	struct rns_packet p;
	int n;

	if (!vector_expect(rns_packet_parse(&p, hex_of(&raw,
				json_get(v, "raw"))) == RNS_OK, "parse"))
		return;
	vector_expect(hex_is(json_get(v, "data"), p.data), "data");
	rns_packet_hash(hash, &p);
	vector_expect(hex_is(json_get(v, "packet_hash"), SPAN(hash, 32)),
		      "packet hash");
	vector_expect(hex_is(json_get(v, "truncated_hash"),
			     SPAN(hash, RNS_HASH)), "truncated hash");
	n = rns_packet_encode_plain(again, sizeof(again), p.dest,
				    hex_of(&data, json_get(v, "data")));
	vector_expect(n > 0 && hex_is(json_get(v, "raw"), SPAN(again, n)),
		      "encode");
	buf_fini(&raw);
	buf_fini(&data);
}

static void run_signature(const struct json *v)
{
	struct buf key = { 0 }, message = { 0 };
	struct rns_identity id;
	uint8_t sig[64];

	hex_of(&key, json_get(v, "private_key"));
	hex_of(&message, json_get(v, "message"));
	if (!vector_expect(key.len == 64, "key size"))
		return;
	rns_identity_from_private(&id, key.p);
	rns_identity_sign(&id, sig, buf_span(&message));
	vector_expect(hex_is(json_get(v, "signature"), SPAN(sig, 64)), "sign");
	vector_expect(rns_identity_verify(&id, sig, buf_span(&message)),
		      "verify");
	sig[63] ^= 0x10;
	vector_expect(!rns_identity_verify(&id, sig, buf_span(&message)),
		      "a broken signature passes");
	buf_fini(&key);
	buf_fini(&message);
}

static void run_refused_name(const struct json *v)
{
	char name[512];

	vector_expect(join_name(name, sizeof(name), v) == -EINVAL, "taken");
}

static void run_each(const struct json *root, const char *key,
		     void (*run)(const struct json *))
{
	const struct json *list = json_get(root, key);

	for (size_t i = 0; i < json_len(list); i++) {
		run(json_at(list, i));
		vector_case("%s %zu", key, i);
	}
}

static void run_destinations(const struct json *root)
{
	run_each(root, "destinations", run_destination);
	run_each(root, "refused_names", run_refused_name);
	run_each(root, "packets", run_plain_packet);
	run_each(root, "signatures", run_signature);
}

VECTOR_FILE(announces, run_announces)
VECTOR_FILE(announce_sequences, run_sequences)
VECTOR_FILE(destinations, run_destinations)
