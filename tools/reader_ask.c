/* SPDX-License-Identifier: MIT
 *
 * Asking a cairnd at work, or else the log: see reader.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "lib/ctl/ctl.h"
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
		dataset_ask(&r->data, SPAN_STR(what), a, b, SIZE_MAX, o,
			    clock_read(1));
	return code;
}

/* ---- the view, in pages ---- */

/* The lines between the brackets; each but the first begins with a comma. */
static void page_lines(struct buf *to, struct span page)
{
	const uint8_t *from = memchr(page.p, '[', page.n);
	const uint8_t *end = page.p + page.n - strlen("]}");

	while (from && ++from < end) {
		const uint8_t *line = from + (*from == ',');

		from = memchr(line, '\n', (size_t)(end - line));
		if (from)
			buf_add(to, SPAN(line, (size_t)(from - line) + 1));
	}
}

static void page_hashes(struct buf *to, struct span page)
{
	struct json *v = json_parse(page, NULL);
	struct span hex = json_string(json_get(v, "hashes"));

	hex_decode(buf_reserve(to, hex.n / 2), hex.n / 2, hex);
	to->len += hex.n / 2;
	json_free(v);
}

static bool page_head(struct span page, uint64_t *changes, size_t *next)
{
	unsigned long long is;
	char head[64];

	snprintf(head, sizeof(head), "%.*s", (int)page.n,
		 (const char *)page.p);
	if (sscanf(head, "{\"changes\":%llu,\"next\":%zu,", &is, next) != 2)
		return false;
	*changes = is;
	return true;
}

/* Takes the page at *from if it is one of the same view as those before. */
static bool page_take(struct reader *r, const char *what, struct span form,
		      size_t *from, uint64_t *changes,
		      void (*take)(struct buf *to, struct span page),
		      struct buf *to)
{
	struct json_out page = { 0 };
	char number[24];
	uint64_t now;
	size_t next;
	bool ok;

	snprintf(number, sizeof(number), "%zu", *from);
	ok = ask_daemon(r, what, SPAN_STR(number), form, &page) &&
		page_head(buf_span(&page.b), &now, &next);
	if (ok && *from && now != *changes) {
		*from = to->len = 0;
		*changes = 0;
	} else if (ok) {
		*changes = now;
		*from = next;
		take(to, buf_span(&page.b));
	}
	buf_fini(&page.b);
	return ok;
}

static bool pages_take(struct reader *r, const char *what, struct span form,
		       void (*take)(struct buf *to, struct span page),
		       struct buf *to)
{
	uint64_t changes = 0;
	size_t from = 0;
	unsigned again = 0;
	bool taken = !r->has_data;

	while (taken && again <= PAGES_AGAIN) {
		taken = page_take(r, what, form, &from, &changes, take, to);
		if (taken && from == 0 && changes)
			return true;
		again += taken && from == 0;
	}
	to->len = 0;
	return false;
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
	struct json_out o = { 0 };
	int code = OPTIONS_OK;

	if (f->record.n)
		return record_ask(r, verb, f, lines);
	if (pages_take(r, "page", f->form, page_lines, lines))
		return OPTIONS_OK;
	if (!r->has_data)
		code = reader_load(r, verb);
	if (code == OPTIONS_OK)
		view_records_json(r->data.view, f, true, &o);
	buf_add(lines, buf_span(&o.b));
	buf_fini(&o.b);
	return code;
}

struct json *reader_record(struct span *lines)
{
	const uint8_t *end = lines->n ? memchr(lines->p, '\n', lines->n) : NULL;
	struct span line = { lines->p, end ? (size_t)(end - lines->p) : 0 };

	*lines = end ? SPAN(end + 1, lines->n - line.n - 1) : SPAN(NULL, 0);
	return line.n ? json_parse_shown(line) : NULL;
}

int reader_hash(struct reader *r, const char *verb, uint8_t hash[32])
{
	struct buf hashes = { 0 };
	bool asked = pages_take(r, "hash_page", SPAN("", 0), page_hashes,
				&hashes);
	int code = OPTIONS_OK;

	if (asked)
		view_hash_end(buf_span(&hashes), hash);
	else if (!r->has_data)
		code = reader_load(r, verb);
	if (!asked && code == OPTIONS_OK)
		view_hash(r->data.view, hash);
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
