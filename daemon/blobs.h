/* SPDX-License-Identifier: MIT
 *
 * Contents of attachments as the daemon has them: DIR/blobs (lib/store/blob.h).
 * A file HASH.part is a content that is waited for, so the wait outlives a
 * restart; a HASH is given to whoever asks. Where the configuration says
 * `fetch = SIZE`, what attachments name is waited for without being asked.
 *
 * Chunks are written as they come and not synced; the last one brings a sync
 * off the loop, and then the file gets its name. What a crash took of it comes
 * again.
 */
#pragma once
#include "lib/event/blob_tree.h"
#include "lib/node/node.h"
#include "lib/ring/ring.h"

#define BLOBS_PARTS_MAX 16	/* waited for at once */

struct blobs;

struct blobs_part {
	bool used, syncing;
	int fd;
	uint8_t hash[BLOB_HASH];
	uint64_t size;
	struct blobs *blobs;
};

struct blobs {			/* dir to time_scale: the caller's */
	char dir[512];
	struct ring *ring;
	uint64_t fetch_max, bytes_max;	/* 0 = nothing unasked */
	unsigned time_scale;
	struct node *node;
	struct blobs_part part[BLOBS_PARTS_MAX];
	uint64_t bytes;		/* of all files there, as far as known */
};

/* What the node calls. */
struct node_contents blobs_contents(struct blobs *b);
/* The node is loaded: what is waited for is asked for. */
void blobs_open(struct blobs *b, struct node *node);
/* After the ring is gone. */
void blobs_close(struct blobs *b);

/* Waits for a content, or asks at once again. 0, 1 (it is here), -ENOSPC (16
 * are waited for), -EDQUOT (`blobs` is full), -EINVAL (no content has that
 * size), -EBADMSG (DIR/blobs/HASH.part is of another size), -errno. */
int blobs_want(struct blobs *b, const uint8_t hash[BLOB_HASH], uint64_t size);
/* No longer; what came of it is removed. 0, -ENOENT. */
int blobs_forget(struct blobs *b, const uint8_t hash[BLOB_HASH]);
/* Why a content that is offered by hand is not taken: NULL if it is, "" if it
 * is here. */
const char *blobs_refuses(struct blobs *b, const uint8_t hash[BLOB_HASH],
			  uint64_t size);
