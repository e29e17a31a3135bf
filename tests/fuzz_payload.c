/* SPDX-License-Identifier: MIT
 *
 * Payloads: the check, and everything that reads what passed it.
 */
#include <stdlib.h>
#include "lib/base/crypto.h"
#include "lib/event/event.h"
#include "lib/event/meshlog.h"
#include "lib/event/payload.h"
#include "lib/event/station.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was accepted and can be written as JSON reads back the same, unless
 * JSON cannot tell its keys apart (a number beside its name, or a text key
 * that is a name) or its numbers. */
static void json_again(struct span payload)
{
	struct json_out o = { 0 };
	struct buf b = { 0 };
	struct json *v;

	payload_to_json(&o, payload);
	v = json_parse(buf_span(&o.b), NULL);
	if (v && payload_from_json(&b, v) == 0 &&
	    payload_check(buf_span(&b)) != PAYLOAD_OK)
		abort();
	json_free(v);
	buf_fini(&b);
	buf_fini(&o.b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span s = SPAN(data, size);
	int n = payload_item(s);
	struct payload_value v;
	struct station st;
	struct meshlog m;

	station_parse(&st, s);
	meshlog_import_parse(&m, s);
	payload_get(s, KEY_VALUE, &v);
	if (n <= 0)
		return 0;
	if ((size_t)n > size || n > EVENT_PAYLOAD_MAX ||
	    !payload_first(s, &v) || v.raw.n != (size_t)n ||
	    payload_check(v.raw) != PAYLOAD_OK)
		abort();
	json_again(v.raw);
	return 0;
}
