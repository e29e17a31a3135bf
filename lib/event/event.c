/* SPDX-License-Identifier: MIT
 *
 * Ids, seals, labels and the code book of kinds; the layouts are in event.h.
 */
#include "lib/base/crypto.h"
#include "lib/event/event.h"

/* ---- the code book of kinds ---- */

static const struct {
	uint16_t kind;
	const char *name;
} kinds[] = {
	{ KIND_STATION, "station" },
	{ KIND_STATION_STATUS, "station.status" },
	{ KIND_STATION_ORDER, "station.order" },
	{ KIND_STATION_RETIRE, "station.retire" },
	{ KIND_RECORD_CREATE, "record.create" },
	{ KIND_FIELD_SET, "field.set" },
	{ KIND_FIELD_UNSET, "field.unset" },
	{ KIND_NOTE_ADD, "note.add" },
	{ KIND_ATTACHMENT_ADD, "attachment.add" },
	{ KIND_COUNTER_ADD, "counter.add" },
	{ KIND_PLAN_DELTA, "plan.delta" },
	{ KIND_PLAN_SET, "plan.set" },
	{ KIND_DOC_INSERT, "doc.insert" },
	{ KIND_DOC_UPDATE, "doc.update" },
	{ KIND_DOC_DELETE, "doc.delete" },
	{ KIND_RESOURCE_COMMIT, "resource.commit" },
	{ KIND_RESOURCE_POLICY, "resource.policy" },
	{ KIND_IMPORT, "import" },
};
#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

const char *kind_name(uint16_t kind)
{
	for (size_t i = 0; i < N_KINDS; i++)
		if (kinds[i].kind == kind)
			return kinds[i].name;
	return NULL;
}

uint16_t kind_from_name(struct span name)
{
	for (size_t i = 0; i < N_KINDS; i++)
		if (span_equal(SPAN_STR(kinds[i].name), name))
			return kinds[i].kind;
	return KIND_UNKNOWN;
}

/* ---- names: dataset, author, alias ---- */

void dataset_id(uint8_t out[DATASET_SIZE], struct span name)
{
	crypto_sha256(out, name);
}

struct span author_label(char *dst, const uint8_t author[AUTHOR_SIZE])
{
	return SPAN(hex_encode(dst, SPAN(author, AUTHOR_SIZE)),
		    2 * AUTHOR_SIZE);
}

/* Upper case would give two labels to one author. */
static bool has_upper(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] >= 'A' && s.p[i] <= 'F')
			return true;
	return false;
}

void author_from_label(uint8_t author[AUTHOR_SIZE], struct span label)
{
	uint8_t hash[CRYPTO_HASH_SIZE];

	if (label.n == 2 * AUTHOR_SIZE && !has_upper(label) &&
	    hex_decode(author, AUTHOR_SIZE, label) == AUTHOR_SIZE)
		return;
	crypto_blake2b(hash, sizeof(hash), NULL, &label, 1);
	memcpy(author, hash, AUTHOR_SIZE);
}

uint32_t author_alias(const uint8_t dataset[DATASET_SIZE],
		      const uint8_t author[AUTHOR_SIZE])
{
	const struct span parts[] = {
		SPAN(dataset, DATASET_SIZE), SPAN(author, AUTHOR_SIZE),
	};
	uint8_t hash[CRYPTO_HASH_SIZE];
	uint32_t alias;

	crypto_blake2b(hash, sizeof(hash), NULL, parts, 2);
	alias = (uint32_t)be_get(hash, AUTHOR_ALIAS_SIZE);
	return alias ? alias : 1;
}

/* ---- the chain ---- */

void event_id_genesis(uint8_t id[32], const uint8_t dataset[DATASET_SIZE],
		      const uint8_t author[AUTHOR_SIZE])
{
	const struct span parts[] = {
		SPAN(dataset, DATASET_SIZE), SPAN(author, AUTHOR_SIZE),
	};

	crypto_blake2b(id, EVENT_ID_SIZE, "cairn-feed-1", parts, 2);
}

static void payload_hash(uint8_t hash[CRYPTO_HASH_SIZE], const struct event *e)
{
	if (e->withheld)
		memcpy(hash, e->payload.p, CRYPTO_HASH_SIZE);
	else
		crypto_blake2b(hash, CRYPTO_HASH_SIZE, NULL, &e->payload, 1);
}

void event_id_next(uint8_t id[32], const uint8_t prev[32],
		   const struct event *e)
{
	uint8_t text[32 + 8 + 6 + 2 + 2 + 32];
	struct wr w = wr_init(text, sizeof(text));
	uint8_t hash[CRYPTO_HASH_SIZE];
	struct span all;

	payload_hash(hash, e);
	wr_bytes(&w, SPAN(prev, EVENT_ID_SIZE));
	wr_be(&w, 8, e->seq);
	wr_be(&w, 6, e->hlc.wall_ms);
	wr_be(&w, 2, e->hlc.counter);
	wr_be(&w, 2, e->kind);
	wr_bytes(&w, SPAN(hash, sizeof(hash)));
	all = wr_span(&w);
	crypto_blake2b(id, EVENT_ID_SIZE, "cairn-event-1", &all, 1);
}

bool event_base_names(struct span base, const uint8_t id[EVENT_BASE_SIZE])
{
	for (size_t i = 0; i + EVENT_BASE_SIZE <= base.n; i += EVENT_BASE_SIZE)
		if (!memcmp(base.p + i, id, EVENT_BASE_SIZE))
			return true;
	return false;
}

/* ---- seals ---- */

#define SEAL_PREFIX "cairn-seal-1"

void seal_message(uint8_t dst[SEAL_MESSAGE_SIZE], const uint8_t dataset[32],
		  const uint8_t author[16], uint64_t seq,
		  const uint8_t id[32])
{
	struct wr w = wr_init(dst, SEAL_MESSAGE_SIZE);

	wr_bytes(&w, SPAN(SEAL_PREFIX, 12));
	wr_bytes(&w, SPAN(dataset, DATASET_SIZE));
	wr_bytes(&w, SPAN(author, AUTHOR_SIZE));
	wr_be(&w, 8, seq);
	wr_bytes(&w, SPAN(id, EVENT_ID_SIZE));
}

void seal_sign(uint8_t seal[64], const uint8_t seed[32],
	       const uint8_t dataset[32], const uint8_t author[16],
	       uint64_t seq, const uint8_t id[32])
{
	uint8_t text[SEAL_MESSAGE_SIZE];

	seal_message(text, dataset, author, seq, id);
	crypto_ed25519_sign(seal, seed, SPAN(text, sizeof(text)));
}

bool seal_verify(const uint8_t seal[64], const uint8_t pub[32],
		 const uint8_t dataset[32], const uint8_t author[16],
		 uint64_t seq, const uint8_t id[32])
{
	uint8_t text[SEAL_MESSAGE_SIZE];

	seal_message(text, dataset, author, seq, id);
	return crypto_ed25519_verify(seal, pub, SPAN(text, sizeof(text)));
}
