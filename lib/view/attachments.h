/* SPDX-License-Identifier: MIT
 *
 * The rule of attachments: they are added, and stand by (field, blob_hash),
 * equal ones in the total order; the same file attached by two events is there
 * twice.
 */
#pragma once
#include "lib/view/order.h"

struct attachment {
	struct order at;
	uint64_t size;
	struct span field, blob_hash, mime;	/* behind the attachment */
};

/* Copies `a` with its texts. */
void attachments_add(struct pile *attachments, const struct attachment *a);
void attachments_settle(struct pile *attachments);
