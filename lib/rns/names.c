/* SPDX-License-Identifier: MIT
 *
 * Names and destinations: a name hash is 10 bytes of SHA-256 of the full
 * name, a destination 16 bytes of SHA-256 of what it is made of.
 */
#include <errno.h>
#include "lib/base/crypto.h"
#include "lib/rns/rns.h"

static void hash_cut(uint8_t *out, size_t size, const struct span *parts,
		     size_t n)
{
	uint8_t full[CRYPTO_HASH_SIZE];

	crypto_sha256_parts(full, parts, n);
	memcpy(out, full, size);
}

int rns_name_join(char *dst, size_t cap, const char *app,
		  const char *const *aspects, size_t n)
{
	struct wr w = wr_init(dst, cap);

	for (size_t i = 0; i <= n; i++) {
		const char *part = i ? aspects[i - 1] : app;

		if (strchr(part, '.'))
			return -EINVAL;
		if (i)
			wr_u8(&w, '.');
		wr_bytes(&w, SPAN_STR(part));
	}
	wr_u8(&w, '\0');
	return w.full ? -ENOSPC : (int)w.len - 1;
}

void rns_name_hash(uint8_t out[10], struct span full_name)
{
	hash_cut(out, RNS_NAME_HASH, &full_name, 1);
}

void rns_destination_single(uint8_t out[16], const uint8_t name_hash[10],
			    const uint8_t identity_hash[16])
{
	const struct span parts[] = {
		SPAN(name_hash, RNS_NAME_HASH), SPAN(identity_hash, RNS_HASH),
	};

	hash_cut(out, RNS_HASH, parts, 2);
}

void rns_destination_plain(uint8_t out[16], struct span full_name)
{
	uint8_t name_hash[RNS_NAME_HASH];

	rns_name_hash(name_hash, full_name);
	hash_cut(out, RNS_HASH, &SPAN(name_hash, RNS_NAME_HASH), 1);
}
