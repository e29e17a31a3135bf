/* SPDX-License-Identifier: MIT
 *
 * KISS framing (K3MC/KA9Q "The KISS TNC"): a streaming decoder and an encoder.
 *
 *   C0 | type | bytes, C0 -> DB DC, DB -> DB DD | C0     type = port<<4 | cmd
 *
 * A FEND is a delimiter: shared ones and repeated ones are fine. Text before
 * the first FEND is noise. A bad escape or an oversized frame drops that
 * frame, is counted by name, and decoding goes on at the next FEND. A frame
 * that lies whole and without escapes in one input is handed up in place.
 */
#pragma once
#include "lib/base/bytes.h"

#define KISS_FEND 0xc0
#define KISS_FESC 0xdb
#define KISS_TFEND 0xdc
#define KISS_TFESC 0xdd
#define KISS_FRAME_MAX 2048	/* unescaped, type byte included */

enum kiss_command {
	KISS_DATA = 0, KISS_TXDELAY = 1, KISS_PERSISTENCE = 2,
	KISS_SLOTTIME = 3, KISS_TXTAIL = 4, KISS_FULLDUPLEX = 5,
	KISS_SETHARDWARE = 6, KISS_ACKMODE = 12, KISS_POLL = 14,
	KISS_READY = 15, /* as Reticulum uses 0x0F */
};

/* The whole type byte under which an RNode tells the level of the frame that
 * follows: one byte, dBm + 157. Of others it would be a slot time, which no
 * TNC tells its host. */
#define KISS_TYPE_RSSI 0x23
#define KISS_RSSI_OFFSET 157

enum kiss_error {
	KISS_ERR_NONE, KISS_ERR_NOISE /* before the first FEND */,
	KISS_ERR_ESCAPE, KISS_ERR_OVERSIZE, KISS_ERR_CUT /* FEND in escape */,
	KISS_ERR_CHECK /* see check.h; the decoder knows none */,
	KISS_ERR_COUNT,
};
const char *kiss_error_name(enum kiss_error e);

struct kiss_frame {
	uint8_t port;		/* high nibble */
	uint8_t command;	/* low nibble; 0xFF: command 15, port 15 */
	bool whole_ff;		/* the type byte was FF (return from KISS) */
	struct span data;	/* after the type byte; for the callback */
};

struct kiss_decoder {
	uint8_t buf[KISS_FRAME_MAX];
	size_t len;
	bool synced, escape, drop;
	uint64_t frames, errors[KISS_ERR_COUNT];
	void (*frame)(void *ctx, const struct kiss_frame *f);
	/* May be NULL. Called where the frame went wrong; raw: what had been
	 * collected of it, for the callback. */
	void (*error)(void *ctx, enum kiss_error e, struct span raw);
	void *ctx;
};

void kiss_decoder_init(struct kiss_decoder *d,
		       void (*frame)(void *, const struct kiss_frame *),
		       void *ctx);
void kiss_decode(struct kiss_decoder *d, struct span bytes);
/* End of input (a file, a hang-up): what is open is an error KISS_ERR_CUT, or
 * KISS_ERR_NOISE if there never was a FEND. The next input starts afresh. */
void kiss_decode_end(struct kiss_decoder *d);

/* Bytes that `n` bytes of data may take at most, delimiters included. */
#define KISS_ENCODED_MAX(n) (2 * ((n) + 1) + 2)
/* Length written to dst (>= KISS_ENCODED_MAX), delimiters on both sides. 0 for
 * port 15, command 15: the byte FF throws a TNC out of KISS and is never sent. */
size_t kiss_encode(uint8_t *dst, uint8_t port, uint8_t command,
		   struct span data);
