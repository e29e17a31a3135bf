/* SPDX-License-Identifier: MIT
 *
 * Whole announces (parse, admissible, path table, verify) against libsodium's
 * own verification of the same signatures; and the same announces heard again.
 */
#include <stdlib.h>
#include "lib/base/crypto.h"
#include "lib/rns/rns.h"
#include "tests/bench.h"

#define ANNOUNCES 4000
#define ROUNDS 5
#define REPEATS 50	/* of the duplicates: they are fast */

struct announces {
	uint8_t (*raw)[RNS_MTU];
	int *len;
	struct rns_paths *paths;	/* that know all of them */
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

/* As a node does it: what the table knows already costs no signature. */
static uint64_t offer_all(struct announces *a, struct rns_paths *paths,
			  bool fresh)
{
	uint64_t done = 0;

	for (int i = 0; i < ANNOUNCES; i++) {
		struct rns_packet p;
		struct rns_announce an;

		if (rns_packet_parse(&p, SPAN(a->raw[i], (size_t)a->len[i])) ||
		    rns_announce_admissible(&p) || rns_announce_parse(&an, &p))
			continue;
		if (rns_paths_check(paths, &p, &an, 1)) {
			done += !fresh;
			continue;
		}
		if (rns_announce_verify(&an, &p) == RNS_OK)
			done += fresh &&
				rns_paths_offer(paths, &p, &an, 1) == RNS_OK;
	}
	return done;
}

static uint64_t validate_cairn(void *ctx)
{
	struct rns_paths *paths = rns_paths_new(2 * ANNOUNCES);
	uint64_t good = offer_all(ctx, paths, true);

	rns_paths_free(paths);
	return good;
}

static uint64_t refuse_cairn(void *ctx)
{
	struct announces *a = ctx;
	uint64_t refused = 0;

	if (!a->paths) {
		a->paths = rns_paths_new(2 * ANNOUNCES);
		offer_all(a, a->paths, true);
	}
	for (int i = 0; i < REPEATS; i++)
		refused += offer_all(a, a->paths, false);
	return refused;
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
	struct announces a = { 0 };

	announces_make(&a);
	bench_compare("announce", "validate, distinct announces",
		      "announces/s", validate_cairn,
		      "libsodium verify alone", verify_sodium, &a, ROUNDS);
	bench_compare("announce", "refuse, heard before", "announces/s",
		      refuse_cairn, "libsodium verify alone", verify_sodium,
		      &a, ROUNDS);
	rns_paths_free(a.paths);
	free(a.raw);
	free(a.len);
}
