/* SPDX-License-Identifier: MIT
 *
 * Cutting a body into pieces and putting it together again. The sizes of a
 * stranger's frames are checked by the message codec and, against each other,
 * here; nothing is allocated.
 */
#include <errno.h>
#include "lib/sync/generation.h"
#include "lib/sync/parity.h"

_Static_assert(GENERATION_K_MAX == PARITY_K_MAX, "k");
_Static_assert(GENERATION_INDEX_MAX == PARITY_INDEX_MAX, "index");

static size_t divide_up(size_t n, size_t by)
{
	return (n + by - 1) / by;
}

size_t generation_pieces(size_t body_len, size_t piece_max)
{
	return divide_up(GENERATION_ROOT_SIZE + body_len, piece_max);
}

int generation_init(struct generation *g, uint8_t number, struct span body,
		    uint64_t root48, size_t piece_max)
{
	size_t len = GENERATION_ROOT_SIZE + body.n, k;

	if (body.n == 0 || piece_max < 1 || piece_max > GENERATION_PIECE_MAX)
		return -EINVAL;
	if (body.n > GENERATION_BODY_MAX)
		return -EMSGSIZE;
	k = generation_pieces(body.n, piece_max);
	if (k > GENERATION_K_MAX)
		return -EMSGSIZE;
	g->number = number;
	g->k = (uint8_t)k;
	g->piece_len = (uint16_t)divide_up(len, k);
	be_put(g->body, GENERATION_ROOT_SIZE, root48);
	memcpy(g->body + GENERATION_ROOT_SIZE, body.p, body.n);
	memset(g->body + len, 0, k * g->piece_len - len);
	return 0;
}

void generation_piece(const struct generation *g, unsigned index, uint8_t *dst)
{
	const uint8_t *pieces[GENERATION_K_MAX];

	if (index < g->k) {
		memcpy(dst, g->body + index * g->piece_len, g->piece_len);
		return;
	}
	for (unsigned i = 0; i < g->k; i++)
		pieces[i] = g->body + i * g->piece_len;
	parity_make(dst, g->piece_len, g->k, index, pieces);
}

void generation_rx_init(struct generation_rx *r, const struct sync_events *e)
{
	r->number = e->generation;
	r->k = e->k;
	r->piece_len = (uint16_t)e->piece.n;
	r->have = 0;
	r->n = 0;
}

static bool generation_rx_fits(const struct generation_rx *r,
			       const struct sync_events *e)
{
	return e->generation == r->number && e->k == r->k &&
	       e->k >= 1 && e->k <= GENERATION_K_MAX &&
	       e->index <= GENERATION_INDEX_MAX &&
	       e->piece.n == r->piece_len && e->piece.n >= 1 &&
	       e->piece.n <= GENERATION_PIECE_MAX;
}

int generation_rx_add(struct generation_rx *r, const struct sync_events *e)
{
	if (!generation_rx_fits(r, e))
		return -EINVAL;
	if (r->have >> e->index & 1)
		return 0;
	r->have |= 1ULL << e->index;
	if (generation_rx_complete(r))
		return 0;
	r->index[r->n] = e->index;
	memcpy(r->piece[r->n++], e->piece.p, e->piece.n);
	return 1;
}

bool generation_rx_front(const struct generation_rx *r, uint64_t *root48,
			 struct span *front)
{
	for (unsigned i = 0; i < r->n; i++) {
		if (r->index[i] != 0)
			continue;
		if (r->piece_len < GENERATION_ROOT_SIZE)
			return false;
		*root48 = be_get(r->piece[i], GENERATION_ROOT_SIZE);
		*front = SPAN(r->piece[i] + GENERATION_ROOT_SIZE,
			      r->piece_len - GENERATION_ROOT_SIZE);
		return true;
	}
	return false;
}

int generation_rx_body(const struct generation_rx *r, uint8_t *dst,
		       size_t *len, uint64_t *root48)
{
	const uint8_t *pieces[GENERATION_K_MAX];
	size_t total = (size_t)r->k * r->piece_len;

	if (!generation_rx_complete(r) || total < GENERATION_ROOT_SIZE)
		return -EINVAL;
	for (unsigned i = 0; i < r->k; i++)
		pieces[i] = r->piece[i];
	if (parity_rebuild(dst, r->piece_len, r->k, r->index, pieces))
		return -EINVAL;
	*root48 = be_get(dst, GENERATION_ROOT_SIZE);
	*len = total - GENERATION_ROOT_SIZE;
	memmove(dst, dst + GENERATION_ROOT_SIZE, *len);
	return 0;
}
