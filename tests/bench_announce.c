/* SPDX-License-Identifier: MIT
 *
 * Whole announces (parse, admissible, verify, path table) against libsodium's
 * own verification of the same signatures.
 */
#include <stdlib.h>
#include "lib/base/crypto.h"
#include "lib/rns/rns.h"
#include "tests/bench.h"

#define ANNOUNCES 4000

struct announces {
	uint8_t (*raw)[RNS_MTU];
	int *len;
};

static void announces_make(struct announces *a)
{
	uint8_t name[10], random5[5], app[72];

	a->raw = calloc(ANNOUNCES, sizeof(*a->raw));
	a->len = calloc(ANNOUNCES, sizeof(*a->len));
	rns_name_hash(name, SPAN_STR("cairn.node"));
	for (int i = 0; i < ANNOUNCES; i++) {
		struct rns_identity id;

		rns_identity_generate(&id);
		crypto_random(random5, sizeof(random5));
		crypto_random(app, sizeof(app));
		a->len[i] = rns_announce_encode(a->raw[i], RNS_MTU, &id, name,
						random5, 1800000000, NULL,
						SPAN(app, sizeof(app)));
	}
}

static uint64_t validate_cairn(void *ctx)
{
	struct announces *a = ctx;
	struct rns_paths *paths = rns_paths_new(2 * ANNOUNCES);
	uint64_t good = 0;

	for (int i = 0; i < ANNOUNCES; i++) {
		struct rns_packet p;
		struct rns_announce an;

		if (rns_packet_parse(&p, SPAN(a->raw[i], (size_t)a->len[i])) ||
		    rns_announce_admissible(&p) ||
		    rns_announce_parse(&an, &p) ||
		    rns_announce_verify(&an, &p))
			continue;
		good += rns_paths_offer(paths, &p, &an, 1) == RNS_OK;
	}
	rns_paths_free(paths);
	return good;
}

static uint64_t verify_sodium(void *ctx)
{
	struct announces *a = ctx;
	uint64_t good = 0;

	for (int i = 0; i < ANNOUNCES; i++) {
		const uint8_t *data = a->raw[i] + 19;
		uint8_t message[RNS_MTU];
		size_t app = (size_t)a->len[i] - RNS_ANNOUNCE_MIN;

		memcpy(message, a->raw[i] + 2, 16);
		memcpy(message + 16, data, 84);
		memcpy(message + 100, data + 148, app);
		good += crypto_ed25519_verify(data + 84, data + 32,
					      SPAN(message, 100 + app));
	}
	return good;
}

void bench_announce(void)
{
	struct announces a;

	announces_make(&a);
	bench_compare("announce", "validate, distinct announces",
		      "announces/s", validate_cairn,
		      "libsodium verify alone", verify_sodium, &a, 3);
	free(a.raw);
	free(a.len);
}
