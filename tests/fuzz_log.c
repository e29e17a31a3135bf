/* SPDX-License-Identifier: MIT
 *
 * Any bytes as a segment: recovered, iterated, written to, opened again. The
 * input is the header (64 bytes) and what stands from 4096 on. First as it is,
 * then with the checksums of whatever looks like a batch put right, so that
 * what is behind them is reached.
 */
#include "lib/base/crc32c.h"
#include "lib/log/format.h"
#include <stdlib.h>
#include <string.h>
#include "tests/disk.h"

#define SEGMENT "d/0000000000000000.seg"
#define BODY_MAX (65536u - SEGMENT_DATA)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Items, marks and cuts, whatever the payload is. */
static void key_of(uint16_t type, struct span payload, struct log_key *k)
{
	if (payload.n < 8)
		return;
	k->type = type % 4;
	k->seq = le_get(payload.p, 8);
	k->id = payload.p;
}

/* What the index finds is what it was asked for. */
static void find(struct log *l, const struct log_record *r)
{
	struct log_key k = { .type = LOG_KEY_NONE }, got = k;
	struct log_record f;

	key_of(r->type, r->payload, &k);
	if (log_find(l, r->slot, k.seq, &f) == 0) {
		key_of(f.type, f.payload, &got);
		if (got.type != LOG_KEY_ITEM || got.seq != k.seq ||
		    f.slot != r->slot)
			abort();
	}
	if (log_find_mark(l, r->slot, k.seq, &f) == 0) {
		key_of(f.type, f.payload, &got);
		if (got.type != LOG_KEY_MARK || got.seq < k.seq)
			abort();
	}
	if (k.type == LOG_KEY_ITEM && k.seq <= INT64_MAX &&
	    r->slot < 1u << 20 && log_find_id(l, k.id, &f))
		abort();
}

static uint64_t walk(struct log *l)
{
	struct log_snapshot *s = log_snapshot(l);
	struct log_iter it = log_iter(s, 0);
	struct log_record r, again;
	uint64_t n = 0;

	while (log_next(&it, &r) == 1) {
		if (log_read(l, r.at, &again) ||
		    !span_equal(again.payload, r.payload))
			abort();
		crc32c(0, r.payload.p, r.payload.n);
		find(l, &r);
		n++;
	}
	for (uint64_t at = 0; at < 16384; at += 40) {
		it = log_iter(s, at);
		log_next(&it, &r);
	}
	log_release(s);
	return n;
}

static void open_and_walk(struct disk *d)
{
	struct log_io io = disk_io(d);
	struct log_options o = { .io = &io, .segment_size = 65536,
		.read_only = true, .key = key_of };
	uint64_t n = 0, end;
	struct log *l;

	d->copy_maps = true;	/* exact, for ASan */
	if (log_open(&l, "d", &o, NULL) == 0) {
		n = walk(l);
		log_close(l);
	}
	d->copy_maps = false;
	o.read_only = false;
	for (int i = 0; i < 2; i++) {
		if (log_open(&l, "d", &o, NULL))
			return;
		if (walk(l) != n)
			abort();
		if (log_append(l, 1, 1, SPAN("more", 4)) == 0 &&
		    log_commit(l, 1, &end) == 0 && log_sync(l) == 0 &&
		    walk(l) != ++n)
			abort();
		log_close(l);
	}
}

static void put_right(uint8_t *p, size_t size)
{
	struct segment_header h;
	uint64_t number = 0;
	uint32_t seed;

	memcpy(&h, p, sizeof(h));
	memcpy(h.magic, SEGMENT_MAGIC, 8);
	h.version = SEGMENT_VERSION;
	h.header_size = SEGMENT_DATA;
	h.number = 0;
	h.log_id[0] |= 1;
	h.crc = crc32c(0, &h, offsetof(struct segment_header, crc));
	memcpy(p, &h, sizeof(h));
	seed = crc32c(crc32c(0, h.log_id, 16), &number, 8);
	for (size_t at = SEGMENT_DATA; at + BATCH_ALIGN <= size;
	     at += BATCH_ALIGN) {
		struct batch_header b;

		memcpy(&b, p + at, sizeof(b));
		if (b.magic != BATCH_MAGIC)
			continue;
		b.crc = crc32c(seed, &b, offsetof(struct batch_header, crc));
		memcpy(p + at, &b, sizeof(b));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 64 || size - 64 > BODY_MAX)
		return 0;
	for (int right = 0; right < 2; right++) {
		static uint8_t p[65536];
		size_t n = SEGMENT_DATA + size - 64;
		struct disk d = { 0 };

		memset(p, 0, sizeof(p));
		memcpy(p, data, 64);
		memcpy(p + SEGMENT_DATA, data + 64, size - 64);
		if (right)
			put_right(p, n);
		disk_put(&d, SEGMENT, SPAN(p, n));
		open_and_walk(&d);
		disk_fini(&d);
	}
	return 0;
}
