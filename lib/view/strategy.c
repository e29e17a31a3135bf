/* SPDX-License-Identifier: MIT
 *
 * Strategies by name, see strategy.h.
 */
#include <errno.h>
#include "lib/view/strategy.h"

static bool starts(struct span *text, const char *word)
{
	size_t n = strlen(word);

	if (text->n < n || memcmp(text->p, word, n) != 0)
		return false;
	text->p += n;
	text->n -= n;
	return true;
}

static int retries_parse(struct strategy *s, struct span text)
{
	s->kind = STRATEGY_RETRY;
	s->retries = 0;
	if (text.n == 0 || text.n > 9)
		return -EINVAL;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return -EINVAL;
		s->retries = 10 * s->retries + (text.p[i] - '0');
	}
	return 0;
}

/* A custom name becomes that of a file. */
static bool name_char(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static int merge_parse(struct strategy *s, struct span name)
{
	static const char *const names[] = {
		[MERGE_TEXT] = "text", [MERGE_JSON] = "json",
		[MERGE_APPEND] = "append",
	};

	s->kind = STRATEGY_MERGE;
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (span_equal(name, SPAN_STR(names[i]))) {
			s->merge = (enum merge_kind)i;
			return 0;
		}
	s->kind = STRATEGY_CUSTOM;
	if (name.n == 0 || name.n > STRATEGY_NAME_MAX)
		return -EINVAL;
	for (size_t i = 0; i < name.n; i++)
		if (!name_char(name.p[i]))
			return -EINVAL;
	memcpy(s->name, name.p, name.n);
	return 0;
}

int strategy_parse(struct strategy *s, struct span text)
{
	*s = (struct strategy){ .kind = STRATEGY_LWW };
	if (span_equal(text, SPAN_STR("lww")))
		return 0;
	s->kind = STRATEGY_FWW;
	if (span_equal(text, SPAN_STR("fww")))
		return 0;
	s->kind = STRATEGY_ESCALATE;
	if (span_equal(text, SPAN_STR("escalate")))
		return 0;
	if (starts(&text, "retry:"))
		return retries_parse(s, text);
	if (starts(&text, "merge:"))
		return merge_parse(s, text);
	return -EINVAL;
}
