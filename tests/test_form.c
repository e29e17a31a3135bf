/* SPDX-License-Identifier: MIT
 *
 * Typed fields: what a person types as a value of its type, or not at all.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include "lib/base/crypto.h"
#include "lib/view/form.h"

static void test_values(void **state)
{
	static const struct {
		enum form_type type;
		const char *typed, *json;	/* NULL: refused */
	} cases[] = {
		{ FORM_TEXT, "007", "\"007\"" },
		{ FORM_TEXT, "", "\"\"" },
		{ FORM_TEXT, "true", "\"true\"" },
		{ FORM_NUMBER, "7", "7" },
		{ FORM_NUMBER, "-2.5", "-2.5" },
		{ FORM_NUMBER, "1e3", "1000.0" },
		{ FORM_NUMBER, "007", NULL },
		{ FORM_NUMBER, "7 people", NULL },
		{ FORM_NUMBER, "", NULL },
		{ FORM_NUMBER, "-", NULL },
		{ FORM_NUMBER, "99999999999999999999999999999999999", NULL },
		{ FORM_YESNO, "yes", "true" },
		{ FORM_YESNO, "false", "false" },
		{ FORM_YESNO, "perhaps", NULL },
		{ FORM_POSITION, "46.5,7.25", "{\"position\":[46.5,7.25]}" },
		{ FORM_POSITION, "46.5, 7, -3",
		  "{\"position\":[46.5,7,-3]}" },
		{ FORM_POSITION, "-90,180", "{\"position\":[-90,180]}" },
		{ FORM_POSITION, "91,7.25", NULL },
		{ FORM_POSITION, "7.25,-180.5", NULL },
		{ FORM_POSITION, "46.5", NULL },
		{ FORM_POSITION, "46.5,", NULL },
		{ FORM_POSITION, "1,2,3,4", NULL },
		{ FORM_POSITION, "north,west", NULL },
		{ FORM_ANY, "x", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct json_out o = { 0 };
		struct buf b = { 0 };
		int e = form_value(&b, cases[i].type,
				   SPAN_STR(cases[i].typed));

		if (!cases[i].json) {
			assert_int_not_equal(e, 0);
			assert_int_equal(b.len, 0);
			buf_fini(&b);
			continue;
		}
		assert_int_equal(e, 0);
		assert_int_equal(payload_check(buf_span(&b)), PAYLOAD_OK);
		assert_true(form_fits(cases[i].type, buf_span(&b)));
		payload_to_json(&o, buf_span(&b));
		if (!span_equal(buf_span(&o.b), SPAN_STR(cases[i].json)))
			fail_msg("%s: %.*s", cases[i].typed, (int)o.b.len,
				 (const char *)o.b.p);
		buf_fini(&o.b);
		buf_fini(&b);
	}
}

static void write_json(struct view *v, uint64_t seq, uint16_t kind,
		       const char *json)
{
	struct json *j = json_parse(SPAN_STR(json), NULL);
	struct event e = { .author = SPAN_STR("a"), .seq = seq, .kind = kind,
			   .hlc = { 1000 * seq, 0 } };
	struct buf b = { 0 };

	assert_non_null(j);
	assert_int_equal(payload_from_json(&b, j), 0);
	e.payload = buf_span(&b);
	assert_int_equal(view_apply(v, &e), VIEW_APPLIED);
	buf_fini(&b);
	json_free(j);
}

static enum form_type type_of(const struct view *v, const char *record,
			      const char *field)
{
	return form_type_of(v, SPAN_STR(record), SPAN_STR(field));
}

/* Fields named like members of the code book have types, too. */
static void test_types(void **state)
{
	struct view *v = view_new();

	(void)state;
	assert_int_equal(type_of(v, "R", "code"), FORM_ANY);
	write_json(v, 1, KIND_RECORD_CREATE,
		   "{\"record_id\":\"R\",\"form\":\"site\"}");
	assert_int_equal(type_of(v, "R", "code"), FORM_ANY);
	write_json(v, 2, KIND_FIELD_SET, "{\"record_id\":\"forms\",\"field\":"
		   "\"site\",\"value\":{\"code\":\"text\",\"size\":\"number\","
		   "\"odd\":7,\"new\":\"picture\"}}");
	assert_int_equal(type_of(v, "R", "code"), FORM_TEXT);
	assert_int_equal(type_of(v, "R", "size"), FORM_NUMBER);
	assert_int_equal(type_of(v, "R", "odd"), FORM_ANY);
	assert_int_equal(type_of(v, "R", "new"), FORM_ANY);
	assert_int_equal(type_of(v, "S", "code"), FORM_ANY);
	write_json(v, 3, KIND_FIELD_SET, "{\"record_id\":\"forms\",\"field\":"
		   "\"site\",\"value\":\"nonsense\"}");
	assert_int_equal(type_of(v, "R", "code"), FORM_ANY);
	view_free(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_types),
	};

	if (crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
