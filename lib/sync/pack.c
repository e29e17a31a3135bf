/* SPDX-License-Identifier: MIT
 *
 * Packing: needs are cut into segments at seals, segments are gathered in the
 * order of their turns until a generation is surely full, and the longest
 * prefix of them that encodes into it is found by bisection. Adjacent segments
 * of one author become one run: the seals between are left out.
 */
#include <errno.h>
#include <stdlib.h>
#include "lib/base/crypto.h"
#include "lib/sync/class.h"
#include "lib/sync/generation.h"
#include "lib/sync/pack.h"

#define EVENT_COST 4		/* kind, time and length in the columns */
#define SEAL_ROOM (4000 / EVENT_SEAL_SIZE)
#define URGENT_CAP (SYNC_PACK_URGENT_K * GENERATION_PIECE_MAX - \
		    GENERATION_ROOT_SIZE)
/* How far to look for what is urgent: of an author, and in all. What lies
 * further back cannot go before these anyway. */
#define LOOK_EVENTS 256
#define LOOK_ALL 2048

struct waiting {		/* an author's turn */
	uint32_t slot;
	uint64_t at;		/* gathered up to there */
	uint64_t stop;		/* what follows may not go out here */
	uint64_t upto[SYNC_CLASS_COUNT]; /* the last event of that class */
};

struct segment {
	uint32_t slot;
	uint64_t from, to;		/* events from + 1 .. to, to sealed */
	unsigned event, n;		/* in events[] */
	uint8_t prevcheck[2];
	uint8_t seal[EVENT_SEAL_SIZE];
};

struct sync_pack {
	unsigned n_events, n_segments, n_runs;
	unsigned n_urgent;	/* segments that distress needs */
	bool all;		/* nothing was left out */
	enum run_coder coder;
	bool made;		/* dst has these, so many bytes: */
	unsigned made_segments, made_proofs;
	int made_len;
	size_t used;
	unsigned n_waiting, first;	/* whose turn it is */
	struct waiting waiting[SYNC_NEEDS_MAX];
	struct event events[SYNC_PACK_EVENTS_MAX];
	struct event ordered[SYNC_PACK_EVENTS_MAX];	/* run by run */
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
	enum sync_pass pass;

	if (k->n_events == SYNC_PACK_EVENTS_MAX)
		return -ENOSPC;
	if (st->event(st->ctx, slot, seq, e))
		return -ENOENT;
	if (sizeof(k->bytes) - k->used < e->payload.n + CRYPTO_HASH_SIZE)
		return -ENOSPC;
	pass = env->pass(env->ctx, port, slot, e);
	if (pass == SYNC_PASS_NOT)
		return -EPERM;
	if (!e->withheld && pass == SYNC_PASS_HASH) {
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

/* ---- turns ---- */

static void wait_look(const struct sync_env *env, struct waiting *w,
		      uint64_t last)
{
	struct event e;

	for (uint64_t q = w->at + 1; q <= last; q++) {
		if (env->store->event(env->store->ctx, w->slot, q, &e))
			return;
		for (unsigned c = sync_class_of(&e); c < SYNC_RECORD; c++)
			w->upto[c] = q;
	}
}

static void pack_wait(const struct sync_env *env,
		      const struct sync_needs *needs, uint32_t turn)
{
	struct sync_pack *k = env->pack;
	uint64_t look = LOOK_ALL;

	k->n_waiting = needs->n;
	k->first = 0;
	for (unsigned i = needs->n; i-- > 0;) {
		const struct sync_need *v = &needs->v[i];
		struct waiting *w = &k->waiting[i];
		uint64_t n = v->to - v->from;

		*w = (struct waiting){ v->slot, v->from, UINT64_MAX,
				       { v->from, v->from, v->to } };
		if (v->slot >= turn)
			k->first = i;
		n = n < LOOK_EVENTS ? n : LOOK_EVENTS;
		n = n < look ? n : look;
		wait_look(env, w, v->from + n);
		look -= n;
	}
}

/* All of an author's of that class, until so many bytes are gathered. */
static void pack_turn(const struct sync_env *env, int port, struct waiting *w,
		      enum sync_class class, size_t most)
{
	struct sync_pack *k = env->pack;

	while (w->at < w->upto[class] && k->used < most && !pack_full(k)) {
		int err = pack_segment(env, port, w->slot, w->at, &w->at);

		if (err == -EPERM)
			w->stop = w->at;
		else if (err)
			k->all = false;	/* no room for it in this one */
		if (err)
			w->at = UINT64_MAX;
	}
}

/* Author after author. */
static void pack_class(const struct sync_env *env, int port,
		       enum sync_class class, size_t most)
{
	struct sync_pack *k = env->pack;

	for (unsigned i = 0; i < k->n_waiting; i++)
		pack_turn(env, port, &k->waiting[(k->first + i) % k->n_waiting],
			  class, most);
}

static void pack_gather(const struct sync_env *env, int port,
			const struct sync_needs *needs,
			const struct sync_turn *turn, size_t cap)
{
	struct sync_pack *k = env->pack;
	size_t half = cap < RUN_COLUMNS_MAX / 2 ? cap : RUN_COLUMNS_MAX / 2;

	k->n_events = k->n_segments = k->n_proofs = 0;
	k->used = 0;
	k->all = true;
	pack_wait(env, needs, turn->slot);
	pack_class(env, port, SYNC_DISTRESS, half);
	k->n_urgent = turn->urgent ? 0 : k->n_segments;
	pack_class(env, port, SYNC_POSITION, half);
	pack_class(env, port, SYNC_RECORD, SIZE_MAX);
	for (unsigned i = 0; i < k->n_waiting; i++)
		k->all &= k->waiting[i].at >= k->waiting[i].upto[SYNC_RECORD];
	for (unsigned i = 0; i < needs->n; i++)
		pack_proof(env, needs->v[i].slot);
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

static int segment_by_author(const void *a, const void *b)
{
	const struct segment *x = *(const struct segment *const *)a;
	const struct segment *y = *(const struct segment *const *)b;

	if (x->slot != y->slot)
		return x->slot < y->slot ? -1 : 1;
	return x->from < y->from ? -1 : x->from > y->from;
}

static bool pack_joins(const struct run *r, const struct segment *before,
		       const struct segment *s)
{
	return before && before->slot == s->slot &&
		r->n + s->n <= RUN_EVENTS_MAX;
}

/* Its events are copied behind those of the segment before. */
static struct run pack_run(const struct sync_env *env, const struct segment *s,
			   struct event *events)
{
	struct run r = {
		.alias = feed_at(env->feeds, s->slot)->alias,
		.seq = s->from + 1,
		.events = events,
	};

	memcpy(r.prevcheck, s->prevcheck, sizeof(r.prevcheck));
	return r;
}

/* The first n segments and all proofs as sorted runs. */
static void pack_runs(const struct sync_env *env, unsigned n)
{
	const struct segment *order[SYNC_PACK_SEGMENTS_MAX], *before = NULL;
	struct sync_pack *k = env->pack;
	struct event *events = k->ordered;
	struct run *r = NULL;

	for (unsigned i = 0; i < n; i++)
		order[i] = &k->segments[i];
	qsort(order, n, sizeof(order[0]), segment_by_author);
	memcpy(k->runs, k->proofs, k->n_proofs * sizeof(k->runs[0]));
	k->n_runs = k->n_proofs;
	for (unsigned i = 0; i < n; before = order[i++]) {
		const struct segment *s = order[i];

		if (!pack_joins(r, before, s)) {
			r = &k->runs[k->n_runs++];
			*r = pack_run(env, s, events);
		}
		memcpy(events, &k->events[s->event], s->n * sizeof(*events));
		events += s->n;
		r->n += (uint8_t)s->n;
		memcpy(r->seal, s->seal, sizeof(r->seal));
	}
	qsort(k->runs, k->n_runs, sizeof(k->runs[0]), run_by_stamp);
}

/* Encoding is dear: what dst has already is not encoded again. */
static int pack_encode(const struct sync_env *env, unsigned n, uint8_t *dst,
		       size_t cap)
{
	struct sync_pack *k = env->pack;

	if (k->made && k->made_segments == n && k->made_proofs == k->n_proofs)
		return (size_t)k->made_len <= cap ? k->made_len : -ENOSPC;
	pack_runs(env, n);
	if (!k->n_runs)
		return 0;
	k->made_len = run_body_encode(dst, cap, k->runs, k->n_runs, k->coder);
	k->made = k->made_len > 0;
	k->made_segments = n;
	k->made_proofs = k->n_proofs;
	return k->made_len;
}

/* The greatest number of the first hi segments that fit. A body is about as long
 * as there are segments: every other guess goes by that. */
static unsigned pack_bisect(const struct sync_env *env, unsigned hi,
			    uint8_t *dst, size_t cap)
{
	unsigned lo = 0, mid;
	int len = 0, fits;

	if (hi > SEAL_ROOM)
		hi = SEAL_ROOM;
	if (pack_encode(env, hi, dst, cap) > 0)
		return hi;
	for (unsigned i = 0; hi - lo > 1; i++) {
		mid = (lo + hi) / 2;
		if (i % 2 && len)
			mid = (unsigned)(lo * cap / (size_t)len);
		mid = mid <= lo ? lo + 1 : mid >= hi ? hi - 1 : mid;
		fits = pack_encode(env, mid, dst, cap);
		if (fits > 0) {
			lo = mid;
			len = fits;
		} else {
			hi = mid;
		}
	}
	return lo;
}

/* How many segments go. What distress needs goes alone, in as few pieces as
 * can be, unless everything fits into a small generation. */
static unsigned pack_choose(const struct sync_env *env, uint8_t *dst,
			    size_t cap)
{
	struct sync_pack *k = env->pack;
	size_t small = cap < URGENT_CAP ? cap : URGENT_CAP;
	unsigned n;

	if (!k->n_urgent || (k->all && k->n_segments <= SEAL_ROOM &&
			     pack_encode(env, k->n_segments, dst, small) > 0))
		return pack_bisect(env, k->n_segments, dst, cap);
	k->n_proofs = 0;
	n = pack_bisect(env, k->n_urgent, dst, small);
	return n ? n : pack_bisect(env, k->n_urgent, dst, cap);
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
		uint64_t from = h ? h->to : v->from, to = v->to;

		if (to > k->waiting[i].stop)
			to = k->waiting[i].stop;
		if (from < to)
			sync_needs_add(rest, v->slot, from, to);
	}
}

/* The author after the last one that came in begins the next time. */
static void pack_next_turn(const struct sync_pack *k, unsigned n,
			   struct sync_turn *turn)
{
	bool urgent = k->n_urgent && n <= k->n_urgent && n < k->n_segments;

	if (!urgent && n && (n < k->n_segments || !k->all))
		turn->slot = k->segments[n - 1].slot + 1;
	turn->urgent = urgent;
}

int sync_pack_body(const struct sync_env *env, int port, enum run_coder coder,
		   const struct sync_needs *needs, struct sync_turn *turn,
		   struct sync_needs *holds, struct sync_needs *rest,
		   uint8_t *dst, size_t cap)
{
	struct sync_pack *k = env->pack;
	unsigned n;
	int len;

	k->coder = coder;
	k->made = false;
	pack_gather(env, port, needs, turn, cap);
	n = pack_choose(env, dst, cap);
	len = pack_encode(env, n, dst, cap);
	pack_account(k, n, needs, holds, rest);
	if (n == 0)
		rest->n = 0;	/* what cannot go must not be tried for ever */
	if (len > 0)
		pack_next_turn(k, n, turn);
	return len > 0 ? len : 0;
}
