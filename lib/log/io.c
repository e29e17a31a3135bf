/* SPDX-License-Identifier: MIT
 *
 * The system's calls, as struct log_io wants them.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "lib/log/log.h"

static int io_result(int r)
{
	return r < 0 ? -errno : r;
}

static int io_open(void *ctx, const char *path, int flags, int mode)
{
	(void)ctx;
	return io_result(open(path, flags | O_CLOEXEC, mode));
}

static int io_close(void *ctx, int fd)
{
	(void)ctx;
	return io_result(close(fd));
}

static int64_t io_pread(void *ctx, int fd, void *p, size_t n, uint64_t at)
{
	ssize_t r = pread(fd, p, n, (off_t)at);

	(void)ctx;
	return r < 0 ? -errno : r;
}

static int64_t io_pwrite(void *ctx, int fd, const void *p, size_t n,
			 uint64_t at)
{
	ssize_t r = pwrite(fd, p, n, (off_t)at);

	(void)ctx;
	return r < 0 ? -errno : r;
}

static int io_fdatasync(void *ctx, int fd)
{
	(void)ctx;
	return io_result(fdatasync(fd));
}

static void io_start_write(void *ctx, int fd)
{
	(void)ctx;
	sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
}

static int io_fsync_dir(void *ctx, const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int e;

	(void)ctx;
	if (fd < 0)
		return -errno;
	e = io_result(fsync(fd));
	close(fd);
	return e;
}

static int io_truncate(void *ctx, int fd, uint64_t size)
{
	(void)ctx;
	return io_result(ftruncate(fd, (off_t)size));
}

static int io_rename(void *ctx, const char *from, const char *to)
{
	(void)ctx;
	return io_result(rename(from, to));
}

static int io_unlink(void *ctx, const char *path)
{
	(void)ctx;
	return io_result(unlink(path));
}

static int io_list(void *ctx, const char *dir,
		   void (*fn)(void *arg, const char *name), void *arg)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	(void)ctx;
	if (!d)
		return -errno;
	while ((e = readdir(d)))
		fn(arg, e->d_name);
	closedir(d);
	return 0;
}

static int64_t io_size(void *ctx, int fd)
{
	struct stat st;

	(void)ctx;
	return fstat(fd, &st) ? -errno : (int64_t)st.st_size;
}

static int io_mkdir(void *ctx, const char *dir, int mode)
{
	(void)ctx;
	return io_result(mkdir(dir, (mode_t)mode));
}

static const void *io_map(void *ctx, int fd, size_t n)
{
	void *p = mmap(NULL, n, PROT_READ, MAP_SHARED, fd, 0);

	(void)ctx;
	return p == MAP_FAILED ? NULL : p;
}

static void *io_map_writable(void *ctx, int fd, size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	(void)ctx;
	return p == MAP_FAILED ? NULL : p;
}

static int io_unmap(void *ctx, const void *p, size_t n)
{
	(void)ctx;
	return io_result(munmap((void *)(uintptr_t)p, n));
}

/* Of the open file, not the process: it ends with the last descriptor. */
static int io_lock(void *ctx, int fd)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	(void)ctx;
	return io_result(fcntl(fd, F_OFD_SETLK, &lock));
}

const struct log_io log_io_system = {
	.open = io_open,
	.close = io_close,
	.pread = io_pread,
	.pwrite = io_pwrite,
	.fdatasync = io_fdatasync,
	.start_write = io_start_write,
	.fsync_dir = io_fsync_dir,
	.truncate = io_truncate,
	.rename = io_rename,
	.unlink = io_unlink,
	.list = io_list,
	.size = io_size,
	.mkdir = io_mkdir,
	.map = io_map,
	.map_writable = io_map_writable,
	.unmap = io_unmap,
	.lock = io_lock,
};
