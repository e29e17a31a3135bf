/* SPDX-License-Identifier: MIT
 *
 * order, report: events about stations.
 *
 *   order CALL tx on|off    order CALL duty PERMILLE
 *   report                  station.status now
 *   retire AUTHOR           ends the own feed; AUTHOR goes on for it
 *   succeed AUTHOR          the own feed goes on where AUTHOR's ended
 */
#include <errno.h>
#include <stdlib.h>
#include "daemon/verbs.h"
#include "lib/ctl/ctl.h"

static void written(const struct call *c, const char *what, int e)
{
	struct json_out o = { 0 };

	if (e) {
		client_end(c->cl, e == -EINVAL ? EXIT_CODE_USAGE :
			   EXIT_CODE_FAILED, e == -EINVAL ?
			   "an order is: a call sign, tx on, tx off or duty "
			   "0.1% to 100%" : verb_write_sentence(e));
		return;
	}
	glue_actions(c->d);
	json_out_object(&o);
	json_out_kv_string(&o, what, c->n_args ? c->args[0] :
			   c->d->config.callsign);
	json_out_end_object(&o);
	client_end_durable(c->cl, &o, c->d->committed);
}

void verb_order(const struct call *c)
{
	struct span call = SPAN_STR(c->args[0]);
	bool on = !strcmp(c->args[2], "on"), off = !strcmp(c->args[2], "off");
	unsigned long duty = strtoul(c->args[2], NULL, 10);
	int e = -EINVAL;

	if (!strcmp(c->args[1], "tx") && (on || off))
		e = node_order(c->d->node, call, &on, 0, daemon_now(c->d));
	else if (!strcmp(c->args[1], "duty") && duty && duty <= 1000)
		e = node_order(c->d->node, call, NULL, (unsigned)duty,
			       daemon_now(c->d));
	written(c, "ordered", e);
}

void verb_report(const struct call *c)
{
	written(c, "reported", health_tell(c->d));
}

static void key_changes(const struct call *c, const char *what,
			int (*fn)(struct node *n, const uint8_t *author,
				  struct clock_now now))
{
	uint8_t author[AUTHOR_SIZE];
	struct json_out o = { 0 };
	int e;

	if (hex_decode(author, sizeof(author), SPAN_STR(c->args[0])) !=
	    sizeof(author)) {
		client_end(c->cl, EXIT_CODE_USAGE, "an author is 32 hex "
			   "digits: cairn key show, cairn feeds -v");
		return;
	}
	e = fn(c->d->node, author, daemon_now(c->d));
	if (e) {
		client_end(c->cl, EXIT_CODE_FAILED, e == -EEXIST ?
			   "it says so of another key already" :
			   verb_write_sentence(e));
		return;
	}
	glue_actions(c->d);
	json_out_object(&o);
	json_out_kv_string(&o, what, c->args[0]);
	json_out_end_object(&o);
	client_end_durable(c->cl, &o, c->d->committed);
}

void verb_retire(const struct call *c)
{
	key_changes(c, "next", node_retire);
}

void verb_succeed(const struct call *c)
{
	key_changes(c, "previous", node_succeed);
}
