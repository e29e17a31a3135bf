/* SPDX-License-Identifier: MIT
 *
 * Payloads of every wrong shape, made up: each kind that there is, and some
 * that there are not, with the members that it wants, of the right type or of
 * any other, left out, absurdly large or small, and members that nobody knows.
 * All are deterministic CBOR within the limits of the format: what is not, no
 * run carries (tests/test_payload.c, fuzz_run).
 */
#pragma once
#include <stdlib.h>
#include "lib/base/random.h"
#include "lib/event/event.h"
#include "lib/event/payload.h"

#define POISON_IDS 16

struct poison {
	struct random rng;
	uint8_t ids[POISON_IDS][EVENT_BASE_SIZE];	/* of events before */
};

static inline uint32_t poison_below(struct poison *p, uint32_t n)
{
	return (uint32_t)random_below(&p->rng, n);
}

#define POISON_PICK(p, list) \
	(list)[poison_below(p, sizeof(list) / sizeof((list)[0]))]

/* ---- any item ---- */

static inline void poison_number(struct poison *p, struct buf *b)
{
	static const uint64_t edges[] = { 0, 1, 2, 23, 24, 255, 256, 65535,
		65536, UINT32_MAX, UINT32_MAX + 1ULL, 1ULL << 53,
		(1ULL << 53) + 1, HLC_WALL_MAX, HLC_WALL_MAX + 1, INT64_MAX,
		1ULL << 63, UINT64_MAX };
	static const double reals[] = { 0.0, -0.0, 1.0, 1.5, -1.5, 65504.0,
		65505.0, 5e-324, 1e-7, 1e300, -1e300, 3.4028234663852886e38,
		18446744073709551616.0 };
	uint64_t n = POISON_PICK(p, edges);

	switch (poison_below(p, 4)) {
	case 0:
		payload_put_real(b, POISON_PICK(p, reals));
		break;
	case 1:
		payload_put_int(b, n <= INT64_MAX ? -(int64_t)n : INT64_MIN);
		break;
	case 2:		/* -2^64, which no integer of C holds */
		buf_add(b, SPAN("\x3b\xff\xff\xff\xff\xff\xff\xff\xff", 9));
		break;
	default:
		payload_put_uint(b, n);
	}
}

static inline void poison_string(struct poison *p, struct buf *b)
{
	static const char *const texts[] = { "", "R", "f", " ", "\x01\x1b[2J",
		"\xc3\xa9", "\xf4\x8f\xbf\xbf", "../../etc", "record_id",
		"a\"b\\c", "\xe2\x80\xae" "txt" };
	static const size_t sizes[] = { 0, 1, 7, 8, 9, 15, 16, 32, 64, 255,
					256, 3000 };
	static const uint8_t many[3000] = { 0 };
	static char text[3000];
	const char *known = POISON_PICK(p, texts);
	size_t n = POISON_PICK(p, sizes);

	if (poison_below(p, 3) == 0) {
		payload_put_bytes(b, SPAN(many, n));
	} else if (poison_below(p, 4) == 0) {	/* long, or with NULs in it */
		memset(text, poison_below(p, 2) ? 'x' : 0, n);
		payload_put_text(b, SPAN(text, n));
	} else {
		payload_put_text(b, SPAN_STR(known));
	}
}

static inline void poison_item(struct poison *p, struct buf *b, unsigned depth);

static inline void poison_nested(struct poison *p, struct buf *b,
				 unsigned depth)
{
	static const char *const names[] = { "a", "k", "x" };
	unsigned n = poison_below(p, 4);

	if (poison_below(p, 2)) {
		payload_put_array(b, n);
		for (unsigned i = 0; i < n; i++)
			poison_item(p, b, depth - 1);
		return;
	}
	payload_put_map(b, n);
	for (unsigned i = 0; i < n; i++) {
		if (i == 0)
			payload_put_uint(b, poison_below(p, 70));
		else
			payload_put_text(b, SPAN_STR(names[i - 1]));
		poison_item(p, b, depth - 1);
	}
}

/* As deep as the format lets them. */
static inline void poison_deep(struct poison *p, struct buf *b, unsigned depth)
{
	for (; depth > 1; depth--) {
		if (poison_below(p, 2)) {
			payload_put_array(b, 1);
		} else {
			payload_put_map(b, 1);
			payload_put_text(b, SPAN_STR("k"));
		}
	}
	payload_put_array(b, 0);
}

static inline void poison_item(struct poison *p, struct buf *b, unsigned depth)
{
	switch (poison_below(p, depth ? 10 : 6)) {
	case 0:
		payload_put_null(b);
		break;
	case 1:
		payload_put_bool(b, poison_below(p, 2));
		break;
	case 2:
	case 3:
		poison_number(p, b);
		break;
	case 4:
	case 5:
		poison_string(p, b);
		break;
	case 6:
		poison_deep(p, b, depth);
		break;
	case 7:		/* a position, on the earth or not */
		payload_put_position_tag(b);
		payload_put_array(b, 2);
		payload_put_real(b, poison_below(p, 2) ? 46.5 : 1e300);
		payload_put_uint(b, 7);
		break;
	default:
		poison_nested(p, b, depth);
	}
}

/* ---- what a member should be ---- */

static inline void poison_ids(struct poison *p, struct buf *b, unsigned most)
{
	uint8_t ids[3 * EVENT_BASE_SIZE];
	unsigned n = 1 + poison_below(p, most);

	for (unsigned i = 0; i < n; i++)
		memcpy(ids + i * EVENT_BASE_SIZE,
		       p->ids[poison_below(p, POISON_IDS)], EVENT_BASE_SIZE);
	payload_put_bytes(b, SPAN(ids, n * EVENT_BASE_SIZE));
}

static inline void poison_named(struct poison *p, struct buf *b)
{
	payload_put_map(b, 1);
	payload_put_text(b, SPAN_STR("k"));
	if (poison_below(p, 2))
		payload_put_uint(b, poison_below(p, 9));
	else
		poison_item(p, b, 3);
}

static inline void poison_pair(struct poison *p, struct buf *b)
{
	payload_put_array(b, 2);
	payload_put_uint(b, 1000 + poison_below(p, 9));
	payload_put_uint(b, poison_below(p, 3));
}

static inline void poison_good(struct poison *p, struct buf *b, uint64_t key)
{
	static const char *const strategies[] = { "lww", "fww", "merge:text",
		"merge:json", "merge:append", "escalate", "retry:3" };
	static const char *const kinds[] = { "note.add", "field.set",
		"record.create", "counter.add", "import", "no.such" };
	static const uint8_t id16[16] = "0123456789abcde";
	const char *strategy = POISON_PICK(p, strategies);
	const char *kind = POISON_PICK(p, kinds);

	switch (key) {
	case KEY_BASE:
		poison_ids(p, b, 3);
		break;
	case KEY_ELEMENT: case KEY_AFTER: case KEY_BEFORE:
		poison_ids(p, b, 1);
		break;
	case KEY_ID: case KEY_PREVIOUS: case KEY_NEXT:
		payload_put_bytes(b, SPAN(id16, sizeof(id16)));
		break;
	case KEY_CHANGES: case KEY_FIELDS: case KEY_PAYLOAD:
		poison_named(p, b);
		break;
	case KEY_BY:		/* who created, or how many were added */
		if (poison_below(p, 2))
			payload_put_int(b, poison_below(p, 2) ? 1 : -1);
		else
			payload_put_text(b, SPAN_STR("b"));
		break;
	case KEY_POS:
		payload_put_array(b, 1);
		poison_pair(p, b);
		break;
	case KEY_HLC:
		poison_pair(p, b);
		break;
	case KEY_TX: case KEY_URGENT:
		payload_put_bool(b, poison_below(p, 2));
		break;
	case KEY_STRATEGY:
		payload_put_text(b, SPAN_STR(strategy));
		break;
	case KEY_KIND:
		payload_put_text(b, SPAN_STR(kind));
		break;
	case KEY_SIZE: case KEY_TOTAL: case KEY_SEQ: case KEY_SERIAL:
	case KEY_DUTY: case KEY_UPTIME: case KEY_LOG_BYTES: case KEY_DISK_FREE:
	case KEY_TNC_ERRORS: case KEY_MAX_AGE: case KEY_VOLTS:
		payload_put_uint(b, 1 + poison_below(p, 9));
		break;
	default:
		payload_put_text(b, SPAN_STR(
			key == KEY_RECORD ? "R" : key == KEY_DOC ? "D" :
			key == KEY_RESOURCE || key == KEY_PATTERN ? "N" :
			key == KEY_COUNTER ? "n" : key == KEY_AUTHOR ? "a" :
			key == KEY_STATION ? "Q1AAA-1" : "f"));
	}
}

/* ---- a payload ---- */

#define BIT(key) (1ULL << (key))

/* The members of a kind; all kinds of the code book stand here. */
static const struct {
	uint16_t kind;
	uint64_t members;
} poison_kinds[] = {
	{ KIND_STATION, BIT(KEY_KEY) | BIT(KEY_CALL) | BIT(KEY_PREVIOUS) },
	{ KIND_STATION_STATUS, BIT(KEY_VERSION) | BIT(KEY_UPTIME) |
	  BIT(KEY_LOG_BYTES) | BIT(KEY_DISK_FREE) | BIT(KEY_VOLTS) |
	  BIT(KEY_TNC_ERRORS) },
	{ KIND_STATION_ORDER, BIT(KEY_STATION) | BIT(KEY_SERIAL) |
	  BIT(KEY_TX) | BIT(KEY_DUTY) },
	{ KIND_STATION_RETIRE, BIT(KEY_NEXT) },
	{ KIND_RECORD_CREATE, BIT(KEY_RECORD) | BIT(KEY_FORM) | BIT(KEY_BY) },
	{ KIND_FIELD_SET, BIT(KEY_RECORD) | BIT(KEY_FIELD) | BIT(KEY_VALUE) |
	  BIT(KEY_BASE) },
	{ KIND_FIELD_UNSET, BIT(KEY_RECORD) | BIT(KEY_FIELD) | BIT(KEY_BASE) },
	{ KIND_NOTE_ADD, BIT(KEY_RECORD) | BIT(KEY_TEXT) },
	{ KIND_ATTACHMENT_ADD, BIT(KEY_RECORD) | BIT(KEY_FIELD) |
	  BIT(KEY_BLOB_HASH) | BIT(KEY_SIZE) | BIT(KEY_MIME) },
	{ KIND_COUNTER_ADD, BIT(KEY_RECORD) | BIT(KEY_COUNTER) | BIT(KEY_BY) |
	  BIT(KEY_TOTAL) },
	{ KIND_PLAN_DELTA, BIT(KEY_CHANGES) | BIT(KEY_BASE) },
	{ KIND_PLAN_SET, BIT(KEY_CHANGES) | BIT(KEY_BASE) },
	{ KIND_DOC_INSERT, BIT(KEY_DOC) | BIT(KEY_TYPE) | BIT(KEY_AFTER) |
	  BIT(KEY_BEFORE) | BIT(KEY_POS) | BIT(KEY_FIELDS) },
	{ KIND_DOC_UPDATE, BIT(KEY_DOC) | BIT(KEY_ELEMENT) | BIT(KEY_FIELD) |
	  BIT(KEY_VALUE) | BIT(KEY_BASE) },
	{ KIND_DOC_DELETE, BIT(KEY_DOC) | BIT(KEY_ELEMENT) },
	{ KIND_RESOURCE_COMMIT, BIT(KEY_RESOURCE) | BIT(KEY_VALUE) |
	  BIT(KEY_BASE) },
	{ KIND_RESOURCE_POLICY, BIT(KEY_PATTERN) | BIT(KEY_STRATEGY) |
	  BIT(KEY_MAX_AGE) | BIT(KEY_BASE) },
	{ KIND_IMPORT, BIT(KEY_AUTHOR) | BIT(KEY_SEQ) | BIT(KEY_HLC) |
	  BIT(KEY_KIND) | BIT(KEY_PAYLOAD) | BIT(KEY_PREV) | BIT(KEY_ID) },
	{ 5, BIT(KEY_RECORD) }, { 15, BIT(KEY_RECORD) },
	{ KIND_RESOURCE_POLICY + 1, BIT(KEY_RECORD) | BIT(KEY_VALUE) },
	{ KIND_IMPORT + 1, BIT(KEY_PAYLOAD) }, { KIND_MAX, BIT(KEY_TEXT) },
};
#define POISON_KINDS (sizeof(poison_kinds) / sizeof(poison_kinds[0]))

/* Which members are there: most of the kind's, and now and then any other. */
static inline uint64_t poison_members(struct poison *p, size_t kind)
{
	uint64_t have = poison_kinds[kind].members;

	if (have & BIT(KEY_AFTER))	/* an element follows one, or precedes */
		have &= ~BIT(poison_below(p, 2) ? KEY_AFTER : KEY_BEFORE);
	if (poison_below(p, 3) == 0)
		have &= ~BIT(poison_below(p, 46));
	if (poison_below(p, 3) == 0)
		have &= ~BIT(poison_below(p, 46)) & ~BIT(KEY_BASE);
	if (poison_below(p, 4) == 0)
		have |= BIT(poison_below(p, 64));
	return have;
}

static inline void poison_map(struct poison *p, struct buf *b, size_t kind)
{
	uint64_t have = poison_members(p, kind);
	bool spelt = poison_below(p, 8) == 0;	/* behind the numbers */
	uint32_t bad = poison_below(p, 8);	/* so many eighths are bad */

	payload_put_map(b, (size_t)__builtin_popcountll(have) + spelt);
	for (uint64_t key = 0; key < 64; key++) {
		if (!(have & BIT(key)))
			continue;
		payload_put_uint(b, key);
		if (bad < 4 || poison_below(p, 8) >= bad)
			poison_good(p, b, key);
		else
			poison_item(p, b, PAYLOAD_DEPTH_MAX - 1);
	}
	if (!spelt)
		return;
	payload_put_text(b, SPAN_STR("record_id"));
	poison_item(p, b, PAYLOAD_DEPTH_MAX - 1);
}

/* A payload for one of the kinds, at most `room` long; returns the kind. */
static inline uint16_t poison_payload(struct poison *p, struct buf *b,
				      size_t kind, size_t room)
{
	do {
		b->len = 0;
		if (poison_below(p, 10) == 0)
			poison_item(p, b, PAYLOAD_DEPTH_MAX);
		else
			poison_map(p, b, kind);
	} while (b->len > room || payload_check(buf_span(b)) != PAYLOAD_OK);
	return poison_kinds[kind].kind;
}
