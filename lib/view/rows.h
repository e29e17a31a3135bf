/* SPDX-License-Identifier: MIT
 *
 * The pages of a view put together again, at the side that asked for them:
 * view_page_json says what is in one.
 */
#pragma once
#include "lib/base/buf.h"

struct rows {			/* zeroed = none yet */
	struct buf text;	/* "KEY\tVALUE\n" */
	uint64_t changes;	/* of the view that they are of */
	size_t next;		/* where the page begins that is to be asked for */
};

/* Takes a page's rows. 0, and it was the last one if next is 0; -EAGAIN if it is
 * of another view than those before: they are dropped, and next is 0;
 * -EINVAL if it is no page. */
int rows_take(struct rows *r, struct span page);
/* The values in the order of their keys, a line each, added to out. */
void rows_lines(const struct rows *r, struct buf *out);
void rows_fini(struct rows *r);
