/* SPDX-License-Identifier: MIT
 *
 * Bursts that wait for the disk: see outbox.h.
 */
#include "daemon/outbox.h"

struct head {
	uint64_t need;
	uint32_t size;		/* of the whole entry */
	uint16_t port, n;
};

void outbox_put(struct outbox *o, uint64_t need, int port,
		const struct span *frames, size_t n)
{
	struct head h = { need, sizeof(h), (uint16_t)port, (uint16_t)n };

	for (size_t i = 0; i < n; i++)
		h.size += (uint32_t)(sizeof(uint32_t) + frames[i].n);
	if (o->b.len + h.size > OUTBOX_BYTES_MAX || n > NODE_BURST_MAX) {
		o->dropped++;
		return;
	}
	buf_add(&o->b, SPAN(&h, sizeof(h)));
	for (size_t i = 0; i < n; i++) {
		uint32_t len = (uint32_t)frames[i].n;

		buf_add(&o->b, SPAN(&len, sizeof(len)));
		buf_add(&o->b, frames[i]);
	}
}

static struct head outbox_head(const struct outbox *o)
{
	struct head h;

	memcpy(&h, o->b.p, sizeof(h));
	return h;
}

bool outbox_first(struct outbox *o, uint64_t durable, struct outbox_burst *b)
{
	const uint8_t *at = o->b.p + sizeof(struct head);
	struct head h;

	if (outbox_empty(o))
		return false;
	h = outbox_head(o);
	if (h.need > durable)
		return false;
	for (size_t i = 0; i < h.n; i++) {
		uint32_t len;

		memcpy(&len, at, sizeof(len));
		o->frames[i] = SPAN(at + sizeof(len), len);
		at += sizeof(len) + len;
	}
	*b = (struct outbox_burst){ h.port, o->frames, h.n };
	return true;
}

void outbox_drop(struct outbox *o)
{
	buf_consume(&o->b, outbox_head(o).size);
}

/* Its bursts stay, empty: they are first in, first out. */
void outbox_forget(struct outbox *o, int port)
{
	struct head h;

	for (size_t at = 0; at < o->b.len; at += h.size) {
		memcpy(&h, o->b.p + at, sizeof(h));
		if (h.port == port)
			h.n = 0;
		memcpy(o->b.p + at, &h, sizeof(h));
	}
}

void outbox_clear(struct outbox *o)
{
	o->b.len = 0;
}
