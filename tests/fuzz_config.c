/* SPDX-License-Identifier: MIT
 *
 * Any bytes as cairn.conf. What is taken prints as a file that is taken too
 * and prints the same.
 */
#include <stdlib.h>
#include "daemon/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool take(struct config *c, struct span text)
{
	char err[CONFIG_ERROR_MAX];

	config_init(c);
	return config_parse(c, "fuzz", text, err) == 0 &&
	       config_finish(c, err) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf first = { 0 }, second = { 0 };
	static struct config c;

	if (take(&c, SPAN(data, size))) {
		config_print(&c, &first);
		if (!take(&c, buf_span(&first)))
			abort();
		config_print(&c, &second);
		if (!span_equal(buf_span(&first), buf_span(&second)))
			abort();
	}
	buf_fini(&first);
	buf_fini(&second);
	return 0;
}
