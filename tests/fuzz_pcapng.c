/* SPDX-License-Identifier: MIT
 *
 * Any bytes as a capture: no crash, progress at every step, packets inside
 * the input.
 */
#include <stdlib.h>
#include "lib/pcapng/pcapng.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum pcapng_result r = PCAPNG_OTHER;
	struct pcapng_reader reader;
	struct pcapng_packet p;
	size_t at = 0, used;

	pcapng_reader_init(&reader);
	while (r < PCAPNG_MORE) {
		r = pcapng_read(&reader, SPAN(data + at, size - at), &used,
				&p);
		check(used <= size - at);
		check(r > PCAPNG_OTHER || used > 0);
		if (r == PCAPNG_PACKET && p.data.n)
			check(p.data.p >= data + at &&
			      p.data.p + p.data.n <= data + at + used);
		at += used;
	}
	return 0;
}
