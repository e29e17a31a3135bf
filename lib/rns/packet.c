/* SPDX-License-Identifier: MIT
 *
 * Packets: the header both ways, and the hash that is the same at every hop.
 *
 *   flags: 7 IFAC | 6 type 2 | 5 context flag | 4 transport |
 *          3-2 destination type | 1-0 packet type
 */
#include <errno.h>
#include "lib/base/crypto.h"
#include "lib/rns/rns.h"

#define HOPS_END 128
#define FLAG_IFAC 0x80
#define FLAG_TYPE2 0x40
#define FLAG_CONTEXT 0x20
#define FLAG_TRANSPORT 0x10
#define FLAGS_HASHED 0x0f	/* what no relay may change */

static const char *const error_names[RNS_ERROR_COUNT] = {
	[RNS_OK] = "ok",
	[RNS_SHORT] = "short",
	[RNS_LONG] = "long",
	[RNS_HOPS] = "hops",
	[RNS_IFAC] = "ifac",
	[RNS_NOT_ANNOUNCE] = "not-announce",
	[RNS_BAD_DEST_TYPE] = "bad-destination-type",
	[RNS_BAD_KEY] = "bad-key",
	[RNS_BAD_SIGNATURE] = "bad-signature",
	[RNS_BAD_DEST] = "bad-destination",
	[RNS_KEY_CHANGED] = "key-changed",
	[RNS_OLD] = "old",
	[RNS_REPLAY] = "replay",
};

const char *rns_error_name(enum rns_error e)
{
	return e < RNS_ERROR_COUNT ? error_names[e] : "?";
}

static void flags_decode(struct rns_packet *p)
{
	p->ifac = p->flags & FLAG_IFAC;
	p->type2 = p->flags & FLAG_TYPE2;
	p->context_flag = p->flags & FLAG_CONTEXT;
	p->transport = p->flags & FLAG_TRANSPORT;
	p->dest_type = p->flags >> 2 & 3;
	p->type = p->flags & 3;
}

void rns_packet_hash(uint8_t out[32], const struct rns_packet *p)
{
	const uint8_t flags = p->flags & FLAGS_HASHED;
	const struct span parts[] = {
		SPAN(&flags, 1), SPAN(p->dest, RNS_HASH),
		SPAN(&p->context, 1), p->data,
	};

	crypto_sha256_parts(out, parts, 4);
}

enum rns_error rns_packet_parse(struct rns_packet *p, struct span raw)
{
	struct rd r = rd_init(raw);

	memset(p, 0, sizeof(*p));
	p->flags = rd_u8(&r);
	p->hops = rd_u8(&r);
	flags_decode(p);
	if (raw.n < (p->type2 ? RNS_HEADER_MAX : RNS_HEADER_MIN))
		return RNS_SHORT;
	if (raw.n > RNS_PACKET_MAX)
		return RNS_LONG;
	if (p->hops >= HOPS_END)
		return RNS_HOPS;
	if (p->type2)
		rd_copy(&r, p->transport_id, sizeof(p->transport_id));
	rd_copy(&r, p->dest, sizeof(p->dest));
	p->context = rd_u8(&r);
	p->data = rd_rest(&r);
	return RNS_OK;
}

static uint8_t flags_encode(const struct rns_packet *p)
{
	return (uint8_t)((p->ifac ? FLAG_IFAC : 0) |
			 (p->type2 ? FLAG_TYPE2 : 0) |
			 (p->context_flag ? FLAG_CONTEXT : 0) |
			 (p->transport ? FLAG_TRANSPORT : 0) |
			 p->dest_type << 2 | p->type);
}

int rns_packet_encode(uint8_t *dst, size_t cap, const struct rns_packet *p)
{
	struct wr w = wr_init(dst, cap < RNS_PACKET_MAX ? cap : RNS_PACKET_MAX);

	wr_u8(&w, flags_encode(p));
	wr_u8(&w, p->hops);
	if (p->type2)
		wr_bytes(&w, SPAN(p->transport_id, RNS_HASH));
	wr_bytes(&w, SPAN(p->dest, RNS_HASH));
	wr_u8(&w, p->context);
	wr_bytes(&w, p->data);
	return w.full ? -EMSGSIZE : (int)w.len;
}

int rns_packet_encode_plain(uint8_t *dst, size_t cap, const uint8_t dest[16],
			    struct span data)
{
	struct rns_packet p = {
		.dest_type = RNS_PLAIN, .type = RNS_DATA, .data = data,
	};

	memcpy(p.dest, dest, RNS_HASH);
	return rns_packet_encode(dst, cap, &p);
}
