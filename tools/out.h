/* SPDX-License-Identifier: MIT
 *
 * Output for people: tables out of arrays of JSON objects, ages, bytes,
 * values. Programs take --json instead.
 */
#pragma once
#include <stdio.h>
#include "lib/base/json.h"

enum out_format { OUT_TEXT, OUT_NUMBER, OUT_AGE /* seconds */, OUT_YES_NO };

struct out_column {
	const char *key;	/* member of each object */
	const char *title;
	enum out_format format;
};

/* columns end with a NULL key; nothing but `empty` if there is no row. */
void out_table(const struct json *rows, const struct out_column *columns,
	       const char *empty);
/* "12 s", "5 min", "3 h", "2 d"; dst holds 24 bytes. Returns dst. */
char *out_age(char *dst, uint64_t seconds);
/* Much is to come, and no program waits for each line of it. */
void out_in_blocks(void);
/* Whether stdout is a terminal that shows colours and nobody objects
 * (NO_COLOR). */
bool out_colour(void);
/* Without control characters: what a stranger sent may hold escapes. */
void out_text(FILE *to, struct span s);
/* JSON as --json prints it: an object, or of an array each element on a line of
 * its own. */
void out_json(struct span text);
/* A position as it is typed, 46.5,7.25,512; false if v is none. */
bool out_position(struct buf *b, const struct json *v);
/* A value on one line, strings in quotes. */
void out_value(FILE *to, const struct json *v);
