/* SPDX-License-Identifier: MIT
 *
 * Writing pcapng, in the byte order of little-endian machines. A block is
 * begun with a length of zero, filled, and closed by putting its length at
 * both ends.
 */
#include "lib/pcapng/pcapng.h"

#define BLOCK_SECTION 0x0a0d0d0a
#define BLOCK_INTERFACE 1
#define BLOCK_PACKET 6
#define BYTE_ORDER_MAGIC 0x1a2b3c4d

enum { OPT_END = 0, OPT_COMMENT = 1, OPT_SHB_APPLICATION = 4,
       OPT_IF_NAME = 2, OPT_EPB_FLAGS = 2 };

static void put(struct buf *b, unsigned bytes, uint64_t v)
{
	le_put(buf_reserve(b, bytes), bytes, v);
	b->len += bytes;
}

static void put_padded(struct buf *b, struct span s)
{
	buf_add(b, s);
	put(b, (4 - s.n % 4) % 4, 0);
}

static void put_option(struct buf *b, uint16_t code, struct span value)
{
	put(b, 2, code);
	put(b, 2, value.n);
	put_padded(b, value);
}

static size_t block_begin(struct buf *b, uint32_t type)
{
	size_t start = b->len;

	put(b, 4, type);
	put(b, 4, 0);
	return start;
}

static void block_end(struct buf *b, size_t start)
{
	size_t len = b->len - start + 4;

	put(b, 4, len);
	le_put(b->p + start + 4, 4, len);
}

void pcapng_put_section(struct buf *b, const char *application)
{
	size_t start = block_begin(b, BLOCK_SECTION);

	put(b, 4, BYTE_ORDER_MAGIC);
	put(b, 2, 1);
	put(b, 2, 0);
	put(b, 8, UINT64_MAX);	/* the section's length is not known */
	put_option(b, OPT_SHB_APPLICATION, SPAN_STR(application));
	put(b, 4, OPT_END);
	block_end(b, start);
}

void pcapng_put_interface(struct buf *b, uint16_t link, const char *name)
{
	size_t start = block_begin(b, BLOCK_INTERFACE);

	put(b, 2, link);
	put(b, 2, 0);
	put(b, 4, 0);		/* no snap length */
	put_option(b, OPT_IF_NAME, SPAN_STR(name));
	put(b, 4, OPT_END);
	block_end(b, start);
}

void pcapng_put_packet(struct buf *b, const struct pcapng_packet *p,
		       const char *comment)
{
	const uint8_t flags[4] = { (uint8_t)p->direction, 0, 0, 0 };
	size_t start = block_begin(b, BLOCK_PACKET);

	put(b, 4, p->interface);
	put(b, 4, p->wall_us >> 32);
	put(b, 4, p->wall_us & UINT32_MAX);
	put(b, 4, p->data.n);
	put(b, 4, p->data.n);
	put_padded(b, p->data);
	if (p->direction != PCAPNG_UNKNOWN)
		put_option(b, OPT_EPB_FLAGS, SPAN(flags, sizeof(flags)));
	if (comment)
		put_option(b, OPT_COMMENT, SPAN_STR(comment));
	put(b, 4, OPT_END);
	block_end(b, start);
}
