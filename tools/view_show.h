/* SPDX-License-Identifier: MIT
 *
 * What `cairn view` shows besides records for people.
 */
#pragma once
#include "tools/reader.h"

/* Records, one a line of JSON, as comma-separated values (RFC 4180): record_id, form, then
 * every field that one of them has, by name. */
void view_csv(struct span lines);
/* Shows the records that the filter lets through, and then, for ever, those
 * that change: `show` prints what a filter lets through. The exit code. */
int view_watch(struct reader *r, const struct view_filter *f, bool json,
	       void (*show)(const struct view *v, const struct view_filter *f,
			    bool json));
