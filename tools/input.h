/* SPDX-License-Identifier: MIT
 *
 * Frames out of bytes: a capture file, a byte stream, lines of hex. What it is
 * is found by looking, unless the caller says so:
 *
 *   pcap     its magic           packets of any link type
 *   hex      only hex digits     one a line; "-" or nothing is an empty one
 *   HDLC     7E before any C0    bare Reticulum packets
 *   KISS     else                frames of a TNC
 *
 * What is no frame is handed on as well, with the reason. No byte stops it but
 * the end of a capture that is damaged.
 */
#pragma once
#include "kiss/codec.h"
#include "lib/base/buf.h"
#include "lib/pcapng/pcapng.h"
#include "lib/rns/rns.h"

enum decode_link {
	DECODE_AUTO, DECODE_KISS, DECODE_AX25, DECODE_BARE, DECODE_HDLC,
};

enum input_kind {
	INPUT_KISS,	/* kiss */
	INPUT_PACKET,	/* packet */
	INPUT_BARE,	/* data: a Reticulum packet */
	INPUT_ANY,	/* data: a frame of hex, whatever it is */
	INPUT_ERROR,	/* data, error and layer: "kiss" "bad-escape" */
};

struct input_frame {
	enum input_kind kind;
	const struct kiss_frame *kiss;
	const struct pcapng_packet *packet;
	struct span data;
	const char *layer, *error;
};

struct input {
	enum decode_link link;	/* what is in it, where the caller knows */
	bool hex;
	/* Everything is borrowed for the call. */
	void (*frame)(void *ctx, const struct input_frame *f);
	/* So much was read as there was; may be NULL. */
	void (*idle)(void *ctx);
	void *ctx;
	bool done;	/* set by the caller: no more, please */
	/* inside */
	enum { INPUT_UNKNOWN, INPUT_PCAP, INPUT_HEX, INPUT_STREAM,
	       INPUT_HDLC } format;
	struct buf in;		/* what has not been used yet */
	bool failed;		/* the file itself is at fault */
	bool past;		/* a hex line was too long: skip its rest */
	struct kiss_decoder decoder;
	struct hdlc_decoder hdlc;
	struct pcapng_reader pcap;
};

/* link, hex, frame, idle and ctx are the caller's to set, the rest is 0.
 * Reads a file ("-" or NULL: stdin) to its end. 0 or -errno; x->failed if the
 * capture is damaged. */
int input_file(struct input *x, const char *path);
