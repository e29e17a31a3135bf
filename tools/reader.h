/* SPDX-License-Identifier: MIT
 *
 * Reading a station's folder without its daemon: DIR/events mapped read-only,
 * as far as it is published.
 */
#pragma once
#include "lib/log/log.h"
#include "lib/node/dataset.h"
#include "lib/store/history.h"
#include "tools/cairn.h"

struct reader {
	char dir[512];
	struct log *log;
	struct history history;
	struct store store;		/* of the history, once loaded */
	struct dataset data;
	uint8_t dataset[DATASET_SIZE];	/* its id; after reader_load */
	bool has_data;
	int fd;				/* cairnd at work, -1 = not asked or none */
};

/* Who wrote something, for people. */
struct reader_author {
	uint32_t slot;			/* FEED_SLOT_NONE: not held */
	char callsign[16];
	char name[160];
};

/* OPTIONS_OK, or an exit code with the reason said. */
int reader_open(struct reader *r, const char *verb);
/* Feeds and view as well. The same results. */
int reader_load(struct reader *r, const char *verb);
void reader_close(struct reader *r);

/* The answer to a question (dataset_ask), from a cairnd at work, which has
 * it at hand; else (none there, too large an answer) from the log, read as
 * reader_load does. After reader_open. OPTIONS_OK or an exit code, said. */
int reader_ask(struct reader *r, const char *verb, const char *what,
	       struct span a, struct span b, struct json_out *o);
/* All rows of a question that is answered in pages (view_page_json), a line of
 * JSON each in their order, added to `lines`; from where reader_ask has its
 * answers. */
int reader_rows(struct reader *r, const char *verb, const char *what,
		struct span of, struct buf *lines);
/* The records that the filter lets through, in the same way. */
int reader_records(struct reader *r, const char *verb,
		   const struct view_filter *f, struct buf *lines);
/* The next one of such lines, to be freed. */
struct json *reader_record(struct span *lines);
/* view_hash, in the same way. */
int reader_hash(struct reader *r, const char *verb, uint8_t hash[32]);
/* After either. */
void reader_author(const struct reader *r, struct span label,
		   struct reader_author *a);

/* DIR/state, or NULL; the caller frees it. */
struct json *reader_state(const char *dir);
/* Of the dataset that it names. */
void reader_dataset(const struct json *state, uint8_t id[DATASET_SIZE]);
/* `cairn log` of one document (cmd_log.c); the exit code. */
int log_doc(const char *verb, struct span doc, bool json);
