/* SPDX-License-Identifier: MIT
 *
 * Forms with types, see form.h.
 */
#include "lib/view/form.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include "lib/view/state.h"

static const char *const names[] = {
	[FORM_ANY] = "any", [FORM_TEXT] = "text", [FORM_NUMBER] = "number",
	[FORM_YESNO] = "yesno", [FORM_POSITION] = "position",
};

const char *form_type_name(enum form_type t)
{
	return names[t];
}

enum form_type form_type_parse(struct span name)
{
	for (unsigned t = FORM_TEXT; t <= FORM_POSITION; t++)
		if (span_equal(name, SPAN_STR(names[t])))
			return (enum form_type)t;
	return FORM_ANY;
}

enum form_type form_type_of(const struct view *v, struct span record,
			    struct span field)
{
	struct row *row = view_find_row(v, record);
	struct payload_value map, type;
	const struct write *w;
	struct field *f;
	struct span name;

	f = row ? view_find_field(v, SPAN_STR(FORMS_RECORD),
				  view_text_of(&row->form)) : NULL;
	w = f ? view_visible(f) : NULL;
	if (!w || !payload_first(w->value, &map) || map.type != PAYLOAD_MAP)
		return FORM_ANY;
	while (change_next_named(&map.body, &name, &type))
		if (span_equal(name, field) && type.type == PAYLOAD_TEXT)
			return form_type_parse(type.str);
	return FORM_ANY;
}

/* ---- values ---- */

bool form_fits(enum form_type t, struct span value)
{
	struct payload_value v;

	if (t == FORM_ANY)
		return true;
	if (!payload_first(value, &v))
		return false;
	switch (t) {
	case FORM_TEXT: return v.type == PAYLOAD_TEXT;
	case FORM_YESNO: return v.type == PAYLOAD_BOOL;
	case FORM_POSITION: return v.type == PAYLOAD_TAG;
	default:
		return v.type == PAYLOAD_UINT || v.type == PAYLOAD_NEGINT ||
		       v.type == PAYLOAD_REAL;
	}
}

/* A number as JSON spells it, from the front of *s, and not beyond `most`. */
static int number_take(struct buf *out, struct span *s, double most)
{
	char text[32];
	size_t n = 0;
	struct json *v;
	int err;

	while (n < s->n && n < sizeof(text) - 1 && s->p[n] &&
	       strchr("+-.eE0123456789", s->p[n]))
		n++;
	memcpy(text, s->p, n);
	text[n] = 0;
	v = json_parse(SPAN(text, n), NULL);
	err = v && (json_is(v, JSON_INT) || json_is(v, JSON_REAL)) &&
	      fabs(json_real(v)) <= most ? payload_from_json(out, v) : -EINVAL;
	json_free(v);
	*s = SPAN(s->p + n, s->n - n);
	return err;
}

static int position_put(struct buf *out, struct span s)
{
	static const double most[] = { 90, 180, INFINITY };
	struct buf numbers = { 0 };
	size_t n = 0;
	int err;

	do {
		if (n && s.n)
			s = SPAN(s.p + 1, s.n - 1);
		while (s.n && s.p[0] == ' ')
			s = SPAN(s.p + 1, s.n - 1);
		err = s.n ? number_take(&numbers, &s, most[n]) : -EINVAL;
		n++;
	} while (!err && s.n && s.p[0] == ',' && n < 3);
	if (!err && (s.n || n < 2))
		err = -EINVAL;
	if (!err) {
		payload_put_position_tag(out);
		payload_put_array(out, n);
		buf_add(out, buf_span(&numbers));
	}
	buf_fini(&numbers);
	return err;
}

static bool is(struct span s, const char *a, const char *b)
{
	return span_equal(s, SPAN_STR(a)) || span_equal(s, SPAN_STR(b));
}

int form_value(struct buf *out, enum form_type t, struct span typed)
{
	size_t before = out->len;
	int err = -EINVAL;

	if (t == FORM_TEXT) {
		payload_put_text(out, typed);
		return 0;
	}
	if (t == FORM_NUMBER && typed.n) {
		err = number_take(out, &typed, INFINITY);
		err = typed.n ? -EINVAL : err;
	} else if (t == FORM_POSITION) {
		err = position_put(out, typed);
	} else if (t == FORM_YESNO && (is(typed, "yes", "true") ||
				       is(typed, "no", "false"))) {
		payload_put_bool(out, is(typed, "yes", "true"));
		return 0;
	}
	if (err)
		out->len = before;
	return err;
}
