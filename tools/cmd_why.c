/* SPDX-License-Identifier: MIT
 *
 * why, conflicts: questions to the dataset. A cairnd at work answers at once;
 * without one the log is read.
 */
#include <stdio.h>
#include <stdlib.h>
#include "lib/base/clock.h"
#include "lib/ctl/ctl.h"
#include "lib/event/record.h"
#include "tools/answer.h"
#include "tools/out.h"

int answer(struct json_out *o, const struct reader *r, bool json,
	   void (*print)(const struct reader *r, const struct json *v))
{
	struct json *v = json_parse_shown(buf_span(&o->b));
	int code = v && json_type(v) != JSON_NULL ? EXIT_CODE_OK :
						    EXIT_CODE_FAILED;

	if (json)
		out_json(buf_span(&o->b));
	else
		print(r, code == EXIT_CODE_OK ? v : NULL);
	json_free(v);
	buf_fini(&o->b);
	return code;
}

void answer_join(struct json_out *o, struct span lines, bool arrays)
{
	json_out_array(o);
	while (lines.n) {
		const uint8_t *end = memchr(lines.p, '\n', lines.n);
		size_t n = (size_t)(end - lines.p);

		if (n > 2 * (size_t)arrays)
			json_out_raw(o, SPAN(lines.p + arrays, n - 2 * arrays));
		lines = SPAN(end + 1, lines.n - n - 1);
	}
	json_out_end_array(o);
}

/* ---- why, conflicts ---- */

void answer_author(const struct reader *r, struct span label)
{
	struct reader_author a;

	reader_author(r, label, &a);
	out_text(stdout, SPAN_STR(a.name));
}

static void print_stamp(const struct reader *r, const struct json *h)
{
	char text[25];

	answer_author(r, json_string(json_get(h, "author")));
	printf(" #%lld at %s", (long long)json_int(json_get(h, "seq")),
	       clock_format_utc(text,
				(uint64_t)json_int(json_get(h, "wall_ms"))));
}

static void print_head(const struct reader *r, const struct json *h,
		       const char *word)
{
	printf("  %-6s ", word);
	if (json_get(h, "value"))
		out_value(stdout, json_get(h, "value"));
	else
		fputs("(taken away)", stdout);
	fputs("  by ", stdout);
	print_stamp(r, h);
	putchar('\n');
}

void answer_heads(const struct reader *r, const struct json *v)
{
	const struct json *heads = json_get(v, "heads");
	const struct json *shown = json_get(v, "shown");

	if (!shown)
		shown = json_at(heads, 0);
	if (shown)
		print_head(r, shown, "shows");
	for (size_t i = 0; i < json_len(heads); i++)
		if (!span_equal(json_string(json_get(json_at(heads, i), "id")),
				json_string(json_get(shown, "id"))))
			print_head(r, json_at(heads, i), "beside");
	if (json_int(json_get(v, "superseded")))
		printf("  %lld earlier writes are replaced\n",
		       (long long)json_int(json_get(v, "superseded")));
}

/* Of an author, the events about the record. */
struct steps {
	uint32_t slot;
	struct buf seqs;	/* of u64 */
};

static int step_met(void *ctx, const struct log_record *rec)
{
	struct steps *t = ctx;
	struct event e;

	if (rec->slot == t->slot && !record_event_decode(rec->payload, &e))
		buf_add(&t->seqs, SPAN(&e.seq, sizeof(e.seq)));
	return 0;
}

static int by_seq(const void *pa, const void *pb)
{
	uint64_t a, b;

	memcpy(&a, pa, sizeof(a));
	memcpy(&b, pb, sizeof(b));
	return (a > b) - (a < b);
}

static void step_tally(const struct reader *r, struct view_tally *t,
		       uint32_t slot, uint64_t seq)
{
	struct event e;

	if (slot == FEED_SLOT_NONE ||
	    r->store.event(r->store.ctx, slot, seq, &e))
		t->withheld = true;
	else
		view_tally_event(t, &e);
}

static void tally_record(const struct reader *r, struct view_tally *t,
			 uint32_t slot, uint64_t last)
{
	struct steps met = { .slot = slot };
	uint64_t seq, before = 0;

	log_topic(r->log, history_topic_of(t->record), step_met, &met);
	if (met.seqs.len)
		qsort(met.seqs.p, met.seqs.len / sizeof(seq), sizeof(seq),
		      by_seq);
	for (size_t i = 0; i < met.seqs.len; i += sizeof(seq)) {
		memcpy(&seq, met.seqs.p + i, sizeof(seq));
		if (seq <= last && seq != before)
			step_tally(r, t, slot, seq);
		before = seq;
	}
	buf_fini(&met.seqs);
}

/* Its events about the record up to the one that counts, step by step. If they
 * do not add up, one that is withheld may be why: all of its events tell. */
static const char *slot_check(const struct reader *r, struct span record,
			      struct span counter, const struct json *s)
{
	const struct view_tally none = { .record = record, .counter = counter,
		.taken = json_get(s, "taken") != NULL };
	struct view_tally t = none;
	uint64_t last = (uint64_t)json_int(json_get(s, "seq"));
	struct reader_author who;

	reader_author(r, json_string(json_get(s, "author")), &who);
	tally_record(r, &t, who.slot, last);
	if (t.steps && !t.wrong && !t.withheld)
		return "the steps add up";
	t = none;
	for (uint64_t seq = 1; seq <= last; seq++)
		step_tally(r, &t, who.slot, seq);
	return t.withheld ? "some steps are withheld" :
	       t.wrong ? "THE STEPS DO NOT ADD UP" : "the steps add up";
}

/* The slots with who they are, and whether their steps add up. */
static void slots_told(const struct reader *r, const struct json *v,
		       struct json_out *o)
{
	const struct json *slots = json_get(v, "slots");

	json_out_array(o);
	for (size_t i = 0; i < json_len(slots); i++) {
		const struct json *s = json_at(slots, i);
		struct json_member m = { .it = NULL };
		struct reader_author who;

		reader_author(r, json_string(json_get(s, "author")), &who);
		json_out_object(o);
		json_out_kv_string(o, "callsign", who.callsign);
		while (json_next(s, &m)) {
			json_out_key_span(o, m.key);
			json_out_value(o, m.value);
		}
		json_out_kv_string(o, "steps", slot_check(r,
			json_string(json_get(v, "record_id")),
			json_string(json_get(v, "field")), s));
		json_out_end_object(o);
	}
	json_out_end_array(o);
}

/* Of a counter, --json says what the text does. */
static void count_told(const struct reader *r, struct json_out *out)
{
	struct json *v = json_parse_shown(buf_span(&out->b));
	struct json_member m = { .it = NULL };
	struct json_out o = { 0 };

	json_out_object(&o);
	while (json_next(v, &m)) {
		json_out_key_span(&o, m.key);
		if (span_equal(m.key, SPAN_STR("slots")))
			slots_told(r, v, &o);
		else
			json_out_value(&o, m.value);
	}
	json_out_end_object(&o);
	if (json_get(v, "slots")) {
		buf_fini(&out->b);
		*out = o;
	} else {
		buf_fini(&o.b);
	}
	json_free(v);
}

/* One beyond 64 bits comes as its digits. */
static void print_number(const struct json *v)
{
	if (json_is(v, JSON_STRING))
		out_text(stdout, json_string(v));
	else
		out_value(stdout, v);
}

static void print_slot(const struct reader *r, const struct json *v,
		       const struct json *s)
{
	const struct json *taken = json_get(s, "taken");

	fputs(taken ? "  -" : "  +", stdout);
	print_number(taken ? taken : json_get(s, "added"));
	fputs("  by ", stdout);
	answer_author(r, json_string(json_get(s, "author")));
	printf(" as of #%lld; %s\n", (long long)json_int(json_get(s, "seq")),
	       slot_check(r, json_string(json_get(v, "record_id")),
			  json_string(json_get(v, "field")), s));
}

static void print_count(const struct reader *r, const struct json *v)
{
	const struct json *slots = json_get(v, "slots");

	if (!json_get(v, "count"))
		return;
	fputs("  counts ", stdout);
	print_number(json_get(v, "count"));
	putchar('\n');
	for (size_t i = 0; i < json_len(slots); i++)
		print_slot(r, v, json_at(slots, i));
}

static void print_field(const struct reader *r, const struct json *v)
{
	if (!v) {
		puts("nobody wrote that field");
		return;
	}
	out_text(stdout, json_string(json_get(v, "record_id")));
	putchar('.');
	out_text(stdout, json_string(json_get(v, "field")));
	putchar('\n');
	answer_heads(r, v);
	print_count(r, v);
}

static void print_named(const struct json *c, const char *name)
{
	const struct json *value = json_get(c, name);

	if (!value)
		return;
	printf(", %s ", name);
	out_value(stdout, value);
}

static void print_created(const struct reader *r, const struct json *v)
{
	const struct json *created = json_get(v, "created");

	if (!v) {
		puts("no such record");
		return;
	}
	out_text(stdout, json_string(json_get(v, "record_id")));
	fputs(json_len(created) ? "\n" : ": nobody created it; it is there by "
	      "what was written to it\n", stdout);
	for (size_t i = 0; i < json_len(created); i++) {
		const struct json *c = json_at(created, i);

		fputs(i ? "  beside created by " : "  shows  created by ",
		      stdout);
		print_stamp(r, c);
		print_named(c, "form");
		print_named(c, "by");
		putchar('\n');
	}
}

static void print_conflict(const struct reader *r, const struct json *v)
{
	static const char *const kinds[] = { "plan", "doc", "resource" };

	if (json_get(v, "record_id")) {
		print_field(r, v);
		return;
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (json_get(v, kinds[i])) {
			printf("%s ", kinds[i]);
			out_text(stdout, json_string(json_get(v, kinds[i])));
		}
	if (json_get(v, "doc"))
		printf(" @%.*s ", 16, (const char *)
		       json_string(json_get(v, "element")).p);
	out_text(stdout, json_string(json_get(v, "field")));
	putchar('\n');
	answer_heads(r, v);
}

static void print_conflicts(const struct reader *r, const struct json *v)
{
	for (size_t i = 0; i < json_len(v); i++)
		print_conflict(r, json_at(v, i));
	if (!json_len(v))
		puts("no conflict");
}

static bool is_null(const struct json_out *out)
{
	return span_equal(buf_span(&out->b), SPAN_STR("null"));
}

/* If the question before it had no answer. */
static int why_ask(struct reader *r, const char *what, struct span record,
		   struct span field, struct json_out *out)
{
	if (out->b.len && !is_null(out))
		return OPTIONS_OK;
	buf_fini(&out->b);
	*out = (struct json_out){ 0 };
	return reader_ask(r, "why", what, record, field, out);
}

/* "RECORD.FIELD": of a name with several dots the first that was written;
 * *field tells whether it is one. A record may have dots as well. */
static int why_dotted(struct reader *r, const char *name, bool *field,
		      struct json_out *out)
{
	int code = OPTIONS_OK;

	for (const char *dot = strchr(name, '.'); dot && code == OPTIONS_OK;
	     dot = strchr(dot + 1, '.'))
		code = why_ask(r, "why", SPAN(name, (size_t)(dot - name)),
			       SPAN_STR(dot + 1), out);
	*field = out->b.len && !is_null(out);
	if (code == OPTIONS_OK)
		code = why_ask(r, "created", SPAN_STR(name), SPAN("", 0), out);
	*field |= is_null(out) && strchr(name, '.');
	return code;
}

int cmd_why(int argc, char **argv)
{
	struct json_out out = { 0 };
	struct reader r;
	struct options o;
	bool field = true;
	int code = options_read(&o, argc, argv,
		"why RECORD.FIELD | RECORD FIELD | RECORD [--json]\n\n"
		"How a value came about: the write that shows, those beside "
		"it, how many are\nreplaced; of a counter, who added and took "
		"how much. A record alone: who\ncreated it.",
		NULL, 1, 2);

	if (code != OPTIONS_OK)
		return code;
	code = reader_open(&r, argv[0]);
	if (code == OPTIONS_OK)
		code = o.n_args > 1 ?
			why_ask(&r, "why", SPAN_STR(o.args[0]),
				SPAN_STR(o.args[1]), &out) :
			why_dotted(&r, o.args[0], &field, &out);
	if (code == OPTIONS_OK && field && o.json)
		count_told(&r, &out);
	if (code == OPTIONS_OK)
		code = answer(&out, &r, o.json, field ? print_field :
							print_created);
	reader_close(&r);
	return code;
}

int cmd_conflicts(int argc, char **argv)
{
	struct buf lines = { 0 };
	struct json_out out = { 0 };
	struct reader r;
	struct options o;
	int code = options_read(&o, argc, argv, "conflicts [--json]\n\n"
		"What two stations wrote without knowing of each other: "
		"fields, the plan, elements of\ndocuments, resources. A "
		"further write settles it.", NULL, 0, 0);

	if (code != OPTIONS_OK)
		return code;
	code = reader_open(&r, argv[0]);
	if (code == OPTIONS_OK)
		code = reader_rows(&r, argv[0], "conflicts", SPAN("", 0),
				   &lines);
	if (code == OPTIONS_OK) {
		answer_join(&out, buf_span(&lines), true);
		code = answer(&out, &r, o.json, print_conflicts);
	}
	buf_fini(&lines);
	reader_close(&r);
	return code;
}
