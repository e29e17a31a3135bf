/* SPDX-License-Identifier: MIT
 *
 * Payloads: one item of deterministic CBOR (RFC 8949 4.2), <= 4,096 bytes,
 * depth <= 8. The library does not check shortest form, key order and
 * duplicates, UTF-8, NaN, undefined, indefinite items or counts: we do.
 * Allowed: integers, byte and text strings, arrays, maps with unsigned or
 * text keys, tag 103 (a position: [lat, lon] or [lat, lon, alt]; no other tag;
 * arrays, maps and tags count as depth), false, true, null, floats in their
 * shortest exact form (never NaN or infinite; an integral float that fits is
 * still a float).
 *
 * A dataset event's payload is a map. Keys named in the code book below are
 * their numbers, others are text. What is hashed is these bytes.
 */
#pragma once
#include "lib/base/buf.h"
#include "lib/base/json.h"

#define PAYLOAD_DEPTH_MAX 8

enum payload_key { /* code book of map keys: never reused */
	KEY_RECORD = 0,		/* "record_id" */
	KEY_FORM = 1,
	KEY_BY = 2,
	KEY_FIELD = 3,
	KEY_VALUE = 4,
	KEY_TEXT = 5,
	KEY_BLOB_HASH = 6,
	KEY_SIZE = 7,
	KEY_MIME = 8,
	KEY_BASE = 9,		/* one byte string: 8 bytes of each id that
				 * is replaced, one after the other */
	KEY_KEY = 10,		/* station: 64-byte public key */
	KEY_CALL = 11,		/* station: call sign */
	KEY_PREVIOUS = 12,	/* station: author 16 it succeeds */
	KEY_NEXT = 13,		/* station.retire */
	KEY_TOTAL = 14,
	KEY_AUTHOR = 15,	/* import: label, seq, [wall, counter] ... */
	KEY_SEQ = 16,
	KEY_HLC = 17,
	KEY_KIND = 18,
	KEY_PAYLOAD = 19,
	KEY_PREV = 20,
	KEY_ID = 21,
	KEY_COUNTER = 22,	/* counter.add: its name; `by` and `total` */
	KEY_CHANGES = 23,	/* plan: {key: value} */
	KEY_DOC = 24,		/* doc: its name */
	KEY_ELEMENT = 25,	/* 8 bytes of the id of its doc.insert */
	KEY_AFTER = 26,		/* the same, of the element it follows */
	KEY_BEFORE = 27,
	KEY_TYPE = 28,
	KEY_POS = 29,		/* [[digit, actor] ...] */
	KEY_FIELDS = 30,	/* {field: value} */
	KEY_RESOURCE = 31,	/* resource.commit: its name; `value`, `base` */
	KEY_PATTERN = 32,	/* resource.policy */
	KEY_STRATEGY = 33,
	KEY_MAX_AGE = 34,	/* seconds a token is good for */
	KEY_VERSION = 35,	/* station.status */
	KEY_UPTIME = 36,
	KEY_LOG_BYTES = 37,
	KEY_DISK_FREE = 38,
	KEY_VOLTS = 39,
	KEY_TNC_ERRORS = 40,
	KEY_STATION = 41,	/* station.order: a call sign */
	KEY_SERIAL = 42,
	KEY_TX = 43,
	KEY_DUTY = 44,
	KEY_URGENT = 45,	/* in any event: true = before all others */
};

enum payload_error {
	PAYLOAD_OK, PAYLOAD_SHORT, PAYLOAD_TRAILING, PAYLOAD_LONG_FORM,
	PAYLOAD_KEY_ORDER, PAYLOAD_UTF8, PAYLOAD_FLOAT, PAYLOAD_TYPE,
	PAYLOAD_INDEFINITE, PAYLOAD_DEPTH, PAYLOAD_TOO_LONG,
	PAYLOAD_ERROR_COUNT,
};
const char *payload_error_name(enum payload_error e);

/* Length of the well-formed deterministic item at the start of s, else a
 * negative payload_error (-PAYLOAD_SHORT ...). Bytes may follow it. */
int payload_item(struct span s);
/* UTF-8 throughout: what a text may be. */
bool payload_is_text(struct span s);
/* The whole span is one such item of allowed length. */
enum payload_error payload_check(struct span s);

/* ---- reading a checked payload ---- */

enum payload_type {
	PAYLOAD_UINT, PAYLOAD_NEGINT, PAYLOAD_BYTES, PAYLOAD_TEXT,
	PAYLOAD_ARRAY, PAYLOAD_MAP, PAYLOAD_BOOL, PAYLOAD_NULL, PAYLOAD_REAL,
	PAYLOAD_TAG,
};

/* One item; `raw` is its whole encoding, borrowed. */
struct payload_value {
	enum payload_type type;
	uint64_t num;		/* uint; negint as -1 - num; bool; count; tag */
	double real;
	struct span str;	/* bytes, text */
	struct span raw;
	struct span body;	/* array, map, tag: what follows the head */
};

bool payload_first(struct span s, struct payload_value *v);
/* The same where the item is known to fill s: its end need not be looked
 * for. */
bool payload_whole(struct span s, struct payload_value *v);
/* Walks array elements or map keys and values: body = v.body; false at its
 * end. */
bool payload_next(struct span *body, struct payload_value *v);
/* Map member by code-book number or, where the map spells it out, by name. */
bool payload_get(struct span map_payload, enum payload_key key,
		 struct payload_value *v);
/* The same in less time: what follows the member is not looked at, be it valid
 * or not. */
bool payload_peek(struct span map_payload, enum payload_key key,
		  struct payload_value *v);

/* ---- writing: items in the order given; the caller orders map keys ---- */

void payload_put_map(struct buf *b, size_t members);
void payload_put_array(struct buf *b, size_t elements);
void payload_put_uint(struct buf *b, uint64_t v);
void payload_put_int(struct buf *b, int64_t v);
void payload_put_real(struct buf *b, double v);
void payload_put_bool(struct buf *b, bool v);
void payload_put_null(struct buf *b);
void payload_put_text(struct buf *b, struct span s);
void payload_put_bytes(struct buf *b, struct span s);
/* An array of two or three numbers follows. */
void payload_put_position_tag(struct buf *b);

/* ---- JSON at the edges (command line, import, export) ---- */

/* A JSON value as deterministic CBOR, object keys through the code book and
 * sorted. 0, or -EINVAL (number out of range, too deep, too long) and nothing
 * added. */
int payload_from_json(struct buf *out, const struct json *v);
/* The inverse; byte strings become {"bytes":"hex"}, positions
 * {"position":[lat,lon]}; both are understood by payload_from_json. */
void payload_to_json(struct json_out *o, struct span payload);
void payload_value_to_json(struct json_out *o, const struct payload_value *v);
const char *payload_key_name(uint64_t key);	/* NULL if not in the book */
#define PAYLOAD_KEY_NONE UINT64_MAX
uint64_t payload_key_number(struct span name);	/* PAYLOAD_KEY_NONE if not */
