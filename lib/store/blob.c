/* SPDX-License-Identifier: MIT
 *
 * Blobs, see blob.h.
 */
#include "lib/store/blob.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "lib/base/crypto.h"

#define MAGIC "CAIRNBLB"
#define PATH_BYTES 640
#define FILE_MAX (BLOB_HEAD + BLOB_MAX + \
		  (BLOB_MAX / BLOB_CHUNK + 1) * BLOB_HASH)

/* ---- in memory ---- */

static size_t chunks_of(uint64_t size)
{
	return (size + BLOB_CHUNK - 1) / BLOB_CHUNK;
}

static struct span chunk_at(struct span content, size_t i)
{
	size_t at = i * BLOB_CHUNK, left = content.n - at;

	return SPAN(content.p + at, left < BLOB_CHUNK ? left : BLOB_CHUNK);
}

/* Over size and list. */
static void name_hash(uint8_t hash[BLOB_HASH], uint64_t size,
		      struct span hashes)
{
	uint8_t be[8];
	const struct span parts[] = { SPAN(be, sizeof(be)), hashes };

	be_put(be, sizeof(be), size);
	crypto_blake2b(hash, BLOB_HASH, "cairn-blob-1", parts, 2);
}

int blob_parse(struct blob *b, struct span file)
{
	struct rd r = rd_init(file);
	struct span magic = rd_bytes(&r, strlen(MAGIC));
	uint8_t hash[BLOB_HASH];

	*b = (struct blob){ .size = rd_be(&r, 8) };
	if (r.bad || !span_equal(magic, SPAN_STR(MAGIC)) ||
	    b->size > BLOB_MAX)
		return -EINVAL;
	b->n_chunks = chunks_of(b->size);
	b->hashes = rd_bytes(&r, b->n_chunks * BLOB_HASH);
	b->content = rd_rest(&r);
	if (r.bad || b->content.n != b->size)
		return -EINVAL;
	for (size_t i = 0; i < b->n_chunks; i++) {
		struct span chunk = chunk_at(b->content, i);

		crypto_blake2b(hash, sizeof(hash), NULL, &chunk, 1);
		if (memcmp(hash, b->hashes.p + i * BLOB_HASH, BLOB_HASH) != 0)
			return -EINVAL;
	}
	name_hash(b->hash, b->size, b->hashes);
	return 0;
}

int blob_build(struct buf *file, struct span content, uint8_t hash[BLOB_HASH])
{
	size_t n = chunks_of(content.n), list;
	uint8_t be[8];

	if (content.n > BLOB_MAX)
		return -EFBIG;
	be_put(be, sizeof(be), content.n);
	buf_add(file, SPAN_STR(MAGIC));
	buf_add(file, SPAN(be, sizeof(be)));
	list = file->len;
	for (size_t i = 0; i < n; i++) {
		struct span chunk = chunk_at(content, i);

		crypto_blake2b(buf_reserve(file, BLOB_HASH), BLOB_HASH, NULL,
			       &chunk, 1);
		file->len += BLOB_HASH;
	}
	name_hash(hash, content.n,
		  SPAN(file->p + list, n * BLOB_HASH));
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

static int write_all(int fd, struct span s)
{
	while (s.n) {
		ssize_t n = write(fd, s.p, s.n);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			s = SPAN(s.p + n, s.n - (size_t)n);
	}
	return fsync(fd) ? -errno : 0;
}

static int sync_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int e = fd < 0 || fsync(fd) ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return e;
}

/* Under its name only when it is whole and on the disk. */
static int file_put(const char *dir, const uint8_t hash[BLOB_HASH],
		    struct span file)
{
	char path[PATH_BYTES], part[PATH_BYTES];
	int fd, e = path_of(path, dir, hash, "");

	if (!e)
		e = path_of(part, dir, hash, ".part");
	if (e || access(path, F_OK) == 0)
		return e;
	fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	e = write_all(fd, file);
	close(fd);
	if (!e && rename(part, path))
		e = -errno;
	if (e)
		unlink(part);
	return e ? e : sync_dir(dir);
}

int blob_store(const char *dir, struct span content, uint8_t hash[BLOB_HASH])
{
	struct buf file = { 0 };
	int e = blob_build(&file, content, hash);

	if (!e && mkdir(dir, 0755) && errno != EEXIST)
		e = -errno;
	if (!e)
		e = file_put(dir, hash, buf_span(&file));
	buf_fini(&file);
	return e;
}

static int file_get(int fd, struct buf *out)
{
	ssize_t n = 1;

	while (n > 0 && out->len <= FILE_MAX) {
		n = read(fd, buf_reserve(out, 65536), 65536);
		if (n > 0)
			out->len += (size_t)n;
		else if (n < 0 && errno != EINTR)
			return -errno;
		else if (n < 0)
			n = 1;
	}
	return 0;
}

int blob_load(const char *dir, const uint8_t hash[BLOB_HASH],
	      struct buf *content)
{
	char path[PATH_BYTES];
	struct buf file = { 0 };
	struct blob b;
	int fd, e = path_of(path, dir, hash, "");

	if (e)
		return e;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	e = file_get(fd, &file);
	close(fd);
	if (!e && (blob_parse(&b, buf_span(&file)) ||
		   memcmp(b.hash, hash, BLOB_HASH) != 0))
		e = -EBADMSG;
	if (!e)
		buf_add(content, b.content);
	buf_fini(&file);
	return e;
}
