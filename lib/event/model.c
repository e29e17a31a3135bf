/* SPDX-License-Identifier: MIT
 *
 * The model and its coder (model.h). Text goes through bit by bit, the highest
 * of a byte first: model_predict() gives the probability of a one,
 * model_update() tells what came.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "lib/event/dictionary.h"
#include "lib/event/model.h"

#define TABLE_BITS 18
#define SLOTS (1U << TABLE_BITS)
#define ORDERS 4		/* contexts 0..3: the last 1..4 bytes */
#define CONTEXTS 7
#define INPUTS (CONTEXTS + 1)	/* and a constant */
#define SETS (3 * (ORDERS + 1))	/* of weights */
#define WEIGHT_FIRST 19661	/* 0.3, of 2^16 */
#define RATE 14
#define SEEN_MAX 30
#define P_MIN 32
#define ABOVE_MAX 64		/* bytes of an item that the next one sees */

struct item {		/* of CBOR, as far as a model needs it */
	uint8_t byte[ABOVE_MAX];
	unsigned n;		/* bytes so far, the head is one */
};

struct model {
	uint32_t *slots;
	int32_t weight[SETS][INPUTS];

	/* the bytes before */
	uint32_t last;		/* four of them */
	uint32_t word;		/* hash of the letters since the last other */
	struct item item, above;
	uint8_t head, head_before;
	unsigned left;		/* bytes that the item still has */
	bool length_next;	/* the next byte tells left */

	/* the bit to come */
	uint32_t node;		/* 1, then the byte's bits so far */
	uint32_t context[CONTEXTS];
	uint32_t *slot[CONTEXTS];
	uint32_t check[CONTEXTS];
	int32_t input[INPUTS];
	int32_t *weights;	/* the set in use */
	int p;			/* of a one, 1..4095 */
};

/* ---- the logistic function and its inverse, of 12 bits ---- */

static int16_t stretch[4096];
static int32_t share[SEEN_MAX + 1];	/* of 2^16 that the n-th bit moves p */

/* 4096 / (1 + e^(-d / 256)). */
static int squash(int64_t d)
{
	static const int16_t at[] = { /* every 128 from -2048 */
		1, 2, 4, 6, 10, 17, 27, 45, 74, 120, 194, 311, 488, 747, 1102,
		1546, 2048, 2550, 2994, 3349, 3608, 3785, 3902, 3976, 4022,
		4051, 4069, 4079, 4086, 4090, 4092, 4094, 4095,
	};
	unsigned x, i;

	if (d < -2047 || d > 2047)
		return d < 0 ? 1 : 4095;
	x = (unsigned)(d + 2048);
	i = x >> 7;
	return (at[i] * (int)(128 - (x & 127)) + at[i + 1] * (int)(x & 127) +
		64) >> 7;
}

/* stretch[p]: the least d of which squash(d) >= p. */
static void tables_fill(void)
{
	int d = -2047;

	for (int n = 0; n <= SEEN_MAX; n++)
		share[n] = 131072 / (2 * n + 3);
	for (int p = 0; p < 4096; p++) {
		while (d < 2047 && squash(d) < p)
			d++;
		stretch[p] = (int16_t)d;
	}
}

/* ---- contexts ---- */

static uint32_t hash(uint32_t a, uint32_t b)
{
	uint32_t h = a * 0x9e3779b1U ^ b * 0x85ebca6bU;

	h = (h ^ h >> 15) * 0x2c1b3c6dU;
	return h ^ h >> 13;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static void contexts_set(struct model *m)
{
	uint32_t last = m->last & 0xff, at = m->left ? m->item.n : 0;
	uint32_t above = at < least(m->above.n, ABOVE_MAX) ?
		m->above.byte[at] : 0;

	for (unsigned i = 0; i < ORDERS; i++)
		m->context[i] = hash(m->last & 0xffffffffU >> (24 - 8 * i), i);
	m->context[4] = hash(m->word, 4 | last << 8);
	m->context[5] = hash(m->head | (uint32_t)m->head_before << 8 |
			     least(at, 15) << 16, 5);
	m->context[6] = hash(above | last << 8 | (at ? 0 : 1U << 16), 6);
}

/* The head of an item: how many bytes follow. */
static void item_begin(struct model *m, uint8_t head)
{
	unsigned major = head >> 5, info = head & 31;

	m->above = m->item;
	m->item.n = 0;
	m->head_before = m->head;
	m->head = head;
	m->left = info >= 24 && info <= 27 ? 1U << (info - 24) : 0;
	m->length_next = false;
	if (major != 2 && major != 3)
		return;
	if (info < 24)
		m->left = info;
	m->length_next = info == 24;
}

static bool letter(uint8_t c)
{
	return (c | 32) >= 'a' && (c | 32) <= 'z';
}

static void byte_end(struct model *m, uint8_t c)
{
	if (!m->left) {
		item_begin(m, c);
	} else if (m->length_next) {
		m->left = c;
		m->length_next = false;
	} else {
		m->left--;
	}
	if (m->item.n < ABOVE_MAX)
		m->item.byte[m->item.n] = c;
	m->item.n++;
	m->last = m->last << 8 | c;
	m->word = letter(c) ? (m->word + c + 1) * 0x2f0b4c47U : 0;
	m->node = 1;
	contexts_set(m);
}

/* ---- slots: two neighbours may hold a context's bit ---- */

static unsigned seen(uint32_t slot)
{
	return slot >> 10 & 63;
}

/* That of this check, or the one that has been seen less. */
static uint32_t *slot_find(uint32_t *slots, uint32_t h)
{
	uint32_t *a = &slots[h >> (32 - TABLE_BITS)];
	uint32_t *b = &slots[(h >> (32 - TABLE_BITS)) ^ 1];
	uint32_t check = h & 1023;

	if (seen(*a) && (*a & 1023) == check)
		return a;
	if (seen(*b) && (*b & 1023) == check)
		return b;
	return seen(*b) < seen(*a) ? b : a;
}

static void slot_learn(uint32_t *slot, uint32_t check, unsigned bit)
{
	bool mine = seen(*slot) && (*slot & 1023) == check;
	int n = mine ? (int)seen(*slot) : 0;
	int p = mine ? (int)(*slot >> 16) : 32768;

	p += ((bit ? 65535 : 0) - p) * share[n] >> 16;
	if (p < P_MIN)
		p = P_MIN;
	if (p > 65535 - P_MIN)
		p = 65535 - P_MIN;
	if (n < SEEN_MAX)
		n++;
	*slot = (uint32_t)p << 16 | (uint32_t)n << 10 | check;
}

/* ---- the model ---- */

static int model_predict(struct model *m)
{
	unsigned order = 0, at = m->left ? m->item.n : 0;
	int64_t sum = 0;

	for (unsigned i = 0; i < CONTEXTS; i++) {
		uint32_t h = hash(m->context[i] + m->node * 0x9e3779b1U, i);
		uint32_t slot = *(m->slot[i] = slot_find(m->slots, h));

		m->check[i] = h & 1023;
		m->input[i] = 0;
		if (!seen(slot) || (slot & 1023) != m->check[i])
			continue;
		m->input[i] = stretch[slot >> 20];
		if (i < ORDERS)
			order = i + 1;
	}
	m->input[CONTEXTS] = 256;
	m->weights = m->weight[order + (ORDERS + 1) *
			       (!at ? 0 : at <= 3 ? 1 : 2)];
	for (unsigned i = 0; i < INPUTS; i++)
		sum += (int64_t)m->input[i] * m->weights[i];
	return m->p = squash(sum >> 16);
}

static void model_update(struct model *m, unsigned bit)
{
	int err = (int)(bit << 12) - m->p;

	for (unsigned i = 0; i < INPUTS; i++)
		m->weights[i] += (m->input[i] * err * RATE + 32768) >> 16;
	for (unsigned i = 0; i < CONTEXTS; i++)
		slot_learn(m->slot[i], m->check[i], bit);
	m->node = m->node << 1 | bit;
	if (m->node > 255)
		byte_end(m, (uint8_t)m->node);
}

static void model_read(struct model *m, struct span text)
{
	for (size_t i = 0; i < text.n; i++)
		for (int b = 7; b >= 0; b--) {
			model_predict(m);
			model_update(m, text.p[i] >> b & 1);
		}
}

static void model_prime(struct model *m)
{
	tables_fill();
	for (unsigned i = 0; i < SETS; i++)
		for (unsigned j = 0; j < INPUTS; j++)
			m->weight[i][j] = WEIGHT_FIRST;
	m->node = 1;
	contexts_set(m);
	model_read(m, run_dictionary());
	/* what follows does not follow the dictionary */
	m->last = m->word = m->left = 0;
	m->head = m->head_before = 0;
	m->item.n = m->above.n = 0;
	m->length_next = false;
	contexts_set(m);
}

/* One that has read the dictionary and nothing else; NULL: no memory. */
static struct model *model_fresh(void)
{
	static struct model primed, m;

	if (!primed.slots) {
		primed.slots = calloc(2, SLOTS * sizeof(*primed.slots));
		if (!primed.slots)
			return NULL;
		model_prime(&primed);
	}
	m = primed;
	m.slots = memcpy(primed.slots + SLOTS, primed.slots,
			 SLOTS * sizeof(*m.slots));
	return &m;
}

/* ---- the arithmetic coder: low..high is what the bits so far leave ---- */

struct range {
	uint32_t low, high;
};

/* The last number of a one's share. */
static uint32_t range_split(const struct range *r, int p)
{
	return r->low + (uint32_t)((uint64_t)(r->high - r->low) *
				   (unsigned)p >> 12);
}

static void range_take(struct range *r, uint32_t split, unsigned bit)
{
	if (bit)
		r->high = split;
	else
		r->low = split + 1;
}

/* Their first bytes are equal, and so told. */
static bool range_told(const struct range *r)
{
	return (r->low ^ r->high) >> 24 == 0;
}

static void range_shift(struct range *r)
{
	r->low <<= 8;
	r->high = r->high << 8 | 255;
}

/* What ends the code: the least number of a byte and zeros within. */
static uint8_t range_end(const struct range *r)
{
	return (uint8_t)((r->low >> 24) + 1);
}

int model_encode(uint8_t *dst, size_t cap, struct span text)
{
	struct wr w = wr_init(dst, cap);
	struct range r = { 0, UINT32_MAX };
	struct model *m = model_fresh();

	if (!m)
		return -ENOMEM;
	for (size_t i = 0; i < text.n && !w.full; i++)
		for (int b = 7; b >= 0; b--) {
			unsigned bit = text.p[i] >> b & 1;

			range_take(&r, range_split(&r, model_predict(m)), bit);
			model_update(m, bit);
			for (; range_told(&r); range_shift(&r))
				wr_u8(&w, (uint8_t)(r.low >> 24));
		}
	wr_u8(&w, range_end(&r));
	return w.full ? -ENOSPC : (int)w.len;
}

struct code {		/* four bytes of z; zeros stand behind its end */
	struct span z;
	size_t taken;
	uint32_t value;
};

static void code_shift(struct code *c)
{
	uint8_t byte = c->taken < c->z.n ? c->z.p[c->taken] : 0;

	c->value = c->value << 8 | byte;
	c->taken++;
}

static uint8_t byte_decode(struct model *m, struct range *r, struct code *c)
{
	for (int b = 0; b < 8; b++) {
		uint32_t split = range_split(r, model_predict(m));
		unsigned bit = c->value <= split;

		range_take(r, split, bit);
		model_update(m, bit);
		for (; range_told(r); range_shift(r))
			code_shift(c);
	}
	return (uint8_t)m->last;
}

int model_decode(uint8_t *dst, size_t n, struct span z)
{
	struct range r = { 0, UINT32_MAX };
	struct code c = { .z = z };
	struct model *m;

	if (n > MODEL_TEXT_MAX(z.n))
		return -E2BIG;
	m = model_fresh();
	if (!m)
		return -ENOMEM;
	while (c.taken < sizeof(c.value))
		code_shift(&c);
	for (size_t i = 0; i < n; i++)
		dst[i] = byte_decode(m, &r, &c);
	return c.taken - sizeof(c.value) + 1 == z.n &&
	       c.value == (uint32_t)range_end(&r) << 24 ? 0 : -EBADMSG;
}
