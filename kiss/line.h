/* SPDX-License-Identifier: MIT
 *
 * Opening what a TNC hangs on: a serial line or pty in raw mode, or a TCP
 * connection under way.
 */
#pragma once
#include "lib/ring/ring.h"

/* The fd in raw mode, or -errno. */
int line_open_tty(const char *path, unsigned speed_baud);
/* Starts connecting to HOST:PORT; fn is called once. NULL and *err set. */
struct ring_wait *line_connect(struct ring *r, const char *host_port,
			       ring_fd_fn fn, void *ctx, int *err);
/* \r \n \xNN \\ expanded into dst; the length. */
size_t line_expand(uint8_t *dst, size_t cap, const char *text);
