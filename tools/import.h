/* SPDX-License-Identifier: MIT
 *
 * import: a file is taken apart here, and what is in it goes to cairnd as
 * sealed runs or as meshlog's events. Everything that cannot be taken is said
 * with the line (or the frame) where it stands.
 *
 *   import_runs.c     lines of an export, bundles  -> runs -> cairnd
 *   import_meshlog.c  lines of a meshlog log       -> own events
 *   import_blobs.c    pieces of contents           -> DIR/blobs
 */
#pragma once
#include "lib/base/json.h"
#include "lib/event/blob_tree.h"
#include "lib/event/event.h"

struct import_runs;
struct import_meshlog;
struct import_blobs;

struct import {
	const char *file;
	int fd;			/* cairnd */
	bool json;
	uint8_t dataset[DATASET_SIZE];
	uint64_t lines;		/* read; of a bundle, frames */
	uint64_t events;	/* newly held */
	uint64_t contents;	/* of attachments, new */
	uint64_t held;		/* known already */
	uint64_t gaps;		/* of which the events before are missing */
	bool left_out;		/* some of these; a meshlog event is taken */
	uint64_t refused;	/* of no use: torn, false, unknown */
	uint64_t shown_us;	/* progress */
	int code;		/* EXIT_CODE_OK, or why it had to stop */
	struct import_runs *runs;
	struct import_meshlog *meshlog;
	struct import_blobs *blobs;
};

/* "FILE:LINE: WHAT"; to = from for one line. */
void import_say(const struct import *im, uint64_t from, uint64_t to,
		const char *what);
/* One request whose words are hex: `bytes` after `what`. The answer goes to
 * fn. */
void import_send(struct import *im, const char *what, struct span bytes,
		 void (*fn)(void *ctx, const struct json *v, struct span text),
		 void *ctx);
void import_progress(struct import *im, bool last);

struct import_runs *import_runs_new(struct import *im);
void import_runs_free(struct import_runs *r);
/* A line of Cairn's own export. */
void import_runs_line(struct import_runs *r, const struct json *v);
/* Bytes of a bundle; n = 0 at its end. */
void import_runs_bundle(struct import_runs *r, struct span bytes);
/* What is still held back goes. */
void import_runs_end(struct import_runs *r);

struct import_meshlog *import_meshlog_new(struct import *im);
void import_meshlog_free(struct import_meshlog *m);
void import_meshlog_line(struct import_meshlog *m, struct span line);
/* Sends what is left and tells of gaps. */
void import_meshlog_end(struct import_meshlog *m);

struct import_blobs *import_blobs_new(struct import *im);
void import_blobs_free(struct import_blobs *b);
/* The events before it have been sent. */
void import_blobs_piece(struct import_blobs *b, const uint8_t hash[BLOB_HASH],
			uint64_t size, struct span piece);
/* A content of which pieces are missing is told of. */
void import_blobs_end(struct import_blobs *b);
