/* SPDX-License-Identifier: MIT
 *
 * view --watch: the records first, then each that an event touched, when it
 * is stored. The view is kept as a station keeps it: an event costs what it
 * changes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "lib/ctl/ctl.h"
#include "lib/event/meshlog.h"
#include "lib/event/payload.h"
#include "lib/event/record.h"
#include "tools/view_show.h"

#define PAUSE_US 200000
#define TOUCHED_MAX 256		/* more: all are shown again */

struct watch {
	struct reader *r;
	struct buf names[TOUCHED_MAX];
	size_t n;
	bool many, rebuilt;
};

static void touch(struct watch *w, struct span name)
{
	for (size_t i = 0; i < w->n; i++)
		if (span_equal(buf_span(&w->names[i]), name))
			return;
	if (w->n == TOUCHED_MAX) {
		w->many = true;
		return;
	}
	w->names[w->n].len = 0;
	buf_add(&w->names[w->n++], name);
}

static int watch_record(void *ctx, const struct log_record *rec)
{
	struct watch *w = ctx;
	struct event e = { 0 };
	struct payload_value v;
	struct meshlog m;
	struct span payload;

	w->rebuilt |= rec->type == RECORD_DISPLACED;
	if (rec->type == RECORD_EVENT &&
	    !record_event_decode(rec->payload, &e) && !e.withheld) {
		payload = e.payload;
		if (e.kind == KIND_IMPORT && !meshlog_import_parse(&m, payload))
			payload = m.e.payload;
		if (payload_get(payload, KEY_RECORD, &v) &&
		    v.type == PAYLOAD_TEXT)
			touch(w, v.str);
	}
	return dataset_load(&w->r->data, rec->type, rec->slot, rec->payload);
}

static int watch_take(struct watch *w)
{
	struct store store = history_store(&w->r->history);
	struct log_snapshot *s = log_snapshot(w->r->log);
	int e = s ? history_scan(&w->r->history, s, watch_record, w) : -1;

	if (!e)
		e = dataset_settle(&w->r->data, &store);
	if (s && log_release(s))
		e = -1;
	return e;
}

int view_watch(struct reader *r, const struct view_filter *f, bool json,
	       void (*show)(const struct view *v, const struct view_filter *f,
			    bool json))
{
	struct watch *w = calloc(1, sizeof(*w));
	int e = 0;

	if (!w)
		abort();
	w->r = r;
	show(r->data.view, f, json);
	for (; !e && !ferror(stdout); fflush(stdout)) {
		usleep(PAUSE_US);
		w->n = 0;
		w->many = w->rebuilt = false;
		if (!log_refresh(r->log))
			continue;
		e = watch_take(w);
		if (w->many || w->rebuilt)
			show(r->data.view, f, json);
		for (size_t i = 0; i < w->n && !w->many && !w->rebuilt; i++) {
			struct view_filter one = { buf_span(&w->names[i]),
						   f->form };

			if (!f->record.n || span_equal(f->record, one.record))
				show(r->data.view, &one, json);
		}
	}
	if (e)
		fprintf(stderr, "cairn: view: the log is damaged here\n");
	for (size_t i = 0; i < TOUCHED_MAX; i++)
		buf_fini(&w->names[i]);
	free(w);
	return EXIT_CODE_FAILED;
}
