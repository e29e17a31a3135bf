/* SPDX-License-Identifier: MIT
 *
 * Own operations on documents, see compose.h.
 */
#include <errno.h>
#include <stdlib.h>
#include "lib/view/compose.h"
#include "lib/view/compose_map.h"

/* ---- which element ---- */

/* Its place in the order; n_order if there is none, or more than one. */
static size_t element_by_id(struct doc *d, struct span hex)
{
	struct element *const *order = doc_order(d);
	size_t found = d->n_order, fits = 0;

	for (size_t i = 0; i < d->n_order; i++) {
		char id[2 * EVENT_BASE_SIZE + 1];

		hex_encode(id, order[i]->id.key);
		if (hex.n <= sizeof(id) - 1 && !memcmp(id, hex.p, hex.n)) {
			found = i;
			fits++;
		}
	}
	return fits == 1 ? found : d->n_order;
}

static size_t element_by_number(struct doc *d, struct span digits)
{
	struct element *const *order = doc_order(d);
	size_t number = 0;

	for (size_t i = 0; i < digits.n; i++) {
		if (digits.p[i] < '0' || digits.p[i] > '9' ||
		    number > d->n_order)
			return d->n_order;
		number = number * 10 + digits.p[i] - '0';
	}
	for (size_t i = 0; i < d->n_order; i++)
		if (!order[i]->deleted && --number == 0)
			return i;
	return d->n_order;
}

static struct element *element_find(struct doc *d, struct span name,
				    size_t *at)
{
	if (!d || name.n < 1)
		return NULL;
	*at = name.p[0] == '@' ?
		element_by_id(d, SPAN(name.p + 1, name.n - 1)) :
		element_by_number(d, name);
	return *at < d->n_order ? doc_order(d)[*at] : NULL;
}

/* ---- insert ---- */

struct place {
	const struct element *beside;	/* NULL: at the beginning */
	enum doc_side side;
};

/* Behind the element before it, so that runs stay together. */
static int place_find(struct doc *d, enum compose_where where,
		      struct span element, struct place *p)
{
	struct element *const *order = d ? doc_order(d) : NULL;
	size_t at = d ? d->n_order : 0;

	*p = (struct place){ NULL, DOC_AFTER };
	if (where != COMPOSE_END && !element_find(d, element, &at))
		return -ENOENT;
	if (!d)
		return 0;
	at += where == COMPOSE_AFTER;
	p->beside = doc_place(d, at ? order[at - 1] : NULL, &p->side);
	return 0;
}

static void insert_head(struct buf *out, struct span doc,
			const struct place *p, struct span type, bool fields)
{
	payload_put_map(out, 1 + (p->beside != NULL) + (type.n > 0) + fields);
	compose_key_text(out, KEY_DOC, doc);
	if (p->beside)
		compose_key_bytes(out, p->side == DOC_BEFORE ? KEY_BEFORE :
				  KEY_AFTER, p->beside->id.key);
	if (type.n)
		compose_key_text(out, KEY_TYPE, type);
	if (fields)
		payload_put_uint(out, KEY_FIELDS);
}

int compose_doc_insert(const struct view *v, struct span doc,
		       enum compose_where where, struct span element,
		       struct span type, const struct json *fields,
		       struct buf *out)
{
	size_t before = out->len;
	struct place p;
	int err = place_find(view_find_doc(v, doc), where, element, &p);

	if (err)
		return err;
	insert_head(out, doc, &p, type, json_len(fields));
	if (json_len(fields))
		err = compose_named(out, fields);
	return compose_end(out, before, err);
}

static int by_key(const void *pa, const void *pb)
{
	return compose_key_compare((*(struct table_entry *const *)pa)->key,
				   (*(struct table_entry *const *)pb)->key);
}

/* The registers as they show. */
static void fields_copy(struct buf *out, const struct element *e)
{
	struct table_entry **list = table_sorted(&e->fields);

	qsort(list, e->fields.n, sizeof(*list), by_key);
	payload_put_map(out, e->fields.n);
	for (size_t i = 0; i < e->fields.n; i++) {
		payload_put_text(out, list[i]->key);
		buf_add(out, field_winner(&((struct named_field *)
					    list[i])->rule)->value);
	}
	free(list);
}

int compose_doc_restore(const struct view *v, struct span doc,
			struct span element, struct buf *out)
{
	struct doc *d = view_find_doc(v, doc);
	size_t before = out->len, at;
	const struct element *e = element_find(d, element, &at);
	struct place p;

	if (!e || !e->deleted)
		return e ? -EEXIST : -ENOENT;
	p.beside = doc_place(d, e, &p.side);
	insert_head(out, doc, &p, e->type, true);
	fields_copy(out, e);
	return compose_end(out, before, 0);
}

/* ---- update, delete ---- */

int compose_doc_update(const struct view *v, struct span doc,
		       struct span element, struct span field,
		       const struct json *value, struct buf *out)
{
	struct doc *d = view_find_doc(v, doc);
	size_t before = out->len, at, len;
	struct element *e = element_find(d, element, &at);
	uint8_t base[COMPOSE_BASE_MAX];
	int err;

	if (!e || e->deleted)
		return e ? -EALREADY : -ENOENT;
	len = field_base(fields_find(&e->fields, v->seed, field), base,
			 sizeof(base));
	payload_put_map(out, 5);
	compose_key_text(out, KEY_FIELD, field);
	payload_put_uint(out, KEY_VALUE);
	err = payload_from_json(out, value);
	compose_key_bytes(out, KEY_BASE, SPAN(base, len));
	compose_key_text(out, KEY_DOC, doc);
	compose_key_bytes(out, KEY_ELEMENT, e->id.key);
	return compose_end(out, before, err);
}

int compose_doc_delete(const struct view *v, struct span doc,
		       struct span element, struct buf *out)
{
	size_t before = out->len, at;
	const struct element *e = element_find(view_find_doc(v, doc), element,
					       &at);

	if (!e || e->deleted)
		return e ? -EALREADY : -ENOENT;
	payload_put_map(out, 2);
	compose_key_text(out, KEY_DOC, doc);
	compose_key_bytes(out, KEY_ELEMENT, e->id.key);
	return compose_end(out, before, 0);
}
