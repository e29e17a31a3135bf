/* SPDX-License-Identifier: MIT
 *
 * log, history: events in the order in which they came to this station. -f
 * follows the shared tail of the log; the daemon does not notice. -n counts
 * back from the end, segment by segment; --id and history ask the log's index.
 * So each costs what it shows, with a cairnd at work or without.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "lib/ctl/ctl.h"
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
	uint64_t until;			/* from there on it claims another */
};

struct lister {
	struct reader r;
	struct author *authors;		/* by slot */
	size_t n_authors;
	uint64_t events, skip;		/* met so far; not printed */
	bool json;
	struct span subject;		/* of a history */
	bool doc;			/* and that is a document */
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

static void note_author(struct lister *l, const struct log_record *rec)
{
	struct author *a = author_at(l, rec->slot);

	snprintf(a->label, sizeof(a->label), "%.*s", (int)rec->payload.n,
		 (const char *)rec->payload.p);
	a->until = UINT64_MAX;
}

/* The call sign that a feed's own station event claims, and its key. */
static bool note_call(struct author *a, const struct event *e,
		      struct station *st)
{
	uint8_t hash[CRYPTO_HASH_SIZE];
	char label[AUTHOR_LABEL_MAX + 1];

	if (e->kind != KIND_STATION || e->withheld ||
	    station_parse(st, e->payload))
		return false;
	crypto_sha256(hash, SPAN(st->key, sizeof(st->key)));
	author_label(label, hash);
	if (a->label[0] && strcmp(a->label, label))
		return false;
	strcpy(a->label, label);
	snprintf(a->call, sizeof(a->call), "%s", st->call);
	return true;
}

struct claims {
	struct author *author;
	uint32_t slot;
	uint64_t at;
};

/* Up to the first one behind the event. */
static int note_claim(void *ctx, const struct log_record *rec)
{
	struct claims *c = ctx;
	struct station st;
	struct event e;

	if (rec->slot != c->slot || record_event_decode(rec->payload, &e))
		return 0;
	if (rec->at > c->at && e.kind == KIND_STATION) {
		c->author->until = rec->at;
		return 1;
	}
	note_call(c->author, &e, &st);
	return 0;
}

/* Whose slot it is says the `station` event that opens the feed; its call sign,
 * the last one before the event shown. */
static void name_slot(struct lister *l, const struct log_record *shown)
{
	struct author *a = author_at(l, shown->slot);
	struct claims c = { a, shown->slot, shown->at };
	struct log_record rec;
	struct station st;
	struct event e;

	a->until = UINT64_MAX;
	if (log_find(l->r.log, shown->slot, 1, &rec) ||
	    record_event_decode(rec.payload, &e) || !note_call(a, &e, &st))
		return;
	log_topic(l->r.log, history_topic_of(SPAN(st.key, sizeof(st.key))),
		  note_claim, &c);
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

static void event_show(struct lister *l, const struct log_record *rec,
		       const struct event *e)
{
	struct author *a = author_at(l, rec->slot);
	struct station st;

	note_call(a, e, &st);
	if (l->events++ < l->skip)
		return;
	if (!a->label[0] || rec->at >= a->until)
		name_slot(l, rec);
	(l->json ? event_json : event_text)(a, e);
}

static int list_record(void *ctx, const struct log_record *rec)
{
	struct lister *l = ctx;
	struct event e = { 0 };

	if (rec->type == RECORD_AUTHOR)
		note_author(l, rec);
	if (rec->type == RECORD_EVENT && !record_event_decode(rec->payload, &e))
		event_show(l, rec, &e);
	return 0;
}

/* ---- all of them, or the last ---- */

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

static uint64_t count_events(struct log_snapshot *s, uint64_t segment)
{
	struct log_iter it = log_iter(s, log_position(segment, 0));
	struct log_record rec;
	struct event e;
	uint64_t n = 0;

	while (log_next(&it, &rec) == 1 &&
	       log_position_segment(rec.at) == segment)
		n += rec.type == RECORD_EVENT &&
		     !record_event_decode(rec.payload, &e);
	return n;
}

/* The scan begins with the segment that has the first of the last `last`. */
static int list_from(struct lister *l, uint64_t last)
{
	struct log_snapshot *s = log_snapshot(l->r.log);
	uint64_t segment = log_position_segment(log_durable(l->r.log));
	uint64_t n;

	if (!s)
		return EXIT_CODE_FAILED;
	n = count_events(s, segment);
	while (n < last && segment > 0)
		n += count_events(s, --segment);
	log_release(s);
	l->skip = n > last ? n - last : 0;
	l->r.history.next = log_position(segment, 0);
	return EXIT_CODE_OK;
}

static int list_all(struct lister *l, uint64_t last, bool follow)
{
	int code = EXIT_CODE_OK;

	if (last != LAST_ALL)
		code = list_from(l, last);
	if (code == EXIT_CODE_OK)
		code = list_scan(l);
	while (follow && code == EXIT_CODE_OK) {
		usleep(FOLLOW_PAUSE_US);
		if (log_refresh(l->r.log))
			code = list_scan(l);
	}
	return code;
}

/* ---- one of them, by its id; those of a subject ---- */

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
	list_record(l, &rec);
	return EXIT_CODE_OK;
}

static bool kind_of_doc(uint16_t kind)
{
	return kind >= KIND_DOC_INSERT && kind <= KIND_DOC_DELETE;
}

/* Of what has the same hash, what has the same name. */
static int list_about(void *ctx, const struct log_record *rec)
{
	struct lister *l = ctx;
	struct event e;

	if (rec->type == RECORD_EVENT &&
	    !record_event_decode(rec->payload, &e) &&
	    e.kind != KIND_STATION && kind_of_doc(e.kind) == l->doc &&
	    span_equal(history_subject(&e), l->subject))
		event_show(l, rec, &e);
	return 0;
}

static int list_subject(const char *verb, struct span subject, bool doc,
			bool json, uint64_t *found)
{
	struct lister l = { .json = json, .subject = subject, .doc = doc };
	int code = reader_open(&l.r, verb);

	if (code == OPTIONS_OK)
		log_topic(l.r.log, history_topic_of(subject), list_about, &l);
	reader_close(&l.r);
	free(l.authors);
	*found = l.events;
	return code == OPTIONS_OK ? EXIT_CODE_OK : code;
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
	uint64_t found;

	return list_subject(verb, doc, true, json, &found);
}

int cmd_history(int argc, char **argv)
{
	struct options o;
	uint64_t found;
	int code = options_read(&o, argc, argv, "history RECORD [--json]\n\n"
		"Every event about a record, in the order in which they came "
		"here.", NULL, 1, 1);

	if (code == OPTIONS_OK)
		code = list_subject(argv[0], SPAN_STR(o.args[0]), false,
				    o.json, &found);
	return code == EXIT_CODE_OK && !found ? EXIT_CODE_FAILED : code;
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
	struct json *v = NULL;
	int code = reader_ask(&l->r, "log", "rejected", SPAN("", 0),
			      SPAN("", 0), &o);

	if (code != OPTIONS_OK)
		return code;
	if (l->json) {
		out_json(buf_span(&o.b));
	} else {
		v = json_parse_shown(buf_span(&o.b));
		print_rejected(v);
	}
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
	if (!follow)
		out_in_blocks();
	code = reader_open(&l.r, argv[0]);
	if (code == OPTIONS_OK)
		code = rejected ? list_rejected(&l) :
		       id ? list_id(&l, id) : list_all(&l, last, follow);
	reader_close(&l.r);
	free(l.authors);
	return code;
}
