/* SPDX-License-Identifier: MIT
 *
 * meshlog's events, see meshlog.h. Recursion is bounded by
 * MESHLOG_DEPTH_MAX; nothing on the radio path comes here.
 */
#include <errno.h>
#include <stdlib.h>
#include "lib/base/crypto.h"
#include "lib/event/meshlog.h"
#include "lib/event/payload.h"

const char *meshlog_error_name(enum meshlog_error e)
{
	static const char *const names[] = {
		[MESHLOG_OK] = "ok", [MESHLOG_JSON] = "json",
		[MESHLOG_SHAPE] = "shape", [MESHLOG_ID] = "id",
		[MESHLOG_PAYLOAD] = "payload",
	};

	return (unsigned)e < MESHLOG_ERROR_COUNT ? names[e] : "unknown";
}

/* ---- the canonical text ---- */

static int key_compare(const void *a, const void *b)
{
	return span_compare(((const struct json_member *)a)->key,
			    ((const struct json_member *)b)->key);
}

/* The members of an object by key; NULL without memory. Freed by the
 * caller. */
static struct json_member *members_sorted(const struct json *obj)
{
	struct json_member *list = calloc(json_len(obj) + 1, sizeof(*list));
	struct json_member m = { 0 };
	size_t n = 0;

	if (!list)
		return NULL;
	while (json_next(obj, &m))
		list[n++] = m;
	qsort(list, n, sizeof(*list), key_compare);
	return list;
}

static int canonical_value(struct json_out *o, const struct json *v,
			   unsigned depth);

static int canonical_object(struct json_out *o, const struct json *v,
			    unsigned depth)
{
	struct json_member *list = members_sorted(v);
	int rc = list ? 0 : -ENOMEM;

	json_out_object(o);
	for (size_t i = 0; i < json_len(v) && rc == 0; i++) {
		json_out_key_span(o, list[i].key);
		rc = canonical_value(o, list[i].value, depth);
	}
	json_out_end_object(o);
	free(list);
	return rc;
}

static int canonical_value(struct json_out *o, const struct json *v,
			   unsigned depth)
{
	int rc = 0;

	if (depth > MESHLOG_DEPTH_MAX)
		return -EINVAL;
	if (json_is(v, JSON_OBJECT))
		return canonical_object(o, v, depth + 1);
	if (!json_is(v, JSON_ARRAY)) {
		json_out_value(o, v);
		return 0;
	}
	json_out_array(o);
	for (size_t i = 0; i < json_len(v) && rc == 0; i++)
		rc = canonical_value(o, json_at(v, i), depth + 1);
	json_out_end_array(o);
	return rc;
}

int meshlog_canonical(struct json_out *o, const struct json *wire)
{
	static const struct {
		const char *name, *wire;
	} members[] = {
		{ "author", "a" }, { "hlc", "h" }, { "kind", "k" },
		{ "payload", "p" }, { "prev", "v" }, { "seq", "s" },
	};
	int rc = 0;

	o->ascii = true;
	json_out_object(o);
	for (size_t i = 0; i < 6 && rc == 0; i++) {
		const struct json *v = json_get(wire, members[i].wire);

		json_out_key(o, members[i].name);
		rc = v ? canonical_value(o, v, 0) : -EINVAL;
	}
	json_out_end_object(o);
	return rc;
}

int meshlog_id(uint8_t id[MESHLOG_ID_SIZE], const struct json *wire)
{
	struct json_out o = { 0 };
	int rc = meshlog_canonical(&o, wire);
	uint8_t hash[CRYPTO_HASH_SIZE];

	crypto_sha256(hash, buf_span(&o.b));
	memcpy(id, hash, MESHLOG_ID_SIZE);
	buf_fini(&o.b);
	return rc;
}

/* ---- reading a line ---- */

static bool unsigned_at_most(const struct json *v, uint64_t max)
{
	return json_is(v, JSON_INT) && json_int(v) >= 0 &&
	       (uint64_t)json_int(v) <= max;
}

static bool stamp_read(struct hlc *t, const struct json *v)
{
	if (!json_is(v, JSON_ARRAY) || json_len(v) != 2 ||
	    !unsigned_at_most(json_at(v, 0), HLC_WALL_MAX) ||
	    !unsigned_at_most(json_at(v, 1), UINT32_MAX))
		return false;
	t->wall_ms = (uint64_t)json_int(json_at(v, 0));
	t->counter = (uint32_t)json_int(json_at(v, 1));
	return true;
}

static bool id_read(uint8_t id[MESHLOG_ID_SIZE], struct span text)
{
	return text.n == 2 * MESHLOG_ID_SIZE &&
	       hex_decode(id, MESHLOG_ID_SIZE, text) == MESHLOG_ID_SIZE;
}

static bool label_ok(struct span label)
{
	return label.n > 0 && label.n <= AUTHOR_LABEL_MAX;
}

enum meshlog_error meshlog_from_json(struct meshlog *m,
				     const struct json *wire)
{
	const struct json *seq = json_get(wire, "s");

	*m = (struct meshlog){ 0 };
	m->e.author = json_string(json_get(wire, "a"));
	m->kind = json_string(json_get(wire, "k"));
	m->prev = json_string(json_get(wire, "v"));
	if (!label_ok(m->e.author) || !unsigned_at_most(seq, INT64_MAX) ||
	    !json_int(seq) || !stamp_read(&m->e.hlc, json_get(wire, "h")) ||
	    !json_is(json_get(wire, "k"), JSON_STRING) ||
	    !json_is(json_get(wire, "v"), JSON_STRING) ||
	    !id_read(m->id, json_string(json_get(wire, "i"))) ||
	    !json_get(wire, "p"))
		return MESHLOG_SHAPE;
	m->e.seq = (uint64_t)json_int(seq);
	m->e.kind = kind_from_name(m->kind);
	if (payload_from_json(&m->payload, json_get(wire, "p")))
		return MESHLOG_PAYLOAD;
	m->e.payload = buf_span(&m->payload);
	return MESHLOG_OK;
}

enum meshlog_error meshlog_parse(struct meshlog *m, struct span line)
{
	struct json *root = json_parse(line, NULL);
	uint8_t id[MESHLOG_ID_SIZE];
	enum meshlog_error e;

	if (!root) {
		*m = (struct meshlog){ 0 };
		return MESHLOG_JSON;
	}
	e = meshlog_from_json(m, root);
	m->root = root;
	if (e)
		return e;
	if (meshlog_id(id, root) || memcmp(id, m->id, sizeof(id)) != 0)
		return MESHLOG_ID;
	return MESHLOG_OK;
}

void meshlog_fini(struct meshlog *m)
{
	json_free(m->root);
	buf_fini(&m->payload);
	m->root = NULL;
}

/* ---- the `import` event ---- */

int meshlog_import_build(struct buf *out, const struct meshlog *m)
{
	size_t before = out->len;

	payload_put_map(out, 7);
	payload_put_uint(out, KEY_AUTHOR);
	payload_put_text(out, m->e.author);
	payload_put_uint(out, KEY_SEQ);
	payload_put_uint(out, m->e.seq);
	payload_put_uint(out, KEY_HLC);
	payload_put_array(out, 2);
	payload_put_uint(out, m->e.hlc.wall_ms);
	payload_put_uint(out, m->e.hlc.counter);
	payload_put_uint(out, KEY_KIND);
	payload_put_text(out, m->kind);
	payload_put_uint(out, KEY_PAYLOAD);
	buf_add(out, m->e.payload);
	payload_put_uint(out, KEY_PREV);
	payload_put_text(out, m->prev);
	payload_put_uint(out, KEY_ID);
	payload_put_bytes(out, SPAN(m->id, MESHLOG_ID_SIZE));
	if (payload_check(SPAN(out->p + before, out->len - before))) {
		out->len = before;
		return -EMSGSIZE;
	}
	return 0;
}

static bool stamp_parse(struct hlc *t, const struct payload_value *v)
{
	struct span body = v->body;
	struct payload_value wall, counter;

	if (v->type != PAYLOAD_ARRAY || v->num != 2 ||
	    !payload_next(&body, &wall) || !payload_next(&body, &counter) ||
	    wall.type != PAYLOAD_UINT || wall.num > HLC_WALL_MAX ||
	    counter.type != PAYLOAD_UINT || counter.num > UINT32_MAX)
		return false;
	*t = (struct hlc){ wall.num, (uint32_t)counter.num };
	return true;
}

/* One member of an import's map; a bit a member that was sound. */
static unsigned member_parse(struct meshlog *m, uint64_t key,
			     const struct payload_value *v)
{
	bool text = v->type == PAYLOAD_TEXT, ok = false;

	switch (key) {
	case KEY_AUTHOR: m->e.author = v->str; ok = text; break;
	case KEY_KIND: m->kind = v->str; ok = text; break;
	case KEY_PREV: m->prev = v->str; ok = text; break;
	case KEY_PAYLOAD: m->e.payload = v->raw; ok = true; break;
	case KEY_HLC: ok = stamp_parse(&m->e.hlc, v); break;
	case KEY_SEQ:
		m->e.seq = v->num;
		ok = v->type == PAYLOAD_UINT && v->num;
		break;
	case KEY_ID:
		ok = v->type == PAYLOAD_BYTES && v->str.n == MESHLOG_ID_SIZE;
		if (ok)
			memcpy(m->id, v->str.p, MESHLOG_ID_SIZE);
		break;
	}
	return ok ? 1U << (key - KEY_AUTHOR) : 0;
}

int meshlog_import_parse(struct meshlog *m, struct span payload)
{
	struct payload_value map, k, v;
	unsigned found = 0;

	*m = (struct meshlog){ 0 };
	if (!payload_first(payload, &map) || map.type != PAYLOAD_MAP)
		return -EINVAL;
	while (payload_next(&map.body, &k) && payload_next(&map.body, &v))
		if (k.type == PAYLOAD_UINT)
			found |= member_parse(m, k.num, &v);
	if (found != 0x7f || !label_ok(m->e.author))
		return -EINVAL;
	m->e.kind = kind_from_name(m->kind);
	return 0;
}

void meshlog_to_json(struct json_out *o, const struct meshlog *m)
{
	json_out_object(o);
	json_out_kv_span(o, "a", m->e.author);
	json_out_kv_uint(o, "s", m->e.seq);
	json_out_key(o, "h");
	json_out_array(o);
	json_out_uint(o, m->e.hlc.wall_ms);
	json_out_uint(o, m->e.hlc.counter);
	json_out_end_array(o);
	json_out_kv_span(o, "k", m->kind);
	json_out_key(o, "p");
	payload_to_json(o, m->e.payload);
	json_out_kv_span(o, "v", m->prev);
	json_out_kv_hex(o, "i", SPAN(m->id, MESHLOG_ID_SIZE));
	json_out_end_object(o);
}
