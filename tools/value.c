/* SPDX-License-Identifier: MIT
 *
 * Words as values: see value.h.
 */
#include "tools/value.h"
#include <string.h>

/* A number is one only in the spelling that comes back out: "007", "1.50"
 * and "1e3" stay text. */
static bool is_number(const char *s)
{
	struct json *v;
	struct json_out o = { 0 };
	bool same;

	if (strlen(s) > 18 || !strpbrk(s, "0123456789") ||
	    strspn(s, "-.0123456789") != strlen(s))
		return false;
	v = json_parse(SPAN_STR(s), NULL);
	if (!v)
		return false;
	json_out_value(&o, v);
	same = span_equal(buf_span(&o.b), SPAN_STR(s));
	buf_fini(&o.b);
	json_free(v);
	return same;
}

void value_json(struct json_out *o, const char *s, bool text)
{
	bool literal = !strcmp(s, "true") || !strcmp(s, "false");

	if (!text && (literal || is_number(s)))
		json_out_raw(o, SPAN_STR(s));
	else
		json_out_string(o, s);
}
