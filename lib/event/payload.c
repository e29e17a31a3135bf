/* SPDX-License-Identifier: MIT
 *
 * Payloads: checking, reading and writing CBOR. The only door to libcbor,
 * whose stream decoder reads one head (or one string) at a time and whose
 * encoders write heads. What makes an encoding deterministic is checked here:
 *
 *   head_read    one head: shortest form, finite floats, UTF-8, no
 *                indefinite lengths
 *   level_take   its place: key order and types, what a tag holds
 *   payload_item the walk over both, with a stack of PAYLOAD_DEPTH_MAX levels
 */
#include <cbor.h>
#include <math.h>
#include "lib/event/event.h"
#include "lib/event/payload.h"

#define TAG_POSITION 103
#define HEAD_MAX 9

const char *payload_error_name(enum payload_error e)
{
	static const char *const names[] = {
		[PAYLOAD_OK] = "ok", [PAYLOAD_SHORT] = "short",
		[PAYLOAD_TRAILING] = "trailing",
		[PAYLOAD_LONG_FORM] = "long_form",
		[PAYLOAD_KEY_ORDER] = "key_order", [PAYLOAD_UTF8] = "utf8",
		[PAYLOAD_FLOAT] = "float", [PAYLOAD_TYPE] = "type",
		[PAYLOAD_INDEFINITE] = "indefinite",
		[PAYLOAD_DEPTH] = "depth", [PAYLOAD_TOO_LONG] = "too_long",
	};

	return (unsigned)e < PAYLOAD_ERROR_COUNT ? names[e] : "unknown";
}

/* ---- one head: libcbor calls back with what it read ---- */

struct head {
	struct payload_value *v;
	enum payload_error error;
};

static void head_set(void *ctx, enum payload_type type, uint64_t num)
{
	struct head *h = ctx;

	h->v->type = type;
	h->v->num = num;
}

static void head_string(void *ctx, enum payload_type type, const uint8_t *p,
			size_t n)
{
	struct head *h = ctx;

	head_set(ctx, type, n);
	h->v->str = SPAN(p, n);
}

static void head_real(void *ctx, double real)
{
	struct head *h = ctx;

	head_set(ctx, PAYLOAD_REAL, 0);
	h->v->real = real;
}

static void head_refuse(void *ctx, enum payload_error e)
{
	struct head *h = ctx;

	h->error = e;
}

#define ON(name, arg, call) static void on_##name(void *ctx, arg) { call; }
#define ON_BARE(name, call) static void on_##name(void *ctx) { call; }
ON(uint8, uint8_t v, head_set(ctx, PAYLOAD_UINT, v))
ON(uint16, uint16_t v, head_set(ctx, PAYLOAD_UINT, v))
ON(uint32, uint32_t v, head_set(ctx, PAYLOAD_UINT, v))
ON(uint64, uint64_t v, head_set(ctx, PAYLOAD_UINT, v))
ON(negint8, uint8_t v, head_set(ctx, PAYLOAD_NEGINT, v))
ON(negint16, uint16_t v, head_set(ctx, PAYLOAD_NEGINT, v))
ON(negint32, uint32_t v, head_set(ctx, PAYLOAD_NEGINT, v))
ON(negint64, uint64_t v, head_set(ctx, PAYLOAD_NEGINT, v))
ON(array, size_t n, head_set(ctx, PAYLOAD_ARRAY, n))
ON(map, size_t n, head_set(ctx, PAYLOAD_MAP, n))
ON(tag, uint64_t v, head_set(ctx, PAYLOAD_TAG, v))
ON(bool, bool v, head_set(ctx, PAYLOAD_BOOL, v))
ON_BARE(null, head_set(ctx, PAYLOAD_NULL, 0))
ON(half, float v, head_real(ctx, (double)v))
ON(double, double v, head_real(ctx, v))
ON_BARE(undefined, head_refuse(ctx, PAYLOAD_TYPE))
ON_BARE(indefinite, head_refuse(ctx, PAYLOAD_INDEFINITE))

static void on_bytes(void *ctx, cbor_data p, size_t n)
{
	head_string(ctx, PAYLOAD_BYTES, p, n);
}

static void on_text(void *ctx, cbor_data p, size_t n)
{
	head_string(ctx, PAYLOAD_TEXT, p, n);
}

static const struct cbor_callbacks on_head = {
	.uint8 = on_uint8, .uint16 = on_uint16,
	.uint32 = on_uint32, .uint64 = on_uint64,
	.negint8 = on_negint8, .negint16 = on_negint16,
	.negint32 = on_negint32, .negint64 = on_negint64,
	.byte_string = on_bytes, .byte_string_start = on_indefinite,
	.string = on_text, .string_start = on_indefinite,
	.array_start = on_array, .indef_array_start = on_indefinite,
	.map_start = on_map, .indef_map_start = on_indefinite,
	.tag = on_tag, .float2 = on_half, .float4 = on_half,
	.float8 = on_double, .undefined = on_undefined, .null = on_null,
	.boolean = on_bool, .indef_break = on_indefinite,
};

/* ---- what the library leaves to us ---- */

static size_t head_size(uint64_t num)
{
	if (num < 24)
		return 1;
	if (num <= UINT8_MAX)
		return 2;
	if (num <= UINT16_MAX)
		return 3;
	return num <= UINT32_MAX ? 5 : 9;
}

/* The 16-bit float of exactly this value; false if there is none. (The
 * library's encoder rounds subnormal ones.) */
static bool half_bits(double v, uint16_t *bits)
{
	uint16_t sign = signbit(v) ? 0x8000 : 0;
	double a = fabs(v), m;
	int e;

	if (ldexp(a, 24) < 1024) {	/* zero or subnormal */
		*bits = (uint16_t)(sign | (uint16_t)ldexp(a, 24));
		return ldexp(a, 24) == floor(ldexp(a, 24));
	}
	m = ldexp(frexp(a, &e), 11);	/* 1024 <= m < 2048 */
	if (e > 16 || m != floor(m))
		return false;
	*bits = (uint16_t)(sign | (e + 14) << 10 | ((uint16_t)m - 1024));
	return true;
}

/* The shortest float that keeps the value; its length. */
static size_t real_encode(uint8_t dst[HEAD_MAX], double v)
{
	uint16_t bits;

	if (half_bits(v, &bits)) {
		dst[0] = 0xf9;
		be_put(dst + 1, 2, bits);
		return 3;
	}
	if (fabs(v) <= (double)__FLT_MAX__ && (double)(float)v == v)
		return cbor_encode_single((float)v, dst, HEAD_MAX);
	return cbor_encode_double(v, dst, HEAD_MAX);
}

/* Bytes of the UTF-8 sequence at p (n > 0 bytes left); 0 if it is none.
 * Overlong forms, surrogates and values above U+10FFFF are none. */
static size_t utf8_sequence(const uint8_t *p, size_t n)
{
	size_t len = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 :
		     p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;

	if (len > n)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return len;
}

bool payload_is_text(struct span s)
{
	for (size_t i = 0, len; i < s.n; i += len) {
		len = utf8_sequence(s.p + i, s.n - i);
		if (len == 0)
			return false;
	}
	return true;
}

static enum payload_error real_check(const struct payload_value *v)
{
	uint8_t shortest[HEAD_MAX];

	if (!isfinite(v->real))
		return PAYLOAD_FLOAT;
	return real_encode(shortest, v->real) == v->raw.n ?
		PAYLOAD_OK : PAYLOAD_FLOAT;
}

/* Reads the head at the start of s (a string with its bytes). v->raw is what
 * was read; containers have no body yet. */
static enum payload_error head_read(struct span s, struct payload_value *v)
{
	struct head h = { v, PAYLOAD_OK };
	struct cbor_decoder_result r;

	*v = (struct payload_value){ 0 };
	r = cbor_stream_decode(s.p, s.n, &on_head, &h);
	if (r.status == CBOR_DECODER_NEDATA)
		return PAYLOAD_SHORT;
	if (r.status != CBOR_DECODER_FINISHED)
		return PAYLOAD_TYPE;
	if (h.error)
		return h.error;
	v->raw = SPAN(s.p, r.read);
	if (v->type == PAYLOAD_REAL)
		return real_check(v);
	if (v->type != PAYLOAD_BOOL && v->type != PAYLOAD_NULL &&
	    r.read - v->str.n != head_size(v->num))
		return PAYLOAD_LONG_FORM;
	if (v->type == PAYLOAD_TEXT && !payload_is_text(v->str))
		return PAYLOAD_UTF8;
	return PAYLOAD_OK;
}

/* ---- the walk ---- */

struct level {
	enum payload_type type;
	uint64_t left;		/* items to come at this level */
	struct span key;	/* map: the last key */
};

/* Is v allowed as the next item of l? A map's keys rise bytewise; a position
 * is an array of two or three. */
static enum payload_error level_take(struct level *l,
				     const struct payload_value *v)
{
	bool is_key = l->type == PAYLOAD_MAP && l->left % 2 == 0;

	if (v->type == PAYLOAD_TAG && v->num != TAG_POSITION)
		return PAYLOAD_TYPE;
	if (l->type == PAYLOAD_TAG &&
	    (v->type != PAYLOAD_ARRAY || v->num < 2 || v->num > 3))
		return PAYLOAD_TYPE;
	if (is_key) {
		if (v->type != PAYLOAD_UINT && v->type != PAYLOAD_TEXT)
			return PAYLOAD_TYPE;
		if (l->key.p && span_compare(l->key, v->raw) >= 0)
			return PAYLOAD_KEY_ORDER;
		l->key = v->raw;
	}
	l->left--;
	return PAYLOAD_OK;
}

/* How many items follow the head of v at its own level. */
static uint64_t items_inside(const struct payload_value *v)
{
	switch (v->type) {
	case PAYLOAD_ARRAY: return v->num;
	case PAYLOAD_MAP: return 2 * v->num;
	case PAYLOAD_TAG: return 1;
	default: return 0;
	}
}

static bool is_container(const struct payload_value *v)
{
	return v->type == PAYLOAD_ARRAY || v->type == PAYLOAD_MAP ||
	       v->type == PAYLOAD_TAG;
}

/* s begins with a container. */
static int container_walk(struct span s)
{
	struct level stack[PAYLOAD_DEPTH_MAX + 1];
	struct payload_value v;
	enum payload_error e;
	unsigned depth = 0;
	size_t at = 0;

	stack[0] = (struct level){ .left = 1 };
	do {
		e = head_read(SPAN(s.p + at, s.n - at), &v);
		if (e || (e = level_take(&stack[depth], &v)))
			return -(int)e;
		at += v.raw.n;
		if (is_container(&v)) {
			if (v.type != PAYLOAD_TAG && v.num > s.n - at)
				return -PAYLOAD_SHORT;
			if (depth == PAYLOAD_DEPTH_MAX)
				return -PAYLOAD_DEPTH;
			stack[++depth] = (struct level){
				.type = v.type, .left = items_inside(&v) };
		}
		while (depth && stack[depth].left == 0)
			depth--;
	} while (depth);
	return (int)at;
}

/* Most items are single heads: they need no stack. */
static int item_walk(struct span s)
{
	struct payload_value v;
	enum payload_error e = head_read(s, &v);

	if (e)
		return -(int)e;
	return is_container(&v) ? container_walk(s) : (int)v.raw.n;
}

int payload_item(struct span s)
{
	bool long_input = s.n > EVENT_PAYLOAD_MAX;
	int n;

	if (long_input)
		s.n = EVENT_PAYLOAD_MAX;
	n = item_walk(s);
	return n == -PAYLOAD_SHORT && long_input ? -PAYLOAD_TOO_LONG : n;
}

enum payload_error payload_check(struct span s)
{
	int n = payload_item(s);

	if (n < 0)
		return (enum payload_error)-n;
	return (size_t)n == s.n ? PAYLOAD_OK : PAYLOAD_TRAILING;
}

/* ---- reading ---- */

bool payload_first(struct span s, struct payload_value *v)
{
	int n;

	if (head_read(s, v))
		return false;
	if (!is_container(v))
		return true;
	n = payload_item(s);
	if (n < 0)
		return false;
	v->body = SPAN(s.p + v->raw.n, (size_t)n - v->raw.n);
	v->raw.n = (size_t)n;
	return true;
}

bool payload_whole(struct span s, struct payload_value *v)
{
	if (head_read(s, v))
		return false;
	if (is_container(v))
		v->body = SPAN(s.p + v->raw.n, s.n - v->raw.n);
	v->raw = s;
	return true;
}

bool payload_next(struct span *body, struct payload_value *v)
{
	if (body->n == 0 || !payload_first(*body, v))
		return false;
	body->p += v->raw.n;
	body->n -= v->raw.n;
	return true;
}

static bool key_is(const struct payload_value *k, enum payload_key key)
{
	if (k->type == PAYLOAD_UINT)
		return k->num == key;
	return span_equal(k->str, SPAN_STR(payload_key_name(key)));
}

/* Numbers sort before text: where a map has both, the number is found. */
static bool member_find(struct span body, enum payload_key key,
			struct payload_value *v)
{
	struct payload_value k;

	while (payload_next(&body, &k) && payload_next(&body, v))
		if (key_is(&k, key))
			return true;
	return false;
}

bool payload_get(struct span map_payload, enum payload_key key,
		 struct payload_value *v)
{
	struct payload_value map;

	return payload_first(map_payload, &map) && map.type == PAYLOAD_MAP &&
		member_find(map.body, key, v);
}

bool payload_peek(struct span map_payload, enum payload_key key,
		  struct payload_value *v)
{
	struct payload_value map;

	return payload_whole(map_payload, &map) && map.type == PAYLOAD_MAP &&
		member_find(map.body, key, v);
}

/* ---- writing ---- */

void payload_put_map(struct buf *b, size_t members)
{
	b->len += cbor_encode_map_start(members, buf_reserve(b, HEAD_MAX),
					HEAD_MAX);
}

void payload_put_array(struct buf *b, size_t elements)
{
	b->len += cbor_encode_array_start(elements, buf_reserve(b, HEAD_MAX),
					  HEAD_MAX);
}

void payload_put_uint(struct buf *b, uint64_t v)
{
	b->len += cbor_encode_uint(v, buf_reserve(b, HEAD_MAX), HEAD_MAX);
}

void payload_put_int(struct buf *b, int64_t v)
{
	if (v >= 0)
		payload_put_uint(b, (uint64_t)v);
	else
		b->len += cbor_encode_negint((uint64_t)(-1 - v),
					     buf_reserve(b, HEAD_MAX),
					     HEAD_MAX);
}

void payload_put_real(struct buf *b, double v)
{
	b->len += real_encode(buf_reserve(b, HEAD_MAX), v);
}

void payload_put_bool(struct buf *b, bool v)
{
	b->len += cbor_encode_bool(v, buf_reserve(b, HEAD_MAX), HEAD_MAX);
}

void payload_put_null(struct buf *b)
{
	b->len += cbor_encode_null(buf_reserve(b, HEAD_MAX), HEAD_MAX);
}

void payload_put_text(struct buf *b, struct span s)
{
	b->len += cbor_encode_string_start(s.n, buf_reserve(b, HEAD_MAX),
					   HEAD_MAX);
	buf_add(b, s);
}

void payload_put_bytes(struct buf *b, struct span s)
{
	b->len += cbor_encode_bytestring_start(s.n, buf_reserve(b, HEAD_MAX),
					       HEAD_MAX);
	buf_add(b, s);
}

void payload_put_position_tag(struct buf *b)
{
	b->len += cbor_encode_tag(TAG_POSITION, buf_reserve(b, HEAD_MAX),
				  HEAD_MAX);
}
