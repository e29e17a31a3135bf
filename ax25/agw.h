/* SPDX-License-Identifier: MIT
 *
 * AGWPE's TCP interface (SV2AGW's; Direwolf, SoundModem, LinBPQ), as much of
 * it as raw frames take: a streaming decoder and an encoder.
 *
 *   radio 1 | 0 x 3 | kind 1 | 0 | PID 1 | 0 | from 10 | to 10 |
 *   length 4, little-endian | user 4 | data
 *
 *   G   which radios there are     "2;Port1 a modem;Port2 another;"
 *   k   raw frames, please (says it again to stop)
 *   K   a raw frame, either way    KISS type byte | AGWPE's AX.25, no FCS
 *
 * The stream has no marks: after a length that cannot be there is no next
 * header.
 */
#pragma once
#include "lib/base/bytes.h"

#define AGW_HEAD 36
#define AGW_DATA_MAX 4096	/* a list of radios is the longest */

enum agw_kind { AGW_RADIOS = 'G', AGW_RAW_ON = 'k', AGW_RAW = 'K' };

struct agw_frame {
	uint8_t radio, kind;
	struct span data;	/* for the callback */
};

struct agw_decoder {
	uint8_t buf[AGW_HEAD + AGW_DATA_MAX];
	size_t len;
	void (*frame)(void *ctx, const struct agw_frame *f);
	void *ctx;
};

void agw_decoder_init(struct agw_decoder *d,
		      void (*frame)(void *, const struct agw_frame *),
		      void *ctx);
/* 0, or -EMSGSIZE: the stream is of no use any more. */
int agw_decode(struct agw_decoder *d, struct span bytes);
/* Head and data into w. */
void agw_encode(struct wr *w, uint8_t radio, enum agw_kind kind,
		struct span data);
