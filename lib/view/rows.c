/* SPDX-License-Identifier: MIT
 *
 * Pages put together, see rows.h. A page is taken apart as text, a row a line:
 *
 *   {"changes":N,"next":N,"rows":[["KEY",VALUE]
 *   ,["KEY",VALUE]
 *   ]}
 */
#include "lib/view/rows.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- taking ---- */

/* Where the rows begin; 0: this is no page. */
static size_t head_read(struct span page, uint64_t *changes, size_t *next)
{
	unsigned long long is;
	char head[80];
	int n = 0;

	snprintf(head, sizeof(head), "%.*s", (int)page.n,
		 (const char *)page.p);
	if (sscanf(head, "{\"changes\":%llu,\"next\":%zu,\"rows\":[%n", &is,
		   next, &n) != 2)
		return 0;
	*changes = is;
	return (size_t)n;
}

/* A line without its end: ["KEY",VALUE] or, but for the first, ,["KEY",VALUE] */
static bool row_add(struct buf *text, struct span line)
{
	const uint8_t *quote;
	struct span key;

	if (line.n && line.p[0] == ',')
		line = SPAN(line.p + 1, line.n - 1);
	if (line.n < strlen("[\"\",]") || memcmp(line.p, "[\"", 2) ||
	    line.p[line.n - 1] != ']')
		return false;
	line = SPAN(line.p + 2, line.n - 3);
	quote = memchr(line.p, '"', line.n);
	if (!quote || quote + 1 == line.p + line.n || quote[1] != ',')
		return false;
	key = SPAN(line.p, (size_t)(quote - line.p));
	buf_add(text, key);
	buf_add_u8(text, '\t');
	buf_add(text, SPAN(quote + 2, line.n - key.n - 2));
	buf_add_u8(text, '\n');
	return true;
}

static int lines_take(struct buf *text, struct span s)
{
	const uint8_t *end;

	while ((end = s.n ? memchr(s.p, '\n', s.n) : NULL)) {
		size_t n = (size_t)(end - s.p);

		if (!row_add(text, SPAN(s.p, n)))
			return -EINVAL;
		s = SPAN(end + 1, s.n - n - 1);
	}
	return span_equal(s, SPAN_STR("]}")) ? 0 : -EINVAL;
}

int rows_take(struct rows *r, struct span page)
{
	uint64_t changes;
	size_t next, head = head_read(page, &changes, &next);

	if (!head)
		return -EINVAL;
	if (r->next && changes != r->changes) {
		r->text.len = r->next = 0;
		return -EAGAIN;
	}
	r->changes = changes;
	r->next = next;
	return lines_take(&r->text, SPAN(page.p + head, page.n - head));
}

/* ---- giving ---- */

static int by_bytes(const void *a, const void *b)
{
	return span_compare(*(const struct span *)a, *(const struct span *)b);
}

/* Where each line begins and ends; *n of them, to be freed. */
static struct span *lines_of(struct span text, size_t *n)
{
	struct span *line = NULL;
	size_t cap = 0;

	for (*n = 0; text.n; (*n)++) {
		const uint8_t *end = memchr(text.p, '\n', text.n);
		size_t len = (size_t)(end - text.p) + 1;

		line = array_room(line, *n, &cap, sizeof(*line));
		line[*n] = SPAN(text.p, len);
		text = SPAN(text.p + len, text.n - len);
	}
	return line;
}

void rows_lines(const struct rows *r, struct buf *out)
{
	size_t n;
	struct span *line = lines_of(buf_span(&r->text), &n);

	if (n)
		qsort(line, n, sizeof(*line), by_bytes);
	for (size_t i = 0; i < n; i++) {
		const uint8_t *tab = memchr(line[i].p, '\t', line[i].n);

		buf_add(out, SPAN(tab + 1, line[i].n -
				  (size_t)(tab + 1 - line[i].p)));
	}
	free(line);
}

void rows_fini(struct rows *r)
{
	buf_fini(&r->text);
	*r = (struct rows){ 0 };
}
