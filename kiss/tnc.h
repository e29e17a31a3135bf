/* SPDX-License-Identifier: MIT
 *
 * A TNC on the engine: serial line, pty or TCP, with KISS on it.
 *
 *   kiss:/dev/ttyUSB0@9600   kiss:/dev/pts/3   kiss:tcp:HOST:8001
 *
 * It opens, sets raw mode itself, sends C0 C0 C0 and then only the parameters
 * that were named, and comes back by itself with growing pauses (1 s .. 60 s)
 * after a hang-up. A TNC that is away is "down", never a reason to exit. A
 * line's settings are put back when it is closed.
 *
 * ACKMODE: the last frame of a burst goes out as xC id 2 | frame, and the TNC
 * answers xC id (or, some, xE id) once it has been on the air. A TNC that does
 * not know it drops such a frame, so it is asked with one: until the first
 * answer all others go as plain data.
 * Polled: the TNC keeps what it hears until it is asked with xE.
 */
#pragma once
#include "kiss/check.h"
#include "lib/ring/ring.h"

struct tnc_config {
	char device[256];	/* path, or HOST:PORT after tcp: */
	bool tcp;
	unsigned speed_baud;	/* 0 = leave as it is */
	uint8_t kiss_port;	/* 0..15: ours on this line */
	int txdelay_ms, txtail_ms, slottime_ms, persistence, fullduplex;
				/* -1 = not named, not sent */
	char init[128];		/* sent as it is first, \r \n \xNN expanded */
	bool ackmode, polled;
	enum kiss_check check;	/* fits kiss_port */
};

/* Sets device, tcp and speed_baud from the part after "kiss:"; 0 or -EINVAL with a sentence in err. */
int tnc_parse_device(struct tnc_config *c, const char *text, char err[160]);

/* tnc_free may be called in state, not in frame or error. */
struct tnc_ops {
	void (*frame)(void *ctx, const struct kiss_frame *f);
	/* May be NULL. */
	void (*error)(void *ctx, enum kiss_error e, struct span raw);
	/* The last burst has been on the air (ACKMODE). May be NULL. */
	void (*sent)(void *ctx);
	/* why: a sentence, for the call. Down comes once for each failed
	 * attempt. */
	void (*state)(void *ctx, bool up, const char *why);
};

struct tnc;
struct tnc *tnc_new(struct ring *r, const struct tnc_config *c,
		    const struct tnc_ops *ops, void *ctx);
void tnc_free(struct tnc *t);
/* "off", "unasked", "asked" (no answer yet) or "on". */
const char *tnc_ackmode(const struct tnc *t);
const struct kiss_decoder *tnc_decoder(const struct tnc *t);
/* Frames of one burst, KISS data on our port, one after the other, queued
 * together or not at all; 0, -ENETDOWN, -EMSGSIZE (one is over KISS_FRAME_MAX
 * - 5: room for id and check), -ENOBUFS. */
int tnc_send(struct tnc *t, const struct span *frames, size_t n);
/* Stops reading and starts again, over hang-ups too. What a TNC hears and
 * nobody reads waits in its buffers, as far as they go. */
void tnc_pause(struct tnc *t, bool pause);
/* A frame of others, on any of the TNC's ports: data or a parameter. 0,
 * -EINVAL (another command), and as tnc_send. */
int tnc_forward(struct tnc *t, uint8_t type, struct span data);
