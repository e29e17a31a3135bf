/* SPDX-License-Identifier: MIT
 *
 * seal.json: from a private key and events to author, alias, ids and the seal.
 * run.json: runs and the generation body that they become, with the columns
 * before compression. Another libzstd may find another frame for the same
 * columns: what a body says is what counts.
 */
#include "lib/base/crypto.h"
#include "lib/event/columns.h"
#include "lib/event/payload.h"
#include "lib/event/run.h"
#include "lib/rns/rns.h"
#include "tests/vectors.h"

#define EVENTS_MAX 64
#define RUNS_MAX 8
#define BODY_MAX 4096

/* ---- events ---- */

struct sample {
	struct event events[EVENTS_MAX];
	size_t at[EVENTS_MAX];	/* of its payload */
	struct run runs[RUNS_MAX];
	size_t n_events, n_runs;
	struct buf payloads;
};

static void event_read(struct sample *s, const struct json *v, uint64_t seq)
{
	const struct json *hash = json_get(v, "payload_hash");
	struct event *e = &s->events[s->n_events];
	struct buf b = { 0 };

	vector_hex(&b, hash ? hash : json_get(v, "payload"));
	*e = (struct event){
		.seq = seq, .kind = (uint16_t)vector_uint(v, "kind"),
		.hlc = { vector_uint(v, "wall_ms"),
			 (uint32_t)vector_uint(v, "counter") },
		.withheld = hash != NULL, .payload = { NULL, b.len },
	};
	s->at[s->n_events++] = s->payloads.len;
	buf_add(&s->payloads, buf_span(&b));
	buf_fini(&b);
}

static size_t events_read(struct sample *s, const struct json *list,
			  uint64_t seq)
{
	size_t n = json_len(list);

	if (!vector_expect(s->n_events + n <= EVENTS_MAX, "too many events"))
		return 0;
	for (size_t i = 0; i < n; i++)
		event_read(s, json_at(list, i), seq + i);
	return n;
}

/* Once all payloads are where they stay. */
static void sample_settle(struct sample *s)
{
	for (size_t i = 0; i < s->n_events; i++)
		s->events[i].payload.p = s->payloads.p + s->at[i];
}

/* ---- seals ---- */

struct chain {
	struct rns_identity id;
	uint8_t dataset[DATASET_SIZE], head[EVENT_ID_SIZE];
	uint64_t seq;
};

static void chain_make(struct json_out *o, struct chain *c, struct sample *s)
{
	event_id_genesis(c->head, c->dataset, c->id.hash);
	json_out_kv_hex(o, "id_0", SPAN(c->head, sizeof(c->head)));
	json_out_key(o, "ids");
	json_out_array(o);
	for (size_t i = 0; i < s->n_events; i++) {
		event_id_next(c->head, c->head, &s->events[i]);
		json_out_hex(o, SPAN(c->head, sizeof(c->head)));
	}
	json_out_end_array(o);
	c->seq = s->n_events;
}

static void author_make(struct json_out *o, const struct chain *c)
{
	json_out_kv_hex(o, "dataset_id", SPAN(c->dataset, DATASET_SIZE));
	json_out_kv_hex(o, "public_key", SPAN(c->id.pub, 64));
	json_out_kv_hex(o, "author", SPAN(c->id.hash, AUTHOR_SIZE));
	vector_put_word(o, "alias", author_alias(c->dataset, c->id.hash), 4);
}

static void seal_make(struct json_out *o, const struct json *v)
{
	uint8_t prv[64], seal[EVENT_SEAL_SIZE], message[SEAL_MESSAGE_SIZE];
	struct sample s = { 0 };
	struct chain c;

	vector_bytes(prv, sizeof(prv), v, "private_key");
	rns_identity_from_private(&c.id, prv);
	dataset_id(c.dataset, json_string(json_get(v, "dataset")));
	events_read(&s, json_get(v, "events"), 1);
	sample_settle(&s);
	author_make(o, &c);
	chain_make(o, &c, &s);
	seal_message(message, c.dataset, c.id.hash, c.seq, c.head);
	seal_sign(seal, prv + 32, c.dataset, c.id.hash, c.seq, c.head);
	json_out_kv_hex(o, "message", SPAN(message, sizeof(message)));
	json_out_kv_hex(o, "seal", SPAN(seal, sizeof(seal)));
	buf_fini(&s.payloads);
}

static void seal_make_any(struct json_out *o, const struct json *v)
{
	uint8_t key[32], message[SEAL_MESSAGE_SIZE], seal[EVENT_SEAL_SIZE];

	if (json_get(v, "private_key")) {
		seal_make(o, v);
		return;
	}
	vector_bytes(key, sizeof(key), v, "signing_key");
	vector_bytes(message, sizeof(message), v, "message");
	vector_bytes(seal, sizeof(seal), v, "seal");
	json_out_kv_bool(o, "key_ok", crypto_ed25519_key_ok(key));
	json_out_kv_bool(o, "valid", crypto_ed25519_verify(seal, key,
				SPAN(message, sizeof(message))));
}

/* The seal counts under the key, and with any bit changed it does not. */
static void seal_back(const struct json *v)
{
	uint8_t key[64], message[SEAL_MESSAGE_SIZE], seal[EVENT_SEAL_SIZE];
	struct span text = SPAN(message, sizeof(message));

	if (!json_get(v, "public_key"))
		return;
	vector_bytes(key, sizeof(key), v, "public_key");
	vector_bytes(message, sizeof(message), v, "message");
	vector_bytes(seal, sizeof(seal), v, "seal");
	vector_expect(crypto_ed25519_verify(seal, key + 32, text), "invalid");
	for (unsigned bit = 0; bit < 8 * EVENT_SEAL_SIZE; bit++) {
		seal[bit / 8] ^= (uint8_t)(1u << bit % 8);
		vector_expect(!crypto_ed25519_verify(seal, key + 32, text),
			      "bit %u does not matter", bit);
		seal[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}
VECTOR_MADE(seal, seal_make_any, seal_back)

/* ---- runs ---- */

static void run_read(struct sample *s, const struct json *v)
{
	struct run *run = &s->runs[s->n_runs++];

	*run = (struct run){
		.alias = (uint32_t)vector_word(v, "alias", 4),
		.seq = vector_uint(v, "seq"),
		.events = &s->events[s->n_events],
	};
	vector_bytes(run->seal, sizeof(run->seal), v, "seal");
	run->n = (uint8_t)events_read(s, json_get(v, "events"), run->seq);
	if (run->n)
		vector_bytes(run->prevcheck, 2, v, "prevcheck");
	else
		vector_bytes(run->proof_id, EVENT_ID_SIZE, v, "proof_id");
}

static void sample_read(struct sample *s, const struct json *list)
{
	size_t n = json_len(list);

	if (!vector_expect(n <= RUNS_MAX, "too many runs"))
		return;
	for (size_t i = 0; i < n; i++)
		run_read(s, json_at(list, i));
	sample_settle(s);
}

static void put_columns(struct json_out *o, const struct sample *s)
{
	uint8_t bytes[RUN_COLUMNS_MAX];
	struct wr w = wr_init(bytes, sizeof(bytes));

	vector_expect(columns_encode(&w, s->runs, s->n_runs) == 0, "columns");
	json_out_kv_hex(o, "columns", wr_span(&w));
	w.len = 0;
	times_encode(&w, s->runs, s->n_runs);
	json_out_kv_hex(o, "times", wr_span(&w));
}

static int body_encode(uint8_t *body, const struct json *v)
{
	struct sample s = { 0 };
	int n;

	sample_read(&s, json_get(v, "runs"));
	n = run_body_encode(body, BODY_MAX, s.runs, s.n_runs, RUN_MODEL);
	vector_expect(n > 0, "encode: %d", n);
	buf_fini(&s.payloads);
	return n;
}

static void body_make(struct json_out *o, const struct json *v)
{
	uint8_t body[BODY_MAX];
	struct sample s = { 0 };
	int n = body_encode(body, v);

	sample_read(&s, json_get(v, "runs"));
	put_columns(o, &s);
	if (n > 0)
		json_out_kv_hex(o, "body", SPAN(body, n));
	buf_fini(&s.payloads);
}

static void run_make(struct json_out *o, const struct json *v)
{
	static struct run_body out;
	struct buf body = { 0 };

	if (json_get(v, "runs")) {
		body_make(o, v);
		return;
	}
	vector_hex(&body, json_get(v, "bytes"));
	json_out_kv_string(o, "refused", run_error_name(
		run_body_decode(&out, buf_span(&body))));
	buf_fini(&body);
}

/* Decoded and encoded again it is what the runs give; zeros may follow. */
static void run_back(const struct json *v)
{
	static struct run_body out;
	uint8_t want[BODY_MAX], again[BODY_MAX];
	struct buf body = { 0 };
	size_t len;
	int n, m;

	if (!json_get(v, "runs"))
		return;
	vector_hex(&body, json_get(v, "body"));
	len = body.len;
	for (unsigned i = 0; i < 40; i++)
		buf_add_u8(&body, 0);
	n = body_encode(want, v);
	if (vector_expect(run_body_decode(&out, buf_span(&body)) == RUN_OK,
			  "refused")) {
		m = run_body_encode(again, sizeof(again), out.runs, out.n_runs,
				    RUN_MODEL);
		vector_expect(out.used == len, "used %zu", out.used);
		vector_expect(n > 0 && m == n && !memcmp(want, again, (size_t)n),
			      "back");
	}
	buf_fini(&body);
}
VECTOR_MADE(run, run_make, run_back)
