/* SPDX-License-Identifier: MIT
 *
 * digest.json, events.json, want.json, offer.json: a message by its fields, as
 * `cairn decode --json` names them, and its bytes; or bytes and the reason why
 * they are refused.
 */
#include "lib/sync/message.h"
#include "tests/vectors.h"

#define FRAME_MAX 256

/* ---- fields ---- */

static unsigned words_read(uint16_t *dst, unsigned cap, const struct json *list)
{
	unsigned n = (unsigned)json_len(list);

	if (!vector_expect(n <= cap, "%u targets", n))
		return 0;
	for (unsigned i = 0; i < n; i++) {
		uint8_t raw[2] = { 0 };

		hex_decode(raw, 2, json_string(json_at(list, i)));
		dst[i] = (uint16_t)be_get(raw, 2);
	}
	return n;
}

static void digest_read(struct sync_digest *d, const struct json *v)
{
	const struct json *sketch = json_get(v, "sketch");
	unsigned parts = (unsigned)vector_uint(v, "parts");

	d->dataset_tag = (uint16_t)vector_word(v, "dataset_tag", 2);
	d->want_bulk = json_bool(json_get(v, "want_bulk"));
	d->has_proofs = json_bool(json_get(v, "has_proofs"));
	d->moved = json_bool(json_get(v, "moved"));
	d->root48 = vector_word(v, "root48", 6);
	d->events = vector_uint(v, "events");
	d->authors = vector_uint(v, "authors");
	d->c = (uint8_t)vector_uint(v, "c");
	d->part_bits = parts > 1 ? (uint8_t)__builtin_ctz(parts) : 0;
	if (parts > 1) {
		d->part = (uint8_t)vector_uint(v, "part");
		d->part_root48 = vector_word(v, "part_root48", 6);
	}
	if (!vector_expect(json_len(sketch) == 2u * d->c &&
			   d->c <= SYNDROME_C_MAX, "c and sketch differ"))
		return;
	for (unsigned i = 0; i < 2u * d->c; i++) {
		uint8_t raw[4] = { 0 };

		hex_decode(raw, 4, json_string(json_at(sketch, i)));
		d->s[i] = (uint32_t)be_get(raw, 4);
	}
}

static void events_read(struct sync_events *e, const struct json *v,
			struct buf *piece)
{
	vector_hex(piece, json_get(v, "piece"));
	*e = (struct sync_events){
		.generation = (uint8_t)vector_uint(v, "generation"),
		.index = (uint8_t)vector_uint(v, "index"),
		.k = (uint8_t)vector_uint(v, "k"),
		.more = json_bool(json_get(v, "more")),
		.end = json_bool(json_get(v, "end")),
		.parity_ahead = (uint8_t)vector_uint(v, "parity_ahead"),
		.bulk = json_bool(json_get(v, "bulk")),
		.piece = buf_span(piece),
	};
}

static void want_read_items(struct sync_want *w, const struct json *list)
{
	unsigned n = (unsigned)json_len(list);

	w->n = (uint8_t)n;
	for (unsigned i = 0; i < n && i < SYNC_WANT_MAX; i++) {
		const struct json *v = json_at(list, i);

		if (w->form == SYNC_WANT_LIST) {
			w->list[i].alias = (uint32_t)vector_word(v, "alias", 4);
			w->list[i].have = vector_uint(v, "have");
		} else if (i < SYNC_PARITY_MAX) {
			w->parity[i].generation =
				(uint8_t)vector_uint(v, "generation");
			w->parity[i].needed = (uint8_t)vector_uint(v, "needed");
			w->parity[i].more = json_bool(json_get(v, "more"));
			w->parity[i].loss = (uint8_t)vector_uint(v, "loss_256");
		}
	}
}

static void want_read_bulk(struct sync_want_bulk *b, const struct json *v)
{
	hex_decode(b->hash, BLOB_HASH, json_string(json_get(v, "blob_hash")));
	b->chunk = (uint32_t)vector_uint(v, "chunk");
	b->index = (uint8_t)vector_uint(v, "index");
	b->needed = (uint8_t)vector_uint(v, "needed");
}

static void want_read(struct sync_want *w, const struct json *v)
{
	w->target = (uint16_t)vector_word(v, "target", 2);
	w->nav_ds = (uint8_t)(vector_uint(v, "nav_ms") / 100);
	if (json_get(v, "list")) {
		w->form = SYNC_WANT_LIST;
		want_read_items(w, json_get(v, "list"));
	} else if (json_get(v, "parity")) {
		w->form = SYNC_WANT_PARITY;
		want_read_items(w, json_get(v, "parity"));
	} else if (json_get(v, "blob_hash")) {
		w->form = SYNC_WANT_BULK;
		want_read_bulk(&w->bulk, v);
	} else {
		w->form = SYNC_WANT_ROOT;
		w->root48 = vector_word(v, "root48", 6);
		w->events = vector_uint(v, "events");
	}
}

static void offer_read(struct sync_offer *o, const struct json *v)
{
	o->n = (uint8_t)words_read(o->target, SYNC_OFFER_MAX,
				   json_get(v, "targets"));
	o->hears_n = (uint8_t)words_read(o->hears, SYNC_HEARS_MAX,
					 json_get(v, "hears"));
	o->root48 = vector_word(v, "root48", 6);
	o->events = vector_uint(v, "events");
}

static void message_read(struct sync_message *m, const struct json *v,
			 struct buf *piece)
{
	memset(m, 0, sizeof(*m));
	if (json_get(v, "dataset_tag")) {
		m->type = SYNC_DIGEST;
		digest_read(&m->digest, v);
	} else if (json_get(v, "piece")) {
		m->type = SYNC_EVENTS;
		events_read(&m->events, v, piece);
	} else if (json_get(v, "targets")) {
		m->type = SYNC_OFFER;
		offer_read(&m->offer, v);
	} else {
		m->type = SYNC_WANT;
		want_read(&m->want, v);
	}
}

/* ---- there and back ---- */

static void message_encode(struct json_out *o, const struct json *v)
{
	struct buf piece = { 0 };
	uint8_t bytes[FRAME_MAX];
	struct sync_message m;
	int n;

	message_read(&m, v, &piece);
	n = sync_message_encode(bytes, sizeof(bytes), &m);
	if (vector_expect(n > 0, "encode: %d", n))
		json_out_kv_hex(o, "bytes", SPAN(bytes, n));
	buf_fini(&piece);
}

static void message_make(struct json_out *o, const struct json *v)
{
	struct buf bytes = { 0 };
	struct sync_message m;

	if (json_get(v, "message")) {
		message_encode(o, json_get(v, "message"));
		return;
	}
	vector_hex(&bytes, json_get(v, "bytes"));
	json_out_kv_string(o, "refused", sync_error_name(
		sync_message_decode(&m, buf_span(&bytes))));
	buf_fini(&bytes);
}

/* What encodes to those bytes, and to no others, is what they say. */
static void message_back(const struct json *v)
{
	uint8_t again[FRAME_MAX];
	struct buf bytes = { 0 };
	struct sync_message m;
	int n = 0;

	vector_hex(&bytes, json_get(v, "bytes"));
	if (json_get(v, "message") &&
	    vector_expect(sync_message_decode(&m, buf_span(&bytes)) == SYNC_OK,
			  "refused")) {
		n = sync_message_encode(again, sizeof(again), &m);
		vector_expect(n > 0 && span_equal(buf_span(&bytes),
						  SPAN(again, n)), "back");
	}
	buf_fini(&bytes);
}

VECTOR_MADE(digest, message_make, message_back)
VECTOR_MADE(events, message_make, message_back)
VECTOR_MADE(want, message_make, message_back)
VECTOR_MADE(offer, message_make, message_back)
