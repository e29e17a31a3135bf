/* SPDX-License-Identifier: MIT
 *
 * Reticulum on the wire: identities, packets, announces (docs/protocol.md,
 * "Reticulum"). Verdicts are those of the reference implementation but for
 * two intended refusals: small-order or non-canonical signing keys, and
 * announces of destination type LINK. All integers big-endian.
 *
 *   flags 1 | hops 1 | [transport id 16] | destination 16 | context 1 | data
 *   announce data: key 64 | name hash 10 | random 5 + time u40 |
 *                  [ratchet 32] | signature 64 | app_data
 */
#pragma once
#include "lib/base/bytes.h"

#define RNS_MTU 500
#define RNS_HASH 16
#define RNS_NAME_HASH 10
#define RNS_HEADER_MIN 19	/* type 1 */
#define RNS_HEADER_MAX 35	/* type 2: with a transport id */
#define RNS_APP_DATA_MAX 316
#define RNS_ANNOUNCE_MIN 167	/* type 1, no ratchet, no app_data */
/* The reference bounds packets on sending only. We take this much: our own
 * frames on a stream link are up to 16 KiB and ride in PLAIN packets. */
#define RNS_PACKET_MAX (16384 + 64)

/* ---- identities: 64 private bytes = X25519 private | Ed25519 seed ---- */

struct rns_identity {
	uint8_t prv[64];
	uint8_t pub[64];	/* X25519 | Ed25519 */
	uint8_t hash[16];	/* SHA-256(pub)[0:16] */
	bool has_prv;
};
void rns_identity_generate(struct rns_identity *id);
void rns_identity_from_private(struct rns_identity *id, const uint8_t prv[64]);
void rns_identity_from_public(struct rns_identity *id, const uint8_t pub[64]);
/* The raw 64-byte file as the reference writes it. Loading: -ENOENT, -EINVAL
 * (size), -EPERM (readable by others), -errno. Saving: mode 0600, never over
 * a file that exists (-EEXIST). */
int rns_identity_load(struct rns_identity *id, const char *path);
int rns_identity_save(const struct rns_identity *id, const char *path);
void rns_identity_sign(const struct rns_identity *id, uint8_t sig[64],
		       struct span message);
bool rns_identity_verify(const struct rns_identity *id, const uint8_t sig[64],
			 struct span message);

/* ---- names ---- */

/* full name "app.aspect.aspect" and a NUL; its length, -EINVAL for a dot
 * inside a part, -ENOSPC. Nothing is trimmed, case counts. */
int rns_name_join(char *dst, size_t cap, const char *app,
		  const char *const *aspects, size_t n);
void rns_name_hash(uint8_t out[10], struct span full_name);
void rns_destination_single(uint8_t out[16], const uint8_t name_hash[10],
			    const uint8_t identity_hash[16]);
void rns_destination_plain(uint8_t out[16], struct span full_name);

/* ---- packets ---- */

enum rns_packet_type { RNS_DATA, RNS_ANNOUNCE, RNS_LINKREQUEST, RNS_PROOF };
enum rns_dest_type { RNS_SINGLE, RNS_GROUP, RNS_PLAIN, RNS_LINK };

struct rns_packet {
	uint8_t flags, hops;
	bool ifac, type2, context_flag, transport;
	enum rns_dest_type dest_type;
	enum rns_packet_type type;
	uint8_t transport_id[16];	/* type 2 */
	uint8_t dest[16];
	uint8_t context;
	struct span data;		/* borrowed */
};

enum rns_error {
	RNS_OK,
	RNS_SHORT,
	RNS_LONG,		/* above RNS_PACKET_MAX */
	RNS_HOPS,		/* 128 or more on the wire */
	RNS_IFAC,		/* masked by an access code: not for us */
	RNS_NOT_ANNOUNCE,
	RNS_BAD_DEST_TYPE,	/* an announce, but not SINGLE */
	RNS_BAD_KEY,		/* small order or not canonical */
	RNS_BAD_SIGNATURE,
	RNS_BAD_DEST,		/* not the hash of name and key */
	RNS_KEY_CHANGED,
	RNS_OLD,		/* not emitted after the newest known */
	RNS_REPLAY,		/* this random hash was heard before */
	RNS_ERROR_COUNT,
};
/* "short", "bad-signature" ...: stable words, for counters and output. */
const char *rns_error_name(enum rns_error e);

/* RNS_OK, RNS_SHORT, RNS_LONG or RNS_HOPS; p->data borrows from raw. */
enum rns_error rns_packet_parse(struct rns_packet *p, struct span raw);
/* The same at every hop: over what no relay changes. */
void rns_packet_hash(uint8_t out[32], const struct rns_packet *p);
/* The inverse, from the fields (flags is not read); length, or
 * -EMSGSIZE above cap: RNS_MTU is what others carry, RNS_PACKET_MAX what two
 * of us take on a stream. */
int rns_packet_encode(uint8_t *dst, size_t cap, const struct rns_packet *p);
/* A PLAIN DATA packet of type 1, hops 0, context 00. */
int rns_packet_encode_plain(uint8_t *dst, size_t cap, const uint8_t dest[16],
			    struct span data);

/* ---- announces ---- */

struct rns_announce {
	uint8_t key[64], name_hash[10], random_hash[10], ratchet[32], sig[64];
	bool has_ratchet;
	uint64_t emitted_s;		/* u40 of the random hash */
	uint8_t identity_hash[16];
	struct span app_data;		/* borrowed */
};

/* The fields by position as far as the bytes go: what a cut announce still
 * shows. Spans borrow from the packet; ratchet is {NULL, 0} without one. */
struct rns_announce_slices {
	struct span key, name_hash, random_hash, ratchet, sig, app_data;
};
void rns_announce_slice(struct rns_announce_slices *s,
			const struct rns_packet *p);

/* RNS_OK, RNS_SHORT or RNS_NOT_ANNOUNCE; says nothing about its truth. */
enum rns_error rns_announce_parse(struct rns_announce *a,
				  const struct rns_packet *p);
/* Destination hash, then key and signature: the cheap refusal first. */
enum rns_error rns_announce_verify(const struct rns_announce *a,
				   const struct rns_packet *p);
bool rns_announce_signature_ok(const struct rns_announce *a,
			       const struct rns_packet *p);
/* What a receiving interface refuses before it verifies: IFAC bit, packet
 * types other than ANNOUNCE, destination types other than SINGLE. */
enum rns_error rns_announce_admissible(const struct rns_packet *p);

/* A type-1 announce, hops 0, context 00; length, -EMSGSIZE above RNS_MTU or
 * cap, -EINVAL without a private key. random5: 5 random bytes; ratchet: 32
 * bytes or NULL. Who wants relays to carry it keeps app_data within
 * RNS_APP_DATA_MAX: a relay adds 16 bytes. */
int rns_announce_encode(uint8_t *dst, size_t cap, const struct rns_identity *id,
			const uint8_t name_hash[10], const uint8_t random5[5],
			uint64_t emitted_s, const uint8_t *ratchet,
			struct span app_data);

/* ---- acceptance over time: the reference's path table ---- */

/* Holds at most max destinations; a new one then takes the place of the one
 * that was updated longest ago. */
struct rns_paths;
struct rns_paths *rns_paths_new(size_t max);
void rns_paths_free(struct rns_paths *t);
/* Whether an announce would update the table: RNS_OK, RNS_OLD, RNS_REPLAY,
 * RNS_KEY_CHANGED. Changes nothing, so it may be asked before the signature
 * is checked. */
enum rns_error rns_paths_check(const struct rns_paths *t,
			       const struct rns_packet *p,
			       const struct rns_announce *a, uint64_t now_us);
/* A verified announce, hops as on the wire. RNS_OK: it updates the table and
 * is delivered. */
enum rns_error rns_paths_offer(struct rns_paths *t, const struct rns_packet *p,
			       const struct rns_announce *a, uint64_t now_us);
/* hops (receiving hop counted) and next hop of a destination; false if
 * unknown. */
bool rns_paths_get(const struct rns_paths *t, const uint8_t dest[16],
		   uint8_t *hops, uint8_t next_hop[16]);

/* ---- HDLC-like framing of Reticulum's serial and TCP interfaces ----
 *
 *   7E | bytes, 7D -> 7D 5D, 7E -> 7D 5E | 7E	no checksum
 *
 * As with KISS: a flag is a delimiter, shared and repeated ones are fine, and
 * a bad frame is dropped, counted and left at the next flag. A frame that
 * lies whole and without escapes in one input is handed up in place. */

#define HDLC_FLAG 0x7e
#define HDLC_ESCAPE 0x7d
#define HDLC_FRAME_MAX RNS_PACKET_MAX

enum hdlc_error {
	HDLC_ERR_NONE, HDLC_ERR_NOISE /* before the first flag */,
	HDLC_ERR_ESCAPE, HDLC_ERR_OVERSIZE, HDLC_ERR_CUT /* flag in escape */,
	HDLC_ERR_COUNT,
};
const char *hdlc_error_name(enum hdlc_error e);

struct hdlc_decoder {
	uint8_t buf[HDLC_FRAME_MAX];
	size_t len;
	bool synced, escape, drop;
	uint64_t frames, errors[HDLC_ERR_COUNT];
	void (*frame)(void *ctx, struct span packet);
	/* May be NULL. raw: what was collected of the bad frame. */
	void (*error)(void *ctx, enum hdlc_error e, struct span raw);
	void *ctx;
};
void hdlc_decoder_init(struct hdlc_decoder *d,
		       void (*frame)(void *, struct span), void *ctx);
void hdlc_decode(struct hdlc_decoder *d, struct span bytes);
/* End of input (a file): what is open is an error HDLC_ERR_CUT. */
void hdlc_decode_end(struct hdlc_decoder *d);
#define HDLC_ENCODED_MAX(n) (2 * (n) + 2)
/* Length written to dst (>= HDLC_ENCODED_MAX). */
size_t hdlc_encode(uint8_t *dst, struct span packet);
