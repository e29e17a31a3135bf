/* SPDX-License-Identifier: MIT
 *
 * Lines of a meshlog log. Each authentic event that is not held yet becomes an
 * event of kind `import` in our own feed, whatever order the lines are in; an
 * event whose predecessor is nowhere is taken as well, and told of.
 */
#include <stdio.h>
#include <stdlib.h>
#include "lib/base/map.h"
#include "lib/ctl/ctl.h"
#include "lib/event/meshlog.h"
#include "lib/event/record.h"
#include "tools/import.h"
#include "tools/reader.h"

#define IDS_MAX 100000000
#define BATCH_MAX (48 * 1024)
#define BATCH_EVENTS_MAX 256
#define BAD_SAYS "not taken: "

/* What is remembered of a line for the account at the end. */
struct seen {
	uint64_t line, seq;
	uint8_t prev[MESHLOG_ID_SIZE];
	bool first;		/* of its author: nothing before it */
};

struct import_meshlog {
	struct import *im;
	struct map *ids;		/* held, or in this file */
	struct seen *seen;
	size_t n_seen, cap_seen;
	struct buf batch;		/* payloads on their way */
	uint64_t lines[BATCH_EVENTS_MAX];
	size_t n_lines;
};

struct import_meshlog *import_meshlog_new(struct import *im)
{
	struct import_meshlog *m = calloc(1, sizeof(*m));

	if (!m)
		abort();
	m->im = im;
	return m;
}

void import_meshlog_free(struct import_meshlog *m)
{
	map_free(m->ids);
	buf_fini(&m->batch);
	free(m->seen);
	free(m);
}

/* ---- what is held already ---- */

static struct span id_span(const uint8_t id[MESHLOG_ID_SIZE])
{
	return SPAN(id, MESHLOG_ID_SIZE);
}

static int held_record(void *ctx, const struct log_record *rec)
{
	struct import_meshlog *m = ctx;
	struct event e = { 0 };
	struct meshlog was;

	if (rec->type != RECORD_EVENT ||
	    record_event_decode(rec->payload, &e) || e.withheld ||
	    e.kind != KIND_IMPORT || meshlog_import_parse(&was, e.payload))
		return 0;
	return map_set(m->ids, id_span(was.id), 0);
}

/* Once, when the first line of meshlog's comes along. */
static void held_load(struct import_meshlog *m)
{
	struct log_snapshot *s;
	struct reader r;

	m->ids = map_new(IDS_MAX);
	if (!m->ids)
		abort();
	m->im->code = reader_open(&r, "import");
	if (m->im->code == OPTIONS_OK) {
		s = log_snapshot(r.log);
		m->im->code = s && !history_scan(&r.history, s, held_record,
						 m) ?
			EXIT_CODE_OK : EXIT_CODE_FAILED;
		if (s)
			log_release(s);
	}
	reader_close(&r);
}

/* ---- sending ---- */

static void batch_answer(void *ctx, const struct json *v, struct span text)
{
	struct import_meshlog *m = ctx;
	const struct json *why = json_get(v, "written");

	(void)text;
	for (size_t i = 0; i < json_len(why) && i < m->n_lines; i++) {
		struct span s = json_string(json_at(why, i));
		char what[160];

		if (!s.n) {
			m->im->events++;
			continue;
		}
		m->im->refused++;
		snprintf(what, sizeof(what), BAD_SAYS "%.*s", (int)s.n,
			 (const char *)s.p);
		import_say(m->im, m->lines[i], m->lines[i], what);
	}
}

static void batch_send(struct import_meshlog *m)
{
	if (m->n_lines && m->im->code == EXIT_CODE_OK)
		import_send(m->im, "meshlog", buf_span(&m->batch),
			    batch_answer, m);
	m->batch.len = m->n_lines = 0;
}

static void batch_add(struct import_meshlog *m, const struct meshlog *e)
{
	if (m->batch.len > BATCH_MAX || m->n_lines == BATCH_EVENTS_MAX)
		batch_send(m);
	if (meshlog_import_build(&m->batch, e)) {
		m->im->refused++;
		import_say(m->im, m->im->lines, m->im->lines,
			   BAD_SAYS "too long for an event");
		return;
	}
	m->lines[m->n_lines++] = m->im->lines;
}

/* ---- lines ---- */

static void seen_add(struct import_meshlog *m, const struct meshlog *e)
{
	struct seen *s;

	m->seen = array_room(m->seen, m->n_seen, &m->cap_seen, sizeof(*m->seen));
	s = &m->seen[m->n_seen++];
	*s = (struct seen){ .line = m->im->lines, .seq = e->e.seq,
			    .first = e->prev.n == 0 };
	if (hex_decode(s->prev, sizeof(s->prev), e->prev) < 0)
		memset(s->prev, 0, sizeof(s->prev));
}

void import_meshlog_line(struct import_meshlog *m, struct span line)
{
	struct meshlog e;
	enum meshlog_error bad = meshlog_parse(&e, line);

	if (!m->ids)
		held_load(m);
	if (bad) {
		char what[80];

		m->im->refused++;
		snprintf(what, sizeof(what), BAD_SAYS "%s", bad == MESHLOG_ID ?
			 "the id is not that of the content" :
			 meshlog_error_name(bad));
		import_say(m->im, m->im->lines, m->im->lines, what);
	} else if (map_get(m->ids, id_span(e.id)) != MAP_NONE) {
		m->im->held++;
	} else if (map_set(m->ids, id_span(e.id), 0) == 0) {
		seen_add(m, &e);
		batch_add(m, &e);
	}
	meshlog_fini(&e);
}

void import_meshlog_end(struct import_meshlog *m)
{
	batch_send(m);
	for (size_t i = 0; i < m->n_seen; i++) {
		const struct seen *s = &m->seen[i];
		char what[80];

		if (s->first || map_get(m->ids, id_span(s->prev)) != MAP_NONE)
			continue;
		m->im->gaps++;
		snprintf(what, sizeof(what), "taken, but event %llu before it "
			 "is missing", (unsigned long long)s->seq - 1);
		import_say(m->im, s->line, s->line, what);
	}
}
