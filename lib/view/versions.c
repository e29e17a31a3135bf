/* SPDX-License-Identifier: MIT
 *
 * Version vectors, see versions.h.
 */
#include "lib/view/versions.h"
#include <stdlib.h>
#include "lib/event/payload.h"

struct version {
	struct table_entry author;	/* first: an entry of the vector */
	uint64_t seq;
};

void versions_raise(struct versions *v, const uint8_t seed[16],
		    struct span author, uint64_t seq)
{
	struct version *at = (struct version *)
		table_get(&v->authors, seed, author, sizeof(*at));

	if (seq > at->seq)
		at->seq = seq;
}

uint64_t versions_seq(const struct versions *v, const uint8_t seed[16],
		      struct span author)
{
	const struct version *at = (const struct version *)
		table_find(&v->authors, seed, author);

	return at ? at->seq : 0;
}

void versions_json(const struct versions *v, struct json_out *o)
{
	struct table_entry **list = table_sorted(&v->authors);

	json_out_object(o);
	for (size_t i = 0; i < v->authors.n; i++) {
		json_out_key_span(o, list[i]->key);
		json_out_uint(o, ((struct version *)list[i])->seq);
	}
	json_out_end_object(o);
	free(list);
}

void versions_put(const struct versions *v, struct buf *b)
{
	struct table_entry **list = table_sorted(&v->authors);

	payload_put_map(b, v->authors.n);
	for (size_t i = 0; i < v->authors.n; i++) {
		payload_put_text(b, list[i]->key);
		payload_put_uint(b, ((struct version *)list[i])->seq);
	}
	free(list);
}

void versions_fini(struct versions *v)
{
	table_fini(&v->authors, NULL);
}
