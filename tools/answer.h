/* SPDX-License-Identifier: MIT
 *
 * Answers of the view to people (cmd_why.c), for the verbs that ask it.
 */
#pragma once
#include "tools/reader.h"

/* Prints the answer, as JSON or through `print`, and empties it; null is the
 * negative answer. The exit code. */
int answer(struct json_out *o, const struct reader *r, bool json,
	   void (*print)(const struct reader *r, const struct json *v));
/* Lines of JSON as one array, or of arrays what is in them. */
void answer_join(struct json_out *o, struct span lines, bool arrays);
/* The writes of v's "heads", and how many are replaced. */
void answer_heads(const struct reader *r, const struct json *v);
/* The call sign of an author's station (lib/feed: feed_station), if it claims
 * one, with the key's beginning where another claims it too; and whether its
 * feed forked. */
void answer_author(const struct reader *r, struct span label);
