/* SPDX-License-Identifier: MIT
 *
 * Asking a cairnd at work, or else the log: see reader.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "lib/ctl/ctl.h"
#include "lib/view/rows.h"
#include "tools/reader.h"

#define PAGES_AGAIN 3	/* a view that changes meanwhile is asked for again */

/* ---- one question ---- */

#define ANSWER_HEAD "{\"answer\":"

/* The answer's own bytes. */
static void take_answer(void *ctx, struct span text)
{
	struct json_out *o = ctx;
	size_t head = strlen(ANSWER_HEAD);

	if (text.n > head && !memcmp(text.p, ANSWER_HEAD, head))
		buf_add(&o->b, SPAN(text.p + head, text.n - head - 1));
}

static bool ask_daemon(struct reader *r, const char *what, struct span a,
		       struct span b, struct json_out *o)
{
	char words[3][CTL_ARG_MAX + 1], error[256];
	char *args[] = { words[0], words[1], words[2] };

	if (a.n > CTL_ARG_MAX || b.n > CTL_ARG_MAX ||
	    (a.n && memchr(a.p, 0, a.n)) || (b.n && memchr(b.p, 0, b.n)))
		return false;
	snprintf(words[0], sizeof(words[0]), "%s", what);
	snprintf(words[1], sizeof(words[1]), "%.*s", (int)a.n,
		 (const char *)a.p);
	snprintf(words[2], sizeof(words[2]), "%.*s", (int)b.n,
		 (const char *)b.p);
	if (r->fd < 0)
		r->fd = ctl_connect(r->dir);
	return r->fd >= 0 &&
		ctl_call_text(r->fd, "ask", 3, args, take_answer, o,
			      error) == EXIT_CODE_OK && o->b.len;
}

int reader_ask(struct reader *r, const char *verb, const char *what,
	       struct span a, struct span b, struct json_out *o)
{
	int code = OPTIONS_OK;

	if (!r->has_data && ask_daemon(r, what, a, b, o))
		return OPTIONS_OK;
	buf_fini(&o->b);
	*o = (struct json_out){ 0 };
	if (!r->has_data)
		code = reader_load(r, verb);
	if (code == OPTIONS_OK)
		dataset_ask(&r->data, SPAN_STR(what), a, b, o, clock_read(1));
	return code;
}

/* ---- what comes in pages ---- */

static int page_take(struct reader *r, const char *what, struct span of,
		     struct rows *rows)
{
	struct json_out page = { 0 };
	char from[24];
	int e = -EIO;

	snprintf(from, sizeof(from), "%zu", rows->next);
	if (r->has_data ? dataset_ask(&r->data, SPAN_STR(what), SPAN_STR(from),
				      of, &page, clock_read(1)) :
	    ask_daemon(r, what, SPAN_STR(from), of, &page))
		e = rows_take(rows, buf_span(&page.b));
	buf_fini(&page.b);
	return e;
}

static bool pages_take(struct reader *r, const char *what, struct span of,
		       struct rows *rows)
{
	unsigned again = 0;
	int e;

	do {
		e = page_take(r, what, of, rows);
		again += e == -EAGAIN;
	} while (e ? e == -EAGAIN && again <= PAGES_AGAIN : rows->next > 0);
	return !e;
}

int reader_rows(struct reader *r, const char *verb, const char *what,
		struct span of, struct buf *lines)
{
	struct rows rows = { .next = 0 };
	bool whole = pages_take(r, what, of, &rows);
	int code = OPTIONS_OK;

	if (!whole) {
		rows_fini(&rows);
		if (!r->has_data)
			code = reader_load(r, verb);
		if (code == OPTIONS_OK)
			pages_take(r, what, of, &rows);
	}
	rows_lines(&rows, lines);
	rows_fini(&rows);
	return code;
}

static int record_ask(struct reader *r, const char *verb,
		      const struct view_filter *f, struct buf *lines)
{
	struct json_out o = { 0 };
	int code = reader_ask(r, verb, "record", f->record, f->form, &o);

	if (code == OPTIONS_OK && o.b.len && o.b.p[0] == '{')
		buf_add(lines, buf_span(&o.b));
	buf_fini(&o.b);
	return code;
}

int reader_records(struct reader *r, const char *verb,
		   const struct view_filter *f, struct buf *lines)
{
	return f->record.n ? record_ask(r, verb, f, lines) :
			     reader_rows(r, verb, "records", f->form, lines);
}

struct json *reader_record(struct span *lines)
{
	const uint8_t *end = lines->n ? memchr(lines->p, '\n', lines->n) : NULL;
	struct span line = { lines->p, end ? (size_t)(end - lines->p) : 0 };

	*lines = end ? SPAN(end + 1, lines->n - line.n - 1) : SPAN(NULL, 0);
	return line.n ? json_parse_shown(line) : NULL;
}

/* A hash a line, in quotes. */
int reader_hash(struct reader *r, const char *verb, uint8_t hash[32])
{
	struct buf lines = { 0 }, hashes = { 0 };
	int code = reader_rows(r, verb, "hashes", SPAN("", 0), &lines);
	const size_t line = strlen("\"\"\n") + 2 * CRYPTO_HASH_SIZE;

	for (size_t at = 0; at + line <= lines.len; at += line) {
		uint8_t *one = buf_reserve(&hashes, CRYPTO_HASH_SIZE);

		hex_decode(one, CRYPTO_HASH_SIZE,
			   SPAN(lines.p + at + 1, 2 * CRYPTO_HASH_SIZE));
		hashes.len += CRYPTO_HASH_SIZE;
	}
	view_hash_end(buf_span(&hashes), hash);
	buf_fini(&lines);
	buf_fini(&hashes);
	return code;
}

/* ---- authors ---- */

static void take_name(void *ctx, const struct json *v, struct span text)
{
	struct reader_author *a = ctx;
	struct span name = json_string(json_get(v, "name"));
	struct span call = json_string(json_get(v, "callsign"));

	(void)text;
	a->slot = (uint32_t)json_int(json_get(v, "slot"));
	snprintf(a->name, sizeof(a->name), "%.*s", (int)name.n,
		 (const char *)name.p);
	snprintf(a->callsign, sizeof(a->callsign), "%.*s", (int)call.n,
		 (const char *)call.p);
}

void reader_author(const struct reader *r, struct span label,
		   struct reader_author *a)
{
	char word[AUTHOR_LABEL_MAX + 1], error[256];
	char *args[] = { word };
	struct buf name = { 0 };

	*a = (struct reader_author){ .slot = FEED_SLOT_NONE };
	snprintf(word, sizeof(word), "%.*s", (int)label.n,
		 (const char *)label.p);
	snprintf(a->name, sizeof(a->name), "%s", word);
	if (!r->has_data) {
		if (r->fd >= 0)
			ctl_call(r->fd, "name", 1, args, take_name, a, error);
		return;
	}
	feed_name_told(r->data.feeds, label, &name);
	a->slot = feed_find(r->data.feeds, label);
	snprintf(a->name, sizeof(a->name), "%.*s", (int)name.len, name.p);
	if (a->slot != FEED_SLOT_NONE)
		snprintf(a->callsign, sizeof(a->callsign), "%s",
			 feed_at(r->data.feeds, a->slot)->call);
	buf_fini(&name);
}
