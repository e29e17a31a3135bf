/* SPDX-License-Identifier: MIT
 *
 * Makes the dictionary of the run codec, lib/event/dictionary.c: columns of
 * made-up field work (`make dictionary`), as they come. The same bytes on every
 * machine; what is in the tree counts, it belongs to the protocol.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/event/columns.h"
#include "lib/event/dictionary.h"
#include "tools/train.h"

#define EVENTS_MAX 64	/* of one run */

/* The columns of one run of events. */
static void sample_add(struct buf *text, struct random *rng)
{
	uint8_t columns[RUN_COLUMNS_MAX];
	struct wr w = wr_init(columns, sizeof(columns));
	struct event events[EVENTS_MAX];
	size_t from[EVENTS_MAX + 1];
	struct run run = { .events = events };
	struct buf payloads = { 0 };

	run.n = (uint8_t)(1 + random_below(rng, EVENTS_MAX));
	for (unsigned i = 0; i < run.n; i++) {
		from[i] = payloads.len;
		events[i] = (struct event){
			.kind = train_payload(&payloads, rng),
			.hlc.wall_ms = (CAIRN_EPOCH_S + i) * 1000 };
	}
	from[run.n] = payloads.len;
	for (unsigned i = 0; i < run.n; i++)
		events[i].payload = SPAN(payloads.p + from[i],
					 from[i + 1] - from[i]);
	if (columns_encode(&w, &run, 1))
		abort();
	buf_add(text, wr_span(&w));
	buf_fini(&payloads);
}

/* As a string literal's lines: letters as they are, three octal digits else. */
static void print_text(const uint8_t *p, size_t n)
{
	unsigned column = 0;

	for (size_t i = 0; i < n; i++) {
		bool plain = p[i] >= ' ' && p[i] < 0x7f && p[i] != '"' &&
			p[i] != '\\' && p[i] != '?';

		if (column == 0)
			printf("\n\t\"");
		column += (unsigned)printf(plain ? "%c" : "\\%03o", p[i]);
		if (column > 66 || i + 1 == n) {
			printf("\"");
			column = 0;
		}
	}
}

static void print(const uint8_t *p, size_t n)
{
	printf("/* SPDX-License-Identifier: MIT\n"
	       " *\n"
	       " * The dictionary of protocol version 0. Made by `make "
	       "dictionary` from the\n"
	       " * text of tools/train_text.c: never edited. Its hash stands "
	       "in\n"
	       " * docs/protocol.md; another dictionary is another protocol "
	       "version.\n"
	       " */\n"
	       "#include \"lib/event/dictionary.h\"\n\n"
	       "static const char dictionary[] =");
	print_text(p, n);
	printf(";\n\n"
	       "struct span run_dictionary(void)\n"
	       "{\n"
	       "\treturn SPAN(dictionary, sizeof(dictionary) - 1);\n"
	       "}\n");
}

/* train: the file; train raw: the bytes. */
int main(int argc, char **argv)
{
	struct random rng = { 1 };
	struct buf text = { 0 };

	while (text.len < RUN_DICTIONARY_SIZE)
		sample_add(&text, &rng);
	if (argc > 1 && strcmp(argv[1], "raw") == 0)
		fwrite(text.p, 1, RUN_DICTIONARY_SIZE, stdout);
	else
		print(text.p, RUN_DICTIONARY_SIZE);
	buf_fini(&text);
	return 0;
}
