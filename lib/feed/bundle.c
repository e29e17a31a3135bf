/* SPDX-License-Identifier: MIT
 *
 * Bundles, see bundle.h: writing, and the runs that both ways share. Reading
 * is in bundle_read.c.
 */
#include <errno.h>
#include <stdlib.h>
#include "lib/base/crypto.h"
#include "lib/feed/bundle.h"

#define EVENT_COST_MAX 12	/* kind, time and counter in the columns */
#define PACK_BYTES_MAX (RUN_EVENTS_MAX * EVENT_PAYLOAD_MAX + RUN_COLUMNS_MAX)

/* ---- gathering a run ---- */

void bundle_run_begin(struct bundle_run *g, uint32_t alias, uint64_t seq,
		      const uint8_t prev[EVENT_ID_SIZE])
{
	g->run = (struct run){ .alias = alias, .seq = seq,
			       .events = g->events };
	memcpy(g->run.prevcheck, prev, sizeof(g->run.prevcheck));
	g->bytes.len = 0;
}

bool bundle_run_add(struct bundle_run *g, const struct event *e)
{
	if (g->run.n == RUN_EVENTS_MAX)
		return false;
	g->events[g->run.n++] = *e;
	buf_add(&g->bytes, e->payload);
	return true;
}

/* The payloads have stopped moving: they are pointed at now. */
void bundle_run_end(struct bundle_run *g, const uint8_t seal[EVENT_SEAL_SIZE])
{
	const uint8_t *at = g->bytes.p;

	for (unsigned i = 0; i < g->run.n; i++) {
		g->events[i].payload.p = at;
		at += g->events[i].payload.n;
	}
	memcpy(g->run.seal, seal, sizeof(g->run.seal));
}

/* ---- runs as bodies ---- */

struct packed {
	struct run run;
	uint64_t number;
};

struct bundle_pack {
	size_t n, n_events, n_bytes, cost;
	struct packed packed[BUNDLE_RUNS_MAX];
	struct run runs[BUNDLE_RUNS_MAX];	/* sorted */
	uint64_t numbers[BUNDLE_RUNS_MAX];
	size_t n_numbers;
	struct event events[RUN_BODY_EVENTS_MAX];
	uint8_t bytes[PACK_BYTES_MAX];
};

struct bundle_pack *bundle_pack_new(void)
{
	return calloc(1, sizeof(struct bundle_pack));
}

void bundle_pack_free(struct bundle_pack *k)
{
	free(k);
}

static size_t run_cost(const struct run *run)
{
	size_t cost = 0;

	for (unsigned i = 0; i < run->n; i++)
		cost += run->events[i].payload.n + EVENT_COST_MAX;
	return cost;
}

static void pack_event(struct bundle_pack *k, const struct event *e)
{
	struct event *copy = &k->events[k->n_events++];
	uint8_t *at = k->bytes + k->n_bytes;

	*copy = *e;
	if (e->payload.n)
		memcpy(at, e->payload.p, e->payload.n);
	copy->payload.p = at;
	k->n_bytes += e->payload.n;
}

bool bundle_pack_add(struct bundle_pack *k, const struct run *run,
		     uint64_t number)
{
	size_t cost = run_cost(run);

	if (k->n && (k->n == BUNDLE_RUNS_MAX ||
		     k->cost + cost > RUN_COLUMNS_MAX))
		return false;
	k->packed[k->n] = (struct packed){ *run, number };
	k->packed[k->n++].run.events = &k->events[k->n_events];
	for (unsigned i = 0; i < run->n; i++)
		pack_event(k, &run->events[i]);
	k->cost += cost;
	return true;
}

/* By stamp, as the codec wants it; proofs, which need the chain, last. */
static int by_stamp(const void *pa, const void *pb)
{
	const struct run *a = &((const struct packed *)pa)->run;
	const struct run *b = &((const struct packed *)pb)->run;
	int c = (a->n == 0) - (b->n == 0);

	if (c == 0 && a->n)
		c = hlc_compare(a->events[0].hlc, b->events[0].hlc);
	if (c == 0)
		c = (a->alias > b->alias) - (a->alias < b->alias);
	return c ? c : (a->seq > b->seq) - (a->seq < b->seq);
}

int bundle_pack_body(struct bundle_pack *k, uint8_t dst[BUNDLE_BODY_MAX])
{
	size_t n = k->n;

	qsort(k->packed, n, sizeof(k->packed[0]), by_stamp);
	for (size_t i = 0; i < n; i++) {
		k->runs[i] = k->packed[i].run;
		k->numbers[i] = k->packed[i].number;
	}
	k->n_numbers = n;
	k->n = k->n_events = k->n_bytes = k->cost = 0;
	return n ? run_body_encode(dst, BUNDLE_BODY_MAX, k->runs, n,
				   RUN_ZSTD) : 0;
}

const uint64_t *bundle_pack_numbers(const struct bundle_pack *k, size_t *n)
{
	*n = k->n_numbers;
	return k->numbers;
}

/* ---- writing ---- */

struct writer {
	struct bundle_source *s;
	struct bundle_pack *pack;
	struct bundle_run run;		/* of the author at hand */
	uint64_t events;		/* in the pack */
	uint8_t frame[1 + BUNDLE_BODY_MAX];
	uint8_t wire[HDLC_ENCODED_MAX(1 + BUNDLE_BODY_MAX)];
};

static int put_frame(struct writer *w, size_t len, uint64_t events)
{
	size_t n = hdlc_encode(w->wire, SPAN(w->frame, len));

	return w->s->put(w->s->ctx, SPAN(w->wire, n), events);
}

static int put_head(struct writer *w)
{
	struct wr out = wr_init(w->frame, sizeof(w->frame));

	wr_bytes(&out, SPAN_STR("CAIRN BUNDLE"));
	wr_u8(&out, BUNDLE_VERSION);
	wr_bytes(&out, SPAN(w->s->dataset, DATASET_SIZE));
	return put_frame(w, out.len, 0);
}

static int put_body(struct writer *w)
{
	int n = bundle_pack_body(w->pack, w->frame + 1);
	uint64_t events = w->events;

	w->frame[0] = 'R';
	w->events = 0;
	return n > 0 ? put_frame(w, 1 + (size_t)n, events) : n;
}

/* A chain may have got payloads back that were withheld, more than a body
 * carries: then it carries the hashes of the longest. */
static void run_thin(struct writer *w)
{
	struct bundle_run *g = &w->run;

	for (size_t least = EVENT_PAYLOAD_MAX / 2;
	     run_cost(&g->run) > RUN_COLUMNS_MAX && least >= CRYPTO_HASH_SIZE;
	     least /= 2)
		for (unsigned i = 0; i < g->run.n; i++) {
			struct event *e = &g->events[i];
			uint8_t hash[CRYPTO_HASH_SIZE];

			if (e->withheld || e->payload.n <= least)
				continue;
			crypto_blake2b(hash, sizeof(hash), NULL, &e->payload,
				       1);
			memcpy(g->bytes.p + (e->payload.p - g->bytes.p), hash,
			       sizeof(hash));
			e->payload.n = sizeof(hash);
			e->withheld = true;
			w->s->withheld++;
		}
}

static int put_run(struct writer *w, const struct run *run)
{
	int err = 0;

	if (!bundle_pack_add(w->pack, run, 0)) {
		err = put_body(w);
		bundle_pack_add(w->pack, run, 0);
	}
	w->events += run->n;
	return err;
}

/* The run from seq to the next seal at or above it; *seq moves behind it.
 * -ENOENT: something of it is missing. */
static int put_segment(struct writer *w, uint32_t slot, uint64_t *seq,
		       const uint8_t prev[EVENT_ID_SIZE],
		       uint8_t last[EVENT_ID_SIZE])
{
	const struct store *st = &w->s->store;
	uint8_t seal[EVENT_SEAL_SIZE];
	uint64_t to;
	int err = st->seal(st->ctx, slot, *seq, &to, seal);

	bundle_run_begin(&w->run, feed_at(w->s->feeds, slot)->alias, *seq,
			 prev);
	for (; !err && *seq <= to; (*seq)++) {
		struct event e;

		err = st->event(st->ctx, slot, *seq, &e);
		if (!err && !bundle_run_add(&w->run, &e))
			err = -EIO;
		if (!err)
			memcpy(last, e.id, EVENT_ID_SIZE);
	}
	if (err)
		return err;
	bundle_run_end(&w->run, seal);
	run_thin(w);
	return put_run(w, &w->run.run);
}

static int put_proof(struct writer *w, uint32_t slot)
{
	const struct feed_seal *proof = feed_proof(w->s->feeds, slot);
	struct run run = { .alias = feed_at(w->s->feeds, slot)->alias };

	if (!proof)
		return 0;
	run.seq = proof->seq;
	memcpy(run.proof_id, proof->id, sizeof(run.proof_id));
	memcpy(run.seal, proof->seal, sizeof(run.seal));
	return put_run(w, &run);
}

static int put_author(struct writer *w, uint32_t slot)
{
	const struct feed *f = feed_at(w->s->feeds, slot);
	const struct store *st = &w->s->store;
	uint64_t seq = w->s->held(w->s->ctx, slot) + 1;
	struct event before;
	int err = 0;

	if (seq == 1)
		event_id_genesis(before.id, w->s->dataset, f->author);
	else if (seq <= f->head)
		err = st->event(st->ctx, slot, seq - 1, &before);
	while (!err && seq <= f->head)
		err = put_segment(w, slot, &seq, before.id, before.id);
	if (err == -ENOENT) {
		w->s->cut++;
		err = 0;
	}
	return err ? err : put_proof(w, slot);
}

int bundle_write(struct bundle_source *s)
{
	struct writer *w = calloc(1, sizeof(*w));
	int err = -ENOMEM;

	if (!w)
		return err;
	w->s = s;
	w->pack = bundle_pack_new();
	if (w->pack)
		err = put_head(w);
	for (uint32_t slot = 0; !err && slot < feed_count(s->feeds); slot++)
		if (feed_at(s->feeds, slot)->label_len)
			err = put_author(w, slot);
	if (!err)
		err = put_body(w);
	bundle_pack_free(w->pack);
	buf_fini(&w->run.bytes);
	free(w);
	return err;
}

size_t bundle_blob_put(uint8_t *wire, const struct bundle_blob *b)
{
	uint8_t frame[BUNDLE_BLOB_HEAD + BLOB_PIECE_MAX];
	struct wr out = wr_init(frame, sizeof(frame));

	wr_u8(&out, 'B');
	wr_bytes(&out, SPAN(b->hash, BLOB_HASH));
	wr_be(&out, 8, b->size);
	wr_bytes(&out, b->piece);
	return hdlc_encode(wire, wr_span(&out));
}
