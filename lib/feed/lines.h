/* SPDX-License-Identifier: MIT
 *
 * Feeds as JSON Lines, for people and their tools (docs/formats.md, "Export").
 *
 *   {"cairn_export":1,"dataset":hex 32}                          first
 *   {"author","seq","wall_ms","counter","kind","payload","id"
 *    [,"prev"][,"seal"]}                                         an event
 *   {"author","seq","id","proof"}                                a fork's proof
 *   {"blob_hash","size","piece"}                  a piece of a content, in hex
 *
 * "prev" stands where the line before is not the event's predecessor, "seal"
 * where there is one. A payload that JSON would not give back byte for byte
 * stands as "payload_cbor", a withheld one as "payload_hash", both hex.
 */
#pragma once
#include "lib/base/json.h"
#include "lib/event/blob_tree.h"
#include "lib/feed/feed.h"

enum line_kind { LINE_HEAD, LINE_EVENT, LINE_PROOF, LINE_BLOB };

enum line_error {
	LINE_OK,
	LINE_JSON,		/* not one JSON value */
	LINE_SHAPE,		/* a member missing, of another type or range */
	LINE_PAYLOAD,		/* no payload that an event can have */
	LINE_ERROR_COUNT,
};
const char *line_error_name(enum line_error e);

struct line {
	enum line_kind kind;
	struct event e;		/* its spans live until line_fini */
	bool has_prev, has_seal;
	uint8_t prev[EVENT_ID_SIZE];
	uint8_t seal[EVENT_SEAL_SIZE];	/* or the proof */
	uint8_t dataset[DATASET_SIZE];	/* LINE_HEAD */
	uint8_t blob_hash[BLOB_HASH];	/* LINE_BLOB ... */
	uint64_t blob_size;
	struct buf payload;		/* ... its piece */
};

/* From parsed JSON, which must outlive it; says nothing about its truth.
 * line_fini in any case. */
enum line_error line_from_json(struct line *l, const struct json *v);
void line_fini(struct line *l);

void line_put_head(struct json_out *o, const uint8_t dataset[DATASET_SIZE]);
/* prev, seal: NULL = left out. e->author is the label. */
void line_put_event(struct json_out *o, const struct event *e,
		    const uint8_t *prev, const uint8_t *seal);
void line_put_blob(struct json_out *o, const uint8_t hash[BLOB_HASH],
		   uint64_t size, struct span piece);
void line_put_proof(struct json_out *o, struct span label,
		    const struct feed_seal *proof);
