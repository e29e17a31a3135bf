/* SPDX-License-Identifier: MIT
 *
 * AX.25 v2.2 frames as they lie in KISS (no flags, no FCS).
 *
 *   dest 7 | source 7 | 0..8 digipeaters 7 | control 1..2 | PID 0..1 | info
 *   address: six characters << 1, padded with 0x40, then C/H RR SSID last
 *
 * Receiving is liberal (0x20-padded call signs, any PID, version-1 command
 * bits), sending is exact.
 */
#pragma once
#include "lib/base/bytes.h"

#define AX25_ADDRESS_SIZE 7
#define AX25_DIGIS_MAX 8
#define AX25_CALL_TEXT 12	/* "N0CALL-15*" and a NUL */
#define AX25_UI_HEADER 16	/* two addresses, control, PID */
#define AX25_FRAME_OVERHEAD 19	/* header, FCS 2, a flag: bytes on air */
#define AX25_PID_NONE 0xf0
#define AX25_PID_CAIRN 0xbc

struct ax25_address {
	char call[7];		/* NUL-terminated, upper case, 1..6 */
	uint8_t ssid;		/* 0..15 */
	bool c_or_h;		/* command bit, or has-been-repeated */
};

enum ax25_type { AX25_I, AX25_S, AX25_UI, AX25_U };

struct ax25_frame {
	struct ax25_address dest, source, digi[AX25_DIGIS_MAX];
	uint8_t n_digis;
	bool digipeated;	/* some digi has its H bit set */
	uint8_t control, control2;	/* control2: if extended */
	bool extended;		/* modulo 128: I and S have two bytes */
	bool has_pid;
	uint8_t pid;
	enum ax25_type type;
	bool command;		/* v2: dest C = 1, source C = 0 */
	struct span info;	/* borrowed */
};

enum ax25_error {
	AX25_OK, AX25_SHORT /* not even two addresses */,
	AX25_NO_END /* extension bit never set */,
	AX25_TOO_MANY, AX25_BAD_CALL, AX25_NO_CONTROL, AX25_NO_PID,
	AX25_ERROR_COUNT,
};
/* "short", "no-end" ...: stable words, for counters and output. */
const char *ax25_error_name(enum ax25_error e);

/* f->info borrows from raw. Control is read as modulo 8: who has not seen
 * the SABME cannot know better. */
enum ax25_error ax25_parse(struct ax25_frame *f, struct span raw);
/* The same for a link that is known to be modulo 128. */
enum ax25_error ax25_parse_extended(struct ax25_frame *f, struct span raw);
/* N(S) of an I frame, N(R) of I and S, the poll/final bit of any. */
unsigned ax25_ns(const struct ax25_frame *f);
unsigned ax25_nr(const struct ax25_frame *f);
bool ax25_poll_final(const struct ax25_frame *f);
/* "UI", "SABM", "RR", "I" ...; "U" for an unknown one. */
const char *ax25_type_name(const struct ax25_frame *f);

/* "N0CALL-7" (either case) -> address; 0 or -EINVAL. */
int ax25_address_parse(struct ax25_address *a, const char *text);
/* "N0CALL-7" or "N0CALL" (SSID 0); returns dst. */
char *ax25_address_format(char dst[AX25_CALL_TEXT],
			  const struct ax25_address *a);
/* Call sign and SSID; the C/H bit is not part of who it is. */
bool ax25_address_equal(const struct ax25_address *a,
			const struct ax25_address *b);
/* A call sign somebody may transmit with: at least one letter and one digit,
 * 3..6 characters, no SSID, not N0CALL, NOCALL, MYCALL. */
bool ax25_call_valid(const char *call);
bool ax25_call_placeholder(const char *call);

/* A UI frame without digipeaters; length or -ENOSPC. The C bits go out as the
 * addresses have them: dest->c_or_h alone makes it a version-2 command, both
 * clear is the old form (what the Reticulum reference sends). */
int ax25_ui_encode(uint8_t *dst, size_t cap, const struct ax25_address *dest,
		   const struct ax25_address *source, uint8_t pid,
		   struct span info);

/* The frame check sequence (CRC-16/X.25), where a link carries it: behind the
 * frame, low byte first. KISS does not. */
#define AX25_FCS_SIZE 2
uint16_t ax25_fcs(struct span frame);
