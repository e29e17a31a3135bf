/* SPDX-License-Identifier: MIT
 *
 * For fsck: is a segment's index what the segment says?
 */
#include "lib/log/internal.h"

size_t log_segment_count(const struct log *l)
{
	return l->n_segments;
}

static const struct index_header *header_of(struct span file)
{
	return (const void *)file.p;
}

static uint32_t filter_at(struct span file)
{
	return (uint32_t)file.n - header_of(file)->filter;
}

/* All ids that the one has are in the other, which may be folded further. */
static bool filter_covers(struct span file, struct span made)
{
	const uint8_t *f = file.p + filter_at(file);
	const uint8_t *m = made.p + filter_at(made);
	uint32_t n = header_of(file)->filter;

	if (n > header_of(made)->filter)
		return true;	/* made with more room: not comparable */
	for (uint32_t i = 0; i < header_of(made)->filter; i++)
		if (m[i] & ~f[i % n])
			return false;
	return true;
}

static bool same_places(struct span file, struct span made)
{
	const struct index_header *a = header_of(file), *b = header_of(made);

	return a->slots == b->slots && a->places == b->places &&
		a->last == b->last && filter_at(file) == filter_at(made) &&
		memcmp(a + 1, b + 1, filter_at(file) - sizeof(*a)) == 0;
}

/* A file may be of a shorter state of the last segment: it is compared with
 * that. */
static bool index_true(struct log *l, struct segment *s, struct span file)
{
	struct view v = segment_view(s);
	const struct batch_header *last = batch_at(&v, header_of(file)->last);
	uint32_t end = header_of(file)->last + (uint32_t)sizeof(*last) +
		(last ? last->body_len : 0);
	struct index x = { 0 };
	struct buf b = { 0 };
	bool same = false;

	if (index_begin(&x, s->number, l->segment_size) == 0 &&
	    index_walk(l, &x, s, end) == 0) {
		index_pack(&x, &b);
		same = same_places(file, buf_span(&b)) &&
			filter_covers(file, buf_span(&b));
	}
	index_fini(&x);
	buf_fini(&b);
	return same;
}

enum log_index_state log_check_index(struct log *l, size_t i, bool deep,
				     uint64_t *number)
{
	struct segment *s = l->segments[i];
	enum log_index_state state = LOG_INDEX_SOUND;
	struct span file;
	int fd = index_open(l, s);

	*number = s->number;
	if (fd < 0)
		return LOG_INDEX_NONE;
	l->io->close(l->io->ctx, fd);
	segment_index_drop(s);
	file = s->p ? index_map(l, s) : SPAN(NULL, 0);
	if (!file.n)
		return LOG_INDEX_SPOILED;
	if (deep && !index_true(l, s, file))
		state = LOG_INDEX_WRONG;
	segment_index_drop(s);
	return state;
}

/* An unreadable segment has none. */
static void index_repair(struct log *l, struct segment *s)
{
	char path[PATH_MAX];
	struct index x = { 0 };

	segment_index_drop(s);
	if (segment_path(path, l, s->number, "idx") == 0)
		l->io->unlink(l->io->ctx, path);
	if (s->p && index_begin(&x, s->number, l->segment_size) == 0 &&
	    index_walk(l, &x, s, s->size) == 0 && x.last)
		index_save(l, &x);
	index_fini(&x);
}

void log_repair_indexes(struct log *l)
{
	uint64_t number;

	for (size_t i = 0; l->key && i + 1 < l->n_segments; i++)
		if (log_check_index(l, i, true, &number) != LOG_INDEX_SOUND)
			index_repair(l, l->segments[i]);
}
