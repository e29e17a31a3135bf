/* SPDX-License-Identifier: MIT
 *
 * For the engine's tests: a peer that notes what a stream tells it.
 */
#pragma once
#include "lib/base/buf.h"
#include "tests/ring_variants.h"

struct peer {
	struct ring_stream *st;
	struct buf got;
	unsigned messages, closed, drained, calls_after_close;
	int error;
	bool close_in_data, gone;
};

static void on_data(void *ctx, struct span bytes)
{
	struct peer *p = ctx;

	p->calls_after_close += p->gone;
	p->messages++;
	buf_add(&p->got, bytes);
	if (p->close_in_data) {
		p->gone = true;
		ring_stream_close(p->st);
	}
}

static void on_closed(void *ctx, int error)
{
	struct peer *p = ctx;

	p->calls_after_close += p->gone;
	p->closed++;
	p->error = error;
}

static void on_drained(void *ctx)
{
	((struct peer *)ctx)->drained++;
}

static const struct ring_stream_ops ops = { on_data, on_closed, on_drained };

static inline void peer_open(struct peer *p, int fd, enum ring_class cls)
{
	*p = (struct peer){ 0 };
	p->st = ring_stream_new(ring, fd, cls, &ops, p);
	assert_non_null(p->st);
}

static inline void peer_close(struct peer *p)
{
	if (!p->gone)
		ring_stream_close(p->st);
	buf_fini(&p->got);
}

/* Turns until *what reaches n, at most about two seconds. */
static bool turn_until(const void *what, size_t size, uint64_t n)
{
	for (int i = 0; i < 2000; i++) {
		uint64_t v = size == 8 ? *(const uint64_t *)what :
			*(const unsigned *)what;

		if (v >= n)
			return true;
		ring_turn(ring, 1000);
	}
	return false;
}
#define UNTIL(field, n) assert_true(turn_until(&(field), sizeof(field), (n)))

static void settle(void)
{
	for (int i = 0; i < 5; i++)
		ring_turn(ring, 1000);
}
