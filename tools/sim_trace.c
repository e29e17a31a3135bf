/* SPDX-License-Identifier: MIT
 *
 * The trace: what a frame says, in a line.
 */
#include "ax25/frame.h"
#include "lib/sync/message.h"
#include "tools/sim.h"

#define U(x) ((unsigned long long)(x))

static void trace_digest(const struct sync_digest *d)
{
	fprintf(stderr, "DIGEST root %012llx events %llu authors %llu c %u",
		U(d->root48), U(d->events), U(d->authors), d->c);
	if (d->part_bits)
		fprintf(stderr, " part %u/%u", d->part, 1u << d->part_bits);
	if (d->moved)
		fprintf(stderr, " moved");
}

static void trace_events(const struct sync_events *e)
{
	fprintf(stderr, "EVENTS gen %u %u/%u ahead %u%s%s%s", e->generation,
		e->index, e->k, e->parity_ahead, e->more ? " more" : "",
		e->end ? " end" : "", e->bulk ? " bulk" : "");
}

static void trace_want(const struct sync_want *w)
{
	fprintf(stderr, "WANT from %04x nav %.1f ", w->target,
		w->nav_ds / 10.0);
	if (w->form == SYNC_WANT_ROOT)
		fprintf(stderr, "root %012llx events %llu", U(w->root48),
			U(w->events));
	for (unsigned i = 0; w->form == SYNC_WANT_LIST && i < w->n; i++)
		fprintf(stderr, " %08x>%llu", w->list[i].alias,
			U(w->list[i].have));
	for (unsigned i = 0; w->form == SYNC_WANT_PARITY && i < w->n; i++)
		fprintf(stderr, " gen %u needs %u%s", w->parity[i].generation,
			w->parity[i].needed, w->parity[i].more ? " more" : "");
	if (w->form == SYNC_WANT_BULK)
		fprintf(stderr, " bulk chunk %u from %u needs %u",
			w->bulk.chunk, w->bulk.index, w->bulk.needed);
}

static void trace_offer(const struct sync_offer *o)
{
	fprintf(stderr, "OFFER root %012llx events %llu to", U(o->root48),
		U(o->events));
	for (unsigned i = 0; i < o->n; i++)
		fprintf(stderr, " %04x", o->target[i]);
	for (unsigned i = 0; i < o->hears_n; i++)
		fprintf(stderr, "%s%04x", i ? " " : " hears ", o->hears[i]);
}

static void trace_message(struct span info)
{
	struct sync_message m;
	enum sync_error e = sync_message_decode(&m, info);

	if (e) {
		fprintf(stderr, "%s", sync_error_name(e));
		return;
	}
	switch (m.type) {
	case SYNC_DIGEST:
		trace_digest(&m.digest);
		break;
	case SYNC_EVENTS:
		trace_events(&m.events);
		break;
	case SYNC_WANT:
		trace_want(&m.want);
		break;
	case SYNC_OFFER:
		trace_offer(&m.offer);
		break;
	}
}

void sim_trace_frame(uint64_t now_us, unsigned i, struct span frame)
{
	struct ax25_frame f;

	fprintf(stderr, "%10.3f %2u %3zu ", (double)now_us / 1e6, i, frame.n);
	if (ax25_parse(&f, frame))
		fprintf(stderr, "not AX.25");
	else if (f.has_pid && f.pid == AX25_PID_CAIRN)
		trace_message(f.info);
	else
		fprintf(stderr, "%s > %s, %zu bytes", f.source.call,
			f.dest.call, f.info.n);
	fputc('\n', stderr);
}
