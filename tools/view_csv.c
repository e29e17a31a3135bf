/* SPDX-License-Identifier: MIT
 *
 * Records as CSV: see view_show.h. A column a field, then one a counter. Texts
 * stand in quotes, numbers, true and false as they are, positions as they are
 * typed, all else as JSON in quotes.
 */
#include <stdio.h>
#include <stdlib.h>
#include "lib/base/json.h"
#include "tools/out.h"
#include "tools/view_show.h"

static void quoted(struct span s)
{
	putchar('"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			putchar('"');
		putchar(s.p[i]);
	}
	putchar('"');
}

static void cell(const struct json *v)
{
	struct json_out o = { 0 };

	if (!v || json_is(v, JSON_NULL))
		return;
	if (json_is(v, JSON_STRING)) {
		quoted(json_string(v));
		return;
	}
	if (!out_position(&o.b, v))
		json_out_value(&o, v);
	if (json_is(v, JSON_OBJECT) || json_is(v, JSON_ARRAY))
		quoted(buf_span(&o.b));
	else
		printf("%.*s", (int)o.b.len, (const char *)o.b.p);
	buf_fini(&o.b);
}

/* ---- columns ---- */

struct columns {
	const char *of;		/* the member that has them */
	const char *after;	/* each title */
	struct span *name;
	size_t n, cap;
};

static void column_add(struct columns *c, struct span name)
{
	c->name = array_room(c->name, c->n, &c->cap, sizeof(*c->name));
	c->name[c->n++] = name;
}

static int by_name(const void *a, const void *b)
{
	return span_compare(*(const struct span *)a, *(const struct span *)b);
}

static void columns_settle(struct columns *c)
{
	size_t kept = 0;

	if (c->n)
		qsort(c->name, c->n, sizeof(*c->name), by_name);
	for (size_t i = 0; i < c->n; i++)
		if (!kept || !span_equal(c->name[kept - 1], c->name[i]))
			c->name[kept++] = c->name[i];
	c->n = kept;
}

/* Names that repeat are thrown out now and then: memory follows what is shown
 * once. */
static void columns_take(struct columns *c, const struct json *record)
{
	struct json_member m = { .it = NULL };

	while (json_next(json_get(record, c->of), &m))
		column_add(c, m.key);
	if (c->n > 4096)
		columns_settle(c);
}

/* ---- rows ---- */

static void titles_print(const struct columns *c)
{
	for (size_t i = 0; i < c->n; i++) {
		struct buf title = { 0 };

		putchar(',');
		buf_add(&title, c->name[i]);
		buf_add(&title, SPAN_STR(c->after));
		quoted(buf_span(&title));
		buf_fini(&title);
	}
}

static void cells_print(const struct columns *c, const struct json *record)
{
	const struct json *values = json_get(record, c->of);

	for (size_t i = 0; i < c->n; i++) {
		putchar(',');
		cell(json_get(values, (const char *)c->name[i].p));
	}
}

static void table_print(const struct columns *fields,
			const struct columns *counters,
			struct json *const *record, size_t n)
{
	printf("record_id,form");
	titles_print(fields);
	titles_print(counters);
	fputs("\r\n", stdout);
	for (size_t i = 0; i < n; i++) {
		cell(json_get(record[i], "record_id"));
		putchar(',');
		cell(json_get(record[i], "form"));
		cells_print(fields, record[i]);
		cells_print(counters, record[i]);
		fputs("\r\n", stdout);
	}
}

void view_csv(struct span lines)
{
	struct columns fields = { .of = "fields", .after = "" };
	struct columns counters = { .of = "counters", .after = " (count)" };
	struct json **record = NULL;
	size_t n = 0, cap = 0;

	while (lines.n) {
		record = array_room(record, n, &cap, sizeof(struct json *));
		record[n] = reader_record(&lines);
		columns_take(&fields, record[n]);
		columns_take(&counters, record[n++]);
	}
	columns_settle(&fields);
	columns_settle(&counters);
	table_print(&fields, &counters, record, n);
	for (size_t i = 0; i < n; i++)	/* the columns are their names */
		json_free(record[i]);
	free(record);
	free(fields.name);
	free(counters.name);
}
