/* SPDX-License-Identifier: MIT
 *
 * Contents of attachments: the table of those that are waited for, between the
 * ports, which ask and answer (lib/sync/sched_bulk.c), and the host, which has
 * the files and decides what is waited for. A content is never an input of the
 * set or the view.
 */
#include <errno.h>
#include <stdio.h>
#include "lib/event/payload.h"
#include "lib/node/node_parts.h"

static int contents_piece(void *ctx, const uint8_t hash[BLOB_HASH],
			  uint32_t chunk, uint8_t *dst)
{
	const struct node *n = ctx;

	return n->c.contents.piece(n->c.contents.ctx, hash, chunk, dst);
}

static void contents_note(struct node *n, enum node_note note,
			  const uint8_t hash[BLOB_HASH], const char *what)
{
	char text[160], hex[2 * BLOB_HASH + 1];

	snprintf(text, sizeof(text), "content %.16s %s",
		 hex_encode(hex, SPAN(hash, BLOB_HASH)), what);
	node_queue_note(n, note, -1, text);
}

/* What the host cannot keep is not asked for again until it says so. */
static int contents_take(void *ctx, struct sync_fetch *f,
			 const struct blob_piece *p)
{
	struct node *n = ctx;
	int e = n->c.contents.keep(n->c.contents.ctx, f->hash, f->size, p);

	if (e) {
		contents_note(n, NOTE_CONTENT_LOST, f->hash,
			      "cannot be kept: no longer waited for");
		sync_fetch_drop(&n->fetches, f);
		return e;
	}
	sync_fetch_take(f, p->i);
	if (!sync_fetch_whole(f))
		return 0;
	contents_note(n, NOTE_CONTENT_WHOLE, f->hash, "is here");
	sync_fetch_drop(&n->fetches, f);
	n->c.contents.whole(n->c.contents.ctx, f->hash);
	return 0;
}

/* Half of what an hour allows is left for everything else. */
static uint64_t contents_clear_us(void *ctx, int port, uint64_t now_us)
{
	struct node *n = ctx;
	struct node_port *p = &n->ports[port];
	uint64_t all, answers;

	if (!node_port_may_send(p))
		return TIME_NEVER;
	if (p->c.profile == NODE_STREAM)
		return now_us;
	all = node_budget_half_us(&p->all, now_us);
	answers = node_budget_half_us(&p->answers, now_us);
	return all > answers ? all : answers;
}

void node_contents_init(struct node *n)
{
	if (!n->c.contents.piece)
		return;
	n->env.fetches = &n->fetches;
	n->env.piece = contents_piece;
	n->env.take = contents_take;
	n->env.bulk_clear_us = contents_clear_us;
}

/* An event that came in or was written: the host may want what it names. */
void node_contents_named(struct node *n, const struct event *e)
{
	struct payload_value hash, size;
	uint8_t bytes[BLOB_HASH];

	if (!n->c.contents.named || e->kind != KIND_ATTACHMENT_ADD ||
	    e->withheld || !payload_get(e->payload, KEY_BLOB_HASH, &hash) ||
	    hash.type != PAYLOAD_TEXT ||
	    !payload_get(e->payload, KEY_SIZE, &size) ||
	    size.type != PAYLOAD_UINT ||
	    hex_decode(bytes, sizeof(bytes), hash.str) != BLOB_HASH)
		return;
	n->c.contents.named(n->c.contents.ctx, bytes, size.num);
}

int node_fetch(struct node *n, const uint8_t hash[BLOB_HASH], uint64_t size,
	       const uint8_t *have, struct clock_now now)
{
	struct sync_fetch *f = sync_fetch_find(&n->fetches, hash);

	if (!n->env.fetches)
		return -ENOSYS;
	if (!f)
		f = sync_fetch_add(&n->fetches, hash, size);
	if (!f)
		return size && size <= BLOB_MAX ? -ENOSPC : -EINVAL;
	for (size_t i = 0; have && i < f->n_chunks; i++)
		if (have[i / 8] >> i % 8 & 1)
			sync_fetch_take(f, i);
	if (sync_fetch_whole(f)) {
		sync_fetch_drop(&n->fetches, f);
		return 1;
	}
	for (int i = 0; i < n->n_ports; i++)
		sync_bulk_fetch(n->ports[i].sync, f, now.mono_us);
	return 0;
}

int node_fetch_drop(struct node *n, const uint8_t hash[BLOB_HASH])
{
	struct sync_fetch *f = sync_fetch_find(&n->fetches, hash);

	if (!f)
		return -ENOENT;
	sync_fetch_drop(&n->fetches, f);
	return 0;
}

unsigned node_fetching(const struct node *n)
{
	return n->fetches.n;
}

void node_fetches_json(const struct node *n, struct json_out *o)
{
	json_out_array(o);
	for (unsigned i = 0; i < SYNC_FETCHES_MAX; i++) {
		const struct sync_fetch *f = &n->fetches.v[i];

		if (!f->used)
			continue;
		json_out_object(o);
		json_out_kv_hex(o, "blob_hash", SPAN(f->hash, BLOB_HASH));
		json_out_kv_uint(o, "size", f->size);
		json_out_kv_uint(o, "chunks", f->n_chunks);
		json_out_kv_uint(o, "chunks_here", f->n_have);
		json_out_end_object(o);
	}
	json_out_end_array(o);
}
