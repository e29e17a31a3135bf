/* SPDX-License-Identifier: MIT
 *
 * sync: what it would cost to be equal with the neighbours; or a word to them
 * now, and how it goes from there. The exchange itself is cairnd's: it goes on
 * whether anybody looks or not.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "lib/base/clock.h"
#include "lib/ctl/ctl.h"
#include "tools/cairn.h"
#include "tools/client.h"
#include "tools/neighbours.h"

struct progress {
	bool json, line;		/* an object a line; one that changes */
	uint64_t began_us;
	int64_t began_bytes;	/* -1: not known yet */
	size_t n, equal;
	int64_t events, lacks, missing, bytes;
	double minutes;
	bool guess;		/* some of it is known by counts only */
	char last[256];
};

static void print_costs(void *ctx, const struct json *v, struct span text)
{
	const char *name = ctx;

	(void)text;
	neighbours_print(json_get(v, "neighbours"), true, name ?
			 "no neighbour of that name yet" :
			 "no neighbour heard yet");
}

/* ---- progress ---- */

/* What one neighbour lacks others may lack too, and what we lack they may all
 * hold: of each the greatest counts. */
static void progress_neighbour(struct progress *p, const struct json *v)
{
	int64_t lacks = json_int(json_get(v, "lacks_events"));
	int64_t missing = json_int(json_get(v, "missing_events"));
	double minutes = json_real(json_get(v, "sync_minutes"));

	p->n++;
	if (neighbour_settled(v)) {
		p->equal++;
		return;
	}
	p->guess |= !span_equal(json_string(json_get(v, "basis")),
				SPAN_STR("exact"));
	p->lacks = lacks > p->lacks ? lacks : p->lacks;
	p->missing = missing > p->missing ? missing : p->missing;
	p->minutes = minutes > p->minutes ? minutes : p->minutes;
}

static void progress_take(struct progress *p, const struct json *v)
{
	const struct json *list = json_get(v, "neighbours");

	p->n = p->equal = 0;
	p->lacks = p->missing = 0;
	p->minutes = 0;
	p->guess = false;
	p->events = json_int(json_get(v, "events"));
	p->bytes = json_int(json_get(v, "link_bytes"));
	if (p->began_bytes < 0)
		p->began_bytes = p->bytes;
	for (size_t i = 0; i < json_len(list); i++)
		progress_neighbour(p, json_at(list, i));
}

static double progress_s(const struct progress *p)
{
	return (double)(clock_read(1).mono_us - p->began_us) / US_PER_S;
}

static void progress_json(const struct progress *p, char dst[256])
{
	struct json_out o = { 0 };

	json_out_object(&o);
	json_out_kv_int(&o, "events", p->events);
	json_out_kv_uint(&o, "neighbours", p->n);
	json_out_kv_uint(&o, "in_sync", p->equal);
	json_out_kv_string(&o, "basis", p->guess ? "counts" : "exact");
	json_out_kv_int(&o, "lacks_events", p->lacks);
	json_out_kv_int(&o, "missing_events", p->missing);
	json_out_kv_int(&o, "link_bytes", p->bytes - p->began_bytes);
	json_out_kv_real(&o, "sync_minutes", p->minutes);
	json_out_end_object(&o);
	snprintf(dst, 256, "%.*s", (int)o.b.len, (const char *)o.b.p);
	buf_fini(&o.b);
}

static void progress_text(const struct progress *p, char dst[256])
{
	const char *about = p->guess ? "~" : "";

	if (!p->n)
		snprintf(dst, 256, "%.0f s  no neighbour heard yet",
			 progress_s(p));
	else
		snprintf(dst, 256, "%.0f s  have %lld, missing %s%lld, there "
			 "%s%lld, %lld bytes, %zu/%zu equal, %.1f min",
			 progress_s(p),
			 (long long)p->events, about, (long long)p->missing,
			 about, (long long)p->lacks,
			 (long long)(p->bytes - p->began_bytes), p->equal,
			 p->n, p->minutes);
}

static void progress_show(void *ctx, const struct json *v, struct span text)
{
	struct progress *p = ctx;
	char now[256];

	(void)text;
	progress_take(p, v);
	if (p->json)
		progress_json(p, now);
	else
		progress_text(p, now);
	if (p->line)	/* of any terminal: it must not wrap */
		printf("\r%.79s\033[K", now);
	else if (strcmp(now, p->last))
		puts(now);
	fflush(stdout);
	memcpy(p->last, now, sizeof(now));
}

static int progress_watch(int fd, const char *verb, size_t n_args,
			  char **args, struct progress *p)
{
	static char look[] = "look";
	int code;

	args[0] = look;
	for (;;) {
		code = client_ask(fd, verb, n_args, args, progress_show, p);
		if (code != EXIT_CODE_OK || (p->n && p->equal == p->n))
			break;
		sleep(1);
	}
	if (p->line)
		printf("%s\n", code == EXIT_CODE_OK ? "\nequal" : "");
	return code;
}

static int sync_now(const char *verb, size_t n_args, char **args, bool json)
{
	struct progress p = { .json = json, .began_bytes = -1,
			      .began_us = clock_read(1).mono_us };
	int fd, code = client_connect(verb, &fd);

	if (code != EXIT_CODE_OK)
		return code;
	p.line = !json && isatty(STDOUT_FILENO);
	code = client_ask(fd, verb, n_args, args, NULL, NULL);
	if (code == EXIT_CODE_OK && (json || p.line))
		code = progress_watch(fd, verb, n_args, args, &p);
	close(fd);
	return code;
}

int cmd_sync(int argc, char **argv)
{
	static char dry_word[] = "dry", now_word[] = "now";
	bool dry = false;
	struct option_spec own[] = { { "--dry-run", &dry, NULL },
				     { NULL, NULL, NULL } };
	struct options o;
	int code = options_read(&o, argc, argv,
		"sync [PORT|CALL] [--dry-run] [--json]\n\n"
		"Speaks to the neighbours now: one short frame, and on a "
		"terminal, or with --json,\nhow it goes from there, until all "
		"hold the same.\n--dry-run: nothing is sent; what it would "
		"take to be equal.", own, 0, 1);

	if (code != OPTIONS_OK)
		return code;
	char *args[] = { dry ? dry_word : now_word, o.args[0] };

	if (!dry)
		return sync_now(argv[0], 1 + o.n_args, args, o.json);
	return client_call(argv[0], 1 + o.n_args, args, o.json ?
			   client_print_json : print_costs,
			   o.n_args ? o.args[0] : NULL);
}
