/* SPDX-License-Identifier: MIT
 *
 * Is this a batch? Everything here takes bytes that may be anything.
 */
#include "lib/base/crc32c.h"
#include "lib/log/internal.h"

/* A block of another log, or of another segment, never passes. */
uint32_t batch_seed(const uint8_t log_id[16], uint64_t number)
{
	return crc32c(crc32c(0, log_id, 16), &number, sizeof(number));
}

uint32_t batch_crc(uint32_t seed, const struct batch_header *h)
{
	return crc32c(seed, h, offsetof(struct batch_header, crc));
}

const struct batch_header *batch_at(const struct view *v, uint32_t offset)
{
	const struct batch_header *h;

	if (offset % BATCH_ALIGN || offset >= v->limit ||
	    v->limit - offset < sizeof(*h))
		return NULL;
	h = (const struct batch_header *)(const void *)(v->p + offset);
	if (h->magic != BATCH_MAGIC || h->body_len % BATCH_ALIGN ||
	    h->body_len > v->limit - offset - sizeof(*h) ||
	    h->crc != batch_crc(v->seed, h))
		return NULL;
	return h;
}

const struct batch_header *batch_search(const struct view *v, uint32_t offset)
{
	for (; offset < v->limit; offset += BATCH_ALIGN) {
		const struct batch_header *h = batch_at(v, offset);

		if (h)
			return h;
	}
	return NULL;
}

bool batch_sound(const struct batch_header *h)
{
	const uint8_t *p = (const uint8_t *)(h + 1), *end = p + h->body_len;
	uint32_t headers = 0;

	for (uint32_t i = 0; i < h->count; i++) {
		const struct record_header *r = (const void *)p;

		if ((size_t)(end - p) < sizeof(*r) ||
		    r->len > LOG_RECORD_MAX || r->type == 0 ||
		    record_space(r->len) > (size_t)(end - p) ||
		    crc32c(0, r + 1, r->len) != r->crc)
			return false;
		headers = crc32c(headers, r, sizeof(*r));
		p += record_space(r->len);
	}
	return headers == h->records_crc;
}
