/* SPDX-License-Identifier: MIT
 *
 * Bundles: what a set holds, as a file that is carried from station to station
 * (docs/formats.md, "Bundle"). The runs and seals are those of the air, the
 * framing that of a stream, so a damaged place costs what lies between two
 * flags and no more:
 *
 *   bundle = HDLC frames (lib/rns/rns.h)
 *   head   = "CAIRN BUNDLE" 12 | version u8 | dataset 32       the first frame
 *   runs   = 'R' | run body (lib/event/run.h)
 *   blob   = 'B' | HASH 32 | size u64 | piece (lib/event/blob_tree.h)
 *
 * One run a seal: all seals that are held travel along. A bundle proves itself
 * as a generation does; nothing else in it is believed.
 */
#pragma once
#include "lib/event/blob_tree.h"
#include "lib/feed/feed.h"
#include "lib/rns/rns.h"

#define BUNDLE_VERSION 1
#define BUNDLE_RUNS_MAX 48		/* in a body */
#define BUNDLE_BODY_MAX 16384

/* ---- gathering a run: events up to a seal ---- */

struct bundle_run {
	struct run run;
	struct event events[RUN_EVENTS_MAX];
	struct buf bytes;		/* their payloads */
};

void bundle_run_begin(struct bundle_run *g, uint32_t alias, uint64_t seq,
		      const uint8_t prev[EVENT_ID_SIZE]);
/* Copies the payload. False: a run has no room for another event. */
bool bundle_run_add(struct bundle_run *g, const struct event *e);
void bundle_run_end(struct bundle_run *g, const uint8_t seal[EVENT_SEAL_SIZE]);

/* ---- runs as bodies ---- */

struct bundle_pack;

struct bundle_pack *bundle_pack_new(void);
void bundle_pack_free(struct bundle_pack *k);
/* Takes a run in, copied, under a number of the caller's. False: it is full,
 * and the body must be taken first. */
bool bundle_pack_add(struct bundle_pack *k, const struct run *run,
		     uint64_t number);
/* The body of the runs taken in, which are then gone: its length, 0 if there
 * were none, or the error of run_body_encode. */
int bundle_pack_body(struct bundle_pack *k, uint8_t dst[BUNDLE_BODY_MAX]);
/* The numbers of its runs, in the body's order; valid until the next add. */
const uint64_t *bundle_pack_numbers(const struct bundle_pack *k, size_t *n);

/* ---- writing ---- */

struct bundle_source {
	const struct feed_set *feeds;
	struct store store;
	const uint8_t *dataset;
	/* What the other end holds of an author: what is above it goes. */
	uint64_t (*held)(void *ctx, uint32_t slot);
	/* Bytes of the bundle, and how many events they add. 0 or -errno. */
	int (*put)(void *ctx, struct span bytes, uint64_t events);
	void *ctx;
	uint64_t withheld;	/* payloads that fit into no body */
	uint64_t cut;		/* authors cut short: a damaged log lacks some */
};

/* All standing chains up to their heads, and the proofs of forks. 0, -EIO
 * (history cannot be read), -ENOMEM, or what put returned. */
int bundle_write(struct bundle_source *s);

/* ---- contents ---- */

#define BUNDLE_BLOB_HEAD (1 + BLOB_HASH + 8)
#define BUNDLE_BLOB_MAX HDLC_ENCODED_MAX(BUNDLE_BLOB_HEAD + BLOB_PIECE_MAX)

struct bundle_blob {		/* a piece of a content; nothing is verified */
	const uint8_t *hash;
	uint64_t size;
	struct span piece;
};

/* Its frame, BUNDLE_BLOB_MAX bytes at most: the length. */
size_t bundle_blob_put(uint8_t *wire, const struct bundle_blob *b);

/* ---- reading ---- */

enum bundle_error {
	BUNDLE_OK,
	BUNDLE_FRAMING,		/* bytes that are no frame */
	BUNDLE_NO_HEAD,		/* the first frame is no head */
	BUNDLE_OTHER_VERSION,
	BUNDLE_OTHER_DATASET,	/* nothing in it is for this set */
	BUNDLE_UNKNOWN_FRAME,
	BUNDLE_ERROR_COUNT,
};
const char *bundle_error_name(enum bundle_error e);

struct bundle_reader {
	struct hdlc_decoder hdlc;
	const uint8_t *dataset;
	uint64_t frames;		/* so far: where an error lies */
	bool refused;			/* other version or dataset */
	void (*body)(void *ctx, struct span body);
	void (*blob)(void *ctx, const struct bundle_blob *b);	/* or NULL */
	void (*error)(void *ctx, enum bundle_error e);
	void *ctx;
};

/* body, blob, error and ctx are set by the caller afterwards. */
void bundle_reader_init(struct bundle_reader *r, const uint8_t *dataset);
void bundle_read(struct bundle_reader *r, struct span bytes);
void bundle_read_end(struct bundle_reader *r);
