/* SPDX-License-Identifier: MIT
 *
 * Any bytes as a request: parsed or refused, and freed.
 */
#include <stdlib.h>
#include "lib/ctl/ctl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctl_request r;

	if (ctl_request_parse(&r, SPAN(data, size)) == 0) {
		if (strlen(r.verb) >= sizeof(r.verb))
			abort();
		ctl_request_fini(&r);
	}
	return 0;
}
