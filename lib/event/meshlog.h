/* SPDX-License-Identifier: MIT
 *
 * meshlog's events: reading its log lines, checking its ids, and carrying
 * them in events of kind `import` (docs/formats.md, "Import").
 *
 *   line      {"a": author, "s": seq, "h": [wall_ms, counter], "k": kind,
 *             "p": payload, "v": previous id or "", "i": id}
 *   id        first 16 bytes of SHA-256, in lower hex, over the canonical text
 *   canonical {"author":..,"hlc":[w,c],"kind":..,"payload":..,"prev":..,
 *             "seq":..}: keys sorted at every level, no spaces, ASCII with
 *             \uXXXX, numbers in Python's spelling
 */
#pragma once
#include "lib/base/json.h"
#include "lib/event/event.h"

#define MESHLOG_ID_SIZE 16
#define MESHLOG_DEPTH_MAX 32

enum meshlog_error {
	MESHLOG_OK,
	MESHLOG_JSON,		/* not one JSON value */
	MESHLOG_SHAPE,		/* a member missing, of another type or range */
	MESHLOG_ID,		/* the id is not that of the content */
	MESHLOG_PAYLOAD,	/* cannot be carried: too deep, too long */
	MESHLOG_ERROR_COUNT,
};
const char *meshlog_error_name(enum meshlog_error e);

/* An event as read. Its spans point into the JSON value and into `payload`. */
struct meshlog {
	struct event e;		/* author, seq, hlc, kind, payload (CBOR) */
	struct span kind;	/* by name, as it stood */
	struct span prev;	/* 32 hex digits, or empty */
	uint8_t id[MESHLOG_ID_SIZE];
	struct buf payload;
	struct json *root;	/* owned, after meshlog_parse */
};

/* One line, id checked. meshlog_fini frees in any case. */
enum meshlog_error meshlog_parse(struct meshlog *m, struct span line);
/* A parsed line, id not checked; m lives no longer than wire. */
enum meshlog_error meshlog_from_json(struct meshlog *m,
				     const struct json *wire);
void meshlog_fini(struct meshlog *m);

/* The text that is hashed, appended. 0, or -EINVAL (too deep). */
int meshlog_canonical(struct json_out *o, const struct json *wire);
int meshlog_id(uint8_t id[MESHLOG_ID_SIZE], const struct json *wire);

/* The payload of the `import` event that carries m. 0 or -EMSGSIZE. */
int meshlog_import_build(struct buf *out, const struct meshlog *m);
/* What a payload of kind `import` carries; spans point into it. 0 or
 * -EINVAL. */
int meshlog_import_parse(struct meshlog *m, struct span payload);
/* The wire object again (set o->spaced and o->ascii for a log line). */
void meshlog_to_json(struct json_out *o, const struct meshlog *m);
