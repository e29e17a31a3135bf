/* SPDX-License-Identifier: MIT
 *
 * Is each record true? An author's chain is a list of pieces, one in a sound
 * log; where events are missing, what follows them is a piece of its own until
 * they come.
 *
 *   1..4, 8..10    events 5, 6, 7 are missing
 *   1..10          they came, further on in the log, and 8 follows 7
 */
#include <stdlib.h>
#include <string.h>
#include "lib/base/crypto.h"
#include "lib/event/station.h"
#include "tools/fsck.h"

#define PIECES_MAX 65536	/* of one author: what no log of ours reaches */
#define SLOTS_MAX (1u << 20)

/* ---- authors ---- */

static struct fsck_author *author_at(struct fsck *k, uint32_t slot)
{
	if (slot >= SLOTS_MAX)
		return NULL;
	while (slot >= k->cap_authors) {
		uint32_t cap = k->cap_authors ? 2 * k->cap_authors : 64;
		void *v = reallocarray(k->authors, cap, sizeof(*k->authors));

		if (!v)
			return NULL;
		k->authors = v;
		memset(&k->authors[k->cap_authors], 0,
		       (cap - k->cap_authors) * sizeof(*k->authors));
		k->cap_authors = cap;
	}
	if (slot >= k->n_authors)
		k->n_authors = slot + 1;
	return &k->authors[slot];
}

static void author_name(struct fsck_author *a, struct span label)
{
	memcpy(a->label, label.p, label.n);
	a->label[label.n] = 0;
	author_from_label(a->author, label);
	a->named = true;
}

static void check_author(struct fsck *k, const struct log_record *r)
{
	uint32_t next = k->n_authors;
	struct fsck_author *a = author_at(k, r->slot);

	if (!a || r->payload.n == 0 || r->payload.n > AUTHOR_LABEL_MAX) {
		k->fault(k, "not an author's label", r->at, NULL, 0);
		return;
	}
	if (!k->damage && r->slot != next)
		k->fault(k, "author out of order", r->at, NULL, 0);
	if (!a->named)
		author_name(a, r->payload);
}

/* ---- pieces ---- */

static struct fsck_piece *piece_insert(struct fsck_author *a, size_t at)
{
	if (a->n_pieces == PIECES_MAX)
		return NULL;
	if (a->n_pieces == a->cap_pieces) {
		size_t cap = a->cap_pieces ? 2 * a->cap_pieces : 1;
		void *v = reallocarray(a->pieces, cap, sizeof(*a->pieces));

		if (!v)
			return NULL;
		a->pieces = v;
		a->cap_pieces = cap;
	}
	memmove(&a->pieces[at + 1], &a->pieces[at],
		(a->n_pieces++ - at) * sizeof(*a->pieces));
	return &a->pieces[at];
}

static void piece_remove(struct fsck_author *a, size_t at)
{
	memmove(&a->pieces[at], &a->pieces[at + 1],
		(--a->n_pieces - at) * sizeof(*a->pieces));
}

/* The last piece that begins at or below seq; -1 if none does. */
static ptrdiff_t piece_below(const struct fsck_author *a, uint64_t seq)
{
	ptrdiff_t i = (ptrdiff_t)a->n_pieces - 1;

	while (i >= 0 && a->pieces[i].from > seq)
		i--;
	return i;
}

/* The event without its payload, whose hash gives the same id. */
static void piece_first(struct fsck_piece *p, const struct event *e)
{
	const struct span part = e->payload;

	if (e->withheld && part.n == sizeof(p->hash))
		memcpy(p->hash, part.p, sizeof(p->hash));
	else
		crypto_blake2b(p->hash, sizeof(p->hash), NULL, &part, 1);
	p->first = *e;
	p->first.withheld = true;
}

static bool follows(const uint8_t prev[EVENT_ID_SIZE], const struct event *e)
{
	uint8_t id[EVENT_ID_SIZE];

	event_id_next(id, prev, e);
	return memcmp(id, e->id, EVENT_ID_SIZE) == 0;
}

static void piece_end(struct fsck_piece *p, const struct event *e)
{
	p->to = e->seq;
	p->id_known = true;
	memcpy(p->id, e->id, EVENT_ID_SIZE);
}

/* ---- events ---- */

/* The id before event seq: of the piece that ends there, or kept aside. */
static const uint8_t *id_before(struct fsck *k, const struct fsck_author *a,
				uint32_t slot, uint64_t seq, uint8_t own[32])
{
	ptrdiff_t i = piece_below(a, seq - 1);

	if (seq == 1 && a->named) {
		event_id_genesis(own, k->dataset, a->author);
		return own;
	}
	if (i >= 0 && a->pieces[i].to == seq - 1 && a->pieces[i].id_known)
		return a->pieces[i].id;
	return fsck_marks_find(&k->marks, slot, seq - 1);
}

/* What follows a piece without a gap becomes part of it. */
static void piece_join(struct fsck *k, struct fsck_author *a, size_t i,
		       uint64_t at)
{
	struct fsck_piece *p = &a->pieces[i], *next = p + 1;

	if (i + 1 >= a->n_pieces || next->from != p->to + 1)
		return;
	next->first.payload = SPAN(next->hash, sizeof(next->hash));
	if (p->id_known && !follows(p->id, &next->first)) {
		if (!k->damage)
			k->fault(k, "event does not follow", at, a, next->from);
		return;	/* of a branch that the log lost */
	}
	p->to = next->to;
	p->id_known = next->id_known;
	memcpy(p->id, next->id, EVENT_ID_SIZE);
	piece_remove(a, i + 1);
}

/* A place for an event that no piece holds yet. */
static void piece_add(struct fsck *k, struct fsck_author *a,
		      const struct event *e, uint64_t at)
{
	ptrdiff_t i = piece_below(a, e->seq);
	struct fsck_piece *p;

	if (i >= 0 && a->pieces[i].to == e->seq - 1) {
		piece_end(&a->pieces[i], e);
		piece_join(k, a, (size_t)i, at);
		return;
	}
	p = piece_insert(a, (size_t)(i + 1));
	if (!p) {
		k->fault(k, "too many gaps", at, a, e->seq);
		return;
	}
	p->from = e->seq;
	piece_first(p, e);
	piece_end(p, e);
	piece_join(k, a, (size_t)(i + 1), at);
}

static void check_station(struct fsck *k, struct fsck_author *a,
			  const struct event *e, uint64_t at)
{
	uint8_t hash[CRYPTO_HASH_SIZE];
	char label[2 * AUTHOR_SIZE + 1];
	struct station st;

	if (e->withheld || station_parse(&st, e->payload) < 0) {
		k->fault(k, "not a station event", at, a, e->seq);
		return;
	}
	crypto_sha256(hash, SPAN(st.key, sizeof(st.key)));
	if (!a->named)	/* its AUTHOR record is lost */
		author_name(a, author_label(label, hash));
	if (!station_key_fits(&st, a->author)) {
		k->fault(k, "key is not the author's", at, a, e->seq);
		return;
	}
	memcpy(a->call, st.call, sizeof(a->call));
	memcpy(a->key, st.key, sizeof(a->key));
	a->has_key = true;
}

static void check_event(struct fsck *k, const struct log_record *r)
{
	struct fsck_author *a = author_at(k, r->slot);
	struct event e = { 0 };
	const uint8_t *prev;
	uint8_t genesis[32];
	ptrdiff_t i;

	if (!a || record_event_decode(r->payload, &e) || e.seq == 0) {
		k->fault(k, "not an event", r->at, NULL, 0);
		return;
	}
	k->events++;
	if (e.kind == KIND_STATION)
		check_station(k, a, &e, r->at);
	prev = id_before(k, a, r->slot, e.seq, genesis);
	if (!prev)
		k->unchecked++;
	else if (!follows(prev, &e) &&
		 (a->epoch == k->damage || e.seq == 1))
		k->fault(k, "id is not that of its content", r->at, a, e.seq);
	a->epoch = k->damage;
	fsck_marks_note(&k->marks, r->slot, e.seq, e.id);
	i = piece_below(a, e.seq);
	if (i >= 0 && a->pieces[i].to >= e.seq)
		return;		/* a payload that was withheld, or again */
	piece_add(k, a, &e, r->at);
}

/* ---- seals ---- */

static void check_seal(struct fsck *k, const struct log_record *r)
{
	struct fsck_author *a = author_at(k, r->slot);
	uint8_t id[EVENT_ID_SIZE], seal[EVENT_SEAL_SIZE];
	const uint8_t *held;
	uint8_t genesis[32];
	uint64_t seq;

	if (!a || record_seal_decode(r->payload, &seq, id, seal) || seq == 0) {
		k->fault(k, "not a seal", r->at, NULL, 0);
		return;
	}
	k->seals++;
	held = id_before(k, a, r->slot, seq + 1, genesis);
	if (r->type == RECORD_SEAL && held && !k->damage &&
	    memcmp(held, id, EVENT_ID_SIZE) != 0)
		k->fault(k, "seal of another event", r->at, a, seq);
	if (!a->has_key)
		k->unchecked++;
	else if (!seal_verify(seal, a->key + 32, k->dataset, a->author, seq,
			      id))
		k->fault(k, "seal is not the author's", r->at, a, seq);
}

/* ---- displaced ---- */

static int displaced_decode(const struct log_record *r, uint64_t *from,
			    uint64_t *to)
{
	struct rd d = rd_init(r->payload);

	*from = rd_le(&d, 8);
	*to = rd_le(&d, 8);
	return d.bad || rd_left(&d) || *from == 0 || *to < *from ? -1 : 0;
}

static void check_displaced(struct fsck *k, const struct log_record *r)
{
	struct fsck_author *a = author_at(k, r->slot);
	const uint8_t *id;
	uint64_t from, to;

	if (!a || displaced_decode(r, &from, &to)) {
		k->fault(k, "not a displacement", r->at, NULL, 0);
		return;
	}
	for (size_t i = a->n_pieces; i-- > 0;) {
		struct fsck_piece *p = &a->pieces[i];

		if (p->from >= from && p->to <= to) {
			piece_remove(a, i);
		} else if (p->from < from && p->to >= from) {
			p->to = from - 1;
			id = fsck_marks_find(&k->marks, r->slot, p->to);
			p->id_known = id != NULL;
			if (id)
				memcpy(p->id, id, EVENT_ID_SIZE);
		}
	}
}

/* ---- records ---- */

void fsck_check(struct fsck *k, const struct log_record *r)
{
	k->records++;
	switch (r->type) {
	case RECORD_AUTHOR:
		check_author(k, r);
		break;
	case RECORD_EVENT:
		check_event(k, r);
		break;
	case RECORD_SEAL:
	case RECORD_PROOF:
		check_seal(k, r);
		break;
	case RECORD_DISPLACED:
		check_displaced(k, r);
		break;
	case RECORD_CHECKPOINT:
		break;
	default:
		k->fault(k, "unknown record", r->at, NULL, 0);
	}
}

static void mark_event(struct fsck *k, struct fsck_author *a,
		       const struct log_record *r, uint64_t seq)
{
	if (seq > 1 && seq != a->last + 1)
		fsck_marks_add(&k->marks, r->slot, seq - 1);
	if (seq > a->last)
		a->last = seq;
}

void fsck_mark(struct fsck *k, const struct log_record *r)
{
	uint8_t id[EVENT_ID_SIZE], seal[EVENT_SEAL_SIZE];
	struct fsck_author *a = author_at(k, r->slot);
	struct event e = { 0 };
	uint64_t seq, to;

	if (!a)
		return;
	if (r->type == RECORD_EVENT && !record_event_decode(r->payload, &e))
		mark_event(k, a, r, e.seq);
	if (r->type == RECORD_SEAL &&
	    !record_seal_decode(r->payload, &seq, id, seal) && seq != a->last)
		fsck_marks_add(&k->marks, r->slot, seq);
	if (r->type == RECORD_DISPLACED && !displaced_decode(r, &seq, &to)) {
		fsck_marks_add(&k->marks, r->slot, seq - 1);
		a->last = seq - 1;
	}
}

void fsck_turn(struct fsck *k)
{
	fsck_marks_sort(&k->marks);
	k->n_authors = 0;
}

void fsck_gaps(struct fsck *k, void (*fn)(struct fsck *k,
	       const struct fsck_author *a, uint64_t from, uint64_t to))
{
	for (uint32_t i = 0; i < k->n_authors; i++) {
		const struct fsck_author *a = &k->authors[i];
		uint64_t next = 1;

		for (size_t p = 0; p < a->n_pieces; p++) {
			if (a->pieces[p].from > next) {
				k->missing += a->pieces[p].from - next;
				fn(k, a, next, a->pieces[p].from - 1);
			}
			next = a->pieces[p].to + 1;
		}
	}
}

void fsck_fini(struct fsck *k)
{
	for (uint32_t i = 0; i < k->cap_authors; i++)
		free(k->authors[i].pieces);
	free(k->authors);
	fsck_marks_fini(&k->marks);
}
