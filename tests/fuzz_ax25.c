/* SPDX-License-Identifier: MIT
 *
 * Any bytes as an AX.25 frame: no crash, the info lies inside the input, and
 * a plain UI frame survives encoding and parsing again.
 */
#include <stdlib.h>
#include "ax25/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void check_again(const struct ax25_frame *f)
{
	static uint8_t raw[1 << 16];
	struct ax25_frame g;
	int n = ax25_ui_encode(raw, sizeof(raw), &f->dest, &f->source, f->pid,
			       f->info);

	if (n < 0)
		return;
	check(ax25_parse(&g, SPAN(raw, n)) == AX25_OK);
	check(ax25_address_equal(&f->dest, &g.dest));
	check(ax25_address_equal(&f->source, &g.source));
	check(g.pid == f->pid && span_equal(g.info, f->info));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[AX25_CALL_TEXT];
	struct ax25_address a;
	struct ax25_frame f;

	if (ax25_parse(&f, SPAN(data, size)) != AX25_OK)
		return 0;
	check(f.info.n == 0 || (f.info.p >= data && f.info.p + f.info.n ==
				data + size));
	check(f.n_digis <= AX25_DIGIS_MAX && ax25_type_name(&f)[0]);
	check(ax25_address_parse(&a, ax25_address_format(text, &f.source)) == 0);
	check(ax25_address_equal(&a, &f.source));
	if (f.type == AX25_UI)
		check_again(&f);
	return 0;
}
