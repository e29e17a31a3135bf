/* SPDX-License-Identifier: MIT
 *
 * Any bytes as an index file: refused, or every question has an answer and
 * packing what was unpacked gives the same answers. First as it is, then with
 * the checksums put right.
 */
#include <stdlib.h>
#include "lib/base/buf.h"
#include "lib/base/crc32c.h"
#include "lib/log/index.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool place_equal(const struct place *a, const struct place *b)
{
	return a == b || (a && b && !memcmp(a, b, sizeof(*a)));
}

static void ask(struct span a, struct span b, uint32_t slot)
{
	struct index_slot x, y;

	if (!index_packed_get(a, slot, &x) || !index_packed_get(b, slot, &y))
		return;
	for (uint64_t seq = 0; seq < 300; seq += 3)
		if (!place_equal(index_item(&x, seq), index_item(&y, seq)) ||
		    !place_equal(index_mark(&x, seq), index_mark(&y, seq)))
			abort();
}

/* What was packed again holds as many of each. */
static void ask_topic(struct span a, struct span b, uint32_t hash)
{
	uint32_t n, m;
	const struct topic *v = index_packed_topics(a, hash, &n);
	const struct topic *w = index_packed_topics(b, hash, &m);

	if (n > m)	/* a may be out of order */
		abort();
	for (uint32_t i = 0; i < n; i++)
		if (v[i].hash != hash || w[i].hash != hash)
			abort();
}

static void use(struct span file)
{
	struct index x = { 0 };
	struct buf again = { 0 };
	uint8_t id[8] = { 0 };

	if (!index_packed_valid(file))
		return;
	if (index_begin(&x, 0, 65536) || index_unpack(&x, file, 4096))
		abort();
	index_pack(&x, &again);
	if (!index_packed_valid(buf_span(&again)))
		abort();
	for (uint32_t slot = 0; slot < 64; slot++)
		ask(file, buf_span(&again), slot);
	for (uint32_t hash = 1; hash < 64; hash++)	/* 0: no topic */
		ask_topic(file, buf_span(&again), hash);
	for (; id[0] < 32; id[0]++)
		if (index_packed_has_id(file, id) &&
		    !index_packed_has_id(buf_span(&again), id))
			abort();
	index_fini(&x);
	buf_fini(&again);
}

static void put_right(uint8_t *p, size_t size)
{
	struct index_header h;

	memcpy(&h, p, sizeof(h));
	memcpy(h.magic, INDEX_MAGIC, 8);
	h.version = INDEX_VERSION;
	h.body_crc = crc32c(0, p + sizeof(h), size - sizeof(h));
	h.crc = crc32c(0, &h, offsetof(struct index_header, crc));
	memcpy(p, &h, sizeof(h));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy;

	if (size < sizeof(struct index_header) || size > 65536)
		return 0;
	copy = aligned_alloc(8, (size + 7) / 8 * 8);
	memcpy(copy, data, size);
	use(SPAN(copy, size));
	put_right(copy, size);
	use(SPAN(copy, size));
	free(copy);
	return 0;
}
