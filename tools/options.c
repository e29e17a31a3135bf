/* SPDX-License-Identifier: MIT
 *
 * Options of the verbs: the ones all have, and a verb's own. "--" ends them;
 * words and options may stand in any order.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/ctl/ctl.h"
#include "tools/cairn.h"

static int usage_error(const char *verb, const char *what, const char *word)
{
	fprintf(stderr, "cairn: %s: %s%s%s (see cairn %s --help)\n", verb,
		what, word ? " " : "", word ? word : "", verb);
	return EXIT_CODE_USAGE;
}

static const struct option_spec *find(const struct option_spec *specs,
				      const char *name)
{
	for (; specs && specs->name; specs++)
		if (!strcmp(specs->name, name))
			return specs;
	return NULL;
}

/* The options of all verbs as specs, so that one loop takes them. */
struct common {
	struct option_spec specs[7];
	const char *dir;
	bool help;
};

static void common_init(struct common *c, struct options *o)
{
	*c = (struct common){ .specs = {
		{ "-d", NULL, &c->dir }, { "--dir", NULL, &c->dir },
		{ "--json", &o->json, NULL }, { "-v", &o->verbose, NULL },
		{ "-h", &c->help, NULL }, { "--help", &c->help, NULL },
		{ NULL, NULL, NULL },
	} };
}

/* "-2" is a number, "-" stands for a file. */
static bool is_word(const char *s)
{
	return s[0] != '-' || !s[1] || (s[1] >= '0' && s[1] <= '9');
}

/* One option; next is the word behind it or NULL. How many words its value
 * took, or -1 with what is wrong. */
static int option_take(const struct option_spec *s, const char *next,
		       const char **wrong)
{
	*wrong = !s ? "unknown option" : "needs a value:";
	if (s && s->flag)
		*s->flag = true;
	else if (s && next)
		*s->value = next;
	else
		return -1;
	return !s->flag;
}

/* "-xc1", "-nc": letters, the last of which may have a value, at once or as
 * the next word. */
static int letters_take(const struct option_spec *const specs[2],
			const char *word, const char *next,
			const char **wrong)
{
	int took = 0;

	for (const char *p = word + 1; *p && !took; p++) {
		const char name[] = { '-', *p, 0 };
		const struct option_spec *s = find(specs[0], name);

		if (!s)
			s = find(specs[1], name);
		took = option_take(s, s && s->value && p[1] ? p + 1 : next,
				   wrong);
		if (took > 0 && p[1])
			return 0;
	}
	return took;
}

/* Moves words that are no options to the front of argv + 1. */
static int options_walk(struct options *o, int argc, char **argv,
			const struct option_spec *common,
			const struct option_spec *own)
{
	const struct option_spec *const specs[2] = { own, common };
	bool only_words = false;

	for (int i = 1; i < argc; i++) {
		const struct option_spec *s = find(own, argv[i]);
		const char *wrong;
		int took;

		if (!s)
			s = find(common, argv[i]);
		if (only_words || is_word(argv[i])) {
			argv[1 + o->n_args++] = argv[i];
			continue;
		}
		if (!strcmp(argv[i], "--")) {
			only_words = true;
			continue;
		}
		took = s || argv[i][1] == '-' ?
			option_take(s, argv[i + 1], &wrong) :
			letters_take(specs, argv[i], argv[i + 1], &wrong);
		if (took < 0)
			return usage_error(argv[0], wrong, argv[i]);
		i += took;
	}
	return OPTIONS_OK;
}

int options_read(struct options *o, int argc, char **argv, const char *usage,
		 const struct option_spec *own, size_t min, size_t max)
{
	struct common c;
	int code;

	*o = (struct options){ .args = argv + 1 };
	common_init(&c, o);
	code = options_walk(o, argc, argv, c.specs, own);
	if (code != OPTIONS_OK)
		return code;
	if (c.help) {
		printf("usage: cairn %s\n", usage);
		return EXIT_CODE_OK;
	}
	if (o->n_args < min || o->n_args > max)
		return usage_error(argv[0], o->n_args < min ?
				   "words are missing" : "too many words",
				   NULL);
	argv[1 + o->n_args] = NULL;
	if (c.dir)
		setenv("CAIRN_DIR", c.dir, 1);
	return OPTIONS_OK;
}
