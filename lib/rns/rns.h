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
#define RNS_APP_DATA_MAX 316
#define RNS_ANNOUNCE_MIN 167	/* type 1, no ratchet, no app_data */

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

/* full name "app.aspect.aspect"; dots inside a part are refused by
 * rns_name_join (-EINVAL). */
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
	uint8_t hash[32];
};

enum rns_error {
	RNS_OK, RNS_SHORT, RNS_HOPS, RNS_IFAC, RNS_NOT_ANNOUNCE,
	RNS_BAD_DEST_TYPE, RNS_BAD_KEY, RNS_BAD_SIGNATURE, RNS_BAD_DEST,
	RNS_KEY_CHANGED, RNS_OLD, RNS_REPLAY, RNS_ERROR_COUNT,
};
const char *rns_error_name(enum rns_error e);

enum rns_error rns_packet_parse(struct rns_packet *p, struct span raw);
/* Type 1, hops 0, context 00; length or -EMSGSIZE above RNS_MTU. */
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

/* By position, also of what will be refused; RNS_OK or RNS_SHORT. */
enum rns_error rns_announce_parse(struct rns_announce *a,
				  const struct rns_packet *p);
/* Key, signature, destination hash. */
enum rns_error rns_announce_verify(const struct rns_announce *a,
				   const struct rns_packet *p);
/* What a receiving interface refuses before it verifies: IFAC bit, hops,
 * destination types other than SINGLE. */
enum rns_error rns_announce_admissible(const struct rns_packet *p);

/* A type-1 announce, hops 0; length or -EMSGSIZE. random5: 5 random bytes. */
int rns_announce_encode(uint8_t *dst, size_t cap, const struct rns_identity *id,
			const uint8_t name_hash[10], const uint8_t random5[5],
			uint64_t emitted_s, const uint8_t *ratchet,
			struct span app_data);

/* ---- acceptance over time: the reference's path table ---- */

struct rns_paths;
struct rns_paths *rns_paths_new(size_t max);
void rns_paths_free(struct rns_paths *t);
/* A verified announce, hops as on the wire. RNS_OK: it updates the table and
 * is delivered. */
enum rns_error rns_paths_offer(struct rns_paths *t, const struct rns_packet *p,
			       const struct rns_announce *a, uint64_t now_us);
/* hops (receiving hop counted) and next hop of a destination; false if
 * unknown. */
bool rns_paths_get(const struct rns_paths *t, const uint8_t dest[16],
		   uint8_t *hops, uint8_t next_hop[16]);

/* ---- HDLC-like framing of Reticulum's serial and TCP interfaces ---- */

#define HDLC_FLAG 0x7e
#define HDLC_FRAME_MAX 2048
struct hdlc_decoder {
	uint8_t buf[HDLC_FRAME_MAX];
	size_t len;
	bool synced, escape, drop;
	uint64_t frames, oversize;
	void (*frame)(void *ctx, struct span packet);
	void *ctx;
};
void hdlc_decoder_init(struct hdlc_decoder *d,
		       void (*frame)(void *, struct span), void *ctx);
void hdlc_decode(struct hdlc_decoder *d, struct span bytes);
#define HDLC_ENCODED_MAX(n) (2 * (n) + 2)
size_t hdlc_encode(uint8_t *dst, struct span packet);
