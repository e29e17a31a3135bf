/* SPDX-License-Identifier: MIT
 *
 * Output for people: see out.h.
 */
#include "tools/out.h"
#include <stdlib.h>
#include <unistd.h>

#define CELL_MAX 64
#define COLUMNS_MAX 12

char *out_age(char *dst, uint64_t s)
{
	if (s < 120)
		snprintf(dst, 24, "%u s", (unsigned)s);
	else if (s < 7200)
		snprintf(dst, 24, "%u min", (unsigned)(s / 60));
	else if (s < 172800)
		snprintf(dst, 24, "%u h", (unsigned)(s / 3600));
	else
		snprintf(dst, 24, "%u d", (unsigned)(s / 86400));
	return dst;
}

void out_in_blocks(void)
{
	if (!isatty(STDOUT_FILENO))
		setvbuf(stdout, NULL, _IOFBF, 1 << 16);
}

bool out_colour(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no && *no) && term &&
	       strcmp(term, "dumb");
}

void out_text(FILE *to, struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		fputc(s.p[i] < 0x20 || s.p[i] == 0x7f ? '.' : s.p[i], to);
}

/* Whether the array's element ends before this byte: a comma of its own. */
static bool json_ends(uint8_t c, bool *quoted, bool *escaped, int *depth)
{
	bool was_escaped = *escaped;

	*escaped = *quoted && c == '\\' && !was_escaped;
	if (c == '"' && !was_escaped)
		*quoted = !*quoted;
	if (*quoted)
		return false;
	*depth += (c == '[' || c == '{') - (c == ']' || c == '}');
	return c == ',' && *depth == 0;
}

void out_json(struct span text)
{
	bool quoted = false, escaped = false;
	int depth = 0;

	if (text.n && text.p[0] == '[')
		text = SPAN(text.p + 1, text.n - 2);
	else
		depth = 1;	/* no line ends inside */
	for (size_t i = 0; i < text.n; i++)
		putchar(json_ends(text.p[i], &quoted, &escaped, &depth) ?
			'\n' : text.p[i]);
	if (text.n)
		putchar('\n');
}

bool out_position(struct buf *b, const struct json *v)
{
	const struct json *at = json_len(v) == 1 ? json_get(v, "position") :
						   NULL;
	struct json_out o = { .comma = false };

	if (!json_is(at, JSON_ARRAY))
		return false;
	for (size_t i = 0; i < json_len(at); i++)
		json_out_value(&o, json_at(at, i));
	buf_add(b, buf_span(&o.b));
	buf_fini(&o.b);
	return true;
}

void out_value(FILE *to, const struct json *v)
{
	struct json_out o = { .spaced = true };

	if (!out_position(&o.b, v))
		json_out_value(&o, v);
	out_text(to, buf_span(&o.b));
	buf_fini(&o.b);
}

static void cell_text(char *dst, const struct json *v)
{
	struct span s = json_string(v);
	size_t n = s.n < CELL_MAX - 1 ? s.n : CELL_MAX - 1;

	for (size_t i = 0; i < n; i++)
		dst[i] = s.p[i] < 0x20 ? '.' : (char)s.p[i];
	dst[n] = 0;
}

/* A text among numbers is one already: "~12". */
static void cell_number(char *dst, const struct json *v)
{
	if (json_is(v, JSON_STRING))
		cell_text(dst, v);
	else if (json_is(v, JSON_REAL))
		snprintf(dst, CELL_MAX, "%.1f", json_real(v));
	else
		snprintf(dst, CELL_MAX, "%lld", (long long)json_int(v));
}

static void cell(char *dst, const struct json *row,
		 const struct out_column *c)
{
	const struct json *v = json_get(row, c->key);

	dst[0] = 0;
	if (!v || json_is(v, JSON_NULL) ||
	    (json_is(v, JSON_STRING) && !json_string(v).n)) {
		snprintf(dst, CELL_MAX, "-");
		return;
	}
	switch (c->format) {
	case OUT_TEXT:
		cell_text(dst, v);
		break;
	case OUT_NUMBER:
		cell_number(dst, v);
		break;
	case OUT_AGE:
		out_age(dst, (uint64_t)json_real(v));
		break;
	case OUT_YES_NO:
		snprintf(dst, CELL_MAX, "%s", json_bool(v) ? "yes" : "no");
		break;
	}
}

static void print_row(char (*cells)[CELL_MAX],
		      const struct out_column *columns, const size_t *width)
{
	for (size_t c = 0; columns[c].key; c++) {
		bool right = columns[c].format == OUT_NUMBER ||
			     columns[c].format == OUT_AGE;
		int w = (int)width[c];

		if (!right && !columns[c + 1].key)
			w = 0;	/* no blanks at the end of a line */
		printf("%s%*s", c ? "  " : "", right ? w : -w, cells[c]);
	}
	putchar('\n');
}

static void widen(size_t *width, const char *text)
{
	if (strlen(text) > *width)
		*width = strlen(text);
}

void out_table(const struct json *rows, const struct out_column *columns,
	       const char *empty)
{
	char cells[COLUMNS_MAX][CELL_MAX];
	size_t width[COLUMNS_MAX] = { 0 }, n = json_len(rows);

	if (n == 0) {
		puts(empty);
		return;
	}
	for (size_t c = 0; columns[c].key; c++) {
		widen(&width[c], columns[c].title);
		for (size_t i = 0; i < n; i++) {
			cell(cells[c], json_at(rows, i), &columns[c]);
			widen(&width[c], cells[c]);
		}
		snprintf(cells[c], CELL_MAX, "%s", columns[c].title);
	}
	print_row(cells, columns, width);
	for (size_t i = 0; i < n; i++) {
		for (size_t c = 0; columns[c].key; c++)
			cell(cells[c], json_at(rows, i), &columns[c]);
		print_row(cells, columns, width);
	}
}
