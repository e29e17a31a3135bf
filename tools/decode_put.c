/* SPDX-License-Identifier: MIT
 *
 * Pieces of text for people: see decode_put.h.
 */
#include "tools/decode_put.h"

#define SHOW_TEXT_MAX 256
#define SHOW_HEX_MAX 48
#define LOOK_MAX 48

void put_str(struct buf *b, const char *s)
{
	buf_add(b, SPAN_STR(s));
}

void put_colour(struct buf *b, const struct decode_style *s,
		enum put_colour c)
{
	static const char *const codes[] = {
		[PUT_SOURCE] = "\033[1m",	/* bold */
		[PUT_KIND] = "\033[36m",	/* cyan */
		[PUT_ERROR] = "\033[31m",	/* red */
	};

	if (s->colour)
		put_str(b, codes[c]);
}

void put_plain(struct buf *b, const struct decode_style *s)
{
	if (s->colour)
		put_str(b, "\033[0m");
}

void put_digits(struct buf *b, uint64_t v, unsigned width)
{
	char text[20];
	size_t at = sizeof(text);

	do {
		text[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v || sizeof(text) - at < width);
	buf_add(b, SPAN(text + at, sizeof(text) - at));
}

void put_uint(struct buf *b, uint64_t v)
{
	put_digits(b, v, 1);
}

void put_hex(struct buf *b, struct span s)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t *to = buf_reserve(b, 2 * s.n);

	for (size_t i = 0; i < s.n; i++) {
		*to++ = (uint8_t)digits[s.p[i] >> 4];
		*to++ = (uint8_t)digits[s.p[i] & 15];
	}
	b->len += 2 * s.n;
}

static bool plain(uint8_t c)
{
	return c >= 0x20 && c <= 0x7e;
}

/* Three quarters of how it begins are, or it is better shown as hex. */
static bool mostly_text(struct span s)
{
	size_t n = 0, end = s.n < LOOK_MAX ? s.n : LOOK_MAX;

	for (size_t i = 0; i < end; i++)
		n += plain(s.p[i]) || s.p[i] == '\r' || s.p[i] == '\n';
	return end > 0 && 4 * n >= 3 * end;
}

static void put_escaped(struct buf *b, uint8_t c)
{
	buf_add_u8(b, '\\');
	if (c == '\r' || c == '\n') {
		buf_add_u8(b, c == '\r' ? 'r' : 'n');
	} else if (plain(c)) {
		buf_add_u8(b, c);
	} else {
		buf_add_u8(b, 'x');
		put_hex(b, SPAN(&c, 1));
	}
}

void put_text(struct buf *b, struct span s)
{
	buf_add_u8(b, '"');
	for (size_t i = 0; i < s.n; i++)
		if (plain(s.p[i]) && s.p[i] != '"' && s.p[i] != '\\')
			buf_add_u8(b, s.p[i]);
		else
			put_escaped(b, s.p[i]);
	buf_add_u8(b, '"');
}

void put_bytes(struct buf *b, struct span s)
{
	bool text = mostly_text(s);
	size_t max = text ? SHOW_TEXT_MAX : SHOW_HEX_MAX;
	struct span shown = SPAN(s.p, s.n < max ? s.n : max);

	if (text)
		put_text(b, shown);
	else
		put_hex(b, shown);
	if (shown.n < s.n)
		put_str(b, "...");
}

void put_call(struct buf *b, const struct ax25_address *a)
{
	put_str(b, a->call);
	if (!a->ssid)
		return;
	buf_add_u8(b, '-');
	put_uint(b, a->ssid);
}

void put_payload(struct buf *b, struct span s)
{
	put_str(b, ", ");
	put_uint(b, s.n);
	put_str(b, " bytes ");
	put_bytes(b, s);
}
