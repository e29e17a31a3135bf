/* SPDX-License-Identifier: MIT
 *
 * From a digest's syndrome to what two stations differ in.
 *
 * The XOR of both syndromes decodes to (alias, value XOR value) for every
 * author that differs. A decode beyond capacity may be nonsense, so it counts
 * only if it explains the difference of the roots (48 bits: guards against
 * chance, which is what it is for).
 */
#include "lib/feed/syndrome.h"
#include "lib/sync/sched_port.h"

#define ROOT_MASK 0xffffffffffffULL
#define SEQ_BITS 20
#define ALIAS_AUTHORS_MAX 8
#define SEQ_MASK ((1U << SEQ_BITS) - 1)

/* ---- making one ---- */

/* Syndrome and root of the authors whose alias is `part` modulo P. */
static void sketch_part(const struct sync_env *env, struct sync_digest *d)
{
	uint32_t mask = (1U << d->part_bits) - 1;

	memset(d->s, 0, sizeof(d->s));
	d->part_root48 = 0;
	for (uint32_t i = 0; i < feed_count(env->feeds); i++) {
		const struct feed *f = feed_at(env->feeds, i);
		uint32_t v = feed_value(f);

		if (v == 0 || (f->alias & mask) != d->part)
			continue;
		syndrome_update(d->s, 2U * d->c, f->alias, v);
		d->part_root48 += feed_root_term(f->alias, v);
	}
	d->part_root48 &= ROOT_MASK;
}

void sync_sketch_make(const struct sync_env *env, struct sync_digest *d,
		      unsigned c, uint8_t part_bits, uint8_t part)
{
	*d = (struct sync_digest){
		.dataset_tag = (uint16_t)be_get(env->dataset, 2),
		.want_bulk = env->fetches && env->fetches->n,
		.has_proofs = feed_has_forks(env->feeds),
		.root48 = feed_root48(env->feeds),
		.events = feed_event_count(env->feeds),
		.authors = feed_author_count(env->feeds),
		.c = (uint8_t)c,
		.part_bits = part_bits,
		.part = part,
	};
	if (part_bits)
		sketch_part(env, d);
	else
		memcpy(d->s, feed_syndrome(env->feeds), 2 * c * sizeof(d->s[0]));
}

void sync_digest_make(const struct sync_env *env, struct sync_digest *d,
		      unsigned c)
{
	sync_sketch_make(env, d, c, 0, 0);
}

/* ---- reading one ---- */

/* Authors under an alias: mostly one, or none. */
struct sketch_authors {
	size_t n;
	uint32_t slot[ALIAS_AUTHORS_MAX];
};

static void sketch_authors(struct sketch_authors *a, const struct sync_env *env,
			   uint32_t alias)
{
	a->n = feed_by_alias(env->feeds, alias, a->slot, ALIAS_AUTHORS_MAX);
	if (a->n > ALIAS_AUTHORS_MAX)
		a->n = ALIAS_AUTHORS_MAX;
}

/* What a term means for the root if author `which` has another head there; or,
 * if which is their number, if they hold one more of that alias. */
static uint64_t sketch_delta(const struct sync_env *env,
			     const struct syndrome_term *t, size_t which)
{
	struct sketch_authors a;
	uint32_t mine, theirs;

	sketch_authors(&a, env, t->alias);
	if (which == a.n)
		return feed_root_term(t->alias, t->value);
	mine = feed_value(feed_at(env->feeds, a.slot[which]));
	theirs = mine ^ t->value;
	return (theirs ? feed_root_term(t->alias, theirs) : 0) -
		(mine ? feed_root_term(t->alias, mine) : 0);
}

/* Does it explain the roots? theirs = mine - mine's terms + theirs' terms.
 * Where an alias has several authors, another than the first may be meant:
 * tried for one term at a time. */
static bool sketch_verify(const struct sync_env *env,
			  const struct sync_digest *d,
			  const struct sync_digest *own,
			  const struct syndrome_term *terms, int n,
			  size_t *which)
{
	uint64_t root = d->part_bits ? own->part_root48 : own->root48;
	uint64_t want = d->part_bits ? d->part_root48 : d->root48;
	struct sketch_authors a;

	for (int i = 0; i < n; i++) {
		which[i] = 0;
		root += sketch_delta(env, &terms[i], 0);
	}
	if (((root ^ want) & ROOT_MASK) == 0)
		return true;
	for (int i = 0; i < n; i++) {
		uint64_t rest = root - sketch_delta(env, &terms[i], 0);

		sketch_authors(&a, env, terms[i].alias);
		for (which[i] = 1; which[i] <= a.n; which[i]++)
			if (((rest + sketch_delta(env, &terms[i], which[i])) &
			     ROOT_MASK) == want)
				return true;
		which[i] = 0;
	}
	return false;
}

static void sketch_want(struct sync_difference *out, uint32_t alias,
			uint64_t have, uint64_t to)
{
	if (out->want_n == SYNC_WANT_MAX)
		return;
	out->want[out->want_n].alias = alias;
	out->want[out->want_n].have = have;
	out->want[out->want_n++].to = to;
}

/* From where to ask for an author's events: my head; where another branch of
 * it is about, the end of what I hold of that, or further back. */
static uint64_t sketch_have(struct sync_port *p, uint32_t slot)
{
	uint64_t head = feed_at(p->env->feeds, slot)->head;
	uint64_t back = p->env->back(p->env->ctx, slot);
	uint64_t branch = feed_candidate_end(p->env->feeds, slot);

	if (branch && branch < head)
		return branch;
	return head > back ? head - back : 0;
}

/* The same height but another head or mark: a fork. The last run and the
 * proof go out, and the other branch is asked for from further back. */
static void sketch_fork(struct sync_port *p, struct sync_difference *out,
			uint32_t slot)
{
	const struct feed *f = feed_at(p->env->feeds, slot);

	out->odd = true;
	if (!p->env->back(p->env->ctx, slot))
		p->env->misfit(p->env->ctx, slot);
	sync_needs_add(&out->give, slot, f->head ? f->head - 1 : 0, f->head);
	sketch_want(out, f->alias, sketch_have(p, slot), f->head);
}

/* One differing author, seqs compared modulo 2^20. */
static void sketch_author(struct sync_port *p, struct sync_difference *out,
			  uint32_t slot, uint32_t theirs)
{
	const struct feed *f = feed_at(p->env->feeds, slot);
	uint32_t ahead = ((theirs >> 12) - (uint32_t)f->head) & SEQ_MASK;

	if (ahead == 0 && theirs) {
		sketch_fork(p, out, slot);
	} else if (ahead < SEQ_MASK / 2 && theirs) {
		sketch_want(out, f->alias, sketch_have(p, slot),
			    f->head + ahead);
	} else {
		uint64_t behind = theirs ? (SEQ_MASK + 1ULL) - ahead : f->head;

		sync_needs_add(&out->give, slot,
			       behind < f->head ? f->head - behind : 0,
			       f->head);
	}
}

static void sketch_term(struct sync_port *p, struct sync_difference *out,
			const struct syndrome_term *t, size_t which)
{
	struct sketch_authors a;
	uint32_t mine;

	sketch_authors(&a, p->env, t->alias);
	if (which == a.n) {
		sketch_want(out, t->alias, 0, t->value >> 12);
		return;
	}
	mine = feed_value(feed_at(p->env->feeds, a.slot[which]));
	sketch_author(p, out, a.slot[which], mine ^ t->value);
}

bool sync_sketch_decode(struct sync_port *p, const struct sync_digest *d,
			struct sync_difference *out)
{
	struct syndrome_term terms[SYNDROME_C_MAX];
	size_t which[SYNDROME_C_MAX];
	struct sync_digest own;
	int n;

	memset(out, 0, sizeof(*out));
	sync_sketch_make(p->env, &own, d->c, d->part_bits, d->part);
	for (unsigned i = 0; i < 2U * d->c; i++)
		own.s[i] ^= d->s[i];
	n = syndrome_decode(terms, own.s, 2U * d->c);
	if (n < 0 || !sketch_verify(p->env, d, &own, terms, n, which))
		return false;
	out->terms = (unsigned)n;
	for (int i = 0; i < n; i++)
		sketch_term(p, out, &terms[i], which[i]);
	return true;
}
