/* SPDX-License-Identifier: MIT
 *
 * meshlog lines: what is taken can be written and read again, and its import
 * event carries the same payload.
 */
#include <stdlib.h>
#include "lib/event/meshlog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void line_again(const struct meshlog *m)
{
	struct json_out o = { .ascii = true, .spaced = true };
	struct meshlog back;

	meshlog_to_json(&o, m);
	if (meshlog_parse(&back, buf_span(&o.b)) != MESHLOG_OK ||
	    !span_equal(back.e.payload, m->e.payload))
		abort();
	meshlog_fini(&back);
	buf_fini(&o.b);
}

static void import_again(const struct meshlog *m)
{
	struct buf b = { 0 };
	struct meshlog back;

	if (meshlog_import_build(&b, m) == 0 &&
	    (meshlog_import_parse(&back, buf_span(&b)) ||
	     !span_equal(back.e.payload, m->e.payload) ||
	     !span_equal(back.e.author, m->e.author)))
		abort();
	buf_fini(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct meshlog m;

	if (meshlog_parse(&m, SPAN(data, size)) == MESHLOG_OK) {
		line_again(&m);
		import_again(&m);
	}
	meshlog_fini(&m);
	return 0;
}
