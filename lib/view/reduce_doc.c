/* SPDX-License-Identifier: MIT
 *
 * doc.insert, doc.update, doc.delete into their document. An element's name is
 * the first 8 bytes of the id of its insert.
 */
#include "lib/view/state.h"

#define CELLS_MAX 256	/* of a position; more are no position */

struct doc *view_find_doc(const struct view *v, struct span name)
{
	return (struct doc *)table_find(&v->docs, v->seed, name);
}

/* The document, with one more operation. */
static struct doc *doc_take(struct view *v, const struct change *c)
{
	struct doc *d = (struct doc *)
		table_get(&v->docs, v->seed, c->member[KEY_DOC].str,
			  sizeof(*d));

	versions_raise(&d->versions, v->seed, c->at.author->key, c->at.seq);
	return d;
}

static enum view_verdict doc_named(const struct change *c)
{
	struct span name;

	return change_text(c, KEY_DOC, true, &name);
}

/* An element's name, where the kind may have one. */
static enum view_verdict element_named(const struct change *c,
				       enum payload_key key, bool required,
				       struct span *id)
{
	enum view_verdict bad = change_bytes(c, key, required, id);

	return bad || !change_has(c, key) ? bad :
	       id->n == EVENT_BASE_SIZE ? VIEW_APPLIED : VIEW_BAD_VALUE;
}

/* ---- insert ---- */

static bool cell_read(struct span *cells, struct wr *w)
{
	struct payload_value cell, digit, actor;

	if (!payload_next(cells, &cell) || cell.type != PAYLOAD_ARRAY ||
	    cell.num != 2 || !payload_next(&cell.body, &digit) ||
	    !payload_next(&cell.body, &actor) || digit.type != PAYLOAD_UINT ||
	    actor.type != PAYLOAD_UINT)
		return false;
	wr_be(w, 8, digit.num);
	wr_be(w, 8, actor.num);
	return !w->full;
}

static enum view_verdict position_read(const struct change *c, struct wr *w)
{
	struct payload_value pos = c->member[KEY_POS];

	if (!change_has(c, KEY_POS))
		return VIEW_APPLIED;
	if (pos.type != PAYLOAD_ARRAY)
		return VIEW_BAD_TYPE;
	while (pos.body.n)
		if (!cell_read(&pos.body, w))
			return VIEW_BAD_VALUE;
	return VIEW_APPLIED;
}

/* After or before one element, not both; with neither, at the beginning. */
static enum view_verdict place_read(const struct change *c,
				    struct doc_insert *in)
{
	bool before = change_has(c, KEY_BEFORE);

	if (before && change_has(c, KEY_AFTER))
		return VIEW_BAD_VALUE;
	in->side = before ? DOC_BEFORE : DOC_AFTER;
	return element_named(c, before ? KEY_BEFORE : KEY_AFTER, false,
			     &in->beside);
}

enum view_verdict reduce_doc_insert(struct view *v, const struct change *c)
{
	uint8_t id[EVENT_BASE_SIZE], cells[CELLS_MAX * DOC_CELL_SIZE];
	struct wr pos = wr_init(cells, sizeof(cells));
	struct doc_insert in = { .at = c->at, .id = SPAN(id, sizeof(id)) };
	enum view_verdict bad = doc_named(c);
	struct payload_value value;
	struct span fields, name;
	struct element *e;

	if (!bad)
		bad = place_read(c, &in);
	if (!bad)
		bad = change_text(c, KEY_TYPE, false, &in.type);
	if (!bad)
		bad = position_read(c, &pos);
	if (!bad)
		bad = change_named(c, KEY_FIELDS, false, &fields);
	if (bad)
		return bad;
	be_put(id, sizeof(id), c->at.id8);
	in.pos = wr_span(&pos);
	e = doc_insert(doc_take(v, c), v->seed, &in);
	while (change_next_named(&fields, &name, &value))
		field_write(fields_get(&e->fields, v->seed, name), &c->at,
			    SPAN(NULL, 0), value.raw);
	return VIEW_APPLIED;
}

/* ---- update, delete ---- */

enum view_verdict reduce_doc_update(struct view *v, const struct change *c)
{
	struct span id, name, base;
	enum view_verdict bad = doc_named(c);
	struct element *e;

	if (!bad)
		bad = element_named(c, KEY_ELEMENT, true, &id);
	if (!bad)
		bad = change_text(c, KEY_FIELD, true, &name);
	if (!bad)
		bad = change_base(c, &base);
	if (bad || !change_has(c, KEY_VALUE))
		return bad ? bad : VIEW_MISSING_FIELD;
	e = doc_element(doc_take(v, c), v->seed, id);
	field_write(fields_get(&e->fields, v->seed, name), &c->at, base,
		    c->member[KEY_VALUE].raw);
	return VIEW_APPLIED;
}

enum view_verdict reduce_doc_delete(struct view *v, const struct change *c)
{
	struct span id;
	enum view_verdict bad = doc_named(c);

	if (!bad)
		bad = element_named(c, KEY_ELEMENT, true, &id);
	if (!bad)
		doc_element(doc_take(v, c), v->seed, id)->deleted = true;
	return bad;
}
