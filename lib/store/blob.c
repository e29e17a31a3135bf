/* SPDX-License-Identifier: MIT
 *
 * Blobs, see blob.h.
 */
#include "lib/store/blob.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "lib/base/file.h"

#define MAGIC "CAIRNBLB"
#define PATH_BYTES 640
#define FILE_MAX (BLOB_HEAD + BLOB_MAX + BLOB_CHUNKS_MAX * BLOB_HASH)

/* ---- in memory ---- */

static struct span chunk_at(struct span content, size_t i)
{
	return SPAN(content.p + i * BLOB_CHUNK,
		    blob_chunk_len(content.n, i));
}

static bool leaf_fits(const uint8_t *leaf, struct span chunk)
{
	uint8_t hash[BLOB_HASH];

	blob_leaf(hash, chunk);
	return memcmp(hash, leaf, BLOB_HASH) == 0;
}

uint64_t blob_file_size(uint64_t size)
{
	return BLOB_HEAD + blob_chunks(size) * BLOB_HASH + size;
}

static int head_read(struct rd *r, uint64_t *size)
{
	struct span magic = rd_bytes(r, strlen(MAGIC));

	*size = rd_be(r, 8);
	return r->bad || !span_equal(magic, SPAN_STR(MAGIC)) ||
	       *size > BLOB_MAX ? -EINVAL : 0;
}

static void head_write(struct buf *file, uint64_t size)
{
	uint8_t be[8];

	be_put(be, sizeof(be), size);
	buf_add(file, SPAN_STR(MAGIC));
	buf_add(file, SPAN(be, sizeof(be)));
}

int blob_parse(struct blob *b, struct span file)
{
	struct rd r = rd_init(file);

	*b = (struct blob){ 0 };
	if (head_read(&r, &b->size))
		return -EINVAL;
	b->n_chunks = blob_chunks(b->size);
	b->leaves = rd_bytes(&r, b->n_chunks * BLOB_HASH);
	b->content = rd_rest(&r);
	if (r.bad || b->content.n != b->size)
		return -EINVAL;
	for (size_t i = 0; i < b->n_chunks; i++)
		if (!leaf_fits(b->leaves.p + i * BLOB_HASH,
			       chunk_at(b->content, i)))
			return -EINVAL;
	blob_name(b->hash, b->size, b->leaves);
	return 0;
}

int blob_build(struct buf *file, struct span content, uint8_t hash[BLOB_HASH])
{
	size_t n = blob_chunks(content.n), list;

	if (content.n > BLOB_MAX)
		return -EFBIG;
	head_write(file, content.n);
	list = file->len;
	for (size_t i = 0; i < n; i++) {
		blob_leaf(buf_reserve(file, BLOB_HASH), chunk_at(content, i));
		file->len += BLOB_HASH;
	}
	blob_name(hash, content.n, SPAN(file->p + list, n * BLOB_HASH));
	buf_add(file, content);
	return 0;
}

/* ---- on disk ---- */

static int path_of(char dst[PATH_BYTES], const char *dir,
		   const uint8_t hash[BLOB_HASH], const char *end)
{
	char hex[2 * BLOB_HASH + 1];
	int n = snprintf(dst, PATH_BYTES, "%s/%s%s", dir,
			 hex_encode(hex, SPAN(hash, BLOB_HASH)), end);

	return n < 0 || n >= PATH_BYTES ? -ENAMETOOLONG : 0;
}

/* Under its name only when it is whole and on the disk. */
static int file_put(const char *dir, const uint8_t hash[BLOB_HASH],
		    struct span file)
{
	char path[PATH_BYTES];
	int e = path_of(path, dir, hash, "");

	if (e || access(path, F_OK) == 0)
		return e;
	return file_replace(path, 0644, file);
}

static int dir_make(const char *dir)
{
	return mkdir(dir, 0755) && errno != EEXIST ? -errno : 0;
}

int blob_store(const char *dir, struct span content, uint8_t hash[BLOB_HASH])
{
	struct buf file = { 0 };
	int e = blob_build(&file, content, hash);

	if (!e)
		e = dir_make(dir);
	if (!e)
		e = file_put(dir, hash, buf_span(&file));
	buf_fini(&file);
	if (!e)		/* it need not be waited for any more */
		blob_part_drop(dir, hash);
	return e;
}

/* The whole of DIR/HASH or its part, checked. */
static int file_load(const char *dir, const uint8_t hash[BLOB_HASH],
		     const char *end, struct buf *file, struct blob *b)
{
	char path[PATH_BYTES];
	int e = path_of(path, dir, hash, end);

	if (!e)
		e = file_read(path, FILE_MAX, file);
	if (e == -EFBIG || (!e && (blob_parse(b, buf_span(file)) ||
				   memcmp(b->hash, hash, BLOB_HASH) != 0)))
		e = -EBADMSG;
	return e;
}

int blob_read(const char *dir, const uint8_t hash[BLOB_HASH],
	      struct buf *file, struct blob *b)
{
	return file_load(dir, hash, "", file, b);
}

int blob_load(const char *dir, const uint8_t hash[BLOB_HASH],
	      struct buf *content)
{
	struct buf file = { 0 };
	struct blob b;
	int e = blob_read(dir, hash, &file, &b);

	if (!e)
		buf_add(content, b.content);
	buf_fini(&file);
	return e;
}

bool blob_held(const char *dir, const uint8_t hash[BLOB_HASH])
{
	char path[PATH_BYTES];

	return path_of(path, dir, hash, "") == 0 && access(path, R_OK) == 0;
}

/* ---- a piece ---- */

static bool read_at(int fd, void *dst, size_t n, uint64_t at)
{
	return pread(fd, dst, n, (off_t)at) == (ssize_t)n;
}

static int write_at(int fd, struct span s, uint64_t at)
{
	ssize_t n = pwrite(fd, s.p, s.n, (off_t)at);

	return n < 0 ? -errno : (size_t)n == s.n ? 0 : -ENOSPC;
}

static uint64_t leaf_offset(size_t i)
{
	return BLOB_HEAD + (uint64_t)i * BLOB_HASH;
}

static uint64_t chunk_offset(uint64_t size, size_t i)
{
	return leaf_offset(blob_chunks(size)) + (uint64_t)i * BLOB_CHUNK;
}

/* Head and leaves, appended. */
static int leaves_read(int fd, struct buf *leaves, uint64_t *size)
{
	uint8_t head[BLOB_HEAD];
	struct rd r = rd_init(SPAN(head, sizeof(head)));
	size_t n;

	if (!read_at(fd, head, sizeof(head), 0) || head_read(&r, size))
		return -EBADMSG;
	n = blob_chunks(*size) * BLOB_HASH;
	if (!read_at(fd, buf_reserve(leaves, n + 1), n, BLOB_HEAD))
		return -EBADMSG;
	leaves->len += n;
	return 0;
}

static bool chunk_read(int fd, uint64_t size, const struct buf *leaves,
		       size_t i, uint8_t chunk[BLOB_CHUNK])
{
	size_t n = blob_chunk_len(size, i);

	return read_at(fd, chunk, n, chunk_offset(size, i)) &&
	       leaf_fits(leaves->p + i * BLOB_HASH, SPAN(chunk, n));
}

int blob_piece_read(const char *dir, const uint8_t hash[BLOB_HASH], size_t i,
		    uint8_t *dst)
{
	uint8_t chunk[BLOB_CHUNK];
	struct buf leaves = { 0 };
	char path[PATH_BYTES];
	int fd, e = path_of(path, dir, hash, "");
	uint64_t size;

	if (e)
		return e;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	e = leaves_read(fd, &leaves, &size);
	if (!e && i >= blob_chunks(size))
		e = -EINVAL;
	if (!e && !chunk_read(fd, size, &leaves, i, chunk))
		e = -EBADMSG;
	if (!e)
		e = (int)blob_piece_put(dst, size, buf_span(&leaves), i,
				SPAN(chunk, blob_chunk_len(size, i)));
	close(fd);
	buf_fini(&leaves);
	return e;
}

/* ---- one that comes in pieces ---- */

static int part_make(int fd, const char *path, uint64_t size)
{
	struct buf head = { 0 };
	int e;

	head_write(&head, size);
	e = write_at(fd, buf_span(&head), 0);
	buf_fini(&head);
	if (!e && ftruncate(fd, (off_t)blob_file_size(size)))
		e = -errno;
	if (!e && fsync(fd))
		e = -errno;
	return e ? e : file_sync_folder(path);
}

static int part_read(int fd, uint64_t *size, uint8_t have[BLOB_HAVE_BYTES])
{
	struct buf leaves = { 0 };
	uint8_t chunk[BLOB_CHUNK];
	uint64_t found;
	int e = leaves_read(fd, &leaves, &found);

	if (!e && *size && *size != found)
		e = -EBADMSG;
	if (!e)
		*size = found;
	for (size_t i = 0; !e && i < blob_chunks(found); i++)
		if (chunk_read(fd, found, &leaves, i, chunk))
			have[i / 8] |= (uint8_t)(1u << i % 8);
	buf_fini(&leaves);
	return e;
}

int blob_part_open(const char *dir, const uint8_t hash[BLOB_HASH],
		   uint64_t *size, uint8_t have[BLOB_HAVE_BYTES])
{
	char path[PATH_BYTES];
	struct stat st;
	int fd, e = path_of(path, dir, hash, ".part");

	memset(have, 0, BLOB_HAVE_BYTES);
	if (!e)
		e = *size > BLOB_MAX ? -EFBIG : dir_make(dir);
	if (e)
		return e;
	fd = open(path, O_RDWR | O_CLOEXEC | (*size ? O_CREAT : 0), 0644);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		e = -errno;
	else if (!st.st_size)
		e = *size ? part_make(fd, path, *size) : -EBADMSG;
	else
		e = part_read(fd, size, have);
	if (!e)
		return fd;
	close(fd);
	return e;
}

int blob_part_put(int fd, uint64_t size, const struct blob_piece *p)
{
	int e = write_at(fd, p->chunk, chunk_offset(size, p->i));

	return e ? e : write_at(fd, SPAN(p->leaf, BLOB_HASH),
				leaf_offset(p->i));
}

int blob_part_drop(const char *dir, const uint8_t hash[BLOB_HASH])
{
	char path[PATH_BYTES];
	int e = path_of(path, dir, hash, ".part");

	return e ? e : unlink(path) ? -errno : 0;
}

int blob_part_finish(const char *dir, const uint8_t hash[BLOB_HASH])
{
	char path[PATH_BYTES], part[PATH_BYTES];
	struct buf file = { 0 };
	struct blob b;
	int e = path_of(path, dir, hash, "");

	if (!e)
		e = path_of(part, dir, hash, ".part");
	if (!e)
		e = file_load(dir, hash, ".part", &file, &b);
	buf_fini(&file);
	if (e == -EBADMSG)
		unlink(part);
	if (!e && rename(part, path))
		e = -errno;
	return e ? e : file_sync_folder(path);
}
