/* SPDX-License-Identifier: MIT
 *
 * Opening and closing, and the list of segments.
 *
 *   DIR/LOCK                  held by the writer; the log's id, and how many
 *                             segments were made
 *   DIR/0000000000000000.seg  by number
 *   DIR/0000000000000000.idx  its index (index.h)
 *   DIR/0000000000000001.tmp  prepared
 *   DIR/tail                  tail.c
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "lib/base/crc32c.h"
#include "lib/base/crypto.h"
#include "lib/log/internal.h"

/* ---- the list ---- */

struct segment *log_last(const struct log *l)
{
	return l->n_segments ? l->segments[l->n_segments - 1] : NULL;
}

struct segment *log_segment(const struct log *l, uint64_t number)
{
	size_t low = 0, high = l->n_segments;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (l->segments[middle]->number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < l->n_segments && l->segments[low]->number == number ?
		l->segments[low] : NULL;
}

int log_segment_add(struct log *l, struct segment *s)
{
	if (l->n_segments == l->cap_segments) {
		size_t cap = l->cap_segments ? 2 * l->cap_segments : 8;
		void *v = reallocarray(l->segments, cap, sizeof(s));

		if (!v) {
			segment_put(s);
			return -ENOMEM;
		}
		l->segments = v;
		l->cap_segments = cap;
	}
	l->segments[l->n_segments++] = s;
	return 0;
}

/* The numbers of the files NUMBER.seg, u64 each. */
static void list_name(void *arg, const char *name)
{
	struct buf *numbers = arg;
	char *end;
	uint64_t number = strtoull(name, &end, 16);

	if (end == name + 16 && strcmp(end, ".seg") == 0 &&
	    number <= UINT64_MAX >> OFFSET_BITS)
		buf_add(numbers, SPAN(&number, sizeof(number)));
}

static int list_compare(const void *a, const void *b)
{
	uint64_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x > y) - (x < y);
}

/* One file of the list: as we know it if it is sealed, else anew. */
static int list_take(struct log *l, const struct log *old, uint64_t number)
{
	struct segment *s = log_segment(old, number);
	int e;

	if (s && s->sealed) {
		s->pins++;
		return log_segment_add(l, s);
	}
	e = segment_load(&s, l, number);
	if (e == -ENOENT)	/* dropped meanwhile */
		return 0;
	return e ? e : log_segment_add(l, s);
}

static void list_drop(struct log *l)
{
	while (l->n_segments)
		segment_put(l->segments[--l->n_segments]);
	free(l->segments);
	l->segments = NULL;
	l->cap_segments = 0;
}

static int list_load(struct log *l)
{
	struct buf numbers = { 0 };
	struct log old = *l;
	int e;

	l->segments = NULL;
	l->n_segments = l->cap_segments = 0;
	e = l->io->list(l->io->ctx, l->dir, list_name, &numbers);
	if (!e && numbers.len)
		qsort(numbers.p, numbers.len / 8, 8, list_compare);
	for (size_t i = 0; !e && i < numbers.len; i += 8)
		e = list_take(l, &old, le_get(numbers.p + i, 8));
	buf_fini(&numbers);
	list_drop(&old);
	return e;
}

/* ---- whose log it is ---- */

static bool id_known(const struct log *l)
{
	static const uint8_t unknown[16];

	return memcmp(l->id, unknown, 16) != 0;
}

static bool segment_blank(const struct segment *s)
{
	return s->size == 0 ||
		(s->p[0] == 0 && memcmp(s->p, s->p + 1, s->size - 1) == 0);
}

/* A last segment that tells nothing: created right before a crash, or all
 * lost. What is not zeros is kept aside as NUMBER.bad; but a ring is never
 * synced, and after a power cut that is nothing unusual. */
static int drop_unknown(struct log *l, struct log_recovery *rec)
{
	while (log_last(l) && !log_last(l)->known) {
		struct segment *s = log_last(l);
		char from[PATH_MAX], to[PATH_MAX];
		bool blank = l->ring_bytes || segment_blank(s);
		int e = segment_path(from, l, s->number, "seg");

		if (!e)
			e = segment_path(to, l, s->number, "bad");
		if (!e && !blank && !id_known(l))
			e = -EINVAL;
		if (!e && !l->read_only)
			e = blank ? l->io->unlink(l->io->ctx, from) :
				l->io->rename(l->io->ctx, from, to);
		if (e)
			return e;
		rec->damaged_bytes += blank ? 0 : s->size;
		l->n_segments--;
		segment_put(s);
	}
	return 0;
}

/* The folder's name in the one above, before anything is in it: as long as
 * there is no LOCK, this may not have been done. */
static int folder_make(struct log *l)
{
	char above[sizeof(l->dir)];
	char *slash;
	int e = l->io->mkdir(l->io->ctx, l->dir, 0755);

	if ((e && e != -EEXIST) || l->ring_bytes)
		return e == -EEXIST ? 0 : e;
	snprintf(above, sizeof(above), "%s", l->dir);
	slash = strrchr(above, '/');
	if (slash)
		slash[slash == above] = '\0';
	return l->io->fsync_dir(l->io->ctx, slash ? above : ".");
}

static int lock_open(struct log *l)
{
	char path[PATH_MAX];
	int fd, e;

	snprintf(path, sizeof(path), "%s/LOCK", l->dir);
	fd = l->io->open(l->io->ctx, path, l->read_only ? O_RDONLY : O_RDWR,
			 0);
	if (fd != -ENOENT || l->read_only)
		return fd;
	e = folder_make(l);
	return e ? e : l->io->open(l->io->ctx, path, O_RDWR | O_CREAT, 0644);
}

static void lock_read(struct log *l, int fd)
{
	struct lock_file f;

	if (l->io->pread(l->io->ctx, fd, &f, sizeof(f), 0) != sizeof(f) ||
	    f.id_crc != crc32c(0, f.log_id, 16))
		return;
	memcpy(l->id, f.log_id, 16);
	if (f.made <= UINT64_MAX >> OFFSET_BITS && !l->ring_bytes)
		l->made = f.made;
}

/* A reader needs no LOCK file; a writer holds it, locked. */
static int lock_enter(struct log *l)
{
	int fd = lock_open(l), e;

	if (fd < 0)
		return l->read_only && fd == -ENOENT ? 0 : fd;
	lock_read(l, fd);
	if (l->read_only)
		return l->io->close(l->io->ctx, fd);
	l->lock_fd = fd;
	e = l->io->lock(l->io->ctx, fd);
	return e == -EAGAIN || e == -EACCES ? -EBUSY : e;
}

static int lock_write(const struct log *l)
{
	struct lock_file f = { .made = l->made };

	memcpy(f.log_id, l->id, 16);
	f.id_crc = crc32c(0, f.log_id, 16);
	return log_write_all(l, l->lock_fd, &f, sizeof(f), 0);
}

/* A new log gets an id; LOCK keeps it, for the day a header is lost. */
static int lock_write_id(struct log *l)
{
	struct lock_file old;
	int e;

	if (!id_known(l)) {
		crypto_random(l->id, 16);
		l->id[0] |= 1;	/* never all zeros */
	}
	if (l->io->pread(l->io->ctx, l->lock_fd, &old, sizeof(old), 0) ==
	    sizeof(old) && memcmp(old.log_id, l->id, 16) == 0 &&
	    old.id_crc == crc32c(0, l->id, 16))
		return 0;
	e = lock_write(l);
	return e ? e : log_settle(l, l->lock_fd);
}

/* Not synced: what is lost of it tells of one lost segment less. */
void log_note_made(struct log *l, uint64_t number)
{
	l->made = number + 1;
	lock_write(l);
}

/* ---- open ---- */

static int log_new(struct log **out, const char *dir,
		   const struct log_options *o)
{
	struct log *l = calloc(1, sizeof(*l));
	size_t n;

	if (!l)
		return -ENOMEM;
	*out = l;
	l->io = o->io ? o->io : &log_io_system;
	l->size_given = o->segment_size != 0;
	l->segment_size = o->segment_size ? o->segment_size : LOG_SEGMENT_SIZE;
	l->read_only = o->read_only;
	l->ring_bytes = o->ring_bytes;
	l->key = o->key;
	l->topic = o->topic;
	l->lock_fd = l->fd = l->next_fd = l->retired_fd = -1;
	l->next_seq = 1;
	n = (size_t)snprintf(l->dir, sizeof(l->dir), "%s", dir);
	if (n >= sizeof(l->dir))
		return -ENAMETOOLONG;
	if (o->tail_path)
		n = (size_t)snprintf(l->tail_path, PATH_MAX, "%s",
				     o->tail_path);
	else
		n = (size_t)snprintf(l->tail_path, PATH_MAX, "%s/tail", dir);
	if (n >= PATH_MAX)
		return -ENAMETOOLONG;
	if (l->segment_size % SEGMENT_UNIT ||
	    l->segment_size > LOG_SEGMENT_SIZE)
		return -EINVAL;
	return 0;
}

static void log_free(struct log *l)
{
	int fds[] = { l->fd, l->next_fd, l->retired_fd, l->lock_fd };

	tail_detach(l);
	list_drop(l);
	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		if (fds[i] >= 0)
			l->io->close(l->io->ctx, fds[i]);
	index_fini(&l->index);
	buf_fini(&l->batch);
	free(l);
}

/* The page before the files: what it names exists by then. */
static int log_open_reader(struct log *l, struct log_recovery *rec)
{
	int e;

	if (id_known(l) && tail_attach(l) == 0)
		l->durable = tail_read(l);
	e = list_load(l);
	if (!e)
		e = drop_unknown(l, rec);
	if (!e)
		e = log_recover(l, rec);
	if (!e && !l->durable && log_last(l))
		l->durable = position(log_last(l)->number, l->offset);
	return e;
}

/* Who names no size goes on with that of the last segment. */
static void size_adopt(struct log *l)
{
	const struct segment *s = log_last(l);
	const struct segment_header *h = s ? (const void *)s->p : NULL;

	if (l->size_given || !h || h->size == 0 || h->size % SEGMENT_UNIT ||
	    h->size > LOG_SEGMENT_SIZE)
		return;
	l->segment_size = h->size;
}

static int log_open_writer(struct log *l, struct log_recovery *rec)
{
	int e = list_load(l);

	if (!e)
		e = drop_unknown(l, rec);
	if (!e)
		e = lock_write_id(l);
	if (!e) {
		size_adopt(l);
		e = log_recover(l, rec);
	}
	if (e)
		return e;
	tail_attach(l);	/* without it, readers scan */
	l->written = position(log_last(l)->number, l->offset);
	tail_publish(l, l->written);
	return 0;
}

int log_open(struct log **out, const char *dir, const struct log_options *o,
	     struct log_recovery *rec)
{
	static const struct log_options defaults;
	struct log_recovery unwanted;
	struct log *l = NULL;
	int e = log_new(&l, dir, o ? o : &defaults);

	if (!rec)
		rec = &unwanted;
	*rec = (struct log_recovery){ 0 };
	if (!e)
		e = lock_enter(l);
	if (!e)
		e = l->read_only ? log_open_reader(l, rec) :
			log_open_writer(l, rec);
	if (e && l)
		log_free(l);
	*out = e ? NULL : l;
	return e;
}

/* The mark of a good end, unless it stands there already. */
static int log_close_clean(struct log *l)
{
	int e = log_sync(l);

	if (e || l->clean || l->fd < 0 || l->offset == SEGMENT_DATA)
		return e;
	e = log_write_mark(l, BATCH_CLEAN);
	if (!e)
		e = log_settle(l, l->fd);
	if (!e)
		tail_publish(l, position(log_last(l)->number, l->offset));
	if (!e)
		log_save_index(l);
	return e;
}

int log_close(struct log *l)
{
	int e;

	if (!l)
		return 0;
	e = l->failed;
	if (!l->read_only && !e)
		e = log_close_clean(l);
	log_free(l);
	return e;
}

int log_failed(const struct log *l)
{
	return l->failed;
}

/* The folder may have been opened before its log had an id. */
static int tail_find(struct log *l)
{
	if (!id_known(l))
		lock_enter(l);
	return id_known(l) ? tail_attach(l) : -ENOENT;
}

bool log_refresh(struct log *l)
{
	uint64_t tail;

	if (!l->read_only || (!l->tail && tail_find(l)))
		return false;
	tail = tail_read(l);
	if (tail <= l->durable)
		return false;
	if ((!log_last(l) ||
	     log_last(l)->number != position_segment(tail)) && list_load(l))
		return false;
	l->durable = tail;
	return true;
}
