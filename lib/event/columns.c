/* SPDX-License-Identifier: MIT
 *
 * The columns of columns.h. Encoding and decoding walk the same events in the
 * same order; what is decoded is checked again once it is put together.
 */
#include <errno.h>
#include "lib/event/columns.h"
#include "lib/event/payload.h"

#define KIND_WITHHELD 1U
#define KIND_TOLD 2U	/* the counter is in the column of times */
#define HASH_SIZE 32

/* Shell sort: in place, and nothing a stranger sends makes it quadratic. */
static void order_sort(uint32_t *v, size_t n)
{
	static const unsigned gaps[] = { 1750, 701, 301, 132, 57, 23, 10, 4,
					 1 };

	for (size_t g = 0; g < sizeof(gaps) / sizeof(gaps[0]); g++)
		for (size_t i = gaps[g]; i < n; i++) {
			uint32_t x = v[i];
			size_t j = i;

			for (; j >= gaps[g] && v[j - gaps[g]] > x; j -= gaps[g])
				v[j] = v[j - gaps[g]];
			v[j] = x;
		}
}

/* The end of the events, from `at` on, that are of one kind. */
static size_t order_same(const uint32_t *order, size_t n, size_t at)
{
	size_t end = at + 1;

	while (end < n && order[end] >> 16 == order[at] >> 16)
		end++;
	return end;
}

/* The counter that need not be told; prev = NULL for a run's first event. */
static uint32_t counter_expected(const struct event *prev, uint64_t dt)
{
	return prev && dt == 0 ? prev->hlc.counter + 1 : 0;
}

/* ---- a payload in its columns ---- */

struct parts {		/* spans of the payload, or of the columns */
	struct span head, key[COLUMNS_VALUES_MAX], value[COLUMNS_VALUES_MAX];
	size_t n;	/* members; 0: all of it is its head */
};

/* Members of a map whose head is this byte, if they go into columns. */
static size_t members(uint8_t head)
{
	return head > 0xa0 && head <= 0xa0 + COLUMNS_VALUES_MAX ?
		head - 0xa0U : 0;
}

static bool item_take(struct rd *r, struct span *item)
{
	int n = payload_item(SPAN(r->p, rd_left(r)));

	if (n > 0)
		*item = rd_bytes(r, (size_t)n);
	return n > 0;
}

static void parts_split(struct parts *p, const struct event *e)
{
	struct rd r = rd_init(e->payload);

	*p = (struct parts){ .head = e->payload };
	if (e->withheld || !members(e->payload.p[0]))
		return;
	p->n = members(e->payload.p[0]);
	p->head = rd_bytes(&r, 1);
	for (size_t i = 0; i < p->n; i++) {
		item_take(&r, &p->key[i]);
		item_take(&r, &p->value[i]);
	}
}

/* ---- encoding ---- */

/* The events of all runs, in the order of the heads. */
struct flat {
	const struct event *events[RUN_BODY_EVENTS_MAX];
	uint32_t order[RUN_BODY_EVENTS_MAX];
	size_t n;
};

static bool event_fits(const struct event *e)
{
	if (e->withheld)
		return e->payload.n == HASH_SIZE;
	return payload_check(e->payload) == PAYLOAD_OK;
}

/* Checks the events and lays them out flat. */
static int runs_flatten(struct flat *f, const struct run *runs, size_t n_runs)
{
	f->n = 0;
	for (size_t i = 0; i < n_runs; i++) {
		for (unsigned j = 0; j < runs[i].n; j++) {
			const struct event *e = &runs[i].events[j];

			if (f->n == RUN_BODY_EVENTS_MAX)
				return -ENOSPC;
			if (e->kind > KIND_MAX)
				return -ERANGE;
			if (!event_fits(e))
				return -EINVAL;
			f->order[f->n] = (uint32_t)(e->kind << 16 | f->n);
			f->events[f->n++] = e;
		}
	}
	order_sort(f->order, f->n);
	return 0;
}

static bool counter_told(const struct run *run, unsigned i)
{
	const struct event *e = &run->events[i], *prev = i ? e - 1 : NULL;
	uint64_t dt = prev ? event_seconds(e) - event_seconds(prev) : 0;

	return e->hlc.counter != counter_expected(prev, dt);
}

static void kinds_encode(struct wr *w, const struct run *run)
{
	for (unsigned i = 0; i < run->n; i++)
		wr_leb(w, run->events[i].kind * 4U |
			  (counter_told(run, i) ? KIND_TOLD : 0) |
			  (run->events[i].withheld ? KIND_WITHHELD : 0));
}

static void shape_encode(struct wr *w, const struct parts *p)
{
	wr_bytes(w, p->head);
	for (size_t i = 0; i < p->n; i++)
		wr_bytes(w, p->key[i]);
}

/* The events of one kind. */
static void payloads_encode(struct wr *w, const struct flat *f, size_t from,
			    size_t to)
{
	struct parts p;

	for (size_t i = from; i < to; i++) {
		parts_split(&p, f->events[f->order[i] & 0xffff]);
		shape_encode(w, &p);
	}
	for (size_t j = 0; j < COLUMNS_VALUES_MAX; j++)
		for (size_t i = from; i < to; i++) {
			parts_split(&p, f->events[f->order[i] & 0xffff]);
			if (j < p.n)
				wr_bytes(w, p.value[j]);
		}
}

int columns_encode(struct wr *w, const struct run *runs, size_t n_runs)
{
	struct flat f;
	int rc = runs_flatten(&f, runs, n_runs);

	if (rc)
		return rc;
	for (size_t i = 0; i < n_runs; i++)
		kinds_encode(w, &runs[i]);
	for (size_t i = 0, end; i < f.n; i = end) {
		end = order_same(f.order, f.n, i);
		payloads_encode(w, &f, i, end);
	}
	return w->full ? -ENOSPC : 0;
}

/* ---- decoding ---- */

/* The flag `told` waits in the counter for the column of times. */
static enum run_error kinds_decode(struct run_body *out, struct rd *r)
{
	for (size_t i = 0; i < out->n_events; i++) {
		struct event *e = &out->events[i];
		uint64_t v = rd_leb(r);

		if (r->bad || v >> 2 > KIND_MAX)
			return RUN_COLUMNS;
		e->author = SPAN(NULL, 0);
		e->kind = (uint16_t)(v >> 2);
		e->withheld = v & KIND_WITHHELD;
		e->hlc.counter = v & KIND_TOLD;
		out->order[i] = (uint32_t)(e->kind << 16 | i);
	}
	order_sort(out->order, out->n_events);
	return RUN_OK;
}

/* A shape, kept as the event's payload until its values are found. */
static enum run_error shape_decode(struct event *e, struct rd *r)
{
	const uint8_t *from = r->p;
	struct span item;
	size_t n;

	if (e->withheld) {
		e->payload = rd_bytes(r, HASH_SIZE);
		return r->bad ? RUN_COLUMNS : RUN_OK;
	}
	n = rd_left(r) ? members(*from) : 0;
	if (n)
		rd_u8(r);
	for (size_t i = 0; i < (n ? n : 1); i++)
		if (!item_take(r, &item))
			return RUN_PAYLOAD;
	e->payload = SPAN(from, r->p - from);
	return RUN_OK;
}

static size_t shape_members(const struct event *e)
{
	return e->withheld ? 0 : members(e->payload.p[0]);
}

/* The reader of each column of values, set to where it begins. */
static enum run_error values_find(struct run_body *out, size_t from, size_t to,
				  struct rd *r, struct rd *column)
{
	struct span value;

	for (size_t j = 0; j < COLUMNS_VALUES_MAX; j++) {
		column[j] = *r;
		for (size_t i = from; i < to; i++)
			if (j < shape_members(&out->events[out->order[i] &
							   0xffff]) &&
			    !item_take(r, &value))
				return RUN_PAYLOAD;
	}
	return RUN_OK;
}

/* Key by key and value by value into one piece again. */
static enum run_error payload_join(struct event *e, struct rd *column,
				   struct wr *w)
{
	struct rd shape = rd_init(e->payload);
	uint8_t *at = w->p + w->len;
	size_t n = shape_members(e);
	struct span item;

	if (!n)
		return RUN_OK;
	wr_bytes(w, rd_bytes(&shape, 1));
	for (size_t j = 0; j < n; j++) {
		item_take(&shape, &item);
		wr_bytes(w, item);
		item_take(&column[j], &item);
		wr_bytes(w, item);
	}
	e->payload = SPAN(at, w->p + w->len - at);
	return payload_item(e->payload) == (int)e->payload.n ? RUN_OK :
							       RUN_PAYLOAD;
}

static enum run_error payloads_decode(struct run_body *out, size_t from,
				      size_t to, struct rd *r, struct wr *w)
{
	struct rd column[COLUMNS_VALUES_MAX];
	enum run_error e = RUN_OK;

	for (size_t i = from; i < to && !e; i++)
		e = shape_decode(&out->events[out->order[i] & 0xffff], r);
	if (!e)
		e = values_find(out, from, to, r, column);
	for (size_t i = from; i < to && !e; i++)
		e = payload_join(&out->events[out->order[i] & 0xffff], column,
				 w);
	return e;
}

enum run_error columns_decode(struct run_body *out, struct span columns)
{
	struct rd r = rd_init(columns);
	struct wr w = wr_init(out->payloads, sizeof(out->payloads));
	enum run_error e = kinds_decode(out, &r);

	for (size_t i = 0, end; i < out->n_events && !e; i = end) {
		end = order_same(out->order, out->n_events, i);
		e = payloads_decode(out, i, end, &r, &w);
	}
	if (e)
		return e;
	return rd_left(&r) ? RUN_TRAILING : RUN_OK;
}

/* ---- times ---- */

#define ORDER_MAX 31
#define ZEROS_MAX 40

struct bits {		/* a byte being filled or emptied */
	unsigned n;
	uint8_t byte;
};

static void bits_put(struct wr *w, struct bits *b, uint64_t v, unsigned n)
{
	while (n--) {
		b->byte = (uint8_t)(b->byte << 1 | (v >> n & 1));
		if (++b->n < 8)
			continue;
		wr_u8(w, b->byte);
		b->n = 0;
	}
}

static unsigned bits_get(struct rd *r, struct bits *b)
{
	if (!b->n) {
		b->byte = rd_u8(r);
		b->n = 8;
	}
	return b->byte >> --b->n & 1;
}

static unsigned golomb_length(uint64_t x)
{
	return 64 - (unsigned)__builtin_clzll(x);
}

static void golomb_put(struct wr *w, struct bits *b, unsigned order,
		       uint64_t v)
{
	uint64_t x = v + (1ULL << order);
	unsigned len = golomb_length(x);

	bits_put(w, b, 0, len - order - 1);
	bits_put(w, b, x, len);
}

/* UINT64_MAX if there is none. */
static uint64_t golomb_get(struct rd *r, struct bits *b, unsigned order)
{
	unsigned zeros = 0, len;
	uint64_t x = 1;

	while (!r->bad && zeros <= ZEROS_MAX && !bits_get(r, b))
		zeros++;
	if (r->bad || zeros > ZEROS_MAX)
		return UINT64_MAX;
	for (len = zeros + order; len; len--)
		x = x << 1 | bits_get(r, b);
	return r->bad ? UINT64_MAX : x - (1ULL << order);
}

/* Calls put for every number of the times, or adds up their bits. */
static uint64_t times_walk(struct wr *w, const struct run *runs, size_t n_runs,
			   unsigned order, struct bits *b)
{
	uint64_t bits = 0;

	for (const struct run *run = runs; run < runs + n_runs; run++)
		for (unsigned i = 0; i < run->n; i++) {
			const struct event *e = &run->events[i];
			uint64_t v[2];
			unsigned n = 0;

			if (i)
				v[n++] = event_seconds(e) -
					event_seconds(e - 1);
			if (counter_told(run, i))
				v[n++] = e->hlc.counter;
			for (unsigned j = 0; j < n; j++) {
				bits += 2 * golomb_length(v[j] +
					(1ULL << order)) - order - 1;
				if (w)
					golomb_put(w, b, order, v[j]);
			}
		}
	return bits;
}

void times_encode(struct wr *w, const struct run *runs, size_t n_runs)
{
	uint64_t least = UINT64_MAX;
	struct bits b = { 0 };
	unsigned best = 0;

	for (unsigned order = 0; order <= ORDER_MAX; order++) {
		uint64_t bits = times_walk(NULL, runs, n_runs, order, NULL);

		if (bits < least) {
			least = bits;
			best = order;
		}
	}
	wr_u8(w, (uint8_t)best);
	times_walk(w, runs, n_runs, best, &b);
	if (b.n)
		bits_put(w, &b, 0, 8 - b.n);
}

static enum run_error time_decode(struct event *e, const struct event *prev,
				  unsigned order, struct rd *r, struct bits *b)
{
	uint64_t dt = prev ? golomb_get(r, b, order) : 0;
	uint64_t counter = e->hlc.counter ? golomb_get(r, b, order) :
					    counter_expected(prev, dt);

	if (r->bad)
		return RUN_SHORT;
	if (counter > HLC_COUNTER_MAX || dt > RUN_SECONDS_MAX)
		return RUN_STAMP;
	e->hlc.counter = (uint32_t)counter;
	if (prev)
		e->hlc.wall_ms = prev->hlc.wall_ms + dt * 1000;
	return e->hlc.wall_ms > HLC_WALL_MAX ? RUN_STAMP : RUN_OK;
}

enum run_error times_decode(struct run_body *out, struct rd *r)
{
	unsigned order = rd_u8(r);
	struct event *e = out->events;
	enum run_error err = RUN_OK;
	struct bits b = { 0 };

	if (r->bad || order > ORDER_MAX)
		return r->bad ? RUN_SHORT : RUN_COLUMNS;
	for (size_t i = 0; i < out->n_runs; i++)
		for (unsigned j = 0; j < out->runs[i].n && !err; j++, e++) {
			e->seq = out->runs[i].seq + j;
			err = time_decode(e, j ? e - 1 : NULL, order, r, &b);
		}
	return err || !(b.byte & ((1U << b.n) - 1)) ? err : RUN_TRAILING;
}
