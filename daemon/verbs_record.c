/* SPDX-License-Identifier: MIT
 *
 * Writing to a record; and how any event is written and answered for.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "daemon/verbs.h"
#include "lib/ctl/ctl.h"
#include "lib/event/payload.h"
#include "lib/view/form.h"

const char *verb_write_sentence(int e)
{
	switch (e) {
	case -EINVAL:
		return "that does not fit into an event (4096 bytes)";
	case -EMSGSIZE:
		return "too long to be sent by radio in one piece";
	case -EROFS:
		return "the log stopped: nothing is stored any more";
	case -EKEYREVOKED:
		return "this station's key is retired: its feed has ended";
	case -ENOSPC:
		return "no room";
	default:
		return strerror(-e);
	}
}

void write_event(const struct call *c, uint16_t kind, struct buf *b)
{
	uint8_t id[EVENT_ID_SIZE];
	int e = node_write(c->d->node, kind, buf_span(b), id,
			   daemon_now(c->d));
	struct json_out o = { 0 };

	buf_fini(b);
	if (e) {
		client_end(c->cl, e == -EINVAL || e == -EMSGSIZE ? EXIT_CODE_USAGE :
			   EXIT_CODE_FAILED, verb_write_sentence(e));
		return;
	}
	glue_actions(c->d);
	json_out_object(&o);
	json_out_kv_string(&o, "kind", kind_name(kind));
	json_out_kv_hex(&o, "id", SPAN(id, sizeof(id)));
	json_out_end_object(&o);
	client_end_durable(c->cl, &o, c->d->committed);
}

static void put_key_text(struct buf *b, enum payload_key key, const char *s)
{
	payload_put_uint(b, key);
	payload_put_text(b, SPAN_STR(s));
}

void verb_create(const struct call *c)
{
	struct buf b = { 0 };

	payload_put_map(&b, 2);
	put_key_text(&b, KEY_RECORD, c->args[0]);
	put_key_text(&b, KEY_FORM, c->args[1]);
	write_event(c, KIND_RECORD_CREATE, &b);
}

/* The last member of a map that has one more for it. */
static void put_urgent(struct buf *b, const struct call *c)
{
	if (!c->urgent)
		return;
	payload_put_uint(b, KEY_URGENT);
	payload_put_bool(b, true);
}

void verb_note(const struct call *c)
{
	struct buf b = { 0 };

	payload_put_map(&b, 2 + c->urgent);
	put_key_text(&b, KEY_RECORD, c->args[0]);
	put_key_text(&b, KEY_TEXT, c->args[1]);
	put_urgent(&b, c);
	write_event(c, KIND_NOTE_ADD, &b);
}

/* attach RECORD FIELD HASH SIZE MIME: the content is beside the log already */
void verb_attach(const struct call *c)
{
	uint8_t hash[BLOB_HASH];
	struct buf b = { 0 };

	payload_put_map(&b, *c->args[4] ? 5 : 4);
	put_key_text(&b, KEY_RECORD, c->args[0]);
	put_key_text(&b, KEY_FIELD, c->args[1]);
	put_key_text(&b, KEY_BLOB_HASH, c->args[2]);
	payload_put_uint(&b, KEY_SIZE);
	payload_put_uint(&b, strtoull(c->args[3], NULL, 10));
	if (*c->args[4])
		put_key_text(&b, KEY_MIME, c->args[4]);
	if (hex_decode(hash, sizeof(hash), SPAN_STR(c->args[2])) ==
	    sizeof(hash))
		blobs_forget(&c->d->blobs, hash);	/* it came by hand */
	write_event(c, KIND_ATTACHMENT_ADD, &b);
}

#define BASE_MAX (8 * EVENT_BASE_SIZE)

/* A write names what it replaces, be it nothing. */
static struct span field_base(const struct call *c, uint8_t dst[BASE_MAX])
{
	size_t n = view_field_base(node_view(c->d->node),
				   SPAN_STR(c->args[0]), SPAN_STR(c->args[1]),
				   dst, BASE_MAX);

	return SPAN(dst, n);
}

static void put_base(struct buf *b, struct span base)
{
	payload_put_uint(b, KEY_BASE);
	payload_put_bytes(b, base);
}

/* The value: as the record's form wants what was typed, or as it stands. */
static int put_value(const struct call *c, enum form_type type, struct buf *b)
{
	struct json *v;
	size_t at = b->len;
	int e;

	if (type != FORM_ANY && c->n_args > 3)
		return form_value(b, type, SPAN_STR(c->args[3]));
	v = json_parse(SPAN_STR(c->args[2]), NULL);
	e = v ? payload_from_json(b, v) : -EINVAL;
	json_free(v);
	return e ? e : form_fits(type, SPAN(b->p + at, b->len - at)) ? 0 :
	       -EINVAL;
}

static void value_refuse(const struct call *c, enum form_type type)
{
	char why[80];

	snprintf(why, sizeof(why), "its form wants a value of type %s here",
		 form_type_name(type));
	client_end(c->cl, EXIT_CODE_USAGE, type == FORM_ANY ?
		   "the value is not JSON that an event can hold" : why);
}

void verb_set(const struct call *c)
{
	enum form_type type = form_type_of(node_view(c->d->node),
					   SPAN_STR(c->args[0]),
					   SPAN_STR(c->args[1]));
	uint8_t heads[BASE_MAX];
	struct span base = field_base(c, heads);
	struct buf b = { 0 };
	int e;

	payload_put_map(&b, 4 + c->urgent);
	put_key_text(&b, KEY_RECORD, c->args[0]);
	put_key_text(&b, KEY_FIELD, c->args[1]);
	payload_put_uint(&b, KEY_VALUE);
	e = put_value(c, type, &b);
	put_base(&b, base);
	put_urgent(&b, c);
	if (!e) {
		write_event(c, KIND_FIELD_SET, &b);
		return;
	}
	buf_fini(&b);
	value_refuse(c, type);
}

void verb_unset(const struct call *c)
{
	uint8_t heads[BASE_MAX];
	struct span base = field_base(c, heads);
	struct buf b = { 0 };

	if (!base.n) {
		client_end(c->cl, EXIT_CODE_FAILED, "nobody wrote that field");
		return;
	}
	payload_put_map(&b, 3);
	put_key_text(&b, KEY_RECORD, c->args[0]);
	put_key_text(&b, KEY_FIELD, c->args[1]);
	put_base(&b, base);
	write_event(c, KIND_FIELD_UNSET, &b);
}
