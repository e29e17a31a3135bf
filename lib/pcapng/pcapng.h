/* SPDX-License-Identifier: MIT
 *
 * Capture files: pcapng written, pcapng and classic pcap read (either byte
 * order, micro- or nanoseconds). Specification: draft-ietf-opsawg-pcapng.
 *
 *   pcapng   block: type 4 | length 4 | body, padded to 4 | length 4
 *            section 0A0D0D0A | interface 1 | packet 6 | simple packet 3
 *   pcap     24 bytes of header, then 16 + n a packet
 *
 * The reader takes bytes as they come: it says how many it used and keeps
 * nothing of them.
 */
#pragma once
#include "lib/base/buf.h"

#define PCAPNG_LINK_AX25 3		/* AX.25, no FCS */
#define PCAPNG_LINK_AX25_KISS 202	/* a KISS type byte, then AX.25 */
#define PCAPNG_LINK_USER0 147		/* ours: a bare Reticulum packet */
#define PCAPNG_INTERFACES_MAX 64
#define PCAPNG_BLOCK_MAX (1u << 20)

enum pcapng_direction { PCAPNG_UNKNOWN, PCAPNG_IN, PCAPNG_OUT };

struct pcapng_packet {
	uint32_t interface;
	uint16_t link;
	enum pcapng_direction direction;
	uint64_t wall_us;	/* Unix time */
	uint32_t full_len;	/* before it was cut to the snap length */
	struct span data;	/* borrowed from the input */
};

/* ---- reading ---- */

struct pcapng_interface {
	uint16_t link;
	uint8_t resolution;	/* if_tsresol: 10^-n s, or 2^-n with bit 7 */
	uint32_t snap_len;
};

struct pcapng_reader {
	enum { PCAPNG_START, PCAPNG_PCAP, PCAPNG_BLOCKS } state;
	bool big_endian;
	size_t n_interfaces;
	struct pcapng_interface interfaces[PCAPNG_INTERFACES_MAX];
};

enum pcapng_result {
	PCAPNG_PACKET,	/* *p is filled */
	PCAPNG_OTHER,	/* something was used up, but no packet */
	PCAPNG_MORE,	/* not whole yet: nothing was used */
	/* the file is at fault: */
	PCAPNG_NOT_PCAP, PCAPNG_BAD_LENGTH, PCAPNG_BAD_INTERFACE,
	PCAPNG_RESULT_COUNT,
};
const char *pcapng_result_name(enum pcapng_result r);

void pcapng_reader_init(struct pcapng_reader *r);
enum pcapng_result pcapng_read(struct pcapng_reader *r, struct span bytes,
			       size_t *used, struct pcapng_packet *p);

/* ---- writing: each appends one block ---- */

void pcapng_put_section(struct buf *b, const char *application);
/* Interfaces count from 0 in the order they are put. Times are in
 * microseconds. */
void pcapng_put_interface(struct buf *b, uint16_t link, const char *name);
/* interface, direction, wall_us, data of *p; comment may be NULL. */
void pcapng_put_packet(struct buf *b, const struct pcapng_packet *p,
		       const char *comment);
