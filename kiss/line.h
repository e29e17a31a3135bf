/* SPDX-License-Identifier: MIT
 *
 * Opening what a TNC hangs on: a serial line or pty in raw mode, or a TCP
 * connection under way.
 */
#pragma once
#include <netdb.h>
#include <termios.h>
#include "lib/ring/ring.h"

/* The speed B9600 for 9600; -EINVAL if no line knows it. */
int line_speed(unsigned baud, speed_t *speed);
/* The fd in raw mode, or -errno. *before: what to put back before closing. */
int line_open_tty(const char *path, unsigned speed_baud,
		  struct termios *before);
/* HOST:PORT or [HOST]:PORT to addresses (freeaddrinfo). NULL, or a sentence
 * why not. Asks a name server if it must, so it can take seconds. */
const char *line_resolve(const char *host_port, struct addrinfo **out);
/* Starts connecting to one address; fn is called once. NULL and errno set. */
struct ring_wait *line_connect(struct ring *r, const struct addrinfo *to,
			       ring_fd_fn fn, void *ctx);
/* \r \n \xNN \\ expanded into dst; the length. */
size_t line_expand(uint8_t *dst, size_t cap, const char *text);
