/* SPDX-License-Identifier: MIT
 *
 * What a person types, as a value; and writing it through cairnd.
 */
#pragma once
#include "lib/base/json.h"
#include "tools/cairn.h"

/* true, false and plain numbers are what they look like, all else, or with
 * `text` everything, is text. */
void value_json(struct json_out *o, const char *s, bool text);
/* Asks cairnd and prints the event's id (cmd_write.c). The exit code. */
int write_call(const char *verb, struct options *o, size_t n,
	       char *const *args);
