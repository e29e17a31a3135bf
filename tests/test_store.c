/* SPDX-License-Identifier: MIT
 *
 * lib/store: a history is read from its log, also when a part of it is lost.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "lib/event/record.h"
#include "lib/log/format.h"
#include "lib/store/history.h"
#include "tests/memdisk.h"

static struct disk disk;
static struct log_io io;
static const struct log_options options = { .io = &io, .segment_size = 65536 };

static void append_event(struct log *l, uint64_t seq)
{
	struct event e = { .seq = seq, .kind = 16,
		.payload = SPAN("\xa0", 1) };
	uint8_t rec[RECORD_EVENT_HEAD + 1];
	uint64_t end;

	assert_int_equal(log_append(l, RECORD_EVENT, 0,
			 SPAN(rec, record_event_encode(rec, &e))), 0);
	assert_int_equal(log_commit(l, 0, &end), 0);
	assert_int_equal(log_sync(l), 0);
}

static int scan(struct history *h, struct log *l)
{
	struct log_snapshot *s = log_snapshot(l);
	int e = history_scan(h, s, NULL, NULL);

	assert_int_equal(log_release(s), 0);
	return e;
}

static void open_both(struct history *h, struct log **l)
{
	assert_int_equal(log_open(l, "d", &options, NULL), 0);
	assert_int_equal(history_init(h, *l), 0);
	assert_int_equal(scan(h, *l), 0);
}

static void close_both(struct history *h, struct log *l)
{
	history_fini(h);
	assert_int_equal(log_close(l), 0);
}

static void test_lost_event(void **state)
{
	const uint32_t batch = 64 + 128; /* an event of 57 bytes, alone */
	struct disk_file *f;
	struct history h;
	struct log *l;

	(void)state;
	disk = (struct disk){ .calls_left = -1 };
	io = disk_io(&disk);
	open_both(&h, &l);
	for (uint64_t seq = 1; seq <= 6; seq++)
		append_event(l, seq);
	assert_int_equal(scan(&h, l), 0);
	assert_int_equal(log_index_last(h.index, 0), 6);
	close_both(&h, l);
	open_both(&h, &l);
	assert_int_equal(h.records, 6);
	close_both(&h, l);

	f = disk_find(&disk, "d/0000000000000000.seg");
	f->now[SEGMENT_DATA + 3 * batch + 100] ^= 1; /* event 4 */
	open_both(&h, &l);
	assert_int_equal(log_index_last(h.index, 0), 3);
	assert_int_equal(h.left_out, 2);
	for (uint64_t seq = 4; seq <= 6; seq++) /* from a neighbour */
		append_event(l, seq);
	assert_int_equal(scan(&h, l), 0);
	assert_int_equal(log_index_last(h.index, 0), 6);
	append_event(l, 9);	/* a gap without damage is an error */
	assert_int_equal(scan(&h, l), -EINVAL);
	close_both(&h, l);
	disk_fini(&disk);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_lost_event) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
