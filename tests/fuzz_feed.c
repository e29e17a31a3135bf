/* SPDX-License-Identifier: MIT
 *
 * Runs as a stranger, or an author with a key, might send them: any seq, any
 * length, forks where the input says so. Whatever comes in, heads never go
 * down, root, counts and syndrome are those of the heads, and the log's
 * records give the same set again. Records from the input itself are loaded
 * as well: refused or taken, never a crash.
 */
#include <stdlib.h>
#include "lib/base/crypto.h"
#include "lib/event/record.h"
#include "lib/feed/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define AUTHORS 3
#define CHECK(x) do { if (!(x)) abort(); } while (0)

struct world {
	struct feed_set *feeds, *loaded;
	struct memory *memory;
};

static bool any_seal(void *ctx, struct span label, const uint8_t author[16],
		     const uint8_t *key, uint64_t seq, const uint8_t id[32],
		     const uint8_t seal[64])
{
	(void)ctx, (void)label, (void)author, (void)key, (void)seq, (void)id;
	return seal[0] != 0xff;
}

static void world_open(struct world *w)
{
	struct feed_config cfg = { .authors_max = 8, .check = any_seal,
				   .author_events_max = 5000 };

	w->memory = memory_new();
	cfg.store = memory_store(w->memory);
	w->feeds = feed_set_new(&cfg);
	w->loaded = feed_set_new(&cfg);
	CHECK(w->memory && w->feeds && w->loaded);
}

static int load_record(void *ctx, uint16_t type, uint32_t slot,
		       struct span head, struct span tail)
{
	uint8_t rec[RECORD_EVENT_HEAD + EVENT_PAYLOAD_MAX];

	memcpy(rec, head.p, head.n);
	if (tail.n)
		memcpy(rec + head.n, tail.p, tail.n);
	CHECK(feed_load(ctx, type, slot, SPAN(rec, head.n + tail.n)) == 0);
	return 0;
}

/* The id before seq, when it is held; else zeros. */
static void before(const struct world *w, struct span label, uint64_t seq,
		   uint8_t id[EVENT_ID_SIZE])
{
	const struct store store = memory_store(w->memory);
	const uint8_t no_dataset[DATASET_SIZE] = { 0 };
	uint8_t author[AUTHOR_SIZE];
	struct event e;

	memset(id, 0, EVENT_ID_SIZE);
	author_from_label(author, label);
	if (seq == 1)
		event_id_genesis(id, no_dataset, author);
	else if (store.event(store.ctx, feed_find(w->feeds, label), seq - 1,
			     &e) == 0)
		memcpy(id, e.id, EVENT_ID_SIZE);
}

/* author 1 | seq 1 | n 1 | salt 1 | flags 1: bit 0 spoils the prevcheck, bit
 * 1 the seal, bit 2 makes it a proof */
static void send_run(struct world *w, struct rd *r)
{
	static struct event events[RUN_EVENTS_MAX];
	char label[2] = { (char)('a' + rd_u8(r) % AUTHORS), 0 };
	struct run run = { .events = events };
	uint8_t id[EVENT_ID_SIZE], salt, flags;
	struct feed_change c;
	enum feed_verdict v;
	uint64_t head = 0;
	uint32_t slot = feed_find(w->feeds, SPAN(label, 1));

	run.seq = rd_u8(r);
	run.n = rd_u8(r) % (RUN_EVENTS_MAX + 1);
	salt = rd_u8(r);
	flags = rd_u8(r);
	for (size_t i = 0; i < run.n; i++)
		events[i] = (struct event){ .kind = salt, .payload =
			SPAN(r->p, i % 8 <= rd_left(r) ? i % 8 : 0) };
	before(w, SPAN(label, 1), run.seq, id);
	memcpy(run.prevcheck, id, 2);
	run.prevcheck[1] ^= flags & 1;
	run.seal[0] = flags & 2 ? 0xff : 0;
	memcpy(run.proof_id, id, 32);
	if (flags & 4)
		run.n = 0;
	if (slot != FEED_SLOT_NONE)
		head = feed_at(w->feeds, slot)->head;
	v = feed_admit(w->feeds, SPAN(label, 1), &run, &c);
	slot = feed_find(w->feeds, SPAN(label, 1));
	CHECK(slot == FEED_SLOT_NONE || feed_at(w->feeds, slot)->head >= head);
	if (v != FEED_ACCEPTED && v != FEED_PROOF)
		return;
	CHECK(feed_change_records(w->feeds, &c, load_record, w->loaded) == 0);
	memory_apply(w->memory, &c);
}

static void check_frontier(const struct feed_set *s)
{
	uint32_t syndrome[SYNDROME_WORDS_MAX] = { 0 };
	uint64_t root = 0, events = 0, authors = 0;

	for (uint32_t i = 0; i < feed_count(s); i++) {
		const struct feed *f = feed_at(s, i);

		if (!f->head)
			continue;
		root += feed_root_term(f->alias, feed_value(f));
		syndrome_update(syndrome, SYNDROME_WORDS_MAX, f->alias,
				feed_value(f));
		events += f->head;
		authors++;
	}
	CHECK(feed_root48(s) == (root & 0xffffffffffffULL));
	CHECK(memcmp(feed_syndrome(s), syndrome, sizeof(syndrome)) == 0);
	CHECK(feed_event_count(s) == events);
	CHECK(feed_author_count(s) == authors);
}

/* Bytes as records: type 1 | slot 1 | length 1 | record */
static void load_bytes(struct feed_set *s, struct rd r)
{
	while (rd_left(&r)) {
		uint16_t type = rd_u8(&r) % 8;
		uint32_t slot = rd_u8(&r) % 4;
		size_t n = rd_u8(&r);

		feed_load(s, type, slot,
			  rd_bytes(&r, n < rd_left(&r) ? n : rd_left(&r)));
	}
	check_frontier(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd r = rd_init(SPAN(data, size));
	struct world w;

	CHECK(crypto_init() == 0);
	world_open(&w);
	while (rd_left(&r) >= 5)
		send_run(&w, &r);
	check_frontier(w.feeds);
	CHECK(feed_root48(w.feeds) == feed_root48(w.loaded));
	check_frontier(w.loaded);
	feed_set_free(w.loaded);
	w.loaded = feed_set_new(&(struct feed_config){ .authors_max = 4 });
	load_bytes(w.loaded, rd_init(SPAN(data, size)));
	feed_set_free(w.feeds);
	feed_set_free(w.loaded);
	memory_free(w.memory);
	return 0;
}
