/* SPDX-License-Identifier: MIT
 *
 * sync: what an exchange with the neighbours would take, and a word to them.
 *
 *   sync look [PORT|CALL]   node_sync_json
 *   sync dry [PORT|CALL]    the same, and what we would send is encoded for it
 *   sync now [PORT|CALL]    the word
 */
#include <string.h>
#include "daemon/verbs.h"
#include "lib/ctl/ctl.h"

static void sync_show(const struct call *c, const char *name, bool encode)
{
	struct json_out o = { 0 };

	node_sync_json(c->d->node, name, encode, &o, daemon_now(c->d));
	client_reply(c->cl, &o);
	client_end(c->cl, EXIT_CODE_OK, NULL);
}

static void sync_now(const struct call *c, const char *name)
{
	char why[160];
	int e = node_speak(c->d->node, name, daemon_now(c->d), why);

	glue_actions(c->d);
	client_end(c->cl, e ? EXIT_CODE_FAILED : EXIT_CODE_OK, e ? why : NULL);
}

void verb_sync(const struct call *c)
{
	const char *name = c->n_args > 1 ? c->args[1] : NULL;

	if (!strcmp(c->args[0], "now"))
		sync_now(c, name);
	else
		sync_show(c, name, !strcmp(c->args[0], "dry"));
}
