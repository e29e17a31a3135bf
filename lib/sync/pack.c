/* SPDX-License-Identifier: MIT
 *
 * Packing: needs are cut into segments at seals, segments are gathered until
 * a generation is surely full, and the longest prefix of them that encodes
 * into it is found by bisection. Adjacent segments of one author become one
 * run: the seals between are left out.
 */
#include <errno.h>
#include <stdlib.h>
#include "lib/base/crypto.h"
#include "lib/sync/pack.h"

#define EVENT_COST 4		/* kind, time and length in the columns */
#define SEAL_ROOM (4000 / EVENT_SEAL_SIZE)

struct segment {
	uint32_t slot;
	uint64_t from, to;		/* events from + 1 .. to, to sealed */
	unsigned event, n;		/* in events[] */
	uint8_t prevcheck[2];
	uint8_t seal[EVENT_SEAL_SIZE];
};

struct sync_pack {
	unsigned n_events, n_segments, n_runs;
	size_t used;
	struct event events[SYNC_PACK_EVENTS_MAX];
	uint8_t bytes[SYNC_PACK_BYTES_MAX];
	struct segment segments[SYNC_PACK_SEGMENTS_MAX];
	struct run runs[SYNC_PACK_SEGMENTS_MAX + SYNC_PACK_PROOFS_MAX];
	struct run proofs[SYNC_PACK_PROOFS_MAX];
	unsigned n_proofs;
};

struct sync_pack *sync_pack_new(void)
{
	return calloc(1, sizeof(struct sync_pack));
}

void sync_pack_free(struct sync_pack *k)
{
	free(k);
}

/* ---- gathering ---- */

static bool pack_full(const struct sync_pack *k)
{
	return k->used + k->n_events * EVENT_COST >= RUN_COLUMNS_MAX ||
		k->n_segments == SYNC_PACK_SEGMENTS_MAX;
}

/* Copies an event in: the store's span lives until the next call only. */
static int pack_event(const struct sync_env *env, int port, uint32_t slot,
		      uint64_t seq)
{
	struct sync_pack *k = env->pack;
	struct event *e = &k->events[k->n_events];
	const struct store *st = env->store;
	uint8_t *at = k->bytes + k->used;

	if (k->n_events == SYNC_PACK_EVENTS_MAX)
		return -ENOSPC;
	if (st->event(st->ctx, slot, seq, e))
		return -ENOENT;
	if (sizeof(k->bytes) - k->used < e->payload.n + CRYPTO_HASH_SIZE)
		return -ENOSPC;
	if (!e->withheld && env->withheld(env->ctx, port, slot, e)) {
		crypto_blake2b(at, CRYPTO_HASH_SIZE, NULL, &e->payload, 1);
		e->withheld = true;
		e->payload.n = CRYPTO_HASH_SIZE;
	} else if (e->payload.n) {
		memcpy(at, e->payload.p, e->payload.n);
	}
	e->payload.p = at;
	k->used += e->payload.n;
	k->n_events++;
	return 0;
}

static int pack_prevcheck(const struct sync_env *env, struct segment *s)
{
	const struct feed *f = feed_at(env->feeds, s->slot);
	struct event e;

	if (s->from == 0)
		event_id_genesis(e.id, env->dataset, f->author);
	else if (env->store->event(env->store->ctx, s->slot, s->from, &e))
		return -ENOENT;
	memcpy(s->prevcheck, e.id, sizeof(s->prevcheck));
	return 0;
}

/* The events from + 1 up to the next seal. */
static int pack_segment(const struct sync_env *env, int port, uint32_t slot,
			uint64_t from, uint64_t *to)
{
	struct sync_pack *k = env->pack;
	struct segment *s = &k->segments[k->n_segments];
	unsigned n_events = k->n_events;
	size_t used = k->used;
	int err;

	*s = (struct segment){ .slot = slot, .from = from, .event = n_events };
	err = env->store->seal(env->store->ctx, slot, from + 1, &s->to,
			       s->seal);
	if (!err && s->to - from > RUN_EVENTS_MAX)
		err = -ENOSPC;
	if (!err)
		err = pack_prevcheck(env, s);
	for (uint64_t q = from + 1; !err && q <= s->to; q++)
		err = pack_event(env, port, slot, q);
	if (err) {
		k->n_events = n_events;
		k->used = used;
		return err;
	}
	s->n = k->n_events - n_events;
	*to = s->to;
	k->n_segments++;
	return 0;
}

static void pack_proof(const struct sync_env *env, uint32_t slot)
{
	const struct feed_seal *proof = feed_proof(env->feeds, slot);
	struct sync_pack *k = env->pack;
	struct run *r = &k->proofs[k->n_proofs];

	if (!proof || k->n_proofs == SYNC_PACK_PROOFS_MAX)
		return;
	*r = (struct run){ .alias = feed_at(env->feeds, slot)->alias,
			   .seq = proof->seq };
	memcpy(r->proof_id, proof->id, sizeof(r->proof_id));
	memcpy(r->seal, proof->seal, sizeof(r->seal));
	k->n_proofs++;
}

static void pack_gather(const struct sync_env *env, int port,
			const struct sync_needs *needs)
{
	struct sync_pack *k = env->pack;

	k->n_events = k->n_segments = k->n_proofs = 0;
	k->used = 0;
	for (unsigned i = 0; i < needs->n && !pack_full(k); i++) {
		uint64_t at = needs->v[i].from;

		pack_proof(env, needs->v[i].slot);
		while (at < needs->v[i].to && !pack_full(k))
			if (pack_segment(env, port, needs->v[i].slot, at, &at))
				break;
	}
}

/* ---- runs ---- */

static int run_by_stamp(const void *a, const void *b)
{
	const struct run *x = a, *y = b;
	int c;

	if (!x->n || !y->n)	/* proofs first: their stamp is none */
		return (x->n > 0) - (y->n > 0);
	c = hlc_compare(x->events[0].hlc, y->events[0].hlc);
	if (c)
		return c;
	if (x->alias != y->alias)
		return x->alias < y->alias ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static bool pack_joins(const struct run *r, const struct segment *before,
		       const struct segment *s)
{
	return before && before->slot == s->slot && before->to == s->from &&
		r->n + s->n <= RUN_EVENTS_MAX;
}

static struct run pack_run(const struct sync_env *env, const struct segment *s)
{
	struct run r = {
		.alias = feed_at(env->feeds, s->slot)->alias,
		.seq = s->from + 1,
		.n = (uint8_t)s->n,
		.events = &env->pack->events[s->event],
	};

	memcpy(r.prevcheck, s->prevcheck, sizeof(r.prevcheck));
	return r;
}

/* The first n segments and all proofs as sorted runs. */
static void pack_runs(const struct sync_env *env, unsigned n)
{
	struct sync_pack *k = env->pack;
	const struct segment *before = NULL;
	struct run *r = NULL;

	memcpy(k->runs, k->proofs, k->n_proofs * sizeof(k->runs[0]));
	k->n_runs = k->n_proofs;
	for (unsigned i = 0; i < n; i++) {
		const struct segment *s = &k->segments[i];

		if (pack_joins(r, before, s)) {
			r->n += (uint8_t)s->n;
		} else {
			r = &k->runs[k->n_runs++];
			*r = pack_run(env, s);
		}
		memcpy(r->seal, s->seal, sizeof(r->seal));
		before = s;
	}
	qsort(k->runs, k->n_runs, sizeof(k->runs[0]), run_by_stamp);
}

static int pack_encode(const struct sync_env *env, unsigned n, uint8_t *dst,
		       size_t cap)
{
	pack_runs(env, n);
	if (!env->pack->n_runs)
		return 0;
	return run_body_encode(dst, cap, env->pack->runs, env->pack->n_runs);
}

/* The greatest number of segments that fit. */
static unsigned pack_bisect(const struct sync_env *env, uint8_t *dst,
			    size_t cap)
{
	unsigned lo = 0, hi = env->pack->n_segments;

	if (hi > SEAL_ROOM)
		hi = SEAL_ROOM;
	if (pack_encode(env, hi, dst, cap) > 0)
		return hi;
	while (hi - lo > 1) {
		unsigned mid = (lo + hi) / 2;

		if (pack_encode(env, mid, dst, cap) > 0)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

/* holds: the first n segments; rest: what of the needs is not in it. */
static void pack_account(const struct sync_pack *k, unsigned n,
			 const struct sync_needs *needs,
			 struct sync_needs *holds, struct sync_needs *rest)
{
	holds->n = rest->n = 0;
	for (unsigned i = 0; i < n; i++)
		sync_needs_add(holds, k->segments[i].slot,
			       k->segments[i].from, k->segments[i].to);
	for (unsigned i = 0; i < needs->n; i++) {
		const struct sync_need *v = &needs->v[i];
		const struct sync_need *h = sync_needs_find(holds, v->slot);
		uint64_t from = h ? h->to : v->from;

		if (from < v->to)
			sync_needs_add(rest, v->slot, from, v->to);
	}
}

int sync_pack_body(const struct sync_env *env, int port,
		   const struct sync_needs *needs, struct sync_needs *holds,
		   struct sync_needs *rest, uint8_t *dst, size_t cap)
{
	unsigned n;
	int len;

	pack_gather(env, port, needs);
	n = pack_bisect(env, dst, cap);
	len = pack_encode(env, n, dst, cap);
	pack_account(env->pack, n, needs, holds, rest);
	if (n == 0)
		rest->n = 0;	/* what cannot go must not be tried for ever */
	return len > 0 ? len : 0;
}
