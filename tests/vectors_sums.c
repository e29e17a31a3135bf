/* SPDX-License-Identifier: MIT
 *
 * syndrome.json: what a digest says of a list of heads, and what the sketches of
 * two stations that differ decode to. parity.json: rows over pieces, and the
 * frames that a body is cut into. announce.json: a digest in an announce.
 */
#include "lib/event/event.h"
#include "lib/feed/feed.h"
#include "lib/rns/rns.h"
#include "lib/sync/generation.h"
#include "lib/sync/parity.h"
#include "tests/vectors.h"

#define ROOT48_MASK 0xffffffffffffULL

static void put_words(struct json_out *o, const char *key, const uint32_t *s,
		      size_t n)
{
	json_out_key(o, key);
	json_out_array(o);
	for (size_t i = 0; i < n; i++) {
		uint8_t raw[4];

		be_put(raw, 4, s[i]);
		json_out_hex(o, SPAN(raw, 4));
	}
	json_out_end_array(o);
}

/* ---- a frontier ---- */

static void head_read(struct feed *f, const struct json *v)
{
	*f = (struct feed){
		.alias = (uint32_t)vector_word(v, "alias", 4),
		.head = vector_uint(v, "seq"),
		.forked = json_bool(json_get(v, "forked")),
	};
	vector_bytes(f->head_id, EVENT_ID_SIZE, v, "head_id");
}

static void frontier_make(struct json_out *o, const struct json *heads)
{
	uint32_t s[SYNDROME_WORDS_MAX] = { 0 }, values[SYNDROME_C_MAX];
	uint64_t root48 = 0, events = 0;
	size_t n = json_len(heads);

	for (size_t i = 0; i < n && i < SYNDROME_C_MAX; i++) {
		struct feed f;

		head_read(&f, json_at(heads, i));
		values[i] = feed_value(&f);
		syndrome_update(s, SYNDROME_WORDS_MAX, f.alias, values[i]);
		root48 += feed_root_term(f.alias, values[i]);
		events += f.head;
	}
	put_words(o, "values", values, n);
	vector_put_word(o, "root48", root48 & ROOT48_MASK, 6);
	json_out_kv_uint(o, "events", events);
	json_out_kv_uint(o, "authors", n);
	put_words(o, "syndrome", s, SYNDROME_WORDS_MAX);
}

/* ---- two that differ ---- */

static void side_add(uint32_t *s, size_t words, const struct json *side)
{
	for (size_t i = 0; i < json_len(side); i++) {
		const struct json *v = json_at(side, i);

		syndrome_update(s, words,
				(uint32_t)vector_word(v, "alias", 4),
				(uint32_t)vector_word(v, "value", 4));
	}
}

static void put_terms(struct json_out *o, const struct syndrome_term *t, int n)
{
	json_out_key(o, "difference");
	json_out_array(o);
	for (int i = 0; i < n; i++) {
		json_out_object(o);
		vector_put_word(o, "alias", t[i].alias, 4);
		vector_put_word(o, "value", t[i].value, 4);
		json_out_end_object(o);
	}
	json_out_end_array(o);
}

static void difference_make(struct json_out *o, const struct json *v)
{
	struct syndrome_term terms[SYNDROME_C_MAX];
	uint32_t s[SYNDROME_WORDS_MAX] = { 0 };
	size_t words = 2 * vector_uint(v, "c");
	int n;

	if (!vector_expect(words <= SYNDROME_WORDS_MAX, "c"))
		return;
	side_add(s, words, json_get(v, "mine"));
	side_add(s, words, json_get(v, "theirs"));
	n = syndrome_decode(terms, s, words);
	put_words(o, "xor", s, words);
	json_out_kv_bool(o, "decodes", n >= 0);
	put_terms(o, terms, n);
}

static void syndrome_make(struct json_out *o, const struct json *v)
{
	if (json_get(v, "heads"))
		frontier_make(o, json_get(v, "heads"));
	else
		difference_make(o, v);
}

/* What it decodes to has this syndrome. */
static void syndrome_back(const struct json *v)
{
	uint32_t s[SYNDROME_WORDS_MAX] = { 0 };
	struct json_out o = { 0 };
	struct json *again;

	if (!json_bool(json_get(v, "decodes")))
		return;
	side_add(s, json_len(json_get(v, "xor")), json_get(v, "difference"));
	json_out_object(&o);
	put_words(&o, "xor", s, json_len(json_get(v, "xor")));
	json_out_end_object(&o);
	again = json_parse(buf_span(&o.b), NULL);
	vector_expect(vector_json_equal(json_get(again, "xor"),
					json_get(v, "xor")), "back");
	json_free(again);
	buf_fini(&o.b);
}
VECTOR_MADE(syndrome, syndrome_make, syndrome_back)

/* ---- parity ---- */

struct pieces {
	unsigned k;
	size_t len;
	struct buf bytes[GENERATION_K_MAX];
	const uint8_t *p[GENERATION_K_MAX];
};

static bool pieces_read(struct pieces *g, const struct json *list)
{
	*g = (struct pieces){ .k = (unsigned)json_len(list) };
	if (!vector_expect(g->k >= 1 && g->k <= GENERATION_K_MAX, "pieces"))
		return false;
	for (unsigned i = 0; i < g->k; i++) {
		vector_hex(&g->bytes[i], json_at(list, i));
		g->p[i] = g->bytes[i].p;
	}
	g->len = g->bytes[0].len;
	return vector_expect(g->len <= GENERATION_PIECE_MAX, "length");
}

static void pieces_free(struct pieces *g)
{
	for (unsigned i = 0; i < g->k && i < GENERATION_K_MAX; i++)
		buf_fini(&g->bytes[i]);
}

static void rows_make(struct json_out *o, const struct json *v)
{
	const struct json *rows = json_get(v, "rows");
	uint8_t row[GENERATION_PIECE_MAX];
	struct pieces g;

	if (pieces_read(&g, json_get(v, "pieces"))) {
		json_out_key(o, "parity");
		json_out_array(o);
		for (size_t i = 0; i < json_len(rows); i++) {
			parity_make(row, g.len, g.k,
				    (unsigned)json_int(json_at(rows, i)), g.p);
			json_out_hex(o, SPAN(row, g.len));
		}
		json_out_end_array(o);
	}
	pieces_free(&g);
}

/* k - 1 of the pieces, none of them number 0, and a row: for each row. */
static void rows_back(const struct json *v)
{
	const struct json *rows = json_get(v, "rows");
	uint8_t dst[GENERATION_BODY_MAX], index[GENERATION_K_MAX];
	struct pieces g;

	for (size_t i = 0; i < json_len(rows) &&
	     pieces_read(&g, json_get(v, "pieces")); i++) {
		struct buf first = g.bytes[0], row = { 0 };

		for (unsigned j = 0; j < g.k; j++)
			index[j] = (uint8_t)j;
		index[0] = (uint8_t)json_int(json_at(rows, i));
		vector_hex(&row, json_at(json_get(v, "parity"), i));
		g.p[0] = row.p;
		vector_expect(row.len == g.len &&
			      parity_rebuild(dst, g.len, g.k, index, g.p) == 0 &&
			      memcmp(dst, first.p, g.len) == 0, "rebuild");
		buf_fini(&row);
		pieces_free(&g);
	}
}

static void generation_make(struct json_out *o, const struct json *v)
{
	uint8_t piece[GENERATION_PIECE_MAX];
	struct buf body = { 0 };
	struct generation g;

	vector_hex(&body, json_get(v, "body"));
	if (vector_expect(!generation_init(&g, 0, buf_span(&body),
			vector_word(v, "root48", 6), GENERATION_PIECE_MAX),
			"cut")) {
		json_out_kv_uint(o, "k", g.k);
		json_out_key(o, "frames");
		json_out_array(o);
		for (unsigned i = 0; i < g.k + 2u; i++) {
			generation_piece(&g, i, piece);
			json_out_hex(o, SPAN(piece, g.piece_len));
		}
		json_out_end_array(o);
	}
	buf_fini(&body);
}

static void frame_add(struct generation_rx *rx, const struct json *frames,
		      unsigned index, unsigned k)
{
	struct buf piece = { 0 };
	struct sync_events e = { .index = (uint8_t)index, .k = (uint8_t)k };

	vector_hex(&piece, json_at(frames, index));
	e.piece = buf_span(&piece);
	if (rx->k == 0)
		generation_rx_init(rx, &e);
	generation_rx_add(rx, &e);
	buf_fini(&piece);
}

/* Without the first two frames: what is left of them and both rows. */
static void generation_back(const struct json *v)
{
	unsigned k = (unsigned)vector_uint(v, "k");
	uint8_t again[GENERATION_BODY_MAX];
	struct generation_rx rx = { 0 };
	struct buf body = { 0 };
	uint64_t root48 = 0;
	size_t len = 0;

	vector_hex(&body, json_get(v, "body"));
	for (unsigned i = k + 2; i-- > 2;)
		frame_add(&rx, json_get(v, "frames"), i, k);
	vector_expect(generation_rx_body(&rx, again, &len, &root48) == 0 &&
		      root48 == vector_word(v, "root48", 6) &&
		      len >= body.len && !memcmp(again, body.p, body.len),
		      "put together");
	buf_fini(&body);
}

static void parity_make_any(struct json_out *o, const struct json *v)
{
	if (json_get(v, "pieces"))
		rows_make(o, v);
	else
		generation_make(o, v);
}

static void parity_back(const struct json *v)
{
	if (json_get(v, "pieces"))
		rows_back(v);
	else
		generation_back(v);
}
VECTOR_MADE(parity, parity_make_any, parity_back)

/* ---- an announce with a digest ---- */

static void announce_make(struct json_out *o, const struct json *v)
{
	uint8_t prv[64], random5[5], name[RNS_NAME_HASH], raw[RNS_MTU];
	struct rns_identity id;
	struct buf app = { 0 };
	int n;

	vector_bytes(prv, sizeof(prv), v, "private_key");
	vector_bytes(random5, sizeof(random5), v, "random");
	vector_hex(&app, json_get(v, "digest"));
	rns_identity_from_private(&id, prv);
	rns_name_hash(name, SPAN_STR("cairn.node"));
	n = rns_announce_encode(raw, sizeof(raw), &id, name, random5,
				vector_uint(v, "emitted"), NULL,
				buf_span(&app));
	json_out_kv_hex(o, "identity_hash", SPAN(id.hash, RNS_HASH));
	json_out_kv_hex(o, "name_hash", SPAN(name, sizeof(name)));
	if (vector_expect(n > 0, "encode: %d", n))
		json_out_kv_hex(o, "packet", SPAN(raw, n));
	buf_fini(&app);
}

static void announce_back(const struct json *v)
{
	struct buf raw = { 0 }, digest = { 0 };
	struct rns_announce a;
	struct rns_packet p;
	struct sync_message m;

	vector_hex(&raw, json_get(v, "packet"));
	vector_hex(&digest, json_get(v, "digest"));
	if (vector_expect(!rns_packet_parse(&p, buf_span(&raw)) &&
			  !rns_announce_admissible(&p) &&
			  !rns_announce_parse(&a, &p) &&
			  !rns_announce_verify(&a, &p), "refused")) {
		vector_expect(a.emitted_s == vector_uint(v, "emitted"),
			      "emitted");
		vector_expect(span_equal(a.app_data, buf_span(&digest)) &&
			      sync_message_decode(&m, a.app_data) == SYNC_OK &&
			      m.type == SYNC_DIGEST, "digest");
	}
	buf_fini(&raw);
	buf_fini(&digest);
}
VECTOR_MADE(announce, announce_make, announce_back)
