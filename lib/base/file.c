/* SPDX-License-Identifier: MIT
 *
 * Small files as a whole, see file.h.
 */
#include "lib/base/file.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#define CHUNK 65536

int file_read(const char *path, size_t max, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t before = out->len;
	ssize_t n;

	if (fd < 0)
		return -errno;
	do {
		n = read(fd, buf_reserve(out, CHUNK), CHUNK);
		if (n > 0)
			out->len += (size_t)n;
	} while ((n > 0 && out->len - before <= max) ||
		 (n < 0 && errno == EINTR));
	if (n < 0)
		n = -errno;
	close(fd);
	return n > 0 ? -EFBIG : (int)n;
}

static int write_synced(int fd, struct span s)
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

int file_sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];
	int fd, e = 0;

	snprintf(folder, sizeof(folder), "%.*s",
		 slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fsync(fd))
		e = -errno;
	close(fd);
	return e;
}

int file_replace(const char *path, mode_t mode, struct span content)
{
	char fresh[PATH_MAX];
	int fd, e;

	if (snprintf(fresh, sizeof(fresh), "%s.new", path) >=
	    (int)sizeof(fresh))
		return -ENAMETOOLONG;
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (fd < 0)
		return -errno;
	e = write_synced(fd, content);
	close(fd);
	if (!e && rename(fresh, path))
		e = -errno;
	if (e)
		unlink(fresh);
	return e ? e : file_sync_folder(path);
}
