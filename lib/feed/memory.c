/* SPDX-License-Identifier: MIT
 *
 * Arrays by slot. Payloads are copied once and kept to the end, displaced
 * ones too: spans that were handed out stay good.
 */
#include <errno.h>
#include <stdlib.h>
#include "lib/event/record.h"
#include "lib/feed/memory.h"

#define GAP_MAX 4096

struct chain {
	struct event *events;	/* events[i] is seq i + 1; of seq 0: a gap */
	size_t n_events, cap_events;
	struct feed_seal *seals; /* by seq */
	size_t n_seals, cap_seals;
};

struct blob {
	struct blob *next;
	uint8_t bytes[];
};

struct memory {
	struct chain *chains;
	size_t n_chains;
	struct blob *blobs;
};

struct memory *memory_new(void)
{
	return calloc(1, sizeof(struct memory));
}

void memory_free(struct memory *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->n_chains; i++) {
		free(m->chains[i].events);
		free(m->chains[i].seals);
	}
	while (m->blobs) {
		struct blob *b = m->blobs;

		m->blobs = b->next;
		free(b);
	}
	free(m->chains);
	free(m);
}

static struct chain *chain_of(struct memory *m, uint32_t slot)
{
	size_t n = (size_t)slot + 1;

	if (n > m->n_chains) {
		m->chains = reallocarray(m->chains, n, sizeof(*m->chains));
		if (!m->chains)
			abort();
		memset(m->chains + m->n_chains, 0,
		       (n - m->n_chains) * sizeof(*m->chains));
		m->n_chains = n;
	}
	return &m->chains[slot];
}

static struct span keep(struct memory *m, struct span s)
{
	struct blob *b = malloc(sizeof(*b) + s.n);

	if (!b)
		abort();
	b->next = m->blobs;
	m->blobs = b;
	if (s.n)
		memcpy(b->bytes, s.p, s.n);
	return SPAN(b->bytes, s.n);
}

static void cut(struct chain *c, uint64_t from)
{
	if (c->n_events >= from)
		c->n_events = from - 1;
	while (c->n_seals && c->seals[c->n_seals - 1].seq >= from)
		c->n_seals--;
}

static void add_event(struct memory *m, struct chain *c, const struct event *e)
{
	struct event *copy;

	if (e->seq > c->n_events + GAP_MAX || e->seq == 0)
		return;
	while (e->seq > c->n_events) {
		c->events = array_room(c->events, c->n_events, &c->cap_events,
				       sizeof(*c->events));
		c->events[c->n_events++].seq = 0;
	}
	copy = &c->events[e->seq - 1];
	*copy = *e;
	copy->author = keep(m, e->author);
	copy->payload = keep(m, e->payload);
}

/* In order, mostly at the end. */
static void add_seal(struct chain *c, const struct feed_seal *seal)
{
	size_t i = c->n_seals;

	while (i && c->seals[i - 1].seq > seal->seq)
		i--;
	if (i && c->seals[i - 1].seq == seal->seq) {
		c->seals[i - 1] = *seal;
		return;
	}
	c->seals = array_room(c->seals, c->n_seals, &c->cap_seals,
			      sizeof(*c->seals));
	memmove(c->seals + i + 1, c->seals + i,
		(c->n_seals++ - i) * sizeof(*c->seals));
	c->seals[i] = *seal;
}

void memory_apply(struct memory *m, const struct feed_change *change)
{
	struct chain *c = chain_of(m, change->slot);

	if (change->displaced_from)
		cut(c, change->displaced_from);
	for (size_t i = 0; i < change->n_events; i++)
		add_event(m, c, &change->events[i]);
	for (size_t i = 0; i < change->n_seals; i++)
		add_seal(c, &change->seals[i]);
}

static int record_displaced(struct feed_change *c, struct span record)
{
	struct rd r = rd_init(record);

	c->displaced_from = rd_le(&r, 8);
	c->displaced_to = rd_le(&r, 8);
	return r.bad || !c->displaced_from ? -EINVAL : 0;
}

int memory_record(struct memory *m, uint16_t type, uint32_t slot,
		  struct span record)
{
	struct feed_change c = { .slot = slot };
	struct feed_seal seal;
	struct event e = { 0 };
	int err = 0;

	if (type == RECORD_EVENT) {
		err = record_event_decode(record, &e);
		c.events = &e;
		c.n_events = 1;
	} else if (type == RECORD_SEAL) {
		err = record_seal_decode(record, &seal.seq, seal.id,
					 seal.seal);
		c.seals = &seal;
		c.n_seals = 1;
	} else if (type == RECORD_DISPLACED) {
		err = record_displaced(&c, record);
	}
	if (!err)
		memory_apply(m, &c);
	return err;
}

static int memory_event(void *ctx, uint32_t slot, uint64_t seq,
			struct event *e)
{
	const struct memory *m = ctx;

	if (slot >= m->n_chains || seq == 0 ||
	    seq > m->chains[slot].n_events ||
	    !m->chains[slot].events[seq - 1].seq)
		return -ENOENT;
	*e = m->chains[slot].events[seq - 1];
	return 0;
}

static int memory_seal(void *ctx, uint32_t slot, uint64_t seq, uint64_t *at,
		       uint8_t seal[EVENT_SEAL_SIZE])
{
	const struct memory *m = ctx;
	const struct chain *c;
	size_t low = 0, high;

	if (slot >= m->n_chains)
		return -ENOENT;
	c = &m->chains[slot];
	for (high = c->n_seals; low < high;) {
		size_t mid = (low + high) / 2;

		if (c->seals[mid].seq < seq)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == c->n_seals)
		return -ENOENT;
	*at = c->seals[low].seq;
	memcpy(seal, c->seals[low].seal, EVENT_SEAL_SIZE);
	return 0;
}

struct store memory_store(struct memory *m)
{
	return (struct store){ m, memory_event, memory_seal };
}
