/* SPDX-License-Identifier: MIT
 *
 * Cairn's messages and Reticulum's packets as text for people: the part of a
 * line behind the AX.25 addresses.
 */
#include "lib/base/clock.h"
#include "lib/event/payload.h"
#include "tools/decode.h"

/* ---- Cairn ---- */

static void put_runs(struct buf *b, const struct run_body *body)
{
	for (size_t i = 0; i < body->n_runs; i++) {
		const struct run *run = &body->runs[i];

		buf_printf(b, "%s%08x/%llu", i ? ", " : " ", run->alias,
			   (unsigned long long)run->seq);
		if (run->n > 1)
			buf_printf(b, "-%llu", (unsigned long long)
				   (run->seq + run->n - 1));
		else if (run->n == 0)
			buf_printf(b, " fork proof");
	}
}

static void put_digest(struct buf *b, const struct sync_digest *m)
{
	buf_printf(b, "digest dataset %04x root %012llx events %llu authors "
		   "%llu", m->dataset_tag, (unsigned long long)m->root48,
		   (unsigned long long)m->events,
		   (unsigned long long)m->authors);
	if (m->c)
		buf_printf(b, " sketch %u", m->c);
	if (m->part_bits)
		buf_printf(b, " part %u/%u root %012llx", m->part,
			   1u << m->part_bits,
			   (unsigned long long)m->part_root48);
	buf_printf(b, "%s%s%s", m->want_bulk ? " want-bulk" : "",
		   m->has_proofs ? " fork-proofs" : "",
		   m->moved ? " moved" : "");
}

static void put_events(struct buf *b, const struct sync_events *m)
{
	const struct run_body *heads;
	uint64_t root48;

	buf_printf(b, "%s generation %u ", m->bulk ? "content" : "events",
		   m->generation);
	if (m->index < m->k)
		buf_printf(b, "piece %u of %u", m->index + 1, m->k);
	else
		buf_printf(b, "parity %u for %u", m->index - m->k + 1, m->k);
	if (m->parity_ahead)
		buf_printf(b, " +%u parity", m->parity_ahead);
	buf_printf(b, "%s%s, %zu bytes", m->more ? " more" : "",
		   m->end ? " end" : "", m->piece.n);
	heads = decode_heads(m, &root48);
	if (heads) {
		buf_printf(b, ", root %012llx:", (unsigned long long)root48);
		put_runs(b, heads);
	}
}

static void put_want(struct buf *b, const struct sync_want *m)
{
	char hex[17];

	buf_printf(b, "want to %04x nav %u.%u s", m->target, m->nav_ds / 10,
		   m->nav_ds % 10);
	if (m->form == SYNC_WANT_ROOT)
		buf_printf(b, " since root %012llx events %llu",
			   (unsigned long long)m->root48,
			   (unsigned long long)m->events);
	for (unsigned i = 0; m->form == SYNC_WANT_LIST && i < m->n; i++)
		buf_printf(b, "%s%08x>%llu", i ? ", " : " ", m->list[i].alias,
			   (unsigned long long)m->list[i].have);
	for (unsigned i = 0; m->form == SYNC_WANT_PARITY && i < m->n; i++)
		buf_printf(b, "%s parity %u for generation %u (loss %u %%)",
			   i ? "," : "", m->parity[i].needed,
			   m->parity[i].generation,
			   m->parity[i].loss * 100u / 256u);
	if (m->form == SYNC_WANT_BULK)
		buf_printf(b, " content %s chunk %u frames %u..%u",
			   hex_encode(hex, SPAN(m->bulk.hash, 8)),
			   m->bulk.chunk, m->bulk.index,
			   m->bulk.index + m->bulk.needed - 1);
}

static void put_offer(struct buf *b, const struct sync_offer *m)
{
	buf_printf(b, "offer to");
	for (unsigned i = 0; i < m->n; i++)
		buf_printf(b, "%s%04x", i ? "," : " ", m->target[i]);
	buf_printf(b, " root %012llx events %llu",
		   (unsigned long long)m->root48,
		   (unsigned long long)m->events);
	for (unsigned i = 0; i < m->hears_n; i++)
		buf_printf(b, "%s%04x", i ? " " : " hears ", m->hears[i]);
}

void decode_put_message(struct buf *b, const struct sync_message *m)
{
	buf_printf(b, "cairn ");
	switch (m->type) {
	case SYNC_DIGEST:
		put_digest(b, &m->digest);
		break;
	case SYNC_EVENTS:
		put_events(b, &m->events);
		break;
	case SYNC_WANT:
		put_want(b, &m->want);
		break;
	case SYNC_OFFER:
		put_offer(b, &m->offer);
		break;
	}
}

static void put_event(struct buf *b, const struct run *run, unsigned i)
{
	const struct event *e = &run->events[i];
	const char *name = kind_name(e->kind);
	struct json_out o = { .spaced = true, .ascii = true };
	char stamp[25];

	buf_printf(b, "\n\t%08x/%llu %s+%u ", run->alias,
		   (unsigned long long)(run->seq + i),
		   clock_format_utc(stamp, e->hlc.wall_ms), e->hlc.counter);
	if (name)
		buf_printf(b, "%s ", name);
	else
		buf_printf(b, "kind %u ", e->kind);
	if (e->withheld) {
		buf_printf(b, "withheld ");
		put_hex(b, e->payload);
		return;
	}
	payload_to_json(&o, e->payload);
	buf_add(b, buf_span(&o.b));
	buf_fini(&o.b);
}

void decode_put_generation(struct buf *b, const struct run_body *body,
			   bool verbose)
{
	buf_printf(b, "; complete: %zu runs, %zu events", body->n_runs,
		   body->n_events);
	for (size_t i = 0; verbose && i < body->n_runs; i++)
		for (unsigned j = 0; j < body->runs[i].n; j++)
			put_event(b, &body->runs[i], j);
}

/* ---- Reticulum ---- */

static void put_announce(struct buf *b, const struct decoded *d)
{
	enum rns_error e = d->verdict ? d->verdict : d->admission;
	const struct rns_announce_slices *a = &d->announce;
	struct sync_message m;
	char stamp[25];

	if (a->random_hash.n == 10)
		buf_printf(b, " emitted %s", clock_format_utc(stamp, 1000 *
			   be_get(a->random_hash.p + 5, 5)));
	buf_printf(b, "%s", d->rns.context_flag ? " ratchet" : "");
	if (decode_announced(d, &m)) {
		buf_printf(b, " ");
		decode_put_message(b, &m);
	} else if (a->app_data.n) {
		buf_printf(b, " app ");
		put_bytes(b, a->app_data);
	}
	buf_printf(b, e ? ", refused: %s" : ", valid", rns_error_name(e));
}

void decode_put_rns(struct buf *b, const struct decoded *d)
{
	static const char *const types[] = { "data", "announce",
		"linkrequest", "proof" };
	static const char *const dests[] = { "single", "group", "plain",
		"link" };
	const struct rns_packet *p = &d->rns;

	buf_printf(b, "rns %s %s ", types[p->type], dests[p->dest_type]);
	put_hex(b, SPAN(p->dest, RNS_HASH));
	if (d->name)
		buf_printf(b, " %s", d->name);
	buf_printf(b, " hops %u", p->hops);
	if (p->type2) {
		buf_printf(b, " via ");
		put_hex(b, SPAN(p->transport_id, RNS_HASH));
	}
	if (p->context)
		buf_printf(b, " context %02x", p->context);
	if (p->ifac)
		buf_printf(b, " ifac");
	if (d->has_announce)
		put_announce(b, d);
	else if (!d->has_sender)
		buf_printf(b, ", %zu bytes", p->data.n);
	if (d->has_sender)
		buf_printf(b, " from %08x", d->sender);
}
