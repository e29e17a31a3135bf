/* SPDX-License-Identifier: MIT
 *
 * An AX.25 interface without the kernel's AX.25: a TUN device whose link type
 * is set to ARPHRD_AX25. To tcpdump, Wireshark, axlisten and whatever opens a
 * packet socket it is what mkiss's ax0 was; AF_AX25 sockets stay gone.
 *
 *   read, write   flags 2 | protocol 0002 | KISS type byte | AX.25, no FCS
 *
 * It needs CAP_NET_ADMIN and goes with the process.
 */
#pragma once
#include "lib/ring/ring.h"

#define TUN_FRAME_MAX 2040

struct tun_ops {
	/* A program wrote a frame to the interface: its type byte, and what
	 * is behind it; borrowed for the call. */
	void (*frame)(void *ctx, uint8_t type, struct span data);
	/* Somebody removed the interface: close it, now or later. */
	void (*gone)(void *ctx, int error);
};

struct tun;

/* Makes the interface and brings it up. 0, or -errno with a sentence in why:
 * -EPERM (CAP_NET_ADMIN), -ENOENT (no /dev/net/tun), -EBUSY (the name is
 * taken), -EINVAL (it is none). */
int tun_open(struct tun **out, struct ring *r, const char *name,
	     const struct tun_ops *ops, void *ctx, char why[200]);
void tun_close(struct tun *t);
/* Shows a frame on the interface as received. 0, -EMSGSIZE, -errno. */
int tun_show(struct tun *t, uint8_t type, struct span data);
