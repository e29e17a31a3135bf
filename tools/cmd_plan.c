/* SPDX-License-Identifier: MIT
 *
 * plan: the plan out of the mapped log, how a key came about, and writing it.
 */
#include <stdio.h>
#include <string.h>
#include "lib/ctl/ctl.h"
#include "tools/answer.h"
#include "tools/out.h"
#include "tools/value.h"

/* ---- looking ---- */

static void print_plan(const struct reader *r, const struct json *v)
{
	struct json_member m = { .it = NULL };

	(void)r;
	if (!json_len(json_get(v, "plan")))
		puts("no plan yet");
	while (json_next(json_get(v, "plan"), &m)) {
		out_text(stdout, m.key);
		fputs(" = ", stdout);
		out_value(stdout, m.value);
		putchar('\n');
	}
}

static void print_key(const struct reader *r, const struct json *v)
{
	if (!v) {
		puts("nobody wrote that key");
		return;
	}
	out_text(stdout, json_string(json_get(v, "key")));
	fputs(" = ", stdout);
	out_value(stdout, json_get(v, "value"));
	putchar('\n');
	answer_heads(r, v);
}

static int plan_look(const char *verb, struct options *o)
{
	struct json_out out = { 0 };
	struct reader r;
	int code = reader_open(&r, verb);

	if (code == OPTIONS_OK)
		code = o->n_args ?
			reader_ask(&r, verb, "plan_why",
				   SPAN_STR(o->args[0]), SPAN("", 0), &out) :
			reader_ask(&r, verb, "plan", SPAN("", 0), SPAN("", 0),
				   &out);
	if (code == OPTIONS_OK)
		code = answer(&out, &r, o->json, o->n_args ? print_key :
							     print_plan);
	reader_close(&r);
	return code;
}

/* ---- writing ---- */

/* KEY=VALUE ... as one object; false: a word is none. */
static bool changes_json(struct json_out *out, const struct options *o,
			 bool text)
{
	json_out_object(out);
	for (size_t i = 0; i < o->n_args; i++) {
		const char *equals = strchr(o->args[i], '=');

		if (!equals || equals == o->args[i])
			return false;
		json_out_key_span(out, SPAN(o->args[i],
					    (size_t)(equals - o->args[i])));
		value_json(out, equals + 1, text);
	}
	json_out_end_object(out);
	buf_add_u8(&out->b, 0);
	return true;
}

/* A number that did not raise its key changed nothing, which is easily missed. */
static void change_told(const struct json *plan, const char *word, bool text)
{
	struct span key = SPAN(word, (size_t)(strchr(word, '=') - word));
	struct json_out typed = { 0 }, stands = { 0 };
	struct json_member m = { .it = NULL };

	value_json(&typed, word + key.n + 1, text);
	while (json_next(plan, &m))
		if (span_equal(m.key, key) && (json_is(m.value, JSON_INT) ||
					       json_is(m.value, JSON_REAL)))
			json_out_value(&stands, m.value);
	if (stands.b.len &&
	    !span_equal(buf_span(&typed.b), buf_span(&stands.b)))
		fprintf(stderr, "cairn: plan: %.*s stays %.*s; --set lowers "
			"it\n", (int)key.n, (const char *)key.p,
			(int)stands.b.len, (const char *)stands.b.p);
	buf_fini(&typed.b);
	buf_fini(&stands.b);
}

static void changes_told(const char *verb, const struct options *o, bool text)
{
	struct json_out out = { 0 };
	struct json *v = NULL;
	struct reader r;

	if (reader_open(&r, verb) == OPTIONS_OK &&
	    reader_ask(&r, verb, "plan", SPAN("", 0), SPAN("", 0),
		       &out) == OPTIONS_OK)
		v = json_parse_shown(buf_span(&out.b));
	for (size_t i = 0; v && i < o->n_args; i++)
		change_told(json_get(v, "plan"), o->args[i], text);
	json_free(v);
	buf_fini(&out.b);
	reader_close(&r);
}

static int plan_write(const char *verb, struct options *o, bool set, bool text)
{
	char delta[] = "delta", lower[] = "set";
	struct json_out out = { 0 };
	int code = EXIT_CODE_USAGE;

	if (changes_json(&out, o, text)) {
		char *args[] = { set ? lower : delta, (char *)out.b.p };

		code = write_call(verb, o, 2, args);
		if (code == EXIT_CODE_OK && !set)
			changes_told(verb, o, text);
	} else {
		fprintf(stderr, "cairn: %s: KEY=VALUE is wanted (see cairn %s "
			"--help)\n", verb, verb);
	}
	buf_fini(&out.b);
	return code;
}

int cmd_plan(int argc, char **argv)
{
	bool set = false, text = false;
	struct option_spec own[] = { { "--set", &set, NULL },
				     { "--text", &text, NULL },
				     { NULL, NULL, NULL } };
	struct options o;
	int code = options_read(&o, argc, argv,
		"plan [KEY | KEY=VALUE... [--set] [--text]] [--json]\n\n"
		"The plan; how a KEY came about; or writing to it: of numbers "
		"the greatest stands,\nof other values the latest. --set: "
		"these values stand, lower ones too.\n--text: text in any "
		"case.", own, 0, 64);

	if (code != OPTIONS_OK)
		return code;
	if (!set && o.n_args < 2 && !(o.n_args && strchr(o.args[0], '=')))
		return plan_look(argv[0], &o);
	return plan_write(argv[0], &o, set, text);
}
