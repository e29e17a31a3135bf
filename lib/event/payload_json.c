/* SPDX-License-Identifier: MIT
 *
 * Payloads to and from JSON, for people, import and export; nothing on the
 * radio path comes here. Map keys go through the code book at every level.
 * What JSON lacks is spelt as an object of one member, if the value fits:
 *
 *   {"bytes": "6a6b"}              byte string; lower-case hex
 *   {"position": [46.5, 7.9]}      tag 103, two or three numbers
 *
 * so a value survives both ways. Recursion is bounded by PAYLOAD_DEPTH_MAX.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "lib/event/event.h"
#include "lib/event/payload.h"

static const char *const keys[] = {
	[KEY_RECORD] = "record_id", [KEY_FORM] = "form", [KEY_BY] = "by",
	[KEY_FIELD] = "field", [KEY_VALUE] = "value", [KEY_TEXT] = "text",
	[KEY_BLOB_HASH] = "blob_hash", [KEY_SIZE] = "size",
	[KEY_MIME] = "mime", [KEY_BASE] = "base", [KEY_KEY] = "key",
	[KEY_CALL] = "call", [KEY_PREVIOUS] = "previous", [KEY_NEXT] = "next",
	[KEY_TOTAL] = "total", [KEY_AUTHOR] = "author", [KEY_SEQ] = "seq",
	[KEY_HLC] = "hlc", [KEY_KIND] = "kind", [KEY_PAYLOAD] = "payload",
	[KEY_PREV] = "prev", [KEY_ID] = "id", [KEY_COUNTER] = "counter",
	[KEY_CHANGES] = "changes", [KEY_DOC] = "doc",
	[KEY_ELEMENT] = "element", [KEY_AFTER] = "after",
	[KEY_BEFORE] = "before", [KEY_TYPE] = "type", [KEY_POS] = "pos",
	[KEY_FIELDS] = "fields", [KEY_RESOURCE] = "resource",
	[KEY_PATTERN] = "pattern", [KEY_STRATEGY] = "strategy",
	[KEY_MAX_AGE] = "max_age_s", [KEY_VERSION] = "version",
	[KEY_UPTIME] = "uptime_s", [KEY_LOG_BYTES] = "log_bytes",
	[KEY_DISK_FREE] = "disk_free_permille", [KEY_VOLTS] = "volts",
	[KEY_TNC_ERRORS] = "tnc_errors", [KEY_STATION] = "station",
	[KEY_SERIAL] = "serial", [KEY_TX] = "tx",
	[KEY_DUTY] = "duty_permille", [KEY_URGENT] = "urgent",
};
#define N_KEYS (sizeof(keys) / sizeof(keys[0]))

const char *payload_key_name(uint64_t key)
{
	return key < N_KEYS ? keys[key] : NULL;
}

uint64_t payload_key_number(struct span name)
{
	for (size_t i = 0; i < N_KEYS; i++)
		if (span_equal(SPAN_STR(keys[i]), name))
			return i;
	return PAYLOAD_KEY_NONE;
}

/* ---- from JSON ---- */

static void key_put(struct buf *out, struct span key)
{
	uint64_t number = payload_key_number(key);

	if (number == PAYLOAD_KEY_NONE)
		payload_put_text(out, key);
	else
		payload_put_uint(out, number);
}

/* {"bytes": "lower-case hex"} as a byte string; false: it is not one. */
static bool bytes_from_json(struct buf *out, const struct json *v)
{
	const struct json *member = json_get(v, "bytes");
	struct span text = json_string(member);
	uint8_t bytes[EVENT_PAYLOAD_MAX];
	int n;

	if (json_len(v) != 1 || !json_is(member, JSON_STRING))
		return false;
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] >= 'A' && text.p[i] <= 'F')
			return false;
	n = hex_decode(bytes, sizeof(bytes), text);
	if (n < 0)
		return false;
	payload_put_bytes(out, SPAN(bytes, n));
	return true;
}

static bool is_position(const struct json *v)
{
	const struct json *member = json_get(v, "position");

	return json_len(v) == 1 && json_is(member, JSON_ARRAY) &&
	       (json_len(member) == 2 || json_len(member) == 3);
}

static int value_from_json(struct buf *out, const struct json *v,
			   unsigned depth);

static int array_from_json(struct buf *out, const struct json *v,
			   unsigned depth)
{
	int rc = 0;

	payload_put_array(out, json_len(v));
	for (size_t i = 0; i < json_len(v) && rc == 0; i++)
		rc = value_from_json(out, json_at(v, i), depth);
	return rc;
}

/* A member encoded, key first, at `off` of a scratch buffer. */
struct member {
	const struct buf *scratch;
	size_t off, len;
};

/* Different keys differ before either ends, so comparing whole members
 * compares keys. */
static int member_compare(const void *pa, const void *pb)
{
	const struct member *a = pa, *b = pb;

	return span_compare(SPAN(a->scratch->p + a->off, a->len),
			    SPAN(b->scratch->p + b->off, b->len));
}

static int members_encode(struct buf *scratch, struct member *list,
			  const struct json *v, unsigned depth)
{
	struct json_member m = { 0 };
	int rc = 0;

	for (size_t i = 0; rc == 0 && json_next(v, &m); i++) {
		list[i] = (struct member){ scratch, scratch->len, 0 };
		key_put(scratch, m.key);
		rc = value_from_json(scratch, m.value, depth);
		list[i].len = scratch->len - list[i].off;
	}
	return rc;
}

static int map_from_json(struct buf *out, const struct json *v, unsigned depth)
{
	size_t n = json_len(v);
	struct member *list = calloc(n + 1, sizeof(*list));
	struct buf scratch = { 0 };
	int rc = list ? members_encode(&scratch, list, v, depth) : -ENOMEM;

	if (rc == 0) {
		qsort(list, n, sizeof(*list), member_compare);
		payload_put_map(out, n);
		for (size_t i = 0; i < n; i++)
			buf_add(out, SPAN(scratch.p + list[i].off,
					  list[i].len));
	}
	buf_fini(&scratch);
	free(list);
	return rc;
}

static int object_from_json(struct buf *out, const struct json *v,
			    unsigned depth)
{
	if (bytes_from_json(out, v))
		return 0;
	if (!is_position(v))
		return map_from_json(out, v, depth);
	payload_put_position_tag(out);
	return value_from_json(out, json_get(v, "position"), depth);
}

/* depth = containers around v. */
static int value_from_json(struct buf *out, const struct json *v,
			   unsigned depth)
{
	enum json_type t = json_type(v);

	if ((t == JSON_ARRAY || t == JSON_OBJECT) &&
	    (depth == PAYLOAD_DEPTH_MAX || json_len(v) > EVENT_PAYLOAD_MAX))
		return -EINVAL;
	switch (t) {
	case JSON_NULL: payload_put_null(out); return 0;
	case JSON_FALSE: payload_put_bool(out, false); return 0;
	case JSON_TRUE: payload_put_bool(out, true); return 0;
	case JSON_INT: payload_put_int(out, json_int(v)); return 0;
	case JSON_STRING: payload_put_text(out, json_string(v)); return 0;
	case JSON_ARRAY: return array_from_json(out, v, depth + 1);
	case JSON_OBJECT: return object_from_json(out, v, depth + 1);
	case JSON_REAL: break;
	}
	if (!isfinite(json_real(v)))
		return -EINVAL;
	payload_put_real(out, json_real(v));
	return 0;
}

int payload_from_json(struct buf *out, const struct json *v)
{
	size_t before = out->len;
	int rc = value_from_json(out, v, 0);

	if (rc == 0 && payload_check(SPAN(out->p + before,
					  out->len - before)) != PAYLOAD_OK)
		rc = -EINVAL;
	if (rc)
		out->len = before;
	return rc;
}

/* ---- to JSON ---- */

static void key_to_json(struct json_out *o, const struct payload_value *k)
{
	const char *name = payload_key_name(k->num);
	char number[24];

	if (k->type == PAYLOAD_TEXT) {
		json_out_key_span(o, k->str);
		return;
	}
	snprintf(number, sizeof(number), "%llu", (unsigned long long)k->num);
	json_out_key(o, name ? name : number);
}

static void array_to_json(struct json_out *o, const struct payload_value *v)
{
	struct span body = v->body;
	struct payload_value item;

	json_out_array(o);
	while (payload_next(&body, &item))
		payload_value_to_json(o, &item);
	json_out_end_array(o);
}

static void map_to_json(struct json_out *o, const struct payload_value *v)
{
	struct span body = v->body;
	struct payload_value item;

	json_out_object(o);
	while (payload_next(&body, &item)) {
		key_to_json(o, &item);
		if (payload_next(&body, &item))
			payload_value_to_json(o, &item);
	}
	json_out_end_object(o);
}

static void position_to_json(struct json_out *o, const struct payload_value *v)
{
	struct payload_value list;

	json_out_object(o);
	json_out_key(o, "position");
	if (payload_first(v->body, &list))
		payload_value_to_json(o, &list);
	json_out_end_object(o);
}

/* Below -2^63 JSON has no integer that its readers agree on. */
static void negint_to_json(struct json_out *o, uint64_t num)
{
	if (num <= INT64_MAX)
		json_out_int(o, -1 - (int64_t)num);
	else
		json_out_real(o, -1.0 - (double)num);
}

void payload_value_to_json(struct json_out *o, const struct payload_value *v)
{
	switch (v->type) {
	case PAYLOAD_UINT: json_out_uint(o, v->num); break;
	case PAYLOAD_NEGINT: negint_to_json(o, v->num); break;
	case PAYLOAD_TEXT: json_out_string_span(o, v->str); break;
	case PAYLOAD_ARRAY: array_to_json(o, v); break;
	case PAYLOAD_MAP: map_to_json(o, v); break;
	case PAYLOAD_BOOL: json_out_bool(o, v->num); break;
	case PAYLOAD_NULL: json_out_null(o); break;
	case PAYLOAD_REAL: json_out_real(o, v->real); break;
	case PAYLOAD_TAG: position_to_json(o, v); break;
	case PAYLOAD_BYTES:
		json_out_object(o);
		json_out_kv_hex(o, "bytes", v->str);
		json_out_end_object(o);
		break;
	}
}

void payload_to_json(struct json_out *o, struct span payload)
{
	struct payload_value v;

	if (payload_first(payload, &v))
		payload_value_to_json(o, &v);
	else
		json_out_null(o);
}
