/* SPDX-License-Identifier: MIT
 *
 * resource: what goes through the view and becomes an event.
 *
 *   resource commit NAME TOKEN if_current|beside HEX...
 *   resource policy PATTERN STRATEGY MAX_AGE_S
 *
 * The content comes as hex, in pieces.
 */
#include <errno.h>
#include <stdlib.h>
#include "daemon/verbs.h"
#include "lib/ctl/ctl.h"
#include "lib/view/compose_resource.h"

static void outcome_answer(const struct call *c, enum resource_outcome outcome,
			   struct buf *payload)
{
	uint8_t id[EVENT_ID_SIZE];
	struct json_out o = { 0 };
	int e = 0;

	json_out_object(&o);
	json_out_kv_string(&o, "outcome", resource_outcome_name(outcome));
	if (payload->len) {
		e = node_write(c->d->node, KIND_RESOURCE_COMMIT,
			       buf_span(payload), id, daemon_now(c->d));
		json_out_kv_hex(&o, "id", SPAN(id, sizeof(id)));
	}
	json_out_end_object(&o);
	if (e) {
		buf_fini(&o.b);
		client_end(c->cl, EXIT_CODE_FAILED, verb_write_sentence(e));
	} else if (payload->len) {
		glue_actions(c->d);
		client_end_durable(c->cl, &o, c->d->committed);
	} else {
		client_reply(c->cl, &o);
		client_end(c->cl, EXIT_CODE_FAILED, NULL);
	}
}

static void resource_commit(const struct call *c)
{
	struct clock_now now = daemon_now(c->d);
	struct resource_work w = {
		.name = SPAN_STR(c->args[1]),
		.now_s = now.wall_good ? now.wall_ms / 1000 : 0,
		.beside = !strcmp(c->args[3], "beside"),
	};
	enum resource_outcome outcome;
	struct buf content = { 0 }, payload = { 0 };
	int e = resource_token_parse(&w.token, SPAN_STR(c->args[2]));

	if (!e && !verb_pieces(c, 4, &content))
		e = -EINVAL;
	w.content = buf_span(&content);
	if (!e)
		e = compose_resource_commit(node_view(c->d->node), &w,
					    &outcome, &payload);
	if (!e)
		outcome_answer(c, outcome, &payload);
	else
		client_end(c->cl, EXIT_CODE_USAGE, e == -EMSGSIZE ?
			   verb_write_sentence(-EINVAL) :
			   "that is no token of resource begin");
	buf_fini(&content);
	buf_fini(&payload);
}

static void resource_policy_set(const struct call *c)
{
	struct buf payload = { 0 };
	int e = compose_resource_policy(node_view(c->d->node),
			SPAN_STR(c->args[1]), SPAN_STR(c->args[2]),
			strtoull(c->args[3], NULL, 10), &payload);

	if (!e) {
		write_event(c, KIND_RESOURCE_POLICY, &payload);
		return;
	}
	buf_fini(&payload);
	client_end(c->cl, EXIT_CODE_USAGE, "lww, fww, escalate, retry:N, "
		   "merge:text, merge:json, merge:append or merge:NAME");
}

void verb_resource(const struct call *c)
{
	if (!strcmp(c->args[0], "commit"))
		resource_commit(c);
	else if (!strcmp(c->args[0], "policy") && c->n_args == 4)
		resource_policy_set(c);
	else
		client_end(c->cl, EXIT_CODE_USAGE, "resource commit or policy");
}
