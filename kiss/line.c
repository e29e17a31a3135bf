/* SPDX-License-Identifier: MIT
 *
 * Opening serial lines and ptys. Raw mode is set here, never
 * trusted: without it a pty holds bytes back until a newline and changes them.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "kiss/line.h"

static const struct {
	unsigned baud;
	speed_t speed;
} speeds[] = {
	{ 300, B300 }, { 600, B600 }, { 1200, B1200 }, { 2400, B2400 },
	{ 4800, B4800 }, { 9600, B9600 }, { 19200, B19200 },
	{ 38400, B38400 }, { 57600, B57600 }, { 115200, B115200 },
	{ 230400, B230400 }, { 460800, B460800 }, { 921600, B921600 },
};

int line_speed(unsigned baud, speed_t *speed)
{
	for (size_t i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++) {
		if (speeds[i].baud != baud)
			continue;
		*speed = speeds[i].speed;
		return 0;
	}
	return -EINVAL;
}

static int raw_mode(int fd, unsigned speed_baud, struct termios *before)
{
	struct termios t;
	speed_t speed;

	if (tcgetattr(fd, before))
		return -errno;
	t = *before;
	cfmakeraw(&t);
	t.c_cflag |= CLOCAL | CREAD;
	t.c_cflag &= ~(tcflag_t)CRTSCTS;
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	if (speed_baud && line_speed(speed_baud, &speed))
		return -EINVAL;
	if (speed_baud)
		cfsetspeed(&t, speed);
	return tcsetattr(fd, TCSANOW, &t) ? -errno : 0;
}

int line_open_tty(const char *path, unsigned speed_baud,
		  struct termios *before)
{
	int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	err = raw_mode(fd, speed_baud, before);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

static uint8_t hex_digit(char c)
{
	return (uint8_t)(isdigit((unsigned char)c) ? c - '0' :
			 tolower((unsigned char)c) - 'a' + 10);
}

size_t line_expand(uint8_t *dst, size_t cap, const char *text)
{
	size_t n = 0;

	for (const char *p = text; *p && n < cap; p++) {
		if (*p != '\\' || !p[1]) {
			dst[n++] = (uint8_t)*p;
			continue;
		}
		p++;
		if (*p == 'x' && isxdigit((unsigned char)p[1]) &&
		    isxdigit((unsigned char)p[2])) {
			dst[n++] = (uint8_t)(hex_digit(p[1]) << 4 |
					     hex_digit(p[2]));
			p += 2;
		} else {
			dst[n++] = *p == 'r' ? '\r' : *p == 'n' ? '\n' :
				(uint8_t)*p;
		}
	}
	return n;
}
