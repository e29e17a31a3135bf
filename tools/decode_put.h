/* SPDX-License-Identifier: MIT
 *
 * Pieces of text for people, as `cairn decode` puts a line together; written
 * by hand, for a million lines a second are wanted. Control characters of
 * others never get through.
 */
#pragma once
#include "ax25/frame.h"
#include "lib/base/buf.h"

struct decode_style {
	bool verbose;	/* the events of a complete generation */
	bool colour;
	bool no_time, link, hex;	/* tcpdump's -t, -e, -x */
};

enum put_colour { PUT_SOURCE, PUT_KIND, PUT_ERROR };

/* What is put between the two has a colour, if the style has any. */
void put_colour(struct buf *b, const struct decode_style *s,
		enum put_colour c);
void put_plain(struct buf *b, const struct decode_style *s);

void put_str(struct buf *b, const char *s);
void put_uint(struct buf *b, uint64_t v);
/* With leading zeros. */
void put_digits(struct buf *b, uint64_t v, unsigned width);
void put_hex(struct buf *b, struct span s);
/* Text in quotes if it mostly is text, else hex; cut to what fits a line. */
void put_bytes(struct buf *b, struct span s);
/* In quotes, whatever it is. */
void put_text(struct buf *b, struct span s);
void put_call(struct buf *b, const struct ax25_address *a);
/* ", N bytes " and put_bytes. */
void put_payload(struct buf *b, struct span s);
