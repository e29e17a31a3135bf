/* SPDX-License-Identifier: MIT
 *
 * forms: those in use, with the types of their fields; and giving them some
 * (lib/view/form.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/ctl/ctl.h"
#include "lib/view/form.h"
#include "tools/answer.h"
#include "tools/out.h"
#include "tools/value.h"

/* ---- looking ---- */

static void form_json(struct json_out *o, struct span form, int64_t records,
		      const struct json *types)
{
	json_out_object(o);
	json_out_kv_span(o, "form", form);
	json_out_kv_int(o, "records", records);
	if (types) {
		json_out_key(o, "types");
		json_out_value(o, types);
	}
	json_out_end_object(o);
}

/* The definition of a form in the record `forms`; NULL without one. */
static const struct json *types_of(const struct json *defined,
				   struct span form)
{
	struct json_member m = { .it = NULL };

	while (json_next(defined, &m))
		if (span_equal(m.key, form))
			return m.value;
	return NULL;
}

static bool listed(struct span lines, struct span form)
{
	bool is = false;

	while (lines.n && !is) {
		struct json *v = reader_record(&lines);

		is = span_equal(json_string(json_get(v, "form")), form);
		json_free(v);
	}
	return is;
}

struct forms {
	struct json_out o;
	const struct json *defined;
	struct buf form;	/* the one that is counted */
	int64_t records;
};

/* The record of definitions is no record of theirs. */
static void form_end(struct forms *f)
{
	struct span form = buf_span(&f->form);

	if (f->records && !form.n)
		f->records -= f->defined != NULL;
	if (f->records)
		form_json(&f->o, form, f->records, types_of(f->defined, form));
	f->records = 0;
	f->form.len = 0;
}

/* Those in use, then those that are defined only. `lines` say how many records
 * of a form there are, a form perhaps in several lines, one after the other. */
static void forms_json(struct forms *f, struct span lines)
{
	struct json_member m = { .it = NULL };

	json_out_array(&f->o);
	for (struct span rest = lines; rest.n;) {
		struct json *v = reader_record(&rest);
		struct span form = json_string(json_get(v, "form"));

		if (!span_equal(form, buf_span(&f->form)))
			form_end(f);
		f->form.len = 0;
		buf_add(&f->form, form);
		f->records += json_int(json_get(v, "records"));
		json_free(v);
	}
	form_end(f);
	while (json_next(f->defined, &m))
		if (!listed(lines, m.key))
			form_json(&f->o, m.key, 0, m.value);
	json_out_end_array(&f->o);
	buf_fini(&f->form);
}

static int forms_ask(struct reader *r, const char *verb, struct json_out *o)
{
	struct buf lines = { 0 };
	struct json_out record = { 0 };
	struct json *defined;
	struct forms f = { .records = 0 };
	int code = reader_rows(r, verb, "forms", SPAN("", 0), &lines);

	if (code == OPTIONS_OK)
		code = reader_ask(r, verb, "record",
				  SPAN_STR(FORMS_RECORD), SPAN("", 0),
				  &record);
	defined = json_parse_shown(buf_span(&record.b));
	f.defined = json_get(defined, "fields");
	if (code == OPTIONS_OK)
		forms_json(&f, buf_span(&lines));
	*o = f.o;
	json_free(defined);
	buf_fini(&lines);
	buf_fini(&record.b);
	return code;
}

static void print_types(const struct json *form)
{
	struct json_member m = { .it = NULL };

	while (json_next(json_get(form, "types"), &m)) {
		printf("  ");
		out_text(stdout, m.key);
		putchar(':');
		out_text(stdout, json_string(m.value));
	}
}

static void print_forms(const struct reader *r, const struct json *v)
{
	(void)r;
	for (size_t i = 0; i < json_len(v); i++) {
		const struct json *form = json_at(v, i);

		if (json_string(json_get(form, "form")).n)
			out_text(stdout, json_string(json_get(form, "form")));
		else
			putchar('-');
		printf("  %lld", (long long)json_int(json_get(form,
							      "records")));
		print_types(form);
		putchar('\n');
	}
	if (!json_len(v))
		puts("no record yet");
}

static int forms_look(const char *verb, const struct options *o)
{
	struct json_out out = { 0 };
	struct reader r;
	int code = reader_open(&r, verb);

	if (code == OPTIONS_OK)
		code = forms_ask(&r, verb, &out);
	if (code == OPTIONS_OK)
		code = answer(&out, &r, o->json, print_forms);
	reader_close(&r);
	return code;
}

/* ---- defining ---- */

/* FIELD:TYPE ... as an object; false: a word is none. */
static bool types_json(struct json_out *out, const struct options *o)
{
	json_out_object(out);
	for (size_t i = 1; i < o->n_args; i++) {
		const char *colon = strrchr(o->args[i], ':');

		if (!colon || colon == o->args[i] ||
		    form_type_parse(SPAN_STR(colon + 1)) == FORM_ANY) {
			fprintf(stderr, "cairn: forms: FIELD:TYPE, with text, "
				"number, yesno or position, not '%s'\n",
				o->args[i]);
			return false;
		}
		json_out_key_span(out, SPAN(o->args[i],
					    (size_t)(colon - o->args[i])));
		json_out_string(out, colon + 1);
	}
	json_out_end_object(out);
	return true;
}

static int forms_define(struct options *o)
{
	char record[] = FORMS_RECORD, verb[] = "set";
	struct json_out types = { 0 };
	int code = EXIT_CODE_USAGE;

	if (types_json(&types, o)) {
		buf_add_u8(&types.b, 0);
		char *args[] = { record, o->args[0], (char *)types.b.p };

		code = write_call(verb, o, 3, args);
	}
	buf_fini(&types.b);
	return code;
}

int cmd_forms(int argc, char **argv)
{
	struct options o;
	int code = options_read(&o, argc, argv,
		"forms [--json]\n"
		"       cairn forms FORM FIELD:TYPE ...\n\n"
		"The forms in use; or the types of a form's fields: text, "
		"number, yesno, position.\ncairn set then takes what fits, "
		"and 007 stays text where text is wanted.", NULL, 0, 60);

	if (code != OPTIONS_OK)
		return code;
	if (o.n_args == 1) {
		fprintf(stderr, "cairn: forms: words are missing\n");
		return EXIT_CODE_USAGE;
	}
	return o.n_args ? forms_define(&o) : forms_look(argv[0], &o);
}
