/* SPDX-License-Identifier: MIT
 *
 * An operator's own merge: DIR/merge/NAME, run as
 *
 *   NAME BASE A B        three files; the merged content on standard output
 *
 * A is the earlier of the two in the total order, BASE what both come from,
 * empty if nothing. It has 10 seconds and 256 MiB, and may write as much as an
 * event holds; anything but exit code 0 means that it could not.
 */
#pragma once
#include "lib/base/buf.h"

/* Appends the result. 0, or -errno with the reason said. */
int merge_program_run(struct buf *out, const char *dir, const char *name,
		      struct span base, struct span a, struct span b);
