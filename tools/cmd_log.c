/* SPDX-License-Identifier: MIT
 *
 * log: the events in the order in which they came to this station. -f follows
 * the shared tail of the log; the daemon does not notice. --id asks the log's
 * index and reads one event.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "lib/ctl/ctl.h"
#include "lib/event/meshlog.h"
#include "lib/event/payload.h"
#include "lib/event/record.h"
#include "lib/event/station.h"
#include "tools/out.h"
#include "tools/reader.h"

#define FOLLOW_LAST 10
#define LAST_ALL UINT64_MAX
#define FOLLOW_PAUSE_US 200000

struct author {
	char label[AUTHOR_LABEL_MAX + 1], call[16];
};

struct lister {
	struct reader r;
	struct author *authors;		/* by slot */
	size_t n_authors;
	uint64_t events, skip;		/* counted so far; not printed */
	bool json, counting;
	struct span doc;		/* its operations alone, unless empty */
	struct span record;		/* what concerns it, unless empty */
};

/* ---- who ---- */

static struct author *author_at(struct lister *l, uint32_t slot)
{
	while (slot >= l->n_authors) {
		size_t n = l->n_authors ? 2 * l->n_authors : 64;

		l->authors = realloc(l->authors, n * sizeof(*l->authors));
		if (!l->authors)
			abort();
		memset(l->authors + l->n_authors, 0,
		       (n - l->n_authors) * sizeof(*l->authors));
		l->n_authors = n;
	}
	return &l->authors[slot];
}

static void text_copy(char *dst, size_t cap, struct span s)
{
	snprintf(dst, cap, "%.*s", (int)s.n, (const char *)s.p);
}

static void note_author(struct lister *l, const struct log_record *rec)
{
	text_copy(author_at(l, rec->slot)->label, AUTHOR_LABEL_MAX + 1,
		  rec->payload);
}

static void note_call(struct lister *l, uint32_t slot, const struct event *e)
{
	struct author *a = author_at(l, slot);
	struct payload_value v;

	if (e->kind == KIND_STATION && !e->withheld &&
	    payload_get(e->payload, KEY_CALL, &v))
		text_copy(a->call, sizeof(a->call), v.str);
}

/* ---- what ---- */

static void event_json(const struct author *a, const struct event *e)
{
	struct json_out o = { 0 };
	const char *kind = kind_name(e->kind);
	char text[25];

	json_out_object(&o);
	json_out_kv_string(&o, "time",
			   clock_format_utc(text, e->hlc.wall_ms));
	json_out_kv_string(&o, "callsign", a->call);
	json_out_kv_string(&o, "author", a->label);
	json_out_kv_uint(&o, "seq", e->seq);
	json_out_kv_uint(&o, "wall_ms", e->hlc.wall_ms);
	json_out_kv_uint(&o, "counter", e->hlc.counter);
	json_out_kv_uint(&o, "kind", e->kind);
	json_out_kv_string(&o, "kind_name", kind ? kind : "");
	json_out_kv_hex(&o, "id", SPAN(e->id, EVENT_ID_SIZE));
	json_out_kv_bool(&o, "withheld", e->withheld);
	json_out_key(&o, e->withheld ? "payload_hash" : "payload");
	if (e->withheld)
		json_out_hex(&o, e->payload);
	else
		payload_to_json(&o, e->payload);
	json_out_end_object(&o);
	printf("%.*s\n", (int)o.b.len, (const char *)o.b.p);
	buf_fini(&o.b);
}

static void event_text(const struct author *a, const struct event *e)
{
	struct json_out o = { .spaced = true };
	const char *kind = kind_name(e->kind);
	char text[25];

	if (!e->withheld && e->kind != KIND_STATION)
		payload_to_json(&o, e->payload);
	printf("%s  %-9s %5llu  %-14s ",
	       clock_format_utc(text, e->hlc.wall_ms),
	       a->call[0] ? a->call : a->label,
	       (unsigned long long)e->seq, kind ? kind : "(unknown)");
	out_text(stdout, e->withheld ? SPAN_STR("(withheld)") :
		 buf_span(&o.b));
	putchar('\n');
	buf_fini(&o.b);
}

static bool of_doc(const struct lister *l, const struct event *e)
{
	struct payload_value doc;

	return e->kind >= KIND_DOC_INSERT && e->kind <= KIND_DOC_DELETE &&
	       !e->withheld && payload_get(e->payload, KEY_DOC, &doc) &&
	       span_equal(doc.str, l->doc);
}

/* Imports concern the record that the event they carry does. */
static bool of_record(const struct lister *l, const struct event *e)
{
	struct span payload = e->payload;
	struct payload_value v;
	struct meshlog m;

	if (e->withheld)
		return false;
	if (e->kind == KIND_IMPORT && !meshlog_import_parse(&m, payload))
		payload = m.e.payload;
	return payload_get(payload, KEY_RECORD, &v) &&
	       v.type == PAYLOAD_TEXT && span_equal(v.str, l->record);
}

static int list_record(void *ctx, const struct log_record *rec)
{
	struct lister *l = ctx;
	struct event e = { 0 };

	if (rec->type == RECORD_AUTHOR)
		note_author(l, rec);
	if (rec->type != RECORD_EVENT || record_event_decode(rec->payload, &e))
		return 0;
	note_call(l, rec->slot, &e);
	if ((l->doc.n && !of_doc(l, &e)) || (l->record.n && !of_record(l, &e)))
		return 0;
	l->events++;
	if (l->counting || l->events <= l->skip)
		return 0;
	(l->json ? event_json : event_text)(author_at(l, rec->slot), &e);
	return 0;
}

/* ---- the walk ---- */

static int list_scan(struct lister *l)
{
	struct log_snapshot *s = log_snapshot(l->r.log);
	int e = s ? history_scan(&l->r.history, s, list_record, l) : -1;

	if (s && log_release(s))
		e = -1;
	if (e)
		fprintf(stderr, "cairn: log: the log is damaged here\n");
	return e ? EXIT_CODE_FAILED : EXIT_CODE_OK;
}

/* Counts first, so that the last `last` are known. */
static int list_count(struct lister *l, uint64_t last)
{
	uint64_t n;
	int code;

	l->counting = true;
	code = list_scan(l);
	l->counting = false;
	n = l->events;
	l->events = 0;
	l->skip = n > last ? n - last : 0;
	history_init(&l->r.history, l->r.log);
	return code;
}

static int list_all(struct lister *l, uint64_t last, bool follow)
{
	int code = EXIT_CODE_OK;

	if (last != LAST_ALL)
		code = list_count(l, last);
	if (code == EXIT_CODE_OK)
		code = list_scan(l);
	while (follow && code == EXIT_CODE_OK) {
		usleep(FOLLOW_PAUSE_US);
		if (log_refresh(l->r.log))
			code = list_scan(l);
	}
	return code;
}

/* ---- one of them, by its id ---- */

/* Whose slot it is says the `station` event that opens the feed. */
static void name_slot(struct lister *l, uint32_t slot)
{
	uint8_t author[CRYPTO_HASH_SIZE];
	struct log_record rec;
	struct station st;
	struct event e;

	if (log_find(l->r.log, slot, 1, &rec) ||
	    record_event_decode(rec.payload, &e) || e.withheld ||
	    station_parse(&st, e.payload))
		return;
	crypto_sha256(author, SPAN(st.key, sizeof(st.key)));
	author_label(author_at(l, slot)->label, author);
	note_call(l, slot, &e);
}

static int list_id(struct lister *l, const char *hex)
{
	uint8_t id[EVENT_ID_SIZE];
	struct log_record rec;

	if (hex_decode(id, sizeof(id), SPAN_STR(hex)) < EVENT_BASE_SIZE) {
		fprintf(stderr, "cairn: log: --id wants 16 to 64 hex digits, "
			"not '%s'\n", hex);
		return EXIT_CODE_USAGE;
	}
	if (log_find_id(l->r.log, id, &rec)) {
		fprintf(stderr, "cairn: log: no event of this id is held\n");
		return EXIT_CODE_FAILED;
	}
	name_slot(l, rec.slot);
	list_record(l, &rec);
	return EXIT_CODE_OK;
}

/* The N of -n; without it all, or a few before those to come. */
static int last_parse(const char *s, bool follow, uint64_t *last)
{
	*last = follow ? FOLLOW_LAST : LAST_ALL;
	if (!s)
		return OPTIONS_OK;
	*last = strtoull(s, NULL, 10);
	if (*s && strlen(s) < 19 && strspn(s, "0123456789") == strlen(s))
		return OPTIONS_OK;
	fprintf(stderr, "cairn: log: -n wants a number, not '%s'\n", s);
	return EXIT_CODE_USAGE;
}

int log_doc(const char *verb, struct span doc, bool json)
{
	struct lister l = { .json = json, .doc = doc };
	int code = reader_open(&l.r, verb);

	if (code == OPTIONS_OK)
		code = list_all(&l, LAST_ALL, false);
	reader_close(&l.r);
	free(l.authors);
	return code;
}

int cmd_history(int argc, char **argv)
{
	struct lister l = { .json = false };
	struct options o;
	int code = options_read(&o, argc, argv, "history RECORD [--json]\n\n"
		"Every event about a record, in the order in which they came "
		"here.", NULL, 1, 1);

	if (code != OPTIONS_OK)
		return code;
	l.json = o.json;
	l.record = SPAN_STR(o.args[0]);
	code = reader_open(&l.r, argv[0]);
	if (code == OPTIONS_OK)
		code = list_all(&l, LAST_ALL, false);
	if (code == EXIT_CODE_OK && !l.events)
		code = EXIT_CODE_FAILED;
	reader_close(&l.r);
	free(l.authors);
	return code;
}

/* ---- what is held and not shown ---- */

static void print_rejected(const struct json *v)
{
	static const struct out_column columns[] = {
		{ "author", "AUTHOR", OUT_TEXT },
		{ "seq", "SEQ", OUT_NUMBER },
		{ "kind", "KIND", OUT_TEXT },
		{ "reason", "REASON", OUT_TEXT },
		{ NULL, NULL, OUT_TEXT },
	};

	out_table(v, columns, "nothing is left out");
}

static int list_rejected(struct lister *l)
{
	struct json_out o = { 0 };
	struct json *v;
	int code = reader_ask(&l->r, "log", "rejected", SPAN("", 0),
			      SPAN("", 0), &o);

	if (code != OPTIONS_OK)
		return code;
	v = json_parse_shown(buf_span(&o.b));
	for (size_t i = 0; l->json && i < json_len(v); i++) {
		struct json_out line = { 0 };

		json_out_value(&line, json_at(v, i));
		printf("%.*s\n", (int)line.b.len, (const char *)line.b.p);
		buf_fini(&line.b);
	}
	if (!l->json)
		print_rejected(v);
	json_free(v);
	buf_fini(&o.b);
	return EXIT_CODE_OK;
}

int cmd_log(int argc, char **argv)
{
	const char *n = NULL, *id = NULL;
	uint64_t last;
	bool follow = false, rejected = false;
	struct option_spec own[] = { { "-n", NULL, &n },
				     { "-f", &follow, NULL },
				     { "--id", NULL, &id },
				     { "--rejected", &rejected, NULL },
				     { NULL, NULL, NULL } };
	struct lister l = { 0 };
	struct options o;
	int code = options_read(&o, argc, argv,
		"log [-f] [-n N | --id HEX | --rejected] [--json]\n\n"
		"The events in the order in which they came. -n: the last N; "
		"-f: and those to come\n(the last 10 unless -n says "
		"otherwise); --id: the one whose id begins so; --rejected: "
		"those that are held and not\nshown, with the reason.", own,
		0, 0);

	if (code == OPTIONS_OK)
		code = last_parse(n, follow, &last);
	if (code != OPTIONS_OK)
		return code;
	l.json = o.json;
	code = reader_open(&l.r, argv[0]);
	if (code == OPTIONS_OK)
		code = rejected ? list_rejected(&l) :
		       id ? list_id(&l, id) : list_all(&l, last, follow);
	reader_close(&l.r);
	free(l.authors);
	return code;
}
