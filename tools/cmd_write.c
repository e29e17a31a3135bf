/* SPDX-License-Identifier: MIT
 *
 * create, set, unset, note, count: writing, through cairnd.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "lib/ctl/ctl.h"
#include "tools/cairn.h"
#include "tools/client.h"
#include "tools/value.h"

static void print_id(void *ctx, const struct json *v, struct span text)
{
	struct span id = json_string(json_get(v, "id"));
	const bool *verbose = ctx;

	(void)text;
	printf("%.*s\n", (int)(*verbose ? id.n : id.n < 16 ? id.n : 16),
	       (const char *)id.p);
}

int write_call(const char *verb, struct options *o, size_t n,
	       char *const *args)
{
	if (!client_takes(verb, o->n_args, o->args))	/* as they were typed */
		return EXIT_CODE_USAGE;
	return client_call(verb, n, args,
			   o->json ? client_print_json : print_id,
			   &o->verbose);
}

static int plain_write(int argc, char **argv, const char *usage)
{
	struct options o;
	int code = options_read(&o, argc, argv, usage, NULL, 2, 2);

	return code != OPTIONS_OK ? code :
	       write_call(argv[0], &o, o.n_args, o.args);
}

int cmd_create(int argc, char **argv)
{
	return plain_write(argc, argv, "create RECORD FORM [--json]\n\n"
		"Creates a record of that form. Prints the event's id when it "
		"is on disk.");
}

int cmd_unset(int argc, char **argv)
{
	return plain_write(argc, argv, "unset RECORD FIELD [--json]\n\n"
		"Takes the field's value away.");
}

/* What is urgent goes by another verb, the written one its first word. */
static int urgent_call(const char *verb, bool urgent, struct options *o,
		       size_t n, char **args)
{
	char name[8];

	snprintf(name, sizeof(name), "%s", verb);
	args[0] = name;
	return urgent ? write_call("urgent", o, n + 1, args) :
			write_call(verb, o, n, args + 1);
}

int cmd_note(int argc, char **argv)
{
	bool urgent = false;
	struct option_spec own[] = { { "--urgent", &urgent, NULL },
				     { NULL, NULL, NULL } };
	struct options o;
	int code = options_read(&o, argc, argv,
		"note RECORD TEXT [--urgent] [--json]\n\n"
		"Adds a note to the record. --urgent: it goes on the air before "
		"all others.", own, 2, 2);

	if (code != OPTIONS_OK)
		return code;
	char *args[] = { NULL, o.args[0], o.args[1] };

	return urgent_call(argv[0], urgent, &o, 2, args);
}

int cmd_count(int argc, char **argv)
{
	struct options o;
	int code = options_read(&o, argc, argv,
		"count RECORD COUNTER STEP [--json]\n\n"
		"Adds to a counter of the record, or takes away: +3, -2. "
		"Every station's steps\ncount, whatever the others do "
		"meanwhile.", NULL, 3, 3);

	return code != OPTIONS_OK ? code :
	       write_call(argv[0], &o, o.n_args, o.args);
}

/* ---- set ---- */

int cmd_set(int argc, char **argv)
{
	bool text = false, urgent = false;
	struct option_spec own[] = { { "--text", &text, NULL },
				     { "--urgent", &urgent, NULL },
				     { NULL, NULL, NULL } };
	struct json_out value = { 0 };
	struct options o;
	int code = options_read(&o, argc, argv,
		"set RECORD FIELD VALUE [--text | --json] [--urgent]\n\n"
		"true, false and plain numbers are what they look like, all "
		"else is text;\n007, 1.50 and 1e3 stay text. --text: text in "
		"any case. --json: VALUE is JSON\n(and so is the answer). Where "
		"the record's form has a type for the field, that\ncounts. "
		"--urgent: it goes on the air before all others.",
		own, 3, 3);

	if (code != OPTIONS_OK)
		return code;
	if (o.json)
		json_out_raw(&value, SPAN_STR(o.args[2]));
	else
		value_json(&value, o.args[2], text);
	buf_add_u8(&value.b, 0);
	char *args[] = { NULL, o.args[0], o.args[1], (char *)value.b.p,
			 o.args[2] };

	/* as typed, too: the record's form may know its type */
	code = urgent_call(argv[0], urgent, &o, o.json || text ? 3 : 4, args);
	buf_fini(&value.b);
	return code;
}
