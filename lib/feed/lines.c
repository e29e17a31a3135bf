/* SPDX-License-Identifier: MIT
 *
 * Feeds as JSON Lines, see lines.h.
 */
#include "lib/event/payload.h"
#include "lib/feed/lines.h"

const char *line_error_name(enum line_error e)
{
	static const char *const names[] = {
		[LINE_OK] = "ok",
		[LINE_JSON] = "not JSON",
		[LINE_SHAPE] = "not an event: a member is missing or wrong",
		[LINE_PAYLOAD] = "no payload that an event can have",
	};

	return (unsigned)e < LINE_ERROR_COUNT ? names[e] : "unknown";
}

/* ---- reading ---- */

static bool number_member(const struct json *v, const char *key, uint64_t max,
			  uint64_t *out)
{
	const struct json *m = json_get(v, key);

	if (!json_is(m, JSON_INT) || json_int(m) < 0 ||
	    (uint64_t)json_int(m) > max)
		return false;
	*out = (uint64_t)json_int(m);
	return true;
}

static bool hex_member(const struct json *v, const char *key, uint8_t *dst,
		       size_t n)
{
	struct span text = json_string(json_get(v, key));

	return text.n == 2 * n && hex_decode(dst, n, text) == (int)n;
}

/* An optional member: absent is fine, of another shape is not. */
static bool hex_option(const struct json *v, const char *key, uint8_t *dst,
		       size_t n, bool *has)
{
	*has = json_get(v, key) != NULL;
	return !*has || hex_member(v, key, dst, n);
}

static bool hex_payload(struct buf *out, const struct json *text)
{
	struct span hex = json_string(text);
	int n = hex_decode(buf_reserve(out, EVENT_PAYLOAD_MAX),
			   EVENT_PAYLOAD_MAX, hex);

	if (n > 0)
		out->len = (size_t)n;
	return n > 0;
}

static enum line_error payload_read(struct line *l, const struct json *v)
{
	const struct json *hash = json_get(v, "payload_hash");
	const struct json *cbor = json_get(v, "payload_cbor");
	const struct json *plain = json_get(v, "payload");
	bool ok;

	if (!hash + !cbor + !plain != 2)
		return LINE_SHAPE;
	l->e.withheld = hash != NULL;
	if (plain)
		ok = payload_from_json(&l->payload, plain) == 0;
	else
		ok = hex_payload(&l->payload, hash ? hash : cbor);
	l->e.payload = buf_span(&l->payload);
	if (ok && hash)
		ok = l->payload.len == 32;
	else if (ok)
		ok = payload_check(l->e.payload) == PAYLOAD_OK;
	return ok ? LINE_OK : LINE_PAYLOAD;
}

static enum line_error event_read(struct line *l, const struct json *v)
{
	uint64_t counter, kind;

	l->kind = LINE_EVENT;
	if (!number_member(v, "wall_ms", HLC_WALL_MAX, &l->e.hlc.wall_ms) ||
	    !number_member(v, "counter", HLC_COUNTER_MAX, &counter) ||
	    !number_member(v, "kind", KIND_MAX, &kind) ||
	    !hex_option(v, "prev", l->prev, sizeof(l->prev), &l->has_prev) ||
	    !hex_option(v, "seal", l->seal, sizeof(l->seal), &l->has_seal))
		return LINE_SHAPE;
	l->e.hlc.counter = (uint32_t)counter;
	l->e.kind = (uint16_t)kind;
	return payload_read(l, v);
}

static enum line_error head_read(struct line *l, const struct json *v)
{
	l->kind = LINE_HEAD;
	return json_int(json_get(v, "cairn_export")) == 1 &&
	       hex_member(v, "dataset", l->dataset, sizeof(l->dataset)) ?
	       LINE_OK : LINE_SHAPE;
}

static enum line_error blob_read(struct line *l, const struct json *v)
{
	struct span hex = json_string(json_get(v, "piece"));
	int n = hex_decode(buf_reserve(&l->payload, BLOB_PIECE_MAX),
			   BLOB_PIECE_MAX, hex);

	l->kind = LINE_BLOB;
	if (n <= 0 || !number_member(v, "size", BLOB_MAX, &l->blob_size) ||
	    !hex_member(v, "blob_hash", l->blob_hash, BLOB_HASH))
		return LINE_SHAPE;
	l->payload.len = (size_t)n;
	return LINE_OK;
}

enum line_error line_from_json(struct line *l, const struct json *v)
{
	*l = (struct line){ 0 };
	if (json_get(v, "blob_hash"))
		return blob_read(l, v);
	if (json_get(v, "cairn_export"))
		return head_read(l, v);
	l->e.author = json_string(json_get(v, "author"));
	if (!l->e.author.n || l->e.author.n > AUTHOR_LABEL_MAX ||
	    !number_member(v, "seq", INT64_MAX, &l->e.seq) || !l->e.seq ||
	    !hex_member(v, "id", l->e.id, sizeof(l->e.id)))
		return LINE_SHAPE;
	if (!json_get(v, "proof"))
		return event_read(l, v);
	l->kind = LINE_PROOF;
	return hex_member(v, "proof", l->seal, sizeof(l->seal)) ?
	       LINE_OK : LINE_SHAPE;
}

void line_fini(struct line *l)
{
	buf_fini(&l->payload);
}

/* ---- writing ---- */

/* Whether JSON gives the payload back byte for byte: a map may spell out a
 * key of the code book, or look like what stands for bytes. */
static bool plain_enough(struct span json, struct span payload)
{
	struct json *v = json_parse(json, NULL);
	struct buf again = { 0 };
	bool same = v && payload_from_json(&again, v) == 0 &&
		    span_equal(buf_span(&again), payload);

	buf_fini(&again);
	json_free(v);
	return same;
}

static void payload_put(struct json_out *o, const struct event *e)
{
	struct json_out text = { 0 };

	if (e->withheld) {
		json_out_kv_hex(o, "payload_hash", e->payload);
		return;
	}
	payload_to_json(&text, e->payload);
	if (plain_enough(buf_span(&text.b), e->payload)) {
		json_out_key(o, "payload");
		json_out_raw(o, buf_span(&text.b));
	} else {
		json_out_kv_hex(o, "payload_cbor", e->payload);
	}
	buf_fini(&text.b);
}

void line_put_head(struct json_out *o, const uint8_t dataset[DATASET_SIZE])
{
	json_out_object(o);
	json_out_kv_uint(o, "cairn_export", 1);
	json_out_kv_hex(o, "dataset", SPAN(dataset, DATASET_SIZE));
	json_out_end_object(o);
}

void line_put_blob(struct json_out *o, const uint8_t hash[BLOB_HASH],
		   uint64_t size, struct span piece)
{
	json_out_object(o);
	json_out_kv_hex(o, "blob_hash", SPAN(hash, BLOB_HASH));
	json_out_kv_uint(o, "size", size);
	json_out_kv_hex(o, "piece", piece);
	json_out_end_object(o);
}

void line_put_event(struct json_out *o, const struct event *e,
		    const uint8_t *prev, const uint8_t *seal)
{
	json_out_object(o);
	json_out_kv_span(o, "author", e->author);
	json_out_kv_uint(o, "seq", e->seq);
	json_out_kv_uint(o, "wall_ms", e->hlc.wall_ms);
	json_out_kv_uint(o, "counter", e->hlc.counter);
	json_out_kv_uint(o, "kind", e->kind);
	if (kind_name(e->kind))
		json_out_kv_string(o, "kind_name", kind_name(e->kind));
	payload_put(o, e);
	json_out_kv_hex(o, "id", SPAN(e->id, EVENT_ID_SIZE));
	if (prev)
		json_out_kv_hex(o, "prev", SPAN(prev, EVENT_ID_SIZE));
	if (seal)
		json_out_kv_hex(o, "seal", SPAN(seal, EVENT_SEAL_SIZE));
	json_out_end_object(o);
}

void line_put_proof(struct json_out *o, struct span label,
		    const struct feed_seal *proof)
{
	json_out_object(o);
	json_out_kv_span(o, "author", label);
	json_out_kv_uint(o, "seq", proof->seq);
	json_out_kv_hex(o, "id", SPAN(proof->id, EVENT_ID_SIZE));
	json_out_kv_hex(o, "proof", SPAN(proof->seal, EVENT_SEAL_SIZE));
	json_out_end_object(o);
}
