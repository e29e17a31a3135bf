/* SPDX-License-Identifier: MIT
 *
 * Events, their chain and their seals (docs/formats.md, "Events").
 *
 *   id(0) = BLAKE2b-256(personal "cairn-feed-1"; dataset 32 | author 16)
 *   id(n) = BLAKE2b-256(personal "cairn-event-1"; id(n-1) 32 | seq u64 |
 *           wall u48 | counter u16 | kind u16 | BLAKE2b-256(payload) 32)
 *   seal  = Ed25519 over "cairn-seal-1" | dataset 32 | author 16 | seq u64 |
 *           id 32
 *
 * integers big-endian. Ids never travel: whoever has the chain below computes
 * them. A payload is one item of deterministic CBOR of at most
 * EVENT_PAYLOAD_MAX bytes (lib/event/payload.h); where it is withheld, its
 * 32-byte hash stands in its place and the id is the same.
 */
#pragma once
#include "lib/base/bytes.h"
#include "lib/event/hlc.h"

#define EVENT_ID_SIZE 32
#define EVENT_SEAL_SIZE 64
#define EVENT_BASE_SIZE 8 /* of an id, where a write names it (KEY_BASE) */
#define EVENT_PAYLOAD_MAX 4096
#define AUTHOR_SIZE 16
#define AUTHOR_ALIAS_SIZE 4
#define AUTHOR_LABEL_MAX 64
#define DATASET_SIZE 32
#define SEAL_EVERY_EVENTS 64
#define SEAL_EVERY_BYTES 1024

enum event_kind { /* the numbers are the code book: never reused */
	KIND_STATION = 1,	/* {key, call, previous} opens every feed */
	KIND_STATION_STATUS = 2,
	KIND_STATION_ORDER = 3,
	KIND_STATION_RETIRE = 4,
	KIND_RECORD_CREATE = 16,
	KIND_FIELD_SET = 17,
	KIND_FIELD_UNSET = 18,
	KIND_NOTE_ADD = 19,
	KIND_ATTACHMENT_ADD = 20,
	KIND_COUNTER_ADD = 21,
	KIND_PLAN_DELTA = 22,
	KIND_PLAN_SET = 23,
	KIND_DOC_INSERT = 24,
	KIND_DOC_UPDATE = 25,
	KIND_DOC_DELETE = 26,
	KIND_RESOURCE_COMMIT = 27,
	KIND_RESOURCE_POLICY = 28,
	KIND_IMPORT = 48,	/* a meshlog event in its importer's feed */
	KIND_MAX = 0x3fff,	/* the run codec keeps two bits */
	KIND_UNKNOWN = KIND_MAX,/* stands for a name not in the code book */
};

/* "record.create" and so on; NULL / KIND_UNKNOWN if not in the code book. */
const char *kind_name(uint16_t kind);
uint16_t kind_from_name(struct span name);

/* One event as everybody passes it around. All spans are borrowed. */
struct event {
	struct span author;	/* label, <= 64 bytes; ours: 32 hex digits */
	uint64_t seq;
	struct hlc hlc;
	uint16_t kind;
	bool withheld;		/* payload holds the 32-byte hash instead */
	bool by_ip;		/* how it came here; not hashed, never sent */
	struct span payload;
	uint8_t id[EVENT_ID_SIZE];
};

void dataset_id(uint8_t out[DATASET_SIZE], struct span name);

/* Our label from an author's id; dst holds 33 bytes. Returns its span. */
struct span author_label(char *dst, const uint8_t author[AUTHOR_SIZE]);
/* 32 lower-case hex digits: those bytes. Any other label (vectors, imports):
 * BLAKE2b-256(label)[0:16]. */
void author_from_label(uint8_t author[AUTHOR_SIZE], struct span label);
/* First 4 bytes of BLAKE2b-256(dataset | author); 0 becomes 1. */
uint32_t author_alias(const uint8_t dataset[DATASET_SIZE],
		      const uint8_t author[AUTHOR_SIZE]);

void event_id_genesis(uint8_t id[32], const uint8_t dataset[DATASET_SIZE],
		      const uint8_t author[AUTHOR_SIZE]);
/* From the fields of e but its id; prev may be id itself. */
void event_id_next(uint8_t id[32], const uint8_t prev[32],
		   const struct event *e);

/* Does a base (EVENT_BASE_SIZE bytes an id) name this one? */
bool event_base_names(struct span base, const uint8_t id[EVENT_BASE_SIZE]);

/* What a seal signs. */
#define SEAL_MESSAGE_SIZE (12 + DATASET_SIZE + AUTHOR_SIZE + 8 + EVENT_ID_SIZE)
void seal_message(uint8_t dst[SEAL_MESSAGE_SIZE], const uint8_t dataset[32],
		  const uint8_t author[16], uint64_t seq,
		  const uint8_t id[32]);
void seal_sign(uint8_t seal[64], const uint8_t seed[32],
	       const uint8_t dataset[32], const uint8_t author[16],
	       uint64_t seq, const uint8_t id[32]);
bool seal_verify(const uint8_t seal[64], const uint8_t pub[32],
		 const uint8_t dataset[32], const uint8_t author[16],
		 uint64_t seq, const uint8_t id[32]);
