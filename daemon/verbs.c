/* SPDX-License-Identifier: MIT
 *
 * What can be asked of cairnd through its control socket.
 *
 *   status  neighbours  heard                   looking: one object
 *   create RECORD FORM      set RECORD FIELD VALUE(JSON) [TYPED]
 *   unset RECORD FIELD      note RECORD TEXT    writing: verbs_record.c
 *   attach RECORD FIELD HASH SIZE MIME
 *   urgent set|note ...                         marks it: lib/sync/class.h
 *   count plan doc          writing, too: verbs_dataset.c
 *   resource commit|policy                      verbs_resource.c
 *   fetch HASH SIZE|off   fetches               verbs_content.c
 *   tx on|off|test [PORT]   announce            the transmitter
 *   order CALL tx|duty on|off|PERMILLE  report  verbs_station.c
 *   retire AUTHOR   succeed AUTHOR              the same
 *   sync look|dry|now [PORT|CALL]               verbs_sync.c
 *   mute AUTHOR[/SEQ] on|off                    what it may send
 *   import runs|meshlog|sync HEX...   seal      see verbs_import.c
 *   ask WHAT [A [B]]        a question to the dataset (lib/node/dataset.h)
 *   name AUTHOR             what people read for an author
 *   reload                  the configuration, again
 *   monitor                 everything that happens, from now on
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "daemon/verbs.h"
#include "lib/ctl/ctl.h"

struct verb {
	const char *name;
	void (*run)(const struct call *c);
	size_t min, max;
	bool writes;	/* its first two words name something: not empty */
};

/* ---- looking ---- */

static void verb_status(const struct call *c)
{
	struct json_out o = { 0 };

	status_json(c->d, &o);
	client_reply(c->cl, &o);
	client_end(c->cl, EXIT_CODE_OK, NULL);
}

static void verb_neighbours(const struct call *c)
{
	struct json_out o = { 0 };

	node_neighbours_json(c->d->node, &o, daemon_now(c->d));
	client_reply(c->cl, &o);
	client_end(c->cl, EXIT_CODE_OK, NULL);
}

static void verb_heard(const struct call *c)
{
	struct json_out o = { 0 };

	node_heard_json(c->d->node, &o, daemon_now(c->d));
	client_reply(c->cl, &o);
	client_end(c->cl, EXIT_CODE_OK, NULL);
}

/* ask WHAT [A [B]]: {"answer": ...}; not what is too large for a message. */
static void verb_ask(const struct call *c)
{
	struct json_out answer = { 0 }, o = { 0 };
	bool found = node_ask(c->d->node, SPAN_STR(c->args[0]),
			      SPAN_STR(c->n_args > 1 ? c->args[1] : ""),
			      SPAN_STR(c->n_args > 2 ? c->args[2] : ""),
			      &answer, daemon_now(c->d));

	if (!found || answer.b.len > CTL_MESSAGE_MAX - 1024) {
		client_end(c->cl, EXIT_CODE_FAILED, "too large an answer");
	} else {
		json_out_object(&o);
		json_out_key(&o, "answer");
		if (answer.b.len)
			json_out_raw(&o, buf_span(&answer.b));
		else
			json_out_null(&o);
		json_out_end_object(&o);
		client_reply(c->cl, &o);
		client_end(c->cl, EXIT_CODE_OK, NULL);
	}
	buf_fini(&answer.b);
}

/* name AUTHOR: what people read for it, and where the log has it. */
static void verb_name(const struct call *c)
{
	const struct feed_set *s = node_feeds(c->d->node);
	uint32_t slot = feed_find(s, SPAN_STR(c->args[0]));
	struct buf name = { 0 };
	struct json_out o = { 0 };

	feed_name_told(s, SPAN_STR(c->args[0]), &name);
	json_out_object(&o);
	json_out_kv_span(&o, "name", buf_span(&name));
	json_out_kv_string(&o, "callsign", slot == FEED_SLOT_NONE ? "" :
			   feed_at(s, slot)->call);
	json_out_kv_uint(&o, "slot", slot);
	json_out_end_object(&o);
	buf_fini(&name);
	client_reply(c->cl, &o);
	client_end(c->cl, EXIT_CODE_OK, NULL);
}

static void verb_monitor(const struct call *c)
{
	client_watch(c->cl);
}

/* ---- tx ---- */

static int tx_test(const struct call *c, char why[160])
{
	const char *name = c->n_args > 1 ? c->args[1] : NULL;
	int port = daemon_port_find(c->d, name), e;

	if (port < 0) {
		snprintf(why, 160, daemon_port_find(c->d, NULL) < 0 ?
			 "no port yet: see cairn.conf(5)" : "no such port");
		return -ENOENT;
	}
	if (!c->d->ports[port].up) {
		snprintf(why, 160, "port %s is down: %.100s",
			 c->d->ports[port].config->node.name,
			 c->d->ports[port].why);
		return -ENETDOWN;
	}
	e = node_send_test(c->d->node, port, daemon_now(c->d), why);
	if (!e)
		glue_actions(c->d);
	return e;
}

static int tx_switch(const struct call *c, bool on, char why[160])
{
	int e = node_transmit(c->d->node, on, daemon_now(c->d), why);

	if (!on)
		outbox_clear(&c->d->outbox);
	glue_actions(c->d);
	if (!e)
		glue_save(c->d);
	return e;
}

static void verb_tx(const struct call *c)
{
	char why[160] = "";
	int e;

	if (!strcmp(c->args[0], "test")) {
		e = tx_test(c, why);
	} else if (!strcmp(c->args[0], "on") || !strcmp(c->args[0], "off")) {
		e = tx_switch(c, !strcmp(c->args[0], "on"), why);
	} else {
		client_end(c->cl, EXIT_CODE_USAGE, "tx on, off or test");
		return;
	}
	client_end(c->cl, e ? EXIT_CODE_FAILED : EXIT_CODE_OK,
		   e ? *why ? why : strerror(-e) : NULL);
}

static void verb_announce(const struct call *c)
{
	char why[160];
	int e = node_announce(c->d->node, daemon_now(c->d), why);

	if (!e) {
		glue_actions(c->d);
		glue_save(c->d);
	}
	client_end(c->cl, e ? EXIT_CODE_FAILED : EXIT_CODE_OK,
		   e ? *why ? why : strerror(-e) : NULL);
}

/* ---- mute ---- */

static bool author_named(const struct feed *f, struct span name)
{
	return (f->call[0] && span_equal(SPAN_STR(f->call), name)) ||
	       (name.n >= 4 && name.n <= f->label_len &&
		memcmp(f->label, name.p, name.n) == 0);
}

/* A call sign or the beginning of an author; the only one, or NULL. */
static const struct feed *author_find(struct daemon *d, struct span name)
{
	const struct feed_set *s = node_feeds(d->node);
	const struct feed *found = NULL;

	for (uint32_t i = 0; i < feed_count(s); i++) {
		if (!author_named(feed_at(s, i), name))
			continue;
		if (found)
			return NULL;
		found = feed_at(s, i);
	}
	return found;
}

/* mute AUTHOR[/SEQ] on|off */
static void verb_mute(const struct call *c)
{
	const char *slash = strchr(c->args[0], '/');
	size_t n = slash ? (size_t)(slash - c->args[0]) : strlen(c->args[0]);
	const struct feed *f = author_find(c->d, SPAN(c->args[0], n));
	uint64_t seq = slash ? strtoull(slash + 1, NULL, 10) : 0;
	int e;

	if (!f || (slash && !seq)) {
		client_end(c->cl, EXIT_CODE_FAILED, f ? "no such event" :
			   "no author, or more than one, of that name");
		return;
	}
	e = node_mute(c->d->node, SPAN(f->label, f->label_len), seq,
		      !strcmp(c->args[1], "on"));
	if (!e)
		glue_save(c->d);
	client_end(c->cl, e ? EXIT_CODE_FAILED : EXIT_CODE_OK,
		   e == -ENOENT ? "it is not muted" : e ? strerror(-e) : NULL);
}

/* ---- reload ---- */

static void verb_reload(const struct call *c)
{
	char err[CONFIG_ERROR_MAX];
	int e = reload(c->d, err);

	client_end(c->cl, e ? EXIT_CODE_USAGE : EXIT_CODE_OK, e ? err : NULL);
}

/* ---- the table ---- */

static const struct verb verbs[] = {
	{ "status", verb_status, 0, 0, false },
	{ "neighbours", verb_neighbours, 0, 0, false },
	{ "heard", verb_heard, 0, 0, false },
	{ "ask", verb_ask, 1, 3, false },
	{ "name", verb_name, 1, 1, false },
	{ "monitor", verb_monitor, 0, 0, false },
	{ "create", verb_create, 2, 2, true },
	{ "set", verb_set, 3, 4, true },
	{ "unset", verb_unset, 2, 2, true },
	{ "note", verb_note, 2, 2, true },
	{ "attach", verb_attach, 5, 5, true },
	{ "fetch", verb_fetch, 2, 2, false },
	{ "fetches", verb_fetches, 0, 0, false },
	{ "count", verb_count, 3, 3, true },
	{ "plan", verb_plan, 2, 2, true },
	{ "doc", verb_doc, 2, 6, true },
	{ "resource", verb_resource, 4, CTL_ARGS_MAX, true },
	{ "tx", verb_tx, 1, 2, false },
	{ "order", verb_order, 3, 3, true },
	{ "report", verb_report, 0, 0, false },
	{ "retire", verb_retire, 1, 1, false },
	{ "succeed", verb_succeed, 1, 1, false },
	{ "announce", verb_announce, 0, 0, false },
	{ "mute", verb_mute, 2, 2, false },
	{ "sync", verb_sync, 1, 2, false },
	{ "import", verb_import, 1, CTL_ARGS_MAX, false },
	{ "seal", verb_seal, 0, 0, false },
	{ "reload", verb_reload, 0, 0, false },
	{ NULL, NULL, 0, 0, false },
};

static void call_run(struct call *c, const char *name)
{
	const struct verb *v = verbs;

	while (v->name && strcmp(v->name, name))
		v++;
	if (!v->name)
		client_end(c->cl, EXIT_CODE_USAGE, "unknown verb");
	else if (c->n_args < v->min || c->n_args > v->max)
		client_end(c->cl, EXIT_CODE_USAGE, "wrong number of words");
	else if (v->writes && (!*c->args[0] || !*c->args[1]))
		client_end(c->cl, EXIT_CODE_USAGE, "the record, and what is written to it, cannot be empty");
	else
		v->run(c);
}

void verb_run(struct daemon *d, struct client *cl,
	      const struct ctl_request *r)
{
	struct call c = { d, cl, r->args, r->n_args, false };

	c.urgent = !strcmp(r->verb, "urgent") && r->n_args > 0 &&
		   (!strcmp(r->args[0], "set") || !strcmp(r->args[0], "note"));
	if (c.urgent) {
		c.args++;
		c.n_args--;
	}
	call_run(&c, c.urgent ? r->args[0] : r->verb);
}
