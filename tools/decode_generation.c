/* SPDX-License-Identifier: MIT
 *
 * Generations out of the frames that pass: any k frames of one make it whole
 * (lib/sync/generation.h). The last SENDERS_MAX senders are followed, each
 * with the generation it is sending.
 */
#include <stdio.h>
#include <stdlib.h>
#include "lib/sync/generation.h"
#include "tools/decode.h"

#define SENDERS_MAX 16

struct sender {
	char name[AX25_CALL_TEXT];	/* "" = free */
	bool done;
	uint64_t heard;
	struct generation_rx rx;
};

struct decode_generations {
	uint64_t heard;
	struct sender senders[SENDERS_MAX];
	uint8_t bytes[GENERATION_BODY_MAX];
	struct run_body body;
};

struct decode_generations *decode_generations_new(void)
{
	struct decode_generations *g = calloc(1, sizeof(*g));

	if (!g)
		abort();
	return g;
}

void decode_generations_free(struct decode_generations *g)
{
	free(g);
}

/* By call sign, or by alias where the link has none. */
static void sender_name(char name[AX25_CALL_TEXT], const struct decoded *d)
{
	if (d->has_sender)
		snprintf(name, AX25_CALL_TEXT, "%08x", d->sender);
	else
		ax25_address_format(name, &d->ax25.source);
}

static struct sender *sender_find(struct decode_generations *g,
				  const char *name)
{
	struct sender *s, *oldest = g->senders;

	for (s = g->senders; s < g->senders + SENDERS_MAX; s++) {
		if (strcmp(s->name, name) == 0)
			return s;
		if (s->heard < oldest->heard)
			oldest = s;
	}
	memset(oldest, 0, sizeof(*oldest));
	snprintf(oldest->name, sizeof(oldest->name), "%s", name);
	return oldest;
}

static bool body_take(struct decode_generations *g, struct sender *s,
		      uint64_t *root48)
{
	size_t len;

	s->done = true;
	return generation_rx_body(&s->rx, g->bytes, &len, root48) == 0 &&
	       run_body_decode(&g->body, SPAN(g->bytes, len)) == RUN_OK;
}

void decode_generations_add(struct decode_generations *g, struct decoded *d)
{
	const struct sync_events *e = &d->cairn.events;
	char name[AX25_CALL_TEXT];
	struct sender *s;

	if (!d->has_cairn || d->cairn.type != SYNC_EVENTS || e->bulk)
		return;
	sender_name(name, d);
	s = sender_find(g, name);
	s->heard = ++g->heard;
	if (generation_rx_add(&s->rx, e) < 0) {
		generation_rx_init(&s->rx, e);
		s->done = false;
		generation_rx_add(&s->rx, e);
	}
	if (s->done || !generation_rx_complete(&s->rx))
		return;
	if (body_take(g, s, &d->root48)) {
		d->has_generation = true;
		d->body = &g->body;
	} else {
		decode_fail(d, e->piece, "cairn", "bad generation");
	}
}

const struct run_body *decode_heads(const struct sync_events *e,
				    uint64_t *root48)
{
	static struct run_body body;
	struct rd r = rd_init(e->piece);
	enum run_error err;

	if (e->index != 0 || e->bulk)
		return NULL;
	*root48 = rd_be(&r, GENERATION_ROOT_SIZE);
	err = run_heads_decode(&body, rd_rest(&r));
	return err == RUN_OK || err == RUN_SHORT ? &body : NULL;
}
