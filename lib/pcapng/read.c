/* SPDX-License-Identifier: MIT
 *
 * Reading pcapng and pcap. The first four bytes tell which it is; a section
 * header may come again at any time (files are concatenated) and resets the
 * interfaces.
 */
#include "lib/pcapng/pcapng.h"

#define BLOCK_SECTION 0x0a0d0d0a
#define BLOCK_INTERFACE 1
#define BLOCK_SIMPLE 3
#define BLOCK_PACKET 6
#define BYTE_ORDER_MAGIC 0x1a2b3c4d
#define BLOCK_MIN 12
#define PCAP_HEADER 24
#define PCAP_RECORD 16
#define PCAP_MAGIC_US 0xa1b2c3d4
#define PCAP_MAGIC_NS 0xa1b23c4d
#define RESOLUTION_US 6
#define RESOLUTION_NS 9
#define RESOLUTION_POWER_OF_2 0x80

enum { OPT_END = 0, OPT_EPB_FLAGS = 2, OPT_IF_TSRESOL = 9 };

const char *pcapng_result_name(enum pcapng_result r)
{
	static const char *const names[PCAPNG_RESULT_COUNT] = {
		[PCAPNG_PACKET] = "packet",
		[PCAPNG_OTHER] = "other",
		[PCAPNG_MORE] = "cut",
		[PCAPNG_NOT_PCAP] = "not-pcap",
		[PCAPNG_BAD_LENGTH] = "bad-length",
		[PCAPNG_BAD_INTERFACE] = "bad-interface",
	};

	return r < PCAPNG_RESULT_COUNT ? names[r] : "?";
}

void pcapng_reader_init(struct pcapng_reader *r)
{
	memset(r, 0, sizeof(*r));
}

static uint64_t get(const struct pcapng_reader *r, struct rd *rd,
		    unsigned bytes)
{
	return r->big_endian ? rd_be(rd, bytes) : rd_le(rd, bytes);
}

/* ---- time ---- */

/* In whole units, without overflow for any resolution that files use. */
static uint64_t ticks_to_us(uint64_t ticks, uint8_t resolution)
{
	unsigned n = resolution & ~RESOLUTION_POWER_OF_2;
	uint64_t unit = 1;

	if (resolution & RESOLUTION_POWER_OF_2) {
		if (n > 63)
			return 0;
		unit = 1ULL << n;
		return ticks / unit * 1000000 + (uint64_t)
			((double)(ticks % unit) * 1e6 / (double)unit);
	}
	for (; n > RESOLUTION_US && unit < UINT64_MAX / 10; n--)
		unit *= 10;
	ticks /= unit;
	for (; n < RESOLUTION_US; n++)
		ticks *= 10;
	return ticks;
}

/* ---- options ---- */

/* The value of the first option with this code; empty if there is none. */
static struct span option_find(const struct pcapng_reader *r, struct rd rd,
			       uint16_t code)
{
	while (rd_left(&rd) >= 4) {
		uint64_t c = get(r, &rd, 2), n = get(r, &rd, 2);
		struct span value = rd_bytes(&rd, n);

		if (c == OPT_END || rd.bad)
			break;
		if (c == code)
			return value;
		rd_bytes(&rd, (4 - n % 4) % 4);
	}
	return SPAN(NULL, 0);
}

/* ---- blocks ---- */

static enum pcapng_result read_section(struct pcapng_reader *r,
				       struct rd body)
{
	body.p += 4;	/* the byte order has been looked at */
	r->n_interfaces = 0;
	return get(r, &body, 2) == 1 ? PCAPNG_OTHER : PCAPNG_NOT_PCAP;
}

static enum pcapng_result read_interface(struct pcapng_reader *r,
					 struct rd body)
{
	struct pcapng_interface i = { .resolution = RESOLUTION_US };
	struct span resolution;

	i.link = (uint16_t)get(r, &body, 2);
	get(r, &body, 2);
	i.snap_len = (uint32_t)get(r, &body, 4);
	resolution = option_find(r, body, OPT_IF_TSRESOL);
	if (resolution.n == 1)
		i.resolution = resolution.p[0];
	if (body.bad)
		return PCAPNG_BAD_LENGTH;
	if (r->n_interfaces == PCAPNG_INTERFACES_MAX)
		return PCAPNG_BAD_INTERFACE;
	r->interfaces[r->n_interfaces++] = i;
	return PCAPNG_OTHER;
}

static enum pcapng_result read_packet(const struct pcapng_reader *r,
				      struct rd body, struct pcapng_packet *p)
{
	const struct pcapng_interface *i;
	uint64_t ticks, n;
	struct span flags;

	p->interface = (uint32_t)get(r, &body, 4);
	ticks = get(r, &body, 4) << 32;
	ticks |= get(r, &body, 4);
	n = get(r, &body, 4);
	p->full_len = (uint32_t)get(r, &body, 4);
	p->data = rd_bytes(&body, n);
	rd_bytes(&body, (4 - n % 4) % 4);
	if (body.bad)
		return PCAPNG_BAD_LENGTH;
	if (p->interface >= r->n_interfaces)
		return PCAPNG_BAD_INTERFACE;
	i = &r->interfaces[p->interface];
	flags = option_find(r, body, OPT_EPB_FLAGS);
	if (flags.n == 4)
		p->direction = flags.p[r->big_endian ? 3 : 0] & 3;
	p->link = i->link;
	p->wall_us = ticks_to_us(ticks, i->resolution);
	return PCAPNG_PACKET;
}

/* No time, no length but the block's own. */
static enum pcapng_result read_simple(const struct pcapng_reader *r,
				      struct rd body, struct pcapng_packet *p)
{
	size_t n;

	p->full_len = (uint32_t)get(r, &body, 4);
	if (body.bad)
		return PCAPNG_BAD_LENGTH;
	if (r->n_interfaces == 0)
		return PCAPNG_BAD_INTERFACE;
	n = r->interfaces[0].snap_len;
	n = n && n < p->full_len ? n : p->full_len;
	p->data = rd_bytes(&body, n);
	p->link = r->interfaces[0].link;
	return body.bad ? PCAPNG_BAD_LENGTH : PCAPNG_PACKET;
}

/* A section header says in which byte order it, and what follows, is. */
static bool section_order(struct pcapng_reader *r, struct span bytes)
{
	if (le_get(bytes.p + 8, 4) == BYTE_ORDER_MAGIC)
		r->big_endian = false;
	else if (be_get(bytes.p + 8, 4) == BYTE_ORDER_MAGIC)
		r->big_endian = true;
	else
		return false;
	return true;
}

static enum pcapng_result read_block(struct pcapng_reader *r,
				     struct span bytes, size_t *used,
				     struct pcapng_packet *p)
{
	struct rd rd = rd_init(bytes), body;
	uint64_t type, len;

	if (bytes.n < BLOCK_MIN)
		return PCAPNG_MORE;
	if (le_get(bytes.p, 4) == BLOCK_SECTION && !section_order(r, bytes))
		return PCAPNG_NOT_PCAP;
	type = get(r, &rd, 4);
	len = get(r, &rd, 4);
	if (len < BLOCK_MIN || len % 4 || len > PCAPNG_BLOCK_MAX)
		return PCAPNG_BAD_LENGTH;
	if (bytes.n < len)
		return PCAPNG_MORE;
	*used = len;
	body = rd_init(SPAN(bytes.p + 8, len - BLOCK_MIN));
	switch (type) {
	case BLOCK_SECTION:
		return len < 28 ? PCAPNG_BAD_LENGTH : read_section(r, body);
	case BLOCK_INTERFACE:
		return read_interface(r, body);
	case BLOCK_PACKET:
		return read_packet(r, body, p);
	case BLOCK_SIMPLE:
		return read_simple(r, body, p);
	}
	return PCAPNG_OTHER;
}

/* ---- pcap ---- */

static enum pcapng_result read_header(struct pcapng_reader *r,
				      struct span bytes, size_t *used)
{
	struct rd rd = rd_init(bytes);
	uint64_t magic;

	magic = get(r, &rd, 4);
	if (bytes.n < PCAP_HEADER)
		return PCAPNG_MORE;
	r->state = PCAPNG_PCAP;
	r->n_interfaces = 1;
	r->interfaces[0].resolution = magic == PCAP_MAGIC_NS ? RESOLUTION_NS :
		RESOLUTION_US;
	rd_bytes(&rd, 12);
	r->interfaces[0].snap_len = (uint32_t)get(r, &rd, 4);
	r->interfaces[0].link = (uint16_t)get(r, &rd, 4);
	*used = PCAP_HEADER;
	return PCAPNG_OTHER;
}

static enum pcapng_result read_record(const struct pcapng_reader *r,
				      struct span bytes, size_t *used,
				      struct pcapng_packet *p)
{
	struct rd rd = rd_init(bytes);
	uint64_t seconds, fraction, n;

	if (bytes.n < PCAP_RECORD)
		return PCAPNG_MORE;
	seconds = get(r, &rd, 4);
	fraction = get(r, &rd, 4);
	n = get(r, &rd, 4);
	p->full_len = (uint32_t)get(r, &rd, 4);
	if (n > PCAPNG_BLOCK_MAX)
		return PCAPNG_BAD_LENGTH;
	p->data = rd_bytes(&rd, n);
	if (rd.bad)
		return PCAPNG_MORE;
	p->link = r->interfaces[0].link;
	p->wall_us = seconds * 1000000 +
		ticks_to_us(fraction, r->interfaces[0].resolution);
	*used = PCAP_RECORD + n;
	return PCAPNG_PACKET;
}

/* ---- both ---- */

static bool pcap_magic(uint64_t v)
{
	return v == PCAP_MAGIC_US || v == PCAP_MAGIC_NS;
}

static enum pcapng_result read_start(struct pcapng_reader *r,
				     struct span bytes, size_t *used,
				     struct pcapng_packet *p)
{
	if (bytes.n < 4)
		return PCAPNG_MORE;
	if (be_get(bytes.p, 4) == BLOCK_SECTION) {
		r->state = PCAPNG_BLOCKS;
		return read_block(r, bytes, used, p);
	}
	r->big_endian = pcap_magic(be_get(bytes.p, 4));
	if (!r->big_endian && !pcap_magic(le_get(bytes.p, 4)))
		return PCAPNG_NOT_PCAP;
	return read_header(r, bytes, used);
}

enum pcapng_result pcapng_read(struct pcapng_reader *r, struct span bytes,
			       size_t *used, struct pcapng_packet *p)
{
	memset(p, 0, sizeof(*p));
	*used = 0;
	switch (r->state) {
	case PCAPNG_START:
		return read_start(r, bytes, used, p);
	case PCAPNG_PCAP:
		return read_record(r, bytes, used, p);
	case PCAPNG_BLOCKS:
		return read_block(r, bytes, used, p);
	}
	return PCAPNG_NOT_PCAP;
}
