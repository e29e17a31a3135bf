/* SPDX-License-Identifier: MIT
 *
 * Opening a line that a TNC hangs on, serial or pty, in raw mode.
 */
#pragma once
#include <termios.h>
#include <stddef.h>
#include <stdint.h>

/* The speed B9600 for 9600; -EINVAL if no line knows it. */
int line_speed(unsigned baud, speed_t *speed);
/* The fd in raw mode, or -errno. *before: what to put back before closing. */
int line_open_tty(const char *path, unsigned speed_baud,
		  struct termios *before);
/* \r \n \xNN \\ expanded into dst; the length. */
size_t line_expand(uint8_t *dst, size_t cap, const char *text);
