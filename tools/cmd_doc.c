/* SPDX-License-Identifier: MIT
 *
 * doc: documents out of the mapped log, and operations on them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/ctl/ctl.h"
#include "tools/answer.h"
#include "tools/out.h"
#include "tools/value.h"

struct doc_call {
	const char *verb;
	struct options o;
	const char *after, *before, *type;
	bool text;
};

/* ---- looking ---- */

static void print_docs(const struct reader *r, const struct json *v)
{
	static const struct out_column columns[] = {
		{ "doc", "DOCUMENT", OUT_TEXT },
		{ "elements", "ELEMENTS", OUT_NUMBER },
		{ "deleted", "DELETED", OUT_NUMBER },
		{ "orphans", "ORPHANS", OUT_NUMBER },
		{ NULL, NULL, OUT_TEXT },
	};

	(void)r;
	out_table(v, columns, "no document yet");
}

/* Its text, then its other fields. */
static void print_element(size_t number, const struct json *e, bool verbose)
{
	struct span type = json_string(json_get(e, "type"));
	const struct json *fields = json_get(e, "fields");
	struct json_member m = { .it = NULL };

	printf("%4zu  ", number);
	if (verbose)
		printf("@%s  ", (const char *)
		       json_string(json_get(e, "id")).p);
	if (type.n) {
		putchar('[');
		out_text(stdout, type);
		fputs("] ", stdout);
	}
	out_text(stdout, json_string(json_get(fields, "text")));
	while (json_next(fields, &m)) {
		if (span_equal(m.key, SPAN_STR("text")) &&
		    json_is(m.value, JSON_STRING))
			continue;
		putchar(' ');
		out_text(stdout, m.key);
		putchar('=');
		out_value(stdout, m.value);
	}
	putchar('\n');
}

static void print_doc(const struct json *v, bool verbose)
{
	for (size_t i = 0; i < json_len(v); i++)
		print_element(i + 1, json_at(v, i), verbose);
	if (!json_len(v))
		puts("nothing in it");
}

static void print_plainly(const struct reader *r, const struct json *v)
{
	(void)r;
	print_doc(v, false);
}

static void print_with_ids(const struct reader *r, const struct json *v)
{
	(void)r;
	print_doc(v, true);
}

static void print_order(const struct reader *r, const struct json *v)
{
	(void)r;
	for (size_t i = 0; i < json_len(v); i++)
		printf("@%s\n", (const char *)json_string(json_at(v, i)).p);
}

static void print_versions(const struct reader *r, const struct json *v)
{
	struct json_member m = { .it = NULL };

	while (json_next(v, &m)) {
		answer_author(r, m.key);
		printf(" #%lld\n", (long long)json_int(m.value));
	}
}

typedef void (*print_fn)(const struct reader *r, const struct json *v);

/* what NULL: all documents. */
static int doc_look(struct doc_call *c, const char *what, print_fn print)
{
	struct json_out out = { 0 };
	struct reader r;
	int code = reader_open(&r, c->verb);

	if (code == OPTIONS_OK)
		code = reader_ask(&r, c->verb, what ? what : "docs",
				  SPAN_STR(what ? c->o.args[0] : ""),
				  SPAN("", 0), &out);
	if (code == OPTIONS_OK)
		code = answer(&out, &r, c->o.json, print);
	reader_close(&r);
	return code;
}

static void ids_join(struct json_out *o, struct span lines)
{
	json_out_array(o);
	while (lines.n) {
		struct json *e = reader_record(&lines);

		json_out_string_span(o, json_string(json_get(e, "id")));
		json_free(e);
	}
	json_out_end_array(o);
}

static int elements_look(struct doc_call *c, bool ids, print_fn print)
{
	struct json_out out = { 0 };
	struct buf lines = { 0 };
	struct reader r;
	int code = reader_open(&r, c->verb);

	if (code == OPTIONS_OK)
		code = reader_rows(&r, c->verb, "doc",
				   SPAN_STR(c->o.args[0]), &lines);
	if (code == OPTIONS_OK) {
		if (ids)
			ids_join(&out, buf_span(&lines));
		else
			answer_join(&out, buf_span(&lines), false);
		code = answer(&out, &r, c->o.json, print);
	}
	buf_fini(&lines);
	reader_close(&r);
	return code;
}

static int doc_show(struct doc_call *c)
{
	return elements_look(c, false, c->o.verbose ? print_with_ids :
							      print_plainly);
}

static int doc_order_show(struct doc_call *c)
{
	return elements_look(c, true, print_order);
}

static int doc_version(struct doc_call *c)
{
	return doc_look(c, "doc_version", print_versions);
}

static int doc_log(struct doc_call *c)
{
	return log_doc(c->verb, SPAN_STR(c->o.args[0]), c->o.json);
}

/* ---- writing ---- */

/* TEXT [FIELD=VALUE...] */
static bool fields_read(const struct doc_call *c, struct json_out *out)
{
	json_out_object(out);
	json_out_kv_string(out, "text", c->o.args[2]);
	for (size_t i = 3; i < c->o.n_args; i++) {
		const char *equals = strchr(c->o.args[i], '=');

		if (!equals)
			return false;
		json_out_key_span(out, SPAN(c->o.args[i],
					    (size_t)(equals - c->o.args[i])));
		value_json(out, equals + 1, c->text);
	}
	json_out_end_object(out);
	buf_add_u8(&out->b, 0);
	return true;
}

static int doc_insert(struct doc_call *c)
{
	char *const *a = c->o.args;
	struct json_out fields = { 0 };
	int code = EXIT_CODE_USAGE;
	char *words[] = { a[0], a[1], strdup(c->after ? "after" :
					     c->before ? "before" : "end"),
			  strdup(c->after ? c->after :
				 c->before ? c->before : ""),
			  strdup(c->type ? c->type : ""), NULL };

	if (fields_read(c, &fields) && !(c->after && c->before)) {
		words[5] = (char *)fields.b.p;
		code = write_call(c->verb, &c->o, 6, words);
	} else {
		fprintf(stderr, "cairn: doc: TEXT, then FIELD=VALUE; --after "
			"or --before, not both\n");
	}
	for (int i = 2; i < 5; i++)
		free(words[i]);
	buf_fini(&fields.b);
	return code;
}

/* P TEXT, or P FIELD VALUE */
static int doc_update(struct doc_call *c)
{
	char *const *a = c->o.args;
	char text[] = "text";
	struct json_out value = { 0 };
	int code;

	value_json(&value, a[c->o.n_args - 1], c->text || c->o.n_args == 4);
	buf_add_u8(&value.b, 0);
	char *words[] = { a[0], a[1], a[2], c->o.n_args == 4 ? text : a[3],
			  (char *)value.b.p };

	code = write_call(c->verb, &c->o, 5, words);
	buf_fini(&value.b);
	return code;
}

static int doc_plain(struct doc_call *c)
{
	return write_call(c->verb, &c->o, 3, c->o.args);
}

/* ---- the table ---- */

static const struct {
	const char *name;
	int (*run)(struct doc_call *c);
	size_t min, max;	/* words */
} ops[] = {
	{ "show", doc_show, 2, 2 }, { "order", doc_order_show, 2, 2 },
	{ "log", doc_log, 2, 2 }, { "version", doc_version, 2, 2 },
	{ "insert", doc_insert, 3, 64 }, { "update", doc_update, 4, 5 },
	{ "delete", doc_plain, 3, 3 }, { "restore", doc_plain, 3, 3 },
};

static int doc_run(struct doc_call *c)
{
	if (c->o.n_args == 0)
		return doc_look(c, NULL, print_docs);
	if (c->o.n_args == 1)
		return doc_show(c);
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (!strcmp(ops[i].name, c->o.args[1]) &&
		    c->o.n_args >= ops[i].min && c->o.n_args <= ops[i].max)
			return ops[i].run(c);
	fprintf(stderr, "cairn: doc: '%s' is not known, or wants other words "
		"(see cairn doc --help)\n", c->o.args[1]);
	return EXIT_CODE_USAGE;
}

int cmd_doc(int argc, char **argv)
{
	struct doc_call c = { .verb = argv[0] };
	struct option_spec own[] = { { "--after", NULL, &c.after },
				     { "--before", NULL, &c.before },
				     { "--type", NULL, &c.type },
				     { "--text", &c.text, NULL },
				     { NULL, NULL, NULL } };
	int code = options_read(&c.o, argc, argv,
		"doc [NAME [show | order | log | version]] [-v] [--json]\n"
		"       cairn doc NAME insert TEXT [FIELD=VALUE...] "
		"[--after P | --before P] [--type T]\n"
		"       cairn doc NAME update P [FIELD] VALUE | delete P | "
		"restore @ID\n\n"
		"Documents: lists, logs, minutes that several write at once. "
		"P is an element: its\nnumber as shown, or @ and the beginning "
		"of its id (-v). Without a place an insert\nis the last. "
		"--text: values are text in any case.", own, 0, 64);

	return code != OPTIONS_OK ? code : doc_run(&c);
}
