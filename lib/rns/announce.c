/* SPDX-License-Identifier: MIT
 *
 * Announces: who a destination is, signed.
 *
 *   data:   key 64 | name hash 10 | random 5 + time u40 | [ratchet 32] |
 *           signature 64 | app_data
 *   signed: destination 16 | key | name hash | random + time | [ratchet] |
 *           app_data			flags, hops, context are not
 */
#include <errno.h>
#include "lib/base/crypto.h"
#include "lib/rns/rns.h"

#define KEY 64
#define ED25519 32	/* of the key: where the signing half starts */
#define RANDOM 10
#define RANDOM_TIME 5	/* of the random hash: where the time starts */
#define RATCHET 32
#define SIGNED_MAX (RNS_HASH + RNS_PACKET_MAX)

/* n bytes, or as many as are left. */
static struct span take(struct rd *r, size_t n)
{
	size_t left = rd_left(r);

	return rd_bytes(r, n < left ? n : left);
}

void rns_announce_slice(struct rns_announce_slices *s,
			const struct rns_packet *p)
{
	struct rd r = rd_init(p->data);

	memset(s, 0, sizeof(*s));
	s->key = take(&r, KEY);
	s->name_hash = take(&r, RNS_NAME_HASH);
	s->random_hash = take(&r, RANDOM);
	if (p->context_flag)
		s->ratchet = take(&r, RATCHET);
	s->sig = take(&r, CRYPTO_SIG_SIZE);
	s->app_data = rd_rest(&r);
}

enum rns_error rns_announce_parse(struct rns_announce *a,
				  const struct rns_packet *p)
{
	struct rd r = rd_init(p->data);
	uint8_t full[CRYPTO_HASH_SIZE];

	memset(a, 0, sizeof(*a));
	if (p->type != RNS_ANNOUNCE)
		return RNS_NOT_ANNOUNCE;
	rd_copy(&r, a->key, KEY);
	rd_copy(&r, a->name_hash, RNS_NAME_HASH);
	rd_copy(&r, a->random_hash, RANDOM);
	a->has_ratchet = p->context_flag;
	if (a->has_ratchet)
		rd_copy(&r, a->ratchet, RATCHET);
	rd_copy(&r, a->sig, CRYPTO_SIG_SIZE);
	if (r.bad)
		return RNS_SHORT;
	a->app_data = rd_rest(&r);
	a->emitted_s = be_get(a->random_hash + RANDOM_TIME,
			      RANDOM - RANDOM_TIME);
	crypto_sha256(full, SPAN(a->key, KEY));
	memcpy(a->identity_hash, full, RNS_HASH);
	return RNS_OK;
}

/* What is signed, into buf of SIGNED_MAX. */
static struct span signed_part(uint8_t *buf, const struct rns_announce *a,
			       const uint8_t dest[16])
{
	struct wr w = wr_init(buf, SIGNED_MAX);

	wr_bytes(&w, SPAN(dest, RNS_HASH));
	wr_bytes(&w, SPAN(a->key, KEY));
	wr_bytes(&w, SPAN(a->name_hash, RNS_NAME_HASH));
	wr_bytes(&w, SPAN(a->random_hash, RANDOM));
	if (a->has_ratchet)
		wr_bytes(&w, SPAN(a->ratchet, RATCHET));
	wr_bytes(&w, a->app_data);
	return wr_span(&w);
}

bool rns_announce_signature_ok(const struct rns_announce *a,
			       const struct rns_packet *p)
{
	uint8_t buf[SIGNED_MAX];

	return crypto_ed25519_verify(a->sig, a->key + ED25519,
				     signed_part(buf, a, p->dest));
}

enum rns_error rns_announce_verify(const struct rns_announce *a,
				   const struct rns_packet *p)
{
	uint8_t dest[RNS_HASH];

	if (p->type != RNS_ANNOUNCE)
		return RNS_NOT_ANNOUNCE;
	rns_destination_single(dest, a->name_hash, a->identity_hash);
	if (memcmp(dest, p->dest, RNS_HASH) != 0)
		return RNS_BAD_DEST;
	if (rns_announce_signature_ok(a, p))
		return RNS_OK;
	return crypto_ed25519_key_ok(a->key + ED25519) ? RNS_BAD_SIGNATURE :
		RNS_BAD_KEY;
}

enum rns_error rns_announce_admissible(const struct rns_packet *p)
{
	if (p->ifac)
		return RNS_IFAC;
	if (p->type != RNS_ANNOUNCE)
		return RNS_NOT_ANNOUNCE;
	return p->dest_type == RNS_SINGLE ? RNS_OK : RNS_BAD_DEST_TYPE;
}

/* ---- encoding ---- */

static void announce_fill(struct rns_announce *a,
			  const struct rns_identity *id,
			  const uint8_t name_hash[10],
			  const uint8_t random5[5], uint64_t emitted_s)
{
	memset(a, 0, sizeof(*a));
	memcpy(a->key, id->pub, KEY);
	memcpy(a->name_hash, name_hash, RNS_NAME_HASH);
	memcpy(a->random_hash, random5, RANDOM_TIME);
	be_put(a->random_hash + RANDOM_TIME, RANDOM - RANDOM_TIME, emitted_s);
	a->emitted_s = emitted_s;
	memcpy(a->identity_hash, id->hash, RNS_HASH);
}

static int announce_write(uint8_t *dst, size_t cap,
			  const struct rns_announce *a,
			  const uint8_t dest[16])
{
	struct rns_packet p = {
		.type = RNS_ANNOUNCE, .context_flag = a->has_ratchet,
	};
	uint8_t data[RNS_MTU];
	struct wr w = wr_init(data, sizeof(data));

	wr_bytes(&w, SPAN(a->key, KEY));
	wr_bytes(&w, SPAN(a->name_hash, RNS_NAME_HASH));
	wr_bytes(&w, SPAN(a->random_hash, RANDOM));
	if (a->has_ratchet)
		wr_bytes(&w, SPAN(a->ratchet, RATCHET));
	wr_bytes(&w, SPAN(a->sig, CRYPTO_SIG_SIZE));
	wr_bytes(&w, a->app_data);
	if (w.full)
		return -EMSGSIZE;
	p.data = wr_span(&w);
	memcpy(p.dest, dest, RNS_HASH);
	return rns_packet_encode(dst, cap < RNS_MTU ? cap : RNS_MTU, &p);
}

int rns_announce_encode(uint8_t *dst, size_t cap, const struct rns_identity *id,
			const uint8_t name_hash[10], const uint8_t random5[5],
			uint64_t emitted_s, const uint8_t *ratchet,
			struct span app_data)
{
	uint8_t buf[SIGNED_MAX], dest[RNS_HASH];
	struct rns_announce a;

	if (!id->has_prv)
		return -EINVAL;
	if (app_data.n > RNS_MTU)
		return -EMSGSIZE;
	announce_fill(&a, id, name_hash, random5, emitted_s);
	a.app_data = app_data;
	a.has_ratchet = ratchet != NULL;
	if (ratchet)
		memcpy(a.ratchet, ratchet, RATCHET);
	rns_destination_single(dest, name_hash, id->hash);
	rns_identity_sign(id, a.sig, signed_part(buf, &a, dest));
	return announce_write(dst, cap, &a, dest);
}
