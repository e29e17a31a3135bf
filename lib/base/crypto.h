/* SPDX-License-Identifier: MIT
 *
 * The only door to libsodium: hashes, Ed25519, X25519 public keys, random
 * bytes. Signing is deterministic (RFC 8032); verifying is libsodium's
 * cofactorless check, one signature at a time, because which signatures are
 * valid decides what is in the set (docs/threats.md).
 */
#pragma once
#include "lib/base/bytes.h"

#define CRYPTO_HASH_SIZE 32
#define CRYPTO_SIG_SIZE 64

/* Once, before anything else here; 0 or -EIO. */
int crypto_init(void);

void crypto_sha256(uint8_t out[32], struct span data);
void crypto_sha256_parts(uint8_t out[32], const struct span *parts,
			 size_t n_parts);

/* BLAKE2b of the parts one after the other, size 16..64 bytes, unkeyed;
 * personal (may be NULL) is zero-padded to 16 bytes. */
void crypto_blake2b(uint8_t *out, size_t size, const char *personal,
		    const struct span *parts, size_t n_parts);

void crypto_ed25519_public(uint8_t pub[32], const uint8_t seed[32]);
void crypto_ed25519_sign(uint8_t sig[64], const uint8_t seed[32],
			 struct span message);
bool crypto_ed25519_verify(const uint8_t sig[64], const uint8_t pub[32],
			   struct span message);
/* Canonical, not of small order, in the prime subgroup. */
bool crypto_ed25519_key_ok(const uint8_t pub[32]);
void crypto_x25519_public(uint8_t pub[32], const uint8_t prv[32]);

void crypto_random(void *dst, size_t n);
/* SipHash-2-4; for tables whose keys a stranger chooses. */
uint64_t crypto_siphash(const uint8_t key[16], struct span data);
void crypto_wipe(void *p, size_t n);
