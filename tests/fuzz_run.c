/* SPDX-License-Identifier: MIT
 *
 * Generation bodies: what decodes encodes again, and comes back the same.
 */
#include <stdlib.h>
#include "lib/event/run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same(const struct run_body *a, const struct run_body *b)
{
	if (a->n_runs != b->n_runs || a->n_events != b->n_events)
		return false;
	for (size_t i = 0; i < a->n_events; i++) {
		const struct event *x = &a->events[i], *y = &b->events[i];

		if (x->seq != y->seq || hlc_compare(x->hlc, y->hlc) ||
		    x->kind != y->kind || x->withheld != y->withheld ||
		    !span_equal(x->payload, y->payload))
			return false;
	}
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct run_body a, b;
	static uint8_t again[65536];
	int n;

	run_heads_decode(&a, SPAN(data, size));
	if (run_body_decode(&a, SPAN(data, size)) != RUN_OK)
		return 0;
	n = run_body_encode(again, sizeof(again), a.runs, a.n_runs,
			    RUN_MODEL);
	if (n < 0 || a.used > size ||
	    run_body_decode(&b, SPAN(again, n)) != RUN_OK || !same(&a, &b))
		abort();
	return 0;
}
