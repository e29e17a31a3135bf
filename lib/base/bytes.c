/* SPDX-License-Identifier: MIT
 *
 * Hexadecimal text, both ways. Everything else of bytes.h is inline.
 */
#include <errno.h>
#include "lib/base/bytes.h"

char *hex_encode(char *dst, struct span s)
{
	static const char digit[] = "0123456789abcdef";

	for (size_t i = 0; i < s.n; i++) {
		dst[2 * i] = digit[s.p[i] >> 4];
		dst[2 * i + 1] = digit[s.p[i] & 15];
	}
	dst[2 * s.n] = '\0';
	return dst;
}

static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int hex_decode(uint8_t *dst, size_t cap, struct span text)
{
	size_t n = text.n / 2;

	if (text.n % 2 || n > cap || n > INT32_MAX)
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		int high = hex_value(text.p[2 * i]);
		int low = hex_value(text.p[2 * i + 1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		dst[i] = (uint8_t)(high << 4 | low);
	}
	return (int)n;
}
