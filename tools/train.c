/* SPDX-License-Identifier: MIT
 *
 * Makes the dictionary of the run codec, lib/event/dictionary.c, from made-up
 * field work (`make dictionary`). The same text and the same libzstd give the
 * same bytes, whatever the machine; another release of libzstd may choose
 * others, and then what is in the tree counts: it belongs to the protocol.
 *
 * The trainer's plain door (ZDICT_trainFromBuffer) looks for pieces of 8 bytes.
 * Words are shorter: pieces of 6 save 2 % more of text that it never saw.
 */
#define ZDICT_STATIC_LINKING_ONLY
#include <stdio.h>
#include <stdlib.h>
#include <zdict.h>
#include "lib/event/columns.h"
#include "lib/event/dictionary.h"
#include "tools/train.h"

#define SAMPLES 800
#define EVENTS_MAX 64	/* a sample's */
#define PIECE 6
#define SEGMENT 64
#define LEVEL 22

struct samples {
	struct buf text;
	size_t size[SAMPLES];
};

/* One sample is the columns of one run of events. */
static void sample_add(struct samples *s, unsigned at, struct random *rng)
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
	buf_add(&s->text, wr_span(&w));
	s->size[at] = w.len;
	buf_fini(&payloads);
}

static size_t train(uint8_t dictionary[RUN_DICTIONARY_MAX])
{
	static struct samples s;
	struct random rng = { 1 };
	ZDICT_cover_params_t how = { .k = SEGMENT, .d = PIECE,
				     .zParams.compressionLevel = LEVEL };

	for (unsigned i = 0; i < SAMPLES; i++)
		sample_add(&s, i, &rng);
	return ZDICT_trainFromBuffer_cover(dictionary, RUN_DICTIONARY_MAX,
					   s.text.p, s.size, SAMPLES, how);
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
	       "static const uint8_t dictionary[] = {");
	for (size_t i = 0; i < n; i++)
		printf("%s0x%02x,", i % 12 ? " " : "\n\t", p[i]);
	printf("\n};\n\n"
	       "struct span run_dictionary(void)\n"
	       "{\n"
	       "\treturn SPAN(dictionary, sizeof(dictionary));\n"
	       "}\n");
}

int main(void)
{
	uint8_t dictionary[RUN_DICTIONARY_MAX];
	size_t n = train(dictionary);

	if (ZDICT_isError(n)) {
		fprintf(stderr, "train: %s\n", ZDICT_getErrorName(n));
		return 1;
	}
	print(dictionary, n);
	return 0;
}
