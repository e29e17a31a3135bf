/* SPDX-License-Identifier: MIT
 *
 * Reading an AX.25 interface (ax0, bpq0, a TUN device of that type) as a
 * listener: everything that comes in and goes out, through a TPACKET_V3 ring,
 * so that a burst is one wake-up and no copy. Nothing is ever sent.
 *
 *   frame   KISS type byte | AX.25 without FCS
 *
 * Of what went out the marks that mkiss leaves in the type byte (80, 20) are
 * taken off: they are no port number there.
 */
#pragma once
#include "lib/base/bytes.h"

struct sniff_frame {
	uint64_t wall_us;
	bool sent;
	struct span data;	/* borrowed for the call */
};

struct sniff;

/* 0, or -errno: -EPERM (CAP_NET_RAW), -ENODEV, -EPROTOTYPE (it is of another
 * type); why then holds a sentence. */
int sniff_open(struct sniff **out, const char *name, char why[200]);
/* Waits for frames and calls fn for each; 0 when one asked it to stop by
 * returning false, or -errno: -ENETDOWN is no end, call again. */
int sniff_run(struct sniff *s, bool (*fn)(void *ctx,
	      const struct sniff_frame *f), void *ctx);
void sniff_close(struct sniff *s);
