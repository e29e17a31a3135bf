/* SPDX-License-Identifier: MIT
 *
 * Lines of an export become runs, runs bodies, and bodies events; a bundle
 * has the bodies ready. A run is the lines of one author from the last seal to
 * the next, one behind the other.
 */
#include <stdio.h>
#include <stdlib.h>
#include "lib/ctl/ctl.h"
#include "lib/feed/bundle.h"
#include "lib/feed/lines.h"
#include "tools/import.h"

struct import_runs {
	struct import *im;
	struct bundle_pack *pack;
	struct bundle_reader bundle;
	struct run_body heads;
	/* the run being gathered */
	struct bundle_run run;
	bool open;
	uint64_t from;			/* its first line */
	/* the line before */
	char label[AUTHOR_LABEL_MAX + 1];
	uint64_t seq;
	uint8_t id[EVENT_ID_SIZE];
	/* the runs of the body on its way */
	struct sent {
		uint64_t from, to, events;	/* lines, or its frame */
	} sent[RUN_BODY_RUNS_MAX];
	size_t n_sent;
};

struct import_runs *import_runs_new(struct import *im)
{
	struct import_runs *r = calloc(1, sizeof(*r));

	if (!r)
		abort();
	r->im = im;
	r->pack = bundle_pack_new();
	if (!r->pack)
		abort();
	return r;
}

void import_runs_free(struct import_runs *r)
{
	bundle_pack_free(r->pack);
	buf_fini(&r->run.bytes);
	free(r);
}

/* ---- what became of the runs of a body ---- */

static void run_counted(struct import_runs *r, struct span verdict,
			const struct sent *run)
{
	struct import *im = r->im;
	char what[80];

	if (span_equal(verdict, SPAN_STR("accepted")) ||
	    span_equal(verdict, SPAN_STR("proof")))
		return;
	if (span_equal(verdict, SPAN_STR("duplicate"))) {
		im->held += run->events;
		return;
	}
	if (span_equal(verdict, SPAN_STR("gap")) ||
	    span_equal(verdict, SPAN_STR("no author"))) {
		im->gaps += run->events;
		im->left_out = true;
		import_say(im, run->from, run->to,
			   "not taken: the events before are missing; import "
			   "them first");
		return;
	}
	im->refused += run->events;
	snprintf(what, sizeof(what), "not taken: %.*s", (int)verdict.n,
		 (const char *)verdict.p);
	import_say(im, run->from, run->to, what);
}

static void body_answer(void *ctx, const struct json *v, struct span text)
{
	struct import_runs *r = ctx;
	const struct json *runs = json_get(v, "runs");

	(void)text;
	r->im->events += (uint64_t)json_int(json_get(v, "events"));
	for (size_t i = 0; i < json_len(runs) && i < r->n_sent; i++)
		run_counted(r, json_string(json_at(runs, i)), &r->sent[i]);
}

/* ---- runs of lines: numbered by their first and last line ---- */

static void sent_fill(struct import_runs *r)
{
	const uint64_t *numbers = bundle_pack_numbers(r->pack, &r->n_sent);

	for (size_t i = 0; i < r->n_sent; i++) {
		uint64_t from = numbers[i] >> 32, to = (uint32_t)numbers[i];

		r->sent[i] = (struct sent){ from, to, to - from + 1 };
	}
}

static void pack_send(struct import_runs *r)
{
	uint8_t body[BUNDLE_BODY_MAX];
	int n = bundle_pack_body(r->pack, body);

	sent_fill(r);
	if (n > 0)
		import_send(r->im, "runs", SPAN(body, (size_t)n), body_answer,
			    r);
	for (size_t i = 0; n < 0 && i < r->n_sent; i++)
		run_counted(r, SPAN_STR("cannot be carried"), &r->sent[i]);
}

static void pack_add(struct import_runs *r, const struct run *run)
{
	uint64_t number = r->from << 32 | (uint32_t)r->im->lines;

	if (bundle_pack_add(r->pack, run, number))
		return;
	pack_send(r);
	bundle_pack_add(r->pack, run, number);
}

/* ---- lines ---- */

static void line_bad(struct import_runs *r, const char *what)
{
	r->im->refused++;
	import_say(r->im, r->im->lines, r->im->lines, what);
}

/* The lines so far lead to no seal. */
static void run_drop(struct import_runs *r)
{
	if (!r->open)
		return;
	r->open = false;
	r->im->refused += r->run.run.n;
	import_say(r->im, r->from, r->from + r->run.run.n - 1,
		   "no seal follows");
}

static bool follows(const struct import_runs *r, const struct event *e)
{
	return e->seq == r->seq + 1 &&
	       span_equal(e->author, SPAN_STR(r->label));
}

/* The id below the event, if it is known. */
static bool line_prev(const struct import_runs *r, const struct line *l,
		      uint8_t prev[EVENT_ID_SIZE])
{
	uint8_t author[AUTHOR_SIZE];

	if (follows(r, &l->e)) {
		memcpy(prev, r->id, EVENT_ID_SIZE);
	} else if (l->e.seq == 1) {
		author_from_label(author, l->e.author);
		event_id_genesis(prev, r->im->dataset, author);
	} else {
		memcpy(prev, l->prev, EVENT_ID_SIZE);
		return l->has_prev;
	}
	return true;
}

static void line_remember(struct import_runs *r, const struct event *e)
{
	memcpy(r->label, e->author.p, e->author.n);
	r->label[e->author.n] = 0;
	r->seq = e->seq;
	memcpy(r->id, e->id, EVENT_ID_SIZE);
}

static void run_begin(struct import_runs *r, const struct event *e,
		      const uint8_t prev[EVENT_ID_SIZE])
{
	uint8_t author[AUTHOR_SIZE];

	author_from_label(author, e->author);
	bundle_run_begin(&r->run, author_alias(r->im->dataset, author),
			 e->seq, prev);
	r->from = r->im->lines;
	r->open = true;
}

static void event_line(struct import_runs *r, const struct line *l)
{
	uint8_t prev[EVENT_ID_SIZE], id[EVENT_ID_SIZE];

	if (!follows(r, &l->e))
		run_drop(r);
	if (!line_prev(r, l, prev)) {
		r->im->gaps++;
		r->im->left_out = true;
		import_say(r->im, r->im->lines, r->im->lines,
			   "the event before it is missing");
	} else {
		event_id_next(id, prev, &l->e);
		if (memcmp(id, l->e.id, sizeof(id)) != 0) {
			run_drop(r);
			line_bad(r, "the id is not that of the content");
			return;
		}
		if (!r->open)
			run_begin(r, &l->e, prev);
		if (!bundle_run_add(&r->run, &l->e)) {
			run_drop(r);
			line_bad(r, "too many events without a seal");
		}
	}
	line_remember(r, &l->e);
	if (!l->has_seal || !r->open)
		return;
	bundle_run_end(&r->run, l->seal);
	pack_add(r, &r->run.run);
	r->open = false;
}

static void proof_line(struct import_runs *r, const struct line *l)
{
	struct run run = { .seq = l->e.seq };
	uint8_t author[AUTHOR_SIZE];

	run_drop(r);
	author_from_label(author, l->e.author);
	run.alias = author_alias(r->im->dataset, author);
	memcpy(run.proof_id, l->e.id, sizeof(run.proof_id));
	memcpy(run.seal, l->seal, sizeof(run.seal));
	r->from = r->im->lines;
	pack_add(r, &run);
}

static void head_line(struct import_runs *r, const struct line *l)
{
	if (memcmp(l->dataset, r->im->dataset, DATASET_SIZE) == 0)
		return;
	fprintf(stderr, "cairn: import: %s is of another dataset\n",
		r->im->file);
	r->im->code = EXIT_CODE_FAILED;
}

void import_runs_line(struct import_runs *r, const struct json *v)
{
	struct line l;
	enum line_error e = line_from_json(&l, v);

	if (e) {
		run_drop(r);
		line_bad(r, line_error_name(e));
	} else if (l.kind == LINE_HEAD) {
		head_line(r, &l);
	} else if (l.kind == LINE_PROOF) {
		proof_line(r, &l);
	} else if (l.kind == LINE_BLOB) {
		import_runs_end(r);	/* the event that names it */
		import_blobs_piece(r->im->blobs, l.blob_hash, l.blob_size,
				   buf_span(&l.payload));
	} else {
		event_line(r, &l);
	}
	line_fini(&l);
}

void import_runs_end(struct import_runs *r)
{
	run_drop(r);
	if (r->im->code == EXIT_CODE_OK)
		pack_send(r);
}

/* ---- bundles ---- */

static void bundle_body(void *ctx, struct span body)
{
	struct import_runs *r = ctx;

	r->im->lines = r->bundle.frames;
	if (r->im->code != EXIT_CODE_OK)
		return;
	if (run_body_decode(&r->heads, body) != RUN_OK) {
		line_bad(r, "a frame that is damaged");
		return;
	}
	r->n_sent = r->heads.n_runs;
	for (size_t i = 0; i < r->n_sent; i++)
		r->sent[i] = (struct sent){ r->im->lines, r->im->lines,
					    r->heads.runs[i].n };
	import_send(r->im, "runs", body, body_answer, r);
}

static void bundle_blob(void *ctx, const struct bundle_blob *b)
{
	struct import_runs *r = ctx;

	r->im->lines = r->bundle.frames;
	import_blobs_piece(r->im->blobs, b->hash, b->size, b->piece);
}

static void bundle_error(void *ctx, enum bundle_error e)
{
	struct import_runs *r = ctx;

	r->im->lines = r->bundle.frames;
	line_bad(r, bundle_error_name(e));
}

void import_runs_bundle(struct import_runs *r, struct span bytes)
{
	if (!r->bundle.body) {
		bundle_reader_init(&r->bundle, r->im->dataset);
		r->bundle.body = bundle_body;
		r->bundle.blob = bundle_blob;
		r->bundle.error = bundle_error;
		r->bundle.ctx = r;
	}
	if (bytes.n)
		bundle_read(&r->bundle, bytes);
	else
		bundle_read_end(&r->bundle);
}
