/* SPDX-License-Identifier: MIT
 *
 * Reading a station's folder: see reader.h.
 */
#include "tools/reader.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
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
