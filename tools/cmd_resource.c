/* SPDX-License-Identifier: MIT
 *
 * resource: contents that are replaced as a whole. Looking reads the mapped
 * log; commit and policy go through cairnd.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "lib/base/clock.h"
#include "lib/ctl/ctl.h"
#include "lib/view/resource.h"
#include "tools/answer.h"
#include "tools/client.h"
#include "tools/merge_program.h"
#include "tools/out.h"
#include "tools/value.h"

#define PIECE_MAX (CTL_ARG_MAX / 2)

struct resource_call {
	const char *verb;
	struct options o;
	const char *max_age;
	bool beside;
};

static const char *word(const struct resource_call *c, size_t i)
{
	return i < c->o.n_args ? c->o.args[i] : "";
}

static struct span name_of(const struct resource_call *c)
{
	return SPAN_STR(word(c, 1));
}

/* ---- looking ---- */

static void print_list(const struct reader *r, const struct json *v)
{
	static const struct out_column columns[] = {
		{ "resource", "RESOURCE", OUT_TEXT },
		{ "version", "VERSION", OUT_NUMBER },
		{ "heads", "HEADS", OUT_NUMBER },
		{ "conflict", "CONFLICT", OUT_YES_NO },
		{ NULL, NULL, OUT_TEXT },
	};

	(void)r;
	out_table(v, columns, "no resource yet");
}

static void print_commit(const struct reader *r, const struct json *h,
			 const char *label)
{
	char time[25];
	struct span id = json_string(json_get(h, "id"));

	printf("%s %.*s  by ", label, (int)id.n, (const char *)id.p);
	answer_author(r, json_string(json_get(h, "author")));
	printf(" #%lld at %s\n", (long long)json_int(json_get(h, "seq")),
	       clock_format_utc(time,
				(uint64_t)json_int(json_get(h, "wall_ms"))));
}

/* An answer's content; what is no text comes as hex. */
static void content_read(struct buf *to, const struct json *v)
{
	const struct json *content = json_get(v, "content");
	struct span hex = json_string(json_get(content, "bytes"));
	int n = hex_decode(buf_reserve(to, hex.n / 2), hex.n / 2, hex);

	buf_add(to, json_string(content));
	if (n > 0)
		to->len += (size_t)n;
}

/* Line by line, so that a stranger's escapes do nothing. */
static void print_text(struct span s)
{
	while (s.n) {
		const uint8_t *nl = memchr(s.p, '\n', s.n);
		size_t n = nl ? (size_t)(nl - s.p) : s.n;

		out_text(stdout, SPAN(s.p, n));
		putchar('\n');
		n += nl != NULL;
		s.p += n;
		s.n -= n;
	}
}

static void print_content(const struct json *v)
{
	struct buf content = { 0 };

	content_read(&content, v);
	if (payload_is_text(buf_span(&content)))
		print_text(buf_span(&content));
	else
		printf("(%zu bytes that are no text)\n", content.len);
	buf_fini(&content);
}

static void print_one(const struct reader *r, const struct json *v)
{
	const struct json *heads = json_get(v, "heads");

	if (!v) {
		puts("nobody committed it yet");
		return;
	}
	out_text(stdout, json_string(json_get(v, "resource")));
	printf("  version %lld, %s%s\n",
	       (long long)json_int(json_get(v, "version")),
	       (const char *)json_string(json_get(v, "strategy")).p,
	       json_bool(json_get(v, "conflict")) ? ", CONFLICT" : "");
	for (size_t i = 0; i < json_len(heads); i++)
		print_commit(r, json_at(heads, i), "  head");
	print_content(v);
}

static void print_history(const struct reader *r, const struct json *v)
{
	for (size_t i = 0; i < json_len(v); i++) {
		const struct json *h = json_at(v, i);
		struct span base = json_string(json_get(h, "base"));

		print_commit(r, h, json_bool(json_get(h, "head")) ? "head  " :
			     "commit");
		if (base.n)
			printf("       over %.*s\n", (int)base.n,
			       (const char *)base.p);
	}
	if (!json_len(v))
		puts("nobody committed it yet");
}

static void print_stats(const struct reader *r, const struct json *v)
{
	struct json_member m = { .it = NULL };

	(void)r;
	while (json_next(v, &m))
		printf("%-10s %lld\n", (const char *)m.key.p,
		       (long long)json_int(m.value));
}

static void print_policies(const struct reader *r, const struct json *v)
{
	static const struct out_column columns[] = {
		{ "pattern", "PATTERN", OUT_TEXT },
		{ "max_age_s", "MAX AGE", OUT_AGE },
		{ "strategy", "STRATEGY", OUT_TEXT },
		{ NULL, NULL, OUT_TEXT },
	};

	(void)r;
	out_table(v, columns, "no policy: both versions stand until somebody "
		  "decides");
}

static int ask(const struct resource_call *c, struct reader *r,
	       const char *what, struct json_out *o)
{
	int code = reader_open(r, c->verb);

	return code == OPTIONS_OK ? reader_ask(r, c->verb, what, c->o.n_args > 1 ?
				name_of(c) : SPAN("", 0), SPAN("", 0), o) :
	       code;
}

/* With the view itself. */
static int load(const struct resource_call *c, struct reader *r)
{
	int code = reader_open(r, c->verb);

	return code == OPTIONS_OK ? reader_load(r, c->verb) : code;
}

static int run_status(struct resource_call *c)
{
	struct json_out o = { 0 };
	struct reader r;
	bool one = c->o.n_args > 1;
	int code = ask(c, &r, one ? "resource" : "resources", &o);

	if (code == OPTIONS_OK)
		code = answer(&o, &r, c->o.json, one ? print_one : print_list);
	reader_close(&r);
	return code;
}

static int run_history(struct resource_call *c)
{
	struct json_out o = { 0 };
	struct reader r;
	int code = ask(c, &r, "resource_history", &o);

	if (code == OPTIONS_OK)
		code = answer(&o, &r, c->o.json, print_history);
	reader_close(&r);
	return code;
}

static int run_stats(struct resource_call *c)
{
	struct json_out o = { 0 };
	struct reader r;
	int code = ask(c, &r, "resource_stats", &o);

	if (code == OPTIONS_OK)
		code = answer(&o, &r, c->o.json, print_stats);
	reader_close(&r);
	return code;
}

/* ---- begin ---- */

static int content_write(const char *path, struct span s)
{
	FILE *f = fopen(path, "we");
	bool bad = !f || fwrite(s.p, 1, s.n, f) != s.n;

	if (f && fclose(f))
		bad = true;
	if (bad)
		fprintf(stderr, "cairn: resource: %s: %s\n", path,
			strerror(errno));
	return bad ? EXIT_CODE_FAILED : EXIT_CODE_OK;
}

/* The token, with the time: how old it is decides where a policy says so. */
static int run_begin(struct resource_call *c)
{
	struct json_out o = { 0 };
	struct buf content = { 0 };
	struct json *v = NULL;
	struct reader r;
	struct span token;
	int code = ask(c, &r, "resource", &o);

	if (code == OPTIONS_OK) {
		v = json_parse_shown(buf_span(&o.b));
		token = json_string(json_get(v, "token"));
		content_read(&content, v);
		code = c->o.n_args > 2 ?
			content_write(word(c, 2), buf_span(&content)) :
			EXIT_CODE_OK;
		if (code == EXIT_CODE_OK)
			printf(c->o.json ? "{\"token\":\"%.*s@%llu\"}\n" :
			       "%.*s@%llu\n", token.n ? (int)token.n : 1,
			       token.n ? (const char *)token.p : "0",
			       (unsigned long long)
			       (clock_read(1).wall_ms / 1000));
	}
	json_free(v);
	buf_fini(&content);
	buf_fini(&o.b);
	reader_close(&r);
	return code;
}

/* ---- commit ---- */

struct outcome {
	bool json;
	int code;
};

static void print_outcome(void *ctx, const struct json *v, struct span text)
{
	const struct outcome *o = ctx;
	struct span id = json_string(json_get(v, "id"));

	if (o->json)
		client_print_json(NULL, v, text);
	else
		printf("%s%s%.16s\n",
		       (const char *)json_string(json_get(v, "outcome")).p,
		       id.n ? " " : "", id.n ? (const char *)id.p : "");
}

static int commit_send(const struct resource_call *c, const char *token,
		       struct span content)
{
	static char pieces[3][CTL_ARG_MAX + 1];
	char how[16], verb[] = "commit";
	char *args[8] = { verb, (char *)(uintptr_t)word(c, 1),
			  (char *)(uintptr_t)token, how };
	struct outcome o = { .json = c->o.json };
	size_t n = 4;

	snprintf(how, sizeof(how), c->beside ? "beside" : "if_current");
	for (; content.n && n < 7; n++) {
		size_t len = content.n < PIECE_MAX ? content.n : PIECE_MAX;

		args[n] = hex_encode(pieces[n - 4], SPAN(content.p, len));
		content.p += len;
		content.n -= len;
	}
	if (content.n) {
		fprintf(stderr, "cairn: resource: longer than an event (4096 "
			"bytes)\n");
		return EXIT_CODE_USAGE;
	}
	return client_call(c->verb, n, args, print_outcome, &o);
}

static int run_commit(struct resource_call *c)
{
	const char *path = word(c, 3);
	FILE *f = strcmp(path, "-") ? fopen(path, "re") : stdin;
	struct buf b = { 0 };
	int code;

	if (!f) {
		fprintf(stderr, "cairn: resource: ");
		perror(path);
		return EXIT_CODE_FAILED;
	}
	b.len = fread(buf_reserve(&b, 3 * PIECE_MAX), 1, 3 * PIECE_MAX, f);
	if (f != stdin)
		fclose(f);
	code = commit_send(c, word(c, 2), buf_span(&b));
	buf_fini(&b);
	return code;
}

/* ---- merge ---- */

/* All heads, two at a time, by the operator's program. */
static int program_merge(struct buf *out, const struct reader *r,
			 struct field *f, const char *name,
			 const struct write *const *heads, size_t n)
{
	int err = 0;

	buf_add(out, resource_content(heads[0]));
	for (size_t i = 1; i < n && !err; i++) {
		const struct write *base = resource_common(f, heads, i);
		struct buf sum = *out;

		*out = (struct buf){ 0 };
		err = merge_program_run(out, r->dir, name, base ?
					resource_content(base) : SPAN("", 0),
					buf_span(&sum),
					resource_content(heads[i]));
		buf_fini(&sum);
	}
	return err;
}

static int heads_merge(struct buf *out, const struct reader *r,
		       const struct resource_call *c, struct buf *token)
{
	const struct write *heads[RESOURCE_HEADS_MAX];
	const struct view *v = r->data.view;
	struct field *f = fields_find(&v->resources, v->seed, name_of(c));
	struct resource_policy p = resource_policy(v, name_of(c));
	size_t n = f ? resource_heads(f, heads, RESOURCE_HEADS_MAX) : 0;

	if (n < 2 || n > RESOURCE_HEADS_MAX)
		return n > 1 ? -E2BIG : -ENOENT;
	buf_printf(token, "%zu", f->n);
	for (size_t i = 0; i < n; i++)
		buf_printf(token, "-%016llx",
			   (unsigned long long)heads[i]->at.id8);
	buf_printf(token, "@%llu", (unsigned long long)
		   (clock_read(1).wall_ms / 1000));
	buf_add_u8(token, 0);
	if (p.strategy.kind == STRATEGY_CUSTOM)
		return program_merge(out, r, f, p.strategy.name, heads, n);
	return resource_fold(f, &p.strategy, heads, n, out) ? 0 : -EINVAL;
}

static int run_merge(struct resource_call *c)
{
	struct buf out = { 0 }, token = { 0 };
	struct reader r;
	int err, code = load(c, &r);

	if (code == OPTIONS_OK) {
		err = heads_merge(&out, &r, c, &token);
		code = err ? EXIT_CODE_FAILED :
			commit_send(c, (char *)token.p, buf_span(&out));
		if (err == -ENOENT || err == -EINVAL || err == -E2BIG)
			fprintf(stderr, "cairn: resource: %s\n",
				err == -ENOENT ? "there are not two heads" :
				err == -E2BIG ? "too many heads" :
				"its policy leaves this to you: begin, edit, "
				"commit");
	}
	buf_fini(&out);
	buf_fini(&token);
	reader_close(&r);
	return code;
}

/* ---- policy ---- */

static int policy_write(struct resource_call *c)
{
	const char *age = c->max_age ? c->max_age : "0";
	char *args[] = { c->o.args[0], c->o.args[1], c->o.args[2],
			 (char *)(uintptr_t)age };

	if (*age && span_decimal(SPAN_STR(age), INT64_MAX) < INT64_MAX)
		return write_call(c->verb, &c->o, 4, args);
	fprintf(stderr, "cairn: resource: --max-age wants seconds, not "
		"'%s'\n", age);
	return EXIT_CODE_USAGE;
}

static int run_policy(struct resource_call *c)
{
	struct json_out o = { 0 };
	struct reader r;
	int code;

	if (c->o.n_args == 3)
		return policy_write(c);
	if (c->o.n_args == 2)
		return fprintf(stderr, "cairn: resource: words are missing\n"),
		       EXIT_CODE_USAGE;
	code = ask(c, &r, "policies", &o);
	if (code == OPTIONS_OK)
		code = answer(&o, &r, c->o.json, print_policies);
	reader_close(&r);
	return code;
}

/* ---- the verb ---- */

static const struct {
	const char *name;
	int (*run)(struct resource_call *c);
	size_t min, max;
} ops[] = {
	{ "status", run_status, 1, 2 }, { "begin", run_begin, 2, 3 },
	{ "commit", run_commit, 4, 4 }, { "merge", run_merge, 2, 2 },
	{ "history", run_history, 2, 2 }, { "stats", run_stats, 1, 1 },
	{ "policy", run_policy, 1, 3 },
};

static int op_run(struct resource_call *c)
{
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (!strcmp(word(c, 0), ops[i].name) &&
		    c->o.n_args >= ops[i].min && c->o.n_args <= ops[i].max)
			return ops[i].run(c);
	if (!c->o.n_args)
		return run_status(c);
	fprintf(stderr, "cairn: resource: status, begin, commit, merge, "
		"history, stats or policy (see cairn resource --help)\n");
	return EXIT_CODE_USAGE;
}

int cmd_resource(int argc, char **argv)
{
	struct resource_call c = { .verb = argv[0] };
	struct option_spec own[] = { { "--max-age", NULL, &c.max_age },
				     { "--beside", &c.beside, NULL },
				     { NULL, NULL, NULL } };
	int code = options_read(&c.o, argc, argv,
		"resource [status [NAME]] [--json]\n"
		"       cairn resource begin NAME [FILE]\n"
		"       cairn resource commit NAME TOKEN FILE|- [--beside]\n"
		"       cairn resource merge NAME\n"
		"       cairn resource history NAME | stats\n"
		"       cairn resource policy [PATTERN STRATEGY "
		"[--max-age SECONDS]]\n\n"
		"begin prints a token and puts the content into FILE; commit "
		"replaces it if nobody\ndid meanwhile, else as the policy of "
		"its name says: lww, fww, escalate, retry:N,\nmerge:text, "
		"merge:json, merge:append, merge:NAME (a program "
		"DIR/merge/NAME).\n--beside: keep both. merge: settles what "
		"two stations wrote at once.", own, 0, 4);

	return code != OPTIONS_OK ? code : op_run(&c);
}
