/* SPDX-License-Identifier: MIT
 *
 * Reading a station's folder: see reader.h.
 */
#include "tools/reader.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/ctl/ctl.h"
#include "tools/client.h"

#define AUTHORS_MAX 100000

static int reader_fail(const struct reader *r, const char *verb, int error)
{
	bool nothing = error == -ENOENT;

	fprintf(stderr, "cairn: %s: %s/events: %s\n", verb, r->dir,
		nothing ? "no log here yet (is -d right?)" :
			  strerror(-error));
	return error == -EACCES || error == -EPERM ? EXIT_CODE_PERMISSION :
						     EXIT_CODE_FAILED;
}

int reader_open(struct reader *r, const char *verb)
{
	struct log_options o = { .read_only = true, .key = history_key,
				 .topic = history_topic };
	struct log_recovery rec;
	char path[544];
	int e;

	*r = (struct reader){ .fd = -1 };
	client_dir(r->dir);
	snprintf(path, sizeof(path), "%s/events", r->dir);
	e = log_open(&r->log, path, &o, &rec);
	if (!e) {
		history_init(&r->history, r->log);
		r->store = history_store(&r->history);
	}
	return e ? reader_fail(r, verb, e) : OPTIONS_OK;
}

struct json *reader_state(const char *dir)
{
	char path[544];
	struct buf text = { 0 };
	struct json *v = NULL;

	snprintf(path, sizeof(path), "%s/state", dir);
	if (file_read(path, 1 << 20, &text) == 0)
		v = json_parse(buf_span(&text), NULL);
	buf_fini(&text);
	return v;
}

void reader_dataset(const struct json *state, uint8_t id[DATASET_SIZE])
{
	dataset_id(id, state ? json_string(json_get(state, "dataset")) :
			       SPAN_STR("default"));
}

static int load_record(void *ctx, const struct log_record *rec)
{
	struct reader *r = ctx;

	if (r->history.damage.ranges)
		dataset_load_damaged(&r->data);
	return dataset_load(&r->data, rec->type, rec->slot, rec->payload);
}

int reader_load(struct reader *r, const char *verb)
{
	struct store store = history_store(&r->history);
	struct feed_config c = { .authors_max = AUTHORS_MAX, .store = store,
				 .need_station = true };
	struct log_snapshot *s = log_snapshot(r->log);
	struct json *state = reader_state(r->dir);
	int e = s ? 0 : -ENOMEM;

	r->store = store;
	reader_dataset(state, r->dataset);
	memcpy(c.dataset, r->dataset, sizeof(c.dataset));
	json_free(state);
	if (!e)
		e = dataset_init(&r->data, &c);
	r->has_data = !e;
	if (!e)
		e = history_scan(&r->history, s, load_record, r);
	if (!e)
		e = dataset_loaded(&r->data, &store);
	if (s && log_release(s) && !e)
		e = -EIO;
	return e ? reader_fail(r, verb, e) : OPTIONS_OK;
}

void reader_close(struct reader *r)
{
	if (r->has_data)
		dataset_fini(&r->data);
	if (r->log)
		log_close(r->log);
	if (r->fd > 0)
		close(r->fd);
}

/* ---- asking cairnd ---- */

#define ANSWER_HEAD "{\"answer\":"

/* The answer's own bytes. */
static void take_answer(void *ctx, const struct json *v, struct span text)
{
	struct json_out *o = ctx;
	size_t head = strlen(ANSWER_HEAD);

	if (json_get(v, "answer") && text.n > head)
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
	return r->fd >= 0 && ctl_call(r->fd, "ask", 3, args, take_answer, o,
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
