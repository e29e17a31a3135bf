/* SPDX-License-Identifier: MIT
 *
 * The only door to libsodium.
 */
#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include "lib/base/crypto.h"

int crypto_init(void)
{
	return sodium_init() < 0 ? -EIO : 0;
}

void crypto_sha256_parts(uint8_t out[32], const struct span *parts,
			 size_t n_parts)
{
	crypto_hash_sha256_state st;

	crypto_hash_sha256_init(&st);
	for (size_t i = 0; i < n_parts; i++)
		crypto_hash_sha256_update(&st, parts[i].p, parts[i].n);
	crypto_hash_sha256_final(&st, out);
}

void crypto_sha256(uint8_t out[32], struct span data)
{
	crypto_sha256_parts(out, &data, 1);
}

void crypto_blake2b(uint8_t *out, size_t size, const char *personal,
		    const struct span *parts, size_t n_parts)
{
	uint8_t person[crypto_generichash_blake2b_PERSONALBYTES] = { 0 };
	crypto_generichash_blake2b_state st;

	assert(size >= crypto_generichash_blake2b_BYTES_MIN &&
	       size <= crypto_generichash_blake2b_BYTES_MAX);
	if (personal)
		memcpy(person, personal, strnlen(personal, sizeof(person)));
	crypto_generichash_blake2b_init_salt_personal(&st, NULL, 0, size, NULL,
						      person);
	for (size_t i = 0; i < n_parts; i++)
		crypto_generichash_blake2b_update(&st, parts[i].p, parts[i].n);
	crypto_generichash_blake2b_final(&st, out, size);
}

void crypto_ed25519_public(uint8_t pub[32], const uint8_t seed[32])
{
	uint8_t secret[crypto_sign_SECRETKEYBYTES];

	crypto_sign_seed_keypair(pub, secret, seed);
	sodium_memzero(secret, sizeof(secret));
}

void crypto_ed25519_sign(uint8_t sig[64], const uint8_t seed[32],
			 struct span message)
{
	uint8_t pub[32], secret[crypto_sign_SECRETKEYBYTES];

	crypto_sign_seed_keypair(pub, secret, seed);
	crypto_sign_detached(sig, NULL, message.p, message.n, secret);
	sodium_memzero(secret, sizeof(secret));
}

bool crypto_ed25519_verify(const uint8_t sig[64], const uint8_t pub[32],
			   struct span message)
{
	return crypto_sign_verify_detached(sig, message.p, message.n, pub) == 0;
}

bool crypto_ed25519_key_ok(const uint8_t pub[32])
{
	return crypto_core_ed25519_is_valid_point(pub) == 1;
}

void crypto_x25519_public(uint8_t pub[32], const uint8_t prv[32])
{
	/* fails never: the base point times any clamped scalar */
	(void)crypto_scalarmult_base(pub, prv);
}

void crypto_random(void *dst, size_t n)
{
	randombytes_buf(dst, n);
}

uint64_t crypto_siphash(const uint8_t key[16], struct span data)
{
	uint8_t out[crypto_shorthash_BYTES];

	crypto_shorthash(out, data.p, data.n, key);
	return le_get(out, sizeof(out));
}

void crypto_wipe(void *p, size_t n)
{
	sodium_memzero(p, n);
}
