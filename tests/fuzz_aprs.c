/* SPDX-License-Identifier: MIT
 *
 * APRS: six bytes of destination and any information field. What is said of
 * it stays within the frame, on the globe and within bounds.
 */
#include <math.h>
#include <stdlib.h>
#include "ax25/aprs.h"

static void within(struct span s, struct span info)
{
	if (s.n && (s.p < info.p || s.p + s.n > info.p + info.n))
		abort();
}

static void check(const struct aprs *a, struct span info)
{
	within(a->time, info);
	within(a->name, info);
	within(a->number, info);
	within(a->text, info);
	if (!*aprs_kind_name(a->kind) || a->ambiguity > 6)
		abort();
	if (a->has_position &&
	    !(fabs(a->lat_deg) <= 90 && fabs(a->lon_deg) <= 180))
		abort();
	if (a->course_deg > 999 || a->speed_kn > 2000)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ax25_frame f = { .type = AX25_UI, .has_pid = true,
				.pid = AX25_PID_NONE };
	struct aprs a;

	if (size < 6)
		return 0;
	memcpy(f.dest.call, data, 6);
	f.info = SPAN(data + 6, size - 6);
	if (aprs_parse(&a, &f))
		check(&a, f.info);
	else if (a.kind != APRS_NONE)
		abort();
	return 0;
}
