/* SPDX-License-Identifier: MIT
 *
 * What lies between a neighbour and me, for people: how many events each side
 * lacks, and what an exchange would cost the channel. Nothing is decided here.
 *
 *   its root is one of my past   it lacks the steps since: exact
 *     or not known, and          nothing, presumably: who differs would speak,
 *     another said mine          who is equal has no reason to
 *   a sketch of it decoded       what was found then, less what came and more
 *                                what was written since: exact while its root
 *                                stays (of a part of the authors: times P)
 *   else                         the difference of the counts: at least that;
 *                                nothing is known if they are equal
 */
#include "lib/sync/sched_port.h"

#define ENCODE_MAX 4		/* generations */
#define CODED_EVENTS 64		/* before any was seen: */
#define CODED_EVENT_BYTES 24	/* short runs, a seal each */
#define CODED_EVENTS_MAX 4096	/* older ones count less and less */
#define GENERATION_FULL (GENERATION_BODY_MAX - GENERATION_ROOT_SIZE)
#define WORD_BYTES 16		/* a root, or a WANT by root */
#define REQUEST_BYTES 8		/* a WANT for one generation's parity */
#define LOSS_MAX_PERMILLE 900

void sync_estimate_init(struct sync_port *p)
{
	p->coded_events = CODED_EVENTS;
	p->coded_bytes = CODED_EVENTS * CODED_EVENT_BYTES;
}

void sync_estimate_coded(struct sync_port *p, uint64_t events, size_t bytes)
{
	p->coded_events += events;
	p->coded_bytes += bytes;
	if (p->coded_events > CODED_EVENTS_MAX) {
		p->coded_events /= 2;
		p->coded_bytes /= 2;
	}
}

/* ---- what is missing ---- */

void sync_estimate_told(struct sync_port *p, const struct sync_peer *peer,
			const struct sync_digest *d,
			const struct sync_difference *diff)
{
	struct sync_told *t = &p->told[peer - p->peers.v];

	t->theirs = d->root48;
	t->mine = feed_root48(p->env->feeds);
	t->part_bits = d->part_bits;
	t->gives_n = t->wants_n = 0;
	for (unsigned i = 0; i < diff->give.n && i < SYNDROME_C_MAX; i++) {
		t->gives[t->gives_n].slot = diff->give.v[i].slot;
		t->gives[t->gives_n++].from = diff->give.v[i].from;
	}
	for (unsigned i = 0; i < diff->want_n && i < SYNDROME_C_MAX; i++) {
		t->wants[t->wants_n].alias = diff->want[i].alias;
		t->wants[t->wants_n].have = diff->want[i].have;
		t->wants[t->wants_n++].to = diff->want[i].to;
	}
}

/* What is left of a want; what I hold beyond it the neighbour lacks. */
static uint64_t told_want_left(struct sync_port *p, const struct sync_told *t,
			       unsigned i, struct sync_needs *gives)
{
	uint64_t have = t->wants[i].have, to = t->wants[i].to, head;
	uint32_t slot;

	if (feed_by_alias(p->env->feeds, t->wants[i].alias, &slot, 1) != 1)
		return to - have;
	head = feed_at(p->env->feeds, slot)->head;
	sync_needs_drop(gives, slot);
	if (head > to)
		sync_needs_add(gives, slot, to, head);
	if (head > have)
		have = head < to ? head : to;
	return to - have;
}

/* gives: what came in since then, at first. */
static void told_apply(struct sync_port *p, const struct sync_told *t,
		       struct sync_needs *gives, struct sync_estimate *out)
{
	for (unsigned i = 0; i < t->gives_n; i++)
		sync_needs_add(gives, t->gives[i].slot, t->gives[i].from,
			       feed_at(p->env->feeds, t->gives[i].slot)->head);
	for (unsigned i = 0; i < t->wants_n; i++)
		out->missing += told_want_left(p, t, i, gives);
	out->missing <<= t->part_bits;
	out->lacks = sync_needs_events(gives) << t->part_bits;
	out->basis = t->part_bits ? SYNC_BASIS_COUNTS : SYNC_BASIS_EXACT;
}

static void estimate_counts(struct sync_port *p, const struct sync_peer *q,
			    struct sync_estimate *out)
{
	uint64_t mine = feed_event_count(p->env->feeds);

	if (mine == q->events)	/* as many, but others */
		return;
	out->basis = SYNC_BASIS_COUNTS;
	out->lacks = mine > q->events ? mine - q->events : 0;
	out->missing = q->events > mine ? q->events - mine : 0;
}

/* The steps of my own past since that root: of any number of authors. */
static uint64_t estimate_steps(struct sync_port *p, uint64_t root48)
{
	int64_t at = feed_history_find(p->env->feeds, root48);
	struct feed_step step;
	uint64_t events = 0;

	for (uint64_t i = (uint64_t)at;
	     at >= 0 && feed_history_step(p->env->feeds, i, &step); i++)
		events += step.to - step.from;
	return events;
}

/* Another said my root since the last word of q, which had time to object, and
 * heard it, as far as is known. */
static bool estimate_presumes(const struct sync_port *p,
			      const struct sync_peer *q, uint64_t now_us)
{
	uint64_t since = p->moved_us > q->heard_us ? p->moved_us : q->heard_us;

	return q->root48 != feed_root48(p->env->feeds) &&
	       !sync_beyond(p, now_us) && p->equal_us > since &&
	       now_us > since + SYNC_ASKED_US &&
	       !sync_engaged(p, now_us, false);
}

/* What it said, unless more is known: an OFFER tells what it has for others. */
static uint64_t estimate_holds(const struct sync_port *p,
			       const struct sync_peer *q,
			       const struct sync_estimate *e)
{
	if (!e->presumed && e->basis != SYNC_BASIS_EXACT)
		return q->events;
	return feed_event_count(p->env->feeds) + e->missing - e->lacks;
}

/* gives: of which authors, as far as that is known. */
static void estimate_missing(struct sync_port *p, const struct sync_peer *q,
			     struct sync_needs *gives,
			     struct sync_estimate *out, uint64_t now_us)
{
	const struct sync_told *t = &p->told[q - p->peers.v];
	bool past = q->known && sync_since(p, q->root48, gives);

	out->presumed = (past || !q->known) && estimate_presumes(p, q, now_us);
	if (out->presumed)
		out->basis = SYNC_BASIS_COUNTS;
	if (out->presumed || !q->known) {
		gives->n = 0;
	} else if (past) {
		out->basis = SYNC_BASIS_EXACT;
		out->lacks = estimate_steps(p, q->root48);
	} else if (t->theirs == q->root48 && sync_since(p, t->mine, gives)) {
		told_apply(p, t, gives, out);
	} else {
		estimate_counts(p, q, out);
	}
}

/* ---- what that costs ---- */

static void load_frames(struct sync_port *p, struct sync_load *l,
			uint64_t frames, uint64_t keyups, uint64_t len)
{
	l->frames += frames;
	l->keyups += keyups;
	l->bytes += frames * (p->c.overhead + len);
	l->air_us += frames * sync_airtime_us(p, len) +
		keyups * sync_keyup_us(p);
}

/* Generations of so many bytes in all: to the side that sends them the frames,
 * the rows for what is lost and the word before; to the other one the WANT, a
 * request each, and the word after. */
static void load_generations(struct sync_port *p, uint64_t generations,
			     uint64_t bytes, struct sync_load *from,
			     struct sync_load *to)
{
	unsigned loss = p->loss_permille < LOSS_MAX_PERMILLE ?
			p->loss_permille : LOSS_MAX_PERMILLE;
	uint64_t body = bytes + generations * GENERATION_ROOT_SIZE;
	uint64_t k = generation_pieces(bytes, GENERATION_PIECE_MAX);
	uint64_t piece = (body + k - 1) / k;
	uint64_t lost = (k * loss + 500) / (1000 - loss);

	if (!generations)
		return;
	load_frames(p, from, k, generations * (1 + (k / generations - 1) /
		    sync_burst_keyup_frames(p, piece + SYNC_EVENTS_HEAD)),
		    piece + SYNC_EVENTS_HEAD);
	load_frames(p, from, lost, lost < generations ? lost : generations,
		    piece + SYNC_EVENTS_HEAD);
	load_frames(p, from, 1, 1, WORD_BYTES);
	load_frames(p, to, generations, generations, REQUEST_BYTES);
	load_frames(p, to, 2, 2, WORD_BYTES);
}

static void load_events(struct sync_port *p, uint64_t events,
			struct sync_load *from, struct sync_load *to)
{
	uint64_t bytes = events * p->coded_bytes / p->coded_events;

	load_generations(p, (bytes + GENERATION_FULL - 1) / GENERATION_FULL,
			 bytes, from, to);
}

/* As they would go out, up to a number of generations; what is left then
 * counts as those did. Returns how many events were encoded. */
static uint64_t load_encoded(struct sync_port *p, struct sync_needs *gives,
			     uint64_t *generations, uint64_t *bytes)
{
	struct sync_turn turn = p->turn;
	struct sync_needs holds, rest;
	uint8_t body[GENERATION_FULL];
	uint64_t events = 0;

	*generations = *bytes = 0;
	while (gives->n && *generations < ENCODE_MAX) {
		int len = sync_pack_body(p->env, p->c.number, sync_coder(p),
					 gives, &turn, &holds, &rest, body,
					 sizeof(body));

		if (len <= 0)
			break;
		events += sync_needs_events(&holds);
		*bytes += (uint64_t)len;
		++*generations;
		*gives = rest;
	}
	return events;
}

/* Only what may go out on this port. */
static uint64_t load_sendable(struct sync_port *p, struct sync_needs *gives)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < gives->n; i++)
		if (sync_sendable(p, &gives->v[i]))
			gives->v[kept++] = gives->v[i];
	gives->n = kept;
	return sync_needs_events(gives);
}

static void load_give(struct sync_port *p, struct sync_needs *gives,
		      bool encode, struct sync_estimate *out)
{
	uint64_t events = gives->n ? load_sendable(p, gives) : out->lacks;
	uint64_t coded, generations, bytes;

	if (!encode || !gives->n) {
		load_events(p, events, &out->give, &out->take);
		return;
	}
	coded = load_encoded(p, gives, &generations, &bytes);
	if (generations == ENCODE_MAX && coded < events) {
		bytes = bytes * events / coded;
		generations = generations * events / coded;
	}
	load_generations(p, generations, bytes, &out->give, &out->take);
}

void sync_port_estimate(struct sync_port *p, const struct sync_peer *peer,
			bool encode, struct sync_estimate *out,
			uint64_t now_us)
{
	struct sync_needs gives;

	*out = (struct sync_estimate){ .basis = SYNC_BASIS_NONE };
	estimate_missing(p, peer, &gives, out, now_us);
	out->events = estimate_holds(p, peer, out);
	load_give(p, &gives, encode, out);
	load_events(p, out->missing, &out->take, &out->give);
}

/* ---- at the operator's word ---- */

/* Who holds the same as I answers a WANT, but not a root. */
void sync_port_speak(struct sync_port *p, struct sync_peer *peer,
		     uint64_t now_us)
{
	if (peer && peer->root48 != feed_root48(p->env->feeds)) {
		sync_want_root(p, peer, now_us);
		return;
	}
	p->say_root = true;
	sync_arm(p, &p->say, now_us);
}
