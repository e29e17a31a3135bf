/* SPDX-License-Identifier: MIT
 *
 * Frames from strangers into a whole station, with time going by: whatever
 * comes, the station neither crashes nor keys more than its budget allows.
 * Input: time (7 bits, in 64 ms; bit 7: what follows is the frame of a made-up
 * neighbour, to be wrapped in AX.25 here), length 1, bytes ...
 */
#include <stdlib.h>
#include "tests/field.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_wrapped(struct field *f, uint8_t who, struct span frame)
{
	struct ax25_address dest, source;
	uint8_t link[300];
	char call[12];
	int len;

	snprintf(call, sizeof(call), "F0ZZ-%u", who % 16);
	ax25_address_parse(&dest, "CAIRN0");
	ax25_address_parse(&source, call);
	len = ax25_ui_encode(link, sizeof(link), &dest, &source,
			     AX25_PID_CAIRN, frame);
	if (len > 0)
		field_input(f, 0, SPAN(link, (size_t)len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd r = rd_init(SPAN(data, size));
	static struct field f;
	uint64_t budget;

	field_init(&f, 1, 1);
	f.duty_permille = 100;
	field_author(&f, 0, 0, 1, 3, 0);
	field_start(&f);
	while (rd_left(&r) > 2) {
		uint8_t time = rd_u8(&r);
		size_t n = rd_u8(&r);
		uint64_t until = f.now_us + (time & 127) * 64000ULL;

		while (f.now_us < until)
			field_step(&f, until);
		if (n > rd_left(&r))
			n = rd_left(&r);
		if (time & 128)
			fuzz_wrapped(&f, (uint8_t)n, rd_bytes(&r, n));
		else
			field_input(&f, 0, rd_bytes(&r, n));
	}
	budget = 360 * US_PER_S + f.now_us / 10 + 30 * US_PER_S;
	if (f.s[0].air_us > budget)
		abort();
	field_fini(&f);
	return 0;
}
