/* SPDX-License-Identifier: MIT
 *
 * The codec of the four messages. Each message has one function that reads
 * it, one that says whether its fields are in range, and one that writes it;
 * decoding and encoding share the ranges, so that neither accepts what the
 * other refuses.
 */
#include <errno.h>
#include "lib/sync/message.h"

#define ROOT48_MAX 0xffffffffffffULL
#define CFS_MARK 7	/* the three bits before the version */

enum { FLAG_BULK = 0x80, FLAG_PROOFS = 0x40, FLAG_MOVED = 0x20 };
enum { EVENTS_MORE = 2, EVENTS_END = 1, EVENTS_BULK = 1 };
enum { PARITY_MORE = 0x80 };
enum { OFFER_HEARS = 0x80 };

const char *sync_error_name(enum sync_error e)
{
	static const char *const names[SYNC_ERROR_COUNT] = {
		[SYNC_OK] = "ok",
		[SYNC_SHORT] = "short",
		[SYNC_NOT_CFS] = "not_cfs",
		[SYNC_VERSION_OTHER] = "other_version",
		[SYNC_TYPE] = "unknown_type",
		[SYNC_RANGE] = "range",
		[SYNC_TRAILING] = "trailing",
	};

	return (unsigned)e < SYNC_ERROR_COUNT ? names[e] : "unknown";
}

/* ---- ranges ---- */

static bool digest_in_range(const struct sync_digest *d)
{
	return d->root48 <= ROOT48_MAX && d->c <= SYNDROME_C_MAX &&
	       d->part_bits <= 7 && d->part < 1u << d->part_bits &&
	       d->part_root48 <= ROOT48_MAX;
}

static bool events_in_range(const struct sync_events *e)
{
	return e->index <= SYNC_INDEX_MAX && e->k >= 1 && e->k <= SYNC_K_MAX &&
	       e->parity_ahead <= SYNC_PARITY_AHEAD_MAX &&
	       e->piece.n >= 1 && e->piece.n <= SYNC_PIECE_MAX;
}

/* The head only: a decoder checks items as it reads them. */
static bool want_in_range(const struct sync_want *w)
{
	switch (w->form) {
	case SYNC_WANT_LIST:
		return w->n >= 1 && w->n <= SYNC_WANT_MAX;
	case SYNC_WANT_ROOT:
		return w->root48 <= ROOT48_MAX;
	case SYNC_WANT_PARITY:
		return w->n >= 1 && w->n <= SYNC_PARITY_MAX;
	case SYNC_WANT_BULK:
		return w->bulk.chunk < BLOB_CHUNKS_MAX &&
		       w->bulk.index <= SYNC_INDEX_MAX &&
		       w->bulk.needed >= 1 && w->bulk.needed <= SYNC_K_MAX;
	}
	return false;
}

static bool offer_in_range(const struct sync_offer *o)
{
	return o->n >= 1 && o->n <= SYNC_OFFER_MAX &&
	       o->root48 <= ROOT48_MAX && o->hears_n <= SYNC_HEARS_MAX;
}

/* ---- reading ---- */

static enum sync_error digest_read(struct rd *r, struct sync_digest *d)
{
	uint8_t flags, shape;

	d->dataset_tag = (uint16_t)rd_be(r, 2);
	flags = rd_u8(r);
	d->want_bulk = flags & FLAG_BULK;
	d->has_proofs = flags & FLAG_PROOFS;
	d->moved = flags & FLAG_MOVED;
	d->root48 = rd_be(r, 6);
	d->events = rd_leb(r);
	d->authors = rd_leb(r);
	shape = rd_u8(r);
	d->c = shape >> 3;
	d->part_bits = shape & 7;
	d->part = d->part_bits ? rd_u8(r) : 0;
	d->part_root48 = d->part_bits ? rd_be(r, 6) : 0;
	if (flags & (FLAG_MOVED - 1) || !digest_in_range(d))
		return SYNC_RANGE;
	for (unsigned i = 0; i < 2u * d->c; i++)
		d->s[i] = (uint32_t)rd_be(r, 4);
	return SYNC_OK;
}

static enum sync_error events_read(struct rd *r, struct sync_events *e)
{
	uint8_t place, shape;

	e->generation = rd_u8(r);
	place = rd_u8(r);
	e->index = place >> 2;
	e->more = place & EVENTS_MORE;
	e->end = place & EVENTS_END;
	shape = rd_u8(r);
	e->k = (shape >> 3) + 1;
	e->parity_ahead = shape >> 1 & 3;
	e->bulk = shape & EVENTS_BULK;
	e->piece = rd_rest(r);
	if (e->piece.n == 0)
		return SYNC_SHORT;
	return events_in_range(e) ? SYNC_OK : SYNC_RANGE;
}

static enum sync_error want_read_list(struct rd *r, struct sync_want *w)
{
	w->n = rd_u8(r);
	if (!want_in_range(w))
		return SYNC_RANGE;
	for (unsigned i = 0; i < w->n; i++) {
		w->list[i].alias = (uint32_t)rd_be(r, 4);
		w->list[i].have = rd_leb(r);
		if (w->list[i].alias == 0)
			return SYNC_RANGE;
	}
	return SYNC_OK;
}

static enum sync_error want_read_parity(struct rd *r, struct sync_want *w)
{
	w->n = rd_u8(r);
	if (!want_in_range(w))
		return SYNC_RANGE;
	for (unsigned i = 0; i < w->n; i++) {
		uint8_t needed;

		w->parity[i].generation = rd_u8(r);
		needed = rd_u8(r);
		w->parity[i].more = needed & PARITY_MORE;
		w->parity[i].needed = needed & SYNC_NEEDED_MAX;
		w->parity[i].loss = rd_u8(r);
	}
	return SYNC_OK;
}

static enum sync_error want_read_bulk(struct rd *r, struct sync_want *w)
{
	uint64_t chunk;

	rd_copy(r, w->bulk.hash, BLOB_HASH);
	chunk = rd_leb(r);
	w->bulk.chunk = chunk < UINT32_MAX ? (uint32_t)chunk : UINT32_MAX;
	w->bulk.index = rd_u8(r);
	w->bulk.needed = rd_u8(r);
	return want_in_range(w) ? SYNC_OK : SYNC_RANGE;
}

static enum sync_error want_read(struct rd *r, struct sync_want *w)
{
	w->target = (uint16_t)rd_be(r, 2);
	w->nav_ds = rd_u8(r);
	w->form = rd_u8(r);
	switch (w->form) {
	case SYNC_WANT_LIST:
		return want_read_list(r, w);
	case SYNC_WANT_ROOT:
		w->root48 = rd_be(r, 6);
		w->events = rd_leb(r);
		return SYNC_OK;
	case SYNC_WANT_PARITY:
		return want_read_parity(r, w);
	case SYNC_WANT_BULK:
		return want_read_bulk(r, w);
	}
	return SYNC_RANGE;
}

static enum sync_error offer_read_hears(struct rd *r, struct sync_offer *o)
{
	o->hears_n = rd_u8(r);
	if (!r->bad && (!o->hears_n || o->hears_n > SYNC_HEARS_MAX))
		return SYNC_RANGE;
	for (unsigned i = 0; !r->bad && i < o->hears_n; i++)
		o->hears[i] = (uint16_t)rd_be(r, 2);
	return SYNC_OK;
}

static enum sync_error offer_read(struct rd *r, struct sync_offer *o)
{
	uint8_t n = rd_u8(r);

	o->n = n & (OFFER_HEARS - 1);
	o->root48 = 0;
	o->hears_n = 0;
	if (!offer_in_range(o))
		return SYNC_RANGE;
	for (unsigned i = 0; i < o->n; i++)
		o->target[i] = (uint16_t)rd_be(r, 2);
	o->root48 = rd_be(r, 6);
	o->events = rd_leb(r);
	return n & OFFER_HEARS ? offer_read_hears(r, o) : SYNC_OK;
}

static enum sync_error message_read(struct rd *r, struct sync_message *m)
{
	switch (m->type) {
	case SYNC_DIGEST:
		return digest_read(r, &m->digest);
	case SYNC_EVENTS:
		return events_read(r, &m->events);
	case SYNC_WANT:
		return want_read(r, &m->want);
	case SYNC_OFFER:
		return offer_read(r, &m->offer);
	}
	return SYNC_TYPE;
}

enum sync_error sync_message_decode(struct sync_message *m, struct span frame)
{
	struct rd r = rd_init(frame);
	uint8_t type = rd_u8(&r);
	enum sync_error e;

	if (r.bad)
		return SYNC_SHORT;
	if (type >> 5 != CFS_MARK)
		return SYNC_NOT_CFS;
	if ((type >> 3 & 3) != SYNC_VERSION)
		return SYNC_VERSION_OTHER;
	memset(m, 0, sizeof(*m));
	m->type = type & 7;
	e = message_read(&r, m);
	/* Fields read after the end are zeros: short goes before range. */
	if (r.bad)
		return SYNC_SHORT;
	return e == SYNC_OK && rd_left(&r) ? SYNC_TRAILING : e;
}

/* ---- writing ---- */

static void digest_write(struct wr *w, const struct sync_digest *d)
{
	wr_be(w, 2, d->dataset_tag);
	wr_u8(w, (d->want_bulk ? FLAG_BULK : 0) |
		 (d->has_proofs ? FLAG_PROOFS : 0) |
		 (d->moved ? FLAG_MOVED : 0));
	wr_be(w, 6, d->root48);
	wr_leb(w, d->events);
	wr_leb(w, d->authors);
	wr_u8(w, (uint8_t)(d->c << 3 | d->part_bits));
	if (d->part_bits) {
		wr_u8(w, d->part);
		wr_be(w, 6, d->part_root48);
	}
	for (unsigned i = 0; i < 2u * d->c; i++)
		wr_be(w, 4, d->s[i]);
}

static void events_write(struct wr *w, const struct sync_events *e)
{
	wr_u8(w, e->generation);
	wr_u8(w, (uint8_t)(e->index << 2 | (e->more ? EVENTS_MORE : 0) |
			   (e->end ? EVENTS_END : 0)));
	wr_u8(w, (uint8_t)((e->k - 1) << 3 | e->parity_ahead << 1 |
			   (e->bulk ? EVENTS_BULK : 0)));
	wr_bytes(w, e->piece);
}

static void want_write_items(struct wr *w, const struct sync_want *want)
{
	wr_u8(w, want->n);
	for (unsigned i = 0; i < want->n; i++) {
		if (want->form == SYNC_WANT_LIST) {
			wr_be(w, 4, want->list[i].alias);
			wr_leb(w, want->list[i].have);
		} else {
			wr_u8(w, want->parity[i].generation);
			wr_u8(w, want->parity[i].needed |
				 (want->parity[i].more ? PARITY_MORE : 0));
			wr_u8(w, want->parity[i].loss);
		}
	}
}

static void want_write(struct wr *w, const struct sync_want *want)
{
	wr_be(w, 2, want->target);
	wr_u8(w, want->nav_ds);
	wr_u8(w, (uint8_t)want->form);
	if (want->form == SYNC_WANT_ROOT) {
		wr_be(w, 6, want->root48);
		wr_leb(w, want->events);
	} else if (want->form == SYNC_WANT_BULK) {
		wr_bytes(w, SPAN(want->bulk.hash, BLOB_HASH));
		wr_leb(w, want->bulk.chunk);
		wr_u8(w, want->bulk.index);
		wr_u8(w, want->bulk.needed);
	} else {
		want_write_items(w, want);
	}
}

static void offer_write(struct wr *w, const struct sync_offer *o)
{
	wr_u8(w, o->n | (o->hears_n ? OFFER_HEARS : 0));
	for (unsigned i = 0; i < o->n; i++)
		wr_be(w, 2, o->target[i]);
	wr_be(w, 6, o->root48);
	wr_leb(w, o->events);
	if (o->hears_n)
		wr_u8(w, o->hears_n);
	for (unsigned i = 0; i < o->hears_n; i++)
		wr_be(w, 2, o->hears[i]);
}

/* Of the forms that have items. */
static bool want_items_in_range(const struct sync_want *w)
{
	if (w->form != SYNC_WANT_LIST && w->form != SYNC_WANT_PARITY)
		return true;
	for (unsigned i = 0; i < w->n; i++) {
		if (w->form == SYNC_WANT_LIST && w->list[i].alias == 0)
			return false;
		if (w->form == SYNC_WANT_PARITY &&
		    w->parity[i].needed > SYNC_NEEDED_MAX)
			return false;
	}
	return true;
}

static bool message_in_range(const struct sync_message *m)
{
	switch (m->type) {
	case SYNC_DIGEST:
		return digest_in_range(&m->digest);
	case SYNC_EVENTS:
		return events_in_range(&m->events);
	case SYNC_WANT:
		return want_in_range(&m->want) &&
		       want_items_in_range(&m->want);
	case SYNC_OFFER:
		return offer_in_range(&m->offer);
	}
	return false;
}

int sync_message_encode(uint8_t *dst, size_t cap, const struct sync_message *m)
{
	struct wr w = wr_init(dst, cap);

	if (!message_in_range(m))
		return -EINVAL;
	wr_u8(&w, (uint8_t)(CFS_MARK << 5 | SYNC_VERSION << 3 | m->type));
	switch (m->type) {
	case SYNC_DIGEST:
		digest_write(&w, &m->digest);
		break;
	case SYNC_EVENTS:
		events_write(&w, &m->events);
		break;
	case SYNC_WANT:
		want_write(&w, &m->want);
		break;
	case SYNC_OFFER:
		offer_write(&w, &m->offer);
		break;
	}
	return w.full ? -ENOSPC : (int)w.len;
}
