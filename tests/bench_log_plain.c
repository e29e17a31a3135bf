/* SPDX-License-Identifier: MIT
 *
 * What a careful programmer writes without a library: length, CRC, payload;
 * one write and one fdatasync a batch, a file that grows. Opening checks
 * every CRC to find the end.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "lib/base/crc32c.h"
#include "tests/bench_log.h"

struct plain {
	int fd;
	bool durable;
	size_t size;
	uint64_t records;
	uint8_t *batch;
	size_t cap;
};

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* From record to record: how many, their sum, where they end. */
static size_t walk(const uint8_t *p, size_t size, bool check, uint64_t *n,
		   uint64_t *sum)
{
	size_t at = 0;
	uint32_t head[2];

	for (; size - at >= sizeof(head); at += sizeof(head) + head[0]) {
		const uint8_t *record = p + at + sizeof(head);

		memcpy(head, p + at, sizeof(head));
		if (head[0] == 0 || head[0] > size - at - sizeof(head) ||
		    (check && crc32c(0, record, head[0]) != head[1]))
			break;
		if (sum)
			*sum += bench_sum(record, head[0]);
		++*n;
	}
	return at;
}

static void *plain_open(const char *dir, bool durable)
{
	struct plain *h = calloc(1, sizeof(*h));
	char path[300];
	struct stat st;
	void *p;

	snprintf(path, sizeof(path), "%s/log", dir);
	mkdir(dir, 0700);
	h->durable = durable;
	h->fd = open(path, O_RDWR | O_CREAT, 0600);
	if (h->fd < 0 || fstat(h->fd, &st) < 0)
		fail(path);
	if (st.st_size == 0)
		return h;
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, h->fd, 0);
	if (p == MAP_FAILED)
		fail(path);
	h->size = walk(p, (size_t)st.st_size, true, &h->records, NULL);
	munmap(p, (size_t)st.st_size);
	return h;
}

static void plain_append(void *ctx, const uint8_t *p, size_t n, size_t len)
{
	struct plain *h = ctx;
	size_t need = n * (2 * sizeof(uint32_t) + len);
	uint8_t *to;

	if (need > h->cap) {
		h->batch = realloc(h->batch, need);
		h->cap = need;
	}
	to = h->batch;
	for (size_t i = 0; i < n; i++, p += len) {
		uint32_t head[] = { (uint32_t)len, crc32c(0, p, len) };

		memcpy(to, head, sizeof(head));
		memcpy(to + sizeof(head), p, len);
		to += sizeof(head) + len;
	}
	if (pwrite(h->fd, h->batch, need, (off_t)h->size) != (ssize_t)need)
		fail("pwrite");
	if (h->durable && fdatasync(h->fd) < 0)
		fail("fdatasync");
	h->size += need;
	h->records += n;
}

static uint64_t plain_count(void *ctx)
{
	return ((struct plain *)ctx)->records;
}

static uint64_t plain_bytes(void *ctx)
{
	return ((struct plain *)ctx)->size;
}

static uint64_t plain_scan(void *ctx, uint64_t *n)
{
	struct plain *h = ctx;
	uint8_t *p = mmap(NULL, h->size, PROT_READ, MAP_SHARED, h->fd, 0);
	uint64_t sum = 0;

	if (p == MAP_FAILED)
		fail("mmap");
	madvise(p, h->size, MADV_SEQUENTIAL);
	*n = 0;
	walk(p, h->size, false, n, &sum);
	munmap(p, h->size);
	return sum;
}

static void plain_close(void *ctx)
{
	struct plain *h = ctx;

	close(h->fd);
	free(h->batch);
	free(h);
}

const struct bench_log bench_log_plain = {
	"plain write+fdatasync", plain_open, plain_append, plain_count,
	plain_scan, plain_bytes, plain_close,
};
