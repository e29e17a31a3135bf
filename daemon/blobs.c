/* SPDX-License-Identifier: MIT
 *
 * Files of contents, see blobs.h.
 */
#include "daemon/blobs.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "lib/base/report.h"
#include "lib/store/blob.h"

static void blobs_look(struct blobs *b);

static struct blobs_part *part_find(struct blobs *b,
				    const uint8_t hash[BLOB_HASH])
{
	for (unsigned i = 0; i < BLOBS_PARTS_MAX; i++)
		if (b->part[i].used &&
		    memcmp(b->part[i].hash, hash, BLOB_HASH) == 0)
			return &b->part[i];
	return NULL;
}

static struct blobs_part *part_free(struct blobs *b)
{
	for (unsigned i = 0; i < BLOBS_PARTS_MAX; i++)
		if (!b->part[i].used)
			return &b->part[i];
	return NULL;
}

static void part_close(struct blobs_part *p)
{
	close(p->fd);
	p->used = false;
}

/* ---- what the node calls ---- */

static int blobs_piece(void *ctx, const uint8_t hash[BLOB_HASH],
		       uint32_t chunk, uint8_t *dst)
{
	struct blobs *b = ctx;

	return blob_piece_read(b->dir, hash, chunk, dst);
}

static int blobs_keep(void *ctx, const uint8_t hash[BLOB_HASH], uint64_t size,
		      const struct blob_piece *piece)
{
	struct blobs *b = ctx;
	struct blobs_part *p = part_find(b, hash);
	int e = p ? blob_part_put(p->fd, size, piece) : -ENOENT;

	if (e && p)
		part_close(p);
	return e;
}

static void part_synced(void *ctx, int result)
{
	struct blobs_part *p = ctx;
	int e = result ? result : blob_part_finish(p->blobs->dir, p->hash);

	p->syncing = false;
	part_close(p);
	if (e)	/* it is tried again at the next start, not at once for ever */
		report(REPORT_WARNING, "%s: a content that came: %s",
		       p->blobs->dir, strerror(-e));
	else
		blobs_look(p->blobs);
}

static void blobs_whole(void *ctx, const uint8_t hash[BLOB_HASH])
{
	struct blobs *b = ctx;
	struct blobs_part *p = part_find(b, hash);
	int e;

	if (!p || p->syncing)
		return;
	p->syncing = true;
	e = ring_fdatasync(b->ring, p->fd, part_synced, p);
	if (e)
		part_synced(p, e);
}

static void blobs_named(void *ctx, const uint8_t hash[BLOB_HASH],
			uint64_t size)
{
	struct blobs *b = ctx;

	if (size && size <= b->fetch_max)
		blobs_want(b, hash, size);
}

struct node_contents blobs_contents(struct blobs *b)
{
	return (struct node_contents){ b, blobs_piece, blobs_keep,
				       blobs_whole, blobs_named };
}

/* ---- waiting for one ---- */

static bool quota_allows(const struct blobs *b, uint64_t size)
{
	return b->bytes + blob_file_size(size) <=
	       b->bytes_max;
}

static int part_open(struct blobs *b, const uint8_t hash[BLOB_HASH],
		     uint64_t size)
{
	struct blobs_part *p = part_free(b);
	uint8_t have[BLOB_HAVE_BYTES];
	int fd = p ? blob_part_open(b->dir, hash, &size, have) : -ENOSPC;
	int e;

	if (fd < 0)
		return fd;
	e = node_fetch(b->node, hash, size, have, clock_read(b->time_scale));
	if (e < 0) {
		close(fd);
		return e;
	}
	*p = (struct blobs_part){ .used = true, .fd = fd, .size = size,
				  .blobs = b };
	memcpy(p->hash, hash, BLOB_HASH);
	if (e == 1)		/* it was whole before it had its name */
		blobs_whole(b, hash);
	return e;
}

int blobs_want(struct blobs *b, const uint8_t hash[BLOB_HASH], uint64_t size)
{
	const struct blobs_part *p = part_find(b, hash);
	int e;

	if (blob_held(b->dir, hash)) {
		blobs_forget(b, hash);
		return 1;
	}
	if (p)		/* of one that is whole, only its name lacks */
		return p->syncing ? 0 : node_fetch(b->node, hash, p->size,
					NULL, clock_read(b->time_scale));
	if (!size || size > BLOB_MAX)
		return -EINVAL;
	if (!quota_allows(b, size))
		return -EDQUOT;
	e = part_open(b, hash, size);
	if (e >= 0)
		b->bytes += blob_file_size(size);
	return e;
}

int blobs_forget(struct blobs *b, const uint8_t hash[BLOB_HASH])
{
	struct blobs_part *p = part_find(b, hash);

	if (!p || p->syncing)
		return -ENOENT;
	node_fetch_drop(b->node, hash);
	b->bytes -= blob_file_size(p->size);
	part_close(p);
	blob_part_drop(b->dir, hash);
	return 0;
}

/* ---- offered by hand ---- */

struct search {
	const uint8_t *hash;
	uint64_t size;
	bool found;
};

static void search_named(void *ctx, struct span text, uint64_t size)
{
	struct search *s = ctx;
	uint8_t hash[BLOB_HASH];

	s->found |= size == s->size &&
		hex_decode(hash, BLOB_HASH, text) == BLOB_HASH &&
		memcmp(hash, s->hash, BLOB_HASH) == 0;
}

const char *blobs_refuses(struct blobs *b, const uint8_t hash[BLOB_HASH],
			  uint64_t size)
{
	struct search s = { hash, size, false };

	if (blob_held(b->dir, hash))
		return "";
	view_contents(node_view(b->node), search_named, &s);
	if (!s.found)
		return "no event names it";
	return quota_allows(b, size) ? NULL :
	       "no room: see blobs = in cairn.conf(5)";
}

/* ---- the folder ---- */

/* HASH or HASH.part; any other name is none of ours. */
static bool name_parse(const char *name, uint8_t hash[BLOB_HASH], bool *part)
{
	size_t n = strlen(name);

	*part = n > 2 * BLOB_HASH;
	return n >= 2 * BLOB_HASH &&
	       (!*part || !strcmp(name + 2 * BLOB_HASH, ".part")) &&
	       hex_decode(hash, BLOB_HASH, SPAN(name, 2 * BLOB_HASH)) ==
	       BLOB_HASH;
}

static void look_entry(struct blobs *b, int dir_fd, const char *name)
{
	uint8_t hash[BLOB_HASH];
	struct stat st;
	bool part;

	if (!name_parse(name, hash, &part))
		return;
	if (fstatat(dir_fd, name, &st, 0) == 0)
		b->bytes += (uint64_t)st.st_size;
	if (!part || part_find(b, hash) || !part_free(b))
		return;
	if (blob_held(b->dir, hash) ||
	    part_open(b, hash, 0) == -EBADMSG)
		blob_part_drop(b->dir, hash);
}

static void look_named(void *ctx, struct span text, uint64_t size)
{
	struct blobs *b = ctx;
	uint8_t hash[BLOB_HASH];

	if (part_free(b) &&
	    hex_decode(hash, BLOB_HASH, text) == BLOB_HASH)
		blobs_named(b, hash, size);
}

/* Counts what is there, and opens what waits while there are places. */
static void blobs_look(struct blobs *b)
{
	DIR *dir = opendir(b->dir);
	const struct dirent *e;

	b->bytes = 0;
	while (dir && (e = readdir(dir)))
		look_entry(b, dirfd(dir), e->d_name);
	if (dir)
		closedir(dir);
	if (b->fetch_max)
		view_contents(node_view(b->node), look_named, b);
}

void blobs_open(struct blobs *b, struct node *node)
{
	b->node = node;
	blobs_look(b);
}

void blobs_close(struct blobs *b)
{
	for (unsigned i = 0; i < BLOBS_PARTS_MAX; i++)
		if (b->part[i].used)
			part_close(&b->part[i]);
}
