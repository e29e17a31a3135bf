/* SPDX-License-Identifier: MIT
 *
 * The reducer: takes an event's payload apart, asks whether it is valid for
 * its kind, and hands it to the rule of the kind. An event that is not valid
 * touches nothing but the list of rejects.
 */
#include <stdlib.h>
#include "lib/base/crypto.h"
#include "lib/event/meshlog.h"
#include "lib/event/payload.h"
#include "lib/view/state.h"

/* ---- life ---- */

struct view *view_new(void)
{
	struct view *v = view_alloc(sizeof(*v));

	v->rejects = view_alloc(sizeof(*v->rejects));
	crypto_random(v->seed, sizeof(v->seed));
	return v;
}

static void field_free(struct table_entry *e)
{
	field_fini(&((struct view_field *)e)->rule);
}

static void row_free(struct table_entry *e)
{
	struct row *row = (struct row *)e;

	field_fini(&row->form);
	field_fini(&row->created_by);
	table_fini(&row->fields, field_free);
	pile_fini(&row->notes);
	pile_fini(&row->attachments);
}

void view_reset(struct view *v)
{
	table_fini(&v->rows, row_free);
	table_fini(&v->authors, NULL);
	pile_fini(v->rejects);
	v->n_records = 0;
	v->withheld = false;
}

void view_free(struct view *v)
{
	if (!v)
		return;
	view_reset(v);
	free(v->rejects);
	free(v);
}

const char *view_verdict_name(enum view_verdict v)
{
	static const char *const names[] = {
		[VIEW_APPLIED] = "applied", [VIEW_OTHER_KIND] = "other_kind",
		[VIEW_WITHHELD] = "withheld", [VIEW_NO_RECORD] = "no_record",
		[VIEW_BAD_TYPE] = "bad_type",
		[VIEW_MISSING_FIELD] = "missing_field",
		[VIEW_BAD_PAYLOAD] = "bad_payload",
	};

	return (unsigned)v < VIEW_VERDICT_COUNT ? names[v] : "unknown";
}

/* ---- a payload's members ---- */

#define MEMBERS 16	/* keys below this number are looked at */

struct change {
	struct order at;
	uint16_t kind;
	bool withheld;
	struct span payload;
	uint32_t have;			/* bit a key */
	struct payload_value member[MEMBERS];
	bool imported;			/* no base: its ids are not ours */
};

static bool has(const struct change *c, enum payload_key key)
{
	return c->have & 1U << key;
}

/* Numbered keys come before spelt ones and win over them. */
static enum view_verdict members_read(struct change *c)
{
	struct payload_value map, k, v;

	if (!payload_whole(c->payload, &map) || map.type != PAYLOAD_MAP)
		return VIEW_BAD_PAYLOAD;
	while (payload_next(&map.body, &k) && payload_next(&map.body, &v)) {
		uint64_t key = k.type == PAYLOAD_UINT ?
			k.num : payload_key_number(k.str);

		if (key >= MEMBERS || c->have & 1U << key)
			continue;
		c->have |= 1U << key;
		c->member[key] = v;
	}
	return VIEW_APPLIED;
}

/* A text member: VIEW_APPLIED, or why not. An absent one is empty. */
static enum view_verdict text_member(const struct change *c,
				     enum payload_key key, bool required,
				     struct span *text)
{
	*text = SPAN(NULL, 0);
	if (!has(c, key))
		return required ? VIEW_MISSING_FIELD : VIEW_APPLIED;
	if (c->member[key].type != PAYLOAD_TEXT)
		return VIEW_BAD_TYPE;
	*text = c->member[key].str;
	return VIEW_APPLIED;
}

static enum view_verdict base_member(const struct change *c,
				     struct span *base)
{
	const struct payload_value *v = &c->member[KEY_BASE];

	*base = SPAN(NULL, 0);
	if (c->imported || !has(c, KEY_BASE))
		return VIEW_APPLIED;
	if (v->type != PAYLOAD_BYTES || v->str.n % EVENT_BASE_SIZE)
		return VIEW_BAD_TYPE;
	*base = v->str;
	return VIEW_APPLIED;
}

/* ---- rows ---- */

static struct row *row_get(struct view *v, const struct change *c)
{
	return (struct row *)table_get(&v->rows, v->seed,
				       c->member[KEY_RECORD].str,
				       sizeof(struct row));
}

/* The row, which from now on is shown. */
static struct row *row_make(struct view *v, const struct change *c)
{
	struct row *row = row_get(v, c);

	if (!row->exists || order_compare(&c->at, &row->first) < 0)
		row->first = c->at;
	v->n_records += !row->exists;
	row->exists = true;
	return row;
}

static struct field *field_get(struct view *v, struct row *row,
			       struct span name)
{
	struct view_field *f = (struct view_field *)
		table_get(&row->fields, v->seed, name, sizeof(*f));

	return &f->rule;
}

struct field *view_find_field(const struct view *v, struct span record,
			      struct span field)
{
	struct row *row = (struct row *)table_find(&v->rows, v->seed, record);
	struct table_entry *f = row ?
		table_find(&row->fields, v->seed, field) : NULL;

	return f ? &((struct view_field *)f)->rule : NULL;
}

/* ---- the kinds ---- */

static enum view_verdict apply_create(struct view *v, const struct change *c)
{
	static const struct span blind = { NULL, 0 };
	enum view_verdict bad;
	struct span form, by;
	struct row *row;

	bad = text_member(c, KEY_FORM, false, &form);
	if (!bad)
		bad = text_member(c, KEY_BY, false, &by);
	if (bad)
		return bad;
	row = row_make(v, c);
	if (has(c, KEY_FORM))
		field_write(&row->form, &c->at, blind, form);
	if (has(c, KEY_BY))
		field_write(&row->created_by, &c->at, blind, by);
	return VIEW_APPLIED;
}

/* Which field a write concerns, and which writes it replaces. */
static enum view_verdict field_members(const struct change *c,
				       struct span *name, struct span *base)
{
	enum view_verdict bad = text_member(c, KEY_FIELD, true, name);

	return bad ? bad : base_member(c, base);
}

static enum view_verdict apply_set(struct view *v, const struct change *c)
{
	struct span name, base;
	enum view_verdict bad = field_members(c, &name, &base);

	if (bad)
		return bad;
	if (!has(c, KEY_VALUE))
		return VIEW_MISSING_FIELD;
	field_write(field_get(v, row_make(v, c), name), &c->at, base,
		    c->member[KEY_VALUE].raw);
	return VIEW_APPLIED;
}

static enum view_verdict apply_unset(struct view *v, const struct change *c)
{
	struct span name, base;
	enum view_verdict bad = field_members(c, &name, &base);

	if (bad)
		return bad;
	field_write(field_get(v, row_get(v, c), name), &c->at, base,
		    SPAN(NULL, 0));
	return VIEW_APPLIED;
}

static enum view_verdict apply_note(struct view *v, const struct change *c)
{
	struct span text;
	enum view_verdict bad = text_member(c, KEY_TEXT, true, &text);

	if (!bad)
		notes_add(&row_make(v, c)->notes, &c->at, text);
	return bad;
}

static enum view_verdict apply_attachment(struct view *v,
					  const struct change *c)
{
	struct attachment a = { .at = c->at };
	enum view_verdict bad;

	bad = text_member(c, KEY_FIELD, true, &a.field);
	if (!bad)
		bad = text_member(c, KEY_BLOB_HASH, true, &a.blob_hash);
	if (!bad)
		bad = text_member(c, KEY_MIME, false, &a.mime);
	if (bad)
		return bad;
	if (has(c, KEY_SIZE)) {
		if (c->member[KEY_SIZE].type != PAYLOAD_UINT)
			return VIEW_BAD_TYPE;
		a.size = c->member[KEY_SIZE].num;
	}
	attachments_add(&row_make(v, c)->attachments, &a);
	return VIEW_APPLIED;
}

typedef enum view_verdict (*apply_fn)(struct view *v, const struct change *c);

static apply_fn rule_of(uint16_t kind)
{
	switch (kind) {
	case KIND_RECORD_CREATE: return apply_create;
	case KIND_FIELD_SET: return apply_set;
	case KIND_FIELD_UNSET: return apply_unset;
	case KIND_NOTE_ADD: return apply_note;
	case KIND_ATTACHMENT_ADD: return apply_attachment;
	default: return NULL;
	}
}

/* ---- applying ---- */

static void reject_add(struct view *v, const struct change *c,
		       enum view_verdict why)
{
	struct reject *r = view_alloc(sizeof(*r));

	*r = (struct reject){ c->at, c->kind, why };
	pile_add(v->rejects, r);
	v->withheld |= why == VIEW_WITHHELD;
}

/* A payload that was withheld may come later. */
static void withheld_forget(struct view *v, const struct order *at)
{
	struct pile *p = v->rejects;
	size_t kept = 0;

	if (!v->withheld)
		return;
	for (size_t i = 0; i < p->n; i++) {
		struct reject *r = p->item[i];

		if (r->verdict == VIEW_WITHHELD &&
		    order_compare(&r->at, at) == 0)
			free(r);
		else
			p->item[kept++] = r;
	}
	p->settled = 0;
	p->n = kept;
}

static enum view_verdict change_apply(struct view *v, struct change *c)
{
	apply_fn apply = rule_of(c->kind);
	enum view_verdict bad;

	if (!apply)
		return VIEW_OTHER_KIND;
	if (c->withheld)
		return VIEW_WITHHELD;
	bad = members_read(c);
	if (bad)
		return bad;
	if (!has(c, KEY_RECORD))
		return VIEW_NO_RECORD;
	if (c->member[KEY_RECORD].type != PAYLOAD_TEXT)
		return VIEW_BAD_TYPE;
	return apply(v, c);
}

static void change_init(struct view *v, struct change *c,
			const struct event *e, const uint8_t *id)
{
	c->kind = e->kind;
	c->withheld = e->withheld;
	c->payload = e->payload;
	c->have = 0;
	c->at = (struct order){ .hlc = e->hlc, .seq = e->seq,
				.id8 = be_get(id, EVENT_BASE_SIZE) };
	c->at.author = table_get(&v->authors, v->seed, e->author,
				 sizeof(struct table_entry));
}

/* What an import carries, under its own author and stamp. */
static enum view_verdict import_apply(struct view *v, struct change *c)
{
	struct meshlog m;

	if (c->withheld)
		return VIEW_WITHHELD;
	if (meshlog_import_parse(&m, c->payload))
		return VIEW_BAD_PAYLOAD;
	change_init(v, c, &m.e, m.id);
	c->imported = true;
	return change_apply(v, c);
}

enum view_verdict view_apply(struct view *v, const struct event *e)
{
	struct change c = { .imported = false };
	enum view_verdict verdict;
	struct order at;

	change_init(v, &c, e, e->id);
	at = c.at;
	verdict = e->kind == KIND_IMPORT ? import_apply(v, &c) :
					   change_apply(v, &c);
	if (!e->withheld)
		withheld_forget(v, &at);
	if (verdict != VIEW_APPLIED && verdict != VIEW_OTHER_KIND)
		reject_add(v, &c, verdict);
	return verdict;
}

size_t view_record_count(const struct view *v)
{
	return v->n_records;
}
