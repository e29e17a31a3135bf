/* SPDX-License-Identifier: MIT
 *
 * Contents of attachments that are waited for (daemon/blobs.h):
 *
 *   fetch HASH SIZE         from now on, or at once again
 *   fetch HASH off          no longer
 *   fetches                 which, and how far they came
 */
#include <errno.h>
#include <stdlib.h>
#include "daemon/verbs.h"
#include "lib/ctl/ctl.h"

static const char *want_sentence(int e)
{
	switch (e) {
	case -ENOSPC:
		return "16 contents are waited for already";
	case -EDQUOT:
		return "no room: see blobs = in cairn.conf(5)";
	case -EINVAL:
		return "no content has that size";
	case -EBADMSG:
		return "it is waited for with another size";
	default:
		return strerror(-e);
	}
}

static void want(const struct call *c, const uint8_t hash[BLOB_HASH])
{
	int e = blobs_want(&c->d->blobs, hash, strtoull(c->args[1], NULL, 10));
	struct json_out o = { 0 };

	if (e < 0) {
		client_end(c->cl, EXIT_CODE_FAILED, want_sentence(e));
		return;
	}
	json_out_object(&o);
	json_out_kv_string(&o, "blob_hash", c->args[0]);
	json_out_kv_bool(&o, "here", e == 1);
	json_out_end_object(&o);
	client_reply(c->cl, &o);
	client_end(c->cl, EXIT_CODE_OK, NULL);
}

void verb_fetch(const struct call *c)
{
	uint8_t hash[BLOB_HASH];
	int e;

	if (hex_decode(hash, sizeof(hash), SPAN_STR(c->args[0])) !=
	    sizeof(hash)) {
		client_end(c->cl, EXIT_CODE_USAGE,
			   "not a hash of 64 hex digits");
		return;
	}
	if (strcmp(c->args[1], "off")) {
		want(c, hash);
		return;
	}
	e = blobs_forget(&c->d->blobs, hash);
	client_end(c->cl, e ? EXIT_CODE_FAILED : EXIT_CODE_OK,
		   e ? "it is not waited for" : NULL);
}

void verb_fetches(const struct call *c)
{
	struct json_out o = { 0 };

	node_fetches_json(c->d->node, &o);
	client_reply(c->cl, &o);
	client_end(c->cl, EXIT_CODE_OK, NULL);
}
