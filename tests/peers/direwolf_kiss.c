/* SPDX-License-Identifier: MIT
 *
 * Makes Direwolf's KISS decoder, built from its own source as it is, a peer
 * of tests/bench_kiss.c. Frames are counted, nothing else is done with them.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <textcolor.h>
#include <kiss_frame.h>

static uint64_t frames;

/* What its decoder calls. */
void kiss_process_msg(unsigned char *msg, int len, int debug,
		      struct kissport_status_s *kps, int client,
		      void (*send)(int, int, unsigned char *, int,
				   struct kissport_status_s *, int))
{
	(void)msg, (void)debug, (void)kps, (void)client, (void)send;
	frames += len > 0;
}

void text_color_set(dw_color_t c)
{
	(void)c;
}

int dw_printf(const char *fmt, ...)
{
	(void)fmt;
	return 0;
}

uint64_t bench_direwolf_decode(const uint8_t *p, size_t n)
{
	static kiss_frame_t k;

	memset(&k, 0, sizeof(k));
	frames = 0;
	for (size_t i = 0; i < n; i++)
		kiss_rec_byte(&k, p[i], 0, NULL, -1, NULL);
	return frames;
}
