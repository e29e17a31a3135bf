/* SPDX-License-Identifier: MIT
 *
 * feeds: whose events are held, and who published two branches.
 */
#include <stdio.h>
#include <stdlib.h>
#include "lib/base/clock.h"
#include "lib/ctl/ctl.h"
#include "lib/event/record.h"
#include "tools/out.h"
#include "tools/reader.h"

static void feed_json(const struct feed_set *s, uint32_t slot, uint64_t now_ms,
		      struct json_out *o)
{
	const struct feed *f = feed_at(s, slot);
	uint32_t next = feed_successor(s, slot);
	char alias[9];

	snprintf(alias, sizeof(alias), "%08x", f->alias);
	json_out_object(o);
	json_out_kv_string(o, "callsign", f->call);
	json_out_kv_string(o, "author", f->label);
	json_out_kv_string(o, "alias", alias);
	json_out_kv_uint(o, "head", f->head);
	json_out_kv_hex(o, "head_id", SPAN(f->head_id, EVENT_ID_SIZE));
	json_out_kv_uint(o, "events", f->events);
	json_out_kv_uint(o, "bytes", f->bytes);
	json_out_kv_uint(o, "stamp_max_ms", f->hlc_max.wall_ms);
	json_out_kv_uint(o, "ahead_s", feed_ahead_s(f, now_ms));
	json_out_kv_bool(o, "forked", f->forked);
	json_out_kv_bool(o, "retired", f->retired_at != 0);
	json_out_kv_string(o, "next", next == FEED_SLOT_NONE ? "" :
			   feed_at(s, next)->label);
	json_out_kv_bool(o, "call_shared", feed_call_shared(s, slot));
	json_out_kv_string(o, "notes", f->retired_at ? "retired" :
			   feed_call_shared(s, slot) ?
			   "call sign claimed by two" : "");
	json_out_end_object(o);
}

static void print_feeds(const struct feed_set *s, bool json, bool verbose)
{
	const struct out_column columns[] = {
		{ "callsign", "STATION", OUT_TEXT },
		{ "head", "EVENTS", OUT_NUMBER },
		{ "bytes", "BYTES", OUT_NUMBER },
		{ "ahead_s", "AHEAD", OUT_AGE },
		{ "forked", "FORKED", OUT_YES_NO },
		{ verbose ? "author" : "alias", verbose ? "AUTHOR" : "ALIAS",
		  OUT_TEXT },
		{ "notes", "NOTES", OUT_TEXT },
		{ NULL, NULL, OUT_TEXT },
	};
	uint64_t now_ms = clock_read(1).wall_ms;
	struct json_out o = { 0 };
	struct json *rows;

	json_out_array(&o);
	for (uint32_t i = 0; i < feed_count(s); i++)
		if (feed_at(s, i)->label_len)
			feed_json(s, i, now_ms, &o);
	json_out_end_array(&o);
	rows = json_parse_shown(buf_span(&o.b));
	if (json)
		printf("%.*s\n", (int)o.b.len, (const char *)o.b.p);
	else
		out_table(rows, columns, "no feed yet");
	json_free(rows);
	buf_fini(&o.b);
}

/* ---- forks ---- */

/* What of an author's events left the chain, from the log's records. */
struct displaced {
	uint64_t *events;		/* by slot */
	uint32_t n;
};

static int displaced_record(void *ctx, const struct log_record *rec)
{
	struct displaced *d = ctx;

	if (rec->type == RECORD_DISPLACED && rec->payload.n == 16 &&
	    rec->slot < d->n)
		d->events[rec->slot] += le_get(rec->payload.p + 8, 8) -
					le_get(rec->payload.p, 8) + 1;
	return 0;
}

static void displaced_count(struct reader *r, struct displaced *d)
{
	struct log_snapshot *s = log_snapshot(r->log);
	struct log_iter it;
	struct log_record rec;

	d->n = feed_count(r->data.feeds);
	d->events = calloc(d->n + 1, sizeof(*d->events));
	if (!s || !d->events)
		abort();
	it = log_iter(s, 0);
	while (log_next(&it, &rec) == 1)
		displaced_record(d, &rec);
	log_release(s);
}

static void fork_json(struct json_out *o, const struct feed *f,
		      const struct feed_seal *proof, uint64_t displaced)
{
	json_out_object(o);
	json_out_kv_string(o, "callsign", f->call);
	json_out_kv_string(o, "author", f->label);
	json_out_kv_uint(o, "head", f->head);
	json_out_kv_hex(o, "head_id", SPAN(f->head_id, EVENT_ID_SIZE));
	if (proof) {
		json_out_kv_uint(o, "other_seq", proof->seq);
		json_out_kv_hex(o, "other_id", SPAN(proof->id, EVENT_ID_SIZE));
	}
	json_out_kv_uint(o, "displaced", displaced);
	json_out_end_object(o);
}

/* Who published two branches: the one that stands, the other's sealed event
 * that proves it, and how many events here left the chain. */
static void print_forks(struct reader *r, bool json)
{
	static const struct out_column columns[] = {
		{ "callsign", "STATION", OUT_TEXT },
		{ "head", "STANDS TO", OUT_NUMBER },
		{ "other_seq", "OTHER AT", OUT_NUMBER },
		{ "displaced", "DISPLACED", OUT_NUMBER },
		{ "author", "AUTHOR", OUT_TEXT },
		{ NULL, NULL, OUT_TEXT },
	};
	const struct feed_set *s = r->data.feeds;
	struct displaced d;
	struct json_out o = { 0 };
	struct json *rows;

	displaced_count(r, &d);
	json_out_array(&o);
	for (uint32_t i = 0; i < d.n; i++)
		if (feed_at(s, i)->forked)
			fork_json(&o, feed_at(s, i), feed_proof(s, i),
				  d.events[i]);
	json_out_end_array(&o);
	rows = json_parse_shown(buf_span(&o.b));
	if (json)
		printf("%.*s\n", (int)o.b.len, (const char *)o.b.p);
	else
		out_table(rows, columns, "no fork");
	json_free(rows);
	buf_fini(&o.b);
	free(d.events);
}

int cmd_feeds(int argc, char **argv)
{
	bool forks = false;
	struct option_spec own[] = { { "--forks", &forks, NULL },
				     { NULL, NULL, NULL } };
	struct options o;
	struct reader r;
	int code = options_read(&o, argc, argv,
		"feeds [-v] [--forks] [--json]\n\n"
		"Whose events are held. -v: authors in full. --forks: who "
		"published two branches.", own, 0, 0);

	if (code != OPTIONS_OK)
		return code;
	code = reader_open(&r, argv[0]);
	if (code == OPTIONS_OK)
		code = reader_load(&r, argv[0]);
	if (code == OPTIONS_OK) {
		if (forks)
			print_forks(&r, o.json);
		else
			print_feeds(r.data.feeds, o.json, o.verbose);
		code = EXIT_CODE_OK;
	}
	reader_close(&r);
	return code;
}
