/* SPDX-License-Identifier: MIT
 *
 * Attachments, see attachments.h.
 */
#include "lib/view/attachments.h"

/* Copies s to *tail, which moves behind it. */
static struct span text_copy(uint8_t **tail, struct span s)
{
	struct span copy = { *tail, s.n };

	if (s.n)
		memcpy(*tail, s.p, s.n);
	*tail += s.n;
	return copy;
}

void attachments_add(struct pile *attachments, const struct attachment *a)
{
	struct attachment *copy = view_alloc(sizeof(*copy) + a->field.n +
					     a->blob_hash.n + a->mime.n);
	uint8_t *tail = (uint8_t *)(copy + 1);

	*copy = *a;
	copy->field = text_copy(&tail, a->field);
	copy->blob_hash = text_copy(&tail, a->blob_hash);
	copy->mime = text_copy(&tail, a->mime);
	pile_add(attachments, copy);
}

static int attachment_compare(const void *pa, const void *pb)
{
	const struct attachment *a = pa, *b = pb;
	int c = span_compare(a->field, b->field);

	if (c == 0)
		c = span_compare(a->blob_hash, b->blob_hash);
	if (c == 0)
		c = order_compare(&a->at, &b->at);
	if (c == 0)
		c = (a->size > b->size) - (a->size < b->size);
	return c ? c : span_compare(a->mime, b->mime);
}

void attachments_settle(struct pile *attachments)
{
	pile_settle(attachments, attachment_compare);
}
