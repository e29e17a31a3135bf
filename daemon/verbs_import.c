/* SPDX-License-Identifier: MIT
 *
 * import, seal: events that come and go as files. `cairn` takes the file
 * apart and says where in it something is wrong; here bytes become events.
 *
 *   import runs HEX...     a body of sealed runs (lib/event/run.h), in
 *                          pieces -> {"runs":[verdict...],"events":n}
 *   import meshlog HEX...  payloads of kind `import`, one behind the other,
 *                          each an event of our own -> {"written":[why...]}
 *   import content HASH SIZE   would it be taken? -> {"take":b,"why":...}
 *   import here HASH SIZE  a content is in DIR/blobs now
 *   import sync            is it all on disk?
 *   seal                   seals our own events, to be carried away
 *
 * They wait for the disk only when it lags behind, so that a million events are
 * not a million syncs; `sync` waits for all.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "daemon/control.h"
#include "daemon/verbs.h"
#include "lib/ctl/ctl.h"
#include "lib/event/payload.h"

#define PENDING_MAX (1 << 20)	/* bytes written and not durable */

bool verb_pieces(const struct call *c, size_t from, struct buf *out)
{
	for (size_t i = from; i < c->n_args; i++) {
		struct span text = SPAN_STR(c->args[i]);
		int n = hex_decode(buf_reserve(out, text.n / 2), text.n / 2,
				   text);

		if (n < 0)
			return false;
		out->len += (size_t)n;
	}
	return true;
}

/* At once; but the disk is not left behind. */
static void answer(const struct call *c, struct json_out *o)
{
	if (glue_pending_bytes(c->d) > PENDING_MAX) {
		client_end_durable(c->cl, o, c->d->committed);
		return;
	}
	client_reply(c->cl, o);
	client_end(c->cl, EXIT_CODE_OK, NULL);
}

static void import_runs(const struct call *c, struct span body)
{
	static enum feed_verdict verdicts[RUN_BODY_RUNS_MAX];
	struct json_out o = { 0 };
	uint64_t events = 0;
	int n = node_import(c->d->node, body, verdicts, &events,
			    daemon_now(c->d));

	if (n < 0) {
		client_end(c->cl, EXIT_CODE_FAILED, n == -EINVAL ?
			   "not a body of runs" : verb_write_sentence(n));
		return;
	}
	glue_actions(c->d);
	json_out_object(&o);
	json_out_key(&o, "runs");
	json_out_array(&o);
	for (int i = 0; i < n; i++)
		json_out_string(&o, feed_verdict_name(verdicts[i]));
	json_out_end_array(&o);
	json_out_kv_uint(&o, "events", events);
	json_out_end_object(&o);
	answer(c, &o);
}

/* "" for what was written, else why not. */
static void import_meshlog(const struct call *c, struct span payloads)
{
	struct json_out o = { 0 };

	json_out_object(&o);
	json_out_key(&o, "written");
	json_out_array(&o);
	while (payloads.n) {
		int n = payload_item(payloads), e;

		if (n <= 0)
			break;
		e = node_write(c->d->node, KIND_IMPORT,
			       SPAN(payloads.p, (size_t)n), NULL,
			       daemon_now(c->d));
		if (!e)
			glue_actions(c->d);
		json_out_string(&o, e ? verb_write_sentence(e) : "");
		payloads.p += n;
		payloads.n -= (size_t)n;
	}
	json_out_end_array(&o);
	json_out_end_object(&o);
	answer(c, &o);
}

static void import_sync(const struct call *c)
{
	struct json_out o = { 0 };

	json_out_object(&o);
	json_out_kv_bool(&o, "stored", true);
	json_out_end_object(&o);
	client_end_durable(c->cl, &o, c->d->committed);
}

static void import_content(const struct call *c)
{
	const char *why = "not a hash of 64 hex digits";
	uint8_t hash[BLOB_HASH];
	struct json_out o = { 0 };

	if (c->n_args == 3 && hex_decode(hash, sizeof(hash),
					 SPAN_STR(c->args[1])) == BLOB_HASH)
		why = blobs_refuses(&c->d->blobs, hash,
				    strtoull(c->args[2], NULL, 10));
	json_out_object(&o);
	json_out_kv_bool(&o, "take", !why);
	json_out_kv_string(&o, "why", why ? why : "");
	json_out_end_object(&o);
	client_reply(c->cl, &o);
	client_end(c->cl, EXIT_CODE_OK, NULL);
}

/* What was waited for is no longer. */
static void import_here(const struct call *c)
{
	uint8_t hash[BLOB_HASH];

	if (c->n_args > 1 && hex_decode(hash, sizeof(hash),
					SPAN_STR(c->args[1])) == BLOB_HASH)
		blobs_forget(&c->d->blobs, hash);
	client_end(c->cl, EXIT_CODE_OK, NULL);
}

void verb_import(const struct call *c)
{
	struct buf bytes = { 0 };

	if (!strcmp(c->args[0], "content"))
		import_content(c);
	else if (!strcmp(c->args[0], "here"))
		import_here(c);
	else if (!strcmp(c->args[0], "sync"))
		import_sync(c);
	else if (!verb_pieces(c, 1, &bytes))
		client_end(c->cl, EXIT_CODE_USAGE, "not hex");
	else if (!strcmp(c->args[0], "runs"))
		import_runs(c, buf_span(&bytes));
	else if (!strcmp(c->args[0], "meshlog"))
		import_meshlog(c, buf_span(&bytes));
	else
		client_end(c->cl, EXIT_CODE_USAGE, "import runs, meshlog, "
			   "content or sync");
	buf_fini(&bytes);
}

void verb_seal(const struct call *c)
{
	int e = node_seal(c->d->node, daemon_now(c->d));
	struct json_out o = { 0 };

	if (e) {
		client_end(c->cl, EXIT_CODE_FAILED, e == -EAGAIN ?
			   "nothing of its own is sealed before a neighbour "
			   "said what it holds" : verb_write_sentence(e));
		return;
	}
	glue_actions(c->d);
	json_out_object(&o);
	json_out_kv_bool(&o, "sealed", true);
	json_out_end_object(&o);
	client_end_durable(c->cl, &o, c->d->committed);
}
