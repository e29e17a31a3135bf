/* SPDX-License-Identifier: MIT
 *
 * Vector files of our own, for those who write another implementation from
 * docs/protocol.md: {"about": text, "vectors": [{"name", what is given, what
 * follows}]}. What follows must be what the library makes of what is given, and
 * must lead back. `vectors --make FILE` writes a file again with what follows,
 * so a new vector is written down without it.
 */
#include <stdio.h>
#include "tests/vectors.h"

static const char *text_of(const struct json *v)
{
	return (const char *)json_string(v).p;
}

/* What follows, as an object. */
static struct json *made_of(const struct vector_kind *k, const struct json *v)
{
	struct json_out o = { 0 };
	struct json *made;

	json_out_object(&o);
	k->make(&o, v);
	json_out_end_object(&o);
	made = json_parse(buf_span(&o.b), NULL);
	buf_fini(&o.b);
	return made;
}

void vector_made_run(const struct vector_kind *k, const struct json *root)
{
	const struct json *list = json_get(root, "vectors");

	for (size_t i = 0; i < json_len(list); i++) {
		const struct json *v = json_at(list, i);
		struct json *made = made_of(k, v);
		struct json_member m = { 0 };

		while (json_next(made, &m)) {
			const char *key = (const char *)m.key.p;
			const struct json *want = json_get(v, key);

			vector_expect(want && vector_json_equal(want, m.value),
				      "%s differs", key);
		}
		json_free(made);
		k->back(v);
		vector_case("%s", text_of(json_get(v, "name")));
	}
}

/* ---- writing ---- */

static void put_member(const char *before, const struct json_member *m)
{
	struct json_out o = { .spaced = true };

	json_out_value(&o, m->value);
	printf("%s   \"%s\": %.*s", before, (const char *)m->key.p,
	       (int)o.b.len, (const char *)o.b.p);
	buf_fini(&o.b);
}

static void put_vector(const struct vector_kind *k, const struct json *v)
{
	struct json *made = made_of(k, v);
	struct json_member m = { 0 };
	const char *before = "  {\n";

	while (json_next(v, &m)) {
		if (json_get(made, (const char *)m.key.p))
			continue;
		put_member(before, &m);
		before = ",\n";
	}
	m = (struct json_member){ 0 };
	while (json_next(made, &m))
		put_member(before, &m);
	printf("\n  }");
	json_free(made);
}

void vector_made_print(const struct vector_kind *k, const struct json *root)
{
	const struct json *list = json_get(root, "vectors");
	struct json_out o = { 0 };

	json_out_value(&o, json_get(root, "about"));
	printf("{\n \"about\": %.*s,\n \"vectors\": [\n", (int)o.b.len,
	       (const char *)o.b.p);
	buf_fini(&o.b);
	for (size_t i = 0; i < json_len(list); i++) {
		put_vector(k, json_at(list, i));
		printf(i + 1 < json_len(list) ? ",\n" : "\n");
	}
	printf(" ]\n}\n");
}
